"""A month without data takes the values of other months, where the term says so.

`filled` puts values of other months of the same term in the place of missing ones, and
writes into Facts.substituted_from which month they came from: the finding rests on them, and
its steps say so. Where nothing may or can be put in, the month stays without data, with its
reason. Never a silent zero.

Source: the options for missing months are parameters of the term (`common.missing_month`,
`common.sampling`). Means are Decimal mg/L; a class is assessed anew from a mean of means.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from monitoring.standards.assessment import NothingToAssess, assess
from monitoring.standards.exact import Number, written_mean
from settlements.rules.facts import (
    INFLOW,
    LAST_YEAR,
    NO_READINGS,
    OWN,
    REFERENCE,
    Facts,
    Granularity,
    MonthState,
)
from settlements.rules.parameters import Parameters

REACH = 12  # months back or ahead in which a value is looked for
# What goes together: the class of a section and the means it rests on.
_GROUPS = {
    OWN: ("water_class", "deciding", "means", "complete", "valid", "expected"),
    LAST_YEAR: ("last_year_class", "last_year_means"),
    INFLOW: ("inflow_class", "inflow_means"),
    REFERENCE: ("reference_class", "reference_means"),
}
_SHORT = {OWN: "本月", LAST_YEAR: "去年同期", INFLOW: "入境断面本月", REFERENCE: "对照断面本月"}

MonthOf = Callable[[date], Facts | None]


@dataclass(frozen=True, slots=True)
class Filling:
    """How a term lets a month take the values of others, as its parameters say.

    missing_month, sampling: of `common`; incomplete: what becomes of a month with too few
    values (`common.incomplete`). `parameters` has the clauses these stand in.
    """

    parameters: Parameters
    missing_month: str = "none"
    sampling: str = "monthly"
    incomplete: str = "use"

    @property
    def substitutes(self) -> bool:
        """Whether a month may take values of another at all."""
        return self.missing_month != "none" or self.quarterly

    @property
    def quarterly(self) -> bool:
        return self.sampling == "quarterly"

    @property
    def looks_ahead(self) -> bool:
        """Whether a month may take values of a later one."""
        return self.missing_month == "neighbours"

    @property
    def strict(self) -> bool:
        """Whether a month with too few values counts as one without."""
        return self.incomplete == "no_data"

    def fed_by(self, month: date) -> set[date]:
        """The months whose facts may hold the values of that month; itself, without any."""
        found = {month}
        if self.quarterly:
            found |= set(_quarter(month))
        if self.missing_month != "none":
            back = REACH if self.looks_ahead else 0
            found |= {_shift(month, n) for n in range(-back, REACH + 1)}
        return found


def filled(facts: Facts, filling: Filling, month_of: MonthOf) -> Facts:
    """The month's facts, with those of other months in the place of missing ones.

    The means of the reference section serve the mean of two months and are not kept.

    month_of: the facts of another month of the same term and section, as measured; None
    outside the term. Unchanged for a year, for a month with a ruling, and where nothing is
    missing or the term puts nothing in.
    """
    found = _filled(facts, filling, month_of)
    return replace(found, reference_means={}) if found.reference_means else found


def _filled(facts: Facts, filling: Filling, month_of: MonthOf) -> Facts:
    if facts.granularity is Granularity.YEAR or not filling.substitutes or _ruled(facts):
        return facts
    facts = _over_quarter(facts, filling, month_of)
    if filling.missing_month == "none":
        return facts
    for group in (OWN, INFLOW, REFERENCE):
        if _wanted(facts, group, filling.strict):
            facts = _replaced(facts, filling, month_of, group)
    return facts


def _over_quarter(facts: Facts, filling: Filling, month_of: MonthOf) -> Facts:
    """Of a section measured once a quarter: what the quarter's measured month found."""
    if not filling.quarterly or _ruled(facts):
        return facts
    strict = filling.strict
    others = [m for m in _quarter(facts.period) if m != facts.period]
    # The nearest first, the earlier one of two.
    others.sort(key=lambda m: (abs(_apart(m, facts.period)), m))
    for group in _GROUPS:
        if not _wanted(facts, group, strict) or (group == LAST_YEAR and not _has_own(facts)):
            continue
        for month in others:
            donor = month_of(month)
            if donor is not None and _gives(donor, group, strict):
                words = f"{_SHORT[group]}未测，按每季度一次取{_named(donor.period)}的值"
                facts = _taken(facts, group, donor, words, filling.parameters.source("sampling"))
                break
    return facts


def _replaced(facts: Facts, filling: Filling, month_of: MonthOf, group: str) -> Facts:
    strict, clause = filling.strict, filling.parameters.source("missing_month")
    before = _nearest(facts.period, -1, month_of, group, strict)
    if filling.missing_month == "previous":
        if before is None:
            return _left(facts, group, "此前 12 个月的条款期内没有有效月，无从取值")
        words = f"{_SHORT[group]}无数据，按协议取{_named(before.period)}的值"
        return _taken(facts, group, before, words, clause, complete=False)
    after = _nearest(facts.period, 1, month_of, group, strict)
    if before is None or after is None:
        return _left(facts, group, "前后有效月不全，无从取均值")
    mean = _mean(facts, before, after, group)
    if mean is None:
        return _left(facts, group, "前后两个有效月没有共同的指标均值，无从取均值")
    words = f"{_SHORT[group]}无数据，按协议取{_named(before.period)}与{_named(after.period)}的均值"
    return _taken(facts, group, mean, words, clause, complete=False)


def _nearest(start: date, step: int, month_of: MonthOf, group: str, strict: bool) -> Facts | None:
    for n in range(1, REACH + 1):
        found = month_of(_shift(start, step * n))
        if found is not None and _gives(found, group, strict):
            return found
    return None


def _mean(facts: Facts, before: Facts, after: Facts, group: str) -> Facts | None:
    """A month whose means are those of two others, and its class assessed from them."""
    name = {OWN: "means", INFLOW: "inflow_means", REFERENCE: "reference_means"}[group]
    one: Mapping[str, Number] = getattr(before, name)
    other: Mapping[str, Number] = getattr(after, name)
    means = {code: written_mean([one[code], other[code]]) for code in one if code in other}
    try:
        found = assess(means, facts.water_body)
    except NothingToAssess:
        return None
    if group == INFLOW:
        return replace(facts, inflow_means=means, inflow_class=found.water_class)
    if group == REFERENCE:
        return replace(facts, reference_means=means, reference_class=found.water_class)
    return replace(
        facts,
        means=means,
        water_class=found.water_class,
        deciding=tuple(found.deciding),
        valid=None,
        expected=None,
    )


def _taken(
    facts: Facts, group: str, donor: Facts, words: str, clause: str, *, complete: bool = True
) -> Facts:
    """The facts with a group of the donor's. A month of its own data no more lacks them."""
    values: dict[str, Any] = {name: getattr(donor, name) for name in _GROUPS[group]}
    if group == OWN:
        values["complete"] = complete and donor.complete
        values |= {"state_override": None, "override_reason": ""}
    return replace(
        facts,
        **values,
        substituted_from={**facts.substituted_from, group: words},
        sources={**facts.sources, "substituted_from": clause},
    )


def _left(facts: Facts, group: str, why: str) -> Facts:
    """The month as it is; where it stays without data, its reason says why."""
    if group != OWN or facts.state_override is not MonthState.NO_DATA:
        return facts
    return replace(facts, override_reason=f"{facts.override_reason}；{why}")


def _ruled(facts: Facts) -> bool:
    """Whether somebody decided the month's state, rather than its data."""
    missing = (
        facts.state_override is MonthState.NO_DATA
        and facts.override_reason == NO_READINGS
        and "state_override" not in facts.sources
    )
    return facts.state_override is not None and not missing


def _has_own(facts: Facts) -> bool:
    return facts.water_class is not None or bool(facts.means)


def _wanted(facts: Facts, group: str, strict: bool) -> bool:
    """Whether the group is missing, or too thin where the term takes that as no data."""
    if group == OWN:
        return not _has_own(facts) or (strict and not facts.complete)
    if group == INFLOW:
        return bool(facts.inflow_section) and not (facts.inflow_class or facts.inflow_means)
    if group == REFERENCE:
        return bool(facts.reference_section) and facts.reference_class is None
    return not (facts.last_year_class or facts.last_year_means)


def _gives(donor: Facts, group: str, strict: bool) -> bool:
    """Whether the group has a value to give: a month with a ruling gives none."""
    return not _ruled(donor) and not _wanted(donor, group, strict) and _present(donor, group)


def _present(facts: Facts, group: str) -> bool:
    return any(getattr(facts, name) for name in _GROUPS[group] if name != "complete")


def _quarter(month: date) -> tuple[date, ...]:
    first = (month.month - 1) // 3 * 3 + 1
    return tuple(date(month.year, first + n, 1) for n in range(3))


def _shift(month: date, months: int) -> date:
    count = month.year * 12 + month.month - 1 + months
    return date(count // 12, count % 12 + 1, 1)


def _apart(one: date, other: date) -> int:
    return (one.year - other.year) * 12 + one.month - other.month


def _named(month: date) -> str:
    return f"{month.year}年{month.month}月"
