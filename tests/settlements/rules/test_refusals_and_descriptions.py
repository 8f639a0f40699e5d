"""What is wrong is said with place and remedy; what a form needs to know is plain data."""

# ruff: noqa: RUF009 - parameter() is dataclasses.field with a Spec

import re
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

import pytest

from monitoring.standards.gb3838_2002 import WaterClass
from settlements.rules import RULES, UnknownRule, get
from settlements.rules.facts import MissingFact, UnusableFact
from settlements.rules.parameters import (
    Kind,
    ParameterErrors,
    Parameters,
    describe,
    parameter,
    since,
    with_defaults,
)

DAY = date(2023, 1, 1)


@dataclass(frozen=True, kw_only=True)
class Weight:
    indicator: str = parameter("指标", Kind.CHOICE, choices={"TP": "总磷", "TN": "总氮"})
    weight: Decimal | None = parameter("权重", Kind.PERCENT, maximum=100, optional=True)


@dataclass(frozen=True, kw_only=True)
class Scheme(Parameters):
    mode: str = parameter(
        "方式", Kind.CHOICE, help="怎样算。", choices={"flat": "定额", "rows": "按表"},
        english="Mode", english_help="How it is reckoned.",
        default=[since("2018-06-01", "flat", source="试行"), since("2023-01-01", "rows", source="新")],
    )  # fmt: skip
    rate: Decimal | None = parameter(
        "标准", Kind.MONEY, unit="元", minimum=Decimal(0), maximum=Decimal("1000.5"),
        optional=True, applies_if=("mode", ("flat",)),
    )  # fmt: skip
    floor: WaterClass = parameter("底线", Kind.CLASS, minimum=WaterClass.II, maximum=WaterClass.IV)
    k: dict = parameter("系数", Kind.MAPPING, choices={"TP": "总磷", "TN": "总氮"}, maximum=1)
    table: tuple = parameter("权重表", Kind.ROWS, row=Weight)
    years: int = parameter("年数", Kind.INTEGER, minimum=1)
    both: bool = parameter("双向", Kind.BOOLEAN)


GIVEN = {
    "rate": None, "floor": "Ⅲ", "k": {"TP": "0.5"}, "table": [{"indicator": "TP", "weight": "50"}],
    "years": 2, "both": True,
}  # fmt: skip


def stored(**changes):
    return with_defaults(Scheme, GIVEN | changes, on=DAY)


def plain(name, label, kind, **more):
    """A described parameter that has nothing but what is given."""
    return {
        "name": name, "label": label, "label_en": "", "help": "", "help_en": "", "unit": "",
        "kind": kind, "optional": False, "minimum": None, "maximum": None, "choices": [],
        "applies_if": None, "defaults": [], "columns": [],
    } | more  # fmt: skip


def test_every_parameter_is_described_in_full():
    items = [{"value": "TP", "label": "总磷"}, {"value": "TN", "label": "总氮"}]
    assert describe(Scheme) == [
        plain(
            "mode", "方式", "choice", label_en="Mode", help="怎样算。",
            help_en="How it is reckoned.",
            choices=[{"value": "flat", "label": "定额"}, {"value": "rows", "label": "按表"}],
            defaults=[
                {"since": "2018-06-01", "value": "flat", "source": "试行"},
                {"since": "2023-01-01", "value": "rows", "source": "新"},
            ],
        ),
        plain(
            "rate", "标准", "money", unit="元", optional=True, minimum="0.00", maximum="1000.50",
            applies_if={"name": "mode", "values": ["flat"]},
        ),
        plain("floor", "底线", "class", minimum="Ⅱ", maximum="Ⅳ"),
        plain("k", "系数", "mapping", choices=items, maximum=1),
        plain(
            "table", "权重表", "rows",
            columns=[
                plain("indicator", "指标", "choice", choices=items),
                plain("weight", "权重", "percent", optional=True, maximum=100),
            ],
        ),
        plain("years", "年数", "integer", minimum=1),
        plain("both", "双向", "boolean"),
    ]  # fmt: skip


def test_what_is_stored_has_value_source_and_whether_it_is_a_default():
    assert stored(k={"value": {"TN": "0.50", "TP": "1"}, "source": "第三条"}) == {
        "mode": {"value": "rows", "source": "新", "is_default": True},
        "rate": {"value": None, "source": "协议约定", "is_default": False},
        "floor": {"value": "Ⅲ", "source": "协议约定", "is_default": False},
        "k": {"value": {"TN": "0.5", "TP": "1"}, "source": "第三条", "is_default": False},
        "table": {
            "value": [{"indicator": "TP", "weight": "50"}], "source": "协议约定",
            "is_default": False,
        },
        "years": {"value": 2, "source": "协议约定", "is_default": False},
        "both": {"value": True, "source": "协议约定", "is_default": False},
    }  # fmt: skip
    named = with_defaults(Scheme, GIVEN, on=DAY, source="补充协议")
    assert named["years"]["source"] == "补充协议"


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("mode", "none", "没有“none”这一选项；可选 flat（定额）、rows（按表）。"),
        ("mode", 1, "值 1 无法识别；请从选项中选一项。"),
        ("mode", None, "不能为空，请填写。"),
        ("rate", "-0.01", "-0.01 低于下限 0元。"),
        ("rate", "1000.51", "1000.51 高于上限 1000.5元。"),
        ("rate", "0.1万元", None),
        ("rate", [], "金额 [] 的类型 list 不可用；请给文本、整数或 Decimal，不用浮点数。"),
        ("floor", "Ⅰ", "Ⅰ类 低于下限 Ⅱ类。"),
        ("floor", "Ⅴ", "Ⅴ类 高于上限 Ⅳ类。"),
        ("floor", "Ⅱ", None),
        ("floor", "Ⅳ", None),
        ("floor", "九", "值 '九' 无法识别；请填 Ⅰ、Ⅱ、Ⅲ、Ⅳ、Ⅴ 或 劣Ⅴ。"),
        ("k", {"Hg": "1", "As": "1"}, "不认识 Hg、As；可用的是 TP、TN。"),
        ("k", {}, "至少填一项。"),
        ("k", {"TP": "1"}, None),
        ("k", {"TP": "1.010"}, "1.01 高于上限 1。"),
        ("k", {"TP": "NaN"}, "值 {'TP': 'NaN'} 无法识别；请逐项填写名称和数值。"),
        ("k", "TP", "值 'TP' 无法识别；请逐项填写名称和数值。"),
        ("table", [], "至少填一行。"),
        ("table", "TP", "值 'TP' 无法识别；请逐行填写。"),
        (
            "table",
            [{"indicator": "TP"}, {"indicator": "Hg", "weight": "101", "mark": "1"}],
            "第2行 指标（indicator）：没有“Hg”这一选项；可选 TP（总磷）、TN（总氮）。\n"
            "第2行 权重（weight）：101 高于上限 100。\n"
            "第2行（mark）：没有这一列。",
        ),
        ("years", 0, "0 低于下限 1。"),
        ("years", "2", "值 '2' 无法识别；请填整数。"),
        ("both", 0, "值 0 无法识别；请填 true 或 false。"),
    ],
)
def test_a_wrong_value_is_refused_with_what_may_stand_there(name, value, words):
    if words is None:
        assert stored(**{name: {"value": value, "source": ""}})[name]["is_default"] is False
        return
    with pytest.raises(ParameterErrors) as wrong:
        stored(**{name: {"value": value, "source": ""}})
    (error,) = wrong.value.errors
    label = next(entry["label"] for entry in describe(Scheme) if entry["name"] == name)
    assert (error.name, error.label, error.message) == (name, label, words)
    assert str(wrong.value) == f"{label}（{name}）：{words}"


@pytest.mark.parametrize(
    ("entry", "words"),
    [
        (None, "缺少；条款须存全部参数，请补填或在录入时取默认值。"),
        ("2", "须写成 {value, source, is_default} 三项。"),
        ({"value": 2, "source": ""}, "须写成 {value, source, is_default} 三项。"),
        (
            {"value": 2, "source": "", "is_default": 1},
            "source 须为文字，is_default 须为 true 或 false。",
        ),
        (
            {"value": 2, "source": None, "is_default": True},
            "source 须为文字，is_default 须为 true 或 false。",
        ),
    ],
)
def test_a_stored_entry_of_another_form_is_refused(entry, words):
    with pytest.raises(ParameterErrors) as wrong:
        Scheme.from_json(stored() | {"years": entry})
    assert [(e.name, e.label, e.message) for e in wrong.value.errors] == [("years", "年数", words)]


def test_a_name_that_is_no_parameter_gets_the_list():
    with pytest.raises(ParameterErrors) as wrong:
        stored(colour=1)
    assert [(e.name, e.label, e.message) for e in wrong.value.errors] == [
        ("colour", "colour", "本规则没有这个参数；可用的是mode、rate、floor、k、table、years、both。"),
    ]  # fmt: skip


def test_a_parameter_without_a_default_that_day_is_named_once():
    with pytest.raises(ParameterErrors) as wrong:
        with_defaults(Scheme, {}, on=date(2018, 5, 31))
    assert [(e.name, e.message) for e in wrong.value.errors] == [
        (name, "2018-05-31 没有默认值，须按协议填写。")
        for name in ("mode", "rate", "floor", "k", "table", "years", "both")
    ]


def test_a_missing_fact_is_said_with_place_period_and_remedy(border):
    where = ("普顺", "2023年8月")
    assert str(MissingFact("flow", *where)) == (
        "普顺断面 2023年8月 缺少“本期水量”（flow）。请导入该断面本期水量（m³）。"
    )
    assert str(MissingFact("means.TP", *where)) == (
        "普顺断面 2023年8月 缺少“本期各指标均值中的 TP”（means.TP）。请补全后重算。"
    )
    assert str(MissingFact("weather.a.b", *where)) == (
        "普顺断面 2023年8月 缺少“weather中的 a.b”（weather.a.b）。请补全后重算。"
    )


def test_an_unusable_fact_is_said_with_the_reason_and_keeps_its_name(border):
    where = ("普顺", "2023年8月")
    fact = UnusableFact("base_means.TP", *where, "均值为 0。")
    assert str(fact) == (
        "普顺断面 2023年8月 的“基准期各指标均值中的 TP”（base_means.TP）不能用于核算：均值为 0。"
    )
    assert (fact.name, fact.section, fact.period) == ("base_means.TP", *where)
    assert str(UnusableFact("flow", *where, "为负。")) == (
        "普顺断面 2023年8月 的“本期水量”（flow）不能用于核算：为负。"
    )
    assert str(UnusableFact("weather", *where, "?")) == (
        "普顺断面 2023年8月 的“weather”（weather）不能用于核算：?"
    )


def test_the_digest_is_taken_over_names_in_order_and_words_as_they_are(border):
    text = border.month("Ⅳ", means={"TP": "0.20", "DO": "7"}).canonical()
    names = re.findall(r'"([a-z_]+)":', text)
    assert names == sorted(names)
    assert '"means":{"DO":"7","TP":"0.2"}' in text
    assert '"section":"普顺"' in text
    assert " " not in text


def test_an_unknown_family_gets_the_list_of_those_there_are():
    with pytest.raises(UnknownRule) as unknown:
        get("nothing")
    known = "、".join(f"{code}（{rule.title}）" for code, rule in RULES.items())
    assert str(unknown.value) == f"没有规则“nothing”；可用的规则：{known}。"
