"""One entry of the journal, and what waits for a second person: payments, reversals, openings.

Whoever sees only their own accounts sees their own postings, and of the others the names.
"""

from dataclasses import dataclass
from decimal import Decimal

from django.db.models import Q, QuerySet

from basins.access import Act, Scope, Viewer
from settlements.ledger.queries.ledger import account_name, source_of
from settlements.models import Carryover, JournalEntry, OpeningBatch, Payment, Posting, Reversal
from settlements.money import ZERO
from settlements.shown.history import HistoryLine, history_of
from settlements.shown.visible import visible_accounts


@dataclass(frozen=True, slots=True)
class EntryLine:
    account_id: int
    account: str
    yuan: Decimal

    @property
    def increase(self) -> Decimal | None:
        return self.yuan if self.yuan > 0 else None

    @property
    def decrease(self) -> Decimal | None:
        return -self.yuan if self.yuan < 0 else None


@dataclass(frozen=True, slots=True)
class EntryPage:
    entry: JournalEntry
    lines: tuple[EntryLine, ...]
    others: tuple[str, ...]  # names alone, of accounts the viewer does not see
    source: tuple[str, int | None, int | None]  # agreement code, year, month
    reversal: JournalEntry | None
    request: Reversal | None  # that waits or was approved
    previous: JournalEntry | None
    history: tuple[HistoryLine, ...]  # of the payment it books

    @property
    def carryover(self) -> Carryover | None:
        """What it was booked for, where a place's balances went over to another."""
        line = self.entry.carryover
        return line.carryover if line is not None else None

    @property
    def increase(self) -> Decimal:
        return sum((line.increase or ZERO for line in self.lines), ZERO)

    @property
    def decrease(self) -> Decimal:
        return sum((line.decrease or ZERO for line in self.lines), ZERO)


def entry_page(viewer: Viewer, pk: int) -> EntryPage | None:
    """None where none of its accounts is the viewer's to see."""
    entry = (
        JournalEntry.objects.select_related(
            "settlement__agreement",
            "payment__settlement__agreement",
            "adjustment__accrual__term__agreement",
            "reverses",
            "opening",
            "statement",
            "carryover__carryover__ended",
            "carryover__carryover__successor",
            "by",
        )
        .filter(pk=pk)
        .first()
    )
    if entry is None:
        return None
    seen = set(visible_accounts(viewer).values_list("pk", flat=True))
    postings = list(
        Posting.objects.filter(entry=entry)
        .select_related("account__jurisdiction", "account__agreement")
        .defer("account__jurisdiction__boundary")
        .order_by("-yuan", "pk")
    )
    mine = [p for p in postings if p.account_id in seen]
    if not mine:
        return None
    return EntryPage(
        entry=entry,
        lines=tuple(EntryLine(p.account_id, account_name(p.account), p.yuan) for p in mine),
        others=tuple(
            dict.fromkeys(p.account.jurisdiction.name for p in postings if p.account_id not in seen)
        ),
        source=source_of(entry),
        reversal=JournalEntry.objects.filter(reverses=entry).first(),
        request=entry.reversal_requests.exclude(state=Reversal.State.REJECTED).first(),
        previous=JournalEntry.objects.filter(
            Q(year=entry.year, number__lt=entry.number) | Q(year__lt=entry.year)
        )
        .order_by("-year", "-number")
        .first(),
        history=history_of(viewer, "payment", entry.payment_id) if entry.payment_id else (),
    )


def payments(viewer: Viewer) -> QuerySet[Payment]:
    """Payments: all, or those the viewer's own jurisdiction makes or takes; the latest first."""
    found = (
        Payment.objects.select_related(
            "agreement",
            "other_agreement",
            "settlement",
            "payer",
            "payee",
            "prepared_by",
            "approved_by",
            "entry",
        )
        .defer("payer__boundary", "payee__boundary")
        .order_by("-paid_on", "-pk")
    )
    match viewer.scope(Act.SEE_LEDGER):
        case Scope.ALL:
            return found
        case Scope.OWN | Scope.PUBLISHED:
            own = viewer.jurisdiction_id
            return found.filter(Q(payer=own) | Q(payee=own))
    return found.none()


def reversals(viewer: Viewer) -> QuerySet[Reversal]:
    """Requests to cancel an entry, for those who see the whole ledger."""
    if not viewer.sees_all(Act.SEE_LEDGER):
        return Reversal.objects.none()
    return Reversal.objects.select_related("entry", "prepared_by", "approved_by").order_by("-pk")


def openings(viewer: Viewer) -> QuerySet[OpeningBatch]:
    """Opening balances, for those who see the whole ledger."""
    if not viewer.sees_all(Act.SEE_LEDGER):
        return OpeningBatch.objects.none()
    return OpeningBatch.objects.select_related(
        "prepared_by", "approved_by", "entry", "entry__reversal"
    ).order_by("-pk")


def opening_entry(viewer: Viewer, account: int) -> JournalEntry | None:
    """The opening balance in force of an account the viewer sees."""
    return JournalEntry.objects.filter(
        cause=JournalEntry.Cause.OPENING,
        reversal__isnull=True,
        postings__account__in=visible_accounts(viewer).filter(pk=account),
    ).first()
