"""Parties ranked by an index: the first rewarded, the last charged (排名奖惩法).

Hebei 2019: the first three of a water quality index are rewarded, the last three charged.
The treasury collects and pays. Parties with the same index share the amounts of the places
they take together, so that nobody is preferred by chance.

Source: domain figures of Hebei's notices of 2019; amounts are our defaults. Amounts are
Decimal yuan to the fen; the index of party GZ is the observation "index.GZ".
"""

# ruff: noqa: RUF009 - parameter() is dataclasses.field with a Spec

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from monitoring.standards.exact import Number
from settlements.money import format_wan, format_yuan, split_by_name
from settlements.rules import common, steps
from settlements.rules.base import (
    TREASURY,
    Facts,
    Granularity,
    Input,
    MonthState,
    Outcome,
    RoleTransfer,
    Step,
    pays,
    require,
    require_item,
    require_period,
)
from settlements.rules.facts import UnusableFact
from settlements.rules.family import Family
from settlements.rules.parameters import ParameterKind, parameter, since
from settlements.rules.parameters import Parameters as BaseParameters

_HEBEI = "河北省2019年办法"
_OURS = common.OURS


@dataclass(frozen=True, kw_only=True)
class Parameters(BaseParameters):
    """How many at each end, and what a place there brings or costs."""

    period: str = parameter(
        "排名周期",
        ParameterKind.CHOICE,
        english="Period",
        english_help="By the month or by the year; the amounts are per period.",
        choices={"monthly": "按月", "yearly": "按年"},
        help="奖励和扣缴的金额为每期金额。",
        default=[since("2018-06-01", "yearly", source=_OURS)],
    )
    better: str = parameter(
        "指数方向",
        ParameterKind.CHOICE,
        english="Direction of the index",
        english_help="Lower is better for a water quality index, higher for a score or an "
        "improvement.",
        choices={"lower": "越低越好", "higher": "越高越好"},
        help="水质指数越低越好；得分、改善幅度越高越好。",
        default=[since("2018-06-01", "lower", source=_OURS)],
    )
    rewarded: int = parameter(
        "奖励名次数",
        ParameterKind.INTEGER,
        english="Places rewarded",
        english_help="How many from the first place on are rewarded.",
        unit="名",
        minimum=0,
        maximum=50,
        help="自第一名起奖励几名。",
        default=[since("2018-06-01", 3, source=_HEBEI)],
    )
    charged: int = parameter(
        "扣缴名次数",
        ParameterKind.INTEGER,
        english="Places charged",
        english_help="How many from the last place up are charged.",
        unit="名",
        minimum=0,
        maximum=50,
        help="自末名起扣缴几名。",
        default=[since("2018-06-01", 3, source=_HEBEI)],
    )
    reward: Decimal = parameter(
        "每名奖励",
        ParameterKind.MONEY,
        english="Reward per place",
        english_help="What the treasury pays each rewarded party.",
        unit="元/期",
        minimum=Decimal(0),
        help="上级财政奖励前几名的金额，每名相同。",
        default=[since("2018-06-01", "1000000", source=_OURS)],
    )
    charge: Decimal = parameter(
        "每名扣缴",
        ParameterKind.MONEY,
        english="Charge per place",
        english_help="What each charged party pays the treasury.",
        unit="元/期",
        minimum=Decimal(0),
        help="末几名缴上级财政的金额，每名相同。",
        default=[since("2018-06-01", "1000000", source=_OURS)],
    )

    part_month: str = common.part_month("2018-06-01", applies_if=("period", ("monthly",)))
    rounding: str = common.rounding("2018-06-01")
    ph_mean: str = common.ph_mean("2018-06-01")
    first_origin: str = common.first_origin("2018-06-01")


def granularity(parameters: Parameters) -> Granularity:
    """Settled by the month or by the year, as the term says."""
    return Granularity.YEAR if parameters.period == "yearly" else Granularity.MONTH


def observed(parameters: Parameters, parties: Sequence[str]) -> tuple[str, ...]:
    """The figures asked for by name: the index of everyone ranked."""
    return tuple(f"index.{code}" for code in parties if code != TREASURY)


def evaluate(facts: Facts, parameters: Parameters) -> Outcome:
    """The parties' places and what they bring.

    Raises MissingFact for parties and "observations.index.<code>" of each of them,
    UnusableFact where there are fewer parties than places; WrongPeriod for the other period.
    """
    require_period(facts, granularity(parameters))
    if facts.state_override is MonthState.EXCLUDED and (
        settled := steps.decided_elsewhere(facts, FAMILY)
    ):
        return settled
    p = parameters
    codes = [code for code in sorted(require(facts, "parties")) if code != TREASURY]
    if len(codes) < max(1, p.rewarded + p.charged):
        raise UnusableFact(
            "parties",
            facts.section,
            facts.period_label,
            f"参加排名的只有 {len(codes)} 方，奖励 {p.rewarded} 名、扣缴 {p.charged} 名排不开；"
            "请登记全部参评方，或减少名次数。",
        )
    index = {code: require_item(facts, "observations", f"index.{code}") for code in codes}
    groups = _groups(index, lower_is_better=p.better == "lower")
    amounts = _amounts(groups, p, facts)
    lines = [
        *steps.opening(facts, FAMILY),
        _places_step(facts, p, groups, index),
        steps.clause_between(
            p,
            "reward",
            f"前 {p.rewarded} 名每名由上级财政奖励 {format_wan(p.reward)} 万元，"
            f"末 {p.charged} 名每名缴上级财政 {format_wan(p.charge)} 万元。",
            f"奖 {p.rewarded} 名、扣 {p.charged} 名",
            "charge",
            "rewarded",
            "charged",
        ),
        _amount_step(facts, p, amounts),
    ]
    return steps.finish(facts, FAMILY, MonthState.MET, _transfers(amounts), lines)


def _groups(index: Mapping[str, Number], *, lower_is_better: bool) -> list[list[str]]:
    """Codes from best to worst, those with one index together."""
    values = sorted(set(index.values()), reverse=not lower_is_better)
    return [[code for code in index if index[code] == value] for value in values]


def _amounts(groups: list[list[str]], p: Parameters, facts: Facts) -> dict[str, Decimal]:
    """Yuan per party, positive: is rewarded; a tied group shares its places' sum to the fen."""
    count = sum(map(len, groups))
    by_place = [Decimal(0)] * count
    for place in range(p.rewarded):
        by_place[place] += p.reward
    for place in range(count - p.charged, count):
        by_place[place] -= p.charge
    amounts: dict[str, Decimal] = {}
    first = 0
    for group in groups:
        places = by_place[first : first + len(group)]
        first += len(group)
        whole = facts.due(sum(places, Decimal(0)))
        amounts |= split_by_name(whole, dict.fromkeys(group, Decimal(1)))
    return amounts


def _transfers(amounts: Mapping[str, Decimal]) -> tuple[RoleTransfer, ...]:
    transfers: list[RoleTransfer] = []
    for code, amount in amounts.items():
        if amount > 0:
            transfers += pays(TREASURY, code, amount, because="排名奖励")
        elif amount < 0:
            transfers += pays(code, TREASURY, -amount, because="排名扣缴")
    return tuple(transfers)


def _places_step(
    facts: Facts, p: Parameters, groups: list[list[str]], index: Mapping[str, Number]
) -> Step:
    words, place, tied = [], 1, False
    for group in groups:
        tied = tied or len(group) > 1
        words += [
            f"第 {place} 名 {facts.name_of(code)}（{steps.shown(index[code])}）" for code in group
        ]
        place += len(group)
    source = facts.sources.get("observations", "")
    return Step(
        key="rank",
        title="名次",
        text=f"按指数排名，{p.choice('better')}。"
        + ("指数相同的并列，平分所占名次的金额，分不尽的一分归代码在前的。" if tied else ""),
        formula="；".join(words),
        result=facts.name_of(groups[0][0]),
        result_note="第 1 名",
        clause=p.source("better"),
        inputs=tuple(
            Input(facts.name_of(code), steps.shown(value), "", source)
            for code, value in index.items()
        ),
        defaults=p.defaults("better"),
    )


def _amount_step(facts: Facts, p: Parameters, amounts: Mapping[str, Decimal]) -> Step:
    rewarded = sum((a for a in amounts.values() if a > 0), Decimal(0))
    charged = -sum((a for a in amounts.values() if a < 0), Decimal(0))
    unit = steps.rate_unit(granularity(p))
    return Step(
        key="amount",
        title="金额",
        text=f"奖励合 {format_yuan(rewarded)} 元，扣缴合 {format_yuan(charged)} 元，"
        f"份额 {steps.percent(facts.share)}，差额由上级财政承担或收取。",
        formula="；".join(
            f"{facts.name_of(code)} {format_wan(amount)} 万元"
            for code, amount in amounts.items()
            if amount
        ),
        result=format_wan(rewarded),
        result_note="万元，奖励",
        inputs=(
            Input("每名奖励", format_wan(p.reward), unit, p.source("reward")),
            Input("每名扣缴", format_wan(p.charge), unit, p.source("charge")),
            Input("份额", steps.percent(facts.share), "", facts.sources.get("share", "")),
        ),
    )


FAMILY = Family(
    code="rank",
    title="排名奖惩法",
    summary="各方按水质指数排名，前几名得奖励，后几名被扣，经市级财政收付。",
    title_en="Rank",
    revision=1,
    legal_basis="河北省地表水环境质量排名奖惩办法（2019年）",
    about=__doc__,
    needs=frozenset({"parties", "observations"}),
    parameters=Parameters,
    evaluate=evaluate,
    granularity=granularity,
    observed=observed,
    collective=lambda p: True,
    treasury_apart=True,  # it collects and pays, and is not ranked
    part_month=lambda p: p.part_month,
)
