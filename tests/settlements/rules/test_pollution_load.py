"""超标通量法: worked by hand. domain.md §7: Σ max(0, C − target) × flow × unit price.

Amounts: downstream's net in yuan (positive: upstream pays). Limits of class Ⅲ: COD 20,
NH3-N 1 mg/L. 1 mg/L in 1,000,000 m³ is one tonne; prices are of the examples alone.
"""

from decimal import Decimal

import pytest

from settlements.money import yuan
from settlements.rules.base import Granularity, MissingFact, MonthState, WrongPeriod
from settlements.rules.facts import UnusableFact
from settlements.rules.parameters import ParameterErrors
from settlements.rules.pollution_load import FAMILY as rule

MET, NOT_MET, NOT_INCREASED = MonthState.MET, MonthState.NOT_MET, MonthState.NOT_INCREASED
ONE_WAY = {
    "indicators": [
        {"indicator": "COD", "unit_price": "20000"},
        {"indicator": "NH3-N", "unit_price": "100000"},
    ]
}
MIRROR = {
    "indicators": [
        {"indicator": "COD", "unit_price": "20000", "mirror_price": "10000"},
        {"indicator": "NH3-N", "unit_price": "100000", "mirror_price": "100000"},
    ]
}


def paid(outcome):
    return outcome.net().get("downstream", Decimal(0))


def steps_of(outcome):
    return {step.key: step for step in outcome.steps}


@pytest.mark.parametrize(
    ("cod", "ammonia", "flow", "one_way", "mirror", "state"),
    [
        # At the targets.
        ("20", "1", "12500000", "0", "0", MET),
        # COD 2 mg/L × 12.5 million m³ = 25 t × 20,000.
        ("22", "1", "12500000", "500000", "500000", NOT_MET),
        # And NH3-N 0.2 × 12.5 = 2.5 t × 100,000 = 250,000 more.
        ("22", "1.2", "12500000", "750000", "750000", NOT_MET),
        # NH3-N 0.2 better: nothing one way, 250,000 against the 500,000 with the mirror.
        ("22", "0.8", "12500000", "500000", "250000", NOT_MET),
        # 10 t of COD better × 10,000 = 100,000.
        ("19", "1", "10000000", "0", "-100000", MET),
        # 0.6 × 12.5 = 7.5 t of NH3-N better outweighs COD: 500,000 − 750,000.
        ("22", "0.4", "12500000", "500000", "-250000", NOT_MET),
        # No flow, no load.
        ("22", "1.2", "0", "0", "0", NOT_MET),
        # To the fen: 0.001 × 1,234,567 / 1,000,000 t × 20,000 = 24.69134.
        ("20.001", "1", "1234567", "24.69", "24.69", NOT_MET),
    ],
)
def test_the_load_beyond_the_target_is_priced(border, cod, ammonia, flow, one_way, mirror, state):
    facts = border.month(None, means={"COD": cod, "NH3-N": ammonia}, flow=Decimal(flow))
    for terms, yuans in ((ONE_WAY, one_way), (MIRROR, mirror)):
        outcome = rule.evaluate(facts, border.terms(rule, **terms))
        assert paid(outcome) == yuan(yuans)
        assert outcome.state is state
        assert (outcome.rule, outcome.revision) == ("pollution_load", 1)


@pytest.mark.parametrize(
    ("cod", "came_in", "inherited", "yuans", "state"),
    [
        ("26", "23", "charge", "1200000", NOT_MET),  # 6 × 10 t × 20,000
        ("26", "23", "deduct", "600000", NOT_MET),  # only the 3 mg/L above what came in
        ("26", "26", "deduct", "0", NOT_INCREASED),
        ("26", "30", "deduct", "0", NOT_INCREASED),
        ("26", "18", "deduct", "1200000", NOT_MET),  # came in clean: from the target
        ("19", "30", "deduct", "0", MET),
    ],
)
def test_what_came_in_can_be_deducted(border, cod, came_in, inherited, yuans, state):
    facts = border.month(
        None, means={"COD": cod, "NH3-N": "1"}, flow=Decimal("10000000"), inflow_section="六剑滩",
        inflow_means={"COD": came_in, "NH3-N": "1"},
    )  # fmt: skip
    outcome = rule.evaluate(facts, border.terms(rule, **ONE_WAY, inherited=inherited))
    assert paid(outcome) == yuan(yuans)
    assert outcome.state is state


def test_a_target_of_the_agreement_goes_before_the_functional_class(border):
    terms = border.terms(
        rule, indicators=[{"indicator": "TN", "limit": "1.5", "unit_price": "10000"}]
    )
    facts = border.month(None, target=None, means={"TN": "2"}, flow=Decimal("4000000"))
    assert paid(rule.evaluate(facts, terms)) == yuan("20000")  # 2 t


def test_a_cap_holds_in_both_directions_before_the_share(border):
    terms = border.terms(rule, **MIRROR, period_cap="20万元")
    more = {"flow": Decimal("12500000"), "share": Decimal("0.5")}
    worse = rule.evaluate(border.month(None, means={"COD": "30", "NH3-N": "1"}, **more), terms)
    assert paid(worse) == yuan("100000")
    assert "超过每期封顶" in steps_of(worse)["amount"].text
    better = rule.evaluate(border.month(None, means={"COD": "10", "NH3-N": "1"}, **more), terms)
    assert paid(better) == yuan("-100000")


def test_years_can_be_settled(border):
    terms = border.terms(rule, **ONE_WAY, comparison="yearly")
    assert rule.granularity(terms) is Granularity.YEAR
    facts = border.year(None, means={"COD": "21", "NH3-N": "1"}, flow=Decimal("150000000"))
    assert paid(rule.evaluate(facts, terms)) == yuan("3000000")  # 150 t
    with pytest.raises(WrongPeriod, match="按年"):
        rule.evaluate(border.month(None, means={"COD": "21"}, flow=Decimal(1)), terms)


@pytest.mark.parametrize(
    ("facts", "terms", "name"),
    [
        ({"means": {"COD": "22", "NH3-N": "1"}}, ONE_WAY, "flow"),
        ({"flow": Decimal(1)}, ONE_WAY, "means"),
        ({"means": {"COD": "22"}, "flow": Decimal(1)}, ONE_WAY, "means.NH3-N"),
        ({"means": {"COD": "22", "NH3-N": "1"}, "flow": Decimal(1), "target": None}, ONE_WAY,
         "target"),
        ({"means": {"COD": "22", "NH3-N": "1"}, "flow": Decimal(1), "inflow_section": "六剑滩"},
         ONE_WAY | {"inherited": "deduct"}, "inflow_means.COD"),
    ],
)  # fmt: skip
def test_missing_facts_are_refused_by_name(border, facts, terms, name):
    with pytest.raises(MissingFact) as missing:
        rule.evaluate(border.month("Ⅳ", **facts), border.terms(rule, **terms))
    assert missing.value.name == name


def test_water_that_flows_back_is_refused_by_name(border):
    facts = border.month(None, means={"COD": "22", "NH3-N": "1"}, flow=Decimal("-5"))
    with pytest.raises(UnusableFact, match=r"flow.*倒流") as wrong:
        rule.evaluate(facts, border.terms(rule, **ONE_WAY))
    assert wrong.value.name == "flow"


def test_an_incomplete_month_can_count_as_no_data(border):
    facts = border.month(
        None, means={"COD": "22", "NH3-N": "1"}, flow=Decimal("1000000"), complete=False
    )
    assert paid(rule.evaluate(facts, border.terms(rule, **ONE_WAY))) == yuan("40000")
    skipped = rule.evaluate(facts, border.terms(rule, **ONE_WAY, incomplete_period="no_data"))
    assert skipped.state is MonthState.NO_DATA
    assert skipped.transfers == ()


@pytest.mark.parametrize(
    "rows",
    [
        [{"indicator": "COD", "unit_price": "1"}, {"indicator": "COD", "unit_price": "2"}],
        [{"indicator": "TN", "unit_price": "1"}],
        [{"indicator": "COD", "unit_price": "-1"}],
        [{"indicator": "DO", "unit_price": "1"}],
    ],
)
def test_impossible_terms_are_refused(border, rows):
    with pytest.raises(ParameterErrors) as wrong:
        border.terms(rule, indicators=rows)
    assert [error.name for error in wrong.value.errors] == ["indicators"]


def test_the_steps_go_from_flow_to_tonnes_to_yuan(border):
    facts = border.month(
        "Ⅳ", means={"COD": "22", "NH3-N": "0.8"}, flow=Decimal("12500000"),
        sources={"flow": "普顺水文站2023年8月"},
    )  # fmt: skip
    steps = steps_of(rule.evaluate(facts, border.terms(rule, **MIRROR)))
    assert list(steps) == [
        "section", "data", "means", "class", "flow", "item-COD", "item-NH3-N", "comparison",
        "clause", "amount", "result",
    ]  # fmt: skip
    assert steps["flow"].result == "12,500,000"
    assert steps["flow"].inputs[0].source == "普顺水文站2023年8月"
    assert steps["item-COD"].formula == (
        "max（0，22 − 20）mg/L × 12,500,000 m³ ÷ 1,000,000 ＝ 25 吨；"
        "25 吨 × 20,000.00 元/吨 ＝ 500,000.00 元"
    )
    assert steps["item-NH3-N"].formula.startswith("max（0，1 − 0.8）mg/L × 12,500,000 m³")
    assert steps["item-NH3-N"].result == "25.00"
    assert steps["amount"].formula == "（50.00 − 25.00）万元 × 份额 100 % ＝ 25.00 万元"
    one_way = steps_of(rule.evaluate(facts, border.terms(rule, **ONE_WAY)))
    assert one_way["item-NH3-N"].text.endswith("改善不计。")
    assert one_way["item-NH3-N"].formula == "0.8 ＜ 1 mg/L"


def test_one_pollutant_that_grew_makes_the_month_not_met(border):
    facts = border.month(
        None, means={"COD": "26", "NH3-N": "1.5"}, flow=Decimal("10000000"),
        inflow_section="六剑滩", inflow_means={"COD": "26", "NH3-N": "1.2"},
    )  # fmt: skip
    outcome = rule.evaluate(facts, border.terms(rule, **ONE_WAY, inherited="deduct"))
    assert outcome.state is NOT_MET
    assert paid(outcome) == yuan("300000")  # 0.3 × 10 t × 100,000
    steps = steps_of(outcome)
    assert "从入境断面 六剑滩的 1.2 mg/L 起算" in steps["item-NH3-N"].text
    assert steps["item-NH3-N"].inputs[-1].name == "入境断面 六剑滩"
    charged = steps_of(rule.evaluate(facts, border.terms(rule, **ONE_WAY)))
    assert [each.name for each in charged["item-NH3-N"].inputs][-1] == "超标单价"


def test_the_lines_name_the_source_of_a_target_and_the_reason(border):
    sources = {"target": "渝府发〔2012〕4号"}
    rows = [{"indicator": "COD", "unit_price": "20000", "mirror_price": "20000"}]
    for cod, because in (("22", "通量超过目标"), ("18", "通量低于目标")):
        facts = border.month(None, means={"COD": cod}, flow=Decimal("1000000"), sources=sources)
        outcome = rule.evaluate(facts, border.terms(rule, indicators=rows))
        assert outcome.transfers[0].reason == because
        assert steps_of(outcome)["item-COD"].inputs[1].source == "渝府发〔2012〕4号"
        assert "改善不计" not in steps_of(outcome)["item-COD"].text
    own = [{"indicator": "COD", "limit": "20", "unit_price": "20000"}]
    terms = border.terms(rule, indicators={"value": own, "source": "第五条"})
    facts = border.month(None, means={"COD": "22"}, flow=Decimal("1000000"), sources=sources)
    line = steps_of(rule.evaluate(facts, terms))["item-COD"]
    assert line.inputs[1].source == "第五条"
    assert "改善不计" not in line.text
