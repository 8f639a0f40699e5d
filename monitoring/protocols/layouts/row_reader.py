"""From the cells of one row to what it says, or to all that is wrong with it."""

from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import Any

from written.text import MISSING, CellError, is_void, narrow, shown

from . import cells
from .headings import LONG, NATIONAL, Columns, HeadedColumn, indicator_named, unit_problem
from .indicators import INDICATORS
from .rows import EmptyRow, ParsedRow, RejectedRow, Row, RowError, SectionRef, Value
from .ways import Way

NO_TIME = "站点未运行：没有监测时间，也没有监测值。"
VOID = "这一行注明作废；请整行删去，仍有效的请改备注。"
NO_VALUES = "站点未运行：该时次没有任何监测值。"
NO_VALUE = "没有数值。"
NOT_WANTED = "按列对应关系，这项指标不读。"
_UNSEEN = object()

# A column, what reads its cells, and what each text was found to mean.
Reading = tuple[HeadedColumn, Callable[[str], Any], dict[str, Any]]


class RowReader:
    """Reads the rows of one sheet; keeps what each text of a column meant."""

    def __init__(
        self,
        columns: Columns,
        sheet: str,
        time: Callable[[str], datetime | None],
        way: Way,
        *,
        delimiter: str,
    ) -> None:
        self.width, self.sheet, self.way = columns.width, sheet, way
        self.delimiter = delimiter
        read = columns.read
        self.by_field = {column.field: column for column in read if not column.indicator}
        national = columns.layout == NATIONAL
        self.default_origin = "automatic" if national else "manual"
        self.read_value = partial(
            cells.read_value, decimal_comma=delimiter == ";", doubts=not way.reviewed
        )
        readers: dict[str, Callable[[str], Any]] = {
            "time": time,
            "flag": cells.read_station_state if national else cells.read_flag,
            "origin": partial(cells.read_origin, default=self.default_origin),
            "official_class": cells.read_official_class,
        }
        self.clock = self.by_field.get("clock")
        self.single: list[Reading] = [
            (column, readers[name], {}) for name, column in self.by_field.items() if name in readers
        ]
        self.measured: list[Reading] = [
            (column, partial(self.read_value, indicator=INDICATORS[column.indicator]), {})
            for column in read
            if column.indicator
        ]
        self.named = [
            self.by_field[name]
            for name in ("province", "basin", "name", "code")
            if name in self.by_field
        ]
        self.long = columns.layout == LONG
        self.remarks = [column for column in read if column.field == "ignored"]
        self.sections: dict[tuple[str, ...], SectionRef | list[tuple[str, str, str]]] = {}
        self.long_values: dict[tuple[str, str, str], Value | list[tuple[str, str, str]] | str] = {}

    def read(self, number: int, record: list[str]) -> Row:
        text = tuple(record)
        if (ragged := self._ragged(record)) is not None:
            whole = shown((self.delimiter or "，").join(record))
            return RejectedRow(
                number, (self._error(number, "整行", whole, ragged),), text, self.sheet
            )
        if self.clock is not None:
            record = self._with_clock(record)
        errors = [
            self._error(number, column.heading, shown(record[column.index]), VOID)
            for column in self.remarks
            if is_void(record[column.index])
        ]
        found: dict[str, Any] = {}
        for column, read, known in self.single:
            result = _remembered(record[column.index], read, known)
            if type(result) is CellError:
                errors.append(self._cell_error(number, column, record, result))
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
                errors.append(self._cell_error(number, column, record, result))
        without = ""
        if self.long:
            said = self._long_value(record)
            if isinstance(said, Value):
                values.append(said)
            elif isinstance(said, str):
                without = said
            else:
                unreadable_value = True
                errors += [self._error(number, *error) for error in said]
        section = self._section(record)
        if isinstance(section, list):
            errors += [self._error(number, *error) for error in section]
        time = self.by_field["time"]
        sampled_at = found.get("time", _UNSEEN)
        if sampled_at is None and (values or unreadable_value):
            errors.append(
                self._error(
                    number,
                    time.heading,
                    shown(record[time.index]),
                    "有监测值却没有监测时间；请补上时间，站点未运行请把监测值填为“--”。",
                )
            )
        if errors:
            return RejectedRow(number, tuple(errors), text, self.sheet)
        assert isinstance(section, SectionRef)
        if not values:
            reason = without or (NO_TIME if sampled_at is None else NO_VALUES)
            return EmptyRow(number, section, sampled_at, reason, text, self.sheet)
        return ParsedRow(
            number,
            section,
            sampled_at,
            found.get("origin", self.default_origin),
            found.get("flag", "N"),
            tuple(values),
            found.get("official_class"),
            text,
            self.sheet,
        )

    def _with_clock(self, record: list[str]) -> list[str]:
        """The record with the hour behind the day, in the day's cell."""
        assert self.clock is not None
        hour, day = record[self.clock.index], self.by_field["time"].index
        if narrow(hour) in MISSING:
            return record
        record = list(record)
        record[day] = f"{record[day].strip()} {hour.strip()}"
        return record

    def _long_value(self, record: list[str]) -> Value | list[tuple[str, str, str]] | str:
        """The value of a row that holds one: or what is wrong, or why there is none."""
        unit = self.by_field.get("unit")
        key = (
            record[self.by_field["indicator"].index],
            record[unit.index] if unit else "",
            record[self.by_field["value"].index],
        )
        known = self.long_values.get(key)
        if known is None:
            known = self.long_values[key] = self._new_long_value(*key)
        return known

    def _new_long_value(
        self, name: str, unit: str, value: str
    ) -> Value | list[tuple[str, str, str]] | str:
        of, headed = self.by_field["indicator"].heading, self.by_field["value"].heading
        if self.way.ignores(name):
            return NOT_WANTED
        taken = self.way.taken(name)
        found = (
            (INDICATORS[taken.indicator], taken.unit)
            if taken is not None and taken.indicator
            else indicator_named(name)
        )
        if found is None:
            if narrow(name) in MISSING:
                return [(of, shown(name), "没有指标名称；请填如“氨氮”。")]
            return [
                (of, shown(name), "不认识的指标；请改为规定的名称，或在列对应关系里写明它不读。")
            ]
        indicator, inner = found
        in_heading = headed.rpartition("(")[2].rstrip(")") if headed.endswith(")") else ""
        for where, text, said in (
            (of, name, inner),
            (self.by_field["unit"].heading if "unit" in self.by_field else of, unit, unit),
            (headed, headed, in_heading),
        ):
            if narrow(said) in MISSING:
                continue
            if wrong := unit_problem(said, indicator):
                return [(where, shown(text), wrong.removeprefix("的"))]
        try:
            return self.read_value(value, indicator) or NO_VALUE
        except CellError as error:
            return [(headed, shown(value), str(error))]

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

    def _error(self, number: int, field: str, value: str, message: str) -> RowError:
        return RowError(number, field, value, message, self.sheet)

    def _cell_error(
        self, number: int, column: HeadedColumn, record: list[str], error: CellError
    ) -> RowError:
        return self._error(number, column.heading, shown(record[column.index]), str(error))


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
