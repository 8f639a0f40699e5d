"""A closed year whose debt went over to a successor (区划结转): paid, chased, cleared, taken back."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.db import DatabaseError, transaction

from basins.access import viewer_of
from basins.clock import moved_to, now
from basins.models import Jurisdiction, Notification, Role, User
from basins.ranges import between
from settlements.ledger.balances import balances, standing
from settlements.ledger.queries.arrears import arrears
from settlements.ledger.queries.demands import lines_of, visible_demands
from settlements.ledger.services.carryovers import (
    CarryoverRefused,
    approve_carryover,
    propose_carryover,
)
from settlements.ledger.services.clearing import outstanding
from settlements.ledger.services.demands import remind_debtors
from settlements.ledger.services.ledger import close_account
from settlements.ledger.services.payments import prepare_payment
from settlements.ledger.services.reversals import (
    ReversalRefused,
    approve_reversal,
    propose_reversal,
)
from settlements.models import BalanceStatement, Demand, JournalEntry, LedgerAccount
from settlements.reference.services.ending import end_place
from settlements.work.queries.sources.debts import debts, payments_due, payments_expected
from tests.past import established
from tests.settlements.ledger.test_demands import MILLION, closed_year, paid, year
from tests.slips import approve_payment
from tests.told_once import told_once
from tests.worlds import close_year, jurisdiction

told = told_once(closed_year)
MERGED, PAPER = date(2024, 6, 1), "渝府〔2024〕1号"
__all__ = ["year"]


def merged(people, old: Jurisdiction, code: str, name: str, on=date(2024, 6, 10), since=MERGED):
    """The successor, and the entries by which everything of `old` went over to it."""
    new = Jurisdiction.objects.filter(code=code).first() or jurisdiction(code, name)
    with moved_to(on):
        end_place(place=old, on=since, source=PAPER, by=people.admin)
        old.refresh_from_db()
        asked = propose_carryover(
            ended=old, successor=new, on=since, document=PAPER, by=people.treasury
        )
        return new, approve_carryover(carryover=asked, by=people.treasury2)


def cancelled(people, entry: JournalEntry, on: date) -> None:
    with moved_to(on):
        asked = propose_reversal(entry=entry, why="误转", by=people.treasury)
        approve_reversal(reversal=asked, by=people.treasury2)


def left(year) -> dict[str, Decimal]:
    names = dict(Jurisdiction.objects.values_list("pk", "name"))
    return {names[party]: amount for party, amount in outstanding(year).items()}


def stands(place, agreement) -> Decimal:
    account = LedgerAccount.objects.filter(jurisdiction=place, agreement=agreement).first()
    return standing(account)


def owed(people, day: date) -> dict[str, Decimal]:
    return {d.place.name: d.total for d in arrears(viewer_of(people.treasury), day).debtors}


def official(place: Jurisdiction) -> User:
    user = User.objects.create(username="xin", display_name="新区")
    with established():
        Role.objects.create(
            user=user, role="district", jurisdiction=place, in_force=between(date(2018, 1, 1))
        )
    return user


def test_what_is_left_of_the_year_is_the_successors_who_pays_it(year, border, people):
    new, _ = merged(people, border.downstream, "500951", "新区")
    assert left(year) == {"新区": -12 * MILLION, "上游区": 12 * MILLION}
    with moved_to(date(2024, 6, 20)):
        payment = prepare_payment(
            agreement=border.agreement, settlement=year, payer=new, payee=border.upstream,
            yuan=12 * MILLION, voucher="PZ-1", paid_on=date(2024, 6, 20), by=people.treasury,
        )  # fmt: skip
        approve_payment(payment=payment, by=people.treasury2)
    year.refresh_from_db()
    assert (year.state, left(year)) == ("cleared", {})


def test_a_successor_of_the_creditor_is_paid_for_the_year(year, border, people):
    new, _ = merged(people, border.upstream, "500951", "新区")
    assert left(year) == {"下游区": -12 * MILLION, "新区": 12 * MILLION}
    with moved_to(date(2024, 6, 20)):
        payment = prepare_payment(
            agreement=border.agreement, settlement=year, payer=border.downstream, payee=new,
            yuan=12 * MILLION, voucher="PZ-1", paid_on=date(2024, 6, 20), by=people.treasury,
        )  # fmt: skip
        approve_payment(payment=payment, by=people.treasury2)
    year.refresh_from_db()
    assert year.state == "cleared"


def test_a_year_is_not_cleared_because_both_went_over(year, border, people):
    merged(people, border.downstream, "500951", "新甲区")
    merged(people, border.upstream, "500952", "新乙区", date(2024, 6, 11))
    year.refresh_from_db()
    assert left(year) == {"新甲区": -12 * MILLION, "新乙区": 12 * MILLION}
    assert year.state == "closed"


def test_a_year_cleared_by_going_over_to_one_is_open_again_when_that_is_taken_back(
    year, border, people
):
    merged(people, border.downstream, "500951", "新区")
    _, entries = merged(people, border.upstream, "500951", "新区", date(2024, 6, 11))
    year.refresh_from_db()
    assert (year.state, left(year)) == ("cleared", {})
    cancelled(people, entries[0], date(2024, 6, 12))
    year.refresh_from_db()
    assert year.state == "closed"
    assert left(year) == {"新区": -12 * MILLION, "上游区": 12 * MILLION}


def test_a_demand_is_the_successors_to_pay_and_says_so(year, border, people):
    new, _ = merged(people, border.downstream, "500951", "新区")
    theirs, before = official(new), people.downstream
    with moved_to(date(2024, 12, 1)):
        [line] = lines_of(list(visible_demands(viewer_of(theirs))))
        assert (line.left, line.successor) == (12 * MILLION, "新区")
        assert line.state == "逾期 268 天，由新区承继"
        assert [d.jurisdiction.name for d in payments_due(viewer_of(theirs))] == ["下游区"]
        assert list(payments_due(viewer_of(before))) == []
        assert list(payments_expected(viewer_of(people.district))) == [year]
        assert list(debts(viewer_of(people.treasury))) == [year]
        assert remind_debtors() == 1
    reminded = Notification.objects.filter(text__contains="逾期")
    assert {note.user for note in reminded} == {theirs}


def test_a_demand_paid_before_the_merger_is_paid(year, border, people):
    paid(year, border, people, 12 * MILLION, "PZ-1", date(2024, 3, 1))
    close_year(border.agreement, 2024, people, on=date(2025, 2, 5))
    since = date(2025, 6, 1)
    merged(people, border.downstream, "500951", "新区", date(2025, 6, 10), since)
    first, *_ = lines_of(list(Demand.objects.order_by("pk")), date(2026, 1, 1))
    assert (first.state, first.successor) == ("已付清", "")


def test_a_payment_taken_back_after_the_merger_is_owed_on_the_old_account(year, border, people):
    paid(year, border, people, 5 * MILLION, "PZ-1", date(2024, 3, 1))
    entry = JournalEntry.objects.get(cause="payment")
    new, _ = merged(people, border.downstream, "500951", "新区")
    cancelled(people, entry, date(2024, 6, 20))
    own = {j.name: -stands(j, border.agreement) for j in (border.downstream, new)}
    assert own == {"下游区": 5 * MILLION, "新区": 7 * MILLION}
    assert owed(people, date(2024, 7, 1)) == own


def test_a_carrying_that_was_carried_on_is_not_taken_back_alone(year, border, people):
    new, [first] = merged(people, border.downstream, "500951", "新甲区")
    _, [second] = merged(people, new, "500952", "新乙区")
    with pytest.raises(ReversalRefused, match=f"已由 {second.label} 再结转"):
        propose_reversal(entry=first, why="误转", by=people.treasury)
    with pytest.raises(DatabaseError, match="请先冲销后一张"), transaction.atomic():
        JournalEntry.objects.bulk_create(
            [
                JournalEntry(
                    year=2024, number=second.number + 1, booked_on=date(2024, 6, 20),
                    effective_on=date(2024, 6, 20), cause="reversal", reverses=first, text="x",
                    booked_at=now(), previous_hash=second.hash, hash="0" * 64,
                )
            ]
        )  # fmt: skip
    for entry in (second, first):
        cancelled(people, JournalEntry.objects.get(pk=entry.pk), date(2024, 6, 20))
    assert owed(people, date(2024, 7, 1)) == {"下游区": 12 * MILLION}


def test_arrears_of_any_day_are_the_balances_whatever_went_over_and_was_taken_back(
    year, border, people
):
    paid(year, border, people, 5 * MILLION, "PZ-1", date(2024, 3, 1))
    entry = JournalEntry.objects.get(cause="payment")
    _, entries = merged(people, border.downstream, "500951", "新甲区")
    cancelled(people, entry, date(2024, 6, 20))
    cancelled(people, entries[0], date(2024, 6, 25))
    with moved_to(date(2024, 6, 30)):
        asked = propose_carryover(
            ended=border.downstream, successor=jurisdiction("500952", "新乙区"),
            on=date(2024, 6, 30), document=PAPER, by=people.treasury,
        )  # fmt: skip
        approve_carryover(carryover=asked, by=people.treasury2)
    accounts = LedgerAccount.objects.filter(kind="compensation")
    for step in range(180):
        day = date(2024, 1, 15) + timedelta(days=step)
        own = {pk: -amount for pk, amount in balances(accounts, day).items() if amount < 0}
        found = {d.account_id: d.total for d in arrears(viewer_of(people.treasury), day).debts}
        assert found == own, day


def test_who_stated_a_balance_that_goes_over_hears_of_it(year, border, people):
    account = LedgerAccount.objects.get(jurisdiction=border.downstream, agreement=border.agreement)
    BalanceStatement.objects.create(
        account=account, as_of=date(2024, 6, 5), yuan=-12 * MILLION, our_yuan=-12 * MILLION,
        note="", by=people.bureau, at=now(),
    )  # fmt: skip
    _, [entry] = merged(people, border.downstream, "500951", "新区")
    texts = people.bureau.notifications.values_list("text", flat=True)
    assert any(f"{entry.label}（付款日期 2024-06-01）改变了您登记的对账余额" in t for t in texts)


def test_an_account_that_was_closed_takes_nothing_over(year, border, people):
    new = jurisdiction("500951", "新区")
    account = LedgerAccount.objects.create(
        jurisdiction=new, agreement=border.agreement, opened_on=date(2024, 1, 1)
    )
    close_account(account=account, on=date(2024, 5, 1))
    with pytest.raises(CarryoverRefused, match="账户已销户，不能承接"):
        merged(people, border.downstream, "500951", "新区")
