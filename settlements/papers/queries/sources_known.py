"""What a statement is set from, as known at a past moment: the same statement of then.

Results are the stored versions (AccrualVersion) of the moment. States, adjustments, entries and
payments are what the audit trail knew. Moments are of the database's own clock.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal
from functools import cached_property

from django.db.models import Q, QuerySet
from django.utils import timezone

from basins.access import Viewer
from basins.models import Jurisdiction
from basins.ranges import year_start
from settlements.as_known.queries.changes import carried_then, newest_then
from settlements.models import (
    Accrual,
    AccrualVersion,
    Adjustment,
    AdjustmentNet,
    Agreement,
    AgreementMonth,
    JournalEntry,
    LedgerAccount,
    Payment,
    Posting,
    Settlement,
    SettlementSignature,
    Term,
    TermSection,
    Transfer,
)
from settlements.money import ZERO
from settlements.papers.paper import Paper
from settlements.papers.queries.sources import (
    Standing,
    StatementChange,
    change_of,
    in_order,
    named_payments,
)
from settlements.reckoning.known_basis import Past
from settlements.rules.base import Outcome
from settlements.shown.findings import Net
from settlements.shown.payments import payments_of
from settlements.shown.places import Place
from settlements.shown.revisions import Carried, CarriedOfYear, Revision, revision_of
from settlements.shown.visible import visible_agreements
from settlements.workflow import kind_of
from settlements.years.queries.years import (
    SettlementYear,
    booked_finding,
    section_years,
    term_line,
    yearly_line,
)

MOMENT = "按某日所知"  # what a statement of then says of itself


class StandingThen(Standing):
    """As `Standing`, as known at `past.at`.

    For who may see a statement at all: its parties and the city's offices, who see drafts too.
    """

    def __init__(self, viewer: Viewer, past: Past) -> None:
        super().__init__(viewer)
        self.past = past
        self.at = past.at
        moment = f"{timezone.localtime(past.at):%Y-%m-%d %H:%M:%S}"
        self.filters = ((MOMENT, moment),)
        self.notes = (f"本单{MOMENT}（{moment}）编制，只供查考，不作对账依据。",)

    @property
    def today(self) -> date:
        return min(timezone.localdate(self.past.at), super().today)

    def agreement(self, code: str) -> Agreement | None:
        found = visible_agreements(self.viewer).filter(code=code).first()
        return None if found is None else self.past.agreement(found.pk)

    def year(self, agreement: Agreement, year: int) -> SettlementYear | None:
        settlement = self._settlements(year).get(agreement.pk)
        if settlement is None:
            return None
        accruals = self.of_agreement(agreement, year)
        carried = carried_then(self.past, [agreement.pk], year)
        nets = self._nets(agreement, accruals, year)
        revised = self.revised(accruals)
        return SettlementYear(
            agreement=agreement.code,
            title=agreement.title,
            river=agreement.river.name,
            year=year,
            finding=booked_finding(nets, carried),
            state=settlement.get_state_display(),
            kind=kind_of("settlement", settlement.state),
            closed=settlement.state in Settlement.FIXED,
            closed_on=settlement.closed_on,
            computed_at=self.past.at,
            nets=nets,
            carried=carried,
            sections=section_years([a for a in accruals if not a.yearly], year, revised),
            yearly=tuple(yearly_line(a, revised.get(a.pk), ()) for a in accruals if a.yearly),
            terms=tuple(term_line(t) for t in self.past.terms(agreement) if _in_year(t, year)),
            entry=None,
            adjustments=(),
            years=(),
        )

    def of_agreement(self, agreement: Agreement, year: int) -> list[Accrual]:
        return sorted(self._accruals([agreement], year), key=_by_section)

    def of_place(self, place: Jurisdiction, year: int) -> list[Accrual]:
        agreements = [
            found for a in self.past.rows(Agreement) if (found := self.past.agreement(a.pk))
        ]
        accruals = self._accruals(agreements, year)
        adjusted = {
            change.accrual.pk
            for change in self.changes(accruals, CarriedOfYear(year))
            if change.approved and change.yuan_for(place.pk)
        }
        own = [a for a in accruals if a.pk in adjusted or _concerns(a, place.pk)]
        return sorted(own, key=lambda a: (a.term.agreement.code, a.period, *_of_section(a), a.pk))

    def revised(self, accruals: Sequence[Accrual]) -> dict[int, Revision]:
        entries, found = self._entries(), {}
        by_id = {a.pk: a for a in accruals}
        for pk, adjustment in newest_then(self.past, accruals).items():
            adjustment.accrual = by_id[pk]
            published = payments_of(by_id[pk])
            each = revision_of(adjustment, published, self._places, entries.get(adjustment.pk))
            if each.before != each.after:
                found[pk] = each
        return found

    def carried_of_place(self, place: Jurisdiction, year: int) -> CarriedOfYear:
        known = carried_then(self.past, [a.pk for a in self.past.rows(Agreement)], year)

        def own(found: Iterable[Carried]) -> tuple[Carried, ...]:
            return tuple(c for c in found if c.signed_for(place.code))

        return CarriedOfYear(year, out=own(known.out), into=own(known.into))

    def changes(self, accruals: Iterable[Accrual], carried: CarriedOfYear) -> list[StatementChange]:
        by_id = {a.pk: a for a in accruals}
        into = {c.adjustment for c in carried.into}
        if into:
            of_others = {a.accrual_id for a in self.past.rows(Adjustment) if a.pk in into}
            by_id |= {
                a.pk: a
                for a in Accrual.objects.filter(pk__in=of_others)
                .select_related("term__agreement", "term_section__section")
                .defer("steps", "inputs")
            }
        found = [
            a
            for a in self.past.rows(Adjustment)
            if a.accrual_id in by_id
            and a.state != Adjustment.State.WITHDRAWN
            and (by_id[a.accrual_id].period.year == carried.year or a.pk in into)
        ]
        nets: dict[int, list[tuple[Jurisdiction, Decimal]]] = defaultdict(list)
        for net in AdjustmentNet.objects.filter(adjustment__in=[a.pk for a in found]):
            place = self.past.jurisdictions[net.jurisdiction_id]
            nets[net.adjustment_id].append((place, net.yuan))
        entries = self._entries()
        answer = []
        for each in sorted(found, key=lambda a: (by_id[a.accrual_id].period, a.pk)):
            accrual = by_id[each.accrual_id]
            approved = each.state == Adjustment.State.APPROVED
            differences = (
                nets[each.pk] if approved else self._difference(each, accrual, nets, found)
            )
            answer.append(change_of(each, accrual, differences, entries.get(each.pk)))
        return answer

    def states(self, agreements: Collection[Agreement], year: int) -> dict[int, str]:
        wanted = {a.pk for a in agreements}
        found = self._settlements(year).items()
        return {pk: s.get_state_display() for pk, s in found if pk in wanted}

    def accounts(self, found: QuerySet[LedgerAccount]) -> QuerySet[LedgerAccount]:
        return found.filter(pk__in=[a.pk for a in self.past.rows(LedgerAccount)])

    def postings(self, found: QuerySet[Posting]) -> QuerySet[Posting]:
        return found.filter(entry__in=[e.pk for e in self.past.rows(JournalEntry)])

    def payments(self, which: Q) -> list[Payment]:
        then = self.past.by_id(Payment)
        answer = []
        for payment in named_payments(which):
            known = then.get(payment.pk)
            if known is not None and known.state == Payment.State.APPROVED:
                payment.state, payment.reversed_on = known.state, known.reversed_on
                answer.append(payment)
        return answer

    @cached_property
    def _places(self) -> dict[str, Place]:
        return {code: Place.of(j) for code, j in self._by_code.items()}

    @cached_property
    def _by_code(self) -> dict[str, Jurisdiction]:
        return {j.code: j for j in self.past.jurisdictions.values()}

    # --- of then ------------------------------------------------------------------------------

    def signatures(self, agreement: Agreement, year: int) -> list[SettlementSignature]:
        settlement = self._settlements(year).get(agreement.pk)
        found = [
            s
            for s in self.past.rows(SettlementSignature)
            if settlement is not None and s.settlement_id == settlement.pk and s.void_at is None
        ]
        for signature in found:
            signature.jurisdiction = self.past.jurisdictions[signature.jurisdiction_id]
        return in_order(found)

    def _settlements(self, year: int) -> dict[int, Settlement]:
        return {s.agreement_id: s for s in self.past.rows(Settlement) if s.year == year}

    def _entries(self) -> dict[int, JournalEntry]:
        """Adjustment id → its own entry."""
        return {
            e.adjustment_id: e
            for e in self.past.rows(JournalEntry)
            if e.adjustment_id is not None and e.cause == JournalEntry.Cause.ADJUSTMENT
        }

    def _accruals(self, agreements: Collection[Agreement], year: int) -> list[Accrual]:
        """The stored findings of the moment as unsaved accruals with their payments."""
        parts: dict[int, TermSection] = {
            part.pk: part
            for agreement in agreements
            for term in self.past.terms(agreement)
            for part in self.past.parts(term)
        }
        published = {(m.agreement_id, m.month) for m in self.past.rows(AgreementMonth)}
        fixed = {
            agreement
            for agreement, s in self._settlements(year).items()
            if s.state in Settlement.FIXED
        }
        found = AccrualVersion.objects.filter(
            term_section__in=parts, period__year=year, known_from__lte=self.past.at
        ).exclude(known_to__lte=self.past.at)
        return [
            self._accrual(version, parts[version.term_section_id], published, fixed)
            for version in found
        ]

    def _accrual(
        self,
        version: AccrualVersion,
        part: TermSection,
        published: Collection[tuple[int, date]],
        fixed: Collection[int],
    ) -> Accrual:
        agreement = part.term.agreement_id
        month = date(version.period.year, 12, 1) if version.yearly else version.period
        state = Accrual.State.PRELIMINARY
        if (agreement, month) in published:
            state = Accrual.State.SETTLED if agreement in fixed else Accrual.State.PUBLISHED
        accrual = Accrual(
            pk=version.accrual_id,
            term=part.term,
            term_section=part,
            period=version.period,
            yearly=version.yearly,
            month_state=version.month_state,
            water_class=version.water_class,
            rule_revision=version.rule_revision,
            input_digest=version.input_digest,
            state=state,
        )
        places = self._by_code
        transfers = Transfer.objects.none()  # evaluated, as a prefetch leaves it
        transfers._result_cache = [
            Transfer(
                accrual=accrual,
                payer=places[t["payer"]],
                payee=places[t["payee"]],
                yuan=Decimal(t["yuan"]),
                reason=t["reason"],
            )
            for t in version.transfers
        ]
        vars(accrual)["_prefetched_objects_cache"] = {"transfers": transfers}
        return accrual

    def _nets(self, agreement: Agreement, accruals: list[Accrual], year: int) -> tuple[Net, ...]:
        """What the parties were to receive: findings, with the adjustments the year had booked."""
        parties = {p.jurisdiction_id: p for p in self.past.parties(agreement)}
        yuan: dict[int, Decimal] = defaultdict(lambda: ZERO, dict.fromkeys(parties, ZERO))
        for accrual in accruals:
            for t in accrual.transfers.all():
                yuan[t.payee_id] += t.yuan
                yuan[t.payer_id] -= t.yuan
        for change in self.changes(accruals, CarriedOfYear(year)):
            for place, difference in change.differences if change.booked == year else ():
                yuan[place.pk] += difference
        order = [*parties, *sorted(pk for pk in yuan if pk not in parties)]
        return tuple(
            Net(
                Place.of(self.past.jurisdictions[pk]),
                yuan[pk],
                parties[pk].get_role_display() if pk in parties else "",
            )
            for pk in order
        )

    def _difference(
        self,
        adjustment: Adjustment,
        accrual: Accrual,
        nets: dict[int, list[tuple[Jurisdiction, Decimal]]],
        found: list[Adjustment],
    ) -> list[tuple[Jurisdiction, Decimal]]:
        """Of one not yet approved: against what held, the finding with what was approved of it."""
        held: dict[str, Decimal] = defaultdict(lambda: ZERO)
        for t in accrual.transfers.all():
            held[t.payee.code] += t.yuan
            held[t.payer.code] -= t.yuan
        for other in found:
            if other.accrual_id == accrual.pk and other.state == Adjustment.State.APPROVED:
                for place, yuan in nets[other.pk]:
                    held[place.code] += yuan
        proposed = Outcome.from_json(adjustment.outcome).net()
        return [
            (self._by_code[code], yuan)
            for code in sorted({*held, *proposed})
            if (yuan := proposed.get(code, ZERO) - held.get(code, ZERO))
        ]


def without_moment(paper: Paper) -> Paper:
    """The paper as it was, or would be, set at its moment."""
    return replace(
        paper,
        filters=tuple(pair for pair in paper.filters if pair[0] != MOMENT),
        notes=tuple(note for note in paper.notes if MOMENT not in note),
    )


def _in_year(term: Term, year: int) -> bool:
    first, end = term.in_force.lower, term.in_force.upper
    return (first is None or first < date(year + 1, 1, 1)) and (
        end is None or end > year_start(year)
    )


def _concerns(accrual: Accrual, place: int) -> bool:
    part = accrual.term_section
    paid = (pk for t in accrual.transfers.all() for pk in (t.payer_id, t.payee_id))
    return place in (part.upstream_id, part.downstream_id, *paid)


def _of_section(accrual: Accrual) -> tuple[bool, Decimal]:
    km = accrual.term_section.section.km
    return km is None, km or ZERO


def _by_section(accrual: Accrual) -> tuple:
    return (*_of_section(accrual), accrual.term_section.section.code, accrual.period, accrual.pk)
