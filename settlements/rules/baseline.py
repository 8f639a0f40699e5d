"""Border section against a baseline, both ways (基准法).

In force from 2023: better than the baseline, downstream pays upstream; not reaching it,
upstream pays downstream. The baseline is a class, the functional class, limits per
indicator, or the mean of a base period; each further class (or width) better or worse can
add a step, as in Anhui (+50 万元 a class better) and Beijing (30 万元 a class worse, half
of it where the water did not get worse on its way).

Source: domain figures of Chongqing's second form (2023), defaults marked as ours.
Amounts are Decimal yuan to the fen; limits and means Decimal mg/L.
"""

# ruff: noqa: RUF009 - parameter() is dataclasses.field with a Spec

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from monitoring.standards.gb3838_2002 import NAMES, WaterClass
from settlements.money import format_wan, to_fen
from settlements.rules import common, steps
from settlements.rules.base import (
    DOWNSTREAM,
    UPSTREAM,
    Facts,
    Granularity,
    Input,
    MonthState,
    Outcome,
    Step,
    pays,
    require,
    require_period,
)
from settlements.rules.baseline_gap import Gap, class_gap, limits_gap
from settlements.rules.parameters import Kind, ParameterError, parameter, since
from settlements.rules.parameters import Parameters as BaseParameters

CODE, TITLE, REVISION = "baseline", "基准法", 1
TITLE_EN = "Baseline"
LEGAL_BASIS = "重庆市流域横向生态保护补偿第二轮协议（2023年起）"
NEEDS = frozenset(
    {
        "water_class",
        "target",
        "means",
        "base_means",
        "inflow_class",
        "inflow_means",
        "deciding",
        "complete",
    }
)
# Facts asked for only where the named parameter does not stand as it did before it came.
NEEDS_IF = {"section_limits": frozenset({"section_code"})}

_RULE = steps.Identity(CODE, TITLE, REVISION)
_OURS = common.OURS
_LIMITED = {code: name for code, name in NAMES.items() if code not in {"pH", "WT"}}
_BY_LIMITS = ("limits", "base_period")


@dataclass(frozen=True, kw_only=True)
class Parameters(BaseParameters):
    """Where the baseline lies and what each step away from it costs."""

    baseline_kind: str = parameter(
        "基准种类",
        Kind.CHOICE,
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
        Kind.CLASS,
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
        Kind.MAPPING,
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
        Kind.MAPPING,
        english="Limits of single sections",
        english_help="SECTION CODE:INDICATOR, such as PUSHUN:NH3-N. A section named here is held "
        "against its own limits alone; the others against the limits of the term.",
        unit="mg/L",
        minimum=Decimal("0.000001"),
        optional=True,
        help="项目写“断面编码:指标”，如 PUSHUN:NH3-N。写了的断面只同它自己的限值比较，"
        "没有写的断面同各指标限值比较。",
        applies_if=("baseline_kind", ("limits",)),
        default=[since("2023-01-01", None, source=_OURS)],
        added=True,
    )
    base_from: int | None = parameter(
        "基准期起始年",
        Kind.INTEGER,
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
        Kind.INTEGER,
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
        Kind.CHOICE,
        english="Comparison",
        english_help="By the month or by the year; the amounts are per month or per year.",
        choices={"monthly": "按月", "yearly": "按年"},
        help="按月比较时补偿标准为每月金额，按年比较时为每年金额。",
        default=[since("2023-01-01", "monthly", source=_OURS)],
    )
    rate: Decimal = parameter(
        "补偿标准",
        Kind.MONEY,
        english="Rate",
        english_help="Amount of the first tier better or worse than the baseline.",
        unit="元/期",
        minimum=Decimal(0),
        help="好于或差于基准第一档的金额。",
        default=[since("2023-01-01", "1000000", source=_OURS)],
    )
    tier_amount: Decimal = parameter(
        "每档加价",
        Kind.MONEY,
        english="Amount per further tier",
        english_help="Added for each further class (or width) better or worse; 0 for no tiers.",
        unit="元/档",
        minimum=Decimal(0),
        help="第一档以外，每再好或再差一个类别（一个档宽）加的金额；0 为不分档。",
        default=[since("2023-01-01", "0", source=_OURS)],
    )
    max_tiers: int | None = parameter(
        "最多档数",
        Kind.INTEGER,
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
        Kind.PERCENT,
        english="Width of a tier",
        english_help="With limits: per cent off the limit that make one tier, a part counting as "
        "one; empty for a single tier.",
        unit=" %",
        minimum=Decimal("0.1"),
        maximum=Decimal(1000),
        optional=True,
        help="按限值比较时，偏离限值每满这么多为一档，不足一档按一档；空为只有一档。",
        applies_if=("baseline_kind", _BY_LIMITS),
        default=[since("2023-01-01", None, source=_OURS)],
    )
    dead_band: Decimal = parameter(
        "不补偿区间",
        Kind.PERCENT,
        english="Dead band",
        english_help="With limits: off by no more per cent than this counts as equal, the ends "
        "included.",
        unit=" %",
        minimum=Decimal(0),
        maximum=Decimal(100),
        help="按限值比较时，最差指标偏离限值不超过这么多视同持平（含端点）。",
        applies_if=("baseline_kind", _BY_LIMITS),
        default=[since("2023-01-01", "0", source=_OURS)],
    )
    meets_equal: str = parameter(
        "恰达基准时",
        Kind.CHOICE,
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
        return f"“{key}”须写成“断面编码:指标”，如 PUSHUN:NH3-N；指标可用 {'、'.join(_LIMITED)}。"
    return ""


def sections_named(parameters: Parameters) -> frozenset[str]:
    """The codes of the sections the term has limits of their own for."""
    return frozenset(key.rpartition(":")[0] for key in parameters.section_limits or ())


def granularity(parameters: Parameters) -> Granularity:
    """Settled by the month or by the year, as the term says."""
    return Granularity.YEAR if parameters.comparison == "yearly" else Granularity.MONTH


def evaluate(facts: Facts, parameters: Parameters) -> Outcome:
    """Who pays for one section and period; the yearly cap is applied by `caps.apply_cap`.

    Raises MissingFact for what the kind of baseline needs: water_class and target, means, or
    base_means; and for the inflow's where the inherited part is not charged. WrongPeriod for
    a month where the term compares years, or the other way round.
    """
    require_period(facts, granularity(parameters))
    if settled := steps.decided_elsewhere(facts, _RULE):
        return settled
    by_limits = parameters.baseline_kind in _BY_LIMITS
    require(facts, "means" if by_limits else "water_class")
    lines = steps.opening(facts, _RULE)
    if unused := steps.incomplete(facts, _RULE, parameters, lines, "incomplete_period"):
        return unused
    if facts.water_class is not None:
        lines.append(steps.class_step(facts, facts.water_class))
    gap = limits_gap(facts, parameters) if by_limits else class_gap(facts, parameters)
    lines.append(gap.step)
    return _settle(facts, parameters, gap, lines)


def _settle(facts: Facts, p: Parameters, gap: Gap, lines: list[Step]) -> Outcome:
    every = "每月" if p.comparison == "monthly" else "每年"
    if gap.tiers == 0 and p.meets_equal == "nobody":
        lines.append(
            steps.clause_step(p, "meets_equal", "断面水质与基准持平的，双方互不补偿。", None)
        )
        return steps.finish(facts, _RULE, MonthState.MET, (), lines)
    if gap.tiers > 0:
        payer, payee, because, state = UPSTREAM, DOWNSTREAM, "未达到基准", MonthState.NOT_MET
    else:
        payer, payee, state = DOWNSTREAM, UPSTREAM, MonthState.MET
        because = "好于基准" if gap.tiers else "与基准持平"
    factor = Decimal(1)
    if gap.inherited:
        state, because = MonthState.NOT_INCREASED, "未达到基准、未较来水增加"
        factor = common.KEPT[p.inherited]
    also = [] if not p.tier_amount else ["tier_amount"]
    if gap.tiers == 0:
        also.append("meets_equal")
    tariff = (
        f"第一档{every} {format_wan(p.rate)} 万元"
        if p.tier_amount
        else (f"{every} {format_wan(p.rate)} 万元")
    )
    if p.tier_amount:
        tariff += f"，每再差（好）一档加 {format_wan(p.tier_amount)} 万元"
    clause = f"断面水质{because}的，{steps.pays_words(payer, payee)}，{tariff}。"
    if gap.inherited:
        also.append("inherited")
        clause += f"继承部分{p.choice('inherited')}。"
    lines.append(steps.clause_step(p, "rate", clause, payer if factor else None, *also))
    tiers = max(1, abs(gap.counted))
    counted = tiers if p.max_tiers is None else min(tiers, p.max_tiers)
    amount = to_fen((p.rate + p.tier_amount * (counted - 1)) * factor * facts.share)
    lines.append(_amount(facts, p, tiers, counted, factor, amount))
    return steps.finish(facts, _RULE, state, pays(payer, payee, amount, because=because), lines)


def _amount(
    facts: Facts, p: Parameters, tiers: int, counted: int, factor: Decimal, amount: Decimal
) -> Step:
    unit = steps.rate_unit(granularity(p))
    formula, text = f"{format_wan(p.rate)} {unit}", ""
    if p.tier_amount:
        formula = f"（{format_wan(p.rate)} ＋ {format_wan(p.tier_amount)} × {counted - 1}）{unit}"
        text = f"计 {counted} 档；"
        if counted < tiers:
            text = f"偏离 {tiers} 档，最多计 {counted} 档；"
    if factor != 1:
        formula += f" × 继承部分 {steps.percent(factor)}"
    inputs = [Input("补偿标准", format_wan(p.rate), unit, p.source("rate"))]
    if p.tier_amount:
        inputs.append(
            Input("每档加价", format_wan(p.tier_amount), "万元/档", p.source("tier_amount"))
        )
    return steps.amount_step(facts, amount, formula, text, inputs)
