"""After an approved adjustment every page says the same amount: month, year, district, basin."""

from datetime import date
from decimal import Decimal

import pytest

from basins.access import viewer_of
from basins.clock import moved_to
from settlements import pipeline
from settlements.accruals.queries.explain import explain_month
from settlements.accruals.queries.month import money_of_month
from settlements.accruals.queries.river_year import river_year
from settlements.agreements.queries.agreements import agreement
from settlements.districts.queries.district import district
from settlements.districts.queries.districts import district_list
from settlements.models import Accrual, Adjustment, CountedTransfer, JournalEntry, Transfer
from settlements.notices.queries.months import settlement_month
from settlements.years.queries.closing import closing
from settlements.years.services.adjustments import approve_adjustment, review_adjustment
from tests.told_once import World, bare, told_instead, told_once
from tests.worlds import close_year, publish_year

ON = date(2024, 2, 5)
MILLION = Decimal("1000000.00")
MAY = date(2023, 5, 1)


def adjust(border, people, when="2023-05", water_class="IV") -> Adjustment:
    border.measured(when, water_class)
    pipeline.recompute()
    found = Adjustment.objects.get(state="proposed")
    review_adjustment(adjustment=found, by=people.bureau, reason="复核属实")
    return approve_adjustment(adjustment=found, by=people.bureau2)


def published_year() -> World:
    """2023: twelve months of class II, each paid by 下游区 with a million."""
    world = bare()
    border = world["border"]
    for when in border.months("2022-01", "2023-12"):
        border.measured(when, "II")
    pipeline.recompute()
    publish_year(border.agreement, 2023, world["people"], on=date(2024, 1, 20))
    return world


told = told_once(published_year)


@pytest.fixture
def year(border):
    with moved_to(ON):
        yield


def upstream(nets) -> Decimal:
    return next((n.yuan for n in nets if n.place.code == "500901"), Decimal(0))


def figures(people, user="bureau") -> dict[str, Decimal]:
    """What each page says 上游区 receives in 2023."""
    viewer = viewer_of(getattr(people, user))
    all_districts = {li.place.code: li.net for li in district_list(viewer, 2023).lines}
    river = river_year(viewer, "TESTHE", 2023)
    nets = {p.code: net for p, net in zip(river.parties, river.nets, strict=True)}
    months = [money_of_month(viewer, date(2023, n, 1)) for n in range(1, 13)]
    shown = [settlement_month(viewer, "TEST", date(2023, n, 1)) for n in range(1, 13)]
    explained = [explain_month(viewer, "TEST", date(2023, n, 1)) for n in range(1, 13)]
    return {
        "year": upstream(
            [type("N", (), {"place": s.place, "yuan": s.net}) for s in
             closing(viewer, "TEST", 2023).sums]
        ),
        "agreement": upstream(
            next(y.nets for y in agreement(viewer, "TEST").years if y.year == 2023)
        ),
        "district": district(viewer, "500901", 2023).net,
        "district by agreement": district(viewer, "500901", 2023).totals[-1].yuan,
        "districts": all_districts["500901"],
        "river": nets["500901"],
        "overview": sum((n.net for m in months for n in m.nets if n.place.code == "500901"),
                        Decimal(0)),
        "months": sum(
            (upstream_now(page) for page in shown), Decimal(0)
        ),
        "explained": sum(
            (n.yuan for e in explained for n in e.nets if n.party.code == "500901"), Decimal(0)
        ),
    }  # fmt: skip


def upstream_now(page) -> Decimal:
    if page.adjusted:
        return next(a.now for a in page.adjusted if a.place.code == "500901")
    return upstream(page.nets)


def test_every_page_agrees_before_and_after_an_adjustment(year, border, people):
    assert set(figures(people).values()) == {12 * MILLION}
    adjust(border, people)
    assert figures(people) == dict.fromkeys(figures(people), 10 * MILLION)
    adjust(border, people, water_class="III")
    assert set(figures(people, "district").values()) == {11 * MILLION}


def test_a_months_page_says_published_adjusted_and_what_holds(year, border, people):
    adjust(border, people)
    page = settlement_month(viewer_of(people.bureau), "TEST", MAY)
    assert page.finding == "上游区补偿下游区 100.00 万元（已修订）"
    lines = {a.place.name: (a.published, a.adjusted, a.now) for a in page.adjusted}
    assert lines["上游区"] == (MILLION, -2 * MILLION, -MILLION)
    assert lines["下游区"] == (-MILLION, 2 * MILLION, MILLION)
    june = settlement_month(viewer_of(people.bureau), "TEST", date(2023, 6, 1))
    assert june.adjusted == ()


def test_the_total_of_a_month_counts_what_was_put_in_its_place(year, border, people):
    adjust(border, people)
    money = money_of_month(viewer_of(people.bureau), MAY)
    assert [(li.payer.name, li.yuan) for li in money.lines] == [("上游区", MILLION)]
    assert money.at(MAY).yuan == MILLION


def test_what_is_only_proposed_counts_nowhere(year, border, people):
    border.measured("2023-05", "IV")
    pipeline.recompute()
    assert Adjustment.objects.get().state == "proposed"
    assert set(figures(people).values()) == {12 * MILLION}
    assert CountedTransfer.objects.filter(pk__lt=0).count() == 0


@told_instead(bare)
def test_after_the_closing_the_closed_year_stays_and_the_entry_counts(border, people):
    for when in border.months("2022-01", "2023-12"):
        border.measured(when, "II")
    pipeline.recompute()
    close_year(border.agreement, 2023, people, on=ON)
    with moved_to(date(2025, 3, 3)):
        adjust(border, people)
        said = figures(people)
        # A month shows what counts now, whatever year that is booked in.
        now = {said.pop(name) for name in ("months", "explained", "overview")}
        assert now == {10 * MILLION}
        assert set(said.values()) == {12 * MILLION}
        assert district(viewer_of(people.bureau), "500901", 2025).net == -2 * MILLION
    assert JournalEntry.objects.get(cause="adjustment").year == 2025
    assert CountedTransfer.objects.count() == Transfer.objects.count()


def test_the_view_is_the_transfers_where_nothing_was_adjusted(year):
    rows = ("accrual_id", "payer_id", "payee_id", "yuan", "reason")
    counted = set(CountedTransfer.objects.values_list(*rows))
    assert counted == set(Transfer.objects.values_list(*rows))
    assert len(counted) == 12
    accrual = Accrual.objects.get(period=MAY)
    assert accrual.counted.get().yuan == MILLION
