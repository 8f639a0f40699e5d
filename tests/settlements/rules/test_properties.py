"""What holds for every rule, whatever the facts and parameters."""

import os
from dataclasses import replace
from datetime import date
from decimal import Decimal
from functools import cache

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from monitoring.standards.assessment import assess
from monitoring.standards.gb3838_2002 import WaterClass
from settlements.money import yuan
from settlements.rules import RULES, get
from settlements.rules.base import Facts, Granularity, MonthState, Outcome
from settlements.rules.facts import OVERRIDES
from settlements.rules.parameters import specs, with_defaults

CLASSES = st.sampled_from(list(WaterClass))
TARGETS = st.sampled_from(list(WaterClass)[:5])
WAN = st.integers(1, 500).map(lambda wan: yuan(wan * 10000))
SHARES = st.sampled_from([Decimal(s) for s in ("1", "0.5", "0.25", "0.1")])
MONEY = {
    "class_vs_last_year": ("rate", "not_met_amount", "not_met_cap", "not_met_schedule.amount"),
    "baseline": ("rate", "tier_amount"),
    "fixed_annual": ("amount",),
    "exceedance_steps": (
        "indicators.unit_amount", "indicators.cap", "bands.base", "day_amount", "day_cap",
        "month_cap",
    ),
    "percent_change": (
        "indicators.better_amount", "indicators.better_cap", "indicators.worse_amount",
        "indicators.worse_least", "indicators.worse_cap", "inferior_v_amount",
    ),
    "pollutant_threshold": ("met_amount", "not_met_amount"),
    "pollution_load": ("indicators.unit_price", "indicators.mirror_price", "period_cap"),
    "p_index": ("amount", "extra_amount"),
    "weighted_score": ("upstream_contribution", "downstream_contribution"),
    "joint_fund": ("fund",),
    "rank": ("reward", "charge"),
    "town_outflow": ("reward", "charge"),
    "awards": ("awards.amount",),
    "charges": ("dry_charge",),
    "municipal_fill": ("amount",),
}  # fmt: skip
# Fen by which a part may differ from the whole where each indicator's amount is rounded.
ROUNDED = {
    "exceedance_steps": 4,
    "percent_change": 4,
    "pollution_load": 4,
    "joint_fund": 4,
    "rank": 1,
}
# Rules under which several pay or are paid at once; the others have one payment at most.
SEVERAL = {"joint_fund", "rank", "town_outflow", "awards", "municipal_fill"}
INHERITED = st.sampled_from(["charge", "half", "deduct", "none"])
SCHEDULES = st.lists(WAN, min_size=2, max_size=3).map(sorted)
STEP_WIDTHS = st.sampled_from(["0.1", "0.2", "0.5"])
TIER_WIDTHS = st.sampled_from(["5", "10", "25"])
INHERITED_WHOLE = st.sampled_from(["charge", "half", "none"])
# No deadline: the first example of a run also pays for the imports.
RUN = settings(max_examples=int(os.environ.get("LAWS", "25")), deadline=None)  # LAWS: make long
EVERY_RULE = pytest.mark.parametrize("code", sorted(RULES))


# Strategies are made once, here and below: hypothesis checks each new one before it draws.
@cache
def maybe(strategy):
    return st.none() | strategy


@cache
def concentrations(low=1):
    def mg(top, scale):
        return st.integers(low, top).map(lambda n: Decimal(n).scaleb(-scale))

    return st.fixed_dictionaries(
        {"TP": mg(600, 3), "NH3-N": mg(3000, 3), "CODMn": mg(200, 1), "DO": mg(120, 1)}
    )


@st.composite
def class_vs_last_year_terms(draw):
    rate = draw(WAN)
    cap, schedule = draw(maybe(WAN)), draw(maybe(SCHEDULES))
    return {
        "rate": str(rate),
        "not_met_mode": draw(st.sampled_from(["flat", "per_class_short", "per_multiple_step"])),
        "not_met_amount": str(rate + draw(WAN)),
        "not_met_step_width": draw(STEP_WIDTHS),
        "not_met_cap": None if cap is None else str(rate + cap),
        "not_met_schedule": schedule
        and [{"count": n, "amount": str(rate + more)} for n, more in enumerate(schedule, 1)],
        "inherited": draw(INHERITED),
        "better_than": draw(st.sampled_from(["none", "downstream_own"])),
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
        "max_tiers": draw(maybe(st.integers(1, 5))),
        "tier_width": draw(maybe(TIER_WIDTHS)),
        "dead_band": draw(st.sampled_from(["0", "5", "20"])),
        "meets_equal": draw(st.sampled_from(["nobody", "downstream_pays"])),
        "inherited": draw(INHERITED),
        "incomplete_period": draw(st.sampled_from(["use", "no_data"])),
    }


@st.composite
def fixed_annual_terms(draw):
    payer = draw(st.sampled_from(["upstream", "downstream"]))
    condition = draw(maybe(TARGETS)) if payer == "downstream" else None
    return {
        "amount": str(draw(WAN)),
        "from_year": 2022,
        "to_year": draw(st.integers(2022, 2026)),
        "payer": payer,
        "condition_class": condition and condition.numeral,
        "reduction": draw(st.sampled_from(["0", "20", "50", "100"])),
    }


@cache
@st.composite
def rows_of(draw, indicators, **columns):
    """One row for each of some of the indicators, the columns drawn for each."""
    codes = draw(some_of(indicators))
    one = row_of(**columns)
    return [{"indicator": code, **draw(one)} for code in sorted(codes)]


@cache
def some_of(names):
    return st.sets(st.sampled_from(names), min_size=1)


@cache
def row_of(**columns):
    return st.fixed_dictionaries(columns)


ITEMS = ("TP", "NH3-N", "CODMn")
YUAN = WAN.map(str)
MAYBE_YUAN = maybe(YUAN)
NOTHING_OR_YUAN = st.just("0") | YUAN
RATIOS = st.permutations(["1", "5", "4"])
PARKS = maybe(st.integers(0, 100))
WAN_ABOVE = maybe(st.integers(0, 280))
LIMITS = st.integers(5, 3000).map(lambda n: str(Decimal(n).scaleb(-3)))
PERIODS = st.sampled_from(["monthly", "yearly"])
INCOMPLETE = st.sampled_from(["use", "no_data"])


@st.composite
def exceedance_steps_terms(draw):
    bases = sorted(draw(st.lists(st.integers(1, 300), min_size=3, max_size=3)))
    days_from = draw(maybe(st.integers(2, 10)))
    mode = draw(st.sampled_from(["steps", "scaled", "classes"]))
    return {
        "mode": mode,
        "indicators": draw(
            rows_of(
                ITEMS,
                limit=st.none() if mode == "classes" else maybe(LIMITS),
                step_width=STEP_WIDTHS,
                unit_amount=YUAN,
                cap=MAYBE_YUAN,
            )
        ),
        "bands": [
            {"above": above, "base": f"{base}万元"}
            for above, base in zip(("0.1", "0.5", "1"), bases, strict=True)
        ],
        "inherited": draw(INHERITED),
        "days_from": days_from,
        "days_counted": draw(st.sampled_from(["all", "from"])),
        "day_amount": draw(YUAN),
        "day_cap": draw(MAYBE_YUAN),
        "month_cap": draw(MAYBE_YUAN),
        "incomplete_month": draw(INCOMPLETE),
    }


@st.composite
def percent_change_terms(draw):
    least = draw(st.integers(0, 20))
    rows = draw(
        rows_of(
            ITEMS, better_amount=YUAN, better_cap=MAYBE_YUAN, worse_amount=YUAN, worse_cap=WAN_ABOVE
        )
    )
    return {
        "indicators": [
            row
            | {
                "worse_least": f"{least}万元",
                "worse_cap": None if (cap := row["worse_cap"]) is None else f"{least + cap}万元",
            }
            for row in rows
        ],
        "points": draw(st.sampled_from(["exact", "whole"])),
        "inferior_v_amount": draw(NOTHING_OR_YUAN),
        "comparison": draw(PERIODS),
        "inherited": draw(INHERITED_WHOLE),
        "incomplete_period": draw(INCOMPLETE),
    }


@st.composite
def pollutant_threshold_terms(draw):
    return {
        "thresholds": draw(rows_of(("DO", *ITEMS), threshold=LIMITS)),
        "class_condition": draw(st.sampled_from(["target", "class", "none"])),
        "condition_class": draw(TARGETS).numeral,
        "combination": draw(st.sampled_from(["all_of", "any_of"])),
        "comparison": draw(PERIODS),
        "met_amount": draw(YUAN),
        "not_met_amount": draw(YUAN),
        "inherited": draw(INHERITED_WHOLE),
        "incomplete_period": draw(INCOMPLETE),
    }


@st.composite
def pollution_load_terms(draw):
    return {
        "indicators": draw(
            rows_of(ITEMS, limit=maybe(LIMITS), unit_price=YUAN, mirror_price=MAYBE_YUAN)
        ),
        "comparison": draw(PERIODS),
        "inherited": draw(INHERITED),
        "period_cap": draw(MAYBE_YUAN),
        "incomplete_period": draw(INCOMPLETE),
    }


@st.composite
def p_index_terms(draw):
    weights = draw(st.sampled_from([("0.5", "0.3", "0.2"), ("0.25", "0.25", "0.5")]))
    return {
        "k0": draw(st.sampled_from(["0.85", "0.89", "0.90"])),
        "indicators": [
            {"indicator": code, "weight": weight, "base": draw(maybe(LIMITS))}
            for code, weight in zip(ITEMS, weights, strict=True)
        ],
        "base_from": 2020,
        "base_to": 2022,
        "amount": draw(YUAN),
        "extra_mark": draw(st.sampled_from([None, "0.95"])),
        "extra_amount": draw(YUAN),
        "incomplete_period": draw(INCOMPLETE),
    }


@st.composite
def weighted_score_terms(draw):
    weights = draw(st.sampled_from([("60", "15", "25"), ("40", "60", "0"), ("10", "20", "70")]))
    marks = [("water_class", "class", "lower", "2", "6"), ("TP", "mg/L", "lower", "0.1", "0.2"),
             ("ecological_flow", "percent", "higher", "100", "80")]  # fmt: skip
    names = ("indicator", "unit", "direction", "full_mark", "zero_mark")
    parts = sorted(draw(st.lists(st.integers(0, 100), min_size=3, max_size=3)))
    return {
        "upstream_contribution": draw(YUAN),
        "downstream_contribution": draw(YUAN),
        "indicators": [
            dict(zip(names, mark, strict=True)) | {"weight": weight}
            for mark, weight in zip(marks, weights, strict=True)
        ],
        "distribution": draw(st.sampled_from(["pro_rata", "bands"])),
        "bands": [
            {"from_score": start, "upstream_part": str(part)}
            for start, part in zip(("0", "50", "80"), parts, strict=True)
        ],
        "incomplete_period": draw(INCOMPLETE),
    }


@st.composite
def joint_fund_terms(draw):
    codes = ["upstream", "downstream", "甲"]

    def ratios():
        return {"value": dict(zip(codes, draw(RATIOS), strict=True))}

    return {
        "fund": draw(YUAN),
        "contributions": ratios(),
        "shares": ratios(),
        "assessment": draw(st.sampled_from(["none", "section_class", "met_ratio", "grade"])),
        "order": {"value": {"upstream": "1", "downstream": "2", "甲": "3"}},
        "at_stake": draw(st.sampled_from(["20", "50", "100"])),
        "deducted_to": draw(st.sampled_from(["next_down", "contributors", "treasury"])),
        "incomplete_period": draw(INCOMPLETE),
    }


@st.composite
def rank_terms(draw):
    return {
        "period": draw(PERIODS),
        "better": draw(st.sampled_from(["lower", "higher"])),
        "rewarded": draw(st.integers(0, 2)),
        "charged": draw(st.integers(0, 2)),
        "reward": draw(YUAN),
        "charge": draw(YUAN),
    }


@st.composite
def town_outflow_terms(draw):
    last_year, parks = draw(st.booleans()), draw(PARKS)
    codes = draw(some_of(("DO", *ITEMS)))
    return {
        "reward": draw(YUAN),
        "charge": draw(YUAN),
        "items": [{"indicator": code} for code in sorted(codes)],
        "against_last_year": last_year,
        "against_class": not last_year or draw(st.booleans()),
        "parks": None if parks is None else {"value": {"甲": str(parks)}},
        "inherited": draw(INHERITED_WHOLE),
        "incomplete_month": draw(INCOMPLETE),
    }


@st.composite
def awards_terms(draw):
    kinds = draw(some_of(("signing", "joint_system", "results")))
    return {
        "awards": [
            {
                "kind": kind,
                "year": draw(st.sampled_from([2022, 2023])),
                "at_least": draw(st.sampled_from(["1", "3"])),
                "amount": draw(YUAN),
                "recipient": draw(st.sampled_from(["upstream", "downstream", "each", "split"])),
            }
            for kind in sorted(kinds)
        ],
        "veto": draw(st.booleans()),
    }


@st.composite
def charges_terms(draw):
    return {
        "basis": "dry",
        "dry_charge": draw(YUAN),
        "payee": draw(st.sampled_from(["treasury", "downstream"])),
    }


@st.composite
def municipal_fill_terms(draw):
    ratios = st.sampled_from([("1", "1"), ("3", "1"), ("0", "4")])
    condition = draw(maybe(TARGETS))
    return {
        "amount": draw(YUAN),
        "shares": {"value": dict(zip(("upstream", "甲"), draw(ratios), strict=True))},
        "from_year": 2022,
        "to_year": draw(st.integers(2022, 2026)),
        "condition_class": condition and condition.numeral,
        "reduction": draw(st.sampled_from(["0", "20", "50", "100"])),
        "incomplete_period": draw(INCOMPLETE),
    }


PARTIES = ("upstream", "downstream", "甲", "乙")


@cache
def observations():
    """Yearly figures of every kind a rule asks for; indices may tie."""
    percents = st.integers(0, 100).map(Decimal)
    return st.fixed_dictionaries(
        {
            "ecological_flow": percents,
            "serious_incidents": st.integers(0, 2).map(Decimal),
            **{f"met.{code}": percents for code in PARTIES},
            **{f"score.{code}": st.integers(0, 120).map(Decimal) for code in PARTIES},
            **{f"index.{code}": st.integers(1, 9).map(Decimal) for code in PARTIES},
            **{
                f"award.{kind}": st.integers(0, 5).map(Decimal)
                for kind in ("signing", "joint_system", "results")
            },
        }
    )


TERMS = {
    "class_vs_last_year": class_vs_last_year_terms(),
    "baseline": baseline_terms(),
    "fixed_annual": fixed_annual_terms(),
    "exceedance_steps": exceedance_steps_terms(),
    "percent_change": percent_change_terms(),
    "pollutant_threshold": pollutant_threshold_terms(),
    "pollution_load": pollution_load_terms(),
    "p_index": p_index_terms(),
    "weighted_score": weighted_score_terms(),
    "joint_fund": joint_fund_terms(),
    "rank": rank_terms(),
    "town_outflow": town_outflow_terms(),
    "awards": awards_terms(),
    "charges": charges_terms(),
    "municipal_fill": municipal_fill_terms(),
}


def with_means(facts, means):
    assessed = assess(means)
    return replace(facts, means=means, water_class=assessed.water_class, deciding=assessed.deciding)


@cache
@st.composite
def cases(draw, code):
    """A rule's facts and parameters that fit together, the class following from the means."""
    rule = get(code)
    stored = with_defaults(rule.parameters, draw(TERMS[code]), on=date(2023, 1, 1))
    parameters = rule.parameters.from_json(stored)
    granularity = rule.granularity(parameters)
    month = 1 if granularity is Granularity.YEAR else draw(st.integers(1, 12))
    inflow = draw(concentrations())
    facts = Facts(
        period=date(2023, month, 1), granularity=granularity, section="普顺", river="龙溪河",
        upstream="梁平区", downstream="垫江县", share=draw(SHARES), target=draw(TARGETS),
        last_year_class=draw(CLASSES), base_means=draw(concentrations(low=5)),
        inflow_section=draw(st.sampled_from(["", "六剑滩"])), inflow_means=inflow,
        inflow_class=assess(inflow).water_class, complete=draw(st.booleans()),
        last_year_means=draw(concentrations(low=5)), flow=Decimal(draw(st.integers(0, 10**9))),
        over_limit_days={code: draw(st.integers(0, 31)) for code in ITEMS},
        parties={code: f"{code}方" for code in PARTIES}, observations=draw(observations()),
        reference_section="渡口坝", reference_class=draw(CLASSES),
    )  # fmt: skip
    if draw(st.integers(0, 9)) == 0:
        state = draw(st.sampled_from(sorted(OVERRIDES)))
        facts = replace(facts, state_override=state, override_reason="市局认定")
    return with_means(facts, draw(concentrations())), parameters


def times(parameters, code, factor):
    """The parameters with every amount of the rule so many times as large."""

    def more(value):
        return None if value is None else value * factor

    changed = {}
    for name in MONEY[code]:
        field, _, column = name.partition(".")
        now = changed.get(field, parameters.value(field))
        if column and now is not None:
            now = tuple(replace(row, **{column: more(getattr(row, column))}) for row in now)
        changed[field] = now if column else more(now)
    return replace(parameters, **changed)


def fen_off(code):
    """Yuan by which a scaled amount may differ from the scaled rate's."""
    return yuan("0.01") * ROUNDED.get(code, 0)


def upstream(outcome):
    return outcome.net().get("upstream", Decimal(0))


@EVERY_RULE
@RUN
@given(data=st.data())
def test_the_net_adds_up_to_zero_and_nobody_pays_both_ways(code, data):
    facts, parameters = data.draw(cases(code))
    outcome = get(code).evaluate(facts, parameters)
    assert sum(outcome.net().values()) == 0
    directions = {(t.payer, t.payee) for t in outcome.transfers}
    assert len(directions) == len(outcome.transfers)
    assert len(directions) <= (len(PARTIES) if code in SEVERAL else 1)
    assert all(t.yuan > 0 and t.payer != t.payee for t in outcome.transfers)


@EVERY_RULE
@RUN
@given(data=st.data(), factor=st.integers(2, 9))
def test_the_amount_scales_with_the_rate(code, data, factor):
    facts, parameters = data.draw(cases(code))
    once = get(code).evaluate(facts, parameters)
    more = get(code).evaluate(facts, times(parameters, code, factor))
    assert abs(upstream(more) - upstream(once) * factor) <= fen_off(code) * factor
    assert more.state is once.state


@EVERY_RULE
@RUN
@given(data=st.data())
def test_the_amount_scales_with_the_share(code, data):
    facts, parameters = data.draw(cases(code))
    whole = get(code).evaluate(replace(facts, share=Decimal(1)), parameters)
    part = get(code).evaluate(facts, parameters)
    assert abs(upstream(part) - upstream(whole) * facts.share) <= fen_off(code)


@EVERY_RULE
@RUN
@given(data=st.data())
def test_better_water_never_pays_upstream_less(code, data):
    facts, parameters = data.draw(cases(code))
    better = dict(facts.means)
    for item in data.draw(some_of(tuple(sorted(better)))):
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
        Facts.from_json(facts.to_json()), rule.parameters.from_json(parameters.to_json())
    )
    assert first == replayed
    assert (first.rule, first.revision) == (rule.code, rule.revision)


@EVERY_RULE
@RUN
@given(data=st.data())
def test_outcomes_and_parameters_survive_json(code, data):
    facts, parameters = data.draw(cases(code))
    outcome = get(code).evaluate(facts, parameters)
    assert Outcome.from_json(outcome.to_json()) == outcome
    assert get(code).parameters.from_json(parameters.to_json()) == parameters


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


INHERITING = sorted(code for code in RULES if "inherited" in specs(get(code).parameters))


@pytest.mark.parametrize("code", INHERITING)
@RUN
@given(data=st.data())
def test_what_came_in_never_costs_upstream_more_than_charging_all_of_it(code, data):
    facts, parameters = data.draw(cases(code))
    outcome = get(code).evaluate(facts, parameters)
    in_full = get(code).evaluate(facts, replace(parameters, inherited="charge"))
    assert upstream(outcome) >= upstream(in_full)
    assert in_full.state is not MonthState.NOT_INCREASED or parameters.inherited == "charge"


@pytest.mark.parametrize("code", INHERITING)
@RUN
@given(data=st.data())
def test_without_an_inflow_section_everything_is_charged(code, data):
    facts, parameters = data.draw(cases(code))
    facts = replace(facts, inflow_section="", inflow_class=None, inflow_means={})
    outcome = get(code).evaluate(facts, parameters)
    in_full = get(code).evaluate(facts, replace(parameters, inherited="charge"))
    assert (outcome.net(), outcome.state) == (in_full.net(), in_full.state)
