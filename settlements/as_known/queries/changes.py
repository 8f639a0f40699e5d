"""What has changed of accruals since a moment, and why: adjustments, objections, rulings."""

from collections import defaultdict
from collections.abc import Collection, Iterable
from datetime import datetime

from settlements.models import (
    Accrual,
    Adjustment,
    AdjustmentNet,
    JournalEntry,
    MonthRuling,
    Objection,
)
from settlements.reckoning.known_basis import Past
from settlements.shown.findings import Net
from settlements.shown.places import Place
from settlements.shown.revisions import CarriedOfYear, carried_of, carried_of_year


def newest_then(past: Past, accruals: Iterable[Accrual]) -> dict[int, Adjustment]:
    """Accrual id → its newest adjustment approved by then, as CurrentTransfer has it of now."""
    ids = {a.pk for a in accruals}
    approved = [a for a in _approved(past) if a.accrual_id in ids]
    newest = {a.accrual_id: a for a in sorted(approved, key=lambda a: (a.approved_at, a.pk))}
    # The trail masks what a proposal was found from; it never changes, so it is read as it stands.
    keys = [a.pk for a in newest.values()]
    inputs = (
        dict(Adjustment.objects.filter(pk__in=keys).values_list("pk", "inputs")) if keys else {}
    )
    for adjustment in newest.values():
        adjustment.inputs = inputs[adjustment.pk]
    return newest


def carried_then(past: Past, agreements: Collection[int], year: int) -> CarriedOfYear:
    """What adjustments approved by then had moved into or out of a year of the agreements (by
    id): 3 SQL queries where there is any, beside those of `past`."""
    approved = {a.pk: a for a in _approved(past)}
    booked = {
        e.adjustment_id: e.year
        for e in past.rows(JournalEntry)
        if e.adjustment_id in approved and e.cause == JournalEntry.Cause.ADJUSTMENT
    }
    if not booked:
        return CarriedOfYear(year)
    accruals = {
        a.pk: a
        for a in Accrual.objects.filter(
            pk__in=[approved[pk].accrual_id for pk in booked], term__agreement__in=agreements
        )
        .select_related("term__agreement__river", "term_section__section")
        .defer("steps", "inputs")
    }
    shifts: dict[int, list[Net]] = defaultdict(list)
    for net in AdjustmentNet.objects.filter(adjustment__in=list(booked)).order_by("pk"):
        place = Place.of(past.jurisdictions[net.jurisdiction_id])
        shifts[net.adjustment_id].append(Net(place, net.yuan))
    found = [
        carried_of(approved[pk], accruals[approved[pk].accrual_id], shifts[pk], in_year)
        for pk, in_year in sorted(booked.items())
        if approved[pk].accrual_id in accruals
    ]
    return carried_of_year(year, [c for c in found if c.booked != c.period.year])


def _approved(past: Past) -> list[Adjustment]:
    return [a for a in past.rows(Adjustment) if a.state == Adjustment.State.APPROVED]


def reasons(at: datetime, accruals: Iterable[Accrual]) -> dict[int, str]:
    """Why an accrual is not what it was: an adjustment, an objection, a ruling since then."""
    accruals = list(accruals)
    by_month = {(a.term_section.section_id, a.period): a.pk for a in accruals}
    found: dict[int, str] = {}
    sections = [section for section, _ in by_month]
    for ruling in MonthRuling.objects.filter(section__in=sections):
        key = by_month.get((ruling.section_id, ruling.month))
        if key is not None and max(ruling.decided_at, ruling.revoked_at or ruling.decided_at) > at:
            found[key] = "认定撤销" if ruling.revoked_at else f"认定：{ruling.get_state_display()}"
    for objection in Objection.objects.filter(
        section__in=sections, state=Objection.State.ACCEPTED, decided_at__gt=at
    ).select_related("month"):
        key = by_month.get((objection.section_id, objection.month.month))
        if key is not None:
            found[key] = f"采纳异议（第 {objection.pk} 号）"
    for adjustment in Adjustment.objects.filter(
        accrual__in=[a.pk for a in accruals], proposed_at__gt=at
    ).exclude(state=Adjustment.State.WITHDRAWN):
        found[adjustment.accrual_id] = f"调整：{adjustment.cause}"
    return found
