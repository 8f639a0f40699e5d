"""GET of readings and sections: exact, page by page, and nothing of what one may not see."""

import csv
import io
import json
import time
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from django.core.cache import caches
from django.db import connection
from django.test import Client, override_settings

from basins.models import AccessEvent, Jurisdiction
from dashboard.api.asked import cursor_of
from monitoring.ingest.services.tokens import add_token
from monitoring.models import MeasuredSeries, Origin, Reading, Section

READINGS, LATEST, SECTIONS = "/api/v1/readings/", "/api/v1/readings/latest/", "/api/v1/sections/"
AT = datetime(2024, 3, 1, tzinfo=UTC)


@pytest.fixture(autouse=True)
def no_requests_counted():
    caches["default"].clear()


@pytest.fixture
def foreign(border) -> Section:
    """A section that is not the token's, on no river."""
    return Section.objects.create(
        code="FOREIGN", name="别处", province=Jurisdiction.objects.get(code="500000")
    )


@pytest.fixture
def secret(border, foreign) -> str:
    return add_token(name="平台", sections=["BORDER"], days=None, by=None)[1]


@pytest.fixture
def get(secret):
    def get(address: str, status: int = 200, **headers):
        found = Client().get(address, headers={"Authorization": f"Bearer {secret}", **headers})
        assert found.status_code == status, found.content.decode()
        return found

    return get


@pytest.fixture
def by_session(people):
    def by_session(who: str, address: str):
        client = Client()
        client.force_login(getattr(people, who))
        return client.get(address)

    return by_session


@pytest.fixture
def at_zone(monkeypatch):
    def at_zone(name: str) -> None:
        monkeypatch.setenv("TZ", name)
        time.tzset()

    yield at_zone
    monkeypatch.undo()
    time.tzset()


def hours(border, count: int, code: str = "NH3-N", section: Section | None = None) -> None:
    """A value every four hours from AT: 0.100, 0.101 …"""
    for n in range(count):
        value = str(Decimal("0.100") + n * Decimal("0.001"))
        border.store(AT + timedelta(hours=4 * n), {code: value}, section=section)


def walked(get, address: str) -> list[list[dict]]:
    """The pages of an address, one after the other, as their `next` leads."""
    pages = []
    while address:
        found = get(address).json()
        assert found["cut"] is (found["next"] is not None)
        pages.append(found["readings"])
        address = found["next"]
    return pages


# What a reading says ----------------------------------------------------------------------


def test_a_reading_says_everything_about_itself_and_nothing_is_rounded(get, border):
    border.store(AT, {"NH3-N": "0.31000001"})
    (found,) = get(READINGS).json()["readings"]
    recorded = found.pop("recorded_at")
    assert datetime.fromisoformat(recorded).utcoffset() == timedelta(0)
    assert found == {
        "section": "BORDER", "indicator": "NH3-N", "sampled_at": "2024-03-01T00:00:00Z",
        "value": "0.31000001", "unit": "mg/L", "flag": "N", "origin": "manual", "qualifier": None,
        "status": "valid", "corrected": False, "batch": None,
    }  # fmt: skip


def test_what_was_not_detected_is_given_as_its_limit_and_said(get, border):
    border.store(AT, {"NH3-N": "0.025"})
    Reading.objects.update(below_limit=True)
    (found,) = get(READINGS).json()["readings"]
    assert (found["value"], found["qualifier"]) == ("0.025", "below_limit")


def test_a_value_that_does_not_count_says_so_and_one_that_was_corrected_too(get, border):
    border.store(AT, {"NH3-N": "0.31", "TP": "0.1"})
    Reading.objects.filter(indicator__code="NH3-N").update(flag="V")
    ammonia, phosphorus = get(READINGS).json()["readings"]
    assert (ammonia["status"], ammonia["flag"], ammonia["corrected"]) == ("not_counted", "V", True)
    assert (phosphorus["status"], phosphorus["corrected"]) == ("valid", False)


@pytest.mark.parametrize("zone", ["UTC", "America/Lima", "Asia/Shanghai"])
def test_times_are_utc_wherever_the_machine_stands(get, border, at_zone, zone):
    border.store(AT, {"NH3-N": "0.31"})
    at_zone(zone)
    assert len(get(f"{READINGS}?from=2024-03-01&to=2024-03-01").json()["readings"]) == 1
    (found,) = get(READINGS).json()["readings"]
    assert found["sampled_at"] == "2024-03-01T00:00:00Z"
    assert found["recorded_at"].endswith("Z")


# Which of them ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("asked", "count"),
    [
        ("", 4),
        ("indicator=NH3-N", 3),
        ("indicator=w21003", 3),
        ("indicator=氨氮,TP", 4),
        ("indicator=TN", 0),
        ("section=BORDER&origin=manual", 4),
        ("origin=automatic&origin=joint", 0),
        ("flag=N", 4),
        ("flag=V,Q", 0),
        ("from=2024-03-01T04:00:00Z", 3),
        ("from=2024-03-01T12:00:00%2B08:00", 3),
        ("from=2024-03-01T12:00:00+08:00", 3),
        ("to=2024-03-01T04:00:00Z", 1),
        ("from=2024-03-01&to=2024-03-01", 3),
        ("to=2024-02-29", 0),
        ("modified_since=2020-01-01", 4),
        ("modified_since=2990-01-01", 0),
    ],
)
def test_readings_are_narrowed_by(get, border, asked, count):
    hours(border, 3)
    border.store(AT + timedelta(days=1), {"TP": "0.1"})
    assert len(get(f"{READINGS}?{asked}").json()["readings"]) == count


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        ("limit=0", "1–10000"),
        ("limit=10001", "next"),
        ("limit=１", "1–10000"),
        ("indicator=unobtainium", "w21003"),
        ("origin=satellite", "automatic"),
        ("flag=?", "flag 只能是"),
        ("from=yesterday", "from 不是时间"),
        ("from=2024-03-01T00:00:00", "from 没有时区"),
        ("from=0001-01-01T00:00:00%2B14:00", "from 不是时间"),
        ("to=9999-12-31", "to 不是时间"),
        ("from=2024-03-02&to=2024-03-01", "晚于"),
        ("cursor=rubbish", "cursor 无效"),
        ("cursor=W10", "cursor 无效"),
        ("indikator=TP", "没有参数 indikator"),
    ],
)
def test_a_parameter_that_cannot_be_read_is_refused_with_the_remedy(get, asked, says):
    found = get(f"{READINGS}?{asked}", 400).json()["error"]
    assert found["code"] == "bad_parameter"
    assert says in found["message"]


def test_a_cut_answer_says_so_and_leads_to_the_rest_without_a_gap(get, border):
    hours(border, 5)
    border.store(AT, {"TP": "0.1", "DO": "8"})
    pages = walked(get, f"{READINGS}?limit=2&from=2024-01-01")
    assert [len(page) for page in pages] == [2, 2, 2, 1]
    keys = [(r["indicator"], r["sampled_at"]) for page in pages for r in page]
    assert len(set(keys)) == 7
    assert walked(get, f"{READINGS}?limit=7")[0] == [r for page in pages for r in page]


def test_a_reading_that_comes_between_two_pages_moves_none_of_the_others(get, border):
    hours(border, 4)
    first = get(f"{READINGS}?limit=2").json()
    border.store(AT - timedelta(days=1), {"NH3-N": "9"})
    rest = get(first["next"]).json()["readings"]
    assert [r["value"] for r in (*first["readings"], *rest)] == ["0.100", "0.101", "0.102", "0.103"]


# What changed -----------------------------------------------------------------------------


def test_what_was_taken_out_since_is_told_as_withdrawn(get, border):
    hours(border, 2)
    before = get(READINGS).json()["complete_until"]
    Reading.objects.filter(sampled_at=AT).delete()
    found = get(f"{READINGS}?modified_since={before.replace('+', '%2B')}&limit=1")
    gone, there = walked(get, f"{READINGS}?limit=1&modified_since={before}")
    assert found.json()["readings"] == gone
    assert [(r["status"], r["value"]) for r in (*gone, *there)] == [
        ("withdrawn", None), ("valid", "0.101"),
    ]  # fmt: skip
    assert [r["status"] for r in get(READINGS).json()["readings"]] == ["valid"]


def test_what_came_back_after_it_was_taken_out_is_told_once(get, border):
    hours(border, 1)
    Reading.objects.all().delete()
    hours(border, 1)
    (found,) = get(f"{READINGS}?modified_since=2020-01-01").json()["readings"]
    assert (found["status"], found["corrected"]) == ("valid", True)


# Who --------------------------------------------------------------------------------------


def test_a_token_reads_its_own_sections_and_no_others(get, border, foreign):
    hours(border, 1)
    hours(border, 1, section=foreign)
    for address in (READINGS, LATEST):
        assert [r["section"] for r in get(address).json()["readings"]] == ["BORDER"]
    assert [s["code"] for s in get(SECTIONS).json()["sections"]] == ["BORDER"]


@pytest.mark.parametrize("address", [READINGS, LATEST])
def test_a_foreign_section_answers_as_one_that_is_not_there(get, foreign, address):
    hidden = get(f"{address}?section=FOREIGN", 400)
    missing = get(f"{address}?section=NOWHERE", 400)
    assert hidden.content == missing.content
    assert hidden.json()["error"]["code"] == "unknown_section"


def test_a_cursor_of_a_foreign_section_shows_nothing_of_it(get, border, foreign):
    """What is behind the cursor is asked under the same right as ever."""
    hours(border, 2, section=foreign)
    hours(border, 1)
    cursor = cursor_of(1, 1, "2000-01-01T00:00:00+00:00", 0)
    found = get(f"{READINGS}?cursor={cursor}").json()["readings"]
    assert {r["section"] for r in found} == {"BORDER"}


def test_people_read_what_their_section_pages_show_them(border, people, foreign, by_session):
    hours(border, 1)
    hours(border, 1, section=foreign)
    seen = {
        who: {r["section"] for r in by_session(who, READINGS).json()["readings"]}
        for who in ("bureau", "district", "township")
    }
    assert seen == {
        "bureau": {"BORDER", "FOREIGN"},
        "district": {"BORDER", "FOREIGN"},
        "township": set(),
    }
    for address in (READINGS, LATEST, SECTIONS):
        assert by_session("station", address).status_code in (403, 404)


def test_nobody_reads_without_a_token_or_session(db):
    found = Client().get(READINGS)
    assert (found.status_code, found.json()["error"]["code"]) == (401, "not_signed_in")


def test_a_file_that_a_person_takes_is_noted_as_an_export(border, people, by_session):
    hours(border, 2)
    by_session("bureau", f"{READINGS}?format=csv&indicator=NH3-N")
    event = AccessEvent.objects.get(kind=AccessEvent.Kind.EXPORT)
    assert (event.rows, event.filters) == (2, {"indicator": "NH3-N"})


# Forms ------------------------------------------------------------------------------------


@pytest.mark.parametrize(("query", "headers"), [("&format=csv", {}), ("", {"Accept": "text/csv"})])
def test_csv_says_in_headers_and_name_that_it_was_cut(get, border, query, headers):
    hours(border, 3)
    answer = get(f"{READINGS}?limit=2{query}", **headers)
    assert answer["Content-Type"] == "text/csv; charset=utf-8"
    assert (answer["Cut"], "readings-cut.csv" in answer["Content-Disposition"]) == ("true", True)
    link = answer["Link"]
    assert link.endswith('>; rel="next"')
    rest = get(link[1:].partition(">")[0], **headers)
    assert (rest["Cut"], rest.has_header("Link")) == ("false", False)
    rows = [*csv.DictReader(io.StringIO(answer.content.decode()))]
    assert [(r["section"], r["value"], r["corrected"]) for r in rows] == [
        ("BORDER", "0.100", "false"), ("BORDER", "0.101", "false"),
    ]  # fmt: skip


def test_a_form_that_is_not_given_is_said_with_those_that_are(get):
    found = get(f"{READINGS}?format=xml", 406).json()["error"]
    assert (found["code"], "text/csv" in found["message"]) == ("not_acceptable", True)


def test_errors_are_json_whatever_was_asked_for(get):
    answer = get(f"{READINGS}?format=csv&limit=x", 400)
    assert answer["Content-Type"] == "application/json"


# The newest -------------------------------------------------------------------------------


def test_the_newest_of_each_is_found_lately_or_long_ago(get, border):
    """Some of what was measured in the last hours, some in other years."""
    hours(border, 3)
    border.store(datetime(2019, 1, 1, tzinfo=UTC), {"TP": "0.2"})
    with connection.cursor() as cursor:
        cursor.execute("SELECT now()")
        (now,) = cursor.fetchone()
    border.store(now - timedelta(hours=1), {"DO": "8"}, origin=Origin.AUTOMATIC)
    border.store(now - timedelta(hours=2), {"DO": "7"}, origin=Origin.AUTOMATIC)
    found = {r["indicator"]: r["value"] for r in get(LATEST).json()["readings"]}
    assert found == {"DO": "8.00", "NH3-N": "0.102", "TP": "0.200"}


@pytest.mark.parametrize("few", [0, 100])
def test_the_newest_is_the_same_however_it_is_looked_for(get, border, monkeypatch, few):
    monkeypatch.setattr("monitoring.sections.queries.values.FEW", few)
    hours(border, 3)
    (found,) = get(LATEST).json()["readings"]
    assert found["value"] == "0.102"


def test_the_newest_that_counts_may_be_an_older_one(get, border):
    hours(border, 3)
    Reading.objects.filter(sampled_at__gt=AT).update(flag="M")
    assert [r["flag"] for r in get(LATEST).json()["readings"]] == ["M"]
    (found,) = get(f"{LATEST}?status=valid").json()["readings"]
    assert (found["value"], found["status"]) == ("0.100", "valid")


def test_the_newest_goes_back_when_it_is_taken_out(get, border):
    """The series is still held to have been measured in that month."""
    border.store(AT - timedelta(days=400), {"NH3-N": "0.5"})
    hours(border, 1)
    Reading.objects.filter(sampled_at=AT).delete()
    (found,) = get(LATEST).json()["readings"]
    assert found["value"] == "0.500"
    Reading.objects.all().delete()
    assert get(LATEST).json()["readings"] == []


def test_every_way_into_the_table_keeps_which_series_there_are(border):
    border.store(AT, {"NH3-N": "0.1"})
    series = MeasuredSeries.objects.get()
    assert f"{series.month:%Y-%m}" == "2024-03"
    border.store(AT - timedelta(days=60), {"NH3-N": "0.1"})
    assert MeasuredSeries.objects.get().month == series.month
    Reading.objects.filter(sampled_at=AT).update(sampled_at=AT + timedelta(days=40))
    assert f"{MeasuredSeries.objects.get().month:%Y-%m}" == "2024-04"
    with connection.cursor() as cursor:
        cursor.execute(
            """INSERT INTO monitoring_reading_2025_01 (section_id, indicator_id, sampled_at, origin, value)
               SELECT section_id, indicator_id, '2025-01-05', 1, 1 FROM monitoring_measuredseries"""
        )
    assert f"{MeasuredSeries.objects.get().month:%Y-%m}" == "2025-01"


# Sections ---------------------------------------------------------------------------------


def test_a_section_says_where_it_lies_and_what_is_measured_there(get, border):
    Section.objects.filter(code="BORDER").update(lon="106.5512", lat="29.5630")
    border.store(AT, {"TP": "0.1", "NH3-N": "0.1"})
    (found,) = get(SECTIONS).json()["sections"]
    assert datetime.fromisoformat(found.pop("modified_at"))
    assert found == {
        "code": "BORDER", "name": "交界", "river": {"code": "TESTHE", "name": "测试河"},
        "grade": "municipal", "water_body": "river", "km": "10.0", "lon": "106.5512",
        "lat": "29.5630", "upstream": {"code": "500901", "name": "上游区"},
        "downstream": {"code": "500902", "name": "下游区"}, "target": "Ⅲ",
        "indicators": ["NH3-N", "TP"], "is_demo": False, "predecessor": None, "began_on": None,
        "ended_on": None,
    }  # fmt: skip


def test_geojson_is_what_rfc_7946_says(get, border):
    Section.objects.filter(code="BORDER").update(lon="106.5512", lat="29.5630")
    answer = get(f"{SECTIONS}?format=geojson")
    assert answer["Content-Type"] == "application/geo+json"
    found = answer.json()
    (one,) = found["features"]
    assert (found["type"], one["type"], one["id"]) == ("FeatureCollection", "Feature", "BORDER")
    assert one["geometry"] == {"type": "Point", "coordinates": [106.5512, 29.563]}
    assert one["properties"]["river_name"] == "测试河"
    assert not any(isinstance(each, dict | list) for each in one["properties"].values())


def test_a_section_without_a_place_is_a_feature_without_a_geometry(get):
    (one,) = json.loads(get(f"{SECTIONS}?format=geojson").content)["features"]
    assert one["geometry"] is None


@pytest.mark.parametrize(
    ("asked", "codes"),
    [
        ("river=TESTHE", ["BORDER"]),
        ("river=ELSEWHERE", []),
        ("grade=national", ["FOREIGN"]),
        ("modified_since=2990-01-01", []),
        ("modified_since=2020-01-01", ["BORDER", "FOREIGN"]),
    ],
)
def test_sections_are_narrowed_by(border, people, foreign, by_session, asked, codes):
    Section.objects.filter(code="FOREIGN").update(grade="national")
    found = by_session("bureau", f"{SECTIONS}?{asked}").json()
    assert [s["code"] for s in found["sections"]] == codes


def test_sections_are_cut_and_go_on(border, people, foreign, by_session):
    first = by_session("bureau", f"{SECTIONS}?limit=1").json()
    assert (first["sections"][0]["code"], first["cut"]) == ("BORDER", True)
    rest = by_session("bureau", first["next"]).json()
    assert ([s["code"] for s in rest["sections"]], rest["cut"], rest["next"]) == (
        ["FOREIGN"],
        False,
        None,
    )
    file = by_session("bureau", f"{SECTIONS}?limit=1&format=csv")
    assert file["Cut"] == "true"
    assert file.content.decode().splitlines()[1].startswith("BORDER,交界,TESTHE,测试河,municipal,")


# Too slow ---------------------------------------------------------------------------------


def test_a_question_that_takes_too_long_is_stopped_with_the_remedy(get, border, monkeypatch):
    slow = "SELECT now() FROM pg_sleep(3)"
    monkeypatch.setattr("monitoring.sections.queries.values.COMPLETE_UNTIL", slow)
    with override_settings(API_SECONDS=0.05):
        found = get(READINGS, 503).json()["error"]
    assert (found["code"], "section" in found["message"]) == ("too_slow", True)
