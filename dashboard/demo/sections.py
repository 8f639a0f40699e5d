"""The ~60 sections with stations: the national ones of basins/data, and borders of our own.

Names not found in any source are demonstration names (`is_demo`, shown with an asterisk).
Positions are schematic throughout.
"""

import json
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import NamedTuple

from basins.services.reference import DATA

DEMO_TARGET = "演示取值"
NATIONAL_2021 = "国家站名称：中国环境监测总站 2021年4月发布；位置为示意"
NAMED = {
    "A": "公开资料所列断面；位置为示意",
    "B": "公开报道所列断面；位置为示意",
    "C": "国家站名称；所在河流按一般地理知识，位置为示意",
}
# The file of national sections leaves open between whom the last one of the main stem lies.
OUT = {"WUXIAKOU": ("500237", "420000")}
CLASSES = {"I": 1, "II": 2, "III": 3, "IV": 4, "V": 5}


@dataclass(frozen=True, slots=True)
class SectionSpec:
    """One section. `targets`: (first year, class); `swing`: how restless its class is."""

    code: str
    name: str
    river: str
    upstream: str | None
    downstream: str | None
    targets: tuple[tuple[int, int], ...]
    lon: float | None  # None: not on the map
    lat: float | None
    km: float | None
    is_demo: bool = False
    grade: str = "municipal"
    source: str = ""
    target_source: str = DEMO_TARGET
    water_body: str = "river"
    swing: float = 1.0
    monthly_from: date | None = None  # without a station: one sample a month since then

    def target(self, year: int) -> int:
        return [c for since, c in self.targets if since <= year][-1]


class _Border(NamedTuple):
    """A section at the border of the two."""

    code: str
    name: str
    river: str
    upstream: str
    downstream: str
    targets: tuple[tuple[int, int], ...]
    is_demo: bool


class _Inner(NamedTuple):
    """A section inside one jurisdiction, `off` km from the mouth (negative: from the source)."""

    code: str
    name: str
    river: str
    upstream: str | None
    downstream: str | None
    target: int
    is_demo: bool
    off: float


_BORDERS = (
    ("PUSHUN", "普顺", "LONGXI", "500155", "500231", ((2018, 3),), True),
    ("SHAZI", "沙子", "MODAO", "500240", "422802", ((2018, 3),), True),
    ("MOUDAO", "谋道", "MODAO", "422802", "500101", ((2018, 3),), True),
    ("SHIMIAO", "石庙", "XIAOAN", "500118", "500151", ((2018, 3),), True),
    ("DUKOUBA", "渡口坝", "XIAOAN", "500151", "500117", ((2018, 3),), True),
    ("HUANGYIN", "黄印", "YULIN", "500115", "500112", ((2018, 3),), True),
    ("LUKONG", "路孔", "LAIXI", "500111", "500153", ((2018, 4), (2021, 3)), True),
    ("BEIDU", "北渡", "QIJIANG", "500110", "500116", ((2018, 3),), False),
    ("PINGQIAO", "平桥", "DAXI", "500119", "500156", ((2018, 2),), True),
    ("YAJIANGZHEN", "鸭江镇", "DAXI", "500156", "500102", ((2018, 2),), False),
    ("MOZI", "磨子", "QUXI", "500233", "500230", ((2018, 3),), True),
    ("MAJINGZI", "马颈子", "QUXI", "500230", "500102", ((2018, 3),), True),
    ("YANGLU", "养鹿", "PENGXI", "500154", "500235", ((2018, 3),), True),
    ("YUJIA", "余家", "PULI", "500155", "500101", ((2018, 3),), True),
    ("YUEXI", "岳溪", "PULI", "500101", "500154", ((2018, 3),), True),
    ("TIANBA", "田坝", "TANGXI", "500238", "500235", ((2018, 2),), True),
    ("DACHANG", "大昌", "DANING", "500238", "500237", ((2018, 2),), True),
    ("HANGU", "含谷", "LIANGTAN", "500107", "500106", ((2018, 5), (2021, 4)), True),
    ("TONGJIAXI", "童家溪", "LIANGTAN", "500106", "500109", ((2018, 5), (2021, 4)), True),
    ("SHIDI", "石堤", "YOUSHUI", "500242", "500241", ((2018, 2),), True),
)
_INNER = (
    ("FENGCHENG", "凤城", "LONGXI", "500115", None, 3, True, 2.0),
    ("XINJIN", "新津", "MODAO", "500235", None, 3, True, 2.0),
    ("XIAOANKOU", "小安溪口", "XIAOAN", None, None, 3, True, 3.0),
    ("GAOYANGDUKOU", "高阳渡口", "PENGXI", None, None, 3, False, 18.0),
    ("JIANGKOUZHEN", "江口镇", "FURONG", None, None, 1, False, 3.0),
)
# Targets of the national sections whose functional class no source gives us.
_NATIONAL_TARGETS = {
    "GUANGHUI": ((2018, 3),),
    "ZHONGHE": ((2018, 3),),
    "LIANGHEKOU": ((2018, 4), (2021, 3)),
    "CIBA": ((2018, 4), (2021, 3)),
    "ZHUYANGXI": ((2018, 4), (2021, 3)),
    "GAODONG": ((2018, 4), (2021, 3)),
    "YULINZHEN": ((2018, 3),),
    "LIUJIANTAN": ((2018, 3),),
    "HUHAICHANG": ((2018, 3),),
}
# 龙滩水库: on the border of Dianjiang and Zhongxian; the dam stands in Dianjiang.
LONGTAN = SectionSpec(
    code="LONGTAN-SK",
    name="龙滩水库",
    river="LONGTAN",
    upstream="500233",
    downstream="500231",
    targets=((2018, 3),),
    lon=107.5831,
    lat=30.3418,
    km=4.0,
    source="垫江县、忠县备忘录（2023年7月），公开报道：水质稳定在Ⅲ类；位置为示意",
    target_source="水源地水质Ⅲ类（公开报道）",
    water_body="lake",
    swing=0.0,
)


@cache
def with_stations() -> tuple[SectionSpec, ...]:
    """The sections with automatic stations, in the order in which they are stored."""
    rivers = {r["code"]: r for r in _read("rivers.json")}
    return (
        *(_national(entry) for entry in _read("national_sections.json")),
        *(_border(rivers, _Border(*row)) for row in _BORDERS),
        *(_inner(rivers, _Inner(*row)) for row in _INNER),
        LONGTAN,
    )


def _national(entry: dict) -> SectionSpec:
    code, known = entry["code"], entry["target_class"]
    # The Yangtze leaves the city in class II every year (public reports).
    settled = 0.0 if code == "WUXIAKOU" else 0.12
    main_stem = entry["river"] in ("CHANGJIANG", "JIALING", "FUJIANG", "WUJIANG")
    upstream, downstream = OUT.get(code, (entry["upstream"], entry["downstream"]))
    targets = ((2018, CLASSES[known]),) if known else _NATIONAL_TARGETS.get(code, ((2018, 2),))
    return SectionSpec(
        code=code,
        name=entry["name"],
        river=entry["river"],
        upstream=upstream,
        downstream=downstream,
        targets=targets,
        lon=entry["lon"],
        lat=entry["lat"],
        km=entry["km"],
        grade="national" if entry["kind"] == "national_automatic" else "municipal",
        source=NAMED[entry["confidence"]],
        target_source="水功能类别（公开资料）" if known else DEMO_TARGET,
        swing=settled if main_stem else 1.0,
    )


def _border(rivers: dict[str, dict], row: _Border) -> SectionSpec:
    at = next(
        b
        for b in rivers[row.river]["borders"]
        if (b["upstream"], b["downstream"]) == (row.upstream, row.downstream)
    )
    return SectionSpec(
        code=row.code,
        name=row.name,
        river=row.river,
        upstream=row.upstream,
        downstream=row.downstream,
        targets=row.targets,
        lon=at["lon"],
        lat=at["lat"],
        km=at["km"],
        is_demo=row.is_demo,
        source="演示断面" if row.is_demo else NATIONAL_2021,
        grade="municipal" if row.is_demo else "national",
    )


def _inner(rivers: dict[str, dict], row: _Inner) -> SectionSpec:
    entry = rivers[row.river]
    length = entry["reaches"][-1]["to_km"]
    km = -row.off if row.off < 0 else length - row.off
    lon, lat = _point(entry["reaches"], km)
    return SectionSpec(
        code=row.code,
        name=row.name,
        river=row.river,
        upstream=row.upstream,
        downstream=row.downstream,
        targets=((2018, row.target),),
        lon=lon,
        lat=lat,
        km=round(km, 1),
        is_demo=row.is_demo,
        source="演示断面" if row.is_demo else NATIONAL_2021,
        grade="municipal" if row.is_demo else "national",
        swing=0.3,
    )


def _point(reaches: list[dict], km: float) -> tuple[float, float]:
    """The course's point nearest by share of the reach's points: schematic, as the course is."""
    reach = next(r for r in reaches if r["from_km"] <= km <= r["to_km"])
    span = reach["to_km"] - reach["from_km"] or 1
    at = round((km - reach["from_km"]) / span * (len(reach["course"]) - 1))
    lon, lat = reach["course"][at]
    return lon, lat


def _read(filename: str, folder: Path = DATA):
    return json.loads((folder / filename).read_text(encoding="utf-8"))
