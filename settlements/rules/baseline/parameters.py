"""What a term by the baseline (基准法) says."""

# ruff: noqa: RUF009 - parameter() is dataclasses.field with a Spec

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from monitoring.standards.gb3838_2002 import NAMES, WaterClass
from settlements.rules import common
from settlements.rules.parameters import ParameterError, ParameterKind, parameter, since
from settlements.rules.parameters import Parameters as BaseParameters

# Kinds of baseline that compare concentrations.
BY_LIMITS = ("limits", "base_period")
_OURS = common.OURS
_LIMITED = {code: name for code, name in NAMES.items() if code not in {"pH", "WT"}}


@dataclass(frozen=True, kw_only=True)
class Parameters(BaseParameters):
    """Where the baseline lies and what each step away from it costs."""

    baseline_kind: str = parameter(
        "基准种类",
        ParameterKind.CHOICE,
        english="Kind of baseline",
        english_help="What the water is compared with: functional class, fixed class, limits, or "
        "means of a base period.",
        choices={
            "target": "断面功能类别",
            "class": "固定类别",
            "limits": "各指标限值",
            "base_period": "基准期均值",
        },
        help="本期水质同什么比较。",
        default=[since("2023-01-01", "target", source=_OURS)],
    )
    baseline_class: WaterClass | None = parameter(
        "基准类别",
        ParameterKind.CLASS,
        english="Baseline class",
        english_help="For a fixed class.",
        minimum=WaterClass.I,
        maximum=WaterClass.V,
        optional=True,
        help="基准种类为固定类别时填写。",
        applies_if=("baseline_kind", ("class",)),
        default=[since("2023-01-01", None, source=_OURS)],
    )
    limits: Mapping[str, Decimal] | None = parameter(
        "各指标限值",
        ParameterKind.MAPPING,
        english="Limits per indicator",
        english_help="For limits; dissolved oxygen must not fall below its limit, the others must "
        "not pass theirs.",
        unit="mg/L",
        minimum=Decimal("0.000001"),
        optional=True,
        choices=_LIMITED,
        help="基准种类为各指标限值时填写；溶解氧为下限，其余为上限。",
        applies_if=("baseline_kind", ("limits",)),
        default=[since("2023-01-01", None, source=_OURS)],
    )
    section_limits: Mapping[str, Decimal] | None = parameter(
        "断面另定的限值",
        ParameterKind.MAPPING,
        english="Limits of single sections",
        english_help="SECTION CODE:INDICATOR, such as NH-2:NH3-N. A section named here is held "
        "against its own limits alone; the others against the limits of the term.",
        unit="mg/L",
        minimum=Decimal("0.000001"),
        optional=True,
        help="项目写“断面编码:指标”，如 NH-2:NH3-N。写了的断面只同它自己的限值比较，"
        "没有写的断面同各指标限值比较。",
        applies_if=("baseline_kind", ("limits",)),
        default=[since("2023-01-01", None, source=_OURS)],
        added=True,
    )
    base_from: int | None = parameter(
        "基准期起始年",
        ParameterKind.INTEGER,
        english="Base period from",
        english_help="First year of the base period.",
        unit="年",
        minimum=2000,
        maximum=2100,
        optional=True,
        help="基准种类为基准期均值时填写：基准期的第一个年度。",
        applies_if=("baseline_kind", ("base_period",)),
        default=[since("2023-01-01", None, source=_OURS)],
    )
    base_to: int | None = parameter(
        "基准期终止年",
        ParameterKind.INTEGER,
        english="Base period to",
        english_help="Last year of the base period, included; its mean is that of all monthly "
        "means.",
        unit="年",
        minimum=2000,
        maximum=2100,
        optional=True,
        help="基准期的最后一个年度（含）；均值为各年各月均值的算术平均。",
        applies_if=("baseline_kind", ("base_period",)),
        default=[since("2023-01-01", None, source=_OURS)],
    )
    comparison: str = parameter(
        "比较周期",
        ParameterKind.CHOICE,
        english="Comparison",
        english_help="By the month or by the year; the amounts are per month or per year.",
        choices={"monthly": "按月", "yearly": "按年"},
        help="按月比较时补偿标准为每月金额，按年比较时为每年金额。",
        default=[since("2023-01-01", "monthly", source=_OURS)],
    )
    rate: Decimal = parameter(
        "补偿标准",
        ParameterKind.MONEY,
        english="Rate",
        english_help="Amount of the first tier better or worse than the baseline.",
        unit="元/期",
        minimum=Decimal(0),
        help="好于或差于基准第一档的金额。",
        default=[since("2023-01-01", "1000000", source=_OURS)],
    )
    tier_amount: Decimal = parameter(
        "每档加价",
        ParameterKind.MONEY,
        english="Amount per further tier",
        english_help="Added for each further class (or width) better or worse; 0 for no tiers.",
        unit="元/档",
        minimum=Decimal(0),
        help="第一档以外，每再好或再差一个类别（一个档宽）加的金额；0 为不分档。",
        default=[since("2023-01-01", "0", source=_OURS)],
    )
    max_tiers: int | None = parameter(
        "最多档数",
        ParameterKind.INTEGER,
        english="Most tiers",
        english_help="The first included; empty for no bound.",
        minimum=1,
        maximum=20,
        optional=True,
        help="含第一档；空为不限。",
        default=[since("2023-01-01", None, source=_OURS)],
    )
    tier_width: Decimal | None = parameter(
        "档宽",
        ParameterKind.PERCENT,
        english="Width of a tier",
        english_help="With limits: per cent off the limit that make one tier, a part counting as "
        "one; empty for a single tier.",
        unit=" %",
        minimum=Decimal("0.1"),
        maximum=Decimal(1000),
        optional=True,
        help="按限值比较时，偏离限值每满这么多为一档，不足一档按一档；空为只有一档。",
        applies_if=("baseline_kind", BY_LIMITS),
        default=[since("2023-01-01", None, source=_OURS)],
    )
    dead_band: Decimal = parameter(
        "不补偿区间",
        ParameterKind.PERCENT,
        english="Dead band",
        english_help="With limits: off by no more per cent than this counts as equal, the ends "
        "included.",
        unit=" %",
        minimum=Decimal(0),
        maximum=Decimal(100),
        help="按限值比较时，最差指标偏离限值不超过这么多视同持平（含端点）。",
        applies_if=("baseline_kind", BY_LIMITS),
        default=[since("2023-01-01", "0", source=_OURS)],
    )
    meets_equal: str = parameter(
        "恰达基准时",
        ParameterKind.CHOICE,
        english="Equal to the baseline",
        english_help="What happens where the water equals the baseline or lies within the dead "
        "band.",
        choices={"nobody": "互不补偿", "downstream_pays": "下游补偿上游"},
        help="与基准持平（或在不补偿区间内）的处理。",
        default=[since("2023-01-01", "nobody", source=_OURS)],
    )
    inherited: str = common.inherited(
        "2023-01-01",
        *("charge", "half", "deduct", "none"),
        help="未达基准、但不差于入境断面时的处理，状态记为“未增加”；只计高出部分的，档数从"
        "入境断面起算。没有入境断面的照常计收。",
    )
    yearly_cap: Decimal | None = common.yearly_cap("2023-01-01")
    incomplete_period: str = common.incomplete("2023-01-01", "期")
    missing_month: str = common.missing_month("2023-01-01", applies_if=common.MONTHLY)
    sampling: str = common.sampling("2023-01-01", applies_if=common.MONTHLY)
    part_month: str = common.part_month("2023-01-01", applies_if=common.MONTHLY)
    rounding: str = common.rounding("2023-01-01")
    ph_mean: str = common.ph_mean("2023-01-01")
    first_origin: str = common.first_origin("2023-01-01")

    def contradictions(self) -> list[ParameterError]:
        errors = []
        if self.baseline_kind == "class" and self.baseline_class is None:
            errors.append(self.error("baseline_class", "基准种类为固定类别，须填基准类别。"))
        if self.baseline_kind == "limits" and not self.limits:
            errors.append(self.error("limits", "基准种类为各指标限值，须至少填一项限值。"))
        errors += [
            self.error("section_limits", wrong)
            for key in self.section_limits or ()
            if (wrong := _wrong_key(key))
        ]
        if self.baseline_kind == "base_period":
            if self.base_from is None or self.base_to is None:
                errors.append(self.error("base_from", "基准种类为基准期均值，须填起止年度。"))
            elif self.base_to < self.base_from:
                errors.append(self.error("base_to", "终止年早于起始年；请填不早于它的年度。"))
        return errors


def _wrong_key(key: str) -> str:
    section, _, indicator = key.rpartition(":")
    if not section or indicator not in _LIMITED:
        return f"“{key}”须写成“断面编码:指标”，如 NH-2:NH3-N；指标可用 {'、'.join(_LIMITED)}。"
    return ""
