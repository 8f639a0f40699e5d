"""清缴: what of a closed year is still to be paid, and whether it is cleared.

Amounts are Decimal yuan, positive: the party is still to receive.
"""

from collections.abc import Iterable
from datetime import date
from decimal import Decimal

from django.db import transaction
from django.db.models import Q, Sum

from basins.ranges import months_of
from settlements.ledger.balances import Basis, balances
from settlements.models import (
    Adjustment,
    AdjustmentNet,
    Agreement,
    LedgerAccount,
    Payment,
    Settlement,
)
from settlements.money import ZERO
from settlements.moving.acts import moving
from settlements.moving.telling import tell_of_year

Kind = Payment.Kind
# Who a payment settles something for: its payer, its payee, or both.
PAYER_PAYS = (Kind.DIRECT, Kind.COLLECTION, Kind.DEDUCTION, Kind.OFFSET)
PAYEE_RECEIVES = (Kind.DIRECT, Kind.DISBURSEMENT, Kind.OFFSET)


def outstanding(settlement: Settlement) -> dict[int, Decimal]:
    """Jurisdiction id → what is left of the year's net and of what adjustments of its months
    booked after the closing, after the payments made for that year.

    Nothing is left for a party whose whole account in the agreement is even.
    """
    left = dict(settlement.nets.values_list("jurisdiction_id", "yuan"))
    for party, yuan in booked_after_closing(settlement).items():
        left[party] = left.get(party, ZERO) + yuan
    for payment in Payment.objects.filter(
        settlement=settlement, state=Payment.State.APPROVED, reversed_on__isnull=True
    ):
        if payment.kind in PAYER_PAYS:
            left[payment.payer_id] = left.get(payment.payer_id, ZERO) + payment.yuan
        if payment.kind in PAYEE_RECEIVES:
            left[payment.payee_id] = left.get(payment.payee_id, ZERO) - payment.yuan
    for party in _even(settlement.agreement_id, left):
        left[party] = ZERO
    return left


def booked_after_closing(settlement: Settlement) -> dict[int, Decimal]:
    """Jurisdiction id → what adjustments of the year's months booked after its closing."""
    rows = (
        AdjustmentNet.objects.filter(
            adjustment__state=Adjustment.State.APPROVED,
            adjustment__entry__isnull=False,
            adjustment__accrual__term__agreement=settlement.agreement_id,
            adjustment__accrual__period__range=months_of(settlement.year),
        )
        .values("jurisdiction_id")
        .annotate(total=Sum("yuan"))
        .order_by("jurisdiction_id")
    )
    return {row["jurisdiction_id"]: row["total"] for row in rows}


def _even(agreement_id: int, parties: Iterable[int]) -> list[int]:
    accounts = dict(
        LedgerAccount.objects.filter(
            agreement=agreement_id,
            kind=LedgerAccount.Kind.COMPENSATION,
            jurisdiction__in=list(parties),
        ).values_list("pk", "jurisdiction_id")
    )
    # Far in the future: all that is booked.
    stand = balances(list(accounts), date(9999, 12, 30), Basis.BOOKED)
    return [accounts[pk] for pk, yuan in stand.items() if not yuan]


@transaction.atomic
def refresh_cleared(
    *,
    agreement: Agreement,
    on: date,
    taken_back: date | None = None,
    adjusted: int | None = None,
) -> None:
    """Mark the agreement's closed years cleared where nothing is left. Called within the
    transaction of what was booked.

    `taken_back`: the day a payment was booked that is reversed now. Years cleared since then are
    open again where something is left; those cleared before it did not rest on it. `adjusted`:
    the year whose month was adjusted now; it is open again where something is left.
    """
    which = Q(state=Settlement.State.CLOSED)
    if adjusted is not None:
        which |= Q(state=Settlement.State.CLEARED, year=adjusted)
    if taken_back is not None:
        which |= Q(state=Settlement.State.CLEARED, cleared_on__gte=taken_back)
    for settlement in (
        Settlement.objects.select_for_update().filter(which, agreement=agreement).order_by("pk")
    ):
        done = not any(outstanding(settlement).values())
        if done and settlement.state == Settlement.State.CLOSED:
            settlement.state, settlement.cleared_on = Settlement.State.CLEARED, on
            event = "clear"
        elif not done and settlement.state == Settlement.State.CLEARED:
            settlement.state, settlement.cleared_on = Settlement.State.CLOSED, None
            event = "reopen_debt"
        else:
            continue
        with moving(event, by=None):
            settlement.save(update_fields=["state", "cleared_on"])
        tell_of_year("settlement.clear" if done else "settlement.reopen_debt", settlement)
