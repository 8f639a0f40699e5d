"""Charges by steps of the exceedance multiple, indicator by indicator (超标分档法).

A month and indicator over its limit has a multiple (C − S) / S; the multiple divided by the
step width, rounded up, is the number of steps, so a multiple equal to a step's end belongs to
that step. Indicators add up. Instead of steps, a base by band of the multiple can be taken
times (1 + multiple). What came in over the limit can be left out or halved (未增加), and days
over the limit in a row at an automatic station can count besides.

Source: the schemes of Hebei 2016, Anhui 2018, Hefei 2022 and Zhoukou. Upstream alone pays.
Amounts are Decimal yuan to the fen; limits and means Decimal mg/L.
"""

from __future__ import annotations

from fractions import Fraction

from monitoring.standards.exact import exact
from settlements.money import format_wan
from settlements.rules import items, steps
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
from settlements.rules.exceedance_steps.charge import Charge, charge
from settlements.rules.exceedance_steps.parameters import Parameters
from settlements.rules.facts import DaysInARow
from settlements.rules.family import Family, by_month
from settlements.rules.substitution import Filling


def days_in_a_row(parameters: Parameters) -> tuple[DaysInARow, ...]:
    """Every listed indicator, where days over the limit in a row count at all."""
    if parameters.days_from is None:
        return ()
    whole = parameters.days_counted == "all"
    return tuple(
        DaysInARow(row.indicator, row.limit, parameters.days_from, whole)
        for row in parameters.indicators
    )


def evaluate(facts: Facts, parameters: Parameters) -> Outcome:
    """What upstream pays for one section and month; the yearly cap is `caps.apply_cap`'s.

    Raises MissingFact for the mean of a listed indicator, target (where a row has no limit
    of its own), the inflow's mean (where what came in is not charged in full) and
    over_limit_days (where days in a row count); WrongPeriod for a year.
    """
    require_period(facts, Granularity.MONTH)
    if settled := steps.decided_elsewhere(facts, FAMILY):
        return settled
    require(facts, "means")
    lines = steps.opening(facts, FAMILY)
    if unused := steps.incomplete(facts, FAMILY, parameters, lines, "incomplete_month"):
        return unused
    if facts.water_class is not None:
        lines.append(steps.class_step(facts, facts.water_class, parameters))
    charges = [charge(facts, parameters, item) for item in parameters.indicators]
    lines += [each.step for each in charges]
    return _settle(facts, parameters, charges, lines)


def _settle(facts: Facts, p: Parameters, charges: list[Charge], lines: list[Step]) -> Outcome:
    over = [each for each in charges if each.over]
    state = MonthState.MET
    if over:
        inherited = all(each.inherited for each in over)
        state = MonthState.NOT_INCREASED if inherited else MonthState.NOT_MET
    lines.append(_comparison(p, charges, over, state))
    charged = [each.amount for each in charges if each.amount]
    full = sum(charged, Fraction(0))
    capped = full if p.month_cap is None else min(full, exact(p.month_cap))
    amount = facts.due(capped)
    also = [name for name in ("inherited",) if any(each.inherited for each in over)]
    text = "各项指标均未超过限值的，不计收。"
    if over:
        text = f"超过限值的指标逐项计收、相加，{steps.pays_words(UPSTREAM, DOWNSTREAM)}。"
    if also:
        text += f"继承部分{p.choice('inherited')}。"
    priced = "bands" if p.mode == "scaled" else "indicators"
    lines.append(steps.clause_step(p, priced, text, UPSTREAM if amount else None, "mode", *also))
    if not charged:
        return steps.finish(facts, FAMILY, state, (), lines)
    formula, why = f"（{items.wan_sum(charged)}）万元", f"共 {len(charged)} 项；"
    inputs: tuple[Input, ...] = ()
    if capped < full:
        formula = f"封顶 {format_wan(capped)} 万元"
        why += f"合计 {format_wan(full)} 万元超过断面每月封顶，按 {format_wan(capped)} 万元计；"
    if p.month_cap is not None:
        inputs = (Input("断面每月封顶", format_wan(p.month_cap), "万元/月", p.source("month_cap")),)
    lines.append(steps.amount_step(facts, amount, formula, why, inputs))
    because = "超过限值" if state is MonthState.NOT_MET else "超过限值、未较来水增加"
    return steps.finish(
        facts, FAMILY, state, pays(UPSTREAM, DOWNSTREAM, amount, because=because), lines
    )


def _comparison(
    p: Parameters, charges: list[Charge], over: list[Charge], state: MonthState
) -> Step:
    names = "、".join(each.name for each in over)
    text = f"{len(charges)} 项指标中，{names}超过限值。" if over else "各项指标均未超过限值。"
    if state is MonthState.NOT_INCREASED:
        text += "均不高于入境断面的浓度，记为“未增加”。"
    return Step(
        key="comparison",
        title="与限值比较",
        text=text,
        formula="；".join(f"{each.name} {each.words}" for each in charges),
        result=state.label if over else "未超标",
        result_note=f"超标 {len(over)} 项" if over else "",
        defaults=p.defaults("indicators"),
    )


FAMILY = Family(
    code="exceedance_steps",
    title="超标分档法",
    summary="指标月均值超过限值时，上游按超标倍数分档付下游；不超标不付。只有上游付。",
    title_en="Steps of exceedance",
    revision=1,
    legal_basis="《安徽省地表水断面生态补偿暂行办法》（2018）及河北、合肥、周口同类办法",
    about=__doc__,
    needs=frozenset(
        {
            "water_class",
            "target",
            "means",
            "inflow_means",
            "over_limit_days",
            "deciding",
            "complete",
        }
    ),
    parameters=Parameters,
    evaluate=evaluate,
    granularity=by_month,
    days_in_a_row=days_in_a_row,
    yearly_cap=lambda p: p.yearly_cap,
    period_cap=lambda p: p.month_cap,
    part_month=lambda p: p.part_month,
    filling=lambda p: Filling(p, p.missing_month, p.sampling, p.incomplete_month),
)
