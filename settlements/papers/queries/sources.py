"""What a statement is set from, as it stands now: results, adjustments, entries, payments.

`settlements.papers.queries.sources_known` gives the same of a past moment.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from django.db.models import Exists, OuterRef, Q, QuerySet, Sum

from basins import clock
from basins.access import Act, Scope, Viewer
from basins.models import Jurisdiction
from settlements.models import (
    Accrual,
    Adjustment,
    AdjustmentNet,
    Agreement,
    JournalEntry,
    LedgerAccount,
    Party,
    Payment,
    Posting,
    Settlement,
    SettlementSignature,
    Transfer,
)
from settlements.money import ZERO
from settlements.shown.accruals import listed_accruals
from settlements.shown.payments import payments_prefetch
from settlements.shown.revisions import CarriedOfYear, Revision, carried_in, revisions_of
from settlements.shown.visible import visible_accruals, visible_agreements
from settlements.years.queries.years import SettlementYear, accruals_of_year, settlement_year
from settlements.years.services.adjustments import difference


@dataclass(frozen=True, slots=True)
class StatementChange:
    """An adjustment as a statement says it; differences in yuan, who gains first."""

    accrual: Accrual
    cause: str
    differences: tuple[tuple[Jurisdiction, Decimal], ...]
    approved: bool
    booked: int | None  # the year that has booked it; None: not approved
    effect: str

    def yuan_for(self, jurisdiction_id: int) -> Decimal:
        return sum((y for place, y in self.differences if place.pk == jurisdiction_id), ZERO)


Cause = JournalEntry.Cause


@dataclass(slots=True)
class YearOfParty:
    """清缴 of a closed year for a party, in yuan, positive: it receives."""

    year: int
    place: Jurisdiction
    closed: Decimal = ZERO  # what the closing booked
    adjusted: Decimal = ZERO  # what adjustments of its months booked after it
    paid: Decimal = ZERO  # payments made for it, reversed ones taken back
    even: bool = False  # the party's whole account in the agreement is even

    @property
    def left(self) -> Decimal:
        return ZERO if self.even else self.closed + self.adjusted + self.paid


class Standing:
    """What holds now, as far as the viewer may see it."""

    at: datetime | None = None
    # What a statement says of the moment, where it is not now.
    filters: tuple[tuple[str, str], ...] = ()
    notes: tuple[str, ...] = ()

    def __init__(self, viewer: Viewer) -> None:
        self.viewer = viewer

    @property
    def today(self) -> date:
        return clock.today()

    def agreement(self, code: str) -> Agreement | None:
        return visible_agreements(self.viewer).filter(code=code).first()

    def year(self, agreement: Agreement, year: int) -> SettlementYear | None:
        """The agreement's year, or None where there is none."""
        return settlement_year(self.viewer, agreement.code, year)

    def of_agreement(self, agreement: Agreement, year: int) -> list[Accrual]:
        """By section, then by month."""
        return accruals_of_year(self.viewer, agreement, year)

    def of_place(self, place: Jurisdiction, year: int) -> list[Accrual]:
        """By agreement, then by month: those of its borders, its payments, its adjustments."""
        side = Q(term_section__upstream=place) | Q(term_section__downstream=place)
        paid = Exists(
            Transfer.objects.filter(accrual=OuterRef("pk")).filter(Q(payer=place) | Q(payee=place))
        )
        adjusted = Exists(
            AdjustmentNet.objects.filter(adjustment__accrual=OuterRef("pk"), jurisdiction=place)
        )
        found = visible_accruals(self.viewer).filter(side | paid | adjusted, period__year=year)
        return list(listed_accruals(found).prefetch_related(payments_prefetch()))

    def revised(self, accruals: Sequence[Accrual]) -> dict[int, Revision]:
        """Accrual id → what counts of it instead of what was published."""
        return revisions_of(accruals)

    def carried_of_place(self, place: Jurisdiction, year: int) -> CarriedOfYear:
        """What adjustments of the place's amounts moved into or out of the year."""
        net = AdjustmentNet.objects.filter(adjustment__accrual=OuterRef("pk"), jurisdiction=place)
        return carried_in(visible_accruals(self.viewer).filter(Exists(net)), year)

    def changes(self, accruals: Iterable[Accrual], carried: CarriedOfYear) -> list[StatementChange]:
        """Adjustments by month, with those carried into the year; such as are not approved only
        where drafts may be seen."""
        found = (
            Adjustment.objects.filter(
                Q(accrual__in=[a.pk for a in accruals])
                | Q(pk__in=[c.adjustment for c in carried.into])
            )
            .exclude(state=Adjustment.State.WITHDRAWN)
            .select_related(
                "entry",
                "accrual__term__agreement",
                "accrual__term_section__section",
            )
            .prefetch_related("nets__jurisdiction")
            .order_by("accrual__period", "pk")
        )
        match self.viewer.scope(Act.SEE_DRAFTS):
            case Scope.ALL:
                shown = list(found)
            case Scope.OWN:
                own = set(
                    Party.objects.filter(jurisdiction=self.viewer.jurisdiction_id).values_list(
                        "agreement_id", flat=True
                    )
                )
                shown = [a for a in found if _approved(a) or a.accrual.term.agreement_id in own]
            case _:
                shown = list(found.filter(state=Adjustment.State.APPROVED))
        return [
            change_of(each, each.accrual, _differences(each), getattr(each, "entry", None))
            for each in shown
        ]

    def states(self, agreements: Collection[Agreement], year: int) -> dict[int, str]:
        """Agreement id → state of the year, in words: 1 SQL query."""
        found = Settlement.objects.filter(agreement__in=agreements, year=year)
        return {s.agreement_id: s.get_state_display() for s in found}

    def accounts(self, found: QuerySet[LedgerAccount]) -> QuerySet[LedgerAccount]:
        """Those that are open by the moment: now, all."""
        return found

    def postings(self, found: QuerySet[Posting]) -> QuerySet[Posting]:
        """Those that are booked by the moment: now, all."""
        return found

    def signatures(self, agreement: Agreement, year: int) -> list[SettlementSignature]:
        """Valid signatures under the year, the data first, by party: 1 query."""
        return in_order(
            SettlementSignature.objects.filter(
                settlement__agreement=agreement, settlement__year=year, void_at=None
            )
            .select_related("jurisdiction")
            .defer("jurisdiction__boundary")
        )

    def cleared(self, agreement: Agreement, until: int) -> list[YearOfParty]:
        """清缴 of the agreement's closed years up to one, by year and party: 2 SQL queries."""
        own = self.postings(
            Posting.objects.filter(
                account__agreement=agreement, account__kind=LedgerAccount.Kind.COMPENSATION
            )
        )
        whole = dict(
            own.order_by()
            .values_list("account__jurisdiction")
            .annotate(total=Sum("yuan"))
            .values_list("account__jurisdiction", "total")
        )
        found: dict[tuple[int, int], YearOfParty] = {}
        for posting in (
            own.select_related(
                "account__jurisdiction",
                "entry__settlement",
                "entry__adjustment__accrual",
                "entry__payment__settlement",
                "entry__reverses__payment__settlement",
            )
            .defer("account__jurisdiction__boundary")
            .order_by("account__jurisdiction__code", "pk")
        ):
            year, kind = _year_of(posting.entry, agreement), posting.entry.cause
            if year is None or year > until:
                continue
            place = posting.account.jurisdiction
            line = found.setdefault((year, place.pk), YearOfParty(year, place))
            line.even = not whole[place.pk]
            match kind:
                case Cause.SETTLEMENT:
                    line.closed += posting.yuan
                case Cause.ADJUSTMENT:
                    line.adjusted += posting.yuan
                case _:
                    line.paid += posting.yuan
        closed = {line.year for line in found.values() if line.closed}
        return sorted(
            (line for line in found.values() if line.year in closed or line.adjusted),
            key=lambda line: (line.year, line.place.code),
        )

    def payments(self, which: Q) -> list[Payment]:
        """In the books, those reversed later among them, with what a statement names: 1 query."""
        return list(named_payments(which).filter(state=Payment.State.APPROVED))


def in_order(signatures: Iterable[SettlementSignature]) -> list[SettlementSignature]:
    return sorted(signatures, key=lambda s: (s.subject != "data", s.jurisdiction.code))


def _year_of(entry: JournalEntry, agreement: Agreement) -> int | None:
    """The year whose clearing an entry is part of: closing, adjustment after it, payment or its
    reversal; None: of none."""
    if entry.settlement is not None:
        return entry.settlement.year
    if entry.adjustment is not None:
        return entry.adjustment.accrual.period.year
    payment = entry.payment or (entry.reverses.payment if entry.reverses else None)
    if payment is None or payment.settlement is None or payment.agreement_id != agreement.pk:
        return None
    return payment.settlement.year


def named_payments(which: Q) -> QuerySet[Payment]:
    return (
        Payment.objects.filter(which)
        .select_related("payer", "payee", "agreement", "other_agreement")
        .defer("payer__boundary", "payee__boundary")
    )


def change_of(
    adjustment: Adjustment,
    accrual: Accrual,
    differences: Sequence[tuple[Jurisdiction, Decimal]],
    entry: JournalEntry | None,
) -> StatementChange:
    """entry: of its own, where it was approved after the closing."""
    approved = _approved(adjustment)
    booked = (entry.year if entry is not None else accrual.period.year) if approved else None
    return StatementChange(
        accrual=accrual,
        cause=adjustment.cause or adjustment.reason or "数据或规则更正",
        differences=tuple(sorted(differences, key=lambda pair: (-pair[1], pair[0].code))),
        approved=approved,
        booked=booked,
        effect=_effect(adjustment, accrual, entry),
    )


def _effect(adjustment: Adjustment, accrual: Accrual, entry: JournalEntry | None) -> str:
    """Where the difference went: into its year's net, or an entry of its own after the closing."""
    if not _approved(adjustment):
        return adjustment.get_state_display()
    if entry is None:
        return f"计入 {accrual.period.year} 年净额"
    return f"记入 {entry.year} 年，{entry.label}"


def _approved(adjustment: Adjustment) -> bool:
    return adjustment.state == Adjustment.State.APPROVED


def _differences(adjustment: Adjustment) -> list[tuple[Jurisdiction, Decimal]]:
    """Whose amount changes and by how many yuan: fixed once approved, before that as it would
    be against what holds now."""
    if _approved(adjustment):
        return [(n.jurisdiction, n.yuan) for n in adjustment.nets.all()]
    nets = difference(adjustment)
    places = Jurisdiction.objects.filter(code__in=nets).defer("boundary")
    return [(place, nets[place.code]) for place in places]
