"""调整: proposed by a recomputation, reviewed by one, approved by another; and the fuse."""

from datetime import date, datetime
from decimal import Decimal

import pytest
from django.db import IntegrityError, transaction
from django.utils.timezone import get_default_timezone

from basins.clock import moved_to
from basins.models import Notification
from settlements import pipeline
from settlements.models import Accrual, Adjustment, FuseTrip, JournalEntry, Settlement
from settlements.moving.acts import NotAllowed, Refused
from settlements.years.services.adjustments import (
    approve_adjustment,
    propose_release,
    return_adjustment,
    review_adjustment,
)
from settlements.years.services.signing import sign_data
from tests.second import dismiss, drop, release
from tests.told_once import World, bare, told_instead, told_once
from tests.worlds import close_year, publish_year

MILLION = Decimal("1000000.00")
ON = date(2024, 2, 5)


def published_year() -> World:
    """2023 at its target in every month, published and final: nobody pays."""
    world = bare()
    border = world["border"]
    for when in border.months("2022-01", "2023-12"):
        border.measured(when, "III")
    pipeline.recompute()
    publish_year(border.agreement, 2023, world["people"], on=date(2024, 1, 20))
    return world


told = told_once(published_year)


@pytest.fixture
def year(border) -> Settlement:
    with moved_to(ON):
        yield Settlement.objects.get(year=2023)


def correct(border, when: str, water_class: str) -> None:
    border.measured(when, water_class)
    pipeline.recompute()


def approved(adjustment, people):
    review_adjustment(adjustment=adjustment, by=people.bureau, reason="复核属实")
    return approve_adjustment(adjustment=adjustment, by=people.bureau2)


def pending() -> Adjustment:
    return Adjustment.objects.get(state__in=Adjustment.PENDING)


def test_a_correction_before_the_closing_counts_in_the_years_net(year, border, people):
    correct(border, "2023-05", "IV")
    assert border.net(2023)["下游区"] == 0
    approved(pending(), people)
    assert border.net(2023) == {"上游区": -MILLION, "下游区": MILLION}
    assert border.transfers("2023-05") == []  # the month itself stays as it was published
    assert not JournalEntry.objects.exists()


def test_a_second_correction_counts_from_the_first(year, border, people):
    correct(border, "2023-05", "IV")
    approved(pending(), people)
    correct(border, "2023-05", "II")
    adjustment = approved(pending(), people)
    nets = {n.jurisdiction.name: n.yuan for n in adjustment.nets.all()}
    assert nets == {"上游区": 2 * MILLION, "下游区": -2 * MILLION}
    assert border.net(2023) == {"上游区": MILLION, "下游区": -MILLION}


def test_taking_a_correction_back_after_its_approval_proposes_the_way_back(year, border, people):
    correct(border, "2023-05", "IV")
    approved(pending(), people)
    correct(border, "2023-05", "III")
    approved(pending(), people)
    assert border.net(2023) == {"上游区": 0, "下游区": 0}


@told_instead(bare)
def test_after_the_closing_the_difference_is_an_entry_in_the_open_year(border, people):
    for when in border.months("2022-01", "2023-12"):
        border.measured(when, "II")
    pipeline.recompute()
    close_year(border.agreement, 2023, people, on=ON)
    before = border.net(2023)
    with moved_to(date(2025, 3, 3)):
        correct(border, "2023-05", "IV")
        adjustment = approved(pending(), people)
    assert border.net(2023) == before
    entry = adjustment.entry
    assert (entry.cause, entry.year, entry.booked_on) == ("adjustment", 2025, date(2025, 3, 3))
    assert {p.account.jurisdiction.name: p.yuan for p in entry.postings.all()} == {
        "上游区": -2 * MILLION,
        "下游区": 2 * MILLION,
    }


def test_the_reviewer_does_not_approve(year, border, people):
    correct(border, "2023-05", "IV")
    review_adjustment(adjustment=pending(), by=people.bureau, reason="属实")
    with pytest.raises(Refused, match="另一人"):
        approve_adjustment(adjustment=pending(), by=people.bureau)
    assert pending().state == "reviewed"


@pytest.mark.parametrize("who", ["district", "treasury", "admin", "auditor", "stranger", "nobody"])
def test_only_the_bureau_adjusts(year, border, people, who):
    correct(border, "2023-05", "IV")
    with pytest.raises(NotAllowed):
        review_adjustment(adjustment=pending(), by=getattr(people, who), reason="属实")


def test_a_dismissed_adjustment_is_not_proposed_again_for_the_same_data(year, border, people):
    correct(border, "2023-05", "IV")
    dismiss(pending(), people, "原始记录无误")
    pipeline.recompute()
    correct(border, "2023-05", "IV")
    assert list(Adjustment.objects.values_list("state", flat=True)) == ["dismissed"]
    correct(border, "2023-05", "V")
    assert pending().state == "proposed"


def test_a_reason_is_asked_for(year, border, people):
    correct(border, "2023-05", "IV")
    with pytest.raises(Refused, match="理由"):
        review_adjustment(adjustment=pending(), by=people.bureau, reason="  ")
    review_adjustment(adjustment=pending(), by=people.bureau, reason="属实")
    return_adjustment(adjustment=pending(), by=people.bureau2, why="请附原始记录")
    assert pending().state == "proposed"


def test_new_data_withdraw_what_was_put_forward(year, border, people):
    correct(border, "2023-05", "IV")
    review_adjustment(adjustment=pending(), by=people.bureau, reason="属实")
    correct(border, "2023-05", "III")
    assert list(Adjustment.objects.values_list("state", flat=True)) == ["withdrawn"]


def test_what_comes_to_the_same_money_proposes_nothing(year, border):
    at = datetime(2023, 5, 20, 10, tzinfo=get_default_timezone())
    border.store(at, {"NH3-N": "0.81"})  # another mean, the same class
    pipeline.recompute()
    assert not Adjustment.objects.exists()


def test_an_approved_adjustment_voids_what_was_signed(year, border, people):
    sign_data(settlement=year, by=people.district)
    sign_data(settlement=year, by=people.downstream)
    correct(border, "2023-05", "IV")
    approved(pending(), people)
    year.refresh_from_db()
    assert year.state == "open"
    assert not year.signatures.filter(void_at__isnull=True).exists()
    why = {s.jurisdiction.name: s.void_why for s in year.signatures.all()}
    cause = "市局二批准了2023年5月的调整（复核属实）".replace("市局二", str(people.bureau2))
    assert why == {
        "上游区": f"净额由 0.00 元变为应付 1,000,000.00 元：{cause}",
        "下游区": f"净额由 0.00 元变为应收 1,000,000.00 元：{cause}",
    }
    for who, own in ((people.district, "上游区"), (people.downstream, "下游区")):
        told = Notification.objects.filter(user=who, key__startswith="settlement.void:").get()
        assert told.text == f"测试河协议 2023 年的签认已作废，请重新签认：{why[own]}"
    heard = Notification.objects.get(user=people.bureau, key__startswith="settlement.voided")
    assert "待各方重新签认" in heard.text


def test_a_signature_keeps_the_net_it_was_given_for(year, border, people):
    correct(border, "2023-05", "IV")
    approved(pending(), people)
    sign_data(settlement=year, by=people.district)
    assert [s.yuan for s in year.signatures.all()] == [-MILLION]


def test_sql_approves_nothing(year, border, people):
    correct(border, "2023-05", "IV")
    with pytest.raises(IntegrityError, match="流程不允许"), transaction.atomic():
        Adjustment.objects.update(state="approved", approved_by=people.bureau)
    assert pending().state == "proposed"


def test_a_published_accrual_cannot_be_changed_by_sql(year):
    for change in ({"water_class": 1}, {"steps": []}, {"state": "preliminary"}):
        with pytest.raises(IntegrityError, match="已发布"), transaction.atomic():
            Accrual.objects.filter(period=date(2023, 5, 1)).update(**change)


# --- the fuse -------------------------------------------------------------------------------


def spoil(border, months) -> None:
    for when in months:
        border.measured(when, "V")
    pipeline.recompute()


def test_four_published_months_at_once_stop_the_run(year, border):
    spoil(border, ["2023-05", "2023-06", "2023-07", "2023-08"])
    assert not Adjustment.objects.exists()
    trip = FuseTrip.objects.get()
    assert "4 个已发布月份" in "".join(trip.reasons)
    assert {c["period"] for c in trip.changes} == {f"2023-0{n}-01" for n in (5, 6, 7, 8)}


def test_a_released_run_proposes_every_month(year, border, people):
    spoil(border, ["2023-05", "2023-06", "2023-07", "2023-08"])
    release(FuseTrip.objects.get(), people, "实验室系统性偏差，属实")
    assert Adjustment.objects.filter(state="proposed").count() == 4
    pipeline.recompute()
    assert FuseTrip.objects.get().state == "released"


def test_a_dropped_run_proposes_nothing_and_does_not_come_back(year, border, people):
    months = ["2023-05", "2023-06", "2023-07", "2023-08"]
    spoil(border, months)
    drop(FuseTrip.objects.get(), people, "导入了错误的文件")
    spoil(border, months)
    assert FuseTrip.objects.get().state == "dropped"
    assert not Adjustment.objects.exists()


def test_restored_data_resolve_the_stop_by_themselves(year, border):
    months = ["2023-05", "2023-06", "2023-07", "2023-08"]
    spoil(border, months)
    for when in months:
        border.measured(when, "III")
    pipeline.recompute()
    assert FuseTrip.objects.get().state == "dropped"
    assert not Adjustment.objects.exists()


def test_two_months_above_a_twentieth_of_the_year_stop_the_run(year, border):
    spoil(border, ["2023-05", "2023-06"])
    assert "5%" in "".join(FuseTrip.objects.get().reasons)


def test_a_stopped_run_holds_the_year(year, border, people):
    spoil(border, ["2023-05", "2023-06"])
    with pytest.raises(Refused, match="停下待查"):
        sign_data(settlement=year, by=people.district)


def test_only_the_bureau_releases(year, border, people):
    spoil(border, ["2023-05", "2023-06"])
    with pytest.raises(NotAllowed):
        propose_release(trip=FuseTrip.objects.get(), by=people.admin, reason="属实")
