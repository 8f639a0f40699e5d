"""Readings as programs read them: page by page in the order of their keys, and the newest of each.

The order is section, indicator, time, origin, as the key of the table has it: every page is found by the
key of the last value before it, however many there are. What the viewer may not see is not among
the sections that are given.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from typing import Any, NamedTuple

from django.db import connection

from basins.clock import now
from monitoring.models import Indicator, Origin, Reading, Section
from monitoring.standards.detection import reported
from monitoring.visible import Asking, sections_shown_to

VALID, NOT_COUNTED, WITHDRAWN = "valid", "not_counted", "withdrawn"
Key = tuple[int, int, datetime, int]  # section, indicator, time, origin


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which readings are asked for; None: whatever it is. Times: [first, end), `since` of recording."""

    sections: tuple[str, ...] | None = None
    indicators: tuple[str, ...] | None = None
    origins: tuple[int, ...] | None = None
    flags: tuple[str, ...] | None = None
    first: datetime | None = None
    end: datetime | None = None
    since: datetime | None = None


class ValueLine(NamedTuple):
    """One reading. `value`: as it is reported, of one below the limit the limit itself; None: it was
    withdrawn. `corrected`: it was another one before."""

    section: str
    indicator: str
    sampled_at: datetime
    origin: str
    value: str | None
    below_limit: bool
    unit: str
    status: str
    flag: str
    recorded_at: datetime
    batch: int | None
    corrected: bool


@dataclass(frozen=True, slots=True)
class ValuePage:
    """`after`: the key the next page begins behind; None: nothing more. `complete_until`: all that was
    recorded before that moment is told; what is recorded now may still wait for its commit."""

    lines: list[ValueLine]
    after: Key | None
    complete_until: datetime


class NoSuchSection(Exception):
    """A section that is asked for is not there, or not for who asks."""


def value_page(asking: Asking, wanted: Wanted, *, after: Key | None, limit: int) -> ValuePage:
    """At most `limit` readings behind `after`: 4 SQL queries. Raises NoSuchSection.

    With `since` also those that were taken out since then and are not there any more (WITHDRAWN).
    """
    sections, all_of_them = _sections(asking, wanted.sections)
    indicators = _indicators()
    given: dict[str, Any] = {
        "sections": list(sections),
        "indicators": [i.pk for i in indicators.values() if i.code in (wanted.indicators or ())],
        "origins": list(wanted.origins or ()),
        "flags": list(wanted.flags or ()),
        "first": wanted.first,
        "end": wanted.end,
        "since": wanted.since,
        "after": after,
        "limit": limit + 1,
    }
    where = [
        condition
        for condition, asked in (
            ("r.section_id = ANY(%(sections)s)", not all_of_them),
            ("r.indicator_id = ANY(%(indicators)s)", wanted.indicators is not None),
            ("r.origin = ANY(%(origins)s)", wanted.origins is not None),
            ("r.flag = ANY(%(flags)s)", wanted.flags is not None),
            ("r.sampled_at >= %(first)s", wanted.first is not None),
            ("r.sampled_at < %(end)s", wanted.end is not None),
            (f"({KEY}) > %(after)s", after is not None),
        )
        if asked
    ]
    known, gone = [*where], [*where, "r.known_to >= %(since)s", NOT_THERE]
    if wanted.since is not None:
        known.append("r.recorded_at >= %(since)s")
    question = PAGE.format(where=" AND ".join(known) or "true")
    if wanted.since is not None:
        question = BOTH.format(known=question, gone=GONE.format(where=" AND ".join(gone)))
    with connection.cursor() as cursor:
        cursor.execute(COMPLETE_UNTIL)
        until = cursor.fetchone()[0]
        cursor.execute(WITH_CORRECTIONS.format(page=question), given)
        rows = cursor.fetchall()
    last = rows[limit - 1] if len(rows) > limit else None
    return ValuePage(
        _lines(rows[:limit], sections, indicators),
        (last[0], last[1], last[2], last[3]) if last else None,
        until,
    )


def newest_values(asking: Asking, wanted: Wanted, *, valid: bool) -> list[ValueLine]:
    """The newest value of every indicator of every section; `valid`: the newest that counts.

    Of several at one time that of the highest origin. Only sections and indicators of `wanted` are
    looked at. 6 SQL queries at most. Raises NoSuchSection.
    """
    sections, all_of_them = _sections(asking, wanted.sections)
    indicators = _indicators()
    where = ["true"]
    if not all_of_them:
        where.append("one.section_id = ANY(%(sections)s)")
    if wanted.indicators is not None:
        where.append("one.indicator_id = ANY(%(indicators)s)")
    given: dict[str, Any] = {
        "sections": list(sections),
        "indicators": [i.pk for i in indicators.values() if i.code in (wanted.indicators or ())],
        "valid": list(Reading.VALID_FLAGS),
    }
    narrowed = {
        "where": " AND ".join(where),
        "counts": "AND flag = ANY(%(valid)s)" if valid else "",
    }
    rows: list[tuple] = []
    with connection.cursor() as cursor:
        if all_of_them or len(sections) > FEW:
            given["lately"] = now() - RECENT
            cursor.execute("SELECT set_config('work_mem', '32MB', true)")
            cursor.execute(LATELY_CORRECTED.format(lately=LATELY.format(**narrowed)), given)
            rows = cursor.fetchall()
        cursor.execute(HOW_MANY.format(**narrowed), given)
        if cursor.fetchone()[0] > len(rows):
            given |= {"found": [row[0] for row in rows], "found_of": [row[1] for row in rows]}
            cursor.execute(LONG_AGO.format(**narrowed), given)
            rows = sorted([*rows, *cursor.fetchall()])
    return _lines(rows, sections, indicators)


# The parts --------------------------------------------------------------------------------


def _sections(asking: Asking, codes: Sequence[str] | None) -> tuple[dict[int, str], bool]:
    """Code by number of what may be seen and is asked for; whether that is every section."""
    shown = sections_shown_to(asking)
    if codes is None:
        found = dict(shown.values_list("pk", "code"))
        return found, len(found) == Section.objects.count()
    found = dict(shown.filter(code__in=codes).values_list("pk", "code"))
    if len(found) < len(set(codes)):
        raise NoSuchSection
    return found, False


def _indicators() -> dict[int, Indicator]:
    return {each.pk: each for each in Indicator.objects.all()}


def _lines(
    rows: list[tuple], sections: dict[int, str], indicators: dict[int, Indicator]
) -> list[ValueLine]:
    units = {pk: (i.code, i.unit, i.decimals) for pk, i in indicators.items()}
    lines = []
    for section, indicator, at, origin, value, below, flag, recorded, batch, corrected in rows:
        code, unit, decimals = units[indicator]
        if value is None:
            status = WITHDRAWN
        else:
            status = VALID if flag in Reading.VALID_FLAGS else NOT_COUNTED
            value = _written(value, below, decimals)
        lines.append(
            ValueLine(
                sections[section], code, at, ORIGINS[origin], value, below, unit, status, flag,
                recorded, batch, corrected,
            )
        )  # fmt: skip
    return lines


@lru_cache(maxsize=100_000)
def _written(value: Decimal, below_limit: bool, decimals: int) -> str:
    return format(reported(value, below_limit, decimals).value, "f")


ORIGINS = {
    Origin.AUTOMATIC.value: "automatic",
    Origin.MANUAL.value: "manual",
    Origin.JOINT.value: "joint",
    Origin.RESERVE.value: "reserve",
}
# Stations send every four hours; of so few sections each series is asked for its own.
RECENT, FEW = timedelta(hours=5), 100

KEY = "r.section_id, r.indicator_id, r.sampled_at, r.origin"

PAGE = f"""
SELECT {KEY}, r.value, r.below_limit, r.flag, r.recorded_at, r.batch_id
FROM monitoring_reading r WHERE {{where}}
ORDER BY {KEY} LIMIT %(limit)s
"""

NOT_THERE = """
NOT EXISTS (SELECT 1 FROM monitoring_reading n WHERE n.section_id = r.section_id
    AND n.indicator_id = r.indicator_id AND n.sampled_at = r.sampled_at AND n.origin = r.origin)"""

GONE = f"""
SELECT DISTINCT ON ({KEY}) {KEY}, NULL::numeric, false, r.flag, r.known_to, r.batch_id
FROM monitoring_readingrevision r WHERE {{where}}
ORDER BY {KEY}, r.known_to DESC LIMIT %(limit)s
"""

BOTH = """
({known}) UNION ALL ({gone}) ORDER BY 1, 2, 3, 4 LIMIT %(limit)s
"""

WITH_CORRECTIONS = """
SELECT p.*, EXISTS (SELECT 1 FROM monitoring_readingrevision v
    WHERE v.section_id = p.section_id AND v.indicator_id = p.indicator_id
      AND v.sampled_at = p.sampled_at AND v.origin = p.origin)
FROM ({page}) AS p ORDER BY 1, 2, 3, 4
"""

# A reading says when its transaction began: those that are still under way may tell of earlier moments.
# And a page is a walk along the index, where the planner fears for every row a turn of the disk.
COMPLETE_UNTIL = """
SELECT least(now(), min(xact_start)), set_config('random_page_cost', '1.1', true)
FROM pg_stat_activity WHERE datname = current_database()
"""

COLUMNS = """section_id, indicator_id, sampled_at, origin, value, below_limit, flag, recorded_at, batch_id"""

# What was measured lately lies together in the table and is found by its time, all of it at once.
LATELY = f"""
SELECT DISTINCT ON (section_id, indicator_id) {COLUMNS}
FROM monitoring_reading one WHERE sampled_at >= %(lately)s AND {{where}} {{counts}}
ORDER BY section_id, indicator_id, sampled_at DESC, origin DESC
"""

LATELY_CORRECTED = """
SELECT r.*, v.section_id IS NOT NULL FROM ({lately}) AS r LEFT JOIN (
    SELECT DISTINCT section_id, indicator_id, sampled_at, origin
    FROM monitoring_readingrevision WHERE sampled_at >= %(lately)s
) AS v USING (section_id, indicator_id, sampled_at, origin)
ORDER BY section_id, indicator_id
"""

HOW_MANY = "SELECT count(*) FROM monitoring_measuredseries one WHERE {where}"

# Of what was not, each series is asked for its own newest, in the month that has it.
LONG_AGO = f"""
WITH lately AS (SELECT * FROM unnest(%(found)s::bigint[], %(found_of)s::smallint[]) AS l (s, i))
SELECT r.*, EXISTS (SELECT 1 FROM monitoring_readingrevision v
    WHERE v.section_id = r.section_id AND v.indicator_id = r.indicator_id
      AND v.sampled_at = r.sampled_at AND v.origin = r.origin)
FROM monitoring_measuredseries one CROSS JOIN LATERAL (
    SELECT {COLUMNS} FROM monitoring_reading r
    WHERE r.section_id = one.section_id AND r.indicator_id = one.indicator_id {{counts}}
      AND r.sampled_at < (one.month + interval '1 month') AT TIME ZONE 'Asia/Shanghai'
    ORDER BY r.sampled_at DESC, r.origin DESC LIMIT 1
) AS r
WHERE {{where}} AND NOT EXISTS (SELECT 1 FROM lately WHERE s = one.section_id AND i = one.indicator_id)
"""
