"""Which data there are: a number that is another one whenever a committed change is seen.

Every statement that writes to a table of ours leaves a random mark in `basins_datamark`, by a
trigger that follows from the catalogue, not from whoever writes. The version is the XOR of the
marks a snapshot sees: two snapshots that see different changes have different versions, in
whatever order these were begun and committed, and a transaction that has written has one of its
own until it commits. Nobody waits for anybody: marks are only inserted. Decision 16.

What is kept under a version must be computed after the version was read: then it holds at least
what the version counts, and whoever sees a later change has another version.
"""

from collections.abc import Callable, Iterator
from typing import Any

from django.apps import apps
from django.db import connection, connections, models

TRIGGER = "data_marked"
GATHERED_FROM = 100  # marks: fewer are read faster than gathered

EVENTS = {"INSERT": 4, "DELETE": 8, "UPDATE": 16, "TRUNCATE": 32}  # as pg_trigger.tgtype has them

_aside: dict[type[models.Model], tuple[str, tuple[str, ...]]] = {}


def aside(why: str, *, of: tuple[str, ...] = tuple(EVENTS)) -> Callable[[Any], Any]:
    """Class decorator: changes of this table (or those EVENTS `of` it) are no other data. Nothing kept
    may show them."""

    def keep(model: Any) -> Any:
        _aside[model] = why, of
        return model

    return keep


def tables_aside() -> dict[str, str]:
    """Tables that leave no marks, and why."""
    return {m._meta.db_table: why for m, (why, of) in _aside.items() if len(of) == len(EVENTS)}


def events_marked(table: str) -> tuple[str, ...]:
    """Which kinds of statements on it leave a mark."""
    without = {m._meta.db_table: of for m, (_, of) in _aside.items()}
    return tuple(event for event in EVENTS if event not in without.get(table, ()))


def data_version() -> int:
    """Of what the next statement may see: 1 SQL query."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT coalesce(bit_xor(mark), 0) FROM basins_datamark")
        return cursor.fetchone()[0]


def gather_marks() -> int:
    """Put many marks into one that says the same; returns how many there were."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM basins_datamark")
        (count,) = cursor.fetchone()
        if count >= GATHERED_FROM:
            cursor.execute(
                """WITH gone AS (DELETE FROM basins_datamark RETURNING mark)
                   INSERT INTO basins_datamark SELECT bit_xor(mark) FROM gone HAVING count(*) > 0"""
            )
        return count


# The triggers ---------------------------------------------------------------------------------

_TABLES = """
SELECT c.relname, CASE WHEN t.tgenabled = 'O' AND t.tgfoid = to_regproc('basins_mark_data')
    THEN t.tgtype ELSE 0 END
FROM pg_class c LEFT JOIN pg_trigger t ON t.tgrelid = c.oid AND t.tgname = %s
WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind IN ('r', 'p')
  AND c.relname ~ %s
ORDER BY c.relname
"""


def unmarked(using: str = "default") -> Iterator[str]:
    """Tables of the apps with data that leave other marks than they should. Partitions count by
    themselves: a statement that names one fires its triggers alone."""
    labels = [a.label for a in apps.get_app_configs() if a.label in MARKING]
    with connections[using].cursor() as cursor:
        cursor.execute(_TABLES, [TRIGGER, f"^({'|'.join(labels)})_"])
        found = cursor.fetchall()
    for table, there in found:
        if there != sum(EVENTS[event] for event in events_marked(table)):
            yield table


MARKING = ("basins", "monitoring", "settlements")


def install_triggers(using: str = "default") -> None:
    """Make those that are missing or differ, and take them from tables that stand aside."""
    script = []
    for table in unmarked(using):
        if events := events_marked(table):
            script.append(
                f'CREATE OR REPLACE TRIGGER {TRIGGER} AFTER {" OR ".join(events)} ON "{table}" '
                "FOR EACH STATEMENT EXECUTE FUNCTION basins_mark_data();"
            )
            # Replacing leaves one that was disabled as it is.
            script.append(f'ALTER TABLE "{table}" ENABLE TRIGGER {TRIGGER};')
        else:
            script.append(f'DROP TRIGGER {TRIGGER} ON "{table}";')
    if script:
        with connections[using].cursor() as cursor:
            cursor.execute("\n".join(script))
