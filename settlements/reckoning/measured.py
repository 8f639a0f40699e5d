"""What was measured at some sections over some months, loaded once for many facts."""

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction
from typing import Any

from basins.ranges import covers
from monitoring.assessment.services.assessment import Mean, means_of_month
from monitoring.models import Assessment, Section, Target
from monitoring.standards.basis import HYDROGEN, Basis, hydrogen_ions, hydrogen_mean
from monitoring.standards.exact import Number, Written, decimal_of, total, written_mean
from settlements.reckoning.given_facts import FigureKey, Given, Ruling
from settlements.rules.facts import Facts


def remeasured(month: date, section_ids: list[int], basis: Basis) -> list[Mean]:
    """From the readings there are now."""
    return means_of_month(month, section_ids, basis=basis)


@dataclass
class Measured:
    """What was assessed at some sections over some months, and the targets there."""

    assessments: dict[tuple[int, date], Assessment] = field(default_factory=dict)
    means: dict[tuple[int, date], dict[str, Number]] = field(default_factory=dict)
    counts: dict[tuple[int, date], tuple[int, int]] = field(default_factory=dict)
    flows: set[tuple[int, date]] = field(default_factory=set)  # months with enough values of flow
    targets: dict[int, list[Target]] = field(default_factory=dict)
    figures: dict[FigureKey, Given] = field(default_factory=dict)
    rulings: dict[tuple[int, date], dict[int | None, Ruling]] = field(default_factory=dict)
    daily: dict[tuple[int, str], dict[date, Fraction]] = field(default_factory=dict)
    # Means of a month under another 统计口径; the same under those of terms that have their own.
    remeasure: Callable[[date, list[int], Basis], list[Mean]] = remeasured
    deviating: dict[tuple[Any, ...], "Measured"] = field(default_factory=dict)
    # What was made of it, for runs that ask for the same facts again (`kept_of`).
    kept: dict[tuple[Any, ...], dict[Any, Facts]] = field(default_factory=dict)

    def kept_of(self, *key: Any) -> dict[Any, Facts]:
        """The facts made so far for that key, to be added to."""
        return self.kept.setdefault(key, {})

    def basis_at(self, section_id: int, month: date) -> Basis:
        """What the month was assessed by; the default for a month without a class."""
        assessment = self.assessments.get((section_id, month))
        return Basis.of(assessment.basis) if assessment is not None else Basis()

    def basis_of_year(self, section: Section, year: int) -> Basis:
        """What the year's last assessed month was assessed by."""
        ids = {each.pk for each in section.stood()}
        months = [
            (m, s)
            for s, m in self.assessments
            if m.year == year and s in ids and section.stood_in(m).pk == s
        ]
        return self.basis_at(max(months)[1], max(months)[0]) if months else Basis()

    def target_on(self, section_id: int, day: date) -> Target | None:
        return next((t for t in self.targets.get(section_id, []) if covers(t.in_force, day)), None)

    def ruling(self, section_id: int, month: date, agreement_id: int | None) -> Ruling | None:
        """The bureau's finding of the month: for this agreement, else for all of them."""
        kept = self.rulings.get((section_id, month), {})
        return kept.get(agreement_id) or kept.get(None)

    def year_means(
        self, section: Section, years: Iterable[int], agreement_id: int | None = None
    ) -> dict[str, Written]:
        """Mean of the monthly means of those years, per indicator (环办〔2011〕22号); of months before
        the section stood there, those of its predecessor.

        A month under a ruling has no result of its own and is left out.
        """
        found: dict[str, list[Number]] = defaultdict(list)
        wanted = set(years)
        ids = {each.pk for each in section.stood()}
        for (section_id, month), values in self.means.items():
            if section_id not in ids or month.year not in wanted:
                continue
            if len(ids) > 1 and section.stood_in(month).pk != section_id:
                continue
            if self.ruling(section_id, month, agreement_id) is None:
                for code, value in values.items():
                    found[code].append(value)
        return {
            code: ph_of_months(values)
            if code == "pH" and self._averages_ions(section, wanted)
            else written_mean(values)
            for code, values in sorted(found.items())
        }

    def _averages_ions(self, section: Section, years: set[int]) -> bool:
        return any(self.basis_of_year(section, year).ph == HYDROGEN for year in years)


def ph_of_months(values: list[Number]) -> Written:
    """pH of the mean hydrogen-ion concentration of months, from their pH."""
    mean = hydrogen_mean(decimal_of(total(map(hydrogen_ions, values)), 40), len(values))
    return Written(mean, mean)
