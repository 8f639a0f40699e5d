"""One indicator at one section over time: monthly means, thinned readings, and the readings.

A drawn series has at most some 800 points whatever the span: beyond that, SQL averages whole
days, then several days. Below the limit counts as half the limit (环办监测函〔2020〕82号, 七);
invalid values never enter an average. Times are cut by Asia/Shanghai days.
"""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal

from django.core.paginator import Page, Paginator
from django.db import connection
from django.utils import timezone

from basins.ranges import month_start
from monitoring.models import MonthlyMean, Origin, Reading, ReadingRevision, Section
from monitoring.sections.queries.sections import MeasuredIndicator, classed
from monitoring.standards.detection import reported, show

POINTS = 800
PER_DAY = 6  # automatic values at full rate
PER_PAGE = 20


@dataclass(frozen=True, slots=True)
class MeanPoint:
    month: date
    mean: Decimal
    water_class: int | None
    valid: int
    expected: int
    origin: int
    complete: bool
    below_limit: int

    @property
    def origin_label(self) -> str:
        return Origin(self.origin).label


@dataclass(frozen=True, slots=True)
class Point:
    """A reading, or the readings of one step of time: `value` as counted, `count` of them."""

    at: datetime
    value: Decimal
    count: int


@dataclass(frozen=True, slots=True)
class Series:
    """What a chart draws. `below`: `value` is the detection limit itself."""

    means: tuple[MeanPoint, ...]
    automatic: tuple[Point, ...]
    manual: tuple[Point, ...]
    below: tuple[Point, ...]
    invalid: tuple[Point, ...]
    step_days: int  # 0: single readings

    @property
    def is_empty(self) -> bool:
        return not (self.means or self.automatic or self.manual or self.below or self.invalid)


def day_bounds(first: date, last: date) -> tuple[datetime, datetime]:
    """[start of `first`, end of `last`) in Asia/Shanghai."""
    zone = timezone.get_default_timezone()
    return (
        datetime.combine(first, time(), tzinfo=zone),
        datetime.combine(last + timedelta(days=1), time(), tzinfo=zone),
    )


def step_of(first: date, last: date) -> int:
    """Days a point stands for; 0 where single readings stay within POINTS."""
    days = (last - first).days + 1
    if days * PER_DAY <= POINTS:
        return 0
    return -(-days // POINTS)


# The range is constant, so only its own partitions are read.
THINNED = """
SELECT {bucket} AS bucket, r.origin,
       CASE WHEN r.flag <> ALL(%(valid)s) THEN 'invalid'
            WHEN r.below_limit THEN 'below' ELSE 'measured' END AS kind,
       sum(CASE WHEN r.below_limit THEN r.value / 2 ELSE r.value END), max(r.value), count(*),
       min(r.sampled_at)
FROM monitoring_reading r
JOIN monitoring_indicator i ON i.id = r.indicator_id
WHERE r.section_id = %(section)s AND i.code = %(indicator)s
  AND r.sampled_at >= %(start)s AND r.sampled_at < %(end)s
  AND r.origin = ANY(%(origins)s)
GROUP BY 1, 2, 3
ORDER BY 1, 2, 3
"""
BY_READING = "r.sampled_at"
BY_DAYS = """(%(first)s::date + %(step)s * (
    ((r.sampled_at AT TIME ZONE 'Asia/Shanghai')::date - %(first)s::date) / %(step)s))"""


def series(section: Section, indicator: str, first: date, last: date) -> Series:
    """The indicator from `first` to `last`, both days included: 2 SQL queries."""
    step = step_of(first, last)
    start, end = day_bounds(first, last)
    with connection.cursor() as cursor:
        cursor.execute(
            THINNED.format(bucket=BY_DAYS if step else BY_READING),
            {
                "section": section.pk,
                "indicator": indicator,
                "start": start,
                "end": end,
                "first": first,
                "step": step,
                "valid": list(Reading.VALID_FLAGS),
                "origins": [Origin.AUTOMATIC.value, Origin.MANUAL.value, Origin.JOINT.value],
            },
        )
        rows = cursor.fetchall()
    below, invalid, hand = [], [], []
    automatic: dict = defaultdict(list)
    for bucket, origin, kind, total, largest, count, at in rows:
        if kind == "invalid":
            invalid.append(Point(at, largest, count))
            continue
        if kind == "below":
            below.append(Point(at, largest, count))
        if origin == Origin.AUTOMATIC:
            automatic[bucket].append((total, count, at))
        elif kind == "measured":
            hand.append(Point(at, total / count, count))
    return Series(
        means=means(section, indicator, first, last),
        automatic=tuple(_together(parts, bucket, step) for bucket, parts in automatic.items()),
        manual=tuple(hand),
        below=tuple(below),
        invalid=tuple(invalid),
        step_days=step,
    )


def _together(parts: list, bucket: date | datetime, step: int) -> Point:
    total, count = sum(p[0] for p in parts), sum(p[1] for p in parts)
    at = min(p[2] for p in parts)
    if step and count > 1:  # the middle of its days
        at = day_bounds(bucket, bucket)[0] + timedelta(days=step) / 2
    return Point(at, total / count, count)


def means(section: Section, indicator: str, first: date, last: date) -> tuple[MeanPoint, ...]:
    """Monthly means from the month of `first` to that of `last`, oldest first: 1 query."""
    found = MonthlyMean.objects.filter(
        section=section,
        indicator__code=indicator,
        month__gte=month_start(first),
        month__lte=month_start(last),
    ).order_by("month")
    return tuple(
        MeanPoint(
            m.month,
            m.mean,
            classed(indicator, m.mean, section.water_body),
            m.valid,
            m.expected,
            m.origin,
            m.complete,
            m.below_limit,
        )
        for m in found
    )


# The readings themselves -----------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Revised:
    """What a reading was before, and from when to when we knew it so."""

    shown: str
    flag: str
    known_from: datetime
    known_to: datetime


_MARKS = {**dict.fromkeys(("F", "0F", "D", "0D", "1D", "2D"), "–"), "T": "?", "Q": "?"}


@dataclass(frozen=True, slots=True)
class ReadingLine:
    sampled_at: datetime
    origin: str
    value: Decimal
    below_limit: bool
    flag: str
    water_class: int | None
    recorded_at: datetime
    decimals: int
    revisions: tuple[Revised, ...] = ()

    @property
    def shown(self) -> str:
        """As reports write it: 0.310, and 0.025L below the limit."""
        return show(reported(self.value, self.below_limit, self.decimals))

    @property
    def is_valid(self) -> bool:
        return self.flag in Reading.VALID_FLAGS

    @property
    def flag_label(self) -> str:
        if self.is_valid and self.below_limit:
            return "未检出"
        return Reading.flag_words(self.flag)

    @property
    def mark(self) -> str:
        """✓ counts, L counts as half the limit, ? in doubt, – not running, × not counted."""
        if self.is_valid:
            return "L" if self.below_limit else "✓"
        return _MARKS.get(self.flag, "×")

    @property
    def kind(self) -> str:
        """Kind of badge."""
        if self.is_valid:
            return "" if self.below_limit else "open"
        return "none" if self.mark == "–" else "waiting"

    @property
    def note(self) -> str:
        if self.is_valid and self.below_limit:
            return f"按检出限一半 {show(reported(self.value / 2, False, 0))} 计"
        return "" if self.is_valid else "不参与计算"


def _readings(section: Section, indicator: str, first: date, last: date):
    start, end = day_bounds(first, last)
    return Reading.objects.filter(
        section=section,
        indicator__code=indicator,
        sampled_at__gte=start,
        sampled_at__lt=end,
    ).order_by("-sampled_at", "origin")


COLUMNS = (
    "sampled_at",
    "origin",
    "value",
    "below_limit",
    "flag",
    "recorded_at",
    "indicator__decimals",
)


def reading_page(
    section: Section, indicator: str, first: date, last: date, page: str | None
) -> Page:
    """A page of ReadingLine, newest first, with what each was before: 3 SQL queries."""
    found = _readings(section, indicator, first, last).values_list(*COLUMNS)
    chosen = Paginator(found, PER_PAGE).get_page(page)
    rows = list(chosen.object_list)
    revisions = _revisions(section, indicator, [row[0] for row in rows])
    chosen.object_list = [
        _line(section, indicator, row, tuple(revisions[row[0], row[1]])) for row in rows
    ]
    return chosen


def reading_count(section: Section, indicator: str, first: date, last: date) -> int:
    """How many `reading_lines` there are."""
    return _readings(section, indicator, first, last).count()


def reading_lines(
    section: Section, indicator: str, first: date, last: date
) -> Iterator[ReadingLine]:
    """All of them, newest first, fetched as they are used; without revisions."""
    found = _readings(section, indicator, first, last).values_list(*COLUMNS)
    return (_line(section, indicator, row) for row in found.iterator(chunk_size=2000))


def _line(section: Section, indicator: str, row: tuple, revisions=()) -> ReadingLine:
    sampled_at, origin, value, below, flag, recorded_at, decimals = row
    valid = flag in Reading.VALID_FLAGS
    counted = value / 2 if below else value
    return ReadingLine(
        sampled_at=sampled_at,
        origin=Origin(origin).label,
        value=value,
        below_limit=below,
        flag=flag,
        water_class=classed(indicator, counted, section.water_body) if valid else None,
        recorded_at=recorded_at,
        decimals=decimals,
        revisions=revisions,
    )


def _revisions(section: Section, indicator: str, times: list[datetime]):
    found: dict[tuple[datetime, int], list[Revised]] = defaultdict(list)
    was = ReadingRevision.objects.filter(
        section=section, indicator__code=indicator, sampled_at__in=times
    )
    for r in was.select_related("indicator").order_by("known_to", "pk"):
        before = show(r.indicator.reported(r.value, r.below_limit))
        found[r.sampled_at, r.origin].append(Revised(before, r.flag, r.known_from, r.known_to))
    return found


def indicator_of(
    measured: tuple[MeasuredIndicator, ...], asked: str | None, deciding: tuple[str, ...]
) -> MeasuredIndicator | None:
    """The indicator asked for; else what decided the class, else ammonia, else the first."""
    by_code = {each.code: each for each in measured}
    for code in (asked, *deciding, "NH3-N"):
        if code in by_code:
            return by_code[code]
    return measured[0] if measured else None
