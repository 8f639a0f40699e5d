"""Which months and years a term is due for."""

from collections.abc import Iterable, Sequence
from datetime import date
from itertools import groupby

from django.db.backends.postgresql.psycopg_any import DateRange
from django.db.models import QuerySet

from basins.ranges import (
    covers,
    months_before,
    months_between,
    months_of,
    next_month,
    today,
    year_start,
)
from settlements import rules
from settlements.models import Agreement, Term, TermSection
from settlements.reckoning.asked import accruing_parts
from settlements.rules import Rule


def last_month() -> date:
    """First day of the last month that is over, in Asia/Shanghai."""
    return months_before(today())


def months_due(term: Term, rule: Rule, *, year: int | None = None) -> list[date]:
    """The months that are over and count under the term, in order; with `year` those of it.

    Of months it does not wholly cover, those whose first day it does, or by its parameter
    part_month every one (by_days) or none.
    """
    first, last, end = term.in_force.lower, last_month(), term.in_force.upper
    if end:
        last = min(last, end)
    if year is not None:
        begins, ends = months_of(year)
        first, last = max(first, begins), min(last, ends)
    return [m for m in months_between(first, last) if _counts(term.in_force, m, rule.part_month)]


def _counts(span: DateRange, month: date, how: str) -> bool:
    if how == "first_day":
        return covers(span, month)
    days = days_in_force(span, month)
    return days > 0 if how == "by_days" else days == (next_month(month) - month).days


def days_in_force(span: DateRange, month: date) -> int:
    """How many days of the month lie within the dates."""
    first, end = month, next_month(month)
    first = max(first, span.lower) if span.lower else first
    end = min(end, span.upper) if span.upper else end
    return max(0, (end - first).days)


def periods_due(term: Term, *, year: int | None = None) -> list[date]:
    """First days of the months, or of the years for a rule that settles years."""
    rule = rules.read(term.rule, term.parameters)
    months = months_due(term, rule, year=year)
    if rule.yearly:
        return sorted({year_start(m.year) for m in months})
    return months


def parts_due(term: Term) -> Sequence[TermSection]:
    """The sections with accruals of their own: of a collective term only its first."""
    return accruing_parts(rules.read(term.rule, term.parameters), list(term.sections.all()))


def sections_of(agreement: Agreement) -> QuerySet[TermSection]:
    """The sections of its terms, term by term as they are numbered."""
    parts = TermSection.objects.filter(term__agreement=agreement)
    return parts.select_related("term", "section").order_by("term__number", "section__km", "pk")


def due_in_year(sections: Iterable[TermSection], year: int) -> list[tuple[TermSection, date]]:
    """Every section and period that an agreement's terms are due for in a year: of its
    `sections_of`."""
    found = []
    for _, parts in groupby(sections, key=lambda part: part.term_id):
        own = list(parts)
        term = own[0].term
        if periods := periods_due(term, year=year):
            rule = rules.read(term.rule, term.parameters)
            found += [(part, period) for part in accruing_parts(rule, own) for period in periods]
    return found
