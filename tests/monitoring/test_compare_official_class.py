"""`manage.py compare_official_class` on small files made up in the released layout."""

import json
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

HEADING = (
    "省份,流域,断面名称,监测时间,水质类别,水温(℃),pH(无量纲),溶解氧(mg/L),电导率(μS/cm),"
    "浊度(NTU),高锰酸盐指数(mg/L),氨氮(mg/L),总磷(mg/L),总氮(mg/L),叶绿素α(mg/L),"
    "藻密度(cells/L),站点情况"
)


def row(official, section="甲", time="04-01 08:00", **written):
    cells = {"pH": "8.00", "DO": "8.00", "CODMn": "1.00", "NH3": "0.050", "TP": "0.005"} | written
    return (
        f"某省,某流域,{section},{time},{official},15.0,{cells['pH']},{cells['DO']},300.0,5.0,"
        f"{cells['CODMn']},{cells['NH3']},{cells['TP']},1.00,*,*,正常"
    )


@pytest.fixture
def compare(tmp_path):
    def run(*rows, options=("--json",), heading=HEADING, encoding="utf-8"):
        path = tmp_path / "readings.csv"
        path.write_bytes("\n".join([heading, *rows, ""]).encode(encoding))
        out = StringIO()
        call_command("compare_official_class", str(path), *options, stdout=out)
        return json.loads(out.getvalue()) if "--json" in options else out.getvalue()

    return run


def counts(result):
    return [
        result[key]
        for key in ("classed", "agree", "explained_rounding", "explained_lake", "unexplained")
    ]


def test_rows_with_our_class_agree(compare):
    result = compare(row("Ⅰ"), row("Ⅱ", TP="0.090"), row("劣Ⅴ", pH="9.34"), row("Ⅳ", DO="4.00"))
    assert counts(result) == [4, 4, 0, 0, 0]
    assert result["disagreements"] == []


def test_rows_without_an_official_class_are_left_out(compare):
    result = compare(row("*"), row("--"), row(""), row("-"), row("—"), row("/"), row("Ⅰ"))
    assert counts(result) == [1, 1, 0, 0, 0]


def test_a_value_that_the_import_takes_for_missing_is_missing(compare):
    assert counts(compare(row("Ⅱ", NH3="-", TP="—", CODMn="3.00"))) == [1, 1, 0, 0, 0]


def test_a_marked_value_is_refused(compare):
    with pytest.raises(CommandError, match=r"第 2 行 氨氮：.*注记“①”"):
        compare(row("Ⅱ", NH3="1.0①"))


def test_a_missing_value_takes_no_part(compare):
    assert counts(compare(row("Ⅱ", NH3="--", TP="*", CODMn="3.00"))) == [1, 1, 0, 0, 0]


def test_a_value_displayed_on_the_limit_can_be_just_above_it(compare):
    result = compare(row("Ⅰ"), row("Ⅱ", TP="0.020"))
    assert counts(result) == [2, 1, 1, 0, 0]
    assert result["disagreements"] == [
        {
            "row": 3,
            "section": "甲",
            "time": "04-01 08:00",
            "official": 2,
            "computed": 1,
            "deciding": ["pH", "DO", "CODMn", "NH3-N", "TP"],
            "reason": "显示值经过修约：总磷 0.020(真值在 0.0195–0.0205)。",
        }
    ]


def test_a_displayed_value_may_be_better_in_truth_as_well(compare):
    # Oxygen 5.995 displays as 6.00 and is III; 2.995 displays as 3.00 and is V.
    result = compare(row("Ⅲ", DO="6.00"), row("Ⅴ", DO="3.00"))
    assert counts(result) == [2, 0, 2, 0, 0]
    assert result["disagreements"][0]["reason"] == (
        "显示值经过修约：溶解氧 6.00(真值在 5.995–6.005)。"
    )


def test_ph_displayed_on_its_border_can_be_beyond_it(compare):
    assert counts(compare(row("劣Ⅴ", pH="9.00"), row("劣Ⅴ", pH="6.00"))) == [2, 0, 2, 0, 0]


def test_a_value_displayed_beyond_the_limit_is_not_explained_by_rounding(compare):
    # 0.149 is at most 0.1495, 0.151 at least 0.1505: neither reaches 0.15.
    result = compare(row("Ⅱ", NH3="0.149"), row("Ⅰ", NH3="0.151"))
    assert counts(result) == [2, 0, 0, 0, 2]
    assert result["disagreements"][1]["computed"] == 2
    assert "都不能解释" in result["disagreements"][1]["reason"]


def test_the_end_of_the_rounding_interval_counts(compare):
    # 0.2 with one decimal displayed can be 0.15 to 0.25; ammonia of class I is up to 0.15.
    assert counts(compare(row("Ⅰ", NH3="0.2"))) == [1, 0, 1, 0, 0]
    assert counts(compare(row("Ⅰ", NH3="0.3"))) == [1, 0, 0, 0, 1]


def test_the_item_that_had_to_move_is_named(compare):
    (found,) = compare(row("Ⅰ", NH3="0.2", TP="0.020"))["disagreements"]
    assert found["reason"] == "显示值经过修约：氨氮 0.2(真值在 0.15–0.25)。"


def test_rounding_cannot_undo_another_worse_item(compare):
    # Phosphorus could be II, but ammonia is IV whatever its true value.
    assert counts(compare(row("Ⅱ", TP="0.020", NH3="1.200"))) == [1, 0, 0, 0, 1]


def test_classes_that_lie_between_can_be_reached(compare):
    # One digit: 1 mg/L ammonia may be 0.5 to 1.5, classes II, III and IV.
    result = compare(row("Ⅱ", NH3="1"), row("Ⅳ", NH3="1"), row("Ⅲ", NH3="1"), row("Ⅴ", NH3="1"))
    assert counts(result) == [4, 1, 2, 0, 1]


def test_a_lake_is_explained_by_the_lake_row(compare):
    result = compare(row("Ⅳ", section="某湖", TP="0.060"))
    assert counts(result) == [1, 0, 0, 1, 0]
    assert result["disagreements"][0]["reason"] == "按湖、库总磷限值为Ⅳ类。"
    assert result["disagreements"][0]["deciding"] == ["TP"]


def test_a_lake_row_and_rounding_explain_together(compare):
    result = compare(row("Ⅱ", TP="0.010"))
    assert counts(result) == [1, 0, 0, 1, 0]
    assert result["disagreements"][0]["reason"] == (
        "按湖、库总磷限值，且显示值经过修约：总磷 0.010(真值在 0.0095–0.0105)。"
    )


def test_below_a_detection_limit_the_truth_is_anywhere_under_it(compare):
    # Half of 0.3 is II; the truth can be I.
    assert counts(compare(row("Ⅱ", NH3="0.4L"), row("Ⅰ", NH3="0.4L"))) == [2, 1, 1, 0, 0]


def test_a_row_with_a_class_but_no_values_is_unexplained(compare):
    nothing = dict.fromkeys(("pH", "DO", "CODMn", "NH3", "TP"), "--")
    result = compare(row("Ⅱ", **nothing))
    assert counts(result) == [1, 0, 0, 0, 1]
    assert result["disagreements"][0]["computed"] is None
    assert result["disagreements"][0]["deciding"] == []
    assert "没有可参评的数值" in result["disagreements"][0]["reason"]


def test_the_year_is_put_before_times_without_one(compare):
    rows = [row("Ⅱ", TP="0.020"), row("Ⅱ", TP="0.020", time="2021-04-01 08:00")]
    result = compare(*rows, options=("--json", "--year", "2021"))
    assert [each["time"] for each in result["disagreements"]] == ["2021-04-01 08:00"] * 2


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_usual_encodings_are_read(compare, encoding):
    assert counts(compare(row("Ⅰ"), encoding=encoding)) == [1, 1, 0, 0, 0]


def test_full_width_brackets_in_the_heading_are_the_same(compare):
    heading = HEADING.replace("(", "\uff08").replace(")", "\uff09")
    assert counts(compare(row("Ⅰ"), heading=heading)) == [1, 1, 0, 0, 0]


def test_blank_lines_are_passed_over_and_counted_as_lines(compare):
    assert compare("", row("Ⅱ", TP="0.020"))["disagreements"][0]["row"] == 3


def test_people_get_a_readable_summary(compare):
    text = compare(row("Ⅰ"), row("Ⅰ"), row("Ⅱ", TP="0.020"), options=())
    assert text.splitlines() == [
        "有官方类别的行：3",
        "一致：2，一致率 66.67%",
        "不一致，显示值修约可解释：1",
        "不一致，湖、库总磷限值可解释：0",
        "不一致，未能解释：0",
        "  第 4 行 甲 04-01 08:00：官方 Ⅱ类，计算 Ⅰ类"
        "(pH、溶解氧、高锰酸盐指数、氨氮、总磷)。"
        "显示值经过修约：总磷 0.020(真值在 0.0195–0.0205)。",
    ]


def test_a_long_list_is_cut_and_says_so(compare):
    lines = compare(*[row("Ⅱ", TP="0.020")] * 23, options=()).splitlines()
    assert len(lines) == 5 + 20 + 1
    assert lines[-1] == "  其余 3 行请用 --json 查看。"
    assert len(compare(*[row("Ⅱ", TP="0.020")] * 20, options=()).splitlines()) == 25


def test_a_file_without_classed_rows_has_no_percentage(compare):
    assert "一致：0\n" in compare(row("*"), options=())


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([row("Ⅰ"), row("优")], "^第 3 行 水质类别：水质类别“优”无法识别"),
        ([row("Ⅰ", TP="abc")], "^第 2 行 总磷：“abc”不是数值.*缺测请填“--”"),
        ([row("Ⅰ", DO="-99")], "^第 2 行 溶解氧：-99 不能为负；缺测请填“--”"),
        (["某省,某流域"], "^第 2 行有 2 列，首行有 17 列"),
    ],
)
def test_a_bad_row_is_named_with_its_remedy(compare, rows, message):
    with pytest.raises(CommandError, match=message):
        compare(*rows)


@pytest.mark.parametrize("year", ["abcd", "21", "1999", ""])
def test_a_bad_year_is_refused(compare, year):
    with pytest.raises(CommandError, match=f"^--year：“{year}”不是年份"):
        compare(row("Ⅰ"), options=("--year", year))


def test_missing_columns_are_all_named(compare):
    with pytest.raises(CommandError, match="缺少列：监测时间、总磷；请用国家站发布的版式"):
        compare(row("Ⅰ"), heading=HEADING.replace("监测时间", "时间").replace("总磷", "磷"))


def test_a_file_that_is_not_there_or_not_text_is_refused(tmp_path):
    with pytest.raises(CommandError, match="没有给出文件"):
        call_command("compare_official_class")
    with pytest.raises(CommandError, match="不存在；请核对路径"):
        call_command("compare_official_class", str(tmp_path / "none.csv"))
    with pytest.raises(CommandError, match="不能读取"):
        call_command("compare_official_class", str(tmp_path))
    (tmp_path / "binary.csv").write_bytes(b"\xff\xff\xff")
    with pytest.raises(CommandError, match="既不是 UTF-8 也不是 GB18030"):
        call_command("compare_official_class", str(tmp_path / "binary.csv"))
    (tmp_path / "empty.csv").write_bytes(b"")
    with pytest.raises(CommandError, match="文件是空的"):
        call_command("compare_official_class", str(tmp_path / "empty.csv"))
