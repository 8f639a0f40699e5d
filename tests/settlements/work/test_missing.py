"""What a month lacks is named one by one, with the page where it is given."""

import json
from datetime import UTC, datetime
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from basins.models import CalendarDay
from basins.ranges import next_month
from monitoring.models import Origin, Target
from settlements import pipeline
from settlements.models import Agreement, Notice
from settlements.notices.services.notices import prepare_notice, sign_off_notice
from settlements.reckoning.periods import last_month
from settlements.work.queries.missing import missing
from tests.past import established
from tests.worlds import CLEAN, mark_months, month

APRIL = month("2023-04")


def kinds(found) -> list[tuple[str, str]]:
    return [(each.kind, each.code) for each in found]


def test_a_month_without_readings_lacks_them_by_section(border, people):
    found = missing(APRIL)
    assert kinds(found) == [("readings", "BORDER"), ("recompute", "TEST")]
    assert "交界断面 2023-04 没有有效监测数据；请导入" in found[0].what
    assert str(found[0].link) == "/sections/BORDER/?month=2023-04"
    assert "交界断面本月没有核算" in found[1].what


def test_from_the_first_reading_to_the_notice_each_step_is_the_only_one_left(border, people):
    border.measured("2023-04", "II")
    waits = missing(APRIL)
    assert {each.kind for each in waits} == {"recompute"}  # not readings: they are there
    assert any("待重算" in each.what for each in waits)
    pipeline.recompute()
    [to_prepare] = missing(APRIL)
    assert (to_prepare.kind, str(to_prepare.link)) == (
        "notice", "/notices/prepare/?month=2023-04",
    )  # fmt: skip
    notice = prepare_notice(month=APRIL, by=people.bureau)
    [to_sign] = missing(APRIL)
    assert (to_sign.kind, str(to_sign.link)) == ("notice", f"/notices/{notice.pk}/sign/")
    assert str(people.bureau) in to_sign.what
    sign_off_notice(notice=notice, by=people.bureau2)
    assert missing(APRIL) == []


def test_the_same_month_of_last_year_is_named_with_its_own_month(border, people):
    when = month("2019-07")  # under the rule that compares
    border.assessed("2019-07", "II")
    lacks = [each for each in missing(when) if each.kind == "last_year"]
    assert kinds(lacks) == [("last_year", "BORDER")]
    assert "去年同期" in lacks[0].what
    assert str(lacks[0].link) == "/sections/BORDER/?month=2018-07"


def test_a_month_with_some_days_alone_says_which_there_are(border, people):
    """Of a station: what is there is reckoned, and what is not there is named."""
    values = {**CLEAN, "NH3-N": "0.2"}
    for day in (1, 2, 3, 9):
        border.store(datetime(2023, 4, day, 4, tzinfo=UTC), values, origin=Origin.AUTOMATIC)
    pipeline.recompute()
    lacks = missing(APRIL)
    assert kinds(lacks) == [("incomplete", "BORDER"), ("notice", "")]
    assert lacks[0].what == (
        "交界断面 2023-04 有效数据不足，应有 900 条，采用 20 条；有数据的是4月1日至3日、4月9日。"
        "请补导入其余各日的；确无更多数据的，按现有数据核算，评价注明不完整。"
    )
    assert str(lacks[0].link) == "/sections/BORDER/?month=2023-04"


def test_a_section_without_a_target_is_named(border, people):
    Target.objects.all().delete()
    border.assessed("2023-04", "II")
    lacks = missing(APRIL)
    assert ("target", "BORDER") in kinds(lacks)
    assert "功能类别" in lacks[0].what


def test_a_city_without_an_agreement_of_the_month_is_led_to_enter_one(border, people):
    lacks = missing(month("2017-01"))
    # An agreement is entered by one and activated by another; this city has one administrator.
    assert kinds(lacks) == [("people", "admin"), ("agreement", "")]
    assert str(lacks[-1].link) == "/agreements/new/"
    Agreement.objects.update(state="draft")
    assert kinds(missing(APRIL)) == kinds(lacks)


def test_one_person_alone_cannot_do_what_takes_two(border, people):
    border.assessed("2023-04", "II")
    people.bureau2.is_active = False
    people.bureau2.save()
    [lacks, _] = missing(APRIL)
    assert (lacks.kind, lacks.code, str(lacks.link)) == ("people", "bureau", "/people/")
    assert "只有 1 人：月通报由一人编制、另一人签发" in lacks.what


def test_a_month_that_runs_lacks_its_end_and_a_year_not_announced_its_holidays(border, people):
    running = next_month(last_month())
    assert ("month", "") in kinds(missing(running))
    with established():
        CalendarDay.objects.all().delete()
    year = next_month(running).year
    assert ("calendar", str(year)) in kinds(missing(running))
    assert "calendar" not in {each.kind for each in missing(APRIL)}  # its notice is long due


def test_a_mark_that_failed_says_why(border, people):
    border.assessed("2023-04", "II")
    mark_months(border.section, "2023-04", 1)
    assert [e.kind for e in missing(APRIL)] == ["recompute", "notice"]


def test_the_command_gives_kind_code_what_and_link(border, people):
    out = StringIO()
    call_command("missing", "2023年4月", "--json", stdout=out)
    rows = json.loads(out.getvalue())
    assert rows[0] == {
        "kind": "readings", "code": "BORDER", "what": rows[0]["what"],
        "link": "/sections/BORDER/?month=2023-04",
    }  # fmt: skip
    out = StringIO()
    call_command("missing", "2023-04", stdout=out)
    assert "监测数据（BORDER）" in out.getvalue()
    assert "共缺 2 项。" in out.getvalue()


@pytest.mark.parametrize(
    ("text", "words"), [("2023", "没有写到月"), ("四月", "不是月份"), ("1800-01", "年份不在")]
)
def test_a_month_that_cannot_be_read_is_refused_with_an_example(db, text, words):
    with pytest.raises(CommandError, match=words):
        call_command("missing", text)


def test_the_page_leads_each_person_only_where_that_person_may(border, people, client):
    border.assessed("2023-04", "II")
    client.force_login(people.bureau)
    page = client.get("/notices/missing/", {"month": "2023-04"}).content.decode()
    assert "2023年4月还缺 1 项" in page
    assert '<a href="/notices/prepare/?month=2023-04">前往</a>' in page
    client.force_login(people.auditor)
    page = client.get("/notices/missing/", {"month": "2023-04"}).content.decode()
    assert "由有权的人补" in page
    assert "/notices/prepare/" not in page
    Notice.objects.all().delete()
    assert client.get("/notices/missing/").status_code == 200
