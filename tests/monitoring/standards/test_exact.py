"""Exact numbers: nothing is cut between a reading and what it is compared with."""

import copy
import pickle
from decimal import Decimal, localcontext
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitoring.standards.exact import Written, decimal_of, ends, exact, mean, written
from monitoring.standards.rounding import round_to_places

DECIMALS = st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**9), max_value=10**9)


@given(DECIMALS)
def test_a_decimal_is_the_same_number_and_comes_back_whole(value):
    assert exact(value) == value
    assert decimal_of(exact(value)) == value
    assert ends(exact(value))


@pytest.mark.parametrize("value", [0.1, True, "0.1", None])
def test_what_is_no_exact_number_is_refused(value):
    with pytest.raises(TypeError, match="须为 Decimal 或分数"):
        exact(value)


@pytest.mark.parametrize("value", ["NaN", "Infinity", "-Infinity"])
def test_what_is_not_finite_is_refused(value):
    with pytest.raises(ValueError, match="不是有限的数"):
        exact(Decimal(value))


def test_a_third_does_not_end_and_is_written_with_28_digits_whatever_the_callers_precision():
    with localcontext(prec=3):
        assert decimal_of(Fraction(2, 3)) == Decimal("0.6666666666666666666666666667")
        assert str(decimal_of(Fraction(1, 2**40))) == "9.094947017729282379150390625E-13"
    assert not ends(Fraction(2, 3))


def test_the_mean_of_thirds_is_whole_again():
    assert mean([Fraction(1, 3), Fraction(2, 3), Decimal(2)]) == 1
    with pytest.raises(ZeroDivisionError):
        mean([])


def test_a_written_number_is_exact_and_knows_its_decimals():
    third = Written(Fraction(1, 3), Decimal("0.333333333333"))
    assert third == Fraction(1, 3)
    assert written(third) == Decimal("0.333333333333")
    assert type(third * 3) is Fraction
    for again in (copy.copy(third), copy.deepcopy(third), pickle.loads(pickle.dumps(third))):
        assert (again, again.written) == (third, third.written)


@given(DECIMALS, st.integers(min_value=-4, max_value=12))
def test_a_fraction_is_rounded_as_the_decimal_it_is(value, places):
    assert str(round_to_places(exact(value), places)) == str(round_to_places(value, places))


@pytest.mark.parametrize(
    ("value", "places", "expected"),
    [
        (Fraction(1, 3), 2, "0.33"),
        (Fraction(2, 3), 0, "1"),
        (Fraction(1, 8), 2, "0.12"),
        (Fraction(3, 8), 2, "0.38"),
        (Fraction(-1, 1000), 2, "0.00"),
        (Fraction(125000000000000000000000000001, 10**30), 2, "0.13"),
    ],
)
def test_fractions_are_rounded_half_to_even_once(value, places, expected):
    assert format(round_to_places(value, places), "f") == expected
