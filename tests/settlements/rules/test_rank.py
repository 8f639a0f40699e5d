"""排名奖惩法: places and ties worked by hand. Amounts: nets in 万元.

Source: domain.md §8a (Hebei 2019: first three of an index rewarded, last three charged).
"""

from decimal import Decimal

import pytest

from settlements.rules.base import Granularity, MissingFact, MonthState, WrongPeriod
from settlements.rules.facts import UnusableFact
from settlements.rules.rank import FAMILY as rule

CITIES = {code: f"{code}市" for code in "ABCDEFGH"}


def year(border, index, **more):
    observed = {f"index.{code}": Decimal(value) for code, value in index.items()}
    more.setdefault("parties", CITIES)
    return border.year(None, observations=observed, **more)


def in_places(*values):
    return dict(zip(CITIES, values, strict=True))


def wan(outcome):
    return {code: net / 10000 for code, net in outcome.net().items()}


@pytest.mark.parametrize(
    ("index", "terms", "nets"),
    [
        (in_places("1", "2", "3", "4", "5", "6", "7", "8"), {},
         {"A": 100, "B": 100, "C": 100, "F": -100, "G": -100, "H": -100}),
        (in_places("8", "2", "3", "4", "5", "6", "7", "1"), {"better": "higher"},
         {"A": 100, "G": 100, "F": 100, "C": -100, "B": -100, "H": -100}),
        # More charged than rewarded: the treasury keeps 60.
        (in_places("1", "2", "3", "4", "5", "6", "7", "8"),
         {"rewarded": 1, "charged": 2, "reward": "60万元", "charge": "60万元"},
         {"A": 60, "G": -60, "H": -60, "treasury": 60}),
        # C and D take the 3rd and 4th place together: half a reward each.
        (in_places("1", "2", "3", "3", "5", "6", "7", "8"), {},
         {"A": 100, "B": 100, "C": 50, "D": 50, "F": -100, "G": -100, "H": -100}),
        # E and F take the 5th and 6th: half a charge each.
        (in_places("1", "2", "3", "4", "6", "6", "7", "8"), {},
         {"A": 100, "B": 100, "C": 100, "E": -50, "F": -50, "G": -100, "H": -100}),
        # All alike: rewards and charges meet.
        (in_places(*["5"] * 8), {}, {}),
        (in_places("1", "2", "3", "4", "5", "6", "7", "8"), {"rewarded": 0, "charged": 0}, {}),
    ],
)  # fmt: skip
def test_the_first_are_rewarded_and_the_last_charged(border, index, terms, nets):
    outcome = rule.evaluate(year(border, index), border.terms(rule, **terms))
    found = wan(outcome)
    assert {code: net for code, net in found.items() if net and code != "treasury"} == {
        code: net for code, net in nets.items() if code != "treasury"
    }
    assert found.get("treasury", 0) == -sum(n for code, n in nets.items() if code != "treasury")
    assert outcome.state is MonthState.MET
    assert (outcome.rule, outcome.revision) == ("rank", 1)


def test_the_treasury_takes_no_place(border):
    index = in_places("1", "2", "3", "4", "5", "6", "7", "8")
    facts = year(border, index, parties=CITIES | {"treasury": "省财政"})
    assert rule.evaluate(facts, border.terms(rule)).net()["treasury"] == 0


def test_a_missing_index_is_refused_by_name(border):
    index = in_places("1", "2", "3", "4", "5", "6", "7", "8")
    del index["D"]
    with pytest.raises(MissingFact) as missing:
        rule.evaluate(year(border, index), border.terms(rule))
    assert missing.value.name == "observations.index.D"
    with pytest.raises(MissingFact) as missing:
        rule.evaluate(year(border, index, parties={}), border.terms(rule))
    assert missing.value.name == "parties"


def test_fewer_parties_than_places_are_refused(border):
    five = dict(list(CITIES.items())[:5])
    facts = year(border, dict.fromkeys(five, "1"), parties=five)
    with pytest.raises(UnusableFact, match=r"只有 5 方.*奖励 3 名、扣缴 3 名"):
        rule.evaluate(facts, border.terms(rule))
    assert rule.evaluate(facts, border.terms(rule, charged=2)).rule == "rank"


def test_an_exclusion_stops_it_and_missing_readings_do_not(border):
    index = in_places("1", "2", "3", "4", "5", "6", "7", "8")
    excluded = year(border, index, state_override=MonthState.EXCLUDED, override_reason="暂停")
    outcome = rule.evaluate(excluded, border.terms(rule))
    assert (outcome.state, outcome.transfers) == (MonthState.EXCLUDED, ())
    dry = year(border, index, state_override=MonthState.NO_DATA, override_reason="停站")
    assert wan(rule.evaluate(dry, border.terms(rule)))["A"] == 100


def test_it_ranks_months_or_years_as_the_term_has_it(border):
    assert rule.granularity(border.terms(rule)) is Granularity.YEAR
    monthly = border.terms(rule, period="monthly")
    assert rule.granularity(monthly) is Granularity.MONTH
    with pytest.raises(WrongPeriod, match="按月"):
        rule.evaluate(year(border, {}), monthly)


def test_the_steps_show_the_places_and_the_tie(border):
    facts = year(border, in_places("1.25", "2", "3", "3", "5", "6", "7", "8"))
    outcome = rule.evaluate(facts, border.terms(rule, charged={"value": 2, "source": "第三条"}))
    steps = {step.key: step for step in outcome.steps}
    assert list(steps) == ["section", "data", "rank", "clause", "amount", "result"]
    assert steps["rank"].formula.startswith(
        "第 1 名 A市（1.25）；第 2 名 B市（2）；第 3 名 C市（3）；第 3 名 D市（3）；第 5 名 E市"
    )
    assert "并列" in steps["rank"].text
    assert steps["rank"].result == "A市"
    assert "C市 50.00 万元" in steps["amount"].formula
    assert "扣缴合 2,000,000.00 元" in steps["amount"].text
    assert "末 2 名每名缴上级财政 100.00 万元" in steps["clause"].text
    assert steps["clause"].defaults == ("每名奖励", "每名扣缴", "奖励名次数")
