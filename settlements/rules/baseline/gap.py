"""How far a section's water is from its baseline, in tiers (基准法 的比较).

By class: classes apart. By limits: the worst item's distance in % of its limit, beyond the
dead band, in widths rounded up (不足一档按一档). Limits and means are Decimal mg/L.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from math import ceil

from monitoring.standards.exact import Number, exact
from monitoring.standards.gb3838_2002 import UNITS, WaterClass, has_limits
from settlements.rules import steps
from settlements.rules.base import Facts, Input, MissingFact, Step, require, require_item
from settlements.rules.baseline.parameters import Parameters
from settlements.rules.facts import plain_decimal


@dataclass(frozen=True, slots=True)
class Gap:
    """How far the water is from the baseline: tiers > 0 worse, < 0 better, 0 equal.

    counted: the tiers that are charged, from the inflow's where what came in is deducted.
    """

    tiers: int
    step: Step
    inherited: bool  # worse, but no worse than what came in
    counted: int


def class_gap(facts: Facts, p: Parameters) -> Gap:
    found: WaterClass = require(facts, "water_class")
    if p.baseline_kind == "class" and p.baseline_class is not None:
        base, name, source = p.baseline_class, "基准类别", p.source("baseline_class")
    else:
        base, name = require(facts, "target"), "功能类别"
        source = facts.sources.get("target", "")
    tiers = int(found) - int(base)
    inherited = tiers > 0 and _may_inherit(facts, p) and found <= require(facts, "inflow_class")
    counted = tiers
    if tiers > 0 and _deducts(facts, p) and not inherited:
        counted = int(found) - max(int(base), int(require(facts, "inflow_class")))
    side = "劣于" if tiers > 0 else "好于"
    words = f"{side}基准 {abs(tiers)} 个类别" if tiers else "与基准持平"
    inputs = [Input(name, base.label, "", source)]
    if facts.inflow_class is not None:
        inputs.append(_inflow_input(facts, facts.inflow_class.label, ""))
    short = f"差 {tiers} 个类别{_counted_words(counted, tiers, '个类别')}"
    step = _comparison(
        formula=f"基准（{name}）{base.label} → 本期 {found.label}，{words}",
        tiers=tiers,
        note=short if tiers > 0 else words,
        inherited=inherited,
        inputs=tuple(inputs),
        hint=steps.borderline(facts),
        defaults=p.defaults("baseline_kind", "baseline_class"),
    )
    return Gap(tiers, step, inherited, counted)


def limits_gap(facts: Facts, p: Parameters) -> Gap:
    if p.baseline_kind == "limits" and p.limits:
        limits, name, source = _limits_of(facts, p)
    else:
        name, source = "基准期均值", facts.sources.get("base_means", "")
        limits = {
            code: value
            for code, value in require(facts, "base_means").items()
            if code != "pH"
            and code not in steps.NOT_ASSESSED
            and has_limits(code, facts.water_body)
        }
        _refuse_unusable(facts, limits)
    over = {
        code: _ratio(code, require_item(facts, "means", code), at) for code, at in limits.items()
    }
    worst = max(over, key=lambda code: (over[code], code))
    tiers = _tiers(over[worst] * 100, p)
    inherited = (
        tiers > 0
        and _may_inherit(facts, p)
        and all(
            _ratio(code, facts.means[code], require_item(facts, "inflow_means", code)) <= 0
            for code, ratio in over.items()
            if ratio > 0
        )
    )
    counted = tiers
    if tiers > 0 and _deducts(facts, p) and not inherited:
        counted = max(1, _tiers(max(_beyond_inflow(facts, over, limits)) * 100, p))
    value, at = facts.means[worst], limits[worst]
    item, unit = steps.shown_indicator(worst), UNITS.get(worst, "mg/L")
    side = "差于" if over[worst] > 0 else "好于"
    apart = f"{steps.shown(abs(over[worst]) * 100)} %"
    formula = (
        f"最差指标{item}：本期 {steps.shown(value)} {unit}，{name} {steps.shown(at)} {unit}，"
        + (f"{side}{name} {apart}" if over[worst] else f"恰等于{name}")
        + (f"（不补偿区间 ±{plain_decimal(p.dead_band)} %）" if p.dead_band else "")
    )
    inputs = [
        Input(
            f"{steps.shown_indicator(code)}{name}",
            steps.shown(limits[code]),
            UNITS.get(code, "mg/L"),
            source,
        )
        for code in sorted(limits)
    ]
    if p.inherited != "charge" and worst in facts.inflow_means:
        inputs.append(_inflow_input(facts, steps.shown(facts.inflow_means[worst]), unit))
    words = f"{item}{side}{name} {apart}{_counted_words(counted, tiers, '档')}"
    step = _comparison(
        formula=formula,
        tiers=tiers,
        note=words if over[worst] else "恰等",
        inherited=inherited,
        inputs=tuple(inputs),
        hint=steps.near_limit(worst, value, at, name, facts.water_body),
        defaults=p.defaults("baseline_kind", "limits"),
    )
    return Gap(tiers, step, inherited, counted)


def _limits_of(facts: Facts, p: Parameters) -> tuple[dict[str, Number], str, str]:
    """The section's own limits where the term has any, else the term's; with name and source."""
    if p.section_limits:
        code = require(facts, "section_code")
        own: dict[str, Number] = {
            indicator: at
            for section, _, indicator, at in (
                (*key.rpartition(":"), at) for key, at in sorted(p.section_limits.items())
            )
            if section == code
        }
        if own:
            return own, "本断面限值", p.source("section_limits")
    return {**(p.limits or {})}, "限值", p.source("limits")


def _beyond_inflow(
    facts: Facts, over: Mapping[str, Fraction], limits: Mapping[str, Number]
) -> list[Fraction]:
    """Of each item over its limit, how much worse than what came in, as a part of the limit."""
    found = []
    for code, ratio in over.items():
        if ratio > 0:
            came_in = _ratio(code, require_item(facts, "inflow_means", code), limits[code])
            found.append(ratio - max(Fraction(0), came_in))
    return found


def _deducts(facts: Facts, p: Parameters) -> bool:
    return p.inherited == "deduct" and facts.has_inflow


def _counted_words(counted: int, tiers: int, unit: str) -> str:
    return f"，扣除来水部分计 {counted} {unit}" if counted != tiers else ""


def _refuse_unusable(facts: Facts, limits: Mapping[str, Number]) -> None:
    """Refuse a base period none of whose items can be compared, or with a mean of zero."""
    if not limits:
        raise MissingFact("base_means", facts.section, facts.period_label)
    for code, value in limits.items():
        if value <= 0:
            raise ValueError(
                f"{facts.section}断面 {facts.period_label}：{steps.shown_indicator(code)}的"
                f"基准期均值 {plain_decimal(value)} 须大于零；未检出的请按检出限的一半计。"
            )


def _ratio(code: str, value: Number, at: Number) -> Fraction:
    """How much worse than the limit, as a part of it; negative: better. DO: less is worse."""
    worse = exact(at) - exact(value) if code == "DO" else exact(value) - exact(at)
    return worse / exact(at)


def _tiers(worse_percent: Fraction, p: Parameters) -> int:
    beyond = abs(worse_percent) - exact(p.dead_band)
    if beyond <= 0:
        return 0
    count = 1 if p.tier_width is None else ceil(beyond / exact(p.tier_width))
    return count if worse_percent > 0 else -count


def _may_inherit(facts: Facts, p: Parameters) -> bool:
    return p.inherited != "charge" and facts.has_inflow


def _inflow_input(facts: Facts, value: str, unit: str) -> Input:
    return Input(facts.inflow_shown, value, unit, facts.sources.get("inflow_class", ""))


def _comparison(
    *,
    formula: str,
    tiers: int,
    note: str,
    inherited: bool,
    inputs: tuple[Input, ...],
    hint: str,
    defaults: tuple[str, ...],
) -> Step:
    if tiers > 0:
        result, text = "未达基准", "本期水质未达到基准"
    elif tiers < 0:
        result, text = "好于基准", "本期水质好于基准"
    else:
        result, text = "持平", "本期水质与基准持平"
    if inherited:
        result, text = "未增加", f"{text}，但不差于入境断面，记为“未增加”"
    return Step(
        key="comparison",
        title="与基准比较",
        text=text + "。",
        formula=formula,
        result=result,
        result_note=note,
        inputs=inputs,
        hint=hint,
        defaults=defaults,
    )
