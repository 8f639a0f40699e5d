"""The treasury takes the side a river lacks at its head, its mouth or outside (市级补位).

Where a source or mouth has no neighbouring district inside the city, the municipal treasury
stands in for it, so that the chain does not break. Modao River: the city paid Shizhu and
Wanzhou together 1,000 万元. This family pays such a yearly sum, by ratio; `fill` puts the
treasury in the missing place of any other rule's outcome, both ways.

Source: domain figures of Chongqing's mechanism (Modao River). Amounts are Decimal yuan to
the fen.
"""

# ruff: noqa: RUF009 - parameter() is dataclasses.field with a Spec

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from fractions import Fraction

from monitoring.standards.exact import exact
from monitoring.standards.gb3838_2002 import WaterClass
from settlements.money import format_wan, format_yuan, split_by_name
from settlements.rules import common, funds, steps
from settlements.rules.base import (
    DOWNSTREAM,
    ROLE_LABELS,
    TREASURY,
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
from settlements.rules.family import Family, by_year
from settlements.rules.parameters import ParameterError, ParameterKind, parameter, since
from settlements.rules.parameters import Parameters as BaseParameters

_OURS = common.OURS


@dataclass(frozen=True, kw_only=True)
class Parameters(BaseParameters):
    """The sum of a year, its years, who shares it, and the class it may hang on."""

    amount: Decimal = parameter(
        "年补位金额",
        ParameterKind.MONEY,
        english="Yearly amount",
        english_help="What the treasury pays the parties together each year, such as 10,000,000 "
        "yuan for the Modao River.",
        unit="元/年",
        minimum=Decimal(0),
        help="市级财政每年补给各方的总额，如磨刀溪 1,000 万元（石柱、万州合计）。",
    )
    shares: Mapping[str, Decimal] = parameter(
        "分配份数",
        ParameterKind.MAPPING,
        english="Shares",
        english_help="Parts that each party (code, or upstream, downstream) gets; one each by "
        "default.",
        unit="份",
        minimum=Decimal(0),
        help="各方（代码，或 upstream、downstream）分得的份数；默认上下游各一份。",
        default=[since("2018-06-01", {"upstream": "1", "downstream": "1"}, source=_OURS)],
    )
    from_year: int = parameter(
        "起始年度",
        ParameterKind.INTEGER,
        english="First year",
        english_help="First year that is filled.",
        unit="年",
        minimum=2000,
        maximum=2100,
        help="第一个补位的年度。",
    )
    to_year: int = parameter(
        "终止年度",
        ParameterKind.INTEGER,
        english="Last year",
        english_help="Last year that is filled, included.",
        unit="年",
        minimum=2000,
        maximum=2100,
        help="最后一个补位的年度（含）。",
    )
    missing_side: str = parameter(
        "缺位处",
        ParameterKind.CHOICE,
        english="Missing side",
        english_help="Whose place the treasury takes; shown in the steps.",
        choices={"head": "源头无上游", "tail": "河口无下游", "outside": "中段在市外"},
        help="市级财政补的是哪一方；写入核算过程。",
        default=[since("2018-06-01", "outside", source=_OURS)],
    )
    condition_class: WaterClass | None = common.water_condition("2018-06-01", "补")
    reduction: Decimal = common.reduction("2018-06-01", "补")
    incomplete_period: str = common.incomplete(
        "2018-06-01",
        "年",
        then="暂不补位",
        help="只在设有水质条件时起作用。",
        english_help="Matters only where the payment hangs on a class.",
    )
    rounding: str = common.rounding("2018-06-01")
    ph_mean: str = common.ph_mean("2018-06-01")
    first_origin: str = common.first_origin("2018-06-01")

    def contradictions(self) -> list[ParameterError]:
        errors = common.years_in_order(self, self.from_year, self.to_year)
        if TREASURY in self.shares:
            errors.append(self.error("shares", "市级财政是付款方，不能再分；请删去 treasury。"))
        if not any(self.shares.values()):
            errors.append(self.error("shares", "各方份数不能都为 0；请按约定填写。"))
        return errors


def evaluate(facts: Facts, parameters: Parameters) -> Outcome:
    """What the treasury pays each party this year.

    Raises MissingFact("parties.<code>") for a code that is no party, "water_class" where a
    condition is set; WrongPeriod for a month.
    """
    require_period(facts, Granularity.YEAR)
    p, year = parameters, facts.period.year
    conditional = p.condition_class is not None
    if (conditional or facts.state_override is MonthState.EXCLUDED) and (
        settled := steps.decided_elsewhere(facts, FAMILY)
    ):
        return settled
    shares = funds.in_order(p.shares)
    funds.require_parties(facts, shares)
    worse = p.condition_class is not None and require(facts, "water_class") > p.condition_class
    lines = steps.opening(facts, FAMILY)
    if not p.from_year <= year <= p.to_year:
        return steps.without_payment(
            facts,
            FAMILY,
            MonthState.EXCLUDED,
            f"{year}年不在补位年度 {p.from_year}–{p.to_year} 之内，不补位。",
            lines,
            clause=p.source("from_year"),
        )
    if conditional and (skipped := steps.incomplete(facts, FAMILY, p, lines, "incomplete_period")):
        return skipped
    if p.condition_class is not None:
        found: WaterClass = require(facts, "water_class")
        lines.append(steps.class_step(facts, found, p))
        lines.append(_condition_step(facts, p, found, p.condition_class))
    lines.append(
        steps.clause_between(
            p,
            "amount",
            f"{p.choice('missing_side')}，由市级财政补位，每年合计 {format_wan(p.amount)} 万元，"
            f"按 {funds.ratio_words(facts, shares)} 分配。",
            "市级财政 → 各方",
            "shares",
            "missing_side",
        )
    )
    kept = 1 - exact(p.reduction) / 100 if worse else Fraction(1)
    amount = facts.due(exact(p.amount) * kept)
    parts = split_by_name(amount, shares)
    formula = f"{format_wan(p.amount)} 万元/年"
    if worse:
        formula += f" ×（1 − {steps.percent(exact(p.reduction) / 100)}）"
    lines.append(
        steps.amount_step(
            facts,
            amount,
            formula,
            f"分得：{funds.amounts_words(facts, parts)}；",
            (Input("年补位金额", format_wan(p.amount), "万元/年", p.source("amount")),),
        )
    )
    transfers = tuple(
        transfer
        for code, part in parts.items()
        for transfer in pays(TREASURY, code, part, because=f"市级补位：{p.choice('missing_side')}")
    )
    state = MonthState.NOT_MET if worse else MonthState.MET
    return steps.finish(facts, FAMILY, state, transfers, lines)


def fill(outcome: Outcome, missing: str) -> Outcome:
    """Any rule's outcome with the treasury in the place of the side that is missing.

    `missing` is "upstream" (a head) or "downstream" (a mouth). Raises ValueError for another
    role, and where the treasury stands in the outcome already. Nothing paid: unchanged.
    """
    if missing not in (UPSTREAM, DOWNSTREAM):
        raise ValueError(f"缺位方须为 upstream 或 downstream，现为“{missing}”。")
    named = {role for t in outcome.transfers for role in (t.payer, t.payee)}
    if TREASURY in named:
        raise ValueError("该核算已有上级财政参加，不能再补位；请检查条款。")
    if missing not in named:
        return outcome

    def place(role: str) -> str:
        return TREASURY if role == missing else role

    transfers = tuple(
        replace(t, payer=place(t.payer), payee=place(t.payee)) for t in outcome.transfers
    )
    total = sum((t.yuan for t in transfers), Decimal(0))
    step = Step(
        key="municipal_fill",
        title="市级补位",
        text=f"{ROLE_LABELS[missing]}缺位，由市级财政承担其收付，合 {format_yuan(total)} 元。",
        result=format_wan(total),
        result_note="万元",
    )
    return outcome.with_step(step, transfers)


def _condition_step(facts: Facts, p: Parameters, found: WaterClass, condition: WaterClass) -> Step:
    worse = found > condition
    return Step(
        key="comparison",
        title="水质条件",
        text=f"年度水质{'差于' if worse else '达到'}水质条件。",
        formula=f"条件 {condition.label} → 本年 {found.label}",
        result="未达条件" if worse else "达到条件",
        result_note=f"条件 {condition.numeral}",
        clause=p.source("condition_class"),
        inputs=(Input("水质条件", condition.label, "", p.source("condition_class")),),
        hint=steps.borderline(facts),
        defaults=p.defaults("reduction"),
    )


FAMILY = Family(
    code="municipal_fill",
    title="市级补位",
    summary="河流源头、河口或市外一侧没有相邻区县时，由市级财政代那一方收付，或每年付一笔。",
    title_en="Municipal fill",
    revision=1,
    legal_basis="重庆市流域横向生态保护补偿机制（源头、河口及市外河段由市级财政补位）",
    about=__doc__,
    needs=frozenset({"parties", "water_class", "deciding", "complete"}),
    parameters=Parameters,
    evaluate=evaluate,
    granularity=by_year,
)
