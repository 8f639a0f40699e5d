"""清缴: what of a closed year is still to be paid, and whether it is cleared.

Amounts are Decimal yuan, positive: the party is still to receive.
"""

from collections.abc import Iterable
from datetime import date
from decimal import Decimal

from django.db import connection, transaction
from django.db.models import BooleanField, Func, Q, Sum

from basins.ranges import months_of
from settlements.models import Adjustment, AdjustmentNet, Agreement, Settlement
from settlements.moving.acts import moving
from settlements.moving.telling import tell_of_year


def outstanding(settlement: Settlement) -> dict[int, Decimal]:
    """Jurisdiction id → what is left of the year's net and of what adjustments of its months
    booked after the closing, after the payments made for that year; who has nothing left is not
    in it.

    Nothing is left for a party whose whole account in the agreement is even.
    """
    return outstanding_of([settlement])[settlement.pk]


def outstanding_of(settlements: Iterable[Settlement]) -> dict[int, dict[int, Decimal]]:
    """Settlement id → what `outstanding` says of it: 1 SQL query whatever the years, by the
    function that the guards of a move ask (guards/_state_moves.sql)."""
    left: dict[int, dict[int, Decimal]] = {s.pk: {} for s in settlements}
    with connection.cursor() as cursor:
        cursor.execute(
            """SELECT year, jurisdiction_id, yuan
               FROM unnest(%s::bigint[]) AS year, settlements_year_left(year)""",
            [list(left)],
        )
        for pk, party, yuan in cursor.fetchall():
            left[pk][party] = yuan
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
        .values_list("jurisdiction_id")
        .annotate(total=Sum("yuan"))
        .order_by("jurisdiction_id")
    )
    return dict(rows)


@transaction.atomic(savepoint=False)
def refresh_cleared(
    *,
    agreement: Agreement,
    on: date,
    taken_back: date | None = None,
    adjusted: int | None = None,
) -> None:
    """Mark the agreement's closed years cleared where nothing is left: 1 SQL query where there is
    nothing to mark. Called within the transaction of what was booked, which holds the agreement's
    lock: the years wait for nobody, so they are asked what is owing as they are locked.

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
        Settlement.objects.select_for_update()
        .filter(which, agreement=agreement)
        .annotate(owing=Func("pk", function="settlements_owing", output_field=BooleanField()))
        .order_by("pk")
    ):
        settlement.agreement = agreement
        done = not settlement.owing
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
