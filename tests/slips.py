"""Payments with what they need before a second person books them."""

from django.core.files.uploadedfile import SimpleUploadedFile

from basins.clock import now
from basins.models import User
from settlements.ledger.services import payments
from settlements.ledger.services.slips import attach_slips
from settlements.models import JournalEntry, OffsetConsent, Payment

PDF = b"%PDF-1.7 slip"


def shown(payment: Payment) -> Payment:
    """With its 银行回单; an offset with the consent of both parties, as if on paper."""
    by = payment.prepared_by
    assert by is not None
    if payment.kind == Payment.Kind.OFFSET:
        for party in (payment.payer, payment.payee):
            OffsetConsent.objects.get_or_create(
                payment=payment, jurisdiction=party, defaults={"by": by, "at": now()}
            )
    else:
        attach_slips(payment=payment, files=[SimpleUploadedFile("回单.pdf", PDF)], by=by)
    return payment


def approve_payment(*, payment: Payment, by: User, **more) -> JournalEntry:
    """Shown, then booked."""
    return payments.approve_payment(payment=shown(payment), by=by, **more)
