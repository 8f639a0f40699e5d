"""节假日历 as its page shows it: a year's days, and what was changed in it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import groupby

from django.db.models import QuerySet

from basins.clock import today
from basins.models import CalendarAct, CalendarChange, CalendarDay
from basins.services.working_days import holds_a_notice, statutory

WEEK = "一二三四五六日"


@dataclass(frozen=True, slots=True)
class GridDay:
    """One square of a month; `kind`: holiday, workday, weekend or ''."""

    day: int
    date: date
    kind: str
    label: str  # what a reader hears


@dataclass(frozen=True, slots=True)
class GridMonth:
    number: int
    weeks: tuple[tuple[GridDay | None, ...], ...]
    working: int


@dataclass(frozen=True, slots=True)
class Span:
    """Free days in a row under one name, with the days worked for them."""

    name: str
    first: date
    last: date
    made_up: tuple[date, ...]
    source: str

    @property
    def days(self) -> int:
        return (self.last - self.first).days + 1


@dataclass(frozen=True, slots=True)
class CalendarYear:
    year: int
    years: tuple[int, ...]
    announced: bool
    entered: bool  # False: worked out from the law alone, nothing in the table
    # Not announced: what is entered stands beside the statutory days.
    spans: tuple[Span, ...]
    months: tuple[GridMonth, ...]
    changes: tuple[CalendarChange, ...]

    @property
    def previous(self) -> int | None:
        return max((y for y in self.years if y < self.year), default=None)

    @property
    def next(self) -> int | None:
        return min((y for y in self.years if y > self.year), default=None)

    @property
    def working(self) -> int:
        return sum(m.working for m in self.months)

    @property
    def sources(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(s.source for s in self.spans))


def calendar_year(wanted: int | None = None) -> CalendarYear:
    """The wanted year, or this one: 3 SQL queries. Everyone who is signed in may see it."""
    found = {d.year for d in CalendarDay.objects.order_by().dates("date", "year")}
    found |= {today().year, today().year + 1}
    year = wanted if wanted is not None and wanted in found else today().year
    days = list(CalendarDay.objects.filter(date__year=year).order_by("date"))
    entered = bool(days)
    announced = any(d.announced for d in days) and holds_a_notice(
        year, {d.date: d.kind for d in days}
    )
    by_date = {d.date: d for d in days}
    if not announced:
        by_date = {
            day: CalendarDay(
                date=day, kind="holiday", name=name, source="法定假日推算", announced=False
            )
            for day, name in statutory(year).items()
        } | by_date
        days = [by_date[day] for day in sorted(by_date)]
    return CalendarYear(
        year=year,
        years=tuple(sorted(found, reverse=True)),
        announced=announced,
        entered=entered,
        spans=_spans(days),
        months=tuple(_month(year, number, by_date) for number in range(1, 13)),
        changes=tuple(
            CalendarChange.objects.filter(date__year=year)
            .select_related("by", "second")
            .order_by("-at", "date")[:100]
        ),
    )


def calendar_acts() -> QuerySet[CalendarAct]:
    """Proposals, the newest first, for administrators."""
    return CalendarAct.objects.select_related("proposed_by", "decided_by").order_by("-pk")


def _spans(days: Sequence[CalendarDay]) -> tuple[Span, ...]:
    free = [d for d in days if d.kind == CalendarDay.Kind.HOLIDAY]
    worked = [d for d in days if d.kind == CalendarDay.Kind.WORKDAY]
    runs: list[list[CalendarDay]] = []
    for day in free:
        if runs and day.date - runs[-1][-1].date == timedelta(1) and day.name == runs[-1][0].name:
            runs[-1].append(day)
        else:
            runs.append([day])
    made_up = {
        name: tuple(d.date for d in group)
        for name, group in groupby(sorted(worked, key=lambda d: (d.name, d.date)), lambda d: d.name)
    }
    spans = [
        Span(run[0].name, run[0].date, run[-1].date, made_up.pop(run[0].name, ()), run[0].source)
        for run in runs
    ]
    # Worked in this year for days free in the next, or for a holiday named otherwise.
    spans += [Span(f"{name}（调休）", d[0], d[0], d, "") for name, d in made_up.items()]
    return tuple(spans)


def _month(year: int, number: int, days: dict[date, CalendarDay]) -> GridMonth:
    first = date(year, number, 1)
    squares: list[GridDay | None] = [None] * first.weekday()
    day, working = first, 0
    while day.month == number:
        square = _square(day, days.get(day))
        working += square.kind in ("", "workday")
        squares.append(square)
        day += timedelta(1)
    squares += [None] * (-len(squares) % 7)
    weeks = tuple(tuple(squares[i : i + 7]) for i in range(0, len(squares), 7))
    return GridMonth(number, weeks, working)


def _square(day: date, held: CalendarDay | None) -> GridDay:
    if held is not None:
        kind, words = held.kind, f"{held.get_kind_display()} {held.name}"
    elif day.weekday() >= 5:
        kind, words = "weekend", "周末"
    else:
        kind, words = "", "工作日"
    label = f"{day.month}月{day.day}日 星期{WEEK[day.weekday()]} {words}"
    return GridDay(day.day, day, kind, label)
