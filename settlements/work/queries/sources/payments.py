"""Recorded payments and offsets: what shows them, who consents, who approves."""

from collections.abc import Callable

from django.db.models import Case, Count, Exists, OuterRef, Q, QuerySet, Subquery, When
from django.db.models.functions import Coalesce

from basins.access import Act, Viewer
from basins.links import to
from settlements.models import OffsetConsent, Payment, PaymentSlip
from settlements.money import format_yuan
from settlements.moving.acting import speaks_for
from settlements.work.queries.tasks import Source, Task


def _prepared_payments() -> QuerySet:
    """Recorded ones; `shown`: with its 银行回单, or the consent of both parties of an offset."""
    consents = OffsetConsent.objects.filter(payment=OuterRef("pk")).order_by()
    both = consents.values("payment").annotate(n=Count("pk")).values("n")
    offset = Q(kind=Payment.Kind.OFFSET)
    return Payment.objects.filter(state=Payment.State.PREPARED).alias(
        consented=Coalesce(Subquery(both), 0),
        shown=Case(
            When(offset, then=Q(consented=2)),
            default=Exists(PaymentSlip.objects.filter(payment=OuterRef("pk"))),
        ),
    )


def slips_to_attach(viewer: Viewer) -> QuerySet:
    """Recorded payments without their 银行回单, of whoever recorded them."""
    return (
        _prepared_payments()
        .filter(shown=False)
        .exclude(kind=Payment.Kind.OFFSET)
        .select_related("payer", "payee")
        .defer("payer__boundary", "payee__boundary")
        .order_by("pk")
    )


def offsets_to_consent(viewer: Viewer) -> QuerySet:
    """Recorded offsets of the viewer's own place that it has not consented to."""
    places = speaks_for(viewer)
    said = OffsetConsent.objects.filter(payment=OuterRef("pk"), jurisdiction__in=places)
    return (
        _prepared_payments()
        .filter(Q(payer__in=places) | Q(payee__in=places), ~Exists(said))
        .filter(kind=Payment.Kind.OFFSET)
        .select_related("payer", "payee")
        .defer("payer__boundary", "payee__boundary")
        .order_by("pk")
    )


def offsets_waiting(viewer: Viewer) -> QuerySet:
    """Recorded offsets to which a party has not consented, for who enters letters."""
    return (
        _prepared_payments()
        .filter(kind=Payment.Kind.OFFSET, shown=False)
        .select_related("payer", "payee")
        .defer("payer__boundary", "payee__boundary")
        .order_by("pk")
    )


def _of_payment(words: str, action: str) -> Callable[[Payment], Task]:
    def task(payment: Payment) -> Task:
        return Task(
            f"{words}：{payment.between} {format_yuan(payment.yuan)} 元",
            to("ledger-payment", payment.pk),
            action,
            note=payment.voucher,
        )

    return task


def payments_to_approve(viewer: Viewer) -> QuerySet:
    return (
        _prepared_payments()
        .filter(shown=True)
        .exclude(prepared_by=viewer.user_id)
        .select_related("payer", "payee")
        .defer("payer__boundary", "payee__boundary")
        .order_by("pk")
    )


def _approve(payment: Payment) -> Task:
    return Task(
        f"复核付款：{payment}",
        to("ledger-payment", payment.pk),
        "复核",
    )


OFFSETS_TO_CONSENT = Source(
    "offsets-to-consent",
    "待同意的抵扣",
    Act.SIGN_YEAR,
    offsets_to_consent,
    _of_payment("同意抵扣", "查看"),
)
OFFSETS_WAITING = Source(
    "offsets-waiting",
    "双方尚未同意的抵扣",
    Act.CONFIRM_FOR,
    offsets_waiting,
    _of_payment("待同意的抵扣", "查看"),
)
SLIPS_TO_ATTACH = Source(
    "slips-to-attach",
    "待附回单的付款",
    Act.RECORD_PAYMENT,
    slips_to_attach,
    _of_payment("附回单", "附回单"),
)
PAYMENTS_TO_APPROVE = Source(
    "payments-to-approve", "待复核的付款", Act.RECORD_PAYMENT, payments_to_approve, _approve
)
