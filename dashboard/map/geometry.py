"""Paths of all shapes, built once for a version of the stored geometry and kept in-process."""

from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache

from basins.models import Jurisdiction
from dashboard.map.projection import Point, Projection, rings
from monitoring.sections.queries import map_shapes


@dataclass(frozen=True, slots=True)
class PlacePath:
    code: str
    name: str
    short_name: str
    own: bool  # a district of the city; otherwise a neighbour
    path: str  # '' where no boundary is stored
    label: Point


@dataclass(frozen=True, slots=True)
class ReachPath:
    key: str
    river_code: str
    place: str  # the jurisdiction it runs through
    river: str
    level: int
    schematic: bool
    from_km: Decimal
    to_km: Decimal
    path: str
    points: tuple[Point, ...]


@dataclass(frozen=True, slots=True)
class Geometry:
    projection: Projection | None  # None: nothing stored to draw
    places: tuple[PlacePath, ...]
    reaches: tuple[ReachPath, ...]


def geometry() -> Geometry:
    """The drawing of what is stored now: 3 SQL queries, 4 more when it has changed."""
    return _built(map_shapes.geometry_version())


@lru_cache(maxsize=2)
def _built(version: tuple) -> Geometry:
    places = map_shapes.drawn_places()
    reaches = map_shapes.drawn_reaches()
    districts = [p for p in places if p.level == Jurisdiction.Level.DISTRICT]
    corners = [corner for p in districts for ring in rings(p.boundary) for corner in ring]
    if not corners:  # no boundary: what there is of rivers and names
        corners = [point for reach in reaches for point in reach.course]
        corners += [p.label for p in districts if p.label is not None]
    if not corners:
        return Geometry(None, (), ())
    frame = Projection.around(corners)
    return Geometry(
        projection=frame,
        places=tuple(_place(frame, p) for p in places),
        reaches=tuple(_reach(frame, r) for r in reaches),
    )


def _place(frame: Projection, place: map_shapes.DrawnPlace) -> PlacePath:
    outlines = rings(place.boundary)
    label = place.label or _middle(outlines)
    return PlacePath(
        code=place.code,
        name=place.name,
        short_name=place.short_name,
        own=place.level == Jurisdiction.Level.DISTRICT,
        path="".join(frame.path(ring, close=True) for ring in outlines),
        label=frame.point(label),
    )


def _middle(outlines) -> tuple[float, float]:
    """Middle of the box of the largest ring: where no label point is stored."""
    ring = max(outlines, key=len)
    xs, ys = [p[0] for p in ring], [p[1] for p in ring]
    return (min(xs) + max(xs)) / 2, (min(ys) + max(ys)) / 2


def _reach(frame: Projection, reach: map_shapes.DrawnReach) -> ReachPath:
    return ReachPath(
        key=f"{reach.river_code}-{reach.order}",
        river_code=reach.river_code,
        place=reach.jurisdiction,
        river=reach.river,
        level=reach.river_level,
        schematic=reach.schematic,
        from_km=reach.from_km,
        to_km=reach.to_km,
        path=frame.path(reach.course),
        points=tuple(frame.point(p) for p in reach.course),
    )
