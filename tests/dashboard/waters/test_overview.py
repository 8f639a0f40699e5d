"""The overview: one month at a glance, and never more than the viewer may see."""

from datetime import date
from decimal import Decimal

import pytest
from django.core.cache import caches
from django.urls import reverse

from basins.access import viewer_of
from basins.ranges import month_start, today
from dashboard.overview.page import chosen_month, other_month, overview_page
from monitoring.assessment.queries.assessments import (
    ClassShare,
    month_water,
    months_assessed,
    streaks_of_group,
)
from monitoring.models import Assessment, Section, Target
from settlements.accruals.queries.month import money_of_month
from settlements.models import Accrual, Transfer
from tests.told_once import computed, told_once
from tests.worlds import jurisdiction, month, taken_as

NOW = "2026-10"  # a month that is over whenever these tests run


told = told_once(computed)


def page_of(person, **asked):
    return overview_page(viewer_of(person), {"month": NOW, **asked})


def more_sections(border, count: int) -> None:
    """Further sections on the river, assessed in NOW and the month before."""
    for n in range(count):
        section = Section.objects.create(
            code=f"MORE{n}",
            name=f"断面{n}",
            province=border.section.province,
            river=border.river,
            km=20 + n,
            upstream=border.upstream,
            downstream=border.downstream,
        )
        Target.objects.create(
            section=section,
            water_class=3,
            in_force=border.section.targets.get().in_force,
            source="测试",
        )
        for when in ("2026-09", NOW):
            border.measured(when, "II", section=section)


def test_the_heading_states_the_finding(border, people, client):
    more_sections(border, 3)
    border.assessed(NOW, "IV")
    client.force_login(people.bureau)
    text = client.get(reverse("overview"), {"month": NOW}).content.decode()
    assert "<h1>2026年10月，4 个断面 3 个优良</h1>" in text
    assert "1 笔补偿共 100.00 万元，1 方净收、1 方净付。" in text


def test_the_totals_equal_the_transfers_of_the_month(border, people):
    border.assessed(NOW, "IV")
    page = page_of(people.bureau)
    booked = sum(t.yuan for t in Transfer.objects.filter(accrual__period=month(NOW)))
    assert page.money.total == booked == Decimal("1000000.00")
    assert sum(n.receivable for n in page.nets) == booked
    assert sum(n.payable for n in page.nets) == booked
    assert sum(n.net for n in page.nets) == 0
    assert sum(r.yuan for r in page.agreements) == booked


def test_the_reference_of_a_payment_is_the_baseline_or_last_years_month(border, people):
    border.assessed("2018-07", "III")
    border.assessed("2019-07", "II")
    border.assessed(NOW, "II")
    viewer = viewer_of(people.bureau)
    (old,) = money_of_month(viewer, month("2019-07")).lines
    (new,) = money_of_month(viewer, month(NOW)).lines
    assert (old.reference, old.reference_name, old.water_class) == (3, "去年同月", 2)
    assert (new.reference, new.reference_name, new.water_class) == (3, "基准", 2)


def test_a_stranger_sees_classes_but_no_preliminary_money_and_is_told_so(border, people, client):
    border.assessed(NOW, "IV")
    client.force_login(people.stranger)
    response = client.get(reverse("overview"), {"month": NOW})
    text = response.content.decode()
    assert "1 个断面 0 个优良" in text
    assert "仅含已发布、已结清及本区协议" in text
    assert "100.00 万元" not in text
    page = response.context["page"]
    assert page.money.lines == ()
    assert page.agreements[0].yuan is None
    assert [f.value for f in page.key_figures[3:5]] == ["-", "-"]  # unknown is not zero


def test_a_party_sees_the_preliminary_money_of_its_agreement(border, people):
    border.assessed(NOW, "IV")
    page = page_of(people.district)
    assert page.money.total == Decimal("1000000.00")
    assert page.money.only == ""


def test_settled_money_is_everybodys_to_see(border, people):
    border.assessed(NOW, "IV")
    taken_as("settled", Accrual.objects.all())
    page = page_of(people.stranger)
    assert page.money.total == Decimal("1000000.00")
    assert page.money.only == ""
    assert page.facts[0].text == "已结清"


def test_without_a_role_there_is_nothing(border, people):
    border.assessed(NOW, "IV")
    page = page_of(people.nobody)
    assert page.water.sections == ()
    assert page.money.lines == ()
    assert page.agreements == ()


def test_changes_compare_with_the_month_before_and_the_year_before(border, people):
    border.assessed("2025-10", "IV")
    border.assessed("2026-09", "II")
    border.assessed(NOW, "IV")
    _, ratio, below, money, to_date, _ = page_of(people.bureau).key_figures
    assert ratio.deltas == ("环比 −100.0 百分点", "同比 0.0 百分点")
    assert below.value == "1"
    assert below.deltas == ("环比 +1", "同比 0")
    assert money.deltas == ("环比 0.0 %", "同比 0.0 %")
    assert (to_date.value, to_date.deltas) == ("200.00", ("1–10月", "同比 +100.0 %"))


def test_no_change_is_shown_where_one_side_is_only_partly_visible(border, people):
    for when in ("2025-10", "2026-09", NOW):
        border.assessed(when, "IV")
    taken_as("settled", Accrual.objects.filter(period__lt=month(NOW)))
    money = page_of(people.stranger).key_figures[3]
    assert money.deltas == ()
    assert "仅含" in money.extra


def test_the_months_at_the_aim_are_counted_without_a_gap(border, people):
    for when in ("2026-06", "2026-08", "2026-09", NOW):
        border.assessed(when, "II")
    assert page_of(people.bureau).water.months_at_aim == 3
    border.assessed("2026-09", "IV")
    assert page_of(people.bureau).water.months_at_aim == 1


def test_the_ratio_counts_classes_one_to_three():
    share = ClassShare(date(2026, 10, 1), (1, 2, 3, 1, 0, 1), 2)
    assert share.ratio == Decimal(75)
    assert ClassShare(date(2026, 10, 1), (0,) * 6, 0).ratio is None


def test_sections_of_other_rivers_stay_out_of_the_figures(border, people):
    Section.objects.create(code="FAR", name="别省断面", province=border.section.province)
    border.measured(NOW, "劣Ⅴ", section=Section.objects.get(code="FAR"))
    border.assessed(NOW, "II")
    assert len(page_of(people.bureau).water.sections) == 1


def test_the_columns_are_as_high_as_their_shares(border, people):
    more_sections(border, 3)
    border.assessed(NOW, "IV")
    column = page_of(people.bureau).columns[-1]
    assert [(p.water_class, p.count, p.height) for p in column.parts] == [
        (2, 3, "135.0"),
        (4, 1, "45.0"),
    ]


@pytest.mark.parametrize("text", [None, "", "2026", "2026-13", "1999-01", "abc-de", "2026-10-01"])
def test_a_month_that_is_none_falls_back_to_the_last_finished(text, border, people):
    border.assessed(NOW, "II")
    months = months_assessed(viewer_of(people.bureau))
    chosen = chosen_month(text, months)
    assert chosen in months
    assert chosen < month_start(today())


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("1999-01", "1999年1月没有水质评价，以下是2026年10月"),
        ("abc", "地址中的月份读不懂，应如 2026-10，以下是2026年10月"),
        ("２０２６-10", "地址中的月份读不懂，应如 2026-10，以下是2026年10月"),
        ("2026-10", None),
        ("", None),
        (None, None),
    ],
)
def test_a_month_shown_instead_of_the_one_asked_for_is_said(text, said):
    facts = other_month(text, date(2026, 10, 1))
    assert [f.text for f in facts] == ([said] if said else [])


def test_bad_parameters_are_no_error(border, people, client):
    client.force_login(people.bureau)
    asked = {"month": "x", "layer": "x", "table": "x"}
    assert client.get(reverse("overview"), asked).status_code == 200


@pytest.mark.parametrize("table", ["districts", "sections", "agreements"])
def test_the_table_twin_is_chosen_by_the_address(table, border, people, client):
    border.assessed(NOW, "IV")
    client.force_login(people.bureau)
    text = client.get(reverse("overview"), {"month": NOW, "table": table}).content.decode()
    wanted = {
        "districts": 'data-table="overview-nets"',
        "sections": 'data-table="overview-sections"',
        "agreements": 'data-table="overview-agreements"',
    }
    assert wanted.pop(table) in text
    assert not any(other in text for other in wanted.values())


def test_an_amount_leads_to_its_calculation(border, people, client):
    border.assessed(NOW, "IV")
    client.force_login(people.bureau)
    text = client.get(reverse("overview"), {"month": NOW}).content.decode()
    assert reverse("settlement-month", args=["TEST", 2026, 10]) in text


def test_an_empty_installation_has_an_empty_overview(people, client):
    client.force_login(people.bureau)
    text = client.get(reverse("overview")).content.decode()
    assert "还没有水质评价" in text
    assert "还没有地图" in text


def test_the_number_of_queries_does_not_grow(border, people, client, django_assert_max_num_queries):
    border.assessed(NOW, "IV")
    client.force_login(people.bureau)
    address = reverse("overview")
    client.get(address)  # the map's paths are built once
    caches["kept"].clear()
    with django_assert_max_num_queries(40) as small:
        client.get(address, {"month": NOW})
    more_sections(border, 6)
    for when in border.months("2025-01", NOW):
        border.measured(when, "IV")
    border.assessed(NOW, "V")
    client.get(address)  # and again with the new sections' places
    caches["kept"].clear()
    with django_assert_max_num_queries(40) as large:
        client.get(address, {"month": NOW})
    assert len(large.captured_queries) == len(small.captured_queries)


# Groups -----------------------------------------------------------------------------------


def test_a_group_counts_its_own_sections_and_how_long_they_have_been_good(border, people):
    """Upstream lies beyond the city: the border is one where the river comes in."""
    beyond = jurisdiction("510901", "外省区")
    Section.objects.filter(pk=border.section.pk).update(upstream=beyond, grade="municipal")
    classes = {date(2022, 12, 1): 4, date(2025, 1, 1): 2}
    classes |= {date(year, n, 1): 3 for year in (2023, 2024) for n in range(1, 13)}
    Assessment.objects.bulk_create(
        Assessment(section=border.section, month=when, water_class=found, complete=True)
        for when, found in classes.items()
    )
    viewer = viewer_of(people.bureau)
    water = month_water(viewer, date(2025, 1, 1), "entering")
    assert (water.months_all_good, water.years_all_good) == (25, 2)
    assert month_water(viewer, date(2024, 11, 1), "entering").years_all_good == 1
    assert month_water(viewer, date(2025, 1, 1), "leaving").this is None
    assert month_water(viewer, date(2025, 1, 1), "national").sections == ()
    (streak,) = streaks_of_group(viewer, date(2025, 1, 1), "border")
    assert (streak.months, streak.years) == (25, 2)
