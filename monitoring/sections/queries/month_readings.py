"""Which readings of a month went into its means, which were left out, and each day's mean.

Reads one partition of monitoring_reading: the month is a constant range. A value is used if
its flag is valid and it has the origin the monthly mean stands on; undetected values count
as half the limit (环办〔2011〕22号). Concentrations are Decimal in the indicator's unit. As they
are now, or as they were known at a past moment.
"""

from collections import Counter, defaultdict
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal

from django.db import connection
from django.db.models import Max
from django.db.models.functions import TruncDate

from basins.access import Viewer
from monitoring.assessment.queries.history import known_readings
from monitoring.assessment.services.assessment import NOW, means_of_month, month_bounds
from monitoring.models import Indicator, MonthlyMean, Origin, Reading, ReadingRevision
from monitoring.visible import visible_sections

DAYS = """
SELECT r.section_id, (r.sampled_at AT TIME ZONE 'Asia/Shanghai')::date AS day, r.indicator_id,
       r.origin, r.flag, count(*)::integer,
       sum(CASE WHEN r.below_limit THEN r.value / 2 ELSE r.value END),
       count(*) FILTER (WHERE r.below_limit)::integer
FROM {readings} r
WHERE r.sampled_at >= %(start)s AND r.sampled_at < %(end)s AND r.section_id = ANY(%(sections)s)
GROUP BY 1, 2, 3, 4, 5
ORDER BY 1, 2, 3, 4, 5
"""


@dataclass(frozen=True, slots=True)
class LeftOut:
    """Values left out on days in a row for one reason."""

    first: date
    last: date
    reason: str
    indicators: tuple[str, ...]
    count: int

    @property
    def days(self) -> str:
        first = f"{self.first.month}月{self.first.day}日"
        if self.first == self.last:
            return first
        return f"{first}至{self.last.day}日"


@dataclass(frozen=True, slots=True)
class DayMean:
    """One day's mean of one indicator; `mean` None: no valid value that day."""

    day: date
    mean: Decimal | None
    count: int


@dataclass(frozen=True, slots=True)
class IndicatorMean:
    """The month's mean, as stored now or as known then, with the number of values behind it."""

    code: str
    name: str
    unit: str
    decimals: int
    mean: Decimal
    total: Decimal  # of the values used
    used: int
    expected: int
    below_limit: int
    origin: str
    complete: bool
    days: tuple[DayMean, ...]  # every day of the month


@dataclass(frozen=True, slots=True)
class MonthReadings:
    used: int
    left_out: tuple[LeftOut, ...]
    flags: tuple[tuple[str, int], ...]  # reason or 有效, values
    means: tuple[IndicatorMean, ...]

    @property
    def left_out_count(self) -> int:
        return sum(each.count for each in self.left_out)

    def mean(self, code: str) -> IndicatorMean | None:
        return next((m for m in self.means if m.code == code), None)


def month_readings(
    viewer: Viewer, section_ids: list[int], month: date, at: datetime | None = None
) -> dict[int, MonthReadings]:
    """By section id: 3 SQL queries whatever the sections, 6 as known at `at`; sections unseen
    are left out.

    Raises ValueError for a moment without a zone.
    """
    ids = list(
        visible_sections(viewer)
        .filter(pk__in=section_ids)
        .order_by("pk")
        .values_list("pk", flat=True)
    )
    stored = _stored_means(ids, month) if at is None else _means_then(ids, month, at)
    source = NOW if at is None else known_readings(at)
    start, end = month_bounds(month)
    with connection.cursor() as cursor:
        cursor.execute(
            DAYS.format(readings=source.relation),
            {**source.given, "start": start, "end": end, "sections": ids},
        )
        rows = cursor.fetchall()
    by_section: dict[int, list[tuple]] = defaultdict(list)
    for section_id, *row in rows:
        by_section[section_id].append(tuple(row))
    days = [month + timedelta(days=n) for n in range((end - start).days)]
    return {pk: _month_of(by_section[pk], stored[pk], days) for pk in ids}


def days_measured(section_ids: list[int], month: date) -> dict[int, list[date]]:
    """Section id → the days of the month with a valid value, in order: 1 SQL query."""
    start, end = month_bounds(month)
    rows = (
        Reading.objects.filter(
            section__in=section_ids,
            sampled_at__gte=start,
            sampled_at__lt=end,
            flag__in=Reading.VALID_FLAGS,
        )
        .order_by()
        .values_list("section_id", TruncDate("sampled_at"))
        .distinct()
    )
    found: dict[int, list[date]] = defaultdict(list)
    for section_id, day in sorted(rows):
        found[section_id].append(day)
    return found


def last_changed(section_ids: list[int], month: date) -> dict[int, datetime]:
    """Section id → when a reading of its month last came in or changed: 2 SQL queries."""
    start, end = month_bounds(month)
    found: dict[int, datetime] = {}
    for model, at in ((Reading, "recorded_at"), (ReadingRevision, "known_to")):
        for section, moment in (
            model.objects.filter(section__in=section_ids, sampled_at__gte=start, sampled_at__lt=end)
            .order_by()
            .values_list("section_id")
            .annotate(last=Max(at))
        ):
            found[section] = max(moment, found.get(section, moment))
    return found


@dataclass(frozen=True, slots=True)
class _UsedMean:
    indicator: Indicator
    mean: Decimal
    expected: int
    below_limit: int
    origin: int
    complete: bool


def _stored_means(ids: list[int], month: date) -> dict[int, dict[int, _UsedMean]]:
    stored: dict[int, dict[int, _UsedMean]] = defaultdict(dict)
    for m in (
        MonthlyMean.objects.filter(section__in=ids, month=month)
        .select_related("indicator")
        .order_by("section_id", "indicator__order")
    ):
        stored[m.section_id][m.indicator_id] = _UsedMean(
            m.indicator, m.mean, m.expected, m.below_limit, m.origin, m.complete
        )
    return stored


def _means_then(ids: list[int], month: date, at: datetime) -> dict[int, dict[int, _UsedMean]]:
    """Means as the readings known at `at` make them, by the choices of then."""
    found: dict[int, dict[int, _UsedMean]] = defaultdict(dict)
    indicators = {i.code: i for i in Indicator.objects.all()}
    means = means_of_month(month, ids, readings=known_readings(at))
    for m in sorted(means, key=lambda m: (m.section_id, indicators[m.indicator].order)):
        indicator = indicators[m.indicator]
        found[m.section_id][indicator.pk] = _UsedMean(
            indicator, m.mean, m.expected, m.below_limit, m.origin, m.complete
        )
    return found


def _month_of(rows: list[tuple], means: dict[int, _UsedMean], days: list[date]) -> MonthReadings:
    used: dict[tuple[int, date], tuple[int, Decimal, int]] = {}
    flags: Counter[str] = Counter()
    unused: dict[tuple[str, date], Counter[int]] = defaultdict(Counter)
    for day, indicator_id, origin, flag, count, total, below in rows:
        mean = means.get(indicator_id)
        if flag in Reading.VALID_FLAGS and (mean is None or mean.origin == origin):
            flags["有效"] += count
            used[indicator_id, day] = count, total, below
            continue
        reason = (
            f"{Origin(origin).label}数据未采用"
            if flag in Reading.VALID_FLAGS
            else Reading.flag_words(flag)
        )
        flags[reason] += count
        unused[reason, day][indicator_id] += count
    order = {pk: m.indicator for pk, m in means.items()}
    return MonthReadings(
        used=flags["有效"],
        left_out=_left_out(unused, order),
        flags=tuple(flags.most_common()),
        means=tuple(_indicator_mean(pk, m, used, days) for pk, m in means.items()),
    )


def _left_out(
    unused: dict[tuple[str, date], Counter[int]], known: dict[int, Indicator]
) -> tuple[LeftOut, ...]:
    """Days in a row with the same reason and indicators become one line."""
    answer: list[LeftOut] = []
    for (reason, day), counts in sorted(unused.items(), key=lambda item: item[0]):
        names = tuple(
            indicator.name
            for indicator in sorted(
                (known[pk] for pk in counts if pk in known), key=lambda i: i.order
            )
        )
        number = sum(counts.values())
        last = answer[-1] if answer else None
        if (
            last is not None
            and last.reason == reason
            and last.indicators == names
            and last.last + timedelta(days=1) == day
        ):
            answer[-1] = LeftOut(last.first, day, reason, names, last.count + number)
        else:
            answer.append(LeftOut(day, day, reason, names, number))
    return tuple(sorted(answer, key=lambda each: (each.first, each.reason)))


def _indicator_mean(
    indicator_id: int, mean: _UsedMean, used: dict, days: list[date]
) -> IndicatorMean:
    found = [used.get((indicator_id, day), (0, Decimal(0), 0)) for day in days]
    return IndicatorMean(
        code=mean.indicator.code,
        name=mean.indicator.name,
        unit=mean.indicator.unit,
        decimals=mean.indicator.decimals,
        mean=mean.mean,
        total=sum((total for _, total, _ in found), Decimal(0)),
        used=sum(count for count, _, _ in found),
        expected=mean.expected,
        below_limit=mean.below_limit,
        origin=Origin(mean.origin).label,
        complete=mean.complete,
        days=tuple(
            DayMean(day, total / count if count else None, count)
            for day, (count, total, _) in zip(days, found, strict=True)
        ),
    )
