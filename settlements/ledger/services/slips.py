"""银行回单: files that show a payment was made, kept under MEDIA_ROOT by their hash."""

from collections.abc import Iterable

from django.core.files.base import File
from django.db import transaction

from basins.access import Act, viewer_of
from basins.clock import now
from basins.models import User
from settlements.models import Payment, PaymentSlip
from settlements.moving.acts import NotAllowed, Refused
from settlements.moving.documents import Document, checked, kept


@transaction.atomic
def attach_slips(*, payment: Payment, files: Iterable[File], by: User) -> list[PaymentSlip]:
    """Keep the files with the payment: all of them, or none. Also after it was booked.

    What is there already is the slip there is. Raises DocumentRefused for a file that is not
    taken, Refused of a payment that was sent back, NotAllowed for who may not, OSError where it
    cannot be written.
    """
    if not viewer_of(by).may(Act.RECORD_PAYMENT):
        raise NotAllowed(f"{by} 不能为付款附回单。")
    locked = Payment.objects.select_for_update(of=("self",)).get(pk=payment.pk)
    if locked.state == Payment.State.REJECTED:
        raise Refused("这笔付款已退回，没有入账；请在重新登记的付款上附回单。")
    return [_kept(locked, found, by) for found in [checked(file) for file in files]]


def _kept(payment: Payment, found: Document, by: User) -> PaymentSlip:
    if known := payment.slips.filter(sha256=found.sha256).first():
        return known
    return PaymentSlip.objects.create(
        payment=payment,
        file=kept(found, "slips"),
        name=found.name,
        kind=found.kind,
        size=len(found.content),
        sha256=found.sha256,
        by=by,
        at=now(),
    )
