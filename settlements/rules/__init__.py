"""Rule families, one module each: how facts and an agreement's parameters become money.

A rule module has CODE, TITLE, REVISION, LEGAL_BASIS, NEEDS (names of facts), `Parameters`,
`granularity(parameters)` and `evaluate(facts, parameters) -> Outcome`. Rules are pure: no
clock, database or Django. `get(code)` finds one.
"""

from __future__ import annotations

from types import ModuleType

from settlements.rules import baseline, class_vs_last_year, fixed_annual

RULES: dict[str, ModuleType] = {
    rule.CODE: rule for rule in (class_vs_last_year, baseline, fixed_annual)
}


class UnknownRule(LookupError):
    """A rule code that no module here has."""


def get(code: str) -> ModuleType:
    """The module of a rule family. Raises UnknownRule, listing the codes there are."""
    if code not in RULES:
        known = "、".join(f"{rule.CODE}（{rule.TITLE}）" for rule in RULES.values())
        raise UnknownRule(f"没有规则“{code}”；可用的规则：{known}。")
    return RULES[code]
