"""Loading the map: jurisdictions with their boundaries, rivers with their reaches.

Source: the files of basins/data (where they come from: basins/data/SOURCES.md). Loading again
changes nothing; what a file no longer names stays, except reaches of a river it does name.
"""

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

from django.db import models, transaction

from basins.models import City, Jurisdiction, River, RiverReach

DATA = Path(__file__).resolve().parent.parent / "data"


class BadReference(ValueError):
    """A file that does not fit the others; the message names file, entry and remedy."""


@dataclass
class Loaded:
    """How many rows were read from the files, and how many of those changed anything."""

    jurisdictions: int = 0
    rivers: int = 0
    reaches: int = 0
    created: int = 0
    changed: int = 0
    removed: int = 0

    def counts(self) -> dict[str, int]:
        return asdict(self)


@transaction.atomic
def load_reference(*, folder: Path = DATA) -> Loaded:
    """Bring jurisdictions, rivers and reaches in line with the files of `folder`.

    Raises BadReference for a parent or jurisdiction no file names, and for a missing file.
    """
    loaded = Loaded()
    places = _load_jurisdictions(folder, loaded)
    entries = _read(folder, "rivers.json")
    _load_reaches(entries, _load_rivers(entries, loaded), places, loaded)
    _load_city(places)
    return loaded


def _load_city(places: dict[str, Jurisdiction]) -> None:
    """The province that the treasury of the files belongs to, where nobody has set the city."""
    treasuries = [p for p in places.values() if p.level == Jurisdiction.Level.TREASURY]
    if treasuries and not City.objects.exists():
        of = treasuries[0].parent
        assert of is not None
        City.objects.create(pk=1, name=of.name, province=of)


def _load_jurisdictions(folder: Path, loaded: Loaded) -> dict[str, Jurisdiction]:
    boundaries = {
        feature["properties"]["code"]: feature["geometry"]
        for feature in _read(folder, "districts.geojson")["features"]
    }
    have = {j.code: j for j in Jurisdiction.objects.all()}
    entries = _read(folder, "jurisdictions.json")
    for entry in entries:
        shown = {
            "label_lon": _decimal(entry["label_lon"]),
            "label_lat": _decimal(entry["label_lat"]),
            "boundary": boundaries.get(entry["code"]),
        }
        if entry["level"] == Jurisdiction.Level.PROVINCE and entry["code"] in have:
            # Name and sort key of a province are the migration's; the map adds where it lies.
            fields = {**shown, "name_en": entry["name_en"]}
        else:
            named = ("name", "short_name", "name_en", "sort_key", "level")
            fields = {**shown, **{name: entry[name] for name in named}}
            fields["parent_id"] = _parent(have, entry, "jurisdictions.json")
        have[entry["code"]] = _keep(have.get(entry["code"]), Jurisdiction, entry, fields, loaded)
    loaded.jurisdictions = len(entries)
    return have


def _load_rivers(entries: list[dict], loaded: Loaded) -> dict[str, River]:
    have = {r.code: r for r in River.objects.all()}
    for entry in sorted(entries, key=lambda e: e["level"]):
        fields = {
            "name": entry["name"],
            "name_en": entry["name_en"],
            "level": entry["level"],
            "length_km": _decimal(entry["length_km"]),
            "catchment_km2": _decimal(entry["catchment_km2"]),
            "schematic": entry["schematic"],
            "confidence": entry["confidence"],
            "source": entry["source"],
            "parent_id": _parent(have, entry, "rivers.json"),
        }
        have[entry["code"]] = _keep(have.get(entry["code"]), River, entry, fields, loaded)
    loaded.rivers = len(entries)
    return have


def _load_reaches(entries, rivers, places, loaded: Loaded) -> None:
    have = {(r.river_id, r.order): r for r in RiverReach.objects.all()}
    named: set[tuple[int, int]] = set()
    for entry in entries:
        river = rivers[entry["code"]]
        for reach in entry["reaches"]:
            place = places.get(reach["jurisdiction"])
            if place is None:
                raise BadReference(
                    f"rivers.json:{entry['name']}的河段流经“{reach['jurisdiction']}”,"
                    "jurisdictions.json 没有这个行政区;请补上。"
                )
            key = river.pk, reach["order"]
            named.add(key)
            fields = {
                "jurisdiction_id": place.pk,
                "from_km": _decimal(reach["from_km"]),
                "to_km": _decimal(reach["to_km"]),
                "course": reach["course"],
            }
            _keep(
                have.get(key), RiverReach, {"river_id": river.pk, "order": key[1]}, fields, loaded
            )
    loaded.reaches = len(named)
    ours = {rivers[entry["code"]].pk for entry in entries}
    gone = [r.pk for key, r in have.items() if key[0] in ours and key not in named]
    RiverReach.objects.filter(pk__in=gone).delete()
    loaded.removed = len(gone)


def _keep(row, model: type[models.Model], entry: dict, fields: dict[str, Any], loaded: Loaded):
    """The row with these fields: made, changed, or left untouched where nothing differs."""
    if row is None:
        keys = ("river_id", "order") if model is RiverReach else ("code",)
        loaded.created += 1
        return model._default_manager.create(**{k: entry[k] for k in keys}, **fields)
    differs = [name for name, value in fields.items() if getattr(row, name) != value]
    if differs:
        for name in differs:
            setattr(row, name, fields[name])
        row.save(update_fields=differs)
        loaded.changed += 1
    return row


def _parent(have: dict[str, Any], entry: dict, filename: str) -> int | None:
    if entry["parent"] is None:
        return None
    if entry["parent"] not in have:
        raise BadReference(
            f"{filename}:“{entry['name']}”的上级 {entry['parent']} 不在文件中或排在其后;"
            "请补上,或把上级移到前面。"
        )
    return have[entry["parent"]].pk


def _read(folder: Path, filename: str) -> Any:
    try:
        return json.loads((folder / filename).read_text(encoding="utf-8"))
    except OSError as error:
        raise BadReference(
            f"读不到 {folder / filename}({error.strerror});请用 make_map_data 重新生成。"
        ) from error
    except ValueError as error:
        raise BadReference(
            f"{filename} 不是有效的 JSON({error});请用 make_map_data 重新生成。"
        ) from error


def _decimal(number: float | None) -> Decimal | None:
    return None if number is None else Decimal(str(number))


def words(loaded: Loaded) -> Iterable[str]:
    """The counts as people read them."""
    yield f"行政区 {loaded.jurisdictions},河流 {loaded.rivers},河段 {loaded.reaches}"
    yield f"新建 {loaded.created},更新 {loaded.changed},删除 {loaded.removed}"
