"""The calendar page: everyone reads it, who edits reference data changes it after a check."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from basins.models import CalendarDay
from tests.blank import blank_pages

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


def test_an_upload_is_checked_first_and_then_kept(people, client):
    client.force_login(people.admin)
    check = upload(client)
    text = check.content.decode()
    assert "公布全年安排" in text
    assert "调休上班 春节" in text
    assert not CalendarDay.objects.filter(date__year=2027, announced=True).exists()
    answer = client.post(
        "/calendar/announce/",
        {"year": "2027", "source": check.context["source"], "content": check.context["content"]},
    )
    assert answer.status_code == 302
    assert CalendarDay.objects.filter(date__year=2027).count() == 2
    text = client.get("/calendar/?year=2027").content.decode()
    assert "已公布" in text
    assert "公布 2027 年安排" in text


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
    assert client.post("/calendar/day/", {**given, "confirmed": "1"}).status_code == 302
    assert CalendarDay.objects.get(date="2024-07-06").kind == "workday"
    wrong = client.post("/calendar/day/", {**given, "date": "2024-07-05"})
    assert wrong.status_code == 422
    assert "本来就上班" in wrong.content.decode()
