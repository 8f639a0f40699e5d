"""Files that were not read as their writer meant them; each with its right result."""

import csv
import io
import json
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from django.core.management import CommandError, call_command

from monitoring.ingest.services.import_job import rejects_csv
from monitoring.ingest.services.ingest import import_readings
from monitoring.models import Observation, Reading
from monitoring.observations.services.observation_file import read_whole
from monitoring.observations.services.observations import (
    ObservationsRefused,
    import_observations,
)
from settlements.ledger.services.opening import OpeningRefused, read_opening
from settlements.money import yuan
from tests.told_once import told_once
from tests.written.conftest import CASES, tell_cases
from tests.written.workbooks import workbook
from written.text import FileError

NOW = datetime(2026, 11, 30, 4, tzinfo=UTC)
FIGURES = ("断面或行政区", "指标", "期间", "数值", "出处")
OPENING = ("行政区代码", "协议编码", "金额(元)", "备注")


def tell() -> dict:
    tell_cases()
    return {}


told = told_once(tell)
pytestmark = pytest.mark.usefixtures("told", "db")


def figures(raw: bytes, filename: str = "指标.xlsx") -> list[tuple[date, Decimal, str]]:
    import_observations(raw=raw, filename=filename, by=None)
    return [(o.period, o.value.normalize(), o.unit) for o in Observation.objects.order_by("period")]


def figures_refused(raw: bytes, filename: str = "指标.xlsx") -> str:
    with pytest.raises((FileError, ObservationsRefused)) as refused:
        import_observations(raw=raw, filename=filename, by=None)
    assert not Observation.objects.exists()
    return str(refused.value)


def opening_refused(raw: bytes, filename: str = "期初.csv") -> str:
    with pytest.raises(OpeningRefused) as refused:
        read_opening(raw, filename)
    return str(refused.value)


def readings(raw: bytes, filename: str = "读数.csv"):
    return import_readings(raw=raw, filename=filename, now=NOW)


def reasons(report) -> list[str]:
    return [str(error) for rejected in report.rejects for error in rejected.errors]


def one_figure(value: str, *, heading: str = "数值", period: str = "2023-05", **more: str) -> bytes:
    """A CSV of one figure of 两河口, with further columns by heading."""
    out = io.StringIO()
    name = more.pop("指标", "水量")
    writer = csv.writer(out)
    writer.writerow(("断面或行政区", "指标", "期间", heading, "出处", *more))
    writer.writerow(("LIANGHEKOU", name, period, value, "月报", *more.values()))
    return out.getvalue().encode()


@pytest.mark.parametrize("number", ["01", "01b"])
def test_1_a_stray_cell_in_the_last_corner_is_named(case, number):
    raw, name = case(number)
    said = figures_refused(raw, name) if number == "01" else opening_refused(raw, name)
    assert "XFD1048576" in said
    assert "请删去" in said


def test_1_on_the_command_line_too_it_is_words():
    (path,) = CASES.glob("01-*")
    with pytest.raises(CommandError, match="XFD1048576"):
        call_command("import_observations", str(path))


def test_2_a_footnote_mark_is_no_digit(case):
    report = readings(*case("02"))
    assert (report.rows, report.rejected, report.readings) == (1, 1, 0)
    first, second = reasons(report)
    assert "“1.0①”带有注记“①”" in first
    assert "“0.2②”带有注记“②”" in second
    assert "注记“①”" in figures_refused(*case("02b"))


def test_2_full_width_digits_and_units_stay_readable():
    assert figures(one_figure("１２．５万m³")) == [(date(2023, 5, 1), Decimal("1.25E+5"), "m³")]
    assert readings(
        "断面名称,采样时间,氨氮（㎎／L）\n两河口,2026-05-04 10:00,１.０\n".encode()
    ).readings == 1  # fmt: skip
    assert Reading.objects.get().value == 1


def test_3_two_values_in_a_cell_are_two(case):
    report = readings(*case("03"))
    assert report.rejected == 2
    assert all("不止一个数" in reason for reason in reasons(report))
    assert [error.split()[1] for error in reasons(report)] == ["2", "3"]


def test_4_a_unit_in_the_heading_counts(case):
    assert figures(*case("04")) == [(date(2023, 5, 1), Decimal("1.25E+7"), "m³")]


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        (one_figure("96.5", heading="数值（m³）", period="2023", 指标="生态流量保证率"),
         "的单位“m3”看不懂"),
        (one_figure("12", heading="数值（%）"), "的单位“%”看不懂"),
        (one_figure("12万m³", heading="数值（m³）"), "单位说法不一"),
        (one_figure("12", heading="数值（万m³）", 单位="m³"), "单位说法不一"),
        (one_figure("12", heading="数值（本年）"), "不是单位"),
        (one_figure("12", 单位="万吨"), "的单位“万吨”看不懂"),
    ],
)  # fmt: skip
def test_4_a_unit_of_another_kind_or_two_units_are_refused(raw, words):
    assert words in figures_refused(raw, "x.csv")


def test_5_a_unit_column_of_an_opening_counts(case):
    file = read_opening(*case("05"))
    assert [row.yuan for row in file.rows] == [yuan("1200000"), yuan("-1200000")]


@pytest.mark.parametrize(
    ("heading", "cells", "words"),
    [
        ("金额,单位", "120,吨", "不是金额的单位"),
        ("金额(元),单位", "120,万元", "单位说法不一"),
        ("金额(元),状态", "120,作废", "不认识的列：状态"),
        ("金额(元),币种", "120,美元", "不认识的列：币种"),
        ("金额(元),备注", "120,作废", "作废的行请整行删去"),
        ("金额(元),备注", "1,000", "千位逗号"),
        ("金额(元)", "1,000", "千位逗号"),
        ("金额(元),金额(万元)", "120,0.012", "重复"),
    ],
)
def test_5_a_column_that_says_something_else_is_no_silence(heading, cells, words):
    rows = f"500155,LONGXI,{cells}\n500231,LONGXI,-{cells}\n"
    assert words in opening_refused(f"行政区代码,协议编码,{heading}\n{rows}".encode())


def test_a_comma_between_semicolons_is_refused_not_taken_for_thousands():
    rows = "500155;LONGXI;1,250\n500231;LONGXI;-1,250\n"
    assert "逗号用法不明" in opening_refused(f"行政区代码;协议编码;金额(元)\n{rows}".encode())
    raw = f"{';'.join(FIGURES)}\nLIANGHEKOU;水量;2023-05;1,250;月报\n".encode()
    assert "第 2 行：文件用分号分列" in figures_refused(raw, "x.csv")


def test_5_a_heading_in_english_names_its_unit():
    rows = "500155,LONGXI,1,万元\n500231,LONGXI,-1,万元\n"
    assert "单位说法不一" in opening_refused(f"jurisdiction,agreement,yuan,unit\n{rows}".encode())


def test_5_amounts_in_ten_thousands_are_such():
    rows = "500155,LONGXI,0.5\n500231,LONGXI,-0.5\n"
    file = read_opening(f"行政区代码,协议编码,金额（万元）\n{rows}".encode(), "期初.csv")
    assert [row.yuan for row in file.rows] == [yuan("5000"), yuan("-5000")]


def test_5_a_column_nobody_knows_is_refused_in_figures_too():
    assert "不认识的列：状态" in figures_refused(one_figure("12", 状态="作废"), "x.csv")
    assert "作废的行请整行删去" in figures_refused(one_figure("12", 备注="作废"), "x.csv")


def test_5_a_row_of_readings_marked_void_is_rejected():
    report = readings("断面名称,采样时间,氨氮,备注\n两河口,2026-05-04 10:00,1.0,作废\n".encode())
    assert report.rejected == 1
    assert "作废" in reasons(report)[0]


def test_6_a_percent_cell_is_a_per_cent(case):
    assert figures(*case("06")) == [(date(2023, 1, 1), Decimal("96.5"), "%")]


def test_7_a_number_is_no_month(case):
    said = figures_refused(*case("07"))
    assert "第 2 行 期间" in said
    assert "是数，不是月份" in said
    assert "2023-10" in said


def test_7_a_month_without_a_point_is_one():
    rows = [FIGURES, ("LIANGHEKOU", "水量", 202310, "1250万m³", "月报")]
    assert figures(workbook(("a", rows)))[0][0] == date(2023, 10, 1)


def test_8_every_sheet_with_the_headings_is_read(case):
    assert [period for period, *_ in figures(*case("08"))] == [
        date(2023, 1, 1), date(2023, 2, 1)
    ]  # fmt: skip


def sheet_of(period: str, value: object = 100) -> list[tuple]:
    return [FIGURES, ("LIANGHEKOU", "水量", period, value, "月报")]


def test_8_a_fault_names_its_sheet():
    said = figures_refused(
        workbook(("1月", sheet_of("2023-01")), ("2月", sheet_of("2023-02", "x")))
    )
    assert "工作表“2月”第 2 行 数值" in said
    twice = workbook(("1月", sheet_of("2023-01")), ("2月", sheet_of("2023-01")))
    assert "与工作表“1月”第 2 行是同一项" in figures_refused(twice)


def test_8_a_hidden_sheet_is_never_the_one_read():
    both = ("原稿", sheet_of("2023-01", 1)), ("1月", sheet_of("2023-01"))
    assert "工作表“原稿”是隐藏的" in figures_refused(workbook(*both, hidden=["原稿"]))
    assert "工作表“原稿”是隐藏的" in opening_refused(
        workbook(
            ("期初", [OPENING, ("500155", "LONGXI", 1, ""), ("500231", "LONGXI", -1, "")]),
            ("原稿", [OPENING, ("500155", "LONGXI", 2, "")]),
            hidden=["原稿"],
        ),
        "期初.xlsx",
    )


def test_8_a_sheet_without_the_headings_is_named(tmp_path, capsys):
    raw = workbook(("1月", sheet_of("2023-01")), ("说明", [["填报说明"]]))
    assert read_whole(raw).unread == ("说明",)
    path = tmp_path / "指标.xlsx"
    path.write_bytes(raw)
    call_command("import_observations", str(path))
    assert "没有读的工作表(没有列标题):说明" in capsys.readouterr().out
    opening = [OPENING, ("500155", "LONGXI", 1, ""), ("500231", "LONGXI", -1, "")]
    said = opening_refused(workbook(("期初", opening), ("说明", [["填报说明"]])), "期初.xlsx")
    assert "工作表“说明”缺少列" in said


def test_8_an_opening_of_two_sheets_is_one():
    file = read_opening(
        workbook(
            ("一", [OPENING, ("500155", "LONGXI", 1, ""), ("500231", "LONGXI", -1, "")]),
            ("二", [OPENING, ("500120", "BINAN", 5, ""), ("500116", "BINAN", -5, "")]),
        ),
        "期初.xlsx",
    )
    assert [row.yuan for row in file.rows] == [yuan("1"), yuan("-1"), yuan("5"), yuan("-5")]


def test_9_a_quotation_mark_never_closed_is_refused_by_its_row(case):
    said = opening_refused(*case("09"))
    assert "第 3 行的引号用法有误" in said


def test_10_two_columns_of_values_are_refused_as_repeated(case):
    said = figures_refused(*case("10"))
    assert "“数值（上年同期）”与“数值（本年）”重复" in said


def test_11_lines_may_end_in_cr_alone(case):
    file = read_opening(*case("11"))
    assert [row.yuan for row in file.rows] == [yuan("100"), yuan("-100")]


@pytest.mark.parametrize("size", [131_073, 1_000_000])
def test_11_a_giant_cell_is_words(size):
    raw = f"行政区代码,协议编码,金额(元)\n500155,LONGXI,{'1' * size}\n".encode()
    assert "第 2 行有一个单元格超过" in opening_refused(raw)
    assert "第 2 行有一个单元格超过" in figures_refused(one_figure("1" * size), "x.csv")


def test_12_an_opening_of_zeros_is_refused_when_registered(case):
    assert "各行金额都是零" in opening_refused(*case("12"))


def test_12_an_amount_the_ledger_cannot_hold_is_refused_when_registered():
    amount = "1" + "0" * 19
    rows = f"500155,LONGXI,{amount}\n500231,LONGXI,-{amount}\n"
    assert "超过一万亿元" in opening_refused(f"{','.join(OPENING[:3])}\n{rows}".encode())


def test_13_computed_cells_are_read_to_fifteen_digits(case):
    assert [value for _, value, _ in figures(*case("13"))] == [Decimal("96.5"), Decimal("0.3")]
    sheet = [OPENING, ("500155", "LONGXI", 100.1 + 200.2, ""), ("500231", "LONGXI", -300.3, "")]
    file = read_opening(workbook(("期初", sheet)), "期初.xlsx")
    assert file.receivable == yuan("300.30")


def test_14_the_file_of_rejects_holds_no_formula(case):
    report = readings(*case("14"))
    assert report.rejected == 3
    lines = list(csv.reader(io.StringIO(rejects_csv(report).decode("utf-8-sig"))))
    cells = [cell for line in lines for cell in line]
    assert not [cell for cell in cells if cell[:1] in tuple("=+-@\t\r")]
    assert "'+1+cmd|' /C calc'!A0" in cells
    assert "'\t=1+1" in cells


def test_16_headings_of_the_standard_are_read(case):
    report = readings(*case("16"))
    assert (report.rejected, report.readings) == (0, 2)


@pytest.mark.parametrize(
    "heading", ["采样时间(GMT+0800)", "采样时间（UTC+8）", "采样时间(utc+08:00)"]
)
def test_16_beijing_time_may_be_named(heading):
    raw = f"断面名称,{heading},氨氮\n两河口,2026-05-07 10:00,0.5\n"
    assert readings(raw.encode()).readings == 1


@pytest.mark.parametrize("heading", ["采样时间(GMT+0900)", "采样时间(UTC-8)", "采样时间(UTC+80)"])
def test_16_another_time_is_refused(heading):
    raw = f"断面名称,{heading},氨氮\n两河口,2026-05-07 10:00,0.5\n"
    with pytest.raises(FileError, match="应为北京时间"):
        readings(raw.encode())


def test_16_a_wrong_unit_beside_a_way_of_counting_is_the_one_named():
    raw = "断面名称,采样时间,氨氮（μg/L，以N计）\n两河口,2026-05-07 10:00,0.5\n"
    with pytest.raises(FileError, match="的单位是“μg/l”"):
        readings(raw.encode())


@pytest.mark.parametrize(
    ("text", "value"), [("5E-05", "0.00005"), ("1.25E+07", "12500000"), ("1.25e7m³", "12500000")]
)
def test_small_and_large_exponents_are_read(text, value):
    assert figures(one_figure(text), "x.csv")[0][1] == Decimal(value).normalize()


def test_rows_of_an_opening_are_numbered_as_the_sheet_shows_them():
    sheet = [[], ["台账移交"], [], OPENING, (), ("500155", "NONE", 1, "")]
    assert "第 6 行：没有编码或名称为“NONE”的协议" in opening_refused(
        workbook(("期初", sheet)), "期初.xlsx"
    )


def test_the_command_tells_every_fault_of_an_opening_as_json(capsys):
    (path,) = CASES.glob("12-*")
    with pytest.raises(SystemExit):
        call_command("import_opening_balances", str(path), "--on", "2023-12-31", "--json")
    (wrong,) = json.loads(capsys.readouterr().out)["errors"]
    assert "都是零" in wrong["message"]


@pytest.mark.parametrize(
    ("heading", "text", "doubted"),
    [
        ("总磷", "999", True),
        ("总磷", "999.9", True),
        ("总磷", "9999.00", True),
        ("总磷", "9,999", True),
        ("浊度(NTU)", "999.9", True),
        ("总磷", "99.9", False),
        ("总磷", "9990", False),
        ("总磷", "998.9", False),
        ("电导率", "999", False),
        ("电导率", "9999", True),
        ("藻密度", "9999", False),
    ],
)
def test_a_fill_value_is_kept_in_doubt_and_said(heading, text, doubted):
    raw = f'断面名称,采样时间,{heading}\n两河口,2026-05-04 10:00,"{text}"\n'.encode()
    report = readings(raw)
    assert (report.rejected, report.stored) == (0, 1)
    assert Reading.objects.get().flag == ("Q" if doubted else "N")
    assert [(e.row, e.value) for e in report.doubted] == (
        [(2, text.replace(",", ""))] if doubted else []
    )


def test_a_doubt_that_was_judged_stays_judged_when_the_file_comes_again():
    raw = "断面名称,采样时间,总磷\n两河口,2026-05-04 10:00,999\n".encode()
    readings(raw)
    assert readings(raw).duplicate == 1
    assert Reading.objects.get().flag == "Q"
    Reading.objects.update(flag="N")  # 数据审核: 有效
    assert readings(raw).duplicate == 1
    assert Reading.objects.get().flag == "N"
    readings(raw.replace(b"999", b"0.2"))
    assert (Reading.objects.get().value, Reading.objects.get().flag) == (Decimal("0.2"), "N")
