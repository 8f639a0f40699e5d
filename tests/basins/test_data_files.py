"""The committed map files: whole, in order, and as their source notes say."""

import hashlib
import itertools
import json
import math
import re
from collections import Counter
from functools import cache
from pathlib import Path

import pytest

import basins

DATA = Path(basins.__file__).parent / "data"
OUTSIDE = {"510000", "420000", "520000", "430000", "610000", "422802", "433124"}


@cache
def read(name: str):
    return json.loads((DATA / name).read_text(encoding="utf-8"))


@cache
def shapes() -> dict[str, list]:
    """Polygons (outer ring first) of every district and neighbour by code."""
    found = {}
    for feature in read("districts.geojson")["features"]:
        geometry = feature["geometry"]
        polygons = geometry["coordinates"]
        found[feature["properties"]["code"]] = (
            [polygons] if geometry["type"] == "Polygon" else polygons
        )
    return found


def district_codes() -> list[str]:
    return [
        j["code"]
        for j in read("jurisdictions.json")
        if j["level"] == "district" and j["parent"] == "500000"
    ]


def ring_holds(ring: list, lon: float, lat: float) -> bool:
    inside = False
    for (x1, y1), (x2, y2) in itertools.pairwise(ring):
        if (y1 > lat) != (y2 > lat) and lon < x1 + (lat - y1) * (x2 - x1) / (y2 - y1):
            inside = not inside
    return inside


def holds(code: str, lon: float, lat: float) -> bool:
    return any(
        ring_holds(outer, lon, lat) and not any(ring_holds(hole, lon, lat) for hole in holes)
        for outer, *holes in shapes()[code]
    )


def km(a: list, b: list) -> float:
    """Flat distance in km, good enough at 30° north and a few hundred km."""
    return math.hypot((a[0] - b[0]) * 96.3, (a[1] - b[1]) * 111.2)


def km_to_course(point: list, river: dict) -> float:
    nearest = math.inf
    for reach in river["reaches"]:
        for a, b in zip(reach["course"], reach["course"][1:], strict=False):
            dx, dy = b[0] - a[0], b[1] - a[1]
            size = dx * dx + dy * dy
            t = ((point[0] - a[0]) * dx + (point[1] - a[1]) * dy) / size if size else 0.0
            t = min(1.0, max(0.0, t))
            nearest = min(nearest, km(point, [a[0] + t * dx, a[1] + t * dy]))
    return nearest


def middle(course: list) -> list:
    left = sum(km(a, b) for a, b in itertools.pairwise(course)) / 2
    for a, b in itertools.pairwise(course):
        step = km(a, b)
        if step and step >= left:
            return [a[0] + (b[0] - a[0]) * left / step, a[1] + (b[1] - a[1]) * left / step]
        left -= step
    return course[-1]


RIVERS = {river["code"]: river for river in read("rivers.json")}
each_river = pytest.mark.parametrize("code", RIVERS)


@pytest.mark.parametrize(
    ("name", "digest"),
    re.findall(
        r"^\| (\S+?)(?: \(input\))? \| ([0-9a-f]{64}) \|$",
        (DATA / "SOURCES.md").read_text(encoding="utf-8"),
        re.M,
    ),
)
def test_every_file_is_the_one_its_source_note_describes(name, digest):
    assert hashlib.sha256((DATA / name).read_bytes()).hexdigest() == digest


def test_every_data_file_has_a_digest():
    noted = (DATA / "SOURCES.md").read_text(encoding="utf-8")
    files = {p.name for p in DATA.iterdir() if p.name != "SOURCES.md" and p.is_file()}
    assert {name for name in files if f"| {name} " not in noted} == set()


def test_source_note_names_both_licences_and_the_limits_of_the_map():
    noted = (DATA / "SOURCES.md").read_text(encoding="utf-8")
    for words in ("MIT", "LGPL-3.0-or-later", "高德", "GSHHG", "示意图"):
        assert words in noted


def test_map_shapes_stay_small():
    assert (DATA / "districts.geojson").stat().st_size < 260_000
    assert (DATA / "rivers.json").stat().st_size < 120_000


def test_city_has_38_districts_with_valid_codes():
    codes = district_codes()
    assert len(codes) == len(set(codes)) == 38
    assert all(re.fullmatch(r"5001\d\d|5002\d\d", code) for code in codes)


def test_jurisdictions_name_their_parent_and_none_twice():
    rows = read("jurisdictions.json")
    codes = [row["code"] for row in rows]
    assert len(codes) == len(set(codes))
    assert {row["parent"] for row in rows} - {None} <= set(codes)
    assert {"500000", "500000-T"} | OUTSIDE <= set(codes)
    assert all(row["name"] and row["short_name"] and row["name_en"] for row in rows)
    assert all(re.fullmatch("[a-z]+", row["sort_key"]) for row in rows)


def test_every_district_is_drawn_and_its_name_stands_inside_it():
    for row in read("jurisdictions.json"):
        if row["code"] in district_codes():
            assert holds(row["code"], row["label_lon"], row["label_lat"]), row["name"]


def test_rings_are_closed_and_inside_the_frame():
    west, south, east, north = read("districts.geojson")["bbox"]
    for polygons in shapes().values():
        for ring in (ring for polygon in polygons for ring in polygon):
            assert ring[0] == ring[-1]
            assert len(ring) >= 4
            assert all(west <= x <= east and south <= y <= north for x, y in ring)


def test_districts_share_their_edges_without_gap_or_overlap():
    edges = Counter()
    for code in district_codes():
        for polygon in shapes()[code]:
            for ring in polygon:
                for a, b in itertools.pairwise(ring):
                    edges[frozenset((tuple(a), tuple(b)))] += 1
    assert max(edges.values()) == 2  # three districts on one edge would overlap
    # Every edge used once is on the outer border, and those make closed lines: no loose end.
    border = [tuple(edge) for edge, times in edges.items() if times == 1]
    ends = Counter(point for edge in border for point in edge)
    assert all(times % 2 == 0 for times in ends.values())
    # A gap between neighbours would be one more closed line. The source has ten: the city's
    # outline, five tiny pieces outside it and four openings inside it.
    assert closed_lines(border) == 10


def closed_lines(edges: list) -> int:
    """How many connected lines the edges make."""
    touching = {}
    for a, b in edges:
        touching.setdefault(a, []).append(b)
        touching.setdefault(b, []).append(a)
    lines = 0
    while touching:
        lines += 1
        waiting = [next(iter(touching))]
        while waiting:
            waiting += touching.pop(waiting.pop(), [])
    return lines


def test_a_grid_over_the_city_falls_into_one_district_a_point():
    west, south, east, north = 106.0, 29.2, 107.0, 30.0  # the densest part, wholly inside
    for i in range(20):
        for j in range(16):
            lon, lat = (
                west + (east - west) * (i + 0.37) / 20,
                south + (north - south) * (j + 0.41) / 16,
            )
            owners = [code for code in district_codes() if holds(code, lon, lat)]
            assert len(owners) == 1, (lon, lat, owners)


def test_nineteen_rivers_are_in_the_scheme_and_each_crosses_two_jurisdictions():
    scheme = [river for river in RIVERS.values() if river["scheme"]]
    assert len(scheme) == 19
    for river in scheme:
        assert len({r["jurisdiction"] for r in river["reaches"]}) >= 2, river["name"]
        assert river["borders"], river["name"]


@each_river
def test_reaches_run_from_source_to_mouth_without_a_break(code):
    reaches = RIVERS[code]["reaches"]
    assert [r["order"] for r in reaches] == list(range(1, len(reaches) + 1))
    assert reaches[0]["from_km"] == 0
    for above, below in itertools.pairwise(reaches):
        assert above["to_km"] == below["from_km"]
        assert above["course"][-1] == below["course"][0]
        assert above["jurisdiction"] != below["jurisdiction"]
    assert all(r["from_km"] < r["to_km"] and len(r["course"]) >= 2 for r in reaches)


@each_river
def test_the_middle_of_each_reach_lies_in_its_jurisdiction(code):
    for reach in RIVERS[code]["reaches"]:
        lon, lat = middle(reach["course"])
        owner = reach["jurisdiction"]
        if owner in shapes() and owner in district_codes():
            sides = [owner, *reach["shared_with"]]
            assert any(holds(side, lon, lat) for side in sides if side in shapes()), owner
        else:
            assert owner in OUTSIDE
            assert not any(holds(d, lon, lat) for d in district_codes()), owner


@each_river
def test_borders_stand_where_one_reach_meets_the_next(code):
    river = RIVERS[code]
    reaches = river["reaches"]
    assert len(river["borders"]) == len(reaches) - 1
    for border, above, below in zip(river["borders"], reaches, reaches[1:], strict=False):
        assert (border["upstream"], border["downstream"]) == (
            above["jurisdiction"],
            below["jurisdiction"],
        )
        assert [border["lon"], border["lat"]] == below["course"][0]
        assert border["km"] == below["from_km"]


@each_river
def test_a_tributary_ends_in_its_parent(code):
    river = RIVERS[code]
    tail = river["tail"]
    assert [tail["lon"], tail["lat"]] == river["reaches"][-1]["course"][-1]
    if river["parent"] is None:
        assert tail["into"] is None
    else:
        assert tail["into"] == river["parent"]
        assert km_to_course([tail["lon"], tail["lat"]], RIVERS[river["parent"]]) < 2


@pytest.mark.parametrize(
    ("code", "order"),
    [
        ("LONGXI", ["500155", "500231", "500115"]),
        ("XIAOAN", ["500118", "500151", "500117"]),
        ("LINJIANG", ["500118", "500116"]),
        ("LAIXI", ["500111", "500153", "510000"]),
        ("LONGHE", ["500240", "500230"]),
        ("MODAO", ["500240", "422802", "500101", "500235"]),
    ],
)
def test_known_rivers_pass_their_districts_in_the_known_order(code, order):
    assert [r["jurisdiction"] for r in RIVERS[code]["reaches"]] == order


def test_only_rivers_with_a_stated_length_carry_one():
    assert {c for c, r in RIVERS.items() if r["length_km"] is not None} == {"LONGHE"}
    assert RIVERS["LONGHE"]["tail"]["km"] == pytest.approx(163, abs=0.1)


def test_sections_stand_on_their_river_between_known_jurisdictions():
    codes = {row["code"] for row in read("jurisdictions.json")}
    sections = read("national_sections.json")
    assert len({s["code"] for s in sections}) == len(sections)
    for section in sections:
        river = RIVERS[section["river"]]
        assert km_to_course([section["lon"], section["lat"]], river) < 0.5, section["name"]
        assert 0 <= section["km"] <= river["tail"]["km"] + 0.1
        assert section["jurisdictions"]
        assert set(section["jurisdictions"]) <= codes
        assert section["confidence"] in {"A", "B", "C"}
        assert section["target_class"] in {None, "I", "II", "III", "IV", "V"}


def test_a_section_without_a_source_for_its_target_has_none():
    with_target = {s["name"] for s in read("national_sections.json") if s["target_class"]}
    assert with_target == {"朱沱", "大溪河口上", "鱼嘴", "扇沱", "清溪镇"}
