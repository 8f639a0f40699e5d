"""Moving things through the workflow: who does what, told to the trigger that checks it.

Every change of a state goes through `moving`; the trigger refuses the rest (settlements.workflow,
guards/_state_moves.sql) and writes the StateMove.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection, transaction
from django.db.utils import DatabaseError, IntegrityError
from psycopg2.extensions import TRANSACTION_STATUS_INERROR

from basins.access import Viewer, viewer_of
from basins.clock import now
from basins.models import User
from basins.refusals import NotAllowed, Refused
from settlements.models import StateMove
from settlements.workflow import MOVES, THINGS, Move, move_of, moves_from

__all__ = ["NotAllowed", "Refused"]


@contextmanager
def moving(event: str, *, by: User | None, note: str = "") -> Iterator[None]:
    """Inside, states change by `event`, done by `by` (None: the system), noted as `note`.

    Needs a transaction. One statement may move many rows; each is checked and written down.
    """
    before = _act(event, str(by.pk) if by is not None else "", now().isoformat(), note)
    try:
        yield
    except DatabaseError as error:  # the rollback takes the settings back
        if isinstance(error, IntegrityError) and "流程不允许" in str(error):
            raise Refused(_in_words(error)) from error
        raise
    except BaseException:
        # In an aborted transaction the rollback does it.
        if connection.connection.get_transaction_status() != TRANSACTION_STATUS_INERROR:
            _act(*before)
        raise
    else:
        _act(*before)


def check(thing: str, event: str, state: str, label: str) -> Move:
    """The line of the table. Raises Refused, saying what the thing is now and what it allows."""
    move = move_of(thing, event, state)
    if move is not None:
        return move
    words = "、".join(dict.fromkeys(m.words for m in moves_from(thing, state) if m.who)) or "无"
    raise Refused(f"{THINGS[thing]}现为“{label}”，不能办理此事；现在可办理：{words}。")


def permit(move: Move, by: User) -> Viewer:
    """The person as a viewer. Raises NotAllowed where the table of the people has no such act."""
    viewer = viewer_of(by)
    if move.who is None or not viewer.may(move.who):
        raise NotAllowed(f"{by} 不能办理“{move.words}”。")
    return viewer


def refuse_same_person(thing: str, object_id: int, move: Move, by: User) -> None:
    """Two-person rule, before the trigger says it: raises Refused with the name."""
    before = StateMove.objects.filter(thing=thing, object_id=object_id, event__in=move.not_by)
    refuse_person_before(move, by, before.order_by("-pk").values_list("by", flat=True).first())


def refuse_person_before(move: Move, by: User, before: int | None) -> None:
    """The same, where it is known who did the step before."""
    if before == by.pk:
        raise Refused(f"“{move.words}”须由另一人办理：{by} 已办理前一步。")


def _act(event: str, by: str, at: str, note: str) -> tuple[str, str, str, str]:
    """Tell the trigger; returns what it was told before."""
    if not connection.in_atomic_block:
        raise transaction.TransactionManagementError("A state moves only inside a transaction.")
    with connection.cursor() as cursor:
        # In the order of the list: what was set before, then what is set now.
        cursor.execute(
            "SELECT COALESCE(current_setting('rivers.event', true), ''),"
            " COALESCE(current_setting('rivers.by', true), ''),"
            " COALESCE(current_setting('rivers.at', true), ''),"
            " COALESCE(current_setting('rivers.note', true), ''),"
            " set_config('rivers.event', %s, true), set_config('rivers.by', %s, true),"
            " set_config('rivers.at', %s, true), set_config('rivers.note', %s, true)",
            [event, by, at, note],
        )
        before = cursor.fetchone()
    return before[0], before[1], before[2], before[3]


def _in_words(error: BaseException) -> str:
    """What the trigger says, with the thing and the event as pages call them."""
    line = str(error).splitlines()[0].strip()
    found = re.fullmatch(r"流程不允许:(\w+) #\d+ 的“(\w+)”,?(.+?)。?", line)
    if found is None:
        return line
    thing, event, why = found.groups()
    words = next((m.words for m in MOVES if (m.thing, m.event) == (thing, event)), event)
    return f"{THINGS.get(thing, thing)}现在不能“{words}”：{why}。"
