"""The form of a kind, made from its columns: what is typed is read as a row of its table."""

from collections.abc import Iterable, Mapping
from typing import Any

from django import forms

from basins.clock import today
from basins.reference.columns import Column, Lookup
from basins.reference.kind import Kind, WrittenRow, Wrong
from basins.reference.reading import typed_rows
from dashboard.forms.acts import ActForm
from dashboard.forms.fields import ReadField
from dashboard.forms.filters import say_required
from written.days import read_day

SPARE_ROWS = 6
MOST_ROWS = 60
MOST_CHOICES = 400  # beyond, a name is typed


class SinceForm(ActForm):
    """Since when something is so in the world, and by what paper."""

    on = ReadField(
        label="自哪天起", reader=read_day, required=False,
        help_text="记入变更记录；不填即今天。",
    )  # fmt: skip
    why = forms.CharField(
        label="依据", max_length=200, required=False, help_text="文件名称和文号，或说明。"
    )

    @property
    def since(self):
        return self.cleaned_data.get("on") or today()


class UploadForm(SinceForm):
    """A table filled in, CSV or XLSX."""

    file = forms.FileField(label="文件", help_text="按模板填好的 XLSX，或同样列标题的 CSV。")
    field_order = ("file", "on", "why")


class EntryForm(SinceForm):
    """One thing of a kind; with `several`, numbered rows below it (place-0, from_km-0, …)."""

    def __init__(
        self,
        kind: Kind,
        lookups: Mapping[str, Lookup],
        typed: Mapping[str, str] | None = None,
        *,
        rows: Iterable[Mapping[str, str]] = (),
        fixed: bool = False,
    ) -> None:
        """`rows`: what there is, as rows of the table. `fixed`: the key stays what it is."""
        self.kind, self.lookups, self.fixed = kind, lookups, fixed
        held = list(rows) or [{}]
        initial = {c.key: held[0].get(c.key, "") for c in kind.single}
        self.count = _count(kind, typed, len(held))
        for number, row in enumerate(held):
            initial |= {_name(c.key, number): row.get(c.key, "") for c in kind.many}
        super().__init__(typed, initial={name: text for name, text in initial.items() if text})
        for column in kind.single:
            if not (fixed and column.key in kind.key):
                self.fields[column.key] = self._field(column)
        for number in range(self.count):
            for column in kind.many:
                self.fields[_name(column.key, number)] = self._field(column, in_row=True)
        self.order_fields([name for name in self.fields if name not in ("on", "why")])
        say_required(self)
        self.key_text = {name: held[0].get(name, "") for name in kind.key} if fixed else {}

    def _field(self, column: Column, *, in_row: bool = False) -> forms.Field:
        options: dict[str, Any] = {
            "label": column.title,
            "help_text": "" if in_row else column.help,
            "required": column.needed,
        }
        choices = self._choices(column)
        if choices:
            return forms.ChoiceField(choices=[("", "请选择"), *choices], **options)
        return forms.CharField(**options)

    def _choices(self, column: Column) -> list[tuple[str, str]]:
        """By the words that a file has, so that both are read alike."""
        if column.choices:
            return [(word, word) for _, word in column.choices]
        if column.of and len(self.lookups[column.of].names) <= MOST_CHOICES:
            lookup = self.lookups[column.of]
            return [(lookup.name(code), name) for code, name in lookup.names.items()]
        return []

    def written(self) -> tuple[WrittenRow, ...]:
        """What was typed, as rows of the table; blank rows below are left out."""
        cells = {c.key: self.key_text.get(c.key) or self._cell(c.key) for c in self.kind.single}
        if not self.kind.repeated:
            return typed_rows([cells])
        below = [
            {c.key: self._cell(_name(c.key, number)) for c in self.kind.many}
            for number in range(self.count)
        ]
        filled = [row for row in below if any(row.values())] or below[:1]
        key = {name: cells[name] for name in self.kind.key}
        return typed_rows([{**(cells if at == 0 else key), **row} for at, row in enumerate(filled)])

    def _cell(self, name: str) -> str:
        return str(self.cleaned_data.get(name) or "").strip()

    def take(self, wrong: Iterable[Wrong]) -> None:
        """Say what is wrong at the fields."""
        for each in wrong:
            name = each.column
            if name in self.kind.repeated:
                name = next((n for n in self.fields if n.startswith(f"{name}-")), name)
            self.add_error(name if name in self.fields else None, each.message)

    @property
    def single(self) -> list[forms.BoundField]:
        return [self[c.key] for c in self.kind.single if c.key in self.fields]

    @property
    def since_fields(self) -> list[forms.BoundField]:
        return [self["on"], self["why"]]

    @property
    def below(self) -> list[list[forms.BoundField]]:
        return [[self[_name(c.key, n)] for c in self.kind.many] for n in range(self.count)]

    @property
    def hidden(self) -> list[tuple[str, str]]:
        """All that was typed, to come back with the confirmation."""
        return [(name, self.data.get(name, "")) for name in (*self.fields, "rows")]


def _name(key: str, number: int) -> str:
    return f"{key}-{number}"


def _count(kind: Kind, typed: Mapping[str, str] | None, held: int) -> int:
    if not kind.repeated:
        return 0
    first = kind.repeated[0]
    if typed is None:
        return min(held + SPARE_ROWS, MOST_ROWS)
    numbers = [n for n in range(MOST_ROWS) if _name(first, n) in typed]
    return len(numbers) or SPARE_ROWS
