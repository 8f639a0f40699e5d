"""Places of the known sections on the drawn courses.

The names, rivers and target classes are data/sections.json; a section stands either at the border
point of two reaches or at the point of its river nearest to a stated one. Positions are for the
map only, not surveyed.
"""

from shapely.geometry import LineString, Point

from basins.management.map_data.courses import Pair, km_between, length_km, nearest_on
from basins.management.map_data.shapes import DECIMALS

FAR_KM = 6.0  # a stated place farther from its river than this is an error


class BadSection(Exception):
    """A section cannot be placed on its river."""


def make_sections(entries: list[dict], rivers: list[dict]) -> list[dict]:
    """Every section with lon, lat, km and jurisdictions.

    Raises BadSection naming every section that has no such border, or lies off its river.
    """
    by_code = {river["code"]: river for river in rivers}
    placed, problems = [], []
    for entry in entries:
        river = by_code[entry["river"]]
        try:
            place = on_course(entry, river) if entry["near"] else at_border(entry, river)
        except BadSection as problem:
            problems.append(str(problem))
            continue
        placed.append(
            {
                "code": entry["code"],
                "name": entry["name"],
                "kind": entry["kind"],
                "river": entry["river"],
                "water_body": "river",
                **place,
                "target_class": entry["target_class"],
                "confidence": entry["confidence"],
                "position": "schematic",
            }
        )
    if problems:
        raise BadSection("\n".join(problems))
    return placed


def at_border(entry: dict, river: dict) -> dict:
    sides = (entry["upstream"], entry["downstream"])
    for border in river["borders"]:
        if (border["upstream"], border["downstream"]) == sides:
            return {
                "lon": border["lon"],
                "lat": border["lat"],
                "km": border["km"],
                "upstream": sides[0],
                "downstream": sides[1],
                "jurisdictions": list(sides),
            }
    raise BadSection(f"{entry['name']}:{river['name']} 没有 {sides} 的交界;请核对两侧行政区。")


def on_course(entry: dict, river: dict) -> dict:
    near: Pair = tuple(entry["near"])

    def distance(reach: dict) -> float:
        return km_between(near, nearest_on(near, reach["course"]))

    reach = min(river["reaches"], key=distance)
    if distance(reach) > FAR_KM:
        raise BadSection(
            f"{entry['name']}:距{river['name']} {distance(reach):.1f} km,超过 {FAR_KM} km;"
            "请修改 near。"
        )
    spot = nearest_on(near, reach["course"])
    before = [p for p in reach["course"] if along(reach, p) < along(reach, spot)]
    drawn = length_km(reach["course"]) or 1.0
    scale = (reach["to_km"] - reach["from_km"]) / drawn
    km = reach["from_km"] + length_km([*before, spot]) * scale
    return {
        "lon": round(spot[0], DECIMALS),
        "lat": round(spot[1], DECIMALS),
        "km": round(km, 1),
        "upstream": entry["upstream"],
        "downstream": entry["downstream"],
        "jurisdictions": [c for c in (entry["upstream"], entry["downstream"]) if c]
        or [reach["jurisdiction"]],
    }


def along(reach: dict, point: Pair) -> float:
    """How far along the reach the point lies, in degrees of the drawn line."""
    return LineString(reach["course"]).project(Point(point))
