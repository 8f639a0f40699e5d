"""Readings files: recognised or refused as a whole, then row by row."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitoring.protocols.layouts import (
    EmptyRow,
    FileError,
    ParsedRow,
    RejectedRow,
    Value,
    open_layout,
)

NOW = datetime(2026, 3, 1, 4, tzinfo=UTC)
HEADINGS = [
    "省份", "流域", "断面名称", "监测时间", "水质类别", "水温(℃)",
    "pH(无量纲)", "溶解氧(mg/L)", "电导率(μS/cm)", "浊度(NTU)",
    "高锰酸盐指数(mg/L)", "氨氮(mg/L)", "总磷(mg/L)", "总氮(mg/L)",
    "叶绿素α(mg/L)", "藻密度(cells/L)", "站点情况",
]  # fmt: skip
SAMPLE = [
    "某省", "某流域", "甲断面", "04-01 08:00", "Ⅱ", "15.1", "8.11", "8.95", "436.7",
    "2.8", "0.96", "0.086", "0.038", "2.54", "*", "*", "正常",
]  # fmt: skip
NOTHING = dict.fromkeys(HEADINGS[5:16], "--")


def national(*changes, headings=HEADINGS):
    """A file in the layout of the national release; each change is one row."""
    rows = [",".join(headings)]
    for change in changes or ({},):
        rows.append(",".join((dict(zip(HEADINGS, SAMPLE, strict=True)) | change).values()))
    return "\n".join(rows)


def wide(heading, *cells):
    """A one-column-of-interest sheet: a section, a time and that column."""
    return "\n".join([f"断面名称,采样时间,{heading}", *(f"甲,2023-01-05 08:00,{c}" for c in cells)])


def opened(text, year=2021, encoding="utf-8", **options):
    raw = text if isinstance(text, bytes) else text.encode(encoding)
    return open_layout(raw, year=year, now=NOW, **options)


def rows(text, **options):
    return list(opened(text, **options).rows())


def row(text, **options):
    (only,) = rows(text, **options)
    return only


def refusal(text, **options):
    with pytest.raises(FileError) as caught:
        opened(text, **options)
    return str(caught.value)


def errors(text, **options):
    rejected = row(text, **options)
    assert isinstance(rejected, RejectedRow)
    return {error.field: error.message for error in rejected.errors}


def value_of(cell, heading="氨氮"):
    parsed = row(wide(heading, f'"{cell}"'))
    assert isinstance(parsed, ParsedRow), parsed
    return parsed.values[0]


def time_of(cell, **options):
    parsed = row(f'断面名称,采样时间,氨氮\n甲,"{cell}",0.2', **options)
    assert isinstance(parsed, ParsedRow), parsed
    return parsed.sampled_at


def time_error(cell, **options):
    return errors(f'断面名称,采样时间,氨氮\n甲,"{cell}",0.2', **options)["采样时间"]


# --- the national release -------------------------------------------------------------


def test_a_national_row_becomes_a_sample():
    parsed = row(national())
    assert parsed.row == 2
    assert parsed.section == ("某省", "某流域", "甲断面", None)
    assert parsed.sampled_at == datetime(2021, 4, 1, tzinfo=UTC)
    assert (parsed.origin, parsed.flag, parsed.official_class) == ("automatic", "N", "Ⅱ")
    assert Value("NH3-N", Decimal("0.086"), False) in parsed.values
    assert [v.indicator for v in parsed.values] == [
        "WT", "pH", "DO", "EC", "TURB", "CODMn", "NH3-N", "TP", "TN",
    ]  # fmt: skip
    assert parsed.text == tuple(SAMPLE)


def test_a_value_keeps_the_decimals_it_was_written_with():
    parsed = row(national({"高锰酸盐指数(mg/L)": "2.90"}))
    assert str(parsed.values[5].value) == "2.90"


def test_chlorophyll_and_algae_are_read_where_a_lake_has_them():
    parsed = row(national({"叶绿素α(mg/L)": "0.028", "藻密度(cells/L)": "556148"}))
    assert parsed.values[-2:] == (
        Value("Chla", Decimal("0.028"), False),
        Value("algae", Decimal(556148), False),
    )


@pytest.mark.parametrize(
    ("state", "flag"), [("正常", "N"), ("维护", "M"), ("不具备运行条件", "D"), ("停站", "F")]
)
def test_the_state_of_the_station_is_the_flag_of_the_row(state, flag):
    assert row(national({"站点情况": state})).flag == flag


@pytest.mark.parametrize("state", ["检修", "", "N"])
def test_an_unknown_state_is_rejected_with_the_known_ones(state):
    assert "正常、维护、不具备运行条件、停站" in errors(national({"站点情况": state}))["站点情况"]


def test_a_station_that_did_not_run_gives_an_empty_row():
    stopped = row(national({"监测时间": "*", "水质类别": "*", "站点情况": "维护"} | NOTHING))
    assert isinstance(stopped, EmptyRow)
    assert (stopped.section.name, stopped.sampled_at) == ("甲断面", None)
    assert "没有监测时间" in stopped.reason


def test_a_time_without_any_value_gives_an_empty_row_with_the_time():
    silent = row(national(NOTHING))
    assert isinstance(silent, EmptyRow)
    assert silent.sampled_at == datetime(2021, 4, 1, tzinfo=UTC)


def test_values_without_a_time_are_rejected_not_lost():
    assert "没有监测时间" in errors(national({"监测时间": "*"}))["监测时间"]


def test_national_times_need_a_year():
    assert "--year" in refusal(national(), year=None)


def test_a_year_in_the_cell_needs_none_from_outside():
    parsed = row(national({"监测时间": "2020-12-31 20:00"}), year=None)
    assert parsed.sampled_at == datetime(2020, 12, 31, 12, tzinfo=UTC)


def test_one_year_holds_for_all_rows_across_new_year():
    first, second = rows(national({"监测时间": "12-31 20:00"}, {"监测时间": "01-01 12:00"}))
    assert (first.sampled_at.year, second.sampled_at.year) == (2021, 2021)


def test_29_february_2021_is_rejected_by_name():
    assert "2021年没有2月29日" in errors(national({"监测时间": "02-29 08:00"}))["监测时间"]


def test_29_february_2024_is_a_day():
    parsed = row(national({"监测时间": "02-29 08:00"}), year=2024)
    assert parsed.sampled_at == datetime(2024, 2, 29, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "numeral"), [("劣Ⅴ", "劣Ⅴ"), ("劣V", "劣Ⅴ"), ("III", "Ⅲ"), ("Ⅳ类", "Ⅳ"), ("*", None)]
)
def test_the_official_class_is_one_of_six_numerals_or_none(text, numeral):
    assert row(national({"水质类别": text})).official_class == numeral


def test_an_unknown_official_class_is_rejected():
    assert "劣Ⅴ" in errors(national({"水质类别": "Ⅶ"}))["水质类别"]


def test_all_errors_of_a_row_come_at_once():
    wrong = errors(
        national(
            {"监测时间": "13-01 08:00", "pH(无量纲)": "77", "氨氮(mg/L)": "-0.2", "断面名称": ""}
        )
    )
    assert set(wrong) == {"监测时间", "pH(无量纲)", "氨氮(mg/L)", "断面名称"}


def test_an_error_says_row_field_value_and_remedy():
    (error,) = row(national({"氨氮(mg/L)": "-0.2"})).errors
    assert (error.row, error.field, error.value) == (2, "氨氮(mg/L)", "-0.2")
    assert error.message == "浓度不能为负；仪器故障请填“--”，未检出请填“<0.025”。"
    assert "第 2 行" in str(error)


# --- files refused as a whole ---------------------------------------------------------


@pytest.mark.parametrize("raw", [b"", b"\n\n", b"\xef\xbb\xbf", b"  \r\n"])
def test_an_empty_file_is_refused(raw):
    assert "空" in refusal(raw)


@pytest.mark.parametrize(
    ("raw", "kind"),
    [
        (b"%PDF-1.7", "PDF"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "XLS"),
        (b"a,b\x00c", "空字节"),
        (b"a,b\x01c", "U+0001"),
    ],
)
def test_a_file_that_is_not_text_is_refused_and_told_to_be_csv(raw, kind):
    message = refusal(raw)
    assert kind in message
    assert "CSV UTF-8" in message


def test_a_torn_workbook_is_refused_in_words():
    assert "打不开这份 XLSX" in refusal(b"PK\x03\x04....")


def test_an_encoding_nobody_knows_is_refused():
    assert "编码" in refusal(b"\xff\x20\xff,\xff")


def test_utf8_cut_in_the_middle_of_a_character_is_not_read_as_gbk():
    cut = national({}, {"断面名称": "乙断面"}).encode().replace("乙".encode(), b"\xe4\xb9")
    message = refusal(cut)
    assert "第 3 行" in message
    assert "UTF-8" in message


def test_the_refusal_begins_with_the_name_of_the_file():
    assert refusal(b"", filename="四月.csv").startswith("四月.csv：")


def test_headings_alone_are_refused():
    assert "没有数据行" in refusal(",".join(HEADINGS) + "\n\n")


def test_wrong_columns_name_the_unknown_the_missing_and_the_expected():
    message = refusal("甲,乙\n1,2")
    assert "不认识的列：甲、乙" in message
    assert "缺少列：断面名称（或断面编码）、采样时间、监测指标" in message
    assert "每行一个样品" in message


def test_a_national_file_without_a_parameter_is_refused_by_its_name():
    cut = [",".join(line.split(",")[:11] + line.split(",")[12:]) for line in national().split("\n")]
    message = refusal("\n".join(cut))
    assert "缺少列：氨氮" in message
    assert "国家站" in message


def test_a_national_file_without_the_station_state_is_not_taken_for_normal():
    cut = "\n".join(line.rpartition(",")[0] for line in national().split("\n"))
    assert "缺少列：站点情况" in refusal(cut)


@pytest.mark.parametrize(
    "heading", ["氨氮(μg/L)", "氨氮（ug/l）", "溶解氧(%)", "粪大肠菌群(万个/L)"]
)
def test_another_unit_is_refused_not_scaled(heading):
    message = refusal(wide(heading, "1"))
    assert "不自动换算" in message
    assert heading in message
    assert "缺少列：氨氮" not in message


def test_a_heading_in_utc_is_refused():
    assert "北京时间" in refusal("断面,采样时间(UTC),氨氮\n甲,2023-01-05,0.2")


def test_two_headings_of_one_meaning_are_refused():
    message = refusal("断面名称,时间,氨氮,NH3-N\n甲,2023-01-05,0.2,0.3")
    assert "重复" in message
    assert "氨氮" in message
    assert "NH3-N" in message


def test_a_column_without_heading_is_refused_by_number():
    assert "第 3 列没有标题" in refusal("断面名称,时间,,氨氮\n甲,2023-01-05,x,0.2")


def test_an_unclosed_quotation_mark_is_refused_where_it_stands():
    message = refusal(wide("氨氮", "0.1", '"0.2', "0.3"))
    assert "第 3 行" in message
    assert "引号" in message


def test_a_giant_cell_is_refused_with_its_row():
    assert "第 2 行" in refusal(wide("氨氮", "1" * 200_000))


# --- encodings, delimiters, lines -----------------------------------------------------


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
def test_the_same_file_reads_the_same_in_every_encoding(encoding):
    file = opened(national(), encoding=encoding)
    assert (file.layout, file.encoding, file.total_rows) == ("national", encoding, 1)
    assert list(file.rows()) == rows(national())


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_cells_may_be_parted_by_comma_semicolon_or_tab(delimiter):
    file = opened(national().replace(",", delimiter))
    assert file.delimiter == delimiter
    assert list(file.rows()) == rows(national())


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_lines_may_end_in_any_way(end):
    assert rows(national({}, {}).replace("\n", end)) == rows(national({}, {}))


def test_rows_are_numbered_as_in_excel_and_blank_ones_count_as_nothing():
    text = "\n" + wide("备注,氨氮", '"两\n行",0.1') + "\n\n,,,\n甲,2023-01-06,,0.2\n"
    file = opened(text)
    assert file.total_rows == 2
    assert [r.row for r in file.rows()] == [3, 6]


def test_rows_can_be_read_again():
    file = opened(national())
    assert list(file.rows()) == list(file.rows())


def test_too_few_cells_reject_the_row_alone():
    short, whole = rows("断面名称,时间,氨氮\n甲,2023-01-05\n甲,2023-01-05,0.2")
    assert "只有 2 个单元格" in short.errors[0].message
    assert isinstance(whole, ParsedRow)


def test_too_many_cells_reject_the_row():
    assert "多于" in errors("断面名称,时间,氨氮\n甲,2023-01-05,0.2,7")["整行"]


def test_empty_cells_beyond_the_last_column_do_no_harm():
    assert isinstance(row("断面名称,时间,氨氮,,\n甲,2023-01-05,0.2,,"), ParsedRow)


def test_a_quoted_cell_may_hold_the_delimiter():
    assert row('断面名称,时间,氨氮\n"甲,乙",2023-01-05,0.2').section.name == "甲,乙"


# --- the wide layout ------------------------------------------------------------------


@pytest.mark.parametrize(
    "heading",
    ["氨氮", "氨氮(mg/L)", "氨氮（mg/L）", "NH3-N", "nh3-n [mg/l]", "氨氮(NH3-N)(mg/L)", "w21003",
     "W21003", "氨氮 (以N计)", "氨氮【毫克/升】"],
)  # fmt: skip
def test_ammonia_is_known_by_all_its_names(heading):
    assert value_of("0.2", heading) == Value("NH3-N", Decimal("0.2"), False)


@pytest.mark.parametrize(
    ("heading", "code"),
    [("铬(六价)(mg/L)", "Cr6"), ("水温（℃）", "WT"), ("电导率(µS/cm)", "EC"), ("pH值", "pH"),
     ("粪大肠菌群(MPN/L)", "FC"), ("CODcr", "COD"), ("CODMn", "CODMn"),
     ("硫酸盐(以SO42-计)", "sulfate"),
     ("叶绿素a(mg/L)", "Chla")],
)  # fmt: skip
def test_a_heading_names_its_indicator(heading, code):
    assert value_of("7", heading).indicator == code


def test_english_headings_are_read():
    parsed = row("section_code,section,province,sampled_at,origin,flag,NH3-N,remark\n"
                 "A1,Jia,Chongqing,2023-01-05T08:00,manual,S,0.2,ok")  # fmt: skip
    assert parsed.section == ("Chongqing", None, "Jia", "A1")
    assert (parsed.origin, parsed.flag) == ("manual", "S")


def test_a_code_alone_names_the_section():
    assert row("断面编码,时间,氨氮\nA1,2023-01-05,0.2").section == (None, None, "", "A1")


def test_a_row_without_section_is_rejected():
    assert "没有断面" in errors("断面编码,断面名称,时间,氨氮\n,--,2023-01-05,0.2")["断面名称"]


def test_a_garbled_section_name_is_rejected():
    assert "乱码" in errors("断面名称,时间,氨氮\n\ufffd\ufffd,2023-01-05,0.2")["断面名称"]


@pytest.mark.parametrize(
    ("word", "origin"),
    [
        ("自动", "automatic"),
        ("手工", "manual"),
        ("联合", "joint"),
        ("留样", "reserve"),
        ("", "manual"),
    ],
)
def test_the_origin_of_a_sample(word, origin):
    assert row(f"断面,时间,来源,氨氮\n甲,2023-01-05,{word},0.2").origin == origin


def test_an_unknown_origin_is_rejected():
    assert "自动、手工" in errors("断面,时间,来源,氨氮\n甲,2023-01-05,估计,0.2")["来源"]


@pytest.mark.parametrize(
    ("word", "flag"), [("M", "M"), ("维护", "M"), ("停站", "F"), ("", "N"), ("2F", "2F")]
)
def test_the_flag_of_a_sample(word, flag):
    assert row(f"断面,时间,数据标识,氨氮\n甲,2023-01-05,{word},0.2").flag == flag


@pytest.mark.parametrize(("word", "says"), [("sc", "质控"), ("X", "N 正常"), ("n", "N 正常")])
def test_a_flag_that_is_none_is_rejected(word, says):
    assert says in errors(f"断面,时间,数据标识,氨氮\n甲,2023-01-05,{word},0.2")["数据标识"]


# --- times ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "cell",
    ["2023-01-05 08:00", "2023-01-05 08:00:00", "2023/1/5 8:00", "2023年1月5日 8时",
     "2023年1月5日8时0分",
     "2023-01-05T08:00:00+08:00", "2023-01-05T00:00Z", "2023-01-04T23:00-0100",
     "２０２３-01-05 08:00",
     " 2023.1.5 8:00 ", "2023-01-05T08:00:00.000"],
)  # fmt: skip
def test_a_moment_may_be_written_in_many_ways(cell):
    assert time_of(cell) == datetime(2023, 1, 5, tzinfo=UTC)


def test_a_date_alone_is_its_midnight_in_beijing():
    assert time_of("2023-01-05") == datetime(2023, 1, 4, 16, tzinfo=UTC)


def test_24_00_is_the_next_midnight():
    assert time_of("2023-01-31 24:00") == datetime(2023, 1, 31, 16, tzinfo=UTC)


@pytest.mark.parametrize(
    ("cell", "says"),
    [("2023-02-30", "2023年没有2月30日"), ("2023-13-01", "没有 13 月"), ("1979-12-31", "1980"),
     ("2023-01-05 25:00", "时刻"), ("2023-01-05 24:01", "时刻"), ("2023-01-05 08:60", "时刻"),
     ("44931.33", "格式"), ("昨天", "格式"), ("2023-01-108", "格式"), ("2023-01-05-08", "格式"),
     ("2023-01-05T08:00+99:00", "时区"), ("9999-12-31 24:00", "年份"), ("4.01", "格式")],
)  # fmt: skip
def test_a_time_that_is_none_is_rejected(cell, says):
    assert says in time_error(cell)


def test_the_future_is_rejected_but_a_clock_an_hour_ahead_is_not():
    assert time_of("2026-03-01 13:00") == datetime(2026, 3, 1, 5, tzinfo=UTC)
    assert "晚于现在" in time_error("2026-03-01 13:01")


def test_a_given_year_that_makes_the_future_is_named_as_the_cause():
    assert "和所指明的年份" in errors(national(), year=2027)["监测时间"]


def test_a_wide_time_without_a_year_rejects_only_its_row():
    assert "年份" in time_error("01-05 08:00", year=None)


# --- values ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("cell", "number"),
    [("0.2", "0.2"), (" ０.２ ", "0.2"), ("1,234.5", "1234.5"), ("12,345", "12345"),
     ("1.2E+3", "1200"),
     (".5", "0.5"), ("0", "0"), ("+1", "1")],
)  # fmt: skip
def test_a_number_may_be_written_in_many_ways(cell, number):
    assert value_of(cell).value == Decimal(number)


@pytest.mark.parametrize(
    "cell", ["0.025L", "<0.025", "＜0.025", "0.025 l", "０.０２５Ｌ", "<0.025L"]
)
def test_below_the_detection_limit(cell):
    assert value_of(cell) == Value("NH3-N", Decimal("0.025"), True)


@pytest.mark.parametrize(
    ("cell", "flag"),
    [("0.31(M)", "M"), ("0.31 (m)", "M"), ("0.31（Ｍ）", "M"), ("0.31(SN)", "SN"), ("0.31(2F)", "2F"),
     ("0.31(2hd)", "2hd"), ("0.31(1xY)", "1xY")],
)  # fmt: skip
def test_a_value_may_carry_its_own_flag(cell, flag):
    assert value_of(cell) == Value("NH3-N", Decimal("0.31"), False, flag)


@pytest.mark.parametrize("cell", ["0.31(15)", "0.31(2)", "0.31(3F)", "0.31(sn)", "0.31(2hdxy)"])
def test_what_is_no_flag_of_any_version_is_no_number(cell):
    assert "不是数" in errors(wide("氨氮", cell))["氨氮"]


@pytest.mark.parametrize("cell", ["--", "*", "", "－－", "—", "/"])
def test_missing_is_no_value(cell):
    assert isinstance(row(wide("氨氮", cell)), EmptyRow)


def test_water_may_be_below_zero_but_not_far():
    assert value_of("-0.5", "水温").value == Decimal("-0.5")
    assert "不可能低于 -5" in errors(wide("水温", "-5.1"))["水温"]


@pytest.mark.parametrize(
    ("heading", "cell", "says"),
    [("氨氮", "-0.2", "不能为负"), ("pH", "77", "0–14"), ("pH", "-1", "0–14"),
     ("pH", "14.01", "0–14"),
     ("溶解氧", "50.1", "高于 50"), ("水温", "61", "高于 60"), ("氨氮", "100001", "高于 100000"),
     ("氨氮", "-99", "缺测代码"), ("水温", "-999.0", "缺测代码"), ("氨氮", "NaN", "不是数"),
     ("氨氮", "inf", "不是数"), ("氨氮", "sNaN", "不是数"), ("氨氮", "1_0", "不是数"),
     ("氨氮", "٣", "不是数"),
     ("氨氮", "0.3mg/L", "单位写在列标题"), ("氨氮", "未检出", "0.025L"), ("氨氮", "0L", "大于 0"),
     ("pH", "7L", "没有检出限"), ("氨氮", "0.123456789", "位数"), ("氨氮", "1e-9", "位数"),
     ("氨氮", "1e99999", "不是数"), ("氨氮", "9" * 50, "不是数"), ("藻密度", "1E12", "高于"),
     ("氨氮", '"1,23"', "逗号"), ("氨氮", '"0,213"', "逗号"), ("氨氮", "0.3(X)", "数据标识")],
)  # fmt: skip
def test_a_value_that_cannot_be_is_rejected(heading, cell, says):
    assert says in errors(wide(heading, cell))[heading]


def test_zeros_behind_the_eighth_decimal_are_no_digits():
    assert value_of("0.2000000000").value == Decimal("0.2")


def test_a_decimal_comma_is_refused_not_taken_for_thousands():
    assert "逗号" in errors("断面;时间;氨氮\n甲;2023-01-05;1,250")["氨氮"]


# --- anything at all ------------------------------------------------------------------


def _reads_or_refuses(raw, year):
    try:
        file = open_layout(raw, year=year, now=NOW)
    except FileError:
        return
    seen = list(file.rows())
    assert len(seen) == file.total_rows > 0
    assert all(isinstance(r, ParsedRow | EmptyRow | RejectedRow) for r in seen)
    assert all(r.errors for r in seen if isinstance(r, RejectedRow))


@settings(deadline=None)
@given(st.binary(max_size=300), st.sampled_from([None, 2021]))
def test_any_bytes_are_read_or_refused(raw, year):
    _reads_or_refuses(raw, year)


CELLS = st.one_of(
    st.text(max_size=12),
    st.from_regex(r"[0-9<L.,eE+\-()N]{0,10}", fullmatch=True),
    st.from_regex(r"\d{1,4}[-/年]\d{1,3}[-/月]\d{1,3}[ T日]?[0-9:时ZT+\-]{0,8}", fullmatch=True),
    st.sampled_from(["--", "*", "甲", "正常", "Ⅱ", '"', "\n", "04-01 08:00", "手工"]),
)  # fmt: skip


@settings(max_examples=100, deadline=None)
@given(st.lists(st.lists(CELLS, min_size=3, max_size=6), min_size=1, max_size=5),
       st.sampled_from([",", ";", "\t"]), st.sampled_from(["utf-8", "gb18030", "utf-16"]),
       st.sampled_from([None, 2021, 0, 9999]))  # fmt: skip
def test_any_cells_under_good_headings_are_read_or_refused(table, delimiter, encoding, year):
    lines = [
        delimiter.join(cells) for cells in [["断面", "时间", "氨氮", "数据标识", "来源"], *table]
    ]
    _reads_or_refuses("\n".join(lines).encode(encoding), year)


@settings(max_examples=100, deadline=None)
@given(st.lists(st.dictionaries(st.sampled_from(HEADINGS), CELLS), min_size=1, max_size=4))
def test_any_cells_in_a_national_row_are_read_or_refused(changes):
    _reads_or_refuses(national(*changes).encode(), 2021)


@settings(deadline=None)
@given(st.decimals(min_value=0, max_value=1000, places=3))
def test_a_concentration_comes_back_as_it_was_written(number):
    assert value_of(format(number, "f")).value == number


@pytest.mark.parametrize("thousands", [20, pytest.param(100, marks=pytest.mark.long)])
def test_tens_of_thousands_of_rows_are_all_read(thousands):
    changes = [
        {"断面名称": f"断面{n % 97}", "监测时间": f"04-{n % 28 + 1:02} {n % 6 * 4:02}:00",
         "氨氮(mg/L)": f"{n % 2003 / 1000:.3f}", "电导率(μS/cm)": f"{n % 9001 / 10:.1f}"}
        for n in range(1000)
    ]  # fmt: skip
    heading, body = national(*changes).split("\n", 1)
    raw = "\n".join([heading, *([body] * thousands)]).encode()
    parsed = sum(isinstance(r, ParsedRow) for r in opened(raw).rows())
    assert parsed == thousands * 1000
