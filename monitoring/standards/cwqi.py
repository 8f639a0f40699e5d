"""City water quality index CWQI (城市水质指数): smaller is better.

Source: 城市地表水环境质量排名技术规定(试行), 环办监测〔2017〕51号. Values are Decimal
or Fraction in gb3838_2002.UNITS: of a section its means, of a river or city the mean
concentrations of its sections. Nothing is rounded or cut here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

from monitoring.standards.assessment import ASSESSED_ITEMS, NothingToAssess
from monitoring.standards.exact import Number, exact
from monitoring.standards.gb3838_2002 import (
    PH_RANGE,
    WaterBody,
    WaterClass,
    class_of,
    limit,
)

_NEUTRAL_PH = Fraction(7)


@dataclass(frozen=True, slots=True)
class Cwqi:
    """total is the sum over items, which are pairs (indicator, index) as in table 1."""

    total: Fraction
    items: tuple[tuple[str, Fraction], ...]


def cwqi(values: Mapping[str, Number], water_body: WaterBody = WaterBody.RIVER) -> Cwqi:
    """The index of one section, river or city over the items it has values of.

    Items that take no part in a class (water temperature, TN, FC …) take none here. Only
    indices over the same items can be compared. Raises NothingToAssess, and what
    item_index raises.
    """
    items = tuple(
        (code, item_index(code, values[code], water_body))
        for code in ASSESSED_ITEMS
        if code in values
    )
    if not items:
        raise NothingToAssess("没有可参评的指标，不能计算水质指数；请至少给出一项，如 pH、氨氮。")
    return Cwqi(sum((index for _, index in items), Fraction(0)), items)


def item_index(indicator: str, value: Number, water_body: WaterBody = WaterBody.RIVER) -> Fraction:
    """C / S of class III; of DO S / C; of pH its distance from 7 over that of the limit.

    Raises ValueError for a DO of zero, whose index is infinite, and what
    gb3838_2002.class_of raises for a value it can't take.
    """
    class_of(indicator, value, water_body)  # refuses floats, negatives and unknown items
    found = exact(value)
    if indicator == "pH":
        low, high = map(exact, PH_RANGE)
        if found <= _NEUTRAL_PH:
            return (_NEUTRAL_PH - found) / (_NEUTRAL_PH - low)
        return (found - _NEUTRAL_PH) / (high - _NEUTRAL_PH)
    standard = exact(limit(indicator, WaterClass.III, water_body))
    if indicator == "DO":
        if not found:
            raise ValueError("溶解氧为 0 时水质指数没有意义；请核实该测值。")
        return standard / found
    return found / standard
