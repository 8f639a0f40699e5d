"""Each indicator's concentration against a year ago, by the percentage point (同比变幅法).

Each percentage point better earns an amount, each point worse costs one, held between a least
and a most; a month worse than class V costs a fixed amount a section besides. What indicators
earn and cost is netted, so one section and period has one direction.

Source: Shandong 2019 (《山东省地表水环境质量生态补偿暂行办法》): +4 万元 a point better,
5–200 万元 for worse, 100 万元 for a month worse than V; Henan–Shandong 2021 compares years.
Amounts are Decimal yuan to the fen; means Decimal mg/L.
"""

# ruff: noqa: RUF009 - parameter() is dataclasses.field with a Spec

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from math import floor

from monitoring.standards.exact import Number, exact
from monitoring.standards.gb3838_2002 import WaterClass
from settlements.money import format_wan
from settlements.rules import common, items, steps
from settlements.rules.base import (
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
from settlements.rules.percent_price import PricedItem, better, worse
from settlements.rules.substitution import Filling

_SHANDONG = "山东省2019年办法"
_OURS = common.OURS


@dataclass(frozen=True, kw_only=True)
class Parameters(BaseParameters):
    """Indicators with their prices, how points are counted, and the charge for inferior V."""

    indicators: tuple[PricedItem, ...] = parameter(
        "指标与标准",
        ParameterKind.ROWS,
        english="Indicators and prices",
        english_help="Each is compared with a year ago; what they earn and cost is netted.",
        row=PricedItem,
        help="逐项与去年同期比较，改善与恶化的金额相抵后由一方付给另一方。",
        default=[
            since(
                "2019-01-01",
                [
                    {
                        "indicator": code,
                        "better_amount": "40000.00",
                        "better_cap": None,
                        "worse_amount": "50000.00",
                        "worse_least": "50000.00",
                        "worse_cap": "2000000.00",
                    }
                    for code in ("NH3-N", "COD", "TP", "F")
                ],
                source=_SHANDONG,
            )
        ],
    )
    points: str = parameter(
        "百分点计法",
        ParameterKind.CHOICE,
        english="Counting points",
        english_help="Change = (now − last year) ÷ last year × 100, as it is or in whole points "
        "only.",
        choices={"exact": "按实际变幅，不足一个百分点的按比例", "whole": "只计整百分点"},
        help="变幅 ＝（本期 − 去年同期）÷ 去年同期 × 100；只计整百分点时舍去小数。",
        default=[since("2019-01-01", "exact", source=_OURS)],
    )
    inferior_v_amount: Decimal = parameter(
        "劣Ⅴ类另付",
        ParameterKind.MONEY,
        english="Charge for inferior V",
        english_help="Upstream pays it besides where the section is worse than class V; 0 for none.",
        unit="元/期",
        minimum=Decimal(0),
        help="断面本期类别为劣Ⅴ类的，不论同比如何，上游另付的金额；0 为不设。",
        default=[since("2019-01-01", "1000000", source=_SHANDONG)],
    )
    comparison: str = parameter(
        "比较周期",
        ParameterKind.CHOICE,
        english="Comparison",
        english_help="By the month with the same month, or the yearly mean with the year before.",
        choices={"monthly": "按月", "yearly": "按年"},
        help="按月与去年同月比较，或按年均值与上一年比较。",
        default=[since("2019-01-01", "monthly", source=_SHANDONG)],
    )
    missing_last_year: str = parameter(
        "缺去年同期时",
        ParameterKind.CHOICE,
        english="No mean of last year",
        english_help="What happens with an indicator that has no mean a year ago; the charge for "
        "inferior V stays.",
        choices={"refuse": "拒绝核算，先补数据", "skip": "该指标不作同比，并写明"},
        help="某项指标没有去年同期均值时的处理；劣Ⅴ类另付不受影响。",
        default=[since("2019-01-01", "refuse", source=_OURS)],
    )
    inherited: str = common.inherited(
        "2019-01-01",
        *("charge", "half", "none"),
        help="比去年同期恶化、但不高于入境断面浓度的指标如何计收；劣Ⅴ类而不差于入境断面的，另付亦同，"
        "状态记为“未增加”。没有入境断面的照常计收。",
        added=True,
    )
    yearly_cap: Decimal | None = common.yearly_cap("2019-01-01")
    incomplete_period: str = common.incomplete("2019-01-01", "期")
    missing_month: str = common.missing_month("2019-01-01", applies_if=common.MONTHLY)
    sampling: str = common.sampling("2019-01-01", applies_if=common.MONTHLY)
    part_month: str = common.part_month("2019-01-01", applies_if=common.MONTHLY)
    rounding: str = common.rounding("2019-01-01")
    ph_mean: str = common.ph_mean("2019-01-01")
    first_origin: str = common.first_origin("2019-01-01")

    def contradictions(self) -> list[ParameterError]:
        errors = []
        if twice := items.repeated(self.indicators):
            errors.append(self.error("indicators", f"{twice}填了不止一行；每项指标只填一行。"))
        for row in self.indicators:
            if row.worse_cap is not None and row.worse_cap < row.worse_least:
                errors.append(
                    self.error(
                        "indicators",
                        f"{steps.shown_indicator(row.indicator)}的恶化封顶低于恶化起付；"
                        "请填不低于起付的金额。",
                    )
                )
        return errors


@dataclass(frozen=True, slots=True)
class _Change:
    """One indicator's amount: positive where downstream pays; yuan before the share."""

    amount: Fraction
    words: str
    step: Step


def granularity(parameters: Parameters) -> Granularity:
    """Settled by the month or by the year, as the term says."""
    return Granularity.YEAR if parameters.comparison == "yearly" else Granularity.MONTH


def evaluate(facts: Facts, parameters: Parameters) -> Outcome:
    """Who pays for one section and period; the yearly cap is applied by `caps.apply_cap`.

    Raises MissingFact for water_class (where inferior V costs something), the mean of a listed
    indicator, its last year's (where the term refuses without it) and the inflow's (where what
    came in is not charged in full), and UnusableFact for a
    last year's mean of zero; WrongPeriod for the other kind of period. The state is against
    the functional class; without one, against class V.
    """
    p = parameters
    require_period(facts, granularity(p))
    if settled := steps.decided_elsewhere(facts, FAMILY):
        return settled
    require(facts, "means")
    if p.inferior_v_amount:
        require(facts, "water_class")
    lines = steps.opening(facts, FAMILY)
    if unused := steps.incomplete(facts, FAMILY, p, lines, "incomplete_period"):
        return unused
    if facts.water_class is not None:
        lines.append(steps.class_step(facts, facts.water_class, p))
    changes = [_change(facts, p, item) for item in p.indicators]
    lines += [change.step for change in changes]
    return _settle(facts, p, changes, lines)


def _change(facts: Facts, p: Parameters, item: PricedItem) -> _Change:
    code, name = item.indicator, steps.shown_indicator(item.indicator)
    now = items.mean_of(facts, "means", code)
    if code not in facts.last_year_means and p.missing_last_year == "skip":
        text = f"{name}没有去年同期均值，按条款不作同比。"
        step = Step(f"item-{code}", name, text, result="不作同比",
                    clause=p.source("missing_last_year"))  # fmt: skip
        return _Change(Fraction(0), "不作同比", step)
    last = items.divisor(facts, "last_year_means", code)
    change = (now - last) / last * 100
    points = abs(change)
    if p.points == "whole":
        points = Fraction(floor(points))
    ratio = f"（{steps.shown(now)} − {steps.shown(last)}）÷ {steps.shown(last)}"
    formula = f"{ratio} ＝ {_signed(change)} %"
    if change < 0:
        amount, priced = better(item, points)
        words = f"改善 {steps.shown(abs(change))} %"
    elif change > 0:
        amount, priced = worse(item, points)
        words = f"恶化 {steps.shown(change)} %"
        if _asks_inflow(facts, p) and now <= (
            came_in := items.mean_of(facts, "inflow_means", code)
        ):
            kept = common.KEPT[p.inherited]
            amount *= kept
            words += f"，不高于{facts.inflow_shown} 的 {items.in_unit(code, came_in)}"
            priced += f"；继承部分 × {steps.percent(kept)} ＝ {format_wan(abs(amount))} 万元"
    else:
        amount, priced, words = Fraction(0), "", "持平"
    step = Step(
        key=f"item-{code}",
        title=name,
        text=f"{name}均值 {items.in_unit(code, now)}，去年同期 {items.in_unit(code, last)}，{words}。",
        formula=f"{formula}；{priced}" if priced else formula,
        result=format_wan(amount),
        result_note="万元，正为上游应得",
        clause=p.source("indicators"),
        inputs=(
            Input("本期均值", steps.shown(now), "mg/L", facts.sources.get("means", "")),
            Input("去年同期", steps.shown(last), "mg/L", facts.sources.get("last_year_means", "")),
            Input(
                "每改善一个百分点", format_wan(item.better_amount), "万元", p.source("indicators")
            ),
            Input(
                "每恶化一个百分点", format_wan(item.worse_amount), "万元", p.source("indicators")
            ),
        ),
        defaults=p.defaults("points"),
    )
    return _Change(amount, f"{name}{words}", step)


def _settle(facts: Facts, p: Parameters, changes: list[_Change], lines: list[Step]) -> Outcome:
    inferior = facts.water_class is WaterClass.INFERIOR_V
    short = facts.water_class is not None and facts.water_class > _worst(facts)
    state = MonthState.NOT_MET if short else MonthState.MET
    parts = [change.amount for change in changes if change.amount]
    extra = exact(p.inferior_v_amount) if inferior else Fraction(0)
    inherited = (
        short
        and _asks_inflow(facts, p)
        and (require(facts, "water_class") <= require(facts, "inflow_class"))
    )
    if inherited:
        state = MonthState.NOT_INCREASED
        extra *= common.KEPT[p.inherited]
    if extra:
        parts.append(-extra)
    total = sum(parts, Fraction(0))
    net = facts.due(total)
    payer, payee = items.sides(net)
    lines.append(_comparison(facts, p, changes, total, extra, inherited))
    text = "改善与恶化的金额相抵"
    if extra:
        text += f"，劣Ⅴ类另付 {format_wan(extra)} 万元"
    if payer is None or payee is None:
        text += "后不足一分" if total else "后为零"
        lines.append(steps.clause_step(p, "indicators", f"{text}，双方互不补偿。", None))
        return steps.finish(facts, FAMILY, state, (), lines)
    text += f"后，{steps.pays_words(payer, payee)}。"
    if p.inherited != "charge":
        text += f"不高于来水的{p.choice('inherited')}。"
    also = ("inferior_v_amount",) if extra else ()
    lines.append(steps.clause_step(p, "indicators", text, payer, *also))
    amount = abs(net)
    # The sum of what the payer owes: signs turned where upstream pays.
    formula = f"（{items.wan_sum(parts if total > 0 else [-part for part in parts])}）万元"
    inputs = []
    if extra:
        inputs = [Input("劣Ⅴ类另付", format_wan(extra), "万元", p.source("inferior_v_amount"))]
    lines.append(steps.amount_step(facts, amount, formula, "", inputs))
    because = "同比改善" if total > 0 else ("劣Ⅴ类及同比" if extra else "同比恶化")
    return steps.finish(facts, FAMILY, state, pays(payer, payee, amount, because=because), lines)


def _comparison(
    facts: Facts,
    p: Parameters,
    changes: list[_Change],
    total: Fraction,
    extra: Fraction,
    inherited: bool,
) -> Step:
    result = "持平" if total == 0 else ("改善" if total > 0 else "恶化")
    found, worst = facts.water_class, _worst(facts)
    text = "各项指标的改善与恶化相抵。"
    if found is not None:
        name = "功能类别" if facts.target is not None else "评判类别"
        text += f"本期 {found.label}，{'未达到' if found > worst else '达到'}{name} {worst.label}。"
    if extra:
        text += "断面为劣Ⅴ类，另付。"
        result = "劣Ⅴ类另付"
    inputs = []
    if facts.target is not None:
        source = facts.sources.get("target", "")
        inputs.append(Input("功能类别", facts.target.label, "", source))
    if inherited and facts.inflow_class is not None:
        text += f"不差于{facts.inflow_shown}，记为“未增加”。"
        source = facts.sources.get("inflow_class", "")
        inputs.append(Input(facts.inflow_shown, facts.inflow_class.label, "", source))
    return Step(
        key="comparison",
        title="与去年同期比较",
        text=text,
        formula="；".join(change.words for change in changes),
        result=result,
        result_note=f"相抵 {format_wan(total)} 万元",
        hint=steps.borderline(facts) if p.inferior_v_amount else "",
        inputs=tuple(inputs),
        defaults=p.defaults("missing_last_year"),
    )


def _worst(facts: Facts) -> WaterClass:
    """The class that the state is told by: the functional class, without one class V."""
    return facts.target or WaterClass.V


def _asks_inflow(facts: Facts, p: Parameters) -> bool:
    return p.inherited != "charge" and facts.has_inflow


def _signed(value: Number) -> str:
    """A change with its sign: +5, −12.5."""
    return f"{'＋' if value > 0 else '−' if value < 0 else ''}{steps.shown(abs(exact(value)))}"


FAMILY = Family(
    code="percent_change",
    title="同比变幅法",
    summary="各指标浓度与去年同期比，每好一个百分点得、每差一个百分点付，相抵后由一方付另一方。",
    title_en="Percentage change on last year",
    revision=1,
    legal_basis="《山东省地表水环境质量生态补偿暂行办法》（2019，鲁政办字〔2019〕44号）",
    about=__doc__,
    needs=frozenset({"water_class", "target", "means", "last_year_means", "deciding", "complete"}),
    needs_if={"inherited": frozenset({"inflow_class", "inflow_means"})},
    parameters=Parameters,
    evaluate=evaluate,
    granularity=granularity,
    yearly_cap=lambda p: p.yearly_cap,
    part_month=lambda p: p.part_month,
    filling=lambda p: Filling(p, p.missing_month, p.sampling, p.incomplete_period),
)
