"""One-off awards by the treasury, forfeited by a serious incident (一次性奖励).

Chongqing 2018: 300 万元 for signing an agreement of at least three years by the end of
October 2018, 200 万元 for a joint-conference and joint-prevention system; Longtan Reservoir:
500 万元 to each side, once. One serious incident forfeits a year's awards (Henan).

Each award hangs on a yearly observation that the bureau records ("award.signing": the years
of the agreement signed in time). Source: 重庆市实施方案(试行) 2018; Henan's rule. Amounts are
Decimal yuan to the fen.
"""

# ruff: noqa: RUF009 - parameter() is dataclasses.field with a Spec

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from settlements.money import format_wan, format_yuan, split
from settlements.rules import steps
from settlements.rules.base import (
    DOWNSTREAM,
    TREASURY,
    UPSTREAM,
    Facts,
    Granularity,
    Input,
    MonthState,
    Outcome,
    RoleTransfer,
    Step,
    pays,
    require_item,
    require_period,
)
from settlements.rules.family import Family, by_year
from settlements.rules.parameters import ParameterKind, parameter, since
from settlements.rules.parameters import Parameters as BaseParameters

INCIDENTS = "serious_incidents"
_PLAN = "重庆市实施方案（试行）2018；收款方为本系统默认"
_OURS = "本系统默认，协议未载时使用"
_KINDS = {
    "signing": "签订协议",
    "joint_system": "建立联席会议和联防联控制度",
    "water_source": "建成水源地",
    "results": "治理成效",
    "other": "其他事项",
}
_RECIPIENTS = {
    "upstream": "上游",
    "downstream": "下游",
    "each": "双方各得全额",
    "split": "双方平分",
}


@dataclass(frozen=True, kw_only=True)
class Award:
    """One award: its year, what must have been reached, and who gets it."""

    kind: str = parameter(
        "事项",
        ParameterKind.CHOICE,
        english="Subject",
        english_help="The yearly figure award.SUBJECT holds what the bureau found.",
        choices=_KINDS,
        help="年度指标“award.事项”记录市局认定的结果。",
    )
    year: int = parameter(
        "年度",
        ParameterKind.INTEGER,
        help="奖励的年度。",
        english="Year",
        english_help="The year in which it is given.",
        unit="年",
        minimum=2000,
        maximum=2100,
    )
    at_least: Decimal = parameter(
        "达到值",
        ParameterKind.DECIMAL,
        english="At least",
        english_help="Given where the finding is not below it: years for signing, such as 3; 1 for "
        "done with the others.",
        minimum=Decimal("0.000001"),
        help="认定值不低于它才奖励：签订协议填年限，如 3；其余填 1 为“已达成”。",
    )
    amount: Decimal = parameter(
        "金额",
        ParameterKind.MONEY,
        help="该项奖励的金额。",
        english="Amount",
        english_help="What the award brings.",
        unit="元",
        minimum=Decimal(0),
    )
    recipient: str = parameter(
        "收款方",
        ParameterKind.CHOICE,
        help="奖励给谁。",
        english="Recipient",
        english_help="Who gets it.",
        choices=_RECIPIENTS,
    )


def _row(kind: str, at_least: str, amount: str) -> dict[str, str | int]:
    return {
        "kind": kind,
        "year": 2018,
        "at_least": at_least,
        "amount": amount,
        "recipient": "each",
    }


@dataclass(frozen=True, kw_only=True)
class Parameters(BaseParameters):
    """The awards of the agreement, and the incidents that forfeit a year's."""

    awards: tuple[Award, ...] = parameter(
        "奖励事项",
        ParameterKind.ROWS,
        english="Awards",
        english_help="Each is given once, in its year; signing must be by the end of October 2018, "
        "else its finding is 0.",
        row=Award,
        help="每项只在所填年度奖励一次；签订协议须在2018年10月底前，未按期的认定值记 0。",
        default=[
            since(
                "2018-06-01",
                [_row("signing", "3", "3000000"), _row("joint_system", "1", "2000000")],
                source=_PLAN,
            )
        ],
    )
    veto: bool = parameter(
        "重大事件一票否决",
        ParameterKind.BOOLEAN,
        english="Incidents forfeit",
        english_help="So many serious pollution incidents in a year forfeit all its awards.",
        help="年内重大水污染事件达到起数的，当年奖励全部取消。",
        default=[since("2018-06-01", True, source="参照河南省办法")],
    )
    veto_from: int = parameter(
        "否决起数",
        ParameterKind.INTEGER,
        english="Incidents from",
        english_help="How many (the yearly figure serious_incidents) forfeit.",
        unit="起",
        minimum=1,
        maximum=100,
        help="年度指标“serious_incidents”达到几起即取消当年奖励。",
        default=[since("2018-06-01", 1, source="参照河南省办法")],
    )


def observed(parameters: Parameters, parties: Sequence[str]) -> tuple[str, ...]:
    """The figures asked for by name: findings on the awards, and incidents where they forfeit."""
    kinds = dict.fromkeys(f"award.{award.kind}" for award in parameters.awards)
    return (*kinds, *((INCIDENTS,) if parameters.veto else ()))


def evaluate(facts: Facts, parameters: Parameters) -> Outcome:
    """What the treasury awards each side this year.

    Raises MissingFact("observations.award.<kind>") for an award of this year without a
    finding, and "observations.serious_incidents" where incidents forfeit; WrongPeriod for a
    month. Only an exclusion stops it: awards do not hang on readings.
    """
    require_period(facts, Granularity.YEAR)
    if facts.state_override is MonthState.EXCLUDED and (
        settled := steps.decided_elsewhere(facts, FAMILY)
    ):
        return settled
    p, year = parameters, facts.period.year
    lines = steps.opening(facts, FAMILY)
    due = [award for award in p.awards if award.year == year]
    if not due:
        return steps.without_payment(
            facts,
            FAMILY,
            MonthState.EXCLUDED,
            f"{year}年没有约定的奖励事项，不奖励。",
            lines,
            clause=p.source("awards"),
        )
    found = {
        award.kind: require_item(facts, "observations", f"award.{award.kind}") for award in due
    }
    lines += [
        _award_step(facts, p, number, award, found[award.kind])
        for number, award in enumerate(due, 1)
    ]
    earned = [award for award in due if found[award.kind] >= award.at_least]
    vetoed = False
    if p.veto:
        incidents = require_item(facts, "observations", INCIDENTS)
        vetoed = incidents >= p.veto_from
        lines.append(_veto_step(facts, p, incidents, vetoed))
    if vetoed:
        return steps.finish(facts, FAMILY, MonthState.NOT_MET, (), lines)
    transfers = _transfers(earned, facts)
    lines.append(_amount_step(facts, p, earned, transfers))
    state = MonthState.MET if len(earned) == len(due) else MonthState.NOT_MET
    return steps.finish(facts, FAMILY, state, transfers, lines)


def _parts(award: Award, facts: Facts) -> dict[str, Decimal]:
    """Yuan of one award to each side."""
    amount = facts.due(award.amount)
    if award.recipient == "each":
        return {UPSTREAM: amount, DOWNSTREAM: amount}
    if award.recipient == "split":
        upstream, downstream = split(amount, [Decimal(1), Decimal(1)])
        return {UPSTREAM: upstream, DOWNSTREAM: downstream}
    return {award.recipient: amount}


def _transfers(earned: Sequence[Award], facts: Facts) -> tuple[RoleTransfer, ...]:
    """One payment to each side, naming its awards."""
    transfers: list[RoleTransfer] = []
    for side in (UPSTREAM, DOWNSTREAM):
        parts = [(award, _parts(award, facts).get(side, Decimal(0))) for award in earned]
        named = [_KINDS[award.kind] for award, amount in parts if amount]
        total = sum((amount for _, amount in parts), Decimal(0))
        transfers += pays(TREASURY, side, total, because=f"奖励：{'、'.join(named)}")
    return tuple(transfers)


def _award_step(facts: Facts, p: Parameters, number: int, award: Award, found: Fraction) -> Step:
    earned = found >= award.at_least
    return Step(
        key=f"award.{number}",
        title=_KINDS[award.kind],
        text=f"{award.year}年{_KINDS[award.kind]}{'达到' if earned else '未达到'}约定。",
        formula=f"认定值 {steps.shown(found)}，达到值 {steps.shown(award.at_least)}；"
        f"奖励 {format_wan(award.amount)} 万元，{_RECIPIENTS[award.recipient]}",
        result="奖励" if earned else "不奖励",
        result_note=f"{format_wan(award.amount)} 万元",
        clause=p.source("awards"),
        inputs=(Input("认定值", steps.shown(found), "", facts.sources.get("observations", "")),),
        defaults=p.defaults("awards"),
    )


def _veto_step(facts: Facts, p: Parameters, incidents: Fraction, vetoed: bool) -> Step:
    return Step(
        key="veto",
        title="重大事件否决",
        text="年内重大水污染事件达到否决起数，当年奖励全部取消。"
        if vetoed
        else "年内重大水污染事件未达到否决起数。",
        formula=f"{steps.shown(incidents)} 起，否决起数 {p.veto_from} 起",
        result="否决" if vetoed else "不否决",
        clause=p.source("veto"),
        inputs=(
            Input("重大事件", steps.shown(incidents), "起", facts.sources.get("observations", "")),
        ),
        defaults=p.defaults("veto", "veto_from"),
    )


def _amount_step(
    facts: Facts, p: Parameters, earned: Sequence[Award], transfers: Sequence[RoleTransfer]
) -> Step:
    total = sum((t.yuan for t in transfers), Decimal(0))
    words = "；".join(
        f"{_KINDS[award.kind]} {format_wan(award.amount)} 万元（{_RECIPIENTS[award.recipient]}）"
        for award in earned
    )
    return Step(
        key="amount",
        title="金额",
        text=f"由上级财政支付，合 {format_yuan(total)} 元。",
        formula=f"{words or '没有应奖励的事项'}；× 份额 {steps.percent(facts.share)} ＝ "
        f"{format_wan(total)} 万元",
        result=format_wan(total),
        result_note="万元",
        clause=p.source("awards"),
        inputs=(Input("份额", steps.percent(facts.share), "", facts.sources.get("share", "")),),
    )


FAMILY = Family(
    code="awards",
    title="一次性奖励",
    summary="签订协议、建立机制等一次性奖励，由财政付给；发生重大水污染事件的当年取消。",
    title_en="One-off awards",
    revision=1,
    legal_basis="《重庆市建立流域横向生态保护补偿机制实施方案（试行）》（2018）",
    about=__doc__,
    needs=frozenset({"observations"}),
    parameters=Parameters,
    evaluate=evaluate,
    granularity=by_year,
    observed=observed,
)
