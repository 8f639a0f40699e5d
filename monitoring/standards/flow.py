"""From a month's mean flow to the water that ran past."""

from datetime import date
from fractions import Fraction

from .exact import Number, exact

FLOW = "Q"  # the indicator's code; m³/s
DAY = 86_400  # seconds


def volume_of(mean: Number, month: date) -> Fraction:
    """m³ of the month, from its mean flow in m³/s: exact."""
    after = date(month.year + month.month // 12, month.month % 12 + 1, 1)
    return Fraction(exact(mean)) * (after - month).days * DAY
