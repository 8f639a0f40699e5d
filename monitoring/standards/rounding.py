"""Rounding of shown values (数值修约).

Source: GB/T 8170-2008 clause 3.2 (进舍规则, half to even; 3.2.5: a negative number is
rounded as its absolute value and the sign put back) and 3.3 (rounded once, from the
unrounded value: 不允许连续修约). Numbers are Decimal or Fraction; a float is refused, because
what is half in decimals is seldom half in binary.
"""

from __future__ import annotations

from decimal import MAX_EMAX, MAX_PREC, MIN_EMIN, ROUND_HALF_EVEN, Context, Decimal
from fractions import Fraction
from functools import cache

from monitoring.standards.exact import Number, shifted

# quantize loses no digit in it, and makes only those it needs.
EXACT = Context(prec=MAX_PREC, Emax=MAX_EMAX, Emin=MIN_EMIN)


def round_to_places(value: Number, places: int) -> Decimal:
    """value with this many decimals (GB/T 8170-2008, 3.2); -2 rounds to hundreds.

    A result of zero has no sign. Raises TypeError for a float, ValueError for a value
    that is not finite.
    """
    if isinstance(value, Fraction):
        whole = round(value * Fraction(10) ** places)  # of a Fraction: half to even
        return shifted(whole, places)
    _refuse(value)
    rounded = value.copy_abs().quantize(_step(places), ROUND_HALF_EVEN, EXACT)
    return rounded.copy_negate() if value < 0 and rounded else rounded


@cache
def _step(places: int) -> Decimal:
    return Decimal((0, (1,), -places))


def _refuse(value: Decimal) -> None:
    if not isinstance(value, Decimal):
        raise TypeError(
            f"修约的数值须为 Decimal，而不是 {type(value).__name__}；请由文本构造 Decimal。"
        )
    if not value.is_finite():
        raise ValueError(f"数值 {value} 不能修约；请给有限的数。")
