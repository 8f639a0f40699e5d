"""A readings file: opened once, its rows read as often as asked.

A CSV is one sheet; a workbook has several, each in its own layout. The rows are read twice, in a
stream: once to count and to find what makes the file unreadable as a whole, once for themselves.
Cells repeat, so each column remembers what a text meant.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import partial
from itertools import islice

from written.decoding import decode
from written.files import DELIMITERS, WORKBOOK, csv_records
from written.moments import ZONES, has_no_year, is_day_alone, read_time
from written.months import NamedMonth, month_named
from written.text import FileError, shown
from written.workbooks import KeptSheet, open_workbook

from .headings import (
    LONG,
    LOOKED_AT,
    NATIONAL,
    Columns,
    HeadingsUnclear,
    heading_row,
    holds_readings,
    is_unit_row,
    read_headings,
    recognised,
    refuse_foreign_title,
    seen,
    with_units,
)
from .row_reader import RowReader
from .rows import Row
from .ways import USUAL, Way

LARGEST = 64 * 1024 * 1024  # bytes of a file
Records = Callable[[], Iterator[tuple[int, list[str]]]]


@dataclass(frozen=True)
class ReadSheet:
    """A sheet of readings. `month`: the one its name says, where its cells need it.

    `head`: the rows of headings, and of units below them, as they stand in the file.
    """

    name: str
    columns: Columns
    head: tuple[tuple[str, ...], ...]
    total_rows: int
    month: date | None
    _records: Records = field(repr=False)

    @property
    def layout(self) -> str:
        return self.columns.layout

    def records(self) -> Iterator[tuple[int, list[str]]]:
        """Its rows below the headings that are not blank, numbered as a spreadsheet shows them."""
        return self._records()


@dataclass(frozen=True)
class ReadingFile:
    """`total_rows`: rows that `rows()` yields; blank rows are not among them.

    `unread`: headings and sheets whose content goes nowhere.
    """

    encoding: str  # xlsx for a workbook
    delimiter: str  # empty for a workbook
    sheets: tuple[ReadSheet, ...]
    unread: tuple[str, ...]
    way: Way
    _year: int | None = field(repr=False)
    _now: datetime = field(repr=False)

    @property
    def layout(self) -> str:
        """That of all its sheets; `mixed` where they differ."""
        layouts = {sheet.layout for sheet in self.sheets}
        return layouts.pop() if len(layouts) == 1 else "mixed"

    @property
    def columns(self) -> tuple[str, ...]:
        """The headings of its first sheet."""
        return tuple(cell.strip() for cell in self.sheets[0].head[0])

    @property
    def total_rows(self) -> int:
        return sum(sheet.total_rows for sheet in self.sheets)

    @property
    def mapping(self) -> dict[str, str]:
        """Heading → what it was taken for, of every column read."""
        found: dict[str, str] = {}
        for sheet in self.sheets:
            found |= sheet.columns.taken()
        return found

    def rows(self) -> Iterator[Row]:
        """Every row that is not blank, in the order of the file; never raises for a bad row."""
        for sheet in self.sheets:
            yield from self.rows_of(sheet)

    def rows_of(self, sheet: ReadSheet) -> Iterator[Row]:
        """Those of one sheet."""
        time = partial(
            read_time,
            year=self._year,
            now=self._now,
            form=self.way.time_format,
            zone=ZONES[self.way.zone],
            within=sheet.month,
        )
        reader = RowReader(sheet.columns, sheet.name, time, self.way, delimiter=self.delimiter)
        for number, record in sheet.records():
            yield reader.read(number, record)


@dataclass(frozen=True, slots=True)
class SeenSheet:
    """A sheet's headings for whoever maps them: heading, what it is taken for, what is wrong."""

    name: str
    headings: tuple[tuple[str, str, str], ...]
    problem: str  # '' where it can be read as it is


def open_layout(
    raw: bytes,
    *,
    filename: str = "",
    year: int | None = None,
    now: datetime,
    way: Way = USUAL,
) -> ReadingFile:
    """Recognise a readings file by its bytes.

    `year` completes times without one; it holds for every such row, also when a file runs
    from 31 December into January: split such a file at the new year. A year written in the
    cell, or in the name of the sheet, counts before it. `now` (aware) is what the future is
    measured against. `way`: how its sender writes.
    Raises FileError, Chinese with remedy, beginning with the file's name if given.
    """
    if now.tzinfo is None:
        raise ValueError("now must be an aware datetime")
    try:
        return _opened(raw, year=year, now=now, way=way)
    except FileError as error:
        if not filename:
            raise
        raise type(error)(f"{filename}：{error}") from error


def seen_sheets(raw: bytes, way: Way = USUAL) -> list[SeenSheet]:
    """What the headings of each sheet are taken for. Raises FileError for no file at all."""
    _, _, tables = _tables(raw, way)
    answer = []
    for table in tables:
        top = list(islice(table.records(), LOOKED_AT))
        cells = [record for _, record in top]
        if not cells or way.ignores(table.name):
            continue
        head = cells[heading_row(cells, way)]
        try:
            read_headings(head, way)
            problem = ""
        except FileError as error:
            problem = str(error)
        answer.append(SeenSheet(table.name, tuple(seen(head, way)), problem))
    return answer


@dataclass(frozen=True)
class _Table:
    """What may be a sheet of readings: its name and records, headings among them."""

    name: str
    hidden: bool
    records: Records
    count: int | None = None  # of records, where it is known


def _tables(raw: bytes, way: Way) -> tuple[str, str, list[_Table]]:
    if len(raw) > LARGEST:
        raise FileError(f"文件超过 {LARGEST // 1024 // 1024} MB；请分成几份。")
    if raw.startswith(WORKBOOK):
        sheets = open_workbook(raw, "large")
        return (
            "xlsx",
            "",
            [_Table(s.name, s.hidden, partial(_kept, s), s.count) for s in sheets if s.count],
        )
    text, encoding = decode(raw)
    delimiter = _delimiter(text, way)
    return encoding, delimiter, [_Table("", False, partial(csv_records, text, delimiter))]


def _nothing() -> Iterator[tuple[int, list[str]]]:
    return iter(())


def _kept(sheet: KeptSheet) -> Iterator[tuple[int, list[str]]]:
    for row in sheet.rows():
        yield row.number, row.cells


def _opened(raw: bytes, *, year: int | None, now: datetime, way: Way) -> ReadingFile:
    encoding, delimiter, tables = _tables(raw, way)
    if not tables:
        raise FileError("工作簿是空的。请确认导出成功，列标题之后每行一条。")
    sheets: list[ReadSheet] = []
    unread: list[str] = []
    for table in tables:
        if way.ignores(table.name):
            unread.append(f"工作表“{table.name}”")
            continue
        if table.hidden:
            raise FileError(
                f"工作表“{table.name}”是隐藏的，却有内容；请取消隐藏后核对，或删去该表。"
            )
        if len(tables) > 1 and not _is_of_readings(table, way):
            unread.append(f"工作表“{table.name}”")
            continue
        sheet = _sheet(table, year, way)
        sheets.append(sheet)
        unread += [heading for heading in sheet.columns.unread if heading not in unread]
    if not sheets:
        names = "、".join(f"“{table.name}”" for table in tables)
        raise FileError(
            f"没有一张工作表是监测数据（{names} 都没有断面和采样时间、指标的列标题）；可下载模板。"
        )
    return ReadingFile(encoding, delimiter, tuple(sheets), tuple(unread), way, year, now)


def _is_of_readings(table: _Table, way: Way) -> bool:
    top = [record for _, record in islice(table.records(), LOOKED_AT)]
    return holds_readings(top[heading_row(top, way)], way)


def _sheet(table: _Table, year: int | None, way: Way) -> ReadSheet:
    """A sheet with its headings found. Raises FileError, naming the sheet where there are several."""
    try:
        return _found(table, year, way)
    except FileError as error:
        if not table.name:
            raise
        raise type(error)(f"工作表“{table.name}”：{error}") from error


def _found(table: _Table, year: int | None, way: Way) -> ReadSheet:
    top = list(islice(table.records(), LOOKED_AT + 2))
    cells = [record for _, record in top]
    at = heading_row(cells, way) if cells else 0
    columns = read_headings(cells[at] if cells else [], way)
    refuse_foreign_title(cells[:at])
    head = 1
    if len(cells) > at + 1 and columns.layout != LONG and is_unit_row(cells[at + 1], columns):
        with_units(columns, cells[at + 1])
        head = 2
    records = partial(_below, table.records, at + head, 0 if not table.name else columns.width)
    known = None if table.count is None else table.count - at - head
    total, month = _counted(records, columns, table.name, year, known)
    return ReadSheet(
        name=table.name,
        columns=columns,
        head=tuple(tuple(row) for row in cells[at : at + head]),
        total_rows=total,
        month=month,
        _records=records,
    )


def _below(records: Records, heading_rows: int, width: int) -> Iterator[tuple[int, list[str]]]:
    """The rows below the headings; `width`: a workbook leaves out the blank cells at a row's end."""
    for number, record in islice(records(), heading_rows, None):
        yield number, record + [""] * (width - len(record)) if len(record) < width else record


def _counted(
    records: Records, columns: Columns, name: str, year: int | None, known: int | None
) -> tuple[int, date | None]:
    """How many rows there are (`known` where that is known), and the month the sheet's name gives
    those whose times need it.

    Raises FileError where times without a year stand and nothing says it.
    """
    time = next(column.index for column in columns.read if column.field == "time")
    named = month_named(name)
    looked_at = named is not None or (year is None and columns.layout == NATIONAL)
    total, yearless, alone = 0, None, None
    if known is not None and not looked_at:
        total, records = known, _nothing
    for number, record in records():
        total += 1
        # Every time of a column is alike as a rule; one without a year decides.
        if looked_at and yearless is None and alone is None and len(record) > time:
            if has_no_year(record[time]):
                yearless = number, record[time]
            elif named is not None and is_day_alone(record[time]):
                alone = number, record[time]
    if not total:
        raise FileError("只有列标题，没有数据行。请确认导出时选中了数据。")
    if named is not None and (yearless or alone):
        return total, _month(named, year, yearless or alone)
    if yearless and year is None and columns.layout == NATIONAL:
        raise FileError(
            f"监测时间没有年份（第 {yearless[0]} 行“{shown(yearless[1])}”），"
            "国家站发布的文件都是这样。请指明年份（页面上的“年份”，命令用 --year 2021）。"
        )
    return total, None


def _month(named: NamedMonth, year: int | None, first: tuple[int, str] | None) -> date:
    found = named.year or year
    if found is None:
        where = f"（第 {first[0]} 行“{shown(first[1])}”）" if first else ""
        raise FileError(
            f"采样时间没有年份{where}，工作表名只说了 {named.month} 月。"
            f"请指明年份（页面上的“年份”，命令用 --year 2024），或把工作表名改为“2024年{named.month}月”。"
        )
    return date(found, named.month, 1)


def _delimiter(text: str, way: Way) -> str:
    """The delimiter under which most headings are known; a comma when none is better."""
    best, most = DELIMITERS[0], -1
    for delimiter in DELIMITERS:
        known = max((recognised(cells, way) for cells in _top(text, delimiter)), default=0)
        if known > most:
            best, most = delimiter, known
    return best


def _top(text: str, delimiter: str) -> list[list[str]]:
    """The first rows as far as they can be told apart."""
    found: list[list[str]] = []
    try:
        found.extend(record for _, record in islice(csv_records(text, delimiter), LOOKED_AT))
    except FileError:
        return found  # what is wrong further down is said with its row when the rows are read
    return found


__all__ = ["HeadingsUnclear", "ReadSheet", "ReadingFile", "SeenSheet", "open_layout", "seen_sheets"]
