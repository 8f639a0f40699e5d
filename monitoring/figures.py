"""指标值的名目: the figures other than readings that rules ask for, by name.

A figure belongs to a section, or to a party (its jurisdiction), and to a month or a year. It
is stored in the unit given here; `factors` are the other units that people write.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from types import MappingProxyType

SECTION, PARTY = "section", "party"
MONTH, YEAR = "month", "year"

_WAN, _YI = Decimal(10_000), Decimal(100_000_000)
_CUBIC = MappingProxyType(
    {"m3": Decimal(1), "万m3": _WAN, "亿m3": _YI, "立方米": Decimal(1)}
    | {"万立方米": _WAN, "亿立方米": _YI, "万方": _WAN, "万": _WAN, "亿": _YI}
)
_YUAN = MappingProxyType({"万元": _WAN, "亿元": _YI, "万": _WAN, "亿": _YI})


@dataclass(frozen=True, slots=True)
class Figure:
    """One name: whose it is, of which periods, its unit and the bounds of its value."""

    name: str
    label: str
    unit: str = ""
    of: str = SECTION
    spans: tuple[str, ...] = (YEAR,)
    least: Decimal = Decimal(0)
    most: Decimal | None = None
    whole: bool = False
    factors: Mapping[str, Decimal] = field(default_factory=dict)
    also: tuple[str, ...] = ()  # other words for it


_PERCENT = Decimal(100)
LIKE_A_FILL = Decimal(999)

FIGURES: dict[str, Figure] = {
    f.name: f
    for f in (
        Figure(
            "flow", "水量", "m³", spans=(MONTH, YEAR), factors=_CUBIC, also=("流量合计", "径流量")
        ),
        Figure("met_ratio", "水质达标率", "%", most=_PERCENT),
        Figure(
            "ecological_flow",
            "生态流量保证率",
            "%",
            most=_PERCENT,
            also=("生态流量满足率", "生态流量"),
        ),
        Figure("natural_shoreline", "自然岸线率", "%", most=_PERCENT, also=("自然岸线保有率",)),
        # With ecological_flow and natural_shoreline the ten river indicators of the Yangtze's
        # aquatic-ecology assessment (长江流域水生态考核, 2023 rules; its units are not held).
        Figure("fish_species", "鱼类种类数", "种", whole=True, also=("鱼类物种数", "鱼类种数")),
        Figure(
            "protected_species",
            "重点保护物种数",
            "种",
            whole=True,
            also=("重点保护水生生物", "珍稀濒危物种数"),
        ),
        Figure(
            "macroinvertebrates",
            "大型底栖无脊椎动物种类数",
            "种",
            whole=True,
            also=("大型底栖动物", "底栖动物种类数"),
        ),
        Figure("connectivity", "水系连通性", "", also=("连通性指数", "河流连通性")),
        Figure("habitat_disturbance", "水生生境干扰指数", "", also=("水生生境干扰", "生境干扰")),
        Figure("source_area_quality", "水源涵养区生态系统质量", "", also=("水源涵养区质量",)),
        Figure("overall_pollution", "水体综合污染指数", "", also=("综合污染指数",)),
        Figure("flood_pollution", "汛期污染强度", "", also=("汛期污染强度指数",)),
        Figure("fish_diversity", "鱼类多样性指数", "", also=("鱼类多样性",)),
        Figure("wetland", "湿地保护率", "%", most=_PERCENT),
        Figure("forest_cover", "森林覆盖率", "%", most=_PERCENT),
        Figure("award.signing", "签订协议（年限）", "年"),
        Figure("award.joint_system", "建立联席会议和联防联控制度", ""),
        Figure("award.water_source", "建成水源地", ""),
        Figure("award.results", "治理成效", ""),
        Figure("award.other", "其他奖励事项", ""),
        Figure("serious_incidents", "重大水污染事件", "起", whole=True),
        Figure("planned_investment", "年度工程计划投资", "元", factors=_YUAN),
        Figure("finished_investment", "年度工程完成投资", "元", factors=_YUAN),
        Figure("index", "水质指数", "", PARTY, (MONTH, YEAR)),
        Figure("met", "出境断面达标率", "%", PARTY, most=_PERCENT),
        Figure("score", "考核得分", "分", PARTY, most=Decimal(200)),
    )
}
PARTY_FIGURES = frozenset(name for name, figure in FIGURES.items() if figure.of == PARTY)


def find(words: str) -> Figure | None:
    """The figure of that name, label or other word for it."""
    for figure in FIGURES.values():
        if words in (figure.name, figure.label, *figure.also):
            return figure
    return None


def like_a_fill(value: Decimal) -> bool:
    """All nines (999, 9999.9), as systems fill in for a value they don't have; also as it was
    written in 万 or 亿."""
    return any(
        part >= LIKE_A_FILL and set(f"{part.normalize():f}") <= {"9", "."}
        for part in (value, value / _WAN, value / _YI)
    )
