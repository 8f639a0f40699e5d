"""Guards: the functions, triggers and views by which the database itself keeps what is promised.

Each stands whole in `guards/<table>.sql` of an app, beside the model it guards; functions that
several tables share stand in `guards/_<name>.sql`. After every `migrate` this makes those of the
database be those of the files: what is missing or differs is made, what no file names any more is
dropped, all in one transaction. docs/guards.md tells how to add or change one.

Each guard in the database carries a comment: the digests of its text and of what became of it. So
a changed file is seen, and a guard changed by hand, and nothing is done where nothing changed.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import IntEnum
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any

from django.apps import apps
from django.db import connections, transaction
from django.db.migrations.loader import MigrationLoader

from basins import audit, version

# Where a statement ends: at a semicolon outside of comments, bodies and quotes.
_PIECES = re.compile(r"--[^\n]*|\$\$.*?\$\$|'[^']*'|;", re.DOTALL)
_COMMENTS = re.compile(r"(?:\s+|--[^\n]*(?:\n|$))*")
_HEAD = re.compile(r"CREATE (OR REPLACE FUNCTION|VIEW|TRIGGER|CONSTRAINT TRIGGER) (\w+)")
_TABLE = re.compile(r"\bON (\w+)")


class GuardKind(IntEnum):
    """In the order they are made; RUN is no guard but a query to follow those of its file."""

    FUNCTION = 1
    VIEW = 2
    TRIGGER = 3
    RUN = 4


@dataclass(frozen=True, slots=True)
class Guard:
    """One statement of a file."""

    kind: GuardKind
    name: str  # as SQL names it: a trigger's is 'name ON table'
    sql: str
    file: Path

    @property
    def key(self) -> "Key":
        return self.kind, self.name


Key = tuple[GuardKind, str]


class UnreadableGuard(Exception):
    """A file holds a statement that is no guard, one of another table, or one twice."""


def guarded_apps() -> list[str]:
    """Labels of the apps with guards, those below first."""
    return [config.label for config in apps.get_app_configs() if _folder(config.label).is_dir()]


def _folder(label: str) -> Path:
    return Path(apps.get_app_config(label).path) / "guards"


@cache
def guards() -> tuple[Guard, ...]:
    """Every guard of every file, in the order they are made. Raises UnreadableGuard."""
    found: dict[Key, Guard] = {}
    for label in guarded_apps():
        for file in sorted(_folder(label).glob("*.sql")):
            for guard in read(file, label):
                if guard.key in found:
                    raise UnreadableGuard(
                        f"{file}: {guard.name} stands there twice, or in another."
                    )
                found[guard.key] = guard
    return tuple(sorted(found.values(), key=lambda guard: guard.kind))


def read(file: Path, label: str) -> Iterator[Guard]:
    """The guards of one file of an app, in its order. Raises UnreadableGuard."""
    for sql in _statements(file.read_text("utf-8")):
        head = _HEAD.match(sql)
        if (head is None and not sql.startswith("SELECT ")) or not sql.endswith(";"):
            raise UnreadableGuard(
                f"{file}: not CREATE OR REPLACE FUNCTION, CREATE VIEW, CREATE TRIGGER or SELECT, "
                f"or without a semicolon at its end: {sql[:60]!r}"
            )
        if head is None:
            yield Guard(GuardKind.RUN, sql, sql, file)
            continue
        kind, name = GuardKind[head[1].split()[-1]], head[2]
        if kind == GuardKind.TRIGGER:
            table = _TABLE.findall(sql)[0]
            if file.stem not in (table, table.removeprefix(f"{label}_")):
                raise UnreadableGuard(f"{file}: the trigger {name} belongs to {table}.")
            name = f"{name} ON {table}"
        elif not name.startswith(f"{label}_"):
            raise UnreadableGuard(f"{file}: the name {name} does not begin with {label}_.")
        yield Guard(kind, name, sql, file)


def _statements(text: str) -> Iterator[str]:
    start = 0
    for piece in _PIECES.finditer(text):
        if piece[0] == ";":
            yield text[_past_comments(text, start) : piece.end()]
            start = piece.end()
    if _past_comments(text, start) < len(text):
        yield text[_past_comments(text, start) :]


def _past_comments(text: str, start: int) -> int:
    found = _COMMENTS.match(text, start)
    return found.end() if found else start


# What the database has ------------------------------------------------------------------------

# Of triggers on partitions, those of the whole table stand for theirs. The triggers of the audit
# trail follow from the models (basins.audit), those of the version from the tables (basins.version).
_LIVE = """
SELECT 1 AS kind, p.proname AS name, pg_get_functiondef(p.oid) AS definition,
    obj_description(p.oid, 'pg_proc') AS mark
FROM pg_proc p
WHERE p.pronamespace = current_schema()::regnamespace AND p.prokind = 'f' AND p.proname ~ %(ours)s
UNION ALL
SELECT 2, c.relname, pg_get_viewdef(c.oid), obj_description(c.oid, 'pg_class')
FROM pg_class c
WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind = 'v' AND c.relname ~ %(ours)s
UNION ALL
SELECT 3, t.tgname || ' ON ' || c.relname, pg_get_triggerdef(t.oid) || ' ' || t.tgenabled::text,
    obj_description(t.oid, 'pg_trigger')
FROM pg_trigger t
JOIN pg_class c ON c.oid = t.tgrelid AND NOT c.relispartition
JOIN pg_proc p ON p.oid = t.tgfoid
WHERE NOT t.tgisinternal AND c.relnamespace = current_schema()::regnamespace
  AND p.proname ~ %(ours)s AND t.tgname <> ALL (%(audit)s)
"""


@dataclass(frozen=True, slots=True)
class Live:
    """A guard as the database has it."""

    definition: str  # of a trigger with its state: 'O' fires, 'D' is disabled
    mark: str | None

    def mark_of(self, guard: Guard) -> str:
        """The comment it carries if it was made by that guard and is as it was made."""
        digests = [sha256(text.encode()).hexdigest()[:16] for text in (guard.sql, self.definition)]
        return " ".join([f"{guard.file.parts[-3]}/guards/{guard.file.name}", *digests])


def live(cursor: Any) -> dict[Key, Live]:
    """Every function, view and trigger of the apps with guards, but the audit trail's triggers
    and the version's."""
    ours = f"^({'|'.join(guarded_apps())})_"
    cursor.execute(_LIVE, {"ours": ours, "audit": [*audit.TRIGGERS, version.TRIGGER]})
    return {
        (GuardKind(kind), name): Live(definition, mark)
        for kind, name, definition, mark in cursor.fetchall()
    }


# Making them the same -------------------------------------------------------------------------


def install(using: str = "default", **_: Any) -> None:
    """Make the database's guards those of the files. Receiver of post_migrate.

    Does nothing while a migration is left out (`migrate` of one app, or back to an earlier one):
    guards speak of the tables as they are in the end.
    """
    if not _is_current(connections[using]):
        return
    with transaction.atomic(using=using), connections[using].cursor() as cursor:
        there = live(cursor)
        changed, gone = _changed(there), _gone(there)
        if changed or gone:
            _make(cursor, changed, gone)
        audit.install_triggers(using)
        version.install_triggers(using)


def differing(using: str = "default") -> list[str]:
    """Names of the guards that `install` would make or drop, and of tables without their marks."""
    with connections[using].cursor() as cursor:
        there = live(cursor)
    names = [guard.name for guard in _changed(there)] + [name for _, name in _gone(there)]
    return names + [f"{version.TRIGGER} ON {table}" for table in version.unmarked(using)]


def _is_current(connection: Any) -> bool:
    loader = MigrationLoader(connection)
    return set(loader.graph.leaf_nodes()) <= loader.applied_migrations.keys()


def _changed(there: dict[Key, Live]) -> list[Guard]:
    """What is missing, or was not made by its file as it is, or is no more as it was made."""
    return [
        guard
        for guard in guards()
        if guard.kind != GuardKind.RUN
        and (guard.key not in there or there[guard.key].mark != there[guard.key].mark_of(guard))
    ]


def _gone(there: dict[Key, Live]) -> list[Key]:
    """What no file names, in the order it can be dropped: triggers, views, functions."""
    return sorted(there.keys() - {guard.key for guard in guards()}, reverse=True)


def _make(cursor: Any, changed: list[Guard], gone: list[Key]) -> None:
    script = [f"DROP {kind.name} {name};" for kind, name in gone if kind != GuardKind.FUNCTION]
    for guard in changed:
        # Triggers hang on their functions, whose heads are all alike; another function may come
        # back with another head, which REPLACE refuses.
        if guard.kind != GuardKind.FUNCTION or "RETURNS trigger" not in guard.sql:
            script.append(f"DROP {guard.kind.name} IF EXISTS {guard.name};")
        script.append(guard.sql)
    # After the triggers: one that was there before may have called it until now.
    script += [f"DROP FUNCTION {name};" for kind, name in gone if kind == GuardKind.FUNCTION]
    files = {guard.file for guard in changed}
    script += [
        guard.sql for guard in guards() if guard.kind == GuardKind.RUN and guard.file in files
    ]
    cursor.execute("\n".join(script))
    made = live(cursor)
    for guard in changed:
        mark = made[guard.key].mark_of(guard)
        cursor.execute(f"COMMENT ON {guard.kind.name} {guard.name} IS %s", [mark])


@contextmanager
def unguarded(connection: Any, table: str, *triggers: str) -> Iterator[None]:
    """Those triggers of the table rest: for a migration that changes rows they keep.

    In a migration's transaction they are back before anybody else writes. While a database is
    made they are not there yet.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT tgname FROM pg_trigger WHERE tgrelid = %s::regclass AND tgname = ANY (%s)",
            [table, list(triggers)],
        )
        there = [name for (name,) in cursor.fetchall()]
        _have_checks_behind(cursor)
        for name in there:
            cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER {name}")
        yield
        _have_checks_behind(cursor)
        for name in there:
            cursor.execute(f"ALTER TABLE {table} ENABLE TRIGGER {name}")


def _have_checks_behind(cursor: Any) -> None:
    """A table with checks still to come at the transaction's end cannot be altered."""
    cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
    cursor.execute("SET CONSTRAINTS ALL DEFERRED")
