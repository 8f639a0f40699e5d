"""One 调整 with what was computed before and after: both sets of steps, and what is different.

Readings are what was corrected between the published computation and the proposal; grounds the
rulings and the decided objections of that time.
"""

from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import prefetch_related_objects
from django.utils.timezone import localtime

from basins.access import Act, Scope, Viewer
from basins.links import Link, to
from basins.words import month_words
from settlements.accruals.queries.adjusted import Adjusted, adjustments_of
from settlements.models import Adjustment, AdjustmentRemark, Settlement, StateMove
from settlements.rules.base import MonthState
from settlements.shown.input_changes import InputChange, inputs_changed
from settlements.shown.payments import payments_prefetch
from settlements.shown.reading_changes import ReadingChange, Window, readings_changed
from settlements.shown.visible import visible_rulings
from settlements.workflow import move_of
from settlements.years.queries.adjustments import AdjustmentLine, lines_of, visible_adjustments
from settlements.years.services.behind import objections_behind, rulings_behind
from settlements.years.services.hearing import awaited, hearing_until

State = Adjustment.State


@dataclass(frozen=True, slots=True)
class Hearing:
    """What the parties said of it, and who still may."""

    until: date
    provisional: bool
    awaited: tuple[str, ...]
    remarks: tuple[AdjustmentRemark, ...]
    may_speak: bool


@dataclass(frozen=True, slots=True)
class Ground:
    """What led to a proposal beside readings: its page, the reason given, its evidence."""

    title: str
    page: Link
    reason: str
    evidence: str
    file: Link | None


@dataclass(frozen=True, slots=True)
class AdjustmentPage:
    adjustment: Adjustment
    line: AdjustmentLine
    published_state: str
    proposed_state: str
    published_steps: list[dict[str, Any]]
    proposed_steps: list[dict[str, Any]]
    inputs: tuple[InputChange, ...]
    grounds: tuple[Ground, ...]
    readings: tuple[ReadingChange, ...]
    adjusted: Adjusted | None  # with the two terms side by side
    closed: bool  # its year is closed: approval books an entry in the open year
    events: tuple[dict[str, str], ...]
    acts: tuple[str, ...]  # events of the workflow the viewer may cause
    is_reviewer: bool
    hearing: Hearing


def adjustment_page(viewer: Viewer, pk: int) -> AdjustmentPage | None:
    """One adjustment with both computations, or None where there is none for this viewer."""
    found = (
        visible_adjustments(viewer)
        .filter(pk=pk)
        .select_related(
            "accrual__term__agreement",
            "accrual__term_section__section",
            "accrual__term_section__upstream",
            "accrual__term_section__downstream",
        )
        .first()
    )
    if found is None:
        return None
    accrual = found.accrual
    prefetch_related_objects([accrual], payments_prefetch())
    line = lines_of(viewer, Adjustment.objects.filter(pk=pk), linked=True)[0]
    adjusted = adjustments_of(viewer, [accrual]).get(accrual.pk, ())
    settlement = Settlement.objects.filter(
        agreement=accrual.term.agreement, year=accrual.period.year
    ).first()
    approved = Adjustment.objects.filter(accrual=accrual, state=State.APPROVED)
    if found.state == State.APPROVED:
        approved = approved.filter(pk__lt=pk)
    earlier = approved.order_by("approved_at", "pk").last()
    return AdjustmentPage(
        adjustment=found,
        line=line,
        published_state=MonthState(earlier.outcome["state"]).label
        if earlier
        else accrual.get_month_state_display(),
        proposed_state=MonthState(found.outcome["state"]).label,
        published_steps=earlier.outcome["steps"] if earlier else accrual.steps,
        proposed_steps=found.outcome["steps"],
        inputs=inputs_changed(earlier.inputs if earlier else accrual.inputs, found.inputs),
        grounds=_grounds(viewer, found),
        readings=readings_changed(viewer, [Window.of(accrual, found.proposed_at)]),
        adjusted=next((each for each in adjusted if each.id == pk), None),
        closed=settlement is not None and settlement.state in Settlement.FIXED,
        events=_events(viewer, found),
        acts=_acts(viewer, found),
        is_reviewer=found.state in (State.REVIEWED, State.DECLINED)
        and found.reviewed_by_id == viewer.user_id,
        hearing=_hearing(viewer, found),
    )


def _hearing(viewer: Viewer, found: Adjustment) -> Hearing:
    until, pending = hearing_until(found), found.state in Adjustment.PENDING
    return Hearing(
        until=until.date,
        provisional=until.provisional,
        awaited=tuple(awaited(found)) if pending else (),
        remarks=tuple(
            found.remarks.select_related("jurisdiction", "by").defer("jurisdiction__boundary")
        ),
        may_speak=pending and viewer.scope(Act.CONFIRM) is Scope.OWN,
    )


def _acts(viewer: Viewer, found: Adjustment) -> tuple[str, ...]:
    if not viewer.may(Act.ADJUST):
        return ()
    acts = ("review", "approve", "return", "decline", "dismiss")
    mine = found.reviewed_by_id == viewer.user_id
    return tuple(
        event
        for event in acts
        if (move := move_of("adjustment", event, found.state)) and not (mine and move.not_by)
    )


def _events(viewer: Viewer, found: Adjustment) -> tuple[dict[str, str], ...]:
    """What happened to it; a party is not told who of the bureau did it."""
    names = viewer.sees_all(Act.SEE_DRAFTS)
    events = []
    for move in (
        StateMove.objects.filter(thing="adjustment", object_id=found.pk)
        .select_related("by")
        .order_by("pk")
    ):
        line = move_of("adjustment", move.event, move.source)
        who = (str(move.by) if names else "市局") if move.by_id else "系统"
        events.append(
            {
                "title": line.words if line else move.event,
                "when": f"{localtime(move.at):%Y-%m-%d %H:%M} {who}",
                "note": move.note,
                "kind": "",
            }
        )
    return tuple(events)


def _grounds(viewer: Viewer, found: Adjustment) -> tuple[Ground, ...]:
    """Rulings made or revoked and objections accepted between the computation and the proposal:
    3 SQL queries."""
    rulings = rulings_behind(found).filter(pk__in=visible_rulings(viewer).values("pk"))
    grounds = [
        Ground(
            f"{'撤销认定' if each.revoked_at else '认定'}“{each.get_state_display()}”"
            f"（{month_words(each.month)}）",
            to("ruling", each.pk),
            each.revoked_why or each.reason,
            each.evidence_name,
            to("ruling-evidence", each.pk) if each.evidence else None,
        )
        for each in rulings
    ]
    for objection in objections_behind(found).select_related("jurisdiction"):
        files = objection.evidence.order_by("pk")
        first = files.first()
        grounds.append(
            Ground(
                f"采纳{objection.jurisdiction}异议（第 {objection.pk} 号）",
                to("objection", objection.pk),
                objection.decision,
                first.name if first else "",
                to("objection-evidence-file", objection.pk, first.pk) if first else None,
            )
        )
    return tuple(grounds)
