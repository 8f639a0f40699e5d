"""基准法: worked by hand. Amounts: downstream's net in 万元 (positive: upstream pays).

Sources: domain.md §2 (Chongqing from 2023) and §8a (Anhui, Beijing, Hebei).
"""

from decimal import Decimal

import pytest

from settlements.rules.base import Granularity, MissingFact, MonthState, WrongPeriod
from settlements.rules.baseline import FAMILY as rule
from settlements.rules.family import Rule
from settlements.rules.parameters import ParameterErrors

MET, NOT_MET, NOT_INCREASED = MonthState.MET, MonthState.NOT_MET, MonthState.NOT_INCREASED
ANHUI = {"rate": "50万元", "tier_amount": "50万元", "comparison": "yearly"}
BEIJING = {"rate": "30万元", "tier_amount": "30万元", "inherited": "half"}
HEBEI = {"inherited": "none"}
TP_LIMIT = {"baseline_kind": "limits", "limits": {"value": {"TP": "0.2"}}}
TP_DO = {"baseline_kind": "limits", "limits": {"value": {"TP": "0.2", "DO": "5"}}}


BASE_PERIOD = {"baseline_kind": "base_period", "base_from": 2020, "base_to": 2022}


def downstream_wan(outcome):
    return outcome.net().get("downstream", Decimal(0)) / 10000


@pytest.mark.parametrize(
    ("found", "terms", "wan", "state"),
    [
        ("Ⅳ", {}, 100, NOT_MET),  # Longxi River, 2023-08
        ("Ⅲ", {}, 0, MET),
        ("Ⅱ", {}, -100, MET),
        ("Ⅰ", {}, -100, MET),  # no tiers by default
        ("劣Ⅴ", {}, 100, NOT_MET),
        ("Ⅱ", {"baseline_kind": "class", "baseline_class": "Ⅱ"}, 0, MET),
        ("Ⅲ", {"baseline_kind": "class", "baseline_class": "Ⅱ"}, 100, NOT_MET),
        ("Ⅲ", {"meets_equal": "downstream_pays"}, -100, MET),
        ("劣Ⅴ", {"tier_amount": "20万元"}, 140, NOT_MET),  # 100 + 2 × 20
        ("劣Ⅴ", {"tier_amount": "20万元", "max_tiers": 2}, 120, NOT_MET),
        ("Ⅰ", {"tier_amount": "20万元"}, -120, MET),
    ],
)
def test_the_month_against_a_class(border, found, terms, wan, state):
    outcome = rule.evaluate(border.month(found), border.terms(rule, **terms))
    assert downstream_wan(outcome) == wan
    assert outcome.state is state
    assert (outcome.rule, outcome.revision) == ("baseline", 1)


def test_anhui_pays_fifty_for_each_class_better_in_the_year(border):
    terms = border.terms(rule, **ANHUI)
    assert rule.granularity(terms) is Granularity.YEAR
    assert downstream_wan(rule.evaluate(border.year("Ⅱ"), terms)) == -50
    assert downstream_wan(rule.evaluate(border.year("Ⅰ"), terms)) == -100
    with pytest.raises(WrongPeriod, match="按年"):
        rule.evaluate(border.month("Ⅱ"), terms)


@pytest.mark.parametrize(
    ("found", "inflow", "terms", "wan", "state"),
    [
        ("Ⅴ", "Ⅴ", BEIJING, 30, NOT_INCREASED),  # 2 × 30 halved: 15 a class
        ("Ⅳ", "Ⅴ", BEIJING, 15, NOT_INCREASED),
        ("Ⅴ", "Ⅳ", BEIJING, 60, NOT_MET),  # got worse on the way: full
        ("Ⅳ", "Ⅳ", HEBEI, 0, NOT_INCREASED),
        ("Ⅴ", "Ⅳ", HEBEI, 100, NOT_MET),
        ("Ⅱ", "Ⅴ", BEIJING, -30, MET),  # better is better
        ("Ⅳ", "Ⅴ", {}, 100, NOT_MET),  # charged by default
    ],
)
def test_the_inherited_part(border, found, inflow, terms, wan, state):
    facts = border.month(found, inflow_section="六剑滩", inflow_class=inflow)
    outcome = rule.evaluate(facts, border.terms(rule, **terms))
    assert downstream_wan(outcome) == wan
    assert outcome.state is state


def test_a_head_section_inherits_nothing_and_a_known_inflow_must_be_assessed(border):
    terms = border.terms(rule, **HEBEI)
    assert downstream_wan(rule.evaluate(border.month("Ⅳ"), terms)) == 100
    with pytest.raises(MissingFact, match="inflow_class"):
        rule.evaluate(border.month("Ⅳ", inflow_section="六剑滩"), terms)


@pytest.mark.parametrize(
    ("means", "terms", "wan", "state"),
    [
        ({"TP": "0.21"}, TP_LIMIT, 100, NOT_MET),
        ({"TP": "0.20"}, TP_LIMIT, 0, MET),
        ({"TP": "0.19"}, TP_LIMIT, -100, MET),
        # Dead band of 10 %: 0.18–0.22, ends included.
        ({"TP": "0.22"}, TP_LIMIT | {"dead_band": "10"}, 0, MET),
        ({"TP": "0.2201"}, TP_LIMIT | {"dead_band": "10"}, 100, NOT_MET),
        ({"TP": "0.18"}, TP_LIMIT | {"dead_band": "10"}, 0, MET),
        ({"TP": "0.1799"}, TP_LIMIT | {"dead_band": "10"}, -100, MET),
        # The worst item decides: TP is 50 % better, DO 20 % worse (4 of at least 5).
        ({"TP": "0.1", "DO": "4"}, TP_DO, 100, NOT_MET),
        ({"TP": "0.1", "DO": "6"}, TP_DO, -100, MET),
        # Widths of 25 %: 60 % over is 3 tiers, 100 + 2 × 10.
        ({"TP": "0.32"}, TP_LIMIT | {"tier_width": "25", "tier_amount": "10万元"}, 120, NOT_MET),
        ({"TP": "0.25"}, TP_LIMIT | {"tier_width": "25", "tier_amount": "10万元"}, 100, NOT_MET),
    ],
)
def test_the_month_against_limits(border, means, terms, wan, state):
    outcome = rule.evaluate(border.month(None, means=means), border.terms(rule, **terms))
    assert downstream_wan(outcome) == wan
    assert outcome.state is state


OWN_LIMITS = {"section_limits": {"value": {"PUSHUN:TP": "0.1"}, "source": "第七条"}}


@pytest.mark.parametrize(
    ("code", "wan", "limit"),
    [("PUSHUN", 100, ("0.1", "第七条")), ("LIUJIANTAN", -100, ("0.2", "协议约定"))],
)
def test_a_section_with_limits_of_its_own_is_held_against_them_alone(border, code, wan, limit):
    """TP 0.15: over 普顺's own 0.1, under the term's 0.2; the term's DO says nothing of 普顺."""
    both = {"baseline_kind": "limits", "limits": {"value": {"TP": "0.2", "DO": "5"}}}
    facts = border.month(None, means={"TP": "0.15", "DO": "9"}, section_code=code)
    outcome = rule.evaluate(facts, border.terms(rule, **both, **OWN_LIMITS))
    assert downstream_wan(outcome) == wan
    inputs = {i.value: i.source for s in outcome.steps if s.key == "comparison" for i in s.inputs}
    assert inputs[limit[0]] == limit[1]


def test_limits_of_single_sections_want_the_sections_code_and_are_asked_for_only_then(border):
    plain, own = border.terms(rule, **TP_LIMIT), border.terms(rule, **TP_LIMIT, **OWN_LIMITS)
    facts = border.month(None, means={"TP": "0.15"})
    assert downstream_wan(rule.evaluate(facts, plain)) == -100
    with pytest.raises(MissingFact, match="section_code"):
        rule.evaluate(facts, own)
    assert "section_code" not in Rule(rule, plain).needs
    assert "section_code" in Rule(rule, own).needs
    assert "section_code" not in facts.to_json()
    assert rule.sections_named(own) == {"PUSHUN"}


@pytest.mark.parametrize("key", ["PUSHUN", "PUSHUN:XX", ":TP", "PUSHUN:pH"])
def test_a_limit_of_a_section_that_is_not_written_so_is_refused(border, key):
    with pytest.raises(ParameterErrors, match="断面编码:指标"):
        border.terms(rule, **TP_LIMIT, section_limits={"value": {key: "0.1"}, "source": "第七条"})


def test_the_month_against_the_mean_of_a_base_period(border):
    terms = border.terms(rule, baseline_kind="base_period", base_from=2020, base_to=2022)
    base = {"TP": "0.15", "DO": "7", "TN": "0.1", "pH": "7"}  # TN and pH take no part
    means = {"TP": "0.16", "DO": "8", "TN": "9", "pH": "8"}
    outcome = rule.evaluate(border.month("Ⅲ", means=means, base_means=base), terms)
    assert downstream_wan(outcome) == 100
    better = rule.evaluate(border.month("Ⅲ", means=means | {"TP": "0.1"}, base_means=base), terms)
    assert downstream_wan(better) == -100


def test_over_the_limit_but_not_above_the_inflow_is_not_increased(border):
    terms = border.terms(rule, **TP_LIMIT, **HEBEI)
    came_in = {"inflow_section": "六剑滩", "inflow_means": {"TP": "0.25"}}
    same = rule.evaluate(border.month("Ⅳ", means={"TP": "0.25"}, **came_in), terms)
    assert same.state is NOT_INCREASED
    assert same.transfers == ()
    more = rule.evaluate(border.month("Ⅳ", means={"TP": "0.26"}, **came_in), terms)
    assert downstream_wan(more) == 100


@pytest.mark.parametrize(
    ("facts", "terms", "name"),
    [
        ({"found": None}, {}, "water_class"),
        ({"target": None}, {}, "target"),
        ({}, TP_LIMIT, "means"),
        ({"means": {"DO": "7"}}, TP_LIMIT, "means.TP"),
        ({"means": {"DO": "7"}}, BASE_PERIOD, "base_means"),
        ({"means": {"DO": "7"}, "base_means": {"pH": "7"}}, BASE_PERIOD,
         "base_means"),
        ({"means": {"TP": "0.3"}, "inflow_section": "六剑滩"}, TP_LIMIT | HEBEI,
         "inflow_means.TP"),
    ],
)  # fmt: skip
def test_missing_facts_are_refused_by_name(border, facts, terms, name):
    with pytest.raises(MissingFact) as missing:
        rule.evaluate(border.month(**facts), border.terms(rule, **terms))
    assert missing.value.name == name


def test_a_base_mean_of_zero_is_refused(border):
    facts = border.month("Ⅲ", means={"TP": "0.1"}, base_means={"TP": "0"})
    with pytest.raises(ValueError, match="须大于零"):
        rule.evaluate(
            facts, border.terms(rule, baseline_kind="base_period", base_from=2020, base_to=2022)
        )


def test_an_incomplete_month_can_count_as_no_data(border):
    facts = border.month("Ⅳ", complete=False)
    outcome = rule.evaluate(facts, border.terms(rule, incomplete_period="no_data"))
    assert outcome.state is MonthState.NO_DATA
    assert downstream_wan(rule.evaluate(facts, border.terms(rule))) == 100


def test_an_excluded_month_is_not_compared(border):
    facts = border.month("劣Ⅴ", state_override=MonthState.EXCLUDED, override_reason="特大洪水")
    assert rule.evaluate(facts, border.terms(rule)).transfers == ()


def test_the_steps_show_tiers_halves_and_the_dead_band(border):
    facts = border.month("Ⅴ", inflow_section="六剑滩", inflow_class="Ⅴ")
    outcome = rule.evaluate(facts, border.terms(rule, **BEIJING))
    steps = {step.key: step for step in outcome.steps}
    assert steps["amount"].formula == (
        "（30.00 ＋ 30.00 × 1）万元/月 × 继承部分 50 % × 份额 100 % ＝ 30.00 万元"
    )
    assert steps["comparison"].result == "未增加"
    assert "减半计收" in steps["clause"].text
    facts = border.month(None, means={"TP": "0.204"})
    outcome = rule.evaluate(facts, border.terms(rule, **TP_LIMIT, dead_band="5"))
    steps = {step.key: step for step in outcome.steps}
    assert "差于限值 2 %（不补偿区间 ±5 %）" in steps["comparison"].formula
    assert "0.20" in steps["comparison"].hint
