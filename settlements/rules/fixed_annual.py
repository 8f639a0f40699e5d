"""A fixed amount a year between two sides, such as for a water source (定额年付).

Longtan Reservoir (龙滩水库): Dianjiang pays Zhongxian 350 万元 a year, 2023–2030. The
payment can hang on a class: worse than it, the year's amount is reduced or withheld.

Source: memorandum of Dianjiang and Zhongxian, July 2023. Amounts are Decimal yuan.
"""

# ruff: noqa: RUF009 - parameter() is dataclasses.field with a Spec

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from monitoring.standards.exact import exact
from monitoring.standards.gb3838_2002 import WaterClass
from settlements.money import format_wan
from settlements.rules import common, steps
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
from settlements.rules.family import Family, by_year
from settlements.rules.parameters import ParameterError, ParameterKind, parameter, since
from settlements.rules.parameters import Parameters as BaseParameters

_OURS = common.OURS


@dataclass(frozen=True, kw_only=True)
class Parameters(BaseParameters):
    """The yearly amount, its years, and the class it may hang on."""

    amount: Decimal = parameter(
        "年补偿金额",
        ParameterKind.MONEY,
        english="Yearly amount",
        english_help="The sum agreed for each year.",
        unit="元/年",
        minimum=Decimal(0),
        help="协议约定的每年定额，如龙滩水库 350 万元。",
    )
    from_year: int = parameter(
        "起始年度",
        ParameterKind.INTEGER,
        english="First year",
        english_help="First year that is paid.",
        unit="年",
        minimum=2000,
        maximum=2100,
        help="第一个付款的年度。",
    )
    to_year: int = parameter(
        "终止年度",
        ParameterKind.INTEGER,
        english="Last year",
        english_help="Last year that is paid, included.",
        unit="年",
        minimum=2000,
        maximum=2100,
        help="最后一个付款的年度（含）。",
    )
    payer: str = parameter(
        "付款方",
        ParameterKind.CHOICE,
        english="Payer",
        english_help="Who pays the other; downstream, which benefits, for a water source.",
        choices={"downstream": "下游（受益方）", "upstream": "上游"},
        help="谁付给另一方；水源地协议为受益的下游。",
        default=[since("2018-06-01", "downstream", source=_OURS)],
    )
    condition_class: WaterClass | None = common.water_condition("2018-06-01", "付")
    reduction: Decimal = common.reduction("2018-06-01", "付")
    incomplete_period: str = common.incomplete(
        "2018-06-01",
        "年",
        then="暂不付款",
        help="只在设有水质条件时起作用。",
        english_help="Matters only where the payment hangs on a class.",
    )
    rounding: str = common.rounding("2018-06-01")
    ph_mean: str = common.ph_mean("2018-06-01")
    first_origin: str = common.first_origin("2018-06-01")

    def contradictions(self) -> list[ParameterError]:
        errors = common.years_in_order(self, self.from_year, self.to_year)
        if self.payer == UPSTREAM and self.condition_class is not None:
            errors.append(
                self.error(
                    "condition_class", "上游付款时不能设水质条件，否则水质差反而少付；请留空。"
                )
            )
        return errors


def evaluate(facts: Facts, parameters: Parameters) -> Outcome:
    """The year's payment, reduced where the water is worse than the condition.

    Without a condition the water does not matter, and only an exclusion stops the payment.
    Raises MissingFact("water_class") where a condition is set; WrongPeriod for a month.
    """
    require_period(facts, Granularity.YEAR)
    p, year = parameters, facts.period.year
    conditional = p.condition_class is not None
    if (conditional or facts.state_override is MonthState.EXCLUDED) and (
        settled := steps.decided_elsewhere(facts, FAMILY)
    ):
        return settled
    if conditional:
        require(facts, "water_class")
    lines = steps.opening(facts, FAMILY)
    if not p.from_year <= year <= p.to_year:
        return steps.without_payment(
            facts,
            FAMILY,
            MonthState.EXCLUDED,
            f"{year}年不在付款年度 {p.from_year}–{p.to_year} 之内，不付款。",
            lines,
            clause=p.source("from_year"),
        )
    if conditional and not facts.complete and p.incomplete_period == "no_data":
        return steps.without_payment(
            facts,
            FAMILY,
            MonthState.NO_DATA,
            "本年有效数据不足；按条款记为无数据，暂不付款。",
            lines,
            clause=p.source("incomplete_period"),
        )
    if facts.water_class is not None:
        lines.append(steps.class_step(facts, facts.water_class, p))
    worse = p.condition_class is not None and require(facts, "water_class") > p.condition_class
    lines.append(_comparison(facts, p, worse))
    payer, payee = (UPSTREAM, DOWNSTREAM) if p.payer == UPSTREAM else (DOWNSTREAM, UPSTREAM)
    kept = 1 - exact(p.reduction) / 100 if worse else Fraction(1)
    amount = facts.due(exact(p.amount) * kept)
    lines.append(
        steps.clause_step(
            p,
            "amount",
            f"{p.from_year}至{p.to_year}年，{steps.pays_words(payer, payee)}，"
            f"每年 {format_wan(p.amount)} 万元。",
            payer if amount else None,
            "payer",
        )
    )
    formula = f"{format_wan(p.amount)} 万元/年"
    text = f"第 {year - p.from_year + 1} 年，共 {p.to_year - p.from_year + 1} 年；"
    if worse:
        formula += f" ×（1 − {steps.percent(exact(p.reduction) / 100)}）"
        text += f"差于水质条件，扣减 {steps.percent(exact(p.reduction) / 100)}；"
    lines.append(
        steps.amount_step(
            facts,
            amount,
            formula,
            text,
            (Input("年补偿金额", format_wan(p.amount), "万元/年", p.source("amount")),),
        )
    )
    return steps.finish(
        facts,
        FAMILY,
        MonthState.NOT_MET if worse else MonthState.MET,
        pays(payer, payee, amount, because="年度定额" + ("（扣减后）" if worse else "")),
        lines,
    )


def _comparison(facts: Facts, p: Parameters, worse: bool) -> Step:
    if p.condition_class is None or facts.water_class is None:
        return Step(
            key="comparison",
            title="水质条件",
            text="协议未设水质条件，按定额付款。",
            result="不设条件",
            clause=p.source("condition_class"),
            defaults=p.defaults("condition_class"),
        )
    return Step(
        key="comparison",
        title="水质条件",
        text=f"年度水质{'差于' if worse else '达到'}水质条件。",
        formula=f"条件 {p.condition_class.label} → 本年 {facts.water_class.label}",
        result="未达条件" if worse else "达到条件",
        result_note=f"条件 {p.condition_class.numeral}",
        clause=p.source("condition_class"),
        inputs=(Input("水质条件", p.condition_class.label, "", p.source("condition_class")),),
        hint=steps.borderline(facts),
        defaults=p.defaults("condition_class"),
    )


FAMILY = Family(
    code="fixed_annual",
    title="定额年付法",
    summary="每年一笔定额由一方付给另一方，如为水源地；可以水质达标为条件，不达标则减付或不付。",
    title_en="Fixed yearly sum",
    revision=1,
    legal_basis="《龙滩水库饮用水水源保护横向补偿备忘录》（垫江县、忠县，2023年7月）",
    about=__doc__,
    needs=frozenset({"water_class", "deciding", "complete"}),
    parameters=Parameters,
    evaluate=evaluate,
    granularity=by_year,
)
