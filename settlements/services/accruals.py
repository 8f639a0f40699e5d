"""月核算: computing accruals again for just the periods that something touched."""

import hashlib
import json
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from django.db import transaction
from django.utils import timezone

from basins.ranges import covers, next_month
from settlements import rules
from settlements.models import Accrual, Adjustment, Agreement, Term, TermSection, Transfer
from settlements.queries.facts import Measured, measured, month_facts, year_facts
from settlements.rules.base import DOWNSTREAM, UPSTREAM, Outcome, Step
from settlements.rules.caps import apply_cap
from settlements.rules.facts import Facts, Granularity, MissingFact, MonthState
from settlements.services.periods import last_month, months_due
from settlements.services.settlements import resettle

SectionMonth = tuple[int, date]


@dataclass(frozen=True, slots=True)
class Computed:
    """One accrual as the rule finds it now, and the digest of everything it was found from."""

    part: TermSection
    period: date
    facts: Facts
    outcome: Outcome
    digest: str


def agreements_touched(changed: Iterable[SectionMonth]) -> dict[int, set[SectionMonth]]:
    """Agreement id → the changed section-months that may feed it, as section or inflow."""
    pairs = set(changed)
    touched: dict[int, set[SectionMonth]] = defaultdict(set)
    sections = {section_id for section_id, _ in pairs}
    parts = TermSection.objects.filter(term__agreement__state=Agreement.State.ACTIVE).values_list(
        "term__agreement_id", "section_id", "inflow_id"
    )
    for agreement_id, section_id, inflow_id in parts:
        for own in {section_id, inflow_id} & sections:
            touched[agreement_id] |= {p for p in pairs if p[0] == own}
    return touched


@transaction.atomic
def accrue_changed(changed: Iterable[SectionMonth]) -> int:
    """Recompute the accruals those section-months feed, and the settlements over them.

    Agreements are locked in the order of their ids, so two workers never wait in a ring and
    the second sees what the first committed. Returns how many accruals are different now.
    """
    touched = agreements_touched(changed)
    different = 0
    for agreement in _locked(touched):
        different += _accrue(agreement, touched[agreement.pk])
    return different


@transaction.atomic
def accrue_agreement(*, agreement: Agreement) -> int:
    """Compute every period of every term up to the last month again, gaps included."""
    (agreement,) = _locked([agreement.pk])
    return _accrue(agreement, None)


def _locked(ids: Iterable[int]) -> list[Agreement]:
    return list(
        Agreement.objects.filter(pk__in=ids, state=Agreement.State.ACTIVE)
        .select_related("river")
        .order_by("pk")
        .select_for_update(of=("self",), no_key=True)
    )


def _accrue(agreement: Agreement, changed: set[SectionMonth] | None) -> int:
    """`changed` None: everything. Otherwise only the periods those section-months feed."""
    work = []
    for term in agreement.terms.order_by("number"):
        term.agreement = agreement
        module = rules.get(term.rule)
        parameters = module.Parameters.from_json(term.parameters)
        for part in term.sections.select_related("section", "upstream", "downstream", "inflow"):
            periods = _periods(term, module, parameters, part, changed)
            if periods:
                work.append((term, part, module, parameters, periods))
    if not work:
        return 0
    found = _load(work)
    stored = {
        (a.term_section_id, a.period): a
        for a in Accrual.objects.filter(term_section__in=[part.pk for _, part, *_ in work]).only(
            "term_section_id", "period", "input_digest", "state"
        )
    }
    fresh, years = [], set()
    for term, part, module, parameters, periods in work:
        for computed in _compute(found, term, part, module, parameters, periods):
            before = stored.get((part.pk, computed.period))
            if before is None or before.input_digest != computed.digest:
                fresh.append((before, computed))
                years.add(computed.period.year)
    _write(fresh)
    resettle(agreement=agreement, years=years)
    return len(fresh)


def _periods(term: Term, module, parameters, part: TermSection, changed) -> list[date]:
    """Periods of the term to compute, in order: all up to the last month for `changed` None,
    else those that the changed section-months feed."""
    yearly = module.granularity(parameters) is Granularity.YEAR
    due = months_due(term)
    if changed is not None:
        fed = _fed(module, part, changed)
        # The running month is computed once it has readings, and shown as preliminary.
        if (running := next_month(last_month())) in fed and covers(term.in_force, running):
            due.append(running)
        if base_years(parameters) & {m.year for m in fed}:
            fed |= set(due)
        if yearly or getattr(parameters, "yearly_cap", None) is not None:
            years = {m.year for m in fed}
            due = [m for m in due if m.year in years]
        else:
            due = [m for m in due if m in fed]
    if yearly:
        return sorted({date(m.year, 1, 1) for m in due})
    return due


def _fed(module, part: TermSection, changed: set[SectionMonth]) -> set[date]:
    """Months whose facts hold a changed month: itself, and the same month a year later."""
    own = {month for section, month in changed if section in (part.section_id, part.inflow_id)}
    if module.NEEDS & {"last_year_class", "last_year_means"}:
        own |= {m.replace(year=m.year + 1) for m in own}
    return own


def base_years(parameters) -> set[int]:
    """The years whose mean the term takes as its base; empty for a rule without one."""
    first, last = getattr(parameters, "base_from", None), getattr(parameters, "base_to", None)
    return set(range(first, last + 1)) if first and last else set()


def _load(work) -> Measured:
    """Everything the facts of `work` can need: 3 queries."""
    sections, years = set(), set()
    for _, part, _, parameters, periods in work:
        sections |= {part.section_id} | ({part.inflow_id} if part.inflow_id else set())
        years |= {p.year for p in periods} | {p.year - 1 for p in periods}
        years |= base_years(parameters)
    return measured(sections, date(min(years), 1, 1), date(max(years), 12, 1))


def _compute(found: Measured, term, part, module, parameters, periods) -> list[Computed]:
    yearly = module.granularity(parameters) is Granularity.YEAR
    base = base_years(parameters)
    facts = [
        year_facts(found, term, part, p.year, module.NEEDS, base)
        if yearly
        else month_facts(found, term, part, p, module.NEEDS, base)
        for p in periods
    ]
    outcomes = [_outcome(module, f, parameters) for f in facts]
    cap = getattr(parameters, "yearly_cap", None)
    if cap is not None:
        for year in {p.year for p in periods}:
            at = [i for i, p in enumerate(periods) if p.year == year]
            capped = apply_cap(
                [outcomes[i] for i in at], cap, clause=parameters.source("yearly_cap")
            )
            for i, outcome in zip(at, capped, strict=True):
                outcomes[i] = outcome
    return [
        Computed(part, p, f, o, _digest(term, part, module, f, o, capped=cap is not None))
        for p, f, o in zip(periods, facts, outcomes, strict=True)
    ]


def _outcome(module, facts: Facts, parameters) -> Outcome:
    """The rule's finding; where it refuses for want of a fact, a month without a result
    that says so, in the rule's own words."""
    try:
        return module.evaluate(facts, parameters)
    except MissingFact as error:
        step = Step(key="missing", title="缺少核算依据", text=str(error), result="未核算")
        return Outcome(module.CODE, module.REVISION, MonthState.NO_DATA, (), (step,))


def _digest(term, part, module, facts: Facts, outcome: Outcome, *, capped: bool) -> str:
    """SHA-256 over all that decides the accrual. Under a yearly cap the other months decide
    too, so the transfers go in."""
    inputs = {
        "facts": facts.to_json(),
        "parameters": term.parameters,
        "rule": [module.CODE, module.REVISION],
        "parties": [part.upstream.code, part.downstream.code],
        "capped": [t.to_json() for t in outcome.transfers] if capped else None,
    }
    text = json.dumps(inputs, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def _write(fresh: list[tuple[Accrual | None, Computed]]) -> None:
    """Open accruals are replaced; published and settled ones stay and get a proposal."""
    new, changed = [], []
    for before, computed in fresh:
        if before is not None and before.state not in Accrual.OPEN:
            Adjustment.objects.get_or_create(
                accrual_id=before.pk,
                input_digest=computed.digest,
                defaults={
                    "outcome": computed.outcome.to_json(),
                    "inputs": computed.facts.to_json(),
                },
            )
            continue
        accrual = _accrual(computed)
        if before is None:
            new.append((accrual, computed))
        else:
            accrual.pk = before.pk
            changed.append((accrual, computed))
    Accrual.objects.bulk_create([a for a, _ in new], batch_size=500)
    if changed:
        Accrual.objects.bulk_update([a for a, _ in changed], COMPUTED, batch_size=200)
        Transfer.objects.filter(accrual__in=[a.pk for a, _ in changed]).delete()
    Transfer.objects.bulk_create(
        (
            Transfer(
                accrual=accrual,
                payer=_party(computed.part, t.payer),
                payee=_party(computed.part, t.payee),
                yuan=t.yuan,
                reason=t.reason,
            )
            for accrual, computed in new + changed
            for t in computed.outcome.transfers
        ),
        batch_size=1000,
    )


COMPUTED = [
    "month_state",
    "water_class",
    "complete",
    "steps",
    "inputs",
    "input_digest",
    "rule_revision",
    "computed_at",
]


def _accrual(computed: Computed) -> Accrual:
    facts, outcome = computed.facts, computed.outcome
    return Accrual(
        term_id=computed.part.term_id,
        term_section=computed.part,
        period=computed.period,
        yearly=facts.granularity is Granularity.YEAR,
        month_state=outcome.state.value,
        water_class=facts.water_class.value if facts.water_class else None,
        complete=facts.complete,
        steps=[step.to_json() for step in outcome.steps],
        inputs=facts.to_json(),
        input_digest=computed.digest,
        rule_revision=outcome.revision,
        computed_at=timezone.now(),
    )


def _party(part: TermSection, role: str):
    return {UPSTREAM: part.upstream, DOWNSTREAM: part.downstream}[role]
