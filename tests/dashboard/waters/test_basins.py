"""The rivers: a tree of states, and one river from source to mouth."""

import re
from datetime import date
from decimal import Decimal

import pytest
from django.urls import reverse

from basins.access import viewer_of
from basins.models import River, RiverReach
from dashboard.basins.page import basin_list_page, basin_page, chosen_years
from dashboard.basins.river_line import rows_of
from monitoring.models import Section
from monitoring.sections.queries.rivers import km_nearest
from settlements import pipeline
from settlements.accruals.queries.river_year import river_year
from settlements.models import Accrual
from tests.told_once import World, bare, of_told, told_instead, told_once
from tests.worlds import month, taken_as

NOW = "2026-10"


def with_reaches() -> World:
    """The border's river with two reaches, a tributary that joins at km 15."""
    world = bare()
    border = world["border"]
    for order, place in enumerate((border.upstream, border.downstream)):
        RiverReach.objects.create(
            river=border.river,
            jurisdiction=place,
            order=order + 1,
            from_km=10 * order,
            to_km=10 * order + 10,
            course=[[106 + n / 10 + order, 29.5] for n in range(11)],
        )
    tributary = River.objects.create(code="ZHIHE", name="支河", level=2, parent=border.river)
    RiverReach.objects.create(
        river=tributary,
        jurisdiction=border.downstream,
        order=1,
        from_km=0,
        to_km=5,
        course=[[107.5, 29.9], [107.5, 29.51]],
    )
    return world


def computed() -> World:
    """The same, with the accruals of every month that is over: without data."""
    world = with_reaches()
    pipeline.recompute()
    return world


told = told_once(computed)
river = of_told("border")


def page_of(person, code="TESTHE", **asked):
    return basin_page(viewer_of(person), code, {"month": NOW, **asked}, ())


def add_section(border, code: str, km: int) -> Section:
    return Section.objects.create(
        code=code, name=code, province=border.section.province, river=border.river, km=km
    )


@told_instead(with_reaches)
def test_what_is_settled_for_the_year_leads_to_the_year(client, river, people):
    river.agreement.terms.all().delete()
    river.term("fixed_annual", date(2023, 1, 1), amount="3500000", from_year=2023, to_year=2030)
    pipeline.recompute()
    client.force_login(people.bureau)
    text = client.get(reverse("basin", args=["TESTHE"]), {"month": NOW}).content.decode()
    year = reverse("settlement", args=["TEST", 2026])
    assert f'<a href="{year}" aria-label="2026年(按年核算) 350.00 万元，看计算过程">' in text


def test_below_five_sections_a_river_has_the_class_of_its_means(river, people):
    other = add_section(river, "LOWER", 18)
    river.measured(NOW, "I", section=other)  # ammonia 0.1
    river.assessed(NOW, "IV")  # ammonia 1.2; the mean 0.65 is class III
    state = page_of(people.bureau).river.state
    assert (state.assessed, state.grade, state.water_class) == (2, "良好", 3)


def test_from_five_sections_on_a_river_has_a_grade_but_no_class(river, people):
    for n in range(4):
        river.measured(NOW, "II", section=add_section(river, f"S{n}", 11 + n))
    river.assessed(NOW, "IV")  # 4 of 5 in I–III: 80 %
    state = page_of(people.bureau).river.state
    assert (state.assessed, state.grade, state.water_class) == (5, "良好", None)


def test_the_line_has_the_districts_in_order_and_the_section_between_them(river, people):
    river.assessed(NOW, "IV")
    page = page_of(people.bureau)
    assert [d.name for d in page.line.districts] == ["上游", "下游"]
    (mark,) = page.line.sections
    assert float(page.line.districts[1].x) == float(mark.x)
    assert (mark.worse, mark.numeral) == (True, "Ⅳ")
    assert page.line.stretches[0].css == "river-4"


def test_a_tributary_joins_where_its_course_ends(river, people):
    (inflow,) = page_of(people.bureau).river.inflows
    assert (inflow.name, inflow.km) == ("支河", Decimal("15.0"))
    reaches = list(river.river.reaches.order_by("order"))
    assert km_nearest((107.5, 31.0), reaches) is None


def test_names_that_would_touch_go_to_different_rows():
    placed = rows_of([(100, "普顺断面"), (110, "六剑滩断面"), (300, "汇入口")], (0, 1))
    assert [row for _, row in placed] == [0, 1, 0]


def test_the_heat_map_frames_what_misses_the_target(river, people):
    river.assessed("2026-03", "IV")
    river.assessed(NOW, "III")
    page = page_of(people.bureau, **{"from": "2026", "to": "2026"})
    (row,) = page.river.heat
    cells = {m: (found, worse) for m, found, worse in row.cells}
    assert len(cells) == 12
    assert cells[month("2026-03")] == (4, True)
    assert cells[month(NOW)] == (3, False)
    assert cells[month("2026-01")] == (None, False)


def test_years_of_an_address_are_put_in_order_and_kept_in_bounds():
    months = [month(f"{y}-{m:02}") for y in range(2026, 2011, -1) for m in range(12, 0, -1)]
    now = month(NOW)
    assert chosen_years(None, None, months, now) == (2024, 2026)
    assert chosen_years("2023", "2020", months, now) == (2020, 2023)
    assert chosen_years("1900", "9999", months, now) == (2017, 2026)
    assert chosen_years("x", "２０２０", months, now) == (2024, 2026)


def test_the_years_money_sums_to_the_settlement(river, people):
    river.assessed("2026-03", "IV")
    river.assessed("2026-05", "II")
    river.assessed(NOW, "IV")
    year = river_year(viewer_of(people.bureau), "TESTHE", 2026)
    assert [p.name for p in year.parties] == ["上游区", "下游区"]
    assert dict(zip([p.name for p in year.parties], year.nets, strict=True)) == river.net(2026)
    assert (year.transfers, year.yuan) == (3, Decimal("3000000.00"))
    assert sum(year.nets) == 0
    assert sum(m.yuan for m in year.months) == year.yuan


def test_a_stranger_sees_only_settled_months_and_is_told_so(river, people, client):
    river.assessed("2026-03", "IV")
    river.assessed(NOW, "IV")
    taken_as("settled", Accrual.objects.filter(period=month("2026-03")))
    year = river_year(viewer_of(people.stranger), "TESTHE", 2026)
    assert [m.label for m in year.months] == ["3月"]
    client.force_login(people.stranger)
    text = client.get(reverse("basin", args=["TESTHE"]), {"month": NOW}).content.decode()
    assert "仅含已发布、已结清及本区协议" in text


def test_a_river_the_viewer_may_not_see_is_as_missing_as_one_that_is_not(river, people, client):
    River.objects.create(code="ANDERE", name="别河", level=1)
    client.force_login(people.township)
    hidden = client.get(reverse("basin", args=["ANDERE"]))
    missing = client.get(reverse("basin", args=["NIRGENDS"]))
    assert hidden.status_code == missing.status_code == 404
    assert words_of(hidden, "ANDERE") == words_of(missing, "NIRGENDS")
    assert page_of(people.nobody) is None


def words_of(response, code: str) -> str:
    """The page without the address asked for and the form tokens, which differ every time."""
    return re.sub(r"\b[A-Za-z0-9]{64}\b", "", response.content.decode()).replace(code, "")


def test_a_township_sees_the_river_that_runs_through_its_district(river, people):
    river.assessed(NOW, "III")
    lines = basin_list_page(viewer_of(people.township), {"month": NOW}).rows
    assert [row.river.code for row in lines] == ["TESTHE"]


def test_tributaries_stand_under_what_they_join(river, people):
    rows = basin_list_page(viewer_of(people.bureau), {"month": NOW}).rows
    assert [(r.river.code, r.river.depth) for r in rows] == [("TESTHE", 0), ("ZHIHE", 1)]


def test_the_list_is_filtered_by_the_address(river, people, client):
    river.assessed(NOW, "IV")
    client.force_login(people.bureau)
    address = reverse("basin-list")
    agreed = client.get(address, {"month": NOW, "agreed": "on"}).context["page"]
    assert [r.river.code for r in agreed.rows] == ["TESTHE"]
    assert agreed.yuan == Decimal("1000000.00")
    named = client.get(address, {"month": NOW, "q": "支"}).context["page"]
    assert [r.river.code for r in named.rows] == ["ZHIHE"]
    none = client.get(address, {"q": "没有这条河"})
    assert "没有符合条件的河流" in none.content.decode()


def test_the_page_shows_agreement_section_and_sum(river, people, client):
    river.assessed(NOW, "IV")
    client.force_login(people.bureau)
    text = client.get(reverse("basin", args=["TESTHE"]), {"month": NOW}).content.decode()
    assert "<h1>测试河 2026年10月水质轻度污染，1 个断面 0 个达到目标</h1>" in text
    for address in (
        reverse("section", args=["BORDER"]),
        reverse("agreement", args=["TEST"]),
        reverse("settlement", args=["TEST", 2026]),
    ):
        assert address in text


def test_the_line_says_what_its_kilometres_are_of(river, people, client):
    client.force_login(people.bureau)
    address = reverse("basin", args=[river.river.code])

    def said():
        return re.search(r"全长 [\d.]+ km（(.+?)）；", client.get(address).content.decode())[1]

    assert said() == "沿图上河流线"
    River.objects.filter(pk=river.river.pk).update(schematic=True)
    assert said() == "示意走向的图上长度"
    RiverReach.objects.filter(river=river.river).update(course=[])
    assert said() == "按填报的千米数"


@pytest.mark.parametrize("asked", [{"month": "x"}, {"from": "x", "to": "-1"}, {"from": "99999"}])
def test_bad_parameters_are_no_error(asked, river, people, client):
    client.force_login(people.bureau)
    assert client.get(reverse("basin", args=["TESTHE"]), asked).status_code == 200
    assert client.get(reverse("basin-list"), asked).status_code == 200


def test_the_number_of_queries_does_not_grow(river, people, client, django_assert_max_num_queries):
    river.assessed(NOW, "IV")
    client.force_login(people.bureau)
    addresses = [reverse("basin", args=["TESTHE"]), reverse("basin-list")]

    def counts() -> list[int]:
        found = []
        for address in addresses:
            with django_assert_max_num_queries(40) as queries:
                client.get(address, {"month": NOW, "from": "2018", "to": "2026"})
            found.append(len(queries.captured_queries))
        return found

    small = counts()
    for n in range(6):
        river.measured(NOW, "II", section=add_section(river, f"S{n}", 11 + n))
    for n in range(3):
        River.objects.create(code=f"NEBEN{n}", name=f"支流{n}", level=2, parent=river.river)
    for when in river.months("2025-01", NOW):
        river.measured(when, "IV")
    river.assessed(NOW, "V")
    assert counts() == small


def test_a_month_that_is_not_there_is_said_and_another_shown(client, border, people):
    border.assessed("2023-05", "II")
    client.force_login(people.bureau)
    page = client.get("/basins/TESTHE/?month=1999-01").content.decode()
    assert "1999年1月没有水质评价，以下是" in page
    assert (
        "没有水质评价，以下是" not in client.get("/basins/TESTHE/?month=2023-05").content.decode()
    )
