"""共同资金法: Chishui's and Shiyan's funds worked by hand. Amounts: nets in 万元.

Source: domain.md §8a (Chishui 2018–20: 2 亿元 a year, 1:5:4 in, 3:4:3 out, deductions by
section to the next one down; Shiyan: scores over 100, a grade that gets nothing).
"""

from decimal import Decimal

import pytest

from settlements.money import yuan
from settlements.rules.base import Granularity, MissingFact, MonthState, Outcome, WrongPeriod
from settlements.rules.facts import UnusableFact
from settlements.rules.joint_fund import FAMILY as rule
from settlements.rules.parameters import ParameterErrors

PARTIES = {"YN": "云南省", "GZ": "贵州省", "SC": "四川省"}
IN = {"value": {"YN": "1", "GZ": "5", "SC": "4"}, "source": "第五条"}
OUT = {"value": {"YN": "3", "GZ": "4", "SC": "3"}, "source": "第六条"}
ORDER = {"value": {"YN": "1", "GZ": "2", "SC": "3"}}
CHISHUI = {"fund": "20000万元", "contributions": IN, "shares": OUT, "order": ORDER}
TWO = {
    "fund": "1000万元",
    "contributions": {"value": {"upstream": "1", "downstream": "1"}},
    "shares": {"value": {"upstream": "3", "downstream": "1"}},
    "order": {"value": {"upstream": "1", "downstream": "2"}},
    "assessment": "section_class",
}


def year(border, observed=None, found=None, **more):
    observed = {name: Decimal(value) for name, value in (observed or {}).items()}
    more.setdefault("parties", PARTIES)
    return border.year(found, year=2018, observations=observed, **more)


def wan(outcome):
    return {code: net / 10000 for code, net in outcome.net().items()}


def test_chishui_puts_in_1_5_4_and_shares_3_4_3(border):
    """In 2000, 10000, 8000; out 6000, 8000, 6000: Yunnan is owed 4000."""
    outcome = rule.evaluate(year(border), border.terms(rule, **CHISHUI))
    assert wan(outcome) == {"YN": 4000, "GZ": -2000, "SC": -2000}
    assert {(t.payer, t.payee, t.yuan) for t in outcome.transfers} == {
        ("GZ", "YN", yuan("20000000")), ("SC", "YN", yuan("20000000")),
    }  # fmt: skip
    assert outcome.state is MonthState.MET
    assert (outcome.rule, outcome.revision) == ("joint_fund", 1)


@pytest.mark.parametrize(
    ("met", "terms", "nets"),
    [
        (("100", "100", "100"), {}, {"YN": 4000, "GZ": -2000, "SC": -2000}),
        # Yunnan met nothing: its 6000 go to the next one down.
        (("0", "100", "100"), {}, {"YN": -2000, "GZ": 4000, "SC": -2000}),
        # Guizhou met three quarters: a quarter of its 8000 goes to Sichuan.
        (("100", "75", "100"), {}, {"YN": 4000, "GZ": -4000, "SC": 0}),
        # Only half of what is due is at stake.
        (("0", "100", "100"), {"at_stake": "50"}, {"YN": 1000, "GZ": 1000, "SC": -2000}),
        # Both: 3000 from Yunnan to Guizhou, 4000 from Guizhou's own to Sichuan.
        (("50", "50", "100"), {}, {"YN": 1000, "GZ": -3000, "SC": 2000}),
        # The last one down: 6000 go back by 1:5:4, 600 3000 2400.
        (("100", "100", "0"), {}, {"YN": 4600, "GZ": 1000, "SC": -5600}),
        (("0", "100", "100"), {"deducted_to": "contributors"},
         {"YN": -1400, "GZ": 1000, "SC": 400}),
        (("0", "100", "100"), {"deducted_to": "treasury"},
         {"YN": -2000, "GZ": -2000, "SC": -2000, "treasury": 6000}),
    ],
)  # fmt: skip
def test_deductions_by_section(border, met, terms, nets):
    observed = dict(zip(("met.YN", "met.GZ", "met.SC"), met, strict=True))
    terms = border.terms(rule, **CHISHUI, assessment="met_ratio", **terms)
    outcome = rule.evaluate(year(border, observed), terms)
    found = wan(outcome)
    assert {code: found.get(code, Decimal(0)) for code in nets} == nets
    assert sum(found.values()) == 0
    assert outcome.state is (MonthState.MET if set(met) == {"100"} else MonthState.NOT_MET)


@pytest.mark.parametrize(
    ("scores", "nets", "state"),
    [
        # 3 : 4 : 3 with the same coefficient stays 3 : 4 : 3.
        (("85", "85", "85"), {"YN": 4000, "GZ": -2000, "SC": -2000}, MonthState.MET),
        # A score over 100 is excellent; 59.9 gets nothing: 3.6 : 4 : 0 of 20000.
        (("105", "80", "59.9"), {"YN": Decimal("7473.684211"), "GZ": Decimal("526.315789"),
                                 "SC": -8000}, MonthState.NOT_MET),
        # At a grade's start it is that grade: 60 passes, 2.4 : 3.2 : 2.4.
        (("60", "60", "60"), {"YN": 4000, "GZ": -2000, "SC": -2000}, MonthState.MET),
        # 90 is excellent, 0.8 for Guizhou: 3.6 : 3.2 : 3.6 of 20000 …
        (("90", "79.99", "90"), {"YN": Decimal("4923.076923"), "GZ": Decimal("-3846.153846"),
                                 "SC": Decimal("-1076.923077")}, MonthState.MET),
        # Nobody earned anything: everyone has its money back.
        (("10", "20", "30"), {"YN": 0, "GZ": 0, "SC": 0}, MonthState.NOT_MET),
    ],
)  # fmt: skip
def test_grades_divide_the_fund_and_one_gets_nothing(border, scores, nets, state):
    observed = dict(zip(("score.YN", "score.GZ", "score.SC"), scores, strict=True))
    terms = border.terms(rule, **CHISHUI, assessment="grade")
    outcome = rule.evaluate(year(border, observed), terms)
    found = wan(outcome)
    assert sum(found.values()) == 0
    for code, net in nets.items():
        assert abs(found.get(code, Decimal(0)) - net) <= Decimal("0.000001")
    assert outcome.state is state


@pytest.mark.parametrize(
    ("found", "more", "wan_up", "state"),
    [
        ("Ⅲ", {}, 250, MonthState.MET),  # 750 − 500
        ("Ⅳ", {}, -500, MonthState.NOT_MET),  # its 750 went down
        ("Ⅳ", {"at_stake": "20"}, 100, MonthState.NOT_MET),  # 750 − 150 − 500
    ],
)
def test_two_parties_can_hang_on_their_border_section(border, found, more, wan_up, state):
    outcome = rule.evaluate(year(border, None, found), border.terms(rule, **TWO, **more))
    assert wan(outcome) == {"upstream": wan_up, "downstream": -wan_up}
    assert outcome.state is state


def test_the_sections_upstream_party_is_found_by_its_name(border):
    terms = border.terms(rule, **CHISHUI, assessment="section_class")
    facts = year(border, None, "Ⅳ", parties=PARTIES | {"GZ": "梁平区"})
    assert wan(rule.evaluate(facts, terms)) == {"YN": 4000, "GZ": -10000, "SC": 6000}
    with pytest.raises(MissingFact, match=r"parties\.upstream"):
        rule.evaluate(year(border, None, "Ⅳ"), terms)


def test_a_section_with_a_quarter_of_the_border_settles_a_quarter(border):
    outcome = rule.evaluate(year(border, share=Decimal("0.25")), border.terms(rule, **CHISHUI))
    assert wan(outcome) == {"YN": 1000, "GZ": -500, "SC": -500}


def test_the_order_in_which_a_database_keeps_the_ratios_changes_nothing(border):
    """Thirds leave fen over; who gets them may not depend on the order of a mapping."""

    def terms(*codes):
        thirds = {"value": dict.fromkeys(codes, "1")}
        return border.terms(
            rule, fund="0.05万元", contributions={"value": {"GZ": "1"}}, shares=thirds
        )

    one = rule.evaluate(year(border), terms("SC", "GZ", "YN"))
    stored = {name: dict(entry) for name, entry in terms("YN", "GZ", "SC").to_json().items()}
    value = stored["shares"]["value"]
    stored["shares"]["value"] = {code: value[code] for code in reversed(sorted(value))}
    assert rule.evaluate(year(border), rule.parameters.from_json(stored)) == one
    assert sum(one.net().values()) == 0


@pytest.mark.parametrize(
    ("facts", "terms", "name"),
    [
        ({"parties": {"YN": "云南省", "GZ": "贵州省"}}, {}, "parties.SC"),
        ({}, {"assessment": "met_ratio"}, "observations.met.YN"),
        ({"observed": {"met.YN": "100", "met.GZ": "100"}}, {"assessment": "met_ratio"},
         "observations.met.SC"),
        ({}, {"assessment": "grade"}, "observations.score.GZ"),
        ({}, {"assessment": "section_class"}, "water_class"),
        ({"found": "Ⅲ", "target": None}, {"assessment": "section_class"}, "target"),
    ],
)  # fmt: skip
def test_missing_facts_are_refused_by_name(border, facts, terms, name):
    order = {} if terms.get("assessment") != "grade" else {"order": None}
    with pytest.raises(MissingFact) as missing:
        rule.evaluate(year(border, **facts), border.terms(rule, **CHISHUI | terms | order))
    assert missing.value.name == name


@pytest.mark.parametrize("met", ["100.1", "-1"])
def test_a_met_ratio_beyond_its_bounds_is_refused(border, met):
    observed = {"met.YN": met, "met.GZ": "100", "met.SC": "100"}
    with pytest.raises(UnusableFact, match=r"met\.YN.*须在 0 与 100 之间"):
        rule.evaluate(year(border, observed), border.terms(rule, **CHISHUI, assessment="met_ratio"))


def test_a_negative_score_is_refused(border):
    observed = {"score.YN": "-1", "score.GZ": "100", "score.SC": "100"}
    with pytest.raises(UnusableFact, match="不能为负"):
        rule.evaluate(year(border, observed), border.terms(rule, **CHISHUI, assessment="grade"))


def test_an_incomplete_year_can_wait_where_the_section_counts(border):
    terms = border.terms(rule, **TWO, incomplete_period="no_data")
    assert rule.evaluate(year(border, None, "Ⅲ", complete=False), terms).state is MonthState.NO_DATA
    terms = border.terms(rule, **CHISHUI, incomplete_period="no_data")
    assert wan(rule.evaluate(year(border, complete=False), terms))["YN"] == 4000


def test_an_excluded_year_divides_nothing_but_no_readings_stop_only_the_class(border):
    excluded = {"state_override": MonthState.EXCLUDED, "override_reason": "协议中止"}
    none = {"state_override": MonthState.NO_DATA, "override_reason": "停站"}
    terms = border.terms(rule, **CHISHUI)
    assert rule.evaluate(year(border, **excluded), terms).transfers == ()
    assert wan(rule.evaluate(year(border, **none), terms))["YN"] == 4000
    assert rule.evaluate(year(border, **none), border.terms(rule, **TWO)).transfers == ()


def test_a_month_is_refused(border):
    assert rule.granularity(border.terms(rule, **CHISHUI)) is Granularity.YEAR
    with pytest.raises(WrongPeriod, match="按年"):
        rule.evaluate(border.month("Ⅱ"), border.terms(rule, **CHISHUI))


@pytest.mark.parametrize(
    ("terms", "words"),
    [
        ({"shares": {"value": {"YN": "0"}}}, "不能都为 0"),
        ({"contributions": {"value": {"YN": "0"}}}, "不能都为 0"),
        ({"assessment": "met_ratio", "order": None}, "缺 .*次序"),
        ({"assessment": "met_ratio", "order": {"value": {"YN": "1", "GZ": "2"}}}, "缺 SC 的次序"),
        ({"assessment": "met_ratio",
          "order": {"value": {"YN": "1", "GZ": "2", "SC": "3", "CQ": "4"}}}, "CQ 不在分配份数"),
        ({"assessment": "met_ratio", "order": {"value": {"YN": "1", "GZ": "2", "SC": "2"}}},
         "次序相同"),
        ({"assessment": "grade", "grades": None}, "自 0 分起"),
        ({"assessment": "grade",
          "grades": [{"grade": "pass", "from_score": "60", "coefficient": "1"}]}, "自 0 分起"),
        ({"assessment": "grade",
          "grades": [{"grade": "fail", "from_score": "0", "coefficient": "1"},
                     {"grade": "pass", "from_score": "60", "coefficient": "0.9"}]}, "第2行"),
    ],
)  # fmt: skip
def test_terms_that_contradict_themselves_are_refused(border, terms, words):
    with pytest.raises(ParameterErrors, match=words):
        border.terms(rule, **CHISHUI | terms)


def test_without_a_next_one_down_no_order_is_asked_for(border):
    terms = CHISHUI | {"order": None, "assessment": "met_ratio", "deducted_to": "treasury"}
    assert border.terms(rule, **terms).order is None


def test_the_steps_show_ratios_deduction_and_nets(border):
    observed = {"met.YN": "100", "met.GZ": "75", "met.SC": "100"}
    terms = border.terms(rule, **CHISHUI, assessment="met_ratio")
    outcome = rule.evaluate(year(border, observed), terms)
    steps = {step.key: step for step in outcome.steps}
    assert list(steps) == [
        "section", "data", "fund", "met.YN", "met.GZ", "met.SC", "clause", "deduction.GZ",
        "amount", "result",
    ]  # fmt: skip
    assert "按 云南省 1 : 贵州省 5 : 四川省 4 出资" in steps["fund"].text
    assert steps["fund"].clause == "第五条"
    assert "按 云南省 3 : 贵州省 4 : 四川省 3 分配" in steps["clause"].text
    assert steps["clause"].clause == "第六条"
    assert steps["met.GZ"].result == "部分达标"
    assert steps["deduction.GZ"].formula == "8,000.00 万元 × 25 % ＝ 2,000.00 万元"
    assert "四川省 2,000.00 万元" in steps["deduction.GZ"].text
    assert "贵州省 6,000.00 − 10,000.00 ＝ −4,000.00 万元" in steps["amount"].formula
    assert steps["result"].text.startswith("贵州省补偿云南省 40,000,000.00 元")
    assert Outcome.from_json(outcome.to_json()) == outcome
