"""不予确认: a party refuses the year's amounts with reasons; what becomes of that.

Answered by the other parties, decided by the bureau. Turned down, the party takes it to the common
superior within SIGN_DAYS working days, whose ruling the bureau enters, or it stands as confirmed.
Accepted, the data are corrected, or another person finds that the amounts stand (复核).
Locks: the agreement, the year, the refusal.
"""

from typing import Any

from django.conf import settings
from django.core.files.base import File
from django.db import transaction

from basins.access import Act, viewer_of
from basins.clock import now, today
from basins.links import Link, to
from basins.models import Jurisdiction, User
from basins.services.working_days import Calendar, add_working_days
from basins.words import day_words
from settlements.accruals.services.nets import in_words, void_signatures
from settlements.models import (
    AmountRefusal,
    RefusalReply,
    Settlement,
)
from settlements.moving.acting import parties_signing, speaks_for
from settlements.moving.acts import (
    NotAllowed,
    Refused,
    check,
    moving,
    permit,
    refuse_same_person,
)
from settlements.moving.documents import checked, kept
from settlements.moving.telling import tell
from settlements.years.services.signing import (
    Ground,
    Subject,
    begin_deadline,
    is_overdue,
    is_silent,
    locked,
    sign_for,
    unsigned,
)
from settlements.years.services.year_data import YearData

State = AmountRefusal.State


@transaction.atomic
def refuse_amounts(
    *,
    settlement: Settlement,
    by: User,
    reason: str,
    party: Jurisdiction | None = None,
    document: str = "",
    scan: File | None = None,
) -> AmountRefusal:
    """A party does not confirm the year's amounts. `party` is entered for by the bureau from its
    letter. Raises Refused where it has confirmed, its time is over, or no reason is given."""
    settlement = locked(settlement)
    check("settlement", "confirm", settlement.state, settlement.get_state_display())
    [own] = parties_signing(
        agreement=settlement.agreement,
        by=by,
        parties=[party],
        document=document,
        act=Act.SIGN_YEAR,
        overdue=is_overdue(settlement),
    )
    if not reason.strip():
        raise Refused("不予确认须写明理由。")
    if own not in unsigned(settlement, Subject.AMOUNT):
        raise Refused(f"{own}已确认年度金额，或不是该年的一方。")
    if settlement.refusals.filter(jurisdiction=own, state__in=AmountRefusal.OPEN).exists():
        raise Refused(f"{own}对该年度金额的异议尚在处理中。")
    if settlement.refusals.filter(
        jurisdiction=own, state=State.UPHELD, digest=_digest(settlement)
    ).exists():
        raise Refused(f"{own}对同一金额的异议已有裁定，不能再提。")
    if is_silent(settlement, own):
        raise Refused(f"{own}逾期未表态，不能再提出。")
    file = checked(scan) if scan is not None else None
    refusal = AmountRefusal(
        settlement=settlement,
        jurisdiction=own,
        yuan=settlement.nets.get(jurisdiction=own).yuan,
        digest=_digest(settlement),
        reason=reason.strip(),
        document=document.strip(),
        scan_name=file.name if file else "",
        scan_sha256=file.sha256 if file else "",
        raised_by=by,
        raised_at=now(),
    )
    _give_days(refusal)
    if file is not None:
        refusal.scan.name = kept(file, "refusals")
    with moving("raise", by=by, note=refusal.reason):
        refusal.save(force_insert=True)
    _tell("refusal.raise", refusal, by, yuan=in_words(refusal.yuan), reason=refusal.reason)
    return refusal


@transaction.atomic
def answer_refusal(
    *,
    refusal: AmountRefusal,
    by: User,
    text: str,
    party: Jurisdiction | None = None,
    document: str = "",
) -> RefusalReply:
    """Another party answers, by the deadline. Raises Refused after it, or of one's own refusal."""
    refusal = _locked(refusal)
    if refusal.state != State.ANSWERED:
        check("refusal", "answer", refusal.state, refusal.get_state_display())
    [own] = parties_signing(
        agreement=refusal.settlement.agreement,
        by=by,
        parties=[party],
        document=document,
        act=Act.SIGN_YEAR,
    )
    if own == refusal.jurisdiction:
        raise Refused("由协议另一方答复；要收回请撤回。")
    if not text.strip():
        raise Refused("请写明答复的内容。")
    if refusal.until < today():
        raise Refused(f"答复期已于 {refusal.until} 届满。")
    reply = RefusalReply.objects.create(
        refusal=refusal,
        jurisdiction=own,
        text=text.strip(),
        document=document.strip(),
        by=by,
        at=now(),
    )
    if refusal.state == State.RAISED:
        _move(refusal, "answer", State.ANSWERED, by, reply.text)
    _tell("refusal.answer", refusal, by, own=own, about=reply.pk, text=reply.text)
    return reply


@transaction.atomic
def withdraw_refusal(*, refusal: AmountRefusal, by: User) -> AmountRefusal:
    """The party takes its refusal back; it can confirm then."""
    refusal = _locked(refusal)
    check("refusal", "withdraw", refusal.state, refusal.get_state_display())
    _permit_raiser(refusal, by)
    _move(refusal, "withdraw", State.WITHDRAWN, by)
    _tell("refusal.withdraw", refusal, by)
    return refusal


@transaction.atomic
def decide_refusal(*, refusal: AmountRefusal, by: User, accept: bool, reason: str) -> AmountRefusal:
    """The bureau decides once the other side was heard or its time is over. Accepted: all
    signatures are void, the data are corrected before anybody signs again. Raises Refused."""
    refusal = _locked(refusal)
    event = "accept" if accept else "reject"
    permit(check("refusal", event, refusal.state, refusal.get_state_display()), by)
    if not reason.strip():
        raise Refused("裁决须写明理由。")
    if refusal.state == State.RAISED and refusal.until >= today():
        raise Refused(f"其他方尚未答复，答复期到 {refusal.until}；届满或答复后再裁决。")
    refusal.decision = reason.strip()
    if accept:
        _move(refusal, event, State.ACCEPTED, by, refusal.decision)
        cause = f"{by}采纳了{refusal.jurisdiction}的不予确认（{refusal.decision}）"
        void_signatures(refusal.settlement, cause)
        _tell("refusal.accept", refusal, by, reason=refusal.decision)
        return refusal
    _give_days(refusal)
    _move(refusal, event, State.REJECTED, by, refusal.decision)
    _tell("refusal.reject", refusal, by, reason=refusal.decision)
    return refusal


@transaction.atomic
def keep_amounts(*, refusal: AmountRefusal, by: User, finding: str) -> AmountRefusal:
    """Another person of the bureau than who accepted it looked again and found nothing to correct:
    the parties sign the same data anew. Raises Refused where the common superior ruled that they
    be corrected, or something of the year is being corrected."""
    refusal = _locked(refusal)
    move = check("refusal", "keep", refusal.state, refusal.get_state_display())
    permit(move, by)
    refuse_same_person("refusal", refusal.pk, move, by)
    if refusal.ruling:
        raise Refused("共同上级已裁定予以更正，不能登记为金额不变；请更正数据并批准调整。")
    if not finding.strip():
        raise Refused("请写明复核结果。")
    if YearData.of(refusal.settlement).pending():
        raise Refused("该年度有待审的调整；请先处理，批准后本项即为已更正。")
    refusal.finding = finding.strip()
    _move(refusal, "keep", State.KEPT, by, refusal.finding)
    _tell("refusal.keep", refusal, by, reason=refusal.finding)
    begin_deadline(refusal.settlement_id)
    return refusal


def note_corrected(settlement: Settlement) -> None:
    """After a change of the year: what was accepted and led to it is corrected now. The year is
    locked."""
    for refusal in settlement.refusals.filter(state=State.ACCEPTED):
        if refusal.digest != _digest(settlement):
            _move(refusal, "correct", State.CORRECTED, None)


@transaction.atomic
def escalate_refusal(*, refusal: AmountRefusal, by: User) -> AmountRefusal:
    """The party takes it to the parties' common superior, within the deadline."""
    refusal = _locked(refusal)
    check("refusal", "escalate", refusal.state, refusal.get_state_display())
    _permit_raiser(refusal, by)
    if refusal.until < today():
        raise Refused(f"报共同上级的期限已于 {refusal.until} 届满。")
    _move(refusal, "escalate", State.ESCALATED, by)
    _tell("refusal.escalate", refusal, by)
    return refusal


@transaction.atomic
def enter_ruling(
    *, refusal: AmountRefusal, by: User, correct: bool, text: str, document: str
) -> AmountRefusal:
    """The common superior's ruling, entered by the bureau: the amounts are to be corrected, or
    stand and count as confirmed."""
    refusal = _locked(refusal)
    event = "rule_for" if correct else "rule_against"
    permit(check("refusal", event, refusal.state, refusal.get_state_display()), by)
    if not text.strip() or not document.strip():
        raise Refused("请填裁定的内容和文号。")
    refusal.ruling, refusal.ruling_document = text.strip(), document.strip()
    if correct:
        _move(refusal, event, State.ACCEPTED, by, refusal.ruling)
        said = f"{refusal.ruling_document}：{refusal.ruling}"
        void_signatures(refusal.settlement, f"共同上级裁定予以更正（{said}）")
        _tell_ruling("refusal.rule_for", refusal, by)
        return refusal
    _move(refusal, event, State.UPHELD, by, refusal.ruling)
    sign_for(
        refusal.settlement, Subject.AMOUNT, [refusal.jurisdiction], ground=Ground.RULING,
        digest=_digest(refusal.settlement), by=by, document=refusal.ruling_document,
        reason=refusal.ruling[:500],
    )  # fmt: skip
    _tell_ruling("refusal.rule_against", refusal, by)
    return refusal


def lapse_refusals() -> int:
    """Daily: one turned down and not taken further in time stands as confirmed; one accepted whose
    year has changed since is corrected. Returns how many stand as confirmed."""
    for settlement in Settlement.objects.filter(refusals__state=State.ACCEPTED).distinct():
        with transaction.atomic():
            note_corrected(locked(settlement))
    waiting = AmountRefusal.objects.filter(state=State.REJECTED, until__lt=today())
    found = list(waiting.order_by("settlement__agreement", "pk"))
    for refusal in found:
        _lapse(refusal)
    return len(found)


@transaction.atomic
def _lapse(refusal: AmountRefusal) -> None:
    refusal = _locked(refusal)
    if refusal.state != State.REJECTED or refusal.until >= today():
        return
    _move(refusal, "lapse", State.UPHELD, None, "期限届满，未报共同上级")
    sign_for(
        refusal.settlement, Subject.AMOUNT, [refusal.jurisdiction], ground=Ground.LAPSE,
        digest=_digest(refusal.settlement), by=None, reason="不予确认未获采纳，逾期未报共同上级",
    )  # fmt: skip
    _tell("refusal.lapse", refusal, None)


@transaction.atomic
def refresh_refusal_days() -> int:
    """After a change of the calendar: days to answer, and to take it to the common superior, are
    counted again; none is moved into the past, and who is concerned is told. Returns how many
    moved."""
    calendar, moved = Calendar(), 0
    for found in AmountRefusal.objects.filter(
        state__in=[State.RAISED, State.REJECTED], until__gte=today(), counted_from__isnull=False
    ).order_by("settlement__agreement", "pk"):
        refusal = _locked(found)
        if refusal.counted_from is None or refusal.counted_days is None:
            continue
        deadline = calendar.add(refusal.counted_from, refusal.counted_days)
        until = deadline.date if deadline.date >= today() else refusal.until
        if (until, deadline.provisional) == (refusal.until, refusal.provisional):
            continue
        before, moves = _until(refusal), until != refusal.until
        refusal.until, refusal.provisional = until, deadline.provisional
        refusal.save(update_fields=["until", "provisional"])
        moved += 1
        if moves:
            _tell("refusal.deadline", refusal, None, again=True, before=before)
    return moved


def _give_days(refusal: AmountRefusal) -> None:
    """SIGN_DAYS from today, to answer or to take it further."""
    refusal.counted_from, refusal.counted_days = today(), settings.SIGN_DAYS
    due = add_working_days(refusal.counted_from, refusal.counted_days)
    refusal.until, refusal.provisional = due.date, due.provisional


def refusal_link(refusal: AmountRefusal) -> Link:
    return to("refusal", refusal.pk)


def _digest(settlement: Settlement) -> str:
    return YearData.of(settlement).amount_digest()


def _permit_raiser(refusal: AmountRefusal, by: User) -> None:
    if refusal.jurisdiction not in speaks_for(viewer_of(by)):
        raise NotAllowed(f"{by} 不代表{refusal.jurisdiction}。")


def _tell(
    event: str,
    refusal: AmountRefusal,
    by: User | None,
    *,
    own: Jurisdiction | None = None,
    about: int | None = None,
    **said: Any,
) -> None:
    """The year's parties; `own` acted, else who refused."""
    party = own or refusal.jurisdiction
    tell(
        event,
        refusal_link(refusal),
        about=about or refusal.pk,
        by=by,
        parties=refusal.settlement.nets.values_list("jurisdiction", flat=True),
        own=party.pk,
        refusal=refusal,
        settlement=refusal.settlement,
        party=party,
        until=_until(refusal),
        **said,
    )


def _tell_ruling(event: str, refusal: AmountRefusal, by: User) -> None:
    _tell(event, refusal, by, document=refusal.ruling_document, text=refusal.ruling)


def _until(refusal: AmountRefusal) -> str:
    day = refusal.until
    return f"{day.year}年{day_words(day)}{'（暂定）' if refusal.provisional else ''}"


def _move(refusal: AmountRefusal, event: str, target: str, by: User | None, note: str = "") -> None:
    with moving(event, by=by, note=note):
        refusal.state = target
        refusal.save()


def _locked(refusal: AmountRefusal) -> AmountRefusal:
    """The refusal as it is now, its year and agreement locked before it."""
    settlement = locked(refusal.settlement)
    found = (
        AmountRefusal.objects.select_for_update(of=("self",))
        .select_related("jurisdiction")
        .defer("jurisdiction__boundary")
        .get(pk=refusal.pk)
    )
    found.settlement = settlement
    return found
