"""非监测事项扣缴: dry months and unfinished works by hand. Amounts: upstream's net in 万元.

Source: domain.md §8a (Kunming 2017: dry without natural cause 30 万元 a month; unfinished
yearly works cost 20 % of the unfinished investment).
"""

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from settlements.rules.base import Granularity, MissingFact, MonthState, Outcome, WrongPeriod
from settlements.rules.charges import FAMILY as rule
from settlements.rules.charges import FINISHED, PLANNED
from settlements.rules.facts import UnusableFact

DRY = {"state_override": MonthState.MANMADE_NO_FLOW, "override_reason": "电站未放生态流量"}


def works(border, planned="50000000", finished="30000000", **more):
    observed = {PLANNED: planned, FINISHED: finished}
    observed = {name: Decimal(v) for name, v in observed.items() if v is not None}
    return border.year(None, observations=observed, **more)


def upstream_wan(outcome):
    return outcome.net().get("upstream", Decimal(0)) / 10000


@pytest.mark.parametrize(
    ("facts", "terms", "wan", "state"),
    [
        (DRY, {}, -30, MonthState.MANMADE_NO_FLOW),
        (DRY, {"dry_charge": "12.5万元"}, Decimal("-12.5"), MonthState.MANMADE_NO_FLOW),
        (DRY | {"share": Decimal("0.5")}, {}, -15, MonthState.MANMADE_NO_FLOW),
        (DRY, {"dry_charge": "0"}, 0, MonthState.MANMADE_NO_FLOW),
        ({}, {}, 0, MonthState.MET),
        (DRY | {"state_override": MonthState.NATURAL_NO_FLOW}, {}, 0, MonthState.NATURAL_NO_FLOW),
        (DRY | {"state_override": MonthState.EXCLUDED}, {}, 0, MonthState.EXCLUDED),
        (DRY | {"state_override": MonthState.NO_DATA}, {}, 0, MonthState.NO_DATA),
    ],
)
def test_only_a_bed_dried_by_people_is_charged(border, facts, terms, wan, state):
    outcome = rule.evaluate(border.month(None, **facts), border.terms(rule, **terms))
    assert upstream_wan(outcome) == wan
    assert outcome.state is state
    assert set(outcome.net()) <= {"upstream", "treasury"}
    assert (outcome.rule, outcome.revision) == ("charges", 1)


@pytest.mark.parametrize(
    ("planned", "finished", "terms", "wan", "state"),
    [
        ("50000000", "30000000", {}, -400, MonthState.NOT_MET),  # 20 % of 2000
        ("50000000", "0", {}, -1000, MonthState.NOT_MET),
        ("50000000", "50000000", {}, 0, MonthState.MET),
        ("50000000", "60000000", {}, 0, MonthState.MET),  # more than planned earns nothing
        ("50000000", "30000000", {"works_rate": "5"}, -100, MonthState.NOT_MET),
        ("0", "0", {}, 0, MonthState.MET),
    ],
)
def test_unfinished_works_cost_a_part_of_what_is_unfinished(
    border, planned, finished, terms, wan, state
):
    terms = border.terms(rule, basis="works", **terms)
    outcome = rule.evaluate(works(border, planned, finished), terms)
    assert upstream_wan(outcome) == wan
    assert outcome.state is state


def test_downstream_can_be_the_payee(border):
    terms = border.terms(rule, payee="downstream")
    outcome = rule.evaluate(border.month(None, **DRY), terms)
    assert outcome.net() == {"downstream": 300000, "upstream": -300000}
    assert next(s for s in outcome.steps if s.key == "clause").result == "上游 → 下游"


@pytest.mark.parametrize(
    ("missing", "name"),
    [("planned", "observations.planned_investment"), ("finished", "observations.finished_investment")],
)  # fmt: skip
def test_a_missing_investment_is_refused_by_name(border, missing, name):
    with pytest.raises(MissingFact) as found:
        rule.evaluate(works(border, **{missing: None}), border.terms(rule, basis="works"))
    assert found.value.name == name


def test_a_negative_investment_is_refused(border):
    with pytest.raises(UnusableFact, match=r"finished_investment.*不能为负"):
        rule.evaluate(works(border, finished="-1"), border.terms(rule, basis="works"))


def test_works_stop_for_an_exclusion_alone(border):
    terms = border.terms(rule, basis="works")
    dry = works(border, **DRY)
    assert upstream_wan(rule.evaluate(dry, terms)) == -400
    excluded = works(border, state_override=MonthState.EXCLUDED, override_reason="洪灾")
    assert rule.evaluate(excluded, terms).transfers == ()


def test_a_dry_bed_goes_by_month_and_works_by_year(border):
    dry, by_year = border.terms(rule), border.terms(rule, basis="works")
    assert rule.granularity(dry) is Granularity.MONTH
    assert rule.granularity(by_year) is Granularity.YEAR
    with pytest.raises(WrongPeriod, match="按月"):
        rule.evaluate(border.year(None), dry)
    with pytest.raises(WrongPeriod, match="按年"):
        rule.evaluate(border.month(None), by_year)


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(planned=st.integers(0, 10**9), finished=st.integers(0, 10**9), more=st.integers(1, 10**8))
def test_more_finished_never_costs_more_and_the_charge_sums_to_zero(
    border, planned, finished, more
):
    terms = border.terms(rule, basis="works")
    before = rule.evaluate(works(border, planned, finished), terms)
    after = rule.evaluate(works(border, planned, finished + more), terms)
    assert upstream_wan(after) >= upstream_wan(before)
    assert sum(before.net().values()) == 0
    assert Outcome.from_json(before.to_json()) == before
    doubled = rule.evaluate(
        works(border, planned, finished), replace(terms, works_rate=terms.works_rate * 2)
    )
    assert upstream_wan(doubled) == upstream_wan(before) * 2


def test_the_steps_show_the_finding_and_the_arithmetic(border):
    terms = border.terms(rule, dry_charge={"value": "30万元", "source": "第九条"})
    steps = {s.key: s for s in rule.evaluate(border.month(None, **DRY), terms).steps}
    assert list(steps) == ["section", "data", "flow", "clause", "amount", "result"]
    assert "电站未放生态流量" in steps["flow"].text
    assert steps["clause"].clause == "第九条"
    assert steps["clause"].result == "上游 → 上级财政"
    assert steps["amount"].formula == "30.00 万元/月 × 份额 100 % ＝ 30.00 万元"
    terms = border.terms(rule, basis="works")
    steps = {s.key: s for s in rule.evaluate(works(border), terms).steps}
    assert steps["works"].formula == "计划 5,000.00 − 完成 3,000.00 ＝ 2,000.00 万元"
    assert steps["amount"].formula == "2,000.00 万元 × 20 % × 份额 100 % ＝ 400.00 万元"
    assert steps["result"].text.startswith("梁平区补偿上级财政 4,000,000.00 元")
