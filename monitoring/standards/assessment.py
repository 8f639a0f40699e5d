"""Class, exceedances and main pollutants of one section (单因子评价法), and its means.

Source: 环办〔2011〕22号 地表水环境质量评价办法(试行), 一(一)1 (items assessed),
二(一)1 (class of the worst item) and 3 (main pollution indicators). Concentrations are
Decimal or Fraction in gb3838_2002.UNITS. Nothing is rounded or cut here: what is compared with
a limit is exact (`monitoring.standards.exact`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction

from monitoring.standards import exact
from monitoring.standards.detection import MeasuredValue
from monitoring.standards.exact import Number
from monitoring.standards.gb3838_2002 import (
    CODE,
    NAMES,
    ORDER,
    TABLE_1_ITEMS,
    UNITS,
    WaterBody,
    WaterClass,
    class_of,
    limit,
)
from monitoring.standards.rounding import round_to_places

# The 21 items of table 1 without water temperature, total nitrogen and faecal coliforms.
ASSESSED_ITEMS: tuple[str, ...] = tuple(
    code for code in TABLE_1_ITEMS if code not in ("WT", "TN", "FC")
)

# 二(一)3: "氰化物或铅、铬等重金属" go first. Arsenic counts as one, as in national plans.
CYANIDE_AND_HEAVY_METALS = frozenset({"CN", "Pb", "Cr6", "Hg", "Cd", "As", "Cu", "Zn"})

# 二(一)3: items without an exceedance multiple; they are named with their value.
WITHOUT_MULTIPLE = frozenset({"pH", "DO"})

MAIN_POLLUTANTS_AT_MOST = 3

_PLACE = {code: place for place, code in enumerate(ORDER)}
_ASSESSED = frozenset(ASSESSED_ITEMS)


class NothingToAssess(ValueError):
    """No value at all, or none of an item that takes part in the class."""


@dataclass(frozen=True, slots=True)
class Exceedance:
    """One item worse than the reference class.

    multiple (超标倍数) = (value − limit) / limit of that class, unrounded; None for pH
    and DO.
    """

    indicator: str
    value: Number
    multiple: Fraction | None
    reference: WaterClass

    @property
    def text(self) -> str:
        """As a bulletin names it: 氨氮(0.2), 溶解氧(4.1 mg/L); two decimals shown."""
        name = NAMES[self.indicator]
        if self.multiple is not None:
            return f"{name}({plain(round_to_places(self.multiple, 2))})"
        unit = "" if self.indicator == "pH" else f" {UNITS[self.indicator]}"
        return f"{name}({plain(self.value)}{unit})"


@dataclass(frozen=True, slots=True)
class ItemClass:
    """One item that took part, with the class of its own."""

    indicator: str
    value: Number
    water_class: WaterClass


@dataclass(frozen=True, slots=True)
class Assessed:
    """A section's assessment. All tuples of codes are in the order of table 1 but
    main_pollutants, which is in the order of rank.

    deciding: every item of the worst class, also in class I. exceedances: items worse
    than reference. main_pollutants: at most three, none in I–III, always against III.
    not_assessed: given, but no part of the class (TN, FC, table 2, unknown codes).
    """

    water_class: WaterClass
    deciding: tuple[str, ...]
    exceedances: tuple[Exceedance, ...]
    main_pollutants: tuple[str, ...]
    items: tuple[ItemClass, ...]
    not_assessed: tuple[str, ...]
    reference: WaterClass
    water_body: WaterBody

    @property
    def assessed(self) -> tuple[str, ...]:
        """The items that took part."""
        return tuple(item.indicator for item in self.items)

    @property
    def grade(self) -> str:
        return self.water_class.grade

    @property
    def colour(self) -> str:
        return self.water_class.colour

    @property
    def main_pollutants_text(self) -> str:
        """氨氮(0.2)、溶解氧(4.1 mg/L): multiples against class III; empty in I–III."""
        value_of = {item.indicator: item.value for item in self.items}
        return "、".join(
            exceedance(code, value_of[code], WaterClass.III, self.water_body).text
            for code in self.main_pollutants
        )


def assess(
    values: Mapping[str, Number],
    water_body: WaterBody = WaterBody.RIVER,
    reference: WaterClass = WaterClass.III,
    *,
    saturation: Number | None = None,
) -> Assessed:
    """Class of a section from one value per item: that of its worst item.

    saturation: of dissolved oxygen in %, where measured (90 or more is class I).
    Raises NothingToAssess; ValueError for a reference of inferior V or a value that is
    negative or not finite; TypeError for a value that is neither Decimal nor Fraction.
    """
    if reference == WaterClass.INFERIOR_V:
        raise ValueError("参照类别不能是劣Ⅴ类：它没有标准限值；请用 Ⅰ 至 Ⅴ 类。")
    items = tuple(
        ItemClass(
            code,
            values[code],
            class_of(
                code, values[code], water_body, saturation=saturation if code == "DO" else None
            ),
        )
        for code in sorted(_ASSESSED & values.keys(), key=_PLACE.__getitem__)
    )
    if not items:
        raise NothingToAssess(
            f"没有可参评的指标，不能定类；{CODE} 表 1 除水温、总氮、粪大肠菌群外的 21 项"
            "至少要有一项，如 pH、溶解氧、高锰酸盐指数、氨氮、总磷。"
        )
    worst = max(item.water_class for item in items)
    return Assessed(
        water_class=worst,
        deciding=tuple(item.indicator for item in items if item.water_class == worst),
        exceedances=tuple(
            exceedance(item.indicator, item.value, reference, water_body)
            for item in items
            if item.water_class > reference
        ),
        main_pollutants=_main_pollutants(items, water_body),
        items=items,
        not_assessed=tuple(
            sorted(
                values.keys() - _ASSESSED, key=lambda code: (_PLACE.get(code, len(_PLACE)), code)
            )
        ),
        reference=reference,
        water_body=water_body,
    )


def exceedance(
    indicator: str,
    value: Number,
    reference: WaterClass,
    water_body: WaterBody = WaterBody.RIVER,
) -> Exceedance:
    """The exceedance of a value that is worse than the reference class."""
    if indicator in WITHOUT_MULTIPLE:
        return Exceedance(indicator, value, None, reference)
    allowed = exact.exact(limit(indicator, reference, water_body))
    return Exceedance(indicator, value, (exact.exact(value) - allowed) / allowed, reference)


def mean(values: Iterable[MeasuredValue | Number]) -> Fraction:
    """Arithmetic mean, exact; a result below its limit counts as half the limit.

    Source: 环办〔2011〕22号 一(二) (arithmetic mean); 环办监测函〔2020〕82号 七 (half the
    limit). Raises NothingToAssess for no values, TypeError for a float.
    """
    counted = [value.counted if isinstance(value, MeasuredValue) else value for value in values]
    if not counted:
        raise NothingToAssess("没有有效数据，不能求平均值；请先确认该时段有有效测值。")
    return exact.mean(counted)


def plain(number: Number) -> str:
    """Without exponent and trailing zeros: 0.20 → 0.2, 2E+1 → 20; of a mean that does not end
    its written digits (`exact.written`)."""
    text = format(exact.written(number), "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def _main_pollutants(items: tuple[ItemClass, ...], water_body: WaterBody) -> tuple[str, ...]:
    """二(一)3: cyanide and heavy metals, then worse class, then larger multiple.

    In one class pH and DO follow those that have a multiple, in the order of table 1.
    """

    def rank(item: ItemClass) -> tuple[bool, int, Fraction]:
        found = exceedance(item.indicator, item.value, WaterClass.III, water_body)
        return (
            item.indicator not in CYANIDE_AND_HEAVY_METALS,
            -item.water_class,
            # An exceeding item's multiple is above zero, so this puts pH and DO last.
            -(found.multiple or Fraction(0)),
        )

    exceeding = sorted((item for item in items if item.water_class > WaterClass.III), key=rank)
    return tuple(item.indicator for item in exceeding[:MAIN_POLLUTANTS_AT_MOST])
