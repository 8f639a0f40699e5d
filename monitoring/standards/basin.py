"""State of a river or basin from its sections.

Source: 环办〔2011〕22号, 二(一)2 (fewer than five sections: mean concentrations; five or
more: proportions of classes) and 3(2) (main pollution indicators by 断面超标率).
Nothing is rounded here; proportions are compared as whole numbers.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from monitoring.standards.assessment import (
    MAIN_POLLUTANTS_AT_MOST,
    Assessed,
    NothingToAssess,
    assess,
    mean,
)
from monitoring.standards.exact import Number, decimal_of
from monitoring.standards.gb3838_2002 import NAMES, ORDER, WaterBody, WaterClass

# From this many sections on a basin is judged by proportions.
SECTIONS_FOR_PROPORTIONS = 5

_COLOURS = {
    "优": "blue",
    "良好": "green",
    "轻度污染": "yellow",
    "中度污染": "orange",
    "重度污染": "red",
}


@dataclass(frozen=True, slots=True)
class SectionWater:
    """A section with its (mean) concentrations of the period."""

    name: str
    values: Mapping[str, Number]
    water_body: WaterBody = WaterBody.RIVER


@dataclass(frozen=True, slots=True)
class ExceedanceRate:
    """断面超标率: share (0–1) of all sections at which the item is worse than class III."""

    indicator: str
    sections: int
    rate: Fraction


@dataclass(frozen=True, slots=True)
class BasinAssessed:
    """State of a basin.

    of_means: the assessment of the mean concentrations, below five sections; from five on
    None, because then no mean class is given. sections: each with its own assessment, in
    the order given. exceedance_rates: highest first, every item worse than III anywhere.
    main_pollutants: at most three, none where the grade is 优 or 良好.
    """

    grade: str
    of_means: Assessed | None
    sections: tuple[tuple[str, Assessed], ...]
    exceedance_rates: tuple[ExceedanceRate, ...]
    main_pollutants: tuple[str, ...]

    @property
    def colour(self) -> str:
        return _COLOURS[self.grade]

    @property
    def water_class(self) -> WaterClass | None:
        """Class of the mean concentrations; None from five sections on."""
        return self.of_means.water_class if self.of_means else None

    @property
    def counts(self) -> dict[WaterClass, int]:
        """How many sections are in each class, all six classes."""
        classes = [assessed.water_class for _, assessed in self.sections]
        return {water_class: classes.count(water_class) for water_class in WaterClass}


def basin_assessment(sections: Sequence[SectionWater]) -> BasinAssessed:
    """State of a river or basin.

    Raises NothingToAssess for no sections, and, naming it, for a section without an
    assessed item; ValueError for rivers and lakes mixed below five sections, since their
    means have no common limits.
    """
    if not sections:
        raise NothingToAssess("没有参评断面，不能评价河流或流域；请至少给出一个有数据的断面。")
    assessed = tuple((section.name, _assess(section)) for section in sections)
    rates = _exceedance_rates([each for _, each in assessed])
    if len(sections) < SECTIONS_FOR_PROPORTIONS:
        of_means = _assess_means(sections)
        return BasinAssessed(of_means.grade, of_means, assessed, rates, of_means.main_pollutants)
    grade = grade_by_proportions([each.water_class for _, each in assessed])
    polluted = grade not in ("优", "良好")
    main = tuple(rate.indicator for rate in rates[:MAIN_POLLUTANTS_AT_MOST]) if polluted else ()
    return BasinAssessed(grade, None, assessed, rates, main)


def grade_by_proportions(classes: Sequence[WaterClass]) -> str:
    """水质状况 of a basin with five or more sections.

    I–III at least 90 %: 优; at least 75 %: 良好; below that, inferior V under 20 %:
    轻度污染; under 40 %: 中度污染; else 重度污染. Raises NothingToAssess for no classes.
    """
    total = len(classes)
    if not total:
        raise NothingToAssess("没有参评断面，不能按类别比例评价；请至少给出一个断面的类别。")
    good = sum(each <= WaterClass.III for each in classes)
    inferior = sum(each == WaterClass.INFERIOR_V for each in classes)
    if good * 100 >= 90 * total:
        return "优"
    if good * 100 >= 75 * total:
        return "良好"
    if inferior * 100 < 20 * total:
        return "轻度污染"
    if inferior * 100 < 40 * total:
        return "中度污染"
    return "重度污染"


def excellent_or_good_ratio(classes: Iterable[WaterClass]) -> Decimal:
    """优良比例: share of I–III in % with 28 significant digits, for show.

    Raises NothingToAssess for no classes.
    """
    counted = list(classes)
    if not counted:
        raise NothingToAssess("没有参评断面，不能计算优良比例；请至少给出一个断面的类别。")
    good = sum(each <= WaterClass.III for each in counted)
    return decimal_of(Fraction(100 * good, len(counted)))


def _assess(section: SectionWater) -> Assessed:
    try:
        return assess(section.values, section.water_body)
    except NothingToAssess as nothing:
        raise NothingToAssess(f"断面“{section.name}”：{nothing}") from nothing


def _assess_means(sections: Sequence[SectionWater]) -> Assessed:
    bodies = {section.water_body for section in sections}
    if len(bodies) > 1:
        raise ValueError(
            "少于 5 个断面时按平均浓度评价，河流与湖库的限值不同，不能混合平均；请分别评价。"
        )
    means = {
        code: mean(section.values[code] for section in sections if code in section.values)
        for code in {code for section in sections for code in section.values}
        if code in NAMES
    }
    return assess(means, bodies.pop())


def _exceedance_rates(assessed: Sequence[Assessed]) -> tuple[ExceedanceRate, ...]:
    count: dict[str, int] = {}
    for each in assessed:
        # The reference of each assessment is class III.
        for exceedance in each.exceedances:
            count[exceedance.indicator] = count.get(exceedance.indicator, 0) + 1
    ranked = sorted(count, key=lambda code: (-count[code], ORDER.index(code)))
    return tuple(
        ExceedanceRate(code, count[code], Fraction(count[code], len(assessed))) for code in ranked
    )
