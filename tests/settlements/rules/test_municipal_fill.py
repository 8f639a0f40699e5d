"""市级补位: Modao River by hand, and the treasury in a missing place. Amounts in 万元.

Source: domain.md §1 (the city paid Shizhu and Wanzhou together 1,000 万元; one stretch of
the Modao River lies in Hubei).
"""

from decimal import Decimal

import pytest

from settlements.money import yuan
from settlements.rules.base import (
    Granularity,
    MissingFact,
    MonthState,
    Outcome,
    Transfer,
    WrongPeriod,
)
from settlements.rules.baseline import FAMILY as baseline
from settlements.rules.municipal_fill import FAMILY as rule
from settlements.rules.municipal_fill import fill
from settlements.rules.parameters import ParameterErrors

MODAO = {
    "amount": {"value": "1000万元", "source": "市财政2019年下达"},
    "shares": {"value": {"SZ": "1", "WZ": "1"}},
    "from_year": 2019,
    "to_year": 2019,
}
PARTIES = {"SZ": "石柱县", "WZ": "万州区"}


def year(border, found=None, of=2019, **more):
    more.setdefault("parties", PARTIES)
    return border.year(found, of, **more)


def wan(outcome):
    return {role: net / 10000 for role, net in outcome.net().items()}


def test_modao_has_1000_together(border):
    outcome = rule.evaluate(year(border), border.terms(rule, **MODAO))
    assert wan(outcome) == {"SZ": 500, "WZ": 500, "treasury": -1000}
    assert outcome.state is MonthState.MET
    assert (outcome.rule, outcome.revision) == ("municipal_fill", 1)


@pytest.mark.parametrize(
    ("found", "terms", "nets", "state"),
    [
        (None, {"shares": {"value": {"SZ": "3", "WZ": "2"}}}, {"SZ": 600, "WZ": 400}, "met"),
        (None, {"shares": {"value": {"upstream": "1"}}}, {"upstream": 1000}, "met"),
        ("Ⅱ", {"condition_class": "Ⅱ"}, {"SZ": 500, "WZ": 500}, "met"),
        ("Ⅲ", {"condition_class": "Ⅱ"}, {}, "not_met"),
        ("Ⅲ", {"condition_class": "Ⅱ", "reduction": "20"}, {"SZ": 400, "WZ": 400}, "not_met"),
    ],
)
def test_the_sum_by_ratio_and_condition(border, found, terms, nets, state):
    outcome = rule.evaluate(year(border, found), border.terms(rule, **MODAO | terms))
    treasury = {"treasury": -sum(nets.values())} if nets else {}
    assert wan(outcome) == nets | treasury
    assert outcome.state.value == state


def test_a_section_with_a_tenth_has_a_tenth(border):
    outcome = rule.evaluate(year(border, share=Decimal("0.1")), border.terms(rule, **MODAO))
    assert wan(outcome) == {"SZ": 50, "WZ": 50, "treasury": -100}


@pytest.mark.parametrize("of", [2018, 2020])
def test_outside_its_years_nothing_is_filled(border, of):
    outcome = rule.evaluate(year(border, of=of), border.terms(rule, **MODAO))
    assert (outcome.state, outcome.transfers) == (MonthState.EXCLUDED, ())
    assert any("2019–2019" in step.text for step in outcome.steps)


def test_missing_facts_are_refused_by_name(border):
    with pytest.raises(MissingFact, match=r"parties\.WZ"):
        rule.evaluate(year(border, parties={"SZ": "石柱县"}), border.terms(rule, **MODAO))
    with pytest.raises(MissingFact) as missing:
        rule.evaluate(year(border), border.terms(rule, **MODAO, condition_class="Ⅱ"))
    assert missing.value.name == "water_class"


def test_what_the_bureau_or_the_data_decided(border):
    excluded = {"state_override": MonthState.EXCLUDED, "override_reason": "暂停"}
    none = {"state_override": MonthState.NO_DATA, "override_reason": "停站"}
    terms = border.terms(rule, **MODAO)
    assert rule.evaluate(year(border, **excluded), terms).transfers == ()
    assert wan(rule.evaluate(year(border, **none), terms))["SZ"] == 500
    hanging = border.terms(rule, **MODAO, condition_class="Ⅱ", incomplete_period="no_data")
    assert rule.evaluate(year(border, **none), hanging).transfers == ()
    waits = rule.evaluate(year(border, "Ⅱ", complete=False), hanging)
    assert (waits.state, waits.transfers) == (MonthState.NO_DATA, ())
    unconditional = border.terms(rule, **MODAO, incomplete_period="no_data")
    assert wan(rule.evaluate(year(border, complete=False), unconditional))["SZ"] == 500


def test_a_month_is_refused(border):
    assert rule.granularity(border.terms(rule, **MODAO)) is Granularity.YEAR
    with pytest.raises(WrongPeriod, match="按年"):
        rule.evaluate(border.month("Ⅱ"), border.terms(rule, **MODAO))


@pytest.mark.parametrize(
    ("terms", "words"),
    [
        ({"to_year": 2018}, "早于起始年度"),
        ({"shares": {"value": {"treasury": "1"}}}, "付款方"),
        ({"shares": {"value": {"SZ": "0"}}}, "不能都为 0"),
    ],
)
def test_terms_that_contradict_themselves_are_refused(border, terms, words):
    with pytest.raises(ParameterErrors, match=words):
        border.terms(rule, **MODAO | terms)


def test_the_steps_show_where_the_side_is_missing_and_the_ratio(border):
    terms = border.terms(rule, **MODAO, condition_class="Ⅱ", reduction="20")
    steps = {s.key: s for s in rule.evaluate(year(border, "Ⅲ"), terms).steps}
    assert list(steps) == [
        "section", "data", "class", "comparison", "clause", "amount", "result",
    ]  # fmt: skip
    assert steps["comparison"].formula == "条件 Ⅱ类 → 本年 Ⅲ类"
    assert "中段在市外，由市级财政补位" in steps["clause"].text
    assert "石柱县 1 : 万州区 1" in steps["clause"].text
    assert steps["clause"].clause == "市财政2019年下达"
    assert steps["amount"].formula == ("1,000.00 万元/年 ×（1 − 20 %） × 份额 100 % ＝ 800.00 万元")
    assert "石柱县 400.00 万元，万州区 400.00 万元" in steps["amount"].text


@pytest.mark.parametrize(
    ("found", "missing", "nets"),
    [
        ("Ⅱ", "downstream", {"treasury": -100, "upstream": 100}),  # a mouth: the city pays
        ("Ⅳ", "downstream", {"treasury": 100, "upstream": -100}),  # and is paid
        ("Ⅱ", "upstream", {"downstream": -100, "treasury": 100}),  # a head
        ("Ⅲ", "upstream", {}),
    ],
)
def test_the_treasury_takes_the_missing_place_of_any_rule(border, found, missing, nets):
    outcome = fill(baseline.evaluate(border.month(found), border.terms(baseline)), missing)
    assert wan(outcome) == nets
    assert (outcome.rule, outcome.revision) == ("baseline", 1)
    filled = [step for step in outcome.steps if step.key == "municipal_fill"]
    assert len(filled) == bool(nets)
    assert all("缺位，由市级财政承担其收付，合 1,000,000.00 元" in step.text for step in filled)


def test_a_place_cannot_be_filled_twice_nor_by_an_unknown_side():
    paid = Transfer("treasury", "upstream", yuan("1"), "x")
    outcome = Outcome("awards", 1, MonthState.MET, (paid,), ())
    with pytest.raises(ValueError, match="已有上级财政"):
        fill(outcome, "downstream")
    with pytest.raises(ValueError, match="缺位方"):
        fill(outcome, "treasury")
