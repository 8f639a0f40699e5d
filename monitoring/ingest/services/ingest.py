"""Storing readings: from the rows of a file to the partitioned table, in one transaction.

Every row of the file is answered for: stored, duplicate, correction, empty or rejected. The
same file again changes nothing; a file that fails half-way leaves nothing.
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime
from tempfile import SpooledTemporaryFile
from typing import Any

from django.db import connection, transaction
from django.utils import timezone

from jobs.wake import wake_on_commit
from monitoring.ingest.services.find_sections import Sections
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
        _stage(lines, told, doubts=bool(report.doubted))
    # Not before _stage: making a partition waits for all who have written a batch and not
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
    _store(batch.pk, told, report)
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


@dataclass
class Told:
    """What the lines for COPY are about, known from reading the file."""

    samples: set[tuple[int, datetime, int]] = field(default_factory=set)  # section, time, origin
    rows: int = 0  # with values
    lines: int = 0
    repeats: bool = False  # whether a reading may stand in it twice
    # Of long tables, where one sample has many rows: which readings there were.
    single: set[tuple[int, datetime, int, str]] = field(default_factory=set)

    def add(
        self, sample: tuple[int, datetime, int], values: tuple[Value, ...], *, by_value: bool
    ) -> None:
        """A row's values; `by_value`: other rows of its table hold others of the same sample."""
        if by_value:
            known = len(self.single)
            self.single.update((*sample, code) for code, *_ in values)
            self.repeats |= len(self.single) < known + len(values)
        else:
            self.repeats |= sample in self.samples
        self.samples.add(sample)
        self.rows += 1
        self.lines += len(values)

    @property
    def shares(self) -> list[int]:
        """Of the locks, in their order: one import of a section at a time. In 64 shares, so that a
        nation of sections does not fill the lock table."""
        return sorted({section % 64 for section, _, _ in self.samples})

    @property
    def moments(self) -> set[datetime]:
        return {at for _, at, _ in self.samples}

    @property
    def months(self) -> list[date]:
        """In Asia/Shanghai, in order."""
        return sorted({timezone.localdate(at).replace(day=1) for at in self.moments})

    @property
    def times(self) -> dict[str, datetime]:
        moments = self.moments
        return {"first": min(moments), "last": max(moments)}


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


def _stage(lines, told: Told, *, doubts: bool) -> None:
    """The lines in a table of this transaction, their sections locked, their partitions made."""
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE IF EXISTS staged, verdicts")
        cursor.execute(STAGE)
        cursor.copy_expert("COPY staged FROM STDIN", lines)
        cursor.execute(LOCK, [told.shares])
        if doubts:
            cursor.execute(DOUBTS_JUDGED, [DOUBTED])
        cursor.execute(PARTITIONS, [told.months])
        cursor.execute("ANALYZE staged")


def _store(batch_id: int, told: Told, report: ImportReport) -> None:
    report.readings = told.lines
    if not told.lines:
        return
    with connection.cursor() as cursor:
        if told.repeats:
            cursor.execute(VERDICTS)
        else:
            cursor.execute(COMPARED, told.times)
            stored, same = cursor.fetchone()
            if same == told.lines:
                return _all_are("duplicate", report)
            if not stored:
                cursor.execute(STORE, [batch_id])
                return _all_are("stored", report)
            cursor.execute(VERDICTS_ONCE, told.times)
        cursor.execute("ANALYZE verdicts")
        if told.repeats:
            cursor.execute(KEEP_SUPERSEDED, [batch_id])
        cursor.execute(MERGE, {"batch": batch_id})
    count_verdicts(report)


def _all_are(kind: str, report: ImportReport) -> None:
    """Every row with values is of that kind."""
    for sheet in report.sheets:
        setattr(sheet, kind, sheet.valued)
    setattr(report, kind, sum(sheet.valued for sheet in report.sheets))


def count_verdicts(report: ImportReport) -> None:
    """What the table of verdicts says of each row, summed up by sheet and for the file."""
    with connection.cursor() as cursor:
        cursor.execute(COUNT, [[sheet.first for sheet in report.sheets]])
        for sheet, kind, number in cursor.fetchall():
            setattr(report.sheets[sheet - 1], kind, number)
            setattr(report, kind, getattr(report, kind) + number)
        cursor.execute("SELECT count(*) FROM verdicts WHERE last")
        report.readings = cursor.fetchone()[0]


STAGE = """
CREATE TEMP TABLE staged (
    row_no integer, section_id bigint, sampled_at timestamptz, origin smallint,
    indicator_id smallint, below_limit boolean, flag varchar(4), value numeric(20, 8)
) ON COMMIT DROP
"""

# What is compared below stays true until the commit.
LOCK = """
SELECT pg_advisory_xact_lock(hashtext('monitoring_readings'), share)
FROM unnest(%s::integer[]) AS share
"""

# A doubted value that is stored as it is was judged since, or came in before values were doubted.
DOUBTS_JUDGED = """
UPDATE staged SET flag = r.flag
FROM monitoring_reading r
WHERE staged.flag = %s AND r.section_id = staged.section_id
    AND r.indicator_id = staged.indicator_id AND r.sampled_at = staged.sampled_at
    AND r.origin = staged.origin AND r.value = staged.value AND NOT r.below_limit
"""

PARTITIONS = "SELECT monitoring_ensure_partition(month) FROM unnest(%s::date[]) AS month"

# Of a file without repeats: how many lines' readings are stored already, how many as the line is.
COMPARED = """
SELECT count(*), count(*) FILTER (WHERE (r.value, r.below_limit, r.flag)
                                  = (s.value, s.below_limit, s.flag))
FROM staged s JOIN monitoring_reading r USING (section_id, indicator_id, sampled_at, origin)
WHERE r.sampled_at BETWEEN %(first)s AND %(last)s
"""

STORE = """
INSERT INTO monitoring_reading (section_id, sampled_at, batch_id, indicator_id, origin,
    below_limit, flag, value)
SELECT section_id, sampled_at, %s, indicator_id, origin, below_limit, flag, value FROM staged
"""

# What each line of a file without repeats is.
VERDICTS_ONCE = """
CREATE TEMP TABLE verdicts ON COMMIT DROP AS
SELECT s.*, true AS last,
       CASE WHEN r.section_id IS NULL THEN 'stored'
            WHEN (r.value, r.below_limit, r.flag) = (s.value, s.below_limit, s.flag)
                THEN 'duplicate'
            ELSE 'correction' END AS kind,
       (r.value, r.below_limit, r.flag) IS NOT DISTINCT FROM (s.value, s.below_limit, s.flag)
           AS unchanged
FROM staged s
LEFT JOIN monitoring_reading r
    ON r.section_id = s.section_id AND r.indicator_id = s.indicator_id
    AND r.sampled_at = s.sampled_at AND r.origin = s.origin
    AND r.sampled_at BETWEEN %(first)s AND %(last)s
"""

# What each line is, told from the line above it of the same key or else from the stored
# reading. A key whose last line equals the stored reading has nothing new in any line.
VERDICTS = """
CREATE TEMP TABLE verdicts ON COMMIT DROP AS
WITH ordered AS (
    SELECT s.*,
           row_number() OVER key AS nth,
           count(*) OVER (PARTITION BY section_id, indicator_id, sampled_at, origin) AS of,
           lag(value) OVER key AS above_value,
           lag(below_limit) OVER key AS above_below,
           lag(flag) OVER key AS above_flag
    FROM staged s
    WINDOW key AS (PARTITION BY section_id, indicator_id, sampled_at, origin ORDER BY row_no)
), known AS (
    SELECT o.*, o.nth = o.of AS last,
           r.section_id IS NOT NULL AS is_stored,
           r.value AS stored_value, r.below_limit AS stored_below, r.flag AS stored_flag
    FROM ordered o
    LEFT JOIN monitoring_reading r
        ON r.section_id = o.section_id AND r.indicator_id = o.indicator_id
        AND r.sampled_at = o.sampled_at AND r.origin = o.origin
        AND r.sampled_at >= (SELECT min(sampled_at) FROM staged)
        AND r.sampled_at <= (SELECT max(sampled_at) FROM staged)
), judged AS (
    SELECT k.*,
           bool_or(last AND is_stored AND (value, below_limit, flag)
                   IS NOT DISTINCT FROM (stored_value, stored_below, stored_flag))
               OVER (PARTITION BY section_id, indicator_id, sampled_at, origin) AS unchanged
    FROM known k
)
SELECT row_no, section_id, indicator_id, sampled_at, origin, below_limit, flag, value, last,
       CASE
           WHEN unchanged THEN 'duplicate'
           WHEN nth = 1 AND NOT is_stored THEN 'stored'
           WHEN (value, below_limit, flag) IS NOT DISTINCT FROM
               CASE WHEN nth = 1 THEN (stored_value, stored_below, stored_flag)
                    ELSE (above_value, above_below, above_flag) END THEN 'duplicate'
           ELSE 'correction'
       END AS kind,
       unchanged
FROM judged
"""

# A value the same file corrects further down was known for no time at all, but it was sent.
KEEP_SUPERSEDED = """
INSERT INTO monitoring_readingrevision (section_id, indicator_id, sampled_at, origin,
    value, below_limit, flag, batch_id, known_from, known_to)
SELECT v.section_id, v.indicator_id, v.sampled_at, v.origin,
    v.value, v.below_limit, v.flag, %s, now(), now()
FROM verdicts v
JOIN verdicts f ON f.last AND f.section_id = v.section_id AND f.indicator_id = v.indicator_id
    AND f.sampled_at = v.sampled_at AND f.origin = v.origin
WHERE NOT v.last AND NOT v.unchanged AND v.kind IN ('stored', 'correction')
    AND (v.value, v.below_limit, v.flag) IS DISTINCT FROM (f.value, f.below_limit, f.flag)
"""

MERGE = """
MERGE INTO monitoring_reading r
USING (SELECT * FROM verdicts WHERE last AND NOT unchanged) v
    ON r.section_id = v.section_id AND r.indicator_id = v.indicator_id
    AND r.sampled_at = v.sampled_at AND r.origin = v.origin
WHEN MATCHED THEN UPDATE SET value = v.value, below_limit = v.below_limit, flag = v.flag,
    batch_id = %(batch)s
WHEN NOT MATCHED THEN INSERT (section_id, sampled_at, batch_id, indicator_id, origin,
        below_limit, flag, value)
    VALUES (v.section_id, v.sampled_at, %(batch)s,
        v.indicator_id, v.origin, v.below_limit, v.flag, v.value)
"""

# A row is what the most telling of its readings is; sheets are told by their first rows.
COUNT = """
SELECT width_bucket(row_no, %s::integer[]) AS sheet, kind, count(*) FROM (
    SELECT row_no, CASE WHEN bool_or(kind = 'correction') THEN 'correction'
                        WHEN bool_or(kind = 'stored') THEN 'stored'
                        ELSE 'duplicate' END AS kind
    FROM verdicts GROUP BY row_no
) AS rows GROUP BY 1, 2
"""
