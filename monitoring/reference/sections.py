"""断面: where it is, whose water comes and goes, and the target and plan it begins with."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from typing import Any

from basins.city import home
from basins.models import Jurisdiction, River
from basins.ranges import covers, today
from basins.reference.columns import (
    Column,
    Lookup,
    Values,
    code,
    day,
    number,
    plain_number,
    text,
    whole,
)
from basins.reference.kind import Asked, Change, Entry, Key, Kind, Plan, Wrong
from basins.reference.kinds.districts import latitude, longitude, places
from basins.reference.kinds.rivers import rivers
from monitoring.models import SamplingPlan, Section, Target
from monitoring.models.sections import CLASSES
from monitoring.protocols.layouts.cells import read_official_class
from monitoring.reference.dated import cut, spans_of
from monitoring.standards.water_bodies import assumed_water
from written.text import CellError, name_key, shown

GRADES = tuple((str(value), str(label)) for value, label in Section.Grade.choices)
BODIES = tuple((str(value), str(label)) for value, label in Section.Body.choices)
CLASS_WORDS = tuple((str(value), str(label)) for value, label in CLASSES)


def water_class(cell: str) -> str:
    """Ⅲ类, Ⅲ, III, 3: the class a target asks for. Raises CellError."""
    try:
        written = read_official_class(cell)
    except CellError:
        written = None
    found = [value for value, word in CLASS_WORDS if word.removesuffix("类") == written]
    if not found:
        raise CellError(f"“{shown(cell)}”不是目标类别；请填 Ⅰ类 至 Ⅴ类，如 Ⅲ类。")
    return found[0]


COLUMNS = (
    Column("code", "断面编码", "BH-01", code(40), needed=True, names=("编码",), width=16,
           help="自定或国家编码；监测数据文件里用它或断面名称。"),
    Column("name", "断面名称", "北河桥", text(60), needed=True, names=("断面", "名称"), width=18),
    Column("province", "所在省份", "", of="provinces", names=("省份",),
           help="不填即本省。同名断面靠省份区别。"),
    Column("river", "河流", "北河", of="rivers", names=("河流代码",)),
    Column("km", "距源头(km)", "60.5", number(0, 20_000, 1, "km"), plain_number,
           names=("距源头", "里程")),
    Column("lon", "经度", "106.3169", longitude, plain_number, help="WGS-84，度。"),
    Column("lat", "纬度", "29.5425", latitude, plain_number),
    Column("water_body", "水体", "河流", choices=BODIES,
           help="湖库的总磷、总氮限值不同；不填则按名称推定。"),
    Column("upstream", "上游行政区", "甲县", of="places", names=("上游",), width=16,
           help="交界断面填上下游两方；不是交界的可只填一方。"),
    Column("downstream", "下游行政区", "乙区", of="places", names=("下游",), width=16),
    Column("grade", "级别", "市控", choices=GRADES),
    Column("station_mn", "设备编码 MN", "", text(24), names=("设备编码", "MN"), width=18),
    Column("source", "来源", "示例市断面名录 2024", text(200), width=24),
    Column("target", "目标类别", "Ⅲ类", water_class, choices=CLASS_WORDS, names=("水质目标",),
           help="水环境功能类别；以后改目标用“断面目标”表。"),
    Column("target_from", "目标自", "2024-01-01", day, names=("目标起始",),
           help="填了目标类别的必填。"),
    Column("target_source", "目标依据", "示例府办〔2023〕1号", text(200), width=24),
    Column("per_day", "每日次数", "6", whole(1, 24), names=("监测频次",),
           help="自动站每日应有的次数；不填为 6 次，手工监测不用填。"),
)  # fmt: skip
EXAMPLES = (
    {"code": "BH-01", "name": "北河桥", "river": "北河", "km": "60.5", "lon": "106.3169",
     "lat": "29.5425", "water_body": "河流", "upstream": "甲县", "downstream": "乙区",
     "grade": "市控", "source": "示例市断面名录 2024", "target": "Ⅲ类",
     "target_from": "2024-01-01", "target_source": "示例府办〔2023〕1号", "per_day": "6"},
    {"code": "NH-02", "name": "南河口", "river": "南河", "km": "118", "upstream": "乙区",
     "downstream": "丙县", "grade": "市控", "target": "Ⅲ类", "target_from": "2024-01-01",
     "target_source": "示例府办〔2023〕1号"},
)  # fmt: skip
TARGET = ("target", "target_from", "target_source")
OWN = tuple(c.key for c in COLUMNS if c.key not in (*TARGET, "per_day"))
PLACES = ("province", "upstream", "downstream")
# Since when a plan that is given without a day holds: before any reading.
FROM_THE_FIRST = date(2000, 1, 1)


def sections() -> Lookup:
    """Every section by code: 1 SQL query."""
    return Lookup("断面", dict(Section.objects.order_by("code").values_list("code", "name")))


def provinces() -> Lookup:
    found = Jurisdiction.objects.filter(level=Jurisdiction.Level.PROVINCE).order_by("code")
    return Lookup("省份", dict(found.values_list("code", "name")))


def _held() -> dict[Key, dict[str, Any]]:
    """With the target and plan of today: 3 SQL queries."""
    targets = spans_of(Target)
    plans = spans_of(SamplingPlan)
    codes = [f"{name}__code" for name in (*PLACES, "river")]
    plain = [name for name in OWN if name not in (*PLACES, "river")]
    answer: dict[Key, dict[str, Any]] = {}
    for row in Section.objects.order_by("code").values("pk", *plain, *codes):
        target = _now(targets.get(row["pk"], []))
        plan = _now(plans.get(row["pk"], []))
        answer[row["code"],] = {
            **{name: None if row[name] == "" else row[name] for name in plain},
            **{name: row[f"{name}__code"] for name in (*PLACES, "river")},
            "target": str(target.water_class) if target else None,
            "target_from": target.in_force.lower if target else None,
            "target_source": target.source if target else None,
            "per_day": plan.per_day if plan else None,
        }
    return answer


def _now(dated: Iterable[Any]) -> Any:
    """The one in force today, else the last."""
    found = list(dated)
    return next((d for d in found if covers(d.in_force, today())), found[-1] if found else None)


def _check(entries: list[Entry], held: Mapping[Key, Values]) -> Iterator[Wrong]:
    own = home().province
    names = {(values["province"], name_key(values["name"])): key for key, values in held.items()}
    decided = {
        code: found
        for code, *found in Section.objects.filter(water_body_on__isnull=False).values_list(
            "code", "water_body", "water_body_on", "water_body_source"
        )
    }
    stations = {v["station_mn"]: key for key, v in held.items() if v["station_mn"]}
    for entry in entries:
        values = {**held.get(entry.key, {}), **entry.values}
        province = values.get("province") or own
        name = province, name_key(values["name"])
        if names.setdefault(name, entry.key) != entry.key:
            other = names[name][0]
            yield entry.wrong(
                KIND.column("name"),
                f"本省已有断面叫“{values['name']}”（编码 {other}）；请核对编码。",
            )
        station = values.get("station_mn")
        if station and stations.setdefault(station, entry.key) != entry.key:
            other = stations[station][0]
            yield entry.wrong(KIND.column("station_mn"), f"断面 {other} 已用这个设备编码；请核对。")
        sides = values.get("upstream"), values.get("downstream")
        if sides[0] is not None and sides[0] == sides[1]:
            yield entry.wrong(KIND.column("downstream"), "上游与下游不能是同一行政区。")
        if (water := decided.get(entry.key[0])) and values.get("water_body") not in (
            None,
            water[0],
        ):
            yield entry.wrong(
                KIND.column("water_body"),
                f"水体已由市局于 {water[1]} 核定（{water[2]}）；要改请由市局在“断面水体”里核定。",
            )
        yield from _wrong_pairs(entry, values)


def _wrong_pairs(entry: Entry, values: Values) -> Iterator[Wrong]:
    """Columns of which one says nothing without the other."""
    if (values.get("lon") is None) != (values.get("lat") is None):
        missing = "lat" if values.get("lat") is None else "lon"
        yield entry.wrong(KIND.column(missing), "经度和纬度须同时填写。")
    if entry.values.get("target") is not None:
        for name, words in (("target_from", "起始日期"), ("target_source", "依据")):
            if entry.values.get(name) is None:
                yield entry.wrong(KIND.column(name), f"填了目标类别的断面须写明{words}。")
    if values.get("km") is not None and values.get("river") is None:
        yield entry.wrong(KIND.column("river"), "填了距源头千米数的断面须填河流。")


def _store(made: Plan, asked: Asked) -> dict[str, Any]:
    ids = dict(Jurisdiction.objects.values_list("code", "pk"))
    river_ids = dict(River.objects.values_list("code", "pk"))
    own = home().province
    for change in made.stored:
        values = change.values
        province = values.get("province") or own
        fields: dict[str, Any] = {
            "name": values["name"],
            "province_id": ids[province],
            "river_id": river_ids[values["river"]] if values.get("river") else None,
            "km": values.get("km"),
            "lon": values.get("lon"),
            "lat": values.get("lat"),
            "upstream_id": ids[values["upstream"]] if values.get("upstream") else None,
            "downstream_id": ids[values["downstream"]] if values.get("downstream") else None,
            "grade": values["grade"],
            "station_mn": values.get("station_mn") or "",
            "source": values.get("source") or "",
        }
        if change.entry.values.get("water_body"):
            fields["water_body"] = values["water_body"]
        elif change.what == Change.NEW:
            name = provinces().names[province]
            water = assumed_water(name, values["name"])
            fields |= {"water_body": water.body, "water_body_why": water.why}
        section = Section.objects.filter(code=values["code"]).first() or Section(
            code=values["code"]
        )
        if section.pk is not None and section.name != values["name"]:
            section.rename(values["name"], asked.on, asked.why)
        for name, value in fields.items():
            setattr(section, name, value)
        section.save()
        _keep_dated(section, change)
    return {}


def _keep_dated(section: Section, change: Change) -> None:
    """What is so already is left alone: each write has every month of the section reckoned again."""
    given, values = change.entry.values, change.values
    before = change.before or {}
    moved = any(values[name] != before.get(name) for name in TARGET)
    if given.get("target") is not None and moved:
        cut(
            Target, section, since=values["target_from"], until=None,
            water_class=int(values["target"]), source=values["target_source"],
        )  # fmt: skip
    if given.get("per_day") is not None and values["per_day"] != before.get("per_day"):
        since = FROM_THE_FIRST if before.get("per_day") is None else today()
        cut(SamplingPlan, section, since=since, until=None, per_day=values["per_day"])


def _also(entry: Entry, held: Mapping[Key, Values]) -> Iterator[str]:
    before = held.get(entry.key)
    if before is not None and entry.values.get("per_day") not in (None, before["per_day"]):
        yield "监测频次自今天起改变；从别的日子起改，请用“监测频次”表。"


def _defaults() -> dict[str, Any]:
    return {
        "province": home().province,
        "water_body": Section.Body.RIVER.value,
        "grade": Section.Grade.MUNICIPAL.value,
    }


KIND = Kind(
    code="sections",
    title="断面",
    unit="个",
    lead="监测断面和它的河流、位置、上下游与目标；交界断面的上下游就是补偿的两方。",
    columns=COLUMNS,
    key=("code",),
    examples=EXAMPLES,
    held=_held,
    store=_store,
    lookups=lambda: {"places": places(), "provinces": provinces(), "rivers": rivers()},
    defaults=_defaults,
    listed=("code", "river", "km", "upstream", "downstream", "grade", "target"),
    check=_check,
    also=_also,
)
