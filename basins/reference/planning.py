"""What rows would change, and the changes made: all of them or none."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from django.db import connection, transaction

from basins.models import ReferenceChange
from basins.reference.columns import Column, Lookup, Values
from basins.reference.kind import (
    Asked,
    Change,
    Difference,
    Entry,
    Key,
    Kind,
    Plan,
    WrittenRow,
    Wrong,
)
from jobs.wake import wake_on_commit
from written.text import CellError, shown


class ReferenceRefused(ValueError):
    """Rows that are not taken in; `wrong` names row, column and remedy. Nothing was stored."""

    def __init__(self, wrong: Iterable[Wrong]) -> None:
        self.wrong = list(wrong)
        super().__init__("\n".join(map(str, self.wrong)))


def plan(kind: Kind, rows: Sequence[WrittenRow]) -> Plan:
    """What the rows would change, compared with what there is now; nothing is written.

    Columns the file does not have keep what they held; a blank cell empties its column.
    """
    lookups = _lookups(kind, rows)
    wrong: list[Wrong] = []
    entries = _entries(kind, rows, lookups, wrong)
    held = kind.held()
    # What is wrong with one cell would only be said again in other words.
    wrong += [] if wrong else kind.check(entries, held)
    if wrong:
        return Plan(kind, len(rows), wrong=tuple(wrong))
    defaults = kind.defaults()
    changes = [_change(kind, entry, held, lookups, defaults) for entry in entries]
    changes += [_removal(kind, entry, held, lookups) for entry in kind.gone(entries, held)]
    return Plan(kind, len(rows), tuple(changes))


@transaction.atomic
def carry_out(kind: Kind, rows: Sequence[WrittenRow], asked: Asked) -> tuple[Plan, dict[str, Any]]:
    """Store what the rows say, and in words what became of each thing. Raises ReferenceRefused.

    What is so already is left alone. The plan is made again here, under a lock: between a dry
    run and this something else may have changed.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext('basins_reference'))")
    made = plan(kind, rows)
    if made.wrong:
        raise ReferenceRefused(made.wrong)
    answer = kind.store(made, asked) if made.stored else {}
    if made.stored:  # names and targets are facts of months: the database marked them
        wake_on_commit("settlements.recompute")
    ReferenceChange.objects.bulk_create(
        ReferenceChange(
            kind=kind.code,
            code=code_of(change.entry.key),
            name=change.name[:120],
            act=change.what,
            differences=[each.to_json() for each in change.differences],
            also=list(change.also),
            on=asked.on,
            why=asked.why[:200],
            by=asked.by,
        )
        for change in (made.stored if kind.history else ())
    )
    return made, answer


JOINED = "~"  # between the parts of a key in an address; no code has it


def slug(key: Key) -> str:
    """A thing's key as its address has it."""
    return JOINED.join(str(part) for part in key)


def find(kind: Kind, text: str) -> tuple[Key, Values] | None:
    """The thing of that address."""
    for key, values in kind.held().items():
        if slug(key) == text:
            return key, values
    return None


def code_of(key: Key) -> str:
    """What a change is filed under: the thing's own code."""
    return str(key[0])[:60]


def text_rows(kind: Kind) -> Iterator[dict[str, str]]:
    """Everything there is, as rows of the kind's own template."""
    lookups = kind.lookups()
    for values in kind.held().values():
        if kind.files(values):
            yield from rows_of(kind, values, lookups)


def rows_of(kind: Kind, values: Values, lookups: Mapping[str, Lookup]) -> Iterator[dict[str, str]]:
    """One thing as the rows of a file: the first has the thing, each one of its several."""
    own = {c.key: c.text(values.get(c.key), lookups) for c in kind.single}
    below: tuple[Values, ...] = values.get(kind.several) or ({},)
    for at, each in enumerate(below):
        many = {c.key: c.text(each.get(c.key), lookups) for c in kind.many}
        # The rows below repeat only what tells them apart: a thing is said once.
        single = own if at == 0 else {k: own[k] if k in kind.key else "" for k in own}
        yield {c.key: {**single, **many}[c.key] for c in kind.columns}


def _lookups(kind: Kind, rows: Sequence[WrittenRow]) -> dict[str, Lookup]:
    """The kind's lookups; to its own one belongs what the rows themselves bring."""
    lookups = kind.lookups()
    if not kind.own:
        return lookups
    names = dict(lookups[kind.own].names)
    [key] = kind.key
    column = kind.column(key)
    for row in rows:
        try:
            code = column.value(row.cells.get(key, ""), lookups)
        except CellError:
            continue  # said where the row is read
        if name := row.cells.get(kind.names, "").strip():
            names[code] = " ".join(name.split())
    return {**lookups, kind.own: replace(lookups[kind.own], names=names)}


def _entries(
    kind: Kind, rows: Sequence[WrittenRow], lookups: Mapping[str, Lookup], wrong: list[Wrong]
) -> list[Entry]:
    found: dict[Key, Entry] = {}
    last: Key | None = None
    for row in rows:
        below = bool(kind.repeated) and _is_below(kind, row, found, last, lookups)
        columns = kind.many if below else kind.columns
        values = _values(columns, row, lookups, wrong)
        if values is None:
            last = None
            continue
        if below:
            assert last is not None
            found[last].rows.append(row)
            found[last].values[kind.several] += _several(kind, values)
            continue
        key = tuple(values[name] for name in kind.key)
        if (there := found.get(key)) is not None:
            column = kind.column(kind.key[0])
            words = f"与{there.rows[0].place}是同一{kind.unit}{kind.title}；请只留一行。"
            wrong.append(Entry(key, {}, [row]).wrong(column, words))
            continue
        if kind.repeated and any(name in row.cells for name in kind.repeated):
            values[kind.several] = _several(kind, values)
        for name in kind.repeated:
            values.pop(name, None)
        found[key], last = Entry(key, values, [row]), key
    return list(found.values())


def _is_below(
    kind: Kind,
    row: WrittenRow,
    found: Mapping[Key, Entry],
    last: Key | None,
    lookups: Mapping[str, Lookup],
) -> bool:
    """Whether a row goes on with the thing of the row above: it says nothing of its own but the
    key, or repeats all that was said."""
    if last is None:
        return False
    given = {c.key: row.cells.get(c.key, "") for c in kind.single if row.cells.get(c.key, "")}
    above = found[last].rows[0].cells
    return all(above.get(name, "") == cell for name, cell in given.items())


def _several(kind: Kind, values: Values) -> tuple[dict[str, Any], ...]:
    """The row's own one of the several; none where all of its columns are blank."""
    one = {name: values.get(name) for name in kind.repeated}
    return () if all(value is None for value in one.values()) else (one,)


def _values(
    columns: Iterable[Column],
    row: WrittenRow,
    lookups: Mapping[str, Lookup],
    wrong: list[Wrong],
) -> dict[str, Any] | None:
    """The row's values of the columns that the file has; None where one cannot be taken."""
    values: dict[str, Any] = {}
    faults = []
    for column in columns:
        if column.key not in row.cells:
            continue
        cell = row.cells[column.key]
        try:
            values[column.key] = column.value(cell, lookups)
        except CellError as error:
            faults.append(
                Wrong(row.row, column.key, column.title, shown(cell), str(error), row.sheet)
            )
    wrong += faults
    return None if faults else values


def _change(
    kind: Kind,
    entry: Entry,
    held: Mapping[Key, Values],
    lookups: Mapping[str, Lookup],
    defaults: Values,
) -> Change:
    before = held.get(entry.key)
    blank = {c.key: defaults.get(c.key) for c in kind.single}
    if kind.several:
        blank[kind.several] = ()
    there = {**blank, **(before or {})}
    # A column that is never empty stays what it is where the cell is blank.
    given = {
        name: there[name] if value is None and name in defaults else value
        for name, value in entry.values.items()
    }
    values = {**there, **given}
    differences = tuple(_differences(kind, before, values, lookups))
    what = Change.NEW if before is None else Change.CHANGED if differences else Change.SAME
    name = kind.column(kind.names).text(values.get(kind.names), lookups)
    also = tuple(kind.also(entry, held)) if what != Change.SAME else ()
    return Change(entry, what, name, values, before, differences, also)


def _removal(
    kind: Kind, entry: Entry, held: Mapping[Key, Values], lookups: Mapping[str, Lookup]
) -> Change:
    before = held[entry.key]
    differences = tuple(_differences(kind, before, {}, lookups))
    name = kind.column(kind.names).text(before.get(kind.names), lookups)
    return Change(entry, Change.REMOVED, name, dict(before), before, differences)


def _differences(
    kind: Kind, before: Values | None, after: Values, lookups: Mapping[str, Lookup]
) -> Iterator[Difference]:
    old = before or {}
    for column in kind.single:
        if before is not None and old.get(column.key) == after.get(column.key):
            continue
        said = [column.text(values.get(column.key), lookups) for values in (old, after)]
        if said[0] != said[1]:
            yield Difference(column.title, *said)
    if kind.several and (old.get(kind.several) or ()) != after.get(kind.several):
        before_words, after_words = (
            "；".join(_words(kind, each, lookups) for each in values.get(kind.several) or ())
            for values in (old, after)
        )
        if before_words != after_words:
            yield Difference("、".join(c.title for c in kind.many), before_words, after_words)


def _words(kind: Kind, each: Values, lookups: Mapping[str, Lookup]) -> str:
    return " ".join(c.text(each.get(c.key), lookups) or "-" for c in kind.many)
