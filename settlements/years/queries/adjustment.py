"""One 调整 with what was computed before and after: both sets of steps, and what is different.

Readings are what was corrected between the published computation and the proposal.
"""

from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import prefetch_related_objects
from django.utils.timezone import localtime

from basins.access import Act, Viewer
from monitoring.assessment.services.assessment import month_bounds
from monitoring.models import Reading, ReadingRevision
from monitoring.standards.detection import show
from monitoring.standards.gb3838_2002 import NAMES, UNITS
from monitoring.visible import visible_sections
from settlements.accruals.queries.adjusted import Adjusted, adjustments_of
from settlements.models import Adjustment, Settlement, StateMove
from settlements.rules.base import MonthState
from settlements.shown.input_changes import InputChange, inputs_changed
from settlements.shown.payments import payments_prefetch
from settlements.workflow import move_of
from settlements.years.queries.adjustments import AdjustmentLine, lines_of, visible_adjustments

State = Adjustment.State
MOST_READINGS = 60


@dataclass(frozen=True, slots=True)
class AdjustmentPage:
    adjustment: Adjustment
    line: AdjustmentLine
    published_state: str
    proposed_state: str
    published_steps: list[dict[str, Any]]
    proposed_steps: list[dict[str, Any]]
    inputs: tuple[InputChange, ...]
    readings: tuple[InputChange, ...]
    adjusted: Adjusted | None  # with the two terms side by side
    closed: bool  # its year is closed: approval books an entry in the open year
    events: tuple[dict[str, str], ...]
    acts: tuple[str, ...]  # events of the workflow the viewer may cause
    is_reviewer: bool


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
        readings=_readings_changed(viewer, found),
        adjusted=next((each for each in adjusted if each.id == pk), None),
        closed=settlement is not None and settlement.state in Settlement.FIXED,
        events=_events(viewer, found),
        acts=_acts(viewer, found),
        is_reviewer=found.state == State.REVIEWED and found.reviewed_by_id == viewer.user_id,
    )


def _acts(viewer: Viewer, found: Adjustment) -> tuple[str, ...]:
    if not viewer.may(Act.ADJUST):
        return ()
    acts = [e for e in ("review", "approve", "return", "dismiss") if _possible(found, e)]
    if found.reviewed_by_id == viewer.user_id and "approve" in acts:
        acts.remove("approve")
    return tuple(acts)


def _possible(found: Adjustment, event: str) -> bool:
    return move_of("adjustment", event, found.state) is not None


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


def _readings_changed(viewer: Viewer, found: Adjustment) -> tuple[InputChange, ...]:
    """Readings of its period corrected, taken out or added between the computation and the
    proposal: 4 SQL queries; none where the viewer does not see the section."""
    accrual = found.accrual
    section = accrual.term_section.section_id
    if not visible_sections(viewer).filter(pk=section).exists():
        return ()
    start, _ = month_bounds(accrual.period)
    _, end = month_bounds(date(accrual.period.year, 12, 1) if accrual.yearly else accrual.period)
    since, until = accrual.computed_at, found.proposed_at
    old = {}
    for r in (
        ReadingRevision.objects.filter(
            section=section, sampled_at__gte=start, sampled_at__lt=end,
            known_to__gt=since, known_to__lte=until,
        )
        .select_related("indicator")
        .order_by("sampled_at", "indicator", "-known_to")[: MOST_READINGS]
    ):  # fmt: skip
        old[r.indicator_id, r.sampled_at, r.origin] = r
    now = {
        (r.indicator_id, r.sampled_at, r.origin): r
        for r in Reading.objects.filter(
            section=section, sampled_at__gte=start, sampled_at__lt=end,
            recorded_at__gt=since, recorded_at__lte=until,
        )
        .select_related("indicator")
        .order_by("sampled_at", "indicator")[: MOST_READINGS]
    }  # fmt: skip
    changed = []
    for key in sorted({*old, *now}, key=lambda k: (k[1], k[0])):
        before, after = old.get(key), now.get(key)
        one = before or after
        assert one is not None
        name = NAMES.get(one.indicator.code, one.indicator.code)
        words = (_value(before), _value(after) if after or before is None else "（已不在）")
        if words[0] != words[1]:
            changed.append(InputChange(f"{localtime(one.sampled_at):%m-%d %H:%M} {name}", *words))
    return tuple(changed)


def _value(reading: Any) -> str:
    if reading is None:
        return "-"
    flag = f"（标识 {reading.flag}）" if reading.flag else ""
    unit = UNITS.get(reading.indicator.code, "")
    value = show(reading.indicator.reported(reading.value, reading.below_limit))
    return f"{value} {unit}{flag}".strip()
