"""A joint fund divided by a weighted yearly score of several indicators (多指标加权评分法).

Sichuan–Chongqing, second round, 2024: no longer water quality alone, but also ecological
flow, natural shoreline and fish diversity. Each indicator scores between its zero mark and
its full mark along a straight line, times its weight; the score (0–100) decides upstream's
part of the fund, pro rata or by bands; each side's part is netted against what it put in.

Source: domain figures of the Sichuan–Chongqing agreement of 2024; weights and marks are our
defaults, the text of the agreement decides. Amounts are Decimal yuan to the fen.
"""

# ruff: noqa: RUF009 - parameter() is dataclasses.field with a Spec

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import pairwise

from monitoring.standards.gb3838_2002 import NAMES
from settlements.rules import steps
from settlements.rules.base import (
    Granularity,
)
from settlements.rules.parameters import Kind, ParameterError, parameter, since
from settlements.rules.parameters import Parameters as BaseParameters

CODE, TITLE, REVISION = "weighted_score", "多指标加权评分法", 1
LEGAL_BASIS = "川渝长江流域横向生态保护补偿协议（第二轮，2024年）"
NEEDS = frozenset({"water_class", "means", "observations", "deciding", "complete"})

_RULE = steps.Identity(CODE, TITLE, REVISION)
_OURS = "本系统默认，协议未载时使用"
_MEANS = ("CODMn", "COD", "NH3-N", "TP", "TN", "DO")
_OBSERVED = {
    "met_ratio": "水质达标率",
    "ecological_flow": "生态流量保证率",
    "natural_shoreline": "自然岸线率",
    "fish_diversity": "鱼类多样性指数",
    "wetland": "湿地保护率",
    "forest_cover": "森林覆盖率",
}
INDICATORS = {
    "water_class": "年度水质类别",
    **_OBSERVED,
    **{code: f"{NAMES[code]}年均值" for code in _MEANS},
}
_UNITS = {"class": "类", "percent": "%", "index": "指数", "mg/L": "mg/L", "species": "种"}


@dataclass(frozen=True, kw_only=True)
class Indicator:
    """One indicator: what a year must show for no mark and for the full mark."""

    indicator: str = parameter(
        "指标",
        Kind.CHOICE,
        choices=INDICATORS,
        help="水质类别和年均值取自监测评价，类别按 Ⅰ＝1 至 劣Ⅴ＝6 计；其余取自年度指标。",
    )
    weight: Decimal = parameter(
        "权重", Kind.PERCENT, unit=" %", minimum=Decimal(0), maximum=Decimal(100)
    )
    unit: str = parameter("单位", Kind.CHOICE, choices=_UNITS)
    direction: str = parameter(
        "方向", Kind.CHOICE, choices={"higher": "越高越好", "lower": "越低越好"}
    )
    full_mark: Decimal = parameter("满分值", Kind.DECIMAL, help="达到或优于它得满分。")
    zero_mark: Decimal = parameter("零分值", Kind.DECIMAL, help="等于或劣于它得零分。")


@dataclass(frozen=True, kw_only=True)
class Band:
    """From this score on, upstream's part of the fund."""

    from_score: Decimal = parameter(
        "起始得分（含）", Kind.DECIMAL, unit="分", minimum=Decimal(0), maximum=Decimal(100)
    )
    upstream_part: Decimal = parameter(
        "上游分得", Kind.PERCENT, unit=" %", minimum=Decimal(0), maximum=Decimal(100)
    )


def _row(
    indicator: str, weight: str, unit: str, direction: str, full: str, zero: str
) -> dict[str, str]:
    return {
        "indicator": indicator,
        "weight": weight,
        "unit": unit,
        "direction": direction,
        "full_mark": full,
        "zero_mark": zero,
    }


_DEFAULT_INDICATORS = [
    _row("water_class", "60", "class", "lower", "2", "6"),
    _row("ecological_flow", "15", "percent", "higher", "100", "80"),
    _row("natural_shoreline", "15", "percent", "higher", "80", "60"),
    _row("fish_diversity", "10", "index", "higher", "3", "1"),
]
_DEFAULT_BANDS = [
    {"from_score": "0", "upstream_part": "0"},
    {"from_score": "60", "upstream_part": "50"},
    {"from_score": "75", "upstream_part": "75"},
    {"from_score": "90", "upstream_part": "100"},
]


@dataclass(frozen=True, kw_only=True)
class Parameters(BaseParameters):
    """What each side puts in, what is scored, and how the score divides the fund."""

    upstream_contribution: Decimal = parameter(
        "上游出资",
        Kind.MONEY,
        unit="元/年",
        minimum=Decimal(0),
        help="上游每年投入共同资金的金额。",
    )
    downstream_contribution: Decimal = parameter(
        "下游出资",
        Kind.MONEY,
        unit="元/年",
        minimum=Decimal(0),
        help="下游每年投入共同资金的金额。",
    )
    indicators: tuple[Indicator, ...] = parameter(
        "评分指标",
        Kind.ROWS,
        row=Indicator,
        help="各指标的权重合计须为 100 %；满分值与零分值之间按直线折算。",
        default=[since("2018-06-01", _DEFAULT_INDICATORS, source=_OURS)],
    )
    distribution: str = parameter(
        "分配方式",
        Kind.CHOICE,
        choices={"pro_rata": "按得分比例", "bands": "按得分分档"},
        help="按比例时上游分得资金的百分数等于得分；分档时查分档表。其余归下游。",
        default=[since("2018-06-01", "pro_rata", source=_OURS)],
    )
    bands: tuple[Band, ...] | None = parameter(
        "分档表",
        Kind.ROWS,
        row=Band,
        optional=True,
        help="由低到高，第一档自 0 分起；得分恰为起始得分的归该档。",
        applies_if=("distribution", ("bands",)),
        default=[since("2018-06-01", _DEFAULT_BANDS, source=_OURS)],
    )
    pass_score: Decimal = parameter(
        "达标得分",
        Kind.DECIMAL,
        unit="分",
        minimum=Decimal(0),
        maximum=Decimal(100),
        help="低于它的年度状态记为“未达标”；只影响状态，不影响金额。",
        default=[since("2018-06-01", "60", source=_OURS)],
    )
    missing_indicator: str = parameter(
        "缺指标值时",
        Kind.CHOICE,
        choices={"refuse": "拒绝核算，先补数据", "reweight": "其余指标按权重折算为 100 分"},
        help="某一指标没有年度值时的处理；不会按零分计。",
        default=[since("2018-06-01", "refuse", source=_OURS)],
    )
    incomplete_period: str = parameter(
        "数据不完整的年",
        Kind.CHOICE,
        choices={"use": "照常核算并注明", "no_data": "记为无数据，暂不分配"},
        help="水质有效数据不足以满足完整性要求的年度如何处理。",
        default=[since("2018-06-01", "use", source=_OURS)],
    )

    def contradictions(self) -> list[ParameterError]:
        errors = []
        weights = sum((row.weight for row in self.indicators), Decimal(0))
        if weights != 100:
            errors.append(
                self.error("indicators", f"权重合计 {weights:f} %，须为 100 %；请调整各行权重。")
            )
        names = [row.indicator for row in self.indicators]
        for number, row in enumerate(self.indicators, 1):
            where = f"第{number}行 {INDICATORS[row.indicator]}："
            if names.count(row.indicator) > 1:
                errors.append(self.error("indicators", f"{where}重复；每个指标只填一行。"))
            higher = row.full_mark > row.zero_mark
            if row.full_mark == row.zero_mark or higher != (row.direction == "higher"):
                side = "大于" if row.direction == "higher" else "小于"
                errors.append(
                    self.error("indicators", f"{where}{_DIRECTION(row)}时满分值须{side}零分值。")
                )
        if self.distribution == "bands":
            errors += self._band_errors(self.bands or ())
        return errors

    def _band_errors(self, bands: Sequence[Band]) -> list[ParameterError]:
        if not bands or bands[0].from_score != 0:
            return [self.error("bands", "第一档须自 0 分起；请补填，使每个得分都有一档。")]
        return [
            self.error(
                "bands", f"第{number}档须比上一档起始得分高、上游分得不少；请按得分由低到高填。"
            )
            for number, (low, high) in enumerate(pairwise(bands), 2)
            if high.from_score <= low.from_score or high.upstream_part < low.upstream_part
        ]


def _DIRECTION(row: Indicator) -> str:
    return {"higher": "越高越好", "lower": "越低越好"}[row.direction]


def granularity(parameters: Parameters) -> Granularity:
    """Settled by the year."""
    return Granularity.YEAR
