"""Dated things: [from, to) date ranges and the expression that keeps them from overlapping."""

from datetime import date, timedelta

from django.db.backends.postgresql.psycopg_any import DateRange
from django.db.models import F, Func, Value

from basins.clock import today

__all__ = [
    "between",
    "covers",
    "just",
    "last_day",
    "month_start",
    "months_before",
    "months_between",
    "months_later",
    "months_of",
    "next_month",
    "today",
    "year_start",
]


def just(field: str) -> Func:
    """int8range holding the one value of `field`.

    Lets an exclusion constraint compare for equality without the btree_gist extension.
    """
    return Func(F(field), F(field), Value("[]"), function="int8range")


def between(start: date | None, end: date | None = None) -> DateRange:
    """[start, end): the day `end` itself no longer belongs to it; None is open."""
    return DateRange(start, end, "[)")


def month_start(day: date) -> date:
    return day.replace(day=1)


def next_month(day: date) -> date:
    """First day of the month after the one `day` lies in."""
    return date(day.year + day.month // 12, day.month % 12 + 1, 1)


def months_later(month: date, count: int) -> date:
    """First day of the month `count` months after the one `month` lies in; before it for < 0."""
    number = month.year * 12 + month.month - 1 + count
    return date(number // 12, number % 12 + 1, 1)


def months_before(month: date, count: int = 1) -> date:
    """First day of the month `count` months before the one `month` lies in."""
    return months_later(month, -count)


def year_start(year: int) -> date:
    """1 January: the period of what is computed for a whole year."""
    return date(year, 1, 1)


def months_of(year: int) -> tuple[date, date]:
    """First and last period of a year, for `period__range`: 1 January and 1 December."""
    return date(year, 1, 1), date(year, 12, 1)


def last_day(end: date | None) -> date | None:
    """The last day of [from, end); None is open."""
    return None if end is None else end - timedelta(days=1)


def months_between(first: date, last: date) -> list[date]:
    """First days of the months from `first`'s to `last`'s, both included."""
    months, month = [], month_start(first)
    while month <= last:
        months.append(month)
        month = next_month(month)
    return months


def covers(span: DateRange, day: date) -> bool:
    """Whether [from, to) `span` holds `day`; an open end holds everything on its side."""
    return (span.lower is None or span.lower <= day) and (span.upper is None or day < span.upper)
