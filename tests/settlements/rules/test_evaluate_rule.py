"""`manage.py evaluate_rule`: what it answers, and how it names what is wrong."""

import json
import subprocess
import sys
from decimal import Decimal

import pytest
from django.conf import settings
from django.core.management import call_command

CLASS_RULE = "class_vs_last_year"
MAY = {"section": "茨坝", "period": "2019-05", "target": "III", "class": "II", "last_year": "III"}
SIDES = {"upstream": "永川区", "downstream": "江津区"}


@pytest.fixture
def evaluate(tmp_path, capsys):
    """Runs the command; the answer, or the lines of a refusal."""

    def run(family, facts, parameters=None, *more):
        arguments = ["--facts", written(tmp_path / "facts.json", facts)]
        if parameters is not None:
            arguments += ["--parameters", written(tmp_path / "parameters.json", parameters)]
        code = 0
        try:
            call_command("evaluate_rule", family, *arguments, "--json", *more)
        except SystemExit as stop:
            code = stop.code
        shown = capsys.readouterr()
        if code == 0:
            return json.loads(shown.out)
        assert (code, shown.out) == (1, "")
        return shown.err.splitlines()

    return run


def written(path, data) -> str:
    path.write_text(data if isinstance(data, str) else json.dumps(data), encoding="utf-8")
    return str(path)


def test_better_water_makes_downstream_pay_with_names_and_steps(evaluate):
    found = evaluate(CLASS_RULE, MAY | SIDES)
    assert (found["family"], found["revision"]) == (CLASS_RULE, 1)
    (outcome,) = found["outcomes"]
    assert (outcome["section"], outcome["period"]) == ("茨坝", "2019-05")
    assert (outcome["state"], outcome["state_label"]) == ("met", "达标")
    (transfer,) = outcome["transfers"]
    assert transfer == {
        "payer": "downstream", "payee": "upstream", "yuan": "1000000.00",
        "payer_name": "江津区", "payee_name": "永川区", "reason": transfer["reason"],
    }  # fmt: skip
    assert outcome["net"] == {"永川区": "1000000.00", "江津区": "-1000000.00"}
    assert outcome["steps"][-1]["key"] == "result"
    assert found["parameters"]["rate"] == {
        "value": "1000000.00", "source": "重庆市实施方案（试行）2018", "is_default": True,
    }  # fmt: skip


def test_sections_and_months_are_netted_by_name(evaluate):
    """The middle district is downstream of one border and upstream of the next."""
    found = evaluate(
        "baseline",
        {
            "period": "2023-05",
            "target": "III",
            "facts": [
                {"section": "甲", "upstream": "A", "downstream": "B", "class": "II"},
                {"section": "乙", "upstream": "B", "downstream": "C", "class": "IV"},
                {
                    "section": "乙", "upstream": "B", "downstream": "C", "class": "III",
                    "period": "2023-06",
                },
            ],
        },
    )  # fmt: skip
    assert found["net"] == {"A": "1000000.00", "B": "-2000000.00", "C": "1000000.00"}
    assert [o["period"] for o in found["outcomes"]] == ["2023-05", "2023-05", "2023-06"]


def test_who_neither_pays_nor_receives_stands_at_zero(evaluate):
    found = evaluate(CLASS_RULE, MAY | SIDES | {"class": "III"})
    assert found["net"] == {"永川区": "0.00", "江津区": "0.00"}


@pytest.mark.parametrize("water_class", ["IV", "Ⅳ", 4, "四类", "Ⅳ类"])
def test_a_class_is_read_however_it_is_written(evaluate, water_class):
    found = evaluate(CLASS_RULE, MAY | {"class": water_class})
    assert found["outcomes"][0]["state"] == "not_met"


def test_concentrations_give_the_class_and_what_decides_it(evaluate):
    facts = {**MAY, "concentrations": {"氨氮": 1.2, "TP": "0.19", "DO": 7}}
    del facts["class"]
    steps = {s["key"]: s for s in evaluate(CLASS_RULE, facts)["outcomes"][0]["steps"]}
    assert steps["class"]["result"] == "Ⅳ"
    assert "定类指标 氨氮" in steps["class"]["formula"]


def test_an_undetected_value_counts_half_its_limit(evaluate):
    facts = {**MAY, "concentrations": {"NH3-N": "0.04L", "TP": "<0.01"}}
    del facts["class"]
    steps = {s["key"]: s for s in evaluate(CLASS_RULE, facts)["outcomes"][0]["steps"]}
    assert [i["value"] for i in steps["means"]["inputs"]] == ["0.02", "0.005"]


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"concentrations": {"NH3-N": "0.3①"}}, "注记“①”"),
        ({"concentrations": {"NH3-N": "3 5"}}, "不止一个数"),
        ({"flow": "12①"}, "注记“①”"),
        ({"flow": "12.5万"}, "看不懂"),
        ({"period": "2023.10"}, "不是期间"),
        ({"period": "2023-1①"}, "不是期间"),
        ({"target": "③"}, "无法识别"),
    ],
)
def test_facts_are_read_like_files(evaluate, changed, words):
    assert words in " ".join(evaluate(CLASS_RULE, MAY | changed))


@pytest.mark.parametrize("inflow", ["III", {"class": "III"}, {"section": "六剑滩", "class": "III"}])
def test_an_inflow_counts_whether_its_section_is_named_or_not(evaluate, inflow):
    facts = MAY | {"class": "IV", "inflow": inflow, "target": "III", "last_year": "IV"}
    worse = evaluate(CLASS_RULE, facts, {"inherited": "none"})
    same = evaluate(CLASS_RULE, facts | {"class": "III", "last_year": "II"}, {"inherited": "none"})
    assert worse["outcomes"][0]["transfers"] != []
    assert same["outcomes"][0]["transfers"] == []


def test_numbers_are_never_binary_fractions(evaluate):
    """(1.1 − 1) mg/L × 1,000,000 m³ × 1,000.1 元/吨; as floats it is 0.10000000000000009."""
    found = evaluate(
        "pollution_load",
        MAY | {"class": "V", "target": "III", "concentrations": {"NH3-N": 1.1}, "flow": 1000000},
        {"indicators": [{"indicator": "NH3-N", "unit_price": 1000.1}]},
    )
    assert found["outcomes"][0]["transfers"][0]["yuan"] == "100.01"


def test_the_names_of_the_fields_of_facts_are_understood(evaluate):
    found = evaluate(
        CLASS_RULE,
        {
            "section": "茨坝", "period": "2019-05-01", "target": "Ⅲ", "water_class": "Ⅱ",
            "last_year_class": "Ⅲ", "granularity": "month",
        },
    )  # fmt: skip
    assert found["net"] == {"上游": "1000000.00", "下游": "-1000000.00"}


def test_parameters_take_plain_values_sources_and_the_stored_form(evaluate):
    stored = evaluate(CLASS_RULE, MAY, {"rate": "80万元", "not_met_amount": 900000})
    rate = stored["parameters"]["rate"]
    assert (rate["value"], rate["is_default"]) == ("800000.00", False)
    assert evaluate(CLASS_RULE, MAY, stored["parameters"], "--strict") == stored
    named = evaluate(CLASS_RULE, MAY, {"rate": {"value": "1000000", "source": "第六条"}})
    assert named["parameters"]["rate"]["source"] == "第六条"


def test_defaults_are_those_of_the_first_period_or_the_day_given(evaluate):
    facts = MAY | {"concentrations": {"Mn": 0.2}, "target": "II"}
    early = evaluate("pollutant_threshold", facts | {"period": "2022-08"})
    late = evaluate("pollutant_threshold", facts | {"period": "2022-09"})
    told = evaluate("pollutant_threshold", facts | {"period": "2022-08"}, {}, "--on", "2022-09-01")
    assert [f["outcomes"][0]["state"] for f in (early, late, told)] == [
        "met", "not_met", "not_met",
    ]  # fmt: skip


def test_a_year_takes_what_came_into_force_within_it(evaluate):
    found = evaluate("awards", {
        "section": "茨坝", "period": 2018,
        "observations": {"award": {"signing": 3, "joint_system": 0}, "serious_incidents": 0},
    })  # fmt: skip
    assert found["net"]["上级财政"] == "-6000000.00"
    assert found["outcomes"][0]["period"] == "2018"


def test_strict_names_every_parameter_left_out(evaluate):
    lines = evaluate(CLASS_RULE, MAY, {"rate": "1000000"}, "--strict")
    assert len(lines) == 16
    assert all("缺少" in line for line in lines)
    assert not any("rate（" in line for line in lines)


def test_the_yearly_cap_is_held_section_by_section_and_year_by_year(evaluate):
    months = [{"period": f"2023-0{n}", "section": "甲"} for n in (3, 1, 2)]
    other = [{"period": "2024-01", "section": "甲"}, {"period": "2023-01", "section": "乙"}]
    found = evaluate(
        "baseline",
        {"class": "II", "target": "III", "facts": months + other},
        {"yearly_cap": "1500000"},
    )
    paid = [sum(Decimal(t["yuan"]) for t in o["transfers"]) for o in found["outcomes"]]
    assert paid == [0, 1000000, 500000, 1000000, 1000000]
    assert "年度封顶" in [s["title"] for s in found["outcomes"][0]["steps"]]
    assert found["net"]["上游"] == "3500000.00"


def test_a_state_found_outside_the_rule_is_taken_with_its_reason(evaluate):
    given = {**MAY, "state": "剔除", "reason": "洪水，2019年第3号认定"}
    found = evaluate(CLASS_RULE, given)
    assert found["outcomes"][0]["state"] == "excluded"
    assert found["outcomes"][0]["transfers"] == []


def test_parties_of_a_fund_are_netted_by_their_names(evaluate):
    found = evaluate(
        "joint_fund",
        {"section": "赤水河", "period": "2018", "parties": {"YN": "云南", "GZ": "贵州", "SC": "四川"}},
        {
            "fund": "200000000", "contributions": {"YN": 1, "GZ": 5, "SC": 4},
            "shares": {"YN": 3, "GZ": 4, "SC": 3},
        },
    )  # fmt: skip
    assert found["net"] == {"云南": "40000000.00", "贵州": "-20000000.00", "四川": "-20000000.00"}


def test_every_fault_of_facts_and_parameters_is_named_at_once(evaluate):
    lines = evaluate(
        CLASS_RULE,
        [
            MAY | {"clas": "II", "flow": -1, "concentrations": {"NH3-N": "abc", "foo": 1}},
            {"period": "2019-13", "target": "VII", "class": "II"},
            MAY | {"period": "2019-07", "state": "excluded"},
            5,
            {**MAY, "period": "2019-08", "last_year": {"klass": "II"}},
        ],
        {"rat": 1, "not_met_mode": "x"},
    )
    for where, words in [
        ("第1条", "clas：没有这个键。是否为 class？"),
        ("第1条", "-1 不能为负"),
        ("第1条", "“abc”不是数值"),
        ("第1条", "指标“foo”无法识别"),
        ("第2条", "section（断面名称）：缺少"),
        ("第2条", "“2019-13”不是期间"),
        ("第2条", "“VII”无法识别"),
        ("第3条", "reason（认定的理由）：缺少"),
        ("第4条", "须是一个对象"),
        ("第5条", "last_year.klass"),
        ("parameters", "rat：本规则没有这个参数。是否为 rate？"),
        ("parameters", "not_met_mode（未达标核算方式）：没有“x”这一选项"),
    ]:
        assert any(where in line and words in line for line in lines), (where, words)


@pytest.mark.parametrize(
    ("facts", "words"),
    [
        ({"class": None}, "class 或 concentrations"),
        ({"target": None}, "target"),
        ({"period": "2019"}, "本条款按月核算"),
        ({"class": "I", "concentrations": {"NH3-N": 1.2}}, "由浓度定为 Ⅳ类"),
        ({"downstream": "上游"}, "与上游同为"),
        ({"share": 1.5}, "share"),
        ({"period": "2019-05", "granularity": "year"}, "第一天"),
        ({"water_class": "II"}, "写了两次"),
        ({"state": "met", "reason": "x"}, "不能由人认定"),
    ],
)
def test_what_a_rule_cannot_reckon_with_is_named(evaluate, facts, words):
    (line,) = evaluate(CLASS_RULE, MAY | facts)
    assert words in line


def test_what_a_rule_needs_is_named_by_the_key_to_write(evaluate):
    (line,) = evaluate("pollution_load", MAY | {"concentrations": {"TP": 0.3}, "class": "IV"}, {
        "indicators": [{"indicator": "TP", "unit_price": "100"}],
    })  # fmt: skip
    assert "flow：" in line
    (line,) = evaluate("percent_change", MAY | {"concentrations": {"TP": 0.3}, "class": "IV"}, {
        "indicators": [{
            "indicator": "TP", "better_amount": "1", "worse_amount": "1", "worse_least": "0",
        }],
    })  # fmt: skip
    assert "last_year.concentrations.TP：" in line


def test_a_section_and_period_twice_would_be_paid_twice_and_is_refused(evaluate):
    (line,) = evaluate(CLASS_RULE, [MAY, MAY])
    assert "与第1条是同一断面、同一期间" in line


def test_an_unknown_family_is_one_line_that_lists_those_there_are(evaluate):
    (line,) = evaluate("nothing", MAY)
    assert "class_vs_last_year" in line


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('{"a": 1,}', "个字符处不是 JSON"),
        ('{"a": 1, "a": 2}', "a 写了不止一次"),
        ('{"flow": NaN}', "NaN"),
        ('{"flow": 1e999999999}', "超出可用的范围"),
        ('{"flow": "1e999999999"}', "超出可用的范围"),
        ('{"flow": 1' + "0" * 5000 + "}", "位数太多"),
        ("[" * 100000, "嵌套太深"),
        ("[]", "一条也没有"),
        ('"x"', "须是一个对象、一个列表"),
    ],
)
def test_text_that_is_no_usable_json_is_one_line(evaluate, text, words):
    (line,) = evaluate(CLASS_RULE, text)
    assert words in line


def test_files_that_cannot_be_read_are_named_together(tmp_path, capsys):
    (tmp_path / "gbk.json").write_bytes("断面".encode("gbk"))
    with pytest.raises(SystemExit):
        call_command(
            "evaluate_rule", CLASS_RULE, "--facts", str(tmp_path / "none.json"),
            "--parameters", str(tmp_path / "gbk.json"), "--on", "someday",
        )  # fmt: skip
    lines = capsys.readouterr().err.splitlines()
    assert ["没有这个文件" in lines[0], "UTF-8" in lines[1], "--on" in lines[2]] == [True] * 3


def test_the_worked_example_in_words_ends_with_the_net(tmp_path, capsys):
    call_command("evaluate_rule", CLASS_RULE, "--facts", written(tmp_path / "f.json", MAY | SIDES))
    lines = capsys.readouterr().out.splitlines()
    assert "茨坝 2019年5月：达标，江津区 → 永川区 1,000,000.00 元" in lines
    assert "  永川区 1,000,000.00" in lines
    assert "  江津区 −1,000,000.00" in lines


def test_it_reads_standard_input_and_starts_no_database(tmp_path):
    def run(*arguments):
        return subprocess.run(
            [sys.executable, "manage.py", "evaluate_rule", CLASS_RULE, *arguments],
            input=json.dumps(MAY), capture_output=True, text=True, cwd=settings.BASE_DIR,
            env={"VAR_DIR": str(tmp_path / "var"), "PATH": "/usr/bin:/bin"}, check=False,
        )  # fmt: skip

    done = run("--facts", "-", "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["net"]["上游"] == "1000000.00"
    assert not (tmp_path / "var" / "postgres").exists()
    twice = run("--facts", "-", "--parameters", "-")
    assert twice.returncode == 1
    assert len(twice.stderr.splitlines()) == 1
