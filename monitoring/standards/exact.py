"""Exact numbers: from a reading to what it is compared with, nothing is cut.

A sum of readings is a decimal, their mean is not: of three readings it ends in thirds. Cut to
any number of digits it may fall beside a limit that it meets (单因子评价法: a value equal to its
limit meets it, GB 3838-2002). So a quotient is a Fraction here; it is rounded once, where the
standard or the agreement says so (GB/T 8170-2008, 3.3: 不允许连续修约), or for show.

What is written down needs digits. `Written` is an exact number with the decimals that stand
for it in a stored fact; `decimal_of` gives those of any other.
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import ROUND_HALF_EVEN, Context, Decimal, localcontext
from fractions import Fraction
from typing import Any, Self

Number = Decimal | Fraction

DIGITS = 28  # significant ones of a quotient that is written down


def exact(value: Number | int) -> Fraction:
    """The same number as a Fraction. Raises TypeError for a float (binary, so not what was
    written) and ValueError for what is not finite."""
    if isinstance(value, Fraction):
        return value
    if isinstance(value, bool) or not isinstance(value, Decimal | int):
        raise TypeError(
            f"数值须为 Decimal 或分数，而不是 {type(value).__name__}；请由文本构造 Decimal。"
        )
    if isinstance(value, Decimal) and not value.is_finite():
        raise ValueError(f"数值 {value} 不是有限的数。")
    return Fraction(value)


class Written(Fraction):
    """An exact number and the decimals that stand for it where it is stored or shown whole.

    `written` is what was kept of it before exact numbers were: a month's mean to twelve
    decimals, a year's as the mean of those. Arithmetic gives plain Fractions.
    """

    __slots__ = ("written",)
    written: Decimal

    def __new__(cls, value: Number | int, written: Decimal) -> Self:
        self = super().__new__(cls, exact(value))
        self.written = written
        return self

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (Fraction(self), self.written)

    def __copy__(self) -> Self:
        return self

    def __deepcopy__(self, memo: Any) -> Self:
        return self


def written(value: Number) -> Decimal:
    """The decimals that stand for the number: its own, or DIGITS significant ones."""
    if isinstance(value, Written):
        return value.written
    return decimal_of(value)


def ends(value: Number) -> bool:
    """Whether its decimals come to an end."""
    return isinstance(value, Decimal) or _places(value.denominator) is not None


def decimal_of(value: Number, digits: int = DIGITS) -> Decimal:
    """All decimals of a number whose decimals end, else so many significant ones, half to even."""
    if isinstance(value, Decimal):
        return value
    places = _places(value.denominator)
    if places is None:
        with localcontext(Context(prec=digits, rounding=ROUND_HALF_EVEN)):
            return Decimal(value.numerator) / Decimal(value.denominator)
    return shifted(value.numerator * (10**places // value.denominator), places)


def shifted(whole: int, places: int) -> Decimal:
    """whole ÷ 10 to the `places`, with all its digits."""
    return Decimal(whole).scaleb(-places, Context(prec=len(str(whole)) + 1))


def total(values: Iterable[Number]) -> Fraction:
    """Their sum; 0 for none."""
    return sum(map(exact, values), Fraction(0))


def mean(values: Iterable[Number]) -> Fraction:
    """Their arithmetic mean. Raises ZeroDivisionError for none."""
    given = list(values)
    return total(given) / len(given)


def written_mean(values: Iterable[Number]) -> Written:
    """Their mean, written as the mean of what they are written by (DIGITS significant digits).

    Raises ZeroDivisionError for none.
    """
    given = list(values)
    with localcontext(Context(prec=DIGITS, rounding=ROUND_HALF_EVEN)):
        cut = sum(map(written, given), Decimal(0)) / Decimal(len(given) or 1)
    return Written(mean(given), cut)


def _places(denominator: int) -> int | None:
    """Decimals of a fraction in lowest terms; None where they don't end."""
    twos = fives = 0
    while denominator % 2 == 0:
        denominator, twos = denominator // 2, twos + 1
    while denominator % 5 == 0:
        denominator, fives = denominator // 5, fives + 1
    return max(twos, fives) if denominator == 1 else None
