"""年清缴: a year its parties have confirmed is closed into the ledger by two persons.

Locks are taken in one order everywhere: agreement, settlement, months, journal.
"""

from datetime import date
from decimal import Decimal

from django.db import transaction

from basins.clock import now, today
from basins.links import to
from basins.models import Jurisdiction, User
from settlements.accruals.services.nets import resettle, void_signatures
from settlements.ledger.services.clearing import refresh_cleared
from settlements.ledger.services.demands import demand_payment
from settlements.ledger.services.ledger import Line, accounts_of, post
from settlements.models import (
    Accrual,
    LedgerAccount,
    Settlement,
    SettlementSignature,
    StateMove,
)
from settlements.money import format_yuan
from settlements.moving.acts import Refused, check, moving, permit, refuse_person_before
from settlements.moving.telling import tell, tell_of_year, told_together
from settlements.years.services.locking import locked
from settlements.years.services.year_data import (
    NotReady,
    YearData,
    accruals_of,
    data_digest,
    refuse_unready,
)

State = Settlement.State
Subject = SettlementSignature.Subject


@transaction.atomic
@told_together()
def prepare_closing(*, settlement: Settlement, by: User) -> Settlement:
    """The bureau asks for the closing. Raises NotReady where money lies in transit."""
    settlement = locked(settlement)
    permit(check("settlement", "prepare", settlement.state, settlement.get_state_display()), by)
    data = refuse_unready(settlement)
    _refuse_changed(data)
    _refuse_transit(data)
    _move(settlement, "prepare", State.PREPARED, by)
    tell_of_year("settlement.prepare", settlement, by=by)
    return settlement


@transaction.atomic
def return_closing(*, settlement: Settlement, by: User, why: str) -> Settlement:
    """Back to confirmed, with the reason."""
    settlement = locked(settlement)
    permit(check("settlement", "return", settlement.state, settlement.get_state_display()), by)
    if not why.strip():
        raise Refused("退回须写明理由。")
    _move(settlement, "return", State.CONFIRMED, by, note=why.strip())
    tell_of_year(
        "settlement.return", settlement, by=by, persons=[_preparer(settlement)], why=why.strip()
    )
    return settlement


@transaction.atomic
@told_together()
def close_settlement(*, settlement: Settlement, by: User, on: date | None = None) -> Settlement:
    """Close the year, by another person: its accruals are settled, one balanced entry posted.

    `on`: the day it is booked, today unless said. Raises NotReady, Refused.
    """
    settlement = locked(settlement)
    move = check("settlement", "close", settlement.state, settlement.get_state_display())
    permit(move, by)
    data = YearData.of(settlement)
    refuse_person_before(move, by, data.prepared_by)
    agreement, year, on = settlement.agreement, settlement.year, on or today()
    if on <= date(year, 12, 31):
        raise NotReady(f"{year} 年尚未结束，不能在 {on} 关账。")
    refuse_unready(settlement, data)
    _refuse_changed(data)
    _refuse_transit(data)
    accruals_of(agreement, year).update(state=Accrual.State.SETTLED)
    settlement.closed_on, settlement.closed_by = on, by
    _move(settlement, "close", State.CLOSED, by)
    moved = [(place, yuan) for place, yuan in data.nets if yuan]
    if moved:
        accounts = accounts_of(
            [(place, agreement, LedgerAccount.Kind.COMPENSATION) for place, _ in moved],
            opened_on=on,
        )
        post(
            cause="settlement",
            settlement=settlement,
            on=on,
            text=f"{year} 年清缴：{agreement.title}",
            lines=[Line(a, yuan) for a, (_, yuan) in zip(accounts, moved, strict=True)],
            by=by,
        )
        demand_payment(settlement=settlement, nets=dict(data.nets), by=by, on=on)
    _tell_closed(settlement, dict(data.nets), by)
    refresh_cleared(agreement=agreement, on=on)
    return settlement


def _refuse_changed(data: YearData) -> None:
    """What is closed is what was signed; else the signatures are void and the year is open."""
    settlement = data.settlement
    if data.counted != {place.pk: yuan for place, yuan in data.nets}:
        resettle(agreement=settlement.agreement, years=[settlement.year])
        settlement.refresh_from_db(fields=["state"])
        data = YearData.of(settlement)
    settlement.computed_at = now()
    digests = {Subject.DATA: data.digest(), Subject.AMOUNT: data.amount_digest()}
    if settlement.state == State.OPEN or any(digests[Subject(s)] != d for s, d in data.signed):
        raise NotReady(f"{settlement}签认后数据有变，须由各方重新签认。")


def void_if_changed(settlement: Settlement, cause: str) -> bool:
    """After a change of the data: void what was signed of other data; `cause` is what signers
    are told."""
    digest = data_digest(settlement)
    old = settlement.signatures.filter(void_at__isnull=True, subject=Subject.DATA)
    if old.exclude(digest=digest).exists():
        return void_signatures(settlement, cause)
    return False


def _refuse_transit(data: YearData) -> None:
    if data.transit:
        title = data.settlement.agreement.title
        raise NotReady(f"{title}的过渡账户尚有 {data.transit} 元未拨付；关账前须拨付完毕。")


def _move(settlement: Settlement, event: str, target: str, by: User, note: str = "") -> None:
    with moving(event, by=by, note=note):
        settlement.state = target
        settlement.save()


def _tell_closed(settlement: Settlement, nets: dict[Jurisdiction, Decimal], by: User) -> None:
    """Each party its own amount."""
    link = to("settlement", settlement.agreement.code, settlement.year)
    for place, yuan in nets.items():
        tell(
            "settlement.close",
            link,
            about=settlement.pk,
            by=by,
            payers=[place.pk] if yuan < 0 else [],
            payees=[place.pk] if yuan > 0 else [],
            parties=[] if yuan else [place.pk],
            settlement=settlement,
            yuan=format_yuan(abs(yuan)),
        )


def _preparer(settlement: Settlement) -> int | None:
    """Who asked for the closing last."""
    moves = StateMove.objects.filter(
        thing="settlement", object_id=settlement.pk, event="prepare"
    ).order_by("pk")
    return moves.values_list("by", flat=True).last()
