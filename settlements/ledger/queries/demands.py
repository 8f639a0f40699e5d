"""拨款通知 for a viewer: who is asked for what by when, and what of it is left."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.db.models import Exists, OuterRef, Q, QuerySet

from basins.access import Act, Viewer
from basins.clock import today
from settlements.ledger.queries.carryovers import successors_of
from settlements.ledger.services.demands import demands_left
from settlements.models import Demand, JournalEntry, Party, Settlement
from settlements.money import ZERO


@dataclass(frozen=True, slots=True)
class DemandLine:
    demand: Demand
    left: Decimal  # yuan
    late: int  # days since the due day; 0 or less: not yet due
    successor: str = ""  # who took over what was asked for (区划结转)

    @property
    def state(self) -> str:
        if not self.left:
            return f"由{self.successor}承继" if self.successor else "已付清"
        return f"逾期 {self.late} 天" if self.late > 0 else "待付款"

    @property
    def kind(self) -> str:
        if not self.left:
            return "none" if self.successor else "final"
        return "waiting" if self.late > 0 else "open"


def visible_demands(viewer: Viewer) -> QuerySet[Demand]:
    """All, or those of agreements the viewer's own jurisdiction is party to."""
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
    return found.filter(Q(jurisdiction=viewer.jurisdiction_id) | Exists(party))


def lines_of(demands: list[Demand], day: date | None = None) -> list[DemandLine]:
    """1 SQL query, and 6 a year they belong to."""
    day = day or today()
    left: dict[int, Decimal] = {}
    for settlement in Settlement.objects.filter(
        pk__in={d.settlement_id for d in demands}, state=Settlement.State.CLOSED
    ):
        left |= demands_left(settlement)
    after = successors_of((d.jurisdiction_id, d.settlement.agreement_id) for d in demands)
    lines = []
    for demand in demands:
        successor = after.get((demand.jurisdiction_id, demand.settlement.agreement_id))
        name = successor.name if successor is not None else ""
        lines.append(
            DemandLine(demand, left.get(demand.pk, ZERO), (day - demand.due_on).days, name)
        )
    return lines


def entry_of(demand: Demand) -> JournalEntry | None:
    """The entry that booked what it asks for: 1 SQL query."""
    if demand.adjustment_id is not None:
        return JournalEntry.objects.filter(adjustment=demand.adjustment_id).first()
    return JournalEntry.objects.filter(
        settlement=demand.settlement_id, cause=JournalEntry.Cause.SETTLEMENT
    ).first()
