"""Water that leaves no worse than it came in: what each family charges of it, by hand.

Sources: Hebei 2016 (nothing, 未增加), Beijing (half rate: 15 for 30 万元 a class); the other
amounts are examples. Net is upstream's, in 万元.
"""

from dataclasses import replace
from decimal import Decimal

import pytest

from settlements.rules.baseline import FAMILY as baseline
from settlements.rules.class_vs_last_year import FAMILY as class_vs_last_year
from settlements.rules.exceedance_steps import FAMILY as exceedance_steps
from settlements.rules.facts import MissingFact, MonthState
from settlements.rules.percent_change import FAMILY as percent_change
from settlements.rules.pollutant_threshold import FAMILY as pollutant_threshold
from settlements.rules.pollution_load import FAMILY as pollution_load

NOT_INCREASED, NOT_MET, MET = MonthState.NOT_INCREASED, MonthState.NOT_MET, MonthState.MET


def found(rule, facts, parameters):
    """Upstream's net and the state; the same whether the section of the inflow is named or not."""
    outcome = rule.evaluate(facts, parameters)
    if facts.inflow_class or facts.inflow_means:
        unnamed = rule.evaluate(replace(facts, inflow_section=""), parameters)
        assert (unnamed.net(), unnamed.state) == (outcome.net(), outcome.state)
    return outcome.net().get("upstream", Decimal(0)) / 10000, outcome.state


def texts(rule, facts, parameters):
    return "".join(s.text for s in rule.evaluate(facts, parameters).steps)


@pytest.mark.parametrize(
    ("how", "inflow", "net", "state"),
    [
        ("charge", "Ⅴ", -300, NOT_MET),
        ("half", "Ⅴ", -150, NOT_INCREASED),
        ("none", "Ⅴ", 0, NOT_INCREASED),
        ("deduct", "Ⅴ", 0, NOT_INCREASED),
        ("none", "Ⅳ", -300, NOT_MET),  # worse than it came in: all of it
        ("half", "Ⅳ", -300, NOT_MET),
        ("deduct", "Ⅳ", -150, NOT_MET),  # one class worse than it came in
        ("deduct", "Ⅱ", -300, NOT_MET),  # two classes short of the target all the same
    ],
)
def test_classes_short_of_the_target(border, how, inflow, net, state):
    """Target Ⅲ, found Ⅴ: two classes short at 150 万元."""
    parameters = border.terms(
        class_vs_last_year,
        not_met_mode="per_class_short",
        not_met_amount="1500000",
        inherited=how,
    )
    facts = border.month("Ⅴ", inflow_section="六剑滩", inflow_class=inflow)
    assert found(class_vs_last_year, facts, parameters) == (net, state)


@pytest.mark.parametrize(("how", "net"), [("charge", -100), ("half", -50), ("none", 0)])
def test_met_but_worse_than_last_year_and_no_worse_than_it_came_in(border, how, net):
    parameters = border.terms(class_vs_last_year, inherited=how)
    facts = border.month("Ⅲ", last_year_class="Ⅱ", inflow_section="六剑滩", inflow_class="Ⅲ")
    assert found(class_vs_last_year, facts, parameters) == (net, MET)


def test_multiples_are_counted_from_what_came_in(border):
    """NH3-N 2.0 against 1.0 (Ⅲ), 1.4 came in: (2.0 − 1.4) ÷ 1.0 = 0.6, two steps of 0.5."""
    parameters = border.terms(
        class_vs_last_year, not_met_mode="per_multiple_step", inherited="deduct"
    )
    facts = border.month(
        "Ⅴ", means={"NH3-N": "2.0"}, inflow_section="六剑滩", inflow_class="Ⅳ",
        inflow_means={"NH3-N": "1.4"},
    )  # fmt: skip
    assert found(class_vs_last_year, facts, parameters) == (-200, NOT_MET)


@pytest.mark.parametrize(
    ("how", "inflow", "net", "state"),
    [
        ("charge", "劣Ⅴ", -160, NOT_MET),
        ("half", "劣Ⅴ", -80, NOT_INCREASED),
        ("deduct", "Ⅳ", -130, NOT_MET),  # Ⅳ → 劣Ⅴ: two tiers, 100 + 30
        ("deduct", "劣Ⅴ", 0, NOT_INCREASED),
    ],
)
def test_tiers_from_the_baseline(border, how, inflow, net, state):
    """Baseline Ⅲ, found inferior Ⅴ: three tiers, 100 + 30 × 2 万元."""
    parameters = border.terms(baseline, tier_amount="300000", inherited=how)
    facts = border.month("劣Ⅴ", inflow_section="六剑滩", inflow_class=inflow)
    assert found(baseline, facts, parameters) == (net, state)


def test_tiers_by_limits_are_counted_from_what_came_in(border):
    """TP 0.30 against 0.20: 50 % off, 0.25 came in: 25 %, three tiers of 10 %: 100 + 2 × 10."""
    parameters = border.terms(
        baseline,
        baseline_kind="limits",
        limits={"value": {"TP": "0.20"}},
        tier_width="10",
        tier_amount="100000",
        inherited="deduct",
    )
    facts = border.month(
        "Ⅳ", means={"TP": "0.30"}, inflow_section="六剑滩", inflow_means={"TP": "0.25"}
    )
    assert found(baseline, facts, parameters) == (-120, NOT_MET)


ROW = {"indicator": "NH3-N", "limit": None, "step_width": "0.5", "unit_amount": "300000.00"}


@pytest.mark.parametrize(
    ("mode", "how", "inflow", "net", "state"),
    [
        ("steps", "none", "2.6", 0, NOT_INCREASED),  # Hebei: nothing, 未增加
        ("steps", "none", "2.4", -120, NOT_MET),  # 2.5 ÷ 1.0 − 1 = 1.5: 3 steps, 4 at 2.6
        ("steps", "deduct", "2.0", -60, NOT_MET),  # 0.6: two steps
        ("classes", "charge", "0.5", -90, NOT_MET),  # Ⅲ → 劣Ⅴ: three classes at 30
        ("classes", "half", "2.6", -45, NOT_INCREASED),  # Beijing: 15 for 30 万元
        ("classes", "deduct", "1.8", -30, NOT_MET),  # Ⅴ came in, 劣Ⅴ leaves
    ],
)
def test_indicators_over_their_limit(border, mode, how, inflow, net, state):
    """NH3-N 2.6 against 1.0 (Ⅲ): multiple 1.6, four steps of 0.5 at 30 万元."""
    parameters = border.terms(
        exceedance_steps, mode=mode, inherited=how, indicators=[{**ROW, "cap": None}]
    )
    facts = border.month(
        "劣Ⅴ", means={"NH3-N": "2.6"}, inflow_section="六剑滩", inflow_means={"NH3-N": inflow}
    )
    assert found(exceedance_steps, facts, parameters) == (net, state)
    assert "六剑滩" in texts(exceedance_steps, facts, parameters) or how == "charge" or net == -120


@pytest.mark.parametrize(
    ("how", "inflow", "net", "state"),
    [("charge", "0.2", -40, NOT_MET), ("half", "0.2", -20, NOT_INCREASED),
     ("none", "0.2", 0, NOT_INCREASED), ("none", "0.14", -40, NOT_MET)],
)  # fmt: skip
def test_manganese_over_its_threshold(border, how, inflow, net, state):
    """Mn 0.15 against 0.1 mg/L, class met: 40 万元 the month."""
    parameters = border.terms(pollutant_threshold, inherited=how)
    facts = border.month(
        "Ⅱ", means={"Mn": "0.15"}, inflow_section="石堤", inflow_class="Ⅱ",
        inflow_means={"Mn": inflow},
    )  # fmt: skip
    assert found(pollutant_threshold, facts, parameters) == (net, state)


def test_a_threshold_inherited_and_a_class_of_its_own_making_are_charged_in_full(border):
    parameters = border.terms(pollutant_threshold, inherited="none")
    facts = border.month(
        "Ⅳ", means={"Mn": "0.15"}, inflow_section="石堤", inflow_class="Ⅲ", inflow_means={"Mn": "1"}
    )
    assert found(pollutant_threshold, facts, parameters) == (-40, NOT_MET)


@pytest.mark.parametrize(
    ("how", "inflow", "net", "state"),
    [("charge", "劣Ⅴ", -200, NOT_MET), ("half", "劣Ⅴ", -100, NOT_INCREASED),
     ("none", "劣Ⅴ", 0, NOT_INCREASED), ("none", "Ⅴ", -100, NOT_MET)],
)  # fmt: skip
def test_worse_than_last_year_and_inferior_v(border, how, inflow, net, state):
    """NH3-N 3.0 after 2.5: 20 points at 5 万元, and 100 for inferior Ⅴ; 3.0 came in."""
    row = {"indicator": "NH3-N", "better_amount": "40000.00", "better_cap": None,
           "worse_amount": "50000.00", "worse_least": "50000.00", "worse_cap": None}  # fmt: skip
    parameters = border.terms(percent_change, indicators=[row], inherited=how)
    facts = border.month(
        "劣Ⅴ", means={"NH3-N": "3.0"}, last_year_means={"NH3-N": "2.5"}, inflow_section="六剑滩",
        inflow_class=inflow, inflow_means={"NH3-N": "3.0"},
    )  # fmt: skip
    assert found(percent_change, facts, parameters) == (net, state)


@pytest.mark.parametrize(
    ("how", "inflow", "net", "state"),
    [("charge", "1.5", -100, NOT_MET), ("half", "1.5", -50, NOT_INCREASED),
     ("none", "1.5", 0, NOT_INCREASED), ("deduct", "1.5", 0, NOT_INCREASED),
     ("deduct", "1.2", -60, NOT_MET), ("half", "1.2", -100, NOT_MET)],
)  # fmt: skip
def test_load_by_load_entering(border, how, inflow, net, state):
    """NH3-N 1.5 against 1.0 in 2,000,000 m³: 1 t at 100 万元; from 1.2: 0.6 t."""
    row = {"indicator": "NH3-N", "limit": "1.0", "unit_price": "1000000", "mirror_price": None}
    parameters = border.terms(pollution_load, indicators=[row], inherited=how)
    facts = border.month(
        "Ⅳ", means={"NH3-N": "1.5"}, flow=Decimal(2_000_000), inflow_section="六剑滩",
        inflow_means={"NH3-N": inflow},
    )  # fmt: skip
    assert found(pollution_load, facts, parameters) == (net, state)


@pytest.mark.parametrize("rule", [class_vs_last_year, baseline])
def test_the_inflows_class_is_refused_by_name(border, rule):
    facts = border.month("Ⅴ", inflow_section="六剑滩")
    with pytest.raises(MissingFact, match="inflow_class"):
        rule.evaluate(facts, border.terms(rule, inherited="half"))


@pytest.mark.parametrize(
    ("found_class", "own", "net"),
    [("Ⅱ", "Ⅲ", 100), ("Ⅱ", "Ⅱ", 0), ("Ⅱ", "Ⅰ", 0), ("Ⅲ", "劣Ⅴ", 100)],
)
def test_xiaoan_river_pays_upstream_only_for_water_better_than_its_own(
    border, found_class, own, net
):
    """Tongliang → Hechuan: the water meets its standard and is better than the downstream's."""
    parameters = border.terms(class_vs_last_year, better_than="downstream_own")
    facts = border.month(
        found_class, last_year_class="Ⅳ", reference_section="合川", reference_class=None
    )
    with pytest.raises(MissingFact, match="reference_class"):
        class_vs_last_year.evaluate(facts, parameters)
    facts = type(facts).from_json(facts.to_json() | {"reference_class": own})
    assert found(class_vs_last_year, facts, parameters) == (net, MET)
    assert "合川" in texts(class_vs_last_year, facts, parameters)


def test_the_extra_condition_spares_nobody_who_is_worse(border):
    parameters = border.terms(class_vs_last_year, better_than="downstream_own")
    assert found(class_vs_last_year, border.month("Ⅳ"), parameters) == (-100, NOT_MET)
    worse = border.month("Ⅲ", last_year_class="Ⅱ")
    assert found(class_vs_last_year, worse, parameters) == (-100, MET)


@pytest.mark.parametrize(("found_class", "net"), [("Ⅳ", -150), ("Ⅴ", -150), ("劣Ⅴ", -400)])
def test_a_schedule_of_its_own_for_classes_short(border, found_class, net):
    """From one class 150 万元, from three 400 万元; two count as one."""
    parameters = border.terms(
        class_vs_last_year,
        not_met_mode="per_class_short",
        not_met_schedule=[{"count": 1, "amount": "150万元"}, {"count": 3, "amount": "400万元"}],
    )
    assert found(class_vs_last_year, border.month(found_class), parameters) == (net, NOT_MET)
