"""Degrees to drawing units, and shapes to SVG path data.

A plate carrée squeezed by the cosine of the frame's middle latitude: over five degrees it
differs from a conformal map by less than the width of a line. One unit is one pixel of the
map at 1440 px. Paths are whole numbers on a grid of `GRID` a unit, relative, so that a point
costs about five bytes and a shared border stays shared.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import cos, radians

WIDTH = 860
GRID = 2  # steps a unit: half a pixel
MARGIN = 0.06  # degrees round the shapes
HIGHEST, LOWEST = 1.4, 0.5  # of the width

Degrees = Sequence[float]
Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Projection:
    west: float
    north: float
    scale_x: float  # units a degree
    scale_y: float
    width: int
    height: int

    @classmethod
    def around(cls, points: Iterable[Degrees]) -> "Projection":
        """The frame round (lon, lat) points. Raises ValueError for none."""
        found = list(points)
        if not found:
            raise ValueError("没有可画的界线；请先运行 manage.py load_basins。")
        west = min(p[0] for p in found) - MARGIN
        east = max(p[0] for p in found) + MARGIN
        south = min(p[1] for p in found) - MARGIN
        north = max(p[1] for p in found) + MARGIN
        # Neither a needle nor a ribbon: a few sections in a row still make a map.
        middle, wide, high = (west + east) / 2, east - west, north - south
        wide = max(wide, high / cos(radians((south + north) / 2)) / HIGHEST)
        west, east = middle - wide / 2, middle + wide / 2
        middle, high = (south + north) / 2, max(high, wide * LOWEST)
        south, north = middle - high / 2, middle + high / 2
        scale_x = WIDTH / (east - west)
        scale_y = scale_x / cos(radians((south + north) / 2))
        return cls(west, north, scale_x, scale_y, WIDTH, round((north - south) * scale_y))

    def point(self, degrees: Degrees) -> Point:
        return (
            (float(degrees[0]) - self.west) * self.scale_x,
            (self.north - float(degrees[1])) * self.scale_y,
        )

    def inside(self, point: Point) -> bool:
        return 0 <= point[0] <= self.width and 0 <= point[1] <= self.height

    def path(self, line: Iterable[Degrees], *, close: bool = False) -> str:
        """Path data on the grid; '' where nothing but a dot is left."""
        corners: list[tuple[int, int]] = []
        for degrees in line:
            x, y = self.point(degrees)
            corner = round(x * GRID), round(y * GRID)
            if not corners or corner != corners[-1]:
                corners.append(corner)
        if len(corners) < (4 if close else 2):
            return ""
        if close:
            corners = corners[:-1] if corners[0] == corners[-1] else corners
        text = (
            f"M{corners[0][0]} {corners[0][1]}l"
            + "".join(_step(b[0] - a[0], b[1] - a[1]) for a, b in pairwise(corners)).lstrip()
        )
        return text + "z" if close else text


def _step(dx: int, dy: int) -> str:
    """A pair of numbers with no more blanks than SVG needs: a minus parts them too."""
    x = str(dx) if dx < 0 else f" {dx}"
    y = str(dy) if dy < 0 else f" {dy}"
    return x + y


def rings(geometry: dict | None) -> list[list[Degrees]]:
    """Every ring of a GeoJSON Polygon or MultiPolygon; holes too (drawn even-odd).

    Raises ValueError for another type of geometry.
    """
    if not geometry:
        return []
    match geometry.get("type"):
        case "Polygon":
            return list(geometry["coordinates"])
        case "MultiPolygon":
            return [ring for polygon in geometry["coordinates"] for ring in polygon]
    raise ValueError(f"行政区界线须为 Polygon 或 MultiPolygon，收到 {geometry.get('type')!r}。")
