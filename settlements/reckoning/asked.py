"""What a term's rule asks for besides readings: by name, from whom, and over which sections."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from types import ModuleType
from typing import Any

from settlements.models import TermSection

WHOLE = Decimal(1)


@dataclass(frozen=True, slots=True)
class DaysInARow:
    """An indicator whose days over a limit in a row count, from day `start` of a run on.

    limit: mg/L, None for that of the section's target. all_days: a run that has lasted so
    long counts whole; else only its days from `start` on.
    """

    indicator: str
    limit: Decimal | None
    start: int
    all_days: bool


@dataclass(frozen=True, slots=True)
class Asked:
    """What the facts of one accrual hold besides what was measured at its section.

    names: observations, "met.GZ" being the figure "met" of party GZ. parts: the sections of
    a collective term, whose accrual stands at the first; empty for any other term.
    """

    names: tuple[str, ...] = ()
    flow: bool = False
    days: tuple[DaysInARow, ...] = ()
    parts: tuple[TermSection, ...] = field(default=(), compare=False)

    @property
    def section_ids(self) -> set[int]:
        return {part.section_id for part in self.parts}

    def share(self, part: TermSection) -> Decimal:
        """The part of the rate: of a collective term, what its sections make together."""
        if not self.parts:
            return part.share
        return min(WHOLE, sum((p.share for p in self.parts), Decimal(0)))


NOTHING = Asked()


def is_collective(module: ModuleType, parameters: Any) -> bool:
    """Whether all sections of a term make one accrual a period."""
    return hasattr(module, "collective") and module.collective(parameters)


def accruing_parts(
    module: ModuleType, parameters: Any, parts: Sequence[TermSection]
) -> Sequence[TermSection]:
    """The sections that have accruals of their own: all, or the first of a collective term."""
    return parts[:1] if is_collective(module, parameters) else parts


def asked_of(
    module: ModuleType,
    parameters: Any,
    parties: Mapping[str, str],
    parts: Iterable[TermSection] = (),
) -> Asked:
    """What the rule asks for with these parameters. `parties`: codes of everyone in it."""
    needs = module.NEEDS
    days: tuple[DaysInARow, ...] = ()
    if "over_limit_days" in needs and (start := getattr(parameters, "days_from", None)):
        days = tuple(
            DaysInARow(row.indicator, row.limit, start, parameters.days_counted == "all")
            for row in parameters.indicators
        )
    return Asked(
        names=tuple(module.observed(parameters, tuple(parties)))
        if hasattr(module, "observed")
        else (),
        flow="flow" in needs,
        days=days,
        parts=tuple(parts) if is_collective(module, parameters) else (),
    )
