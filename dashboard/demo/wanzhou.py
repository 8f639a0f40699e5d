"""万州区's townships: 21 secondary rivers with 33 assessed sections, each the outflow of a township.

Public: 苧溪河 and 瀼渡河 from January 2024, the 19 other main secondary rivers from 2024-06-01;
33 assessed sections; a monthly table of each section's water and each township's receipt or
payment; the border of 分水镇 and 柱山乡 on the 瀼渡河 at the tail of 甘宁水库 (Chongqing Daily
2024-10-11, 2025-08-23). The townships are 万州's own; which of them lies on which river, the
names of most rivers and all sums are demonstration.
"""

from datetime import date
from typing import NamedTuple

from dashboard.demo.agreements import AgreementSpec, Border, DemoTerm
from dashboard.demo.sections import SectionSpec

DISTRICT, TREASURY = "500101", "500101-T"
RIVER = "WANZHOU"
PILOT, ALL = date(2024, 1, 1), date(2024, 6, 1)
REPORT = "公开报道：万州区次级河流流域生态保护补偿试点（2024）"


class Town(NamedTuple):
    code: str
    name: str
    key: str  # how it sorts

    @property
    def short(self) -> str:
        return self.name.removesuffix("街道").removesuffix("土家族乡").rstrip("镇乡")


_TOWNS = """
FS 分水镇 fenshui|ZS 柱山乡 zhushan|GN 甘宁镇 ganning|RD 瀼渡镇 rangdu|LH 李河镇 lihe
GL 高梁镇 gaoliang|LS 龙沙镇 longsha|XS 响水镇 xiangshui|WL 武陵镇 wuling|XT 新田镇 xintian
BY 白羊镇 baiyang|CL 长岭镇 changling|LJ 龙驹镇 longju|ZM 走马镇 zouma|LT 罗田镇 luotian
TL 太龙镇 tailong|DZ 大周镇 dazhou|XZ 小周镇 xiaozhou|SJ 孙家镇 sunjia|YJ 余家镇 yujia
HS 后山镇 houshan|DA 弹子镇 danzi|CT 长滩镇 changtan|TA 太安镇 taian|XJ 熊家镇 xiongjia
BT 白土镇 baitu|GC 郭村镇 guocun|YS 燕山乡 yanshan|XK 溪口乡 xikou|CP 长坪乡 changping
PZ 普子乡 puzi|LI 梨树乡 lishu|HH 恒合土家族乡 henghe
"""
TOWNS = tuple(
    Town(f"{DISTRICT}-{code}", name, key)
    for code, name, key in (each.split() for each in _TOWNS.strip().replace("\n", "|").split("|"))
)
_BY_NAME = {town.name: town for town in TOWNS}


class TownRiver(NamedTuple):
    code: str
    name: str
    towns: tuple[str, ...]  # upstream first: the outflow of each is a section
    since: date = ALL
    known: bool = False


# Those of the reports, 五桥河 by general knowledge; the others are numbered.
RIVERS = (
    TownRiver("WZ-ZHUXI", "苧溪河", ("李河镇", "高梁镇", "龙沙镇"), PILOT, True),
    TownRiver("WZ-RANGDU", "瀼渡河", ("分水镇", "柱山乡", "甘宁镇", "瀼渡镇"), PILOT, True),
    TownRiver("WZ-WUQIAO", "五桥河", ("长岭镇",), ALL, True),
    *(
        TownRiver(f"WZ-{number:02d}", f"万州次级河流{number:02d}（演示）", towns)
        for number, towns in enumerate(
            (
                ("响水镇", "武陵镇"), ("新田镇", "白羊镇"), ("罗田镇", "走马镇"), ("龙驹镇", "长滩镇"),
                ("孙家镇", "余家镇"), ("后山镇", "弹子镇"), ("白土镇", "太安镇"), ("太龙镇",),
                ("大周镇",), ("小周镇",), ("熊家镇",), ("郭村镇",), ("燕山乡",), ("溪口乡",),
                ("长坪乡",), ("普子乡",), ("梨树乡",), ("恒合土家族乡",),
            ),
            start=4,
        )
    ),
)  # fmt: skip
# The one border whose place is reported.
PUBLIC_BORDER = "WZ-RANGDU-1"


def sections() -> tuple[SectionSpec, ...]:
    """The 33 sections, in the order of the rivers: sampled once a month, not on the map."""
    found = []
    for river in RIVERS:
        for at, name in enumerate(river.towns, start=1):
            code, below = f"{river.code}-{at}", river.towns[at : at + 1]
            public = code == PUBLIC_BORDER
            found.append(
                SectionSpec(
                    code=code,
                    name="分水–柱山（甘宁水库库尾）" if public else f"{_BY_NAME[name].short}出境",
                    river=river.code,
                    upstream=_BY_NAME[name].code,
                    downstream=_BY_NAME[below[0]].code if below else DISTRICT,
                    targets=((2018, 3),),
                    lon=None,
                    lat=None,
                    km=float(at),
                    is_demo=not public,
                    source=f"{REPORT}：分水镇与柱山乡交界，甘宁水库库尾" if public else "演示断面",
                    grade="town",
                    monthly_from=river.since,
                )
            )
    return tuple(found)


def agreement() -> AgreementSpec:
    """The scheme: two rivers for five months, then all of them."""
    every = [(river, f"{river.code}-{at}", name) for river in RIVERS
             for at, name in enumerate(river.towns, start=1)]  # fmt: skip
    pilot = tuple(code for river, code, _ in every if river.since == PILOT)
    given = {
        "items": [{"indicator": code} for code in ("CODMn", "NH3-N", "TP")],
        "reward": "20000",
        "charge": "20000",
        "against_last_year": False,
    }
    clauses = {"reward": f"{REPORT}；指标、每月 2 万元和只同功能类别比较为演示"}
    return AgreementSpec(
        code="WANZHOU",
        title="万州区次级河流镇街横向生态保护补偿（试点）",
        river=RIVER,
        parties=(*(town.code for town in TOWNS), TREASURY),
        borders=tuple(Border(code, _BY_NAME[name].code, TREASURY) for _, code, name in every),
        terms=(
            DemoTerm(
                rule="town_outflow", start=PILOT, end=ALL, given=given, source="演示取值",
                clauses=clauses, sections=pilot,
            ),
            DemoTerm(
                rule="town_outflow", start=ALL, end=None, given=given, source="演示取值",
                clauses=clauses,
            ),
        ),
        source="公开报道：苧溪河、瀼渡河 2024 年 1 月起，其余 19 条主要次级河流 2024-06-01 起，33 个考核断面，"
        "逐月统计各断面水质和各镇街受偿、补偿；镇街所在河流、其余河名与金额为演示",
        confidence="A",
    )  # fmt: skip
