"""补偿指数法: the three rounds of Xin'an River, worked by hand. domain.md §6.

Factors and amounts are the rounds'; concentrations are made up, to be reckoned in the head.
Amounts: upstream's net in 亿元 (positive: downstream pays).
"""

from datetime import date
from decimal import Decimal

import pytest

from settlements.rules.base import Granularity, MissingFact, MonthState, WrongPeriod
from settlements.rules.facts import UnusableFact
from settlements.rules.p_index import FAMILY as rule
from settlements.rules.parameters import ParameterErrors

MET, NOT_MET = MonthState.MET, MonthState.NOT_MET
BASE = {"CODMn": "2", "NH3-N": "0.2", "TP": "0.05", "TN": "1"}
YEARS = {2012: (2008, 2010), 2015: (2012, 2014), 2018: (2015, 2017)}


def means(codmn, ammonia, phosphorus, nitrogen):
    return dict(zip(BASE, (codmn, ammonia, phosphorus, nitrogen), strict=True))


def terms_of(border, year, **given):
    first, last = YEARS[year]
    return border.terms(
        rule, on=date(year, 1, 1), **{"base_from": first, "base_to": last} | given
    )  # fmt: skip


def upstream_yi(outcome):
    return outcome.net().get("upstream", Decimal(0)) / 100_000_000


def steps_of(outcome):
    return {step.key: step for step in outcome.steps}


@pytest.mark.parametrize(
    ("since", "found", "index", "yi", "state"),
    [
        # Round 1, k0 0.85, four weights of 0.25: at its base P is 0.85.
        (2012, means("2", "0.2", "0.05", "1"), "0.85", 1, MET),
        # 0.85 × (0.25 + 0.25 + 0.5 + 0.25) = 0.85 × 1.25.
        (2012, means("2", "0.2", "0.1", "1"), "1.0625", -1, NOT_MET),
        # 0.85 × 0.25 × (1.1 + 0.9 + 0.8 + 1.2) = 0.85.
        (2012, means("2.2", "0.18", "0.04", "1.2"), "0.85", 1, MET),
        # Round 2, k0 0.89: 0.89 ≤ 0.95, a further 1.
        (2015, means("2", "0.2", "0.05", "1"), "0.89", 2, MET),
        # 0.89 × 0.25 × (1 + 1 + 1 + 1.4) = 0.979: above 0.95, not above 1.
        (2015, means("2", "0.2", "0.05", "1.4"), "0.979", 1, MET),
        # 0.89 × 0.25 × (1 + 1 + 1 + 1.5) = 1.00125.
        (2015, means("2", "0.2", "0.05", "1.5"), "1.00125", -1, NOT_MET),
        # Round 3, k0 0.90, 0.22, 0.22, 0.28, 0.28.
        (2018, means("2", "0.2", "0.05", "1"), "0.9", 1, MET),
        # 0.9 × (0.22 + 0.22 + 0.28 × 0.8 + 0.28 × 1.2) = 0.9.
        (2018, means("2", "0.2", "0.04", "1.2"), "0.9", 1, MET),
        # 0.9 × (0.22 + 0.22 + 0.28 + 0.28 × 1.5) = 0.9 × 1.14.
        (2018, means("2", "0.2", "0.05", "1.5"), "1.026", -1, NOT_MET),
        # The same 50 % in NH3-N weighs less: 0.9 × 1.11 = 0.999.
        (2018, means("2", "0.3", "0.05", "1"), "0.999", 1, MET),
    ],
)
def test_the_three_rounds(border, since, found, index, yi, state):
    facts = border.year(None, since, means=found, base_means=BASE)
    outcome = rule.evaluate(facts, terms_of(border, since))
    assert upstream_yi(outcome) == yi
    assert outcome.state is state
    assert steps_of(outcome)["comparison"].result == f"P ＝ {index}"
    assert (outcome.rule, outcome.revision) == ("p_index", 1)


@pytest.mark.parametrize(
    ("nitrogen", "index", "yi"),
    [
        ("1", "1", 1),  # P equal to 1: downstream pays
        ("1.00001", "1", -1),  # 1.0000025, not rounded down to 1
        ("0.8", "0.95", 2),  # equal to the second mark: the extra too
        ("0.80001", "0.95", 1),
    ],
)
def test_a_mark_belongs_to_the_better_side_and_p_is_not_rounded(border, nitrogen, index, yi):
    terms = terms_of(border, 2015, k0="1")
    facts = border.year(None, means=BASE | {"TN": nitrogen}, base_means=BASE)
    outcome = rule.evaluate(facts, terms)
    assert upstream_yi(outcome) == yi
    assert steps_of(outcome)["comparison"].result == f"P ＝ {index}"
    close = "按不大于计" if nitrogen in ("1", "0.8") else "只差 0.000002，按未修约的 P 比较"
    assert close in steps_of(outcome)["comparison"].hint


def test_base_values_of_the_agreement_need_no_base_period(border):
    rows = [{"indicator": code, "weight": "0.25", "base": base} for code, base in BASE.items()]
    terms = border.terms(rule, on=date(2012, 1, 1), indicators=rows)
    assert upstream_yi(rule.evaluate(border.year(None, means=BASE), terms)) == 1


def test_the_defaults_of_a_round_are_those_of_its_first_day(border):
    k0 = {
        year: terms_of(border, year).k0 for year in YEARS
    }  # fmt: skip
    assert k0 == {2012: Decimal("0.85"), 2015: Decimal("0.89"), 2018: Decimal("0.90")}
    second = border.terms(rule, on=date(2015, 1, 1))
    assert (second.base_from, second.base_to) == (2012, 2014)
    third = {row.indicator: row.weight for row in terms_of(border, 2018).indicators}
    assert third == {"CODMn": Decimal("0.22"), "NH3-N": Decimal("0.22"), "TP": Decimal("0.28"),
                     "TN": Decimal("0.28")}  # fmt: skip


def test_a_share_of_the_border_has_that_share(border):
    facts = border.year(None, means=BASE, base_means=BASE, share=Decimal("0.5"))
    assert upstream_yi(rule.evaluate(facts, terms_of(border, 2015))) == 1


@pytest.mark.parametrize(
    ("facts", "name"),
    [
        ({"base_means": BASE}, "means"),
        ({"means": {"CODMn": "2"}, "base_means": BASE}, "means.NH3-N"),
        ({"means": BASE}, "base_means.CODMn"),
        ({"means": BASE, "base_means": {"CODMn": "2", "NH3-N": "0.2", "TP": "0.05"}},
         "base_means.TN"),
    ],
)  # fmt: skip
def test_missing_facts_are_refused_by_name(border, facts, name):
    with pytest.raises(MissingFact) as missing:
        rule.evaluate(border.year(**facts), terms_of(border, 2012))
    assert missing.value.name == name


def test_a_base_of_zero_is_refused_by_name(border):
    facts = border.year(None, means=BASE, base_means=BASE | {"TP": "0"})
    with pytest.raises(UnusableFact, match=r"base_means\.TP.*不能作除数"):
        rule.evaluate(facts, terms_of(border, 2012))


def test_a_month_is_refused(border):
    terms = terms_of(border, 2012)
    assert rule.granularity(terms) is Granularity.YEAR
    with pytest.raises(WrongPeriod, match="按年"):
        rule.evaluate(border.month(means=BASE), terms)


def test_an_incomplete_year_can_count_as_no_data(border):
    facts = border.year(None, means=BASE, base_means=BASE, complete=False)
    assert upstream_yi(rule.evaluate(facts, terms_of(border, 2012))) == 1
    skipped = rule.evaluate(facts, terms_of(border, 2012, incomplete_period="no_data"))
    assert skipped.state is MonthState.NO_DATA
    assert skipped.transfers == ()


@pytest.mark.parametrize(
    ("given", "name"),
    [
        ({"indicators": [{"indicator": "TP", "weight": "0.9"}]}, "indicators"),
        ({"indicators": [{"indicator": "TP", "weight": "0.5"}] * 2}, "indicators"),
        ({"indicators": [{"indicator": "DO", "weight": "1"}]}, "indicators"),
        ({"base_from": None}, "base_from"),
        ({"base_from": 2014, "base_to": 2012}, "base_to"),
        ({"extra_mark": "1.1"}, "extra_mark"),
    ],
)
def test_impossible_terms_are_refused(border, given, name):
    with pytest.raises(ParameterErrors) as wrong:
        terms_of(border, 2015, **given)
    assert [error.name for error in wrong.value.errors] == [name]


def test_the_steps_build_p_term_by_term(border):
    facts = border.year("Ⅱ", 2016, means=means("1.8", "0.18", "0.05", "1"), base_means=BASE)
    outcome = rule.evaluate(facts, terms_of(border, 2015))
    steps = steps_of(outcome)
    assert list(steps) == [
        "section", "data", "means", "class", "item-CODMn", "item-NH3-N", "item-TP", "item-TN",
        "comparison", "clause", "amount", "result",
    ]  # fmt: skip
    assert steps["item-CODMn"].formula == "0.25 × 1.8 ÷ 2 ＝ 0.225"
    assert "2012—2014年均值 2 mg/L" in steps["item-CODMn"].text
    assert steps["comparison"].formula == "P ＝ 0.89 ×（0.225 ＋ 0.225 ＋ 0.25 ＋ 0.25）＝ 0.8455"
    assert steps["comparison"].text == "补偿指数 P 不大于指数界线 1，也不大于加付界线 0.95。"
    assert steps["clause"].text.startswith("P 不大于 1 的，由下游补偿上游，每年 10,000.00 万元")
    assert steps["amount"].formula == (
        "（10,000.00 ＋ 10,000.00）万元/年 × 份额 100 % ＝ 20,000.00 万元"
    )
    assert steps["result"].text.startswith("垫江县补偿梁平区 200,000,000.00 元")


@pytest.mark.parametrize(
    ("nitrogen", "text"),
    [
        ("1", "补偿指数 P 不大于指数界线 1，但大于加付界线 0.95。"),
        ("1.2", "补偿指数 P 大于指数界线 1。"),
        ("0.8", "补偿指数 P 不大于指数界线 1，也不大于加付界线 0.95。"),
    ],
)
def test_the_words_at_a_mark_are_those_of_the_better_side(border, nitrogen, text):
    facts = border.year(None, means=BASE | {"TN": nitrogen}, base_means=BASE)
    outcome = rule.evaluate(facts, terms_of(border, 2015, k0="1"))
    assert steps_of(outcome)["comparison"].text == text


def test_a_base_period_may_be_one_year_and_the_marks_may_be_one(border):
    terms = terms_of(border, 2015, base_from=2012, base_to=2012, extra_mark="1", k0="1")
    facts = border.year(None, means=BASE, base_means=BASE)
    assert upstream_yi(rule.evaluate(facts, terms)) == 2


def test_a_mark_without_an_extra_amount_adds_no_words(border):
    terms = terms_of(border, 2015, extra_amount="0")
    outcome = rule.evaluate(border.year(None, means=BASE, base_means=BASE), terms)
    assert upstream_yi(outcome) == 1
    assert "再加" not in steps_of(outcome)["clause"].text
