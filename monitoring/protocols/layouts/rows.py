"""What a readings file says, row by row.

`row` is the number of the row as Excel shows it: counted from 1, the heading row and
blank rows included; a cell with a line break inside still makes one row.
`text` holds the cells as they stand in the file. `sheet` is the name of its sheet, empty where the
file is no workbook.
"""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

from written.sheet import place


class SectionRef(NamedTuple):
    """The section as the file names it; `name` is empty when the file gives only a code."""

    province: str | None
    basin: str | None
    name: str
    code: str | None


class Value(NamedTuple):
    """One reading of a sample, in the unit of its indicator, as written, unrounded.

    `below_limit`: not detected; `value` is then the detection limit (0.025L, <0.025).
    `flag`: the HJ 212 flag of this value alone, written `0.31(M)`; None: the row's counts.
    """

    indicator: str
    value: Decimal
    below_limit: bool
    flag: str | None = None


@dataclass(frozen=True, slots=True)
class RowError:
    """What is wrong with one cell: where (`field` is the heading in the file), what, remedy."""

    row: int
    field: str
    value: str
    message: str
    sheet: str = ""

    def __str__(self) -> str:
        return f"{place(self.row, self.sheet)} {self.field} “{self.value}”：{self.message}"


@dataclass(frozen=True, slots=True)
class ParsedRow:
    """A sample with at least one value.

    `sampled_at`: aware, UTC. `origin`: automatic, manual, joint, reserve.
    `flag`: HJ 212 letter: N normal, M maintenance, D unable to run, F stopped, S typed by hand…
    `official_class`: the class printed in the file ('Ⅰ' … 'Ⅴ', '劣Ⅴ') or None.
    """

    row: int
    section: SectionRef
    sampled_at: datetime
    origin: str
    flag: str
    values: tuple[Value, ...]
    official_class: str | None
    text: tuple[str, ...]
    sheet: str = ""


@dataclass(frozen=True, slots=True)
class EmptyRow:
    """A row with a section but no value: the station was not running. `reason` is Chinese."""

    row: int
    section: SectionRef
    sampled_at: datetime | None
    reason: str
    text: tuple[str, ...]
    sheet: str = ""


@dataclass(frozen=True, slots=True)
class RejectedRow:
    """A row that cannot be taken, with all its errors at once."""

    row: int
    errors: tuple[RowError, ...]
    text: tuple[str, ...]
    sheet: str = ""


Row = ParsedRow | EmptyRow | RejectedRow
