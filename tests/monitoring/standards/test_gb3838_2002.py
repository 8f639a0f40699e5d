"""Table 1 and 2 as printed in GB 3838-2002, written here a second time, by class."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitoring.standards.gb3838_2002 import (
    NAMES,
    ORDER,
    TABLE_1_ITEMS,
    TABLE_2_ITEMS,
    UNITS,
    NoLimit,
    UnknownIndicator,
    WaterBody,
    WaterClass,
    class_of,
    find_indicator,
    has_limits,
    limit,
    ph_range,
    supplementary_limit,
)

RIVER, LAKE = WaterBody.RIVER, WaterBody.LAKE
I, II, III, IV, V, INFERIOR_V = WaterClass  # noqa: E741 - the standard's own numeral

# GB 3838-2002 table 1: (item, water body) → limits of classes I, II, III, IV, V.
AT_MOST = {
    ("CODMn", RIVER): "2 4 6 10 15",
    ("COD", RIVER): "15 15 20 30 40",
    ("BOD5", RIVER): "3 3 4 6 10",
    ("NH3-N", RIVER): "0.15 0.5 1.0 1.5 2.0",
    ("TP", RIVER): "0.02 0.1 0.2 0.3 0.4",
    ("TP", LAKE): "0.01 0.025 0.05 0.1 0.2",
    ("TN", LAKE): "0.2 0.5 1.0 1.5 2.0",
    ("Cu", RIVER): "0.01 1.0 1.0 1.0 1.0",
    ("Zn", RIVER): "0.05 1.0 1.0 2.0 2.0",
    ("F", RIVER): "1.0 1.0 1.0 1.5 1.5",
    ("Se", RIVER): "0.01 0.01 0.01 0.02 0.02",
    ("As", RIVER): "0.05 0.05 0.05 0.1 0.1",
    ("Hg", RIVER): "0.00005 0.00005 0.0001 0.001 0.001",
    ("Cd", RIVER): "0.001 0.005 0.005 0.005 0.01",
    ("Cr6", RIVER): "0.01 0.05 0.05 0.05 0.1",
    ("Pb", RIVER): "0.01 0.01 0.05 0.05 0.1",
    ("CN", RIVER): "0.005 0.05 0.2 0.2 0.2",
    ("VP", RIVER): "0.002 0.002 0.005 0.01 0.1",
    ("petroleum", RIVER): "0.05 0.05 0.05 0.5 1.0",
    ("LAS", RIVER): "0.2 0.2 0.2 0.3 0.3",
    ("sulfide", RIVER): "0.05 0.1 0.2 0.5 1.0",
    ("FC", RIVER): "200 2000 10000 20000 40000",
    # Only TP and TN differ between rivers and lakes; two spot checks of the shared rows.
    ("NH3-N", LAKE): "0.15 0.5 1.0 1.5 2.0",
    ("CODMn", LAKE): "2 4 6 10 15",
}
DO_AT_LEAST = "7.5 6 5 3 2"
TINY = Decimal("0.0000001")

PRINTED = [
    (code, body, water_class, Decimal(text))
    for (code, body), row in AT_MOST.items()
    for water_class, text in zip((I, II, III, IV, V), row.split(), strict=True)
]
ROWS = sorted(AT_MOST)


@pytest.mark.parametrize(("code", "body", "water_class", "printed"), PRINTED)
def test_limit_is_the_printed_one(code, body, water_class, printed):
    assert limit(code, water_class, body) == printed


@pytest.mark.parametrize(("code", "body", "water_class", "printed"), PRINTED)
def test_a_value_equal_to_the_limit_meets_it_and_one_above_does_not(
    code, body, water_class, printed
):
    # The best class with this limit: where two classes share it, the better one.
    best = next(c for c in (I, II, III, IV, V) if limit(code, c, body) == printed)
    assert class_of(code, printed, body) == best
    assert class_of(code, printed + TINY, body) > water_class


@pytest.mark.parametrize(
    ("code", "value", "expected"),
    [
        ("COD", "15", I),
        ("COD", "15.1", III),
        ("Cu", "0.5", II),
        ("Cu", "1.01", INFERIOR_V),
        ("F", "1.2", IV),
        ("Hg", "0.00006", III),
        ("Hg", "0.0002", IV),
        ("CN", "0.21", INFERIOR_V),
        ("FC", "40001", INFERIOR_V),
        ("NH3-N", "0", I),
        ("NH3-N", "2.001", INFERIOR_V),
    ],
)
def test_class_by_hand(code, value, expected):
    assert class_of(code, Decimal(value)) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("7.5", I),
        ("7.49", II),
        ("6", II),
        ("5.99", III),
        ("5", III),
        ("4.99", IV),
        ("3", IV),
        ("2.99", V),
        ("2", V),
        ("1.99", INFERIOR_V),
        ("0", INFERIOR_V),
        ("18", I),
    ],
)
def test_dissolved_oxygen_must_be_at_least_the_limit(value, expected):
    assert class_of("DO", Decimal(value)) == expected


def test_dissolved_oxygen_limits_are_the_printed_ones():
    assert [limit("DO", c) for c in (I, II, III, IV, V)] == [
        Decimal(text) for text in DO_AT_LEAST.split()
    ]


def test_ninety_per_cent_saturation_serves_for_class_one():
    assert class_of("DO", Decimal("6.9"), saturation=Decimal("90")) == I
    assert class_of("DO", Decimal("6.9"), saturation=Decimal("89.9")) == II
    assert class_of("DO", Decimal("7.5"), saturation=Decimal("10")) == I
    assert class_of("DO", Decimal("6.9")) == II


def test_saturation_says_nothing_about_other_items():
    assert class_of("NH3-N", Decimal("1.2"), saturation=Decimal("95")) == IV


def test_a_saturation_that_is_no_decimal_is_refused():
    with pytest.raises(TypeError, match="溶解氧"):
        class_of("DO", Decimal("6"), saturation=95.0)


@pytest.mark.parametrize("value", ["6", "6.00", "7.5", "9", "9.00"])
def test_ph_inside_the_range_meets_class_one(value):
    assert class_of("pH", Decimal(value)) == I


# 5.63 and 9.01 are among the values for which the national stations publish 劣Ⅴ.
@pytest.mark.parametrize("value", ["0", "5.63", "5.99", "9.01", "9.51", "14"])
def test_ph_outside_the_range_is_inferior_v(value):
    assert class_of("pH", Decimal(value)) == INFERIOR_V


def test_ph_has_a_range_and_no_limit():
    assert ph_range() == (Decimal("6"), Decimal("9"))
    with pytest.raises(NoLimit, match="ph_range"):
        limit("pH", III)


def test_inferior_v_has_no_limit():
    with pytest.raises(NoLimit, match="劣Ⅴ"):
        limit("NH3-N", INFERIOR_V)


def test_total_nitrogen_is_classed_in_lakes_only():
    assert class_of("TN", Decimal("1.2"), LAKE) == IV
    with pytest.raises(NoLimit, match=r"总氮\(TN\)在河流"):
        class_of("TN", Decimal("1.2"))
    with pytest.raises(NoLimit):
        limit("TN", III)


def test_lake_phosphorus_has_its_own_row():
    assert class_of("TP", Decimal("0.06"), RIVER) == II
    assert class_of("TP", Decimal("0.06"), LAKE) == IV


@pytest.mark.parametrize("code", ["WT", "EC", "TURB", "Chla", "algae", "Mn", "sulfate"])
def test_what_table_1_does_not_class_is_refused(code):
    with pytest.raises(NoLimit, match=NAMES[code]):
        class_of(code, Decimal("1"))
    assert not has_limits(code)


def test_an_unknown_indicator_is_named():
    with pytest.raises(UnknownIndicator, match="XYZ"):
        class_of("XYZ", Decimal("1"))


@pytest.mark.parametrize(
    ("code", "body", "known"),
    [
        ("pH", RIVER, True),
        ("NH3-N", RIVER, True),
        ("TN", RIVER, False),
        ("TN", LAKE, True),
        ("FC", LAKE, True),
    ],
)
def test_has_limits_tells_which_items_are_classed(code, body, known):
    assert has_limits(code, body) is known


@pytest.mark.parametrize("value", [1.2, 1, "1.2", None])
def test_only_decimals_are_taken(value):
    with pytest.raises(TypeError, match=f"氨氮.*{type(value).__name__}"):
        class_of("NH3-N", value)


def test_a_bad_value_of_an_unknown_indicator_is_refused_under_its_code():
    with pytest.raises(TypeError, match=r"^XYZ：数值须为 Decimal 或分数，而不是 float；"):
        class_of("XYZ", 1.2)
    with pytest.raises(ValueError, match=r"^XYZ：数值 -1 不能为负，也不能是无穷或非数；"):
        class_of("XYZ", Decimal(-1))


@pytest.mark.parametrize("value", ["-0.001", "NaN", "Infinity", "-Infinity"])
@pytest.mark.parametrize("code", ["NH3-N", "DO", "pH"])
def test_impossible_numbers_are_refused(code, value):
    with pytest.raises(ValueError, match=NAMES[code]):
        class_of(code, Decimal(value))


def test_table_2_as_printed():
    printed = {"sulfate": "250", "chloride": "250", "nitrate-N": "10", "Fe": "0.3", "Mn": "0.1"}
    assert {code: supplementary_limit(code) for code in TABLE_2_ITEMS} == {
        code: Decimal(text) for code, text in printed.items()
    }


def test_table_2_refuses_what_it_does_not_have():
    with pytest.raises(NoLimit, match=r"氨氮.*硫酸盐、氯化物、硝酸盐氮、铁、锰"):
        supplementary_limit("NH3-N")
    with pytest.raises(NoLimit, match="XYZ"):
        supplementary_limit("XYZ")


def test_the_order_is_that_of_table_1_then_table_2_then_station_extras():
    table_1 = (
        "WT pH DO CODMn COD BOD5 NH3-N TP TN Cu Zn F Se As Hg Cd Cr6 Pb CN VP petroleum LAS "
        "sulfide FC"
    )
    assert tuple(table_1.split()) == TABLE_1_ITEMS
    assert TABLE_2_ITEMS == ("sulfate", "chloride", "nitrate-N", "Fe", "Mn")
    assert (*TABLE_1_ITEMS, *TABLE_2_ITEMS, "EC", "TURB", "Chla", "algae") == ORDER
    assert set(NAMES) == set(UNITS) == set(ORDER)


def test_the_names_are_those_of_the_standard():
    assert "、".join(NAMES[code] for code in ORDER) == (
        "水温、pH、溶解氧、高锰酸盐指数、化学需氧量、五日生化需氧量、氨氮、总磷、总氮、铜、锌、"
        "氟化物、硒、砷、汞、镉、六价铬、铅、氰化物、挥发酚、石油类、阴离子表面活性剂、硫化物、"
        "粪大肠菌群、硫酸盐、氯化物、硝酸盐氮、铁、锰、电导率、浊度、叶绿素α、藻密度"
    )


def test_units_are_milligrams_per_litre_but_for_the_named_exceptions():
    assert {code: unit for code, unit in UNITS.items() if unit != "mg/L"} == {
        "WT": "℃",
        "pH": "无量纲",
        "FC": "个/L",
        "EC": "μS/cm",
        "TURB": "NTU",
        "algae": "cells/L",
    }


@pytest.mark.parametrize(
    ("written", "code"),
    [
        ("NH3-N", "NH3-N"),
        ("nh3-n", "NH3-N"),
        (" 氨氮 ", "NH3-N"),
        ("\uff2e\uff28\uff13-N", "NH3-N"),  # full-width NH3
        ("ph", "pH"),
        ("pH值", "pH"),
        ("codmn", "CODMn"),
        ("cod", "COD"),
        ("铬(六价)", "Cr6"),
        ("铬\uff08六价\uff09", "Cr6"),
        ("六价铬", "Cr6"),
        ("Cr(VI)", "Cr6"),
        ("Cr6+", "Cr6"),
        ("F-", "F"),
        ("氟化物(以F-计)", "F"),
        ("NH4-N", "NH3-N"),
        ("硝酸盐", "nitrate-N"),
        ("锰", "Mn"),
        ("叶绿素a", "Chla"),
    ],
)
def test_an_indicator_is_found_by_code_or_name(written, code):
    assert find_indicator(written) == code


def test_every_code_and_name_finds_itself():
    for code, name in NAMES.items():
        assert find_indicator(code) == find_indicator(name) == code


def test_an_indicator_that_is_not_found_gets_the_list():
    with pytest.raises(UnknownIndicator, match=r"“氨”.*氨氮"):
        find_indicator("氨")


@pytest.mark.parametrize(
    ("water_class", "numeral", "grade", "colour"),
    [
        (I, "Ⅰ", "优", "blue"),
        (II, "Ⅱ", "优", "blue"),
        (III, "Ⅲ", "良好", "green"),
        (IV, "Ⅳ", "轻度污染", "yellow"),
        (V, "Ⅴ", "中度污染", "orange"),
        (INFERIOR_V, "劣Ⅴ", "重度污染", "red"),
    ],
)
def test_numeral_label_grade_and_colour(water_class, numeral, grade, colour):
    assert (water_class.numeral, water_class.label) == (numeral, f"{numeral}类")
    assert (water_class.grade, water_class.colour) == (grade, colour)


@pytest.mark.parametrize(
    ("water_class", "forms"),
    [
        (I, ["I", "Ⅰ", "1", "Ⅰ类", "i", "一类", "I类水质"]),
        (II, ["II", "Ⅱ", "2", "Ⅱ类", "ⅱ", "二类"]),
        (III, ["III", "Ⅲ", "3", " Ⅲ类 ", "III 类", "iii", "三类", "Ⅲ类水", "\uff13"]),
        (IV, ["IV", "Ⅳ", "4", "Ⅳ类", "四类"]),
        (V, ["V", "Ⅴ", "5", "Ⅴ类", "五类", "\uff36"]),
        (INFERIOR_V, ["劣Ⅴ", "劣V", "劣v类", "6", "劣Ⅴ类", "劣五类", "劣5类", "inferior V"]),
        (INFERIOR_V, ["INFERIOR_V"]),
    ],
)
def test_a_class_is_read_in_every_usual_form(water_class, forms):
    for written in forms:
        assert WaterClass.parse(written) is water_class


@pytest.mark.parametrize(
    "written", ["", "0", "7", "VI", "劣", "劣Ⅳ", "*", "--", "优", "类", "IIII"]
)
def test_what_is_no_class_is_refused_with_the_forms(written):
    with pytest.raises(ValueError, match=r"请填 Ⅰ、Ⅱ、Ⅲ、Ⅳ、Ⅴ 或 劣Ⅴ"):
        WaterClass.parse(written)


@pytest.mark.parametrize("water_class", list(WaterClass))
def test_numeral_label_and_number_are_read_back(water_class):
    for written in (water_class.numeral, water_class.label, str(int(water_class))):
        assert WaterClass.parse(written) is water_class


def test_water_bodies_have_chinese_labels():
    assert (RIVER.label, LAKE.label) == ("河流", "湖、库")
    assert WaterBody("lake") is LAKE


@pytest.mark.parametrize(("code", "body"), ROWS)
def test_limits_never_get_stricter_towards_worse_classes(code, body):
    row = [limit(code, c, body) for c in (I, II, III, IV, V)]
    assert row == sorted(row)


concentrations = st.decimals(
    min_value=0, max_value=50000, allow_nan=False, allow_infinity=False, places=6
)


@given(st.sampled_from(ROWS), concentrations, concentrations)
def test_more_of_a_pollutant_never_makes_a_better_class(row, one, other):
    code, body = row
    less, more = sorted((one, other))
    assert class_of(code, less, body) <= class_of(code, more, body)


@given(concentrations, concentrations)
def test_more_oxygen_never_makes_a_worse_class(one, other):
    less, more = sorted((one, other))
    assert class_of("DO", less) >= class_of("DO", more)


@given(st.sampled_from(ROWS), concentrations)
def test_a_value_meets_the_limit_of_its_class_and_not_of_the_next_better(row, value):
    code, body = row
    found = class_of(code, value, body)
    if found <= V:
        assert value <= limit(code, found, body)
    if found > I:
        assert value > limit(code, WaterClass(found - 1), body)


@given(concentrations)
def test_a_lake_is_never_classed_better_than_a_river_by_phosphorus(value):
    assert class_of("TP", value, LAKE) >= class_of("TP", value, RIVER)
