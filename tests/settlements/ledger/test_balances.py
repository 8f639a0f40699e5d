"""Balances from month nets and a tail equal the sum of the postings, at any date."""

import random
from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.db.models import Sum

from basins.clock import moved_to
from settlements.ledger.balances import FEW, Basis, balance, balances
from settlements.ledger.services.clearing import outstanding
from settlements.models import Posting
from settlements.money import ZERO, yuan
from tests.books import Ledger

COLUMNS = {Basis.EFFECTIVE: "entry__effective_on__lte", Basis.BOOKED: "entry__booked_on__lte"}


@pytest.fixture
def ledger(people) -> Ledger:
    return Ledger.make(people)


def summed(account, on, basis) -> Decimal:
    rows = Posting.objects.filter(account=account, **{COLUMNS[basis]: on})
    return rows.aggregate(sum=Sum("yuan"))["sum"] or Decimal(0)


def test_any_balance_is_the_sum_of_the_postings_to_that_day_by_either_date(ledger):
    chance = random.Random(5)
    first = booked = date(2022, 1, 1)
    for _ in range(40):
        booked += timedelta(days=chance.randrange(40))
        agreement = chance.choice([ledger.agreement, ledger.other])
        effective = max(booked - timedelta(days=chance.choice([0, 0, 1, 40])), first)
        ledger.owe(f"{chance.randrange(1, 99999) / 100:.2f}", agreement=agreement,
                   on=effective, booked_on=booked)  # fmt: skip
    accounts = [ledger.account(p, a) for p in (ledger.up, ledger.down)
                for a in (ledger.agreement, ledger.other)]  # fmt: skip
    assert booked > date(2023, 12, 31)
    days = [date(2021, 12, 31), date(2022, 12, 31), date(2023, 1, 1), date(2023, 1, 31)]
    days += [date(2023, 2, 28), date(2023, 12, 31), date(2024, 1, 1), booked]
    days += [first + timedelta(days=chance.randrange(900)) for _ in range(10)]
    for day in days:
        for basis in Basis:
            found = balances(accounts, day, basis)
            assert found == {a.pk: summed(a, day, basis) for a in accounts}, (day, basis)
            # Of many they are read without naming them.
            many = [*accounts, *range(10**6, 10**6 + FEW)]
            assert balances(many, day, basis) == dict.fromkeys(many[len(accounts) :], ZERO) | found
            assert sum(balances(None, day, basis).values()) == 0
    assert balance(accounts[0], days[0]) == 0


def test_a_balance_can_be_asked_as_it_was_known_then(ledger):
    from basins.clock import now

    with moved_to(date(2024, 3, 1)):
        ledger.owe("100", on=date(2024, 2, 1), booked_on=date(2024, 3, 1))
        then = now()
    with moved_to(date(2024, 4, 1)):
        ledger.owe("7", on=date(2024, 2, 1), booked_on=date(2024, 4, 1))
    account = ledger.account(ledger.down)
    assert balance(account, date(2024, 2, 28)) == yuan("107")
    assert balances([account], date(2024, 2, 28), known_at=then) == {account.pk: yuan("100")}


def test_a_year_without_payments_is_outstanding_in_full(border, people):
    border.assessed("2023-04", "IV")
    settlement = border.agreement.settlements.get(year=2023)
    assert set(outstanding(settlement).values()) == {yuan("1000000"), yuan("-1000000")}
