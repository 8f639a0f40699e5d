"""What a month costs that does not meet its functional class (同比类别法 的未达标核算).

Flat, by classes short, or by steps of the largest exceedance multiple, each at one amount or
by a table; held to a cap. Where what came in is deducted, classes and multiples count from
the inflow's. Multiple = (C − S) / S (环办〔2011〕22号). Amounts are Decimal yuan before the
section's share, means and limits Decimal mg/L.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from math import ceil

from monitoring.standards.exact import exact
from monitoring.standards.gb3838_2002 import WaterClass, has_limits, limit
from settlements.money import format_wan
from settlements.rules import steps
from settlements.rules.base import Facts, require, require_item
from settlements.rules.class_vs_last_year.parameters import Parameters


@dataclass(frozen=True, slots=True)
class Cost:
    """What the month costs before the inherited part and the share, and how it was found."""

    yuan: Decimal
    formula: str
    words: str


def cost(facts: Facts, p: Parameters, found: WaterClass, target: WaterClass) -> Cost:
    """Raises MissingFact for means, and "inflow_means.<code>" where what came in is deducted."""
    base = target
    if p.inherited == "deduct" and facts.has_inflow:
        base = max(target, require(facts, "inflow_class"))
    short = max(0, found - base)
    if p.not_met_mode == "per_class_short":
        start = "功能类别" if base == target else "入境断面"
        count, words = short, f"较{start} {base.label} 差 {short} 个类别；"
    elif p.not_met_mode == "per_multiple_step":
        count, words = _multiple_steps(facts, p, target)
    else:
        count, words = 1, "每月定额；"
    full, formula = _priced(p, count)
    capped = full if p.not_met_cap is None else min(full, p.not_met_cap)
    if capped < full:
        words += f"{format_wan(full)} 万元超过每月封顶，按 {format_wan(capped)} 万元计；"
        formula = f"封顶 {format_wan(capped)} 万元"
    return Cost(capped, formula, words)


def _priced(p: Parameters, count: int) -> tuple[Decimal, str]:
    if p.not_met_schedule and p.not_met_mode != "flat":
        row = [row for row in p.not_met_schedule if row.count <= max(1, count)][-1]
        return row.amount, f"分级表 {row.count} 级起 {format_wan(row.amount)} 万元"
    return p.not_met_amount * count, f"{format_wan(p.not_met_amount)} 万元 × {count}"


def _multiple_steps(facts: Facts, p: Parameters, target: WaterClass) -> tuple[int, str]:
    """Steps of the largest multiple over the target's limit, or over what came in, in words.

    pH and DO have none and count as one step.
    """
    deducts = p.inherited == "deduct" and facts.has_inflow
    multiples = {}
    for code, value in require(facts, "means").items():
        if code in {"pH", "DO"} | steps.NOT_ASSESSED or not has_limits(code, facts.water_body):
            continue
        at = start = exact(limit(code, target, facts.water_body))
        if deducts and value > at:
            start = max(at, require_item(facts, "inflow_means", code))
        multiples[code] = (exact(value) - start) / at
    worst = max(multiples, key=lambda code: (multiples[code], code), default=None)
    if worst is None or multiples[worst] <= 0:
        return 1, "超标指标没有超标倍数（pH、溶解氧），按一级计；"
    multiple, width = multiples[worst], p.not_met_step_width
    count = ceil(multiple / exact(width))
    over = f"超 {target.label}限值" + ("、扣除来水部分后" if deducts else "")
    return count, (
        f"{steps.shown_indicator(worst)}{over} {steps.shown(multiple)} 倍，"
        f"÷ 级宽 {width:f}，不足一级按一级，计 {count} 级；"
    )
