"""Where one step, one place or one equal value decides the money of a family. In 万元."""

from decimal import Decimal

import pytest

from settlements.rules import steps
from settlements.rules.base import MonthState
from settlements.rules.baseline import FAMILY as baseline
from settlements.rules.charges import FAMILY as charges
from settlements.rules.charges import FINISHED, PLANNED
from settlements.rules.class_vs_last_year import FAMILY as class_vs_last_year
from settlements.rules.exceedance_steps import FAMILY as exceedance_steps
from settlements.rules.joint_fund import FAMILY as joint_fund
from settlements.rules.pollutant_threshold import FAMILY as pollutant_threshold

NOT_MET, NOT_INCREASED = MonthState.NOT_MET, MonthState.NOT_INCREASED


def upstream(rule, facts, terms):
    return rule.evaluate(facts, terms).net().get("upstream", Decimal(0)) / 10000


@pytest.mark.parametrize(
    ("found", "wan"),
    [("Ⅲ", 0), ("Ⅳ", -110), ("Ⅴ", -150), ("劣Ⅴ", -150)],  # met, 1, 2 and 3 classes short
)
def test_a_schedule_costs_the_last_line_that_is_reached(border, found, wan):
    rows = [{"count": 1, "amount": "110万元"}, {"count": 2, "amount": "150万元"}]
    terms = border.terms(
        class_vs_last_year, not_met_mode="per_class_short", not_met_amount="100万元",
        not_met_schedule=rows,
    )  # fmt: skip
    facts = border.month(found, last_year_class=found)
    assert upstream(class_vs_last_year, facts, terms) == wan


def test_a_flat_amount_asks_no_schedule(border):
    rows = [{"count": 1, "amount": "110万元"}]
    terms = border.terms(
        class_vs_last_year, not_met_mode="flat", not_met_amount="100万元", not_met_schedule=rows
    )
    assert upstream(class_vs_last_year, border.month("劣Ⅴ"), terms) == -100
    words = "".join(s.text for s in class_vs_last_year.evaluate(border.month("Ⅳ"), terms).steps)
    assert "分级表" not in words


@pytest.mark.parametrize(
    ("phosphorus", "wan"),
    [
        ("0.2", 0),
        ("0.2002", -100),  # 0.1 % off
        ("0.202", -100),  # 1 %
        ("0.1998", 100),
        ("0.22", -100),  # 10 %: the end of the first tier
        ("0.2202", -110),
    ],
)
def test_the_least_excess_over_a_limit_is_charged(border, phosphorus, wan):
    terms = border.terms(
        baseline, baseline_kind="limits", limits={"value": {"TP": "0.20"}}, tier_width="10",
        tier_amount="10万元",
    )  # fmt: skip
    assert upstream(baseline, border.month("Ⅲ", means={"TP": phosphorus}), terms) == wan


@pytest.mark.parametrize(
    ("phosphorus", "came_in", "wan", "state"),
    [
        ("0.30", "0.29", -100, NOT_MET),  # 5 % beyond what came in: one tier
        ("0.30", "0.30", 0, NOT_INCREASED),
        ("0.30", "0.10", -140, NOT_MET),  # the limit counts: 50 %, five tiers
        ("0.21", "0.205", -100, NOT_MET),  # one tier all the same
        ("0.20", "0.10", 0, MonthState.MET),
        # 20.5 % beyond: three tiers of 10 %.
        ("0.291", "0.25", -120, NOT_MET),
        ("0.290", "0.25", -110, NOT_MET),  # just 20 %
    ],
)
def test_what_came_in_is_deducted_from_the_tiers(border, phosphorus, came_in, wan, state):
    terms = border.terms(
        baseline, baseline_kind="limits", limits={"value": {"TP": "0.20"}}, tier_width="10",
        tier_amount="10万元", inherited="deduct",
    )  # fmt: skip
    facts = border.month(
        "Ⅳ", means={"TP": phosphorus}, inflow_section="六剑滩", inflow_means={"TP": came_in}
    )
    outcome = baseline.evaluate(facts, terms)
    assert outcome.net().get("upstream", Decimal(0)) / 10000 == wan
    assert outcome.state is state


@pytest.mark.parametrize(
    ("found", "inflow", "wan"),
    [("Ⅳ", "Ⅲ", -100), ("Ⅴ", "Ⅳ", -100), ("劣Ⅴ", "Ⅳ", -120), ("Ⅲ", "Ⅴ", 0), ("Ⅳ", "Ⅳ", 0)],
)
def test_what_came_in_is_deducted_from_the_classes(border, found, inflow, wan):
    terms = border.terms(baseline, tier_amount="20万元", inherited="deduct")
    facts = border.month(found, inflow_section="六剑滩", inflow_class=inflow)
    assert upstream(baseline, facts, terms) == wan


def test_without_a_tier_width_everything_over_is_one_tier(border):
    terms = border.terms(
        baseline, baseline_kind="limits", limits={"value": {"TP": "0.20"}}, tier_amount="10万元"
    )
    assert upstream(baseline, border.month("Ⅴ", means={"TP": "0.38"}), terms) == -100
    assert upstream(baseline, border.month("Ⅱ", means={"TP": "0.05"}), terms) == 100


@pytest.mark.parametrize(
    ("code", "value", "came_in", "wan"),
    [
        # In limits of Ⅲ: COD (32 − 24) ÷ 20 = 0.4, phosphorus (0.31 − 0.25) ÷ 0.2 = 0.3.
        ("COD", "32", "24", -60),
        ("TP", "0.31", "0.25", -60),
        ("COD", "32", "15", -90),  # from the limit: 0.6
        ("COD", "32", "32", 0),
    ],
)
def test_what_came_in_is_deducted_from_the_steps(border, code, value, came_in, wan):
    row = {"indicator": code, "step_width": "0.2", "unit_amount": "30万元"}
    terms = border.terms(exceedance_steps, indicators=[row], inherited="deduct")
    facts = border.month(
        None, means={code: value}, inflow_section="六剑滩", inflow_means={code: came_in}
    )
    assert upstream(exceedance_steps, facts, terms) == wan


@pytest.mark.parametrize("share", ["1", "0.5", "0.25"])
def test_unfinished_works_cost_the_share_of_the_section(border, share):
    observed = {PLANNED: Decimal("50000000"), FINISHED: Decimal("30000000")}
    facts = border.year(None, observations=observed, share=Decimal(share))
    terms = border.terms(charges, basis="works")
    assert upstream(charges, facts, terms) == -400 * Decimal(share)


@pytest.mark.parametrize(
    ("code", "threshold", "value", "came_in", "state"),
    [
        ("TP", "0.1", "0.15", "0.15", NOT_INCREASED),  # equal: no worse
        ("TP", "0.1", "0.15", "0.149", NOT_MET),
        ("TP", "0.1", "0.15", "0.2", NOT_INCREASED),
        ("DO", "6", "5.5", "5.5", NOT_INCREASED),
        ("DO", "6", "5.5", "5.6", NOT_MET),  # more oxygen came in
        ("DO", "6", "5.5", "5", NOT_INCREASED),
    ],
)
def test_a_threshold_is_inherited_where_the_water_came_in_no_better(
    border, code, threshold, value, came_in, state
):
    terms = border.terms(
        pollutant_threshold, thresholds=[{"indicator": code, "threshold": threshold}],
        class_condition="none", met_amount="40万元", not_met_amount="40万元", inherited="none",
    )  # fmt: skip
    facts = border.month(
        "Ⅲ", means={code: value}, inflow_section="石堤", inflow_means={code: came_in}
    )
    outcome = pollutant_threshold.evaluate(facts, terms)
    assert outcome.state is state
    assert bool(outcome.transfers) == (state is NOT_MET)


@pytest.mark.parametrize(
    ("inflow", "state"), [("Ⅳ", NOT_INCREASED), ("Ⅴ", NOT_INCREASED), ("Ⅲ", NOT_MET)]
)
def test_a_class_is_inherited_where_it_came_in_no_better(border, inflow, state):
    terms = border.terms(
        pollutant_threshold, thresholds=[{"indicator": "TP", "threshold": "0.5"}],
        class_condition="target", met_amount="40万元", not_met_amount="40万元", inherited="none",
    )  # fmt: skip
    facts = border.month(
        "Ⅳ", means={"TP": "0.25"}, inflow_section="石堤", inflow_class=inflow,
        inflow_means={"TP": "0.25"},
    )  # fmt: skip
    assert pollutant_threshold.evaluate(facts, terms).state is state


FOUR = {"YN": "云南省", "GZ": "贵州省", "SC": "四川省", "CQ": "重庆市"}


def even():
    return {"value": dict.fromkeys(FOUR, "1")}


@pytest.mark.parametrize(
    ("order", "met", "nets"),
    [
        # GZ met half: half of its 250 go to the next one down, wherever it is written.
        ({"YN": 1, "GZ": 2, "SC": 3, "CQ": 4}, {"GZ": "50"}, {"GZ": -125, "SC": 125}),
        ({"YN": 4, "GZ": 2, "SC": 1, "CQ": 3}, {"GZ": "50"}, {"GZ": -125, "CQ": 125}),
        ({"YN": 3, "GZ": 1, "SC": 4, "CQ": 2}, {"GZ": "50"}, {"GZ": -125, "CQ": 125}),
        # Two fall short, one between them does not.
        (
            {"YN": 1, "GZ": 2, "SC": 3, "CQ": 4}, {"YN": "0", "SC": "60"},
            {"YN": -250, "GZ": 250, "SC": -100, "CQ": 100},
        ),
    ],
)  # fmt: skip
def test_a_deduction_goes_to_the_next_one_down(border, order, met, nets):
    terms = border.terms(
        joint_fund, fund="1000万元", contributions=even(), shares=even(), assessment="met_ratio",
        order={"value": {code: str(place) for code, place in order.items()}}, at_stake="100",
        deducted_to="next_down",
    )  # fmt: skip
    observed = {f"met.{code}": Decimal(met.get(code, "100")) for code in FOUR}
    outcome = joint_fund.evaluate(border.year(None, parties=FOUR, observations=observed), terms)
    found = {code: net / 10000 for code, net in outcome.net().items() if net}
    assert found == nets


def test_a_hint_is_given_beside_items_that_have_none(border):
    facts = border.month(
        "Ⅳ", means={"pH": "9.4", "TP": "0.204", "TN": "1.5"}, deciding=("pH", "XYZ", "TN", "TP")
    )
    assert steps.borderline(facts).startswith("总磷均值 0.204 只高出Ⅲ类限值 0.004 mg/L")
    assert steps.borderline(border.month("Ⅰ", means={"TP": "0.2"}, deciding=())) == ""


def test_parties_and_roles_are_named_and_unknown_ones_stay_codes(border):
    facts = border.year("Ⅲ", parties={"YN": "云南省"})
    named = [facts.name_of(role) for role in ("upstream", "downstream", "treasury", "YN", "ZZ")]
    assert named == ["梁平区", "垫江县", "上级财政", "云南省", "ZZ"]


def test_parameters_made_in_code_have_no_source(border):
    terms = baseline.parameters(
        **{name: border.terms(baseline).value(name) for name in border.terms(baseline).to_json()}
    )
    assert terms.source("rate") == ""
    assert terms.is_default("rate") is False
    assert terms.defaults("rate", "baseline_kind") == ()
