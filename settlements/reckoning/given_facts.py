"""Facts that are no means of readings: stored figures, rulings, days over a limit in a row.

Loaded for everything at once, at most 3 SQL queries; what nothing asks for is not loaded.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from fractions import Fraction

from django.db import connection
from django.db.models import Q
from django.utils import timezone

from basins.ranges import next_month
from monitoring.assessment.services.assessment import DEFAULT, NOW, Readings
from monitoring.figures import PARTY_FIGURES
from monitoring.models import Observation, Origin, Reading
from monitoring.standards.exact import Number, exact
from settlements.models import MonthRuling
from settlements.reckoning.asked import DaysInARow
from settlements.rules.facts import MonthState

# A run that counts is at most 31 days long before it counts (parameter days_from).
LOOK_BACK = timedelta(days=31)

FigureKey = tuple[int | str, str, date, bool]  # section id or party code, name, period, yearly


@dataclass(frozen=True, slots=True)
class Given:
    """One stored figure: its value in its unit, and where it comes from in words."""

    value: Number
    source: str


@dataclass(frozen=True, slots=True)
class Ruling:
    """The bureau's finding of a month: state, and who found it when, why."""

    state: MonthState
    reason: str
    source: str


def figures(
    sections: Collection[int],
    parties: Collection[str],
    first: date,
    last: date,
    at: datetime | None = None,
) -> dict[FigureKey, Given]:
    """The figures of the sections and parties, from month `first` to `last`: 1 query.

    Those live now, or those known `at` that moment.
    """
    found: dict[FigureKey, Given] = {}
    live = Q(superseded_at__isnull=True)
    if at is not None:
        live = Q(recorded_at__lte=at) & (live | Q(superseded_at__gt=at))
    rows = Observation.objects.filter(
        live,
        Q(section__in=sections) | Q(jurisdiction__code__in=parties),
        period__range=(first, last),
    ).values_list("section_id", "jurisdiction__code", "name", "period", "yearly", "value", "source")
    for section, party, name, period, yearly, value, source in rows:
        found[section or party, name, period, yearly] = Given(value, source)
    return found


def rulings(
    sections: Collection[int], first: date, last: date
) -> dict[tuple[int, date], dict[int | None, Ruling]]:
    """Rulings in force by section and month, then by agreement (None: all of them): 1 query."""
    return by_month(
        MonthRuling.objects.filter(
            section__in=sections, month__range=(first, last), revoked_at__isnull=True
        ).select_related("decided_by")
    )


def by_month(
    rows: Iterable[MonthRuling],
) -> dict[tuple[int, date], dict[int | None, Ruling]]:
    """Rulings by section and month, then by agreement (None: all of them)."""
    found: dict[tuple[int, date], dict[int | None, Ruling]] = defaultdict(dict)
    for row in rows:
        found[row.section_id, row.month][row.agreement_id] = Ruling(
            MonthState(row.state), ruling_words(row), _source(row)
        )
    return dict(found)


def ruling_words(row: MonthRuling) -> str:
    """ "自然灾害，7 月上旬山洪冲毁断面（流域处 2023-08-02 认定）"."""
    on = timezone.localtime(row.decided_at).date()
    return f"{row.get_ground_display()}，{row.reason}（{row.decided_by} {on} 认定）"


def _source(row: MonthRuling) -> str:
    return f"市局认定 #{row.pk}" + (f"，证据 {row.evidence_name}" if row.evidence_name else "")


# Mean of each day on which the station delivered its share of planned values.
DAILY = """
SELECT r.section_id, i.code, (r.sampled_at AT TIME ZONE 'Asia/Shanghai')::date AS day,
       sum(CASE WHEN r.below_limit THEN r.value / 2 ELSE r.value END), count(*)::integer
FROM {readings} r
JOIN monitoring_indicator i ON i.id = r.indicator_id
LEFT JOIN {plans} p ON p.section_id = r.section_id
    AND p.in_force @> (r.sampled_at AT TIME ZONE 'Asia/Shanghai')::date
WHERE r.sampled_at >= %(start)s AND r.sampled_at < %(end)s
  AND r.section_id = ANY(%(sections)s) AND i.code = ANY(%(codes)s)
  AND r.flag = ANY(%(valid)s) AND r.origin = %(origin)s
GROUP BY 1, 2, 3
HAVING count(*) >= ceil(coalesce(max(p.per_day), %(per_day)s) * %(day_share)s)
"""


def daily_means(
    sections: Iterable[int],
    codes: Iterable[str],
    first: date,
    last: date,
    readings: Readings = NOW,
) -> dict[tuple[int, str], dict[date, Fraction]]:
    """Daily means of automatic stations over the months, and 31 days before: 1 query."""
    zone = timezone.get_default_timezone()
    found: dict[tuple[int, str], dict[date, Fraction]] = defaultdict(dict)
    with connection.cursor() as cursor:
        cursor.execute(
            DAILY.format(readings=readings.relation, plans=readings.plans),
            {
                **readings.given,
                "start": datetime.combine(first - LOOK_BACK, time(), zone),
                "end": datetime.combine(next_month(last), time(), zone),
                "sections": sorted(set(sections)),
                "codes": sorted(set(codes)),
                "valid": list(Reading.VALID_FLAGS),
                "origin": Origin.AUTOMATIC.value,
                "per_day": DEFAULT.per_day,
                "day_share": DEFAULT.day_share,
            },
        )
        for section, code, day, total, count in cursor.fetchall():
            found[section, code][day] = exact(total) / count
    return dict(found)


@dataclass(frozen=True, slots=True)
class Runs:
    """Days over the limit in a row, as a rule is told them, and the runs in words."""

    days: int
    words: str


def days_in_a_row(
    means: Mapping[date, Number], limit: Decimal, month: date, asked: DaysInARow
) -> Runs:
    """What counts in the month of days over the limit in a row; each day counts once.

    A run may begin in the month before: its days there that did not count yet count with it.
    A day without a mean ends a run. Of several runs the number is such that the rule, which
    takes one run, counts the days of all of them. None that counts: the longest run.
    """
    end = next_month(month)
    runs = _runs({day for day, mean in means.items() if mean > limit}, end)
    counted, spans, longest = 0, [], 0
    for first, length in runs:
        inside = [n for n in range(length) if first + timedelta(days=n) >= month]
        if not inside:
            continue
        longest = max(longest, len(inside))
        if length < asked.start:
            continue
        before = length - len(inside)  # days of the run in the months before
        if asked.all_days:
            counted += len(inside) if before >= asked.start else length
        else:
            counted += length - max(before, asked.start - 1)
        spans.append(f"{first:%m-%d} 起 {length} 日")
    if not counted:
        return Runs(min(longest, asked.start - 1), "")
    days = counted if asked.all_days else counted + asked.start - 1
    return Runs(days, f"自动站日均值连续超过限值：{'，'.join(spans)}")


def _runs(over: set[date], end: date) -> list[tuple[date, int]]:
    """First day and length of every run of days before `end`."""
    found: list[tuple[date, int]] = []
    for day in sorted(day for day in over if day < end):
        if found and found[-1][0] + timedelta(days=found[-1][1]) == day:
            found[-1] = found[-1][0], found[-1][1] + 1
        else:
            found.append((day, 1))
    return found


def figure_of(name: str) -> tuple[str, str]:
    """Figure and party of an observation's name: "met.GZ" is ("met", "GZ"); no party: ""."""
    head, _, party = name.partition(".")
    return (head, party) if head in PARTY_FIGURES else (name, "")
