"""The facts of a term's periods as its rule is given them.

What was measured, with other months' values where the term lets them stand in for missing
ones (`settlements.rules.substitution`), and with the days that a month not wholly in force
counts. Reads nothing: the months are asked for one by one.
"""

from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import date

from settlements.models import Term
from settlements.reckoning.periods import days_in_force
from settlements.rules import Rule
from settlements.rules.facts import Facts, Granularity
from settlements.rules.substitution import filled


def facts_of_periods(
    term: Term, rule: Rule, periods: Iterable[date], facts_of: Callable[[date], Facts]
) -> list[Facts]:
    """The facts of each period, in order. `facts_of`: those of one, as measured."""
    if not rule.filling.substitutes:
        return [_counted(term, rule, facts_of(period)) for period in periods]
    kept: dict[date, Facts] = {}

    def month_of(month: date) -> Facts | None:
        if not days_in_force(term.in_force, month):
            return None
        if month not in kept:
            kept[month] = facts_of(month)
        return kept[month]

    answer = []
    for period in periods:
        facts = kept[period] = kept.get(period) or facts_of(period)
        answer.append(_counted(term, rule, filled(facts, rule.filling, month_of)))
    return answer


def _counted(term: Term, rule: Rule, facts: Facts) -> Facts:
    """With the days the month counts, where it counts by them and is not whole."""
    if facts.granularity is Granularity.YEAR or rule.part_month != "by_days":
        return facts
    days = days_in_force(term.in_force, facts.period)
    if days >= facts.days_in_period:
        return facts
    before = max(0, (term.in_force.lower - facts.period).days)
    return replace(facts, days_in_force=days, days_before=before)
