"""From the bytes of a file to the written rows of a kind."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from basins.reference.kind import Kind, WrittenRow
from written.files import read_sheets
from written.headings import Headings, find_headings, split
from written.sheet import Row, Sheet, place
from written.text import FileError, is_void, safe, shown

LARGEST = 5 * 1024 * 1024
MOST_ROWS = 20_000
# Sheets of a template that explain it, and the column of an error sheet that says what is wrong.
EXPLAINING = ("示例", "填写说明")
REMEDY = "怎样更正"
NOTE = "备注"


@dataclass(frozen=True, slots=True)
class ReferenceFile:
    """The rows of a file, and the sheets that hold something else and were not read."""

    rows: tuple[WrittenRow, ...]
    unread: tuple[str, ...] = ()


def read_file(kind: Kind, raw: bytes, filename: str = "") -> ReferenceFile:
    """Every row of every sheet with the kind's headings; CSV or XLSX.

    Raises FileError with the remedy: no headings, no rows, a hidden sheet with rows, a row that
    says it is void or has a cell too many.
    """
    try:
        return _read(kind, read_sheets(raw, largest=LARGEST))
    except FileError as wrong:
        raise FileError(f"{filename}：{wrong}" if filename else str(wrong)) from wrong


def headings_of(kind: Kind) -> dict[str, tuple[str, ...]]:
    """The words of each column's heading, the usual one first."""
    return {c.key: (c.title, *c.names, c.key) for c in kind.columns}


def _read(kind: Kind, sheets: list[Sheet]) -> ReferenceFile:
    names = {**headings_of(kind), REMEDY: (REMEDY,), NOTE: (NOTE,)}
    needed = [c.key for c in kind.columns if c.needed]
    headed, unread = [], []
    for sheet in sheets:
        found = None if sheet.name in EXPLAINING else find_headings(sheet.rows, names, needed)
        if found is None:
            if sheet.name not in EXPLAINING:
                unread.append(f"{sheet.name}（隐藏）" if sheet.hidden else sheet.name)
        elif sheet.hidden:
            raise FileError(f"工作表“{sheet.name}”是隐藏的，却有内容；请取消隐藏，或删去后再导入。")
        else:
            _refuse_other_units(kind, found[0])
            headed.append((sheet, *found))
    if not headed:
        words = "、".join(c.title for c in kind.columns)
        raise FileError(f"没有找到列标题；第一行须是 {words}，可下载模板。")
    several = len(headed) > 1
    rows = [
        row
        for sheet, headings, first in headed
        for row in _rows(sheet, headings, first, sheet.name if several else "")
    ]
    if not rows:
        raise FileError("只有列标题，没有数据行；请在列标题下填写后再导入（“示例”表不读）。")
    if len(rows) > MOST_ROWS:
        raise FileError(f"有 {len(rows)} 行，一次至多 {MOST_ROWS} 行；请分成几份。")
    return ReferenceFile(tuple(rows), tuple(unread))


def _refuse_other_units(kind: Kind, headings: Headings) -> None:
    """长度(m) where the column is in km: nothing is converted unasked. Raises FileError."""
    for key, heading in headings.columns.items():
        if key in (REMEDY, NOTE) or not heading.brackets:
            continue
        column = kind.column(key)
        known = {part for name in (column.title, *column.names) for part in split(name)[1]}
        if other := [part for part in heading.brackets if part not in known]:
            raise FileError(
                f"列“{heading.text}”括号里的“{other[0]}”不是这一列的单位；"
                f"请换算后写成“{column.title}”。"
            )


def _rows(sheet: Sheet, headings: Headings, first: int, named: str) -> Iterator[WrittenRow]:
    for row in sheet.rows[first:]:
        _refuse_ragged(row, headings, named)
        cells = headings.cells(row)
        if is_void(note := cells.pop(NOTE, "")):
            raise FileError(f"{place(row.number, named)}的备注是“{note}”；作废的行请整行删去。")
        cells.pop(REMEDY, None)
        cells = {key: _unmarked(cell) for key, cell in cells.items()}
        if any(cells.values()):
            yield WrittenRow(row.number, cells, named)


def _unmarked(cell: str) -> str:
    """Without the apostrophe that an export puts before what a spreadsheet would run."""
    return cell[1:] if cell.startswith("'") and safe(cell[1:]) == cell else cell


def _refuse_ragged(row: Row, headings: Headings, named: str) -> None:
    if (extra := headings.beyond(row)) is not None:
        raise FileError(
            f"{place(row.number, named)}的单元格多于列标题（“{shown(extra)}”）；"
            "请检查一格里的逗号是否使它成了两格。"
        )


def typed_rows(rows: Iterable[dict[str, str]]) -> tuple[WrittenRow, ...]:
    """Rows that were typed into a form; they have no number."""
    return tuple(WrittenRow(0, cells) for cells in rows)
