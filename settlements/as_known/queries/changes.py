"""What has changed of accruals since a moment, and why: adjustments, objections, rulings."""

from collections.abc import Iterable
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
from settlements.rules.base import Outcome


def counted_then(past: Past, accruals: list[Accrual]) -> dict[int, Outcome]:
    """Accrual → what the newest adjustment approved by then put in its place in the year.

    As settlements.models.counted: one that changed amounts and has no entry of its own.
    """
    ids = {a.pk for a in accruals}
    approved = [
        a
        for a in past.rows(Adjustment)
        if a.accrual_id in ids and a.state == Adjustment.State.APPROVED
    ]
    if not approved:
        return {}
    keys = [a.pk for a in approved]
    with_nets = set(
        AdjustmentNet.objects.filter(adjustment__in=keys).values_list("adjustment_id", flat=True)
    )
    booked = set(
        JournalEntry.objects.filter(adjustment__in=keys).values_list("adjustment_id", flat=True)
    )
    return {
        a.accrual_id: Outcome.from_json(a.outcome)
        for a in sorted(approved, key=lambda a: (a.approved_at, a.pk))
        if a.pk in with_nets - booked
    }


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
