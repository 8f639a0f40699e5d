"""措施: taken and lifted by the bureau, reported on by the district, late when it is late."""

from datetime import date

import pytest

from basins.access import viewer_of
from basins.clock import moved_to
from basins.models import Jurisdiction, Notification
from settlements.funds.queries.measures import line_of
from settlements.funds.services.measures import (
    MeasureRefused,
    lift_measure,
    report_rectification,
    take_measure,
)
from settlements.models import Measure
from settlements.moving.acts import NotAllowed
from settlements.work.queries.work import counts
from tests.blank import blank_pages

ON = date(2024, 5, 6)
NEW = {
    "kind": "rectification", "jurisdiction": "500901", "reason": "交界断面连续三个月超标",
    "on": "2024-05-01", "due_on": "2024-05-31", "document_number": "渝环〔2024〕7号",
}  # fmt: skip
READERS = {"bureau", "treasury", "admin", "auditor", "district"}
EVERYBODY = (
    "bureau", "treasury", "admin", "auditor", "district", "downstream", "stranger", "township",
    "station", "nobody",
)  # fmt: skip


@pytest.fixture
def now():
    with moved_to(ON):
        yield


@pytest.fixture
def taken(border, people, now) -> Measure:
    return take_measure(
        kind="rectification", jurisdiction=border.upstream, reason="交界断面连续三个月超标",
        on=date(2024, 5, 1), due_on=date(2024, 5, 31), document_number="渝环〔2024〕7号",
        by=people.bureau,
    )  # fmt: skip


def test_a_measure_from_its_taking_to_its_lifting_on_its_pages(border, people, now, client):
    client.force_login(people.bureau)
    checked = client.post("/measures/new/", {**NEW, "action": "check"}).content.decode()
    assert "核对：登记措施" in checked
    assert "限期整改" in checked
    assert "更改" in checked
    assert client.post("/measures/new/", {**NEW, "action": "do"}).status_code == 302
    found = Measure.objects.get()
    own = f"/measures/{found.pk}/"
    client.force_login(people.district)
    assert "报告整改情况…" in client.get(own).content.decode()
    told = {"report": "已停产整治三家企业", "action": "do"}
    assert client.post(f"{own}report/", told).status_code == 302
    client.force_login(people.bureau2)
    given = {"on": "2024-05-05", "why": "复查达标", "action": "do"}
    assert client.post(f"{own}lift/", {**given, "why": ""}).status_code == 422
    assert client.post(f"{own}lift/", {**given, "on": "2024-04-30"}).status_code == 422
    assert client.post(f"{own}lift/", given).status_code == 302
    page = client.get(own).content.decode()
    assert "已解除" in page
    assert "已停产整治三家企业" in page
    assert "复查达标" in page
    found.refresh_from_db()
    assert (found.lifted_by, found.lifted_on) == (people.bureau2, date(2024, 5, 5))
    again = client.post(f"{own}lift/", given)
    assert again.status_code == 422
    assert "已于 2024-05-05 解除" in again.content.decode()


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"due_on": ""}, "限期整改须填整改期限"),
        ({"due_on": "2024-04-30"}, "早于实施日期"),
        ({"on": "2024-05-07"}, "在今天之后"),
        ({"on": "2024-05"}, "没有写到日"),
        ({"reason": ""}, "请填写事由"),
        ({"document_number": ""}, "请填写文号"),
        ({"kind": "fine"}, "fine"),
        ({"jurisdiction": "500000"}, "选"),
    ],
)
def test_what_is_wrong_is_said(border, people, now, client, wrong, words):
    client.force_login(people.bureau)
    answer = client.post("/measures/new/", {**NEW, **wrong, "action": "do"})
    assert answer.status_code == 422
    assert words in answer.content.decode()
    assert not Measure.objects.exists()


def test_a_deadline_written_as_a_month_is_its_last_day(border, people, now, client):
    client.force_login(people.bureau)
    client.post("/measures/new/", {**NEW, "due_on": "2024-06", "action": "do"})
    assert Measure.objects.get().due_on == date(2024, 6, 30)


def test_districts_of_another_province_are_not_offered(border, people, now, client):
    border.stranger.parent = Jurisdiction.objects.get(code="430000")
    border.stranger.save(update_fields=["parent"])
    client.force_login(people.bureau)
    page = client.get("/measures/new/").content.decode()
    assert border.upstream.name in page
    assert border.stranger.name not in page
    answer = client.post("/measures/new/", {**NEW, "jurisdiction": "500903", "action": "do"})
    assert "请选" in answer.content.decode()
    assert not Measure.objects.exists()


def test_a_measure_is_late_until_it_is_reported(taken, people):
    assert line_of(taken, date(2024, 5, 31)).state == "执行中"
    late = line_of(taken, date(2024, 6, 2))
    assert (late.state, late.late) == ("已逾期", 2)
    report_rectification(measure=taken, report="已整改", by=people.district)
    more = report_rectification(measure=taken, report="又建一座站", by=people.district)
    assert more.report == "已整改\n2024-05-06 补充：又建一座站"
    assert line_of(more, date(2024, 6, 2)).state == "已报整改"


def test_the_district_is_told_and_asked(taken, people):
    assert Notification.objects.filter(user=people.district, text__contains="限期整改").exists()
    before = counts(viewer_of(people.district)).todo
    report_rectification(measure=taken, report="已整改", by=people.district)
    assert counts(viewer_of(people.district)).todo == before - 1


def test_only_the_bureau_takes_and_lifts_and_only_the_district_reports(taken, border, people):
    for who in EVERYBODY:
        user = getattr(people, who)
        if who != "bureau":
            with pytest.raises(NotAllowed):
                lift_measure(measure=taken, on=ON, why="x", by=user)
            with pytest.raises(NotAllowed):
                take_measure(
                    kind="summons", jurisdiction=border.upstream, reason="x", on=ON,
                    document_number="1", by=user,
                )  # fmt: skip
        if who != "district":
            with pytest.raises(NotAllowed):
                report_rectification(measure=taken, report="x", by=user)
    lift_measure(measure=taken, on=ON, why="达标", by=people.bureau)
    with pytest.raises(MeasureRefused, match="解除"):
        report_rectification(measure=taken, report="x", by=people.district)


@blank_pages()
def test_who_finds_the_pages(taken, people, client):
    own = f"/measures/{taken.pk}/"
    for who in EVERYBODY:
        client.force_login(getattr(people, who))
        gone = 403 if who in ("station", "nobody") else 404
        lists = who in READERS | {"downstream", "stranger"}
        assert client.get("/measures/").status_code == (200 if lists else gone), who
        assert client.get(own).status_code == (200 if who in READERS else gone), who
        bureau = who == "bureau"
        assert client.get("/measures/new/").status_code == (200 if bureau else gone), who
        assert client.get(f"{own}lift/").status_code == (200 if bureau else gone), who
        expected = 200 if who == "district" else gone
        assert client.get(f"{own}report/").status_code == expected, who


def test_the_districts_page_has_a_block_for_those_who_may_see_it(taken, people, client):
    for who, sees in (("district", True), ("bureau", True), ("downstream", False)):
        client.force_login(getattr(people, who))
        page = client.get("/districts/500901/").content.decode()
        assert ('id="measures"' in page) is sees, who
