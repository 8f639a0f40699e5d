"""Dated things: [from, to) date ranges and the expression that keeps them from overlapping."""

from datetime import date

from django.db.backends.postgresql.psycopg_any import DateRange
from django.db.models import F, Func, Value

from basins.clock import today

__all__ = [
    "between",
    "covers",
    "just",
    "month_start",
    "months_between",
    "next_month",
    "today",
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
