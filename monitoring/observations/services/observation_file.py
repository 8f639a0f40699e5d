"""A file of figures (指标值), CSV or XLSX: from its bytes to rows of text, and what they mean.

Columns: 断面或行政区, 指标, 期间, 数值, 出处. Numbers may be full-width, with thousands commas
and a unit (12.5万m³); a month is 2023-05, 2023年5月 or 202305, a year 2023 or 2023年.
"""

import csv
import io
import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from difflib import get_close_matches
from typing import Any
from zipfile import BadZipFile

from python_calamine import CalamineError, CalamineWorkbook

from monitoring.figures import FIGURES, MONTH, PARTY, YEAR, Figure, find
from monitoring.protocols.layouts import FileError
from monitoring.protocols.layouts.decoding import decode

WHOSE, NAME, PERIOD, VALUE, SOURCE = "断面或行政区", "指标", "期间", "数值", "出处"
COLUMNS = (WHOSE, NAME, PERIOD, VALUE, SOURCE)
_ALSO = {
    "断面": WHOSE, "断面编码": WHOSE, "断面名称": WHOSE, "行政区": WHOSE, "区县": WHOSE,
    "指标名称": NAME, "月份": PERIOD, "年度": PERIOD, "年份": PERIOD, "值": VALUE, "来源": SOURCE,
}  # fmt: skip
UNIT = "单位"
LARGEST = 5 * 1024 * 1024
MOST_ROWS = 20_000
YEARS = range(1990, 2101)
DECIMALS, LIMIT = 6, Decimal(10) ** 15

_NUMBER = re.compile(r"([+-]?(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d*)?|[+-]?\.\d+)(.*)")
_MONTH = re.compile(r"(\d{4})(?:[-./年](\d{1,2})月?|(\d{2}))(?:[-./]0?1)?")
_YEAR = re.compile(r"(\d{4})年?(?:度)?")


@dataclass(frozen=True, slots=True)
class Typed:
    """One row as written."""

    row: int
    whose: str
    name: str
    period: str
    value: str
    source: str


@dataclass(frozen=True, slots=True)
class WrongFigure:
    """What is wrong in which field of which row, and the remedy."""

    row: int
    field: str
    message: str

    def __str__(self) -> str:
        return f"第 {self.row} 行 {self.field}：{self.message}"


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
    if len(raw) > LARGEST:
        raise FileError(f"{filename}：文件超过 {LARGEST // 1024 // 1024} MB；请分成几份。")
    rows = list(_sheet(raw) if raw.startswith(b"PK") else _lines(raw))
    heads, first = _headings(rows, filename)
    found = []
    for number, cells in rows[first:]:
        by_name = {name: cells[at].strip() if at < len(cells) else "" for name, at in heads.items()}
        if not any(by_name.values()):
            continue
        value = by_name[VALUE]
        if value and (unit := by_name.get(UNIT, "")) and _NUMBER.fullmatch(plain(value)):
            value += unit if _NUMBER.fullmatch(plain(value))[2] == "" else ""  # type: ignore[index]
        found.append(
            Typed(
                number, by_name[WHOSE], by_name[NAME], by_name[PERIOD], value, by_name[SOURCE]
            )
        )  # fmt: skip
    if not found:
        raise FileError("只有列标题，没有数据行；请按模板填写后再导入。")
    if len(found) > MOST_ROWS:
        raise FileError(f"有 {len(found)} 行，一次至多 {MOST_ROWS} 行；请分成几份。")
    return found


def _lines(raw: bytes) -> Iterable[tuple[int, list[str]]]:
    text, _ = decode(raw)
    try:
        head = text.partition("\n")[0]
        delimiter = max(",;\t", key=head.count)
        reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
        return list(enumerate(reader, start=1))
    except csv.Error as wrong:
        raise FileError(f"不是完整的 CSV（{wrong}）；请另存为 CSV 或 XLSX 再导入。") from wrong


def _sheet(raw: bytes) -> Iterable[tuple[int, list[str]]]:
    try:
        book = CalamineWorkbook.from_filelike(io.BytesIO(raw))
        rows = book.get_sheet_by_index(0).to_python(skip_empty_area=False)
    except (CalamineError, BadZipFile, IndexError, OSError) as wrong:
        raise FileError("打不开这份 XLSX；请用表格软件另存一份再导入。") from wrong
    return [(number, [_text(cell) for cell in row]) for number, row in enumerate(rows, start=1)]


def _text(cell: Any) -> str:
    if isinstance(cell, float):  # numbers of a sheet are floats: 2023.0 is 2023
        return str(int(cell)) if cell.is_integer() else repr(cell)
    return f"{cell:%Y-%m-%d}" if isinstance(cell, date) else str(cell)


def _headings(rows: list[tuple[int, list[str]]], filename: str) -> tuple[dict[str, int], int]:
    for at, (_, cells) in enumerate(rows[:5]):
        heads: dict[str, int] = {}
        for index, cell in enumerate(cells):
            word = re.sub(r"[（(].*", "", plain(cell))
            name = word if word in (*COLUMNS, UNIT) else _ALSO.get(word)
            if name and name not in heads:
                heads[name] = index
        if missing := [name for name in COLUMNS if name not in heads]:
            if len(missing) < len(COLUMNS):
                raise FileError(
                    f"缺少列 {'、'.join(missing)}；列标题须是 {'、'.join(COLUMNS)}，可下载模板。"
                )
            continue
        return heads, at + 1
    raise FileError(
        f"{filename or '文件'}：没有找到列标题；第一行须是 {'、'.join(COLUMNS)}，可下载模板。"
    )


def plain(text: str) -> str:
    """Half-width, without spaces, a true minus as ASCII; m³ is m3."""
    return re.sub(r"\s+", "", unicodedata.normalize("NFKC", text).replace("−", "-"))


def read_period(text: str, figure: Figure, today: date) -> tuple[date, bool]:
    """First day, and whether it is a year. Raises ValueError with the remedy."""
    written = plain(text)
    if found := _YEAR.fullmatch(written):
        year, month = int(found[1]), 0
    elif found := _MONTH.fullmatch(written):
        year, month = int(found[1]), int(found[2] or found[3])
    else:
        raise ValueError(f"“{text}”不是期间；请写如 2023-05（月）或 2023（年）。")
    if year not in YEARS or month > 12 or (found.re is _MONTH and not month):
        raise ValueError(f"“{text}”没有这个月份；请写如 2023-05 或 2023。")
    span = MONTH if month else YEAR
    if span not in figure.spans:
        wanted = "按年，请写年份，如 2023" if span == MONTH else "按月，请写月份，如 2023-05"
        raise ValueError(f"“{figure.label}”{wanted}。")
    first = date(year, month or 1, 1)
    if first > today:
        raise ValueError(f"“{text}”还没有到；请核对年份和月份。")
    return first, not month


def read_value(text: str, figure: Figure) -> Decimal:
    """The value in the figure's unit. Raises ValueError with the remedy."""
    example = f"1,250{figure.unit}" if figure.unit else "2.4"
    found = _NUMBER.fullmatch(plain(text))
    if not found:
        raise ValueError(f"“{text}”不是数字；请写如 {example}。")
    number, rest = Decimal(found[1].replace(",", "")), found[2]
    if rest == plain(figure.unit):
        factor = Decimal(1)
    elif rest in figure.factors:
        factor = figure.factors[rest]
    elif rest:
        known = "、".join(dict.fromkeys((figure.unit, *figure.factors))) or "不带单位的数"
        raise ValueError(f"“{text}”的单位“{rest}”看不懂；“{figure.label}”可用的单位是 {known}。")
    else:
        factor = Decimal(1)
    value = number * factor
    if value < figure.least:
        raise ValueError(f"“{text}”不能小于 {figure.least}；请核对。")
    if figure.most is not None and value > figure.most:
        raise ValueError(
            f"“{text}”超过 {figure.most}{figure.unit}；请核对单位（{figure.unit or '无单位'}）。"
        )
    if figure.whole and value != int(value):
        raise ValueError(f"“{text}”须是整数。")
    if value >= LIMIT or value != round(value, DECIMALS):
        raise ValueError(f"“{text}”太大，或小数超过 {DECIMALS} 位；请核对。")
    return value


def understood(
    typed: Iterable[Typed], owners: Owners, today: date
) -> tuple[list[Understood], list[WrongFigure]]:
    """What the rows mean, and everything wrong with the others."""
    rows, wrong = [], []
    seen: dict[tuple, int] = {}
    for one in typed:
        faults: list[WrongFigure] = []
        found = _row(one, owners, today, faults)
        if found is not None and found.key in seen:
            first = seen[found.key]
            faults.append(
                WrongFigure(one.row, NAME, f"与第 {first} 行是同一项、同一期间；请只留一行。")
            )
        if found is not None and not faults:
            seen[found.key] = one.row
            rows.append(found)
        wrong += faults
    return rows, wrong


def _row(one: Typed, owners: Owners, today: date, wrong: list[WrongFigure]) -> Understood | None:
    figure = find(one.name.strip()) or find(plain(one.name))
    if figure is None:
        wrong.append(WrongFigure(one.row, NAME, unknown_name(one.name)))
        return None
    period, value = None, None
    ids: tuple[int, ...] = ()
    try:
        ids = _whose(one.whose, figure, owners)
    except ValueError as why:
        wrong.append(WrongFigure(one.row, WHOSE, str(why)))
    try:
        period = read_period(one.period, figure, today)
    except ValueError as why:
        wrong.append(WrongFigure(one.row, PERIOD, str(why)))
    try:
        value = read_value(one.value, figure)
    except ValueError as why:
        wrong.append(WrongFigure(one.row, VALUE, str(why)))
    if not one.source or len(one.source) > 200:
        wrong.append(
            WrongFigure(one.row, SOURCE, "请写明出处（至多 200 字），如“水文站 5 月月报”。")
        )
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
    )


def _whose(text: str, figure: Figure, owners: Owners) -> tuple[int, ...]:
    party = figure.of == PARTY
    kind = "行政区" if party else "断面"
    known = owners.jurisdictions if party else owners.sections
    ids = known.get(text.strip(), ())
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
