"""抵扣: the two parties whose debts in two agreements are set off consent before it is booked.

Each by its own person, or on paper that the bureau enters (代为登记). Who does not consent sends
the recorded offset back. Locks as payments: agreements by id, then the payment.
"""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.core.files.base import File
from django.db import transaction
from django.utils.timezone import localdate

from basins.access import Act
from basins.clock import now, today
from basins.links import to
from basins.models import Jurisdiction, User
from basins.services.working_days import add_working_days
from settlements.ledger.services.payments import locked, owed_in
from settlements.models import Agreement, OffsetConsent, Payment
from settlements.money import ZERO, format_yuan
from settlements.moving.acting import parties_signing
from settlements.moving.acts import Refused, check, moving
from settlements.moving.documents import checked, kept
from settlements.moving.telling import tell


@transaction.atomic
def consent_offset(
    *,
    payment: Payment,
    by: User,
    party: Jurisdiction | None = None,
    document: str = "",
    scan: File | None = None,
) -> OffsetConsent:
    """A party consents; `party` is entered for by the bureau from its letter and the scan of it.
    Raises Refused of what is no offset that waits, or was consented to already; NotAllowed for
    others; DocumentRefused of a scan that is none."""
    payment, own = _own(payment, by, party, document)
    if own.pk in _consented(payment):
        raise Refused(f"{own}已同意这笔抵扣。")
    consent = OffsetConsent(
        payment=payment, jurisdiction=own, document=document.strip(), by=by, at=now()
    )
    if scan is not None:
        file = checked(scan)
        consent.scan_name, consent.scan_sha256 = file.name, file.sha256
        consent.scan.name = kept(file, "offsets")
    consent.save()
    left = [p for p in (payment.payer, payment.payee) if p.pk not in _consented(payment)]
    _tell(
        "payment.consent", payment, by, own,
        left=f"，尚待{left[0]}同意" if left else "，双方均已同意，可复核入账",
    )  # fmt: skip
    if consent.document:
        tell(
            "payment.consent_entered",
            to("ledger-payment", payment.pk),
            about=f"{payment.pk}:{own.pk}",
            by=by,
            parties=[own.pk],
            voucher=payment.voucher,
            document=consent.document,
            yuan=format_yuan(payment.yuan),
        )
    return consent


@transaction.atomic
def decline_offset(
    *,
    payment: Payment,
    by: User,
    why: str,
    party: Jurisdiction | None = None,
    document: str = "",
) -> Payment:
    """A party does not consent: the offset is sent back, its voucher is free again. Raises Refused
    where it consented before: that holds."""
    payment, own = _own(payment, by, party, document)
    if own.pk in _consented(payment):
        raise Refused(f"{own}已同意这笔抵扣，不能再退回；确须撤下的，请市财政局退回登记。")
    if not why.strip():
        raise Refused("不同意抵扣须写明理由。")
    paper = f"（{document.strip()}）" if document.strip() else ""
    payment.state = Payment.State.REJECTED
    payment.rejected_why = f"{own}不同意抵扣{paper}：{why.strip()}"[:300]
    payment.approved_by, payment.approved_at = by, now()
    with moving("decline", by=by, note=payment.rejected_why):
        payment.save(update_fields=["state", "rejected_why", "approved_by", "approved_at"])
    _tell("payment.decline", payment, by, own, why=why.strip())
    return payment


@dataclass(frozen=True, slots=True)
class SetOff:
    """What the debtor of one of the two agreements owes there now, and after the offset: yuan."""

    agreement: Agreement
    debtor: Jurisdiction
    owed: Decimal
    left: Decimal


def set_off_by(payment: Payment) -> tuple[SetOff, ...]:
    """Both debts of an offset that is not booked yet; 4 SQL queries."""
    pairs = ((payment.agreement, payment.payer), (payment.other_agreement, payment.payee))
    found = []
    for agreement, debtor in pairs:
        if agreement is not None:
            owed = owed_in(agreement, debtor)
            found.append(SetOff(agreement, debtor, owed, max(owed - payment.yuan, ZERO)))
    return tuple(found)


def is_overdue(payment: Payment) -> bool:
    """Whether the bureau may enter the paper of a party whose own person did not act: after
    SIGN_DAYS working days."""
    return add_working_days(localdate(payment.prepared_at), settings.SIGN_DAYS).date < today()


def _own(
    payment: Payment, by: User, party: Jurisdiction | None, document: str
) -> tuple[Payment, Jurisdiction]:
    """The offset, locked, and which of its two parties acts."""
    payment = locked(payment)
    check("payment", "decline", payment.state, payment.get_state_display())
    if payment.kind != Payment.Kind.OFFSET:
        raise Refused("只有协议间抵扣须经双方同意。")
    [own] = parties_signing(
        agreement=payment.agreement,
        by=by,
        parties=[party],
        document=document,
        act=Act.SIGN_YEAR,
        overdue=is_overdue(payment),
    )
    if own.pk not in (payment.payer_id, payment.payee_id):
        raise Refused(f"{own}不是这笔抵扣的一方。")
    return payment, own


def _consented(payment: Payment) -> set[int]:
    return set(payment.consents.values_list("jurisdiction", flat=True))


def _tell(event: str, payment: Payment, by: User, own: Jurisdiction, **said: Any) -> None:
    tell(
        event,
        to("ledger-payment", payment.pk),
        about=f"{payment.pk}:{own.pk}",
        by=by,
        parties=[payment.payer_id, payment.payee_id],
        own=own.pk,
        party=own,
        voucher=payment.voucher,
        yuan=format_yuan(payment.yuan),
        **said,
    )
