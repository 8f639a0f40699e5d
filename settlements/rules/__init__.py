"""Rule families: how facts and an agreement's parameters become money.

A family is a module, or a package where it is long, that ends with `FAMILY = Family(...)`:
its names, what it asks for, its parameters and its arithmetic, once (`family`). Rules are
pure: no clock, database or Django. `get(code)` finds a family, `read(code, stored)` puts it
under the parameters that a term stored.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import lru_cache
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
from settlements.rules.family import Family, Rule

_FAMILIES: tuple[Family[Any], ...] = (
    class_vs_last_year.FAMILY,
    baseline.FAMILY,
    fixed_annual.FAMILY,
    exceedance_steps.FAMILY,
    percent_change.FAMILY,
    pollutant_threshold.FAMILY,
    pollution_load.FAMILY,
    p_index.FAMILY,
    weighted_score.FAMILY,
    joint_fund.FAMILY,
    rank.FAMILY,
    town_outflow.FAMILY,
    awards.FAMILY,
    charges.FAMILY,
    municipal_fill.FAMILY,
)
RULES: dict[str, Family[Any]] = {family.code: family for family in _FAMILIES}


class UnknownRule(LookupError):
    """A rule code that no family here has."""


def get(code: str) -> Family[Any]:
    """The rule family of that code. Raises UnknownRule, listing the codes there are."""
    if code not in RULES:
        known = "、".join(f"{family.code}（{family.title}）" for family in RULES.values())
        raise UnknownRule(f"没有规则“{code}”；可用的规则：{known}。")
    return RULES[code]


def read(code: str, stored: Mapping[str, Any]) -> Rule:
    """The family of that code under the parameters a term stored.

    Raises UnknownRule, and ParameterErrors naming every parameter that is wrong. Read once for
    the same parameters: a term is asked for them at every step of a recomputation.
    """
    family = get(code)
    try:
        text = json.dumps(stored)
    except TypeError:  # not as a database stores it
        return family.read(stored)
    return _read(family, text)


@lru_cache(maxsize=2048)
def _read(family: Family[Any], stored: str) -> Rule:
    return family.read(json.loads(stored))
