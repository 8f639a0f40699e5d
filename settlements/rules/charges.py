"""Charges that do not come from readings: a bed dried by people, works not done (非监测扣缴).

Kunming 2017: a section dry without natural cause costs 30 万元 a month; yearly works left
undone cost 20 % of the unfinished investment. A term charges one of the two; an agreement
with both has two strands. Investments are the observations "planned_investment" and
"finished_investment", in yuan.

Source: domain figures of Kunming's scheme, 2017; the payee is our default. Amounts are
Decimal yuan to the fen.
"""

# ruff: noqa: RUF009 - parameter() is dataclasses.field with a Spec

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from monitoring.standards.exact import exact
from settlements.money import format_wan, format_yuan
from settlements.rules import common, steps
from settlements.rules.base import (
    UPSTREAM,
    Facts,
    Granularity,
    Input,
    MonthState,
    Outcome,
    Step,
    pays,
    require_item,
    require_period,
)
from settlements.rules.facts import UnusableFact, plain_decimal
from settlements.rules.family import Family
from settlements.rules.parameters import ParameterKind, parameter, since
from settlements.rules.parameters import Parameters as BaseParameters

PLANNED, FINISHED = "planned_investment", "finished_investment"
_KUNMING = "昆明市2017年办法"
_OURS = common.OURS


@dataclass(frozen=True, kw_only=True)
class Parameters(BaseParameters):
    """What is charged, how much, and to whom it is paid."""

    basis: str = parameter(
        "扣缴事项",
        ParameterKind.CHOICE,
        english="Subject",
        english_help="One term charges one of the two; an agreement with both has two terms side by "
        "side.",
        choices={"dry": "非自然原因断流（按月）", "works": "年度工程未完成（按年）"},
        help="一个条款扣缴一种；两种都有的，分两条条款填写。",
        default=[since("2017-01-01", "dry", source=_KUNMING)],
    )
    dry_charge: Decimal = parameter(
        "断流扣缴",
        ParameterKind.MONEY,
        english="Charge for a dry month",
        english_help="What one month costs in which the section is dry without natural cause.",
        unit="元/月",
        minimum=Decimal(0),
        help="断面非自然原因断流，一个月的金额。",
        applies_if=("basis", ("dry",)),
        default=[since("2017-01-01", "300000", source=_KUNMING)],
    )
    works_rate: Decimal = parameter(
        "未完成投资扣缴比例",
        ParameterKind.PERCENT,
        english="Part of unfinished works",
        english_help="Per cent of the unfinished investment of the year's works.",
        unit=" %",
        minimum=Decimal(0),
        maximum=Decimal(100),
        help="按年度工程未完成投资额的百分数扣缴。",
        applies_if=("basis", ("works",)),
        default=[since("2017-01-01", "20", source=_KUNMING)],
    )
    payee: str = parameter(
        "收款方",
        ParameterKind.CHOICE,
        english="Payee",
        english_help="Whom upstream pays.",
        choices={"treasury": "上级财政", "downstream": "下游"},
        help="上游缴付给谁。",
        default=[since("2017-01-01", "treasury", source=_OURS)],
    )

    part_month: str = common.part_month("2017-01-01", applies_if=("basis", ("dry",)))


def granularity(parameters: Parameters) -> Granularity:
    """A dry bed is charged by the month, unfinished works by the year."""
    return Granularity.MONTH if parameters.basis == "dry" else Granularity.YEAR


def observed(parameters: Parameters, parties: Sequence[str]) -> tuple[str, ...]:
    """The figures asked for by name: investments, where works are charged."""
    return (PLANNED, FINISHED) if parameters.basis == "works" else ()


def evaluate(facts: Facts, parameters: Parameters) -> Outcome:
    """What upstream pays for a dry month, or for a year's unfinished works.

    A month is dry without natural cause where its state was found to be 人为断流. Raises
    MissingFact("observations.planned_investment") or "…finished_investment", UnusableFact
    for a negative one; WrongPeriod for the other period.
    """
    require_period(facts, granularity(parameters))
    if parameters.basis == "dry":
        return _dry(facts, parameters)
    return _works(facts, parameters)


def _dry(facts: Facts, p: Parameters) -> Outcome:
    dry = facts.state_override is MonthState.MANMADE_NO_FLOW
    if not dry and (settled := steps.decided_elsewhere(facts, FAMILY)):
        return settled
    lines = steps.opening(facts, FAMILY)
    lines.append(
        Step(
            key="flow",
            title="断流认定",
            text=f"认定为人为断流：{facts.override_reason}。" if dry else "本月没有认定断流。",
            result=MonthState.MANMADE_NO_FLOW.label if dry else "未断流",
            clause=facts.sources.get("state_override", ""),
        )
    )
    if not dry:
        return steps.finish(facts, FAMILY, MonthState.MET, (), lines)
    amount = facts.due(p.dry_charge)
    lines.append(
        steps.clause_between(
            p,
            "dry_charge",
            f"断面非自然原因断流的，{steps.pays_words(UPSTREAM, p.payee)}，"
            f"每月 {format_wan(p.dry_charge)} 万元。",
            _arrow(p),
            "payee",
        )
    )
    lines.append(
        steps.amount_step(
            facts,
            amount,
            f"{format_wan(p.dry_charge)} 万元/月",
            "",
            (Input("断流扣缴", format_wan(p.dry_charge), "万元/月", p.source("dry_charge")),),
        )
    )
    return steps.finish(
        facts,
        FAMILY,
        MonthState.MANMADE_NO_FLOW,
        pays(UPSTREAM, p.payee, amount, because="非自然原因断流"),
        lines,
    )


def _works(facts: Facts, p: Parameters) -> Outcome:
    """Works do not hang on the water: only an exclusion stops the charge."""
    if facts.state_override is MonthState.EXCLUDED and (
        settled := steps.decided_elsewhere(facts, FAMILY)
    ):
        return settled
    planned, finished = _investment(facts, PLANNED), _investment(facts, FINISHED)
    unfinished = max(Fraction(0), planned - finished)
    lines = steps.opening(facts, FAMILY)
    source = facts.sources.get("observations", "")
    lines.append(
        Step(
            key="works",
            title="年度工程投资",
            text="完成计划投资。"
            if not unfinished
            else f"未完成投资 {format_yuan(unfinished)} 元。",
            formula=f"计划 {format_wan(planned)} − 完成 {format_wan(finished)} ＝ "
            f"{format_wan(planned - finished)} 万元" + ("" if unfinished else "，无未完成"),
            result="未完成" if unfinished else "完成",
            result_note=f"未完成 {format_wan(unfinished)} 万元",
            inputs=(
                Input("计划投资", format_wan(planned), "万元", source),
                Input("完成投资", format_wan(finished), "万元", source),
            ),
        )
    )
    if not unfinished:
        return steps.finish(facts, FAMILY, MonthState.MET, (), lines)
    part = exact(p.works_rate) / 100
    amount = facts.due(exact(unfinished) * part)
    rate = steps.percent(part)
    lines.append(
        steps.clause_between(
            p,
            "works_rate",
            f"年度工程未完成的，{steps.pays_words(UPSTREAM, p.payee)}，为未完成投资额的 {rate}。",
            _arrow(p),
            "payee",
        )
    )
    lines.append(
        steps.amount_step(
            facts,
            amount,
            f"{format_wan(unfinished)} 万元 × {rate}",
            "",
            (Input("未完成投资扣缴比例", rate, "", p.source("works_rate")),),
        )
    )
    return steps.finish(
        facts,
        FAMILY,
        MonthState.NOT_MET,
        pays(UPSTREAM, p.payee, amount, because="年度工程未完成"),
        lines,
    )


def _investment(facts: Facts, name: str) -> Fraction:
    value = require_item(facts, "observations", name)
    if value < 0:
        raise UnusableFact(
            f"observations.{name}",
            facts.section,
            facts.period_label,
            f"投资额 {plain_decimal(value)} 元不能为负；请在数据页更正（单位：元）。",
        )
    return value


def _arrow(p: Parameters) -> str:
    return "上游 → " + ("下游" if p.payee == "downstream" else "上级财政")


FAMILY = Family(
    code="charges",
    title="非监测事项扣缴",
    summary="监测以外的扣缴：人为断流按月付，年度工程没有完成的按未完成投资的比例付。",
    title_en="Charges not from readings",
    revision=1,
    legal_basis="昆明市滇池流域河道生态补偿办法（2017年）",
    about=__doc__,
    needs=frozenset({"observations"}),
    parameters=Parameters,
    evaluate=evaluate,
    granularity=granularity,
    observed=observed,
    part_month=lambda p: p.part_month,
)
