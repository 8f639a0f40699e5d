"""Key pollutants against thresholds, beside the class (关键污染物限值法).

All conditions (or any of them, as the term says) met: downstream pays upstream an amount for
the month or year; not met: upstream pays downstream. You River (酉水): Hunan paid Chongqing
480 万元 for 2019, 40 万元 for each of 12 months; since September 2022 manganese is a core
indicator beside the class.

Source: Chongqing–Hunan agreement on the You River (2018) and its renewal (2022); the limit of
manganese is GB 3838-2002 table 2, 0.1 mg/L. Amounts are Decimal yuan to the fen.
"""

# ruff: noqa: RUF009 - parameter() is dataclasses.field with a Spec

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from monitoring.standards.exact import Number, exact
from monitoring.standards.gb3838_2002 import UNITS, WaterClass
from settlements.money import format_wan
from settlements.rules import common, items, steps
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
from settlements.rules.family import Family
from settlements.rules.parameters import ParameterError, ParameterKind, parameter, since
from settlements.rules.parameters import Parameters as BaseParameters
from settlements.rules.substitution import Filling

_YOU = "酉水协议：2019年度480万元，按12个月折算（推定）"
_OURS = common.OURS


@dataclass(frozen=True, kw_only=True)
class Threshold:
    """One indicator and the concentration it must keep to."""

    indicator: str = parameter(
        "指标",
        ParameterKind.CHOICE,
        english="Indicator",
        english_help="Key pollutant; dissolved oxygen must not fall below its threshold.",
        choices=items.COMPARABLE,
        help="关键污染物；溶解氧须不低于限值。",
    )
    threshold: Decimal = parameter(
        "限值",
        ParameterKind.DECIMAL,
        english="Threshold",
        english_help="Met where the mean is not above it (oxygen: not below); equal is met.",
        unit="mg/L",
        minimum=Decimal("0.000001"),
        help="均值不高于它（溶解氧不低于它）为达到；恰等于限值为达到。",
    )


@dataclass(frozen=True, kw_only=True)
class Parameters(BaseParameters):
    """The conditions, how they go together, and what meeting or missing them is worth."""

    thresholds: tuple[Threshold, ...] | None = parameter(
        "关键污染物限值",
        ParameterKind.ROWS,
        english="Thresholds",
        english_help="One line each; empty where the class alone counts.",
        row=Threshold,
        optional=True,
        help="逐项填写；只看类别的协议留空。",
        default=[
            since("2018-01-01", None, source=_OURS),
            since(
                "2022-09-01",
                [{"indicator": "Mn", "threshold": "0.1"}],
                source="酉水协议2022年9月起以锰为核心指标；限值 GB 3838-2002 表2",
            ),
        ],
    )
    class_condition: str = parameter(
        "类别条件",
        ParameterKind.CHOICE,
        english="Condition on the class",
        english_help="Whether the class of the section is a condition too.",
        choices={"target": "达到功能类别", "class": "达到固定类别", "none": "不看类别"},
        help="除关键污染物外，断面类别是否也是条件。",
        default=[since("2018-01-01", "target", source=_OURS)],
    )
    condition_class: WaterClass | None = parameter(
        "固定类别",
        ParameterKind.CLASS,
        english="Fixed class",
        english_help="For a condition on a fixed class.",
        minimum=WaterClass.I,
        maximum=WaterClass.V,
        optional=True,
        help="类别条件为固定类别时填写。",
        applies_if=("class_condition", ("class",)),
        default=[since("2018-01-01", None, source=_OURS)],
    )
    combination: str = parameter(
        "条件的组合",
        ParameterKind.CHOICE,
        english="Combination",
        english_help="Whether all conditions must be met or any one will do.",
        choices={"all_of": "全部达到", "any_of": "任一达到"},
        help="各项限值与类别条件须全部达到，还是达到其中一项即可。",
        default=[since("2018-01-01", "all_of", source=_OURS)],
    )
    comparison: str = parameter(
        "核算周期",
        ParameterKind.CHOICE,
        english="Period",
        english_help="Monthly means by the month or yearly means by the year; amounts are per "
        "period.",
        choices={"monthly": "按月", "yearly": "按年"},
        help="用月均值按月核算，或用年均值按年核算；金额为每月或每年的金额。",
        default=[since("2018-01-01", "monthly", source=_YOU)],
    )
    met_amount: Decimal = parameter(
        "达到时补偿",
        ParameterKind.MONEY,
        english="Amount when met",
        english_help="Downstream pays it for a period that meets the conditions; 0 for nothing.",
        unit="元/期",
        minimum=Decimal(0),
        help="条件达到的一期，下游补偿上游的金额；0 为不补偿。",
        default=[since("2018-01-01", "400000", source=_YOU)],
    )
    not_met_amount: Decimal = parameter(
        "未达到时补偿",
        ParameterKind.MONEY,
        english="Amount when not met",
        english_help="Upstream pays it for a period that does not; 0 for nothing.",
        unit="元/期",
        minimum=Decimal(0),
        help="条件未达到的一期，上游补偿下游的金额；0 为不补偿。",
        default=[since("2018-01-01", "400000", source=_OURS)],
    )
    inherited: str = common.inherited(
        "2018-01-01",
        *("charge", "half", "none"),
        help="未达到的条件都不差于入境断面时如何计收，状态记为“未增加”；没有入境断面的照常计收。",
        added=True,
    )
    yearly_cap: Decimal | None = common.yearly_cap("2018-01-01")
    incomplete_period: str = common.incomplete("2018-01-01", "期")
    missing_month: str = common.missing_month("2018-01-01", applies_if=common.MONTHLY)
    sampling: str = common.sampling("2018-01-01", applies_if=common.MONTHLY)
    part_month: str = common.part_month("2018-01-01", applies_if=common.MONTHLY)
    rounding: str = common.rounding("2018-01-01")
    ph_mean: str = common.ph_mean("2018-01-01")
    first_origin: str = common.first_origin("2018-01-01")

    def contradictions(self) -> list[ParameterError]:
        errors = []
        if twice := items.repeated(self.thresholds or ()):
            errors.append(self.error("thresholds", f"{twice}填了不止一行；每项指标只填一行。"))
        if self.class_condition == "none" and not self.thresholds:
            errors.append(
                self.error("thresholds", "不看类别又没有限值，无从核算；请填限值或设类别条件。")
            )
        if self.class_condition == "class" and self.condition_class is None:
            errors.append(self.error("condition_class", "类别条件为固定类别，须填类别。"))
        return errors


@dataclass(frozen=True, slots=True)
class _Condition:
    """One condition: what it asks, whether it is met, and the line that shows it.

    inherited: not met, but the water leaves no worse than it came in.
    """

    name: str
    met: bool
    step: Step
    inherited: bool = False


def granularity(parameters: Parameters) -> Granularity:
    """Settled by the month or by the year, as the term says."""
    return Granularity.YEAR if parameters.comparison == "yearly" else Granularity.MONTH


def evaluate(facts: Facts, parameters: Parameters) -> Outcome:
    """Who pays for one section and period; the yearly cap is applied by `caps.apply_cap`.

    Every condition is looked at, also where any of them would do. Raises MissingFact for the
    mean of a listed indicator, water_class and target where the class counts, and the inflow's
    of what was missed where that is not charged in full; WrongPeriod for
    the other kind of period.
    """
    p = parameters
    require_period(facts, granularity(p))
    if settled := steps.decided_elsewhere(facts, FAMILY):
        return settled
    if p.class_condition != "none":
        require(facts, "water_class")
    if p.thresholds:
        require(facts, "means")
    lines = steps.opening(facts, FAMILY)
    if unused := steps.incomplete(facts, FAMILY, p, lines, "incomplete_period"):
        return unused
    if facts.water_class is not None:
        lines.append(steps.class_step(facts, facts.water_class, p))
    conditions = [_threshold(facts, p, row) for row in p.thresholds or ()]
    if p.class_condition != "none":
        conditions.append(_class_condition(facts, p))
    lines += [condition.step for condition in conditions]
    return _settle(facts, p, conditions, lines)


def _threshold(facts: Facts, p: Parameters, row: Threshold) -> _Condition:
    code, name = row.indicator, steps.shown_indicator(row.indicator)
    value = items.mean_of(facts, "means", code)
    met = value >= row.threshold if code == "DO" else value <= row.threshold
    order = "＝" if value == row.threshold else ("＞" if value > row.threshold else "＜")
    step = Step(
        key=f"item-{code}",
        title=name,
        text=f"{name}均值{'达到' if met else '未达到'}限值"
        + ("（不低于限值为达到）。" if code == "DO" else "（不高于限值为达到）。"),
        formula=f"{items.in_unit(code, value)} {order} 限值 {items.in_unit(code, row.threshold)}",
        result="达到" if met else "未达到",
        result_note=f"限值 {items.in_unit(code, row.threshold)}",
        clause=p.source("thresholds"),
        inputs=(
            Input("本期均值", steps.shown(value), UNITS[code], facts.sources.get("means", "")),
            Input("限值", steps.shown(row.threshold), UNITS[code], p.source("thresholds")),
        ),
        hint=steps.near_limit(code, value, row.threshold, "限值", facts.water_body),
        defaults=p.defaults("thresholds"),
    )
    inherited = not met and _asks_inflow(facts, p) and _no_worse_than_inflow(facts, code, value)
    return _Condition(f"{name}限值", met, step, inherited)


def _asks_inflow(facts: Facts, p: Parameters) -> bool:
    return p.inherited != "charge" and facts.has_inflow


def _no_worse_than_inflow(facts: Facts, code: str, value: Number) -> bool:
    came_in = items.mean_of(facts, "inflow_means", code)
    return value >= came_in if code == "DO" else value <= came_in


def _class_condition(facts: Facts, p: Parameters) -> _Condition:
    found: WaterClass = require(facts, "water_class")
    if p.class_condition == "class" and p.condition_class is not None:
        wanted, name, source = p.condition_class, "固定类别", p.source("condition_class")
    else:
        wanted, name = require(facts, "target"), "功能类别"
        source = facts.sources.get("target", "")
    met = found <= wanted
    step = Step(
        key="item-class",
        title="类别条件",
        text=f"本期 {found.label}，{'达到' if met else '未达到'}{name} {wanted.label}。",
        formula=f"{name} {wanted.label} → 本期 {found.label}",
        result="达到" if met else "未达到",
        result_note=f"{name} {wanted.numeral}",
        clause=p.source("class_condition"),
        inputs=(Input(name, wanted.label, "", source),),
        hint=steps.borderline(facts),
        defaults=p.defaults("class_condition", "condition_class"),
    )
    inherited = not met and _asks_inflow(facts, p) and found <= require(facts, "inflow_class")
    return _Condition(name, met, step, inherited)


def _settle(
    facts: Facts, p: Parameters, conditions: list[_Condition], lines: list[Step]
) -> Outcome:
    together = all if p.combination == "all_of" else any
    met = together(condition.met for condition in conditions)
    state = MonthState.MET if met else MonthState.NOT_MET
    inherited = not met and all(each.inherited for each in conditions if not each.met)
    if inherited:
        state = MonthState.NOT_INCREASED
    lines.append(_comparison(facts, p, conditions, met, inherited))
    name, rate = ("met_amount", p.met_amount) if met else ("not_met_amount", p.not_met_amount)
    payer, payee = (DOWNSTREAM, UPSTREAM) if met else (UPSTREAM, DOWNSTREAM)
    words = "达到条件" if met else "未达到条件"
    if not rate:
        text = f"{words}的，协议未设补偿金额，双方互不补偿。"
        lines.append(steps.clause_step(p, name, text, None))
        return steps.finish(facts, FAMILY, state, (), lines)
    every = "每月" if p.comparison == "monthly" else "每年"
    text = f"{words}的，{steps.pays_words(payer, payee)}，{every} {format_wan(rate)} 万元。"
    kept, kept_words = Fraction(1), ""
    if inherited:
        kept = common.KEPT[p.inherited]
        text += f"未达到的均不差于入境断面，{p.choice('inherited')}。"
        kept_words = f" × 继承部分 {steps.percent(kept)}"
        words += "、未较来水增加"
    amount = facts.due(exact(rate) * kept)
    also = ("inherited",) if inherited else ()
    lines.append(steps.clause_step(p, name, text, payer if amount else None, *also))
    unit = steps.rate_unit(granularity(p))
    label = "达到时补偿" if met else "未达到时补偿"
    lines.append(
        steps.amount_step(
            facts,
            amount,
            f"{format_wan(rate)} {unit}{kept_words}",
            "",
            (Input(label, format_wan(rate), unit, p.source(name)),),
        )
    )
    return steps.finish(facts, FAMILY, state, pays(payer, payee, amount, because=words), lines)


def _comparison(
    facts: Facts, p: Parameters, conditions: list[_Condition], met: bool, inherited: bool
) -> Step:
    failed = [condition.name for condition in conditions if not condition.met]
    text = f"条件须{p.choice('combination')}；"
    text += f"未达到的有{'、'.join(failed)}。" if failed else "各项均达到。"
    if inherited:
        text += f"均不差于{facts.inflow_shown}，记为“未增加”。"
    return Step(
        key="comparison",
        title="条件的组合",
        text=text,
        formula="；".join(
            f"{condition.name} {'达到' if condition.met else '未达到'}" for condition in conditions
        ),
        result="达到条件" if met else "未增加" if inherited else "未达条件",
        result_note=f"{len(conditions) - len(failed)} / {len(conditions)} 项",
        clause=p.source("combination"),
        inputs=_inflow_inputs(facts, p, conditions),
        defaults=p.defaults("combination"),
    )


def _inflow_inputs(facts: Facts, p: Parameters, conditions: list[_Condition]) -> tuple[Input, ...]:
    """What came in, where a condition was missed and the term asks for it."""
    if not _asks_inflow(facts, p) or all(condition.met for condition in conditions):
        return ()
    name = facts.inflow_shown
    found = []
    if p.class_condition != "none" and facts.inflow_class is not None:
        source = facts.sources.get("inflow_class", "")
        found.append(Input(f"{name}类别", facts.inflow_class.label, "", source))
    source = facts.sources.get("inflow_means", "")
    for row in p.thresholds or ():
        if row.indicator in facts.inflow_means:
            value = steps.shown(facts.inflow_means[row.indicator])
            label = f"{name}{steps.shown_indicator(row.indicator)}"
            found.append(Input(label, value, UNITS[row.indicator], source))
    return tuple(found)


FAMILY = Family(
    code="pollutant_threshold",
    title="关键污染物限值法",
    summary="约定的关键污染物（和类别）都达到限值，下游付上游定额；没有达到，上游付下游。",
    title_en="Key pollutant thresholds",
    revision=1,
    legal_basis="《酉水流域横向生态保护补偿协议》（重庆市、湖南省，2018年；2022年续签）",
    about=__doc__,
    needs=frozenset({"water_class", "target", "means", "deciding", "complete"}),
    needs_if={"inherited": frozenset({"inflow_class", "inflow_means"})},
    parameters=Parameters,
    evaluate=evaluate,
    granularity=granularity,
    yearly_cap=lambda p: p.yearly_cap,
    part_month=lambda p: p.part_month,
    filling=lambda p: Filling(p, p.missing_month, p.sampling, p.incomplete_period),
)
