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

from monitoring.standards.gb3838_2002 import UNITS, WaterClass
from settlements.money import format_wan, to_fen
from settlements.rules import items, steps
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

CODE, TITLE, REVISION = "pollutant_threshold", "关键污染物限值法", 1
LEGAL_BASIS = "《酉水流域横向生态保护补偿协议》（重庆市、湖南省，2018年；2022年续签）"
NEEDS = frozenset({"water_class", "target", "means", "deciding", "complete"})

_RULE = steps.Identity(CODE, TITLE, REVISION)
_YOU = "酉水协议：2019年度480万元，按12个月折算（推定）"
_OURS = "本系统默认，协议未载时使用"


@dataclass(frozen=True, kw_only=True)
class Threshold:
    """One indicator and the concentration it must keep to."""

    indicator: str = parameter(
        "指标", Kind.CHOICE, choices=items.COMPARABLE, help="关键污染物；溶解氧须不低于限值。"
    )
    threshold: Decimal = parameter(
        "限值",
        Kind.DECIMAL,
        unit="mg/L",
        minimum=Decimal("0.000001"),
        help="均值不高于它（溶解氧不低于它）为达到；恰等于限值为达到。",
    )


@dataclass(frozen=True, kw_only=True)
class Parameters(BaseParameters):
    """The conditions, how they go together, and what meeting or missing them is worth."""

    thresholds: tuple[Threshold, ...] | None = parameter(
        "关键污染物限值",
        Kind.ROWS,
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
        Kind.CHOICE,
        choices={"target": "达到功能类别", "class": "达到固定类别", "none": "不看类别"},
        help="除关键污染物外，断面类别是否也是条件。",
        default=[since("2018-01-01", "target", source=_OURS)],
    )
    condition_class: WaterClass | None = parameter(
        "固定类别",
        Kind.CLASS,
        minimum=WaterClass.I,
        maximum=WaterClass.V,
        optional=True,
        help="类别条件为固定类别时填写。",
        applies_if=("class_condition", ("class",)),
        default=[since("2018-01-01", None, source=_OURS)],
    )
    combination: str = parameter(
        "条件的组合",
        Kind.CHOICE,
        choices={"all_of": "全部达到", "any_of": "任一达到"},
        help="各项限值与类别条件须全部达到，还是达到其中一项即可。",
        default=[since("2018-01-01", "all_of", source=_OURS)],
    )
    comparison: str = parameter(
        "核算周期",
        Kind.CHOICE,
        choices={"monthly": "按月", "yearly": "按年"},
        help="用月均值按月核算，或用年均值按年核算；金额为每月或每年的金额。",
        default=[since("2018-01-01", "monthly", source=_YOU)],
    )
    met_amount: Decimal = parameter(
        "达到时补偿",
        Kind.MONEY,
        unit="元/期",
        minimum=Decimal(0),
        help="条件达到的一期，下游补偿上游的金额；0 为不补偿。",
        default=[since("2018-01-01", "400000", source=_YOU)],
    )
    not_met_amount: Decimal = parameter(
        "未达到时补偿",
        Kind.MONEY,
        unit="元/期",
        minimum=Decimal(0),
        help="条件未达到的一期，上游补偿下游的金额；0 为不补偿。",
        default=[since("2018-01-01", "400000", source=_OURS)],
    )
    yearly_cap: Decimal | None = parameter(
        "每年单向封顶",
        Kind.MONEY,
        unit="元/年",
        minimum=Decimal(0),
        optional=True,
        help="同一方向一年累计最多付的金额；空为不封顶。",
        default=[since("2018-01-01", None, source=_OURS)],
    )
    incomplete_period: str = parameter(
        "数据不完整的期",
        Kind.CHOICE,
        choices={"use": "照常核算并注明", "no_data": "记为无数据，互不补偿"},
        help="有效数据不足以满足完整性要求的月（年）如何处理。",
        default=[since("2018-01-01", "use", source=_OURS)],
    )

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
    """One condition: what it asks, whether it is met, and the line that shows it."""

    name: str
    met: bool
    step: Step


def granularity(parameters: Parameters) -> Granularity:
    """Settled by the month or by the year, as the term says."""
    return Granularity.YEAR if parameters.comparison == "yearly" else Granularity.MONTH


def evaluate(facts: Facts, parameters: Parameters) -> Outcome:
    """Who pays for one section and period; the yearly cap is applied by `caps.apply_cap`.

    Every condition is looked at, also where any of them would do. Raises MissingFact for the
    mean of a listed indicator, water_class and target where the class counts; WrongPeriod for
    the other kind of period.
    """
    p = parameters
    require_period(facts, granularity(p))
    if settled := steps.decided_elsewhere(facts, _RULE):
        return settled
    if p.class_condition != "none":
        require(facts, "water_class")
    if p.thresholds:
        require(facts, "means")
    lines = steps.opening(facts, _RULE)
    if unused := steps.incomplete(facts, _RULE, p, lines, "incomplete_period"):
        return unused
    if facts.water_class is not None:
        lines.append(steps.class_step(facts, facts.water_class))
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
    return _Condition(f"{name}限值", met, step)


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
    return _Condition(name, met, step)


def _settle(
    facts: Facts, p: Parameters, conditions: list[_Condition], lines: list[Step]
) -> Outcome:
    together = all if p.combination == "all_of" else any
    met = together(condition.met for condition in conditions)
    state = MonthState.MET if met else MonthState.NOT_MET
    lines.append(_comparison(p, conditions, met))
    name, rate = ("met_amount", p.met_amount) if met else ("not_met_amount", p.not_met_amount)
    payer, payee = (DOWNSTREAM, UPSTREAM) if met else (UPSTREAM, DOWNSTREAM)
    words = "达到条件" if met else "未达到条件"
    if not rate:
        text = f"{words}的，协议未设补偿金额，双方互不补偿。"
        lines.append(steps.clause_step(p, name, text, None))
        return steps.finish(facts, _RULE, state, (), lines)
    every = "每月" if p.comparison == "monthly" else "每年"
    text = f"{words}的，{steps.pays_words(payer, payee)}，{every} {format_wan(rate)} 万元。"
    lines.append(steps.clause_step(p, name, text, payer))
    unit = steps.rate_unit(granularity(p))
    amount = to_fen(rate * facts.share)
    label = "达到时补偿" if met else "未达到时补偿"
    lines.append(
        steps.amount_step(
            facts,
            amount,
            f"{format_wan(rate)} {unit}",
            "",
            (Input(label, format_wan(rate), unit, p.source(name)),),
        )
    )
    return steps.finish(facts, _RULE, state, pays(payer, payee, amount, because=words), lines)


def _comparison(p: Parameters, conditions: list[_Condition], met: bool) -> Step:
    failed = [condition.name for condition in conditions if not condition.met]
    text = f"条件须{p.choice('combination')}；"
    text += f"未达到的有{'、'.join(failed)}。" if failed else "各项均达到。"
    return Step(
        key="comparison",
        title="条件的组合",
        text=text,
        formula="；".join(
            f"{condition.name} {'达到' if condition.met else '未达到'}" for condition in conditions
        ),
        result="达到条件" if met else "未达条件",
        result_note=f"{len(conditions) - len(failed)} / {len(conditions)} 项",
        clause=p.source("combination"),
        defaults=p.defaults("combination"),
    )
