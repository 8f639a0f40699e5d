"""河流 with the reaches they are cut into, in order from the source: one row a reach."""

from collections.abc import Iterator, Mapping
from typing import Any

from basins.models import Jurisdiction, River, RiverReach
from basins.models.rivers import Confidence
from basins.reference.columns import (
    Column,
    Lookup,
    Values,
    code,
    number,
    plain_number,
    text,
    whole,
)
from basins.reference.kind import Asked, Change, Entry, Key, Kind, Plan, Wrong
from basins.reference.kinds.districts import places

km = number(0, 20_000, 1, "km")

COLUMNS = (
    Column("code", "河流代码", "BEIHE", code(20), needed=True, names=("代码",),
           help="自定，如拼音；每条河一个。"),
    Column("name", "河流名称", "北河", text(40), needed=True, names=("名称", "河流")),
    Column("name_en", "英文名", "Bei River", text(60), width=18),
    Column("parent", "汇入", "南河", of="rivers", names=("汇入河流",),
           help="它流入的河流；干流不填。"),
    Column("level", "级别", "1", whole(0, 9), help="干流为 0，一级支流为 1；不填则由“汇入”得出。"),
    Column("length_km", "长度(km)", "124", km, plain_number, names=("长度",)),
    Column("catchment_km2", "流域面积(km²)", "2,350", number(0, 2_000_000, 1, "km²"), plain_number,
           names=("流域面积",), width=16),
    Column("source", "来源", "示例市水系图 2023", text(200), width=24),
    Column("place", "流经行政区", "甲县", of="places", names=("行政区", "河段行政区"), width=16,
           help="每流经一个行政区写一行，自源头往下；同一条河的其余各行只写河流代码。"),
    Column("from_km", "起(km)", "0", km, plain_number, names=("起",), help="距源头的千米数。"),
    Column("to_km", "止(km)", "60.5", km, plain_number, names=("止",)),
)  # fmt: skip
EXAMPLES = (
    {"code": "NANHE", "name": "南河", "level": "0", "length_km": "210", "source": "示例市水系图 2023",
     "place": "甲县", "from_km": "0", "to_km": "95"},
    {"code": "NANHE", "place": "乙区", "from_km": "95", "to_km": "118"},
    {"code": "NANHE", "place": "丙县", "from_km": "118", "to_km": "210"},
    {"code": "BEIHE", "name": "北河", "parent": "南河", "length_km": "124",
     "source": "示例市水系图 2023", "place": "甲县", "from_km": "0", "to_km": "60.5"},
    {"code": "BEIHE", "place": "乙区", "from_km": "60.5", "to_km": "124"},
)  # fmt: skip
REACH = ("place", "from_km", "to_km")


def rivers() -> Lookup:
    """Every river by code: 1 SQL query."""
    return Lookup("河流", dict(River.objects.order_by("level", "code").values_list("code", "name")))


def _held() -> dict[Key, dict[str, Any]]:
    """2 SQL queries."""
    reaches: dict[int, list[dict[str, Any]]] = {}
    for river, place, start, end in RiverReach.objects.order_by("river", "order").values_list(
        "river_id", "jurisdiction__code", "from_km", "to_km"
    ):
        one = {"place": place, "from_km": start, "to_km": end}
        reaches.setdefault(river, []).append(one)
    own = [c.key for c in COLUMNS if c.key not in (*REACH, "parent")]
    found = River.objects.order_by("level", "code").values("pk", *own, "parent__code")
    return {
        (row["code"],): {
            **{name: None if row[name] == "" else row[name] for name in own},
            "parent": row["parent__code"],
            "reaches": tuple(reaches.get(row["pk"], ())),
        }
        for row in found
    }


def _check(entries: list[Entry], held: Mapping[Key, Values]) -> Iterator[Wrong]:
    parents = {key[0]: values.get("parent") for key, values in held.items()}
    parents |= {e.key[0]: e.values["parent"] for e in entries if "parent" in e.values}
    for entry in entries:
        if _runs_into_itself(entry.key[0], parents):
            yield entry.wrong(KIND.column("parent"), "河流绕回了自己；请改“汇入”。")
        yield from _wrong_reaches(entry)


def _runs_into_itself(code: str, parents: Mapping[str, str | None]) -> bool:
    seen, at = {code}, parents.get(code)
    while at is not None:
        if at in seen:
            return True
        seen.add(at)
        at = parents.get(at)
    return False


def _wrong_reaches(entry: Entry) -> Iterator[Wrong]:
    """Each reach whole, running downstream, behind the one before it."""
    at = None
    with_reach = [row for row in entry.rows if any(row.cells.get(name, "") for name in REACH)]
    for row, reach in zip(with_reach, entry.values.get("reaches", ()), strict=True):
        blank = [name for name in REACH if reach[name] is None]
        for name in blank:
            column = KIND.column(name)
            yield entry.wrong(column, f"缺少；河段须写齐行政区、起、止，请填{column.title}。", row)
        if blank:
            at = None
            continue
        if reach["to_km"] < reach["from_km"]:
            yield entry.wrong(KIND.column("to_km"), "河段的止点不能在起点上游；请对调或更正。", row)
        elif at is not None and reach["from_km"] < at:
            words = (
                f"河段起于 {plain_number(reach['from_km'])} km，上一段止于 {plain_number(at)} km；"
            )
            yield entry.wrong(
                KIND.column("from_km"),
                words + "河段须自源头往下、互不重叠，请调整次序或更正。",
                row,
            )
        at = reach["to_km"]


def _store(made: Plan, asked: Asked) -> dict[str, Any]:
    ids = dict(River.objects.values_list("code", "pk"))
    levels = dict(River.objects.values_list("code", "level"))
    waiting = made.stored
    while waiting:  # a river after the one it runs into; there is no circle
        ready = [c for c in waiting if c.values.get("parent") in (None, *ids)]
        for change in ready:
            _rename(change, asked)
            river = _keep_river(change.values, ids, levels)
            ids[river.code], levels[river.code] = river.pk, river.level
            _keep_reaches(river, change.values["reaches"])
        waiting = [c for c in waiting if c not in ready]
    return {}


def _rename(change: Change, asked: Asked) -> None:
    river = River.objects.filter(code=change.values["code"]).first()
    if river is not None and river.name != change.values["name"]:
        river.rename(change.values["name"], asked.on, asked.why)
        river.save(update_fields=["name", "former_names"])


def _keep_river(values: Values, ids: Mapping[str, int], levels: Mapping[str, int]) -> River:
    above = values.get("parent")
    level = values.get("level")
    if level is None:
        level = levels[above] + 1 if above else 0
    said = {
        "name": values["name"],
        "name_en": values.get("name_en") or "",
        "parent_id": ids[above] if above else None,
        "level": level,
        "length_km": values.get("length_km"),
        "catchment_km2": values.get("catchment_km2"),
        "source": values.get("source") or "",
    }
    confidence = Confidence.STATED if values.get("source") else Confidence.REPORTED
    river, _ = River.objects.update_or_create(
        code=values["code"],
        defaults=said,
        create_defaults={**said, "schematic": True, "confidence": confidence},
    )
    return river


def _keep_reaches(river: River, reaches: tuple[Values, ...]) -> None:
    """Reaches as they are now; one that stays in its jurisdiction keeps the course drawn for it."""
    before = list(river.reaches.order_by("order").select_related("jurisdiction"))
    now = [(reach["place"], reach["from_km"], reach["to_km"]) for reach in reaches]
    if now == [(r.jurisdiction.code, r.from_km, r.to_km) for r in before]:
        return
    courses: dict[str, list[Any]] = {}
    for reach in before:
        courses.setdefault(reach.jurisdiction.code, []).append(reach.course)
    river.reaches.all().delete()
    ids = dict(
        Jurisdiction.objects.filter(code__in=[place for place, _, _ in now]).values_list(
            "code", "pk"
        )
    )
    RiverReach.objects.bulk_create(
        RiverReach(
            river=river,
            jurisdiction_id=ids[place],
            order=order,
            from_km=start,
            to_km=end,
            course=courses[place].pop(0) if courses.get(place) else [],
        )
        for order, (place, start, end) in enumerate(now, 1)
    )


KIND = Kind(
    code="rivers",
    title="河流",
    unit="条",
    lead="河流和它流经的各行政区，自源头往下一段一行；没有走向图的河流按断面的位置画出。",
    columns=COLUMNS,
    key=("code",),
    examples=EXAMPLES,
    held=_held,
    store=_store,
    lookups=lambda: {"rivers": rivers(), "places": places()},
    own="rivers",
    repeated=REACH,
    several="reaches",
    listed=("code", "parent", "level", "length_km", "source"),
    check=_check,
)
