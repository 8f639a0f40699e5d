"""我的工作: what waits for a person, what the person did, and what they set going.

What waits is computed from the states of the workflow, never stored. A `Source` is one small
query; the sources are listed in settlements.work.queries.sources.listed. To add one: write its rows
(a queryset of what waits for the viewer, one row a task) and how a row reads (a Task), and put
it into SOURCES; the page, the count in every page's head and their tests follow.
"""

from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import QuerySet

from basins.access import Viewer
from basins.clock import today
from basins.links import Link
from basins.models import Notification
from basins.services.working_days import Calendar
from settlements.work.queries.sources.listed import SOURCES
from settlements.work.queries.tasks import Source, Task

SHOWN = 50  # tasks of one source on the page; the count says how many there are


@dataclass(frozen=True, slots=True)
class Group:
    key: str
    heading: str
    count: int
    tasks: tuple[Task, ...]

    @property
    def more(self) -> int:
        return self.count - len(self.tasks)


@dataclass(frozen=True, slots=True)
class Counts:
    """For the head of every page."""

    todo: int
    unread: int
    by_source: dict[str, int]


def sources_of(viewer: Viewer) -> list[Source]:
    return [s for s in SOURCES if viewer.may(s.act)]


def counts(viewer: Viewer) -> Counts:
    """How many tasks wait and notifications are unread: 1 SQL query whatever the sources."""
    sql, given, keys = _question(viewer, today())
    with connection.cursor() as cursor:
        cursor.execute(sql, given)
        found = dict(zip(keys, cursor.fetchone(), strict=True))
    unread = found.pop("", 0)
    return Counts(sum(found.values()), unread, found)


@lru_cache(maxsize=512)
def _question(viewer: Viewer, day: date) -> tuple[str, tuple[Any, ...], tuple[str, ...]]:
    """What `counts` asks for a viewer on a day, and the sources in the order of the answer. Writing it
    takes longer than answering it; it goes by nothing else (tests/settlements/work/test_work_counts.py)."""
    asked: list[tuple[str, QuerySet]] = [
        (s.key, _counted(s.rows(viewer))) for s in sources_of(viewer)
    ]
    asked.append(("", Notification.objects.filter(user=viewer.user_id, read_at=None)))
    parts: list[str] = []
    given: list[Any] = []
    keys: list[str] = []
    for key, rows in asked:
        try:
            sql, parameters = rows.query.sql_with_params()
        except EmptyResultSet:
            continue
        parts.append(f"(SELECT count(*) FROM ({sql}) q{len(parts)})")
        given += parameters
        keys.append(key)
    return f"SELECT {', '.join(parts)}", tuple(given), tuple(keys)


def _counted(rows: QuerySet) -> QuerySet:
    """The rows with as little as tells them apart: what is values already (months) as it is."""
    plain = rows.order_by()
    return plain if getattr(rows, "_fields", None) is not None else plain.values("pk")


def todo(viewer: Viewer, numbers: Counts) -> list[Group]:
    """What waits, by source, each by deadline: 1 SQL query a source that has any, and 1."""
    day = today()
    calendar = Calendar([day.year, day.year + 1])
    groups = []
    for source in sources_of(viewer):
        if not (count := numbers.by_source.get(source.key, 0)):
            continue
        tasks = [source.task(row) for row in source.rows(viewer)[:SHOWN]]
        for task in tasks:
            if task.deadline is not None:
                task.left = calendar.between(day, task.deadline)
        tasks.sort(key=lambda t: (t.deadline is None, t.deadline or date.max, t.title))
        groups.append(Group(source.key, source.heading, count, tuple(tasks)))
    return groups


@dataclass(frozen=True, slots=True)
class DoneStep:
    """One step the person took, or one thing they set going."""

    at: datetime
    words: str
    title: str
    path: Link
    note: str = ""
    state: str = ""
    kind: str = ""  # of the state, for its badge
