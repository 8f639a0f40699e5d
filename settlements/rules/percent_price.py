"""What a percentage point better or worse is worth (同比变幅法 的单价).

Amounts are yuan, unrounded, before the section's share, positive where downstream pays.
"""

# ruff: noqa: RUF009 - parameter() is dataclasses.field with a Spec

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from monitoring.standards.exact import exact
from settlements.money import format_wan
from settlements.rules import items, steps
from settlements.rules.kinds import ParameterKind, parameter


@dataclass(frozen=True, kw_only=True)
class PricedItem:
    """One indicator and what a percentage point of it is worth."""

    indicator: str = parameter(
        "指标",
        ParameterKind.CHOICE,
        english="Indicator",
        english_help="Its concentration is compared with that of a year ago.",
        choices=items.CONCENTRATIONS,
        help="与去年同期比较浓度的指标。",
    )
    better_amount: Decimal = parameter(
        "每改善一个百分点",
        ParameterKind.MONEY,
        english="Per point better",
        english_help="Downstream pays for each percentage point below last year.",
        unit="元/百分点",
        minimum=Decimal(0),
        help="浓度比去年同期每低一个百分点，下游补偿上游的金额。",
    )
    better_cap: Decimal | None = parameter(
        "改善封顶",
        ParameterKind.MONEY,
        english="Cap for better",
        english_help="Most that the indicator earns in a period; empty for no cap.",
        unit="元/期",
        minimum=Decimal(0),
        optional=True,
        help="该指标一期因改善最多得到的金额；空为不封顶。",
    )
    worse_amount: Decimal = parameter(
        "每恶化一个百分点",
        ParameterKind.MONEY,
        english="Per point worse",
        english_help="Upstream pays for each percentage point above last year.",
        unit="元/百分点",
        minimum=Decimal(0),
        help="浓度比去年同期每高一个百分点，上游补偿下游的金额。",
    )
    worse_least: Decimal = parameter(
        "恶化起付",
        ParameterKind.MONEY,
        english="Least for worse",
        english_help="Least that any worsening costs in a period; 0 for none.",
        unit="元/期",
        minimum=Decimal(0),
        help="只要恶化，该指标一期至少付的金额；0 为不设。",
    )
    worse_cap: Decimal | None = parameter(
        "恶化封顶",
        ParameterKind.MONEY,
        english="Cap for worse",
        english_help="Most that the indicator costs in a period; empty for no cap.",
        unit="元/期",
        minimum=Decimal(0),
        optional=True,
        help="该指标一期因恶化最多付的金额；空为不封顶。",
    )


def better(item: PricedItem, points: Fraction) -> tuple[Fraction, str]:
    full = exact(item.better_amount) * points
    words = f"{steps.shown(points)} × {format_wan(item.better_amount)} ＝ {format_wan(full)} 万元"
    if item.better_cap is None or full <= item.better_cap:
        return full, words
    return exact(item.better_cap), f"{words}，封顶 {format_wan(item.better_cap)} 万元"


def worse(item: PricedItem, points: Fraction) -> tuple[Fraction, str]:
    full = exact(item.worse_amount) * points
    words = f"{steps.shown(points)} × {format_wan(item.worse_amount)} ＝ {format_wan(full)} 万元"
    if full < item.worse_least:
        return -exact(
            item.worse_least
        ), f"{words}，不足起付，按 {format_wan(item.worse_least)} 万元"
    if item.worse_cap is not None and full > item.worse_cap:
        return -exact(item.worse_cap), f"{words}，封顶 {format_wan(item.worse_cap)} 万元"
    return -full, words
