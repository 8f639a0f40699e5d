"""The means table of a month and the daily bars of its deciding indicator.

Concentrations are Decimal in the indicator's unit; rounding (GB/T 8170) is for show only.
The chart's numbers are user units of its viewBox, 650 × 176.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from monitoring.sections.queries.month_readings import IndicatorMean, MonthReadings
from monitoring.standards.gb3838_2002 import (
    NAMES,
    ORDER,
    UNITS,
    WaterBody,
    WaterClass,
    class_of,
    has_limits,
    limit,
)
from monitoring.standards.rounding import round_to_places
from settlements.rules.facts import plain_decimal
from settlements.rules.steps import NOT_ASSESSED

LEAST_DAYS = 3  # fewer daily means are a table, not a chart


@dataclass(frozen=True, slots=True)
class MeanLine:
    """One row of the means table: the mean unrounded and rounded, and its class."""

    code: str
    name: str
    unit: str
    used: int | None
    expected: int | None
    mean: str
    rounded: str
    limit: str
    water_class: int | None
    deciding: bool
    note: str


@dataclass(frozen=True, slots=True)
class DayBar:
    """A day of the chart, in the user units of its viewBox."""

    x: str
    y: str
    width: str
    height: str
    middle: str
    over: bool
    missing: bool
    label: str
    tick: str


@dataclass(frozen=True, slots=True)
class DayRow:
    day: date
    count: int
    mean: str
    over: bool


@dataclass(frozen=True, slots=True)
class DailyChart:
    """Daily means of the deciding indicator against the limit it is held to."""

    title: str
    bars: tuple[DayBar, ...]
    grid: tuple[tuple[str, str, bool], ...]  # y, label, whether it is the axis
    limit_y: str | None
    limit_label: str
    rows: tuple[DayRow, ...]
    source: str
    drawn: bool


def mean_lines(
    means: Mapping[str, Decimal],
    readings: MonthReadings | None,
    deciding: tuple[str, ...],
    reference: WaterClass | None,
    body: WaterBody,
) -> tuple[MeanLine, ...]:
    """The means table in the order of GB 3838 table 1."""
    order = sorted(means, key=lambda c: (ORDER.index(c) if c in ORDER else 99, c))
    return tuple(
        _mean_line(
            code,
            means[code],
            readings.mean(code) if readings else None,
            code in deciding,
            reference,
            body,
        )
        for code in order
    )


@dataclass(frozen=True, slots=True)
class MeanFormula:
    """ "总磷 35.16 ÷ 168 ＝ 0.20929 →" and the rounded mean, of the deciding indicator."""

    text: str
    result: str
    unit: str


def mean_formula(
    means: Mapping[str, Decimal], readings: MonthReadings | None, deciding: tuple[str, ...]
) -> MeanFormula | None:
    """The division as done; None where the values stored now no longer give that mean."""
    code = next((c for c in deciding if c in means), None)
    stored = readings.mean(code) if readings and code else None
    if code is None or stored is None or not stored.used or stored.mean != means[code]:
        return None
    shown = plain_decimal(round_to_places(stored.mean, 5))
    return MeanFormula(
        text=f"{stored.name} {plain_decimal(stored.total)} ÷ {stored.used} ＝ {shown} →",
        result=f"{round_to_places(stored.mean, stored.decimals):f}",
        unit=stored.unit,
    )


def _mean_line(
    code: str,
    mean: Decimal,
    stored: IndicatorMean | None,
    deciding: bool,
    reference: WaterClass | None,
    body: WaterBody,
) -> MeanLine:
    rated = code not in NOT_ASSESSED and has_limits(code, body)
    places = stored.decimals if stored else 3
    return MeanLine(
        code=code,
        name=NAMES.get(code, code),
        unit=UNITS.get(code, ""),
        used=stored.used if stored else None,
        expected=stored.expected if stored else None,
        mean=plain_decimal(round_to_places(mean, 6)),
        rounded=f"{round_to_places(mean, places):f}",
        limit=_limit_words(code, reference, body) if rated and reference else "-",
        water_class=class_of(code, mean, body).value if rated else None,
        deciding=deciding,
        note="" if rated else "不参评",
    )


def _limit_words(code: str, reference: WaterClass, body: WaterBody) -> str:
    if code == "pH":
        return "6–9"
    return f"{'≥' if code == 'DO' else '≤'} {plain_decimal(limit(code, reference, body))}"


WIDTH, LEFT, TOP, BOTTOM = 650, 34, 20, 150


def daily_chart(
    readings: MonthReadings | None,
    deciding: tuple[str, ...],
    reference: WaterClass | None,
    body: WaterBody,
) -> DailyChart | None:
    """Bars of the deciding indicator's daily means; None where there is nothing to draw."""
    lead = next((m for c in deciding if readings and (m := readings.mean(c))), None)
    if lead is None:
        return None
    at = None
    if reference and lead.code != "pH" and has_limits(lead.code, body):
        at = limit(lead.code, reference, body)
    low_is_bad = lead.code == "DO"
    known = [d for d in lead.days if d.mean is not None]
    if not known:
        return None
    top = max([d.mean for d in known if d.mean is not None] + ([at] if at else [])) or Decimal(1)
    step = _step(top)
    ceiling = step * (int(top / step) + 1)
    scale = Decimal(BOTTOM - TOP) / ceiling

    def over(mean: Decimal | None) -> bool:
        return at is not None and mean is not None and (mean < at if low_is_bad else mean > at)

    each = Decimal(WIDTH - 10 - LEFT) / len(lead.days)
    bars = []
    for index, day in enumerate(lead.days):
        x = LEFT + index * each
        height = (day.mean or Decimal(0)) * scale if day.mean is not None else BOTTOM - TOP
        shown = "无有效数据" if day.mean is None else f"{_cut(day.mean)} {lead.unit}"
        bars.append(
            DayBar(
                x=f"{x + each / 8:.1f}",
                y=f"{BOTTOM - height:.1f}",
                width=f"{each * 3 / 4:.1f}",
                height=f"{height:.1f}",
                middle=f"{x + each / 2:.1f}",
                over=over(day.mean),
                missing=day.mean is None,
                label=f"{day.day.month}月{day.day.day}日 {shown}",
                tick=str(day.day.day) if day.day.day == 1 or day.day.day % 5 == 0 else "",
            )
        )
    worse = sum(over(d.mean) for d in known)
    side = "低于" if low_is_bad else "高于"
    words = f"{lead.name}日均值 {lead.unit}，{len(known)} 个有效日".replace(" ，", "，")
    if at is not None and reference:
        words += f"中 {worse} 日{side}{reference.label}限值"
    lines = int(ceiling / step)
    return DailyChart(
        title=f"{lead.name}日均值",
        bars=tuple(bars),
        grid=tuple(
            (f"{BOTTOM - n * step * scale:.1f}", plain_decimal(n * step), n == 0)
            for n in range(lines + 1)
        ),
        limit_y=f"{BOTTOM - at * scale:.1f}" if at is not None else None,
        limit_label=f"虚线：{reference.label}限值 {plain_decimal(at)}" if at and reference else "",
        rows=tuple(
            DayRow(d.day, d.count, _cut(d.mean) if d.mean is not None else "-", over(d.mean))
            for d in lead.days
        ),
        source=words,
        drawn=len(known) >= LEAST_DAYS,
    )


def _cut(value: Decimal) -> str:
    return plain_decimal(round_to_places(value, 3))


def _step(top: Decimal) -> Decimal:
    """1, 2 or 5 times a power of ten, so that three to six lines reach the top."""
    power = Decimal(1).scaleb(top.adjusted())
    return next(
        step for step in (power / 5, power / 2, power, power * 2, power * 5) if top / step < 6
    )
