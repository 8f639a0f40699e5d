"""按某日所知: any period of an agreement computed from what was known at a past moment.

The moment is of the database's own clock. What was known at `at` is what had been recorded by
then: readings (recorded_at, revisions), figures (recorded_at, superseded_at), and from the
audit trail targets, sampling plans, rulings, agreements, parties, terms and their sections.
The computation is the pipeline's own.

An accrual is written a little after what it follows from: between a change and the run that
works it in, knowledge is ahead of the accrual. So a stored digest is given again at every
moment of its version (known_from <= t < known_to) at which nothing waited; when that is,
settlements.reckoning.known_spans says.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property

from basins.models import Jurisdiction
from basins.ranges import covers, months_between, months_later, months_of
from settlements.models import Agreement
from settlements.reckoning.computation import (
    Computed,
    Work,
    by_role,
    compute,
    level_of,
    work_of_term,
)
from settlements.reckoning.facts import Wanted
from settlements.reckoning.known_basis import Past, SectionMonth
from settlements.reckoning.periods import months_due
from settlements.rules.substitution import REACH

Periods = Mapping[int, Collection[date]]  # term section → periods


@dataclass
class Known:
    """An agreement as known at a moment. `agreement` None: nobody knew of it yet."""

    past: Past
    agreement: Agreement | None

    @property
    def at(self) -> datetime:
        return self.past.at

    @cached_property
    def works(self) -> list[Work]:
        """Every section with accruals of its own, without periods."""
        if self.agreement is None:
            return []
        everyone = [
            (p.jurisdiction.code, p.jurisdiction.name, level_of(p.jurisdiction.level, p.role))
            for p in self.past.parties(self.agreement)
        ]
        return [
            work
            for term in self.past.terms(self.agreement)
            for work in work_of_term(term, self.past.parts(term), everyone)
        ]

    @cached_property
    def others(self) -> dict[str, Jurisdiction]:
        """Party code or role → jurisdiction, as `computation.other_parties`."""
        if self.agreement is None:
            return {}
        return by_role([(p.jurisdiction, p.role) for p in self.past.parties(self.agreement)])

    def compute(self, wanted: Periods, *, digests: bool = True) -> list[Computed]:
        """Those periods, as the pipeline would have computed them at the moment.

        Only sections and periods are answered that some term then covered.
        """
        asked = []
        for work in self.works:
            own = {p for p in wanted.get(work.part.pk, ()) if in_reach(work, p)}
            if own:
                asked.append((work, own))
        full = [work.over(_hanging_together(work, own)) for work, own in asked]
        found = self.past.measured(
            needed(full), _wanted(full), {p for work, own in asked for p in own}
        )
        answered = {(work.part.pk, period) for work, own in asked for period in own}
        return [
            one
            for one in compute(full, found, digests=digests)
            if (one.part.pk, one.period) in answered
        ]

    def month(self, month: date) -> list[Computed]:
        """The sections that were computed for the month itself, not for its year."""
        monthly = [w for w in self.works if not w.rule.yearly]
        return self.compute({work.part.pk: [month] for work in monthly})


def known_at(agreement: Agreement | int, at: datetime, past: Past | None = None) -> Known:
    """The agreement as known at `at`. `past`: share what is loaded of that moment.

    Raises ValueError for a moment without a zone.
    """
    past = past or Past(at)
    pk = agreement if isinstance(agreement, int) else agreement.pk
    return Known(past, past.agreement(pk))


def in_reach(work: Work, period: date) -> bool:
    """Whether the term as known covers the period, as months or years are due for it."""
    if work.rule.yearly:
        last = date(period.year, 12, 1)
        return any(m for m in months_due(work.term, work.rule) if period <= m <= last)
    return period in months_due(work.term, work.rule) or covers(work.term.in_force, period)


def needed_for(work: Work, period: date) -> set[SectionMonth]:
    """The section-months that the accrual of the period may depend on."""
    found = needed([work.over(_hanging_together(work, [period]))])
    if work.asked.days:  # a run of days over a limit may have begun in the month before
        found |= {(section, months_later(month, -1)) for section, month in found}
    return found


def needed(works: Collection[Work]) -> set[SectionMonth]:
    """The section-months whose means the facts of the works can hold."""
    found: set[SectionMonth] = set()
    for work in works:
        months: set[date] = set()
        for period in work.periods:
            months |= _months_needed(work, period)
        found |= {(section, month) for section in work.section_ids for month in months}
    return found


def _months_needed(work: Work, period: date) -> set[date]:
    year = period.year
    found: set[date] = set()
    if work.rule.yearly:
        found |= set(months_between(date(year - 1, 1, 1), date(year, 12, 1)))
    else:
        found.add(period)
        if work.rule.filling.substitutes:
            found |= {months_later(period, n) for n in range(-REACH, REACH + 1)}
        if work.rule.compares_last_year:
            found |= {m.replace(year=m.year - 1) for m in found}
    for base in work.rule.base_years(period.year):
        found |= set(months_between(*months_of(base)))
    return found


def _hanging_together(work: Work, periods: Collection[date]) -> set[date]:
    """Under a yearly cap the months before use it up: they are computed along."""
    if work.rule.yearly_cap is None or work.rule.yearly:
        return set(periods)
    return set(periods) | {
        m
        for m in months_due(work.term, work.rule)
        if any(m.year == period.year and m < period for period in periods)
    }


def _wanted(works: Collection[Work]) -> Wanted:
    wanted = Wanted()
    for work in works:
        wanted.add(work.part, work.asked)
    return wanted
