"""行政区: the city's treasury as a party, districts and townships, with their GB/T 2260 codes."""

from collections.abc import Iterator, Mapping
from typing import Any

from django.db.models import Case, When

from basins.city import home
from basins.models import Jurisdiction
from basins.reference.columns import Column, Lookup, Values, code, number, plain_number, text
from basins.reference.kind import Asked, Entry, Key, Kind, Plan, Wrong

Level = Jurisdiction.Level
LEVELS = tuple((str(value), str(label)) for value, label in Level.choices)
# What a place of a level may lie in.
ABOVE = {
    Level.PROVINCE: (),
    Level.TREASURY: (Level.PROVINCE,),
    Level.DISTRICT: (Level.PROVINCE, Level.TREASURY),
    Level.TOWNSHIP: (Level.DISTRICT,),
}
_ENDS = ("自治县", "街道", "新区", "区", "县", "市", "镇", "乡")

longitude, latitude = number(73, 136, 4, "°"), number(3, 54, 4, "°")
LON = Column("label_lon", "标注经度", "106.3169", longitude, plain_number,
             help="地图上写名称的地方，WGS-84，度。")  # fmt: skip
LAT = Column("label_lat", "标注纬度", "29.5425", latitude, plain_number)

COLUMNS = (
    Column("code", "代码", "990101", code(12), needed=True, names=("行政区代码", "区划代码"),
           help="GB/T 2260；乡镇用 9 位。市级财政没有代码的，自定一个，如 990100-T。"),
    Column("name", "名称", "甲县", text(60), needed=True, names=("行政区名称", "行政区"), width=22),
    Column("short_name", "简称", "甲县", text(20), help="地图和表格里用；不填则由名称得出。"),
    Column("name_en", "英文名", "Jia County", text(80), width=20),
    Column("level", "级别", "区县", needed=True, choices=LEVELS, width=14),
    Column("parent", "上级", "四川省", of="places", names=("上级代码", "上级行政区"), width=18,
           help="乡镇须填所属区县；区县和市级财政不填即本省。"),
    LON,
    LAT,
)  # fmt: skip
EXAMPLES = (
    {"code": "990100-T", "name": "示例市财政（市级）", "short_name": "市级财政", "level": "市级财政"},
    {"code": "990101", "name": "甲县", "short_name": "甲县", "level": "区县",
     "label_lon": "106.3169", "label_lat": "29.5425"},
    {"code": "990102", "name": "乙区", "short_name": "乙区", "level": "区县"},
    {"code": "990103", "name": "丙县", "short_name": "丙县", "level": "区县"},
    {"code": "990101001", "name": "甲县上游镇", "short_name": "上游镇", "level": "乡镇(街道)",
     "parent": "990101"},
)  # fmt: skip


def places() -> Lookup:
    """Every jurisdiction by code, the city's own first, provinces last: 1 SQL query."""
    last = Case(When(level=Jurisdiction.Level.PROVINCE, then=1), default=0)
    found = Jurisdiction.objects.order_by(last, "pk").values_list("code", "name")
    return Lookup("行政区", dict(found))


def short(name: str) -> str:
    """What a place is called on a map: 潼南 for 潼南区; a name of two characters stays whole."""
    for end in _ENDS:
        if name.endswith(end) and len(name) - len(end) >= 2:
            return name.removesuffix(end)
    return name[:20]


def _held() -> dict[Key, dict[str, Any]]:
    own = home().province
    fields = [c.key for c in COLUMNS if c.key != "parent"]
    found = Jurisdiction.objects.order_by("pk").values(*fields, "parent__code")
    return {
        (row["code"],): {
            **{name: None if row[name] == "" else row[name] for name in fields},
            # One's own province is not written: what is left blank means it.
            "parent": None if row["parent__code"] == _home(row, own) else row["parent__code"],
        }
        for row in found
    }


def _check(entries: list[Entry], held: Mapping[Key, Values]) -> Iterator[Wrong]:
    parent, level = KIND.column("parent"), KIND.column("level")
    own = home().province
    known = {
        **held,
        **{entry.key: {**held.get(entry.key, {}), **entry.values} for entry in entries},
    }
    for entry in entries:
        values = known[entry.key]
        above = values.get("parent") or _home(values, own)
        allowed = ABOVE[Level(values["level"])]
        is_level = known[(above,)]["level"] if above else None
        if values["level"] == Level.TOWNSHIP and not values.get("parent"):
            yield entry.wrong(parent, "乡镇（街道）须填所属区县。")
        elif above == entry.key[0]:
            yield entry.wrong(parent, "上级不能是它自己。")
        elif above and is_level not in allowed:
            words = "或".join(str(each.label) for each in allowed) or "空"
            yield entry.wrong(
                parent, f"{Level(values['level']).label}的上级须是{words}；请改上级或级别。"
            )
        before = held.get(entry.key)
        levels = {before["level"], values["level"]} if before is not None else set()
        if len(levels) == 2 and Level.PROVINCE in levels:
            yield entry.wrong(level, "省（直辖市）的级别不能改，也不能改成省。")


def _home(values: Values, own: str) -> str | None:
    """What a place lies in where its row names nothing."""
    return own if values["level"] in (Level.TREASURY, Level.DISTRICT) else None


def _store(made: Plan, asked: Asked) -> dict[str, Any]:
    own, ids = home().province, dict(Jurisdiction.objects.values_list("code", "pk"))
    order = [Level.PROVINCE, Level.TREASURY, Level.DISTRICT, Level.TOWNSHIP]
    for change in sorted(made.stored, key=lambda each: order.index(each.values["level"])):
        values = change.values
        above = values.get("parent") or _home(values, own)
        row = Jurisdiction.objects.filter(code=values["code"]).first()
        if row is not None and row.name != values["name"]:
            row.rename(values["name"], asked.on, asked.why)
            row.save(update_fields=["name", "former_names"])
        row, _ = Jurisdiction.objects.update_or_create(
            code=values["code"],
            defaults={
                "name": values["name"],
                "short_name": values.get("short_name") or short(values["name"]),
                "name_en": values.get("name_en") or "",
                "level": values["level"],
                "parent_id": ids[above] if above else None,
                "sort_key": sound(values["name"]),
                "label_lon": values.get("label_lon"),
                "label_lat": values.get("label_lat"),
            },
        )
        ids[row.code] = row.pk
    return {}


def sound(name: str) -> str:
    """The name's pinyin, to sort by."""
    from pypinyin import lazy_pinyin  # its tables take longer to load than most commands to run

    return "".join(lazy_pinyin(name))[:120]


def _files(values: Values) -> bool:
    """Provinces are there from the first; but for one's own they say nothing of the city."""
    return values["level"] != Level.PROVINCE


KIND = Kind(
    code="districts",
    title="行政区",
    unit="个",
    lead="市级财政、区县和乡镇（街道）：协议的各方、河段和断面的上下游都从这里选。",
    columns=COLUMNS,
    key=("code",),
    examples=EXAMPLES,
    held=_held,
    store=_store,
    lookups=lambda: {"places": places()},
    own="places",
    listed=("code", "short_name", "level", "parent"),
    check=_check,
    files=_files,
)
