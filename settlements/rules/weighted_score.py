"""A joint fund divided by a weighted yearly score of several indicators (多指标加权评分法).

Sichuan–Chongqing, second round, 2024: no longer water quality alone, but also ecological
flow, natural shoreline and fish diversity. Each indicator scores between its zero mark and
its full mark along a straight line, times its weight; the score (0–100) decides upstream's
part of the fund, pro rata or by bands; each side's part is netted against what it put in.

Source: domain figures of the Sichuan–Chongqing agreement of 2024; weights and marks are our
defaults, the text of the agreement decides. Amounts are Decimal yuan to the fen.
"""

# ruff: noqa: RUF009 - parameter() is dataclasses.field with a Spec

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise

from monitoring.standards.exact import Number, exact
from monitoring.standards.gb3838_2002 import WaterClass
from settlements.money import format_wan, to_fen
from settlements.rules import common, funds, steps
from settlements.rules.base import (
    DOWNSTREAM,
    UPSTREAM,
    Facts,
    Granularity,
    Input,
    MissingFact,
    MonthState,
    Outcome,
    Step,
    require_period,
)
from settlements.rules.family import Family, by_year
from settlements.rules.parameters import ParameterError, ParameterKind, parameter, since
from settlements.rules.parameters import Parameters as BaseParameters
from settlements.rules.score_rows import (
    DEFAULT_BANDS,
    DEFAULT_INDICATORS,
    DIRECTIONS,
    INDICATORS,
    MEANS,
    OBSERVED,
    UNITS,
    ScoreBand,
    ScoredIndicator,
)

_OURS = common.OURS


@dataclass(frozen=True, kw_only=True)
class Parameters(BaseParameters):
    """What each side puts in, what is scored, and how the score divides the fund."""

    upstream_contribution: Decimal = parameter(
        "上游出资",
        ParameterKind.MONEY,
        english="Upstream puts in",
        english_help="What upstream puts into the joint fund each year.",
        unit="元/年",
        minimum=Decimal(0),
        help="上游每年投入共同资金的金额。",
    )
    downstream_contribution: Decimal = parameter(
        "下游出资",
        ParameterKind.MONEY,
        english="Downstream puts in",
        english_help="What downstream puts into the joint fund each year.",
        unit="元/年",
        minimum=Decimal(0),
        help="下游每年投入共同资金的金额。",
    )
    indicators: tuple[ScoredIndicator, ...] = parameter(
        "评分指标",
        ParameterKind.ROWS,
        english="Scored indicators",
        english_help="Their weights add up to 100 %; marks between zero and full follow a straight "
        "line.",
        row=ScoredIndicator,
        help="各指标的权重合计须为 100 %；满分值与零分值之间按直线折算。",
        default=[since("2018-06-01", DEFAULT_INDICATORS, source=_OURS)],
    )
    distribution: str = parameter(
        "分配方式",
        ParameterKind.CHOICE,
        english="Distribution",
        english_help="Upstream's per cent of the fund equals the score, or is looked up in the "
        "bands; the rest is downstream's.",
        choices={"pro_rata": "按得分比例", "bands": "按得分分档"},
        help="按比例时上游分得资金的百分数等于得分；分档时查分档表。其余归下游。",
        default=[since("2018-06-01", "pro_rata", source=_OURS)],
    )
    bands: tuple[ScoreBand, ...] | None = parameter(
        "分档表",
        ParameterKind.ROWS,
        english="Bands",
        english_help="From low to high, the first from 0; a score equal to a bound belongs to its "
        "band.",
        row=ScoreBand,
        optional=True,
        help="由低到高，第一档自 0 分起；得分恰为起始得分的归该档。",
        applies_if=("distribution", ("bands",)),
        default=[since("2018-06-01", DEFAULT_BANDS, source=_OURS)],
    )
    pass_score: Decimal = parameter(
        "达标得分",
        ParameterKind.DECIMAL,
        english="Score to pass",
        english_help="Below it the year is found not met; it changes the state, not the amount.",
        unit="分",
        minimum=Decimal(0),
        maximum=Decimal(100),
        help="低于它的年度状态记为“未达标”；只影响状态，不影响金额。",
        default=[since("2018-06-01", "60", source=_OURS)],
    )
    missing_indicator: str = parameter(
        "缺指标值时",
        ParameterKind.CHOICE,
        english="Indicator without a value",
        english_help="Refuse until it is there, or spread its weight over the others; never a zero.",
        choices={"refuse": "拒绝核算，先补数据", "reweight": "其余指标按权重折算为 100 分"},
        help="某一指标没有年度值时的处理；不会按零分计。",
        default=[since("2018-06-01", "refuse", source=_OURS)],
    )
    incomplete_period: str = common.incomplete(
        "2018-06-01",
        "年",
        then="暂不分配",
        help="水质有效数据不足以满足完整性要求的年度如何处理。",
    )
    rounding: str = common.rounding("2018-06-01")
    ph_mean: str = common.ph_mean("2018-06-01")
    first_origin: str = common.first_origin("2018-06-01")

    def contradictions(self) -> list[ParameterError]:
        errors = []
        weights = sum((row.weight for row in self.indicators), Decimal(0))
        if weights != 100:
            errors.append(
                self.error("indicators", f"权重合计 {weights:f} %，须为 100 %；请调整各行权重。")
            )
        names = [row.indicator for row in self.indicators]
        for number, row in enumerate(self.indicators, 1):
            where = f"第{number}行 {INDICATORS[row.indicator]}："
            if names.count(row.indicator) > 1:
                errors.append(self.error("indicators", f"{where}重复；每个指标只填一行。"))
            higher = row.full_mark > row.zero_mark
            if row.full_mark == row.zero_mark or higher != (row.direction == "higher"):
                side = "大于" if row.direction == "higher" else "小于"
                errors.append(
                    self.error(
                        "indicators", f"{where}{DIRECTIONS[row.direction]}时满分值须{side}零分值。"
                    )
                )
        if self.distribution == "bands":
            errors += self._band_errors(self.bands or ())
        return errors

    def _band_errors(self, bands: Sequence[ScoreBand]) -> list[ParameterError]:
        if not bands or bands[0].from_score != 0:
            return [self.error("bands", "第一档须自 0 分起；请补填，使每个得分都有一档。")]
        return [
            self.error(
                "bands", f"第{number}档须比上一档起始得分高、上游分得不少；请按得分由低到高填。"
            )
            for number, (low, high) in enumerate(pairwise(bands), 2)
            if high.from_score <= low.from_score or high.upstream_part < low.upstream_part
        ]


def observed(parameters: Parameters, parties: Sequence[str]) -> tuple[str, ...]:
    """The figures asked for by name: those of the listed indicators that no reading gives."""
    return tuple(row.indicator for row in parameters.indicators if row.indicator in OBSERVED)


@dataclass(frozen=True, slots=True)
class _Mark:
    """What one indicator showed and the part of its full mark that this is (0–1)."""

    row: ScoredIndicator
    value: Fraction
    part: Fraction

    @property
    def points(self) -> Fraction:
        """Marks it brings, of its weight."""
        return exact(self.row.weight) * self.part


def evaluate(facts: Facts, parameters: Parameters) -> Outcome:
    """The year's score, upstream's part of the fund, and the payment that nets it.

    Raises MissingFact for water_class, "means.<code>" or "observations.<indicator>" of an
    indicator without a value, unless the term spreads its weight over the others (and always
    where none has one); WrongPeriod for a month.
    """
    require_period(facts, Granularity.YEAR)
    if settled := steps.decided_elsewhere(facts, FAMILY):
        return settled
    p = parameters
    lines = steps.opening(facts, FAMILY)
    if skipped := steps.incomplete(facts, FAMILY, p, lines, "incomplete_period"):
        return skipped
    marks, missing = _marks(facts, p)
    if facts.water_class is not None and any(m.row.indicator == "water_class" for m in marks):
        lines.append(steps.class_step(facts, facts.water_class, p))
    lines += [_mark_step(facts, p, mark) for mark in marks]
    weights = sum((exact(mark.row.weight) for mark in marks), Fraction(0))
    score = sum((mark.points for mark in marks), Fraction(0)) * 100 / weights
    lines.append(_score_step(p, marks, missing, score))
    part, words = _upstream_part(p, score)
    lines.append(
        steps.clause_between(
            p,
            "distribution",
            f"共同资金{p.choice('distribution')}分配：{words}，其余归下游。",
            f"上游 {steps.shown(part)} %",
            *(("bands",) if p.distribution == "bands" else ()),
        )
    )
    paid_in = {
        UPSTREAM: facts.due(p.upstream_contribution),
        DOWNSTREAM: facts.due(p.downstream_contribution),
    }
    fund = sum(paid_in.values(), Decimal(0))
    upstream_gets = to_fen(exact(fund) * exact(part) / 100)
    received = {UPSTREAM: upstream_gets, DOWNSTREAM: fund - upstream_gets}
    lines.append(_fund_step(facts, p, paid_in, received, part))
    net_line, nets = funds.net_step(facts, received, paid_in)
    lines.append(net_line)
    state = MonthState.MET if score >= p.pass_score else MonthState.NOT_MET
    because = f"得分 {steps.shown(score)}，分得与出资相抵"
    return steps.finish(facts, FAMILY, state, funds.net_transfers(nets, because=because), lines)


def _marks(facts: Facts, p: Parameters) -> tuple[list[_Mark], list[str]]:
    """The indicators that have a value, and the names of those that have none."""
    marks, missing, refused = [], [], None
    for row in p.indicators:
        name = row.indicator
        if row.weight == 0:
            continue
        value, fact = _value(facts, name)
        if value is None:
            refused = refused or MissingFact(fact, facts.section, facts.period_label)
            missing.append(INDICATORS[name])
            continue
        zero, full = exact(row.zero_mark), exact(row.full_mark)
        part = (value - zero) / (full - zero)
        marks.append(_Mark(row, value, max(Fraction(0), min(Fraction(1), part))))
    if refused and (p.missing_indicator == "refuse" or not marks):
        raise refused
    return marks, missing


def _value(facts: Facts, indicator: str) -> tuple[Fraction | None, str]:
    """The indicator's value, and the name of the fact it comes from."""
    if indicator == "water_class":
        found: WaterClass | None = facts.water_class
        return (None if found is None else Fraction(int(found))), indicator
    fact = "means" if indicator in MEANS else "observations"
    value = getattr(facts, fact).get(indicator)
    return (None if value is None else exact(value)), f"{fact}.{indicator}"


def _mark_step(facts: Facts, p: Parameters, mark: _Mark) -> Step:
    row, name = mark.row, INDICATORS[mark.row.indicator]
    unit = UNITS[row.unit]
    points = mark.points
    inside = f"（{steps.shown(mark.value)} − {steps.shown(row.zero_mark)}）÷"
    inside += f"（{steps.shown(row.full_mark)} − {steps.shown(row.zero_mark)}）"
    if mark.part == 1:
        inside = "达到满分值，1"
    elif mark.part == 0:
        inside = "未过零分值，0"
    fact = _value(facts, row.indicator)[1].partition(".")[0]
    return Step(
        key=f"indicator.{row.indicator}",
        title=name,
        text=(
            f"本年 {steps.shown(mark.value)} {unit}，{DIRECTIONS[row.direction]}；"
            f"满分值 {steps.shown(row.full_mark)}，零分值 {steps.shown(row.zero_mark)}。"
        ),
        formula=f"{inside} × 权重 {steps.shown(row.weight)} ＝ {steps.shown(points)} 分",
        result=steps.shown(points),
        result_note=f"满分 {steps.shown(row.weight)}",
        clause=p.source("indicators"),
        inputs=(Input(name, steps.shown(mark.value), unit, facts.sources.get(fact, "")),),
        defaults=p.defaults("indicators"),
    )


def _score_step(
    p: Parameters, marks: Sequence[_Mark], missing: Sequence[str], score: Fraction
) -> Step:
    added = " ＋ ".join(steps.shown(mark.points) for mark in marks)
    text = "各指标得分相加。"
    formula = f"{added} ＝ {steps.shown(score)} 分"
    if missing:
        weights = sum((mark.row.weight for mark in marks), Decimal(0))
        text = f"缺{'、'.join(missing)}，按条款不计，其余指标按权重折算为 100 分。"
        formula = f"（{added}）× 100 ÷ {steps.shown(weights)} ＝ {steps.shown(score)} 分"
    return Step(
        key="score",
        title="综合得分",
        text=text,
        formula=formula,
        result=steps.shown(score),
        result_note=f"达标得分 {steps.shown(p.pass_score)}",
        clause=p.source("missing_indicator") if missing else p.source("pass_score"),
        defaults=p.defaults("pass_score", *(("missing_indicator",) if missing else ())),
    )


def _upstream_part(p: Parameters, score: Fraction) -> tuple[Number, str]:
    """Upstream's part of the fund in per cent, and why."""
    if p.distribution == "pro_rata":
        return score, f"得分 {steps.shown(score)}，上游分得 {steps.shown(score)} %"
    band = next(band for band in reversed(p.bands or ()) if band.from_score <= score)
    return band.upstream_part, (
        f"得分 {steps.shown(score)}，在 {steps.shown(band.from_score)} 分起的一档，"
        f"上游分得 {steps.shown(band.upstream_part)} %"
    )


def _fund_step(
    facts: Facts,
    p: Parameters,
    paid_in: dict[str, Decimal],
    received: dict[str, Decimal],
    part: Number,
) -> Step:
    fund = sum(paid_in.values(), Decimal(0))
    both = f"{format_wan(p.upstream_contribution)} ＋ {format_wan(p.downstream_contribution)}"
    return Step(
        key="fund",
        title="共同资金",
        text=f"分得：{funds.amounts_words(facts, received)}。",
        formula=(
            f"（{both}）万元 × 份额 {steps.percent(facts.share)} ＝ {format_wan(fund)} 万元；"
            f"× {steps.shown(part)} % ＝ {format_wan(received[UPSTREAM])} 万元"
        ),
        result=format_wan(fund),
        result_note="万元，共同资金",
        inputs=(
            Input(
                "上游出资",
                format_wan(p.upstream_contribution),
                "万元/年",
                p.source("upstream_contribution"),
            ),
            Input(
                "下游出资",
                format_wan(p.downstream_contribution),
                "万元/年",
                p.source("downstream_contribution"),
            ),
            Input("份额", steps.percent(facts.share), "", facts.sources.get("share", "")),
        ),
    )


FAMILY = Family(
    code="weighted_score",
    title="多指标加权评分法",
    summary="水质、生态流量、岸线等按年打分加权，按得分分配双方出资的资金。",
    title_en="Weighted score of several indicators",
    revision=1,
    legal_basis="川渝长江流域横向生态保护补偿协议（第二轮，2024年）",
    about=__doc__,
    needs=frozenset({"water_class", "means", "observations", "deciding", "complete"}),
    parameters=Parameters,
    evaluate=evaluate,
    granularity=by_year,
    observed=observed,
)
