"""同比变幅法: worked by hand. Amounts: downstream's net in 万元 (positive: upstream pays).

Source: Shandong 2019, as in domain.md §8a: NH3-N, COD, TP, fluoride by the month, +4 万元 a
point better, 5–200 万元 for worse, 100 万元 for a month worse than V.
"""

from decimal import Decimal

import pytest

from settlements.money import yuan
from settlements.rules.base import Granularity, MissingFact, MonthState, WrongPeriod
from settlements.rules.facts import UnusableFact
from settlements.rules.parameters import ParameterErrors
from settlements.rules.percent_change import FAMILY as rule

MET, NOT_MET = MonthState.MET, MonthState.NOT_MET
LAST = {"NH3-N": "1.00", "COD": "20", "TP": "0.20", "F": "0.50"}


def row(indicator, **more):
    return {"indicator": indicator, "better_amount": "4万元", "worse_amount": "5万元",
            "worse_least": "5万元", "worse_cap": "200万元", **more}  # fmt: skip


def downstream_wan(outcome):
    return outcome.net().get("downstream", Decimal(0)) / 10000


def steps_of(outcome):
    return {step.key: step for step in outcome.steps}


@pytest.mark.parametrize(
    ("found", "now", "wan", "state"),
    [
        ("Ⅲ", {}, 0, MET),
        ("Ⅲ", {"NH3-N": "0.99"}, -4, MET),  # one point better
        ("Ⅲ", {"NH3-N": "0.90", "TP": "0.18"}, -80, MET),  # 10 + 10 points, 4 each
        ("Ⅲ", {"COD": "10"}, -200, MET),  # 50 points
        ("Ⅲ", {"NH3-N": "1.001"}, 5, MET),  # 0.1 points worse: at least 5
        ("Ⅲ", {"NH3-N": "1.02"}, 10, MET),  # 2 × 5
        ("Ⅳ", {"NH3-N": "1.40"}, 200, NOT_MET),  # 40 points: just at the most
        ("Ⅴ", {"NH3-N": "1.90"}, 200, NOT_MET),  # 90 points, held to 200
        ("Ⅳ", {"NH3-N": "1.10", "COD": "18"}, 10, NOT_MET),  # 50 owed, 40 earned: netted
        ("Ⅳ", {"NH3-N": "1.10", "COD": "17.5"}, 0, NOT_MET),  # 50 owed, 50 earned
        ("劣Ⅴ", {}, 100, NOT_MET),  # worse than V, the same as last year
        ("劣Ⅴ", {"TP": "0.10"}, -100, NOT_MET),  # 200 earned, 100 for inferior V
        ("劣Ⅴ", {"NH3-N": "2.10"}, 300, NOT_MET),  # 200 + 100
    ],
)
def test_shandong_pays_by_the_percentage_point(border, found, now, wan, state):
    facts = border.month(found, means=LAST | now, last_year_means=LAST)
    outcome = rule.evaluate(facts, border.terms(rule))
    assert downstream_wan(outcome) == wan
    assert outcome.state is state
    assert (outcome.rule, outcome.revision) == ("percent_change", 1)
    assert len(outcome.transfers) <= 1


@pytest.mark.parametrize(
    ("now", "points", "wan"),
    [
        ("0.985", "exact", "-6"),  # 1.5 points
        ("0.985", "whole", "-4"),  # the half point falls away
        ("0.995", "whole", "0"),
        ("1.029", "exact", "14.5"),  # 2.9 points
        ("1.029", "whole", "10"),
        ("1.005", "whole", "5"),  # worse all the same: at least 5
    ],
)
def test_parts_of_a_point_count_as_the_term_has_it(border, now, points, wan):
    facts = border.month("Ⅲ", means={"NH3-N": now}, last_year_means={"NH3-N": "1"})
    outcome = rule.evaluate(facts, border.terms(rule, indicators=[row("NH3-N")], points=points))
    assert downstream_wan(outcome) == Decimal(wan)


def test_what_better_water_earns_can_be_capped(border):
    terms = border.terms(rule, indicators=[row("COD", better_cap="60万元")])
    facts = border.month("Ⅲ", means={"COD": "10"}, last_year_means={"COD": "20"})
    outcome = rule.evaluate(facts, terms)
    assert downstream_wan(outcome) == -60
    assert "封顶 60.00 万元" in steps_of(outcome)["item-COD"].formula


def test_years_can_be_compared_as_henan_and_shandong_do(border):
    terms = border.terms(rule, indicators=[row("COD")], comparison="yearly")
    assert rule.granularity(terms) is Granularity.YEAR
    facts = border.year("Ⅲ", means={"COD": "19"}, last_year_means={"COD": "20"})
    assert downstream_wan(rule.evaluate(facts, terms)) == -20
    with pytest.raises(WrongPeriod, match="按年"):
        rule.evaluate(border.month(means={"COD": "19"}), terms)


def test_a_share_of_the_border_has_that_share(border):
    facts = border.month(
        "劣Ⅴ", means=LAST, last_year_means=LAST, share=Decimal("0.25")
    )  # fmt: skip
    assert downstream_wan(rule.evaluate(facts, border.terms(rule))) == 25


def test_without_a_charge_for_inferior_v_the_class_is_not_asked_for(border):
    terms = border.terms(rule, indicators=[row("COD")], inferior_v_amount="0")
    facts = border.month(None, means={"COD": "19"}, last_year_means={"COD": "20"})
    assert downstream_wan(rule.evaluate(facts, terms)) == -20


def test_without_a_functional_class_the_state_goes_by_class_v(border):
    terms = border.terms(rule, indicators=[row("COD")])
    same = {"means": {"COD": "19"}, "last_year_means": {"COD": "19"}, "target": None}
    assert rule.evaluate(border.month("Ⅴ", **same), terms).state is MET
    assert rule.evaluate(border.month("劣Ⅴ", **same), terms).state is NOT_MET


@pytest.mark.parametrize(
    ("facts", "name"),
    [
        ({"found": None, "means": LAST, "last_year_means": LAST}, "water_class"),
        ({}, "means"),
        ({"means": {"COD": "1"}, "last_year_means": LAST}, "means.NH3-N"),
        ({"means": LAST}, "last_year_means.NH3-N"),
        ({"means": LAST, "last_year_means": {"NH3-N": "1", "COD": "20", "TP": "0.2"}},
         "last_year_means.F"),
    ],
)  # fmt: skip
def test_missing_facts_are_refused_by_name(border, facts, name):
    with pytest.raises(MissingFact) as missing:
        rule.evaluate(border.month(**facts), border.terms(rule))
    assert missing.value.name == name


def test_a_last_year_that_is_missing_can_be_left_out_in_so_many_words(border):
    terms = border.terms(rule, missing_last_year="skip")
    last = {code: value for code, value in LAST.items() if code != "F"}
    facts = border.month("劣Ⅴ", means=LAST | {"NH3-N": "0.99"}, last_year_means=last)
    outcome = rule.evaluate(facts, terms)
    assert downstream_wan(outcome) == 96
    assert steps_of(outcome)["item-F"].result == "不作同比"
    assert "不作同比" in steps_of(outcome)["comparison"].formula


def test_a_last_year_of_zero_is_refused_by_name(border):
    facts = border.month("Ⅲ", means=LAST, last_year_means=LAST | {"TP": "0"})
    with pytest.raises(UnusableFact, match=r"last_year_means\.TP.*不能作除数") as wrong:
        rule.evaluate(facts, border.terms(rule))
    assert wrong.value.name == "last_year_means.TP"


def test_an_incomplete_month_can_count_as_no_data(border):
    facts = border.month("劣Ⅴ", means=LAST, last_year_means=LAST, complete=False)
    assert downstream_wan(rule.evaluate(facts, border.terms(rule))) == 100
    skipped = rule.evaluate(facts, border.terms(rule, incomplete_period="no_data"))
    assert skipped.state is MonthState.NO_DATA
    assert skipped.transfers == ()


@pytest.mark.parametrize(
    "rows",
    [[row("COD"), row("COD")], [row("COD", worse_cap="4万元")], [row("DO")], [row("pH")], []],
)
def test_impossible_terms_are_refused(border, rows):
    with pytest.raises(ParameterErrors) as wrong:
        border.terms(rule, indicators=rows)
    assert [error.name for error in wrong.value.errors] == ["indicators"]


def test_the_steps_show_each_indicator_and_the_netting(border):
    facts = border.month(
        "劣Ⅴ", means=LAST | {"NH3-N": "0.75", "TP": "0.225"}, last_year_means=LAST,
        sources={"last_year_means": "2022年8月"},
    )  # fmt: skip
    outcome = rule.evaluate(facts, border.terms(rule))
    steps = steps_of(outcome)
    assert list(steps) == [
        "section", "data", "means", "class", "item-NH3-N", "item-COD", "item-TP", "item-F",
        "comparison", "clause", "amount", "result",
    ]  # fmt: skip
    assert steps["item-NH3-N"].formula == "（0.75 − 1）÷ 1 ＝ −25 %；25 × 4.00 ＝ 100.00 万元"
    assert steps["item-TP"].formula == (
        "（0.225 − 0.2）÷ 0.2 ＝ ＋12.5 %；12.5 × 5.00 ＝ 62.50 万元"
    )
    assert steps["item-TP"].result == "−62.50"
    assert steps["item-TP"].inputs[1].source == "2022年8月"
    # 100 earned against 62.5 and the 100 of inferior V: upstream owes 62.5.
    assert steps["amount"].formula == (
        "（−100.00 ＋ 62.50 ＋ 100.00）万元 × 份额 100 % ＝ 62.50 万元"
    )
    assert outcome.net()["downstream"] == yuan("625000")
    assert "劣Ⅴ类另付 100.00 万元" in steps["clause"].text


@pytest.mark.parametrize(
    ("now", "words", "cut"),
    [
        ("10", "改善 50 %", False),  # 200 earned, just the cap
        ("9", "改善 55 %", True),
        ("20", "持平", False),
        ("20.2", "恶化 1 %", False),  # 5 owed, just the least
        ("20.1", "恶化 0.5 %", True),
        ("28", "恶化 40 %", False),  # 200 owed, just the most
        ("28.2", "恶化 41 %", True),
    ],
)
def test_an_amount_is_said_to_be_cut_only_where_it_is(border, now, words, cut):
    terms = border.terms(rule, indicators=[row("COD", better_cap="200万元")])
    facts = border.month("Ⅲ", means={"COD": now}, last_year_means={"COD": "20"})
    line = steps_of(rule.evaluate(facts, terms))["item-COD"]
    assert words in line.text
    assert ("封顶" in line.formula or "不足起付" in line.formula) is cut


@pytest.mark.parametrize(
    ("found", "target", "now", "result", "words"),
    [
        ("Ⅲ", "Ⅲ", "19", "改善", "达到功能类别 Ⅲ类"),
        ("Ⅳ", "Ⅲ", "21", "恶化", "未达到功能类别 Ⅲ类"),
        ("Ⅲ", None, "20", "持平", "达到评判类别 Ⅴ类"),
        ("劣Ⅴ", "Ⅲ", "19", "劣Ⅴ类另付", "未达到功能类别 Ⅲ类"),
    ],
)
def test_the_comparison_says_how_it_came_out(border, found, target, now, result, words):
    terms = border.terms(rule, indicators=[row("COD")])
    facts = border.month(
        found, target=target, means={"COD": now}, last_year_means={"COD": "20"}
    )  # fmt: skip
    line = steps_of(rule.evaluate(facts, terms))["comparison"]
    assert line.result == result
    assert words in line.text


def test_a_least_may_be_the_most(border):
    terms = border.terms(rule, indicators=[row("COD", worse_least="5万元", worse_cap="5万元")])
    facts = border.month("Ⅲ", means={"COD": "24"}, last_year_means={"COD": "20"})
    assert downstream_wan(rule.evaluate(facts, terms)) == 5
