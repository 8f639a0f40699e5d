"""The chart of one indicator at one section: classes as bands, target, means, readings, marks.

Limits: GB 3838-2002 table 1. Of dissolved oxygen more is better, so its bands run upside down;
pH has one range for all classes.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from itertools import pairwise
from statistics import median_low

from django.utils import timezone

from basins.ranges import next_month
from dashboard.charts import template as t
from dashboard.charts.periods import Period
from dashboard.templatetags.figures import concentration
from monitoring.sections.queries.sections import MeasuredIndicator
from monitoring.sections.queries.series import MeanPoint, Point, Series
from monitoring.standards.detection import reported, show
from monitoring.standards.gb3838_2002 import (
    PH_RANGE,
    WaterBody,
    WaterClass,
    has_limits,
    limit,
)

LABELLED_POINTS = 14
LEAST_BAND = 0.045  # of the axis: a thinner band has no room for its name
BREAK = 2.5  # a gap this many times the usual distance of its surroundings is a gap, not a line
AROUND = 3  # distances on each side that say what is usual
A_DAY = timedelta(days=1)  # a station that is running has a value a day at least (SamplingPlan)


@dataclass(frozen=True, slots=True)
class ComparedSeries:
    """Monthly means of something else on the same axes; months already shifted to them."""

    name: str
    means: tuple[MeanPoint, ...]


@dataclass(frozen=True, slots=True)
class ClassBand:
    """A class between two values of the axis, named as the standard writes it."""

    water_class: int
    low: float
    high: float
    name: str


def section_figure(
    *,
    indicator: MeasuredIndicator,
    body: str,
    target: int | None,
    period: Period,
    found: Series,
    compared: Sequence[ComparedSeries] = (),
    changes: Sequence[tuple[date, str]] = (),
) -> t.Figure:
    """Data and layout for Plotly; `changes`: days a rule began, with its name."""
    bottom, top = axis(indicator.code, body, target, found, compared)
    wanted = target_value(indicator.code, body, target)
    shapes, annotations = _bands(bands(indicator.code, body, bottom, top), top - bottom)
    if wanted is not None and target is not None:
        shapes.append(_across(t.drawn(wanted)))
        annotations.append(
            _note(0, t.drawn(wanted), f"目标 {WaterClass(target).label} {wanted:f}", "left")
        )
    for day, name in changes:
        if period.first <= day <= period.last:
            shapes.append(_upright(day))
            annotations.append(_over(day, name))
    return {
        "data": _traces(indicator, period, found, compared, top),
        "layout": t.layout(
            xaxis={
                "range": [str(period.first), str(period.last + timedelta(days=1))],
                **t.time_ticks(period.months),
            },
            yaxis={"range": [bottom, top], "title": {"text": indicator.unit or None}},
            shapes=shapes,
            annotations=annotations,
        ),
    }


# The axis and what lies behind the lines -------------------------------------------------


def target_value(code: str, body: str, target: int | None) -> Decimal | None:
    """The limit of the target class; None for pH (a range) and what table 1 does not class."""
    if target is None or code == "pH" or not has_limits(code, WaterBody(body)):
        return None
    return limit(code, WaterClass(target), WaterBody(body))


def axis(
    code: str, body: str, target: int | None, found: Series, compared: Sequence[ComparedSeries] = ()
) -> tuple[float, float]:
    """Ends of the value axis: all valid values and the target's limit, with some air."""
    values = [p.mean for p in found.means]
    values += [p.mean for each in compared for p in each.means]
    values += [p.value for p in (*found.automatic, *found.manual, *found.below)]
    if code == "pH":
        low, high = PH_RANGE
        return (
            t.drawn(min([low, *values]) - Decimal("0.5")),
            t.drawn(max([high, *values]) + Decimal("0.5")),
        )
    wanted = target_value(code, body, target)
    if wanted is not None:
        values.append(wanted * Decimal("1.2"))
    largest = max(values, default=Decimal(1))
    lowest = min(values, default=Decimal(0))
    bottom = lowest * Decimal("1.1") if lowest < 0 else Decimal(0)
    return t.drawn(bottom), t.drawn(largest * Decimal("1.08")) or 1.0


def bands(code: str, body: str, bottom: float, top: float) -> list[ClassBand]:
    """The classes within the axis, best first; equal limits share one band."""
    if not has_limits(code, WaterBody(body)):
        return []
    if code == "pH":
        low, high = map(t.drawn, PH_RANGE)
        return [
            ClassBand(6, bottom, low, "劣Ⅴ"),
            ClassBand(1, low, high, "Ⅰ–Ⅴ 6–9"),
            ClassBand(6, high, top, "劣Ⅴ"),
        ]
    limits: dict[Decimal, list[WaterClass]] = {}
    for each in list(WaterClass)[:5]:
        limits.setdefault(limit(code, each, WaterBody(body)), []).append(each)
    upward = code != "DO"
    found, edge = [], bottom if upward else top
    for value, classes in limits.items():
        name = "、".join(c.numeral for c in classes) + (" ≤ " if upward else " ≥ ") + f"{value:f}"
        end = t.drawn(value)
        low, high = (edge, min(end, top)) if upward else (max(end, bottom), edge)
        if high > low:
            found.append(ClassBand(classes[-1].value, low, high, name))
        edge = max(edge, end) if upward else min(edge, end)
    low, high = (edge, top) if upward else (bottom, edge)
    if high > low:
        found.append(ClassBand(6, low, high, "劣Ⅴ"))
    return found


def _bands(found: list[ClassBand], height: float) -> tuple[list[dict], list[dict]]:
    shapes = [
        {
            "type": "rect",
            "xref": "paper",
            "x0": 0,
            "x1": 1,
            "y0": band.low,
            "y1": band.high,
            "fillcolor": t.CLASS_FILLS[band.water_class],
            "opacity": 0.28,
            "line": {"width": 0},
            "layer": "below",
        }
        for band in found
    ]
    names = [
        {
            "xref": "paper",
            "x": 1.006,
            "y": (band.low + band.high) / 2,
            "text": band.name,
            "xanchor": "left",
            "showarrow": False,
            "font": {"color": t.INK},
        }
        for band in found
        if band.high - band.low >= LEAST_BAND * height
    ]
    return shapes, names


def _across(value: float) -> dict:
    line = {"color": t.TARGET, "width": 1.5, "dash": "dash"}
    return {
        "type": "line",
        "xref": "paper",
        "x0": 0,
        "x1": 1,
        "y0": value,
        "y1": value,
        "line": line,
    }


def _upright(day: date) -> dict:
    line = {"color": t.INK_2, "width": 1, "dash": "dot"}
    return {
        "type": "line",
        "yref": "paper",
        "x0": str(day),
        "x1": str(day),
        "y0": 0,
        "y1": 1,
        "line": line,
    }


def _note(x: float, y: float, text: str, anchor: str) -> dict:
    return {
        "xref": "paper",
        "x": x + 0.004,
        "y": y,
        "yanchor": "bottom",
        "xanchor": anchor,
        "text": text,
        "showarrow": False,
        "font": {"color": t.TARGET},
    }


def _over(day: date, name: str) -> dict:
    return {
        "x": str(day),
        "yref": "paper",
        "y": 1,
        "yanchor": "bottom",
        "text": f"{day:%Y-%m-%d} 起：{name}",
        "showarrow": False,
        "font": {"color": t.INK},
    }


# The lines and points --------------------------------------------------------------------


def _traces(indicator, period, found: Series, compared, top: float) -> list[dict]:
    places, unit = indicator.decimals, indicator.unit
    span = (
        "每次"
        if found.step_days == 0
        else "日均值"
        if found.step_days == 1
        else f"{found.step_days} 日均值"
    )
    traces = []
    automatic = f"自动（{span}）"
    runs = runs_of(found.automatic, max(found.step_days, 1) * A_DAY)
    if runs:
        traces.append(_line(runs, automatic, places, unit))
    for each, (colour, dash) in zip(compared, t.OTHERS, strict=False):
        line = {"color": colour, "width": 2, "dash": dash}
        traces.append(_steps(each.means, f"{each.name} 月均值", places, unit, line))
    if found.means:
        line = {"color": t.STRUCTURE, "width": 2.5}
        traces.append(_steps(found.means, "月均值", places, unit, line))
        if period.months <= t.LABELLED_MONTHS:
            traces.append(_figures(found.means, places))
    if alone := [run[0] for run in runs if len(run) == 1]:  # over the means, or they hide it
        edge = {"color": t.STRUCTURE, "width": 1}
        mark = {"symbol": "circle", "size": 6, "color": t.RAW, "line": edge}
        traces.append(_points(alone, automatic, places, unit, mark) | {"showlegend": False})
    if found.manual:
        mark = {
            "symbol": "circle",
            "size": 9,
            "color": t.PAPER,
            "line": {"color": t.STRUCTURE, "width": 1.6},
        }
        traces.append(_points(found.manual, "手工", places, unit, mark))
    if found.below:
        mark = {
            "symbol": "triangle-down-open",
            "size": 10,
            "color": t.INK_2,
            "line": {"width": 1.4},
        }
        words = [show(reported(p.value, True, places)) for p in found.below]
        trace = _points(found.below, "未检出（L）", places, unit, mark, words)
        if len(found.below) <= LABELLED_POINTS and period.months <= t.LABELLED_MONTHS:
            trace |= {"mode": "markers+text", "textposition": "top center"}
        traces.append(trace)
    if found.invalid:
        mark = {
            "symbol": "x-thin-open",
            "size": 10,
            "color": t.BAD,
            "line": {"color": t.BAD, "width": 1.6},
        }
        words = [show(reported(p.value, False, places)) for p in found.invalid]
        trace = _points(found.invalid, "无效，不参与计算", places, unit, mark, words)
        # One that lies above the axis is shown at its edge, with its true value in words.
        trace["y"] = [min(y, top * 0.985) for y in trace["y"]]
        traces.append(trace)
    return traces


def runs_of(points: Sequence[Point], longest: timedelta) -> list[Sequence[Point]]:
    """The points in runs that a line may join: between two runs nothing was measured.

    `longest`: the distance of two values at the lowest rate there is.
    """
    if not points:
        return []
    breaks = [n for n in range(1, len(points)) if _is_gap(points, n, longest)]
    return [points[i:j] for i, j in pairwise([0, *breaks, len(points)])]


def _line(runs: Sequence[Sequence[Point]], name: str, places: int, unit: str) -> dict:
    xs: list[str | None] = []
    ys: list[float | None] = []
    words: list[str | None] = []
    for number, run in enumerate(runs):
        if number:
            xs.append(_clock(runs[number - 1][-1].at + timedelta(minutes=1)))
            ys.append(None)
            words.append(None)
        xs += [_clock(point.at) for point in run]
        ys += [t.drawn(point.value) for point in run]
        words += [_words(point, places, unit) for point in run]
    return {
        "type": "scatter",
        "mode": "lines",
        "name": name,
        "x": xs,
        "y": ys,
        "text": words,
        "hoverinfo": "text",
        "connectgaps": False,
        "line": {"color": t.RAW, "width": 1},
    }


def _is_gap(points: Sequence[Point], at: int, longest: timedelta) -> bool:
    """Whether nothing was measured before point `at` where its surroundings say it should be.

    Usual is the middle one of the distances around: a gap beside another one makes neither usual.
    """
    gap = points[at].at - points[at - 1].at
    if gap > BREAK * longest:
        return True
    around = [
        points[n].at - points[n - 1].at
        for n in range(max(at - AROUND, 1), min(at + AROUND + 1, len(points)))
        if n != at
    ]
    return bool(around) and gap > BREAK * median_low(around)


def _steps(means: Sequence[MeanPoint], name: str, places: int, unit: str, line: dict) -> dict:
    """A level stroke a month; over many months they join to stairs, a month without one is a gap."""
    joined = len(means) > t.LABELLED_MONTHS
    xs: list[str | None] = []
    ys: list[float | None] = []
    words: list[str | None] = []
    for number, mean in enumerate(means):
        text = f"{mean.month:%Y-%m} {name} {concentration(mean.mean, places)} {unit}"
        if mean.water_class:
            text += f" {WaterClass(mean.water_class).label}"
        if not mean.complete:
            text += "（数据不足）"
        following = next_month(mean.month)
        xs += [str(mean.month), str(following if joined else following - timedelta(days=1))]
        ys += [t.drawn(mean.mean)] * 2
        words += [text, text]
        if not joined or number + 1 == len(means) or means[number + 1].month != following:
            xs.append(None)
            ys.append(None)
            words.append(None)
    return {
        "type": "scatter",
        "mode": "lines",
        "name": name,
        "x": xs,
        "y": ys,
        "text": words,
        "hoverinfo": "text",
        "connectgaps": False,
        "line": line,
    }


def _figures(means: Sequence[MeanPoint], places: int) -> dict:
    return {
        "type": "scatter",
        # Of marks that are not seen the figure stands off the line by their size.
        "mode": "markers+text",
        "marker": {"size": 10, "opacity": 0},
        "x": [str(m.month + timedelta(days=14)) for m in means],
        "y": [t.drawn(m.mean) for m in means],
        "text": [concentration(m.mean, places) for m in means],
        "textposition": "top center",
        # The weight is a property of the font: a <b> becomes a style attribute, which our CSP refuses.
        "textfont": {"color": t.INK, "weight": "bold"},
        "hoverinfo": "skip",
        "showlegend": False,
    }


def _points(points, name, places, unit, marker, values: list[str] | None = None) -> dict:
    """`values`: the readings in words, where they are no means of several."""
    shown = [
        _words(p, places, unit, value)
        for p, value in zip(points, values or [""] * len(points), strict=True)
    ]
    return {
        "type": "scatter",
        "mode": "markers",
        "name": name,
        "x": [_clock(p.at) for p in points],
        "y": [t.drawn(p.value) for p in points],
        "text": values or shown,
        "hovertext": [f"{name} {text}" for text in shown],
        "hoverinfo": "text",
        "marker": marker,
    }


def _words(point: Point, places: int, unit: str, value: str = "") -> str:
    """A reading with all its decimals, a mean of several rounded to the indicator's."""
    many = f"（{point.count} 次）" if point.count > 1 else ""
    if not value and point.count == 1:
        value = show(reported(point.value, False, places))
    return f"{_clock(point.at)} {value or concentration(point.value, places)} {unit}{many}"


@lru_cache(maxsize=4096)  # of a point on its axis, and in its words
def _clock(at: datetime) -> str:
    """Shanghai's clock, without a zone: Plotly draws what it reads."""
    local = timezone.localtime(at, timezone.get_default_timezone())
    return local.replace(tzinfo=None).isoformat(" ", "minutes")
