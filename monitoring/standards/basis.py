"""统计口径: the choices between a month's readings and the value that is assessed.

Source: 环办〔2011〕22号 leaves open whether a mean is rounded before it is classed; 环办监测函
〔2020〕82号, 总站水字〔2018〕87号 and 〔2020〕90号 round to the decimals below, take pH as the
mean of hydrogen ions and automatic values first. Their texts are not held: what provinces do
differs, so each choice is a dated setting with a source (AssessmentBasis), which a term may
deviate from.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Context, Decimal, localcontext
from fractions import Fraction

from monitoring.standards.assessment import NothingToAssess, assess
from monitoring.standards.exact import Number, written
from monitoring.standards.gb3838_2002 import WaterBody, WaterClass
from monitoring.standards.rounding import round_to_places

UNROUNDED, ROUNDED = "unrounded", "rounded"
ARITHMETIC, HYDROGEN = "arithmetic", "hydrogen"
AUTOMATIC, MANUAL = "automatic", "manual"

ROUNDING = {UNROUNDED: "未修约的均值", ROUNDED: "修约到参评小数位的均值"}
PH_MEAN = {ARITHMETIC: "算术平均", HYDROGEN: "氢离子浓度平均"}
FIRST = {AUTOMATIC: "自动监测优先", MANUAL: "手工监测优先"}

# Decimals of the assessed value (参评小数位). Those of items not listed are not rounded.
DECIMALS: Mapping[str, int] = {
    "pH": 0, "DO": 1, "CODMn": 1, "BOD5": 1, "COD": 1, "NH3-N": 2, "TN": 2, "TP": 3,
    "petroleum": 2, "LAS": 2, "F": 3, "Cu": 3, "Zn": 3, "Cr6": 3, "Pb": 3, "CN": 3,
    "sulfide": 3, "VP": 4, "Se": 4, "As": 4, "Hg": 5, "Cd": 5,
}  # fmt: skip
PH_PLACES = 12  # a hydrogen-ion mean is rounded once, here
_PH_DIGITS = 40


@dataclass(frozen=True, slots=True)
class Basis:
    """What was chosen. The default is what holds where nobody chose."""

    rounding: str = UNROUNDED
    ph: str = ARITHMETIC
    first: str = AUTOMATIC

    def __post_init__(self) -> None:
        for value, known in ((self.rounding, ROUNDING), (self.ph, PH_MEAN), (self.first, FIRST)):
            if value not in known:
                raise ValueError(f"统计口径没有“{value}”这一选项；可选 {'、'.join(known)}。")

    @property
    def code(self) -> str:
        """As it is stored beside what was assessed by it; empty for the default."""
        return "" if self == DEFAULT else f"{self.rounding}/{self.ph}/{self.first}"

    @classmethod
    def of(cls, code: str) -> Basis:
        """The basis of a stored code. Raises ValueError for one there is not."""
        return cls(*code.split("/")) if code else DEFAULT

    @property
    def rounds(self) -> bool:
        return self.rounding == ROUNDED

    @property
    def words(self) -> str:
        return f"{ROUNDING[self.rounding]}，pH {PH_MEAN[self.ph]}，{FIRST[self.first]}"

    def assessed(self, values: Mapping[str, Number]) -> dict[str, Number]:
        """The values that are assessed, of unrounded means."""
        if not self.rounds:
            return dict(values)
        return {code: rounded_value(code, value) for code, value in values.items()}


DEFAULT = Basis()


def rounding_decides(
    raw: Mapping[str, Number], water_body: WaterBody, basis: Basis, found: WaterClass
) -> str:
    """临界, in words, where these unrounded means have another class rounded than unrounded.

    found: the class under the basis; empty also where it is not that of the means (one that was
    given by hand beside other means).
    """
    if not raw:
        return ""
    by_rounding: dict[bool, WaterClass] = {}
    for rounds in (False, True):
        of = Basis(rounding=ROUNDED if rounds else UNROUNDED)
        try:
            by_rounding[rounds] = assess(of.assessed(raw), water_body).water_class
        except NothingToAssess:
            return ""
    if by_rounding[False] == by_rounding[True] or by_rounding[basis.rounds] != found:
        return ""
    return (
        f"临界：修约后为{by_rounding[True].label}，未修约为{by_rounding[False].label}；"
        f"按统计口径取{found.label}。"
    )


def rounded_value(code: str, value: Number) -> Number:
    """The mean of an item at its assessed decimals (GB/T 8170, half to even).

    One that would become zero keeps one significant digit.
    """
    places = DECIMALS.get(code)
    if places is None:
        return value
    found = round_to_places(value, places)
    if not found and value:
        found = round_to_places(value, -written(value).adjusted())
    return found


def hydrogen_mean(total: Decimal, count: int) -> Decimal:
    """pH of the mean concentration of hydrogen ions: −log10(total ÷ count), to PH_PLACES.

    total: sum of 10^−pH over the readings, in mol/L.
    """
    with localcontext(Context(prec=_PH_DIGITS)):
        return round_to_places(-(total / count).log10(), PH_PLACES)


def hydrogen_ions(ph: Number) -> Fraction:
    """10^−pH in mol/L, for means of pH of several months."""
    with localcontext(Context(prec=_PH_DIGITS)):
        return Fraction(Decimal(10) ** -written(ph))
