"""停下的重算: why a run stopped, and what it would change, month by month.

Amounts are Decimal yuan; positive: the party receives more. Seen by who sees all drafts, and
by the parties of the agreement.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.db.models import Exists, OuterRef, QuerySet

from basins.access import Act, Scope, Viewer
from basins.models import Jurisdiction
from settlements.accruals.services.proposals import net_of_payments
from settlements.models import Accrual, FuseTrip, Party, StateMove
from settlements.money import ZERO
from settlements.shown.findings import Compensation, Net
from settlements.shown.history import HistoryLine, history_of
from settlements.shown.payments import words_of
from settlements.shown.places import Place
from settlements.shown.reading_changes import ReadingChange, Window, readings_changed
from settlements.workflow import kind_of, moves_from


@dataclass(frozen=True, slots=True)
class StoppedChange:
    period: date
    section: str
    before_state: str
    before: str
    after_state: str
    after: str
    shifts: tuple[Net, ...]


@dataclass(frozen=True, slots=True)
class StopPage:
    trip: FuseTrip
    kind: str
    changes: tuple[StoppedChange, ...]
    totals: tuple[Net, ...]
    readings: tuple[ReadingChange, ...]  # what had changed since the months were computed
    acts: tuple[str, ...]  # events of the workflow the viewer may cause
    history: tuple[HistoryLine, ...]
    names: bool  # whether the viewer is told who decided


def visible_stops(viewer: Viewer) -> QuerySet[FuseTrip]:
    match viewer.scope(Act.SEE_DRAFTS):
        case Scope.ALL:
            return FuseTrip.objects.all()
        case Scope.OWN:
            party = Party.objects.filter(
                agreement=OuterRef("agreement"), jurisdiction=viewer.jurisdiction_id
            )
            return FuseTrip.objects.filter(Exists(party))
    return FuseTrip.objects.none()


def waiting(viewer: Viewer) -> list[FuseTrip]:
    """Stops nobody has decided yet: 1 SQL query."""
    return list(
        visible_stops(viewer)
        .filter(state__in=FuseTrip.OPEN)
        .select_related("agreement")
        .order_by("pk")
    )


def stop_page(viewer: Viewer, pk: int) -> StopPage | None:
    """One stop, or None where there is none for this viewer: 10 SQL queries."""
    trip = visible_stops(viewer).filter(pk=pk).select_related("agreement", "decided_by").first()
    if trip is None:
        return None
    codes = {
        code
        for change in trip.changes
        for side in ("before", "after")
        for payer, payee, _ in change[side]["payments"]
        for code in (payer, payee)
    }
    places = {
        j.code: Place.of(j) for j in Jurisdiction.objects.filter(code__in=codes).defer("boundary")
    }
    changes = tuple(_change(change, places) for change in trip.changes)
    return StopPage(
        trip=trip,
        kind=kind_of("fuse", trip.state),
        changes=changes,
        totals=_totals(changes),
        readings=_readings(viewer, trip),
        acts=_acts(viewer, trip),
        history=history_of(viewer, "fuse", trip.pk),
        names=viewer.sees_all(Act.SEE_DRAFTS),
    )


def _acts(viewer: Viewer, trip: FuseTrip) -> tuple[str, ...]:
    """Who asked for a release or a drop does not decide it: 1 SQL query."""
    if not viewer.may(Act.ADJUST):
        return ()
    newest = StateMove.objects.filter(thing="fuse", object_id=trip.pk).order_by("-pk").first()
    mine = newest is not None and newest.by_id == viewer.user_id
    return tuple(
        move.event
        for move in moves_from("fuse", trip.state)
        if move.who and not (mine and move.not_by)
    )


def _readings(viewer: Viewer, trip: FuseTrip) -> tuple[ReadingChange, ...]:
    accruals = (
        Accrual.objects.filter(pk__in=[change["accrual"] for change in trip.changes])
        .select_related("term_section")
        .defer("steps", "inputs")
        .order_by("period", "pk")
    )
    return readings_changed(viewer, [Window.of(each, trip.tripped_at) for each in accruals])


def _change(change: dict, places: dict[str, Place]) -> StoppedChange:
    before, after = (
        [(payer, payee, Decimal(yuan)) for payer, payee, yuan in change[side]["payments"]]
        for side in ("before", "after")
    )
    old, new = net_of_payments(frozenset(before)), net_of_payments(frozenset(after))
    return StoppedChange(
        period=date.fromisoformat(change["period"]),
        section=change["section"],
        before_state=change["before"]["state"],
        before=_words(before, places),
        after_state=change["after"]["state"],
        after=_words(after, places),
        shifts=tuple(
            Net(places[code], new.get(code, ZERO) - old.get(code, ZERO))
            for code in sorted({*old, *new})
            if new.get(code, ZERO) != old.get(code, ZERO)
        ),
    )


def _words(payments: Iterable[tuple[str, str, Decimal]], places: dict[str, Place]) -> str:
    return words_of(Compensation(places[a], places[b], yuan, "") for a, b, yuan in payments)


def _totals(changes: Iterable[StoppedChange]) -> tuple[Net, ...]:
    sums: dict[Place, Decimal] = defaultdict(lambda: ZERO)
    for change in changes:
        for shift in change.shifts:
            sums[shift.place] += shift.yuan
    return tuple(Net(place, yuan) for place, yuan in sums.items())
