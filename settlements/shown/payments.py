"""Payments of accruals: as they were published, and as their year counts them. Yuan to the fen."""

from collections.abc import Iterable

from django.db.models import Prefetch

from settlements.models import Accrual, CountedTransfer, Transfer
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
        Compensation(Place.of(t.payer), Place.of(t.payee), t.yuan, t.reason)
        for t in accrual.transfers.all()
    )


def counted_prefetch() -> Prefetch:
    return Prefetch(
        "counted",
        queryset=CountedTransfer.objects.select_related("payer", "payee")
        .defer("payer__boundary", "payee__boundary")
        .order_by("pk"),
    )


def counted_of(accrual: Accrual) -> tuple[Compensation, ...]:
    """As its year's settlement counts it: with the adjustments approved before the closing."""
    return tuple(
        Compensation(Place.of(t.payer), Place.of(t.payee), t.yuan, t.reason)
        for t in accrual.counted.all()  # type: ignore[attr-defined]
    )


def words_of(payments: Iterable[Compensation]) -> str:
    return "；".join(p.words for p in payments) or "互不补偿"
