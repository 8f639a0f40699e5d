"""A joint fund: put in by one ratio, shared by another, less what a section costs (共同资金法).

Chishui River 2018–20: 2 亿元 a year, put in 1:5:4 by Yunnan, Guizhou and Sichuan, shared
3:4:3, with deductions by section that go to the next party down. Shiyan: scores that may
pass 100, grades that divide the fund, and a grade that gets nothing. Parties go by role or
by the codes in `facts.parties`; a two-party fund can hang on its border section's class.

Source: domain figures of the Chishui agreement (2018) and Shiyan's scheme. Amounts are
Decimal yuan to the fen; met ratios and deductions per cent.
"""

# ruff: noqa: RUF009 - parameter() is dataclasses.field with a Spec

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from itertools import pairwise

from settlements.money import format_wan, split_by_name, to_fen
from settlements.rules import common, funds, steps
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
from settlements.rules.joint_fund_results import GRADES, Results, results_of, shares_of
from settlements.rules.parameters import Kind, ParameterError, parameter, since
from settlements.rules.parameters import Parameters as BaseParameters

CODE, TITLE, REVISION = "joint_fund", "共同资金法", 1
TITLE_EN = "Joint fund"
LEGAL_BASIS = "《赤水河流域横向生态保护补偿协议》（云南、贵州、四川，2018年）"
NEEDS = frozenset(
    {"parties", "water_class", "target", "means", "observations", "deciding", "complete"}
)

_RULE = steps.Identity(CODE, TITLE, REVISION)
_OURS = common.OURS
_DEDUCTS = ("section_class", "met_ratio")
_DEFAULT_GRADES = [
    {"grade": "fail", "from_score": "0", "coefficient": "0"},
    {"grade": "pass", "from_score": "60", "coefficient": "0.8"},
    {"grade": "good", "from_score": "80", "coefficient": "1"},
    {"grade": "excellent", "from_score": "90", "coefficient": "1.2"},
]


@dataclass(frozen=True, kw_only=True)
class Grade:
    """From this score on (it may pass 100), the weight of a party's share."""

    grade: str = parameter(
        "等次",
        Kind.CHOICE,
        help="等次的名称。",
        english="Grade",
        english_help="Name of the grade.",
        choices=GRADES,
    )
    from_score: Decimal = parameter(
        "起始得分（含）",
        Kind.DECIMAL,
        help="该等的最低得分。",
        english="From score",
        english_help="First score of the grade, included.",
        unit="分",
        minimum=Decimal(0),
        maximum=Decimal(200),
    )
    coefficient: Decimal = parameter(
        "分配系数",
        Kind.DECIMAL,
        english="Coefficient",
        english_help="Multiplies the share; 0 for a grade that gets nothing.",
        minimum=Decimal(0),
        maximum=Decimal(10),
        help="乘在分配份数上；0 为该等次不得资金。",
    )


@dataclass(frozen=True, kw_only=True)
class Parameters(BaseParameters):
    """Who puts in and who gets how much, and what a result takes away."""

    fund: Decimal = parameter(
        "资金总额",
        Kind.MONEY,
        english="Fund",
        english_help="The whole fund of a year, such as 200,000,000 yuan for the Chishui River.",
        unit="元/年",
        minimum=Decimal(0),
        help="每年共同资金的总额，如赤水河 2 亿元（200,000,000 元）。",
    )
    contributions: Mapping[str, Decimal] = parameter(
        "出资份数",
        Kind.MAPPING,
        english="Contributions",
        english_help="Parts that each party (code, or upstream, downstream, treasury) puts in, such "
        "as 1 : 5 : 4.",
        unit="份",
        minimum=Decimal(0),
        help="各方（代码，或 upstream、downstream、treasury）出资的份数，如 1 : 5 : 4。",
    )
    shares: Mapping[str, Decimal] = parameter(
        "分配份数",
        Kind.MAPPING,
        english="Shares",
        english_help="Parts that each party gets, such as 3 : 4 : 3.",
        unit="份",
        minimum=Decimal(0),
        help="各方分得资金的份数，如 3 : 4 : 3。",
    )
    assessment: str = parameter(
        "考核方式",
        Kind.CHOICE,
        english="Assessment",
        english_help="Met ratios are the yearly figures met.CODE (%), scores are score.CODE; the "
        "class is that of this section.",
        choices={
            "none": "不考核，按份数分配",
            "section_class": "按断面年度类别扣减上游",
            "met_ratio": "按各方出境断面达标率扣减",
            "grade": "按各方得分等次分配",
        },
        help="达标率取年度指标 met.代码（%），得分取年度指标 score.代码；类别取本断面。",
        default=[since("2018-06-01", "none", source=_OURS)],
    )
    order: Mapping[str, Decimal] | None = parameter(
        "自上而下的次序",
        Kind.MAPPING,
        english="Order from the source down",
        english_help="Place of each party, 1 at the source; needed where what is deducted goes to "
        "the next one down.",
        minimum=Decimal(1),
        optional=True,
        help="扣减的资金拨给下一方时填写：各方从源头起的次序，1 为最上游。",
        applies_if=("assessment", _DEDUCTS),
        default=[since("2018-06-01", None, source=_OURS)],
    )
    at_stake: Decimal = parameter(
        "考核扣减比例",
        Kind.PERCENT,
        english="Part at stake",
        english_help="Per cent of a share that is lost where nothing is met; in proportion where "
        "some is.",
        unit=" %",
        minimum=Decimal(0),
        maximum=Decimal(100),
        help="完全不达标时扣减应得资金的百分数；部分达标的按未达标的比例扣。",
        applies_if=("assessment", _DEDUCTS),
        default=[since("2018-06-01", "100", source=_OURS)],
    )
    deducted_to: str = parameter(
        "扣减的资金归",
        Kind.CHOICE,
        english="Deductions go to",
        english_help="Who gets what the assessment takes away.",
        choices={
            "next_down": "下一方（最下游一方的按出资份数退回）",
            "contributors": "各方，按出资份数退回",
            "treasury": "上级财政",
        },
        help="考核扣下的资金给谁。",
        applies_if=("assessment", _DEDUCTS),
        default=[since("2018-06-01", "next_down", source="《赤水河流域横向生态保护补偿协议》2018")],
    )
    grades: tuple[Grade, ...] | None = parameter(
        "等次表",
        Kind.ROWS,
        english="Grades",
        english_help="From low to high, the first from 0; scores may pass 100; a score equal to a "
        "bound belongs to its grade.",
        row=Grade,
        optional=True,
        help="由低到高，第一等自 0 分起；得分可以超过 100；得分恰为起始得分的归该等。",
        applies_if=("assessment", ("grade",)),
        default=[since("2018-06-01", _DEFAULT_GRADES, source=_OURS)],
    )
    incomplete_period: str = common.incomplete(
        "2018-06-01",
        "年",
        then="暂不分配",
        help="只在按断面年度类别考核时起作用。",
        english_help="Matters only where the section's class of the year is assessed.",
        applies_if=("assessment", ("section_class",)),
    )

    def contradictions(self) -> list[ParameterError]:
        errors = [
            self.error(name, "各方份数不能都为 0；请按协议填写。")
            for name in ("contributions", "shares")
            if not any(getattr(self, name).values())
        ]
        if self.assessment in _DEDUCTS and self.deducted_to == "next_down":
            errors += self._order_errors(self.order or {})
        if self.assessment == "grade":
            errors += self._grade_errors(self.grades or ())
        return errors

    def _order_errors(self, order: Mapping[str, Decimal]) -> list[ParameterError]:
        without = [code for code in self.shares if code not in order]
        if without:
            return [self.error("order", f"缺 {'、'.join(without)} 的次序；分配的各方都须填。")]
        strangers = [code for code in order if code not in self.shares]
        if strangers:
            return [
                self.error("order", f"{'、'.join(strangers)} 不在分配份数中；请删去或补上份数。")
            ]
        if len(set(order.values())) < len(order):
            return [self.error("order", "两方的次序相同；请填各不相同的次序。")]
        return []

    def _grade_errors(self, grades: tuple[Grade, ...]) -> list[ParameterError]:
        if not grades or grades[0].from_score != 0:
            return [self.error("grades", "第一等须自 0 分起；请补填，使每个得分都有等次。")]
        return [
            self.error(
                "grades", f"第{number}行须比上一行起始得分高、系数不小；请按得分由低到高填。"
            )
            for number, (low, high) in enumerate(pairwise(grades), 2)
            if high.from_score <= low.from_score or high.coefficient < low.coefficient
        ]


def granularity(parameters: Parameters) -> Granularity:
    """Settled by the year."""
    return Granularity.YEAR


def collective(parameters: Parameters) -> bool:
    """Whether all sections of a term make one accrual: all but the one that goes by class."""
    return parameters.assessment != "section_class"


def observed(parameters: Parameters, parties: Iterable[str] = ()) -> tuple[str, ...]:
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
        settled := steps.decided_elsewhere(facts, _RULE)
    ):
        return settled
    funds.require_parties(facts, [*_contributions(p), *shares_of(p)])
    lines = steps.opening(facts, _RULE)
    if by_class and (skipped := steps.incomplete(facts, _RULE, p, lines, "incomplete_period")):
        return skipped
    fund = to_fen(p.fund * facts.share)
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
        _RULE,
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
        amount = to_fen(received[code] * part)
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
                        "考核扣减比例", steps.percent(p.at_stake / 100), "", p.source("at_stake")
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
