"""Results below the detection limit (未检出): how they are written, shown and counted.

Source: HJ 91.2-2022 (reported as the limit with the mark L: 0.025L, also written <0.025);
环办监测函〔2020〕82号, 七 (counted in statistics as half the limit).
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal, localcontext
from typing import Literal

from written.numbers import NotANumber, read_result
from written.text import CellError, shown


class NotAMeasurement(ValueError):
    """The text is no number and no number with a below-limit mark."""


@dataclass(frozen=True, slots=True)
class MeasuredValue:
    """One result in its indicator's unit.

    value is the number as written: where below_limit, the detection limit itself, not
    its half. Raises TypeError for anything but a Decimal, ValueError for a value that is
    not finite or a limit that is not positive.
    """

    value: Decimal
    below_limit: bool = False

    def __post_init__(self) -> None:
        if not isinstance(self.value, Decimal):
            raise TypeError(f"测值须为 Decimal，而不是 {type(self.value).__name__}。")
        if not self.value.is_finite():
            raise ValueError(f"测值 {self.value} 不是有限的数。")
        if self.below_limit and self.value <= 0:
            raise ValueError(f"检出限 {self.value} 须大于 0。")

    @property
    def counted(self) -> Decimal:
        """What enters a mean or a class: half the limit where nothing was detected."""
        return self.value / 2 if self.below_limit else self.value


def measured(value: Decimal | MeasuredValue) -> MeasuredValue:
    """A plain number as a result that was detected; a result as it is."""
    return value if isinstance(value, MeasuredValue) else MeasuredValue(value)


def reported(value: Decimal, below_limit: bool, decimals: int) -> MeasuredValue:
    """A stored result as it is reported: with its indicator's decimals, and more where more were
    measured (0.07 of three decimals is 0.070, 0.0712 stays).

    A detection limit belongs to its method and stays as it is, without idle zeros. Nothing is
    rounded.
    """
    plain = value.normalize()
    own = -int(plain.as_tuple().exponent)
    places = max(own, 0 if below_limit else decimals, 0)
    with localcontext(prec=len(value.as_tuple().digits) + abs(value.adjusted()) + places + 2):
        return MeasuredValue(plain.quantize(Decimal(1).scaleb(-places)), below_limit)


def parse(text: str) -> MeasuredValue:
    """Read 0.31, 0.025L, 0.025l, <0.025 and their full-width forms.

    A sign is read, not judged: whether a value may be negative depends on the indicator.
    Raises NotAMeasurement, saying what can be written.
    """
    try:
        found = read_result(text)
    except NotANumber as wrong:
        if wrong.why in (NotANumber.MARK, NotANumber.TWO):
            raise NotAMeasurement(str(wrong)) from wrong
        raise NotAMeasurement(
            f"“{shown(text)}”不是数值；请填数字，未检出请填“0.025L”或“<0.025”。"
        ) from wrong
    except CellError as wrong:
        raise NotAMeasurement(str(wrong)) from wrong
    return MeasuredValue(found.number, found.below)


def show(measured: MeasuredValue, mark: Literal["L", "<"] = "L") -> str:
    """As reports write it: 0.31, and below the limit 0.025L or <0.025."""
    number = format(measured.value, "f")
    if not measured.below_limit:
        return number
    return f"<{number}" if mark == "<" else f"{number}L"
