"""One road into the table of readings, for files, stations and programs alike.

Lines for COPY, told what they are about; compared with what is stored under locks; then one
INSERT or one MERGE. The triggers of the table keep what was corrected and mark the months. Everything is
part of the caller's transaction: an answer goes out after its commit.
"""

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta

from django.db import connection
from django.utils import timezone

from monitoring.protocols.layouts import DOUBTED, Value

# Of what arrives by itself, from stations and programs: a clock may be so much ahead of ours, and
# nothing was measured by instruments like these before.
AHEAD = timedelta(minutes=10)
EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)


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


def stage(lines, told: Told, *, doubts: bool) -> None:
    """The lines in a table of this transaction, their sections locked, their partitions made."""
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE IF EXISTS staged, verdicts")
        cursor.execute(STAGE)
        cursor.copy_expert("COPY staged FROM STDIN", lines)
        cursor.execute(LOCK, [told.shares])
        leave_judged(told, doubts=doubts)
        cursor.execute(PARTITIONS, [told.months])
        cursor.execute(ANALYZED)


def leave_judged(told: Told, *, doubts: bool) -> None:
    """What a person has judged stays so where the same is sent again; so does a doubted value that
    is stored as it is: it was judged since, or came in before values were doubted."""
    if not told.lines:
        return
    with connection.cursor() as cursor:
        if doubts:
            cursor.execute(DOUBTS_JUDGED, [DOUBTED])
        cursor.execute(ANY_JUDGED, told.times)
        if cursor.fetchone()[0]:
            cursor.execute(JUDGED, told.times)


def store(batch_id: int, told: Told) -> str | None:
    """Store what is staged: `stored` or `duplicate` where every line is that; else None, and the
    table of verdicts says what each is."""
    if not told.lines:
        return "duplicate"
    with connection.cursor() as cursor:
        if told.repeats:
            cursor.execute(VERDICTS)
        else:
            cursor.execute(EACH_ONCE)
            cursor.execute(COMPARED, told.times)
            stored, same = cursor.fetchone()
            if stored and same < told.lines:
                cursor.execute(VERDICTS_ONCE, told.times)
            cursor.execute(AS_BEFORE)
            if same == told.lines:
                return "duplicate"
            if not stored:
                cursor.execute(STORE, [batch_id])
                return "stored"
        cursor.execute("ANALYZE verdicts")
        if told.repeats:
            cursor.execute(KEEP_SUPERSEDED, [batch_id])
        cursor.execute(MERGE, {"batch": batch_id})
    return None


def counted(firsts: list[int]) -> list[tuple[int, str, int]]:
    """Of the verdicts: which part (told by its first row, from 1), what kind, how many rows."""
    with connection.cursor() as cursor:
        cursor.execute(COUNT, [firsts])
        return cursor.fetchall()


def readings_told() -> int:
    """How many different readings the verdicts are of."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM verdicts WHERE last")
        return cursor.fetchone()[0]


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

DOUBTS_JUDGED = """
UPDATE staged SET flag = r.flag
FROM monitoring_reading r
WHERE staged.flag = %s AND r.section_id = staged.section_id
    AND r.indicator_id = staged.indicator_id AND r.sampled_at = staged.sampled_at
    AND r.origin = staged.origin AND r.value = staged.value AND NOT r.below_limit
"""

ANY_JUDGED = """
SELECT EXISTS (SELECT 1 FROM monitoring_verdict WHERE sampled_at BETWEEN %(first)s AND %(last)s)
"""

JUDGED = """
UPDATE staged s SET value = r.value, below_limit = r.below_limit, flag = r.flag
FROM monitoring_reading r, monitoring_verdict v
WHERE v.sampled_at BETWEEN %(first)s AND %(last)s
    AND r.sampled_at BETWEEN %(first)s AND %(last)s
    AND (s.section_id, s.indicator_id, s.sampled_at, s.origin)
        = (v.section_id, v.indicator_id, v.sampled_at, v.origin)
    AND (r.section_id, r.indicator_id, r.sampled_at, r.origin)
        = (v.section_id, v.indicator_id, v.sampled_at, v.origin)
    AND (s.value, s.below_limit, s.flag) = (v.value_before, v.below_before, v.flag_before)
    AND EXISTS (
        SELECT 1 FROM monitoring_verdict left_it
        WHERE (r.section_id, r.indicator_id, r.sampled_at, r.origin)
            = (left_it.section_id, left_it.indicator_id, left_it.sampled_at, left_it.origin)
            AND (r.value, r.below_limit, r.flag)
            = (left_it.value_after, left_it.below_after, left_it.flag_after)
    )
"""

PARTITIONS = "SELECT monitoring_ensure_partition(month) FROM unnest(%s::date[]) AS month"

# A small sample: how many there are, and of how many sections and times, is all that is asked.
ANALYZED = """
SET LOCAL default_statistics_target = 10;
ANALYZE staged;
SET LOCAL default_statistics_target TO DEFAULT
"""

# Of a file without repeats no key is looked up twice. The planner, which counts on it, would keep what it
# found of each: three times slower than reading the month once.
EACH_ONCE = "SET LOCAL enable_memoize = off"
AS_BEFORE = "SET LOCAL enable_memoize TO DEFAULT"

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
