"""Load beyond a target concentration, priced by the tonne (超标通量法).

Amount = Σ max(0, C − target) × flow × unit price: upstream pays for the exceedance. With the
mirror, the load below the target earns at its own price and is netted, so that one section
and period has one direction. 1 mg/L in 1,000,000 m³ is one tonne.

Source: the form many provinces use; prices and targets are the agreement's own.
Means and targets are Decimal mg/L, flow m³ in the period, amounts Decimal yuan to the fen.
"""

# ruff: noqa: RUF009 - parameter() is dataclasses.field with a Spec

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from monitoring.standards.exact import Number, exact, written
from monitoring.standards.rounding import round_to_places
from settlements.money import format_wan, format_yuan, to_fen
from settlements.rules import common, items, steps
from settlements.rules.base import (
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
from settlements.rules.facts import UnusableFact, plain_decimal
from settlements.rules.family import Family
from settlements.rules.parameters import ParameterError, ParameterKind, parameter, since
from settlements.rules.parameters import Parameters as BaseParameters
from settlements.rules.substitution import Filling

GRAMS_PER_TONNE = 1_000_000  # 1 mg/L is 1 g/m³

_OURS = common.OURS


@dataclass(frozen=True, kw_only=True)
class LoadItem:
    """One pollutant: its target and what a tonne above (or below) it is worth."""

    indicator: str = parameter(
        "指标",
        ParameterKind.CHOICE,
        english="Pollutant",
        english_help="Priced by its load.",
        choices=items.CONCENTRATIONS,
        help="按通量计价的污染物。",
    )
    limit: Decimal | None = parameter(
        "目标浓度",
        ParameterKind.DECIMAL,
        english="Target concentration",
        english_help="Empty for the limit of the functional class; needed for pollutants without "
        "one in table 1, such as total nitrogen.",
        unit="mg/L",
        minimum=Decimal("0.000001"),
        optional=True,
        help="空为断面功能类别的限值；表1没有河流限值的指标（如总氮）须填。",
    )
    unit_price: Decimal = parameter(
        "超标单价",
        ParameterKind.MONEY,
        english="Price above the target",
        english_help="Upstream pays it per tonne above the target.",
        unit="元/吨",
        minimum=Decimal(0),
        help="超出目标浓度的每吨污染物，上游补偿下游的金额。",
    )
    mirror_price: Decimal | None = parameter(
        "改善单价",
        ParameterKind.MONEY,
        english="Price below the target",
        english_help="Downstream pays it per tonne below the target; empty where that does not "
        "count.",
        unit="元/吨",
        minimum=Decimal(0),
        optional=True,
        help="低于目标浓度的每吨污染物，下游补偿上游的金额；空为改善不计。",
    )


@dataclass(frozen=True, kw_only=True)
class Parameters(BaseParameters):
    """The priced pollutants, what came in, and the caps."""

    indicators: tuple[LoadItem, ...] = parameter(
        "污染物与单价",
        ParameterKind.ROWS,
        english="Pollutants and prices",
        english_help="Priced one by one and added up; below and above the target are netted.",
        row=LoadItem,
        help="逐项计价、相加；改善与超标相抵。",
    )
    comparison: str = parameter(
        "核算周期",
        ParameterKind.CHOICE,
        english="Period",
        english_help="Monthly means and flow, or the year's.",
        choices={"monthly": "按月", "yearly": "按年"},
        help="用月均值与当月水量，或用年均值与全年水量。",
        default=[since("2018-01-01", "monthly", source=_OURS)],
    )
    inherited: str = common.inherited(
        "2018-01-01",
        *("charge", "half", "deduct", "none"),
        help="超过目标、但不高于入境断面浓度的污染物如何计收，状态记为“未增加”；只计高出部分的，"
        "超标从入境浓度起算。没有入境断面的照常计收。",
    )
    period_cap: Decimal | None = parameter(
        "每期封顶",
        ParameterKind.MONEY,
        english="Cap of a period",
        english_help="Most that either side pays in a period; empty for no cap.",
        unit="元/期",
        minimum=Decimal(0),
        optional=True,
        help="任一方向一期最多付的金额；空为不封顶。",
        default=[since("2018-01-01", None, source=_OURS)],
    )
    yearly_cap: Decimal | None = common.yearly_cap("2018-01-01")
    incomplete_period: str = common.incomplete("2018-01-01", "期")
    missing_month: str = common.missing_month("2018-01-01", applies_if=common.MONTHLY)
    sampling: str = common.sampling("2018-01-01", applies_if=common.MONTHLY)
    part_month: str = common.part_month("2018-01-01", applies_if=common.MONTHLY)
    rounding: str = common.rounding("2018-01-01")
    ph_mean: str = common.ph_mean("2018-01-01")
    first_origin: str = common.first_origin("2018-01-01")

    def contradictions(self) -> list[ParameterError]:
        errors = []
        if twice := items.repeated(self.indicators):
            errors.append(self.error("indicators", f"{twice}填了不止一行；每项指标只填一行。"))
        if bare := items.needs_limit(self.indicators):
            errors.append(self.error("indicators", f"{bare}没有功能类别限值；请填该行的目标浓度。"))
        return errors


@dataclass(frozen=True, slots=True)
class _Load:
    """One pollutant's amount, positive where downstream pays; yuan, unrounded, before the share."""

    name: str
    over: bool
    inherited: bool  # over its target by nothing but what came in
    amount: Fraction
    words: str
    step: Step


def granularity(parameters: Parameters) -> Granularity:
    """Settled by the month or by the year, as the term says."""
    return Granularity.YEAR if parameters.comparison == "yearly" else Granularity.MONTH


def evaluate(facts: Facts, parameters: Parameters) -> Outcome:
    """Who pays for one section and period; the yearly cap is applied by `caps.apply_cap`.

    Raises MissingFact for flow, the mean of a listed pollutant, target (where a row has none
    of its own) and the inflow's mean (where what came in is deducted); UnusableFact for a
    negative one; WrongPeriod for the other kind of period.
    """
    p = parameters
    require_period(facts, granularity(p))
    if settled := steps.decided_elsewhere(facts, FAMILY):
        return settled
    require(facts, "means")
    flow: Number = require(facts, "flow")
    if flow < 0:
        why = f"水量 {plain_decimal(flow)} m³ 不能为负；倒流的月份请由市局认定。"
        raise UnusableFact("flow", facts.section, facts.period_label, why)
    lines = steps.opening(facts, FAMILY)
    if unused := steps.incomplete(facts, FAMILY, p, lines, "incomplete_period"):
        return unused
    if facts.water_class is not None:
        lines.append(steps.class_step(facts, facts.water_class, p))
    lines.append(_flow_step(facts, flow))
    loads = [_load(facts, p, item, flow) for item in p.indicators]
    lines += [load.step for load in loads]
    return _settle(facts, p, loads, lines)


def _flow_step(facts: Facts, flow: Number) -> Step:
    source = facts.sources.get("flow", "")
    return Step(
        key="flow",
        title="水量",
        text="本期流过断面的水量；1 mg/L 在 100 万 m³ 水中为 1 吨。",
        result=_volume(flow),
        result_note="m³",
        inputs=(Input("本期水量", plain_decimal(flow), "m³", source),),
    )


def _unrounded(yuan: Fraction) -> str:
    """Yuan as they stand before the sum is rounded to the fen: more decimals where there are."""
    return (
        format_yuan(yuan) if to_fen(yuan) == yuan else f"{round_to_places(yuan, 5).normalize():,f}"
    )


def _volume(flow: Number) -> str:
    return f"{written(flow):,f}"


def _load(facts: Facts, p: Parameters, item: LoadItem, flow: Number) -> _Load:
    code, name = item.indicator, steps.shown_indicator(item.indicator)
    value = items.mean_of(facts, "means", code)
    at, limit_name = items.limit_of(facts, item)
    over = value > at
    base, base_name = at, limit_name
    inherited = False
    if over and p.inherited != "charge" and facts.has_inflow:
        came_in = items.mean_of(facts, "inflow_means", code)
        inherited = value <= came_in
        if p.inherited == "deduct" and came_in > at:
            base, base_name = came_in, facts.inflow_shown
    kept = common.KEPT[p.inherited] if inherited else Fraction(1)
    apart = max(Fraction(0), value - base) if over else value - base
    price = item.unit_price if over else (item.mirror_price or Decimal(0))
    tonnes = abs(apart) * exact(flow) / GRAMS_PER_TONNE
    amount = tonnes * exact(price) * kept
    if over:
        words = "超过目标，未较来水增加" if inherited else "超过目标"
    else:
        words = "低于目标" if apart else "恰为目标"
    text = f"{name}均值 {items.in_unit(code, value)}，{words}。"
    if inherited and base == at:
        text += f"不高于{facts.inflow_shown}，{p.choice('inherited')}。"
    if base != at:
        text += f"来水已超过目标，从{base_name}的 {items.in_unit(code, base)} 起算。"
    if not over and item.mirror_price is None:
        text += "改善不计。"
    larger, smaller = (value, base) if over else (base, value)
    order = "＝" if apart == 0 else "＜"
    formula = f"{steps.shown(value)} {order} {steps.shown(at)} mg/L"
    if over or item.mirror_price is not None:
        tonnes_words = f"{steps.shown(tonnes)} 吨"
        share = f" × 继承部分 {steps.percent(kept)}" if kept != 1 and base == at else ""
        formula = (
            f"max（0，{steps.shown(larger)} − {steps.shown(smaller)}）mg/L × {_volume(flow)} m³ "
            f"÷ 1,000,000 ＝ {tonnes_words}；"
            f"{tonnes_words} × {format_yuan(price)} 元/吨{share} ＝ {_unrounded(amount)} 元"
        )
    step = Step(
        key=f"item-{code}",
        title=name,
        text=text,
        formula=formula,
        result=format_wan(-amount if over else amount),
        result_note="万元，正为上游应得",
        clause=p.source("indicators"),
        inputs=_inputs(facts, p, item, value, at, limit_name),
        hint=steps.near_limit(code, value, at, limit_name, facts.water_body),
    )
    return _Load(name, over, inherited, -amount if over else amount, words, step)


def _inputs(
    facts: Facts, p: Parameters, item: LoadItem, value: Number, at: Number, limit_name: str
) -> tuple[Input, ...]:
    listed = p.source("indicators")
    limit_source = listed if item.limit is not None else facts.sources.get("target", "")
    inputs = [
        Input("本期均值", steps.shown(value), "mg/L", facts.sources.get("means", "")),
        Input(f"目标（{limit_name}）", steps.shown(at), "mg/L", limit_source),
        Input("超标单价", format_yuan(item.unit_price), "元/吨", listed),
    ]
    if item.mirror_price is not None:
        inputs.append(Input("改善单价", format_yuan(item.mirror_price), "元/吨", listed))
    if p.inherited != "charge" and item.indicator in facts.inflow_means:
        came_in = steps.shown(facts.inflow_means[item.indicator])
        source = facts.sources.get("inflow_means", "")
        inputs.append(Input(facts.inflow_shown, came_in, "mg/L", source))
    return tuple(inputs)


def _settle(facts: Facts, p: Parameters, loads: list[_Load], lines: list[Step]) -> Outcome:
    over = [load for load in loads if load.over]
    state = MonthState.MET
    if over:
        inherited = all(load.inherited for load in over)
        state = MonthState.NOT_INCREASED if inherited else MonthState.NOT_MET
    parts = [load.amount for load in loads if load.amount]
    total = sum(parts, Fraction(0))
    full = abs(total)
    capped = full if p.period_cap is None else min(full, exact(p.period_cap))
    amount = facts.due(capped)
    payer, payee = items.sides(total) if amount else (None, None)
    names = "、".join(load.name for load in over)
    lines.append(
        Step(
            key="comparison",
            title="与目标比较",
            text=f"{len(loads)} 项污染物中，{names}超过目标。" if over else "各项均未超过目标。",
            formula="；".join(f"{load.name} {load.words}" for load in loads),
            result=state.label,
            result_note=f"超过 {len(over)} 项",
        )
    )
    also = ("inherited",) if any(load.inherited for load in over) else ()
    if payer is None or payee is None:
        text = "没有应计的通量，双方互不补偿。"
        lines.append(steps.clause_step(p, "indicators", text, None, *also))
        return steps.finish(facts, FAMILY, state, (), lines)
    text = f"超标与改善的金额相抵后，{steps.pays_words(payer, payee)}。"
    lines.append(steps.clause_step(p, "indicators", text, payer, *also))
    owed = parts if total > 0 else [-part for part in parts]
    formula, why, inputs = f"（{items.wan_sum(owed)}）万元", "", []
    if capped < full:
        formula = f"封顶 {format_wan(capped)} 万元"
        why = f"{format_wan(full)} 万元超过每期封顶，按 {format_wan(capped)} 万元计；"
    if p.period_cap is not None:
        inputs = [Input("每期封顶", format_wan(p.period_cap), "万元/期", p.source("period_cap"))]
    lines.append(steps.amount_step(facts, amount, formula, why, inputs))
    because = "通量超过目标" if payer == UPSTREAM else "通量低于目标"
    return steps.finish(facts, FAMILY, state, pays(payer, payee, amount, because=because), lines)


FAMILY = Family(
    code="pollution_load",
    title="超标通量法",
    summary="超过目标浓度的部分乘以水量得出超标的吨数，上游按每吨单价付下游；可约定好于目标时反过来付。",
    title_en="Load beyond a target",
    revision=1,
    legal_basis="按协议约定的目标浓度、水量与单价（多省采用的通量补偿形式）",
    about=__doc__,
    needs=frozenset(
        {"water_class", "target", "means", "inflow_means", "flow", "deciding", "complete"}
    ),
    parameters=Parameters,
    evaluate=evaluate,
    granularity=granularity,
    yearly_cap=lambda p: p.yearly_cap,
    period_cap=lambda p: p.period_cap,
    part_month=lambda p: p.part_month,
    filling=lambda p: Filling(p, p.missing_month, p.sampling, p.incomplete_period),
)
