"""`manage.py classify`: what it prints and what it refuses."""

import json
import subprocess
import sys
from io import StringIO

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command


def classify(*arguments):
    out = StringIO()
    call_command("classify", *arguments, stdout=out)
    return out.getvalue()


def classify_json(*arguments):
    return json.loads(classify(*arguments, "--json"))


def test_the_worst_item_decides_and_multiples_refer_to_class_three():
    assert classify_json("NH3-N=1.2", "TP=0.21", "DO=5.4", "pH=7.9") == {
        "class": 4,
        "grade": "轻度污染",
        "deciding": ["NH3-N", "TP"],
        "exceedances": [
            {"indicator": "NH3-N", "multiple": "0.2", "reference": "III"},
            {"indicator": "TP", "multiple": "0.05", "reference": "III"},
        ],
        "main_pollutants": ["NH3-N", "TP"],
    }


def test_exceedances_refer_to_the_target_where_one_is_given():
    found = classify_json("NH3-N=0.8", "DO=5.5", "--target", "II")
    assert found["class"] == 3
    assert found["exceedances"] == [
        {"indicator": "DO", "multiple": None, "reference": "II"},
        {"indicator": "NH3-N", "multiple": "0.6", "reference": "II"},
    ]
    assert found["main_pollutants"] == []


def test_a_multiple_is_written_without_exponent():
    assert classify_json("NH3-N=21")["exceedances"][0]["multiple"] == "20"


def test_a_lake_has_its_own_phosphorus_limits():
    assert classify_json("TP=0.06")["class"] == 2
    assert classify_json("TP=0.06", "--lake")["class"] == 4


def test_half_a_detection_limit_is_classed():
    # Half of 0.04 is 0.02, the limit of class I.
    assert classify_json("TP=0.04L")["class"] == 1
    assert classify_json("TP=<0.042")["class"] == 2


@pytest.mark.parametrize(
    ("argument", "words"), [("NH3-N=1.0①", "注记“①”"), ("NH3-N=3 5", "不止一个数")]
)
def test_a_mark_is_no_digit_and_two_numbers_are_none(argument, words):
    with pytest.raises(CommandError, match=words):
        classify(argument)


def test_chinese_names_and_lower_case_codes_are_understood():
    assert classify_json("氨氮=1.2", "tp=0.1")["deciding"] == ["NH3-N"]


def test_people_get_a_readable_summary():
    lines = classify(
        "NH3-N=1.2", "TP=0.025L", "DO=4.4", "pH=7.9", "TN=3", "--target", "Ⅱ"
    ).splitlines()
    assert lines == [
        "水质类别：Ⅳ类(轻度污染)，依据 GB 3838-2002 表 1(河流)",
        "定类指标：溶解氧、氨氮",
        "超标情况(对照 Ⅱ类)：溶解氧(4.4 mg/L)、氨氮(1.4)",
        "主要污染指标：氨氮(0.2)、溶解氧(4.4 mg/L)",
        "参评指标：",
        "  pH 7.9：Ⅰ类",
        "  溶解氧 4.4 mg/L：Ⅳ类",
        "  氨氮 1.2 mg/L：Ⅳ类",
        "  总磷 0.025L mg/L(按检出限一半 0.0125 参评)：Ⅰ类",
        "未参评：总氮(不参与定类)",
    ]


def test_good_water_has_no_exceedances_and_no_pollutants():
    lines = classify("TP=0.04", "--lake").splitlines()
    assert lines[0] == "水质类别：Ⅲ类(良好)，依据 GB 3838-2002 表 1(湖、库)"
    assert lines[2:4] == ["超标情况(对照 Ⅲ类)：无", "主要污染指标：无"]
    assert len(lines) == 6


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "没有给出测值"),
        (["NH3-N=-1"], r"^氨氮\(NH3-N\)：-1 不能为负；未检出请填检出限加 L"),
        (["pH=77"], "^pH：77 不在 0 至 14 之间"),
        (["pH=-1"], "^pH：-1 不在 0 至 14 之间"),
        (["pH=0.1L"], "^pH：pH 没有检出限"),
        (["foo=1"], r"指标“foo”无法识别；可用的指标：.*NH3-N\(氨氮\)"),
        (["TP=x"], r"^总磷\(TP\)：“x”不是数值；请填数字"),
        (["TP="], r"^总磷\(TP\)：“”不是数值"),
        (["TP=nan"], "“nan”不是数值"),
        (["TP=0L"], "检出限须大于 0"),
        (["TP"], "“TP”缺少等号；请写 指标=数值"),
        (["TP=1", "总磷=2"], r"^总磷\(TP\)：给了不止一个数值"),
        (["TN=1"], "没有可参评的指标"),
        (["TP=1", "--target", "VII"], "^--target：水质类别“VII”无法识别；请填"),
        (["TP=1", "--target", "劣Ⅴ"], "^--target：劣Ⅴ类没有标准限值"),
        (["TP=1", "--target"], "^--target：水质类别“”无法识别"),
    ],
)
def test_bad_input_is_one_line_with_field_and_remedy(arguments, message):
    with pytest.raises(CommandError, match=message) as refused:
        classify(*arguments)
    assert "\n" not in str(refused.value)


def test_all_faults_come_at_once():
    with pytest.raises(CommandError, match=r"氨氮.*不能为负.*pH：77.*“foo”"):
        classify("NH3-N=-1", "pH=77", "foo=1")


@pytest.mark.parametrize(("value", "water_class"), [("pH=0", 6), ("pH=14", 6), ("pH=9", 1)])
def test_the_whole_ph_scale_is_accepted(value, water_class):
    assert classify_json(value)["class"] == water_class


def test_frost_is_no_fault():
    assert classify_json("WT=-0.1", "TP=0.1")["class"] == 2


def test_the_command_line_exits_with_one_and_one_line():
    done = subprocess.run(
        [sys.executable, settings.BASE_DIR / "manage.py", "classify", "NH3-N=-1"],
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 1
    assert done.stdout == ""
    assert len(done.stderr.splitlines()) == 1
    assert "氨氮(NH3-N)" in done.stderr
