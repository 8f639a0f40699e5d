"""The calendar page: everyone reads it, who edits reference data changes it after a check."""

from datetime import date

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import IntegrityError, OperationalError, connection, transaction

from basins.models import CalendarAct, CalendarChange, CalendarDay, Notification
from basins.services.calendar_acts import propose_day
from tests.blank import blank_pages
from tests.published import person

READERS = ("bureau", "treasury", "district", "township", "admin", "auditor")
FILE = "日期,类型,节日\n2027-01-01,放假,元旦\n2027-02-14,调休上班,春节\n"


def upload(client, text=FILE, **given):
    file = SimpleUploadedFile("2027.csv", text.encode(), "text/csv")
    return client.post(
        "/calendar/announce/",
        {"year": "2027", "source": "国办发明电〔2026〕9号", "file": file, **given},
    )


@pytest.mark.parametrize("name", READERS)
def test_everyone_with_a_role_reads_and_only_admin_finds_the_forms(people, client, name):
    client.force_login(getattr(people, name))
    page = client.get("/calendar/?year=2025")
    assert page.status_code == 200
    text = page.content.decode()
    assert "<h1>2025 年有 248 个工作日</h1>" in text
    assert "国办发明电〔2024〕12号" in text
    assert ("录入全年安排" in text) == (name == "admin")


@pytest.mark.parametrize("name", [n for n in READERS if n != "admin"])
@pytest.mark.parametrize("address", ["/calendar/announce/", "/calendar/day/"])
@blank_pages()
def test_for_others_the_acts_do_not_exist(people, client, name, address):
    client.force_login(getattr(people, name))
    assert client.post(address, {"year": "2027"}).status_code == 404
    assert client.get(address).status_code == 404


@pytest.mark.parametrize("name", ["station", "nobody"])
def test_without_a_role_to_read_there_is_no_calendar(people, client, name):
    client.force_login(getattr(people, name))
    assert client.get("/calendar/").status_code == 403


def test_signed_out_one_is_sent_to_sign_in(client, db):
    assert client.get("/calendar/").status_code == 302


def test_a_year_not_announced_says_so(people, client):
    client.force_login(people.admin)
    text = client.get("/calendar/?year=2027").content.decode()
    assert "（暂定）</h1>" in text
    assert "国务院办公厅通知尚未录入" in text


def test_an_upload_is_checked_first_and_kept_by_another_administrator(people, client):
    client.force_login(people.admin)
    check = upload(client)
    text = check.content.decode()
    assert "提请公布全年安排" in text
    assert "调休上班 春节" in text
    answer = client.post(
        "/calendar/announce/",
        {"year": "2027", "source": check.context["source"], "content": check.context["content"]},
    )
    act = CalendarAct.objects.get()
    assert answer.url == f"/calendar/acts/{act.pk}/"
    assert not CalendarDay.objects.filter(date__year=2027, announced=True).exists()
    own = client.get(answer.url).content.decode()
    assert "须由另一名协议管理员复核" in own
    client.post(answer.url, {"action": "approve"})
    assert not CalendarDay.objects.filter(date__year=2027, announced=True).exists()
    admin2 = person("管理二", "admin")
    client.force_login(admin2)
    assert "2027 年的节假日安排" in client.get("/work/").content.decode()
    asked = client.get(answer.url).content.decode()
    assert "<h1>2027 年全年安排，待复核</h1>" in asked
    assert "调休上班 春节" in asked
    assert "国办发明电〔2026〕9号" in asked
    assert client.post(answer.url, {"action": "approve"}).status_code == 302
    assert CalendarDay.objects.filter(date__year=2027).count() == 2
    change = CalendarChange.objects.filter(date__year=2027).first()
    assert (change.by, change.second) == (people.admin, admin2)
    text = client.get("/calendar/?year=2027").content.decode()
    assert "已公布" in text
    assert "公布 2027 年安排" in text
    assert "管理二 复核" in text
    told = Notification.objects.get(user=people.admin, key__endswith=":approved")
    assert "已生效" in told.text
    done = CalendarChange.objects.count()
    client.post(answer.url, {"action": "approve"})
    assert CalendarChange.objects.count() == done, "done once"


def test_what_another_administrator_sends_back_or_its_own_withdraws_changes_nothing(people, client):
    admin2 = person("管理二", "admin")
    client.force_login(people.admin)
    given = {"date": "2024-07-06", "kind": "workday", "name": "防汛", "reason": "防汛值守"}
    first = client.post("/calendar/day/", {**given, "confirmed": "1"}).url
    again = client.post("/calendar/day/", {**given, "confirmed": "1"})
    assert "已提出，还没有复核" in again.content.decode()
    client.force_login(admin2)
    assert client.post(first, {"action": "reject", "why": ""}).status_code == 422
    client.post(first, {"action": "reject", "why": "没有通知"})
    told = Notification.objects.get(user=people.admin, text__contains="没有通知")
    assert "退回2024-07-06 的节假日修改" in told.text
    client.force_login(people.admin)
    second = client.post("/calendar/day/", {**given, "confirmed": "1"}).url
    client.post(second, {"action": "reject"})
    states = list(CalendarAct.objects.order_by("pk").values_list("state", flat=True))
    assert states == ["rejected", "withdrawn"]
    assert not CalendarDay.objects.filter(date="2024-07-06").exists()
    assert not CalendarChange.objects.exists()


def test_what_changes_nothing_is_not_proposed(people, client):
    client.force_login(people.admin)
    given = {"date": "2024-07-06", "kind": "weekday", "reason": "无", "confirmed": "1"}
    answer = client.post("/calendar/day/", given)
    assert answer.status_code == 422
    assert "这一天本来如此" in answer.content.decode()


FORBIDDEN = (
    "UPDATE basins_calendaract SET source = 'x'",
    "UPDATE basins_calendaract SET days = '[]'",
    "UPDATE basins_calendaract SET state = 'approved', decided_by_id = proposed_by_id,"
    " decided_at = now()",
    "DELETE FROM basins_calendaract",
    "TRUNCATE basins_calendaract",
)


@pytest.mark.parametrize("statement", FORBIDDEN)
def test_the_database_keeps_what_was_proposed_for_another_to_decide(people, statement):
    act = propose_day(
        on=date(2024, 7, 6), kind="workday", name="防汛", reason="值守", by=people.admin
    )
    with (
        pytest.raises((IntegrityError, OperationalError)),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(statement)
    act.refresh_from_db()
    assert (act.state, act.source) == ("proposed", "值守")


def test_a_wrong_upload_names_the_line_and_changes_nothing(people, client):
    client.force_login(people.admin)
    answer = upload(client, FILE.replace("2027-01-01", "2027-13-01"))
    assert answer.status_code == 422
    assert "第 2 行：日期“2027-13-01”不认识" in answer.content.decode()
    assert not CalendarDay.objects.filter(date__year=2027, announced=True).exists()


def test_a_day_is_changed_after_its_check_page(people, client):
    client.force_login(people.admin)
    given = {"date": "2024-07-06", "kind": "workday", "name": "防汛", "reason": "防汛值守"}
    text = client.post("/calendar/day/", given).content.decode()
    assert "2024年7月6日 星期六改为调休上班" in text
    assert not CalendarDay.objects.filter(date="2024-07-06").exists()
    address = client.post("/calendar/day/", {**given, "confirmed": "1"}).url
    client.force_login(person("管理二", "admin"))
    assert client.post(address, {"action": "approve"}).status_code == 302
    assert CalendarDay.objects.get(date="2024-07-06").kind == "workday"
    client.force_login(people.admin)
    wrong = client.post("/calendar/day/", {**given, "date": "2024-07-05"})
    assert wrong.status_code == 422
    assert "本来就上班" in wrong.content.decode()
