"""操作记录: which tables keep a history, and the triggers that write it.

One line makes a model's table keep one:

    @audited(part_of="section")
    class Target(models.Model): …

Its triggers are made after `migrate` with the guards (basins.guarding), also for a model that was
there before; they write basins_auditrecord for every insert, update, delete and truncate, whoever
sends it. Nothing is to be written in a migration.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from django.db import connections, models

TRIGGERS = ROW_TRIGGER, ADDED_TRIGGER, TRUNCATE_TRIGGER = (
    "audit_rows", "audit_added", "audit_truncate",
)  # fmt: skip
# As pg_trigger.tgtype has them: of each row after UPDATE and DELETE, of a statement after INSERT.
KINDS = {ROW_TRIGGER: 1 + 8 + 16, ADDED_TRIGGER: 4}
_ALL_ROWS = 1 + 4 + 8 + 16


@dataclass(frozen=True, slots=True)
class Audited:
    """How a model's history is kept; names are those of its fields.

    without: fields that are left out; a change of them alone is no event. masked: fields of
    which only a digest is kept, so that a change is seen but not its content (passwords,
    large shapes). part_of: the foreign key to what it belongs to in the eyes of people.
    """

    model: type[models.Model]
    without: tuple[str, ...] = ()
    masked: tuple[str, ...] = ()
    part_of: str = ""

    @property
    def table(self) -> str:
        return self.model._meta.db_table

    def owner(self) -> type[models.Model] | None:
        """The model `part_of` points to."""
        if not self.part_of:
            return None
        return self.model._meta.get_field(self.part_of).related_model  # type: ignore[return-value]

    def columns(self, names: tuple[str, ...]) -> str:
        return ",".join(_column(self.model, name) for name in names)

    def arguments(self) -> list[str]:
        """What the trigger function is given: key column, left-out and masked columns."""
        key = str(self.model._meta.pk.column)
        return [key, self.columns(self.without), self.columns(self.masked)]


def _column(model: type[models.Model], name: str) -> str:
    field = model._meta.get_field(name)
    assert isinstance(field, models.Field), f"{model._meta.label}.{name} is no column"
    return str(field.column)


_kept: dict[type[models.Model], Audited] = {}


def audited(
    *, without: tuple[str, ...] = (), masked: tuple[str, ...] = (), part_of: str = ""
) -> Callable[[Any], Any]:
    """Class decorator: the model's table keeps a history."""

    def keep(model: Any) -> Any:
        _kept[model] = Audited(model, without, masked, part_of)
        return model

    return keep


def registered() -> Iterator[Audited]:
    """Every model with a history, by name."""
    yield from sorted(_kept.values(), key=lambda each: each.model._meta.label)


def audited_of(model: type[models.Model]) -> Audited | None:
    return _kept.get(model)


def by_table() -> dict[str, Audited]:
    return {each.table: each for each in _kept.values()}


def install_triggers(using: str = "default") -> list[str]:
    """Make what is missing or differs; returns the tables touched.

    A table that gets its first trigger while it holds rows has them noted as being there
    already (kind 'B').
    """
    touched = []
    with connections[using].cursor() as cursor:
        cursor.execute(
            """SELECT c.relname, t.tgname, t.tgtype, t.tgargs
               FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid
               WHERE t.tgname = ANY (%s) AND c.relnamespace = current_schema()::regnamespace""",
            [[ROW_TRIGGER, ADDED_TRIGGER]],
        )
        there: dict[str, dict[str, tuple[int, list[str]]]] = defaultdict(dict)
        for table, name, kind, arguments in cursor.fetchall():
            given = [part.decode() for part in bytes(arguments).split(b"\0")[:-1]]
            there[table][name] = kind, given
        for each in registered():
            wanted = {name: (kind, each.arguments()) for name, kind in KINDS.items()}
            if there[each.table] == wanted:
                continue
            # Of a version before, one trigger noted what is added too: nothing was missed.
            first = not {ROW_TRIGGER, ADDED_TRIGGER} <= there[each.table].keys() and (
                there[each.table].get(ROW_TRIGGER, (0,))[0] != _ALL_ROWS
            )
            _install(cursor, each, first=first)
            touched.append(each.table)
    return touched


def _install(cursor: Any, each: Audited, *, first: bool) -> None:
    table = f'"{each.table}"'
    arguments = each.arguments()
    for name in TRIGGERS:
        cursor.execute(f"DROP TRIGGER IF EXISTS {name} ON {table}")
    if first:  # nothing comes between what is noted and the trigger that notes what follows
        cursor.execute(f"LOCK TABLE {table} IN SHARE ROW EXCLUSIVE MODE")
        cursor.execute("SELECT basins_audit_all(%s, 'B', %s, %s, %s)", [each.table, *arguments])
    cursor.execute(
        f"CREATE TRIGGER {ROW_TRIGGER} AFTER UPDATE OR DELETE ON {table} "
        "FOR EACH ROW EXECUTE FUNCTION basins_audit(%s, %s, %s)",
        arguments,
    )
    cursor.execute(
        f"CREATE TRIGGER {ADDED_TRIGGER} AFTER INSERT ON {table} REFERENCING NEW TABLE AS new_rows "
        "FOR EACH STATEMENT EXECUTE FUNCTION basins_audit_added(%s, %s, %s)",
        arguments,
    )
    cursor.execute(
        f"CREATE TRIGGER {TRUNCATE_TRIGGER} BEFORE TRUNCATE ON {table} "
        "FOR EACH STATEMENT EXECUTE FUNCTION basins_audit(%s, %s, %s)",
        arguments,
    )
