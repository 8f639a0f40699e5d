"""The worked examples are those of GB/T 8170-2008, clauses 3.2 and 3.3."""

from decimal import Decimal, localcontext

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitoring.standards.rounding import round_to_places


def text_of(value):
    return format(value, "f")


@pytest.mark.parametrize(
    ("value", "places", "expected"),
    [
        ("12.1498", 1, "12.1"),  # 3.2.1: below five is dropped
        ("12.1498", 0, "12"),
        ("1268", -2, "1300"),  # 3.2.2: above five carries
        ("10.5002", 0, "11"),  # 3.2.3: five and something behind it carries
        ("1.050", 1, "1.0"),  # 3.2.4: five alone: to the even digit
        ("0.35", 1, "0.4"),
        ("2500", -3, "2000"),
        ("3500", -3, "4000"),
        ("-355", -1, "-360"),  # 3.2.5: negative numbers
        ("-325", -1, "-320"),
        ("-365", -1, "-360"),
        ("-0.0365", 3, "-0.036"),
        ("97.46", 0, "97"),  # 3.3.1: once, not 97.46 → 97.5 → 98
        ("15.4546", 0, "15"),  # not 15.4546 → 15.455 → 15.46 → 15.5 → 16
    ],
)
def test_the_examples_of_the_standard(value, places, expected):
    assert text_of(round_to_places(Decimal(value), places)) == expected


def test_a_result_of_zero_has_no_sign():
    assert text_of(round_to_places(Decimal("-0.0004"), 3)) == "0.000"
    assert text_of(round_to_places(Decimal("-0.0"), 1)) == "0.0"


def test_decimals_are_filled_up():
    assert text_of(round_to_places(Decimal("0.2"), 3)) == "0.200"


@pytest.mark.parametrize("value", [0.5, 1, "0.5"])
def test_only_decimals_are_rounded(value):
    with pytest.raises(TypeError, match=type(value).__name__):
        round_to_places(value, 1)


@pytest.mark.parametrize("value", ["NaN", "Infinity", "-Infinity"])
def test_only_finite_numbers_are_rounded(value):
    with pytest.raises(ValueError, match="不能修约"):
        round_to_places(Decimal(value), 1)


def test_numbers_longer_than_the_current_precision_are_rounded_exactly():
    value = Decimal("1234567890123456789012345678901234567890.12345")
    with localcontext(prec=5):
        rounded = round_to_places(value, 4)
        widened = round_to_places(Decimal("12.5"), 30)
    assert text_of(rounded) == "1234567890123456789012345678901234567890.1234"
    assert text_of(widened) == "12.5" + "0" * 29


numbers = st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**9), max_value=10**9)
few = st.integers(min_value=-4, max_value=9)


@given(numbers, few)
def test_rounding_again_changes_nothing(value, places):
    once = round_to_places(value, places)
    assert round_to_places(once, places) == once


@given(numbers, few)
def test_a_negative_number_is_rounded_as_its_absolute_value(value, places):
    assert round_to_places(-value, places) == -round_to_places(value, places)


@given(numbers, few)
def test_rounding_moves_by_half_a_unit_at_most(value, places):
    with localcontext(prec=200):
        moved = abs(round_to_places(value, places) - value)
        assert moved * 2 <= Decimal(1).scaleb(-places)


@given(numbers, numbers, few)
def test_rounding_keeps_the_order(one, other, places):
    less, more = sorted((one, other))
    assert round_to_places(less, places) <= round_to_places(more, places)


@given(st.integers(min_value=-(10**6), max_value=10**6), few)
def test_a_half_goes_to_the_even_digit(whole, places):
    half = Decimal(whole).scaleb(-places) + Decimal("0.5").scaleb(-places)
    units = round_to_places(half, places).scaleb(places)
    assert units % 2 == 0
