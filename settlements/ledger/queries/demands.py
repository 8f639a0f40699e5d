"""拨款通知 for a viewer: who is asked for what by when, and what of it is left."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.db.models import Exists, OuterRef, Q, QuerySet

from basins.access import Act, Viewer
from basins.clock import today
from basins.models import Jurisdiction
from settlements.ledger.services.demands import demands_left, with_owner
from settlements.models import CarryoverLine, Demand, JournalEntry, Party, Settlement
from settlements.money import ZERO


@dataclass(frozen=True, slots=True)
class DemandLine:
    demand: Demand
    left: Decimal  # yuan
    late: int  # days since the due day; 0 or less: not yet due
    successor: str = ""  # who took over what is left of it (区划结转)

    @property
    def state(self) -> str:
        if not self.left:
            return "已付清"
        waits = f"逾期 {self.late} 天" if self.late > 0 else "待付款"
        return f"{waits}，由{self.successor}承继" if self.successor else waits

    @property
    def kind(self) -> str:
        if not self.left:
            return "final"
        return "waiting" if self.late > 0 else "open"


def visible_demands(viewer: Viewer) -> QuerySet[Demand]:
    """All, or those of agreements the viewer's own jurisdiction is party to, or took over a party's
    balance in."""
    found = (
        Demand.objects.select_related("settlement__agreement", "jurisdiction", "adjustment", "by")
        .defer("jurisdiction__boundary", "adjustment__outcome", "adjustment__inputs")
        .order_by("-year", "-number")
    )
    if viewer.sees_all(Act.SEE_LEDGER):
        return found
    if not viewer.may(Act.SEE_LEDGER) or viewer.jurisdiction_id is None:
        return found.none()
    party = Party.objects.filter(
        agreement=OuterRef("settlement__agreement"), jurisdiction=viewer.jurisdiction_id
    )
    took_over = CarryoverLine.objects.filter(
        account__agreement=OuterRef("settlement__agreement"),
        carryover__successor=viewer.jurisdiction_id,
        entry__isnull=False,
    )
    return found.filter(Q(jurisdiction=viewer.jurisdiction_id) | Exists(party) | Exists(took_over))


def lines_of(demands: list[Demand], day: date | None = None) -> list[DemandLine]:
    """2 SQL queries, and 6 a year they belong to."""
    day = day or today()
    left: dict[int, Decimal] = {}
    for settlement in Settlement.objects.filter(
        pk__in={d.settlement_id for d in demands}, state=Settlement.State.CLOSED
    ):
        left |= demands_left(settlement)
    owners = dict(
        with_owner(Demand.objects.filter(pk__in=[d.pk for d in demands])).values_list("pk", "owner")
    )
    moved = {d.pk for d in demands if owners[d.pk] != d.jurisdiction_id and left.get(d.pk)}
    names = dict(
        Jurisdiction.objects.filter(pk__in={owners[pk] for pk in moved}).values_list("pk", "name")
    )
    return [
        DemandLine(
            demand,
            left.get(demand.pk, ZERO),
            (day - demand.due_on).days,
            names[owners[demand.pk]] if demand.pk in moved else "",
        )
        for demand in demands
    ]


def entry_of(demand: Demand) -> JournalEntry | None:
    """The entry that booked what it asks for: 1 SQL query."""
    if demand.adjustment_id is not None:
        return JournalEntry.objects.filter(adjustment=demand.adjustment_id).first()
    return JournalEntry.objects.filter(
        settlement=demand.settlement_id, cause=JournalEntry.Cause.SETTLEMENT
    ).first()
