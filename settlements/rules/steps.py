"""The lines of a worked example that the rule families share, in the words of a notice.

Amounts are shown in 万元 with two decimals and in exact 元; figures of an arithmetic line
keep the digits that decide. Nothing here decides anything: it shows what a rule found.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache
from typing import Protocol

from monitoring.standards.basis import ROUNDED, Basis, rounding_decides
from monitoring.standards.exact import Number, decimal_of, ends, exact, written
from monitoring.standards.gb3838_2002 import (
    NAMES,
    ORDER,
    UNITS,
    WaterBody,
    WaterClass,
    class_of,
    has_limits,
    limit,
)
from monitoring.standards.rounding import round_to_places
from settlements.money import format_wan, format_yuan
from settlements.rules.base import (
    DOWNSTREAM,
    ROLE_LABELS,
    UPSTREAM,
    Input,
    Outcome,
    RoleTransfer,
    Step,
)
from settlements.rules.facts import OWN, Facts, Granularity, MonthState, plain_decimal
from settlements.rules.parameters import Parameters

# Pure, and asked for the same figures again by every scenario that runs over them.
_kept = lru_cache(maxsize=1 << 16)

ROUNDS = Basis(rounding=ROUNDED)

# Not part of a class: 环办〔2011〕22号 leaves water temperature, TN and faecal coliforms out.
NOT_ASSESSED = frozenset({"WT", "TN", "FC"})
# Decimals of a reported value where limits are coarser than reports are.
_REPORTED_DECIMALS = {"CODMn": 1, "BOD5": 1, "TN": 2, "nitrate-N": 2, "Fe": 2, "Mn": 3}


class Speaker(Protocol):
    """Which family speaks: code and revision go into the outcome, the title into its words."""

    @property
    def code(self) -> str: ...

    @property
    def title(self) -> str: ...

    @property
    def revision(self) -> int: ...


def opening(facts: Facts, rule: Speaker) -> list[Step]:
    """Section and term, data, and the means where they were delivered."""
    steps = [_section(facts, rule), _data(facts), *_substituted(facts)]
    if facts.means:
        steps.append(_means(facts))
    return steps


def class_step(facts: Facts, found: WaterClass, parameters: Parameters | None = None) -> Step:
    """The class of the section in the period, by its worst item.

    parameters: of the term, to name those of its 统计口径 that nobody chose.
    """
    means, source = tuple(facts.means.items()), facts.sources.get("water_class", "")
    step = _class_step(found, facts.deciding, means, facts.water_body, source)
    hint = _otherwise_rounded(found, means, tuple(facts.unrounded.items()), facts.water_body)
    defaults = parameters.defaults("rounding") if parameters is not None and hint else ()
    return replace(step, hint=hint, defaults=defaults) if hint else step


@_kept
def _otherwise_rounded(
    found: WaterClass,
    means: tuple[tuple[str, Number], ...],
    unrounded: tuple[tuple[str, Number], ...],
    water_body: WaterBody,
) -> str:
    """临界 where rounding the means, or not rounding them, gives another class."""
    basis = ROUNDS if unrounded else Basis()
    return rounding_decides(dict(means) | dict(unrounded), water_body, basis, found)


@_kept
def _class_step(
    found: WaterClass,
    codes: tuple[str, ...],
    means: tuple[tuple[str, Number], ...],
    water_body: WaterBody,
    source: str,
) -> Step:
    deciding = "、".join(NAMES.get(code, code) for code in codes)
    rated = _rated(means, water_body)
    formula = f"最差（{'，'.join(rated)}）＝ {found.label}" if rated else f"{found.label}"
    return Step(
        key="class",
        title="断面类别",
        text="单因子评价，取最差指标；水温、总氮、粪大肠菌群不参评。",
        formula=formula + (f"，定类指标 {deciding}" if deciding else ""),
        result=found.numeral,
        result_note=found.grade,
        clause="GB 3838-2002 表1；环办〔2011〕22号",
        inputs=(Input("水质类别", found.label, "", source),),
    )


def clause_step(
    parameters: Parameters, name: str, text: str, transfers_from: str | None, *others: str
) -> Step:
    """The clause that was applied: that of the named parameter, or its default's source."""
    arrows = {UPSTREAM: "上游 → 下游", DOWNSTREAM: "下游 → 上游", None: "互不补偿"}
    defaults = parameters.defaults(name, *others)
    clause = parameters.source(name)
    return Step(
        key="clause",
        title="条款",
        text=text + (f"（默认参数：{'、'.join(defaults)}）" if defaults else ""),
        result=arrows[transfers_from],
        result_note=clause,
        clause=clause,
        defaults=defaults,
    )


def clause_between(parameters: Parameters, name: str, text: str, result: str, *others: str) -> Step:
    """As `clause_step` for schemes with a treasury or several parties: `result` in words."""
    defaults = parameters.defaults(name, *others)
    clause = parameters.source(name)
    return Step(
        key="clause",
        title="条款",
        text=text + (f"（默认参数：{'、'.join(defaults)}）" if defaults else ""),
        result=result,
        result_note=clause,
        clause=clause,
        defaults=defaults,
    )


def amount_step(
    facts: Facts, amount: Decimal, formula: str, text: str, inputs: Sequence[Input] = ()
) -> Step:
    """The arithmetic of the amount; `formula` without the share and the result."""
    return Step(
        key="amount",
        title="金额",
        text=f"{text}合 {format_yuan(amount)} 元。",
        formula=f"{formula} × 份额 {percent(facts.share)} ＝ {format_wan(amount)} 万元",
        result=format_wan(amount),
        result_note="万元",
        inputs=(
            *inputs,
            Input("份额", percent(facts.share), "", facts.sources.get("share", "")),
        ),
    )


def finish(
    facts: Facts,
    rule: Speaker,
    state: MonthState,
    transfers: tuple[RoleTransfer, ...],
    steps: Iterable[Step],
) -> Outcome:
    """The outcome, its last line saying who pays whom."""
    return Outcome(rule.code, rule.revision, state, transfers, (*steps, _result(facts, transfers)))


def without_payment(
    facts: Facts,
    rule: Speaker,
    state: MonthState,
    text: str,
    steps: Iterable[Step],
    *,
    clause: str = "",
) -> Outcome:
    """The outcome of a period that is not compared, with the line that says why."""
    step = Step(key="state", title="本期状态", text=text, result=state.label, clause=clause)
    return finish(facts, rule, state, (), (*steps, step))


def incomplete(
    facts: Facts, rule: Speaker, parameters: Parameters, lines: Iterable[Step], name: str
) -> Outcome | None:
    """The outcome of a period with too few data where the named parameter takes it as none."""
    if facts.complete or OWN in facts.substituted_from or parameters.value(name) != "no_data":
        return None
    span = "月" if facts.granularity is Granularity.MONTH else "年"
    return without_payment(
        facts,
        rule,
        MonthState.NO_DATA,
        f"本{span}有效数据不足；按条款{parameters.choice(name)}。",
        lines,
        clause=parameters.source(name),
    )


def decided_elsewhere(facts: Facts, rule: Speaker) -> Outcome | None:
    """The outcome where the bureau, a dry bed or missing data settled the state; else None.

    Nobody pays here: a charge for a bed dried by people has its own clause.
    """
    state = facts.state_override
    if state is None:
        return None
    text = f"认定为“{state.label}”：{facts.override_reason}。本期不按水质核算，双方互不补偿。"
    if state is MonthState.MANMADE_NO_FLOW:
        text += "人为断流的费用按其专门条款另计。"
    return without_payment(
        facts,
        rule,
        state,
        text,
        opening(facts, rule),
        clause=facts.sources.get("state_override", ""),
    )


def arrow_text(facts: Facts, payer: str, payee: str) -> str:
    return f"{facts.name_of(payer)} → {facts.name_of(payee)}"


def rate_unit(granularity: Granularity) -> str:
    return "万元/月" if granularity is Granularity.MONTH else "万元/年"


def percent(share: Number) -> str:
    """A part as per cent; one whose decimals don't end as the fraction it is: 1/3."""
    return f"{plain_decimal(exact(share) * 100)} %" if ends(share) else str(share)


@_kept
def shown(value: Number) -> str:
    """A number with up to five decimals, for show only; one that isn't zero is not shown as 0."""
    rounded = round_to_places(value, 5)
    if not rounded and value:
        size = Decimal(value) if isinstance(value, Decimal) else decimal_of(value, 5)
        rounded = round_to_places(value, -size.adjusted())
    return plain_decimal(rounded)


def shown_indicator(code: str) -> str:
    return NAMES.get(code, code)


def borderline(facts: Facts) -> str:
    """临界提示 for the deciding items whose mean lies within one last decimal of a class limit."""
    return "".join(
        _near_class_limits(code, facts.means[code], facts.water_body)
        for code in facts.deciding
        if code in facts.means and code != "pH" and has_limits(code, facts.water_body)
    )


@_kept
def _near_class_limits(code: str, value: Number, water_body: WaterBody) -> str:
    """Words for the limits of the value's own class and of the next better one."""
    own = class_of(code, value, water_body)
    return "".join(
        near_limit(
            code, value, limit(code, WaterClass(at), water_body), f"{WaterClass(at).label}限值",
            water_body,
        )
        for at in (own - 1, own)
        if WaterClass.I <= at <= WaterClass.V
    )  # fmt: skip


@_kept
def near_limit(
    code: str,
    value: Number,
    at: Number,
    limit_name: str,
    water_body: WaterBody = WaterBody.RIVER,
) -> str:
    """Words for a value within one last reported decimal of a limit, and what rounding would do.

    Empty when the value is farther off.
    """
    places = _decimals(code, at, water_body)
    gap = abs(exact(value) - exact(at))
    if gap > Decimal(1).scaleb(-places):
        return ""
    item, unit = NAMES.get(code, code), UNITS.get(code, "mg/L")
    if gap == 0:
        return f"{item}均值恰等于{limit_name} {plain_decimal(at)} {unit}，按达到限值计。"
    side = "高出" if value > at else "低于"
    words = f"{item}均值 {shown(value)} 只{side}{limit_name} {shown(gap)} {unit}"
    rounded = round_to_places(value, places)
    missed = value < at if code == "DO" else value > at
    meets_rounded = rounded >= at if code == "DO" else rounded <= at
    if missed and meets_rounded:
        return f"{words}；若修约到 {places} 位小数为 {rounded:f}，则该指标达到{limit_name}。"
    return f"{words}，在末位一个单位之内。"


def _decimals(code: str, at: Number, water_body: WaterBody) -> int:
    limits = [written(at)]
    if code != "pH" and has_limits(code, water_body):
        limits = [limit(code, WaterClass(c), water_body) for c in range(1, 6)]
    finest = max(max(0, -int(value.normalize().as_tuple().exponent)) for value in limits)
    return max(finest, _REPORTED_DECIMALS.get(code, 0))


def _section(facts: Facts, rule: Speaker) -> Step:
    term = f"{facts.term}（{rule.title}）" if facts.term else f"适用{rule.title}"
    where = f"{facts.river}{facts.section}断面，上游{facts.upstream}、下游{facts.downstream}。"
    named = Input("规则", f"{rule.title} 修订 {rule.revision}", "", rule.code)
    return _section_step(f"{where}{term}。", facts.section, facts.period_label, named)


@_kept
def _section_step(text: str, section: str, period: str, rule: Input) -> Step:
    return Step(
        key="section",
        title="断面与适用条款",
        text=text,
        result=section,
        result_note=period,
        inputs=(rule,),
    )


def _data(facts: Facts) -> Step:
    clause = facts.sources.get("complete", "")
    return _data_step(facts.period_label, facts.complete, facts.valid, facts.expected, clause)


@_kept
def _data_step(
    period: str, complete: bool, valid: int | None, expected: int | None, clause: str
) -> Step:
    formula, result, note = "", "完整" if complete else "不完整", ""
    if valid is not None and expected:
        ratio = round_to_places(Fraction(100 * valid, expected), 1)
        formula = f"应有 {expected} 条，采用 {valid} 条"
        result, note = f"{valid} / {expected}", f"采用率 {ratio} %"
    return Step(
        key="data",
        title="数据",
        text=(
            f"{period}有效数据满足完整性要求。"
            if complete
            else f"{period}有效数据不足，评价标为不完整。"
        ),
        formula=formula,
        result=result,
        result_note=note,
        clause=clause,
    )


def _substituted(facts: Facts) -> list[Step]:
    """Where values of another month stand in for those this one does not have."""
    if not facts.substituted_from:
        return []
    return [
        Step(
            key="substituted",
            title="缺测月处理",
            text="；".join(facts.substituted_from.values()) + "。",
            result="取代用值",
            result_note="；".join(facts.substituted_from),
            clause=facts.sources.get("substituted_from", ""),
        )
    ]


def _means(facts: Facts) -> Step:
    lead = next((code for code in facts.deciding if code in facts.means), "")
    span = "月" if facts.granularity is Granularity.MONTH else "年"
    step = _means_step(tuple(facts.means.items()), lead, span, facts.sources.get("means", ""))
    return _by_basis(step, facts) if facts.basis else step


def _by_basis(step: Step, facts: Facts) -> Step:
    """The line under a 统计口径 that is not the default: which, and what was rounded from what."""
    raw = {shown_indicator(code): shown(value) for code, value in facts.unrounded.items()}
    text = f"统计口径：{Basis.of(facts.basis).words}。共 {len(facts.means)} 项"
    text += "；按 GB/T 8170 一次修约到参评小数位。" if raw else "。"
    return replace(step, text=text, inputs=tuple(_with_raw(each, raw) for each in step.inputs))


def _with_raw(mean: Input, raw: Mapping[str, str]) -> Input:
    was = raw.get(mean.name, mean.value)
    if was == mean.value:
        return mean
    return replace(mean, source="；".join(filter(None, (f"未修约 {was}", mean.source))))


@_kept
def _means_step(means: tuple[tuple[str, Number], ...], lead: str, span: str, source: str) -> Step:
    values = dict(means)
    codes = _in_order(values)
    lead = lead or codes[0]
    return Step(
        key="means",
        title=f"{span}均值",
        text=f"有效值的算术平均，共 {len(codes)} 项；不先修约，修约只用于显示。",
        result=shown(values[lead]),
        result_note=f"{shown_indicator(lead)}{span}均值，{UNITS.get(lead, 'mg/L')}",
        clause="环办〔2011〕22号",
        inputs=tuple(
            Input(shown_indicator(code), shown(values[code]), UNITS.get(code, ""), source)
            for code in codes
        ),
    )


def _result(facts: Facts, transfers: tuple[RoleTransfer, ...]) -> Step:
    if not transfers:
        return Step(
            key="result",
            title="结果",
            text=f"{facts.upstream}与{facts.downstream}互不补偿。",
            result="0.00",
            result_note="万元",
        )
    total = sum((t.yuan for t in transfers), Decimal(0))
    words = "".join(
        f"{facts.name_of(t.payer)}补偿{facts.name_of(t.payee)} {format_yuan(t.yuan)} 元。"
        f"对{facts.name_of(t.payer)}为应付，对{facts.name_of(t.payee)}为应收。"
        for t in transfers
    )
    arrows = "；".join(arrow_text(facts, t.payer, t.payee) for t in transfers)
    return Step(
        key="result",
        title="结果",
        text=words,
        result=format_wan(total),
        result_note=f"万元，{arrows}",
    )


@_kept
def _rated(means: tuple[tuple[str, Number], ...], water_body: WaterBody) -> tuple[str, ...]:
    """The numerals of the classes of the assessed items."""
    values = dict(means)
    return tuple(
        class_of(code, values[code], water_body).numeral
        for code in _in_order(values)
        if code not in NOT_ASSESSED and has_limits(code, water_body)
    )


def _in_order(means: Mapping[str, Number]) -> tuple[str, ...]:
    """Codes in the order of GB 3838 table 1, others after them by name."""
    return tuple(sorted(means, key=lambda code: (ORDER.index(code) if code in ORDER else 99, code)))


def pays_words(payer: str, payee: str) -> str:
    """ "由上游补偿下游"."""
    return f"由{ROLE_LABELS.get(payer, payer)}补偿{ROLE_LABELS.get(payee, payee)}"
