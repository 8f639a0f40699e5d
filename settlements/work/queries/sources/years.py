"""Years to sign and to close, and who has not signed."""

from django.contrib.postgres.aggregates import StringAgg
from django.db.models import Case, Exists, OuterRef, Q, QuerySet, Subquery, When

from basins.access import Act, Viewer
from basins.clock import today
from basins.links import to
from settlements.models import (
    Accrual,
    Adjustment,
    AgreementMonth,
    AmountRefusal,
    FuseTrip,
    Settlement,
    SettlementNet,
    SettlementSignature,
    StateMove,
)
from settlements.moving.acting import speaks_for
from settlements.work.queries.tasks import Source, Task


def settlements_to_close(viewer: Viewer) -> QuerySet:
    """Confirmed by all parties, or prepared by somebody else."""
    prepared_by_me = StateMove.objects.filter(
        thing="settlement", object_id=OuterRef("pk"), event="prepare", by=viewer.user_id
    )
    return (
        Settlement.objects.filter(
            Q(state=Settlement.State.CONFIRMED)
            | Q(~Exists(prepared_by_me), state=Settlement.State.PREPARED)
        )
        .select_related("agreement")
        .order_by("year", "agreement__code")
    )


def _close(settlement: Settlement) -> Task:
    prepared = settlement.state == Settlement.State.PREPARED
    return Task(
        f"{'关账' if prepared else '提请关账'}：{settlement}",
        to("settlement", settlement.agreement.code, settlement.year),
        "关账" if prepared else "提请关账",
    )


def _corrected() -> Q:
    """Years of which something is being corrected: nobody can sign them until that is decided."""
    pending = Adjustment.objects.filter(
        accrual__term__agreement=OuterRef("agreement"),
        accrual__period__year=OuterRef("year"),
        state__in=Adjustment.PENDING,
    )
    stopped = FuseTrip.objects.filter(agreement=OuterRef("agreement"), state__in=FuseTrip.OPEN)
    accepted = AmountRefusal.objects.filter(
        settlement=OuterRef("pk"), state=AmountRefusal.State.ACCEPTED
    )
    return Q(Exists(pending)) | Q(Exists(stopped)) | Q(Exists(accepted))


def years_to_sign(viewer: Viewer) -> QuerySet:
    """Years that are over with all months final and not signed by the viewer's jurisdiction:
    first the data, then the amounts, which it does not refuse just now. Not while something of
    them is being corrected."""
    months = AgreementMonth.objects.filter(
        agreement=OuterRef("agreement"), month__year=OuterRef("year")
    )
    unpublished = Accrual.objects.filter(
        term__agreement=OuterRef("agreement"),
        period__year=OuterRef("year"),
        state__in=Accrual.OPEN,
    )
    mine = SettlementNet.objects.filter(
        settlement=OuterRef("pk"), jurisdiction__in=speaks_for(viewer)
    )
    signed = SettlementSignature.objects.filter(
        settlement=OuterRef("settlement"), jurisdiction=OuterRef("jurisdiction"), void_at=None
    )
    refusing = AmountRefusal.objects.filter(
        settlement=OuterRef("settlement"),
        jurisdiction=OuterRef("jurisdiction"),
        state__in=AmountRefusal.OPEN,
    )
    data, amount = SettlementSignature.Subject
    unconfirmed = mine.exclude(Exists(signed.filter(subject=amount))).exclude(Exists(refusing))
    return (
        Settlement.objects.filter(
            Exists(months),
            ~Exists(months.exclude(state=AgreementMonth.State.FINAL)),
            ~Exists(unpublished),
            ~_corrected(),
            Q(
                Exists(mine.exclude(Exists(signed.filter(subject=data)))),
                state=Settlement.State.OPEN,
            )
            | Q(Exists(unconfirmed), state=Settlement.State.SIGNED),
            year__lt=today().year,
        )
        .select_related("agreement")
        .order_by("sign_until", "year", "agreement__code")
    )


def _sign_year(settlement: Settlement) -> Task:
    data = settlement.state == Settlement.State.OPEN
    return Task(
        f"{'签认年度数据' if data else '确认年度金额'}：{settlement}",
        to("settlement", settlement.agreement.code, settlement.year),
        "签认" if data else "确认",
        deadline=settlement.sign_until,
        provisional=settlement.sign_provisional,
    )


def years_waiting(viewer: Viewer) -> QuerySet:
    """Years whose parties have not all signed what they were asked for; `missing`: their names."""
    signed = SettlementSignature.objects.filter(
        settlement=OuterRef("settlement"), jurisdiction=OuterRef("jurisdiction"), void_at=None
    )
    nets = SettlementNet.objects.filter(settlement=OuterRef("pk"))
    data, amount = SettlementSignature.Subject

    def names(subject: str) -> Subquery:
        left = nets.exclude(Exists(signed.filter(subject=subject))).order_by()
        return Subquery(
            left.values("settlement")
            .annotate(names=StringAgg("jurisdiction__name", "、", order_by="jurisdiction__code"))
            .values("names")
        )

    return (
        Settlement.objects.filter(
            ~_corrected(),
            state__in=[Settlement.State.OPEN, Settlement.State.SIGNED],
            sign_until__isnull=False,
        )
        .annotate(
            missing=Case(When(state=Settlement.State.OPEN, then=names(data)), default=names(amount))
        )
        .filter(missing__isnull=False)
        .select_related("agreement")
        .order_by("sign_until", "agreement__code")
    )


def _wait(settlement: Settlement) -> Task:
    data = settlement.state == Settlement.State.OPEN
    return Task(
        f"{'签认年度数据' if data else '确认年度金额'}：{settlement}",
        to("settlement", settlement.agreement.code, settlement.year),
        "催办",
        deadline=settlement.sign_until,
        provisional=settlement.sign_provisional,
        note=f"尚缺{settlement.missing}",  # type: ignore[attr-defined]
    )


YEARS_TO_SIGN = Source("years-to-sign", "待签认的年度", Act.SIGN_YEAR, years_to_sign, _sign_year)
YEARS_WAITING = Source("years-waiting", "各方尚未签认的年度", Act.CONFIRM_FOR, years_waiting, _wait)
SETTLEMENTS_TO_CLOSE = Source(
    "settlements-to-close", "待关账的年度", Act.CLOSE, settlements_to_close, _close
)
