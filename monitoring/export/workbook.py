"""One workbook: a sheet of readings a month, their means, and what the file is.

Imported again it gives the same readings: the means and what is said of the file are not read.
"""

import zipfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import xlsxwriter

from basins.installation import installation_mark, mark_printed
from basins.refusals import Refused
from monitoring.export.samples import (
    Place,
    codes_of,
    count_by_month,
    means_of,
    places_of,
    samples_of,
)
from monitoring.ingest.services.ingest import Progress, silent
from monitoring.models import Indicator, Section
from monitoring.protocols.layouts.headings import NATIONAL, WIDE
from monitoring.protocols.layouts.reading_file import LARGEST
from monitoring.protocols.layouts.writing import (
    DIGITS,
    MEANS_MONTH,
    NATIONAL_CODES,
    Cell,
    Sample,
    heading,
    headings,
    national_cells,
    wide_cells,
)
from written.sheets.bounds import BOUNDS

LAYOUTS = {NATIONAL: "国家站发布版式", WIDE: "一行一个样品"}
MOST_MONTHS = 12
MOST_ROWS = 1_048_576  # of a sheet
MEANS, ABOUT = "月均值", "说明"
WIDTHS = {"断面名称": 18, "断面编码": 20, "监测时间": 14, "采样时间": 18}


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be written: `layout` of LAYOUTS, `months` by their first days, `sections` in the
    order of the file, with their provinces (select_related); `about`: more lines on the file."""

    layout: str
    months: tuple[date, ...]
    sections: tuple[Section, ...]
    about: tuple[tuple[str, str], ...] = ()


@dataclass
class Written:
    """What became of it. `sheets`: name and rows of each; `rest`: samples that the national
    release has no room for, written wide on sheets of their own."""

    samples: int = 0
    readings: int = 0
    means: int = 0  # section months
    rest: int = 0
    sheets: list[tuple[str, int]] = field(default_factory=list)

    def to_json(self) -> dict[str, Any]:
        sheets = [{"name": name, "rows": rows} for name, rows in self.sheets]
        return {
            "samples": self.samples,
            "readings": self.readings,
            "means": self.means,
            "rest": self.rest,
            "sheets": sheets,
        }


class NothingToWrite(Refused):
    """No reading of these sections in these months."""


def write_workbook(path: Path, wanted: Wanted, progress: Progress = silent) -> Written:
    """The file at `path`. Raises NothingToWrite, and Refused for one that nobody could import."""
    ids = [section.pk for section in wanted.sections]
    counts = count_by_month(ids, wanted.months)
    if not sum(counts.values()):
        raise NothingToWrite("所选断面在这些月份没有监测数据；请改选月份或断面。")
    with path.open("wb") as out, xlsxwriter.Workbook(out, {"constant_memory": True}) as book:
        writer = _Writer(book, wanted, progress, sum(counts.values()))
        for month, count in counts.items():
            if count:
                writer.month(month)
        writer.means()
        writer.about()
    _refuse_too_large(path)
    progress(sum(counts.values()), sum(counts.values()), "完成")
    return writer.written


def _refuse_too_large(path: Path) -> None:
    """What an import would refuse for its size, packed or unpacked, is given to nobody."""
    with zipfile.ZipFile(path) as packed:
        unpacked = sum(info.file_size for info in packed.infolist())
    if path.stat().st_size > LARGEST or unpacked > BOUNDS["large"].unpacked:
        raise Refused("文件太大，不能再导入；请少选几个月份或断面，分几次导出。")


class _Writer:
    def __init__(self, book: Any, wanted: Wanted, progress: Progress, total: int) -> None:
        self.book, self.wanted, self.progress, self.total = book, wanted, progress, total
        self.places = places_of(wanted.sections)
        self.remarks = any(section.is_demo for section in wanted.sections)
        self.decimals = dict(Indicator.objects.values_list("code", "decimals"))
        self.formats: dict[int, Any] = {}
        self.head = book.add_format({"bold": True, "bottom": 1})
        self.written = Written()

    def month(self, month: date) -> None:
        """The month's samples; what the release has no room for follows on a sheet of its own."""
        name = f"{month.year}年{month.month}月"
        national = self.wanted.layout == NATIONAL
        codes = codes_of(list(self.places), month)
        main = _Sheet(self, name, self.wanted.layout, codes)
        rest: list[Sample] = []
        for place, sample in samples_of(self.places, month):
            self.written.samples += 1
            self.written.readings += len(sample.values)
            if self.written.samples % 500 == 0:
                self.progress(self.written.readings, self.total, name)
            if not national:
                main.write(sample)
                continue
            released, other = _parted(place, sample)
            if released is not None:
                main.write(released)
            if other is not None:
                rest.append(other)
        main.close()
        if rest:
            self.written.rest += len(rest)
            there = {value.indicator for sample in rest for value in sample.values}
            more = _Sheet(self, f"{name}其他数据", WIDE, [c for c in codes if c in there])
            for sample in rest:
                more.write(sample)
            more.close()

    def means(self) -> None:
        """Each section's means as they stand, with its class: computed, not to be imported."""
        found = means_of(self.places, self.wanted.months)
        there = {code for each in found for code in each.means}
        codes = [code for code in self.decimals if code in there]
        page = self.book.add_worksheet(MEANS)
        front = ["省份", "断面名称", "断面编码", MEANS_MONTH, "水质类别", "数据完整"]
        self.headed(page, [*front, *map(heading, codes)])
        for at, each in enumerate(found, start=1):
            ref = each.place.ref
            cells: list[Cell] = [
                ref.province or "", ref.name, ref.code or "", f"{each.month:%Y-%m}",
                each.water_class or "*", "是" if each.complete else "否",
                *(each.means.get(code, "--") for code in codes),
            ]  # fmt: skip
            self.row(page, at, cells, [None] * len(front) + [*codes])
        self.written.means = len(found)
        self.written.sheets.append((MEANS, len(found)))

    def about(self) -> None:
        page = self.book.add_worksheet(ABOUT)
        page.set_column(0, 0, 16)
        page.set_column(1, 1, 90)
        first, last = self.wanted.months[0], self.wanted.months[-1]
        lines = [
            ("版式", LAYOUTS[self.wanted.layout]),
            ("期间", f"{first:%Y-%m} 至 {last:%Y-%m}，采样时间为北京时间"),
            ("断面数", str(len(self.places))),
            ("样品数", str(self.written.samples)),
            ("数值数", str(self.written.readings)),
            (
                "未检出",
                "检出限加 L；数值后括号内是该值自己的数据标识；站点专有的前面带标准版本，如 2F。",
            ),
            (MEANS, "由有效数据计算，按 GB/T 8170 修约到显示的小数位；再导入本文件时不读此表。"),
        ]
        if self.written.rest:
            lines.append(
                ("其他数据", "国家站发布版式放不下的数据（手工、联合监测、其他指标、重名断面）。")
            )
        if mark := installation_mark():
            lines.append(("数据性质", f"{mark}数据，不作结算依据。"))
        if self.remarks:
            lines.append(("演示断面", "备注写明“演示断面”的名称和数据是演示用的，不是实测。"))
        for at, (name, text) in enumerate([*lines, *self.wanted.about]):
            page.write_string(at, 0, name, self.head)
            page.write_string(at, 1, text)

    def row(self, page: Any, at: int, cells: Sequence[Cell], codes: Sequence[str | None]) -> None:
        """A number stays a number where a spreadsheet keeps all its digits."""
        for column, (cell, code) in enumerate(zip(cells, codes, strict=True)):
            if isinstance(cell, str):
                page.write_string(at, column, cell)
            elif Decimal(repr(float(cell))) == cell and len(cell.as_tuple().digits) <= DIGITS:
                page.write_number(at, column, float(cell), self._format(cell, code))
            else:
                page.write_string(at, column, f"{cell:f}")

    def _format(self, value: Decimal, code: str | None) -> Any:
        """The indicator's decimals, and more where the value has more."""
        own = -int(value.as_tuple().exponent)
        places = max(own, self.decimals.get(code or "", 0), 0)
        if places not in self.formats:
            shown = "0." + "0" * places if places else "0"
            self.formats[places] = self.book.add_format({"num_format": shown})
        return self.formats[places]

    def headed(self, page: Any, names: Iterable[str]) -> None:
        for column, name in enumerate(names):
            page.set_column(column, column, WIDTHS.get(name, 12))
            page.write_string(0, column, name, self.head)
        page.freeze_panes(1, 0)
        mark_printed(page)


def _parted(place: Place, sample: Sample) -> tuple[Sample | None, Sample | None]:
    """What the release has room for: automatic values of its indicators, of a section that its name
    alone tells; and what is left."""
    if sample.origin != "automatic" or not place.alone:
        return None, sample
    own = sample.of(NATIONAL_CODES)
    others = sample.of({v.indicator for v in sample.values} - set(NATIONAL_CODES))
    return (own if own.values else None), (others if others.values else None)


class _Sheet:
    """A sheet of samples, made with its first."""

    def __init__(self, writer: _Writer, name: str, layout: str, codes: Sequence[str]) -> None:
        self.writer, self.name, self.layout, self.codes = writer, name, layout, codes
        self.rows = 0
        self.page: Any = None
        front, back = (5, 1) if layout == NATIONAL else (6, 0)
        measured = NATIONAL_CODES if layout == NATIONAL else codes
        behind = back + writer.remarks
        self.of_columns = [*[None] * front, *measured, *[None] * behind]

    def write(self, sample: Sample) -> None:
        writer = self.writer
        if self.page is None:
            self.page = writer.book.add_worksheet(self.name)
            writer.headed(self.page, headings(self.layout, self.codes, remarks=writer.remarks))
        self.rows += 1
        if self.rows >= MOST_ROWS:
            raise Refused(f"{self.name}超过 {MOST_ROWS:,} 行；请少选几个断面，分几次导出。")
        cells = (
            national_cells(sample, remarks=writer.remarks)
            if self.layout == NATIONAL
            else wide_cells(sample, self.codes, remarks=writer.remarks)
        )
        writer.row(self.page, self.rows, cells, self.of_columns)

    def close(self) -> None:
        if self.page is not None:
            self.writer.written.sheets.append((self.name, self.rows))
