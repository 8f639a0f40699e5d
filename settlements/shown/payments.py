"""Payments of accruals: as they were published, and as they count now. Yuan to the fen."""

from collections.abc import Iterable

from django.db.models import Prefetch

from settlements.models import Accrual, CurrentTransfer, Transfer
from settlements.shown.findings import Compensation
from settlements.shown.places import Place


def payments_prefetch() -> Prefetch:
    return Prefetch(
        "transfers",
        queryset=Transfer.objects.select_related("payer", "payee")
        .defer("payer__boundary", "payee__boundary")
        .order_by("pk"),
    )


def payments_of(accrual: Accrual) -> tuple[Compensation, ...]:
    """As it was published (or stands, where it is not)."""
    return tuple(
        Compensation(
            Place.of(t.payer, accrual.period), Place.of(t.payee, accrual.period), t.yuan, t.reason
        )
        for t in accrual.transfers.all()
    )


def current_prefetch() -> Prefetch:
    return Prefetch(
        "current",
        queryset=CurrentTransfer.objects.select_related("payer", "payee")
        .defer("payer__boundary", "payee__boundary")
        .order_by("pk"),
    )


def current_of(accrual: Accrual) -> tuple[Compensation, ...]:
    """As it counts now: with the newest approved adjustment, whatever year that is booked in."""
    return tuple(
        Compensation(
            Place.of(t.payer, accrual.period), Place.of(t.payee, accrual.period), t.yuan, t.reason
        )
        for t in accrual.current.all()  # type: ignore[attr-defined]
    )


def words_of(payments: Iterable[Compensation]) -> str:
    return "；".join(p.words for p in payments) or "互不补偿"
