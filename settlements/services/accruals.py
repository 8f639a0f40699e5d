"""月核算: computing accruals again for just the periods that something touched."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import date

from django.db import transaction
from django.utils import timezone

from basins.models import Jurisdiction
from settlements.models import Accrual, Adjustment, Agreement, TermSection, Transfer
from settlements.rules.facts import Granularity
from settlements.services.computation import (
    Computed,
    SectionMonth,
    compute,
    other_parties,
    party_of,
    work_of,
)
from settlements.services.settlements import resettle


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
    work = work_of(agreement, changed=changed)
    if not work and changed is not None:
        return 0
    stored = {
        (a.term_section_id, a.period): a
        for a in Accrual.objects.filter(term_section__in=[item.part.pk for item in work]).only(
            "term_section_id", "period", "input_digest", "state"
        )
    }
    fresh, years = [], set()
    kept = set()
    for computed in compute(work):
        before = stored.get((computed.part.pk, computed.period))
        if before is None or before.input_digest != computed.digest:
            fresh.append((before, computed))
            years.add(computed.period.year)
        elif before.state not in Accrual.OPEN:
            kept.add(before.pk)
    _withdraw(kept)
    if changed is None:
        years |= _drop_stale(agreement, {(i.part.pk, p) for i in work for p in i.periods})
    _write(fresh, other_parties(agreement))
    resettle(agreement=agreement, years=years)
    return len(fresh)


def _drop_stale(agreement: Agreement, due: set[tuple[int, date]]) -> set[int]:
    """Take out open accruals of periods no term covers any more; returns their years."""
    stale = [
        a
        for a in Accrual.objects.filter(term__agreement=agreement, state__in=Accrual.OPEN)
        if (a.term_section_id, a.period) not in due
    ]
    Accrual.objects.filter(pk__in=[a.pk for a in stale]).delete()
    return {a.period.year for a in stale}


def _withdraw(unchanged: set[int]) -> None:
    """A correction that was taken back leaves nothing to adjust."""
    if unchanged:
        Adjustment.objects.filter(accrual__in=unchanged, state=Adjustment.State.PROPOSED).update(
            state=Adjustment.State.WITHDRAWN
        )


def _write(fresh: list[tuple[Accrual | None, Computed]], others: dict[str, Jurisdiction]) -> None:
    """Open accruals are replaced; published and settled ones stay and get a proposal."""
    new, changed = [], []
    for before, computed in fresh:
        if before is not None and before.state not in Accrual.OPEN:
            # The newest finding is the proposal; an older one has been overtaken by it.
            Adjustment.objects.filter(
                accrual_id=before.pk, state=Adjustment.State.PROPOSED
            ).exclude(input_digest=computed.digest).update(state=Adjustment.State.WITHDRAWN)
            Adjustment.objects.update_or_create(
                accrual_id=before.pk,
                input_digest=computed.digest,
                defaults={
                    "outcome": computed.outcome.to_json(),
                    "inputs": computed.facts.to_json(),
                    "state": Adjustment.State.PROPOSED,
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
        computed_at=timezone.now(),
    )
