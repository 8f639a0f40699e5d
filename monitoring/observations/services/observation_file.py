"""A file of figures (指标值), CSV or XLSX: from its bytes to rows of text, and what they mean.

Columns: 断面或行政区, 指标, 期间, 数值, 出处; 单位 and 备注 where wanted. Numbers may be full-width,
with thousands commas and a unit (12.5万m³), which may also stand in the heading or in a column of
its own; a month is 2023-05, 2023年5月 or 202305, a year 2023 or 2023年.
"""

import csv
import io
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from difflib import get_close_matches

from monitoring.figures import FIGURES, MONTH, PARTY, YEAR, Figure, find, like_a_fill
from written.days import WrittenSpan, read_span
from written.files import COMMA_UNCLEAR, read_sheets
from written.headings import Headings, find_headings, unit_in
from written.numbers import read_number
from written.sheet import Sheet, place
from written.text import MISSING, CellError, FileError, is_void, name_key, narrow, plain, shown

WHOSE, NAME, PERIOD, VALUE, SOURCE = "断面或行政区", "指标", "期间", "数值", "出处"
COLUMNS = (WHOSE, NAME, PERIOD, VALUE, SOURCE)
UNIT, NOTE = "单位", "备注"
_NAMES = {
    WHOSE: (WHOSE, "断面", "断面编码", "断面名称", "行政区", "区县"),
    NAME: (NAME, "指标名称"),
    PERIOD: (PERIOD, "月份", "年度", "年份"),
    VALUE: (VALUE, "值"),
    SOURCE: (SOURCE, "来源"),
    UNIT: (UNIT, "计量单位"),
    NOTE: (NOTE, "说明"),
}
LARGEST = 5 * 1024 * 1024
MOST_ROWS = 20_000
DECIMALS, LIMIT = 6, Decimal(10) ** 15

_NUMERIC = re.compile(r"[+-]?[\d.,]+([Ee][+-]?\d+)?", re.ASCII)
_MONTHLIKE = re.compile(r"\d{4}[-/年]?\d{1,2}月?", re.ASCII)


@dataclass(frozen=True, slots=True)
class Typed:
    """One row as written."""

    row: int
    whose: str
    name: str
    period: str
    value: str
    source: str
    units: tuple[str, ...] = ()  # of the heading and of the column 单位, where not in `value`
    sheet: str = ""  # where the file has several


@dataclass(frozen=True, slots=True)
class FiguresFile:
    """The rows of a file, and the sheets that hold something else and were not read."""

    rows: list[Typed]
    unread: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class WrongFigure:
    """What is wrong in which field of which row, and the remedy."""

    row: int
    field: str
    message: str
    sheet: str = ""

    def __str__(self) -> str:
        return f"{self.place} {self.field}：{self.message}"

    @property
    def place(self) -> str:
        """Words for the row, with its sheet where the file has several."""
        return place(self.row, self.sheet)


@dataclass(frozen=True, slots=True)
class Understood:
    """One figure: of a section or of a jurisdiction, by id; the value in the figure's unit."""

    row: int
    figure: Figure
    section_id: int | None
    jurisdiction_id: int | None
    period: date
    yearly: bool
    value: Decimal
    source: str
    whose: str = ""
    sheet: str = ""

    @property
    def like_a_fill(self) -> bool:
        return like_a_fill(self.value)

    @property
    def key(self) -> tuple[int | None, int | None, str, date, bool]:
        return self.section_id, self.jurisdiction_id, self.figure.name, self.period, self.yearly


@dataclass(frozen=True, slots=True)
class Owners:
    """Ids by code and by name; a name that several have holds them all."""

    sections: Mapping[str, tuple[int, ...]]
    jurisdictions: Mapping[str, tuple[int, ...]]


def template() -> str:
    """The CSV that is offered to be filled in: headings and two filled rows."""
    rows = (
        COLUMNS,
        ("PUSHUN", "水量", "2023-05", "1,250万m³", "水文站 2023 年 5 月月报"),
        ("PUSHUN", "生态流量保证率", "2023", "96.5", "水利局 2023 年度通报"),
    )
    out = io.StringIO()
    csv.writer(out).writerows(rows)
    return out.getvalue()


def read_file(raw: bytes, filename: str = "") -> list[Typed]:
    """The rows of a CSV (UTF-8 or GB 18030) or XLSX file. Raises FileError with the remedy."""
    return read_whole(raw, filename).rows


def read_whole(raw: bytes, filename: str = "") -> FiguresFile:
    """Every row of every sheet with the headings, and the names of the sheets without them.

    Raises FileError with the remedy, also for a hidden sheet that holds figures: whether they
    are meant cannot be told.
    """
    try:
        return _whole(read_sheets(raw, largest=LARGEST))
    except FileError as wrong:
        raise FileError(f"{filename}：{wrong}" if filename else str(wrong)) from wrong


def _whole(sheets: list[Sheet]) -> FiguresFile:
    found: list[Typed] = []
    unread = []
    headed = [(sheet, find_headings(sheet.rows, _NAMES, COLUMNS)) for sheet in sheets]
    if not any(heads for _, heads in headed):
        raise FileError(f"没有找到列标题；第一行须是 {'、'.join(COLUMNS)}，可下载模板。")
    if hidden := [sheet.name for sheet, heads in headed if heads and sheet.hidden]:
        raise FileError(
            f"工作表“{'”“'.join(hidden)}”是隐藏的，却有指标值；请取消隐藏，或删去后再导入。"
        )
    several = sum(heads is not None for _, heads in headed) > 1
    for sheet, heads in headed:
        if heads is None:
            unread.append(f"{sheet.name}（隐藏）" if sheet.hidden else sheet.name)
        else:
            found += _rows(sheet, *heads, sheet.name if several else "")
    if not found:
        raise FileError("只有列标题，没有数据行；请按模板填写后再导入。")
    if len(found) > MOST_ROWS:
        raise FileError(f"有 {len(found)} 行，一次至多 {MOST_ROWS} 行；请分成几份。")
    return FiguresFile(found, tuple(unread))


def _rows(sheet: Sheet, headings: Headings, first: int, named: str) -> Iterable[Typed]:
    headed = unit_in(headings.columns[VALUE])
    if headed and not _is_unit(headed):
        raise FileError(
            f"列标题“{headings.columns[VALUE].text}”括号里的“{headed}”不是单位；"
            f"请只写 {VALUE}，或 {VALUE}（万m³）。"
        )
    for row in sheet.rows[first:]:
        if (extra := headings.beyond(row)) is not None:
            raise FileError(
                f"{place(row.number, named)}的单元格多于列标题（“{shown(extra)}”）；"
                "请检查数字里的千位逗号是否使一格成了两格。"
            )
        cells = headings.cells(row)
        if not any(cells.values()):
            continue
        if is_void(note := cells.get(NOTE, "")):
            raise FileError(f"{place(row.number, named)}的备注是“{note}”；作废的行请整行删去。")
        if sheet.semicolons and "," in narrow(cells[VALUE]):
            raise FileError(f"{place(row.number, named)}：{COMMA_UNCLEAR}")
        units = tuple(dict.fromkeys(u for u in (headed, cells.get(UNIT, "")) if u not in MISSING))
        value = cells[VALUE]
        if len(units) == 1 and _NUMERIC.fullmatch(plain(value)):
            value, units = value + units[0], ()
        yield Typed(
            row.number, cells[WHOSE], cells[NAME], cells[PERIOD], value, cells[SOURCE],
            units=units, sheet=named,
        )  # fmt: skip


def _is_unit(text: str) -> bool:
    """Whether any figure is written in this unit."""
    return any(unit_factor(text, figure) is not None for figure in FIGURES.values())


def unit_factor(unit: str, figure: Figure) -> Decimal | None:
    """How many of the figure's unit one of `unit` is; None: it is none of this figure's."""
    written = plain(unit)
    if written in ("", plain(figure.unit)):
        return Decimal(1)
    return figure.factors.get(written)


def read_period(text: str, figure: Figure, today: date) -> tuple[date, bool]:
    """First day, and whether it is a year. Raises ValueError with the remedy."""
    if not text.strip():
        raise ValueError("缺少；请写如 2023-05（月）或 2023（年）。")
    try:
        written = read_span(text)
    except CellError as wrong:
        if "不是日期" not in str(wrong):
            raise
        if _MONTHLIKE.fullmatch(plain(text)):
            raise ValueError(f"“{text}”没有这个月份；请写如 2023-05 或 2023。") from wrong
        raise ValueError(f"“{text}”不是期间；请写如 2023-05（月）或 2023（年）。") from wrong
    if written.of == WrittenSpan.DAY and written.first.day != 1:
        raise ValueError(f"“{text}”是一天，不是期间；请写如 2023-05（月）或 2023（年）。")
    yearly = written.of == WrittenSpan.YEAR
    if (YEAR if yearly else MONTH) not in figure.spans:
        wanted = "按月，请写月份，如 2023-05" if yearly else "按年，请写年份，如 2023"
        raise ValueError(f"“{figure.label}”{wanted}。")
    if written.first > today:
        raise ValueError(f"“{text}”还没有到；请核对年份和月份。")
    return written.first, yearly


def read_value(text: str, figure: Figure, units: Iterable[str] = ()) -> Decimal:
    """The value in the figure's unit; `units`: those given in its heading and column.

    All units given must be one. Raises ValueError with the remedy.
    """
    if not text.strip():
        raise ValueError(f"缺少；请写如 {_example(figure)}。")
    found = read_number(text)
    given = [unit for unit in (found.rest, *units) if unit]
    factors = [unit_factor(unit, figure) for unit in given] or [Decimal(1)]
    for unit, factor in zip(given, factors, strict=False):
        if factor is None:
            known = "、".join(dict.fromkeys((figure.unit, *figure.factors)))
            can = f"可用的单位是 {known}" if known else "不带单位"
            raise ValueError(f"“{text}”的单位“{unit}”看不懂；“{figure.label}”{can}。")
    if len(set(factors)) > 1:
        raise ValueError(
            f"“{text}”的单位说法不一（{'、'.join(given)}）；请只在数值、列标题或单位列写一处。"
        )
    value = found.number * (factors[0] or 1)
    if value < figure.least:
        raise ValueError(f"“{text}”不能小于 {figure.least}；请核对。")
    if figure.most is not None and value > figure.most:
        raise ValueError(
            f"“{text}”超过 {figure.most}{figure.unit}；请核对单位（{figure.unit or '无单位'}）。"
        )
    if value >= LIMIT or value != round(value, DECIMALS):
        raise ValueError(f"“{text}”太大，或小数超过 {DECIMALS} 位；请核对。")
    if figure.whole and value != int(value):
        raise ValueError(f"“{text}”须是整数。")
    return value


def _example(figure: Figure) -> str:
    return f"1,250{figure.unit}" if figure.unit else "2.4"


def understood(
    typed: Iterable[Typed], owners: Owners, today: date
) -> tuple[list[Understood], list[WrongFigure]]:
    """What the rows mean, and everything wrong with the others."""
    rows, wrong = [], []
    seen: dict[tuple, Typed] = {}
    for one in typed:
        faults: list[WrongFigure] = []
        found = _row(one, owners, today, faults)
        if found is not None and found.key in seen:
            first = place(seen[found.key].row, seen[found.key].sheet)
            faults.append(_wrong(one, NAME, f"与{first}是同一项、同一期间；请只留一行。"))
        if found is not None and not faults:
            seen[found.key] = one
            rows.append(found)
        wrong += faults
    return rows, wrong


def _row(one: Typed, owners: Owners, today: date, wrong: list[WrongFigure]) -> Understood | None:
    figure = find(one.name.strip()) or find(plain(one.name))
    if figure is None:
        wrong.append(_wrong(one, NAME, unknown_name(one.name)))
        return None
    period, value = None, None
    ids: tuple[int, ...] = ()
    try:
        ids = _whose(one.whose, figure, owners)
    except ValueError as why:
        wrong.append(_wrong(one, WHOSE, str(why)))
    try:
        period = read_period(one.period, figure, today)
    except ValueError as why:
        wrong.append(_wrong(one, PERIOD, str(why)))
    try:
        value = read_value(one.value, figure, one.units)
    except ValueError as why:
        wrong.append(_wrong(one, VALUE, str(why)))
    if not one.source or len(one.source) > 200:
        wrong.append(_wrong(one, SOURCE, "请写明出处（至多 200 字），如“水文站 5 月月报”。"))
    if not ids or period is None or value is None or not one.source:
        return None
    party = figure.of == PARTY
    return Understood(
        row=one.row,
        figure=figure,
        section_id=None if party else ids[0],
        jurisdiction_id=ids[0] if party else None,
        period=period[0],
        yearly=period[1],
        value=value,
        source=one.source[:200],
        whose=one.whose.strip(),
        sheet=one.sheet,
    )


def _wrong(one: Typed, field: str, message: str) -> WrongFigure:
    return WrongFigure(one.row, field, message, one.sheet)


def _whose(text: str, figure: Figure, owners: Owners) -> tuple[int, ...]:
    party = figure.of == PARTY
    kind = "行政区" if party else "断面"
    known = owners.jurisdictions if party else owners.sections
    ids = known.get(text.strip(), ()) or known.get(name_key(text), ())
    if not text.strip():
        raise ValueError(f"缺少；“{figure.label}”属于{kind}，请写它的编码或名称。")
    if not ids:
        close = get_close_matches(text.strip(), known, 1)
        meant = f"是否为“{close[0]}”？" if close else ""
        raise ValueError(f"没有{kind}“{text}”；{meant}“{figure.label}”属于{kind}，请写编码或名称。")
    if len(ids) > 1:
        raise ValueError(f"有 {len(ids)} 个{kind}叫“{text}”；请写编码。")
    return ids


def unknown_name(name: str) -> str:
    """Words for a figure there is none of, with the nearest one or all of them."""
    if not name.strip():
        return "缺少；请写指标名称，如“水量”。"
    labels = [figure.label for figure in FIGURES.values()]
    close = get_close_matches(name.strip(), [*labels, *FIGURES], 1)
    meant = f"是否为“{close[0]}”？" if close else ""
    return f"没有指标“{name}”；{meant}可用的是 {'、'.join(labels)}。"
