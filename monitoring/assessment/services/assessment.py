"""From readings to monthly means and the class of a section's month.

Source: 环办〔2011〕22号 (arithmetic mean of the month's valid values, undetected ones at half
the limit; single-factor class); completeness by the scheme's default in `Completeness`.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from decimal import Context, Decimal, localcontext
from math import ceil
from typing import Any

from django.db import connection, transaction
from django.utils import timezone
from psycopg2.extras import execute_values

from basins.ranges import next_month
from monitoring.models import (
    Assessment,
    DirtyMonth,
    Indicator,
    MonthlyMean,
    Origin,
    Reading,
    Section,
)
from monitoring.models.assessments import exact_mean
from monitoring.standards.assessment import Exceedance, NothingToAssess, assess
from monitoring.standards.basis import DEFAULT as DEFAULT_BASIS
from monitoring.standards.basis import HYDROGEN, MANUAL, Basis, hydrogen_mean
from monitoring.standards.exact import Written, exact, written
from monitoring.standards.gb3838_2002 import WaterBody, limit
from monitoring.standards.rounding import round_to_places

SectionMonth = tuple[int, date]
KEPT = 12  # decimals of a stored mean
MULTIPLE_DIGITS = 34  # significant ones of a stored multiple


@dataclass(frozen=True, slots=True)
class Readings:
    """Where means take their readings from, how often one was to sample, and by which choices
    (统计口径) they are assessed: relations with the columns of the tables."""

    relation: str = "monitoring_reading"
    plans: str = "monitoring_samplingplan"
    bases: str = "monitoring_assessmentbasis"
    given: Mapping[str, Any] = field(default_factory=dict)  # parameters of its SQL


NOW = Readings()


@dataclass(frozen=True, slots=True)
class Completeness:
    """When a monthly mean of an automatic station may stand for its month.

    A day counts with `day_share` of its planned values (3 of 6), a month with `month_share`
    of its days. Parameters of the scheme; these are the defaults.
    """

    day_share: Decimal = Decimal("0.5")
    month_share: Decimal = Decimal("0.6")
    per_day: int = 6  # without a sampling plan: every four hours


DEFAULT = Completeness()


@dataclass(frozen=True, slots=True)
class Mean:
    """One monthly mean: unit of its indicator; `valid` of `expected` values were used.

    mean: to twelve decimals; total ÷ valid is the exact number.
    """

    section_id: int
    indicator: str
    month: date
    mean: Decimal
    total: Decimal | None
    valid: int
    expected: int
    below_limit: int
    origin: int
    complete: bool

    @property
    def exact(self) -> Written:
        return exact_mean(self.mean, self.total, self.valid)


def month_bounds(month: date) -> tuple[datetime, datetime]:
    """[start, end) of the month in Asia/Shanghai, as aware datetimes."""
    return day_begins(month), day_begins(next_month(month))


def day_begins(day: date) -> datetime:
    """The first moment of the day in Asia/Shanghai."""
    return datetime.combine(day, time(), tzinfo=timezone.get_default_timezone())


@transaction.atomic
def assess_months(marks: Iterable[SectionMonth]) -> list[SectionMonth]:
    """Compute means and assessments of just these section-months again.

    Only what is different now is written. Returns all of them, in order: a target or a plan
    may have changed where no mean did.
    """
    by_month: dict[date, list[int]] = defaultdict(list)
    for section_id, month in sorted(set(marks)):
        by_month[month].append(section_id)
    for month, section_ids in sorted(by_month.items()):
        _assess_month(month, section_ids)
    return [(s, month) for month, section_ids in sorted(by_month.items()) for s in section_ids]


def _assess_month(month: date, section_ids: list[int]) -> None:
    after: dict[int, dict[str, Mean]] = {s: {} for s in section_ids}
    basis = basis_of(month)
    for mean in means_of_month(month, section_ids, basis=basis):
        after[mean.section_id][mean.indicator] = mean
    before = _stored_means(month, section_ids)
    if changed := [s for s in section_ids if before.get(s, {}) != after[s]]:
        _store_means(month, changed, [m for s in changed for m in after[s].values()])
    bodies = dict(Section.objects.filter(pk__in=section_ids).values_list("pk", "water_body"))
    _store_assessments(
        month,
        {
            s: found
            for s in section_ids
            if (found := assessment_of(s, month, after[s], bodies[s], basis))
        },
        section_ids,
    )


# A month is a constant range, so that one partition alone is read.
MEANS = """
WITH days AS (
    SELECT r.section_id, r.indicator_id, r.origin, {day} AS day,
           sum(CASE WHEN r.below_limit THEN r.value / 2 ELSE r.value END) AS total,
           count(*) AS n,
           count(*) FILTER (WHERE r.below_limit) AS below{ions}
    FROM {readings} r
    WHERE r.sampled_at >= %(start)s AND r.sampled_at < %(end)s
      AND r.section_id = ANY(%(sections)s) AND r.flag = ANY(%(valid)s)
      AND r.origin = ANY(%(origins)s)
    GROUP BY 1, 2, 3, 4
)
SELECT d.section_id, i.code, d.origin, sum(d.total), sum(d.n)::integer, sum(d.below)::integer,
       count(*) FILTER (WHERE d.n >= w.needed)::integer AS good_days{ions_total}
FROM days d
JOIN unnest(%(planned)s::bigint[], %(froms)s::timestamptz[], %(untils)s::timestamptz[],
            %(needed)s::integer[]) AS w (section_id, first, until, needed)
    ON w.section_id = d.section_id AND d.day >= w.first AND d.day < w.until
JOIN monitoring_indicator i ON i.id = d.indicator_id
GROUP BY 1, 2, 3
"""


def day_of(start: datetime, end: datetime) -> str:
    """SQL for the moment at which the day of a reading `r` between the two began here.

    Counted in days of 24 hours from `start` where there are no others (a third less time for
    the means), else by the calendar: summer time was kept from 1986 to 1991.
    """
    if start.utcoffset() == end.utcoffset():
        return "date_bin('1 day', r.sampled_at, %(start)s)"
    return "date_trunc('day', r.sampled_at, 'Asia/Shanghai')"


# Hydrogen ions of the pH readings, for a mean of their concentrations.
IONS = """, sum(CASE WHEN r.indicator_id = (SELECT id FROM monitoring_indicator WHERE code = 'pH')
               THEN power(10::numeric, -r.value) END) AS ions"""


def basis_of(month: date, readings: Readings = NOW) -> Basis:
    """The 统计口径 in force on the first day of the month: 1 SQL query."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"""SELECT b.rounding, b.ph, b.first FROM {readings.bases} b
                WHERE b.in_force @> %(month)s::date""",
            {**readings.given, "month": month},
        )
        row = cursor.fetchone()
    return Basis(*row) if row else DEFAULT_BASIS


def means_of_month(
    month: date,
    section_ids: list[int],
    scheme: Completeness = DEFAULT,
    readings: Readings = NOW,
    *,
    basis: Basis | None = None,
) -> list[Mean]:
    """Monthly means of the sections: 2 SQL queries, and one for the basis where none is given.

    What both parties sampled together (联合) stands before all else. An automatic mean
    stands if the month is complete; else the manual sample stands in for the station if there
    is one (domain rule: station failure, use the manual sample); else the automatic mean
    stands, marked incomplete. Where the basis puts manual samples first, they stand.
    """
    basis = basis_of(month, readings) if basis is None else basis
    ions = basis.ph == HYDROGEN
    start, end = month_bounds(month)
    days = (end - start).days
    plans = _plans(month, section_ids, scheme, readings)
    spans = [(section, span) for section, own in plans.items() for span in own]
    with connection.cursor() as cursor:
        cursor.execute(
            MEANS.format(
                readings=readings.relation,
                day=day_of(start, end),
                ions=IONS if ions else "",
                ions_total=", sum(d.ions)" if ions else "",
            ),
            {
                **readings.given,
                "start": start,
                "end": end,
                "sections": section_ids,
                "planned": [section for section, _ in spans],
                "froms": [day_begins(span.first) for _, span in spans],
                "untils": [day_begins(span.until) for _, span in spans],
                "needed": [ceil(span.per_day * scheme.day_share) for _, span in spans],
                "valid": list(Reading.VALID_FLAGS),
                "origins": [Origin.AUTOMATIC.value, Origin.MANUAL.value, Origin.JOINT.value],
            },
        )
        rows = cursor.fetchall()
    found: dict[tuple[int, str], dict[int, Mean]] = defaultdict(dict)
    for section_id, code, origin, total, valid, below, good_days, *of_ions in rows:
        concentration = of_ions[0] if of_ions and code == "pH" else None
        automatic = origin == Origin.AUTOMATIC
        found[section_id, code][origin] = Mean(
            section_id=section_id,
            indicator=code,
            month=month,
            mean=round_to_places(exact(total) / valid, KEPT)
            if concentration is None
            else hydrogen_mean(concentration, valid),
            total=total if concentration is None else None,
            valid=valid,
            expected=sum(span.values for span in plans[section_id]) if automatic else 1,
            below_limit=below,
            origin=origin,
            complete=not automatic or good_days >= ceil(days * scheme.month_share),
        )
    return [_standing(by_origin, basis) for _, by_origin in sorted(found.items())]


def _standing(by_origin: dict[int, Mean], basis: Basis) -> Mean:
    if (joint := by_origin.get(Origin.JOINT)) is not None:
        return joint
    automatic = by_origin.get(Origin.AUTOMATIC)
    manual = by_origin.get(Origin.MANUAL)
    by_hand = basis.first == MANUAL or (automatic is not None and not automatic.complete)
    if automatic is None or (manual is not None and by_hand):
        assert manual is not None
        return manual
    return automatic


@dataclass(frozen=True, slots=True)
class Planned:
    """Days [first, until) of a month on which one was to sample so often."""

    first: date
    until: date
    per_day: int

    @property
    def values(self) -> int:
        return (self.until - self.first).days * self.per_day


def _plans(
    month: date, section_ids: list[int], scheme: Completeness, readings: Readings
) -> dict[int, list[Planned]]:
    """What each section was to deliver, day by day of the month; the scheme's own number on
    days without a plan. A plan that changes within the month counts from its day."""
    end = next_month(month)
    with connection.cursor() as cursor:
        cursor.execute(
            f"""SELECT p.section_id, greatest(lower(p.in_force), %(month)s::date),
                       least(upper(p.in_force), %(end)s::date), p.per_day
                FROM {readings.plans} p
                WHERE p.section_id = ANY(%(sections)s)
                    AND p.in_force && daterange(%(month)s::date, %(end)s::date)
                ORDER BY 1, 2""",
            {**readings.given, "sections": section_ids, "month": month, "end": end},
        )
        rows = cursor.fetchall()
    found: dict[int, list[Planned]] = {section: [] for section in section_ids}
    reached = dict.fromkeys(section_ids, month)
    for section, first, until, per_day in rows:
        if reached[section] < first:
            found[section].append(Planned(reached[section], first, scheme.per_day))
        found[section].append(Planned(first, until, per_day))
        reached[section] = until
    for section, day in reached.items():
        if day < end:
            found[section].append(Planned(day, end, scheme.per_day))
    return found


def _stored_means(month: date, section_ids: list[int]) -> dict[int, dict[str, Mean]]:
    stored: dict[int, dict[str, Mean]] = defaultdict(dict)
    rows = MonthlyMean.objects.filter(month=month, section_id__in=section_ids).values_list(
        "section_id",
        "indicator__code",
        "month",
        "mean",
        "total",
        "valid",
        "expected",
        "below_limit",
        "origin",
        "complete",
    )
    for row in rows:
        stored[row[0]][row[1]] = Mean(*row)
    return stored


def _store_means(month: date, section_ids: list[int], means: list[Mean]) -> None:
    MonthlyMean.objects.filter(month=month, section_id__in=section_ids).delete()
    ids = dict(Indicator.objects.values_list("code", "pk"))
    with connection.cursor() as cursor:
        execute_values(
            cursor,
            """INSERT INTO monitoring_monthlymean (section_id, indicator_id, month, mean,
               total, valid, expected, below_limit, origin, complete) VALUES %s""",
            [
                (
                    m.section_id,
                    ids[m.indicator],
                    m.month,
                    m.mean,
                    m.total,
                    m.valid,
                    m.expected,
                    m.below_limit,
                    m.origin,
                    m.complete,
                )
                for m in means
            ],
            page_size=1000,
        )


def assessment_of(
    section_id: int, month: date, means: dict[str, Mean], body: str, basis: Basis
) -> Assessment | None:
    """The class of a section's month by its means under that basis, not stored; None where
    nothing that GB 3838 assesses was measured."""
    values = basis.assessed({code: m.exact for code, m in means.items()})
    try:
        result = assess(values, WaterBody(body))
    except NothingToAssess:
        return None
    return Assessment(
        section_id=section_id,
        month=month,
        water_class=result.water_class.value,
        deciding=list(result.deciding),
        exceedances=[
            {
                "indicator": e.indicator,
                "value": str(written(e.value)),
                "multiple": None if e.multiple is None else _multiple(e, WaterBody(body)),
                "reference": e.reference.value,
            }
            for e in result.exceedances
        ],
        main_pollutants=list(result.main_pollutants),
        assessed=list(result.assessed),
        complete=all(means[code].complete for code in result.assessed),
        basis=basis.code,
    )


def _multiple(found: Exceedance, body: WaterBody) -> str:
    """As it is stored, and as notices that were published hold it: of the mean as written."""
    allowed = limit(found.indicator, found.reference, body)
    with localcontext(Context(prec=MULTIPLE_DIGITS)):
        return str((written(found.value) - allowed) / allowed)


FOUND = (
    *("water_class", "deciding", "exceedances", "main_pollutants", "assessed", "complete"),
    "basis",
)


def _store_assessments(month: date, found: dict[int, Assessment], section_ids: list[int]) -> None:
    """Write the assessments that differ from the stored ones, take out those there is none for."""
    stored = {
        a.section_id: a for a in Assessment.objects.filter(month=month, section_id__in=section_ids)
    }
    gone = [a.pk for s, a in stored.items() if s not in found]
    fresh = [
        a
        for s, a in found.items()
        if s not in stored or any(getattr(a, f) != getattr(stored[s], f) for f in FOUND)
    ]
    if gone:
        Assessment.objects.filter(pk__in=gone).delete()
    Assessment.objects.bulk_create(
        fresh,
        update_conflicts=True,
        unique_fields=["section", "month"],
        update_fields=[*FOUND, "computed_at"],
    )


WAITING = "(retry_at IS NULL OR retry_at < now())"
RETRY_AFTER = timedelta(minutes=10)


def claim_marks(limit: int, *, among: Sequence[SectionMonth] | None = None) -> list[SectionMonth]:
    """Take up to `limit` dirty marks, oldest first, inside the caller's transaction.

    A worker that dies before it commits gives them back: the deletion is rolled back with
    the work. Marks of readings not yet committed are locked and left alone. `among`: of those
    marks alone.
    """
    given = "" if among is None else _AMONG
    # Materialized: joined by a nested loop, a sub-query would be run again for each mark and,
    # passing over those it has locked, take others every time, beyond the limit.
    with connection.cursor() as cursor:
        cursor.execute(
            f"""WITH c AS MATERIALIZED (
                   SELECT section_id, month FROM monitoring_dirtymonth
                   WHERE {WAITING} {given}
                   ORDER BY marked_at, section_id, month
                   LIMIT %(limit)s FOR UPDATE SKIP LOCKED)
               DELETE FROM monitoring_dirtymonth d USING c
               WHERE d.section_id = c.section_id AND d.month = c.month
               RETURNING d.section_id, d.month""",
            {
                "limit": limit,
                "sections": [section for section, _ in among or ()],
                "months": [month for _, month in among or ()],
            },
        )
        return sorted(cursor.fetchall())


_AMONG = """AND (section_id, month) IN (
                       SELECT * FROM unnest(%(sections)s::bigint[], %(months)s::date[]))"""


def marks_waiting(limit: int) -> list[SectionMonth]:
    """Up to `limit` dirty marks that may be worked on now, oldest first; nothing is taken."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"""SELECT section_id, month FROM monitoring_dirtymonth WHERE {WAITING}
                ORDER BY marked_at, section_id, month LIMIT %s""",
            [limit],
        )
        return cursor.fetchall()


def set_aside(mark: SectionMonth, error: str) -> None:
    """Keep the mark with what was wrong; it is tried again in ten minutes, or at once when
    its readings change."""
    DirtyMonth.objects.filter(section_id=mark[0], month=mark[1]).update(
        error=error[:2000], retry_at=timezone.now() + RETRY_AFTER
    )


def set_aside_months() -> list[tuple[str, date, str]]:
    """Section, month and error of every mark that could not be computed."""
    return list(
        DirtyMonth.objects.exclude(error="")
        .order_by("section__code", "month")
        .values_list("section__name", "month", "error")
    )
