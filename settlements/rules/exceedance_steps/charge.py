"""What one indicator costs in one month (超标分档法 的单项计收).

Multiple = (C − S) / S (环办〔2011〕22号). Steps are counted upward: 不足一档按一档, and a
multiple at a step's end belongs to it. Means and limits are Decimal mg/L, amounts yuan
before the section's share.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal
from fractions import Fraction
from math import ceil

from monitoring.standards.exact import Number, exact
from monitoring.standards.gb3838_2002 import WaterClass, class_of
from settlements.money import format_wan
from settlements.rules import common, items, steps
from settlements.rules.base import Facts, Input, Step, require, require_item
from settlements.rules.exceedance_steps.parameters import ExceedanceItem, Parameters
from settlements.rules.facts import plain_decimal


@dataclass(frozen=True, slots=True)
class Charge:
    """One indicator's finding.

    over: over its limit, or over it so many days in a row that these count.
    inherited: over, but not above what came in. amount: yuan, unrounded, before the share.
    """

    name: str
    over: bool
    inherited: bool
    amount: Fraction
    words: str
    step: Step


@dataclass(frozen=True, slots=True)
class _Part:
    """One line of arithmetic: what it comes to and its words."""

    amount: Fraction = Fraction(0)
    text: str = ""
    formula: str = ""


def charge(facts: Facts, p: Parameters, item: ExceedanceItem) -> Charge:
    """The charge of one indicator. Raises MissingFact as `exceedance_steps.evaluate` says."""
    code, name = item.indicator, steps.shown_indicator(item.indicator)
    value = items.mean_of(facts, "means", code)
    at, limit_name = items.limit_of(facts, item)
    multiple = (value - at) / at
    days = _days(facts, p, item)
    exceeds = multiple > 0
    over = exceeds or bool(days.amount)
    by_multiple = _Part()
    inherited = over and _not_above_inflow(facts, p, code, value)
    if exceeds:
        charged, start = multiple, at
        if p.inherited == "deduct" and facts.has_inflow and not inherited:
            start = max(at, items.mean_of(facts, "inflow_means", code))
            charged = (value - start) / at
        if p.mode == "classes":
            priced = _by_class(facts, item, value, start)
        else:
            priced = _scaled(p, charged) if p.mode == "scaled" else _stepped(item, charged)
        if start != at:
            came_in = f"扣除{facts.inflow_shown} 已有的 {items.in_unit(code, start)}，"
            priced = replace(priced, text=f"{came_in}{priced.text}")
        by_multiple = _capped(priced, item.cap, "单指标每月封顶")
    factor = common.KEPT[p.inherited] if inherited else Fraction(1)
    parts = [part for part in (by_multiple, days) if part.text]
    amount = sum((part.amount for part in parts), Fraction(0)) * factor
    words = f"超 {steps.shown(multiple)} 倍" if exceeds else "未超过限值"
    text = f"{name}均值 {items.in_unit(code, value)}，{limit_name} {items.in_unit(code, at)}，{words}。"
    formula = "；".join(part.formula for part in parts)
    if exceeds:
        ratio = f"（{steps.shown(value)} − {steps.shown(at)}）÷ {steps.shown(at)}"
        formula = f"{ratio} ＝ {steps.shown(multiple)} 倍；{formula}"
    text += "".join(part.text for part in parts)
    if inherited:
        came_in = items.in_unit(code, facts.inflow_means[code])
        text += f"不高于{facts.inflow_shown} 的 {came_in}，{p.choice('inherited')}。"
        formula += f"；继承部分 × {steps.percent(factor)} ＝ {format_wan(amount)} 万元"
    step = Step(
        key=f"item-{code}",
        title=name,
        text=text,
        formula=formula,
        result=format_wan(amount),
        result_note="万元",
        inputs=_inputs(facts, p, item, value, at, limit_name),
        hint=steps.near_limit(code, value, at, limit_name, facts.water_body),
    )
    return Charge(name, over, inherited, amount, words, step)


def _stepped(item: ExceedanceItem, multiple: Fraction) -> _Part:
    widths = multiple / exact(item.step_width)
    count = ceil(widths)
    amount = exact(item.unit_amount) * count
    width = plain_decimal(item.step_width)
    ending = "恰为一档的上限，属于该档" if widths == count else "不足一档按一档"
    return _Part(
        amount,
        f"档宽 {width} 倍，{ending}，计 {count} 档。",
        f"{steps.shown(multiple)} ÷ {width} ＝ {steps.shown(widths)}，计 {count} 档；"
        f"{count} × {format_wan(item.unit_amount)} ＝ {format_wan(amount)} 万元",
    )


def _by_class(facts: Facts, item: ExceedanceItem, value: Number, start: Number) -> _Part:
    """Classes of the indicator worse than the target's, or than what came in."""
    target: WaterClass = require(facts, "target")
    base = max(target, class_of(item.indicator, start, facts.water_body))
    found = class_of(item.indicator, value, facts.water_body)
    short = int(found) - int(base)
    amount = exact(item.unit_amount) * short
    return _Part(
        amount,
        f"该指标为 {found.label}，较 {base.label} 差 {short} 个类别。",
        f"{short} × {format_wan(item.unit_amount)} ＝ {format_wan(amount)} 万元",
    )


def _scaled(p: Parameters, multiple: Fraction) -> _Part:
    bands = [band for band in p.bands or () if multiple > band.above]
    if not bands:
        free = plain_decimal((p.bands or ())[0].above)
        return _Part(Fraction(0), f"不大于 {free} 倍，不计收。", "0.00 万元")
    band = bands[-1]
    amount = exact(band.base) * (1 + multiple)
    return _Part(
        amount,
        f"大于 {plain_decimal(band.above)} 倍，基数 {format_wan(band.base)} 万元。",
        f"{format_wan(band.base)} ×（1 ＋ {steps.shown(multiple)}）＝ {format_wan(amount)} 万元",
    )


def _days(facts: Facts, p: Parameters, item: ExceedanceItem) -> _Part:
    """Days over the limit in a row at the automatic station, where they count."""
    if p.days_from is None:
        return _Part()
    require(facts, "over_limit_days")
    run = int(require_item(facts, "over_limit_days", item.indicator))
    if run < p.days_from:
        return _Part()
    counted = run if p.days_counted == "all" else run - p.days_from + 1
    amount = exact(p.day_amount) * counted
    return _capped(
        _Part(
            amount,
            f"自动站连续超标 {run} 日，达到 {p.days_from} 日，计 {counted} 日。",
            f"{counted} 日 × {format_wan(p.day_amount)} ＝ {format_wan(amount)} 万元",
        ),
        p.day_cap,
        "连续超标单指标每月封顶",
    )


def _capped(part: _Part, cap: Decimal | None, name: str) -> _Part:
    if cap is None or part.amount <= cap:
        return part
    return _Part(
        exact(cap),
        f"{part.text}超过{name}，按 {format_wan(cap)} 万元计。",
        f"{part.formula}，封顶 {format_wan(cap)} 万元",
    )


def _not_above_inflow(facts: Facts, p: Parameters, code: str, value: Number) -> bool:
    if p.inherited == "charge" or not facts.has_inflow:
        return False
    return value <= items.mean_of(facts, "inflow_means", code)


def _inputs(
    facts: Facts, p: Parameters, item: ExceedanceItem, value: Number, at: Number, limit_name: str
) -> tuple[Input, ...]:
    code, listed = item.indicator, p.source("indicators")
    limit_source = listed if item.limit is not None else facts.sources.get("target", "")
    inputs = [
        Input("本月均值", steps.shown(value), "mg/L", facts.sources.get("means", "")),
        Input(limit_name, steps.shown(at), "mg/L", limit_source),
    ]
    if p.mode == "steps":
        inputs.append(Input("档宽", plain_decimal(item.step_width), "倍", listed))
    if p.mode != "scaled":
        inputs += [
            Input("每档金额", format_wan(item.unit_amount), "万元/档", listed),
        ]
    if item.cap is not None:
        inputs.append(Input("单指标每月封顶", format_wan(item.cap), "万元/月", listed))
    if p.days_from is not None:
        run = str(facts.over_limit_days[code])
        inputs += [
            Input("连续超标日数", run, "日", facts.sources.get("over_limit_days", "")),
            Input("连续超标每日金额", format_wan(p.day_amount), "万元/日", p.source("day_amount")),
        ]
    if p.inherited != "charge" and code in facts.inflow_means:
        inputs.append(
            Input(
                facts.inflow_shown,
                steps.shown(facts.inflow_means[code]),
                "mg/L",
                facts.sources.get("inflow_means", ""),
            )
        )
    return tuple(inputs)
