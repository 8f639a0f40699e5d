"""经过: what happened to a thing of the workflow, in words, by whom and when, the oldest first.

Who sees the drafts of all reads names; others read the unit somebody acts for.
"""

from dataclasses import dataclass
from datetime import datetime

from basins.access import Act, Viewer
from settlements.models import StateMove
from settlements.workflow import move_of


@dataclass(frozen=True, slots=True)
class HistoryLine:
    """`who` is 系统 where the system moved it by itself."""

    at: datetime
    words: str
    who: str
    note: str


def history_of(viewer: Viewer, thing: str, pk: int) -> tuple[HistoryLine, ...]:
    """Of a thing the viewer sees (a thing of settlements.workflow, by its key): 1 SQL query."""
    names = viewer.sees_all(Act.SEE_DRAFTS)
    lines = []
    for move in (
        StateMove.objects.filter(thing=thing, object_id=pk).select_related("by").order_by("pk")
    ):
        line = move_of(thing, move.event, move.source)
        who = "系统"
        if move.by is not None:
            who = str(move.by) if names else move.by.unit or "市局"
        lines.append(
            HistoryLine(
                at=move.at,
                words=line.words if line else move.event,
                who=who,
                note=move.note if names or move.by is None else "",
            )
        )
    return tuple(lines)
