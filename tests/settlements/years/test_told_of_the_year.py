"""Each step of a year tells those it concerns, each in their own words, and never who took it."""

from datetime import date

import pytest

from basins.access import viewer_of
from basins.clock import moved_to
from basins.models import Notification
from settlements import pipeline
from settlements.ledger.services.ledger import account_of
from settlements.ledger.services.payments import Kind, prepare_payment
from settlements.ledger.services.reconciliation import state_balance
from settlements.ledger.services.reversals import approve_reversal, propose_reversal
from settlements.models import Adjustment, JournalEntry, Settlement
from settlements.notices.services.content import without_data
from settlements.notices.services.months import finalise_due, lapse_due
from settlements.work.queries.work import counts
from settlements.years.services.adjustments import (
    approve_adjustment,
    return_adjustment,
    review_adjustment,
)
from settlements.years.services.closing import close_settlement, prepare_closing, return_closing
from settlements.years.services.signing import confirm_amounts, sign_data
from tests.published import published
from tests.second import dismiss
from tests.slips import approve_payment
from tests.told_once import World, bare, told_once
from tests.worlds import publish_year

ON = date(2024, 2, 5)


def a_year() -> World:
    """2023 better than its baseline in one month: 下游区 pays; published and final."""
    world = bare()
    border = world["border"]
    for when in border.months("2022-01", "2023-12"):
        border.measured(when, "II" if when == "2023-03" else "III")
    pipeline.recompute()
    publish_year(border.agreement, 2023, world["people"], on=date(2024, 1, 20))
    return world


told = told_once(a_year)


@pytest.fixture
def year(border):
    with moved_to(ON):
        yield Settlement.objects.get(agreement=border.agreement, year=2023)


def said(event: str) -> dict[str, str]:
    """Person → what the newest message of the event tells them."""
    found = Notification.objects.filter(key__startswith=f"{event}:").order_by("pk")
    return {n.user.username: n.text for n in found.select_related("user")}


def signed(year, people, *, amounts: bool = True) -> None:
    for act in (sign_data, confirm_amounts) if amounts else (sign_data,):
        for who in (people.district, people.downstream):
            act(settlement=year, by=who)


def test_the_year_from_signing_to_cleared(year, people, border):
    signed(year, people)
    assert set(said("settlement.sign_data")) == {"district"}  # downstream signed last
    assert "前确认年度金额" in said("settlement.sign_data")["district"]
    assert set(said("settlement.confirm")) == {"bureau", "bureau2"}
    prepare_closing(settlement=year, by=people.bureau)
    assert "请您复核" in said("settlement.prepare")["bureau2"]
    assert set(said("settlement.prepare")) == {"bureau2", "district", "downstream"}
    return_closing(settlement=year, by=people.bureau2, why="先核对")
    assert "先核对" in said("settlement.return")["bureau"]
    prepare_closing(settlement=year, by=people.bureau)
    year = close_settlement(settlement=year, by=people.bureau2)
    closed = said("settlement.close")
    assert "贵方应付 1,000,000.00 元" in closed["downstream"]
    assert "贵方应收 1,000,000.00 元" in closed["district"]
    assert {"treasury", "treasury2", "bureau"} <= set(closed)
    assert "bureau2" not in closed
    payment = prepare_payment(
        agreement=border.agreement, settlement=year, kind=Kind.DIRECT, payer=border.downstream,
        payee=border.upstream, yuan="1000000", paid_on=ON, voucher="CZ-1", by=people.treasury,
    )  # fmt: skip
    assert set(said("payment.record")) == {"treasury2", "district", "downstream"}
    approve_payment(payment=payment, by=people.treasury2)
    assert set(said("payment.approve")) == {"treasury", "district", "downstream"}
    assert set(said("settlement.clear")) == {"treasury", "treasury2", "district", "downstream"}
    entry = JournalEntry.objects.get(payment=payment)
    reversal = propose_reversal(entry=entry, why="重复", by=people.treasury)
    approve_reversal(reversal=reversal, by=people.treasury2)
    assert "重复" in said("reversal.approve")["district"]
    assert "恢复待缴" in said("settlement.reopen_debt")["downstream"]


def test_a_correction_is_told_from_proposal_to_decision(year, people, border):
    signed(year, people)
    border.measured("2023-05", "IV")
    pipeline.recompute()
    found = Adjustment.objects.get()
    assert set(said("adjustment.propose")) == {"bureau", "bureau2", "district", "downstream"}
    assert "2023年5月的结果拟调整" in said("adjustment.propose")["district"]
    review_adjustment(adjustment=found, by=people.bureau, reason="属实")
    return_adjustment(adjustment=found, by=people.bureau2, why="缺原始记录")
    assert "缺原始记录" in said("adjustment.return")["bureau"]
    review_adjustment(adjustment=found, by=people.bureau, reason="属实")
    approve_adjustment(adjustment=found, by=people.bureau2)
    approved = said("adjustment.approve")
    assert "互不补偿改为上游区付下游区 1,000,000.00 元" in approved["downstream"]
    voided = said("settlement.void")
    assert {"district", "downstream"} <= set(voided)
    assert "重新签认" in voided["district"]


def test_a_refused_and_a_withdrawn_adjustment_are_told_too(year, people, border):
    border.measured("2023-05", "IV")
    pipeline.recompute()
    dismiss(Adjustment.objects.get(), people, "数据无误")
    assert "数据无误" in said("adjustment.dismiss")["district"]
    border.measured("2023-06", "IV")
    pipeline.recompute()
    border.measured("2023-06", "III")
    pipeline.recompute()
    assert "2023年6月的调整已撤回" in said("adjustment.withdraw")["downstream"]


def test_stopped_runs_are_told_to_the_bureau_and_so_is_their_end(year, people, border):
    for when in ("2023-05", "2023-06", "2023-07", "2023-08"):
        border.measured(when, "V")
    pipeline.recompute()
    assert set(said("fuse.trip")) == {"bureau", "bureau2"}
    for when in ("2023-05", "2023-06", "2023-07", "2023-08"):
        border.measured(when, "III")
    pipeline.recompute()
    assert set(said("fuse.expire")) == {"bureau", "bureau2"}


def test_a_difference_is_on_the_treasurys_list_and_told_to_both_sides(year, people, border):
    account = account_of(border.downstream, border.agreement, opened_on=date(2024, 1, 1))
    state_balance(account=account, as_of=ON, amount="-5", note="在途", by=people.downstream)
    assert set(said("statement.differs")) == {"treasury", "treasury2"}
    assert "-5.00 元" in said("statement.differs")["treasury"].replace("−", "-")
    assert counts(viewer_of(people.treasury)).by_source["statements-that-differ"] == 1
    state_balance(account=account, as_of=ON, amount="0", by=people.downstream)
    assert not counts(viewer_of(people.treasury)).by_source["statements-that-differ"]


def test_who_said_nothing_is_told_that_the_month_counts_as_confirmed(people, border):
    with moved_to(date(2024, 2, 20)):
        border.measured("2024-01", "III")
        pipeline.recompute()
        published(people, "2024-01")
    with moved_to(date(2024, 4, 1)):
        lapse_due()
        lapse_due()
    assert set(said("month.lapse")) == {"district", "downstream"}
    assert "2024年1月逾期未表示异议" in said("month.lapse")["district"]
    assert Notification.objects.filter(key__startswith="month.lapse:").count() == 2


def test_signing_is_due_once_the_last_month_is_final(people, border):
    with moved_to(date(2025, 1, 20)):
        for when in border.months("2024-01", "2024-12"):
            border.measured(when, "III")
        pipeline.recompute()
        for when in border.months("2024-01", "2024-12"):
            published(people, when)
    with moved_to(date(2025, 3, 3)):
        lapse_due()
        assert finalise_due() == 12
        assert finalise_due() == 0
    due = said("settlement.signing_due")
    assert set(due) == {"district", "downstream"}
    assert "2024" in due["district"]
    with moved_to(date(2025, 3, 3)):
        assert counts(viewer_of(people.district)).by_source["years-to-sign"] >= 1


def test_a_month_without_data_is_not_complete():
    sections = [{"name": "甲", "state": "met"}, {"name": "乙", "state": "no_data"}]
    assert without_data({"sections": sections[:1]}) == ""
    assert without_data({"sections": sections}) == "乙无数据"
    assert without_data({"sections": sections[1:]}) == "无数据"
