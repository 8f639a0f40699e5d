"""What a rule family says of itself, once, and a family under the parameters of one term.

A family's module ends with `FAMILY = Family(...)`. Whoever uses it reads these fields: a
member that a family leaves out stands at its default, which means that it asks for nothing.
`Family.read` makes a `Rule` of what a term stored: the two that belong together, as one value.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from decimal import Decimal
from functools import cached_property
from typing import Any, Generic, TypeVar

from monitoring.standards.basis import Basis
from monitoring.standards.gb3838_2002 import WaterClass
from settlements.rules.base import Outcome
from settlements.rules.common import basis_under, own_choices
from settlements.rules.facts import DaysInARow, Facts, Granularity
from settlements.rules.kinds import specs
from settlements.rules.parameters import Parameters
from settlements.rules.substitution import Filling

P = TypeVar("P", bound=Parameters)


@dataclass(frozen=True, slots=True)
class Classes:
    """The classes of one finding that it may have been held against."""

    found: WaterClass | None
    target: WaterClass | None
    last_year: WaterClass | None


@dataclass(frozen=True, slots=True)
class Yardstick:
    """The class a finding was held against, and what pages call it."""

    water_class: WaterClass | None
    words: str


def by_month(parameters: Parameters) -> Granularity:
    """Settled by the month (月核算)."""
    return Granularity.MONTH


def by_year(parameters: Parameters) -> Granularity:
    """Settled by the year."""
    return Granularity.YEAR


def _nothing_observed(parameters: Parameters, parties: Sequence[str]) -> tuple[str, ...]:
    return ()


def _no_days(parameters: Parameters) -> tuple[DaysInARow, ...]:
    return ()


def _no_base(parameters: Parameters, year: int) -> frozenset[int]:
    return frozenset()


def _never(parameters: Parameters) -> bool:
    return False


def _no_sections(parameters: Parameters) -> frozenset[str]:
    return frozenset()


def _no_class(parameters: Parameters) -> WaterClass | None:
    return None


def _no_cap(parameters: Parameters) -> Decimal | None:
    return None


def _first_day(parameters: Parameters) -> str:
    return "first_day"


def _unfilled(parameters: Parameters) -> Filling:
    return Filling(parameters)


def _against_baseline(classes: Classes) -> Yardstick:
    return Yardstick(classes.target, "基准")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Family(Generic[P]):
    """A rule family: its names, what it asks for, its parameters and its arithmetic.

    summary: who pays when, in one plain Chinese sentence, for whoever chooses among the rules. about: what
    it does, in English, for docs/rules/. revision: raised where the same facts
    give other money. needs: names of facts; needs_if: facts asked for only where the named
    parameter was moved from where the rule stood before it came. evaluate: who pays for one
    section and period. granularity: whether it settles months or years.

    observed: names of the observations it asks for, of these party codes. days_in_a_row:
    indicators whose days over a limit in a row count. base_years: the years whose means are
    the `base_means` of a period in that year. collective: whether a term's sections make one
    accrual together. treasury_apart: the treasury is no party to be told of. needs_reference:
    whether every section must name the one it is compared with. sections_named: codes of
    sections in the parameters. fixed_class: the class a term fixes in the place of the
    functional one. yardstick: what a finding was held against.

    yearly_cap: the most that one direction pays in a year, yuan; period_cap: in a period.
    part_month: how a month counts that is partly in force (`common.part_month`). filling:
    how a month takes the values of others.

    Raises ValueError, with everything that is wrong, for a family that does not hang together.
    """

    code: str
    title: str
    summary: str
    title_en: str
    revision: int
    legal_basis: str
    about: str
    needs: frozenset[str]
    parameters: type[P]
    evaluate: Callable[[Facts, P], Outcome]
    granularity: Callable[[P], Granularity]
    needs_if: Mapping[str, frozenset[str]] = field(default_factory=dict)
    observed: Callable[[P, Sequence[str]], tuple[str, ...]] = _nothing_observed
    days_in_a_row: Callable[[P], tuple[DaysInARow, ...]] = _no_days
    base_years: Callable[[P, int], frozenset[int]] = _no_base
    collective: Callable[[P], bool] = _never
    treasury_apart: bool = False
    needs_reference: Callable[[P], bool] = _never
    sections_named: Callable[[P], frozenset[str]] = _no_sections
    fixed_class: Callable[[P], WaterClass | None] = _no_class
    yardstick: Callable[[Classes], Yardstick] = _against_baseline
    yearly_cap: Callable[[P], Decimal | None] = _no_cap
    period_cap: Callable[[P], Decimal | None] = _no_cap
    part_month: Callable[[P], str] = _first_day
    filling: Callable[[P], Filling] = _unfilled

    def __post_init__(self) -> None:
        if wrong := self._problems():
            raise ValueError(f"规则族“{self.code}”的声明有误：{'；'.join(wrong)}。")

    @property
    def every_need(self) -> frozenset[str]:
        """The facts the family may ask for, whatever its parameters."""
        return self.needs.union(*self.needs_if.values())

    def read(self, stored: Mapping[str, Any]) -> Rule:
        """The family under the parameters a term stored. Raises ParameterErrors."""
        return Rule(self, self.parameters.from_json(stored))

    def _problems(self) -> list[str]:
        names = ("code", "title", "summary", "title_en", "legal_basis", "about")
        texts = (
            self.code, self.title, self.summary, self.title_en, self.legal_basis, self.about,
        )  # fmt: skip
        wrong = [f"{name} 为空" for name, text in zip(names, texts, strict=True) if not text]
        if self.revision < 1:
            wrong.append(f"revision 须不小于 1，现为 {self.revision}")
        declared = specs(self.parameters)
        known = {fact.name for fact in fields(Facts)}
        wrong += [f"没有事实 {name}" for name in sorted(self.every_need - known)]
        wrong += [f"needs_if 中没有参数 {name}" for name in self.needs_if if name not in declared]
        asked = {
            "observations": self.observed is not _nothing_observed,
            "base_means": self.base_years is not _no_base,
            "over_limit_days": self.days_in_a_row is not _no_days,
            "reference_class": self.needs_reference is not _never,
        }
        wrong += [
            f"事实 {fact} 与相应的成员须同时声明"
            for fact, told in asked.items()
            if told is not (fact in self.every_need)
        ]
        taken = {
            "yearly_cap": self.yearly_cap is not _no_cap,
            "part_month": self.part_month is not _first_day,
            "missing_month": self.filling is not _unfilled,
            "sampling": self.filling is not _unfilled,
        }
        wrong += [
            f"参数 {name} 与相应的成员须同时声明"
            for name, told in taken.items()
            if told is not (name in declared)
        ]
        return wrong


@dataclass(frozen=True)
class Rule:
    """A family under the parameters of one term: what the family says, with them put in.

    What every period asks for again is kept.
    """

    family: Family[Any]
    parameters: Parameters

    @cached_property
    def granularity(self) -> Granularity:
        return self.family.granularity(self.parameters)

    @property
    def yearly(self) -> bool:
        return self.granularity is Granularity.YEAR

    @cached_property
    def needs(self) -> frozenset[str]:
        """The facts asked for under these parameters."""
        return self.family.needs.union(
            *(
                facts
                for name, facts in self.family.needs_if.items()
                if not self.parameters.is_idle(name)
            )
        )

    def basis(self, scheme: Basis) -> Basis:
        """The 统计口径 under these parameters, where the bureau's own is `scheme`."""
        return basis_under(self.parameters, scheme)

    @cached_property
    def own_basis(self) -> tuple[str, ...]:
        """What of the 统计口径 the term chooses itself; empty where it follows the bureau's."""
        chosen = own_choices(self.parameters)
        return tuple(f"{name}={value}" for name, value in sorted(chosen.items()))

    @property
    def deviates(self) -> bool:
        return bool(self.own_basis)

    @property
    def compares_last_year(self) -> bool:
        """Whether a period's facts hold what was measured a year before."""
        return bool(self.family.needs & {"last_year_class", "last_year_means"})

    @property
    def collective(self) -> bool:
        return self.family.collective(self.parameters)

    @property
    def days_in_a_row(self) -> tuple[DaysInARow, ...]:
        return self.family.days_in_a_row(self.parameters)

    @property
    def needs_reference(self) -> bool:
        return self.family.needs_reference(self.parameters)

    @property
    def sections_named(self) -> frozenset[str]:
        return self.family.sections_named(self.parameters)

    @property
    def fixed_class(self) -> WaterClass | None:
        return self.family.fixed_class(self.parameters)

    @property
    def yearly_cap(self) -> Decimal | None:
        return self.family.yearly_cap(self.parameters)

    @property
    def period_cap(self) -> Decimal | None:
        return self.family.period_cap(self.parameters)

    @property
    def part_month(self) -> str:
        return self.family.part_month(self.parameters)

    @cached_property
    def filling(self) -> Filling:
        return self.family.filling(self.parameters)

    def evaluate(self, facts: Facts) -> Outcome:
        """Who pays for one section and period. Raises as the family's own `evaluate` says."""
        return self.family.evaluate(facts, self.parameters)

    def observed(self, parties: Sequence[str]) -> tuple[str, ...]:
        return self.family.observed(self.parameters, parties)

    def base_years(self, year: int) -> frozenset[int]:
        return self.family.base_years(self.parameters, year)

    def yardstick(self, classes: Classes) -> Yardstick:
        """What a finding was held against; a class the term fixes stands for the target."""
        fixed = self.fixed_class
        return self.family.yardstick(replace(classes, target=fixed) if fixed else classes)
