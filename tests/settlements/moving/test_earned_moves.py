"""A state is reached when its guard holds, and money follows states: tried past every service."""

from contextlib import nullcontext
from copy import deepcopy
from datetime import date

import pytest
from django.db import IntegrityError, connection, transaction

from basins.clock import moved_to, now
from settlements import pipeline
from settlements.ledger.services.ledger import Line, NotReversible, account_of, post, reverse
from settlements.ledger.services.reversals import ReversalRefused, propose_reversal
from settlements.models import (
    Adjustment,
    FuseTrip,
    JournalEntry,
    Payment,
    Settlement,
)
from settlements.money import yuan
from settlements.moving.acts import Refused, moving
from settlements.notices.services.months import confirm_month
from settlements.years.services.adjustments import approve_adjustment, review_adjustment
from settlements.years.services.closing import prepare_closing
from settlements.years.services.signing import sign_data
from tests.books import Ledger
from tests.disputes import objected
from tests.told_once import World, bare, told_instead, told_once, with_april
from tests.worlds import close_year, publish_year

ON = date(2024, 2, 5)


def sql(statement: str, *values, event: str = "", by=None) -> None:
    """One transaction of raw SQL that names its event and its doer."""
    with (
        transaction.atomic(),
        moving(event, by=by) if event else nullcontext(),
        connection.cursor() as cursor,
    ):
        cursor.execute(statement, values)
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")


def refused(words: str):
    return pytest.raises((IntegrityError, Refused), match=words)


def move_month(state: str, event: str, by=None) -> None:
    sql("UPDATE settlements_agreementmonth SET state = %s", state, event=event, by=by)


# A month -------------------------------------------------------------------------------


told = told_once(with_april)


@pytest.fixture
def april(told, db):
    """Today is 17 May."""
    with moved_to(date(2023, 5, 17)):
        yield deepcopy(told["april"])


def test_the_systems_own_moves_need_their_event(april):
    with moved_to(date(2023, 6, 1)), refused("流程不允许"):
        move_month("confirmed", "")


def test_nothing_lapses_before_its_last_day_is_over(april):
    words = "^月度现在不能“逾期视为确认”：异议期到 2023-05-22 才届满。$"
    with moved_to(date(2023, 5, 22)), refused(words):
        move_month("confirmed", "lapse")
    with moved_to(date(2023, 5, 23)):
        move_month("confirmed", "lapse")


def test_a_month_is_confirmed_by_all_its_parties(april, people):
    confirm_month(agreement_month=april, by=people.district)
    with refused("协议各方尚未都确认"):
        move_month("confirmed", "confirm", people.downstream)


def test_an_objected_month_has_an_objection(april, people):
    with refused("没有提出的异议"):
        move_month("objected", "object", people.district)


@pytest.mark.parametrize(
    ("state", "event", "by"),
    [("decided", "decide", "bureau"), ("published", "withdraw", "district")],
)
def test_an_objection_is_dealt_with_first(april, border, people, state, event, by):
    objected(border, people, april)
    with refused("尚有未办结的异议"):
        move_month(state, event, getattr(people, by))


def test_a_decided_month_has_a_decision(april, border, people):
    objection = objected(border, people, april)
    sql(
        "UPDATE settlements_objection SET state = 'withdrawn' WHERE id = %s",
        objection.pk,
        event="withdraw",
        by=people.district,
    )
    with refused("没有已裁决的异议"):
        move_month("decided", "decide", people.bureau)


def test_what_pends_keeps_a_month_from_its_end(april, border, people):
    with moved_to(date(2023, 5, 23)):
        move_month("confirmed", "lapse")
        trip = FuseTrip.objects.create(
            agreement=border.agreement, reasons=[], changes=[], digest="x", tripped_at=now()
        )
        with refused("尚有待审的调整或停下的重算"):
            move_month("final", "finalise")
        sql("UPDATE settlements_fusetrip SET state = 'dropped' WHERE id = %s", trip.pk,
            event="expire")  # fmt: skip
        Adjustment.objects.create(
            accrual=border.accrual("2023-04"), outcome={}, inputs={}, input_digest="y"
        )
        with refused("尚有待审的调整或停下的重算"):
            move_month("final", "finalise")
        with transaction.atomic(), moving("withdraw", by=None):
            Adjustment.objects.update(state="withdrawn")
        move_month("final", "finalise")


# A year --------------------------------------------------------------------------------


def _measured() -> World:
    """2022 and 2023: five months better than the target."""
    world = bare()
    border = world["border"]
    for when in border.months("2022-01", "2023-12"):
        border.measured(when, "II" if when in border.months("2023-01", "2023-05") else "III")
    pipeline.recompute()
    return world


def final_year() -> World:
    """2023 published and final."""
    world = _measured()
    publish_year(world["border"].agreement, 2023, world["people"], on=date(2024, 1, 20))
    return world


def closed_year() -> World:
    """The same year, closed: 下游区 owes 上游区."""
    world = _measured()
    close_year(world["border"].agreement, 2023, world["people"], on=date(2024, 2, 1))
    return world


@pytest.fixture
def year(border) -> Settlement:
    """2023; today is 5 February."""
    with moved_to(ON):
        yield Settlement.objects.get(year=2023)


closed = year


def move_year(settlement: Settlement, state: str, event: str, by=None, *, closed_on=None) -> None:
    sql(
        "UPDATE settlements_settlement SET state = %s, closed_on = %s WHERE id = %s",
        state,
        closed_on or settlement.closed_on,
        settlement.pk,
        event=event,
        by=by,
    )


@told_instead(final_year)
def test_a_year_is_signed_by_all_its_parties(year, people):
    sign_data(settlement=year, by=people.district)
    with refused("尚有一方未签认"):
        move_year(year, "signed", "sign_data", people.downstream)
    sign_data(settlement=year, by=people.downstream)
    with refused("尚有一方未签认"):
        move_year(year, "confirmed", "confirm", people.downstream)


@told_instead(final_year)
def test_a_year_closes_with_its_entry_or_not_at_all(year, people):
    from tests.settlements.years.test_closing import confirmed

    confirmed(year, people)
    prepare_closing(settlement=year, by=people.bureau)
    with refused("年清缴与各方净额不符"):
        move_year(year, "closed", "close", people.bureau2, closed_on=ON)


@told_instead(final_year)
def test_an_open_year_has_no_closing_entry(year, border, people):
    up, down = (
        account_of(place, border.agreement, opened_on=ON)
        for place in (border.upstream, border.downstream)
    )
    with refused("未关账,不能有年清缴凭证"), transaction.atomic():
        post(
            cause="settlement",
            settlement=year,
            on=ON,
            text="越过流程",
            lines=[Line(up, yuan("1.00")), Line(down, yuan("-1.00"))],
            by=people.bureau,
        )
        with connection.cursor() as cursor:
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")


@told_instead(closed_year)
def test_a_closed_year_takes_no_second_closing_entry(closed, people):
    first = JournalEntry.objects.get(settlement=closed, cause="settlement")
    with refused("entry_one_closing_per_settlement"), transaction.atomic():
        post(
            cause="settlement",
            settlement=closed,
            on=ON,
            text="再记一次",
            lines=[Line(p.account, p.yuan) for p in first.postings.all()],
            by=people.bureau,
        )
        with connection.cursor() as cursor:
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")


@told_instead(closed_year)
def test_a_year_is_cleared_by_its_money(closed, border, people):
    with refused("尚有未付清的金额"):
        move_year(closed, "cleared", "clear")
    ledger = Ledger.make(people)
    ledger.agreement = border.agreement
    owed = max(abs(net.yuan) for net in closed.nets.all())
    entry = ledger.pay(
        str(owed), payer=border.downstream, payee=border.upstream, settlement=closed, on=ON
    )
    closed.refresh_from_db()
    assert (closed.state, entry.cause) == ("cleared", "payment")
    with refused("没有未付清的金额"):
        move_year(closed, "closed", "reopen_debt")


# What is corrected and not cancelled ---------------------------------------------------


def adjustment_entry(border, people) -> JournalEntry:
    """A reading of the closed year corrected, the difference approved and booked."""
    border.measured("2023-06", "II")
    pipeline.recompute()
    adjustment = Adjustment.objects.get(state="proposed")
    review_adjustment(adjustment=adjustment, reason="更正有据", by=people.bureau)
    approve_adjustment(adjustment=adjustment, by=people.bureau2)
    return JournalEntry.objects.get(adjustment=adjustment)


@told_instead(closed_year)
@pytest.mark.parametrize("cause", ["settlement", "adjustment"])
def test_a_closing_and_an_adjustment_are_never_cancelled(closed, border, people, cause):
    entry = (
        JournalEntry.objects.get(settlement=closed, cause=cause)
        if cause == "settlement"
        else adjustment_entry(border, people)
    )
    assert entry.cause == cause
    with pytest.raises(ReversalRefused, match="调整"):
        propose_reversal(entry=entry, why="想取消", by=people.treasury)
    with pytest.raises(NotReversible, match="调整"):
        reverse(entry, on=ON, why="想取消", by=people.treasury2)
    with refused("凭证不冲销"), transaction.atomic():
        post(
            cause="reversal",
            reverses=entry,
            on=ON,
            text="越过流程",
            lines=[Line(p.account, -p.yuan) for p in entry.postings.all()],
            by=people.treasury,
        )


# A payment -----------------------------------------------------------------------------


@pytest.fixture
def payment(people) -> Payment:
    """100 of the 300 owed, recorded and waiting for the second person."""
    ledger = Ledger.make(people)
    with moved_to(date(2024, 3, 21)):
        ledger.owe("300.00")
        yield ledger.prepare("100.00")


def test_an_approved_payment_has_its_entry(payment, people):
    with refused("付款 #.* 与台账不符"):
        sql(
            "UPDATE settlements_payment SET state = 'approved', approved_by_id = %s,"
            " approved_at = now() WHERE id = %s",
            people.treasury2.pk,
            payment.pk,
            event="approve",
            by=people.treasury2,
        )


def test_a_payment_that_waits_has_no_entry(payment, people):
    lines = [
        Line(account_of(payment.payer, payment.agreement, opened_on=ON), yuan("100.00")),
        Line(account_of(payment.payee, payment.agreement, opened_on=ON), yuan("-100.00")),
    ]
    with refused("付款 #.* 与台账不符"), transaction.atomic():
        post(
            cause="payment", payment=payment, on=date(2024, 3, 21), text="越过流程", lines=lines,
            by=people.treasury,
        )  # fmt: skip
        with connection.cursor() as cursor:
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")


def test_a_payment_is_reversed_with_its_counter_entry(payment, people):
    from tests.slips import approve_payment

    entry = approve_payment(payment=payment, by=people.treasury2, on=date(2024, 3, 21))
    with refused("记为冲销的须有冲销凭证"):
        sql("UPDATE settlements_payment SET reversed_on = '2024-03-21' WHERE id = %s", payment.pk)
    reverse(entry, on=date(2024, 3, 21), why="重复登记", by=people.treasury)
    with refused("登记后不能改动"):
        sql("UPDATE settlements_payment SET reversed_on = NULL WHERE id = %s", payment.pk)
