"""A kind of reference data, and what a set of rows would change in it."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from basins.models import User
from basins.reference.columns import Column, Lookup, Values
from written.sheet import place

Key = tuple[Any, ...]
Lookups = Mapping[str, Lookup]


@dataclass(frozen=True, slots=True)
class WrittenRow:
    """A row as written: cells by column key, of the columns that the file has."""

    row: int
    cells: Mapping[str, str]
    sheet: str = ""

    @property
    def place(self) -> str:
        return place(self.row, self.sheet) if self.row else "表单"


@dataclass(frozen=True, slots=True)
class Wrong:
    """What is wrong in which column of which row, and the remedy. `row` 0: the file as a whole."""

    row: int
    column: str  # its key; '' for the row as a whole
    title: str
    value: str
    message: str
    sheet: str = ""

    def __str__(self) -> str:
        where = place(self.row, self.sheet) if self.row else ""
        return f"{where} {self.title}：{self.message}".strip(" ：")

    def to_json(self) -> dict[str, Any]:
        return {
            "sheet": self.sheet,
            "row": self.row,
            "field": self.title,
            "value": self.value,
            "message": self.message,
        }


@dataclass(slots=True)
class Entry:
    """One thing as the rows give it: `values` of the columns that were given alone."""

    key: Key
    values: dict[str, Any]
    rows: list[WrittenRow]

    def wrong(self, column: Column, message: str, row: WrittenRow | None = None) -> Wrong:
        at = row or self.rows[0]
        return Wrong(
            at.row, column.key, column.title, at.cells.get(column.key, ""), message, at.sheet
        )


@dataclass(frozen=True, slots=True)
class Difference:
    """One column as it was and as it becomes, in words; blank where there was or will be none."""

    title: str
    before: str
    after: str

    def to_json(self) -> list[str]:
        return [self.title, self.before, self.after]


@dataclass(frozen=True, slots=True)
class Change:
    """What becomes of one entry: NEW, CHANGED or SAME; REMOVED: what a file that is the whole of
    something leaves out. `values`: all of the thing's, as they will be. `also`: what follows
    from it, in words."""

    entry: Entry
    what: str
    name: str
    values: dict[str, Any]
    before: Values | None
    differences: tuple[Difference, ...]
    also: tuple[str, ...] = ()

    NEW, CHANGED, SAME, REMOVED = "new", "changed", "same", "removed"
    WORDS = {NEW: "新增", CHANGED: "更改", SAME: "未变", REMOVED: "删去"}

    @property
    def word(self) -> str:
        return self.WORDS[self.what]

    def to_json(self) -> dict[str, Any]:
        return {
            "row": self.entry.rows[0].row,
            "what": self.what,
            "key": [str(part) for part in self.entry.key],
            "name": self.name,
            "differences": [each.to_json() for each in self.differences],
            "also": list(self.also),
        }


@dataclass(frozen=True, slots=True)
class Plan:
    """What the rows mean: changes in their order, or everything that is wrong with them."""

    kind: "Kind"
    rows: int
    changes: tuple[Change, ...] = ()
    wrong: tuple[Wrong, ...] = ()

    def of(self, what: str) -> list[Change]:
        return [change for change in self.changes if change.what == what]

    @property
    def stored(self) -> list[Change]:
        """What is to be written: all but what is so already."""
        return [change for change in self.changes if change.what != Change.SAME]

    def counts(self) -> dict[str, int]:
        return {
            "rows": self.rows,
            **{what: len(self.of(what)) for what in Change.WORDS},
        }


@dataclass(frozen=True, slots=True)
class Asked:
    """Who wants the changes, since when they are so in the world, and by what paper."""

    by: User | None  # None: the command line
    on: date
    why: str = ""


Check = Callable[[list[Entry], Mapping[Key, Values]], Iterable[Wrong]]


def _nothing_wrong(entries: list[Entry], held: Mapping[Key, Values]) -> Iterator[Wrong]:
    yield from ()


def _nothing_else(entry: Entry, held: Mapping[Key, Values]) -> Iterator[str]:
    yield from ()


def _nothing_gone(entries: list[Entry], held: Mapping[Key, Values]) -> Iterator[Entry]:
    yield from ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """A table that is filled in: its columns, and rows filled in as an example."""

    code: str
    title: str
    unit: str  # counted: 个, 条
    lead: str
    columns: tuple[Column, ...]
    examples: tuple[Mapping[str, str], ...]

    def column(self, key: str) -> Column:
        return next(column for column in self.columns if column.key == key)


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind(Layout):
    """Declares a kind once.

    key: the columns that tell one thing from another. repeated: columns of rows below one
    thing (a river's reaches), kept together as `several`. defaults: of columns that are never
    empty. held: everything there is, by key.
    check: what no cell alone shows. also: what else one entry changes. gone: things that the
    file, being the whole of something, leaves out. store: writes the changes and answers what
    the person has to know of it (codes, acts that wait).
    """

    key: tuple[str, ...]
    held: Callable[[], dict[Key, dict[str, Any]]]
    store: Callable[[Plan, Asked], dict[str, Any]]
    lookups: Callable[[], dict[str, Lookup]] = dict
    names: str = "name"  # the column a thing is called by
    listed: tuple[str, ...] = ()  # columns of the list, beside the name
    own: str = ""  # the lookup that the file's own rows belong to
    defaults: Callable[[], Mapping[str, Any]] = dict
    repeated: tuple[str, ...] = ()
    several: str = ""
    check: Check = _nothing_wrong
    history: bool = True  # whether its changes are told here; people and the calendar have acts
    files: Callable[[Values], bool] = lambda values: True  # whether an export has it
    also: Callable[[Entry, Mapping[Key, Values]], Iterable[str]] = _nothing_else
    gone: Callable[[list[Entry], Mapping[Key, Values]], Iterable[Entry]] = _nothing_gone

    @property
    def single(self) -> tuple[Column, ...]:
        """The columns of the thing itself."""
        return tuple(c for c in self.columns if c.key not in self.repeated)

    @property
    def many(self) -> tuple[Column, ...]:
        return tuple(c for c in self.columns if c.key in self.repeated)
