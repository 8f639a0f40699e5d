"""What a weighted score is made of: indicators with their marks, and bands of the score.

Source: weights and marks are our defaults; the text of the agreement decides (2024).
"""

# ruff: noqa: RUF009 - parameter() is dataclasses.field with a Spec

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from monitoring.standards.gb3838_2002 import NAMES
from settlements.rules.kinds import ParameterKind, parameter

MEANS = ("CODMn", "COD", "NH3-N", "TP", "TN", "DO")
OBSERVED = {
    "met_ratio": "水质达标率",
    "ecological_flow": "生态流量保证率",
    "natural_shoreline": "自然岸线率",
    "fish_diversity": "鱼类多样性指数",
    "wetland": "湿地保护率",
    "forest_cover": "森林覆盖率",
}
INDICATORS = {
    "water_class": "年度水质类别",
    **OBSERVED,
    **{code: f"{NAMES[code]}年均值" for code in MEANS},
}
UNITS = {"class": "类", "percent": "%", "index": "指数", "mg/L": "mg/L", "species": "种"}
DIRECTIONS = {"higher": "越高越好", "lower": "越低越好"}


@dataclass(frozen=True, kw_only=True)
class ScoredIndicator:
    """One indicator: what a year must show for no mark and for the full mark."""

    indicator: str = parameter(
        "指标",
        ParameterKind.CHOICE,
        english="Indicator",
        english_help="Class (I = 1 … inferior V = 6) and yearly means come from monitoring, the "
        "rest from yearly figures.",
        choices=INDICATORS,
        help="水质类别和年均值取自监测评价，类别按 Ⅰ＝1 至 劣Ⅴ＝6 计；其余取自年度指标。",
    )
    weight: Decimal = parameter(
        "权重",
        ParameterKind.PERCENT,
        help="占 100 分的百分数。",
        english="Weight",
        english_help="Its part of the 100 marks.",
        unit=" %",
        minimum=Decimal(0),
        maximum=Decimal(100),
    )
    unit: str = parameter(
        "单位",
        ParameterKind.CHOICE,
        help="指标值和满分值、零分值的单位。",
        english="Unit",
        english_help="Unit of the indicator and its marks.",
        choices=UNITS,
    )
    direction: str = parameter(
        "方向",
        ParameterKind.CHOICE,
        help="越高越好还是越低越好。",
        english="Direction",
        english_help="Whether higher or lower is better.",
        choices=DIRECTIONS,
    )
    full_mark: Decimal = parameter(
        "满分值",
        ParameterKind.DECIMAL,
        english="Full mark at",
        english_help="This or better has the full mark.",
        help="达到或优于它得满分。",
    )
    zero_mark: Decimal = parameter(
        "零分值",
        ParameterKind.DECIMAL,
        english="No mark at",
        english_help="This or worse has no mark.",
        help="等于或劣于它得零分。",
    )


@dataclass(frozen=True, kw_only=True)
class ScoreBand:
    """From this score on, upstream's part of the fund."""

    from_score: Decimal = parameter(
        "起始得分（含）",
        ParameterKind.DECIMAL,
        help="该档的最低得分。",
        english="From score",
        english_help="First score of the band, included.",
        unit="分",
        minimum=Decimal(0),
        maximum=Decimal(100),
    )
    upstream_part: Decimal = parameter(
        "上游分得",
        ParameterKind.PERCENT,
        help="上游分得资金的百分数。",
        english="Upstream's part",
        english_help="Per cent of the fund that upstream gets.",
        unit=" %",
        minimum=Decimal(0),
        maximum=Decimal(100),
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


DEFAULT_INDICATORS = [
    _row("water_class", "60", "class", "lower", "2", "6"),
    _row("ecological_flow", "15", "percent", "higher", "100", "80"),
    _row("natural_shoreline", "15", "percent", "higher", "80", "60"),
    _row("fish_diversity", "10", "index", "higher", "3", "1"),
]
DEFAULT_BANDS = [
    {"from_score": "0", "upstream_part": "0"},
    {"from_score": "60", "upstream_part": "50"},
    {"from_score": "75", "upstream_part": "75"},
    {"from_score": "90", "upstream_part": "100"},
]
