from decimal import Decimal, localcontext
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitoring.standards.assessment import NothingToAssess
from monitoring.standards.cwqi import cwqi, item_index
from monitoring.standards.gb3838_2002 import NoLimit, WaterBody


def index(code, text, body=WaterBody.RIVER):
    return item_index(code, Decimal(text), body)


@pytest.mark.parametrize(
    ("code", "value", "expected"),
    [
        ("NH3-N", "1.0", "1"),
        ("NH3-N", "0.5", "0.5"),
        ("TP", "0.3", "1.5"),
        ("CODMn", "3", "0.5"),
        ("DO", "5", "1"),
        ("DO", "8", "0.625"),
        ("DO", "2.5", "2"),
        ("pH", "7", "0"),
        ("pH", "6", "1"),
        ("pH", "6.5", "0.5"),
        ("pH", "5.5", "1.5"),
        ("pH", "9", "1"),
        ("pH", "8", "0.5"),
        ("pH", "9.5", "1.25"),
    ],
)
def test_index_of_one_item_by_hand(code, value, expected):
    assert index(code, value) == Decimal(expected)


def test_the_index_of_a_section_is_the_sum_over_its_items():
    found = cwqi({"NH3-N": Decimal("0.5"), "DO": Decimal("8"), "pH": Decimal("8")})
    assert found.total == Decimal("1.625")
    assert found.items == (
        ("pH", Decimal("0.5")),
        ("DO", Decimal("0.625")),
        ("NH3-N", Decimal("0.5")),
    )


def test_a_lake_is_indexed_by_its_own_phosphorus_row():
    assert index("TP", "0.1") == Decimal("0.5")
    assert index("TP", "0.1", WaterBody.LAKE) == 2
    assert cwqi({"TP": Decimal("0.1")}, WaterBody.LAKE).total == 2


def test_total_nitrogen_is_indexed_by_itself_in_a_lake():
    assert index("TN", "1.5", WaterBody.LAKE) == Decimal("1.5")


def test_items_without_a_part_in_the_class_have_none_in_the_index():
    found = cwqi(
        {"TN": Decimal("9"), "WT": Decimal("16"), "TP": Decimal("0.2"), "zz": Decimal("1")}
    )
    assert found.items == (("TP", Decimal("1")),)


def test_nothing_to_index_is_said():
    with pytest.raises(NothingToAssess, match="水质指数"):
        cwqi({"TN": Decimal("1")})


def test_water_without_oxygen_has_no_index():
    with pytest.raises(ValueError, match="溶解氧为 0"):
        index("DO", "0")


def test_what_cannot_be_indexed_is_refused():
    with pytest.raises(NoLimit, match="总氮"):
        index("TN", "1")
    with pytest.raises(TypeError, match="氨氮"):
        item_index("NH3-N", 0.5)
    with pytest.raises(ValueError, match="氨氮"):
        index("NH3-N", "-1")


def test_the_index_does_not_depend_on_the_callers_precision():
    sample = {"CODMn": Decimal("7"), "DO": Decimal("7"), "pH": Decimal("6.123456")}
    expected = cwqi(sample)
    with localcontext(prec=3):
        assert cwqi(sample) == expected


def test_quotients_that_do_not_end_are_exact_also_in_the_sum():
    assert index("CODMn", "7") == Fraction(7, 6)
    assert index("DO", "7") == Fraction(5, 7)
    assert cwqi({"CODMn": Decimal("7"), "BOD5": Decimal("4")}).total == Fraction(13, 6)


def test_two_places_with_the_same_index_by_other_values_are_equal():
    one = cwqi({"CODMn": Decimal("7"), "COD": Decimal("10")}).total
    other = cwqi({"CODMn": Decimal("1"), "COD": Decimal("30")}).total
    assert one == other == Fraction(5, 3)


amounts = st.decimals(min_value=0, max_value=60, places=4)


@given(amounts, amounts)
def test_more_pollution_is_a_larger_index(one, other):
    less, more = sorted((one, other))
    assert item_index("NH3-N", less) <= item_index("NH3-N", more)


@given(amounts.filter(bool), amounts.filter(bool))
def test_more_oxygen_is_a_smaller_index(one, other):
    less, more = sorted((one, other))
    assert item_index("DO", less) >= item_index("DO", more)
