"""The compensation index P of a border section and year (补偿指数法).

P = k0 · Σ k_i · C_i / C_i0 over the listed indicators, with the year's means C_i and base
values C_i0 (given, or the means of a base period). P at most 1: downstream pays upstream;
above 1: upstream pays downstream. At or below a second mark (0.95) downstream pays more.

Source: Xin'an River (新安江), the national model: round 1 (2012–14) k0 0.85, k_i 0.25 each,
1 亿元; round 2 (2015–17) k0 0.89, base 2012–14, a further 1 亿元 when P ≤ 0.95; round 3
(2018–20) k0 0.90, k_i 0.22, 0.22, 0.28 (TP), 0.28 (TN). Amounts are Decimal yuan.
"""

# ruff: noqa: RUF009 - parameter() is dataclasses.field with a Spec

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from monitoring.standards.exact import exact
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
from settlements.rules.facts import plain_decimal
from settlements.rules.family import Family, by_year
from settlements.rules.parameters import ParameterError, ParameterKind, parameter, since
from settlements.rules.parameters import Parameters as BaseParameters

_ROUND_1, _ROUND_2, _ROUND_3 = (
    "新安江第一轮协议（2012—2014年）",
    "新安江第二轮协议（2015—2017年）",
    "新安江第三轮协议（2018—2020年）",
)
_OURS = common.OURS
_CLOSE = Fraction(5, 1000)  # of a mark: P is published with two decimals


def _weights(codmn: str, ammonia: str, phosphorus: str, nitrogen: str) -> list[dict[str, object]]:
    given = {"CODMn": codmn, "NH3-N": ammonia, "TP": phosphorus, "TN": nitrogen}
    return [{"indicator": code, "weight": k, "base": None} for code, k in given.items()]


@dataclass(frozen=True, kw_only=True)
class IndexItem:
    """One indicator of the index."""

    indicator: str = parameter(
        "指标",
        ParameterKind.CHOICE,
        english="Indicator",
        english_help="Part of the index.",
        choices=items.CONCENTRATIONS,
        help="进入指数的指标。",
    )
    weight: Decimal = parameter(
        "权重 k_i",
        ParameterKind.DECIMAL,
        english="Weight k_i",
        english_help="The weights add up to 1.",
        minimum=Decimal("0.0001"),
        maximum=Decimal(1),
        help="各项权重合计为 1。",
    )
    base: Decimal | None = parameter(
        "基准值 C_i0",
        ParameterKind.DECIMAL,
        english="Base value C_i0",
        english_help="Concentration stated in the agreement; empty for the mean of the base period.",
        unit="mg/L",
        minimum=Decimal("0.000001"),
        optional=True,
        help="协议载明的基准浓度；空为基准期均值。",
    )


@dataclass(frozen=True, kw_only=True)
class Parameters(BaseParameters):
    """The index, its marks, and the amounts that hang on them."""

    k0: Decimal = parameter(
        "水质稳定系数 k0",
        ParameterKind.DECIMAL,
        english="Stability coefficient k0",
        english_help="Allows for rain and runoff and other natural conditions.",
        minimum=Decimal("0.01"),
        maximum=Decimal(2),
        help="考虑降雨径流等自然条件的稳定系数。",
        default=[
            since("2012-01-01", "0.85", source=_ROUND_1),
            since("2015-01-01", "0.89", source=_ROUND_2),
            since("2018-01-01", "0.90", source=_ROUND_3),
        ],
    )
    indicators: tuple[IndexItem, ...] = parameter(
        "指标、权重与基准值",
        ParameterKind.ROWS,
        english="Indicators, weights, bases",
        english_help="P = k0 × Σ k_i × C_i ÷ C_i0.",
        row=IndexItem,
        help="P ＝ k0 × Σ k_i × C_i ÷ C_i0。",
        default=[
            since("2012-01-01", _weights("0.25", "0.25", "0.25", "0.25"), source=_ROUND_1),
            since("2018-01-01", _weights("0.22", "0.22", "0.28", "0.28"), source=_ROUND_3),
        ],
    )
    base_from: int | None = parameter(
        "基准期起始年",
        ParameterKind.INTEGER,
        english="Base period from",
        english_help="First year of the base period; needed where an indicator has no base value.",
        unit="年",
        minimum=2000,
        maximum=2100,
        optional=True,
        help="有指标未填基准值时必填：基准期的第一个年度。",
        default=[
            since("2012-01-01", None, source=_OURS),
            since("2015-01-01", 2012, source=_ROUND_2),
            since("2018-01-01", None, source=_OURS),
        ],
    )
    base_to: int | None = parameter(
        "基准期终止年",
        ParameterKind.INTEGER,
        english="Base period to",
        english_help="Last year of the base period, included; its mean is that of all monthly "
        "means.",
        unit="年",
        minimum=2000,
        maximum=2100,
        optional=True,
        help="基准期的最后一个年度（含）；均值为各年各月均值的算术平均。",
        default=[
            since("2012-01-01", None, source=_OURS),
            since("2015-01-01", 2014, source=_ROUND_2),
            since("2018-01-01", None, source=_OURS),
        ],
    )
    mark: Decimal = parameter(
        "指数界线",
        ParameterKind.DECIMAL,
        english="Mark of the index",
        english_help="P not above it: downstream pays; above it: upstream pays.",
        minimum=Decimal("0.01"),
        maximum=Decimal(10),
        help="P 不大于它，下游补偿上游；大于它，上游补偿下游。",
        default=[since("2012-01-01", "1", source=_ROUND_1)],
    )
    amount: Decimal = parameter(
        "年补偿金额",
        ParameterKind.MONEY,
        english="Yearly amount",
        english_help="What either side pays for a year.",
        unit="元/年",
        minimum=Decimal(0),
        help="任一方向每年的金额。",
        default=[since("2012-01-01", "100000000", source=_ROUND_1)],
    )
    extra_mark: Decimal | None = parameter(
        "加付界线",
        ParameterKind.DECIMAL,
        english="Mark for a further sum",
        english_help="P not above it: downstream pays more; empty for none.",
        minimum=Decimal("0.01"),
        maximum=Decimal(10),
        optional=True,
        help="P 不大于它时下游另加付；空为不加付。",
        default=[
            since("2012-01-01", None, source=_OURS),
            since("2015-01-01", "0.95", source=_ROUND_2),
            since("2018-01-01", None, source=_OURS),
        ],
    )
    extra_amount: Decimal = parameter(
        "加付金额",
        ParameterKind.MONEY,
        english="Further sum",
        english_help="What downstream then pays besides the yearly amount.",
        unit="元/年",
        minimum=Decimal(0),
        help="P 不大于加付界线时，下游在年补偿金额之外加付的金额。",
        default=[
            since("2012-01-01", "0", source=_OURS),
            since("2015-01-01", "100000000", source=_ROUND_2),
            since("2018-01-01", "0", source=_OURS),
        ],
    )
    incomplete_period: str = common.incomplete("2012-01-01", "年")
    rounding: str = common.rounding("2012-01-01")
    ph_mean: str = common.ph_mean("2012-01-01")
    first_origin: str = common.first_origin("2012-01-01")

    def contradictions(self) -> list[ParameterError]:
        errors = []
        if twice := items.repeated(self.indicators):
            errors.append(self.error("indicators", f"{twice}填了不止一行；每项指标只填一行。"))
        total = sum((row.weight for row in self.indicators), Decimal(0))
        if total != 1:
            errors.append(
                self.error("indicators", f"权重合计 {plain_decimal(total)}，须为 1；请改各项权重。")
            )
        if any(row.base is None for row in self.indicators):
            if self.base_from is None or self.base_to is None:
                words = "有指标未填基准值，须填基准期起止年度，或逐项填基准值。"
                errors.append(self.error("base_from", words))
            elif self.base_to < self.base_from:
                errors.append(self.error("base_to", "终止年早于起始年；请填不早于它的年度。"))
        if self.extra_mark is not None and self.extra_mark > self.mark:
            errors.append(self.error("extra_mark", "加付界线大于指数界线；请填不大于它的数。"))
        return errors


@dataclass(frozen=True, slots=True)
class _Term:
    """k_i · C_i / C_i0 of one indicator, and the line that shows it."""

    value: Fraction
    step: Step


def base_years(parameters: Parameters, year: int) -> frozenset[int]:
    """The base period, whatever the year; none where every indicator has a base of its own."""
    return common.years_between(parameters.base_from, parameters.base_to)


def evaluate(facts: Facts, parameters: Parameters) -> Outcome:
    """Who pays for one section and year. P is compared as it is, rounded only for show.

    Raises MissingFact for the mean of a listed indicator and its base value (where the term
    names none), UnusableFact for a base mean of zero; WrongPeriod for a month.
    """
    p = parameters
    require_period(facts, Granularity.YEAR)
    if settled := steps.decided_elsewhere(facts, FAMILY):
        return settled
    require(facts, "means")
    lines = steps.opening(facts, FAMILY)
    if unused := steps.incomplete(facts, FAMILY, p, lines, "incomplete_period"):
        return unused
    if facts.water_class is not None:
        lines.append(steps.class_step(facts, facts.water_class, p))
    terms = [_term(facts, p, item) for item in p.indicators]
    lines += [term.step for term in terms]
    index = exact(p.k0) * sum((term.value for term in terms), Fraction(0))
    lines.append(_comparison(p, [term.value for term in terms], index))
    return _settle(facts, p, index, lines)


def _term(facts: Facts, p: Parameters, item: IndexItem) -> _Term:
    code, name = item.indicator, steps.shown_indicator(item.indicator)
    value = items.mean_of(facts, "means", code)
    if item.base is not None:
        base, base_name, source = exact(item.base), "协议基准值", p.source("indicators")
    else:
        base = items.divisor(facts, "base_means", code)
        base_name = f"{p.base_from}—{p.base_to}年均值"
        source = facts.sources.get("base_means", p.source("base_from"))
    term = exact(item.weight) * value / base
    weight = plain_decimal(item.weight)
    step = Step(
        key=f"item-{code}",
        title=name,
        text=f"{name}年均值 {items.in_unit(code, value)}，"
        f"{base_name} {items.in_unit(code, base)}，权重 {weight}。",
        formula=f"{weight} × {steps.shown(value)} ÷ {steps.shown(base)} ＝ {steps.shown(term)}",
        result=steps.shown(term),
        result_note="k_i × C_i ÷ C_i0",
        clause=p.source("indicators"),
        inputs=(
            Input("年均值 C_i", steps.shown(value), "mg/L", facts.sources.get("means", "")),
            Input("基准值 C_i0", steps.shown(base), "mg/L", source),
            Input("权重 k_i", weight, "", p.source("indicators")),
        ),
        defaults=p.defaults("indicators"),
    )
    return _Term(term, step)


def _comparison(p: Parameters, values: list[Fraction], index: Fraction) -> Step:
    marks = [("指数界线", p.mark)]
    if p.extra_mark is not None:
        marks.append(("加付界线", p.extra_mark))
    side = "不大于" if index <= p.mark else "大于"
    text = f"补偿指数 P {side}指数界线 {plain_decimal(p.mark)}"
    if p.extra_mark is not None and index <= p.mark:
        beyond = "也不大于" if index <= p.extra_mark else "但大于"
        text += f"，{beyond}加付界线 {plain_decimal(p.extra_mark)}"
    hints = [_close(index, name, at) for name, at in marks if abs(index - exact(at)) < _CLOSE]
    total = " ＋ ".join(steps.shown(value) for value in values)
    return Step(
        key="comparison",
        title="补偿指数",
        text=f"{text}。",
        formula=f"P ＝ {plain_decimal(p.k0)} ×（{total}）＝ {steps.shown(index)}",
        result=f"P ＝ {steps.shown(index)}",
        result_note=f"界线 {plain_decimal(p.mark)}",
        clause=p.source("k0"),
        inputs=(
            Input("稳定系数 k0", plain_decimal(p.k0), "", p.source("k0")),
            *(
                Input(name, plain_decimal(at), "", p.source(field))
                for (name, at), field in zip(marks, ("mark", "extra_mark"), strict=False)
            ),
        ),
        hint="".join(hints),
        defaults=p.defaults("k0", "mark"),
    )


def _close(index: Fraction, name: str, at: Decimal) -> str:
    gap = abs(index - exact(at))
    if not gap:
        return f"P 恰等于{name} {plain_decimal(at)}，按不大于计。"
    return f"P 与{name} {plain_decimal(at)} 只差 {steps.shown(gap)}，按未修约的 P 比较。"


def _settle(facts: Facts, p: Parameters, index: Fraction, lines: list[Step]) -> Outcome:
    good = index <= p.mark
    more = good and p.extra_mark is not None and index <= p.extra_mark and p.extra_amount > 0
    payer, payee = (DOWNSTREAM, UPSTREAM) if good else (UPSTREAM, DOWNSTREAM)
    because = f"P {'不大于' if good else '大于'} {plain_decimal(p.mark)}"
    text = f"{because} 的，{steps.pays_words(payer, payee)}，每年 {format_wan(p.amount)} 万元"
    also: list[str] = []
    inputs = [Input("年补偿金额", format_wan(p.amount), "万元/年", p.source("amount"))]
    full, formula = p.amount, f"{format_wan(p.amount)} 万元/年"
    if more and p.extra_mark is not None:
        full += p.extra_amount
        also.append("extra_amount")
        extra = format_wan(p.extra_amount)
        text += f"；不大于 {plain_decimal(p.extra_mark)} 的，再加 {extra} 万元"
        formula = f"（{format_wan(p.amount)} ＋ {extra}）万元/年"
        inputs.append(Input("加付金额", extra, "万元/年", p.source("extra_amount")))
    amount = facts.due(full)
    lines.append(steps.clause_step(p, "amount", f"{text}。", payer if amount else None, *also))
    lines.append(steps.amount_step(facts, amount, formula, "", inputs))
    state = MonthState.MET if good else MonthState.NOT_MET
    return steps.finish(facts, FAMILY, state, pays(payer, payee, amount, because=because), lines)


FAMILY = Family(
    code="p_index",
    title="补偿指数法",
    summary="按年均值算补偿指数 P：不大于 1，下游付上游；大于 1，上游付下游；更好的另加。",
    title_en="Compensation index P",
    revision=1,
    legal_basis="《新安江流域水环境补偿协议》（浙江省、安徽省，2012年起三轮）",
    about=__doc__,
    needs=frozenset({"water_class", "means", "base_means", "deciding", "complete"}),
    parameters=Parameters,
    evaluate=evaluate,
    granularity=by_year,
    base_years=base_years,
)
