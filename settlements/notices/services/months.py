"""一个协议的一个月: confirmed by its parties or by the lapse of time, then final.

Locks: agreements by id, then months by id, in every function here.
"""

from collections import defaultdict
from collections.abc import Iterable
from datetime import date

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from basins.clock import now, today
from basins.links import to
from basins.models import User
from basins.ranges import year_start
from basins.services.working_days import Calendar
from basins.words import day_words
from settlements.models import (
    Adjustment,
    Agreement,
    AgreementMonth,
    FuseTrip,
    MonthConfirmation,
    Settlement,
)
from settlements.moving.acts import NotAllowed, check, moving, permit
from settlements.moving.notify import month_link, signatories
from settlements.moving.parties_of_month import confirming, is_party_in
from settlements.moving.telling import tell, told_together
from settlements.years.services.signing import begin_deadline

State = AgreementMonth.State


@transaction.atomic
def confirm_month(*, agreement_month: AgreementMonth, by: User) -> AgreementMonth:
    """Confirm it for the person's own jurisdiction; the last party's confirms the month.

    A second confirmation of a party changes nothing. Raises NotAllowed for one who is no
    official of a confirming party, Refused for a month that is not in its objection period.
    """
    month = _locked(agreement_month)
    move = check("month", "confirm", State.PUBLISHED, "")
    viewer = permit(move, by)
    parties = {p.jurisdiction_id for p in confirming(month.agreement_id, month.month)}
    if viewer.jurisdiction_id not in parties:
        raise NotAllowed(f"{by} 不是该协议一方的经办人，不能确认 {month}。")
    confirmed = set(
        MonthConfirmation.objects.filter(month=month).values_list("jurisdiction_id", flat=True)
    )
    if viewer.jurisdiction_id in confirmed:
        return month
    check("month", "confirm", month.state, str(month.get_state_display()))
    MonthConfirmation.objects.create(
        month=month, jurisdiction_id=viewer.jurisdiction_id, by=by, at=now()
    )
    if parties <= confirmed | {viewer.jurisdiction_id}:
        with moving("confirm", by=by):
            month.state = State.CONFIRMED
            month.save(update_fields=["state"])
    return month


@transaction.atomic
def lapse_due(on: date | None = None) -> int:
    """逾期视为确认: months whose objection period ended before `on` (default today).

    Returns how many. 6 SQL queries whatever the months.
    """
    day = on or today()
    due = Q(state=State.PUBLISHED, objection_until__lt=day)
    pks = _locked_where(due)
    if not pks:
        return 0
    with moving("lapse", by=None):
        lapsed = AgreementMonth.objects.filter(due, pk__in=pks).update(state=State.CONFIRMED)
    _tell_lapsed(pks, day)
    return lapsed


@transaction.atomic
def finalise_due() -> int:
    """Confirmed and decided months without a pending adjustment or stopped run become final.

    Returns how many. 7 SQL queries whatever the months.
    """
    ready = Q(state__in=[State.CONFIRMED, State.DECIDED]) & ~Q(
        agreement__in=FuseTrip.objects.filter(state__in=FuseTrip.OPEN).values("agreement")
    )
    pks = set(_locked_where(ready))
    if not pks:
        return 0
    pks -= _with_pending_adjustments(pks)
    with moving("finalise", by=None):
        final = AgreementMonth.objects.filter(ready, pk__in=pks).update(state=State.FINAL)
    _tell_to_sign(pks)
    return final


@transaction.atomic
def refresh_deadlines() -> int:
    """After a change of the calendar: the deadlines of months still open to objection, by
    their rule (working days after the day of publication).

    A deadline is never moved into the past: one that would be stands as it was told. Each
    change is told to the parties. Returns how many deadlines are different.
    """
    pks = _locked_where(Q(state__in=[State.PUBLISHED, State.OBJECTED]))
    months = list(
        AgreementMonth.objects.filter(pk__in=pks)
        .select_related("agreement", "notice")
        .order_by("pk")
    )
    calendar = Calendar({m.objection_until.year for m in months})
    changed = []
    for month in months:
        published_at = month.notice.published_at
        assert published_at is not None
        found = calendar.add(timezone.localdate(published_at), month.objection_days)
        until = found.date if found.date >= today() else month.objection_until
        if (until, found.provisional) != (month.objection_until, month.provisional):
            changed.append((month, month.objection_until))
            month.objection_until, month.provisional = until, found.provisional
    AgreementMonth.objects.bulk_update(
        [m for m, _ in changed], ["objection_until", "provisional"], batch_size=500
    )
    _tell_moved([(m, before) for m, before in changed if before != m.objection_until])
    return len(changed)


@told_together()
def _tell_lapsed(pks: list[int], day: date) -> None:
    """Each party that said nothing, once: of how many agreements which months."""
    months = AgreementMonth.objects.filter(pk__in=pks).select_related("agreement")
    spoke = set(
        MonthConfirmation.objects.filter(month__in=pks).values_list("month", "jurisdiction")
    )
    parties = defaultdict(list)
    for party in signatories(agreement__in={m.agreement_id for m in months}):
        parties[party.agreement_id].append(party)
    silent: dict[int, list[AgreementMonth]] = defaultdict(list)
    for month in months.order_by("month", "pk"):
        for party in parties[month.agreement_id]:
            own = party.jurisdiction_id
            if is_party_in(party, month.month) and (month.pk, own) not in spoke:
                silent[own].append(month)
    for own, found in sorted(silent.items()):
        words = str(found[0]) + (f"等 {len(found)} 个月度" if len(found) > 1 else "")
        tell(
            "month.lapse",
            to("settlement-list"),
            about=f"{own}:{day}:{found[0].pk}",
            parties=[own],
            months=words,
        )


def _tell_to_sign(pks: set[int]) -> None:
    """The parties of years that are over and whose last month this was."""
    years = set(
        AgreementMonth.objects.filter(pk__in=pks, month__year__lt=today().year).values_list(
            "agreement", "month__year"
        )
    )
    for agreement, year in sorted(years):
        for settlement in Settlement.objects.filter(
            agreement=agreement, year=year, state=Settlement.State.OPEN, sign_until=None
        ):
            begin_deadline(settlement.pk)


@told_together()
def _tell_moved(moved: list[tuple[AgreementMonth, date]]) -> None:
    """One word to each party of each month whose day is another."""
    parties = defaultdict(list)
    if moved:
        for party in signatories(agreement__in={m.agreement_id for m, _ in moved}):
            parties[party.agreement_id].append(party)
    for month, before in moved:
        tell(
            "month.deadline",
            month_link(month),
            about=month.pk,
            parties=[
                p.jurisdiction_id
                for p in parties[month.agreement_id]
                if is_party_in(p, month.month)
            ],
            again=True,
            month=month,
            before=day_words(before),
            until=day_words(month.objection_until),
        )


def _locked(month: AgreementMonth) -> AgreementMonth:
    Agreement.objects.select_for_update(no_key=True).get(pk=month.agreement_id)
    return (
        AgreementMonth.objects.select_related("agreement")
        .select_for_update(of=("self",))
        .get(pk=month.pk)
    )


def _locked_where(which: Q) -> list[int]:
    """Ids of the months, locked after their agreements, each in the order of ids."""
    agreements = list(
        Agreement.objects.filter(
            pk__in=AgreementMonth.objects.filter(which).order_by().values("agreement")
        )
        .order_by("pk")
        .select_for_update(no_key=True)
        .values_list("pk", flat=True)
    )
    if not agreements:
        return []
    return list(
        AgreementMonth.objects.filter(which, agreement__in=agreements)
        .order_by("pk")
        .select_for_update(of=("self",))
        .values_list("pk", flat=True)
    )


def _with_pending_adjustments(pks: Iterable[int]) -> set[int]:
    """Of the months, those with an adjustment proposed or under review: 1 SQL query."""
    pending = Adjustment.objects.filter(state__in=Adjustment.PENDING).values(
        "accrual__term__agreement_id", "accrual__period", "accrual__yearly"
    )
    waiting = {
        (p["accrual__term__agreement_id"], p["accrual__period"], p["accrual__yearly"])
        for p in pending
    }
    if not waiting:
        return set()
    return {
        pk
        for pk, agreement, month in AgreementMonth.objects.filter(pk__in=pks).values_list(
            "pk", "agreement_id", "month"
        )
        if (agreement, month, False) in waiting
        or (month.month == 12 and (agreement, year_start(month.year), True) in waiting)
    }
