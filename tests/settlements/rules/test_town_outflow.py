"""镇街出境断面法: Bishan's months worked by hand. Amounts: the town's net in 万元.

Source: domain.md §8 (Bishan 2018: COD, NH3-N and TP all no worse than last year's mean and
the functional class; yes: rewarded, no: pays; parks share by ratio). Class Ⅲ: COD 20,
NH3-N 1.0, TP 0.2 (GB 3838-2002 table 1).
"""

from decimal import Decimal

import pytest

from settlements.money import yuan
from settlements.rules.base import Granularity, MissingFact, MonthState, WrongPeriod
from settlements.rules.parameters import ParameterErrors
from settlements.rules.town_outflow import FAMILY as rule

MET, NOT_MET, NOT_INCREASED = MonthState.MET, MonthState.NOT_MET, MonthState.NOT_INCREASED
LAST_YEAR = {"COD": "18", "NH3-N": "0.6", "TP": "0.25"}
GOOD = {"COD": "15", "NH3-N": "0.5", "TP": "0.15"}


def month(border, means=GOOD, **more):
    more.setdefault("base_means", LAST_YEAR)
    return border.month("Ⅲ", means=means, **more)


def town_wan(outcome):
    return outcome.net().get("upstream", Decimal(0)) / 10000


@pytest.mark.parametrize(
    ("means", "wan", "state"),
    [
        (GOOD, 10, MET),
        (GOOD | {"COD": "18"}, 10, MET),  # exactly last year's mean
        (GOOD | {"COD": "18.01"}, -10, NOT_MET),  # worse than last year, still class Ⅲ
        (GOOD | {"TP": "0.2"}, 10, MET),  # exactly the class
        (GOOD | {"TP": "0.2001"}, -10, NOT_MET),  # better than last year, over the class
        (GOOD | {"NH3-N": "0.7"}, -10, NOT_MET),
        (GOOD | {"CODMn": "99"}, 10, MET),  # takes no part
        ({"COD": "30", "NH3-N": "3", "TP": "0.5"}, -10, NOT_MET),  # once, not three times
    ],
)
def test_all_three_must_hold_against_last_year_and_the_class(border, means, wan, state):
    outcome = rule.evaluate(month(border, means), border.terms(rule))
    assert town_wan(outcome) == wan
    assert outcome.net()["treasury"] == -wan * 10000
    assert outcome.state is state
    assert (outcome.rule, outcome.revision) == ("town_outflow", 1)


@pytest.mark.parametrize(
    ("means", "terms", "wan"),
    [
        (GOOD | {"COD": "19"}, {"against_last_year": False}, 10),
        (GOOD | {"COD": "20.1"}, {"against_last_year": False}, -10),
        (GOOD | {"TP": "0.24"}, {"against_class": False}, 10),
        (GOOD | {"TP": "0.26"}, {"against_class": False}, -10),
        (GOOD, {"reward": "30万元"}, 30),
        (GOOD | {"TP": "1"}, {"charge": "30万元"}, -30),
        (GOOD | {"TP": "1"}, {"items": [{"indicator": "COD"}]}, 10),
    ],
)
def test_what_the_term_compares_and_pays(border, means, terms, wan):
    assert town_wan(rule.evaluate(month(border, means), border.terms(rule, **terms))) == wan


@pytest.mark.parametrize(("oxygen", "wan"), [("5", 10), ("4.99", -10), ("6", 10)])
def test_of_oxygen_more_is_better(border, oxygen, wan):
    facts = month(border, {"DO": oxygen}, base_means={"DO": "4"})
    terms = border.terms(rule, items=[{"indicator": "DO"}])
    assert town_wan(rule.evaluate(facts, terms)) == wan


def test_industrial_parks_share_with_their_town(border):
    """10 万元: a park at 30 % has 3, one at 12.5 % has 1.25, the town the rest."""
    terms = border.terms(rule, parks={"value": {"P1": "30", "P2": "12.5"}})
    parties = {"P1": "青杠工业园", "P2": "来凤工业园"}
    good = rule.evaluate(month(border, parties=parties), terms)
    assert good.net() == {"P1": yuan("30000"), "P2": yuan("12500"), "treasury": yuan("-100000"),
                          "upstream": yuan("57500")}  # fmt: skip
    bad = rule.evaluate(month(border, GOOD | {"TP": "1"}, parties=parties), terms)
    assert bad.net() == {role: -net for role, net in good.net().items()}
    with pytest.raises(MissingFact, match=r"parties\.P2"):
        rule.evaluate(month(border, parties={"P1": "青杠工业园"}), terms)


@pytest.mark.parametrize(
    ("tp", "inflow", "terms", "wan", "state"),
    [
        ("0.3", "0.3", {"inherited": "half"}, -5, NOT_INCREASED),
        ("0.3", "0.3", {"inherited": "none"}, 0, NOT_INCREASED),
        ("0.3", "0.29", {"inherited": "none"}, -10, NOT_MET),
        ("0.3", "0.3", {}, -10, NOT_MET),  # charged by default
        ("0.15", "0.3", {"inherited": "none"}, 10, MET),
    ],
)
def test_what_came_in_no_better(border, tp, inflow, terms, wan, state):
    came_in = {"inflow_section": "两河口", "inflow_means": {"TP": inflow}}
    facts = month(border, GOOD | {"TP": tp}, **came_in)
    outcome = rule.evaluate(facts, border.terms(rule, **terms))
    assert town_wan(outcome) == wan
    assert outcome.state is state


def test_a_town_at_the_head_inherits_nothing(border):
    facts = month(border, GOOD | {"TP": "0.3"})
    assert town_wan(rule.evaluate(facts, border.terms(rule, inherited="none"))) == -10


def test_an_inflow_without_its_section_counts_all_the_same(border):
    facts = month(border, GOOD | {"TP": "0.3"}, inflow_means={"TP": "0.3"})
    assert town_wan(rule.evaluate(facts, border.terms(rule, inherited="none"))) == 0


def test_a_year_of_months_is_cleared_at_its_end(border):
    """Nine months rewarded and three charged: 60 万元 to the town."""
    terms = border.terms(rule)
    year = [GOOD] * 9 + [GOOD | {"TP": "0.3"}] * 3
    assert sum(town_wan(rule.evaluate(month(border, m), terms)) for m in year) == 60


def test_a_section_with_half_the_outflow_counts_half(border):
    facts = month(border, share=Decimal("0.5"))
    assert town_wan(rule.evaluate(facts, border.terms(rule))) == 5


@pytest.mark.parametrize(
    ("facts", "terms", "name"),
    [
        ({"means": {}}, {}, "means"),
        ({"means": {"COD": "15", "TP": "0.1"}}, {}, "means.NH3-N"),
        ({"target": None}, {}, "target"),
        ({"base_means": {"COD": "15", "TP": "0.1"}}, {}, "base_means.NH3-N"),
        ({"means": GOOD | {"TP": "0.3"}, "inflow_section": "两河口"}, {"inherited": "half"},
         "inflow_means.TP"),
    ],
)  # fmt: skip
def test_missing_facts_are_refused_by_name(border, facts, terms, name):
    with pytest.raises(MissingFact) as missing:
        rule.evaluate(month(border, **facts), border.terms(rule, **terms))
    assert missing.value.name == name


def test_without_last_year_the_class_can_count_alone_and_it_is_said(border):
    terms = border.terms(rule, missing_last_year="class_only")
    outcome = rule.evaluate(month(border, base_means={"COD": "18"}), terms)
    steps = {step.key: step for step in outcome.steps}
    assert town_wan(outcome) == 10
    assert "缺上年均值" in steps["item.TP"].text
    assert "缺上年均值" not in steps["item.COD"].text


def test_an_incomplete_month_is_used_or_not_as_the_term_has_it(border):
    facts = month(border, complete=False)
    assert town_wan(rule.evaluate(facts, border.terms(rule))) == 10
    skipped = rule.evaluate(facts, border.terms(rule, incomplete_month="no_data"))
    assert (skipped.state, skipped.transfers) == (MonthState.NO_DATA, ())


def test_an_excluded_month_is_neither_rewarded_nor_charged(border):
    facts = month(border, state_override=MonthState.EXCLUDED, override_reason="特大洪水")
    outcome = rule.evaluate(facts, border.terms(rule))
    assert (outcome.state, outcome.transfers) == (MonthState.EXCLUDED, ())


def test_the_base_of_a_month_is_the_year_before(border):
    assert rule.base_years(border.terms(rule), 2018) == {2017}


def test_a_year_is_refused(border):
    assert rule.granularity(border.terms(rule)) is Granularity.MONTH
    with pytest.raises(WrongPeriod, match="按月"):
        rule.evaluate(border.year("Ⅲ"), border.terms(rule))


@pytest.mark.parametrize(
    ("terms", "words"),
    [
        ({"against_last_year": False, "against_class": False}, "至少选一项"),
        ({"items": [{"indicator": "TP"}, {"indicator": "TP"}]}, "总磷 重复"),
        ({"items": [{"indicator": "sulfate"}]}, "没有类别限值"),
        ({"against_class": False, "missing_last_year": "class_only"}, "只能拒绝核算"),
        ({"parks": {"value": {"P1": "60", "P2": "41"}}}, "超过 100 %"),
        ({"parks": {"value": {"upstream": "60"}}}, "不是园区"),
    ],
)
def test_terms_that_contradict_themselves_are_refused(border, terms, words):
    with pytest.raises(ParameterErrors, match=words):
        border.terms(rule, **terms)


def test_the_steps_show_each_item_the_clause_and_the_parks(border):
    facts = month(
        border, GOOD | {"TP": "0.21"}, parties={"P1": "青杠工业园"},
        inflow_section="两河口", inflow_means={"TP": "0.25"},
        sources={"base_means": "2022年均值", "target": "区划"},
    )  # fmt: skip
    terms = border.terms(rule, parks={"value": {"P1": "30"}}, inherited="half")
    outcome = rule.evaluate(facts, terms)
    steps = {step.key: step for step in outcome.steps}
    assert list(steps) == [
        "section", "data", "means", "item.COD", "item.NH3-N", "item.TP", "comparison", "clause",
        "amount", "result",
    ]  # fmt: skip
    assert steps["item.TP"].formula == (
        "0.21 mg/L ≤ 上年均值 0.25 mg/L：是；0.21 mg/L ≤ Ⅲ类限值 0.2 mg/L：否"
    )
    assert [i.source for i in steps["item.TP"].inputs] == ["2022年均值", "区划"]
    assert "只高出Ⅲ类限值" in steps["item.TP"].hint
    assert steps["comparison"].formula == "3 项中 2 项达到"
    assert steps["comparison"].result == "未增加"
    assert steps["comparison"].inputs[0].value == "0.25"
    assert "减半缴付" in steps["clause"].text
    assert steps["clause"].result == "镇街 → 上级财政"
    assert steps["amount"].formula == "10.00 万元/月 × 继承部分 50 % × 份额 100 % ＝ 5.00 万元"
    assert "青杠工业园 1.50 万元" in steps["amount"].text
    assert outcome.net()["P1"] == yuan("-15000")
