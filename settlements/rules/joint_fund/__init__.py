"""A joint fund: put in by one ratio, shared by another, less what a section costs (共同资金法).

Chishui River 2018–20: 2 亿元 a year, put in 1:5:4 by Yunnan, Guizhou and Sichuan, shared
3:4:3, with deductions by section that go to the next party down. Shiyan: scores that may
pass 100, grades that divide the fund, and a grade that gets nothing. Parties go by role or
by the codes in `facts.parties`; a two-party fund can hang on its border section's class.

Source: domain figures of the Chishui agreement (2018) and Shiyan's scheme. Amounts are
Decimal yuan to the fen; met ratios and deductions per cent.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal

from monitoring.standards.exact import exact
from settlements.money import format_wan, split_by_name, to_fen
from settlements.rules import funds, steps
from settlements.rules.base import (
    TREASURY,
    Facts,
    Granularity,
    Input,
    MonthState,
    Outcome,
    Step,
    require_period,
)
from settlements.rules.family import Family, by_year
from settlements.rules.joint_fund.parameters import Parameters
from settlements.rules.joint_fund.results import Results, results_of, shares_of


def collective(parameters: Parameters) -> bool:
    """Whether all sections of a term make one accrual: all but the one that goes by class."""
    return parameters.assessment != "section_class"


def observed(parameters: Parameters, parties: Sequence[str]) -> tuple[str, ...]:
    """The figures asked for by name: of every party that shares, its met ratio or score."""
    figure = {"met_ratio": "met", "grade": "score"}.get(parameters.assessment)
    return tuple(f"{figure}.{code}" for code in parameters.shares) if figure else ()


def evaluate(facts: Facts, parameters: Parameters) -> Outcome:
    """What each party gets less what it puts in, as payments between them.

    Raises MissingFact("parties.<code>") for a code that is no party, and for the results the
    assessment asks for: water_class and target, "observations.met.<code>" (per cent) or
    "observations.score.<code>" of every party with a share; WrongPeriod for a month.
    """
    require_period(facts, Granularity.YEAR)
    p = parameters
    by_class = p.assessment == "section_class"
    if (by_class or facts.state_override is MonthState.EXCLUDED) and (
        settled := steps.decided_elsewhere(facts, FAMILY)
    ):
        return settled
    funds.require_parties(facts, [*_contributions(p), *shares_of(p)])
    lines = steps.opening(facts, FAMILY)
    if by_class and (skipped := steps.incomplete(facts, FAMILY, p, lines, "incomplete_period")):
        return skipped
    fund = facts.due(p.fund)
    paid_in = split_by_name(fund, _contributions(p))
    lines.append(_fund_step(facts, p, fund, paid_in))
    results = results_of(facts, p)
    lines += results.steps
    if results.weights is None:
        received = split_by_name(fund, shares_of(p))
    elif any(results.weights.values()):
        received = split_by_name(fund, results.weights)
    else:
        received = dict(paid_in)
    lines.append(_shares_step(facts, p, results, received))
    received, deduction_lines = _deducted(facts, p, results, received)
    lines += deduction_lines
    net_line, nets = funds.net_step(facts, received, paid_in)
    lines.append(net_line)
    return steps.finish(
        facts,
        FAMILY,
        MonthState.MET if results.met else MonthState.NOT_MET,
        funds.net_transfers(nets, because="共同资金分得与出资相抵"),
        lines,
    )


def _contributions(p: Parameters) -> dict[str, Decimal]:
    return funds.in_order(p.contributions, p.order)


def _fund_step(facts: Facts, p: Parameters, fund: Decimal, paid_in: Mapping[str, Decimal]) -> Step:
    return Step(
        key="fund",
        title="出资",
        text=f"按 {funds.ratio_words(facts, _contributions(p))} 出资："
        f"{funds.amounts_words(facts, paid_in)}。",
        formula=f"{format_wan(p.fund)} 万元 × 份额 {steps.percent(facts.share)} ＝ "
        f"{format_wan(fund)} 万元",
        result=format_wan(fund),
        result_note="万元，资金总额",
        clause=p.source("contributions"),
        inputs=(
            Input("资金总额", format_wan(p.fund), "万元/年", p.source("fund")),
            Input("份额", steps.percent(facts.share), "", facts.sources.get("share", "")),
        ),
        defaults=p.defaults("fund", "contributions"),
    )


def _shares_step(
    facts: Facts, p: Parameters, results: Results, received: Mapping[str, Decimal]
) -> Step:
    if results.weights is None:
        text, result = f"按 {funds.ratio_words(facts, shares_of(p))} 分配", "按份数"
    elif any(results.weights.values()):
        text, result = f"按 份数 × 系数 {funds.ratio_words(facts, results.weights)} 分配", "按等次"
    else:
        text, result = "各方所在等次均不得资金，按出资份数退回", "退回"
    return steps.clause_between(
        p,
        "shares",
        f"{text}：{funds.amounts_words(facts, received)}。",
        result,
        "assessment",
        *(("grades",) if p.assessment == "grade" else ()),
    )


def _deducted(
    facts: Facts, p: Parameters, results: Results, received: Mapping[str, Decimal]
) -> tuple[dict[str, Decimal], list[Step]]:
    """What each party gets once the deductions went where the agreement has them go."""
    after, lines = dict(received), []
    for code, part in results.deductions.items():
        amount = to_fen(exact(received[code]) * part)
        if not amount:
            continue
        after[code] -= amount
        to = _recipients(p, code, amount)
        for recipient, given in to.items():
            after[recipient] = after.get(recipient, Decimal(0)) + given
        lines.append(
            Step(
                key=f"deduction.{code}",
                title=f"扣减{facts.name_of(code)}",
                text=f"扣减的资金归：{funds.amounts_words(facts, to)}。",
                formula=f"{format_wan(received[code])} 万元 × {steps.shown(part * 100)} % ＝ "
                f"{format_wan(amount)} 万元",
                result=format_wan(amount),
                result_note="万元，扣减",
                clause=p.source("deducted_to"),
                inputs=(
                    Input(
                        "考核扣减比例",
                        steps.percent(exact(p.at_stake) / 100),
                        "",
                        p.source("at_stake"),
                    ),
                ),
                defaults=p.defaults("at_stake", "deducted_to"),
            )
        )
    return after, lines


def _recipients(p: Parameters, code: str, amount: Decimal) -> dict[str, Decimal]:
    if p.deducted_to == "treasury":
        return {TREASURY: amount}
    if p.deducted_to == "next_down" and p.order:
        below = [other for other, place in p.order.items() if place > p.order[code]]
        if below:
            return {min(below, key=lambda other: p.order[other] if p.order else 0): amount}
    return split_by_name(amount, _contributions(p))


FAMILY = Family(
    code="joint_fund",
    title="共同资金法",
    summary="几方按比例共同出资，再按另一比例分配，断面不达标的扣减给下一方。",
    title_en="Joint fund",
    revision=1,
    legal_basis="《赤水河流域横向生态保护补偿协议》（云南、贵州、四川，2018年）",
    about=__doc__,
    needs=frozenset(
        {"parties", "water_class", "target", "means", "observations", "deciding", "complete"}
    ),
    parameters=Parameters,
    evaluate=evaluate,
    granularity=by_year,
    observed=observed,
    collective=collective,
)
