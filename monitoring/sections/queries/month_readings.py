"""Which readings of a month went into its means, which were left out, and each day's mean.

Reads one partition of monitoring_reading: the month is a constant range. A value is used if
its flag is valid and it has the origin the monthly mean stands on; undetected values count
as half the limit (环办〔2011〕22号). Concentrations are Decimal in the indicator's unit.
"""

from collections import Counter, defaultdict
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from django.db import connection

from basins.access import Viewer
from monitoring.assessment.services.assessment import month_bounds
from monitoring.models import Indicator, MonthlyMean, Origin, Reading
from monitoring.visible import visible_sections

DAYS = """
SELECT r.section_id, (r.sampled_at AT TIME ZONE 'Asia/Shanghai')::date AS day, r.indicator_id,
       r.origin, r.flag, count(*)::integer,
       sum(CASE WHEN r.below_limit THEN r.value / 2 ELSE r.value END),
       count(*) FILTER (WHERE r.below_limit)::integer
FROM monitoring_reading r
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
    """The month's mean as stored now, with the number of values behind it."""

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


def month_readings(viewer: Viewer, section_ids: list[int], month: date) -> dict[int, MonthReadings]:
    """By section id: 3 SQL queries whatever the sections; sections unseen are left out."""
    ids = list(
        visible_sections(viewer)
        .filter(pk__in=section_ids)
        .order_by("pk")
        .values_list("pk", flat=True)
    )
    stored: dict[int, dict[int, MonthlyMean]] = defaultdict(dict)
    for mean in (
        MonthlyMean.objects.filter(section__in=ids, month=month)
        .select_related("indicator")
        .order_by("section_id", "indicator__order")
    ):
        stored[mean.section_id][mean.indicator_id] = mean
    start, end = month_bounds(month)
    with connection.cursor() as cursor:
        cursor.execute(DAYS, {"start": start, "end": end, "sections": ids})
        rows = cursor.fetchall()
    by_section: dict[int, list[tuple]] = defaultdict(list)
    for section_id, *row in rows:
        by_section[section_id].append(tuple(row))
    days = [month + timedelta(days=n) for n in range((end - start).days)]
    return {pk: _month_of(by_section[pk], stored[pk], days) for pk in ids}


def _month_of(rows: list[tuple], means: dict[int, MonthlyMean], days: list[date]) -> MonthReadings:
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
            else Reading.FLAGS.get(flag, f"标识 {flag}")
        )
        flags[reason] += count
        unused[reason, day][indicator_id] += count
    order = {m.indicator_id: m.indicator for m in means.values()}
    return MonthReadings(
        used=flags["有效"],
        left_out=_left_out(unused, order),
        flags=tuple(flags.most_common()),
        means=tuple(_indicator_mean(m, used, days) for m in means.values()),
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


def _indicator_mean(mean: MonthlyMean, used: dict, days: list[date]) -> IndicatorMean:
    found = [used.get((mean.indicator_id, day), (0, Decimal(0), 0)) for day in days]
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
