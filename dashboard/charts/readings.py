"""One indicator's readings over a span with the limit they are held to, as SVG: to choose from.

Numbers are user units of the viewBox, 650 × 176.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from django.utils.timezone import localtime

from monitoring.standards.detection import show
from settlements.objections.queries.objections import ObjectionLine
from settlements.rules.facts import plain_decimal

WIDTH, LEFT, RIGHT, TOP, BOTTOM = 650, 44, 640, 18, 150


@dataclass(frozen=True, slots=True)
class ReadingDot:
    x: str
    y: str
    over: bool
    valid: bool
    label: str


@dataclass(frozen=True, slots=True)
class ReadingChart:
    dots: tuple[ReadingDot, ...]
    grid: tuple[tuple[str, str], ...]  # y, label
    days: tuple[tuple[str, str], ...]  # x, label
    limit_y: str | None
    limit: str
    words: str


def reading_chart(
    lines: Sequence[ObjectionLine], bounds: tuple[datetime, datetime], limit: Decimal | None
) -> ReadingChart | None:
    """None where there is nothing to draw, or lines are of several indicators."""
    if not lines or len({line.indicator for line in lines}) > 1:
        return None
    first, end = bounds
    span = max((end - first) / timedelta(seconds=1), 1)
    highest = max([line.result.value for line in lines] + ([limit] if limit else [])) or Decimal(1)
    step_up = _step(highest)
    steps = int(highest / step_up) + 1
    top = step_up * steps

    def x(at: datetime) -> str:
        part = (at - first) / timedelta(seconds=1) / span
        return f"{LEFT + part * (RIGHT - LEFT):.1f}"

    def y(value: Decimal) -> str:
        return f"{BOTTOM - value / top * (BOTTOM - TOP):.1f}"

    days = max((end - first).days, 1)
    step = max(days // 6, 1)
    unit = lines[0].unit
    over = sum(line.over for line in lines)
    held = f"，其中 {over} 条超过限值 {limit:f} {unit}" if limit is not None else ""
    return ReadingChart(
        dots=tuple(
            ReadingDot(
                x(line.at),
                y(line.result.value),
                line.over,
                line.valid,
                f"{localtime(line.at):%m-%d %H:%M} {show(line.result)} {unit}（{line.flag}）",
            )
            for line in lines
        ),
        grid=tuple((y(step_up * n), plain_decimal(step_up * n)) for n in range(steps + 1)),
        days=tuple(
            (x(at), f"{localtime(at):%m-%d}")
            for n in range(0, days, step)
            if (at := first + timedelta(days=n)) < end
        ),
        limit_y=y(limit) if limit is not None else None,
        limit=f"限值 {limit:f} {unit}" if limit is not None else "",
        words=f"{lines[0].indicator} {len(lines)} 条{held}",
    )


def _step(top: Decimal) -> Decimal:
    """1, 2 or 5 times a power of ten, so that at most five lines reach the top."""
    power = Decimal(1).scaleb(top.adjusted())
    return next(
        step for step in (power / 5, power / 2, power, power * 2, power * 5) if top / step < 5
    )
