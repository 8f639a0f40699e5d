"""调整: a proposed correction of a published month, reviewed by one person, approved by another.

Amounts are never typed: they are what the recomputation found. While the month's year is open
the difference counts in it; once it is closed the difference is an entry of its own, booked on
the day of the approval.
"""

from collections.abc import Iterable
from decimal import Decimal

from django.db import transaction
from django.db.models import QuerySet

from basins.clock import now, today
from basins.links import to
from basins.models import Jurisdiction, User
from basins.words import period_words
from settlements.accruals.services.accruals import accrue_agreement
from settlements.accruals.services.nets import resettle
from settlements.accruals.services.proposals import Holding, holding, proposed
from settlements.ledger.services.clearing import refresh_cleared
from settlements.ledger.services.demands import demand_payment
from settlements.ledger.services.ledger import Line, account_of, post
from settlements.models import (
    Adjustment,
    AdjustmentNet,
    Agreement,
    FuseTrip,
    Settlement,
    StateMove,
)
from settlements.money import format_yuan
from settlements.moving.acts import Refused, check, moving, permit, refuse_same_person
from settlements.moving.notify import signatories
from settlements.moving.telling import tell
from settlements.years.services.behind import refuse_unsaid, settle_behind
from settlements.years.services.closing import void_if_changed
from settlements.years.services.hearing import refuse_unheard
from settlements.years.services.refusals import note_corrected

State = Adjustment.State


@transaction.atomic
def review_adjustment(*, adjustment: Adjustment, by: User, reason: str) -> Adjustment:
    """Looked at and put forward for approval, with the reason."""
    adjustment = _locked(adjustment)
    _permit(adjustment, "review", by)
    adjustment.reviewed_by, adjustment.reviewed_at = by, now()
    adjustment.reason = _said(reason, "提请批准调整")
    _move(adjustment, "review", State.REVIEWED, by, adjustment.reason)
    _tell("adjustment.review", adjustment, by)
    return adjustment


@transaction.atomic
def return_adjustment(*, adjustment: Adjustment, by: User, why: str) -> Adjustment:
    """Not approved as it stands: back to be looked at again."""
    adjustment = _locked(adjustment)
    _permit(adjustment, "return", by)
    said, reviewer = _said(why, "退回调整"), adjustment.reviewed_by_id
    _move(adjustment, "return", State.PROPOSED, by, said)
    _tell("adjustment.return", adjustment, by, persons=[reviewer], why=said)
    return adjustment


@transaction.atomic
def decline_adjustment(
    *, adjustment: Adjustment, by: User, reason: str, rulings: str = ""
) -> Adjustment:
    """Ask another person that the month stay as it was published, with the reason why; `rulings`
    says what becomes of a ruling behind it (Adjustment.Rulings). Raises Refused."""
    adjustment = _locked(adjustment)
    _permit(adjustment, "decline", by)
    refuse_unsaid(adjustment, rulings)
    adjustment.reviewed_by, adjustment.reviewed_at = by, now()
    adjustment.reason, adjustment.rulings = _said(reason, "不予调整"), rulings
    _move(adjustment, "decline", State.DECLINED, by, adjustment.reason)
    _tell("adjustment.decline", adjustment, by, why=adjustment.reason)
    return adjustment


@transaction.atomic
def dismiss_adjustment(*, adjustment: Adjustment, by: User) -> Adjustment:
    """By another person: the month stays as it was published; the rulings behind it hold on or
    are revoked, as was asked for. Raises Refused where a ruling was made or revoked meanwhile."""
    adjustment = _locked(adjustment)
    move = _permit(adjustment, "dismiss", by)
    refuse_same_person("adjustment", adjustment.pk, move, by)
    refuse_unsaid(adjustment, adjustment.rulings)
    adjustment.aftermath = settle_behind(adjustment, by)
    _move(adjustment, "dismiss", State.DISMISSED, by)
    _tell(
        "adjustment.dismiss",
        adjustment,
        by,
        why="；".join(filter(None, (adjustment.reason, adjustment.aftermath))),
    )
    return adjustment


@transaction.atomic
def approve_adjustment(*, adjustment: Adjustment, by: User, unheard: str = "") -> Adjustment:
    """By another person than its reviewer: the difference to what holds now takes effect.

    `unheard`: why it is approved before the parties spoke or their time ran out. Raises
    NotYetHeard.
    """
    adjustment = _locked(adjustment)
    move = _permit(adjustment, "approve", by)
    refuse_same_person("adjustment", adjustment.pk, move, by)
    note = refuse_unheard(adjustment, unheard)  # the reason is the reviewer's
    nets = difference(adjustment)
    held = holding([adjustment.accrual_id])[adjustment.accrual_id]
    adjustment.approved_by, adjustment.approved_at = by, now()
    _move(adjustment, "approve", State.APPROVED, by, note)
    parties = {j.code: j for j in Jurisdiction.objects.filter(code__in=nets)}
    AdjustmentNet.objects.bulk_create(
        AdjustmentNet(adjustment=adjustment, jurisdiction=parties[code], yuan=yuan)
        for code, yuan in nets.items()
    )
    accrual = adjustment.accrual
    agreement, year = accrual.term.agreement, accrual.period.year
    _tell(
        "adjustment.approve",
        adjustment,
        by,
        persons=[adjustment.reviewed_by_id],
        before=_words(held),
        after=_words(proposed(adjustment)),
    )
    settlement = Settlement.objects.select_for_update().get(agreement=agreement, year=year)
    if settlement.state not in Settlement.FIXED:
        cause = (
            f"{by}批准了{period_words(accrual.period, accrual.yearly)}的调整（{adjustment.reason}）"
        )
        resettle(agreement=agreement, years=[year], cause=cause)
        settlement.refresh_from_db()
        void_if_changed(settlement, cause)
        note_corrected(settlement)
        return adjustment
    if nets:
        on = today()
        entry = post(
            cause="adjustment",
            adjustment=adjustment,
            on=on,
            text=f"调整 {accrual.period:%Y-%m} {accrual.term_section.section}：{agreement.title}",
            lines=[
                Line(account_of(parties[code], agreement, opened_on=on), yuan)
                for code, yuan in nets.items()
            ],
            by=by,
        )
        tell(
            "adjustment.booked",
            to("ledger-entry", entry.pk),
            about=adjustment.pk,
            by=by,
            agreement=agreement,
            month=period_words(accrual.period, accrual.yearly),
            entry=entry.label,
        )
        demand_payment(
            settlement=settlement,
            nets={parties[code]: yuan for code, yuan in nets.items()},
            by=by,
            on=on,
            adjustment=adjustment,
        )
        refresh_cleared(agreement=agreement, on=on, adjusted=year)
    return adjustment


def difference(adjustment: Adjustment) -> dict[str, Decimal]:
    """Jurisdiction code → yuan it is to receive more than what holds now gives it; sums to zero."""
    before = holding([adjustment.accrual_id])[adjustment.accrual_id].net()
    after = proposed(adjustment).net()
    nets = {
        code: after.get(code, Decimal(0)) - before.get(code, Decimal(0))
        for code in sorted({*before, *after})
    }
    return {code: yuan for code, yuan in nets.items() if yuan}


@transaction.atomic
def propose_release(*, trip: FuseTrip, by: User, reason: str) -> FuseTrip:
    """A person has looked and asks another to let the run go on."""
    return _ask(trip, "fuse.propose_release", FuseTrip.State.RELEASING, by, _said(reason, "放行"))


@transaction.atomic
def propose_drop(*, trip: FuseTrip, by: User, reason: str) -> FuseTrip:
    """A person has looked and asks another that nothing be proposed of it."""
    return _ask(trip, "fuse.propose_drop", FuseTrip.State.DROPPING, by, _said(reason, "不予执行"))


@transaction.atomic
def return_stop(*, trip: FuseTrip, by: User, why: str) -> FuseTrip:
    """Not decided as it was asked for: to be looked at again."""
    trip = _trip_locked(trip)
    permit(check("fuse", "return", trip.state, trip.get_state_display()), by)
    said, asked = _said(why, "退回"), _asked(trip)
    _move_trip(trip, "return", FuseTrip.State.TRIPPED, by, said)
    _tell_of_trip("fuse.return", trip, by, said, persons=[asked.by_id])
    return trip


@transaction.atomic
def release_fuse(*, trip: FuseTrip, by: User) -> FuseTrip:
    """By another person: the run goes on, and its changes are proposed month by month."""
    trip = _decide(trip, "fuse.release", FuseTrip.State.RELEASED, by)
    accrue_agreement(agreement=trip.agreement, fused=False)
    return trip


@transaction.atomic
def drop_fuse(*, trip: FuseTrip, by: User) -> FuseTrip:
    """By another person: nothing is proposed of what the run found."""
    return _decide(trip, "fuse.drop", FuseTrip.State.DROPPED, by)


def of_released(trip: FuseTrip, state: str) -> QuerySet[Adjustment]:
    """The adjustments in that state of what a released stop would change, by month."""
    return (
        Adjustment.objects.filter(
            accrual__in=[change["accrual"] for change in trip.changes], state=state
        )
        .select_related("accrual__term__agreement", "accrual__term_section__section")
        .order_by("accrual__period", "pk")
    )


@transaction.atomic
def review_released(*, trip: FuseTrip, by: User, reason: str) -> list[Adjustment]:
    """Put forward all that a released stop proposed, with one reason: all of them or none."""
    return [
        review_adjustment(adjustment=each, by=by, reason=reason)
        for each in _some(_trip_locked(trip), State.PROPOSED)
    ]


@transaction.atomic
def approve_released(*, trip: FuseTrip, by: User, unheard: str = "") -> list[Adjustment]:
    """Approve all that another person put forward of a released stop: all of them or none."""
    return [
        approve_adjustment(adjustment=each, by=by, unheard=unheard)
        for each in _some(_trip_locked(trip), State.REVIEWED)
    ]


def _some(trip: FuseTrip, state: str) -> list[Adjustment]:
    found = list(of_released(trip, state))
    if trip.state != FuseTrip.State.RELEASED or not found:
        raise Refused(f"这次重算没有{State(state).label}的调整；可能已由他人办理。")
    return found


def _ask(trip: FuseTrip, told: str, target: str, by: User, reason: str) -> FuseTrip:
    """`told`: the event by its name in settlements.moving.told."""
    trip, event = _trip_locked(trip), told.removeprefix("fuse.")
    permit(check("fuse", event, trip.state, trip.get_state_display()), by)
    _move_trip(trip, event, target, by, reason)
    _tell_of_trip(told, trip, by, reason)
    return trip


def _decide(trip: FuseTrip, told: str, target: str, by: User) -> FuseTrip:
    """What another person asked for, with that person's reason."""
    trip, event = _trip_locked(trip), told.removeprefix("fuse.")
    move = check("fuse", event, trip.state, trip.get_state_display())
    permit(move, by)
    refuse_same_person("fuse", trip.pk, move, by)
    asked = _asked(trip)
    trip.decided_by, trip.decided_at, trip.reason = by, now(), asked.note
    _move_trip(trip, event, target, by)
    _tell_of_trip(told, trip, by, trip.reason, persons=[asked.by_id])
    return trip


def _asked(trip: FuseTrip) -> StateMove:
    """Who asked for what the stop waits for now, and why."""
    return StateMove.objects.filter(thing="fuse", object_id=trip.pk).latest("pk")


def _move_trip(trip: FuseTrip, event: str, target: str, by: User, note: str = "") -> None:
    with moving(event, by=by, note=note):
        trip.state = target
        trip.save()


def _tell(event: str, adjustment: Adjustment, by: User, **said) -> None:
    """The parties, the bureau and whoever the table names, of a step of an adjustment."""
    accrual = adjustment.accrual
    agreement = accrual.term.agreement
    tell(
        event,
        to("adjustment", adjustment.pk),
        about=adjustment.pk,
        by=by,
        parties=[p.jurisdiction_id for p in signatories(agreement=agreement)],
        again=True,
        agreement=agreement,
        month=period_words(accrual.period, accrual.yearly),
        **said,
    )


def _words(holds: Holding) -> str:
    """What holds of a month, as a message says it."""
    codes = {code for payer, payee, _ in holds.payments for code in (payer, payee)}
    names = dict(Jurisdiction.objects.filter(code__in=codes).values_list("code", "name"))
    paid = [
        f"{names[payer]}付{names[payee]} {format_yuan(yuan)} 元"
        for payer, payee, yuan in sorted(holds.payments)
    ]
    return "、".join(paid) or "互不补偿"


def _tell_of_trip(
    event: str, trip: FuseTrip, by: User, why: str, *, persons: Iterable[int | None] = ()
) -> None:
    tell(
        event,
        to("fuse-trip", trip.pk),
        about=trip.pk,
        by=by,
        persons=persons,
        again=True,
        agreement=trip.agreement,
        why=why,
    )


def _trip_locked(trip: FuseTrip) -> FuseTrip:
    Agreement.objects.select_for_update(no_key=True).get(pk=trip.agreement_id)
    return (
        FuseTrip.objects.select_for_update(of=("self",)).select_related("agreement").get(pk=trip.pk)
    )


def _permit(adjustment: Adjustment, event: str, by: User):
    move = check("adjustment", event, adjustment.state, adjustment.get_state_display())
    permit(move, by)
    return move


def _said(reason: str, what: str) -> str:
    if not reason.strip():
        raise Refused(f"{what}须写明理由。")
    return reason.strip()


def _move(adjustment: Adjustment, event: str, target: str, by: User, note: str = "") -> Adjustment:
    with moving(event, by=by, note=note):
        adjustment.state = target
        adjustment.save()
    return adjustment


def _locked(adjustment: Adjustment) -> Adjustment:
    """The adjustment and its agreement, locked in that order, as they are now."""
    agreement = Agreement.objects.get(terms__accruals__adjustments=adjustment)
    Agreement.objects.select_for_update(no_key=True).get(pk=agreement.pk)
    return (
        Adjustment.objects.select_for_update(of=("self",))
        .select_related("accrual__term__agreement", "accrual__term_section__section")
        .get(pk=adjustment.pk)
    )
