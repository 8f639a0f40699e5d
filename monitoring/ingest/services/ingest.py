"""Storing readings: from the rows of a file to the partitioned table, in one transaction.

Every row of the file is answered for: stored, duplicate, correction, empty or rejected. The
same file again changes nothing; a file that fails half-way leaves nothing.
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from tempfile import SpooledTemporaryFile
from typing import Any

from django.db import transaction
from django.utils import timezone

from jobs.wake import wake_on_commit
from monitoring.ingest.services.find_sections import Sections
from monitoring.ingest.services.storing import Told, counted, readings_told, stage, store
from monitoring.models import ImportBatch, Indicator, Origin
from monitoring.protocols.layouts import (
    DOUBTED,
    INDICATORS,
    USUAL,
    EmptyRow,
    ParsedRow,
    ReadingFile,
    ReadSheet,
    RejectedRow,
    RowError,
    Value,
    Way,
    open_layout,
)
from monitoring.protocols.layouts.headings import LONG
from written.text import FileError

Progress = Callable[[int, int, str], None]
KINDS = ("stored", "duplicate", "correction", "empty", "rejected")
ORIGINS = {
    "automatic": Origin.AUTOMATIC,
    "manual": Origin.MANUAL,
    "joint": Origin.JOINT,
    "reserve": Origin.RESERVE,
}
IN_DOUBT = "像是仪器或系统的填充值，已按“存疑”入库，不计入评价；请在数据审核中判为有效或无效。"
IN_MEMORY = 64 * 1024 * 1024


@dataclass
class SheetReport:
    """What became of one sheet; the one of a CSV has no name. `month`: 2024-01 where its name
    said it. `head`: its heading row, and a row of units below it, as in the file."""

    name: str
    layout: str
    month: str | None
    head: tuple[tuple[str, ...], ...] = field(default=(), repr=False)
    first: int = 0  # which row of the file is its first
    valued: int = 0  # rows with values
    rows: int = 0
    stored: int = 0
    duplicate: int = 0
    correction: int = 0
    empty: int = 0
    rejected: int = 0

    def to_json(self) -> dict[str, Any]:
        said = {"name": self.name, "layout": self.layout, "month": self.month}
        return {**said, **{name: getattr(self, name) for name in ("rows", *KINDS)}}


@dataclass(frozen=True, slots=True)
class Reviewed:
    """That readings were reviewed before they came: by whom, and which document says so."""

    by: str
    document: str


@dataclass
class ImportReport:
    """What became of a file. `rows` = stored + duplicate + correction + empty + rejected.

    samples: distinct section and time; readings: distinct section, indicator, time, origin.
    """

    batch_id: int | None = None
    layout: str = ""
    columns: tuple[str, ...] = ()
    rows: int = 0
    samples: int = 0
    readings: int = 0
    stored: int = 0
    duplicate: int = 0
    correction: int = 0
    empty: int = 0
    rejected: int = 0
    unknown_sections: list[str] = field(default_factory=list)
    created_sections: list[str] = field(default_factory=list)
    doubted: list[RowError] = field(default_factory=list)  # stored, in no mean until judged
    assumed_waters: list[dict[str, str]] = field(default_factory=list)  # name, body, why
    rejects: list[RejectedRow] = field(default_factory=list, repr=False)
    sheets: list[SheetReport] = field(default_factory=list)
    mapping: dict[str, str] = field(default_factory=dict)  # heading → what it was taken for
    unread: tuple[str, ...] = ()  # headings and sheets
    workbook: bool = False
    delimiter: str = ","

    def counts(self) -> dict[str, int]:
        names = ("rows", "samples", "readings", *KINDS)
        return {name: getattr(self, name) for name in names}


def silent(done: int, total: int, step: str) -> None:
    """No one is watching."""


@transaction.atomic
def import_readings(
    *,
    raw: bytes,
    filename: str,
    year: int | None = None,
    create_sections: bool = False,
    by=None,
    progress: Progress = silent,
    now: datetime | None = None,
    way: Way = USUAL,
    sender: str = "",
    reviewed: Reviewed | None = None,
) -> ImportReport:
    """Store the readings of one file, CSV or XLSX, in any of the layouts.

    `year` completes times without one; `way`: how its sender writes. `reviewed`: no value is put
    in doubt, and the batch says who has reviewed it. Raises FileError, in Chinese with the
    remedy, when the file cannot be read at all; bad rows are reported, not raised.
    """
    if reviewed is not None:
        _refuse_half_said(reviewed)
        way = way.after_review()
    file = open_layout(raw, filename=filename, year=year, now=now or timezone.now(), way=way)
    report = report_of(file)
    sections = Sections(create=create_sections)
    with SpooledTemporaryFile(IN_MEMORY, "w+", encoding="utf-8", newline="") as lines:
        told = read_rows(file, lines, sections, report, progress)
        lines.seek(0)
        progress(report.rows, report.rows, "写入数据库")
        stage(lines, told, doubts=bool(report.doubted))
    # Not before it is staged: making a partition waits for all who have written a batch and not
    # committed, and they would wait for our sections.
    batch = ImportBatch.objects.create(
        filename=filename[:255],
        sha256=hashlib.sha256(raw).hexdigest(),
        layout=file.layout,
        by=by,
        sender=sender,
        reviewed_by=reviewed.by if reviewed else "",
        reviewed_document=reviewed.document if reviewed else "",
        first_sampled=told.times["first"] if told.samples else None,
        last_sampled=told.times["last"] if told.samples else None,
    )
    report.batch_id = batch.pk
    store_told(batch.pk, told, report)
    told_of_sections(report, sections)
    batch.counts = report.counts()
    batch.sheets = [sheet.to_json() for sheet in report.sheets]
    batch.mapping, batch.unread = report.mapping, list(report.unread)
    batch.save(update_fields=["counts", "sheets", "mapping", "unread"])
    if report.stored or report.correction:
        wake_on_commit("settlements.recompute")
    return report


def _refuse_half_said(reviewed: Reviewed) -> None:
    if not reviewed.by.strip() or not reviewed.document.strip():
        raise FileError("已审核的数据须写明审核单位和审核文件（文号或名称）。")


def report_of(file: ReadingFile) -> ImportReport:
    """The report of a file no row of which is read yet."""
    return ImportReport(
        layout=file.layout,
        columns=file.columns,
        mapping=file.mapping,
        unread=file.unread,
        workbook=file.encoding == "xlsx",
        delimiter=file.delimiter,
    )


def told_of_sections(report: ImportReport, sections: Sections) -> None:
    report.unknown_sections = sorted(sections.unknown)
    report.created_sections = sections.created
    report.assumed_waters = sections.assumed


def read_rows(
    file: ReadingFile, lines, sections: Sections, report: ImportReport, progress: Progress
) -> Told:
    """Sort the rows out, sheet by sheet, and write one line a reading for COPY."""
    told = Told()
    indicators = dict(Indicator.objects.values_list("code", "pk"))
    for sheet in file.sheets:
        month = f"{sheet.month:%Y-%m}" if sheet.month else None
        own = SheetReport(sheet.name, sheet.layout, month, sheet.head, first=report.rows + 1)
        report.sheets.append(own)
        _read_sheet(file, sheet, own, lines, indicators, sections, report, told, progress)
    report.samples = len({(section, at) for section, at, _ in told.samples})
    return told


def _read_sheet(
    file: ReadingFile,
    sheet: ReadSheet,
    own: SheetReport,
    lines,
    indicators: dict[str, int],
    sections: Sections,
    report: ImportReport,
    told: Told,
    progress: Progress,
) -> None:
    write, total, headings = lines.write, file.total_rows, sheet.head[0]
    by_value = sheet.layout == LONG
    written = _Lines(indicators)
    for row in file.rows_of(sheet):
        report.rows += 1
        if report.rows % 500 == 0:
            progress(report.rows, total, "读取")
        if isinstance(row, ParsedRow):
            section = sections.find(row.section)
            if isinstance(section, str):
                row = _rejected_for_section(row, section, headings)
            else:
                origin = ORIGINS[row.origin].value
                told.add((section, row.sampled_at, origin), row.values, by_value=by_value)
                own.valued += 1
                write(written.of(report.rows, section, origin, row))
                for code, value, _, flag in row.values:
                    if flag == DOUBTED:
                        title = INDICATORS[code].title
                        report.doubted.append(
                            RowError(row.row, title, f"{value:f}", IN_DOUBT, row.sheet)
                        )
                continue
        if isinstance(row, EmptyRow):
            own.empty += 1
        else:
            own.rejected += 1
            report.rejects.append(row)
    own.rows = report.rows - own.first + 1
    report.empty += own.empty
    report.rejected += own.rejected


class _Lines:
    """The lines for COPY of a row; what a value says is written once, for values repeat."""

    def __init__(self, indicators: dict[str, int]) -> None:
        self.indicators = indicators
        self.times: dict[datetime, str] = {}
        # By the flag of the row and the value itself, which is kept: no other has its id.
        self.tails: dict[str, dict[int, tuple[Value, str]]] = {}

    def of(self, number: int, section: int, origin: int, row: ParsedRow) -> str:
        at = self.times.get(row.sampled_at)
        if at is None:
            at = self.times[row.sampled_at] = row.sampled_at.isoformat()
        begin = f"{number}\t{section}\t{at}\t{origin}\t"
        tails = self.tails.setdefault(row.flag, {})
        text = ""
        for value in row.values:
            known = tails.get(id(value))
            if known is None:
                known = tails[id(value)] = value, self._tail(value, row.flag)
            text += begin + known[1]
        return text

    def _tail(self, value: Value, flag: str) -> str:
        indicator, below = self.indicators[value.indicator], "t" if value.below_limit else "f"
        return f"{indicator}\t{below}\t{value.flag or flag}\t{value.value}\n"


def _rejected_for_section(row: ParsedRow, why: str, columns: tuple[str, ...]) -> RejectedRow:
    heading = next((c for c in columns if "断面" in c or "section" in c.lower()), "断面名称")
    named = row.section.name or row.section.code or ""
    error = RowError(row.row, heading, named, why, row.sheet)
    return RejectedRow(row.row, (error,), row.text, row.sheet)


def store_told(batch_id: int, told: Told, report: ImportReport) -> None:
    """Store what is staged, and say in the report what became of it."""
    report.readings = told.lines
    if (kind := store(batch_id, told)) is None:
        count_verdicts(report)
    else:
        _all_are(kind, report)


def _all_are(kind: str, report: ImportReport) -> None:
    """Every row with values is of that kind."""
    for sheet in report.sheets:
        setattr(sheet, kind, sheet.valued)
    setattr(report, kind, sum(sheet.valued for sheet in report.sheets))


def count_verdicts(report: ImportReport) -> None:
    """What the table of verdicts says of each row, summed up by sheet and for the file."""
    for sheet, kind, number in counted([sheet.first for sheet in report.sheets]):
        setattr(report.sheets[sheet - 1], kind, number)
        setattr(report, kind, getattr(report, kind) + number)
    report.readings = readings_told()
