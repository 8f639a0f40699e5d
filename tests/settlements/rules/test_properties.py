"""What holds for every rule, whatever the facts and parameters."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from monitoring.standards.assessment import assess
from monitoring.standards.gb3838_2002 import WaterClass
from settlements.money import yuan
from settlements.rules import RULES, get
from settlements.rules.base import Facts, Granularity, MonthState, Outcome
from settlements.rules.facts import OVERRIDES
from settlements.rules.parameters import with_defaults

CLASSES = st.sampled_from(list(WaterClass))
TARGETS = st.sampled_from(list(WaterClass)[:5])
WAN = st.integers(1, 500).map(lambda wan: yuan(wan * 10000))
SHARES = st.sampled_from([Decimal(s) for s in ("1", "0.5", "0.25", "0.1")])
MONEY = {
    "class_vs_last_year": ("rate", "not_met_amount", "not_met_cap"),
    "baseline": ("rate", "tier_amount"),
    "fixed_annual": ("amount",),
}
# No deadline: the first example of a run also pays for the imports.
RUN = settings(max_examples=60, deadline=None)
EVERY_RULE = pytest.mark.parametrize("code", sorted(RULES))


def concentrations(low=1):
    def mg(top, scale):
        return st.integers(low, top).map(lambda n: Decimal(n).scaleb(-scale))

    return st.fixed_dictionaries(
        {"TP": mg(600, 3), "NH3-N": mg(3000, 3), "CODMn": mg(200, 1), "DO": mg(120, 1)}
    )


@st.composite
def class_vs_last_year_terms(draw):
    rate = draw(WAN)
    return {
        "rate": str(rate),
        "not_met_mode": draw(st.sampled_from(["flat", "per_class_short", "per_multiple_step"])),
        "not_met_amount": str(rate + draw(WAN)),
        "not_met_step_width": draw(st.sampled_from(["0.1", "0.2", "0.5"])),
        "not_met_cap": draw(st.none() | WAN.map(lambda more: str(rate + more))),
        "same_class": draw(st.sampled_from(["nobody", "downstream_pays"])),
        "incomplete_month": draw(st.sampled_from(["use", "no_data"])),
    }


@st.composite
def baseline_terms(draw):
    limits = draw(concentrations(low=5))
    return {
        "baseline_kind": draw(st.sampled_from(["target", "class", "limits", "base_period"])),
        "baseline_class": draw(TARGETS).numeral,
        "base_from": 2020,
        "base_to": 2022,
        "limits": {"value": {code: str(value) for code, value in limits.items()}},
        "comparison": draw(st.sampled_from(["monthly", "yearly"])),
        "rate": str(draw(WAN)),
        "tier_amount": str(draw(WAN)),
        "max_tiers": draw(st.none() | st.integers(1, 5)),
        "tier_width": draw(st.none() | st.sampled_from(["5", "10", "25"])),
        "dead_band": draw(st.sampled_from(["0", "5", "20"])),
        "meets_equal": draw(st.sampled_from(["nobody", "downstream_pays"])),
        "inherited": draw(st.sampled_from(["charge", "half", "none"])),
        "incomplete_period": draw(st.sampled_from(["use", "no_data"])),
    }


@st.composite
def fixed_annual_terms(draw):
    payer = draw(st.sampled_from(["upstream", "downstream"]))
    condition = draw(st.none() | TARGETS) if payer == "downstream" else None
    return {
        "amount": str(draw(WAN)),
        "from_year": 2022,
        "to_year": draw(st.integers(2022, 2026)),
        "payer": payer,
        "condition_class": condition and condition.numeral,
        "reduction": draw(st.sampled_from(["0", "20", "50", "100"])),
    }


TERMS = {
    "class_vs_last_year": class_vs_last_year_terms(),
    "baseline": baseline_terms(),
    "fixed_annual": fixed_annual_terms(),
}


def with_means(facts, means):
    assessed = assess(means)
    return replace(facts, means=means, water_class=assessed.water_class, deciding=assessed.deciding)


@st.composite
def cases(draw, code):
    """A rule's facts and parameters that fit together, the class following from the means."""
    rule = get(code)
    stored = with_defaults(rule.Parameters, draw(TERMS[code]), on=date(2023, 1, 1))
    parameters = rule.Parameters.from_json(stored)
    granularity = rule.granularity(parameters)
    month = 1 if granularity is Granularity.YEAR else draw(st.integers(1, 12))
    inflow = draw(concentrations())
    facts = Facts(
        period=date(2023, month, 1), granularity=granularity, section="普顺", river="龙溪河",
        upstream="梁平区", downstream="垫江县", share=draw(SHARES), target=draw(TARGETS),
        last_year_class=draw(CLASSES), base_means=draw(concentrations(low=5)),
        inflow_section=draw(st.sampled_from(["", "六剑滩"])), inflow_means=inflow,
        inflow_class=assess(inflow).water_class, complete=draw(st.booleans()),
    )  # fmt: skip
    if draw(st.integers(0, 9)) == 0:
        state = draw(st.sampled_from(sorted(OVERRIDES)))
        facts = replace(facts, state_override=state, override_reason="市局认定")
    return with_means(facts, draw(concentrations())), parameters


def upstream(outcome):
    return outcome.net().get("upstream", Decimal(0))


@EVERY_RULE
@RUN
@given(data=st.data())
def test_the_net_adds_up_to_zero_and_nobody_pays_both_ways(code, data):
    facts, parameters = data.draw(cases(code))
    outcome = get(code).evaluate(facts, parameters)
    assert sum(outcome.net().values()) == 0
    assert len(outcome.transfers) <= 1
    assert all(t.yuan > 0 and t.payer != t.payee for t in outcome.transfers)


@EVERY_RULE
@RUN
@given(data=st.data(), factor=st.integers(2, 9))
def test_the_amount_scales_with_the_rate(code, data, factor):
    facts, parameters = data.draw(cases(code))
    money = {
        name: None if (value := getattr(parameters, name)) is None else value * factor
        for name in MONEY[code]
    }
    once = get(code).evaluate(facts, parameters)
    more = get(code).evaluate(facts, replace(parameters, **money))
    assert upstream(more) == upstream(once) * factor
    assert more.state is once.state


@EVERY_RULE
@RUN
@given(data=st.data())
def test_the_amount_scales_with_the_share(code, data):
    facts, parameters = data.draw(cases(code))
    whole = get(code).evaluate(replace(facts, share=Decimal(1)), parameters)
    part = get(code).evaluate(facts, parameters)
    assert upstream(part) == upstream(whole) * facts.share


@EVERY_RULE
@RUN
@given(data=st.data())
def test_better_water_never_pays_upstream_less(code, data):
    facts, parameters = data.draw(cases(code))
    better = dict(facts.means)
    for item in data.draw(st.sets(st.sampled_from(sorted(better)), min_size=1)):
        change = data.draw(st.integers(1, 100)) / Decimal(100)
        better[item] *= (1 + change) if item == "DO" else (1 - change / 2)
    before = get(code).evaluate(facts, parameters)
    after = get(code).evaluate(with_means(facts, better), parameters)
    assert upstream(after) >= upstream(before)


@EVERY_RULE
@RUN
@given(data=st.data())
def test_the_same_facts_give_the_same_outcome_with_its_revision(code, data):
    facts, parameters = data.draw(cases(code))
    rule = get(code)
    first = rule.evaluate(facts, parameters)
    replayed = rule.evaluate(
        Facts.from_json(facts.to_json()), rule.Parameters.from_json(parameters.to_json())
    )
    assert first == replayed
    assert (first.rule, first.revision) == (rule.CODE, rule.REVISION)


@EVERY_RULE
@RUN
@given(data=st.data())
def test_outcomes_and_parameters_survive_json(code, data):
    facts, parameters = data.draw(cases(code))
    outcome = get(code).evaluate(facts, parameters)
    assert Outcome.from_json(outcome.to_json()) == outcome
    assert get(code).Parameters.from_json(parameters.to_json()) == parameters


@EVERY_RULE
@RUN
@given(data=st.data())
def test_every_worked_example_starts_at_the_section_and_ends_at_the_result(code, data):
    facts, parameters = data.draw(cases(code))
    steps = get(code).evaluate(facts, parameters).steps
    assert (steps[0].key, steps[-1].key) == ("section", "result")
    assert len({step.key for step in steps}) == len(steps)
    assert all(step.title and step.text for step in steps)


@EVERY_RULE
@RUN
@given(data=st.data())
def test_what_the_bureau_decided_is_never_charged(code, data):
    facts, parameters = data.draw(cases(code))
    assume(facts.state_override is None)
    excluded = replace(facts, state_override=MonthState.EXCLUDED, override_reason="市局认定")
    outcome = get(code).evaluate(excluded, parameters)
    assert outcome.transfers == ()
    assert outcome.state is MonthState.EXCLUDED
