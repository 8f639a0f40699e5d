"""Months published under a term that an amendment has since cut off or ended.

Such an accrual stays where it was published: it remains the one live accrual of its section
and period, and keeps its term. What is in force now finds for that section and period is no
accrual of its own but a proposed Adjustment against the published one. See decision 0006.
"""

import hashlib
import json
from collections import defaultdict
from dataclasses import dataclass, replace
from datetime import date

from django.db.models import F, QuerySet

from basins.models import Jurisdiction
from basins.ranges import covers
from settlements import rules
from settlements.accruals.services.proposals import Finding
from settlements.models import Accrual, Agreement, Term, TermSection
from settlements.reckoning.computation import party_of
from settlements.rules.base import MonthState, Outcome, Step

Key = tuple[int, date]  # a section of a term, and a period
ENDED = "ended"  # key of the one step that says nothing is in force any more


@dataclass(frozen=True, slots=True)
class SupersededAccruals:
    """`answered`: the term section in force now and the period → the published accrual it
    answers to. `dropped`: published accruals that no section in force answers to."""

    answered: dict[Key, Accrual]
    dropped: tuple[Accrual, ...]


def superseded_accruals(agreement: Agreement) -> QuerySet[Accrual]:
    """Published, confirmed or settled accruals after the end of their term.

    A term's first day never moves, so its end is all there is to look at.
    """
    return Accrual.objects.filter(
        term__agreement=agreement, term__in_force__endswith__lte=F("period")
    ).exclude(state__in=Accrual.OPEN)


def superseded_of(agreement: Agreement) -> SupersededAccruals:
    """Which section in force answers to which published accrual: 1 SQL query where there is
    none, else 3.

    The same section between the same parties; failing that the same section, for parties
    that were replaced.
    """
    by_period: dict[tuple[str, date], list[Accrual]] = defaultdict(list)
    for accrual in (
        superseded_accruals(agreement)
        .select_related("term", "term_section__section")
        .order_by("period", "term_section")
    ):
        by_period[accrual.term.strand, accrual.period].append(accrual)
    if not by_period:
        return SupersededAccruals({}, ())
    terms = list(agreement.terms.order_by("number").prefetch_related("sections"))
    answered: dict[Key, Accrual] = {}
    dropped: list[Accrual] = []
    for (strand, period), accruals in by_period.items():
        parts = _parts(terms, strand, period)
        left = []
        for accrual in accruals:
            if part := _take(parts, accrual.term_section, parties=True):
                answered[part.pk, period] = accrual
            else:
                left.append(accrual)
        for accrual in left:
            if part := _take(parts, accrual.term_section, parties=False):
                answered[part.pk, period] = accrual
            else:
                dropped.append(accrual)
    return SupersededAccruals(answered, tuple(dropped))


def _parts(terms: list[Term], strand: str, period: date) -> list[TermSection]:
    return [
        part
        for term in terms
        if term.strand == strand and covers(term.in_force, period)
        for part in term.sections.all()
    ]


def _take(parts: list[TermSection], like: TermSection, *, parties: bool) -> TermSection | None:
    """The part for the same section (and parties), taken out of `parts`."""
    for part in parts:
        same = part.section_id == like.section_id and (
            not parties
            or (part.upstream_id, part.downstream_id) == (like.upstream_id, like.downstream_id)
        )
        if same:
            parts.remove(part)
            return part
    return None


def in_codes(outcome: Outcome, part: TermSection, others: dict[str, Jurisdiction]) -> Outcome:
    """The outcome with party codes in place of roles: it is kept with another's accrual,
    whose 上游 and 下游 may not be this section's."""
    return replace(
        outcome,
        transfers=tuple(
            replace(
                t,
                payer=party_of(part, t.payer, others).code,
                payee=party_of(part, t.payee, others).code,
            )
            for t in outcome.transfers
        ),
    )


def dropped_findings(dropped: tuple[Accrual, ...]) -> list[Finding]:
    """That nobody pays anything, for accruals no section in force answers to."""
    return [
        Finding(
            accrual=accrual,
            outcome=(outcome := nothing(accrual)),
            inputs=accrual.inputs,
            digest=_digest(accrual, outcome),
            cause=f"第 {accrual.term.number} 条款期止于 {accrual.term.in_force.upper} 前",
        )
        for accrual in dropped
        if accrual.transfers.exists()
    ]


def nothing(accrual: Accrual) -> Outcome:
    """What a section and period comes to once no clause is in force for it."""
    term = accrual.term
    step = Step(
        key=ENDED,
        title="条款已不适用",
        text=(
            f"第 {term.number} 条款期已修订为止于 {term.in_force.upper} 前；"
            "此后没有条款适用于这一断面，故互不补偿。"
        ),
        result="0",
        result_note="万元",
    )
    return Outcome(
        rule=term.rule,
        revision=rules.get(term.rule).revision,
        state=MonthState.EXCLUDED,
        transfers=(),
        steps=(step,),
    )


def _digest(accrual: Accrual, outcome: Outcome) -> str:
    said = [accrual.input_digest, ENDED, accrual.term.in_force.upper.isoformat(), outcome.revision]
    return hashlib.sha256(json.dumps(said).encode()).hexdigest()
