"""同比类别法: the table of the 2018 plan, and the cases it leaves open, worked by hand.

Amounts: downstream's net in 万元 (positive: upstream pays). Source of the table:
重庆市建立流域横向生态保护补偿机制实施方案(试行), 2018, as in domain.md §1.
"""

from decimal import Decimal

import pytest

from settlements.money import yuan
from settlements.rules.base import MissingFact, MonthState
from settlements.rules.class_vs_last_year import FAMILY as rule

MET, NOT_MET, NO_DATA = MonthState.MET, MonthState.NOT_MET, MonthState.NO_DATA


def downstream_wan(outcome):
    return outcome.net().get("downstream", Decimal(0)) / 10000


@pytest.mark.parametrize(
    ("found", "target", "last", "wan", "state"),
    [
        ("Ⅲ", "Ⅲ", "Ⅳ", -100, MET),  # meets, better: downstream pays
        ("Ⅱ", "Ⅲ", "Ⅲ", -100, MET),
        ("Ⅰ", "Ⅲ", "劣Ⅴ", -100, MET),  # flat, however much better
        ("Ⅲ", "Ⅲ", "Ⅱ", 100, MET),  # meets, worse: upstream pays
        ("Ⅲ", "Ⅲ", "Ⅲ", 0, MET),  # meets, same: nobody
        ("Ⅳ", "Ⅲ", "劣Ⅴ", 100, NOT_MET),  # not met, better all the same: upstream pays
        ("Ⅳ", "Ⅲ", "Ⅲ", 100, NOT_MET),
        ("劣Ⅴ", "Ⅲ", "劣Ⅴ", 100, NOT_MET),
        ("Ⅳ", "Ⅳ", "Ⅴ", -100, MET),  # functional class Ⅳ is normal
        ("Ⅳ", "Ⅲ", None, 100, NOT_MET),  # not met needs no last year
        ("Ⅲ", "Ⅲ", None, 0, NO_DATA),
    ],
)
def test_the_table_of_the_plan(border, found, target, last, wan, state):
    facts = border.month(found, target=target, last_year_class=last)
    outcome = rule.evaluate(facts, border.terms(rule))
    assert downstream_wan(outcome) == wan
    assert outcome.state is state
    assert (outcome.rule, outcome.revision) == ("class_vs_last_year", 1)


@pytest.mark.parametrize(
    ("found", "means", "terms", "wan"),
    [
        # Ⅴ against Ⅲ is two classes short: 2 × 100.
        ("Ⅴ", {"TP": "0.35"}, {"not_met_mode": "per_class_short"}, 200),
        ("劣Ⅴ", {"TP": "0.5"}, {"not_met_mode": "per_class_short", "not_met_cap": "250万元"}, 250),
        # TP (0.35 − 0.2) / 0.2 = 0.75 → 2 steps of 0.5.
        ("Ⅴ", {"TP": "0.35"}, {"not_met_mode": "per_multiple_step"}, 200),
        # Exactly at a step's end belongs to that step: (0.3 − 0.2) / 0.2 = 0.5 → 1.
        ("Ⅳ", {"TP": "0.3"}, {"not_met_mode": "per_multiple_step"}, 100),
        ("Ⅴ", {"TP": "0.3001"}, {"not_met_mode": "per_multiple_step"}, 200),
        # The largest counts alone: NH3-N (3 − 1) / 1 = 2 → 4; TP gives 2.
        ("劣Ⅴ", {"TP": "0.35", "NH3-N": "3"}, {"not_met_mode": "per_multiple_step"}, 400),
        # DO has no multiple: one step. TN takes no part.
        ("Ⅳ", {"DO": "4", "TP": "0.1", "TN": "9"}, {"not_met_mode": "per_multiple_step"}, 100),
        ("Ⅳ", {"TP": "0.25"}, {"not_met_amount": "150万元"}, 150),
    ],
)
def test_the_schedule_of_an_unmet_class(border, found, means, terms, wan):
    outcome = rule.evaluate(border.month(found, means=means), border.terms(rule, **terms))
    assert downstream_wan(outcome) == wan


def test_a_section_with_half_the_border_pays_half_the_rate(border):
    facts = border.month("Ⅳ", share=Decimal("0.5"))
    assert downstream_wan(rule.evaluate(facts, border.terms(rule))) == 50


def test_same_class_can_make_downstream_pay(border):
    facts = border.month("Ⅲ", last_year_class="Ⅲ")
    terms = border.terms(rule, same_class="downstream_pays")
    assert downstream_wan(rule.evaluate(facts, terms)) == -100


def test_a_missing_last_year_is_said_or_refused_as_the_term_has_it(border):
    said = rule.evaluate(border.month("Ⅲ"), border.terms(rule))
    assert any("去年同期没有类别" in step.text for step in said.steps)
    with pytest.raises(MissingFact, match="last_year_class"):
        rule.evaluate(border.month("Ⅲ"), border.terms(rule, missing_last_year="refuse"))


@pytest.mark.parametrize("name", ["water_class", "target"])
def test_a_missing_class_or_target_is_refused_by_name(border, name):
    facts = border.month(None) if name == "water_class" else border.month("Ⅲ", target=None)
    with pytest.raises(MissingFact) as missing:
        rule.evaluate(facts, border.terms(rule))
    assert missing.value.name == name


def test_the_multiple_needs_the_means(border):
    with pytest.raises(MissingFact, match="means"):
        rule.evaluate(border.month("Ⅴ"), border.terms(rule, not_met_mode="per_multiple_step"))


def test_an_incomplete_month_is_used_or_not_as_the_term_has_it(border):
    facts = border.month("Ⅳ", complete=False)
    assert downstream_wan(rule.evaluate(facts, border.terms(rule))) == 100
    skipped = rule.evaluate(facts, border.terms(rule, incomplete_month="no_data"))
    assert skipped.state is NO_DATA
    assert skipped.transfers == ()


@pytest.mark.parametrize(
    "state", [MonthState.EXCLUDED, MonthState.NATURAL_NO_FLOW, MonthState.MANMADE_NO_FLOW, NO_DATA]
)
def test_what_was_decided_outside_the_rule_stands_and_nobody_pays(border, state):
    facts = border.month(None, state_override=state, override_reason="渝环函〔2021〕8号")
    outcome = rule.evaluate(facts, border.terms(rule))
    assert outcome.state is state
    assert outcome.transfers == ()
    assert any("渝环函〔2021〕8号" in step.text for step in outcome.steps)


def test_the_worked_example_reads_from_section_to_result(border):
    facts = border.month(
        "Ⅳ", means={"TP": "0.2046896551724", "CODMn": "4.58966"}, deciding=("TP",),
        valid=171, expected=186, term="2018-06-01 起适用第 1 条款期",
        sources={"target": "渝府发〔2012〕4号"},
    )  # fmt: skip
    terms = border.terms(rule, rate={"value": "100万元", "source": "第六条第（一）款"})
    steps = {step.key: step for step in rule.evaluate(facts, terms).steps}
    assert list(steps) == [
        "section", "data", "means", "class", "comparison", "clause", "amount", "result",
    ]  # fmt: skip
    assert "龙溪河普顺断面，上游梁平区、下游垫江县" in steps["section"].text
    assert steps["data"].result == "171 / 186"
    assert steps["data"].result_note == "采用率 91.9 %"
    assert steps["means"].result == "0.20469"
    assert "最差（Ⅲ，Ⅳ）＝ Ⅳ类，定类指标 总磷" in steps["class"].formula
    assert "若修约到 2 位小数为 0.20" in steps["comparison"].hint
    assert steps["comparison"].inputs[0].source == "渝府发〔2012〕4号"
    assert "默认参数" in steps["clause"].text
    assert steps["clause"].defaults == ("未达标补偿标准", "未达标核算方式")
    assert "1,000,000.00 元" in steps["amount"].text
    assert steps["result"].result == "100.00"
    assert steps["result"].result_note == "万元，梁平区 → 垫江县"
    assert steps["result"].text.startswith("梁平区补偿垫江县")


def test_a_clause_of_the_agreement_is_no_default(border):
    terms = border.terms(rule, rate={"value": "100万元", "source": "第六条第（一）款"})
    outcome = rule.evaluate(border.month("Ⅱ", last_year_class="Ⅲ"), terms)
    clause = next(step for step in outcome.steps if step.key == "clause")
    assert clause.clause == "第六条第（一）款"
    assert clause.defaults == ()


@pytest.mark.parametrize(
    ("code", "mean", "found", "near"),
    [
        ("TP", "0.21", "Ⅳ", True),
        ("TP", "0.2101", "Ⅳ", False),
        ("TP", "0.19", "Ⅲ", True),
        ("TP", "0.15", "Ⅲ", False),
        ("TP", "0.2", "Ⅲ", True),
        ("DO", "4.96", "Ⅳ", True),
        ("DO", "5.5", "Ⅲ", False),
        ("CODMn", "6.1", "Ⅳ", True),
        ("CODMn", "6.2", "Ⅳ", False),
    ],
)
def test_a_value_within_one_last_decimal_of_a_limit_is_said(border, code, mean, found, near):
    facts = border.month(found, means={code: mean}, deciding=(code,), last_year_class="Ⅲ")
    assert rule.evaluate(facts, border.terms(rule)).borderline is near


def test_the_cap_is_said_where_it_cuts(border):
    terms = border.terms(rule, not_met_mode="per_class_short", not_met_cap="100万元")
    outcome = rule.evaluate(border.month("Ⅴ"), terms)
    amount = next(step for step in outcome.steps if step.key == "amount")
    assert outcome.net()["downstream"] == yuan("1000000")
    assert "封顶" in amount.text
