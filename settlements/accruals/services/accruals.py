"""月核算: computing accruals again for just the periods that something touched."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date

from django.db import transaction

from basins.clock import now
from basins.models import Jurisdiction
from monitoring.models import Section
from settlements.accruals.services.nets import resettle
from settlements.accruals.services.proposals import Finding, Holding, holding, propose
from settlements.accruals.services.superseded import dropped_findings, in_codes, superseded_of
from settlements.models import Accrual, Agreement, FuseTrip, TermSection, Transfer
from settlements.reckoning.computation import (
    Computed,
    SectionMonth,
    compute,
    other_parties,
    party_of,
    work_of,
)
from settlements.rules.facts import Granularity


def agreements_touched(changed: Iterable[SectionMonth]) -> dict[int, set[SectionMonth]]:
    """Agreement id → the changed section-months that may feed it, whatever they are to it."""
    pairs = set(changed)
    touched: dict[int, set[SectionMonth]] = defaultdict(set)
    sections = {section_id for section_id, _ in pairs}
    parts = TermSection.objects.filter(term__agreement__state=Agreement.State.ACTIVE).values_list(
        "term__agreement_id", "section_id", "inflow_id", "reference_id",
        "section__predecessor_id", "inflow__predecessor_id",
    )  # fmt: skip
    before: dict[int, int] = {}
    for agreement_id, *of_part in parts:
        own = {section for section in of_part if section is not None}
        if of_part[-2:] != [None, None]:  # what stood there before feeds it, too
            before = before or dict(predecessors())
            own |= {each for section in own for each in _stood_before(section, before)}
        for section in own & sections:
            touched[agreement_id] |= {p for p in pairs if p[0] == section}
    return touched


def predecessors() -> Iterable[tuple[int, int]]:
    """Section id → that of the section it took the place of: 1 SQL query."""
    return Section.objects.filter(predecessor__isnull=False).values_list("pk", "predecessor_id")


def _stood_before(section: int, before: Mapping[int, int]) -> Iterator[int]:
    while (found := before.get(section)) is not None:
        yield found
        section = found


@transaction.atomic
def accrue_changed(changed: Iterable[SectionMonth]) -> int:
    """Recompute the accruals those section-months feed, and the settlements over them.

    Agreements are locked in the order of their ids, so two workers never wait in a ring and
    the second sees what the first committed. Returns how many accruals are different now.
    """
    touched = agreements_touched(changed)
    different, findings = 0, []
    agreements = _locked(touched)
    # Asked once they are locked: a run that stopped while this one waited has committed by now.
    stopped = set(
        FuseTrip.objects.filter(agreement__in=list(touched), state__in=FuseTrip.OPEN).values_list(
            "agreement_id", flat=True
        )
    )
    for agreement in agreements:
        # A stopped agreement is looked at whole: the stop may be over, or be another one now.
        done = _accrue(agreement, None if agreement.pk in stopped else touched[agreement.pk])
        different += done.different
        findings += done.findings
    propose(findings)
    return different


@transaction.atomic
def accrue_agreement(*, agreement: Agreement, fused: bool = True) -> int:
    """Compute every period of every term up to the last month again, gaps included.

    `fused` False: a person has seen which published months change (settlements.accruals.services.proposals).
    """
    (agreement,) = _locked([agreement.pk])
    done = _accrue(agreement, None)
    propose(done.findings, fused=fused)
    return done.different


@dataclass(frozen=True, slots=True)
class Accrued:
    """How many accruals are different now, and what was found of those that are published."""

    different: int
    findings: list[Finding]


def _locked(ids: Iterable[int]) -> list[Agreement]:
    return list(
        Agreement.objects.filter(pk__in=ids, state=Agreement.State.ACTIVE)
        .select_related("river")
        .order_by("pk")
        .select_for_update(of=("self",), no_key=True)
    )


def _accrue(agreement: Agreement, changed: set[SectionMonth] | None) -> Accrued:
    """`changed` None: everything. Otherwise only the periods those section-months feed."""
    work = work_of(agreement, changed=changed)
    if not work and changed is not None:
        return Accrued(0, [])
    stored = {
        (a.term_section_id, a.period): a
        for a in Accrual.objects.filter(term_section__in=[item.part.pk for item in work]).only(
            "term_section_id", "period", "input_digest", "state"
        )
    }
    others = other_parties(agreement)
    # Asked for everything, also what comes out otherwise of the same inputs is written: the
    # reckoning itself may have changed since.
    held = holding(a.pk for a in stored.values()) if changed is None else {}
    # A period published under an earlier term keeps that accrual: what is found of it under
    # the term now in force is a proposal.
    superseded = superseded_of(agreement)
    stored |= superseded.answered
    fresh, fixed, years = [], [], set()
    for computed in compute(work):
        before = stored.get((computed.part.pk, computed.period))
        if before is not None and before.state not in Accrual.OPEN:
            fixed.append((before, computed))
        elif (
            before is None
            or before.input_digest != computed.digest
            or (
                before.pk in held
                and held[before.pk] != Holding.of(in_codes(computed.outcome, computed.part, others))
            )
        ):
            fresh.append((before, computed))
            years.add(computed.period.year)
    findings = _findings(fixed, others)
    if changed is None:
        years |= _drop_stale(agreement, {(i.part.pk, p) for i in work for p in i.periods})
        findings += dropped_findings(superseded.dropped)
    _write(fresh, others)
    resettle(agreement=agreement, years=years)
    return Accrued(len(fresh), findings)


def _findings(
    fixed: list[tuple[Accrual, Computed]], others: dict[str, Jurisdiction]
) -> list[Finding]:
    """Published and settled accruals stay; what is found of them may be proposed."""
    whole = {
        a.pk: a
        for a in Accrual.objects.filter(pk__in=[before.pk for before, _ in fixed]).select_related(
            "term", "term_section__section"
        )
    }
    found = []
    for before, computed in fixed:
        amended = computed.part.pk != before.term_section_id
        found.append(
            Finding(
                accrual=whole[before.pk],
                outcome=in_codes(computed.outcome, computed.part, others),
                inputs=computed.facts.to_json(),
                digest=computed.digest,
                term_section=computed.part if amended else None,
                cause=f"第 {computed.part.term.number} 条款期修订" if amended else "",
            )
        )
    return found


def _drop_stale(agreement: Agreement, due: set[tuple[int, date]]) -> set[int]:
    """Take out open accruals of periods no term covers any more; returns their years."""
    stale = [
        a
        for a in Accrual.objects.filter(term__agreement=agreement, state__in=Accrual.OPEN)
        if (a.term_section_id, a.period) not in due
    ]
    Accrual.objects.filter(pk__in=[a.pk for a in stale]).delete()
    return {a.period.year for a in stale}


def _write(fresh: list[tuple[Accrual | None, Computed]], others: dict[str, Jurisdiction]) -> None:
    """Store what is new, and replace open accruals that came out differently."""
    new, changed = [], []
    for before, computed in fresh:
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
                payer=party_of(computed.part, t.payer, others),
                payee=party_of(computed.part, t.payee, others),
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
        computed_at=now(),
    )
