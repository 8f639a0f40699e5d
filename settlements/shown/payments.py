"""Payments of accruals: as they were published, and as they count now. Yuan to the fen."""

from collections.abc import Iterable

from django.db.models import Prefetch, QuerySet

from settlements.models import Accrual, CurrentTransfer, Transfer
from settlements.shown.findings import Compensation
from settlements.shown.places import Place


def with_sides(transfers: QuerySet) -> QuerySet:
    """With both sides, and no more of them than `Place.of` reads."""
    return transfers.select_related("payer", "payee").only(
        "accrual", "yuan", "reason", *Place.columns("payer"), *Place.columns("payee")
    )


def payments_prefetch() -> Prefetch:
    return Prefetch("transfers", queryset=with_sides(Transfer.objects.order_by("pk")))


def payments_of(accrual: Accrual) -> tuple[Compensation, ...]:
    """As it was published (or stands, where it is not)."""
    return tuple(
        Compensation(
            Place.of(t.payer, accrual.period), Place.of(t.payee, accrual.period), t.yuan, t.reason
        )
        for t in accrual.transfers.all()
    )


def current_prefetch() -> Prefetch:
    return Prefetch("current", queryset=with_sides(CurrentTransfer.objects.order_by("pk")))


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
