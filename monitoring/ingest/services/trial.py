"""试导入: what a file would change, told without storing anything and without a lock on anything.

The rows are read and compared as an import does it, in temporary tables of this session; means and
classes are computed over what is stored with the file's readings in their places. Tables of others
are only read: an import that runs meanwhile waits for nothing here, also when it makes a partition.
Readings that are typed in, not in a file, are tried the same way (`try_readings`).
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from tempfile import SpooledTemporaryFile

from django.db import connection, transaction
from django.utils import timezone
from psycopg2.extras import execute_values

from monitoring.assessment.services.assessment import (
    Mean,
    Readings,
    SectionMonth,
    assessment_of,
    basis_of,
    means_of_month,
)
from monitoring.ingest.services.find_sections import Sections
from monitoring.ingest.services.ingest import (
    IN_MEMORY,
    ImportReport,
    Progress,
    count_verdicts,
    read_rows,
    report_of,
    silent,
    told_of_sections,
)
from monitoring.ingest.services.storing import STAGE, VERDICTS, VERDICTS_ONCE, leave_judged
from monitoring.models import Assessment, Section
from monitoring.protocols.layouts import USUAL, Way, open_layout

# What would be stored after the import: what is stored, but for what the file has otherwise.
TRIED = Readings(
    relation="""(
    SELECT o.section_id, o.indicator_id, o.sampled_at, o.origin, o.below_limit, o.flag, o.value
    FROM monitoring_reading o
    WHERE NOT EXISTS (
        SELECT 1 FROM tried t WHERE t.section_id = o.section_id
            AND t.indicator_id = o.indicator_id AND t.sampled_at = o.sampled_at
            AND t.origin = o.origin)
    UNION ALL
    SELECT section_id, indicator_id, sampled_at, origin, below_limit, flag, value FROM tried)"""
)


@dataclass(frozen=True, slots=True)
class MonthChange:
    """A section's month whose readings would be others; classes 1 to 6, None: not assessed."""

    section_id: int  # below zero: it would be made
    section: str
    month: date
    new: int  # readings
    corrected: int
    before: int | None
    after: int | None


@dataclass(frozen=True, slots=True)
class TriedReading:
    """A reading as it would be kept; with another flag than N it would be in no mean."""

    section_id: int
    indicator_id: int
    sampled_at: datetime
    origin: int
    value: Decimal
    below_limit: bool
    flag: str


@dataclass
class Trial:
    """What an import would do. `means`, `assessments`: of the months that would change."""

    report: ImportReport = field(default_factory=ImportReport)
    months: list[MonthChange] = field(default_factory=list)
    means: dict[SectionMonth, dict[str, Mean]] = field(default_factory=dict)
    assessments: dict[SectionMonth, Assessment | None] = field(default_factory=dict)

    @property
    def changed(self) -> set[SectionMonth]:
        """Section-months that are there already as sections."""
        return {key for key in self.means if key[0] > 0}


@transaction.atomic
def try_import(
    *,
    raw: bytes,
    filename: str,
    year: int | None = None,
    create_sections: bool = False,
    progress: Progress = silent,
    now: datetime | None = None,
    way: Way = USUAL,
) -> Trial:
    """As `import_readings` of the same file now would answer; nothing is stored.

    The tables of this session that it leaves (`tried`) go with the transaction around it. Raises
    FileError as the import does.
    """
    file = open_layout(raw, filename=filename, year=year, now=now or timezone.now(), way=way)
    report = report_of(file)
    sections = Sections(create=create_sections, trial=True)
    with SpooledTemporaryFile(IN_MEMORY, "w+", encoding="utf-8", newline="") as lines:
        told = read_rows(file, lines, sections, report, progress)
        lines.seek(0)
        progress(report.rows, report.rows, "与已有数据比较")
        with connection.cursor() as cursor:
            cursor.execute("DROP TABLE IF EXISTS staged, verdicts, tried")
            cursor.execute(STAGE)
            cursor.copy_expert("COPY staged FROM STDIN", lines)
    told_of_sections(report, sections)
    trial = Trial(report)
    with connection.cursor() as cursor:
        leave_judged(told, doubts=bool(report.doubted))
        cursor.execute("ANALYZE staged")
        if told.lines:
            if told.repeats:
                cursor.execute(VERDICTS)
            else:
                cursor.execute(VERDICTS_ONCE, told.times)
            cursor.execute("ANALYZE verdicts")
            count_verdicts(report)
        cursor.execute(TRIED_READINGS if told.lines else NONE_TRIED)
        cursor.execute("CREATE INDEX ON tried (sampled_at)")
        cursor.execute("ANALYZE tried")
        cursor.execute(BY_MONTH)
        counted = cursor.fetchall()
    _assess(trial, counted, sections.imagined, progress)
    return trial


@transaction.atomic
def try_readings(readings: Iterable[TriedReading]) -> Trial:
    """As keeping these readings, each once, in the place of what is stored would leave their
    months; nothing is stored. The table `tried` goes with the transaction around it."""
    lines = [
        (r.section_id, r.indicator_id, r.sampled_at, r.origin, r.below_limit, r.flag, r.value, "")
        for r in readings
    ]
    trial = Trial()
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE IF EXISTS tried")
        cursor.execute(NONE_TRIED)
        if lines:
            execute_values(cursor, "INSERT INTO tried VALUES %s", lines)
        cursor.execute(BY_MONTH)
        counted = cursor.fetchall()
    _assess(trial, counted, {}, silent)
    return trial


def _assess(
    trial: Trial, counted: list, imagined: Mapping[int, Section], progress: Progress
) -> None:
    """Means and classes of the months that would change, a month at a time."""
    by_month: dict[date, dict[int, tuple[int, int]]] = defaultdict(dict)
    for section, month, new, corrected in counted:
        by_month[month][section] = new, corrected
    known = Section.objects.in_bulk([s for own in by_month.values() for s in own if s > 0])
    for done, (month, own) in enumerate(sorted(by_month.items())):
        progress(done, len(by_month), "试算均值和类别")
        ids = sorted(own)
        basis = basis_of(month)
        means: dict[int, dict[str, Mean]] = {section: {} for section in ids}
        for mean in means_of_month(month, ids, readings=TRIED, basis=basis):
            means[mean.section_id][mean.indicator] = mean
        before = dict(
            Assessment.objects.filter(month=month, section_id__in=ids).values_list(
                "section_id", "water_class"
            )
        )
        for section in ids:
            place = known.get(section) or imagined[section]
            found = assessment_of(section, month, means[section], place.water_body, basis)
            trial.means[section, month] = means[section]
            trial.assessments[section, month] = found
            after = found.water_class if found is not None else None
            trial.months.append(
                MonthChange(section, place.name, month, *own[section], before.get(section), after)
            )


TRIED_READINGS = """
CREATE TEMP TABLE tried ON COMMIT DROP AS
SELECT section_id, indicator_id, sampled_at, origin, below_limit, flag, value, kind
FROM verdicts WHERE last AND NOT unchanged
"""

NONE_TRIED = """
CREATE TEMP TABLE tried (section_id bigint, indicator_id smallint, sampled_at timestamptz,
    origin smallint, below_limit boolean, flag varchar(4), value numeric(20, 8), kind text)
    ON COMMIT DROP
"""

# A reading that the same file corrects further down is new where none is stored.
BY_MONTH = """
SELECT t.section_id, monitoring_month_of(t.sampled_at),
       count(*) FILTER (WHERE r.section_id IS NULL)::integer,
       count(*) FILTER (WHERE r.section_id IS NOT NULL)::integer
FROM tried t
LEFT JOIN monitoring_reading r
    ON r.section_id = t.section_id AND r.indicator_id = t.indicator_id
    AND r.sampled_at = t.sampled_at AND r.origin = t.origin
    AND r.sampled_at >= (SELECT min(sampled_at) FROM tried)
    AND r.sampled_at <= (SELECT max(sampled_at) FROM tried)
GROUP BY 1, 2
"""
