"""地图文件: a GeoJSON with districts' boundaries and rivers' courses, and what of it fits the city.

Areas are districts, lines rivers, each told by its code or name; coordinates are degrees, WGS-84.
A line is cut into the river's reaches by their km. RFC 7946.
"""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from itertools import pairwise
from math import cos, hypot, radians
from typing import Any

from django.db import transaction

from basins.access import Act, viewer_of
from basins.models import Jurisdiction, ReferenceChange, River, User
from basins.ranges import today
from basins.refusals import NotAllowed
from written.text import FileError, name_key

LARGEST = 20 * 1024 * 1024
MOST_POINTS = 60_000
FROM_FILE = "由地图文件导入"
DECIMALS = 4  # of a degree, about 10 m
CODES = ("code", "adcode", "id", "区划代码", "代码", "河流代码")
NAMES = ("name", "NAME", "fullname", "名称", "行政区", "河流", "河流名称", "short_name", "简称")
AREAS, LINES = ("Polygon", "MultiPolygon"), ("LineString", "MultiLineString")
WEST, EAST, SOUTH, NORTH = 73, 136, 3, 54

Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class MapFeature:
    """One area or line. `code`: of the district or river it is; '' where none fits, then `why`."""

    name: str
    is_line: bool
    points: int
    code: str
    geometry: dict[str, Any]
    why: str = ""

    @property
    def kind(self) -> str:
        return "河流" if self.is_line else "区县界线"


@dataclass(frozen=True, slots=True)
class MapFile:
    """What a file holds, and how many features of other kinds it has."""

    features: tuple[MapFeature, ...]
    others: int = 0

    @property
    def fitting(self) -> list[MapFeature]:
        return [f for f in self.features if f.code]


def read_map(raw: bytes) -> MapFile:
    """The areas and lines of a GeoJSON, each with the district or river it is: 2 SQL queries.

    Raises FileError for what is no GeoJSON, coordinates that are no degrees within China, and
    more points than a map needs.
    """
    if len(raw) > LARGEST:
        raise FileError(f"文件超过 {LARGEST // 1024 // 1024} MB；请先化简界线，再导入。")
    try:
        found = json.loads(raw.decode("utf-8-sig"))
    except (UnicodeDecodeError, ValueError, RecursionError) as error:
        raise FileError("不是 GeoJSON（UTF-8 编码的 JSON）；请由制图软件导出 GeoJSON。") from error
    entries = found.get("features") if isinstance(found, dict) else None
    if not isinstance(entries, list) or not entries:
        raise FileError("没有要素：须是 GeoJSON 的 FeatureCollection，features 里至少一个要素。")
    places, rivers = _districts(), _rivers()
    features: list[MapFeature] = []
    others = 0
    for number, entry in enumerate(entries, 1):
        feature = _feature(entry, number, places, rivers)
        others += feature is None
        features += [feature] if feature else []
    if not features:
        raise FileError("没有面（区县界线）也没有线（河流）；点要素不用，断面的位置在“断面”表里。")
    if (points := sum(f.points for f in features)) > MOST_POINTS:
        raise FileError(
            f"共有 {points:,} 个点，一张图至多 {MOST_POINTS:,} 个；请先化简（如容差 0.003°）再导入。"
        )
    return MapFile(tuple(_once(features)), others)


@transaction.atomic
def store_map(*, file: MapFile, source: str, by: User) -> tuple[int, int]:
    """Keep the shapes that fit: how many boundaries and courses. Raises NotAllowed."""
    if not viewer_of(by).may(Act.EDIT_REFERENCE):
        raise NotAllowed(f"{by} 不能导入地图。")
    areas = {f.code: f for f in file.fitting if not f.is_line}
    lines = {f.code: f for f in file.fitting if f.is_line}
    for place in Jurisdiction.objects.filter(code__in=areas):
        place.boundary = areas[place.code].geometry
        fields = ["boundary"]
        if place.label_lon is None:
            lon, lat = middle(place.boundary)
            place.label_lon, place.label_lat = Decimal(f"{lon:.4f}"), Decimal(f"{lat:.4f}")
            fields += ["label_lon", "label_lat"]
        place.save(update_fields=fields)
        _note("districts", place.code, place.name, "界线", source, by)
    for river in River.objects.filter(code__in=lines):
        _keep_course(river, lines[river.code])
        _note("rivers", river.code, river.name, "走向", source, by)
    return len(areas), len(lines)


def _note(kind: str, code: str, name: str, what: str, source: str, by: User) -> None:
    ReferenceChange.objects.create(
        kind=kind, code=code, name=name, act=ReferenceChange.Act.CHANGED,
        differences=[[what, "", FROM_FILE]], on=today(), why=source[:200], by=by,
    )  # fmt: skip


def _keep_course(river: River, line: MapFeature) -> None:
    points = [(p[0], p[1]) for part in _parts(line.geometry) for p in part]
    reaches = list(river.reaches.order_by("order"))
    start, end = float(reaches[0].from_km), float(reaches[-1].to_km)
    for reach in reaches:
        at = [(float(km) - start) / (end - start) for km in (reach.from_km, reach.to_km)]
        reach.course = [list(p) for p in cut(points, *at)]
        reach.save(update_fields=["course"])
    river.schematic = False
    river.save(update_fields=["schematic"])


def cut(line: list[Point], start: float, end: float) -> list[Point]:
    """The part of a line between two shares of its length."""
    lengths = [_length(a, b) for a, b in pairwise(line)]
    total, done = sum(lengths), 0.0
    first, last = start * total, end * total
    part: list[Point] = []
    for (a, b), length in zip(pairwise(line), lengths, strict=True):
        low, high = max(first, done), min(last, done + length)
        if length and low < high:
            ends = [_along(a, b, (at - done) / length) for at in (low, high)]
            part += ends if not part else ends[1:]
        done += length
    return part


def _length(a: Point, b: Point) -> float:
    """In degrees of latitude."""
    return hypot((b[0] - a[0]) * cos(radians((a[1] + b[1]) / 2)), b[1] - a[1])


def _along(a: Point, b: Point, share: float) -> Point:
    return (
        round(a[0] + (b[0] - a[0]) * share, DECIMALS),
        round(a[1] + (b[1] - a[1]) * share, DECIMALS),
    )


def middle(geometry: dict[str, Any]) -> Point:
    """The centre of gravity of the largest ring; of the box where it has no area."""
    ring = max(_parts(geometry), key=len)
    area = x = y = 0.0
    for (ax, ay), (bx, by) in pairwise(ring):
        cross = ax * by - bx * ay
        area, x, y = area + cross, x + (ax + bx) * cross, y + (ay + by) * cross
    if abs(area) < 1e-12:
        xs, ys = [p[0] for p in ring], [p[1] for p in ring]
        return (min(xs) + max(xs)) / 2, (min(ys) + max(ys)) / 2
    return x / (3 * area), y / (3 * area)


Known = dict[str, list[tuple[str, str]]]  # what it goes by → code and what speaks against it


def _districts() -> Known:
    found: Known = {}
    for code, name, short in Jurisdiction.objects.filter(
        level__in=(Jurisdiction.Level.DISTRICT, Jurisdiction.Level.PROVINCE)
    ).values_list("code", "name", "short_name"):
        for words in dict.fromkeys(map(name_key, (code, name, short))):
            found.setdefault(words, []).append((code, ""))
    return found


def _rivers() -> Known:
    found: Known = {}
    rivers = River.objects.prefetch_related("reaches").order_by("pk")
    for river in rivers:
        reaches = river.reaches.all()
        runs = bool(reaches) and reaches[len(reaches) - 1].to_km > reaches[0].from_km
        against = "" if runs else "还没有写流经的行政区和千米数；请先在“河流”表里补上。"
        for words in dict.fromkeys(map(name_key, (river.code, river.name))):
            found.setdefault(words, []).append((river.code, against))
    return found


def _feature(entry: Any, number: int, places: Known, rivers: Known) -> MapFeature | None:
    """None: neither area nor line. Raises FileError for coordinates that cannot be."""
    geometry = entry.get("geometry") if isinstance(entry, dict) else None
    kind = geometry.get("type") if isinstance(geometry, dict) else None
    if not isinstance(geometry, dict) or kind not in (*AREAS, *LINES):
        return None
    properties = entry.get("properties") or {}
    rounded = {"type": kind, "coordinates": _rounded(geometry.get("coordinates"), kind, number)}
    points = sum(len(part) for part in _parts(rounded))
    is_line = kind in LINES
    known = rivers if is_line else places
    said = [str(properties[k]).strip() for k in (*CODES, *NAMES) if properties.get(k) is not None]
    name = next((str(properties[k]) for k in NAMES if properties.get(k)), f"第 {number} 个要素")
    what = "河流" if is_line else "行政区"
    for words in said:
        match known.get(name_key(words), []):
            case [(code, "")]:
                return MapFeature(name, is_line, points, code, rounded)
            case [(_, against)]:
                return MapFeature(name, is_line, points, "", rounded, against)
            case [_, *_]:
                why = f"有几个{what}叫“{words}”；请在属性 code 里写代码。"
                return MapFeature(name, is_line, points, "", rounded, why)
    why = f"没有这个{what}；请核对属性 name 或 code，或先登记。"
    return MapFeature(name, is_line, points, "", rounded, why)


def _once(features: Iterable[MapFeature]) -> Iterator[MapFeature]:
    """A district or river that comes twice is none: which one is meant cannot be told."""
    counts: dict[tuple[bool, str], int] = {}
    found = list(features)
    for f in found:
        counts[f.is_line, f.code] = counts.get((f.is_line, f.code), 0) + 1
    for f in found:
        if f.code and counts[f.is_line, f.code] > 1:
            why = f"文件里有 {counts[f.is_line, f.code]} 个要素都是它；请合并成一个。"
            yield MapFeature(f.name, f.is_line, f.points, "", f.geometry, why)
        else:
            yield f


def _parts(geometry: dict[str, Any]) -> list[list[Point]]:
    """Lines, or rings: holes and islands too."""
    coordinates = geometry["coordinates"]
    match geometry["type"]:
        case "LineString":
            return [coordinates]
        case "MultiLineString" | "Polygon":
            return list(coordinates)
        case _:
            return [ring for polygon in coordinates for ring in polygon]


def _rounded(coordinates: Any, kind: str, number: int) -> Any:
    depth = {"LineString": 1, "MultiLineString": 2, "Polygon": 2, "MultiPolygon": 3}[kind]
    least = 2 if kind in LINES else 4
    return _level(coordinates, depth, least, number)


def _level(found: Any, depth: int, least: int, number: int) -> Any:
    if not isinstance(found, list) or (depth == 1 and len(found) < least) or not found:
        raise FileError(f"第 {number} 个要素的坐标不完整；请重新导出 GeoJSON。")
    if depth > 1:
        return [_level(each, depth - 1, least, number) for each in found]
    return [_point(each, number) for each in found]


def _point(found: Any, number: int) -> list[float]:
    numbers = isinstance(found, list) and len(found) >= 2
    if not numbers or not all(isinstance(n, int | float) for n in found[:2]):
        raise FileError(f"第 {number} 个要素的坐标不是数字；请重新导出 GeoJSON。")
    lon, lat = found[:2]
    if not (WEST <= lon <= EAST and SOUTH <= lat <= NORTH):
        raise FileError(
            f"第 {number} 个要素的坐标（{lon:g}, {lat:g}）不在中国的经纬度之内；"
            "请以 WGS-84 经纬度（度）导出，先经度后纬度。"
        )
    return [round(float(lon), DECIMALS), round(float(lat), DECIMALS)]
