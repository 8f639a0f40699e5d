"""Districts, rivers, sections … as tables: filled in, imported, exported, imported again."""

import csv
import io
import json
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from django.core.management import call_command
from python_calamine import CalamineWorkbook

from basins.models import (
    CalendarDay,
    Jurisdiction,
    PersonAct,
    ReferenceChange,
    River,
    RiverReach,
    Role,
    User,
)
from basins.reference.kind import Asked
from basins.reference.planning import carry_out, plan, text_rows
from basins.reference.reading import read_file
from basins.reference.workbook import as_csv, errors, export, template
from monitoring.models import DirtyMonth, Indicator, MonthlyMean, SamplingPlan, Section, Target
from settlements.reference.kinds import KINDS, LAYOUTS
from tests.told_once import nothing, told_once
from written.text import FileError

IN_ORDER = ("districts", "rivers", "sections", "targets", "plans")
CALENDAR = "日期,类型,节日,通知文号\n2033-01-01,放假,元旦,国办发明电〔2032〕1号\n"


def imported(kind, content, tmp_path, **options):
    """What the command answers, as JSON; a text is written to a file first."""
    file = tmp_path / f"{kind}.csv"
    file.write_bytes(content if isinstance(content, bytes) else content.encode())
    out = io.StringIO()
    try:
        call_command("import_reference", kind, str(file), json=True, stdout=out, **options)
        code = 0
    except SystemExit as ended:
        code = ended.code
    answer = json.loads(out.getvalue())
    assert code == bool(answer["errors"])
    return answer


def exported(kind):
    out = io.StringIO()
    call_command("export_reference", kind, stdout=out)
    return out.getvalue()


def of_the_examples():
    """The made-up city of the templates' own examples."""
    for kind in IN_ORDER:
        rows = read_file(KINDS[kind], as_csv(KINDS[kind], KINDS[kind].examples).encode()).rows
        carry_out(KINDS[kind], rows, Asked(None, date(2026, 1, 1)))
    return {}


told = told_once(of_the_examples)


@pytest.fixture
def city(told, db, tmp_path):
    return tmp_path


def test_a_template_with_nothing_filled_in_says_so(db, tmp_path):
    [error] = imported("rivers", template(KINDS["rivers"]), tmp_path)["errors"]
    assert error["message"].startswith("rivers.csv：只有列标题")


def test_the_examples_of_the_templates_make_a_city(city):
    assert [j.name for j in Jurisdiction.objects.filter(level="district").order_by("code")] == [
        "甲县", "乙区", "丙县",
    ]  # fmt: skip
    town = Jurisdiction.objects.get(level="township")
    assert (town.parent.name, town.short_name) == ("甲县", "上游镇")
    south = River.objects.get(code="NANHE")
    assert [(r.order, r.jurisdiction.name, r.from_km, r.to_km) for r in south.reaches.all()] == [
        (1, "甲县", Decimal("0"), Decimal("95")),
        (2, "乙区", Decimal("95"), Decimal("118")),
        (3, "丙县", Decimal("118"), Decimal("210")),
    ]
    north = River.objects.get(code="BEIHE")
    assert (north.parent, north.level) == (south, 1)
    bridge = Section.objects.get(code="BH-01")
    assert (bridge.river, bridge.upstream.name, bridge.downstream.name) == (north, "甲县", "乙区")
    assert bridge.km == Decimal("60.5")


def test_a_new_target_ends_the_one_before_it_and_says_so(city):
    bridge = Section.objects.get(code="BH-01")
    assert [(t.water_class, t.in_force.lower, t.in_force.upper) for t in bridge.targets.all()] == [
        (3, date(2024, 1, 1), date(2026, 1, 1)),
        (2, date(2026, 1, 1), None),
    ]
    answer = imported("targets", "断面,自,目标类别,依据\n北河桥,2027年1月1日,Ⅲ,新文\n", city)
    assert answer["changes"][0]["also"] == ["2026-01-01 起的目标（Ⅱ类）止于 2026-12-31。"]
    assert bridge.targets.count() == 3


@pytest.mark.parametrize("kind", IN_ORDER)
def test_what_is_exported_is_imported_again_without_a_change(city, kind):
    as_text = exported(kind)
    answer = imported(kind, as_text, city)
    assert answer["errors"] == []
    assert answer["same"] > 0
    assert (answer["new"], answer["changed"], answer["removed"]) == (0, 0, 0)
    as_book = export(KINDS[kind], text_rows(KINDS[kind]))
    assert imported(kind, as_book, city)["same"] == answer["same"]
    assert exported(kind) == as_text


@pytest.mark.parametrize("kind", IN_ORDER)
@pytest.mark.parametrize("told", [nothing], indirect=True)
def test_a_dry_run_writes_nothing_and_says_the_same(told, db, tmp_path, kind):
    for before in IN_ORDER[: IN_ORDER.index(kind)]:
        imported(before, as_csv(KINDS[before], KINDS[before].examples), tmp_path)
    counted = ReferenceChange.objects.count()
    text = as_csv(KINDS[kind], KINDS[kind].examples)
    tried = imported(kind, text, tmp_path, dry_run=True)
    assert tried["dry_run"] is True
    assert ReferenceChange.objects.count() == counted
    done = imported(kind, text, tmp_path)
    assert {**tried, "dry_run": False} == done


def test_every_change_is_told_in_words_with_since_when_and_by_what_paper(city):
    text = "断面编码,断面名称,距源头\nBH-01,北河大桥,61.5\n"
    imported("sections", text, city, on=date(2026, 7, 1), why="示例府函〔2026〕9号")
    change = ReferenceChange.objects.filter(kind="sections", code="BH-01").first()
    assert (change.act, change.on, change.why) == (
        "changed",
        date(2026, 7, 1),
        "示例府函〔2026〕9号",
    )
    assert change.differences == [
        ["断面名称", "北河桥", "北河大桥"],
        ["距源头(km)", "60.5", "61.5"],
    ]


def test_columns_a_file_does_not_have_are_left_alone_and_blank_cells_empty_theirs(city):
    imported("sections", "断面编码,断面名称,来源\nBH-01,北河桥,\n", city)
    bridge = Section.objects.get(code="BH-01")
    assert bridge.source == ""
    assert (bridge.river.code, bridge.km) == ("BEIHE", Decimal("60.5"))
    assert bridge.targets.count() == 2


def test_a_section_that_is_changed_otherwise_has_no_month_reckoned_again_for_its_target(city):
    kind = KINDS["sections"]
    bridge = Section.objects.get(code="BH-01")
    MonthlyMean.objects.create(
        section=bridge, indicator=Indicator.objects.get(code="NH3-N"), month=date(2026, 1, 1),
        mean="0.5", valid=1, expected=1, total="0.5", origin=2, complete=True,
    )  # fmt: skip
    DirtyMonth.objects.all().delete()
    rows = list(csv.DictReader(io.StringIO(exported("sections"))))
    rows[0]["来源"] = "新名录"
    keys = {column.title: column.key for column in kind.columns}
    text = as_csv(kind, [{keys[title]: cell for title, cell in row.items()} for row in rows])
    assert imported("sections", text, city)["changed"] == 1
    assert not DirtyMonth.objects.exists()
    text = "断面编码,断面名称,目标类别,目标自,目标依据\nBH-01,北河桥,Ⅱ,2026-06-01,新文\n"
    imported("sections", text, city)
    assert DirtyMonth.objects.exists()


def test_water_that_the_bureau_has_decided_is_not_changed_by_a_table(city):
    Section.objects.filter(code="BH-01").update(
        water_body="lake", water_body_on=date(2025, 1, 1), water_body_source="环函1号"
    )
    text = "断面编码,断面名称,水体\nBH-01,北河桥,河流\n"
    [error] = imported("sections", text, city)["errors"]
    assert error["message"].startswith("水体已由市局于 2025-01-01 核定（环函1号）")
    assert imported("sections", text.replace("河流", "湖库"), city)["same"] == 1


def test_one_wrong_row_keeps_all_of_the_file_out_and_every_fault_is_named(city):
    text = (
        "断面编码,断面名称,河流,距源头,上游行政区,下游行政区\n"
        "X-1,新桥,北河,12,甲县,乙区\n"
        "X-2,旧桥,东河,12km,甲县,甲县\n"
        "X-3,坏桥,北河,十二,甲县,丁县\n"
        "X 4,空桥,北河,1,甲县,乙区\n"
    )
    answer = imported("sections", text, city)
    said = [(e["row"], e["field"], e["message"].partition("；")[0]) for e in answer["errors"]]
    assert said == [
        (3, "河流", "没有河流“东河”"),
        (4, "距源头(km)", "“十二”不是数字"),
        (4, "下游行政区", "没有行政区“丁县”"),
        (5, "断面编码", "“X 4”不能作编码"),
    ]
    assert not Section.objects.filter(code="X-1").exists()


def test_the_nearest_name_is_offered(city):
    answer = imported("sections", "断面编码,断面名称,河流\nX-1,新桥,北河江\n", city)
    assert "是否为“北河”？" in answer["errors"][0]["message"]


@pytest.mark.parametrize(
    ("kind", "text", "words"),
    [
        ("districts", "代码,名称,级别\n990109,丁镇,乡镇\n", "乡镇（街道）须填所属区县"),
        ("districts", "代码,名称,级别,上级\n990109,丁镇,乡镇,990100-T\n", "上级须是区县"),
        ("districts", "代码,名称,级别\n510000,蜀,区县\n", "省（直辖市）的级别不能改"),
        ("districts", "代码,名称,级别\n990101,甲县,区县\n990101,乙县,区县\n", "与第 2 行是同一个行政区"),
        ("rivers", "河流代码,河流名称,汇入\nNANHE,南河,北河\n", "河流绕回了自己"),
        ("rivers", "河流代码,河流名称,流经行政区,起,止\nX,东河,甲县,30,10\n", "止点不能在起点上游"),
        ("rivers", "河流代码,河流名称,流经行政区,起,止\nX,东河,甲县,0,30\nX,,乙区,20,40\n", "互不重叠"),
        ("rivers", "河流代码,河流名称,流经行政区,起,止\nX,东河,甲县,0,\n", "河段须写齐"),
        ("sections", "断面编码,断面名称\nX,北河桥\n", "本省已有断面叫“北河桥”（编码 BH-01）"),
        ("sections", "断面编码,断面名称,经度\nX,新桥,106.3\n", "经度和纬度须同时填写"),
        ("sections", "断面编码,断面名称,目标类别\nX,新桥,Ⅲ类\n", "须写明起始日期"),
        ("sections", "断面编码,断面名称,上游,下游\nX,新桥,甲县,甲县\n", "不能是同一行政区"),
        ("targets", "断面,自,至,目标类别,依据\n北河桥,2027-01-01,2026-01-01,Ⅲ,文\n", "早于起始"),
        ("targets", "断面,自,目标类别,依据\n北河桥,2027-01,Ⅲ,文\n", "没有写到日"),
        ("plans", "断面,自,每日次数\n北河桥,2027-01-01,25\n", "不在 1 至 24 之间"),
        ("people", "用户名,姓名,角色\nx,某,区县\n", "区县、乡镇角色须选行政区"),
        ("calendar", "日期,类型,节日,通知文号\n2033-01-03,调休上班,元旦,文\n", "不是周末"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_refused_with_row_and_remedy(city, kind, text, words):
    [error, *_] = imported(kind, text, city)["errors"]
    assert words in error["message"]
    assert error["row"] >= 2


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("河流代码,河流名称,长度(m)\nX,东河,3000\n", "括号里的“m”不是这一列的单位"),
        ("河流代码,河流名称,深度\nX,东河,3\n", "不认识的列：深度"),
        ("河流名称\n东河\n", "没有找到列标题"),
        ("河流代码,河流名称,备注\nX,东河,作废\n", "备注是“作废”"),
        ("河流代码,河流名称\nX,东河,多出\n", "单元格多于列标题"),
    ],
)
def test_a_table_that_cannot_be_told_is_refused_as_a_whole(db, text, words):
    with pytest.raises(FileError, match=words.replace("(", r"\(")):
        read_file(KINDS["rivers"], text.encode())


def test_the_error_sheet_is_the_file_with_the_remedies_and_is_imported_once_corrected(city):
    kind = KINDS["sections"]
    rows = read_file(kind, "断面编码,断面名称,河流\nX-1,新桥,东河\nX-2,旧桥,北河\n".encode()).rows
    wrong = plan(kind, rows).wrong
    book = errors(kind, rows, wrong)
    sheet = CalamineWorkbook.from_filelike(io.BytesIO(book)).get_sheet_by_index(0).to_python()
    assert sheet[0][:3] == ["怎样更正", "断面编码", "断面名称"]
    assert "没有河流“东河”" in sheet[1][0]
    assert (sheet[1][1], sheet[2][0]) == ("X-1", "")
    again = read_file(kind, book).rows
    assert [row.cells["code"] for row in again] == ["X-1", "X-2"]
    assert plan(kind, again).wrong != ()


@pytest.mark.parametrize("kind", LAYOUTS)
def test_a_template_has_the_empty_table_a_filled_example_and_what_belongs_where(kind):
    layout = LAYOUTS[kind]
    book = CalamineWorkbook.from_filelike(io.BytesIO(template(layout)))
    assert book.sheet_names == [layout.title, "示例", "填写说明"]
    table, example, explained = (book.get_sheet_by_index(at).to_python() for at in range(3))
    titles = [column.title for column in layout.columns]
    assert table == [titles]
    assert example[0] == titles
    assert len(example) == 1 + len(layout.examples)
    assert [row[0] for row in explained[1 : 1 + len(titles)]] == titles


def test_a_reach_that_stays_in_its_district_keeps_the_course_drawn_for_it(city):
    south = River.objects.get(code="NANHE")
    RiverReach.objects.filter(river=south, order=2).update(course=[[106.1, 29.1], [106.2, 29.2]])
    text = (
        "河流代码,河流名称,流经行政区,起,止\n"
        "NANHE,南河,甲县,0,90\n"
        "NANHE,,丙县,90,100\n"
        "NANHE,,乙区,100,210\n"
    )
    assert imported("rivers", text, city)["changed"] == 1
    assert [(r.jurisdiction.name, r.course) for r in south.reaches.order_by("order")] == [
        ("甲县", []), ("丙县", []), ("乙区", [[106.1, 29.1], [106.2, 29.2]]),
    ]  # fmt: skip


def test_the_first_two_administrators_are_made_and_the_others_wait_for_one_of_them(db, tmp_path):
    imported("districts", as_csv(KINDS["districts"], KINDS["districts"].examples), tmp_path)
    answer = imported("people", as_csv(KINDS["people"], KINDS["people"].examples), tmp_path)
    assert [made["username"] for made in answer["made"]] == ["guanli1", "guanli2"]
    first = User.objects.get(username="guanli1")
    assert first.check_password(answer["made"][0]["password"])
    assert first.must_change_password
    assert Role.objects.count() == 2
    waiting = PersonAct.objects.filter(state="proposed").order_by("pk")
    assert [(act.username, act.role, act.on_machine) for act in waiting] == [
        ("huanbao1", "bureau", True), ("jiaxian1", "district", True),
    ]  # fmt: skip
    assert len(answer["proposed"][0]["half"]) == len("ABCD-EFGH")


def test_an_administrator_approves_who_was_proposed_on_the_machine(db, tmp_path, client):
    from basins.services.person_acts import approve

    imported("districts", as_csv(KINDS["districts"], KINDS["districts"].examples), tmp_path)
    answer = imported("people", as_csv(KINDS["people"], KINDS["people"].examples), tmp_path)
    act = PersonAct.objects.get(username="jiaxian1")
    _, half = approve(act=act, by=User.objects.get(username="guanli1"))
    [first] = [p["half"] for p in answer["proposed"] if p["username"] == "jiaxian1"]
    given = {"username": "jiaxian1", "password": first + half}
    assert client.post("/sign-in/", given).status_code == 302


def test_a_year_of_the_calendar_is_what_the_file_says_and_nothing_more(db, tmp_path):
    answer = imported(
        "calendar", CALENDAR + "2033-01-02,放假,元旦,国办发明电〔2032〕1号\n", tmp_path
    )
    assert (answer["new"], answer["years"]) == (2, [2033])
    answer = imported("calendar", CALENDAR, tmp_path)
    assert (answer["same"], answer["removed"]) == (1, 1)
    assert [d.date for d in CalendarDay.objects.filter(date__year=2033)] == [date(2033, 1, 1)]


def test_what_was_told_of_a_change_stays_told(city):
    from django.db import IntegrityError, transaction

    change = ReferenceChange.objects.first()
    with pytest.raises(IntegrityError, match="只增不改"), transaction.atomic():
        change.delete()
    with pytest.raises(IntegrityError, match="只增不改"), transaction.atomic():
        ReferenceChange.objects.filter(pk=change.pk).update(why="另一说法")


def test_a_plan_given_with_a_section_holds_from_before_its_first_reading(city):
    [plan_] = SamplingPlan.objects.filter(
        section__code="BH-01", in_force__contains=date(2010, 1, 1)
    )
    assert plan_.per_day == 6
    assert Target.objects.filter(section__code="NH-02").count() == 1


def test_every_table_and_column_stands_in_the_documentation():
    lines = Path("docs/reference.md").read_text(encoding="utf-8").splitlines()
    written = {line.split("|")[1].strip(" `"): line for line in lines if line.startswith("| `")}
    assert written.keys() == LAYOUTS.keys()
    for code, layout in LAYOUTS.items():
        titles = [f"**{c.title}**" if c.needed else c.title for c in layout.columns]
        assert f"| {layout.title} |" in written[code]
        assert written[code].endswith(f"| {'、'.join(titles)} |")
