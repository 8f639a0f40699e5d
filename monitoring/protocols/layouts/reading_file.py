"""A readings file: opened once, its rows read as often as asked.

The file is read twice, in a stream: once to count and to find what makes it unreadable as a
whole, once for the rows. Cells repeat, so each column remembers what a text meant.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Any

from written.decoding import decode
from written.files import DELIMITERS, csv_records
from written.moments import has_no_year, read_time
from written.text import CellError, FileError, is_void, shown

from . import cells
from .headings import NATIONAL, HeadedColumn, read_headings, recognised
from .indicators import INDICATORS
from .rows import (
    EmptyRow,
    ParsedRow,
    RejectedRow,
    Row,
    RowError,
    SectionRef,
    Value,
)

NO_TIME = "站点未运行：没有监测时间，也没有监测值。"
VOID = "这一行注明作废；请整行删去，仍有效的请改备注。"
NO_VALUES = "站点未运行：该时次没有任何监测值。"
_UNSEEN = object()

# A column, what reads its cells, and what each text was found to mean.
Reading = tuple[HeadedColumn, Callable[[str], Any], dict[str, Any]]


def open_layout(
    raw: bytes, *, filename: str = "", year: int | None = None, now: datetime
) -> "ReadingFile":
    """Recognise a readings file by its bytes.

    `year` completes times without one; it holds for every such row, also when a file runs
    from 31 December into January: split such a file at the new year. A year written in the
    cell counts before it. `now` (aware) is what the future is measured against.
    Raises FileError, Chinese with remedy, beginning with the file's name if given.
    """
    if now.tzinfo is None:
        raise ValueError("now must be an aware datetime")
    try:
        return _opened(raw, year=year, now=now)
    except FileError as error:
        if not filename:
            raise
        raise FileError(f"{filename}：{error}") from error


def _opened(raw: bytes, *, year: int | None, now: datetime) -> "ReadingFile":
    text, encoding = decode(raw)
    delimiter = _delimiter(text)
    records = csv_records(text, delimiter)
    _, header = next(records, (1, []))
    layout, columns = read_headings(header)
    time = next(column.index for column in columns if column.field == "time")
    total, yearless = 0, None
    for number, record in records:
        total += 1
        # Every time of a column is alike as a rule; one without a year decides.
        if (
            year is None
            and yearless is None
            and layout == NATIONAL
            and len(record) > time
            and has_no_year(record[time])
        ):
            yearless = number, record[time]
    if not total:
        raise FileError("只有列标题，没有数据行。请确认导出时选中了数据。")
    if yearless:
        raise FileError(
            f"监测时间没有年份（第 {yearless[0]} 行“{shown(yearless[1])}”），"
            "国家站发布的文件都是这样。请指明年份，如 --year 2021。"
        )
    return ReadingFile(
        layout=layout,
        encoding=encoding,
        delimiter=delimiter,
        columns=tuple(column.heading for column in columns),
        total_rows=total,
        _text=text,
        _columns=columns,
        _year=year,
        _now=now,
    )


@dataclass(frozen=True)
class ReadingFile:
    """`total_rows`: rows that `rows()` yields; blank rows are not among them."""

    layout: str
    encoding: str
    delimiter: str
    columns: tuple[str, ...]
    total_rows: int
    _text: str = field(repr=False)
    _columns: tuple[HeadedColumn, ...] = field(repr=False)
    _year: int | None = field(repr=False)
    _now: datetime = field(repr=False)

    def rows(self) -> Iterator[Row]:
        """Every row that is not blank, in the order of the file; never raises for a bad row."""
        reader = _RowReader(self)
        records = csv_records(self._text, self.delimiter)
        next(records)
        for number, record in records:
            yield reader.read(number, record)


def _delimiter(text: str) -> str:
    """The delimiter under which most headings are known; a comma when none is better."""
    best, most = DELIMITERS[0], -1
    for delimiter in DELIMITERS:
        try:
            _, header = next(csv_records(text, delimiter), (1, []))
        except FileError:
            continue
        if (known := recognised(header)) > most:
            best, most = delimiter, known
    return best


class _RowReader:
    """Reads the rows of one file; keeps what each text of a column meant."""

    def __init__(self, file: ReadingFile) -> None:
        self.width = file._columns[-1].index + 1
        self.delimiter = file.delimiter
        self.by_field = {column.field: column for column in file._columns if not column.indicator}
        national = file.layout == NATIONAL
        self.default_origin = "automatic" if national else "manual"
        readers: dict[str, Callable[[str], Any]] = {
            "time": partial(read_time, year=file._year, now=file._now),
            "flag": cells.read_station_state if national else cells.read_flag,
            "origin": partial(cells.read_origin, default=self.default_origin),
            "official_class": cells.read_official_class,
        }
        self.single: list[Reading] = [
            (column, readers[name], {}) for name, column in self.by_field.items() if name in readers
        ]
        self.measured: list[Reading] = [
            (
                column,
                partial(
                    cells.read_value,
                    indicator=INDICATORS[column.indicator],
                    decimal_comma=file.delimiter == ";",
                ),
                {},
            )
            for column in file._columns
            if column.indicator
        ]
        self.named = [
            self.by_field[name]
            for name in ("province", "basin", "name", "code")
            if name in self.by_field
        ]
        self.remarks = [column for column in file._columns if column.field == "ignored"]
        self.sections: dict[tuple[str, ...], SectionRef | list[tuple[str, str, str]]] = {}

    def read(self, number: int, record: list[str]) -> Row:
        text = tuple(record)
        if (ragged := self._ragged(record)) is not None:
            return RejectedRow(
                number,
                (RowError(number, "整行", shown(self.delimiter.join(record)), ragged),),
                text,
            )
        errors = [
            RowError(number, column.heading, shown(record[column.index]), VOID)
            for column in self.remarks
            if is_void(record[column.index])
        ]
        found: dict[str, Any] = {}
        for column, read, known in self.single:
            result = _remembered(record[column.index], read, known)
            if type(result) is CellError:
                errors.append(_row_error(number, column, record, result))
            else:
                found[column.field] = result
        values: list[Value] = []
        unreadable_value = False
        for column, read, known in self.measured:
            result = known.get(record[column.index], _UNSEEN)
            if result is None:
                continue
            if result is _UNSEEN:
                result = _remembered(record[column.index], read, known)
            if type(result) is Value:
                values.append(result)
            elif result is not None:
                unreadable_value = True
                errors.append(_row_error(number, column, record, result))
        section = self._section(record)
        if isinstance(section, list):
            errors += [RowError(number, *error) for error in section]
        time = self.by_field["time"]
        sampled_at = found.get("time", _UNSEEN)
        if sampled_at is None and (values or unreadable_value):
            errors.append(
                RowError(
                    number,
                    time.heading,
                    shown(record[time.index]),
                    "有监测值却没有监测时间；请补上时间，站点未运行请把监测值填为“--”。",
                )
            )
        if errors:
            return RejectedRow(number, tuple(errors), text)
        assert isinstance(section, SectionRef)
        if not values:
            reason = NO_TIME if sampled_at is None else NO_VALUES
            return EmptyRow(number, section, sampled_at, reason, text)
        return ParsedRow(
            number,
            section,
            sampled_at,
            found.get("origin", self.default_origin),
            found.get("flag", "N"),
            tuple(values),
            found.get("official_class"),
            text,
        )

    def _ragged(self, record: list[str]) -> str | None:
        """What is wrong with the number of cells; empty cells beyond the last are no harm."""
        if len(record) == self.width:
            return None
        if len(record) > self.width:
            if not any(cell.strip() for cell in record[self.width :]):
                return None
            return (
                f"有 {len(record)} 个单元格，多于列标题的 {self.width} 个；"
                "请检查是否有单元格内的分隔符未加引号。"
            )
        return f"只有 {len(record)} 个单元格，少于列标题的 {self.width} 个；请补齐，缺测请填“--”。"

    def _section(self, record: list[str]) -> SectionRef | list[tuple[str, str, str]]:
        key = tuple([record[column.index] for column in self.named])
        known = self.sections.get(key)
        if known is None:
            known = self.sections[key] = self._new_section(key)
        return known

    def _new_section(self, key: tuple[str, ...]) -> SectionRef | list[tuple[str, str, str]]:
        names: dict[str, str | None] = {}
        errors = []
        for column, cell in zip(self.named, key, strict=True):
            try:
                names[column.field] = cells.read_name(cell)
            except CellError as error:
                errors.append((column.heading, shown(cell), str(error)))
        if errors:
            return errors
        if not names.get("name") and not names.get("code"):
            column = self.by_field.get("name") or self.by_field["code"]
            cell = key[self.named.index(column)]
            return [(column.heading, shown(cell), "没有断面；请填写断面名称或编码。")]
        return SectionRef(
            names.get("province"), names.get("basin"), names.get("name") or "", names.get("code")
        )


def _remembered(text: str, read: Callable[[str], Any], known: dict[str, Any]) -> Any:
    """What `read` makes of the text, or its CellError, from memory if it was seen before."""
    result = known.get(text, _UNSEEN)
    if result is _UNSEEN:
        try:
            result = read(text)
        except CellError as error:
            result = error.with_traceback(None)
        known[text] = result
    return result


def _row_error(number: int, column: HeadedColumn, record: list[str], error: CellError) -> RowError:
    return RowError(number, column.heading, shown(record[column.index]), str(error))
