"""The pages of the sections: what they find, show, compare and export, and to whom."""

import csv
import io
import json
import re
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from basins.access import viewer_of
from basins.models import RiverReach
from basins.ranges import between, month_start, months_before, today
from dashboard.charts.periods import Period, preset, read
from dashboard.charts.section import axis, bands, runs_of, section_figure
from dashboard.files.cells import safe
from monitoring.assessment.queries.assessments import month_water
from monitoring.models import Origin, SamplingPlan, Section, Target
from monitoring.sections.queries.listing import SectionFilter, section_list
from monitoring.sections.queries.sections import (
    MeasuredIndicator,
    find_section,
    limit_words,
    neighbours,
    section_page,
)
from monitoring.sections.queries.series import POINTS, Point, Series, series, step_of
from settlements import pipeline
from settlements.agreements.queries.of_section import agreements_of_section
from tests.told_once import computed, told_once
from tests.worlds import CLEAN, month

ZONE = timezone.get_default_timezone()
AMMONIA = MeasuredIndicator("NH3-N", "氨氮", "mg/L", 3)
EMPTY = Series((), (), (), (), (), 0)


told = told_once(computed)


@pytest.fixture
def bureau(people, client):
    client.force_login(people.bureau)
    return people.bureau


def another(border, code: str, km, **more) -> Section:
    return Section.objects.create(
        code=code, name=code, province=border.section.province, river=border.river, km=km, **more
    )


def store(border, when: str, value, *, origin=Origin.MANUAL, flag="N", below=False, section=None):
    from django.db import connection

    at = datetime.fromisoformat(when).replace(tzinfo=ZONE)
    with connection.cursor() as cursor:
        cursor.execute(
            """INSERT INTO monitoring_reading
               (section_id, indicator_id, sampled_at, origin, value, flag, below_limit)
               SELECT %s, id, %s, %s, %s, %s, %s FROM monitoring_indicator WHERE code = 'NH3-N'""",
            [(section or border.section).pk, at, origin, value, flag, below],
        )


def page(client, address="/sections/BORDER/") -> str:
    response = client.get(address)
    assert response.status_code == 200
    return response.content.decode()


def figure(text: str) -> dict:
    found = re.search(r'id="section-chart-figure" type="application/json">(.*?)</script>', text)
    return json.loads(found[1])


def trace(text: str, name: str) -> dict:
    return next(t for t in figure(text)["data"] if t.get("name", "").startswith(name))


# The list --------------------------------------------------------------------------------


def codes(viewer, only=SectionFilter(), when="2023-05") -> list[str]:  # noqa: B008 - frozen
    return [line.code for line in section_list(viewer, month(when), only).page]


def test_the_list_runs_down_the_river(border, bureau):
    another(border, "UP", 2)
    another(border, "DOWN", 30)
    assert codes(viewer_of(bureau)) == ["UP", "BORDER", "DOWN"]


@pytest.mark.parametrize(
    ("only", "expected"),
    [
        ({"river": "TESTHE"}, ["UP", "BORDER"]),
        ({"river": "OTHER"}, []),
        ({"river": "-"}, ["LOOSE"]),
        ({"district": "500902"}, ["BORDER"]),
        ({"district": "500903"}, []),
        ({"grade": "national"}, ["UP"]),
        ({"water_class": "4"}, ["BORDER"]),
        ({"water_class": "0"}, ["UP"]),
        ({"met": "no"}, ["BORDER"]),
        ({"met": "yes"}, []),
        ({"text": "up"}, ["UP"]),
        ({"grade": "municipal", "met": "no"}, ["BORDER"]),
    ],
)
def test_the_list_is_narrowed(border, bureau, only, expected):
    another(border, "UP", 2, grade="national")
    Section.objects.create(code="LOOSE", name="散", province=border.section.province)
    border.assessed("2023-05", "IV")
    assert codes(viewer_of(bureau), SectionFilter(**only)) == expected


def test_three_samples_where_one_is_due_are_no_more_than_complete(border, bureau):
    for day in (5, 15, 25):
        at = datetime(2023, 4, day, 10, tzinfo=ZONE)
        border.store(at, {**CLEAN, "NH3-N": "0.4"})
    pipeline.recompute()
    viewer = viewer_of(bureau)
    assert month_water(viewer, date(2023, 4, 1)).completeness == 100
    assert section_page(viewer, border.section, date(2023, 4, 1)).completeness == 100
    (line,) = section_list(viewer, month("2023-04")).page
    assert line.completeness == 100


def test_the_list_says_class_target_deciding_and_completeness(border, bureau, client):
    border.assessed("2023-05", "IV")
    line = section_list(viewer_of(bureau), month("2023-05")).page[0]
    assert (line.water_class, line.target, line.met, line.worse) == (4, 3, False, True)
    assert line.deciding == ("氨氮",)
    assert (line.valid, line.expected, line.completeness) == (5, 5, 100)
    text = page(client, "/sections/?month=2023-05")
    assert "2023年5月：1 个断面已评价，1 个劣于目标" in text
    assert "共 1 条" in text


def test_a_target_counts_from_its_day(border, bureau):
    border.section.targets.all().delete()
    Target.objects.create(
        section=border.section, water_class=4, in_force=between(date(2023, 5, 1)), source="x"
    )
    border.assessed("2023-04", "IV")
    border.assessed("2023-05", "IV")
    before = section_list(viewer_of(bureau), month("2023-04")).page[0]
    after = section_list(viewer_of(bureau), month("2023-05")).page[0]
    assert (before.met, after.met) == (None, True)


@pytest.mark.parametrize(
    "query",
    ["month=bad", "month=9999-12", "month=0001-01", "river=%00x", "water_class=9", "page=zzz",
     "page=999", "grade=x&met=y", "text=%E6%96%AD"],
)  # fmt: skip
def test_a_wrong_filter_is_dropped(border, bureau, client, query):
    assert "<h1>" in page(client, f"/sections/?{query}")


def test_the_list_asks_the_same_however_many_sections(
    border, bureau, client, django_assert_num_queries
):
    border.assessed("2023-05", "IV")
    few = queries_of(client, "/sections/?month=2023-05")
    for number in range(30):
        other = another(border, f"S{number}", number, upstream=border.upstream)
        border.measured("2023-05", "II", section=other)
    pipeline.recompute()
    assert queries_of(client, "/sections/?month=2023-05") == few


def queries_of(client, address: str) -> int:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    page(client, address)
    with CaptureQueriesContext(connection) as found:
        page(client, address)
    return len(found)


def test_a_township_sees_the_rivers_that_run_through_it(border, people, client):
    client.force_login(people.township)
    assert "交界" not in page(client, "/sections/?month=2023-05")
    RiverReach.objects.create(
        river=border.river, jurisdiction=border.upstream, order=1, from_km=0, to_km=10
    )
    assert "交界" in page(client, "/sections/?month=2023-05")
    assert client.get("/sections/BORDER/").status_code == 200


# One section -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("water_class", "words"),
    [("II", "Ⅱ类，优于目标Ⅲ类"), ("III", "Ⅲ类，达到目标Ⅲ类"), ("V", "Ⅴ类，劣于目标Ⅲ类")],
)
def test_the_heading_states_the_finding(border, bureau, client, water_class, words):
    border.assessed("2023-05", water_class)
    assert f"<h1>交界断面：2023年5月{words}</h1>" in page(client)


def test_a_section_without_readings_says_so(border, bureau, client):
    text = page(client)
    assert "交界断面：尚无监测数据" in text
    assert "还没有监测数据" in text


def test_the_month_of_the_address_is_shown_else_the_latest(border, bureau, client):
    border.assessed("2023-04", "II")
    border.assessed("2023-05", "IV")
    assert "2023年4月Ⅱ类" in page(client, "/sections/BORDER/?month=2023-04")
    for other in ("", "?month=1999-01", "?month=9999-12", "?month=x", "?month=0001-01"):
        assert "2023年5月Ⅳ类" in page(client, f"/sections/BORDER/{other}")


def test_a_month_that_runs_is_said_to_and_lists_begin_with_the_last_one_that_is_over(
    border, bureau, client
):
    running = month_start(today())
    border.assessed(f"{running:%Y-%m}", "II")
    when = f"{running.year}年{running.month}月"
    assert f"{when}（未结束）Ⅱ类" in page(client)
    over = months_before(running)
    assert f"<h1>{over.year}年{over.month}月" in page(client, "/sections/")


def test_neighbours_are_the_next_on_the_river(border, people):
    viewer = viewer_of(people.bureau)
    another(border, "SOURCE", 1)
    up, down = another(border, "UP", 4), another(border, "DOWN", Decimal("30.5"))
    above, below = neighbours(viewer, border.section, month("2023-05"))
    assert (above.code, below.code) == (up.code, down.code)
    assert neighbours(viewer, down, month("2023-05"))[1] is None


def test_a_demo_name_carries_its_mark_and_the_note(border, bureau, client):
    Section.objects.update(is_demo=True)
    border.assessed("2023-05", "II")
    text = page(client)
    assert "交界断面*：" in text
    assert "* 断面名称与读数为演示" in text


def test_the_agreement_and_its_change_of_rule_are_named(border, bureau, client):
    border.assessed("2022-12", "II")
    border.assessed("2023-01", "II")
    text = page(client)
    assert "测试河协议" in text
    assert "2023-01-01 起适用" in text
    assert any("2023-01-01 起" in a["text"] for a in figure(text)["layout"]["annotations"])
    assert any(s["x0"] == "2023-01-01" for s in figure(text)["layout"]["shapes"])


def test_a_draft_agreement_is_no_mark_to_anyone(border, people):
    border.agreement.state = "draft"
    border.agreement.save()
    assert agreements_of_section(viewer_of(people.admin), border.section) == ()


def test_the_heat_map_frames_what_is_worse_than_the_target(border, bureau, client):
    border.assessed("2023-04", "III")
    border.assessed("2023-05", "IV")
    text = page(client)
    cells = re.findall(r'<td class="(class-4[^"]*)"[^>]*>1\.200', text)
    assert cells == ["class-4 worse"]
    assert re.findall(r'<td class="(class-3[^"]*)"[^>]*>0\.800', text) == ["class-3"]


def test_the_page_asks_the_same_however_many_months(border, bureau, client):
    border.assessed("2023-04", "III")
    border.assessed("2023-05", "IV")
    few = queries_of(client, "/sections/BORDER/?period=all")
    for number in range(1, 13):
        border.measured(f"2022-{number:02}", "II")
    another(border, "UP", 2)
    pipeline.recompute()
    assert queries_of(client, "/sections/BORDER/?period=all") == few
    assert few <= 27  # with the star, the data version and what waits in the page head


# Its chart -------------------------------------------------------------------------------


def test_points_are_drawn_as_what_they_are(border, bureau, client):
    store(border, "2023-05-02T10:00", "0.4")
    store(border, "2023-05-09T10:00", "0.025", below=True)
    store(border, "2023-05-16T10:00", "9", flag="M")
    store(border, "2023-05-20T08:00", "0.6", origin=Origin.AUTOMATIC)
    pipeline.recompute()
    text = page(client, "/sections/BORDER/?indicator=NH3-N&period=2023-05")
    assert trace(text, "手工")["y"] == [0.4]
    below = trace(text, "未检出")
    assert (below["text"], below["marker"]["symbol"]) == (["0.025L"], "triangle-down-open")
    invalid = trace(text, "无效")
    assert invalid["marker"]["symbol"] == "x-thin-open"
    assert "9.000" in invalid["hovertext"][0]
    assert invalid["y"][0] <= figure(text)["layout"]["yaxis"]["range"][1]
    assert trace(text, "自动")["y"] == [0.6]


def test_an_undetected_value_counts_as_half_its_limit_in_a_daily_mean(border, people):
    store(border, "2023-05-02T08:00", "0.4", origin=Origin.AUTOMATIC)
    store(border, "2023-05-02T12:00", "0.2", origin=Origin.AUTOMATIC, below=True)
    store(border, "2023-05-02T16:00", "5", origin=Origin.AUTOMATIC, flag="T")
    found = series(border.section, "NH3-N", date(2023, 1, 1), date(2023, 12, 31))
    assert found.step_days == 1
    assert [(p.value, p.count) for p in found.automatic] == [(Decimal("0.25"), 2)]
    assert [p.value for p in found.below] == [Decimal("0.2")]


def test_a_day_is_a_day_of_chongqing(border, people):
    store(border, "2023-05-02T23:30", "0.4", origin=Origin.AUTOMATIC)
    store(border, "2023-05-03T00:30", "0.6", origin=Origin.AUTOMATIC)
    found = series(border.section, "NH3-N", date(2023, 5, 2), date(2023, 12, 31))
    assert [p.value for p in found.automatic] == [Decimal("0.4"), Decimal("0.6")]
    only = series(border.section, "NH3-N", date(2023, 5, 3), date(2023, 5, 3))
    assert [p.value for p in only.automatic] == [Decimal("0.6")]


@pytest.mark.parametrize("days", [1, 100, 133, 134, 800, 801, 3000, 40000])
def test_no_span_has_more_points_than_are_drawn(days):
    first = date(1995, 1, 1)
    step = step_of(first, first + timedelta(days=days - 1))
    points = days * 6 if step == 0 else -(-days // step)
    assert points <= POINTS


def test_many_readings_come_thinned(border, people):
    start = datetime(2023, 1, 1, tzinfo=ZONE)
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(
            """INSERT INTO monitoring_reading (section_id, indicator_id, sampled_at, origin, value)
               SELECT %s, i.id, %s + n * interval '4 hours', 1, 0.5
               FROM monitoring_indicator i, generate_series(0, 2189) n WHERE i.code = 'NH3-N'""",
            [border.section.pk, start],
        )
    found = series(border.section, "NH3-N", date(2023, 1, 1), date(2023, 12, 31))
    assert len(found.automatic) == 365
    assert {p.value for p in found.automatic} == {Decimal("0.5")}
    assert sum(p.count for p in found.automatic) == 2190


def test_the_line_breaks_where_nothing_was_measured(border, bureau, client):
    for day in (1, 2, 3, 12, 13, 14):
        store(border, f"2023-05-{day:02}T08:00", "0.5", origin=Origin.AUTOMATIC)
    pipeline.recompute()
    text = page(client, "/sections/BORDER/?indicator=NH3-N&period=2023")
    assert trace(text, "自动")["y"] == [0.5, 0.5, 0.5, None, 0.5, 0.5, 0.5]


def test_last_year_and_another_section_lie_over_it(border, bureau, client):
    other = another(border, "DOWN", 30)
    border.assessed("2022-05", "V")
    border.measured("2023-05", "II", section=other)
    border.assessed("2023-05", "III")
    text = page(
        client, "/sections/BORDER/?indicator=NH3-N&period=2023-05&last_year=1&with=DOWN&with=NONE"
    )
    assert trace(text, "月均值")["y"][0] == 0.8
    assert trace(text, "上年同月")["y"][0] == 1.8
    assert trace(text, "上年同月")["x"][0] == "2023-05-01"
    assert trace(text, "DOWN")["y"][0] == 0.3
    assert ">1.800<" in text  # the table twin says the same


@pytest.mark.parametrize("indicator", ["NH3-N", "DO", "pH", "CODMn", "TP"])
def test_plotly_accepts_the_figure(border, bureau, client, indicator):
    import plotly.graph_objects as go

    border.assessed("2022-05", "V")
    border.assessed("2023-05", "III")
    store(border, "2023-05-09T10:00", "0.025", below=True)
    drawn = figure(page(client, f"/sections/BORDER/?indicator={indicator}&period=all&last_year=1"))
    taken = go.Figure(json.loads(re.sub(r"var\(--[\w-]+\)", "#123456", json.dumps(drawn))))
    assert len(taken.data) == len(drawn["data"]) > 0


def test_limits_of_oxygen_run_upside_down():
    found = bands("DO", "river", 0, 10)
    assert [(b.water_class, b.low, b.high) for b in found] == [
        (1, 7.5, 10), (2, 6, 7.5), (3, 5, 6), (4, 3, 5), (5, 2, 3), (6, 0, 2)
    ]  # fmt: skip


def test_equal_limits_share_a_band():
    assert [b.name for b in bands("COD", "river", 0, 50)] == [
        "Ⅰ、Ⅱ ≤ 15", "Ⅲ ≤ 20", "Ⅳ ≤ 30", "Ⅴ ≤ 40", "劣Ⅴ"
    ]  # fmt: skip


def test_a_lake_has_its_own_phosphorus_bands():
    assert bands("TP", "lake", 0, 1)[0].name == "Ⅰ ≤ 0.01"
    assert bands("TP", "river", 0, 1)[0].name == "Ⅰ ≤ 0.02"


def test_what_table_1_does_not_class_has_no_band():
    assert bands("WT", "river", 0, 30) == []
    assert bands("TN", "river", 0, 5) == []


def test_the_target_is_always_on_the_axis():
    assert axis("NH3-N", "river", 3, EMPTY)[1] > 1.0
    drawn = section_figure(
        indicator=AMMONIA,
        body="river",
        target=3,
        period=Period(date(2023, 1, 1), date(2023, 12, 31), "2023"),
        found=EMPTY,
    )
    dashed = [s for s in drawn["layout"]["shapes"] if s.get("line", {}).get("dash") == "dash"]
    assert [s["y0"] for s in dashed] == [1.0]


@pytest.mark.parametrize(
    ("indicator", "words"),
    [("NH3-N", "≤ 1.0"), ("DO", "≥ 5"), ("pH", "6–9"), ("WT", "")],
)
def test_a_limit_is_written_as_the_standard_writes_it(indicator, words):
    assert limit_words(indicator, 3, "river") == words


def points(*moments: str) -> tuple[Point, ...]:
    return tuple(
        Point(datetime.fromisoformat(moment).replace(tzinfo=UTC), Decimal("0.5"), 1)
        for moment in moments
    )


def runs(found: tuple[Point, ...]) -> list[int]:
    """How many points each run has that a line joins."""
    return [len(run) for run in runs_of(found, timedelta(days=1))]


def test_no_line_is_drawn_where_nothing_was_measured_and_a_reading_alone_is_a_point():
    found = points(
        "2014-03-01T00:00", "2014-03-02T00:00", "2014-03-03T00:00", "2014-05-10T00:00",
        "2014-07-17T00:00", "2014-07-18T00:00", "2014-07-19T00:00", "2014-11-01T00:00",
    )  # fmt: skip
    assert runs(found) == [3, 1, 3, 1]
    drawn = section_figure(
        indicator=AMMONIA,
        body="river",
        target=3,
        period=Period(date(2014, 1, 1), date(2014, 12, 31), "2014"),
        found=replace(EMPTY, automatic=found, step_days=1),
    )
    line, alone = drawn["data"]
    assert line["y"] == [0.5] * 3 + [None, 0.5, None] + [0.5] * 3 + [None, 0.5]
    assert (alone["mode"], alone["x"]) == ("markers", ["2014-05-10 08:00", "2014-11-01 08:00"])
    assert alone["showlegend"] is False


@pytest.mark.parametrize(
    ("moments", "joined"),
    [
        ([], []),
        (["2014-03-01T00:00"], [1]),
        (["2014-03-01T00:00", "2014-06-01T00:00"], [1, 1]),
        (["2014-03-01T00:00", "2014-06-01T00:00", "2014-09-01T00:00"], [1, 1, 1]),
        ([f"2014-03-01T{h:02}:00" for h in (0, 4, 8, 16, 20)], [5]),  # one value is missing
        ([f"2014-03-01T{h:02}:00" for h in (0, 1, 2, 3, 9, 10, 11)], [4, 3]),
        (["2014-03-01T00:00", "2014-03-01T00:05"] + [f"2014-03-01T{h:02}:00" for h in (4, 8, 12)], [5]),
        ([f"2014-03-0{d}T00:00" for d in (1, 2, 3, 6, 9)], [3, 1, 1]),
    ],
)  # fmt: skip
def test_what_a_line_joins_is_what_its_surroundings_say(moments, joined):
    assert runs(points(*moments)) == joined


# Spans of time ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "first", "last", "code"),
    [
        ("2023", "2023-01-01", "2023-12-31", "2023"),
        ("２０２３年", "2023-01-01", "2023-12-31", "2023"),
        ("2024-Q1", "2024-01-01", "2024-03-31", "2024-Q1"),
        ("2024q4", "2024-10-01", "2024-12-31", "2024-Q4"),
        ("2024年第二季度", "2024-04-01", "2024-06-30", "2024-Q2"),
        ("2024年3季度", "2024-07-01", "2024-09-30", "2024-Q3"),
        ("2023-05", "2023-05-01", "2023-05-31", "2023-05"),
        ("2023.5", "2023-05-01", "2023-05-31", "2023-05"),
        ("2024年2月", "2024-02-01", "2024-02-29", "2024-02"),
        ("2023-01..2023-06", "2023-01-01", "2023-06-30", "2023-01..2023-06"),
        ("2023-06 至 2023-01", "2023-01-01", "2023-06-30", "2023-01..2023-06"),
        ("2022 到 2023年3月5日", "2022-01-01", "2023-03-05", "2022..2023-03-05"),
    ],
)
def test_a_typed_span_is_understood(text, first, last, code):
    found = read(text)
    assert (str(found.first), str(found.last), found.code) == (first, last, code)


@pytest.mark.parametrize(
    "text", ["", "abc", "2023-13", "2023-02-30", "1066", "9999", "2023-Q5", "1..2..3", "2023..x"]
)
def test_what_is_no_span_is_none(text):
    assert read(text) is None


def test_presets_end_with_the_month_shown():
    assert preset("3m", date(2023, 1, 1), None) == Period(
        date(2022, 11, 1), date(2023, 1, 31), "3m"
    )
    assert preset("all", date(2023, 1, 1), date(2018, 6, 1)).first == date(2018, 6, 1)
    assert preset("12m", date(2024, 2, 1), None).last == date(2024, 2, 29)


def test_a_span_that_is_not_understood_falls_back_and_says_so(border, bureau, client):
    border.assessed("2023-05", "II")
    text = page(client, "/sections/BORDER/?period=gestern")
    assert "看不懂“gestern”" in text
    assert "2022-06-01 至 2023-05-31" in text


# Its readings ----------------------------------------------------------------------------


def test_a_revised_reading_shows_what_it_was_and_when(border, bureau, client):
    at = datetime(2023, 5, 9, 10, tzinfo=ZONE)
    border.store(at, {"NH3-N": "0.4"})
    border.store(at, {"NH3-N": "0.9"})
    pipeline.recompute()
    text = page(client, "/sections/BORDER/?indicator=NH3-N&period=2023-05")
    assert "已修订" in text
    assert re.search(
        r"0\.400（\d{4}-\d\d-\d\d \d\d:\d\d 至 \d{4}-\d\d-\d\d \d\d:\d\d）→ 0\.900", text
    )


def test_flags_are_said_in_words_and_signs(border, bureau, client):
    store(border, "2023-05-02T10:00", "0.4")
    store(border, "2023-05-09T10:00", "0.025", below=True)
    store(border, "2023-05-16T10:00", "9", flag="M")
    store(border, "2023-05-17T10:00", "9", flag="zz")
    store(border, "2023-05-18T10:00", "9", flag="2F")
    store(border, "2023-05-19T10:00", "9", flag="2D")
    store(border, "2023-05-20T10:00", "0.4", flag="SN")
    pipeline.recompute()
    text = page(client, "/sections/BORDER/?indicator=NH3-N&period=2023-05")
    stations = ("× 仪器通信故障", "– 仪器故障", "✓ 手工输入（按站点设置计入）")
    for words in (
        *stations,
        "✓ 有效",
        "L 未检出",
        "× 维护",
        "标识 zz",
        "按检出限一半 0.0125 计",
        "0.025L",
    ):
        assert words in text
    assert "<del>9.000</del>" in text


def test_a_reading_has_its_indicators_decimals_in_table_chart_and_file(border, bureau, client):
    store(border, "2023-05-02T10:00", "0.07")
    store(border, "2023-05-09T10:00", "0.0712")
    store(border, "2023-05-16T10:00", "0.01", below=True)
    pipeline.recompute()
    text = page(client, "/sections/BORDER/?indicator=NH3-N&period=2023-05")
    assert re.findall(r'data-label="氨氮">\s*([\d.L]+)', text)[:3] == ["0.01L", "0.0712", "0.070"]
    for hover in ("10:00 0.070 mg/L", "10:00 0.0712 mg/L", "10:00 0.01L mg/L"):
        assert hover in text
    file = client.get("/sections/BORDER/?indicator=NH3-N&period=2023-05&format=csv")
    raw = b"".join(file.streaming_content).decode("utf-8-sig")
    assert [row["数值"] for row in csv.DictReader(io.StringIO(raw))] == ["0.01L", "0.0712", "0.070"]


def test_the_table_is_paged_and_counts_all(border, bureau, client):
    for day in range(1, 29):
        store(border, f"2023-05-{day:02}T10:00", "0.4")
    pipeline.recompute()
    text = page(client, "/sections/BORDER/?indicator=NH3-N&period=2023-05&page=2")
    assert "第 21–28 条，共 28 条" in text


def test_the_export_holds_every_reading_of_the_view(border, bureau, client):
    Section.objects.update(code="BORDER", name="=1+1")
    store(border, "2023-05-02T10:00", "0.4")
    store(border, "2023-05-09T10:00", "0.025", below=True)
    store(border, "2023-06-09T10:00", "0.7")
    pipeline.recompute()
    response = client.get("/sections/BORDER/?indicator=NH3-N&period=2023-05&format=csv")
    raw = b"".join(response.streaming_content)
    assert response["Content-Type"] == "text/csv; charset=utf-8"
    assert response["Content-Disposition"].startswith("attachment; filename*=UTF-8''")
    assert raw.startswith(b"\xef\xbb\xbf")
    rows = list(csv.DictReader(io.StringIO(raw.decode("utf-8-sig"))))
    assert [r["数值"] for r in rows] == ["0.025L", "0.400"]
    assert [r["采样时间"] for r in rows] == ["2023-05-09 10:00", "2023-05-02 10:00"]
    assert rows[0]["断面"] == "'=1+1"
    assert (rows[0]["类别"], rows[0]["质量标识"]) == ("Ⅰ", "未检出")


@pytest.mark.parametrize("text", ["=1", "+1", "-1", "@x", "\tx", "\rx"])
def test_no_text_of_an_export_is_a_formula(text):
    assert safe(text) == f"'{text}"


def test_a_plain_text_is_exported_as_it_is():
    assert safe("普顺") == "普顺"


def test_what_is_out_of_sight_is_not_compared_or_exported(border, people, client):
    RiverReach.objects.create(
        river=border.river, jurisdiction=border.stranger, order=1, from_km=0, to_km=10
    )
    border.assessed("2023-05", "II")
    client.force_login(people.township)
    assert find_section(viewer_of(people.township), "BORDER") is None
    assert client.get("/sections/BORDER/?format=csv").status_code == 404


def test_an_impossible_code_is_a_missing_section(bureau, client):
    assert client.get("/sections/%00/").status_code == 404


@pytest.mark.parametrize(
    "query",
    ["indicator=x", "indicator=%00", "page=x", "page=-1", "with=", "with=BORDER", "with=%00",
     "last_year=x", "period=%00", "period=all&with=A&with=B&with=C&with=D", "format=x"],
)  # fmt: skip
def test_a_wrong_address_is_no_error(border, bureau, client, query):
    border.assessed("2023-05", "II")
    assert "交界断面" in page(client, f"/sections/BORDER/?{query}")


def test_the_plan_of_the_month_is_named(border, bureau, client):
    SamplingPlan.objects.create(
        section=border.section, per_day=1, in_force=between(date(2020, 1, 1), date(2023, 5, 1))
    )
    SamplingPlan.objects.create(
        section=border.section, per_day=6, in_force=between(date(2023, 5, 1))
    )
    border.assessed("2023-04", "II")
    border.assessed("2023-05", "II")
    assert "自动站每日 6 次" in page(client)
    assert "自动站每日 1 次" in page(client, "/sections/BORDER/?month=2023-04")


def test_plans_that_change_within_the_month_are_named_with_their_days(border, bureau, client):
    for per_day, first, until in (
        (6, date(2020, 1, 1), date(2023, 5, 16)),
        (1, date(2023, 5, 16), date(2023, 5, 31)),
        (4, date(2023, 5, 31), None),
    ):
        SamplingPlan.objects.create(
            section=border.section, per_day=per_day, in_force=between(first, until)
        )
    border.assessed("2023-05", "II")
    words = "自动站1–15 日每日 6 次，16–30 日每日 1 次，31 日每日 4 次"
    assert words in page(client)
