"""A month without data takes other months' values where the term says so, and says so itself."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from monitoring.standards.gb3838_2002 import WaterClass
from settlements.money import yuan
from settlements.rules import RULES, get
from settlements.rules.class_vs_last_year import FAMILY as class_vs_last_year
from settlements.rules.exceedance_steps import FAMILY as exceedance_steps
from settlements.rules.facts import NO_READINGS, OVERRIDES, Facts, MonthState
from settlements.rules.kinds import specs
from settlements.rules.part_month import counted
from settlements.rules.substitution import filled

MONTHLY = [code for code in RULES if "missing_month" in specs(get(code).parameters)]


def month(border, number, found="Ⅲ", *, year=2023, **more):
    return replace(border.month(found, **more), period=date(year, number, 1))


def empty(border, number, **more):
    more.setdefault("state_override", MonthState.NO_DATA)
    more.setdefault("override_reason", NO_READINGS)
    return month(border, number, None, **more)


def fill(facts, parameters, *others):
    known = {one.period: one for one in (facts, *others)}
    return filled(facts, filling(parameters), known.get)


def filling(parameters):
    """How the family of these parameters lets a month take the values of others."""
    (family,) = (each for each in RULES.values() if each.parameters is type(parameters))
    return family.filling(parameters)


def terms(border, rule=class_vs_last_year, **given):
    return border.terms(rule, **given)


def words(outcome):
    return [step.text for step in outcome.steps if step.key == "substituted"]


def test_the_monthly_families_from_readings_let_a_term_say_how_a_missing_month_counts():
    assert MONTHLY == [
        "class_vs_last_year", "baseline", "exceedance_steps", "percent_change",
        "pollutant_threshold", "pollution_load", "town_outflow",
    ]  # fmt: skip


def test_by_default_a_month_without_data_stays_without(border):
    facts = empty(border, 5)
    assert fill(facts, terms(border), month(border, 4)) == facts
    outcome = class_vs_last_year.evaluate(facts, terms(border))
    assert (outcome.state, outcome.transfers) == (MonthState.NO_DATA, ())


def test_the_last_valid_months_values_stand_in_and_the_steps_say_so(border):
    parameters = terms(
        border, missing_month={"value": "previous", "source": "第八条"}, not_met_amount="2000000"
    )
    april = month(border, 4, "Ⅳ", means={"NH3-N": "1.2"}, deciding=("NH3-N",), valid=4, expected=4)
    found = fill(empty(border, 5), parameters, april, month(border, 3, "Ⅱ"))
    assert (found.water_class, found.means, found.deciding) == (
        WaterClass.IV, {"NH3-N": Decimal("1.2")}, ("NH3-N",),
    )  # fmt: skip
    assert not found.complete
    assert found.state_override is None
    outcome = class_vs_last_year.evaluate(found, parameters)
    assert words(outcome) == ["本月无数据，按协议取2023年4月的值。"]
    assert [s.clause for s in outcome.steps if s.key == "substituted"] == ["第八条"]
    assert outcome.state is MonthState.NOT_MET
    assert outcome.net() == {"upstream": yuan("-2000000"), "downstream": yuan("2000000")}


def test_substituted_facts_are_replayed_from_their_json(border):
    parameters = terms(border, missing_month="previous")
    found = fill(empty(border, 5), parameters, month(border, 4, "Ⅳ"))
    again = Facts.from_json(found.to_json())
    assert again == found
    assert filled(again, filling(parameters), lambda _month: None) == found


def test_the_mean_of_the_months_before_and_after_is_assessed_anew(border):
    """NH3-N 0.4 (Ⅱ) and 1.4 (Ⅳ): mean 0.9 is class Ⅲ; by hand (0.4 + 1.4) ÷ 2."""
    parameters = terms(border, missing_month="neighbours")
    before = month(border, 3, "Ⅱ", means={"NH3-N": "0.4", "TP": "0.05"})
    after = month(border, 6, "Ⅳ", means={"NH3-N": "1.4"})
    found = fill(empty(border, 5), parameters, before, empty(border, 4), after)
    assert found.means == {"NH3-N": Decimal("0.9")}
    assert found.water_class is WaterClass.III
    assert found.deciding == ("NH3-N",)
    assert not found.complete
    outcome = class_vs_last_year.evaluate(replace(found, last_year_class=WaterClass.IV), parameters)
    assert words(outcome) == ["本月无数据，按协议取2023年3月与2023年6月的均值。"]
    assert outcome.net()["upstream"] == yuan("1000000")


@pytest.mark.parametrize(
    ("how", "others", "why"),
    [
        ("previous", [], "此前 12 个月的条款期内没有有效月"),
        ("neighbours", [4], "前后有效月不全"),
        ("neighbours", [6], "前后有效月不全"),
    ],
)
def test_where_there_is_nothing_to_put_in_the_month_stays_without_data(border, how, others, why):
    parameters = terms(border, missing_month=how)
    known = [month(border, n, means={"TP": "0.1"}) for n in others]
    outcome = class_vs_last_year.evaluate(fill(empty(border, 5), parameters, *known), parameters)
    assert outcome.state is MonthState.NO_DATA
    assert outcome.transfers == ()
    assert any(why in step.text for step in outcome.steps)


def test_neighbours_without_a_common_mean_have_none(border):
    parameters = terms(border, missing_month="neighbours")
    known = [month(border, 4, means={"TP": "0.1"}), month(border, 6, means={"NH3-N": "1"})]
    found = fill(empty(border, 5), parameters, *known)
    assert found.state_override is MonthState.NO_DATA
    assert "没有共同的指标均值" in found.override_reason


def test_a_value_is_looked_for_twelve_months_back_and_no_more(border):
    parameters = terms(border, missing_month="previous")
    old, older = month(border, 5, year=2022), month(border, 4, year=2022)
    assert fill(empty(border, 5), parameters, older).water_class is None
    assert fill(empty(border, 5), parameters, old).water_class is WaterClass.III


@pytest.mark.parametrize("state", sorted(OVERRIDES))
def test_a_ruling_is_never_replaced_and_gives_no_value(border, state):
    parameters = terms(border, missing_month="previous", sampling="quarterly")
    ruled = month(border, 5, "Ⅴ", state_override=state, override_reason="市局认定")
    assert fill(ruled, parameters, month(border, 4)) == ruled
    found = fill(empty(border, 6), parameters, ruled, month(border, 3, "Ⅱ"))
    assert found.water_class is WaterClass.II


def test_a_ruling_of_no_data_in_the_very_words_of_a_missing_month_is_still_a_ruling(border):
    parameters = terms(border, missing_month="previous")
    ruled = empty(border, 5, sources={"state_override": "市局认定 2023-06-08"})
    assert fill(ruled, parameters, month(border, 4)) == ruled


def test_a_quarters_value_stands_for_its_three_months(border):
    """Measured in May: April and June take it, July is another quarter."""
    parameters = terms(border, sampling={"value": "quarterly", "source": "第五条"})
    may = month(border, 5, "Ⅳ", last_year_class="Ⅳ", complete=True)
    for number in (4, 6):
        found = fill(empty(border, number), parameters, may)
        assert (found.water_class, found.last_year_class) == (WaterClass.IV, WaterClass.IV)
        assert found.complete
        outcome = class_vs_last_year.evaluate(found, parameters)
        assert outcome.net() == class_vs_last_year.evaluate(may, parameters).net()
        (line,) = words(outcome)
        assert "本月未测，按每季度一次取2023年5月的值" in line
    assert fill(empty(border, 7), parameters, may).water_class is None
    assert fill(may, parameters) == may


def test_last_year_is_that_of_the_quarter_though_measured_in_another_month(border):
    parameters = terms(border, sampling="quarterly")
    may = month(border, 5, "Ⅱ")
    june = empty(border, 6, last_year_class="Ⅲ")
    found = fill(may, parameters, june)
    assert found.last_year_class is WaterClass.III
    assert fill(empty(border, 4), parameters, may, june).last_year_class is WaterClass.III


def test_a_quarter_without_any_value_takes_the_one_before(border):
    parameters = terms(border, sampling="quarterly", missing_month="previous")
    february = month(border, 2, "Ⅳ")
    found = fill(empty(border, 5), parameters, february)
    assert found.water_class is WaterClass.IV
    assert words(class_vs_last_year.evaluate(found, parameters)) == [
        "本月无数据，按协议取2023年2月的值。"
    ]


def test_a_month_too_thin_to_count_is_missing_where_the_term_says_so(border):
    parameters = terms(border, missing_month="previous", incomplete_month="no_data")
    thin = month(border, 5, "Ⅴ", complete=False)
    found = fill(thin, parameters, month(border, 4, "Ⅳ"))
    assert found.water_class is WaterClass.IV
    assert class_vs_last_year.evaluate(found, parameters).state is MonthState.NOT_MET
    assert fill(thin, terms(border, missing_month="previous"), month(border, 4)) == thin


def test_the_inflows_value_is_put_in_as_well(border):
    parameters = terms(border, exceedance_steps, inherited="none", missing_month="previous")
    means = {"CODMn": "9", "NH3-N": "0.5", "TP": "0.1"}
    april = month(border, 4, "Ⅳ", inflow_section="六剑滩", inflow_means=means, inflow_class="Ⅳ")
    may = month(border, 5, "Ⅳ", means=means, inflow_section="六剑滩", over_limit_days={})
    found = fill(may, parameters, april)
    assert found.means == may.means
    assert found.inflow_means == april.inflow_means
    outcome = exceedance_steps.evaluate(found, parameters)
    assert outcome.state is MonthState.NOT_INCREASED
    assert words(outcome) == ["入境断面本月无数据，按协议取2023年4月的值。"]


def test_every_month_that_may_hold_a_value_is_computed_again(border):
    at = date(2023, 5, 1)
    assert filling(terms(border)).fed_by(at) == {at}
    assert filling(terms(border, sampling="quarterly")).fed_by(at) == {
        date(2023, n, 1) for n in (4, 5, 6)
    }  # fmt: skip
    previous = filling(terms(border, missing_month="previous")).fed_by(at)
    assert (min(previous), max(previous)) == (at, date(2024, 5, 1))
    around = filling(terms(border, missing_month="neighbours")).fed_by(at)
    assert (min(around), max(around)) == (date(2022, 5, 1), date(2024, 5, 1))


def test_part_of_a_month_counts_by_its_days(border):
    """15 of 30 days of June: half of 100 万元."""
    parameters = terms(border, part_month={"value": "by_days", "source": "第三条"})
    june = month(border, 6, "Ⅱ", last_year_class="Ⅲ", days_in_force=15)
    whole = class_vs_last_year.evaluate(june, parameters)
    part = counted(whole, june, parameters)
    assert part.net()["upstream"] == yuan("500000")
    assert "有效 15 日，全月 30 日" in part.steps[-1].text
    assert part.steps[-1].clause == "第三条"
    assert counted(whole, replace(june, days_in_force=None), parameters) == whole


@pytest.mark.parametrize("days", [0, 31])
def test_days_beyond_the_month_are_refused(border, days):
    with pytest.raises(ValueError, match="有效日数"):
        month(border, 6, days_in_force=days)


def test_facts_found_before_these_were_thought_of_keep_their_json(border):
    plain = border.month().to_json()
    assert not {"reference_section", "reference_class", "substituted_from", "days_in_force"} & {
        *plain
    }


def with_reference(border, number, found, means=None, **more):
    more.setdefault("last_year_class", "Ⅳ")
    return month(
        border, number, "Ⅱ", reference_section="合川", reference_class=found,
        reference_means=means or {}, **more,
    )  # fmt: skip


def test_the_reference_sections_class_is_assessed_from_the_months_around(border):
    """合川 NH3-N 0.8 (Ⅲ) and 1.6 (Ⅴ): mean 1.2 is class Ⅳ; class Ⅱ is better than that."""
    parameters = terms(border, better_than="downstream_own", missing_month="neighbours")
    april = with_reference(border, 4, "Ⅲ", {"NH3-N": "0.8"})
    june = with_reference(border, 6, "Ⅴ", {"NH3-N": "1.6"})
    found = fill(with_reference(border, 5, None), parameters, april, june)
    assert found.reference_class is WaterClass.IV
    outcome = class_vs_last_year.evaluate(found, parameters)
    assert words(outcome) == ["对照断面本月无数据，按协议取2023年4月与2023年6月的均值。"]
    assert outcome.net()["upstream"] == yuan("1000000")


@pytest.mark.parametrize("how", ["none", "previous", "neighbours"])
def test_the_means_of_the_reference_section_are_not_kept_with_the_facts(border, how):
    parameters = terms(border, better_than="downstream_own", missing_month=how)
    measured = with_reference(border, 5, "Ⅲ", {"NH3-N": "0.8"} if how != "none" else {})
    assert "reference_means" not in fill(measured, parameters).to_json()
    empty_one = with_reference(border, 6, None)
    july = with_reference(border, 7, "Ⅲ", {"NH3-N": "0.8"})
    assert "reference_means" not in fill(empty_one, parameters, measured, july).to_json()
