"""Objections, adjustments and stopped runs that wait."""

from django.db.models import OuterRef, Q, QuerySet, Subquery

from basins.access import Act, Viewer
from basins.clock import today
from basins.links import to
from basins.words import month_words
from settlements.models import Adjustment, FuseTrip, Objection, StateMove
from settlements.notices.queries.notices import months_of_party
from settlements.work.queries.tasks import Source, Task


def objections_to_decide(viewer: Viewer) -> QuerySet:
    return (
        Objection.objects.filter(state__in=Objection.OPEN)
        .select_related("month__agreement", "jurisdiction")
        .order_by("raised_at", "pk")
    )


def _decide(objection: Objection) -> Task:
    return Task(
        f"裁决异议：{objection}",
        to("objection", objection.pk),
        "查看",
        note=str(objection.get_state_display()),
    )


def objections_to_answer(viewer: Viewer) -> QuerySet:
    return (
        Objection.objects.filter(
            state=Objection.State.RAISED,
            evidence_until__gte=today(),
            month__in=months_of_party(viewer).values("pk"),
        )
        .exclude(jurisdiction=viewer.jurisdiction_id)
        .select_related("month__agreement", "jurisdiction")
        .order_by("evidence_until", "pk")
    )


def _answer(objection: Objection) -> Task:
    return Task(
        f"答复异议：{objection}",
        to("objection", objection.pk),
        "答复",
        deadline=objection.evidence_until,
        provisional=objection.provisional,
    )


def objections_to_prove(viewer: Viewer) -> QuerySet:
    """The viewer's own, while evidence can be added."""
    return (
        Objection.objects.filter(
            state__in=Objection.OPEN,
            evidence_until__gte=today(),
            jurisdiction=viewer.jurisdiction_id,
        )
        .select_related("month__agreement", "jurisdiction")
        .order_by("evidence_until", "pk")
    )


def _prove(objection: Objection) -> Task:
    return Task(
        f"补充证据：{objection}",
        to("objection", objection.pk),
        "查看证据",
        deadline=objection.evidence_until,
        provisional=objection.provisional,
    )


SECOND_PERSONS = (Adjustment.State.REVIEWED, Adjustment.State.DECLINED)


def adjustments(viewer: Viewer) -> QuerySet:
    """Proposed ones, and those another person put up for approval or refusal."""
    return (
        Adjustment.objects.filter(state__in=Adjustment.PENDING)
        .exclude(reviewed_by=viewer.user_id, state__in=SECOND_PERSONS)
        .select_related("accrual__term__agreement")
        .defer("outcome", "inputs", "accrual__steps", "accrual__inputs")
        .order_by("proposed_at", "pk")
    )


def _adjust(adjustment: Adjustment) -> Task:
    accrual = adjustment.accrual
    act = {Adjustment.State.REVIEWED: "批准", Adjustment.State.DECLINED: "复核不予"}.get(
        Adjustment.State(adjustment.state), "审核"
    )
    where = accrual.term.agreement
    return Task(
        f"{act}调整：{where} {month_words(accrual.period)}",
        to("adjustment", adjustment.pk),
        act.removesuffix("不予"),
        note=adjustment.cause,
    )


def stopped_runs(viewer: Viewer) -> QuerySet:
    """Stops to be looked at, and those another person asks to release or drop."""
    newest = StateMove.objects.filter(thing="fuse", object_id=OuterRef("pk")).order_by("-pk")
    return (
        FuseTrip.objects.filter(state__in=FuseTrip.OPEN)
        .alias(asked_by=Subquery(newest.values("by")[:1]))
        .filter(Q(state=FuseTrip.State.TRIPPED) | ~Q(asked_by=viewer.user_id))
        .select_related("agreement")
        .order_by("pk")
    )


def _stopped(trip: FuseTrip) -> Task:
    act = "核实" if trip.state == FuseTrip.State.TRIPPED else "复核"
    return Task(
        f"{act}停下的重算：{trip.agreement}",
        to("fuse-trip", trip.pk),
        act,
        note="；".join(map(str, trip.reasons)),
    )


OBJECTIONS_TO_ANSWER = Source(
    "objections-to-answer", "待答复的异议", Act.OBJECT, objections_to_answer, _answer
)
OBJECTIONS_TO_PROVE = Source(
    "objections-to-prove", "可补充证据的异议", Act.OBJECT, objections_to_prove, _prove
)
OBJECTIONS_TO_DECIDE = Source(
    "objections-to-decide", "待裁决的异议", Act.DECIDE, objections_to_decide, _decide
)
STOPPED_RUNS = Source("stopped-runs", "停下的重算", Act.ADJUST, stopped_runs, _stopped)
ADJUSTMENTS = Source("adjustments", "待审的调整", Act.ADJUST, adjustments, _adjust)
