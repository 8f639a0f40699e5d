"""What a term by steps of exceedance (超标分档法) says."""

# ruff: noqa: RUF009 - parameter() is dataclasses.field with a Spec

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from settlements.rules import common, items
from settlements.rules.parameters import ParameterError, ParameterKind, parameter, since
from settlements.rules.parameters import Parameters as BaseParameters

_ANHUI = "安徽省2018年办法"
_HEFEI = "合肥市2022年办法"
_OURS = common.OURS


@dataclass(frozen=True, kw_only=True)
class ExceedanceItem:
    """One indicator and what its steps cost."""

    indicator: str = parameter(
        "指标",
        ParameterKind.CHOICE,
        english="Indicator",
        english_help="Charged by its exceedance multiple or its class.",
        choices=items.CONCENTRATIONS,
        help="按超标倍数计收的指标。",
    )
    limit: Decimal | None = parameter(
        "限值",
        ParameterKind.DECIMAL,
        english="Limit",
        english_help="Empty for the limit of the functional class; needed for indicators without "
        "one in table 1, such as total nitrogen.",
        unit="mg/L",
        minimum=Decimal("0.000001"),
        optional=True,
        help="空为断面功能类别的限值；表1没有河流限值的指标（如总氮）须填。",
    )
    step_width: Decimal = parameter(
        "档宽",
        ParameterKind.DECIMAL,
        english="Width of a step",
        english_help="Multiple that makes one step; a part counts as one, and the end of a step "
        "belongs to it.",
        unit="倍",
        minimum=Decimal("0.01"),
        maximum=Decimal(10),
        help="超标倍数每满一个档宽为一档，不足一档按一档；恰等于一档上限的属于该档。",
    )
    unit_amount: Decimal = parameter(
        "每档金额",
        ParameterKind.MONEY,
        english="Amount per step",
        english_help="What one step, or one class, costs.",
        unit="元/档",
        minimum=Decimal(0),
        help="每一档的金额。",
    )
    cap: Decimal | None = parameter(
        "单指标每月封顶",
        ParameterKind.MONEY,
        english="Monthly cap of the indicator",
        english_help="Most that the indicator costs in a month; empty for no cap.",
        unit="元/月",
        minimum=Decimal(0),
        optional=True,
        help="该指标按倍数一个月最多计收的金额；空为不封顶。",
    )


@dataclass(frozen=True, kw_only=True)
class StepBand:
    """Multiples above `above`, up to the next band's, cost `base` × (1 + multiple)."""

    above: Decimal = parameter(
        "倍数大于",
        ParameterKind.DECIMAL,
        english="Multiple above",
        english_help="Lower bound of the band, not included.",
        unit="倍",
        minimum=Decimal(0),
        help="本段的下限，不含。",
    )
    base: Decimal = parameter(
        "基数",
        ParameterKind.MONEY,
        english="Base",
        english_help="Multiplied by (1 + multiple).",
        unit="元",
        minimum=Decimal(0),
        help="乘以（1 ＋ 超标倍数）的金额。",
    )


@dataclass(frozen=True, kw_only=True)
class Parameters(BaseParameters):
    """What is charged per indicator, what came in, days in a row, and the caps."""

    mode: str = parameter(
        "计收方式",
        ParameterKind.CHOICE,
        english="Way of charging",
        english_help="Steps times amount; a base by band of the multiple times (1 + multiple); or "
        "each class by which the indicator is worse than the functional class.",
        choices={
            "steps": "按档计收",
            "scaled": "分段基数 ×（1 ＋ 超标倍数）",
            "classes": "每差一个类别",
        },
        help="按档：档数 × 每档金额；分段基数：按倍数所在段的基数乘以（1 ＋ 倍数）；每差一个类别："
        "该指标的类别差于功能类别几级，计几个每档金额（如北京）。",
        default=[since("2016-01-01", "steps", source=_OURS)],
    )
    indicators: tuple[ExceedanceItem, ...] = parameter(
        "指标与档",
        ParameterKind.ROWS,
        english="Indicators and steps",
        english_help="Charged one by one and added up. Width and amount have no effect with bands, "
        "nor has the width with classes.",
        row=ExceedanceItem,
        help="逐项计收、相加；按分段基数计收时，档宽与每档金额不起作用，按类别计收时档宽不起作用。",
        default=[
            since(
                "2016-01-01",
                [
                    {"indicator": code, "limit": None, "step_width": "0.5", "cap": None}
                    | {"unit_amount": "500000.00"}
                    for code in ("CODMn", "NH3-N", "TP")
                ],
                source=_ANHUI,
            )
        ],
    )
    bands: tuple[StepBand, ...] | None = parameter(
        "分段基数",
        ParameterKind.ROWS,
        english="Bands",
        english_help="From low to high; a multiple not above the first bound costs nothing.",
        row=StepBand,
        optional=True,
        help="按下限由小到大填写；倍数不大于第一段下限的不计收。",
        applies_if=("mode", ("scaled",)),
        default=[since("2016-01-01", None, source=_OURS)],
    )
    inherited: str = common.inherited(
        "2016-01-01",
        *("charge", "half", "deduct", "none"),
        help="超过限值、但不高于入境断面浓度的指标如何计收，状态记为“未增加”；只计高出部分的，"
        "超标倍数（类别）从入境断面起算。没有入境断面的照常计收。",
    )
    days_from: int | None = parameter(
        "连续超标起计日数",
        ParameterKind.INTEGER,
        english="Days in a row from",
        english_help="Daily means of an automatic station over the limit for so many days in a row "
        "are charged besides (Hefei: 5); empty for not.",
        unit="日",
        minimum=2,
        maximum=31,
        optional=True,
        help="自动站日均值连续超标达到这么多日的另行计收（合肥为 5）；空为不计。",
        default=[since("2016-01-01", None, source=_OURS)],
    )
    days_counted: str = parameter(
        "连续超标计收的日",
        ParameterKind.CHOICE,
        english="Days that count",
        english_help="Of 7 days in a row counted from the 5th: all count 7, from that day on 3.",
        choices={"all": "连续超标的全部日", "from": "自起计日起的各日"},
        help="连续 7 日超标、起计日数为 5 时：全部日计 7 日，自起计日起计 3 日。",
        default=[since("2016-01-01", "all", source=_HEFEI)],
    )
    day_amount: Decimal = parameter(
        "连续超标每日金额",
        ParameterKind.MONEY,
        english="Amount per day",
        english_help="What one counted day of one indicator costs; above zero where days count.",
        unit="元/日",
        minimum=Decimal(0),
        help="每项指标每计一日的金额；设起计日数时须大于零。",
        default=[since("2016-01-01", "0", source=_OURS)],
    )
    day_cap: Decimal | None = parameter(
        "连续超标单指标每月封顶",
        ParameterKind.MONEY,
        english="Monthly cap for days",
        english_help="Most that days in a row cost for one indicator in a month, apart from the cap "
        "by multiple; empty for no cap.",
        unit="元/月",
        minimum=Decimal(0),
        optional=True,
        help="每项指标一个月因连续超标最多计收的金额，与按倍数的封顶分别计算；空为不封顶。",
        default=[since("2016-01-01", None, source=_OURS)],
    )
    month_cap: Decimal | None = parameter(
        "断面每月封顶",
        ParameterKind.MONEY,
        english="Monthly cap of the section",
        english_help="Most that all indicators together cost in a month; empty for no cap.",
        unit="元/月",
        minimum=Decimal(0),
        optional=True,
        help="各指标相加后一个月最多计收的金额；空为不封顶。",
        default=[since("2016-01-01", None, source=_OURS)],
    )
    yearly_cap: Decimal | None = common.yearly_cap("2016-01-01")
    incomplete_month: str = common.incomplete("2016-01-01")
    missing_month: str = common.missing_month("2016-01-01")
    sampling: str = common.sampling("2016-01-01")
    part_month: str = common.part_month("2016-01-01")
    rounding: str = common.rounding("2016-01-01")
    ph_mean: str = common.ph_mean("2016-01-01")
    first_origin: str = common.first_origin("2016-01-01")

    def contradictions(self) -> list[ParameterError]:
        errors = []
        if twice := items.repeated(self.indicators):
            errors.append(self.error("indicators", f"{twice}填了不止一行；每项指标只填一行。"))
        if bare := items.needs_limit(self.indicators):
            errors.append(self.error("indicators", f"{bare}没有功能类别限值；请填该行的限值。"))
        if self.mode == "classes" and any(row.limit is not None for row in self.indicators):
            errors.append(self.error("indicators", "每差一个类别的，同功能类别比较；请清空限值。"))
        if self.mode == "scaled" and not self.bands:
            errors.append(self.error("bands", "按分段基数计收，须至少填一段。"))
        for lower, upper in zip(self.bands or (), (self.bands or ())[1:], strict=False):
            if upper.above <= lower.above or upper.base < lower.base:
                errors.append(
                    self.error(
                        "bands",
                        f"倍数大于 {upper.above:f} 的一段须排在 {lower.above:f} 之后、"
                        "基数不小于前一段，否则水质更差反而少付。",
                    )
                )
        if self.days_from is not None and not self.day_amount:
            errors.append(self.error("day_amount", "设了连续超标起计日数，请填每日金额。"))
        return errors
