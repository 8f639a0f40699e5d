"""定额年付法: Longtan Reservoir and the condition it could hang on. domain.md §3."""

from decimal import Decimal

import pytest

from settlements.money import yuan
from settlements.rules.base import MissingFact, MonthState, WrongPeriod
from settlements.rules.fixed_annual import FAMILY as rule

LONGTAN = {"amount": {"value": "350万元", "source": "备忘录第三条"}, "from_year": 2023,
           "to_year": 2030}  # fmt: skip


def test_longtan_pays_upstream_350_a_year_2800_in_all(border):
    terms = border.terms(rule, **LONGTAN)
    paid = [rule.evaluate(border.year("Ⅲ", year), terms).net() for year in range(2023, 2031)]
    assert all(net == {"downstream": yuan("-3500000"), "upstream": yuan("3500000")} for net in paid)
    assert sum(net["upstream"] for net in paid) == yuan("28000000")


@pytest.mark.parametrize("year", [2022, 2031])
def test_outside_its_years_nobody_pays(border, year):
    outcome = rule.evaluate(border.year("Ⅲ", year), border.terms(rule, **LONGTAN))
    assert outcome.transfers == ()
    assert outcome.state is MonthState.EXCLUDED
    assert any("2023–2030" in step.text for step in outcome.steps)


@pytest.mark.parametrize(
    ("found", "reduction", "wan", "state"),
    [
        ("Ⅲ", "20", 350, MonthState.MET),
        ("Ⅳ", "20", 280, MonthState.NOT_MET),
        ("Ⅳ", "100", 0, MonthState.NOT_MET),
        ("劣Ⅴ", "0", 350, MonthState.NOT_MET),
    ],
)
def test_worse_than_the_condition_reduces_or_withholds(border, found, reduction, wan, state):
    terms = border.terms(rule, **LONGTAN, condition_class="Ⅲ", reduction=reduction)
    outcome = rule.evaluate(border.year(found), terms)
    assert outcome.net().get("upstream", Decimal(0)) == wan * 10000
    assert outcome.state is state


def test_without_a_condition_the_water_does_not_matter(border):
    terms = border.terms(rule, **LONGTAN)
    assert rule.evaluate(border.year(None), terms).net()["upstream"] == yuan("3500000")
    dry = border.year(None, state_override=MonthState.NO_DATA, override_reason="停站")
    assert rule.evaluate(dry, terms).net()["upstream"] == yuan("3500000")


def test_with_a_condition_the_class_is_asked_for_by_name(border):
    with pytest.raises(MissingFact, match="water_class"):
        rule.evaluate(border.year(None), border.terms(rule, **LONGTAN, condition_class="Ⅲ"))


def test_an_exclusion_stops_the_payment(border):
    facts = border.year("Ⅲ", state_override=MonthState.EXCLUDED, override_reason="协议中止")
    outcome = rule.evaluate(facts, border.terms(rule, **LONGTAN))
    assert outcome.state is MonthState.EXCLUDED
    assert outcome.transfers == ()


def test_an_incomplete_year_can_wait(border):
    terms = border.terms(rule, **LONGTAN, condition_class="Ⅲ", incomplete_period="no_data")
    assert rule.evaluate(border.year("Ⅲ", complete=False), terms).state is MonthState.NO_DATA


def test_upstream_can_be_the_payer(border):
    outcome = rule.evaluate(border.year("Ⅲ"), border.terms(rule, **LONGTAN, payer="upstream"))
    assert outcome.net()["downstream"] == yuan("3500000")


def test_a_month_is_refused(border):
    with pytest.raises(WrongPeriod, match="按年"):
        rule.evaluate(border.month("Ⅲ"), border.terms(rule, **LONGTAN))


def test_the_steps_show_year_reduction_and_clause(border):
    terms = border.terms(rule, **LONGTAN, condition_class="Ⅲ", reduction="20")
    outcome = rule.evaluate(border.year("Ⅳ", 2025), terms)
    steps = {step.key: step for step in outcome.steps}
    assert steps["amount"].formula == "350.00 万元/年 ×（1 − 20 %） × 份额 100 % ＝ 280.00 万元"
    assert steps["amount"].text.startswith("第 3 年，共 8 年；")
    assert steps["clause"].clause == "备忘录第三条"
    assert steps["result"].text.startswith("垫江县补偿梁平区 2,800,000.00 元")
