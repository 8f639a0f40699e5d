"""断面: one section with its months, neighbours and heat map.

Classes are 1–6 (GB 3838-2002, 6 = 劣Ⅴ); values are Decimal in the indicator's unit, unrounded.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal

from django.db.models import Max

from basins.access import Viewer
from basins.ranges import (
    between,
    covers,
    month_start,
    months_before,
    months_between,
    next_month,
    today,
)
from monitoring.assessment.services.assessment import month_bounds
from monitoring.models import (
    Assessment,
    Indicator,
    MonthlyMean,
    Origin,
    Reading,
    SamplingPlan,
    Section,
    Target,
)
from monitoring.sections.queries.flow import FlowMonth, flow_of_month
from monitoring.sections.queries.listing import with_month
from monitoring.standards.basis import Basis, rounding_decides
from monitoring.standards.flow import FLOW
from monitoring.standards.gb3838_2002 import (
    NoLimit,
    WaterBody,
    WaterClass,
    class_of,
    has_limits,
    limit,
)
from monitoring.visible import visible_sections


def classed(indicator: str, value: Decimal, body: str) -> int | None:
    """Class of one value; None where table 1 has no row for it or the value cannot be classed."""
    if value < 0 or not has_limits(indicator, WaterBody(body)):
        return None
    return class_of(indicator, value, WaterBody(body)).value


def limit_words(indicator: str, water_class: int, body: str) -> str:
    """The limit as the standard writes it: '≤ 1.0', DO '≥ 5', pH '6–9'; '' without one."""
    if indicator == "pH":
        return "6–9"
    try:
        value = limit(indicator, WaterClass(water_class), WaterBody(body))
    except NoLimit:
        return ""
    return f"{'≥' if indicator == 'DO' else '≤'} {value:f}"


@dataclass(frozen=True, slots=True)
class Neighbour:
    """The next section up or down the river, with its class in the month."""

    code: str
    name: str
    is_demo: bool
    km: Decimal
    water_class: int | None

    @property
    def shown_name(self) -> str:
        return f"{self.name}*" if self.is_demo else self.name


@dataclass(frozen=True, slots=True)
class MonthClass:
    month: date
    water_class: int | None
    target: int | None
    deciding: tuple[str, ...] = ()
    complete: bool = False

    @property
    def worse(self) -> bool:
        return bool(self.water_class and self.target and self.water_class > self.target)


@dataclass(frozen=True, slots=True)
class HeatCell:
    value: Decimal | None
    water_class: int | None
    worse: bool


@dataclass(frozen=True, slots=True)
class YearHeatRow:
    """One indicator over the months; `limit` is that of the target class, in words."""

    code: str
    name: str
    unit: str
    decimals: int
    cells: tuple[HeatCell, ...]
    limit: str
    year_before: Decimal | None  # value of the last month's month a year earlier


@dataclass(frozen=True, slots=True)
class MeasuredIndicator:
    code: str
    name: str
    unit: str
    decimals: int


@dataclass(frozen=True, slots=True)
class PlannedDays:
    """Automatic values a day from the `first` to the `last` day of a month; `whole`: all of it."""

    first: int
    last: int
    per_day: int
    whole: bool


@dataclass(frozen=True, slots=True)
class SectionPage:
    """All a section's page says beside its series."""

    section_id: int
    code: str
    name: str
    is_demo: bool
    river: str | None
    river_code: str | None
    km: Decimal | None
    km_to_mouth: Decimal | None
    grade: str
    water_body: str
    province: str
    upstream: str | None
    downstream: str | None
    source: str
    month: date
    first_month: date | None
    last_month: date | None
    last_sample: datetime | None
    plans: tuple[PlannedDays, ...]
    sampled_by_hand: bool
    valid: int
    expected: int
    months: tuple[MonthClass, ...]  # twelve, oldest first, the last is `month`
    years: tuple[tuple[int, tuple[MonthClass | None, ...]], ...]  # newest first
    heat: tuple[YearHeatRow, ...]
    indicators: tuple[MeasuredIndicator, ...]
    above: Neighbour | None
    below: Neighbour | None
    basis: Basis  # what the month was assessed by
    rounding: str  # 临界, where rounding decides the month's class
    flow: FlowMonth | None  # where flow was measured in the month

    @property
    def shown_name(self) -> str:
        return f"{self.name}断面*" if self.is_demo else f"{self.name}断面"

    @property
    def now(self) -> MonthClass:
        return self.months[-1]

    @property
    def target(self) -> int | None:
        return self.now.target

    @property
    def above_distance(self) -> Decimal | None:
        """km up the river to the next section."""
        return self.km - self.above.km if self.above and self.km is not None else None

    @property
    def below_distance(self) -> Decimal | None:
        return self.below.km - self.km if self.below and self.km is not None else None

    @property
    def completeness(self) -> Decimal | None:
        return Decimal(100 * self.valid) / self.expected if self.expected else None


def find_section(viewer: Viewer, code: str) -> Section | None:
    """The section by its code; None for one that is missing or out of sight: 1 query."""
    if "\0" in code:  # PostgreSQL refuses it in any text
        return None
    return (
        visible_sections(viewer)
        .filter(code=code)
        .select_related("river", "upstream", "downstream", "province")
        .defer("upstream__boundary", "downstream__boundary", "province__boundary")
        .first()
    )


def section_page(viewer: Viewer, section: Section, month: date | None) -> SectionPage:
    """A section in a month; of a month out of its reach, in its latest assessed one.

    9 SQL queries whatever the months, 2 more where flow is measured.
    """
    everything = {a.month: a for a in Assessment.objects.filter(section=section).order_by("month")}
    first, last = min(everything, default=None), max(everything, default=None)
    shown = last or months_before(month_start(today()))
    if month and first and last and first <= month <= last:
        shown = month
    targets = list(Target.objects.filter(section=section))
    window = months_between(months_before(shown, 11), shown)
    means = list(
        MonthlyMean.objects.filter(
            section=section, month__in=[months_before(shown, 12), *window]
        ).select_related("indicator")
    )

    def of_month(day: date) -> MonthClass:
        found = everything.get(day)
        target = next((t.water_class for t in targets if covers(t.in_force, day)), None)
        if found is None:
            return MonthClass(day, None, target)
        return MonthClass(day, found.water_class, target, tuple(found.deciding), found.complete)

    used = everything[shown].assessed if shown in everything else ()
    now = [m for m in means if m.month == shown and m.indicator.code in used]
    basis = Basis.of(everything[shown].basis) if shown in everything else Basis()
    months = tuple(of_month(day) for day in window)
    above, below = neighbours(viewer, section, shown)
    length = section.river.length_km if section.river else None
    return SectionPage(
        section_id=section.pk,
        code=section.code,
        name=section.name,
        is_demo=section.is_demo,
        river=section.river.name if section.river else None,
        river_code=section.river.code if section.river else None,
        km=section.km,
        km_to_mouth=length - section.km
        if length is not None and section.km is not None and length >= section.km
        else None,
        grade=section.get_grade_display(),
        water_body=section.water_body,
        province=section.province.name,
        upstream=section.upstream.short_name if section.upstream else None,
        downstream=section.downstream.short_name if section.downstream else None,
        source=section.source,
        month=shown,
        first_month=first,
        last_month=last,
        last_sample=_last_sample(section, last),
        plans=_plans(section, shown),
        sampled_by_hand=any(m.origin == Origin.MANUAL for m in means),
        valid=sum(min(m.valid, m.expected) for m in now),
        expected=sum(m.expected for m in now),
        months=months,
        years=_years(first, last, of_month),
        heat=_heat(section, means, months),
        indicators=measured_indicators(section),
        above=above,
        below=below,
        basis=basis,
        rounding=rounding_decides(
            {m.indicator.code: m.exact for m in now},
            WaterBody(section.water_body),
            basis,
            WaterClass(everything[shown].water_class),
        )
        if shown in everything
        else "",
        flow=flow_of_month(section, shown)
        if any(m.indicator.code == FLOW for m in means)
        else None,
    )


def neighbours(
    viewer: Viewer, section: Section, month: date
) -> tuple[Neighbour | None, Neighbour | None]:
    """The nearest visible sections up and down the same river: 1 query, 0 without a position."""
    if section.river_id is None or section.km is None:
        return None, None
    found = with_month(visible_sections(viewer), month).filter(
        river=section.river_id, km__isnull=False
    )
    row = [
        Neighbour(code, name, is_demo, km, water_class)
        for code, name, is_demo, km, water_class in found.order_by("km", "code").values_list(
            "code", "name", "is_demo", "km", "class_now"
        )
    ]
    at = next(i for i, each in enumerate(row) if each.code == section.code)
    return (row[at - 1] if at else None), (row[at + 1] if at + 1 < len(row) else None)


def other_sections(viewer: Viewer, section: Section) -> list[tuple[str, str]]:
    """(code, name) of the other visible sections on the same river, downstream: 1 query."""
    if section.river_id is None:
        return []
    found = visible_sections(viewer).filter(river=section.river_id).exclude(pk=section.pk)
    return list(found.order_by("km", "code").values_list("code", "name"))


def measured_indicators(section: Section) -> tuple[MeasuredIndicator, ...]:
    """Indicators that ever had a monthly mean here, in their order: 1 query."""
    ever = MonthlyMean.objects.filter(section=section).order_by().values("indicator").distinct()
    return tuple(
        MeasuredIndicator(i.code, i.name, i.unit, i.decimals)
        for i in Indicator.objects.filter(pk__in=ever)
    )


def _heat(
    section: Section, means: Iterable[MonthlyMean], months: tuple[MonthClass, ...]
) -> tuple[YearHeatRow, ...]:
    """Indicators that table 1 classes, in order; worse: than the target of that month."""
    body, last_target = section.water_body, months[-1].target
    by_indicator: dict[Indicator, dict[date, Decimal]] = {}
    for each in means:
        by_indicator.setdefault(each.indicator, {})[each.month] = each.mean
    rows = []
    for indicator in sorted(by_indicator, key=lambda i: i.order):
        if not has_limits(indicator.code, WaterBody(body)):
            continue
        cells = []
        for month in months:
            value = by_indicator[indicator].get(month.month)
            found = None if value is None else classed(indicator.code, value, body)
            worse = bool(found and month.target and found > month.target)
            cells.append(HeatCell(value, found, worse))
        rows.append(
            YearHeatRow(
                indicator.code,
                indicator.name,
                indicator.unit,
                indicator.decimals,
                tuple(cells),
                limit_words(indicator.code, last_target, body) if last_target else "",
                by_indicator[indicator].get(months_before(months[-1].month, 12)),
            )
        )
    return tuple(rows)


def _years(first: date | None, last: date | None, of_month) -> tuple:
    if first is None or last is None:
        return ()
    return tuple(
        (
            year,
            tuple(
                of_month(day) if first <= day <= last else None
                for day in (date(year, number, 1) for number in range(1, 13))
            ),
        )
        for year in range(last.year, first.year - 1, -1)
    )


def _last_sample(section: Section, last: date | None) -> datetime | None:
    """Time of the newest reading, looked for from the last assessed month on: few partitions."""
    if last is None:
        return None
    start = month_bounds(last)[0]
    end = month_bounds(next_month(today()))[1]
    return Reading.objects.filter(
        section=section, sampled_at__gte=start, sampled_at__lt=end
    ).aggregate(at=Max("sampled_at"))["at"]


def _plans(section: Section, month: date) -> tuple[PlannedDays, ...]:
    """What is planned for the days of the month, in order; days without a plan are in none."""
    end = next_month(month)
    plans = SamplingPlan.objects.filter(section=section, in_force__overlap=between(month, end))
    return tuple(
        PlannedDays(
            first=max(plan.in_force.lower or month, month).day,
            last=(min(plan.in_force.upper or end, end) - timedelta(days=1)).day,
            per_day=plan.per_day,
            whole=(plan.in_force.lower or month) <= month and (plan.in_force.upper or end) >= end,
        )
        for plan in plans.order_by("in_force")
    )
