"""A month that is only partly in force counts by its days (不足整月), where the term says so."""

from __future__ import annotations

from fractions import Fraction

from settlements.rules.base import Outcome
from settlements.rules.facts import Facts
from settlements.rules.parameters import Parameters


def counted(outcome: Outcome, facts: Facts, parameters: Parameters) -> Outcome:
    """The outcome times the part of the month that the term covers, with its line.

    Unchanged for a month wholly in force, and where nobody pays. Comes before a yearly cap.
    """
    if facts.days_in_force is None or not outcome.transfers:
        return outcome
    days, whole = facts.days_in_force, facts.days_in_period
    return outcome.scaled(
        Fraction(days, whole),
        after=Fraction(facts.days_before, whole),
        because=f"条款在{facts.period_label}有效 {days} 日，全月 {whole} 日",
        shown=f"{days}/{whole}",
        clause=parameters.source("part_month"),
    )
