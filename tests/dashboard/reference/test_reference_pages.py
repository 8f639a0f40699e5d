"""The tables on their pages: one thing added, changed, told; a file tried, confirmed, corrected."""

import io
import re
from datetime import date

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from python_calamine import CalamineWorkbook

from basins.models import AccessEvent, Jurisdiction, PersonAct, ReferenceChange, River
from basins.reference.kind import Asked
from basins.reference.planning import carry_out
from basins.reference.reading import read_file
from basins.reference.workbook import as_csv
from monitoring.models import SamplingPlan, Section
from settlements.reference.kinds import KINDS
from tests.published import person
from tests.told_once import of_told, told_once
from tests.worlds import People


def of_the_examples():
    """The made-up city of the templates' own examples."""
    for kind in ("districts", "rivers", "sections"):
        rows = read_file(KINDS[kind], as_csv(KINDS[kind], KINDS[kind].examples).encode()).rows
        carry_out(KINDS[kind], rows, Asked(None, date(2026, 1, 1)))
    return {"people": People.make()}


told = told_once(of_the_examples)
people = of_told("people")


@pytest.fixture
def admin(people):
    client = Client()
    client.force_login(people.admin)
    return client


def uploaded(admin, kind, text):
    file = SimpleUploadedFile("表.csv", text.encode())
    return admin.post(f"/reference/{kind}/import/", {"action": "check", "file": file})


def kept_rows(answer):
    found = re.search(
        r'<textarea name="rows" hidden>(.*?)</textarea>', answer.content.decode(), re.S
    )
    return found[1].replace("&quot;", '"')


def typed(kind, **given):
    return {c.key: "" for c in KINDS[kind].single} | given


def test_a_thing_is_added_after_it_was_checked(admin):
    given = typed("sections", code="NEU-1", name="新桥", river="北河", km="12", upstream="甲县",
                  downstream="乙区", target="Ⅲ类", target_from="2026-1-1", target_source="某文",
                  why="示例府函〔2026〕2号")  # fmt: skip
    checked = admin.post("/reference/sections/new/", given | {"action": "check"})
    assert "核对：新增断面“新桥”" in checked.content.decode()
    assert not Section.objects.filter(code="NEU-1").exists()
    answer = admin.post("/reference/sections/new/", given | {"action": "do"})
    assert answer["Location"] == "/reference/sections/item/NEU-1/"
    section = Section.objects.get(code="NEU-1")
    assert (section.river.code, section.targets.get().water_class) == ("BEIHE", 3)
    change = ReferenceChange.objects.get(code="NEU-1")
    assert (change.by.username, change.why) == ("admin", "示例府函〔2026〕2号")


def test_what_is_there_already_is_not_added_again(admin):
    given = typed("sections", code="BH-01", name="别的桥")
    answer = admin.post("/reference/sections/new/", given | {"action": "check"})
    assert answer.status_code == 422
    assert "已经有了；要改它请在它的页上“更改”" in answer.content.decode()


def test_a_change_shows_before_and_after_and_stands_in_the_history(admin):
    page = admin.get("/reference/sections/item/BH-01/change/").content.decode()
    assert 'value="60.5"' in page
    given = typed("sections", name="北河大桥", river="北河", km="61", upstream="甲县",
                  downstream="乙区", grade="市控", water_body="河流", lon="106.3169", lat="29.5425",
                  on="2026-07-01")  # fmt: skip
    checked = admin.post("/reference/sections/item/BH-01/change/", given | {"action": "check"})
    text = " ".join(checked.content.decode().split())
    assert re.search(r"断面名称</th> <td[^>]*>北河桥</td> <td[^>]*>北河大桥</td>", text)
    admin.post("/reference/sections/item/BH-01/change/", given | {"action": "do"})
    item = admin.get("/reference/sections/item/BH-01/").content.decode()
    assert "北河桥 → <b>北河大桥</b>" in item
    assert "2026-07-01" in item


def test_going_back_from_the_check_keeps_what_was_typed(admin):
    given = typed("rivers", code="DONGHE", name="东河", why="某文")
    given |= {"place-0": "甲县", "from_km-0": "0", "to_km-0": "30"}
    checked = admin.post("/reference/rivers/new/", given | {"action": "check"}).content.decode()
    hidden = dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)">', checked))
    assert hidden["name"] == "东河"
    assert hidden["to_km-0"] == "30"
    back = admin.post("/reference/rivers/new/", given | {"action": "change"}).content.decode()
    assert 'value="东河"' in back
    assert not River.objects.filter(code="DONGHE").exists()


def test_reaches_are_typed_row_by_row_and_blank_rows_left_out(admin):
    given = typed("rivers", name="南河", level="0", length_km="210", source="示例市水系图 2023")
    rows = [("甲县", "0", "95"), ("", "", ""), ("丙县", "95", "210")]
    for number, (place, start, end) in enumerate(rows):
        given |= {f"place-{number}": place, f"from_km-{number}": start, f"to_km-{number}": end}
    admin.post("/reference/rivers/item/NANHE/change/", given | {"action": "do"})
    reaches = River.objects.get(code="NANHE").reaches.order_by("order")
    assert [r.jurisdiction.name for r in reaches] == ["甲县", "丙县"]


def test_a_field_left_empty_is_asked_for_by_its_name(admin):
    answer = admin.post("/reference/districts/new/", typed("districts", code="990109"))
    assert answer.status_code == 422
    assert "请填写名称。" in answer.content.decode()
    assert "请选择级别。" in answer.content.decode()


def test_a_file_is_tried_and_stored_only_when_it_is_confirmed(admin):
    tried = uploaded(admin, "districts", "代码,名称,级别\n990109,丁县,区县\n")
    assert "核对 1 行：新增 1，更改 0，未变 0" in " ".join(tried.content.decode().split())
    assert not Jurisdiction.objects.filter(code="990109").exists()
    given = {"action": "do", "rows": kept_rows(tried), "on": "2026-03-01", "why": "某文"}
    answer = admin.post("/reference/districts/import/", given, follow=True)
    assert "已导入行政区 1 个：新增 1。" in answer.content.decode()
    assert ReferenceChange.objects.get(code="990109").on.isoformat() == "2026-03-01"


def test_a_wrong_file_names_every_fault_and_gives_back_the_sheet_to_correct(admin):
    tried = uploaded(admin, "districts", "代码,名称,级别\n990108,丁县,县级\n990109,戊镇,乡镇\n")
    assert tried.status_code == 422
    page = tried.content.decode()
    assert "没有导入：1 处要更正" in page
    assert "“县级”不认识" in page
    sheet = admin.post("/reference/districts/errors.xlsx", {"rows": kept_rows(tried)})
    book = CalamineWorkbook.from_filelike(io.BytesIO(sheet.content))
    rows = book.get_sheet_by_index(0).to_python()
    assert rows[0][:2] == ["怎样更正", "代码"]
    assert "“县级”不认识" in rows[1][0]
    assert rows[2][0] == ""


def test_a_file_of_another_table_is_refused_with_the_headings_it_should_have(admin):
    answer = uploaded(admin, "rivers", "代码,级别\n990108,区县\n")
    assert answer.status_code == 422
    assert "缺少列 河流名称" in answer.content.decode()


def test_people_of_a_file_wait_for_the_second_administrator_with_half_a_code_each(admin):
    tried = uploaded(admin, "people", "用户名,姓名,角色,行政区\njia,钱四,区县,甲县\n")
    given = {"action": "do", "rows": kept_rows(tried)}
    answer = admin.post("/reference/people/import/", given).content.decode()
    assert "已提出 1 个账号事项，请另一名协议管理员复核" in answer
    assert re.search(r"[A-Z2-9]{4}-[A-Z2-9]{4}", answer)
    act = PersonAct.objects.get(username="jia")
    assert (act.state, act.proposed_by.username) == ("proposed", "admin")


def test_a_year_of_the_calendar_from_a_file_waits_for_the_second_administrator(admin, people):
    person("admin2", "admin")
    tried = uploaded(
        admin, "calendar", "日期,类型,节日,通知文号\n2033-01-01,放假,元旦,国办发明电\n"
    )
    given = {"action": "do", "rows": kept_rows(tried)}
    answer = admin.post("/reference/calendar/import/", given, follow=True).content.decode()
    assert "已提出，请另一名协议管理员复核后生效。" in answer


def test_an_export_is_noted_and_is_the_table_as_it_is_imported(admin):
    answer = admin.get("/reference/sections/export.xlsx")
    rows = read_file(KINDS["sections"], answer.content).rows
    assert [row.cells["code"] for row in rows] == ["BH-01", "NH-02"]
    event = AccessEvent.objects.get(kind=AccessEvent.Kind.EXPORT)
    assert (event.what, event.rows) == ("基础资料：断面", 2)


def test_a_search_finds_by_any_cell_and_says_when_nothing_is_found(admin):
    assert "北河桥" in admin.get("/reference/sections/?q=BH-").content.decode()
    none = admin.get("/reference/sections/?q=无此").content.decode()
    assert "没有符合条件的" in none
    assert "北河桥" not in none


def test_an_empty_table_says_what_to_do_first(admin):
    SamplingPlan.objects.all().delete()
    page = admin.get("/reference/plans/").content.decode()
    assert "先下载模板，照“示例”表填好，再导入" in page
    assert 'href="/reference/plans/import/"' in page


def test_the_offices_read_and_only_administrators_change(people):
    bureau = Client()
    bureau.force_login(people.bureau)
    page = bureau.get("/reference/sections/item/BH-01/").content.decode()
    assert "更改</a>" not in page
    assert bureau.get("/reference/sections/item/BH-01/change/").status_code == 404
    assert bureau.get("/reference/people/export.xlsx").status_code == 404
    assert "人员" not in bureau.get("/reference/").content.decode().partition("<table")[2]
