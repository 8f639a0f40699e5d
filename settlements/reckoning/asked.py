"""What a term's rule asks for besides readings: by name, from whom, and over which sections."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction

from monitoring.standards.exact import Number, total
from settlements.models import TermSection
from settlements.rules import Rule
from settlements.rules.facts import DaysInARow

WHOLE = Fraction(1)


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

    def share(self, part: TermSection) -> Number:
        """The part of the rate: of a collective term, what its sections make together."""
        if not self.parts:
            return part.share
        return min(WHOLE, total(p.share for p in self.parts))


def accruing_parts(rule: Rule, parts: Sequence[TermSection]) -> Sequence[TermSection]:
    """The sections that have accruals of their own: all, or the first of a collective term."""
    return parts[:1] if rule.collective else parts


def asked_of(rule: Rule, parties: Mapping[str, str], parts: Iterable[TermSection] = ()) -> Asked:
    """What the rule asks for. `parties`: code → name of everyone it is told of."""
    return Asked(
        names=rule.observed(tuple(parties)),
        flow="flow" in rule.family.needs,
        days=rule.days_in_a_row,
        parts=tuple(parts) if rule.collective else (),
    )
