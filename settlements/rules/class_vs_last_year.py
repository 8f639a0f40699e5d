"""Border section's class against the same month of last year, both ways (同比类别法).

In force 2018-06 to 2022. Meets its functional class: better than last year, downstream pays
upstream the monthly rate; worse, upstream pays downstream. Does not meet it: upstream pays
downstream by a schedule of its own, whatever last year was. An agreement may ask more before
upstream is paid (Xiao'an River: better than the downstream's own section), and may charge less
for water that came in no better.

Source: 《重庆市建立流域横向生态保护补偿机制实施方案(试行)》(2018); the schedule of an unmet
class is not held here ("按相关规定核算"), so its block of parameters is flat by default.
Amounts are Decimal yuan to the fen.
"""

# ruff: noqa: RUF009 - parameter() is dataclasses.field with a Spec

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from monitoring.standards.gb3838_2002 import WaterClass
from settlements.money import format_wan, to_fen
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
from settlements.rules.last_year_steps import better_than_own, comparison
from settlements.rules.parameters import Kind, ParameterError, parameter, since
from settlements.rules.parameters import Parameters as BaseParameters
from settlements.rules.unmet_schedule import Grade, cost, schedule_problems

CODE, TITLE, REVISION = "class_vs_last_year", "同比类别法", 1
TITLE_EN = "Class against last year"
LEGAL_BASIS = "《重庆市建立流域横向生态保护补偿机制实施方案（试行）》（2018）"
NEEDS = frozenset({"water_class", "target", "last_year_class", "means", "deciding", "complete"})
# Facts asked for only where the named parameter does not stand as it did before it came.
NEEDS_IF = {
    "inherited": frozenset({"inflow_class", "inflow_means"}),
    "better_than": frozenset({"reference_class"}),
    # Their mean is that of two months around one without data.
    "missing_month": frozenset({"reference_means"}),
}

_RULE = steps.Identity(CODE, TITLE, REVISION)
_PLAN = "重庆市实施方案（试行）2018"
_OURS = "本系统默认，方案原文未载"


@dataclass(frozen=True, kw_only=True)
class Parameters(BaseParameters):
    """Rates of both directions and what happens in the cases the table leaves open."""

    rate: Decimal = parameter(
        "补偿标准",
        Kind.MONEY,
        english="Rate",
        english_help="Amount of one month that meets its functional class and is better or worse "
        "than a year ago.",
        unit="元/月",
        minimum=Decimal(0),
        help="达到功能类别时，类别好于或差于去年同期，一个月的补偿金额。",
        default=[since("2018-06-01", "1000000", source=_PLAN)],
    )
    not_met_mode: str = parameter(
        "未达标核算方式",
        Kind.CHOICE,
        english="Charge when not met",
        english_help="How upstream pays where the functional class is not met: flat, per class "
        "short, or per step of the largest exceedance multiple.",
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
        english="Amount when not met",
        english_help="Per month, class short or step, by the mode; not below the rate, else worse "
        "water would cost less.",
        unit="元",
        minimum=Decimal(0),
        help="每月、每差一个类别或每级的金额，依核算方式；不低于补偿标准，否则水质更差反而少付。",
        default=[since("2018-06-01", "1000000", source=_OURS)],
    )
    not_met_step_width: Decimal = parameter(
        "超标倍数级宽",
        Kind.DECIMAL,
        english="Width of a step",
        english_help="Exceedance multiple that makes one step; a part of a step counts as one. The "
        "indicator with the largest multiple decides.",
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
        english="Monthly cap when not met",
        english_help="Most that a month costs that is not met; empty for no cap.",
        unit="元/月",
        minimum=Decimal(0),
        optional=True,
        help="未达标时一个月最多付的金额；空为不封顶。",
        default=[since("2018-06-01", None, source=_OURS)],
    )
    not_met_schedule: tuple[Grade, ...] | None = parameter(
        "未达标分级表",
        Kind.ROWS,
        english="Schedule when not met",
        english_help="What so many classes short (or steps) cost, from low to high; empty for one "
        "amount each.",
        row=Grade,
        optional=True,
        help="差几个类别（或几级超标倍数）付多少，由低到高填；空为每类（级）同一金额。",
        applies_if=("not_met_mode", ("per_class_short", "per_multiple_step")),
        default=[since("2018-06-01", None, source=_OURS)],
        added=True,
    )
    inherited: str = common.inherited(
        "2018-06-01",
        *("charge", "half", "deduct", "none"),
        help="上游应付、但水质不差于入境断面时的处理，未达标的状态记为“未增加”；"
        "只计高出部分的，从入境断面的类别（浓度）起算。没有入境断面的照常计收。",
        added=True,
    )
    better_than: str = parameter(
        "附加条件",
        Kind.CHOICE,
        english="Extra condition",
        english_help="Upstream is paid only if the water also is better than the downstream's own "
        "reference section (Xiao'an River); the section is named with the term's "
        "sections.",
        choices={"none": "不设", "downstream_own": "须好于下游自身断面"},
        help="下游补偿上游的附加条件：达标且类别好于下游自身的对照断面（如小安溪）；"
        "对照断面在条款断面登记。",
        default=[since("2018-06-01", "none", source=_OURS)],
        added=True,
    )
    same_class: str = parameter(
        "类别持平时",
        Kind.CHOICE,
        english="Same class as last year",
        english_help="What happens where the class is met and the same as a year ago.",
        choices={"nobody": "互不补偿", "downstream_pays": "下游补偿上游"},
        help="达标且与去年同期同类时的处理。",
        default=[since("2018-06-01", "nobody", source=_OURS)],
    )
    missing_last_year: str = parameter(
        "缺去年同期时",
        Kind.CHOICE,
        english="No class of last year",
        english_help="What happens where the class is met but last year's month has none.",
        choices={"no_data": "记为无数据，互不补偿", "refuse": "拒绝核算，先补数据"},
        help="达标而去年同期没有类别时的处理。",
        default=[since("2018-06-01", "no_data", source=_OURS)],
    )
    incomplete_month: str = common.incomplete("2018-06-01", source=_OURS)
    missing_month: str = common.missing_month("2018-06-01")
    sampling: str = common.sampling("2018-06-01")
    part_month: str = common.part_month("2018-06-01")

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
        if self.not_met_schedule and self.not_met_mode != "flat":
            problems = schedule_problems(self.not_met_schedule, self.rate)
            errors += [self.error("not_met_schedule", problem) for problem in problems]
        return errors


def granularity(parameters: Parameters) -> Granularity:
    """Settled by the month (月核算)."""
    return Granularity.MONTH


def evaluate(facts: Facts, parameters: Parameters) -> Outcome:
    """Who pays for one section and month.

    Raises MissingFact for water_class, target, means (where the schedule goes by the
    exceedance multiple), last_year_class (where the term refuses without it), the inflow's
    class and means (where the term asks for what came in) and reference_class (where being
    paid hangs on it); WrongPeriod for a year.
    """
    require_period(facts, Granularity.MONTH)
    if settled := steps.decided_elsewhere(facts, _RULE):
        return settled
    found = require(facts, "water_class")
    target = require(facts, "target")
    lines = steps.opening(facts, _RULE)
    if unused := steps.incomplete(facts, _RULE, parameters, lines, "incomplete_month"):
        return unused
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
        comparison(
            facts,
            p,
            found,
            target,
            f"去年同期 {last.label} → 本月 {found.label}，{words}",
            words.split(" ")[0],
            last,
        )
    )
    name = "rate" if found != last else "same_class"
    if payer == DOWNSTREAM and not better_than_own(facts, p, found, lines):
        text = "断面达标，但不好于下游自身断面的，下游不补偿。"
        lines.append(steps.clause_step(p, "better_than", text, None))
        return steps.finish(facts, _RULE, MonthState.MET, (), lines)
    if payer is None:
        lines.append(steps.clause_step(p, name, "断面达标、与去年同期持平的，双方互不补偿。", None))
        return steps.finish(facts, _RULE, MonthState.MET, (), lines)
    payee = UPSTREAM if payer == DOWNSTREAM else DOWNSTREAM
    because = f"达标、{words.split(' ')[0]}"
    inherited = payer == UPSTREAM and _inherited(facts, p, found)
    kept = common.KEPT[p.inherited] if inherited else Decimal(1)
    also = ["rate"] if name != "rate" else []
    text = f"断面{because}的，{steps.pays_words(payer, payee)}，每月 {format_wan(p.rate)} 万元。"
    if inherited:
        because += "、未较来水增加"
        also.append("inherited")
        text += f"不差于入境断面，{p.choice('inherited')}。"
    amount = to_fen(p.rate * kept * facts.share)
    lines.append(steps.clause_step(p, name, text, payer if amount else None, *also))
    lines.append(
        steps.amount_step(
            facts,
            amount,
            f"{format_wan(p.rate)} 万元/月{_kept_words(kept)}",
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
    inherited = _inherited(facts, p, found)
    lines.append(
        comparison(
            facts,
            p,
            found,
            target,
            f"功能类别 {target.label} → 本月 {found.label}，差 {found - target} 个类别",
            "未增加" if inherited else "未达标",
            facts.last_year_class,
        )
    )
    due = cost(facts, p, found, target)
    kept = common.KEPT[p.inherited] if inherited else Decimal(1)
    amount = to_fen(due.yuan * kept * facts.share)
    state = MonthState.NOT_INCREASED if inherited else MonthState.NOT_MET
    because = "未达到功能类别" + ("、未较来水增加" if inherited else "")
    table = bool(p.not_met_schedule) and p.not_met_mode != "flat"
    priced = "not_met_schedule" if table else "not_met_amount"
    tariff = "按分级表计" if table else f"{format_wan(p.not_met_amount)} 万元"
    lines.append(
        steps.clause_step(
            p,
            priced,
            f"断面未达到功能类别的，由上游补偿下游，{p.choice('not_met_mode')} {tariff}。"
            + (f"继承部分{p.choice('inherited')}。" if inherited else ""),
            UPSTREAM if amount else None,
            "not_met_mode",
            *(("inherited",) if inherited else ()),
        )
    )
    inputs: tuple[Input, ...] = ()
    if not table:
        rate = format_wan(p.not_met_amount)
        inputs = (Input("未达标补偿标准", rate, "万元", p.source("not_met_amount")),)
    lines.append(
        steps.amount_step(facts, amount, due.formula + _kept_words(kept), due.words, inputs)
    )
    return steps.finish(
        facts, _RULE, state, pays(UPSTREAM, DOWNSTREAM, amount, because=because), lines
    )


def _inherited(facts: Facts, p: Parameters, found: WaterClass) -> bool:
    """Whether the water leaves no worse than it came in, where the term asks."""
    if p.inherited == "charge" or not facts.inflow_section:
        return False
    return found <= require(facts, "inflow_class")


def _kept_words(kept: Decimal) -> str:
    return f" × 继承部分 {steps.percent(kept)}" if kept != 1 else ""
