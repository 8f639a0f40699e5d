"""Files as people keep them: several sheets, titles above the headings, long tables, a sheet a month."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from monitoring.protocols.layouts import (
    EmptyRow,
    FileError,
    ParsedRow,
    RejectedRow,
    Way,
    open_layout,
    read_mapping,
    seen_sheets,
)
from tests.written.workbooks import workbook

NOW = datetime(2026, 3, 1, 4, tzinfo=UTC)
WIDE = ["断面名称", "采样时间", "氨氮(mg/L)", "总磷(mg/L)"]
EIGHT = datetime(2024, 1, 5, tzinfo=UTC)  # 5 January 2024, 08:00 here


def opened(raw, **options):
    raw = raw.encode() if isinstance(raw, str) else raw
    return open_layout(raw, now=NOW, **options)


def rows(raw, **options):
    return list(opened(raw, **options).rows())


def refusal(raw, **options):
    with pytest.raises(FileError) as caught:
        opened(raw, **options)
    return str(caught.value)


def mapped(said, **options) -> Way:
    return Way(read_mapping(said), **options)


# --- workbooks ------------------------------------------------------------------------


def test_each_sheet_of_a_workbook_is_read_in_its_own_layout():
    file = opened(
        workbook(
            ("说明", [["本表由监测站填报"], ["如有疑问请致电"]]),
            ("宽", [WIDE, ["甲", "2024-01-05 08:00", 0.12, 0.05]]),
            ("长", [["断面", "时间", "项目", "数值"], ["甲", "2024-01-05 08:00", "氨氮", 0.3]]),
        )
    )
    assert [(s.name, s.layout, s.total_rows) for s in file.sheets] == [
        ("宽", "wide", 1),
        ("长", "long", 1),
    ]
    assert (file.layout, file.unread) == ("mixed", ("工作表“说明”",))
    assert [(r.sheet, r.row, r.values[0].value) for r in file.rows()] == [
        ("宽", 2, Decimal("0.12")),
        ("长", 2, Decimal("0.3")),
    ]


def test_a_date_cell_and_a_number_cell_are_what_the_spreadsheet_shows():
    at = (45296.333333333336, "yyyy-mm-dd hh:mm")
    (row,) = rows(workbook(("a", [WIDE, ["甲", at, 0.1 + 0.2, "<0.01"]])))
    assert row.sampled_at == EIGHT
    assert [(v.value, v.below_limit) for v in row.values] == [
        (Decimal("0.3"), False),
        (Decimal("0.01"), True),
    ]


def test_blank_cells_at_the_end_of_a_workbooks_row_are_no_fault():
    (row,) = rows(workbook(("a", [WIDE, ["甲", "2024-01-05 08:00", 0.1]])))
    assert isinstance(row, ParsedRow)


def test_a_hidden_sheet_with_data_is_refused_by_name():
    raw = workbook(("a", [WIDE, ["甲", "2024-01-05", 1, 1]]), ("旧", [["x"]]), hidden=["旧"])
    assert "工作表“旧”是隐藏的" in refusal(raw)
    assert opened(raw, way=mapped({"旧": "ignore"})).unread == ("工作表“旧”",)


def test_a_workbook_without_readings_names_its_sheets():
    raw = workbook(("人员", [["姓名", "电话"], ["甲", "1"]]), ("车辆", [["车牌"], ["渝A"]]))
    assert "“人员”、“车辆”" in refusal(raw)


def test_a_wrong_heading_names_its_sheet():
    raw = workbook(
        ("一", [WIDE, ["甲", "2024-01-05", 1, 1]]),
        ("二", [[*WIDE, "透明度"], ["甲", "2024-01-05", 1, 1, 1]]),
    )
    assert "工作表“二”" in refusal(raw)
    assert "不认识的列：透明度" in refusal(raw)


# --- a sheet a month ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "cell", "year"),
    [
        ("2024年1月", 5, None),
        ("2024-01", "5日", None),
        ("1月", "05", 2024),
        ("一月份", "5日", 2024),
        ("2024年1月", "01-05", 2023),
    ],
)
def test_the_name_of_a_sheet_says_month_and_year_of_its_days(name, cell, year):
    raw = workbook((name, [["断面", "日期", "时间", "氨氮"], ["甲", cell, "08:00", 0.1]]))
    (row,) = rows(raw, year=year)
    assert row.sampled_at == EIGHT


def test_a_year_that_nobody_says_is_asked_for_not_guessed():
    raw = workbook(("1月", [["断面", "日", "氨氮"], ["甲", 5, 0.1]]))
    assert "请指明年份" in refusal(raw)


def test_a_day_of_another_month_than_the_sheets_is_rejected():
    raw = workbook(("2023年12月", [["断面", "时间", "氨氮"], ["甲", "01-01 00:00", 0.1]]))
    (row,) = rows(raw)
    assert "不在工作表名所说的 2023年12月" in row.errors[0].message


def test_whole_dates_stand_whatever_the_sheet_is_called():
    raw = workbook(("2023年12月", [["断面", "时间", "氨氮"], ["甲", "2024-01-05 08:00", 0.1]]))
    assert rows(raw)[0].sampled_at == EIGHT


def test_a_day_alone_without_a_month_says_what_is_missing():
    assert "没有月份" in rows("断面,日期,氨氮\n甲,5,0.1")[0].errors[0].message


# --- headings -------------------------------------------------------------------------


def test_a_title_above_and_units_below_the_headings_are_no_rows():
    file = opened(
        "2024年1月水质监测结果,,,\n,,,\n断面,时间,氨氮,pH\n,,mg/L,无量纲\n甲,2024-01-05 08:00,0.1,7\n"
    )
    (row,) = file.rows()
    assert (row.row, row.sampled_at, file.total_rows) == (5, EIGHT, 1)


def test_another_unit_below_a_heading_is_refused_not_scaled():
    assert "不自动换算" in refusal("断面,时间,氨氮,总磷\n,,μg/L,mg/L\n甲,2024-01-05,100,1\n")


def test_another_unit_in_the_title_is_refused_not_overlooked():
    text = "水质监测结果（单位：μg/L）,,\n断面,时间,氨氮\n甲,2024-01-05,100\n"
    assert "不自动换算" in refusal(text)


def test_day_and_hour_may_stand_in_two_columns():
    first, second = rows(
        "断面,监测日期,监测时间,氨氮\n甲,2024-01-05,8:00,0.1\n甲,2024-01-05,--,0.1\n"
    )
    assert first.sampled_at == EIGHT
    assert second.sampled_at == datetime(2024, 1, 4, 16, tzinfo=UTC)


def test_running_numbers_and_columns_of_an_error_sheet_are_passed_over():
    file = opened("序号,断面,时间,氨氮,行号,字段,原因与改法\n1,甲,2024-01-05,0.1,7,氨氮,不是数\n")
    assert file.unread == ("序号", "行号", "字段", "原因与改法")
    assert file.mapping == {"断面": "name", "时间": "time", "氨氮": "NH3-N"}


# --- long tables ----------------------------------------------------------------------

LONG = "断面名称,采样时间,监测项目,监测值,单位\n"


def test_a_row_of_a_long_table_is_one_value():
    found = rows(LONG + "甲,2024-01-05 08:00,氨氮,0.025L,mg/L\n甲,2024-01-05 08:00,pH,7.9,无量纲\n")
    assert [(r.values[0].indicator, r.values[0].below_limit) for r in found] == [
        ("NH3-N", True),
        ("pH", False),
    ]


@pytest.mark.parametrize(
    ("line", "field", "words"),
    [
        ("甲,2024-01-05,透明度,30,cm", "监测项目", "不认识的指标"),
        ("甲,2024-01-05,氨氮,100,μg/L", "单位", "不自动换算"),
        ("甲,2024-01-05,氨氮(μg/L),100,", "监测项目", "不自动换算"),
        ("甲,2024-01-05,氨氮,约0.1,mg/L", "监测值", "不是数"),
        ("甲,2024-01-05,,0.1,mg/L", "监测项目", "没有指标名称"),
    ],
)
def test_a_bad_value_of_a_long_table_is_rejected_by_its_field(line, field, words):
    (row,) = rows(LONG + line)
    assert isinstance(row, RejectedRow)
    assert (row.errors[0].field, words in row.errors[0].message) == (field, True)


def test_a_missing_value_of_a_long_table_is_an_empty_row():
    (row,) = rows(LONG + "甲,2024-01-05,氨氮,--,mg/L\n")
    assert isinstance(row, EmptyRow)


def test_the_unit_may_stand_behind_the_heading_of_the_values():
    text = "断面,时间,项目,浓度(μg/L)\n甲,2024-01-05,氨氮,100\n"
    assert "不自动换算" in rows(text)[0].errors[0].message


# --- a sender's way -------------------------------------------------------------------

OWN = "测点,取样,NH3浓度,内部号\n甲,2024-01-05 08:00,0.1,K7\n"


def test_a_mapping_says_what_a_senders_headings_mean():
    way = mapped(
        {
            "测点": "断面名称",
            "取样": "time",
            "NH3浓度": {"as": "NH3-N", "unit": "mg/L"},
            "内部号": "ignore",
        }
    )
    file = opened(OWN, way=way)
    (row,) = file.rows()
    assert (row.section.name, row.values[0].value) == ("甲", Decimal("0.1"))
    assert file.mapping == {"测点": "name", "取样": "time", "NH3浓度": "NH3-N"}
    assert file.unread == ("内部号",)


def test_without_its_mapping_such_a_file_is_refused():
    assert "不认识的列：测点、取样、NH3浓度、内部号" in refusal(OWN)


def test_a_mapped_heading_without_a_unit_needs_one():
    way = mapped({"测点": "name", "取样": "time", "NH3浓度": "NH3-N", "内部号": "ignore"})
    assert "没有写明单位" in refusal(OWN, way=way)


def test_a_mapping_does_not_turn_one_unit_into_another():
    said = {"氨氮(μg/L)": {"as": "NH3-N", "unit": "mg/L"}}
    assert "不自动换算" in refusal("断面,时间,氨氮(μg/L)\n甲,2024-01-05,100", way=mapped(said))


def test_a_known_column_may_be_left_unread():
    file = opened("断面,时间,氨氮,总磷\n甲,2024-01-05,0.1,0.2", way=mapped({"总磷": "忽略"}))
    assert [v.indicator for r in file.rows() for v in r.values] == ["NH3-N"]
    assert file.unread == ("总磷",)


@pytest.mark.parametrize("said", [[], {"a": "没有的"}, {"a": 1}, {"a": {"unit": "mg/L"}}])
def test_a_mapping_that_says_nothing_is_refused(said):
    with pytest.raises(FileError, match="对应关系"):
        read_mapping(said)


@pytest.mark.parametrize(
    ("cell", "form"),
    [
        ("05/01/2024 08:00", "DMY"),
        ("01/05/2024 08:00", "MDY"),
        ("202401050800", "compact"),
        ("20240105 0800", "compact"),
        ("2024-01-05 08:00", "DMY"),
    ],
)
def test_a_time_is_read_in_the_form_of_its_sender(cell, form):
    (row,) = rows(f"断面,时间,氨氮\n甲,{cell},0.1", way=Way(time_format=form))
    assert row.sampled_at == EIGHT


def test_day_and_month_in_an_order_nobody_said_are_rejected():
    (row,) = rows("断面,时间,氨氮\n甲,05/01/2024,0.1")
    assert "先后不明" in row.errors[0].message


def test_times_in_utc_are_taken_only_where_it_is_said():
    text = "断面,采样时间(UTC),氨氮\n甲,2024-01-05 00:00,0.1"
    assert "北京时间" in refusal(text)
    assert rows(text, way=Way(zone="UTC"))[0].sampled_at == EIGHT


def test_a_heading_in_another_zone_than_the_senders_is_refused():
    text = "断面,采样时间(UTC+8),氨氮\n甲,2024-01-05 00:00,0.1"
    assert "时区" in refusal(text, way=Way(zone="UTC"))


@pytest.mark.parametrize("wrong", [{"time_format": "YDM"}, {"zone": "Mars/Olympus"}])
def test_a_form_or_zone_there_is_not_is_refused(wrong):
    with pytest.raises(FileError, match="只能是"):
        Way(**wrong)


def test_a_fill_value_that_was_reviewed_elsewhere_is_not_doubted():
    text = "断面,时间,氨氮\n甲,2024-01-05,999"
    assert rows(text)[0].values[0].flag == "Q"
    assert rows(text, way=Way(reviewed=True))[0].values[0].flag is None


def test_what_a_heading_is_taken_for_can_be_asked_before_anything_is_read():
    (sheet,) = seen_sheets("断面,时间,氨氮(μg/L),透明度\n甲,2024-01-05,1,2".encode())
    assert [(h, taken) for h, taken, _ in sheet.headings] == [
        ("断面", "name"),
        ("时间", "time"),
        ("氨氮(μg/L)", ""),
        ("透明度", ""),
    ]
    assert "不自动换算" in sheet.headings[2][2]
    assert "不认识的列：透明度" in sheet.problem
