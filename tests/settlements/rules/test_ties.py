"""What is exactly on a mark, in every family: nothing is cut between a reading and the comparison.

Each tie is made of numbers that do not end (thirds, sixths), and the same a hair beyond it.
GB 3838-2002: a value equal to its limit meets it; each scheme says on which side its marks are.
"""

import json
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import pytest
from django.core.management import call_command

from monitoring.standards.assessment import assess
from monitoring.standards.exact import Written, mean
from settlements.money import yuan
from settlements.rules import get
from settlements.rules.base import MonthState
from settlements.rules.facts import Facts, number, number_text
from settlements.rules.part_month import counted

CASES = Path(__file__).parent / "ties"
HAIR = Fraction(1, 10**20)
THIRD, SIXTH = Fraction(1, 3), Fraction(1, 6)
MET, NOT_MET, NOT_INCREASED = MonthState.MET, MonthState.NOT_MET, MonthState.NOT_INCREASED


def found(border, family, terms, facts):
    rule = get(family)
    return rule.evaluate(facts, border.terms(rule, **terms))


def downstream(outcome):
    return outcome.net().get("downstream", Decimal(0))


@pytest.mark.parametrize(
    ("family", "case", "paid"),
    [
        ("p_index", "01-p-index", {"安徽省": "100,000,000.00", "浙江省": "−100,000,000.00"}),
        ("weighted_score", "02-score-60", {"四川省": "20,000,000.00", "重庆市": "−20,000,000.00"}),
        (
            "rank",
            "05-rank-rewards",
            {
                "甲区": "666,666.67",
                "乙区": "666,666.67",
                "丙区": "666,666.66",
                "丁区": "−1,000,000.00",
                "上级财政": "−1,000,000.00",
            },
        ),
    ],
)
def test_a_case_worked_out_by_hand_comes_out_on_the_mark(capsys, family, case, paid):
    files = {"facts": CASES / f"{case}.facts.json", "parameters": CASES / f"{case}.parameters.json"}
    call_command("evaluate_rule", family, **{name: str(path) for name, path in files.items()})
    shown = capsys.readouterr().out
    for who, net in paid.items():
        assert f"\n  {who} {net}\n" in shown


P_INDEX = {
    "k0": "1",
    "indicators": [
        {"indicator": code, "weight": "0.25", "base": base}
        for code, base in (("CODMn", "3"), ("NH3-N", "0.3"), ("TP", "0.03"), ("TN", "1"))
    ],
    "mark": "0.95",
    "amount": "100万元",
}


@pytest.mark.parametrize(("beyond", "net"), [(0, "-1000000"), (HAIR, "1000000")])
def test_an_index_of_thirds_is_at_its_mark_or_a_hair_above(border, beyond, net):
    means = {"CODMn": "2", "NH3-N": "0.2", "TP": "0.02", "TN": Fraction("1.8") + beyond}
    assert downstream(found(border, "p_index", P_INDEX, border.year(None, means=means))) == yuan(
        net
    )


@pytest.mark.parametrize(("beyond", "net"), [(0, "0"), (HAIR, "1000000")])
def test_worse_by_exactly_the_dead_band_is_within_it(border, beyond, net):
    terms = {
        "baseline_kind": "base_period", "base_from": 2010, "base_to": 2010, "dead_band": "5",
    }  # fmt: skip
    facts = border.month(means={"NH3-N": Fraction("0.35") + beyond}, base_means={"NH3-N": THIRD})
    outcome = found(border, "baseline", terms, facts)
    assert downstream(outcome) == yuan(net)
    assert outcome.state is (NOT_MET if beyond else MET)


@pytest.mark.parametrize(("beyond", "net"), [(0, "1000000"), (HAIR, "1200000")])
def test_worse_by_exactly_one_width_is_one_tier(border, beyond, net):
    terms = {
        "baseline_kind": "base_period", "base_from": 2010, "base_to": 2010,
        "tier_width": "5", "tier_amount": "20万元",
    }  # fmt: skip
    facts = border.month(means={"NH3-N": Fraction("0.35") + beyond}, base_means={"NH3-N": THIRD})
    assert downstream(found(border, "baseline", terms, facts)) == yuan(net)


@pytest.mark.parametrize(("beyond", "net"), [(0, "250000"), (-HAIR, "200000")])
def test_five_whole_points_worse_are_five(border, beyond, net):
    row = {"indicator": "NH3-N", "better_amount": "4万元", "worse_amount": "5万元",
           "worse_least": "0", "worse_cap": None}  # fmt: skip
    terms = {"indicators": [row], "points": "whole"}
    facts = border.month(
        means={"NH3-N": Fraction("0.35") + beyond}, last_year_means={"NH3-N": THIRD}
    )
    assert downstream(found(border, "percent_change", terms, facts)) == yuan(net)


@pytest.mark.parametrize(("beyond", "net"), [(0, "300000"), (HAIR, "600000")])
def test_a_multiple_at_the_end_of_a_step_belongs_to_it(border, beyond, net):
    row = {"indicator": "NH3-N", "step_width": "0.2", "unit_amount": "30万元"}
    came_in = Fraction(4, 3)
    facts = border.month(
        "Ⅳ",
        means={"NH3-N": came_in + Fraction(1, 5) + beyond},
        inflow_section="上界",
        inflow_means={"NH3-N": came_in},
    )
    terms = {"indicators": [row], "inherited": "deduct"}
    assert downstream(found(border, "exceedance_steps", terms, facts)) == yuan(net)


@pytest.mark.parametrize(("beyond", "net"), [(0, "1000000"), (HAIR, "2000000")])
def test_a_step_over_what_came_in_is_counted_to_its_end(border, beyond, net):
    came_in = Fraction(4, 3)
    facts = border.month(
        "Ⅴ",
        means={"NH3-N": came_in + Fraction(1, 2) + beyond},
        inflow_section="上界",
        inflow_class="Ⅳ",
        inflow_means={"NH3-N": came_in},
    )
    terms = {
        "not_met_mode": "per_multiple_step", "not_met_step_width": "0.5", "inherited": "deduct",
    }  # fmt: skip
    assert downstream(found(border, "class_vs_last_year", terms, facts)) == yuan(net)


@pytest.mark.parametrize(("beyond", "state"), [(0, MET), (HAIR, NOT_MET)])
def test_a_threshold_that_is_just_kept_is_kept(border, beyond, state):
    terms = {"thresholds": [{"indicator": "TP", "threshold": "0.2"}], "class_condition": "none"}
    year = mean([SIXTH] * 3 + [Decimal("0.2")] * 8 + [Decimal("0.3")])
    facts = border.month("Ⅲ", means={"TP": year + beyond})
    assert found(border, "pollutant_threshold", terms, facts).state is state


@pytest.mark.parametrize(("beyond", "state"), [(0, NOT_INCREASED), (HAIR, NOT_MET)])
def test_what_leaves_exactly_as_it_came_in_was_not_increased(border, beyond, state):
    terms = {
        "thresholds": [{"indicator": "TP", "threshold": "0.2"}], "class_condition": "none",
        "inherited": "none",
    }  # fmt: skip
    facts = border.month(
        "Ⅳ", means={"TP": THIRD + beyond}, inflow_section="上界", inflow_means={"TP": THIRD}
    )
    assert found(border, "pollutant_threshold", terms, facts).state is state


@pytest.mark.parametrize(("beyond", "state"), [(0, MET), (HAIR, NOT_MET)])
def test_a_load_at_its_target_is_not_beyond_it(border, beyond, state):
    terms = {"indicators": [{"indicator": "TP", "unit_price": "100"}]}
    year = mean([SIXTH] * 3 + [Decimal("0.2")] * 8 + [Decimal("0.3")])
    facts = border.month("Ⅲ", means={"TP": year + beyond}, flow=Decimal("3000000"))
    assert found(border, "pollution_load", terms, facts).state is state


def test_a_load_is_rounded_to_the_fen_once(border):
    """Two loads of 0.005 yuan are one fen; each rounded by itself, half to even, they were none."""
    terms = {
        "indicators": [{"indicator": code, "unit_price": "0.01", "limit": "0.1"}
                       for code in ("TP", "NH3-N")],
    }  # fmt: skip
    half = Fraction(1, 10) + Fraction(1, 2)
    facts = border.month("Ⅲ", means={"TP": half, "NH3-N": half}, flow=Decimal("1000000"))
    assert downstream(found(border, "pollution_load", terms, facts)) == yuan("0.01")


@pytest.mark.parametrize(("beyond", "net"), [(0, "100000"), (HAIR, "-100000")])
def test_a_month_as_good_as_last_years_mean_is_no_worse(border, beyond, net):
    last = {"COD": Fraction(50, 3), "NH3-N": THIRD, "TP": SIXTH}
    facts = border.month("Ⅲ", means=last | {"TP": SIXTH + beyond}, base_means=last)
    assert found(border, "town_outflow", {}, facts).net().get("upstream") == yuan(net)


def test_places_by_an_index_made_of_other_quotients_are_tied(border):
    """Two indices of 5/3, one of 7/6 and 1/2, one of 1/6 and 3/2."""
    index = {"A": Fraction(7, 6) + Fraction(1, 2), "B": SIXTH + Fraction(3, 2), "C": Fraction(9)}
    terms = {"rewarded": 1, "charged": 1, "reward": "10万元", "charge": "10万元"}
    facts = border.year(
        None,
        parties={code: f"{code}市" for code in index},
        observations={f"index.{code}": value for code, value in index.items()},
    )
    nets = found(border, "rank", terms, facts).net()
    assert (nets["A"], nets["B"], nets["C"]) == (yuan("50000"), yuan("50000"), yuan("-100000"))


def test_a_met_ratio_of_thirds_takes_just_its_part_of_the_fund(border):
    """At stake is all; met 8 months of 12: a third of 300 is deducted, to the fen."""
    terms = {
        "fund": "300万元",
        "contributions": {"value": {"upstream": "1", "downstream": "1"}},
        "shares": {"value": {"upstream": "1", "downstream": "0"}},
        "order": {"value": {"upstream": "1", "downstream": "2"}},
        "assessment": "met_ratio",
        "at_stake": "100",
    }
    observed = {"met.upstream": Fraction(800, 12), "met.downstream": Decimal(100)}
    outcome = found(border, "joint_fund", terms, border.year(None, observations=observed))
    assert outcome.net() == {"downstream": yuan("-500000"), "upstream": yuan("500000")}


def test_an_award_that_is_just_reached_is_earned(border):
    award = {"kind": "signing", "recipient": "upstream", "year": 2023, "amount": "300万元",
             "at_least": "0.2"}  # fmt: skip
    for value, earned in ((mean([SIXTH, SIXTH, Fraction(4, 15)]), 1), (Fraction("0.2") - HAIR, 0)):
        facts = border.year(None, observations={"award.signing": value})
        outcome = found(border, "awards", {"awards": [award], "veto": False}, facts)
        assert len(outcome.transfers) == earned


@pytest.mark.parametrize("family", ["fixed_annual", "municipal_fill"])
def test_a_years_mean_of_exactly_a_limit_keeps_its_class(border, family):
    year = mean([SIXTH] * 3 + [Decimal("0.2")] * 8 + [Decimal("0.3")])
    for beyond, state in ((0, MET), (HAIR, NOT_MET)):
        assessed = assess({"TP": year + beyond})
        facts = border.year(
            assessed.water_class.numeral, year=2024, means={"TP": year + beyond},
            parties={"upstream": "梁平区", "downstream": "垫江县"},
        )  # fmt: skip
        terms = {"condition_class": "Ⅲ", "amount": "300万元", "from_year": 2023, "to_year": 2025}
        if family == "municipal_fill":
            terms["shares"] = {"value": {"upstream": "1", "downstream": "1"}}
        else:
            terms["payer"] = "downstream"
        assert found(border, family, terms, facts).state is state


def test_works_left_unfinished_by_a_third_are_charged_to_the_fen(border):
    facts = border.year(
        None, observations={"planned_investment": Decimal(100), "finished_investment": 200 * THIRD}
    )
    terms = {"basis": "works", "works_rate": "20", "payee": "downstream"}
    assert downstream(found(border, "charges", terms, facts)) == yuan("6.67")


# --- what is stored ------------------------------------------------------------------------------


def test_a_number_that_does_not_end_is_stored_by_its_decimals_and_whole(border):
    third = Written(THIRD, Decimal("0.333333333333"))
    facts = border.month(means={"NH3-N": third, "TP": "0.2"})
    stored = facts.to_json()
    assert stored["means"] == {"NH3-N": "0.333333333333", "TP": "0.2"}
    assert stored["exact"] == {"means.NH3-N": "1/3"}
    again = Facts.from_json(json.loads(json.dumps(stored)))
    assert again == facts
    assert again.means["NH3-N"] == THIRD
    assert again.to_json() == stored


def test_facts_found_before_numbers_were_whole_keep_what_they_say(border):
    stored = border.month(means={"NH3-N": "0.333333333333"}).to_json()
    assert "exact" not in stored
    assert Facts.from_json(stored).means["NH3-N"] == Decimal("0.333333333333")


def test_an_exact_number_that_is_not_behind_its_decimals_is_refused(border):
    stored = border.month(means={"NH3-N": Written(THIRD, Decimal("0.333333333333"))}).to_json()
    stored["exact"]["means.NH3-N"] = "1/4"
    with pytest.raises(ValueError, match=r"means.NH3-N.*1/4.*0.333333333333"):
        Facts.from_json(stored)


# --- shares and days -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("family", "terms"),
    [("class_vs_last_year", {}), ("baseline", {}), ("exceedance_steps", {}), ("charges", {})],
)
def test_three_thirds_of_a_rate_are_the_rate(border, family, terms):
    terms = {
        "class_vs_last_year": {"rate": "100万元"},
        "baseline": {"rate": "100万元"},
        "exceedance_steps": {
            "indicators": [{"indicator": "TP", "step_width": "0.5", "unit_amount": "100万元"}]
        },
        "charges": {"basis": "dry", "dry_charge": "100万元", "payee": "downstream"},
    }[family]
    facts = border.month("Ⅳ", means={"TP": "0.25"}, share=THIRD, shares=("1/3",) * 3)
    if family == "charges":
        facts = replace(
            facts, state_override=MonthState.MANMADE_NO_FLOW, override_reason="闸坝关闭"
        )
    paid = [
        downstream(found(border, family, terms, replace(facts, share_at=place)))
        for place in range(3)
    ]
    assert paid == [yuan("333333.34"), yuan("333333.33"), yuan("333333.33")]


def test_a_share_of_a_third_is_stored_and_read_as_a_third(border):
    facts = border.month(share=THIRD, shares=("1/3", "1/3", "1/3"), share_at=2)
    assert facts.to_json()["share"] == "1/3"
    assert Facts.from_json(facts.to_json()) == facts
    assert (number_text(Fraction(1, 2)), number_text(Decimal("0.50"))) == ("0.5", "0.5")
    assert (number("1/3"), number("0.5")) == (THIRD, Decimal("0.5"))


def test_parts_of_a_month_under_three_terms_add_up(border):
    """Ten days each of June: a third of 1,000,000 three times is 1,000,000."""
    rule = get("class_vs_last_year")
    terms = border.terms(rule, rate="100万元", part_month="by_days")
    june = replace(border.month("Ⅳ"), period=border.month().period.replace(month=6))
    paid = []
    for before in (0, 10, 20):
        facts = replace(june, days_in_force=10, days_before=before)
        paid.append(downstream(counted(rule.evaluate(facts, terms), facts, terms)))
    assert paid == [yuan("333333.33"), yuan("333333.34"), yuan("333333.33")]
