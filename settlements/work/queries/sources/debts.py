"""What is left to be paid of closed years."""

from django.db.models import (
    Case,
    DecimalField,
    Exists,
    F,
    Func,
    OuterRef,
    QuerySet,
    Subquery,
    Sum,
    Value,
    When,
)
from django.db.models.functions import Coalesce

from basins.access import Act, Viewer
from basins.links import to
from settlements.ledger.services.demands import with_owner
from settlements.models import Demand, LedgerAccount, Payment, Settlement
from settlements.money import ZERO
from settlements.moving.acting import speaks_for
from settlements.work.queries.tasks import Source, Task


def _left_of(settlement: str | OuterRef, party: str) -> Func:
    """What of a closed year is left of a party (positive: to receive), as the guards count it."""
    return Func(
        F(settlement) if isinstance(settlement, str) else settlement,
        F(party),
        function="settlements_year_left_of",
        output_field=DecimalField(max_digits=16, decimal_places=2),
    )


def payments_due(viewer: Viewer) -> QuerySet:
    """The newest 拨款通知 of each closed year the viewer's own place owes something of."""
    newer = Demand.objects.filter(
        settlement=OuterRef("settlement"),
        jurisdiction=OuterRef("jurisdiction"),
        pk__gt=OuterRef("pk"),
    )
    return (
        with_owner(Demand.objects.filter(~Exists(newer), settlement__state=Settlement.State.CLOSED))
        .filter(owner__in=speaks_for(viewer))
        .alias(left=_left_of("settlement", "owner"))
        .filter(left__lt=0)
        .select_related("settlement__agreement")
        .order_by("due_on", "pk")
    )


def _pay(demand: Demand) -> Task:
    also = "（关账后的调整）" if demand.adjustment_id else ""
    return Task(
        f"付款：{demand.settlement}{also}",
        to("ledger-demand", demand.pk),
        "查看通知",
        deadline=demand.due_on,
        provisional=demand.provisional,
        note=demand.label,
    )


def payments_expected(viewer: Viewer) -> QuerySet:
    """Closed years of which the viewer's own place is still to receive something."""
    return (
        Settlement.objects.filter(
            state=Settlement.State.CLOSED,
            agreement__accounts__jurisdiction__in=speaks_for(viewer),
            agreement__accounts__kind=LedgerAccount.Kind.COMPENSATION,
        )
        .alias(left=_left_of("pk", "agreement__accounts__jurisdiction"))
        .filter(left__gt=0)
        .select_related("agreement")
        .order_by("closed_on", "agreement__code")
    )


def _expect(settlement: Settlement) -> Task:
    return Task(
        f"待收款：{settlement}",
        to("settlement", settlement.agreement.code, settlement.year),
        "查看",
        note=f"{settlement.closed_on} 关账",
    )


def debts(viewer: Viewer) -> QuerySet:
    """Closed years with a payment still to be recorded: not those whose whole rest is recorded
    and waits for its second person."""
    waiting = Payment.objects.filter(
        settlement=OuterRef(OuterRef("pk")), state=Payment.State.PREPARED
    )
    accounts = LedgerAccount.objects.filter(
        agreement=OuterRef("agreement"), kind=LedgerAccount.Kind.COMPENSATION
    ).alias(
        left=_left_of(OuterRef("pk"), "jurisdiction"),
        paying=_sum(waiting.filter(payer=OuterRef("jurisdiction"))),
        coming=_sum(waiting.filter(payee=OuterRef("jurisdiction"))),
    )
    owing, claiming = accounts.filter(left__lt=0), accounts.filter(left__gt=0)
    # What is collected goes on to its creditors only when it has come in.
    recorded = Case(
        When(Exists(owing), then=~Exists(owing.filter(paying__lt=-F("left")))),
        When(Exists(claiming), then=~Exists(claiming.filter(coming__lt=F("left")))),
        default=Value(False),
    )
    return (
        Settlement.objects.filter(state=Settlement.State.CLOSED)
        .alias(recorded=recorded)
        .filter(recorded=False)
        .select_related("agreement")
        .order_by("closed_on", "agreement__code")
    )


def _sum(payments: QuerySet) -> Coalesce:
    of_one = payments.order_by().values("settlement").annotate(sum=Sum("yuan")).values("sum")
    return Coalesce(Subquery(of_one), ZERO)


def _debt(settlement: Settlement) -> Task:
    return Task(
        f"待清缴：{settlement}",
        to("settlement", settlement.agreement.code, settlement.year),
        "查看",
        note=f"{settlement.closed_on} 关账",
    )


PAYMENTS_DUE = Source("payments-due", "待付款", Act.SIGN_YEAR, payments_due, _pay)
PAYMENTS_EXPECTED = Source("payments-expected", "待收款", Act.SIGN_YEAR, payments_expected, _expect)
DEBTS = Source("debts", "待清缴的年度", Act.RECORD_PAYMENT, debts, _debt)
