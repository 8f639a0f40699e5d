"""Running terms over stored past months without storing anything: previews and scenarios."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

from django.db.backends.postgresql.psycopg_any import DateRange

from basins.models import Jurisdiction, River
from monitoring.models import Section
from monitoring.standards.exact import Number
from settlements import rules
from settlements.models import Agreement, Party, Term, TermSection
from settlements.money import ZERO
from settlements.reckoning.computation import (
    PART,
    Computed,
    Participant,
    Work,
    by_role,
    compute,
    level_of,
    load,
    party_of,
    periods_of,
    work_of_term,
)
from settlements.reckoning.measured import Measured


@dataclass(frozen=True, slots=True)
class PartSpec:
    """A section a term would be computed for. `share` of the rate, 0 < share ≤ 1."""

    section: Section
    upstream: Jurisdiction
    downstream: Jurisdiction
    inflow: Section | None = None
    share: Number = Decimal(1)
    reference: Section | None = None


@dataclass(frozen=True, slots=True)
class TermSpec:
    """A term as entered, not stored. `parameters` in stored form, complete."""

    rule: str
    parameters: dict[str, Any]
    in_force: DateRange
    parts: tuple[PartSpec, ...]
    number: int = 1
    # Whose rulings hold for it besides those for every agreement.
    agreement_id: int | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class PreviewLine:
    """What one section and period would yield; payer and payee None where nobody pays."""

    term: int
    section: Section
    period: date
    yearly: bool
    state: str
    complete: bool
    payer: Jurisdiction | None
    payee: Jurisdiction | None
    yuan: Decimal
    reason: str
    computed: Computed


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be computed of some terms, and who their parties are."""

    work: tuple[Work, ...]
    others: dict[str, Jurisdiction]

    def lines(self, found: Measured | None = None) -> list[PreviewLine]:
        """What every period yields, in order; `found` as in `compute`."""
        work = list(self.work)
        lines = [
            line
            for item, computed in zip(
                [item for item in work for _ in item.periods],
                compute(work, found, digests=False),
                strict=True,
            )
            for line in _lines(item, computed, self.others)
        ]
        return sorted(lines, key=lambda line: (line.period, line.section.pk, line.term))


def plan(
    river: River,
    terms: list[TermSpec],
    parties: Sequence[Jurisdiction] = (),
    treasury: Jurisdiction | None = None,
) -> Plan:
    """The periods of the terms, nothing computed yet: no SQL query.

    treasury: the party that stands in for one where no party is of that level. Raises
    ParameterErrors for parameters the rule refuses and UnknownRule for a rule there is not.
    """
    fill = Party.Role.MUNICIPAL_FILL
    roles = [(p, fill if p == treasury else Party.Role.SIGNATORY) for p in parties]
    others = by_role(roles)
    everyone = [(p.code, p.name, level_of(p.level, role)) for p, role in roles]
    return Plan(tuple(item for spec in terms for item in _work(river, spec, everyone)), others)


def load_for(plans: Iterable[Plan]) -> Measured:
    """What all the plans need, loaded at once: 4 to 6 SQL queries whatever their number."""
    return load([item for each in plans for item in each.work])


def preview(
    river: River,
    terms: list[TermSpec],
    parties: Sequence[Jurisdiction] = (),
    found: Measured | None = None,
    treasury: Jurisdiction | None = None,
) -> list[PreviewLine]:
    """What the terms would have yielded in every past period they cover, in order.

    4 to 6 SQL queries whatever their number, none with `found`; nothing is stored. Raises as
    `plan` does.
    """
    return plan(river, terms, parties, treasury).lines(found)


def spec_of(term: Term, parts: Iterable[TermSection] | None = None) -> TermSpec:
    """A stored term as a spec: 1 SQL query, none with its `parts` and their places."""
    if parts is None:
        parts = term.sections.select_related(*PART)
    return TermSpec(
        rule=term.rule,
        parameters=term.parameters,
        in_force=term.in_force,
        number=term.number,
        agreement_id=term.agreement_id,
        parts=tuple(
            PartSpec(p.section, p.upstream, p.downstream, p.inflow, p.share, p.reference)
            for p in parts
        ),
    )


def _work(river: River, spec: TermSpec, everyone: list[Participant]) -> list[Work]:
    term = Term(
        agreement=Agreement(pk=spec.agreement_id, river=river),
        number=spec.number,
        rule=spec.rule,
        rule_revision=rules.get(spec.rule).revision,
        parameters=spec.parameters,
        in_force=spec.in_force,
    )
    rows = [
        TermSection(
            term=term,
            section=part.section,
            upstream=part.upstream,
            downstream=part.downstream,
            inflow=part.inflow,
            reference=part.reference,
            share=part.share,
        )
        for part in spec.parts
    ]
    found = [work.over(periods_of(work, None)) for work in work_of_term(term, rows, everyone)]
    return [work for work in found if work.periods]


def _lines(item: Work, computed: Computed, others) -> list[PreviewLine]:
    outcome, facts = computed.outcome, computed.facts
    common: dict[str, Any] = {
        "term": item.term.number,
        "section": item.part.section,
        "period": computed.period,
        "yearly": facts.granularity == "year",
        "state": outcome.state.value,
        "complete": facts.complete,
        "computed": computed,
    }
    if not outcome.transfers:
        return [PreviewLine(**common, payer=None, payee=None, yuan=ZERO, reason="")]
    return [
        PreviewLine(
            **common,
            payer=party_of(item.part, t.payer, others),
            payee=party_of(item.part, t.payee, others),
            yuan=t.yuan,
            reason=t.reason,
        )
        for t in outcome.transfers
    ]
