"""多指标加权评分法: scores and payments worked by hand.

Amounts: upstream's net in 万元 (positive: downstream pays). Source: domain.md §5
(Sichuan–Chongqing, second round, 2024; weights 60/15/15/10 are the default).
"""

from datetime import date
from decimal import Decimal

import pytest

from settlements.money import yuan
from settlements.rules.base import Granularity, MissingFact, MonthState, WrongPeriod
from settlements.rules.parameters import ParameterErrors, with_defaults
from settlements.rules.weighted_score import FAMILY as rule

ON = date(2024, 1, 1)
FUND = {"upstream_contribution": "5000万元", "downstream_contribution": "10000万元"}
BANDS = FUND | {"distribution": "bands"}
FULL = {"ecological_flow": "100", "natural_shoreline": "80", "fish_diversity": "3"}


def year(border, found="Ⅱ", observed=FULL, **more):
    observed = {name: Decimal(value) for name, value in observed.items()}
    return border.year(found, year=2024, observations=observed, **more)


def upstream_wan(outcome):
    return outcome.net().get("upstream", Decimal(0)) / 10000


def score_of(outcome):
    return next(step for step in outcome.steps if step.key == "score").result


@pytest.mark.parametrize(
    ("found", "observed", "score", "wan", "state"),
    [
        # 60 + 15 + 15 + 10: upstream gets all 15000, 10000 more than it put in.
        ("Ⅱ", FULL, "100", 10000, MonthState.MET),
        ("Ⅰ", FULL, "100", 10000, MonthState.MET),  # better than full is full
        # Ⅲ is (3 − 6) ÷ (2 − 6) = 0.75: 45 + 40 = 85. 12750 − 5000.
        ("Ⅲ", FULL, "85", 7750, MonthState.MET),
        # Shoreline (72 − 60) ÷ 20 = 0.6: 9. 45 + 15 + 9 + 10 = 79. 11850 − 5000.
        ("Ⅲ", FULL | {"natural_shoreline": "72"}, "79", 6850, MonthState.MET),
        # Fish (1.8 − 1) ÷ 2 = 0.4: 4. Flow 90: 7.5. Ⅳ: 30. 30 + 7.5 + 9 + 4 = 50.5.
        ("Ⅳ", {"ecological_flow": "90", "natural_shoreline": "72", "fish_diversity": "1.8"},
         "50.5", 2575, MonthState.NOT_MET),
        # Below the zero mark is nothing: 0 + 0 + 0 + 0, upstream loses what it put in.
        ("劣Ⅴ", {"ecological_flow": "70", "natural_shoreline": "60", "fish_diversity": "0.5"},
         "0", -5000, MonthState.NOT_MET),
    ],
)  # fmt: skip
def test_the_year_divides_the_fund_pro_rata(border, found, observed, score, wan, state):
    outcome = rule.evaluate(year(border, found, observed), border.terms(rule, **FUND))
    assert score_of(outcome) == score
    assert upstream_wan(outcome) == wan
    assert outcome.state is state
    assert (outcome.rule, outcome.revision) == ("weighted_score", 1)


@pytest.mark.parametrize(
    ("found", "shoreline", "wan"),
    [
        ("Ⅱ", "80", 10000),  # 100: all 15000
        ("Ⅲ", "80", 6250),  # 85: 75 %, 11250 − 5000
        ("Ⅳ", "80", 2500),  # 70: 50 %, 7500 − 5000
        ("Ⅴ", "80", -5000),  # 55: nothing
        ("Ⅴ", "60", -5000),
        ("Ⅲ", "66.666", 2500),  # 45 + 15 + 4.9995 + 10 = 74.9995 is not yet 75
        ("Ⅲ", "66.667", 6250),  # 75.00025
    ],
)
def test_the_year_divides_the_fund_by_bands(border, found, shoreline, wan):
    terms = border.terms(rule, **BANDS)
    outcome = rule.evaluate(year(border, found, FULL | {"natural_shoreline": shoreline}), terms)
    assert upstream_wan(outcome) == wan


def test_a_score_at_a_bands_start_belongs_to_that_band(border):
    bands = [{"from_score": "0", "upstream_part": "0"}, {"from_score": "85", "upstream_part": "60"}]
    terms = border.terms(rule, **BANDS, bands=bands)
    assert upstream_wan(rule.evaluate(year(border, "Ⅲ"), terms)) == 4000  # 9000 − 5000
    below = year(border, "Ⅲ", FULL | {"fish_diversity": "2.99"})
    assert upstream_wan(rule.evaluate(below, terms)) == -5000


def test_where_the_part_equals_the_contribution_nobody_pays(border):
    bands = [{"from_score": "0", "upstream_part": "50"}]
    even = {"upstream_contribution": "300万元", "downstream_contribution": "300万元"}
    outcome = rule.evaluate(
        year(border), border.terms(rule, **even, distribution="bands", bands=bands)
    )
    assert outcome.transfers == ()
    assert outcome.state is MonthState.MET


def test_a_concentration_scores_by_its_yearly_mean(border):
    indicators = [
        {"indicator": "TP", "weight": "100", "unit": "mg/L", "direction": "lower",
         "full_mark": "0.1", "zero_mark": "0.2"},
    ]  # fmt: skip
    terms = border.terms(rule, **FUND, indicators=indicators)
    outcome = rule.evaluate(border.year("Ⅲ", means={"TP": "0.13"}), terms)
    assert score_of(outcome) == "70"
    assert upstream_wan(outcome) == 5500  # 10500 − 5000
    with pytest.raises(MissingFact, match=r"means\.TP"):
        rule.evaluate(border.year("Ⅲ"), terms)


def test_a_section_with_half_the_border_settles_half_the_fund(border):
    outcome = rule.evaluate(year(border, "Ⅲ", share=Decimal("0.5")), border.terms(rule, **FUND))
    assert upstream_wan(outcome) == 3875


@pytest.mark.parametrize("name", ["ecological_flow", "natural_shoreline", "fish_diversity"])
def test_a_missing_observation_is_refused_by_name(border, name):
    observed = {key: value for key, value in FULL.items() if key != name}
    with pytest.raises(MissingFact) as missing:
        rule.evaluate(year(border, "Ⅲ", observed), border.terms(rule, **FUND))
    assert missing.value.name == f"observations.{name}"


def test_a_missing_class_is_refused_by_name(border):
    with pytest.raises(MissingFact) as missing:
        rule.evaluate(year(border, None), border.terms(rule, **FUND))
    assert missing.value.name == "water_class"


def test_a_missing_indicator_can_leave_its_weight_to_the_others_and_is_said(border):
    terms = border.terms(rule, **FUND, missing_indicator="reweight")
    observed = {"ecological_flow": "100", "natural_shoreline": "80"}
    outcome = rule.evaluate(year(border, "Ⅲ", observed), terms)  # 75 of 90
    score = next(step for step in outcome.steps if step.key == "score")
    assert "缺鱼类多样性指数" in score.text
    assert score.formula == "（45 ＋ 15 ＋ 15）× 100 ÷ 90 ＝ 83.33333 分"
    assert outcome.net()["upstream"] == yuan("75000000")  # 15000 × 75 ÷ 90 = 12500
    with pytest.raises(MissingFact):
        rule.evaluate(year(border, None, {}), terms)


def test_an_indicator_without_weight_is_not_asked_for(border):
    rows = [{**row} for row in with_defaults(rule.parameters, FUND, on=ON)["indicators"]["value"]]
    rows[0]["weight"], rows[3]["weight"] = "70", "0"
    terms = border.terms(rule, **FUND, indicators=rows)
    observed = {"ecological_flow": "100", "natural_shoreline": "80"}
    assert score_of(rule.evaluate(year(border, "Ⅱ", observed), terms)) == "100"


def test_an_incomplete_year_can_wait(border):
    terms = border.terms(rule, **FUND, incomplete_period="no_data")
    assert rule.evaluate(year(border, complete=False), terms).state is MonthState.NO_DATA
    used = rule.evaluate(year(border, complete=False), border.terms(rule, **FUND))
    assert upstream_wan(used) == 10000


def test_an_excluded_year_divides_nothing(border):
    facts = year(border, state_override=MonthState.EXCLUDED, override_reason="协议中止")
    assert rule.evaluate(facts, border.terms(rule, **FUND)).transfers == ()


def test_a_month_is_refused(border):
    assert rule.granularity(border.terms(rule, **FUND)) is Granularity.YEAR
    with pytest.raises(WrongPeriod, match="按年"):
        rule.evaluate(border.month("Ⅱ"), border.terms(rule, **FUND))


ROW = {"indicator": "ecological_flow", "weight": "100", "unit": "percent",
       "direction": "higher", "full_mark": "100", "zero_mark": "80"}  # fmt: skip


@pytest.mark.parametrize(
    ("terms", "words"),
    [
        ({"indicators": [ROW | {"weight": "90"}]}, "权重合计 90 %"),
        ({"indicators": [ROW | {"weight": "50"}, ROW | {"weight": "50"}]}, "重复"),
        ({"indicators": [ROW | {"direction": "lower"}]}, "满分值须小于零分值"),
        ({"indicators": [ROW | {"zero_mark": "100"}]}, "满分值须大于零分值"),
        ({"distribution": "bands", "bands": None}, "自 0 分起"),
        ({"distribution": "bands", "bands": [{"from_score": "10", "upstream_part": "0"}]},
         "自 0 分起"),
        ({"distribution": "bands", "bands": [{"from_score": "0", "upstream_part": "50"},
                                             {"from_score": "60", "upstream_part": "40"}]},
         "第2档"),
        ({"distribution": "bands", "bands": [{"from_score": "0", "upstream_part": "50"},
                                             {"from_score": "0", "upstream_part": "60"}]},
         "第2档"),
    ],
)  # fmt: skip
def test_terms_that_contradict_themselves_are_refused(border, terms, words):
    with pytest.raises(ParameterErrors, match=words):
        border.terms(rule, **FUND, **terms)


def test_the_steps_read_from_each_indicator_to_the_payment(border):
    facts = year(
        border, "Ⅲ", FULL | {"natural_shoreline": "72"},
        sources={"observations": "水利局年报"},
    )  # fmt: skip
    terms = border.terms(rule, upstream_contribution={"value": "5000万元", "source": "第四条"},
                         downstream_contribution="10000万元")  # fmt: skip
    steps = {step.key: step for step in rule.evaluate(facts, terms).steps}
    assert list(steps) == [
        "section", "data", "class", "indicator.water_class", "indicator.ecological_flow",
        "indicator.natural_shoreline", "indicator.fish_diversity", "score", "clause", "fund",
        "amount", "result",
    ]  # fmt: skip
    shoreline = steps["indicator.natural_shoreline"]
    assert shoreline.formula == "（72 − 60）÷（80 − 60） × 权重 15 ＝ 9 分"
    assert shoreline.inputs[0].source == "水利局年报"
    assert "默认" not in shoreline.text
    assert shoreline.defaults == ("评分指标",)
    assert steps["score"].formula == "45 ＋ 15 ＋ 9 ＋ 10 ＝ 79 分"
    assert steps["fund"].formula.endswith("× 79 % ＝ 11,850.00 万元")
    assert steps["fund"].inputs[0].source == "第四条"
    assert steps["amount"].formula.startswith("梁平区 11,850.00 − 5,000.00 ＝ 6,850.00 万元")
    assert steps["result"].text.startswith("垫江县补偿梁平区 68,500,000.00 元")
