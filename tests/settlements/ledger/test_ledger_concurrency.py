"""Several sessions at once, with real commits: one voucher once, numbers without a gap."""

import threading
from collections.abc import Callable
from datetime import date

import pytest
from django.db import connection, transaction
from django.db.models import Sum

from settlements.ledger.books.books import verify
from settlements.ledger.services.ledger import account_of
from settlements.ledger.services.payments import PaymentRefused, approve_payment
from settlements.models import JournalEntry, LedgerAccount, Payment, Posting
from settlements.money import yuan
from settlements.moving.acts import Refused
from tests.books import PAID, Ledger
from tests.processes import until
from tests.worlds import People


@pytest.fixture
def ledger(committed) -> Ledger:
    ledger = Ledger.make(People.make())
    ledger.owe("1000000")
    return ledger


def at_once(count: int, work: Callable[[int], object]) -> list[object]:
    """What each of the threads, each with a connection of its own, returned or raised."""
    answers: list[object] = [None] * count
    start = threading.Barrier(count)

    def run(number: int) -> None:
        try:
            start.wait(timeout=30)
            answers[number] = work(number)
        except Exception as error:  # noqa: BLE001 - the test looks at it
            answers[number] = error
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(n,)) for n in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    return answers


def test_an_account_that_another_session_opens_in_this_moment_is_that_account(ledger):
    place, agreement = ledger.up, ledger.agreement
    kind, opened = "transit", []

    def second() -> None:
        try:
            opened.append(account_of(place, agreement, kind=kind, opened_on=PAID))
        finally:
            connection.close()

    with transaction.atomic():
        first = account_of(place, agreement, kind=kind, opened_on=PAID)
        thread = threading.Thread(target=second)
        thread.start()
        until(somebody_waits, seconds=30, what="the second account")
    thread.join(60)
    assert opened == [first]
    assert (opened[0].jurisdiction, opened[0].agreement) == (place, agreement)
    assert LedgerAccount.objects.filter(kind=kind).count() == 1


def somebody_waits() -> bool:
    with connection.cursor() as cursor:
        # pg_stat_activity says the same all along a transaction.
        cursor.execute("SELECT EXISTS (SELECT 1 FROM pg_locks WHERE NOT granted)")
        return cursor.fetchone()[0]


def test_one_voucher_recorded_twice_at_once_is_one_payment_and_a_clear_error(ledger):
    people = (ledger.people.treasury, ledger.people.treasury2)
    answers = at_once(2, lambda n: ledger.prepare("5", voucher="PZ-同", by=people[n]))
    refused = [a for a in answers if isinstance(a, PaymentRefused)]
    assert len(refused) == 1, answers
    assert "付款凭证号 PZ-同 已由 treasury" in str(refused[0])
    (payment,) = Payment.objects.all()
    # … and approved twice at once it is one entry.
    other = next(p for p in people if p != payment.prepared_by)
    answers = at_once(2, lambda _: approve_payment(payment=payment, by=other, on=PAID))
    assert sorted(type(a) for a in answers if isinstance(a, Refused)) == [Refused], answers
    assert JournalEntry.objects.filter(payment=payment).count() == 1
    assert verify().sound


def test_eight_sessions_post_without_a_gap_and_every_read_sums_to_zero(ledger):
    payments = [ledger.prepare("100") for _ in range(32)]
    sums: list[object] = []

    def work(number: int) -> int:
        for payment in payments[number::8]:
            approve_payment(payment=payment, by=ledger.people.treasury2, on=PAID)
            sums.append(Posting.objects.aggregate(sum=Sum("yuan"))["sum"])
        return number

    assert at_once(8, work) == list(range(8))
    numbers = JournalEntry.objects.order_by("number").values_list("number", flat=True)
    assert list(numbers) == list(range(1, 34))
    assert set(sums) == {yuan("0")}
    assert ledger.balance(ledger.up, on=date(2024, 12, 31)) == yuan("-996800")
    assert verify().sound


def test_two_that_together_exceed_the_debt_are_not_both_booked(ledger):
    payments = [ledger.prepare("600000") for _ in range(2)]
    answers = at_once(
        2, lambda n: approve_payment(payment=payments[n], by=ledger.people.treasury2, on=PAID)
    )
    assert sum(isinstance(a, PaymentRefused) for a in answers) == 1, answers
    assert ledger.balance(ledger.up, on=date(2024, 12, 31)) == yuan("-400000")
