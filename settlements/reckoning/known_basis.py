"""What a computation rests on, as known at a past moment: agreements with their terms, sections,
parties and targets from the audit trail, readings and figures from their own histories.

Nothing here computes: what is loaded has the shape that `settlements.reckoning.computation`
takes, and the same code runs over it (settlements.reckoning.known).
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cached_property
from typing import Any

from django.db import models

from basins.history import as_known
from basins.models import Jurisdiction, River, User
from basins.ranges import covers, month_start, year_start
from monitoring.assessment.queries.history import known_readings
from monitoring.assessment.services.assessment import Mean, assessment_of, means_of_month
from monitoring.models import Assessment, AssessmentBasis, Origin, Section, Target
from monitoring.standards.basis import Basis
from monitoring.standards.flow import FLOW
from settlements import rules
from settlements.models import Agreement, MonthRuling, Party, Term, TermSection
from settlements.reckoning import given_facts
from settlements.reckoning.facts import Wanted
from settlements.reckoning.measured import Measured
from settlements.rules.parameters import specs

SectionMonth = tuple[int, date]


def with_later(declared: type, stored: Mapping[str, Any]) -> dict[str, Any]:
    """Stored parameters with those the rule was given afterwards, each where the rule stood
    before it: what a term of then, read by the rule of now, has always meant."""
    later = {
        name: {
            "value": spec.default.values[0].value,
            "source": spec.default.values[0].source,
            "is_default": True,
        }
        for name, spec in specs(declared).items()
        if spec.added and spec.default and name not in stored
    }
    return {**stored, **later}


@dataclass
class Past:
    """The tables as known at `at`. Each is loaded once, whatever is asked of it.

    A moment in the future knows what is known now. Raises ValueError for a moment without a
    zone.
    """

    at: datetime
    _rows: dict[type[models.Model], list[Any]] = field(default_factory=dict, repr=False)
    _means: dict[SectionMonth, dict[str, Mean]] = field(default_factory=dict, repr=False)

    def __post_init__(self) -> None:
        if self.at.tzinfo is None:
            raise ValueError(f"时间 {self.at!r} 没有时区；请用带时区的时间，如 Asia/Shanghai。")

    def rows(self, model: Any) -> list[Any]:
        """Rows of an audited table as unsaved objects, in the order of their keys: 1 query."""
        if model not in self._rows:
            self._rows[model] = [model(**row) for row in as_known(model, self.at)]
        return self._rows[model]

    def by_id(self, model: Any) -> dict[int, Any]:
        return {row.pk: row for row in self.rows(model)}

    @cached_property
    def jurisdictions(self) -> dict[int, Jurisdiction]:
        return self._named(Jurisdiction)

    @cached_property
    def sections(self) -> dict[int, Section]:
        found = self._named(Section)
        for section in found.values():  # as known, too
            if section.predecessor_id is not None:
                section.predecessor = found[section.predecessor_id]
        return found

    @cached_property
    def rivers(self) -> dict[int, River]:
        return self._named(River)

    def _named(self, model: Any) -> dict[int, Any]:
        """By id; what the trail does not know yet goes by its name of now."""
        now = model.objects.defer("boundary") if model is Jurisdiction else model.objects.all()
        return {row.pk: row for row in now} | self.by_id(model)

    # --- agreements ---------------------------------------------------------------------------

    def agreement(self, pk: int) -> Agreement | None:
        """With its river; None where nobody knew of it yet."""
        found = self.by_id(Agreement).get(pk)
        if found is not None:
            found.river = self.rivers[found.river_id]
        return found

    def parties(self, agreement: Agreement) -> list[Party]:
        """In their order, each with its jurisdiction."""
        own = [p for p in self.rows(Party) if p.agreement_id == agreement.pk]
        for party in own:
            party.agreement, party.jurisdiction = (
                agreement,
                self.jurisdictions[party.jurisdiction_id],
            )
        return sorted(own, key=lambda party: (party.order, party.pk))

    def terms(self, agreement: Agreement) -> list[Term]:
        own = [t for t in self.rows(Term) if t.agreement_id == agreement.pk]
        for term in own:
            term.agreement = agreement
            term.parameters = with_later(rules.get(term.rule).parameters, term.parameters)
        return sorted(own, key=lambda term: term.number)

    def parts(self, term: Term) -> list[TermSection]:
        """The term's sections with all they refer to, in the order the pipeline takes them."""
        own = [p for p in self.rows(TermSection) if p.term_id == term.pk]
        for part in own:
            part.term = term
            part.section = self.sections[part.section_id]
            part.upstream = self.jurisdictions[part.upstream_id]
            part.downstream = self.jurisdictions[part.downstream_id]
            part.inflow = self.sections[part.inflow_id] if part.inflow_id else None
            part.reference = self.sections[part.reference_id] if part.reference_id else None
        return sorted(own, key=lambda p: (p.section.km is None, p.section.km or 0, p.pk))

    # --- measured -----------------------------------------------------------------------------

    def means(self, wanted: Iterable[SectionMonth]) -> dict[SectionMonth, dict[str, Mean]]:
        """Monthly means by indicator: 2 queries a month that is not loaded yet."""
        wanted = list(wanted)
        missing: dict[date, set[int]] = defaultdict(set)
        for section, month in wanted:
            if (section, month) not in self._means:
                missing[month].add(section)
        readings = known_readings(self.at)
        for month, ids in missing.items():
            for section in ids:
                self._means[section, month] = {}
            basis = self.basis(month)
            for mean in means_of_month(month, sorted(ids), readings=readings, basis=basis):
                self._means[mean.section_id, month][mean.indicator] = mean
        return {key: self._means[key] for key in wanted}

    def basis(self, month: date) -> Basis:
        """The 统计口径 that held for the month."""
        return next(
            (b.basis for b in self.rows(AssessmentBasis) if covers(b.in_force, month)), Basis()
        )

    def assessments(self, wanted: Iterable[SectionMonth]) -> dict[SectionMonth, Assessment]:
        """Classes of the months that were assessed, with what decided them."""
        found = {}
        for (section, month), means in self.means(wanted).items():
            body = self.sections[section].water_body
            assessment = assessment_of(section, month, means, body, self.basis(month))
            if assessment is not None:
                found[section, month] = assessment
        return found

    def targets(self, section_ids: Collection[int]) -> dict[int, list[Target]]:
        found: dict[int, list[Target]] = defaultdict(list)
        for target in self.rows(Target):
            if target.section_id in section_ids:
                found[target.section_id].append(target)
        for own in found.values():
            own.sort(key=lambda target: target.in_force.lower or date.min)
        return dict(found)

    def rulings(self, section_ids: Collection[int]) -> list[MonthRuling]:
        """In force at the moment, each with who decided."""
        live = [
            r
            for r in self.rows(MonthRuling)
            if r.revoked_at is None and r.section_id in section_ids
        ]
        people = self.by_id(User) if live else {}
        for ruling in live:
            if ruling.decided_by_id in people:
                ruling.decided_by = people[ruling.decided_by_id]
        return live

    def measured(
        self, needed: Collection[SectionMonth], wanted: Wanted, days: Collection[date] = ()
    ) -> Measured:
        """As `settlements.reckoning.facts.measured`, of just those section-months.

        days: months whose daily means are needed, where `wanted` asks for any.
        """
        answer = Measured(remeasure=self._remeasured)
        sections = {section for section, _ in needed}
        answer.assessments = self.assessments(needed)
        for key, means in self.means(needed).items():
            if means:
                answer.means[key] = {code: mean.exact for code, mean in means.items()}
                flow = means.get(FLOW)
                if flow is not None and flow.complete and flow.origin == Origin.AUTOMATIC:
                    answer.flows.add(key)
                answer.counts[key] = (
                    sum(mean.valid for mean in means.values()),
                    sum(mean.expected for mean in means.values()),
                )
        answer.targets = self.targets(sections)
        answer.rulings = given_facts.by_month(self.rulings(sections))
        if wanted.sections and needed:
            first, last = min(m for _, m in needed), max(m for _, m in needed)
            first, last = year_start(first.year), date(last.year, 12, 1)
            answer.figures = given_facts.figures(
                wanted.sections, wanted.parties, first, last, self.at
            )
        if wanted.in_a_row:
            answer.daily = self._daily(wanted, {month_start(day) for day in days})
        return answer

    def _remeasured(self, month: date, section_ids: list[int], basis: Basis) -> list[Mean]:
        return means_of_month(month, section_ids, readings=known_readings(self.at), basis=basis)

    def _daily(self, wanted: Wanted, months: Collection[date]) -> dict[Any, Any]:
        found: dict[tuple[int, str], dict[date, Any]] = defaultdict(dict)
        readings = known_readings(self.at)
        for month in sorted(months):
            of_month = given_facts.daily_means(
                wanted.in_a_row, wanted.indicators, month, month, readings
            )
            for key, means in of_month.items():
                found[key] |= means
        return dict(found)
