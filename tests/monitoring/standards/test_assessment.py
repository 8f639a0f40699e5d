from decimal import Decimal, localcontext
from fractions import Fraction
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitoring.standards.assessment import (
    ASSESSED_ITEMS,
    CYANIDE_AND_HEAVY_METALS,
    Exceedance,
    ItemClass,
    NothingToAssess,
    assess,
    exceedance,
    mean,
    plain,
)
from monitoring.standards.detection import MeasuredValue
from monitoring.standards.gb3838_2002 import TABLE_1_ITEMS, WaterBody, WaterClass, class_of

I, II, III, IV, V, INFERIOR_V = WaterClass  # noqa: E741 - the standard's own numeral


def values(**written):
    """values(NH3_N="1.2") → {"NH3-N": Decimal("1.2")}"""
    return {code.replace("_", "-"): Decimal(text) for code, text in written.items()}


def test_the_worst_item_decides():
    # 04-01 reading of a national station: ammonia IV, phosphorus IV, the rest better.
    found = assess(values(pH="7.9", DO="5.4", CODMn="4.0", NH3_N="1.2", TP="0.21"))
    assert found.water_class == IV
    assert found.deciding == ("NH3-N", "TP")
    assert (found.grade, found.colour) == ("轻度污染", "yellow")
    assert found.exceedances == (
        Exceedance("NH3-N", Decimal("1.2"), Decimal("0.2"), III),
        Exceedance("TP", Decimal("0.21"), Decimal("0.05"), III),
    )
    assert found.main_pollutants == ("NH3-N", "TP")
    assert found.main_pollutants_text == "氨氮(0.2)、总磷(0.05)"
    assert found.assessed == ("pH", "DO", "CODMn", "NH3-N", "TP")
    assert found.not_assessed == ()
    assert found.items[1] == ItemClass("DO", Decimal("5.4"), III)


def test_in_class_one_every_item_decides():
    found = assess(values(TP="0.01", DO="8", NH3_N="0.1"))
    assert found.water_class == I
    assert found.deciding == ("DO", "NH3-N", "TP")
    assert found.exceedances == ()
    assert found.main_pollutants == ()
    assert found.main_pollutants_text == ""


def test_items_come_in_the_order_of_table_1_whatever_the_order_given():
    given_values = values(sulfide="0.3", CODMn="7", pH="9.5")
    for order in permutations(given_values):
        found = assess({code: given_values[code] for code in order})
        assert found.assessed == ("pH", "CODMn", "sulfide")
        assert [each.indicator for each in found.exceedances] == ["pH", "CODMn", "sulfide"]


def test_what_takes_no_part_is_named_and_never_decides():
    found = assess(
        values(TURB="900", TN="9", FC="90000", NH3_N="0.1", zz="1", Mn="5", EC="1", WT="16", aa="1")
    )
    assert found.water_class == I
    assert found.assessed == ("NH3-N",)
    assert found.not_assessed == ("WT", "TN", "FC", "Mn", "EC", "TURB", "aa", "zz")


def test_total_nitrogen_takes_no_part_in_lakes_either():
    found = assess(values(TN="9", TP="0.04"), WaterBody.LAKE)
    assert (found.water_class, found.not_assessed) == (III, ("TN",))


def test_the_twenty_one_items_are_those_of_table_1_without_three():
    assert len(ASSESSED_ITEMS) == 21
    assert set(TABLE_1_ITEMS) - set(ASSESSED_ITEMS) == {"WT", "TN", "FC"}


def test_a_lake_is_assessed_by_its_own_phosphorus_row():
    river, lake = (assess(values(TP="0.06"), body) for body in WaterBody)
    assert (river.water_class, lake.water_class) == (II, IV)
    assert lake.exceedances == (Exceedance("TP", Decimal("0.06"), Decimal("0.2"), III),)
    assert lake.main_pollutants_text == "总磷(0.2)"
    assert (river.water_body, lake.water_body) == tuple(WaterBody)


def test_saturation_reaches_oxygen_alone():
    found = assess(values(DO="6.9", NH3_N="0.4"), saturation=Decimal("92"))
    assert [item.water_class for item in found.items] == [I, II]
    assert assess(values(DO="6.9")).water_class == II


def test_nothing_to_assess_is_said():
    for nothing in ({}, values(TN="1", WT="15", zz="1")):
        with pytest.raises(NothingToAssess, match=r"没有可参评的指标.*21 项"):
            assess(nothing)


@pytest.mark.parametrize("bad", [1.2, 1])
def test_values_are_decimals(bad):
    with pytest.raises(TypeError, match="氨氮"):
        assess({"NH3-N": bad})


def test_a_negative_value_is_refused():
    with pytest.raises(ValueError, match=r"氨氮.*不能为负"):
        assess(values(NH3_N="-0.1"))


# Exceedances -------------------------------------------------------------------------------


def test_exceedances_refer_to_the_sections_target():
    found = assess(values(NH3_N="0.8", TP="0.1", DO="5.5"), reference=II)
    assert found.water_class == III
    assert found.exceedances == (
        Exceedance("DO", Decimal("5.5"), None, II),
        Exceedance("NH3-N", Decimal("0.8"), Decimal("0.6"), II),
    )
    assert found.reference == II
    assert found.water_class > found.reference
    # 22号: no main pollutants in I–III, whatever the target.
    assert found.main_pollutants == ()


def test_a_laxer_target_leaves_main_pollutants_against_class_three():
    found = assess(values(NH3_N="1.2"), reference=IV)
    assert found.exceedances == ()
    assert found.water_class <= found.reference
    assert found.main_pollutants_text == "氨氮(0.2)"


def test_a_section_that_just_meets_its_target_meets_it():
    assert assess(values(NH3_N="1.0")).exceedances == ()
    assert assess(values(NH3_N="1.01")).exceedances != ()


def test_inferior_v_is_no_reference():
    with pytest.raises(ValueError, match="劣Ⅴ"):
        assess(values(NH3_N="1"), reference=INFERIOR_V)


def test_ph_and_oxygen_have_no_multiple():
    found = assess(values(pH="9.34", DO="4.10"))
    assert [each.multiple for each in found.exceedances] == [None, None]
    assert [each.text for each in found.exceedances] == ["pH(9.34)", "溶解氧(4.1 mg/L)"]


def test_a_multiple_is_not_rounded_but_its_text_is():
    found = exceedance("CODMn", Decimal("7"), III)
    assert found.multiple == Fraction(1, 6)
    assert found.text == "高锰酸盐指数(0.17)"


def test_a_multiple_does_not_depend_on_the_callers_precision():
    with localcontext(prec=3):
        found = exceedance("CODMn", Decimal("7"), III)
    assert found == exceedance("CODMn", Decimal("7"), III)


def test_a_multiple_uses_the_row_of_the_water_body():
    assert exceedance("TP", Decimal("0.3"), III).multiple == Decimal("0.5")
    assert exceedance("TP", Decimal("0.3"), III, WaterBody.LAKE).multiple == 5


@pytest.mark.parametrize(
    ("number", "text"),
    [
        ("0.20", "0.2"),
        ("2E+1", "20"),
        ("20", "20"),
        ("0.00", "0"),
        ("1.05", "1.05"),
        ("100", "100"),
    ],
)
def test_plain_numbers(number, text):
    assert plain(Decimal(number)) == text


# Main pollution indicators (22号, 二(一)3) ----------------------------------------------------


def test_the_worse_class_goes_before_the_larger_multiple():
    # petroleum IV with multiple 8.0; ammonia V with 0.8.
    found = assess(values(petroleum="0.45", NH3_N="1.8"))
    assert found.main_pollutants == ("NH3-N", "petroleum")


def test_in_one_class_the_larger_multiple_goes_first():
    # All IV: CODMn 0.5, COD 0.25, BOD5 0.25, ammonia 0.4.
    found = assess(values(CODMn="9", COD="25", BOD5="5", NH3_N="1.4"))
    assert found.main_pollutants == ("CODMn", "NH3-N", "COD")


def test_in_a_lake_phosphorus_is_ranked_by_the_lakes_own_limit():
    # Both IV. Phosphorus 0.08: multiple 0.6 by the lake's 0.05, none by the river's 0.2.
    found = assess(values(TP="0.08", NH3_N="1.4"), WaterBody.LAKE)
    assert found.main_pollutants == ("TP", "NH3-N")


def test_cyanide_and_heavy_metals_go_before_all():
    # Cadmium V (0.6) and arsenic IV (0.2) before inferior V ammonia and IV phosphorus.
    found = assess(values(NH3_N="9", TP="0.29", As="0.06", Cd="0.008"))
    assert found.main_pollutants == ("Cd", "As", "NH3-N")
    assert assess(values(NH3_N="9", CN="0.3")).main_pollutants == ("CN", "NH3-N")


def test_which_items_count_as_cyanide_and_heavy_metals():
    assert set(CYANIDE_AND_HEAVY_METALS) == {"CN", "Pb", "Cr6", "Hg", "Cd", "As", "Cu", "Zn"}


def test_oxygen_and_ph_follow_in_their_class_and_lead_by_a_worse_one():
    # Oxygen IV after ammonia IV; pH inferior V before both.
    found = assess(values(DO="4", NH3_N="1.1"))
    assert found.main_pollutants == ("NH3-N", "DO")
    found = assess(values(DO="4", NH3_N="1.1", pH="9.2"))
    assert found.main_pollutants == ("pH", "NH3-N", "DO")
    assert found.main_pollutants_text == "pH(9.2)、氨氮(0.1)、溶解氧(4 mg/L)"
    # Both without multiple in one class: the order of table 1.
    assert assess(values(DO="1", pH="9.2")).main_pollutants == ("pH", "DO")


def test_three_at_most_are_named():
    found = assess(values(CODMn="9", COD="25", BOD5="5", NH3_N="1.4", TP="0.25"))
    assert len(found.exceedances) == 5
    assert len(found.main_pollutants) == 3


# Means ---------------------------------------------------------------------------------------


def test_an_undetected_value_counts_as_half_the_limit():
    undetected = MeasuredValue(Decimal("0.025"), below_limit=True)
    assert mean([undetected, MeasuredValue(Decimal("0.0375"))]) == Decimal("0.025")


def test_a_mean_is_not_rounded():
    assert mean([Decimal(1), Decimal(1), Decimal(2)]) == Fraction(4, 3)


def test_a_mean_that_is_exactly_a_limit_meets_it():
    months = [Fraction(1, 6)] * 3 + [Decimal("0.2")] * 8 + [Decimal("0.3")]
    assert assess({"TP": mean(months)}).water_class == III
    assert assess({"TP": mean([*months[:-1], Decimal("0.300001")])}).water_class == IV


def test_a_mean_does_not_depend_on_the_callers_precision():
    months = [Decimal("1.2345"), Decimal("2.3456")]
    with localcontext(prec=3):
        assert mean(iter(months)) == Decimal("1.79005")


def test_the_mean_of_nothing_is_refused():
    with pytest.raises(NothingToAssess, match="没有有效数据"):
        mean([])


def test_floats_have_no_mean():
    with pytest.raises(TypeError):
        mean([0.1])


# Laws ----------------------------------------------------------------------------------------

amounts = st.decimals(min_value=0, max_value=60, places=5)
samples = st.dictionaries(st.sampled_from(ASSESSED_ITEMS), amounts, min_size=1)
bodies = st.sampled_from(list(WaterBody))
references = st.sampled_from([I, II, III, IV, V])


@given(samples, bodies, references, st.randoms())
def test_the_order_of_items_changes_nothing(sample, body, reference, random):
    shuffled = list(sample.items())
    random.shuffle(shuffled)
    assert assess(dict(shuffled), body, reference) == assess(sample, body, reference)


@given(samples, bodies)
def test_the_class_is_that_of_the_worst_item(sample, body):
    found = assess(sample, body)
    classes = {code: class_of(code, value, body) for code, value in sample.items()}
    assert found.water_class == max(classes.values())
    assert set(found.deciding) == {c for c, each in classes.items() if each == found.water_class}


@given(samples, st.sampled_from([c for c in ASSESSED_ITEMS if c not in ("DO", "pH")]), amounts)
def test_more_of_a_pollutant_never_makes_a_section_better(sample, code, more):
    before = assess(sample)
    worse = {**sample, code: sample.get(code, Decimal(0)) + more}
    assert assess(worse).water_class >= before.water_class


@given(samples, bodies, references)
def test_every_exceedance_is_worse_than_its_reference_and_no_other_item_is(sample, body, reference):
    found = assess(sample, body, reference)
    assert {each.indicator for each in found.exceedances} == {
        code for code, value in sample.items() if class_of(code, value, body) > reference
    }
    for each in found.exceedances:
        assert each.reference == reference
        if each.indicator in ("pH", "DO"):
            assert each.multiple is None
        else:
            assert each.multiple > 0


@given(samples, bodies)
def test_main_pollutants_are_named_exactly_beyond_class_three(sample, body):
    found = assess(sample, body)
    assert bool(found.main_pollutants) == (found.water_class > III)
    assert len(found.main_pollutants) == min(3, len(found.exceedances))
    assert set(found.main_pollutants) <= {each.indicator for each in found.exceedances}


@given(st.lists(amounts, min_size=1, max_size=40))
def test_a_mean_lies_between_the_least_and_the_most(sample):
    assert min(sample) <= mean(sample) <= max(sample)
