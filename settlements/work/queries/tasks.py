"""One thing to do, and a source of such."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from django.db.models import QuerySet

from basins.access import Act, Viewer
from basins.links import Link


@dataclass(slots=True)
class Task:
    """One thing to do: what, where to do it, and by when."""

    title: str
    path: Link
    action: str = "办理"
    deadline: date | None = None
    provisional: bool = False
    note: str = ""
    left: int | None = field(default=None)  # working days to the deadline; negative: late

    @property
    def late(self) -> bool:
        return self.left is not None and self.left < 0

    @property
    def days(self) -> str:
        if self.left is None:
            return ""
        if self.left == 0:
            return "今天截止"
        return f"还有 {self.left} 个工作日" if self.left > 0 else f"已逾期 {-self.left} 个工作日"


@dataclass(frozen=True, slots=True)
class Source:
    """What waits for whoever may do `act`: `rows` of the viewer, each one shown as a task."""

    key: str
    heading: str
    act: Act
    rows: Callable[[Viewer], QuerySet]
    task: Callable[[Any], Task]


def prepared_by_others(found: QuerySet, viewer: Viewer) -> QuerySet:
    """Requests of two persons that somebody else prepared."""
    return found.exclude(prepared_by=viewer.user_id).order_by("pk")
