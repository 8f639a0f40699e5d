"""What notices are drawn from, read at once for one month or for many.

Every draft of a notice sees the same rows: 11 SQL queries whatever the months, agreements
and sections.
"""

import json
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import lru_cache

from django.db.models import Q

from basins.models import Jurisdiction
from basins.ranges import covers, year_start
from monitoring.models import Assessment, DirtyMonth, Indicator
from settlements import rules
from settlements.models import (
    Accrual,
    Agreement,
    AgreementMonth,
    FuseTrip,
    Notice,
    Party,
    Term,
    TermSection,
    Transfer,
)
from settlements.moving.parties_of_month import is_party_in
from settlements.reckoning.asked import accruing_parts


@dataclass(frozen=True, slots=True)
class Found:
    """One accrual, as far as a notice says it."""

    pk: int
    part: TermSection
    period: date
    yearly: bool
    month_state: str
    water_class: int | None
    complete: bool
    digest: str
    open: bool


@dataclass(frozen=True, slots=True)
class PaidTransfer:
    payer: Jurisdiction
    payee: Jurisdiction
    yuan: Decimal
    reason: str


@dataclass(frozen=True, slots=True)
class NoticeData:
    agreements: list[Agreement]
    begun: set[tuple[int, date]]  # months that were published, by agreement
    earlier: dict[date, list[str]]
    parties: dict[int, list[Party]]
    terms: list[Term]
    accruals: dict[tuple[date, bool], list[Found]]  # by period and whether of a year
    paid: dict[int, list[PaidTransfer]]
    marks: list[DirtyMonth]
    stopped: set[int]  # agreements with a stopped run
    exceedances: dict[date, dict[int, list[dict]]]
    indicators: list[Indicator]

    def of_month(self, month: date) -> list[Found]:
        """The month's own accruals, and in December the year's."""
        found = list(self.accruals.get((month, False), ()))
        if month.month == 12:
            found += self.accruals.get((year_start(month.year), True), ())
        return sorted(found, key=lambda a: (a.part.term.number, a.part.pk, a.yearly))

    def parties_in(self, agreement_id: int, month: date) -> list[Party]:
        return [p for p in self.parties.get(agreement_id, ()) if is_party_in(p, month)]

    def due(self, agreement_id: int, month: date) -> list[tuple[TermSection, date, bool]]:
        """What must have an accrual for the month to be whole; a year is due in December."""
        due: list[tuple[TermSection, date, bool]] = []
        for term in self.terms:
            if term.agreement_id != agreement_id:
                continue
            yearly = _is_yearly(term.rule, json.dumps(term.parameters, sort_keys=True))
            if yearly and month.month == 12 and _touches(term, month.year):
                period = year_start(month.year)
            elif not yearly and covers(term.in_force, month):
                period = month
            else:
                continue
            due += [(part, period, yearly) for part in _accruing(term)]
        return due

    def feeding(self, agreement_id: int) -> set[int]:
        """Sections whose readings go into the agreement's accruals."""
        return {
            section
            for term in self.terms
            if term.agreement_id == agreement_id
            for part in term.sections.all()
            for section in (part.section_id, part.inflow_id, part.reference_id)
            if section
        }


def notice_data(months: Sequence[date]) -> NoticeData:
    """Everything notices of these months can say."""
    years = [year_start(year) for year in sorted({m.year for m in months if m.month == 12})]
    agreements = list(
        Agreement.objects.exclude(state=Agreement.State.DRAFT)
        .select_related("river")
        .order_by("code")
    )
    terms = list(
        Term.objects.filter(agreement__in=agreements)
        .order_by("agreement", "number")
        .prefetch_related("sections__section")
    )
    places = dict(Jurisdiction.objects.defer("boundary").in_bulk())
    parts = {part.pk: part for term in terms for part in term.sections.all()}
    for term in terms:
        for part in term.sections.all():
            part.term = term
            part.upstream, part.downstream = places[part.upstream_id], places[part.downstream_id]
    found, sections = _accruals(
        Q(period__in=months, yearly=False) | Q(period__in=years, yearly=True), parts
    )
    open_ones = [a.pk for group in found.values() for a in group if a.open]
    exceedances, codes = _exceedances(months, sections)
    return NoticeData(
        agreements=agreements,
        begun=set(
            AgreementMonth.objects.filter(month__in=months).values_list("agreement_id", "month")
        ),
        earlier=_earlier(months),
        parties=_parties(places),
        terms=terms,
        accruals=found,
        paid=_paid(open_ones, places),
        marks=list(
            DirtyMonth.objects.filter(month__lte=max(months))
            .select_related("section")
            .order_by("section", "month")
        ),
        stopped=set(
            FuseTrip.objects.filter(state__in=FuseTrip.OPEN).values_list("agreement_id", flat=True)
        ),
        exceedances=exceedances,
        indicators=list(Indicator.objects.filter(code__in=codes).order_by("order")),
    )


def _accruals(which: Q, parts: dict[int, TermSection]):
    found: dict[tuple[date, bool], list[Found]] = defaultdict(list)
    sections = set()
    for pk, part, period, yearly, month_state, water_class, complete, digest, state in (
        Accrual.objects.filter(which, term_section__in=parts)
        .order_by("pk")
        .values_list(
            "pk", "term_section_id", "period", "yearly", "month_state", "water_class",
            "complete", "input_digest", "state",
        )
    ):  # fmt: skip
        accrual = Found(
            pk, parts[part], period, yearly, month_state, water_class, complete, digest,
            state in Accrual.OPEN,
        )  # fmt: skip
        found[period, yearly].append(accrual)
        sections.add(accrual.part.section_id)
    return dict(found), sections


def _earlier(months: Sequence[date]) -> dict[date, list[str]]:
    found: dict[date, list[str]] = defaultdict(list)
    for month, year, number in (
        Notice.objects.filter(month__in=months, state=Notice.State.PUBLISHED)
        .order_by("year", "number")
        .values_list("month", "year", "number")
    ):
        found[month].append(f"〔{year}〕{number} 号")
    return dict(found)


def _parties(places: dict[int, Jurisdiction]) -> dict[int, list[Party]]:
    found: dict[int, list[Party]] = defaultdict(list)
    for party in Party.objects.order_by("agreement", "order", "pk"):
        party.jurisdiction = places[party.jurisdiction_id]
        found[party.agreement_id].append(party)
    return dict(found)


def _paid(
    accruals: Iterable[int], places: dict[int, Jurisdiction]
) -> dict[int, list[PaidTransfer]]:
    found: dict[int, list[PaidTransfer]] = defaultdict(list)
    for accrual, payer, payee, yuan, reason in (
        Transfer.objects.filter(accrual__in=accruals)
        .order_by("accrual", "payer__code", "payee__code")
        .values_list("accrual_id", "payer_id", "payee_id", "yuan", "reason")
    ):
        found[accrual].append(PaidTransfer(places[payer], places[payee], yuan, reason))
    return dict(found)


def _exceedances(months: Sequence[date], sections: Iterable[int]):
    found: dict[date, dict[int, list[dict]]] = defaultdict(dict)
    codes = set()
    for section, month, exceedances in (
        Assessment.objects.filter(month__in=months, section__in=sections)
        .exclude(exceedances=[])
        .order_by("month", "section__code")
        .values_list("section_id", "month", "exceedances")
    ):
        found[month][section] = exceedances
        codes |= {e["indicator"] for e in exceedances}
    return dict(found), codes


def _touches(term: Term, year: int) -> bool:
    """Whether the term is in force on a day of the year."""
    lower, upper = term.in_force.lower, term.in_force.upper
    return (lower is None or lower.year <= year) and (upper is None or upper > year_start(year))


def _accruing(term: Term) -> Sequence[TermSection]:
    parts = list(term.sections.all())
    if len(parts) < 2:
        return parts
    return accruing_parts(rules.read(term.rule, term.parameters), parts)


@lru_cache(maxsize=512)
def _is_yearly(rule: str, parameters: str) -> bool:
    return rules.read(rule, json.loads(parameters)).yearly
