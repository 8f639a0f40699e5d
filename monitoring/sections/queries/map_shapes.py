"""Shapes and courses as stored, for the map: reference data that everyone may see."""

from dataclasses import dataclass
from decimal import Decimal

from django.db.models import Count, F, Func, IntegerField, Max, Sum

from basins.models import Jurisdiction, RiverReach


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
    """What changes whenever shapes or courses do: counts, last keys, stored sizes. 2 queries."""

    def stamp(model, field: str) -> tuple:
        size = Func(F(field), function="pg_column_size", output_field=IntegerField())
        found = model.objects.aggregate(n=Count("pk"), last=Max("pk"), size=Sum(size))
        return found["n"], found["last"], found["size"]

    return stamp(Jurisdiction, "boundary") + stamp(RiverReach, "course")


def drawn_places() -> list[DrawnPlace]:
    """Provinces and districts with a boundary, provinces first (they lie below): 1 query."""
    found = (
        Jurisdiction.objects.filter(boundary__isnull=False)
        .exclude(level=Jurisdiction.Level.TOWNSHIP)
        .select_related("parent")
        .defer("parent__boundary")
        .order_by("-level", "code")
    )
    return [
        DrawnPlace(
            code=j.code,
            name=j.name,
            short_name=j.short_name,
            level=j.level,
            parent=j.parent.code if j.parent else None,
            label=(float(j.label_lon), float(j.label_lat))
            if j.label_lon is not None and j.label_lat is not None
            else None,
            boundary=j.boundary,
        )
        for j in found
    ]


def drawn_reaches() -> list[DrawnReach]:
    """Every reach with a course, small rivers first so that large ones lie above: 1 query."""
    found = (
        RiverReach.objects.select_related("river", "jurisdiction")
        .defer("jurisdiction__boundary")
        .order_by("-river__level", "river__code", "order")
    )
    return [
        DrawnReach(
            river_code=r.river.code,
            river=r.river.name,
            river_level=r.river.level,
            schematic=r.river.schematic,
            order=r.order,
            jurisdiction=r.jurisdiction.code,
            from_km=r.from_km,
            to_km=r.to_km,
            course=tuple((float(lon), float(lat)) for lon, lat in r.course),
        )
        for r in found
        if len(r.course) > 1
    ]
