"""Rivers: their state in a month, and one river from source to mouth.

State of a river: 环办〔2011〕22号 as in monitoring.standards.basin (mean concentrations below
five sections, proportions of classes from five on). Lengths are km, positions km from the source.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from itertools import pairwise
from math import cos, hypot, radians

from basins.access import Act, Scope, Viewer
from basins.models import Jurisdiction, River, RiverReach
from basins.ranges import covers, months_before, months_between, year_start
from monitoring.assessment.queries.assessments import (
    AssessedMonth,
    scheme_sections,
    section_months,
)
from monitoring.models import Assessment, MonthlyMean, Section, Target
from monitoring.models.assessments import exact_mean
from monitoring.standards.assessment import NothingToAssess
from monitoring.standards.basin import BasinAssessed, SectionWater, basin_assessment
from monitoring.standards.cwqi import cwqi
from monitoring.standards.exact import Number, decimal_of, mean
from monitoring.standards.gb3838_2002 import NAMES, WaterBody

# A border section stands within this many km of the end of the reach it closes.
AT_END_KM = Decimal(3)
# A tributary whose drawn mouth is farther from the river than this many degrees has no position.
JOINS_WITHIN = 0.06


def class_of_reach(from_km: Decimal, to_km: Decimal, sections: Iterable[AssessedMonth]):
    """Class of a reach: of the river's first assessed section at or below the reach's end,
    else of the last one inside it; None where neither is."""
    known = sorted(
        (s for s in sections if s.km is not None and s.water_class), key=lambda s: s.km or 0
    )
    below = next((s for s in known if s.km is not None and s.km >= to_km - AT_END_KM), None)
    if below:
        return below.water_class
    inside = [s for s in known if s.km is not None and s.km >= from_km]
    return inside[-1].water_class if inside else None


# The list of rivers -----------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class RiverState:
    """A river's state of the month; `state` None: nothing measured."""

    state: BasinAssessed | None
    index: Decimal | None  # CWQI of the mean concentrations
    assessed: int

    @property
    def water_class(self) -> int | None:
        return self.state.water_class.value if self.state and self.state.water_class else None

    @property
    def grade(self) -> str | None:
        return self.state.grade if self.state else None

    @property
    def pollutants(self) -> str:
        return "、".join(NAMES[code] for code in self.state.main_pollutants) if self.state else ""


@dataclass(frozen=True, slots=True)
class RiverLine:
    code: str
    name: str
    depth: int
    parent: str | None
    schematic: bool
    length_km: Decimal | None
    catchment_km2: Decimal | None
    districts: tuple[str, ...]
    sections: int
    below_target: int
    state: RiverState


def visible_rivers(viewer: Viewer):
    """Rivers the viewer may see: all, or for a township those through its place."""
    match viewer.scope(Act.SEE_RESULTS):
        case Scope.ALL | Scope.PUBLISHED:
            return River.objects.all()
        case Scope.OWN:
            return River.objects.filter(
                sections__in=scheme_sections(viewer).values("pk")
            ).distinct()
    return River.objects.none()


def rivers(viewer: Viewer, month: date) -> list[RiverLine]:
    """Rivers as a tree, tributaries under what they join: 6 queries."""
    found = list(visible_rivers(viewer).order_by("level", "code"))
    through: dict[int, list[str]] = defaultdict(list)
    for river_id, name in (
        RiverReach.objects.filter(river__in=[r.pk for r in found])
        .order_by("river", "order")
        .values_list("river_id", "jurisdiction__short_name")
    ):
        if name not in through[river_id]:
            through[river_id].append(name)
    by_river: dict[int, list[AssessedMonth]] = defaultdict(list)
    for section in section_months(viewer, month):
        by_river[section.river_id].append(section)
    states = river_states(by_river, month)[month]
    shown = {r.pk for r in found}
    children: dict[int | None, list[River]] = defaultdict(list)
    for river in found:
        children[river.parent_id if river.parent_id in shown else None].append(river)
    names = {r.pk: r.name for r in found}
    lines: list[RiverLine] = []

    def add(parent: int | None, depth: int) -> None:
        for river in children[parent]:
            own = by_river[river.pk]
            lines.append(
                RiverLine(
                    code=river.code,
                    name=river.name,
                    depth=depth,
                    parent=names.get(river.parent_id) if river.parent_id else None,
                    schematic=river.schematic,
                    length_km=river.length_km,
                    catchment_km2=river.catchment_km2,
                    districts=tuple(through[river.pk]),
                    sections=len(own),
                    below_target=sum(s.below_target for s in own),
                    state=states.get(river.pk, NOTHING),
                )
            )
            add(river.pk, depth + 1)

    add(None, 0)
    return lines


NOTHING = RiverState(None, None, 0)


def river_states(
    by_river: dict[int, list[AssessedMonth]], *months: date
) -> dict[date, dict[int, RiverState]]:
    """Month → state of each river from its sections' means, those of a section that another
    replaced since under that one: 2 queries."""
    ids = {s.section_id for sections in by_river.values() for s in sections}
    replaced = list(
        Section.objects.filter(pk__in=ids, began_on__gt=min(months)).select_related("predecessor")
    )
    # Month → whose means of that month count → for which section.
    stood: dict[date, dict[int, int]] = {}
    for month in months:
        before = {
            each.pk: each.stood_in(month).pk
            for each in replaced
            if each.began_on is not None and each.began_on > month
        }
        stood[month] = {before.get(pk, pk): pk for pk in ids}
    means: dict[date, dict[int, dict[str, Number]]] = defaultdict(lambda: defaultdict(dict))
    bodies: dict[tuple[date, int], str] = {}
    for month, measured, body, code, cut, total, valid in MonthlyMean.objects.filter(
        section__in=set().union(*stood.values()), month__in=months
    ).values_list(
        "month", "section_id", "section__water_body", "indicator__code", "mean", "total", "valid"
    ):
        section_id = stood[month].get(measured)
        if section_id is None:
            continue
        bodies[month, section_id] = body
        if code in NAMES:
            means[month][section_id][code] = exact_mean(cut, total, valid)
    return {
        month: {
            river_id: _river_state(sections, means[month], bodies, month)
            for river_id, sections in by_river.items()
        }
        for month in months
    }


def _river_state(sections, means, bodies, month: date) -> RiverState:
    """A river is judged by its running water; reservoirs on it have limits of their own."""
    measured = [
        SectionWater(s.name, means[s.section_id])
        for s in sections
        if s.water_class
        and means.get(s.section_id)
        and bodies[month, s.section_id] == WaterBody.RIVER
    ]
    try:
        state = basin_assessment(measured)
    except NothingToAssess:
        return NOTHING
    index = None
    everywhere = set.intersection(*(set(m.values) for m in measured))
    if everywhere and not any(m.values.get("DO") == 0 for m in measured):
        average = {code: mean(m.values[code] for m in measured) for code in everywhere}
        index = _index(average)
    return RiverState(state, index, len(measured))


def _index(average: Mapping[str, Number]) -> Decimal | None:
    try:
        return decimal_of(cwqi(average).total)
    except NothingToAssess:
        return None


# One river --------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ReachLine:
    code: str
    name: str
    short_name: str
    is_district: bool
    from_km: Decimal
    to_km: Decimal
    water_class: int | None

    @property
    def length(self) -> Decimal:
        return self.to_km - self.from_km


@dataclass(frozen=True, slots=True)
class Inflow:
    code: str
    name: str
    km: Decimal | None  # where it joins, from the drawn courses; None: not drawn near


@dataclass(frozen=True, slots=True)
class SectionHeatRow:
    section: AssessedMonth
    # (month, class or None, worse than the target in force that month)
    cells: tuple[tuple[date, int | None, bool], ...]


@dataclass(frozen=True, slots=True)
class RiverPage:
    code: str
    name: str
    name_en: str
    parent_code: str | None
    parent: str | None
    schematic: bool
    is_drawn: bool  # has a course on the map; else kilometres are as entered
    length_km: Decimal | None
    catchment_km2: Decimal | None
    source: str
    confidence: str
    month: date
    reaches: tuple[ReachLine, ...]
    sections: tuple[AssessedMonth, ...]
    inflows: tuple[Inflow, ...]
    state: RiverState
    month_before: RiverState
    year_before: RiverState
    heat: tuple[SectionHeatRow, ...]


def river_page(viewer: Viewer, code: str, month: date, first: int, last: int) -> RiverPage | None:
    """One river, its heat map over the years `first`–`last`: 14 queries; None: no such river."""
    river = visible_rivers(viewer).select_related("parent").filter(code=code).first()
    if river is None:
        return None
    sections = section_months(viewer, month, river=code)
    stored = list(
        river.reaches.select_related("jurisdiction")
        .defer("jurisdiction__boundary")
        .order_by("order")
    )
    reaches = tuple(
        ReachLine(
            code=r.jurisdiction.code,
            name=r.jurisdiction.name,
            short_name=r.jurisdiction.short_name,
            is_district=r.jurisdiction.level == Jurisdiction.Level.DISTRICT,
            from_km=r.from_km,
            to_km=r.to_km,
            water_class=class_of_reach(r.from_km, r.to_km, sections),
        )
        for r in stored
    )
    months = (month, months_before(month), months_before(month, 12))
    found = river_states({river.pk: list(sections)}, *months)
    now, month_ago, year_ago = (found[when].get(river.pk, NOTHING) for when in months)
    return RiverPage(
        code=river.code,
        name=river.name,
        name_en=river.name_en,
        parent_code=river.parent.code if river.parent else None,
        parent=river.parent.name if river.parent else None,
        schematic=river.schematic,
        is_drawn=any(r.course for r in stored),
        length_km=river.length_km or (reaches[-1].to_km if reaches else None),
        catchment_km2=river.catchment_km2,
        source=river.source,
        confidence=str(river.get_confidence_display()),
        month=month,
        reaches=reaches,
        sections=sections,
        inflows=_inflows(viewer, river, stored),
        state=now,
        month_before=month_ago,
        year_before=year_ago,
        heat=_heat(sections, first, last),
    )


def _heat(sections: tuple[AssessedMonth, ...], first: int, last: int) -> tuple[SectionHeatRow, ...]:
    ids = [s.section_id for s in sections]
    span = (year_start(first), date(last, 12, 1))
    classes = {
        (section, month): water_class
        for section, month, water_class in Assessment.objects.filter(
            section__in=ids, month__range=span
        ).values_list("section_id", "month", "water_class")
    }
    targets: dict[int, list[Target]] = defaultdict(list)
    for target in Target.objects.filter(section__in=ids).order_by("in_force"):
        targets[target.section_id].append(target)

    def worse(section_id: int, month: date) -> bool:
        found = classes.get((section_id, month))
        return found is not None and any(
            found > t.water_class and covers(t.in_force, month) for t in targets[section_id]
        )

    months = months_between(*span)
    return tuple(
        SectionHeatRow(
            s,
            tuple((m, classes.get((s.section_id, m)), worse(s.section_id, m)) for m in months),
        )
        for s in sections
    )


def _inflows(viewer: Viewer, river: River, stored: list[RiverReach]) -> tuple[Inflow, ...]:
    """Tributaries and, from the drawn courses, where each joins."""
    tributaries = visible_rivers(viewer).filter(parent=river).prefetch_related("reaches")
    found = []
    for tributary in tributaries.order_by("code"):
        courses = [r.course for r in tributary.reaches.all() if r.course]
        found.append(
            Inflow(
                tributary.code,
                tributary.name,
                km_nearest(courses[-1][-1], stored) if courses else None,
            )
        )
    return tuple(sorted(found, key=lambda i: (i.km is None, i.km or 0, i.code)))


def km_nearest(point, reaches: Iterable[RiverReach]) -> Decimal | None:
    """Km from the source of the corner of the courses nearest to a (lon, lat), to 0.1 km;
    None if the nearest is farther than JOINS_WITHIN degrees."""
    best: tuple[float, Decimal] | None = None
    for reach in reaches:
        course = reach.course
        if len(course) < 2:
            continue
        steps = [_degrees(a, b) for a, b in pairwise(course)]
        whole, gone = sum(steps) or 1.0, 0.0
        for corner, step in zip(course, [*steps, 0.0], strict=True):
            part = Decimal(str(round(gone / whole, 4)))
            km = reach.from_km + (reach.to_km - reach.from_km) * part
            best = min(best or (9e9, km), (_degrees(point, corner), km))
            gone += step
    if best is None or best[0] > JOINS_WITHIN:
        return None
    return best[1].quantize(Decimal("0.1"))


def _degrees(a, b) -> float:
    """Distance in degrees of latitude, good enough over a few kilometres."""
    return hypot((a[0] - b[0]) * cos(radians(a[1])), a[1] - b[1])
