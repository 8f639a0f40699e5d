"""已办 and 我发起的: from 流程记录, newest first."""

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from django.db.models import Model, Q, QuerySet

from basins.access import Viewer
from basins.links import Link, to
from basins.words import month_words
from settlements.models import (
    Adjustment,
    AgreementMonth,
    FuseTrip,
    MonthConfirmation,
    Notice,
    Objection,
    Payment,
    Settlement,
    StateMove,
)
from settlements.work.queries.sources.months import month_link
from settlements.work.queries.work import DoneStep
from settlements.workflow import MOVES, kind_of

LAST = 60
# What a person sets going, and the months a notice begins with it.
BEGUN = ("notice", "objection", "payment")
WORDS = {(m.thing, m.event): m.words for m in MOVES}

# Thing → its model, and what its name and address need.
THINGS: dict[str, tuple[type[Model], tuple[str, ...]]] = {
    "notice": (Notice, ()),
    "month": (AgreementMonth, ("agreement",)),
    "objection": (Objection, ("month__agreement", "jurisdiction")),
    "adjustment": (Adjustment, ("accrual__term__agreement",)),
    "settlement": (Settlement, ("agreement",)),
    "payment": (Payment, ("payer", "payee")),
    "fuse": (FuseTrip, ("agreement",)),
}


def done(viewer: Viewer) -> list[DoneStep]:
    """The person's last steps and confirmations: 2 SQL queries and 1 a kind of thing."""
    moves = list(
        StateMove.objects.filter(by=viewer.user_id)
        .exclude(thing="month", event__in=["publish", "confirm"])  # with the notice; below
        .order_by("-pk")[:LAST]
    )
    things = _things(moves)
    steps = [
        DoneStep(m.at, WORDS[m.thing, m.event], *_named(things, m), note=m.note)
        for m in moves
        if m.object_id in things[m.thing]
    ]
    steps += [
        DoneStep(
            c.at, "确认", str(c.month), month_link(c.month.agreement.code, c.month.month)
        )
        for c in MonthConfirmation.objects.filter(by=viewer.user_id)
        .select_related("month__agreement")
        .order_by("-pk")[:LAST]
    ]  # fmt: skip
    return sorted(steps, key=lambda d: d.at, reverse=True)[:LAST]


def begun(viewer: Viewer) -> list[DoneStep]:
    """What the person set going, with where it stands: 1 SQL query and 1 a kind of thing."""
    moves = list(
        StateMove.objects.filter(by=viewer.user_id, source="", thing__in=BEGUN).order_by("-pk")[
            :LAST
        ]
    )
    things = _things(moves)
    answer = []
    for m in moves:
        if (thing := things[m.thing].get(m.object_id)) is None:
            continue
        title, path = _named(things, m)
        answer.append(
            DoneStep(
                m.at,
                WORDS[m.thing, m.event],
                title,
                path,
                state=thing.get_state_display(),
                kind=kind_of(m.thing, thing.state),
            )
        )
    return answer


def _things(moves: Iterable[StateMove]) -> dict[str, dict[int, Any]]:
    wanted: dict[str, set[int]] = defaultdict(set)
    for move in moves:
        wanted[move.thing].add(move.object_id)
    return {thing: _rows(thing).in_bulk(ids) for thing, ids in wanted.items()}


def _rows(thing: str) -> QuerySet:
    model, related = THINGS[thing]
    rows = model._default_manager.filter(~Q(pk=None))
    if related:
        rows = rows.select_related(*related)
    if model is Notice:
        rows = rows.defer("content")
    if model is Adjustment:
        rows = rows.defer("outcome", "inputs", "accrual__steps", "accrual__inputs")
    return rows


def _named(things: dict[str, dict[int, Any]], move: StateMove) -> tuple[str, Link]:
    """What it is called and where it is."""
    thing = things[move.thing][move.object_id]
    match thing:
        case Notice():
            return str(thing), to("notice", thing.pk)
        case AgreementMonth():
            return str(thing), month_link(thing.agreement.code, thing.month)
        case Objection():
            return str(thing), to("objection", thing.pk)
        case Adjustment():
            agreement, period = thing.accrual.term.agreement, thing.accrual.period
            return f"{agreement} {month_words(period)}调整", month_link(agreement.code, period)
        case Settlement():
            return str(thing), to("settlement", thing.agreement.code, thing.year)
        case FuseTrip():
            return str(thing), to("agreement", thing.agreement.code)
    return str(thing), to("ledger-payment", thing.pk)
