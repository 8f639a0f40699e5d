"""Shapes and courses as stored, for the map: reference data that everyone may see.

Where no course is stored, a river is drawn through its sections; where no boundary is, a district is
named beside its own.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import groupby, pairwise

from django.db.models import Count, F, Func, IntegerField, Max, Sum

from basins.models import Jurisdiction, RiverReach
from monitoring.models import Section

Degrees = tuple[float, float]  # longitude, latitude


@dataclass(frozen=True, slots=True)
class DrawnPlace:
    code: str
    name: str
    short_name: str
    level: str
    parent: str | None
    label: tuple[float, float] | None  # lon, lat
    boundary: dict | None


@dataclass(frozen=True, slots=True)
class DrawnReach:
    river_code: str
    river: str
    river_level: int
    schematic: bool
    order: int
    jurisdiction: str
    from_km: Decimal
    to_km: Decimal
    course: tuple[tuple[float, float], ...]


def geometry_version() -> tuple:
    """What changes whenever shapes, courses or the places of sections do: counts, last keys, stored
    sizes, sums. 3 queries."""

    def stamp(model, field: str) -> tuple:
        size = Func(F(field), function="pg_column_size", output_field=IntegerField())
        found = model.objects.aggregate(n=Count("pk"), last=Max("pk"), size=Sum(size))
        return found["n"], found["last"], found["size"]

    where = Section.objects.aggregate(
        n=Count("pk"), lon=Sum("lon"), lat=Sum("lat"), km=Sum("km"), to=Sum("downstream")
    )
    return stamp(Jurisdiction, "boundary") + stamp(RiverReach, "course") + tuple(where.values())


def drawn_places() -> list[DrawnPlace]:
    """Provinces with a boundary, which lie below, then districts with one: 2 queries.

    Where no district has a boundary, those with a place of their own or beside sections.
    """
    level = Jurisdiction.Level
    beside = _beside_sections()
    found = (
        Jurisdiction.objects.exclude(level=level.TOWNSHIP)
        .exclude(level__in=(level.PROVINCE, level.TREASURY), boundary__isnull=True)
        .select_related("parent")
        .defer("parent__boundary")
        .order_by("-level", "code")
    )
    places = [
        DrawnPlace(
            code=j.code,
            name=j.name,
            short_name=j.short_name,
            level=j.level,
            parent=j.parent.code if j.parent else None,
            label=label,
            boundary=j.boundary,
        )
        for j in found
        if (label := _label(j, beside)) is not None or j.boundary is not None
    ]
    bounded = any(p.boundary is not None and p.level == level.DISTRICT for p in places)
    return [p for p in places if p.boundary is not None] if bounded else places


def _label(place: Jurisdiction, beside: dict[int, Degrees]) -> Degrees | None:
    if place.label_lon is not None and place.label_lat is not None:
        return float(place.label_lon), float(place.label_lat)
    return None if place.boundary is not None else beside.get(place.pk)


def _beside_sections() -> dict[int, Degrees]:
    """The middle of the sections that a place's water leaves or comes in by."""
    spots: dict[int, list[Degrees]] = {}
    for up, down, lon, lat in Section.objects.filter(
        lon__isnull=False, lat__isnull=False
    ).values_list("upstream", "downstream", "lon", "lat"):
        for place in (up, down):
            if place is not None and lon is not None and lat is not None:
                spots.setdefault(place, []).append((float(lon), float(lat)))
    return {place: _middle(found) for place, found in spots.items()}


def _middle(points: Sequence[Degrees]) -> Degrees:
    count = len(points)
    return sum(p[0] for p in points) / count, sum(p[1] for p in points) / count


def drawn_reaches() -> list[DrawnReach]:
    """Every reach with a course, or with sections to draw it through, small rivers first so that
    large ones lie above: 2 queries."""
    found = (
        RiverReach.objects.select_related("river", "jurisdiction")
        .defer("jurisdiction__boundary")
        .order_by("-river__level", "river__code", "order")
    )
    through = section_courses()
    answer = []
    for _, group in groupby(found, lambda r: r.river_id):
        reaches = list(group)
        drawn = any(len(r.course) > 1 for r in reaches)
        for r in reaches:
            course = (
                tuple((float(lon), float(lat)) for lon, lat in r.course)
                if drawn
                else part_of(through.get(r.river_id, ()), float(r.from_km), float(r.to_km))
            )
            if len(course) > 1:
                answer.append(_drawn(r, course, schematic=r.river.schematic or not drawn))
    return answer


def _drawn(r: RiverReach, course: tuple[Degrees, ...], *, schematic: bool) -> DrawnReach:
    return DrawnReach(
        river_code=r.river.code,
        river=r.river.name,
        river_level=r.river.level,
        schematic=schematic,
        order=r.order,
        jurisdiction=r.jurisdiction.code,
        from_km=r.from_km,
        to_km=r.to_km,
        course=course,
    )


Milestone = tuple[float, Degrees]  # km from the source, and where that is


def section_courses() -> dict[int, tuple[Milestone, ...]]:
    """By river, its sections with a place, from the source: 1 query."""
    found: dict[int, list[Milestone]] = {}
    for river, km, lon, lat in (
        Section.objects.filter(
            river__isnull=False, km__isnull=False, lon__isnull=False, lat__isnull=False
        )
        .order_by("river", "km", "pk")
        .values_list("river", "km", "lon", "lat")
    ):
        if river is None or km is None or lon is None or lat is None:
            continue  # the filter's: said again for the types
        stones = found.setdefault(river, [])
        if not stones or float(km) > stones[-1][0]:
            stones.append((float(km), (float(lon), float(lat))))
    return {river: tuple(stones) for river, stones in found.items()}


def part_of(stones: Iterable[Milestone], start: float, end: float) -> tuple[Degrees, ...]:
    """The line through the milestones between two km, straight from one to the next."""
    along = list(stones)
    line: list[Degrees] = []
    for (a, here), (b, there) in pairwise(along):
        first, last = max(a, start), min(b, end)
        if first >= last:
            continue
        ends = [_between(here, there, (km - a) / (b - a)) for km in (first, last)]
        line += ends if not line else ends[1:]
    return tuple(line)


def _between(here: Degrees, there: Degrees, share: float) -> Degrees:
    return here[0] + (there[0] - here[0]) * share, here[1] + (there[1] - here[1]) * share
