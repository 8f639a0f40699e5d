"""关键污染物限值法: the You River, worked by hand. domain.md §4.

Amounts: upstream's net in 万元 (positive: downstream pays). Upstream is Chongqing's side,
downstream Hunan's. Manganese: limit 0.1 mg/L (GB 3838-2002 table 2).
"""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from settlements.money import yuan
from settlements.rules.base import Granularity, MissingFact, MonthState, WrongPeriod
from settlements.rules.parameters import ParameterErrors
from settlements.rules.pollutant_threshold import FAMILY as rule

MET, NOT_MET = MonthState.MET, MonthState.NOT_MET
TP_DO = {
    "thresholds": [{"indicator": "TP", "threshold": "0.1"}, {"indicator": "DO", "threshold": "6"}],
    "class_condition": "none",
}


def upstream_wan(outcome):
    return outcome.net().get("upstream", Decimal(0)) / 10000


def steps_of(outcome):
    return {step.key: step for step in outcome.steps}


def test_hunan_paid_chongqing_480_for_2019_in_twelve_months_of_40(border):
    terms = border.terms(rule, on=date(2019, 1, 1))
    months = [
        replace(border.month("Ⅱ", target="Ⅲ"), period=date(2019, month, 1))
        for month in range(1, 13)
    ]
    paid = [rule.evaluate(month, terms).net() for month in months]
    assert all(net == {"downstream": yuan("-400000"), "upstream": yuan("400000")} for net in paid)
    assert sum(net["upstream"] for net in paid) == yuan("4800000")


def test_manganese_is_a_condition_by_default_from_september_2022(border):
    before, after = (border.terms(rule, on=date(2022, m, 1)) for m in (8, 9))
    assert before.thresholds is None
    assert [(t.indicator, t.threshold) for t in after.thresholds] == [("Mn", Decimal("0.1"))]


@pytest.mark.parametrize(
    ("manganese", "found", "all_of", "any_of"),
    [
        ("0.031", "Ⅱ", 40, 40),  # the mean of 2024
        ("0.1", "Ⅲ", 40, 40),  # equal to the threshold meets it
        ("0.1001", "Ⅲ", -40, 40),
        ("0.031", "Ⅳ", -40, 40),
        ("0.2", "Ⅳ", -40, -40),
    ],
)
def test_manganese_goes_with_the_class(border, manganese, found, all_of, any_of):
    facts = border.month(found, means={"Mn": manganese})
    for combination, wan in (("all_of", all_of), ("any_of", any_of)):
        outcome = rule.evaluate(facts, border.terms(rule, combination=combination))
        assert upstream_wan(outcome) == wan
        assert outcome.state is (MET if wan > 0 else NOT_MET)
        assert (outcome.rule, outcome.revision) == ("pollutant_threshold", 1)


@pytest.mark.parametrize(
    ("means", "all_of", "any_of"),
    [
        ({"TP": "0.1", "DO": "6"}, 40, 40),
        ({"TP": "0.1", "DO": "5.9"}, -40, 40),  # of oxygen less is worse
        ({"TP": "0.11", "DO": "9"}, -40, 40),
        ({"TP": "0.11", "DO": "5.9"}, -40, -40),
    ],
)
def test_several_thresholds_without_the_class(border, means, all_of, any_of):
    facts = border.month(None, target=None, means=means)
    for combination, wan in (("all_of", all_of), ("any_of", any_of)):
        terms = border.terms(rule, **TP_DO, combination=combination)
        assert upstream_wan(rule.evaluate(facts, terms)) == wan


def test_a_fixed_class_can_be_asked_for(border):
    terms = border.terms(rule, class_condition="class", condition_class="Ⅱ", thresholds=None)
    assert upstream_wan(rule.evaluate(border.month("Ⅱ", target=None), terms)) == 40
    assert upstream_wan(rule.evaluate(border.month("Ⅲ", target=None), terms)) == -40


def test_the_two_directions_have_amounts_of_their_own_and_may_be_nothing(border):
    terms = border.terms(rule, met_amount="60万元", not_met_amount="0")
    assert upstream_wan(rule.evaluate(border.month("Ⅲ", means={"Mn": "0.05"}), terms)) == 60
    outcome = rule.evaluate(border.month("Ⅲ", means={"Mn": "0.5"}), terms)
    assert outcome.transfers == ()
    assert outcome.state is NOT_MET


def test_years_can_be_settled(border):
    terms = border.terms(rule, comparison="yearly", met_amount="480万元")
    assert rule.granularity(terms) is Granularity.YEAR
    outcome = rule.evaluate(border.year("Ⅱ", 2024, means={"Mn": "0.031"}), terms)
    assert upstream_wan(outcome) == 480
    with pytest.raises(WrongPeriod, match="按年"):
        rule.evaluate(border.month("Ⅱ", means={"Mn": "0.031"}), terms)


def test_a_share_of_the_border_has_that_share(border):
    facts = border.month("Ⅲ", means={"Mn": "0.05"}, share=Decimal("0.25"))
    assert upstream_wan(rule.evaluate(facts, border.terms(rule))) == 10


@pytest.mark.parametrize(
    ("facts", "terms", "name"),
    [
        ({"found": None, "means": {"Mn": "0.05"}}, {}, "water_class"),
        ({"target": None, "means": {"Mn": "0.05"}}, {}, "target"),
        ({}, {}, "means"),
        ({"means": {"TP": "0.1"}}, {}, "means.Mn"),
        # Also where any of the conditions would do, each is looked at.
        ({"means": {"TP": "0.1"}}, {"combination": "any_of"}, "means.Mn"),
    ],
)
def test_missing_facts_are_refused_by_name(border, facts, terms, name):
    with pytest.raises(MissingFact) as missing:
        rule.evaluate(border.month(**facts), border.terms(rule, **terms))
    assert missing.value.name == name


def test_an_incomplete_month_can_count_as_no_data(border):
    facts = border.month("Ⅲ", means={"Mn": "0.05"}, complete=False)
    assert upstream_wan(rule.evaluate(facts, border.terms(rule))) == 40
    skipped = rule.evaluate(facts, border.terms(rule, incomplete_period="no_data"))
    assert skipped.state is MonthState.NO_DATA
    assert skipped.transfers == ()


@pytest.mark.parametrize(
    ("terms", "name"),
    [
        ({"thresholds": None, "class_condition": "none"}, "thresholds"),
        ({"thresholds": [{"indicator": "TP", "threshold": n} for n in "12"]}, "thresholds"),
        ({"thresholds": [{"indicator": "pH", "threshold": "7"}]}, "thresholds"),
        ({"class_condition": "class"}, "condition_class"),
    ],
)
def test_impossible_terms_are_refused(border, terms, name):
    with pytest.raises(ParameterErrors) as wrong:
        border.terms(rule, **terms)
    assert [error.name for error in wrong.value.errors] == [name]


def test_the_steps_show_every_condition_and_which_failed(border):
    facts = border.month("Ⅲ", means={"Mn": "0.1004"}, sources={"target": "渝府发〔2012〕4号"})
    steps = steps_of(rule.evaluate(facts, border.terms(rule)))
    assert list(steps) == [
        "section", "data", "means", "class", "item-Mn", "item-class", "comparison", "clause",
        "amount", "result",
    ]  # fmt: skip
    assert steps["item-Mn"].formula == "0.1004 mg/L ＞ 限值 0.1 mg/L"
    assert "若修约到 3 位小数为 0.100" in steps["item-Mn"].hint
    assert steps["item-class"].inputs[0].source == "渝府发〔2012〕4号"
    assert steps["comparison"].text == "条件须全部达到；未达到的有锰限值。"
    assert steps["comparison"].result_note == "1 / 2 项"
    assert steps["amount"].formula == "40.00 万元/月 × 份额 100 % ＝ 40.00 万元"


def test_a_value_far_from_the_threshold_gets_no_hint(border):
    facts = border.month("Ⅲ", means={"Mn": "0.031"})
    assert steps_of(rule.evaluate(facts, border.terms(rule)))["item-Mn"].hint == ""


def test_a_fixed_class_counts_only_where_the_term_chose_it(border):
    terms = border.terms(rule, thresholds=None, condition_class="Ⅱ")
    assert upstream_wan(rule.evaluate(border.month("Ⅲ", target="Ⅲ"), terms)) == 40


def test_the_words_fit_indicator_and_period(border):
    facts = border.month(None, means={"TP": "0.1", "DO": "7"})
    steps = steps_of(rule.evaluate(facts, border.terms(rule, **TP_DO)))
    assert steps["item-TP"].formula == "0.1 mg/L ＝ 限值 0.1 mg/L"
    assert steps["item-TP"].text == "总磷均值达到限值（不高于限值为达到）。"
    assert steps["item-DO"].formula == "7 mg/L ＞ 限值 6 mg/L"
    assert steps["item-DO"].text == "溶解氧均值达到限值（不低于限值为达到）。"
    assert "每月 40.00 万元" in steps["clause"].text
    yearly = border.terms(rule, **TP_DO, comparison="yearly")
    facts = border.year(None, means={"TP": "0.1", "DO": "7"})
    assert "每年 40.00 万元" in steps_of(rule.evaluate(facts, yearly))["clause"].text
