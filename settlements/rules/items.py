"""What rules that reckon indicator by indicator share: which items, their checks and words.

Concentrations are exact numbers in the unit of gb3838_2002.UNITS.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal
from fractions import Fraction
from typing import Protocol

from monitoring.standards.exact import Number, exact
from monitoring.standards.gb3838_2002 import NAMES, UNITS, WaterBody, has_limits, limit
from settlements.money import format_wan
from settlements.rules import steps
from settlements.rules.base import DOWNSTREAM, UPSTREAM, Facts, require, require_item
from settlements.rules.facts import UnusableFact, plain_decimal

# Items in mg/L of which less is better: without pH, water temperature, dissolved oxygen and
# what is counted in other units.
CONCENTRATIONS: dict[str, str] = {
    code: name for code, name in NAMES.items() if UNITS[code] == "mg/L" and code != "DO"
}
# The same with dissolved oxygen, of which more is better, for rules that only compare.
COMPARABLE: dict[str, str] = {"DO": NAMES["DO"], **CONCENTRATIONS}


class Listed(Protocol):
    """A row of a term about one indicator."""

    @property
    def indicator(self) -> str: ...


class Limited(Listed, Protocol):
    """A row that may name a limit of its own."""

    @property
    def limit(self) -> Decimal | None: ...


def repeated(rows: Iterable[Listed]) -> str:
    """Names of the indicators that stand in more than one row, joined; empty when none does."""
    codes = [row.indicator for row in rows]
    return "、".join(NAMES[code] for code in dict.fromkeys(codes) if codes.count(code) > 1)


def needs_limit(rows: Iterable[Limited]) -> str:
    """Names of the rows' indicators that have neither a limit of their own nor one in table 1."""
    return "、".join(
        NAMES[row.indicator]
        for row in rows
        if row.limit is None and not has_limits(row.indicator, WaterBody.RIVER)
    )


def limit_of(facts: Facts, row: Limited) -> tuple[Fraction, str]:
    """The row's own limit, else that of the functional class, and its name.

    Raises MissingFact("target") where the functional class is needed.
    """
    if row.limit is not None:
        return exact(row.limit), "限值"
    target = require(facts, "target")
    return exact(limit(row.indicator, target, facts.water_body)), f"{target.label}限值"


def mean_of(facts: Facts, name: str, code: str) -> Fraction:
    """The mean of an indicator. Raises MissingFact, and UnusableFact when it is negative."""
    value = require_item(facts, name, code)
    if value < 0:
        raise UnusableFact(
            f"{name}.{code}",
            facts.section,
            facts.period_label,
            f"浓度 {plain_decimal(value)} 不能为负；请核对来源数据后重算。",
        )
    return value


def divisor(facts: Facts, name: str, code: str) -> Fraction:
    """As `mean_of`, for a mean to divide by: zero is refused as well."""
    value = mean_of(facts, name, code)
    if value == 0:
        raise UnusableFact(
            f"{name}.{code}",
            facts.section,
            facts.period_label,
            "均值为 0，不能作除数；未检出的请按检出限的一半计。",
        )
    return value


def in_unit(code: str, value: Number) -> str:
    """A concentration as shown, with its unit."""
    return f"{steps.shown(value)} {UNITS[code]}"


def wan_sum(parts: Sequence[Number]) -> str:
    """Amounts (yuan) as a sum in 万元: 30.00 ＋ 60.00; a negative one keeps its sign."""
    words = format_wan(parts[0])
    for part in parts[1:]:
        words += f" {'−' if part < 0 else '＋'} {format_wan(-part if part < 0 else part)}"
    return words


def sides(total: Number) -> tuple[str, str] | tuple[None, None]:
    """Payer and payee for a net that is positive where downstream pays; nobody at zero."""
    if total == 0:
        return None, None
    return (DOWNSTREAM, UPSTREAM) if total > 0 else (UPSTREAM, DOWNSTREAM)
