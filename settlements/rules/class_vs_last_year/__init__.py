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

from __future__ import annotations

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
from settlements.rules.class_vs_last_year.comparison import better_than_own, comparison
from settlements.rules.class_vs_last_year.parameters import Parameters
from settlements.rules.class_vs_last_year.unmet import cost
from settlements.rules.family import Classes, Family, Yardstick, by_month
from settlements.rules.substitution import Filling


def yardstick(classes: Classes) -> Yardstick:
    """The target where it was missed, else the class of the same month of last year."""
    found, target = classes.found, classes.target
    if found is not None and target is not None and found > target:
        return Yardstick(target, "目标")
    return Yardstick(classes.last_year, "去年同月")


def evaluate(facts: Facts, parameters: Parameters) -> Outcome:
    """Who pays for one section and month.

    Raises MissingFact for water_class, target, means (where the schedule goes by the
    exceedance multiple), last_year_class (where the term refuses without it), the inflow's
    class and means (where the term asks for what came in) and reference_class (where being
    paid hangs on it); WrongPeriod for a year.
    """
    require_period(facts, Granularity.MONTH)
    if settled := steps.decided_elsewhere(facts, FAMILY):
        return settled
    found = require(facts, "water_class")
    target = require(facts, "target")
    lines = steps.opening(facts, FAMILY)
    if unused := steps.incomplete(facts, FAMILY, parameters, lines, "incomplete_month"):
        return unused
    lines.append(steps.class_step(facts, found, parameters))
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
            FAMILY,
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
        )
    )
    name = "rate" if found != last else "same_class"
    if payer == DOWNSTREAM and not better_than_own(facts, p, found, lines):
        text = "断面达标，但不好于下游自身断面的，下游不补偿。"
        lines.append(steps.clause_step(p, "better_than", text, None))
        return steps.finish(facts, FAMILY, MonthState.MET, (), lines)
    if payer is None:
        lines.append(steps.clause_step(p, name, "断面达标、与去年同期持平的，双方互不补偿。", None))
        return steps.finish(facts, FAMILY, MonthState.MET, (), lines)
    payee = UPSTREAM if payer == DOWNSTREAM else DOWNSTREAM
    because = f"达标、{words.split(' ')[0]}"
    inherited = payer == UPSTREAM and _inherited(facts, p, found)
    kept = common.KEPT[p.inherited] if inherited else Fraction(1)
    also = ["rate"] if name != "rate" else []
    text = f"断面{because}的，{steps.pays_words(payer, payee)}，每月 {format_wan(p.rate)} 万元。"
    if inherited:
        because += "、未较来水增加"
        also.append("inherited")
        text += f"不差于入境断面，{p.choice('inherited')}。"
    amount = facts.due(exact(p.rate) * kept)
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
        facts, FAMILY, MonthState.MET, pays(payer, payee, amount, because=because), lines
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
        )
    )
    due = cost(facts, p, found, target)
    kept = common.KEPT[p.inherited] if inherited else Fraction(1)
    amount = facts.due(exact(due.yuan) * kept)
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
        facts, FAMILY, state, pays(UPSTREAM, DOWNSTREAM, amount, because=because), lines
    )


def _inherited(facts: Facts, p: Parameters, found: WaterClass) -> bool:
    """Whether the water leaves no worse than it came in, where the term asks."""
    if p.inherited == "charge" or not facts.has_inflow:
        return False
    return found <= require(facts, "inflow_class")


def _kept_words(kept: Fraction) -> str:
    return f" × 继承部分 {steps.percent(kept)}" if kept != 1 else ""


FAMILY = Family(
    code="class_vs_last_year",
    title="同比类别法",
    summary="达到功能类别时与去年同月比：类别变好，下游付上游；变差，上游付下游。没达到功能类别，上游付下游。",
    title_en="Class against last year",
    revision=1,
    legal_basis="《重庆市建立流域横向生态保护补偿机制实施方案（试行）》（2018）",
    about=__doc__,
    needs=frozenset({"water_class", "target", "last_year_class", "means", "deciding", "complete"}),
    needs_if={
        "inherited": frozenset({"inflow_class", "inflow_means"}),
        "better_than": frozenset({"reference_class"}),
        # Their mean is that of two months around one without data.
        "missing_month": frozenset({"reference_means"}),
    },
    parameters=Parameters,
    evaluate=evaluate,
    granularity=by_month,
    needs_reference=lambda p: p.better_than != "none",
    yardstick=yardstick,
    part_month=lambda p: p.part_month,
    filling=lambda p: Filling(p, p.missing_month, p.sampling, p.incomplete_month),
)
