from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitoring.standards.assessment import NothingToAssess
from monitoring.standards.basin import (
    ExceedanceRate,
    SectionWater,
    basin_assessment,
    excellent_or_good_ratio,
    grade_by_proportions,
)
from monitoring.standards.gb3838_2002 import WaterBody, WaterClass

I, II, III, IV, V, INFERIOR_V = WaterClass  # noqa: E741 - the standard's own numeral


def section(name="断面", body=WaterBody.RIVER, **written):
    return SectionWater(
        name, {code.replace("_", "-"): Decimal(text) for code, text in written.items()}, body
    )


def test_four_sections_are_judged_by_their_mean_concentrations():
    # Ammonia mean (0.4 + 0.4 + 0.4 + 3.2) / 4 = 1.1: class IV; by proportions it were 良好.
    found = basin_assessment(
        [section(n, NH3_N="0.4") for n in "甲乙丙"] + [section("丁", NH3_N="3.2")]
    )
    assert found.water_class == IV
    assert (found.grade, found.colour) == ("轻度污染", "yellow")
    assert found.main_pollutants == ("NH3-N",)
    assert found.of_means.exceedances[0].multiple == Decimal("0.1")
    assert found.exceedance_rates == (ExceedanceRate("NH3-N", 1, Fraction(1, 4)),)
    assert [name for name, _ in found.sections] == ["甲", "乙", "丙", "丁"]
    assert found.sections[3][1].water_class == INFERIOR_V


def test_five_sections_are_judged_by_proportions():
    found = basin_assessment(
        [section(n, NH3_N="0.4") for n in "甲乙丙丁"] + [section("戊", NH3_N="3.2")]
    )
    assert (found.grade, found.colour) == ("良好", "green")
    assert found.water_class is None
    assert found.of_means is None
    assert found.main_pollutants == ()
    assert found.exceedance_rates == (ExceedanceRate("NH3-N", 1, Fraction(1, 5)),)
    assert found.counts == {I: 0, II: 4, III: 0, IV: 0, V: 0, INFERIOR_V: 1}


def test_an_excellent_basin_has_no_main_pollutants_though_a_section_exceeds():
    found = basin_assessment([section(NH3_N="0.4")] * 9 + [section(NH3_N="1.2")])
    assert found.grade == "优"
    assert found.exceedance_rates[0].rate == Fraction(1, 10)
    assert found.main_pollutants == ()


def test_a_mean_is_over_the_sections_that_have_the_item():
    found = basin_assessment([section("甲", NH3_N="1.2", zz="9"), section("乙", TP="0.1")])
    assert {item.indicator: item.value for item in found.of_means.items} == {
        "NH3-N": Decimal("1.2"),
        "TP": Decimal("0.1"),
    }
    assert found.of_means.not_assessed == ()


def test_main_pollutants_of_a_basin_go_by_exceedance_rate():
    sections = [
        section("甲", NH3_N="1.2", TP="0.25", CODMn="7", COD="25"),
        section("乙", NH3_N="1.2", TP="0.25", CODMn="7"),
        section("丙", NH3_N="1.2", TP="0.25", COD="25"),
        section("丁", NH3_N="1.2", Hg="0.0002"),
        section("戊", NH3_N="0.1"),
    ]
    found = basin_assessment(sections)
    assert found.grade == "轻度污染"
    # Ammonia 4, phosphorus 3, CODMn and COD 2 (order of table 1), mercury 1.
    assert [(r.indicator, r.sections) for r in found.exceedance_rates] == [
        ("NH3-N", 4), ("TP", 3), ("CODMn", 2), ("COD", 2), ("Hg", 1),
    ]  # fmt: skip
    assert found.exceedance_rates[0].rate == Fraction(4, 5)
    assert found.main_pollutants == ("NH3-N", "TP", "CODMn")


def test_lakes_and_rivers_mix_in_proportions_but_not_in_means():
    mixed = [section("河", TP="0.06"), section("湖", WaterBody.LAKE, TP="0.06")]
    with pytest.raises(ValueError, match="不能混合平均"):
        basin_assessment(mixed)
    found = basin_assessment(mixed * 3)
    assert [each.water_class for _, each in found.sections] == [II, IV] * 3


def test_a_lake_basin_is_judged_by_lake_limits():
    assert basin_assessment([section(body=WaterBody.LAKE, TP="0.06")]).water_class == IV


def test_a_section_without_anything_to_assess_is_named():
    with pytest.raises(NothingToAssess, match="断面“乙”：没有可参评的指标"):
        basin_assessment([section("甲", NH3_N="1"), section("乙", TN="1")])


def test_no_sections_are_refused():
    with pytest.raises(NothingToAssess, match="没有参评断面"):
        basin_assessment([])
    with pytest.raises(NothingToAssess, match="没有参评断面"):
        grade_by_proportions([])
    with pytest.raises(NothingToAssess, match="没有参评断面"):
        excellent_or_good_ratio([])


# 22号 table 2, each border from both sides, over 100 or 1000 sections.
@pytest.mark.parametrize(
    ("good", "light", "inferior", "grade"),
    [
        (100, 0, 0, "优"),
        (90, 10, 0, "优"),
        (90, 0, 10, "优"),
        (899, 101, 0, "良好"),
        (75, 25, 0, "良好"),
        (75, 0, 25, "良好"),
        (749, 251, 0, "轻度污染"),
        (74, 7, 19, "轻度污染"),
        (740, 61, 199, "轻度污染"),
        (74, 6, 20, "中度污染"),
        (60, 1, 39, "中度污染"),
        (600, 1, 399, "中度污染"),
        (60, 0, 40, "重度污染"),
        (0, 60, 40, "重度污染"),
        (0, 0, 100, "重度污染"),
    ],
)
def test_grade_of_a_basin(good, light, inferior, grade):
    classes = [III] * good + [IV] * light + [INFERIOR_V] * inferior
    assert grade_by_proportions(classes) == grade


@pytest.mark.parametrize(
    ("sections", "colour"),
    [
        ([section(NH3_N="0.1")] * 5, "blue"),
        ([section(NH3_N="0.1")] * 4 + [section(NH3_N="1.8")], "green"),
        ([section(NH3_N="0.1")] * 3 + [section(NH3_N="1.8")] * 2, "yellow"),
        ([section(NH3_N="0.1")] * 3 + [section(NH3_N="1.8"), section(NH3_N="3")], "orange"),
        ([section(NH3_N="0.1")] * 3 + [section(NH3_N="3")] * 2, "red"),
    ],
)
def test_colour_of_a_basin(sections, colour):
    assert basin_assessment(sections).colour == colour


def test_ratio_of_excellent_and_good_sections():
    assert excellent_or_good_ratio([I, II, III, IV]) == 75
    assert excellent_or_good_ratio([III]) == 100
    assert excellent_or_good_ratio([IV, INFERIOR_V]) == 0
    assert excellent_or_good_ratio(iter([II, III, V])) == Decimal("66.66666666666666666666666667")


GRADES = ["优", "良好", "轻度污染", "中度污染", "重度污染"]
classes_of = st.lists(st.sampled_from(list(WaterClass)), min_size=1, max_size=30)


@given(classes_of, st.data())
def test_a_section_getting_worse_never_makes_the_basin_better(classes, data):
    place = data.draw(st.integers(0, len(classes) - 1))
    worse = list(classes)
    worse[place] = data.draw(st.sampled_from([c for c in WaterClass if c >= classes[place]]))
    assert GRADES.index(grade_by_proportions(worse)) >= GRADES.index(grade_by_proportions(classes))


@given(classes_of, st.integers(min_value=2, max_value=5))
def test_only_proportions_matter(classes, times):
    assert grade_by_proportions(classes * times) == grade_by_proportions(classes)
