"""一次性奖励: the awards of 2018 and of Longtan worked by hand. Amounts in 万元.

Source: domain.md §1 (300 for signing for at least three years by the end of October 2018,
200 for a joint-conference and joint-prevention system), §3 (Longtan: 500 to each, once),
§8a (Henan: one serious incident forfeits a year's awards).
"""

from datetime import date
from decimal import Decimal

import pytest

from settlements.rules.awards import FAMILY as rule
from settlements.rules.awards import INCIDENTS
from settlements.rules.base import Granularity, MissingFact, MonthState, WrongPeriod

LONGTAN = {
    "awards": {
        "value": [{"kind": "water_source", "year": 2023, "at_least": "1", "amount": "500万元",
                   "recipient": "each"}],
        "source": "备忘录第五条",
    }
}  # fmt: skip


def year(border, of=2018, incidents="0", signing="3", joint_system="1", **more):
    observed = {"award.signing": signing, "award.joint_system": joint_system,
                "award.water_source": "1", INCIDENTS: incidents}  # fmt: skip
    observed = {name: Decimal(v) for name, v in observed.items() if v is not None}
    return border.year(None, of, observations=observed, **more)


def wan(outcome):
    return {role: net / 10000 for role, net in outcome.net().items()}


@pytest.mark.parametrize(
    ("facts", "each", "state"),
    [
        ({}, 500, MonthState.MET),  # 300 + 200
        ({"signing": "5"}, 500, MonthState.MET),
        ({"signing": "2.9"}, 200, MonthState.NOT_MET),  # for less than three years
        ({"signing": "0"}, 200, MonthState.NOT_MET),  # after the end of October
        ({"joint_system": "0"}, 300, MonthState.NOT_MET),
        ({"signing": "0", "joint_system": "0"}, 0, MonthState.NOT_MET),
        ({"incidents": "1"}, 0, MonthState.NOT_MET),  # forfeited
        ({"share": Decimal("0.5")}, 250, MonthState.MET),
    ],
)
def test_the_awards_of_the_plan(border, facts, each, state):
    outcome = rule.evaluate(year(border, **facts), border.terms(rule, on=date(2018, 6, 1)))
    assert wan(outcome) == (
        {"downstream": each, "treasury": -2 * each, "upstream": each} if each else {}
    )
    assert outcome.state is state
    assert (outcome.rule, outcome.revision) == ("awards", 1)


def test_longtan_has_two_awards_of_500_once(border):
    terms = border.terms(rule, **LONGTAN)
    paid = {of: wan(rule.evaluate(year(border, of), terms)) for of in range(2022, 2031)}
    assert paid.pop(2023) == {"downstream": 500, "treasury": -1000, "upstream": 500}
    assert set(map(str, paid.values())) == {"{}"}


@pytest.mark.parametrize(
    ("recipient", "nets"),
    [
        ("upstream", {"treasury": -500, "upstream": 500}),
        ("downstream", {"downstream": 500, "treasury": -500}),
        ("split", {"downstream": 250, "treasury": -500, "upstream": 250}),
    ],
)
def test_who_gets_it(border, recipient, nets):
    row = LONGTAN["awards"]["value"][0] | {"recipient": recipient}
    assert wan(rule.evaluate(year(border, 2023), border.terms(rule, awards=[row]))) == nets


def test_the_two_halves_of_an_odd_fen_add_up(border):
    row = LONGTAN["awards"]["value"][0] | {"recipient": "split", "amount": "0.01"}
    net = rule.evaluate(year(border, 2023), border.terms(rule, awards=[row])).net()
    assert net == {"treasury": Decimal("-0.01"), "upstream": Decimal("0.01")}


@pytest.mark.parametrize(
    ("incidents", "terms", "wan_up"),
    [("2", {"veto_from": 3}, 500), ("3", {"veto_from": 3}, 0), ("9", {"veto": False}, 500)],
)
def test_incidents_forfeit_as_the_term_has_it(border, incidents, terms, wan_up):
    facts = year(border, 2023, incidents=incidents)
    outcome = rule.evaluate(facts, border.terms(rule, **LONGTAN, **terms))
    assert wan(outcome).get("upstream", 0) == wan_up


@pytest.mark.parametrize(
    ("missing", "name"),
    [
        ({"signing": None}, "observations.award.signing"),
        ({"joint_system": None}, "observations.award.joint_system"),
        ({"incidents": None}, "observations.serious_incidents"),
    ],
)
def test_missing_facts_are_refused_by_name(border, missing, name):
    with pytest.raises(MissingFact) as found:
        rule.evaluate(year(border, **missing), border.terms(rule))
    assert found.value.name == name


def test_without_a_veto_incidents_are_not_asked_for(border):
    facts = year(border, incidents=None)
    assert wan(rule.evaluate(facts, border.terms(rule, veto=False)))["upstream"] == 500


def test_a_year_without_an_award_asks_for_nothing(border):
    outcome = rule.evaluate(border.year(None, 2019), border.terms(rule))
    assert (outcome.state, outcome.transfers) == (MonthState.EXCLUDED, ())
    assert any("2019年没有约定的奖励事项" in step.text for step in outcome.steps)


def test_an_exclusion_stops_it_and_missing_readings_do_not(border):
    excluded = {"state_override": MonthState.EXCLUDED, "override_reason": "暂停"}
    none = {"state_override": MonthState.NO_DATA, "override_reason": "停站"}
    assert rule.evaluate(year(border, **excluded), border.terms(rule)).transfers == ()
    assert wan(rule.evaluate(year(border, **none), border.terms(rule)))["upstream"] == 500


def test_a_month_is_refused(border):
    assert rule.granularity(border.terms(rule)) is Granularity.YEAR
    with pytest.raises(WrongPeriod, match="按年"):
        rule.evaluate(border.month("Ⅲ"), border.terms(rule))


def test_the_steps_show_each_award_and_the_veto(border):
    outcome = rule.evaluate(year(border, signing="2"), border.terms(rule))
    steps = {step.key: step for step in outcome.steps}
    assert list(steps) == ["section", "data", "award.1", "award.2", "veto", "amount", "result"]
    assert steps["award.1"].result == "不奖励"
    assert steps["award.1"].formula == "认定值 2，达到值 3；奖励 300.00 万元，双方各得全额"
    assert steps["veto"].formula == "0 起，否决起数 1 起"
    assert steps["amount"].formula == (
        "建立联席会议和联防联控制度 200.00 万元（双方各得全额）；× 份额 100 % ＝ 400.00 万元"
    )
    assert [t.reason for t in outcome.transfers] == ["奖励：建立联席会议和联防联控制度"] * 2
    vetoed = rule.evaluate(year(border, incidents="1"), border.terms(rule))
    assert next(s for s in vetoed.steps if s.key == "veto").result == "否决"
    longtan = rule.evaluate(year(border, 2023), border.terms(rule, **LONGTAN))
    assert next(s for s in longtan.steps if s.key == "amount").clause == "备忘录第五条"
