"""年度结算: the net of a year per party, from its months and the adjustments approved to them."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import date
from decimal import Decimal

from django.db.models import Sum

from basins.clock import now
from basins.ranges import months_of, year_start
from settlements.models import (
    Adjustment,
    AdjustmentNet,
    Agreement,
    Settlement,
    SettlementNet,
    Transfer,
)
from settlements.money import ZERO
from settlements.moving.acts import moving
from settlements.moving.telling import tell_of_year


def resettle(*, agreement: Agreement, years: Iterable[int]) -> None:
    """Sum the years' accruals per party again; closed years are left as they were closed.

    Signatures under other data or amounts become void, and the year is open again. Runs in
    the caller's transaction, which holds the agreement's lock.
    """
    for year in sorted(set(years)):
        settlement, _ = Settlement.objects.get_or_create(agreement=agreement, year=year)
        if settlement.state in Settlement.FIXED:
            continue
        nets = net_of(agreement, year)
        before = dict(settlement.nets.values_list("jurisdiction_id", "yuan"))
        if before != nets:
            settlement.nets.all().delete()
            SettlementNet.objects.bulk_create(
                SettlementNet(settlement=settlement, jurisdiction_id=party, yuan=yuan)
                for party, yuan in sorted(nets.items())
            )
        settlement.computed_at = now()
        settlement.save(update_fields=["computed_at"])
        if before != nets:
            void_signatures(settlement)


def void_signatures(settlement: Settlement) -> bool:
    """What the parties signed is no longer what the year says: back to open."""
    if settlement.state in (Settlement.State.OPEN, *Settlement.FIXED):
        valid = settlement.signatures.filter(void_at__isnull=True)
        if settlement.state in Settlement.FIXED or not valid.exists():
            return False
    settlement.signatures.filter(void_at__isnull=True).update(void_at=now())
    if settlement.state != Settlement.State.OPEN:
        with moving("void", by=None, note="签认后数据有变"):
            settlement.state = Settlement.State.OPEN
            settlement.save(update_fields=["state"])
    tell_of_year("settlement.void", settlement)
    return True


def net_of(agreement: Agreement, year: int) -> dict[int, Decimal]:
    """Jurisdiction id → yuan it is to receive (negative: to pay) from the year's accruals and
    the adjustments approved to them while the year was open.

    Every party of the year is named, also with 0.00; the values sum to zero.
    """
    parties = agreement.parties.exclude(since__gt=date(year, 12, 31)).exclude(
        until__lte=year_start(year)
    )
    nets: dict[int, Decimal] = defaultdict(lambda: ZERO)
    nets |= dict.fromkeys(parties.values_list("jurisdiction_id", flat=True), ZERO)
    transfers = Transfer.objects.filter(
        accrual__term__agreement=agreement,
        accrual__period__range=months_of(year),
    )
    for side, sign in (("payer_id", -1), ("payee_id", 1)):
        for row in transfers.values(side).annotate(total=Sum("yuan")).order_by(side):
            nets[row[side]] += sign * row["total"]
    for party, yuan in adjusted_nets(agreement, year).items():
        nets[party] += yuan
    return dict(nets)


def adjusted_nets(agreement: Agreement, year: int) -> dict[int, Decimal]:
    """Jurisdiction id → what adjustments approved before the closing add, in yuan."""
    rows = (
        AdjustmentNet.objects.filter(
            adjustment__state=Adjustment.State.APPROVED,
            adjustment__entry__isnull=True,
            adjustment__accrual__term__agreement=agreement,
            adjustment__accrual__period__range=months_of(year),
        )
        .values("jurisdiction_id")
        .annotate(total=Sum("yuan"))
        .order_by("jurisdiction_id")
    )
    return {row["jurisdiction_id"]: row["total"] for row in rows}
