"""区划结转 for a viewer: what was carried over, what waits, and which places still have balances."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from django.db.models import Exists, OuterRef, Q, QuerySet, Sum

from basins.access import Act, Viewer
from basins.clock import today
from basins.models import Jurisdiction
from settlements.ledger.queries.ledger import account_name
from settlements.models import (
    AccountMonth,
    Carryover,
    CarryoverLine,
    JournalEntry,
    LedgerAccount,
)


@dataclass(frozen=True, slots=True)
class CarriedLine:
    """An account, what stands on it in yuan, and the entry that carried it over, if one has."""

    account_id: int
    name: str
    yuan: Decimal
    entry: JournalEntry | None


def carryovers(viewer: Viewer) -> QuerySet[Carryover]:
    """For those who see the whole ledger, newest first."""
    if not viewer.sees_all(Act.SEE_LEDGER):
        return Carryover.objects.none()
    return (
        Carryover.objects.select_related("ended", "successor", "prepared_by", "approved_by")
        .defer("ended__boundary", "successor__boundary")
        .order_by("-pk")
    )


def places_to_carry() -> QuerySet[Jurisdiction]:
    """Places that ended, on whose accounts something stands that nobody has asked to carry over."""
    standing = (
        LedgerAccount.objects.filter(
            jurisdiction=OuterRef("pk"), kind=LedgerAccount.Kind.COMPENSATION
        )
        .annotate(stands=Sum("months__net", filter=Q(months__basis=AccountMonth.Basis.BOOKED)))
        .exclude(stands=None)
        .exclude(stands=0)
    )
    waiting = Carryover.objects.filter(ended=OuterRef("pk"), state=Carryover.State.PREPARED)
    return (
        Jurisdiction.objects.filter(Exists(standing), ~Exists(waiting), ended_on__lte=today())
        .defer("boundary")
        .order_by("sort_key")
    )


def lines_of(carryover: Carryover) -> list[CarriedLine]:
    """1 SQL query."""
    lines = (
        carryover.lines.select_related("account__jurisdiction", "account__agreement", "entry")
        .defer("account__jurisdiction__boundary")
        .order_by("pk")
    )
    return shown_lines(lines)


def shown_lines(lines: Iterable[CarryoverLine]) -> list[CarriedLine]:
    return [
        CarriedLine(
            line.account_id,
            account_name(line.account),
            line.yuan,
            getattr(line, "entry", None) if line.pk else None,
        )
        for line in lines
    ]


def successors_of(accounts: Iterable[tuple[int, int]]) -> dict[tuple[int, int], Jurisdiction]:
    """(jurisdiction id, agreement id) → who took over what stood there, where it was carried over
    and not taken back: 1 SQL query."""
    wanted = set(accounts)
    lines = (
        CarryoverLine.objects.filter(
            account__jurisdiction__in={place for place, _ in wanted},
            account__agreement__in={agreement for _, agreement in wanted},
            entry__isnull=False,
            entry__reversal__isnull=True,
        )
        .select_related("carryover__successor", "account")
        .defer("carryover__successor__boundary")
        .order_by("pk")
    )
    found = {
        (line.account.jurisdiction_id, line.account.agreement_id): line.carryover.successor
        for line in lines
        if line.account.agreement_id is not None
    }
    return {key: place for key, place in found.items() if key in wanted}
