"""Border section against a baseline, both ways (基准法).

In force from 2023: better than the baseline, downstream pays upstream; not reaching it,
upstream pays downstream. The baseline is a class, the functional class, limits per
indicator, or the mean of a base period; each further class (or width) better or worse can
add a step, as in Anhui (+50 万元 a class better) and Beijing (30 万元 a class worse, half
of it where the water did not get worse on its way).

Source: domain figures of Chongqing's second form (2023), defaults marked as ours.
Amounts are Decimal yuan to the fen; limits and means Decimal mg/L.
"""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

from monitoring.standards.exact import exact
from settlements.money import format_wan
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
from settlements.rules.baseline.gap import Gap, class_gap, limits_gap
from settlements.rules.baseline.parameters import BY_LIMITS, Parameters
from settlements.rules.family import Family
from settlements.rules.substitution import Filling


def sections_named(parameters: Parameters) -> frozenset[str]:
    """The codes of the sections the term has limits of their own for."""
    return frozenset(key.rpartition(":")[0] for key in parameters.section_limits or ())


def base_years(parameters: Parameters, year: int) -> frozenset[int]:
    """The base period, whatever the year; none where the term names none."""
    return common.years_between(parameters.base_from, parameters.base_to)


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
    if settled := steps.decided_elsewhere(facts, FAMILY):
        return settled
    by_limits = parameters.baseline_kind in BY_LIMITS
    require(facts, "means" if by_limits else "water_class")
    lines = steps.opening(facts, FAMILY)
    if unused := steps.incomplete(facts, FAMILY, parameters, lines, "incomplete_period"):
        return unused
    if facts.water_class is not None:
        lines.append(steps.class_step(facts, facts.water_class, parameters))
    gap = limits_gap(facts, parameters) if by_limits else class_gap(facts, parameters)
    lines.append(gap.step)
    return _settle(facts, parameters, gap, lines)


def _settle(facts: Facts, p: Parameters, gap: Gap, lines: list[Step]) -> Outcome:
    every = "每月" if p.comparison == "monthly" else "每年"
    if gap.tiers == 0 and p.meets_equal == "nobody":
        lines.append(
            steps.clause_step(p, "meets_equal", "断面水质与基准持平的，双方互不补偿。", None)
        )
        return steps.finish(facts, FAMILY, MonthState.MET, (), lines)
    if gap.tiers > 0:
        payer, payee, because, state = UPSTREAM, DOWNSTREAM, "未达到基准", MonthState.NOT_MET
    else:
        payer, payee, state = DOWNSTREAM, UPSTREAM, MonthState.MET
        because = "好于基准" if gap.tiers else "与基准持平"
    factor = Fraction(1)
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
    amount = facts.due(exact(p.rate + p.tier_amount * (counted - 1)) * factor)
    lines.append(_amount(facts, p, tiers, counted, factor, amount))
    return steps.finish(facts, FAMILY, state, pays(payer, payee, amount, because=because), lines)


def _amount(
    facts: Facts, p: Parameters, tiers: int, counted: int, factor: Fraction, amount: Decimal
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


FAMILY = Family(
    code="baseline",
    title="基准法",
    summary="与约定的基准比（类别、功能类别、指标限值或基准期均值）：好于基准，下游付上游；差于基准，上游付下游。",
    title_en="Baseline",
    revision=1,
    legal_basis="重庆市流域横向生态保护补偿第二轮协议（2023年起）",
    about=__doc__,
    needs=frozenset(
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
    ),
    needs_if={"section_limits": frozenset({"section_code"})},
    parameters=Parameters,
    evaluate=evaluate,
    granularity=granularity,
    base_years=base_years,
    sections_named=sections_named,
    fixed_class=lambda p: p.baseline_class,
    yearly_cap=lambda p: p.yearly_cap,
    part_month=lambda p: p.part_month,
    filling=lambda p: Filling(p, p.missing_month, p.sampling, p.incomplete_period),
)
