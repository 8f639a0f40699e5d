"""What a month costs that does not meet its functional class (同比类别法 的未达标核算).

Flat, by classes short, or by steps of the largest exceedance multiple, each at one amount or
by a table; held to a cap. Where what came in is deducted, classes and multiples count from
the inflow's. Multiple = (C − S) / S (环办〔2011〕22号). Amounts are Decimal yuan before the
section's share, means and limits Decimal mg/L.
"""

# ruff: noqa: RUF009 - parameter() is dataclasses.field with a Spec

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_CEILING, Decimal
from itertools import pairwise
from typing import TYPE_CHECKING

from monitoring.standards.gb3838_2002 import WaterClass, has_limits, limit
from settlements.money import format_wan
from settlements.rules import steps
from settlements.rules.base import Facts, require, require_item
from settlements.rules.kinds import Kind, parameter

if TYPE_CHECKING:
    from settlements.rules.class_vs_last_year import Parameters


@dataclass(frozen=True, kw_only=True)
class Grade:
    """From this many classes short (or steps) on, what the month costs."""

    count: int = parameter(
        "级数",
        Kind.INTEGER,
        english="From",
        english_help="So many classes short (or steps) and more, up to the next line.",
        minimum=1,
        maximum=50,
        help="差几个类别，或几级超标倍数，起（含）。",
    )
    amount: Decimal = parameter(
        "金额",
        Kind.MONEY,
        english="Amount",
        english_help="What such a month costs in all.",
        unit="元/月",
        minimum=Decimal(0),
        help="该级一个月的总金额。",
    )


@dataclass(frozen=True, slots=True)
class Cost:
    """What the month costs before the inherited part and the share, and how it was found."""

    yuan: Decimal
    formula: str
    words: str


def cost(facts: Facts, p: Parameters, found: WaterClass, target: WaterClass) -> Cost:
    """Raises MissingFact for means, and "inflow_means.<code>" where what came in is deducted."""
    base = target
    if p.inherited == "deduct" and facts.inflow_section:
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


def schedule_problems(rows: tuple[Grade, ...], least: Decimal) -> list[str]:
    """What is wrong with the table, so that worse water would cost less."""
    problems = []
    if rows[0].count != 1:
        problems.append("第一行须自 1 起；请补填，使每一级都有金额。")
    if rows[0].amount < least:
        problems.append(
            f"第一行 {format_wan(rows[0].amount)} 万元低于补偿标准 {format_wan(least)} 万元，"
            "水质更差反而少付。"
        )
    problems += [
        f"第{number}行须比上一行级数多、金额不少；请由低到高填。"
        for number, (low, high) in enumerate(pairwise(rows), 2)
        if high.count <= low.count or high.amount < low.amount
    ]
    return problems


def _priced(p: Parameters, count: int) -> tuple[Decimal, str]:
    if p.not_met_schedule and p.not_met_mode != "flat":
        row = [row for row in p.not_met_schedule if row.count <= max(1, count)][-1]
        return row.amount, f"分级表 {row.count} 级起 {format_wan(row.amount)} 万元"
    return p.not_met_amount * count, f"{format_wan(p.not_met_amount)} 万元 × {count}"


def _multiple_steps(facts: Facts, p: Parameters, target: WaterClass) -> tuple[int, str]:
    """Steps of the largest multiple over the target's limit, or over what came in, in words.

    pH and DO have none and count as one step.
    """
    deducts = p.inherited == "deduct" and bool(facts.inflow_section)
    multiples = {}
    for code, value in require(facts, "means").items():
        if code in {"pH", "DO"} | steps.NOT_ASSESSED or not has_limits(code, facts.water_body):
            continue
        at = start = limit(code, target, facts.water_body)
        if deducts and value > at:
            start = max(at, require_item(facts, "inflow_means", code))
        multiples[code] = (value - start) / at
    worst = max(multiples, key=lambda code: (multiples[code], code), default=None)
    if worst is None or multiples[worst] <= 0:
        return 1, "超标指标没有超标倍数（pH、溶解氧），按一级计；"
    multiple, width = multiples[worst], p.not_met_step_width
    count = int((multiple / width).to_integral_value(rounding=ROUND_CEILING))
    over = f"超 {target.label}限值" + ("、扣除来水部分后" if deducts else "")
    return count, (
        f"{steps.shown_indicator(worst)}{over} {steps.shown(multiple)} 倍，"
        f"÷ 级宽 {width:f}，不足一级按一级，计 {count} 级；"
    )
