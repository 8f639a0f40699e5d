"""Rule families, one module each: how facts and an agreement's parameters become money.

A rule module has CODE, TITLE, REVISION, LEGAL_BASIS, NEEDS (names of facts), `Parameters`,
TITLE_EN, `granularity(parameters)` and `evaluate(facts, parameters) -> Outcome`. Where it needs them:
`observed(parameters, parties)`, the names of the observations it asks for;
`collective(parameters)`, whether a term's sections make one accrual together; TREASURY_APART.
Rules are pure: no clock, database or Django. `get(code)` finds one.
"""

from __future__ import annotations

from types import ModuleType
from typing import Any

from settlements.rules import (
    awards,
    baseline,
    charges,
    class_vs_last_year,
    exceedance_steps,
    fixed_annual,
    joint_fund,
    municipal_fill,
    p_index,
    percent_change,
    pollutant_threshold,
    pollution_load,
    rank,
    town_outflow,
    weighted_score,
)
from settlements.rules.kinds import idle, specs

RULES: dict[str, ModuleType] = {
    rule.CODE: rule
    for rule in (
        class_vs_last_year,
        baseline,
        fixed_annual,
        exceedance_steps,
        percent_change,
        pollutant_threshold,
        pollution_load,
        p_index,
        weighted_score,
        joint_fund,
        rank,
        town_outflow,
        awards,
        charges,
        municipal_fill,
    )
}


def needs(rule: ModuleType, parameters: Any) -> frozenset[str]:
    """The facts a rule asks for under these parameters.

    NEEDS, and those of NEEDS_IF whose parameter was moved from where the rule stood before it.
    """
    asked: frozenset[str] = rule.NEEDS
    known = specs(rule.Parameters)
    for name, facts in getattr(rule, "NEEDS_IF", {}).items():
        if not idle(known[name], getattr(parameters, name)):
            asked |= facts
    return asked


def every_need(rule: ModuleType) -> frozenset[str]:
    """The facts a rule may ask for, whatever its parameters."""
    more: dict[str, frozenset[str]] = getattr(rule, "NEEDS_IF", {})
    return rule.NEEDS.union(*more.values())


class UnknownRule(LookupError):
    """A rule code that no module here has."""


def get(code: str) -> ModuleType:
    """The module of a rule family. Raises UnknownRule, listing the codes there are."""
    if code not in RULES:
        known = "、".join(f"{rule.CODE}（{rule.TITLE}）" for rule in RULES.values())
        raise UnknownRule(f"没有规则“{code}”；可用的规则：{known}。")
    return RULES[code]
