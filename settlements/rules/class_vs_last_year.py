"""Border section's class against the same month of last year, both ways (同比类别法).

In force 2018-06 to 2022. Meets its functional class: better than last year, downstream pays
upstream the monthly rate; worse, upstream pays downstream. Does not meet it: upstream pays
downstream by a schedule of its own, whatever last year was.

Source: 《重庆市建立流域横向生态保护补偿机制实施方案(试行)》(2018); the schedule of an unmet
class is not held here ("按相关规定核算"), so its block of parameters is flat by default.
Amounts are Decimal yuan to the fen.
"""

# ruff: noqa: RUF009 - parameter() is dataclasses.field with a Spec

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_CEILING, Decimal

from monitoring.standards.gb3838_2002 import WaterClass, has_limits, limit
from settlements.money import format_wan, to_fen
from settlements.rules import steps
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
from settlements.rules.parameters import Kind, ParameterError, parameter, since
from settlements.rules.parameters import Parameters as BaseParameters

CODE, TITLE, REVISION = "class_vs_last_year", "同比类别法", 1
LEGAL_BASIS = "《重庆市建立流域横向生态保护补偿机制实施方案（试行）》（2018）"
NEEDS = frozenset({"water_class", "target", "last_year_class", "means", "deciding", "complete"})

_RULE = steps.Identity(CODE, TITLE, REVISION)
_PLAN = "重庆市实施方案（试行）2018"
_OURS = "本系统默认，方案原文未载"


@dataclass(frozen=True, kw_only=True)
class Parameters(BaseParameters):
    """Rates of both directions and what happens in the cases the table leaves open."""

    rate: Decimal = parameter(
        "补偿标准",
        Kind.MONEY,
        unit="元/月",
        minimum=Decimal(0),
        help="达到功能类别时，类别好于或差于去年同期，一个月的补偿金额。",
        default=[since("2018-06-01", "1000000", source=_PLAN)],
    )
    not_met_mode: str = parameter(
        "未达标核算方式",
        Kind.CHOICE,
        choices={
            "flat": "每月定额",
            "per_class_short": "每差一个类别",
            "per_multiple_step": "每级超标倍数",
        },
        help="未达到功能类别时，上游补偿下游的算法。",
        default=[since("2018-06-01", "flat", source=_OURS)],
    )
    not_met_amount: Decimal = parameter(
        "未达标补偿标准",
        Kind.MONEY,
        unit="元",
        minimum=Decimal(0),
        help="每月、每差一个类别或每级的金额，依核算方式；不低于补偿标准，否则水质更差反而少付。",
        default=[since("2018-06-01", "1000000", source=_OURS)],
    )
    not_met_step_width: Decimal = parameter(
        "超标倍数级宽",
        Kind.DECIMAL,
        unit="倍",
        minimum=Decimal("0.01"),
        maximum=Decimal(10),
        help="超标倍数每满一个级宽为一级，不足一级按一级计；取倍数最大的指标。",
        applies_if=("not_met_mode", ("per_multiple_step",)),
        default=[since("2018-06-01", "0.5", source="参照安徽省2018年办法")],
    )
    not_met_cap: Decimal | None = parameter(
        "未达标每月封顶",
        Kind.MONEY,
        unit="元/月",
        minimum=Decimal(0),
        optional=True,
        help="未达标时一个月最多付的金额；空为不封顶。",
        default=[since("2018-06-01", None, source=_OURS)],
    )
    same_class: str = parameter(
        "类别持平时",
        Kind.CHOICE,
        choices={"nobody": "互不补偿", "downstream_pays": "下游补偿上游"},
        help="达标且与去年同期同类时的处理。",
        default=[since("2018-06-01", "nobody", source=_OURS)],
    )
    missing_last_year: str = parameter(
        "缺去年同期时",
        Kind.CHOICE,
        choices={"no_data": "记为无数据，互不补偿", "refuse": "拒绝核算，先补数据"},
        help="达标而去年同期没有类别时的处理。",
        default=[since("2018-06-01", "no_data", source=_OURS)],
    )
    incomplete_month: str = parameter(
        "数据不完整的月",
        Kind.CHOICE,
        choices={"use": "照常核算并注明", "no_data": "记为无数据，互不补偿"},
        help="有效数据不足以满足完整性要求的月如何处理。",
        default=[since("2018-06-01", "use", source=_OURS)],
    )

    def contradictions(self) -> list[ParameterError]:
        errors = []
        for name in ("not_met_amount", "not_met_cap"):
            value = getattr(self, name)
            if value is not None and value < self.rate:
                errors.append(
                    self.error(
                        name,
                        f"{format_wan(value)} 万元低于补偿标准 {format_wan(self.rate)} 万元，"
                        "水质更差反而少付；请填不低于补偿标准的数。",
                    )
                )
        return errors


def granularity(parameters: Parameters) -> Granularity:
    """Settled by the month (月核算)."""
    return Granularity.MONTH


def evaluate(facts: Facts, parameters: Parameters) -> Outcome:
    """Who pays for one section and month.

    Raises MissingFact for water_class, target, means (where the schedule goes by the
    exceedance multiple) and last_year_class (where the term refuses without it); WrongPeriod
    for a year.
    """
    require_period(facts, Granularity.MONTH)
    if settled := steps.decided_elsewhere(facts, _RULE):
        return settled
    found = require(facts, "water_class")
    target = require(facts, "target")
    lines = steps.opening(facts, _RULE)
    if not facts.complete and parameters.incomplete_month == "no_data":
        return steps.without_payment(
            facts,
            _RULE,
            MonthState.NO_DATA,
            "本月有效数据不足；按条款记为无数据，双方互不补偿。",
            lines,
            clause=parameters.source("incomplete_month"),
        )
    lines.append(steps.class_step(facts, found))
    if found > target:
        return _not_met(facts, parameters, found, target, lines)
    return _met(facts, parameters, found, target, lines)


def _met(
    facts: Facts, p: Parameters, found: WaterClass, target: WaterClass, lines: list[Step]
) -> Outcome:
    last = facts.last_year_class
    if last is None:
        if p.missing_last_year == "refuse":
            require(facts, "last_year_class")
        return steps.without_payment(
            facts,
            _RULE,
            MonthState.NO_DATA,
            f"本月 {found.label}，达到功能类别 {target.label}；去年同期没有类别，无从比较，"
            "按条款记为无数据，双方互不补偿。",
            lines,
            clause=p.source("missing_last_year"),
        )
    distance = abs(last - found)
    payer: str | None
    if found < last:
        words, payer = f"好于去年同期 {distance} 个类别", DOWNSTREAM
    elif found > last:
        words, payer = f"差于去年同期 {distance} 个类别", UPSTREAM
    else:
        words = "与去年同期持平"
        payer = DOWNSTREAM if p.same_class == "downstream_pays" else None
    lines.append(
        _comparison(
            facts,
            found,
            target,
            f"去年同期 {last.label} → 本月 {found.label}，{words}",
            words.split(" ")[0],
            last,
        )
    )
    name = "rate" if found != last else "same_class"
    if payer is None:
        lines.append(steps.clause_step(p, name, "断面达标、与去年同期持平的，双方互不补偿。", None))
        return steps.finish(facts, _RULE, MonthState.MET, (), lines)
    payee = UPSTREAM if payer == DOWNSTREAM else DOWNSTREAM
    because = f"达标、{words.split(' ')[0]}"
    amount = to_fen(p.rate * facts.share)
    lines.append(
        steps.clause_step(
            p,
            name,
            f"断面{because}的，{steps.pays_words(payer, payee)}，每月 {format_wan(p.rate)} 万元。",
            payer,
            *(() if name == "rate" else ("rate",)),
        )
    )
    lines.append(
        steps.amount_step(
            facts,
            amount,
            f"{format_wan(p.rate)} 万元/月",
            "",
            (Input("补偿标准", format_wan(p.rate), "万元/月", p.source("rate")),),
        )
    )
    return steps.finish(
        facts, _RULE, MonthState.MET, pays(payer, payee, amount, because=because), lines
    )


def _not_met(
    facts: Facts, p: Parameters, found: WaterClass, target: WaterClass, lines: list[Step]
) -> Outcome:
    short = found - target
    lines.append(
        _comparison(
            facts,
            found,
            target,
            f"功能类别 {target.label} → 本月 {found.label}，差 {short} 个类别",
            "未达标",
            facts.last_year_class,
        )
    )
    count, why = {
        "flat": lambda: (1, "每月定额；"),
        "per_class_short": lambda: (short, f"差 {short} 个类别；"),
        "per_multiple_step": lambda: _multiple_steps(facts, target, p.not_met_step_width),
    }[p.not_met_mode]()
    full = p.not_met_amount * count
    capped = full if p.not_met_cap is None else min(full, p.not_met_cap)
    formula = f"{format_wan(p.not_met_amount)} 万元 × {count}"
    if capped < full:
        why += f"{format_wan(full)} 万元超过每月封顶，按 {format_wan(capped)} 万元计；"
        formula = f"封顶 {format_wan(capped)} 万元"
    amount = to_fen(capped * facts.share)
    lines.append(
        steps.clause_step(
            p,
            "not_met_amount",
            f"断面未达到功能类别的，由上游补偿下游，{p.choice('not_met_mode')} "
            f"{format_wan(p.not_met_amount)} 万元。",
            UPSTREAM,
            "not_met_mode",
        )
    )
    lines.append(
        steps.amount_step(
            facts,
            amount,
            formula,
            why,
            (
                Input(
                    "未达标补偿标准",
                    format_wan(p.not_met_amount),
                    "万元",
                    p.source("not_met_amount"),
                ),
            ),
        )
    )
    return steps.finish(
        facts,
        _RULE,
        MonthState.NOT_MET,
        pays(UPSTREAM, DOWNSTREAM, amount, because="未达到功能类别"),
        lines,
    )


def _multiple_steps(facts: Facts, target: WaterClass, width: Decimal) -> tuple[int, str]:
    """Steps of the largest exceedance multiple over the target's limit, and its words.

    Multiple = (C − S) / S (环办〔2011〕22号); pH and DO have none and count as one step.
    """
    multiples = {
        code: (value - (at := limit(code, target, facts.water_body))) / at
        for code, value in require(facts, "means").items()
        if code not in {"pH", "DO"} | steps.NOT_ASSESSED and has_limits(code, facts.water_body)
    }
    worst = max(multiples, key=lambda code: (multiples[code], code), default=None)
    if worst is None or multiples[worst] <= 0:
        return 1, "超标指标没有超标倍数（pH、溶解氧），按一级计；"
    multiple = multiples[worst]
    count = int((multiple / width).to_integral_value(rounding=ROUND_CEILING))
    return count, (
        f"{steps.shown_indicator(worst)}超 {target.label}限值 {steps.shown(multiple)} 倍，"
        f"÷ 级宽 {width:f}，不足一级按一级，计 {count} 级；"
    )


def _comparison(
    facts: Facts,
    found: WaterClass,
    target: WaterClass,
    formula: str,
    result: str,
    last: WaterClass | None,
) -> Step:
    met = "达到" if found <= target else "未达到"
    inputs = [Input("功能类别", target.label, "", facts.sources.get("target", ""))]
    if last is not None:
        inputs.append(
            Input("去年同期类别", last.label, "", facts.sources.get("last_year_class", ""))
        )
    return Step(
        key="comparison",
        title="与功能类别、去年同期比较",
        text=f"本月 {found.label}，{met}功能类别 {target.label}。",
        formula=formula,
        result=result,
        result_note=f"功能类别 {target.numeral}",
        inputs=tuple(inputs),
        hint=steps.borderline(facts),
    )
