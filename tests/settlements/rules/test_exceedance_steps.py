"""超标分档法: worked by hand. Amounts: what upstream pays, in 万元.

Sources, as in domain.md §8a: Hebei 2016 (COD width 0.2, unit 30 万元; NH3-N width 0.5),
Anhui 2018 (width 0.5, unit 50 万元), Hefei 2022 (cap 300 万元 an indicator, days over the
limit five times running), Zhoukou (base × (1 + multiple), nothing up to 0.1).
Limits of class Ⅲ: COD 20, CODMn 6, NH3-N 1, TP 0.2 mg/L.
"""

from decimal import Decimal

import pytest

from settlements.rules.base import MissingFact, MonthState, WrongPeriod
from settlements.rules.exceedance_steps import FAMILY as rule
from settlements.rules.facts import UnusableFact
from settlements.rules.parameters import ParameterErrors

MET, NOT_MET, NOT_INCREASED = MonthState.MET, MonthState.NOT_MET, MonthState.NOT_INCREASED


def row(indicator, width, amount, **more):
    return {"indicator": indicator, "step_width": width, "unit_amount": amount, **more}


HEBEI = {
    "indicators": [row("COD", "0.2", "30万元"), row("NH3-N", "0.5", "30万元")],
    "inherited": "none",
}
HEFEI = {
    "indicators": [row(c, "0.5", "50万元", cap="300万元") for c in ("CODMn", "NH3-N", "TP")],
    "days_from": 5,
    "day_amount": "20万元",
    "day_cap": "300万元",
}
ZHOUKOU = {
    "mode": "scaled",
    "indicators": [row("COD", "0.5", "0"), row("NH3-N", "0.5", "0")],
    "bands": [
        {"above": above, "base": f"{base}万元"}
        for above, base in (("0.1", 10), ("0.5", 25), ("1", 50), ("1.5", 100), ("2", 200))
    ],
}
CLEAN = {"CODMn": "4", "NH3-N": "0.5", "TP": "0.1"}


def paid_wan(outcome):
    return outcome.net().get("downstream", Decimal(0)) / 10000


def steps_of(outcome):
    return {step.key: step for step in outcome.steps}


@pytest.mark.parametrize(
    ("cod", "ammonia", "wan", "state"),
    [
        ("20", "1", 0, MET),  # equal to the limit meets it
        ("20.1", "0.5", 30, NOT_MET),  # 0.005 → 1 step
        ("22", "0.5", 30, NOT_MET),  # 0.1 → 1
        ("24", "0.5", 30, NOT_MET),  # 0.2 is the end of the first step: 1
        ("24.1", "0.5", 60, NOT_MET),  # 0.205 → 2
        ("28", "0.5", 60, NOT_MET),  # 0.4: 2
        ("32", "0.5", 90, NOT_MET),  # 0.6: 3
        ("15", "1.5", 30, NOT_MET),  # NH3-N 0.5: 1
        ("15", "1.51", 60, NOT_MET),  # NH3-N 0.51 → 2
        ("24.1", "1.51", 120, NOT_MET),  # indicators add up: 60 + 60
        ("60", "3", 420, NOT_MET),  # 2.0 → 10 steps, 300; NH3-N 2.0 → 4 steps, 120
    ],
)
def test_hebei_counts_steps_upward_and_the_end_belongs_to_the_step(
    border, cod, ammonia, wan, state
):
    outcome = rule.evaluate(
        border.month(None, means={"COD": cod, "NH3-N": ammonia}), border.terms(rule, **HEBEI)
    )
    assert paid_wan(outcome) == wan
    assert outcome.state is state
    assert (outcome.rule, outcome.revision) == ("exceedance_steps", 1)


@pytest.mark.parametrize(
    ("means", "wan"),
    [
        ({"CODMn": "9"}, 50),  # 0.5: 1 step
        ({"CODMn": "9.1"}, 100),
        ({"NH3-N": "3"}, 200),  # 2.0: 4 steps
        ({"TP": "0.31"}, 100),  # 0.55 → 2
        ({"CODMn": "9", "NH3-N": "1.2", "TP": "0.31"}, 200),  # 50 + 50 + 100
    ],
)
def test_anhui_is_the_default(border, means, wan):
    facts = border.month(None, means=CLEAN | means)
    assert paid_wan(rule.evaluate(facts, border.terms(rule))) == wan


@pytest.mark.parametrize(
    ("means", "days", "counted", "wan"),
    [
        ({"NH3-N": "4"}, {}, "all", 300),  # 3.0: 6 steps, just at the cap
        ({"NH3-N": "4.1"}, {}, "all", 300),  # 7 steps, 350, capped
        ({"NH3-N": "4.1", "TP": "0.25"}, {}, "all", 350),  # the cap is each indicator's own
        ({}, {"TP": 4}, "all", 0),  # four days running do not count
        ({}, {"TP": 5}, "all", 100),  # 5 × 20
        ({}, {"TP": 5}, "from", 20),  # the fifth day alone
        ({}, {"TP": 7}, "from", 60),
        ({}, {"TP": 20}, "all", 300),  # 400, its own cap
        ({"TP": "0.25"}, {"TP": 6}, "all", 170),  # 50 + 6 × 20
        ({"NH3-N": "4.1"}, {"NH3-N": 20}, "all", 600),  # two caps, one for each kind
    ],
)
def test_hefei_caps_an_indicator_and_counts_days_running(border, means, days, counted, wan):
    none = {"CODMn": 0, "NH3-N": 0, "TP": 0}
    facts = border.month(None, means=CLEAN | means, over_limit_days=none | days)
    outcome = rule.evaluate(facts, border.terms(rule, **HEFEI, days_counted=counted))
    assert paid_wan(outcome) == wan
    assert outcome.state is (NOT_MET if wan else MET)


@pytest.mark.parametrize(
    ("cod", "wan", "state"),
    [
        ("40", "0", MET),
        ("44", "0", NOT_MET),  # 0.1: over, but nothing is charged
        ("45", "11.25", NOT_MET),  # 10 × 1.125
        ("60", "15", NOT_MET),  # 0.5 still in the first band: 10 × 1.5
        ("60.4", "37.75", NOT_MET),  # 25 × 1.51
        ("80", "50", NOT_MET),  # 25 × 2
        ("100", "125", NOT_MET),  # 50 × 2.5
        ("120", "300", NOT_MET),  # 100 × 3
        ("140", "700", NOT_MET),  # 200 × 3.5
    ],
)
def test_zhoukou_scales_a_base_by_band(border, cod, wan, state):
    facts = border.month(None, target="Ⅴ", means={"COD": cod, "NH3-N": "1"})
    outcome = rule.evaluate(facts, border.terms(rule, **ZHOUKOU))
    assert paid_wan(outcome) == Decimal(wan)
    assert outcome.state is state


@pytest.mark.parametrize(
    ("inherited", "cod", "came_in", "wan", "state"),
    [
        ("none", "28", "30", 0, NOT_INCREASED),
        ("none", "28", "28", 0, NOT_INCREASED),  # not above: equal counts
        ("none", "28", "27.9", 60, NOT_MET),
        ("half", "28", "30", 30, NOT_INCREASED),
        ("half", "28", "27", 60, NOT_MET),
        ("charge", "28", "30", 60, NOT_MET),
        ("none", "20", "30", 0, MET),  # not over: met, whatever came in
    ],
)
def test_what_came_in_is_charged_as_the_term_has_it(border, inherited, cod, came_in, wan, state):
    facts = border.month(
        None, means={"COD": cod, "NH3-N": "0.5"}, inflow_section="六剑滩",
        inflow_means={"COD": came_in, "NH3-N": "0.5"},
    )  # fmt: skip
    outcome = rule.evaluate(facts, border.terms(rule, **HEBEI | {"inherited": inherited}))
    assert paid_wan(outcome) == wan
    assert outcome.state is state


def test_one_indicator_that_grew_on_its_way_is_charged_beside_one_that_came_in(border):
    facts = border.month(
        None, means={"COD": "28", "NH3-N": "1.4"}, inflow_section="六剑滩",
        inflow_means={"COD": "30", "NH3-N": "1.2"},
    )  # fmt: skip
    outcome = rule.evaluate(facts, border.terms(rule, **HEBEI))
    assert paid_wan(outcome) == 30
    assert outcome.state is NOT_MET


def test_a_head_section_inherits_nothing(border):
    facts = border.month(None, means={"COD": "28", "NH3-N": "0.5"})
    assert paid_wan(rule.evaluate(facts, border.terms(rule, **HEBEI))) == 60


def test_the_section_has_a_cap_of_its_own_before_its_share(border):
    facts = border.month(None, means=CLEAN | {"NH3-N": "3"}, share=Decimal("0.5"))
    outcome = rule.evaluate(facts, border.terms(rule, month_cap="120万元"))
    assert paid_wan(outcome) == 60  # 200, capped at 120, half of it
    assert "断面每月封顶" in steps_of(outcome)["amount"].text
    assert steps_of(outcome)["amount"].formula == "封顶 120.00 万元 × 份额 50 % ＝ 60.00 万元"


def test_an_own_limit_goes_before_the_functional_class(border):
    terms = border.terms(rule, indicators=[row("TN", "0.5", "10万元", limit="1.5")])
    assert paid_wan(rule.evaluate(border.month(None, target=None, means={"TN": "3"}), terms)) == 20


@pytest.mark.parametrize(
    ("facts", "terms", "name"),
    [
        ({}, HEBEI, "means"),
        ({"means": {"COD": "24"}}, HEBEI, "means.NH3-N"),
        ({"means": {"COD": "24", "NH3-N": "1"}, "target": None}, HEBEI, "target"),
        ({"means": {"COD": "24", "NH3-N": "1"}, "inflow_section": "六剑滩"}, HEBEI,
         "inflow_means.COD"),
        ({"means": CLEAN}, HEFEI, "over_limit_days"),
        ({"means": CLEAN, "over_limit_days": {"CODMn": 0}}, HEFEI, "over_limit_days.NH3-N"),
    ],
)  # fmt: skip
def test_missing_facts_are_refused_by_name(border, facts, terms, name):
    with pytest.raises(MissingFact) as missing:
        rule.evaluate(border.month("Ⅳ", **facts), border.terms(rule, **terms))
    assert missing.value.name == name


def test_a_negative_mean_is_refused_by_name(border):
    facts = border.month(None, means={"COD": "-1", "NH3-N": "1"})
    with pytest.raises(UnusableFact, match=r"means\.COD.*不能为负"):
        rule.evaluate(facts, border.terms(rule, **HEBEI))


def test_a_year_is_refused(border):
    with pytest.raises(WrongPeriod, match="按月"):
        rule.evaluate(border.year(means=CLEAN), border.terms(rule))


def test_an_incomplete_month_is_used_or_not_as_the_term_has_it(border):
    facts = border.month(None, means=CLEAN | {"NH3-N": "3"}, complete=False)
    assert paid_wan(rule.evaluate(facts, border.terms(rule))) == 200
    skipped = rule.evaluate(facts, border.terms(rule, incomplete_month="no_data"))
    assert skipped.state is MonthState.NO_DATA
    assert skipped.transfers == ()


@pytest.mark.parametrize(
    ("terms", "name"),
    [
        ({"indicators": [row("COD", "0.2", "1"), row("COD", "0.5", "1")]}, "indicators"),
        ({"indicators": [row("TN", "0.5", "1")]}, "indicators"),
        ({"indicators": [row("COD", "0", "1")]}, "indicators"),
        ({"indicators": [row("DO", "0.5", "1")]}, "indicators"),
        ({"mode": "scaled"}, "bands"),
        ({"mode": "scaled", "bands": [{"above": "0.5", "base": "1"}, {"above": "0.1", "base": "2"}]},
         "bands"),
        ({"mode": "scaled", "bands": [{"above": "0.1", "base": "2"}, {"above": "0.5", "base": "1"}]},
         "bands"),
        ({"days_from": 5}, "day_amount"),
    ],
)  # fmt: skip
def test_impossible_terms_are_refused(border, terms, name):
    with pytest.raises(ParameterErrors) as wrong:
        border.terms(rule, **terms)
    assert [error.name for error in wrong.value.errors] == [name]


def test_the_steps_read_as_the_notice_reckons(border):
    facts = border.month(
        "Ⅴ", means={"COD": "28", "NH3-N": "1.7"}, inflow_section="六剑滩",
        inflow_means={"COD": "30", "NH3-N": "0.9"}, sources={"target": "渝府发〔2012〕4号"},
    )  # fmt: skip
    terms = border.terms(
        rule, **HEBEI | {"inherited": {"value": "half", "source": "第七条"}}
    )  # fmt: skip
    steps = steps_of(rule.evaluate(facts, terms))
    assert list(steps) == [
        "section", "data", "means", "class", "item-COD", "item-NH3-N", "comparison", "clause",
        "amount", "result",
    ]  # fmt: skip
    assert steps["item-COD"].formula == (
        "（28 − 20）÷ 20 ＝ 0.4 倍；0.4 ÷ 0.2 ＝ 2，计 2 档；2 × 30.00 ＝ 60.00 万元；"
        "继承部分 × 50 % ＝ 30.00 万元"
    )
    assert "恰为一档的上限，属于该档" in steps["item-COD"].text
    assert "不高于入境断面 六剑滩 的 30 mg/L，减半计收" in steps["item-COD"].text
    assert steps["item-NH3-N"].formula == (
        "（1.7 − 1）÷ 1 ＝ 0.7 倍；0.7 ÷ 0.5 ＝ 1.4，计 2 档；2 × 30.00 ＝ 60.00 万元"
    )
    assert steps["comparison"].formula == "化学需氧量 超 0.4 倍；氨氮 超 0.7 倍"
    assert steps["comparison"].result == "未达标"
    assert steps["amount"].formula == "（30.00 ＋ 60.00）万元 × 份额 100 % ＝ 90.00 万元"
    assert steps["item-COD"].inputs[1].source == "渝府发〔2012〕4号"
    assert steps["result"].text.startswith("梁平区补偿垫江县 900,000.00 元")


def test_a_month_of_inherited_water_says_that_it_did_not_increase(border):
    facts = border.month(
        None, means={"COD": "28", "NH3-N": "0.5"}, inflow_section="六剑滩",
        inflow_means={"COD": "30", "NH3-N": "0.5"},
    )  # fmt: skip
    steps = steps_of(rule.evaluate(facts, border.terms(rule, **HEBEI)))
    assert steps["comparison"].result == "未增加"
    assert "均不高于入境断面的浓度" in steps["comparison"].text
    assert steps["clause"].result == "互不补偿"
    assert "amount" not in steps


def test_two_bands_may_have_one_base_but_not_one_end(border):
    def terms(*bands):
        rows = [{"above": above, "base": base} for above, base in bands]
        return border.terms(rule, **ZHOUKOU | {"bands": rows})

    assert len(terms(("0.1", "10万元"), ("0.5", "10万元")).bands) == 2
    with pytest.raises(ParameterErrors, match=r"排在 0\.1 之后"):
        terms(("0.1", "10万元"), ("0.1", "20万元"))


def test_the_lines_name_what_the_mode_goes_by(border):
    facts = border.month(None, target="Ⅴ", means={"COD": "60", "NH3-N": "1"})
    bands = {"value": ZHOUKOU["bands"], "source": "第四条"}
    scaled = steps_of(rule.evaluate(facts, border.terms(rule, **ZHOUKOU | {"bands": bands})))
    assert scaled["item-COD"].formula == (
        "（60 − 40）÷ 40 ＝ 0.5 倍；10.00 ×（1 ＋ 0.5）＝ 15.00 万元"
    )
    assert scaled["clause"].clause == "第四条"
    assert [each.name for each in scaled["item-COD"].inputs] == ["本月均值", "Ⅴ类限值"]
    stepped = steps_of(rule.evaluate(facts, border.terms(rule, **HEBEI)))
    assert [each.name for each in stepped["item-COD"].inputs][2:] == ["档宽", "每档金额"]


def test_an_amount_at_its_cap_is_not_said_to_be_cut(border):
    none = {"CODMn": 0, "NH3-N": 0, "TP": 0}
    facts = border.month(None, means=CLEAN | {"NH3-N": "4"}, over_limit_days=none)
    steps = steps_of(rule.evaluate(facts, border.terms(rule, **HEFEI)))
    assert "封顶" not in steps["item-NH3-N"].text
