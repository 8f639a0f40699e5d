"""Which months and years a term is due for."""

from datetime import date, timedelta

from basins.ranges import covers, month_start, months_between, today
from settlements import rules
from settlements.models import Agreement, Term, TermSection
from settlements.rules.facts import Granularity


def last_month() -> date:
    """First day of the last month that is over, in Asia/Shanghai."""
    return month_start(month_start(today()) - timedelta(days=1))


def months_due(term: Term) -> list[date]:
    """The months that are over and whose first day the term covers, in order."""
    last, end = last_month(), term.in_force.upper
    months = months_between(term.in_force.lower, min(last, end) if end else last)
    return [m for m in months if covers(term.in_force, m)]


def periods_due(term: Term) -> list[date]:
    """First days of the months, or of the years for a rule that settles years."""
    module = rules.get(term.rule)
    months = months_due(term)
    if module.granularity(module.Parameters.from_json(term.parameters)) is Granularity.YEAR:
        return sorted({date(m.year, 1, 1) for m in months})
    return months


def due_in_year(agreement: Agreement, year: int) -> list[tuple[TermSection, date]]:
    """Every section and period the agreement's terms are due for in a year."""
    return [
        (part, period)
        for term in agreement.terms.order_by("number")
        for part in term.sections.select_related("section")
        for period in periods_due(term)
        if period.year == year
    ]
