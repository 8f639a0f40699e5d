"""The year's results of a joint fund's parties: who loses what part, or who weighs how much.

Met ratios are per cent of the year's assessments at a party's outflow sections, scores may
pass 100; both are yearly observations ("met.GZ", "score.GZ").
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction

from monitoring.standards.exact import Number, exact
from settlements.rules import funds, steps
from settlements.rules.base import UPSTREAM, Facts, Input, MissingFact, Step, require, require_item
from settlements.rules.facts import UnusableFact, plain_decimal
from settlements.rules.joint_fund.parameters import GRADES, Parameters


@dataclass(frozen=True, slots=True)
class Results:
    """deductions: party → part (0–1) of what it would get. weights: share × coefficient."""

    met: bool = True
    deductions: Mapping[str, Fraction] = field(default_factory=dict)
    weights: Mapping[str, Fraction] | None = None
    steps: tuple[Step, ...] = ()


def results_of(facts: Facts, p: Parameters) -> Results:
    """The results the assessment asks for. Raises MissingFact for one not delivered."""
    if p.assessment == "section_class":
        return _section_class(facts, p)
    if p.assessment == "met_ratio":
        return _met_ratios(facts, p)
    if p.assessment == "grade":
        return _grades(facts, p)
    return Results()


def shares_of(p: Parameters) -> dict[str, Decimal]:
    """The parties' shares, from the source down where the term says who is where."""
    return funds.in_order(p.shares, p.order)


def _section_class(facts: Facts, p: Parameters) -> Results:
    """The upstream party of this section loses its stake where the class misses its target."""
    found, target = require(facts, "water_class"), require(facts, "target")
    missed = found > target
    comparison = Step(
        key="comparison",
        title="与功能类别比较",
        text=f"年度类别{'未达到' if missed else '达到'}功能类别。",
        formula=f"功能类别 {target.label} → 本年 {found.label}",
        result="未达标" if missed else "达标",
        result_note=f"功能类别 {target.numeral}",
        clause=p.source("assessment"),
        inputs=(Input("功能类别", target.label, "", facts.sources.get("target", "")),),
        hint=steps.borderline(facts),
    )
    party = _upstream_party(facts, p)
    return Results(
        met=not missed,
        deductions={party: exact(p.at_stake) / 100} if missed else {},
        steps=(steps.class_step(facts, found, p), comparison),
    )


def _upstream_party(facts: Facts, p: Parameters) -> str:
    """The code under which this section's upstream side shares in the fund."""
    for code in shares_of(p):
        if code == UPSTREAM or facts.parties.get(code) == facts.upstream:
            return code
    raise MissingFact("parties.upstream", facts.section, facts.period_label)


def _met_ratios(facts: Facts, p: Parameters) -> Results:
    deductions, lines = {}, []
    for code in shares_of(p):
        met = _observed(facts, f"met.{code}", 100)
        part = exact(p.at_stake) / 100 * (100 - met) / 100
        name = facts.name_of(code)
        lines.append(
            Step(
                key=f"met.{code}",
                title=f"{name}出境断面",
                text=f"{name}出境断面全年达标率 {steps.shown(met)} %。",
                formula=f"扣减 {steps.percent(exact(p.at_stake) / 100)} ×（100 − {steps.shown(met)}）% "
                f"＝ {steps.shown(part * 100)} %",
                result="全部达标" if met == 100 else "部分达标" if met else "未达标",
                result_note=f"达标率 {steps.shown(met)} %",
                clause=p.source("assessment"),
                inputs=(_observation(facts, "达标率", met, "%"),),
                defaults=p.defaults("at_stake"),
            )
        )
        if part:
            deductions[code] = part
    met_all = all(facts.observations[f"met.{code}"] == 100 for code in p.shares)
    return Results(met=met_all, deductions=deductions, steps=tuple(lines))


def _grades(facts: Facts, p: Parameters) -> Results:
    weights, lines = {}, []
    for code, share in shares_of(p).items():
        score = _observed(facts, f"score.{code}", None)
        grade = next(row for row in reversed(p.grades or ()) if row.from_score <= score)
        weights[code] = exact(share) * exact(grade.coefficient)
        label = GRADES[grade.grade]
        lines.append(
            Step(
                key=f"grade.{code}",
                title=f"{facts.name_of(code)}等次",
                text=f"得分 {steps.shown(score)}，{steps.shown(grade.from_score)} 分起为{label}"
                + ("，不得资金。" if not grade.coefficient else "。"),
                formula=f"{steps.shown(share)} 份 × 系数 {steps.shown(grade.coefficient)} ＝ "
                f"{steps.shown(weights[code])} 份",
                result=label,
                result_note=f"得分 {steps.shown(score)}",
                clause=p.source("grades"),
                inputs=(_observation(facts, "得分", score, "分"),),
                defaults=p.defaults("grades"),
            )
        )
    nothing = any(share and not weights[code] for code, share in shares_of(p).items())
    return Results(met=not nothing, weights=weights, steps=tuple(lines))


def _observed(facts: Facts, name: str, most: int | None) -> Fraction:
    value = require_item(facts, "observations", name)
    if value < 0 or (most is not None and value > most):
        bounds = "不能为负" if most is None else f"须在 0 与 {most} 之间"
        raise UnusableFact(
            f"observations.{name}",
            facts.section,
            facts.period_label,
            f"值 {plain_decimal(value)} {bounds}；请在数据页更正。",
        )
    return value


def _observation(facts: Facts, name: str, value: Number, unit: str) -> Input:
    return Input(name, steps.shown(value), unit, facts.sources.get("observations", ""))
