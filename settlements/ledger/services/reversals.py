"""冲销: asked for by one person with a reason, approved and booked by another."""

from datetime import date

from django.db import transaction
from django.db.utils import IntegrityError

from basins.access import Act, viewer_of
from basins.clock import now, today
from basins.links import to
from basins.models import User
from settlements.ledger.services.ledger import carried_on, lock_agreements_of, reverse
from settlements.models import JournalEntry, Reversal
from settlements.moving.acts import NotAllowed, Refused
from settlements.moving.telling import tell


class ReversalRefused(Refused):
    """The reversal cannot be asked for or approved; the message (Chinese) says why."""


def refuse_irreversible(entry: JournalEntry) -> None:
    """Raises ReversalRefused for what no reversal can be asked for."""
    if entry.irreversible:
        raise ReversalRefused(entry.irreversible)
    if later := carried_on(entry):
        raise ReversalRefused(f"{entry.label} 结转的余额已由 {later.label} 再结转；请先冲销它。")
    request = entry.reversal_requests.exclude(state=Reversal.State.REJECTED).first()
    if request is not None or hasattr(entry, "reversal"):
        raise ReversalRefused(f"{entry.label} 已申请冲销或已冲销，不能再次申请。")


@transaction.atomic
def propose_reversal(*, entry: JournalEntry, why: str, by: User) -> Reversal:
    """Ask for an entry to be cancelled; nothing is booked yet."""
    _permit(by)
    if not why.strip():
        raise ReversalRefused("请写明冲销理由。")
    refuse_irreversible(entry)
    try:
        with transaction.atomic():
            reversal = Reversal.objects.create(
                entry=entry, why=why.strip(), prepared_by=by, prepared_at=now()
            )
    except IntegrityError as error:  # two persons at once
        if "reversal_once" not in str(error):
            raise
        raise ReversalRefused(f"{entry.label} 已申请冲销，不能再次申请。") from error
    tell(
        "reversal.propose",
        to("ledger-reversal", reversal.pk),
        about=reversal.pk,
        by=by,
        entry=entry.label,
        why=reversal.why,
    )
    return reversal


@transaction.atomic
def approve_reversal(*, reversal: Reversal, by: User, on: date | None = None) -> JournalEntry:
    """Book the counter-entry another person asked for, on that day (default today)."""
    reversal = _locked(reversal, by)
    if reversal.prepared_by_id == by.pk:
        raise ReversalRefused(f"{by} 提出了这项冲销，须由另一人复核。")
    reversal.state = Reversal.State.APPROVED
    reversal.approved_by, reversal.approved_at = by, now()
    entry = reverse(reversal.entry, on=on or today(), why=reversal.why, by=by)
    reversal.save(update_fields=["state", "approved_by", "approved_at"])
    tell(
        "reversal.approve",
        to("ledger-reversal", reversal.pk),
        to("ledger-entry", entry.pk),
        about=reversal.pk,
        by=by,
        parties=entry.postings.values_list("account__jurisdiction", flat=True),
        persons=[reversal.prepared_by_id],
        entry=reversal.entry.label,
        booked=entry.label,
        why=reversal.why,
    )
    return entry


@transaction.atomic
def reject_reversal(*, reversal: Reversal, why: str, by: User) -> Reversal:
    """Decline a reversal; the entry stays as it is and may be asked for again."""
    reversal = _locked(reversal, by)
    if not why.strip():
        raise ReversalRefused("请写明退回理由。")
    reversal.state, reversal.rejected_why = Reversal.State.REJECTED, why.strip()
    reversal.approved_by, reversal.approved_at = by, now()
    reversal.save(update_fields=["state", "rejected_why", "approved_by", "approved_at"])
    tell(
        "reversal.reject",
        to("ledger-reversal", reversal.pk),
        about=reversal.pk,
        by=by,
        persons=[reversal.prepared_by_id],
        entry=reversal.entry.label,
        why=reversal.rejected_why,
    )
    return reversal


def _permit(by: User) -> None:
    if not viewer_of(by).may(Act.RECORD_PAYMENT):
        raise NotAllowed(f"{by} 不能办理冲销。")


def _locked(reversal: Reversal, by: User) -> Reversal:
    _permit(by)
    lock_agreements_of(reversal.entry)
    reversal = (
        Reversal.objects.select_for_update(of=("self",)).select_related("entry").get(pk=reversal.pk)
    )
    if reversal.state != Reversal.State.PREPARED:
        raise ReversalRefused(f"这项冲销{reversal.get_state_display()}，不能再办理。")
    return reversal
