"""Runs over two agreements. A stop is decided for one of them: what nobody has looked at of the
other stays stopped."""

from datetime import date

import pytest

from basins.clock import moved_to
from basins.models import Jurisdiction, River
from basins.ranges import between
from monitoring.models import Section, Target
from settlements import pipeline
from settlements.models import Accrual, Adjustment, FuseTrip
from tests.second import drop, release
from tests.told_once import World, bare, told_once
from tests.worlds import Border, mark_months, month, publish_year

MONTHS = ("2023-05", "2023-06")


def second_border(border: Border) -> Border:
    """Another river of the same two districts with an agreement of its own."""
    river = River.objects.create(code="ERHE", name="第二河", level=1)
    section = Section.objects.create(
        code="SECOND", name="第二断面", province=Jurisdiction.objects.get(code="500000"),
        river=river, km=5, upstream=border.upstream, downstream=border.downstream,
    )  # fmt: skip
    Target.objects.create(
        section=section, water_class=3, in_force=between(date(2015, 1, 1)), source="测试用"
    )
    other = Border(border.upstream, border.downstream, border.stranger, river, section)
    other.sign("ZWEI")
    return other


def two_published_years() -> World:
    """2023 of two agreements, at their targets in every month, published and final."""
    world = bare()
    border = world["border"]
    other = second_border(border)
    for when in border.months("2022-01", "2023-12"):
        border.measured(when, "III")
        other.measured(when, "III")
    pipeline.recompute()
    for each in (border, other):
        publish_year(each.agreement, 2023, world["people"], on=date(2024, 1, 20))
    return {**world, "other": other}


told = told_once(two_published_years)


@pytest.fixture
def other(told, border) -> Border:
    section = Section.objects.get(code="SECOND")
    agreement = told["other"].agreement
    return Border(
        border.upstream, border.downstream, border.stranger, section.river, section, agreement
    )


@pytest.fixture
def stopped(border, other):
    """One run that would change two published months of each agreement: four together."""
    with moved_to(date(2024, 2, 5)):
        spoil(border, other)
        assert {t.agreement.code: t.state for t in FuseTrip.objects.all()} == {
            "TEST": "tripped",
            "ZWEI": "tripped",
        }
        yield


def spoil(*borders: Border, water_class: str = "V", months=MONTHS) -> None:
    for border in borders:
        for when in months:
            border.measured(when, water_class)
    pipeline.recompute()


def proposed(border: Border) -> int:
    return Adjustment.objects.filter(
        accrual__term__agreement=border.agreement, state="proposed"
    ).count()


def trip(border: Border) -> FuseTrip:
    return FuseTrip.objects.filter(agreement=border.agreement).latest("pk")


def test_releasing_one_agreements_stop_proposes_nothing_of_the_others(
    stopped, border, other, people
):
    release(trip(border), people, "实验室偏差，属实")
    assert (proposed(border), proposed(other)) == (2, 0)
    spoil(border, other)  # the same data once more: a run over both
    assert (proposed(border), proposed(other)) == (2, 0)
    assert (trip(border).state, trip(other).state) == ("released", "tripped")


def test_a_released_change_found_again_beside_anothers_waves_only_itself_through(
    stopped, border, other, people
):
    release(trip(border), people, "实验室偏差，属实")
    spoil(border, other, water_class="III")  # restored: proposals withdrawn, the other stop ends
    assert (proposed(border), proposed(other), trip(other).state) == (0, 0, "dropped")
    spoil(border, other)
    assert (proposed(border), proposed(other)) == (2, 0)
    assert trip(other).state == "tripped"


def test_what_a_person_dropped_of_one_agreement_stays_out_whatever_becomes_of_the_other(
    stopped, border, other, people
):
    drop(trip(other), people, "导入了错误的文件")
    release(trip(border), people, "实验室偏差，属实")
    spoil(border, other)
    assert (proposed(border), proposed(other)) == (2, 0)
    assert trip(other).state == "dropped"


def test_a_waiting_stop_is_weighed_with_what_comes_beside_it(stopped, border, other, people):
    release(trip(border), people, "实验室偏差，属实")
    other.measured("2023-09", "V")
    pipeline.recompute()
    assert proposed(other) == 0
    assert trip(other).state == "tripped"
    assert len(trip(other).changes) == 3


def test_all_that_waits_is_one_run_however_much_stands_between(border, other):
    with moved_to(date(2024, 2, 5)):
        mark_months(border.section, "2024-01", 60)  # in turn before those of the other section
        spoil(border, other)
        assert [trip.agreement.code for trip in FuseTrip.objects.order_by("pk")] == ["TEST", "ZWEI"]
        for each in FuseTrip.objects.all():
            assert "将改变 4 个已发布月份" in "".join(each.reasons)


def test_a_run_fills_the_gaps_of_what_it_touched_and_of_all_when_nothing_waits(border, other):
    with moved_to(date(2024, 2, 5)):
        for each in (border, other):
            Accrual.objects.filter(
                term__agreement=each.agreement, period__in=[month("2022-01"), month("2022-02")]
            ).delete()

        def gaps() -> list[int]:
            return [
                2 - Accrual.objects.filter(
                    term__agreement=each.agreement, period__in=[month("2022-01"), month("2022-02")]
                ).count()
                for each in (border, other)
            ]  # fmt: skip

        assert gaps() == [2, 2]
        border.measured("2022-07", "II")
        pipeline.recompute()
        assert gaps() == [0, 2]
        pipeline.recompute()
        assert gaps() == [0, 0]
