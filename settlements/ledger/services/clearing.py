"""清缴: what of a closed year is still to be paid, and whether it is cleared.

Amounts are Decimal yuan, positive: the party is still to receive.
"""

from collections import defaultdict
from collections.abc import Collection, Sequence
from datetime import date
from decimal import Decimal

from django.db import transaction
from django.db.models import Q, Sum

from basins.ranges import months_of
from settlements.models import (
    AccountMonth,
    Adjustment,
    AdjustmentNet,
    Agreement,
    LedgerAccount,
    Payment,
    Settlement,
    SettlementNet,
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
    return outstanding_of([settlement])[settlement.pk]


def outstanding_of(settlements: Sequence[Settlement]) -> dict[int, dict[int, Decimal]]:
    """Settlement id → what `outstanding` says of it: 4 SQL queries whatever the years."""
    left: dict[int, dict[int, Decimal]] = {s.pk: defaultdict(lambda: ZERO) for s in settlements}
    if not left:
        return {}
    nets = SettlementNet.objects.filter(settlement__in=left)
    for pk, party, yuan in nets.values_list("settlement_id", "jurisdiction_id", "yuan"):
        left[pk][party] += yuan
    booked = _booked_after_closing(settlements)
    for settlement in settlements:
        for party, yuan in booked.get((settlement.agreement_id, settlement.year), {}).items():
            left[settlement.pk][party] += yuan
    for payment in Payment.objects.filter(
        settlement__in=left, state=Payment.State.APPROVED, reversed_on__isnull=True
    ):
        assert payment.settlement_id is not None
        if payment.kind in PAYER_PAYS:
            left[payment.settlement_id][payment.payer_id] += payment.yuan
        if payment.kind in PAYEE_RECEIVES:
            left[payment.settlement_id][payment.payee_id] -= payment.yuan
    even = _even({settlement.agreement_id for settlement in settlements})
    for settlement in settlements:
        for party in left[settlement.pk]:
            if (settlement.agreement_id, party) in even:
                left[settlement.pk][party] = ZERO
    return {pk: dict(of_year) for pk, of_year in left.items()}


def booked_after_closing(settlement: Settlement) -> dict[int, Decimal]:
    """Jurisdiction id → what adjustments of the year's months booked after its closing."""
    booked = _booked_after_closing([settlement])
    return booked.get((settlement.agreement_id, settlement.year), {})


def _booked_after_closing(
    settlements: Sequence[Settlement],
) -> dict[tuple[int, int], dict[int, Decimal]]:
    """(Agreement id, year) → what `booked_after_closing` says of it, where there is anything."""
    years = [settlement.year for settlement in settlements]
    rows = (
        AdjustmentNet.objects.filter(
            adjustment__state=Adjustment.State.APPROVED,
            adjustment__entry__isnull=False,
            adjustment__accrual__term__agreement__in={s.agreement_id for s in settlements},
            adjustment__accrual__period__range=(months_of(min(years))[0], months_of(max(years))[1]),
        )
        .values_list(
            "adjustment__accrual__term__agreement",
            "adjustment__accrual__period__year",
            "jurisdiction_id",
        )
        .annotate(total=Sum("yuan"))
        .order_by("jurisdiction_id")
    )
    booked: dict[tuple[int, int], dict[int, Decimal]] = defaultdict(dict)
    for agreement, year, party, total in rows:
        booked[agreement, year][party] = total
    return booked


def _even(agreements: Collection[int]) -> set[tuple[int, int]]:
    """Agreement and jurisdiction ids whose whole account is even."""
    booked = Sum("months__net", filter=Q(months__basis=AccountMonth.Basis.BOOKED), default=ZERO)
    return set(
        LedgerAccount.objects.filter(agreement__in=agreements, kind=LedgerAccount.Kind.COMPENSATION)
        .annotate(stands=booked)
        .filter(stands=0)
        .values_list("agreement_id", "jurisdiction_id")
    )


@transaction.atomic(savepoint=False)
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
    settlements = list(
        Settlement.objects.select_for_update().filter(which, agreement=agreement).order_by("pk")
    )
    left = outstanding_of(settlements)
    for settlement in settlements:
        settlement.agreement = agreement
        done = not any(left[settlement.pk].values())
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
