"""In which forms values and sections are given: JSON, CSV, GeoJSON (RFC 7946).

Rows are written by hand, not by a serializer each: the ten thousandth costs what the first does.
"""

import csv
import json
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from rest_framework.renderers import JSONRenderer

from dashboard.files.cells import EachLine, safe
from monitoring.sections.queries.places import SectionPlace
from monitoring.sections.queries.values import ValueLine

VALUE_HEAD = (
    "section", "indicator", "sampled_at", "value", "unit", "flag", "origin", "qualifier", "status",
    "corrected", "recorded_at", "batch",
)  # fmt: skip
SECTION_HEAD = (
    "code", "name", "river", "river_name", "grade", "water_body", "km", "lon", "lat", "upstream",
    "downstream", "target", "indicators", "is_demo", "predecessor", "began_on", "ended_on",
    "modified_at",
)  # fmt: skip


BELOW = {True: '"below_limit"', False: "null"}
TRUTH = {True: "true", False: "false"}


class AsJSON(JSONRenderer):
    """Text that is JSON already, as it is."""

    def render(self, data: Any, *args: Any, **kwargs: Any) -> Any:
        return data.encode() if isinstance(data, str) else super().render(data, *args, **kwargs)


class AsCSV(AsJSON):
    media_type, format, charset = "text/csv", "csv", "utf-8"


class AsGeoJSON(AsJSON):
    media_type, format = "application/geo+json", "geojson"


def to_json(document: Any) -> str:
    return json.dumps(document, ensure_ascii=False, separators=(",", ":"))


@lru_cache(maxsize=20_000)
def moment(at: datetime | None) -> str | None:
    """In UTC, as the interface writes it."""
    return None if at is None else at.astimezone(UTC).isoformat().replace("+00:00", "Z")


# Values -----------------------------------------------------------------------------------


def values_json(lines: Iterable[ValueLine]) -> str:
    """An array of objects, written piece by piece: json.dumps would take three times as long."""
    return f"[{','.join(map(_value_json, lines))}]"


def _value_json(line: ValueLine) -> str:
    section, indicator, at, origin, value, below, unit, status, flag, recorded, batch, corrected = (
        line
    )
    return (
        f'{{"section":{_quoted(section)},"indicator":{_quoted(indicator)},"sampled_at":"{moment(at)}",'
        f'"value":{_quoted(value)},"unit":{_quoted(unit)},"flag":{_quoted(flag)},'
        f'"origin":"{origin}","qualifier":{BELOW[below]},"status":"{status}",'
        f'"corrected":{TRUTH[corrected]},"recorded_at":"{moment(recorded)}",'
        f'"batch":{"null" if batch is None else batch}}}'
    )


@lru_cache(maxsize=100_000)
def _quoted(text: str | None) -> str:
    return json.dumps(text, ensure_ascii=False)


def values_csv(lines: Iterable[ValueLine]) -> str:
    return "".join(_csv(VALUE_HEAD, map(_value_row, lines)))


def _value_row(line: ValueLine) -> Sequence[Any]:
    below = "below_limit" if line.below_limit else None
    return (
        safe(line.section), line.indicator, moment(line.sampled_at), line.value, line.unit,
        line.flag, line.origin, below, line.status, TRUTH[line.corrected],
        moment(line.recorded_at), line.batch,
    )  # fmt: skip


# Sections ---------------------------------------------------------------------------------


def section_object(place: SectionPlace) -> dict[str, Any]:
    return {
        "code": place.code,
        "name": place.name,
        "river": _named(place.river),
        "grade": place.grade,
        "water_body": place.water_body,
        "km": _text(place.km),
        "lon": _text(place.lon),
        "lat": _text(place.lat),
        "upstream": _named(place.upstream),
        "downstream": _named(place.downstream),
        "target": place.target,
        "indicators": list(place.indicators),
        "is_demo": place.is_demo,
        "predecessor": place.predecessor,
        "began_on": _text(place.began_on),
        "ended_on": _text(place.ended_on),
        "modified_at": moment(place.modified_at),
    }


def feature(place: SectionPlace) -> dict[str, Any]:
    """A Feature of GeoJSON; one whose place is not known has no geometry. Its numbers are JSON numbers."""
    whole = section_object(place)
    del whole["lon"], whole["lat"]
    point = None
    if place.lon is not None and place.lat is not None:
        point = {"type": "Point", "coordinates": [float(place.lon), float(place.lat)]}
    flat = {name: _flat(each) for name, each in whole.items()}
    flat["river_name"] = whole["river"] and whole["river"]["name"]
    return {"type": "Feature", "id": place.code, "geometry": point, "properties": flat}


def sections_csv(places: Iterable[SectionPlace]) -> str:
    return "".join(_csv(SECTION_HEAD, (_section_row(place) for place in places)))


def _section_row(place: SectionPlace) -> Sequence[Any]:
    found = section_object(place)
    found["river_name"] = found["river"] and found["river"]["name"]
    found["is_demo"] = TRUTH[place.is_demo]
    cells = [_flat(found[name]) for name in SECTION_HEAD]
    return [safe(cell) if isinstance(cell, str) else cell for cell in cells]


def _named(found: tuple[str, str] | None) -> dict[str, str] | None:
    return None if found is None else {"code": found[0], "name": found[1]}


def _flat(each: Any) -> Any:
    """As one cell: of what has a name its code, of several all."""
    match each:
        case {"code": code}:
            return code
        case list():
            return " ".join(each)
    return each


def _text(each: Any) -> str | None:
    return None if each is None else str(each)


def _csv(head: Sequence[str], rows: Iterable[Sequence[Any]]) -> Iterator[str]:
    writer = csv.writer(EachLine())
    yield writer.writerow(head)
    for row in rows:
        yield writer.writerow(row)
