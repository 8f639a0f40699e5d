"""不予确认: a party refuses the year's amounts with reasons; what becomes of that.

Answered by the other parties, decided by the bureau. Turned down, the party takes it to the common
superior within SIGN_DAYS working days, whose ruling the bureau enters, or it stands as confirmed.
Locks: the agreement, the year, the refusal.
"""

from django.conf import settings
from django.core.files.base import File
from django.db import transaction

from basins.access import Act, viewer_of
from basins.clock import now, today
from basins.links import Link, to
from basins.models import Jurisdiction, Role, User
from basins.services.working_days import add_working_days
from basins.words import day_words
from settlements.accruals.services.nets import in_words, void_signatures
from settlements.models import (
    AmountRefusal,
    RefusalReply,
    Settlement,
)
from settlements.moving.acting import parties_signing, speaks_for
from settlements.moving.acts import NotAllowed, Refused, check, moving, permit
from settlements.moving.documents import checked, kept
from settlements.moving.notify import tell_role, tell_signers
from settlements.years.services.signing import (
    Ground,
    Subject,
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
    until = add_working_days(today(), settings.SIGN_DAYS)
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
        until=until.date,
        provisional=until.provisional,
    )
    if file is not None:
        refusal.scan.name = kept(file, "refusals")
    with moving("raise", by=by, note=refusal.reason):
        refusal.save(force_insert=True)
    words = f"{own}不予确认{settlement}的金额（{in_words(refusal.yuan)}）：{refusal.reason}"
    _tell_others(refusal, "raised", f"{words}；{_until(refusal)}前可答复")
    tell_role(
        Role.Code.BUREAU, key=f"refusal-raised:{refusal.pk}", text=words, link=refusal_link(refusal)
    )
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
    tell_signers(
        [refusal.jurisdiction_id],
        key=f"refusal-answered:{reply.pk}",
        text=f"{own}答复了贵方的不予确认：{refusal.settlement}，{reply.text}",
        link=refusal_link(refusal),
    )
    return reply


@transaction.atomic
def withdraw_refusal(*, refusal: AmountRefusal, by: User) -> AmountRefusal:
    """The party takes its refusal back; it can confirm then."""
    refusal = _locked(refusal)
    check("refusal", "withdraw", refusal.state, refusal.get_state_display())
    _permit_raiser(refusal, by)
    _move(refusal, "withdraw", State.WITHDRAWN, by)
    _tell_others(
        refusal, "withdrawn", f"{refusal.jurisdiction}撤回了{refusal.settlement}的不予确认"
    )
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
        _void(refusal, f"{by}采纳了{refusal.jurisdiction}的不予确认（{refusal.decision}）")
        return refusal
    until = add_working_days(today(), settings.SIGN_DAYS)
    refusal.until, refusal.provisional = until.date, until.provisional
    _move(refusal, event, State.REJECTED, by, refusal.decision)
    tell_signers(
        [refusal.jurisdiction_id],
        key=f"refusal-rejected:{refusal.pk}",
        text=f"市局未采纳贵方的不予确认：{refusal.settlement}，{refusal.decision}；"
        f"{_until(refusal)}前可报共同上级裁定，逾期视为确认",
        link=refusal_link(refusal),
    )
    return refusal


@transaction.atomic
def escalate_refusal(*, refusal: AmountRefusal, by: User) -> AmountRefusal:
    """The party takes it to the parties' common superior, within the deadline."""
    refusal = _locked(refusal)
    check("refusal", "escalate", refusal.state, refusal.get_state_display())
    _permit_raiser(refusal, by)
    if refusal.until < today():
        raise Refused(f"报共同上级的期限已于 {refusal.until} 届满。")
    _move(refusal, "escalate", State.ESCALATED, by)
    words = f"{refusal.jurisdiction}将{refusal.settlement}的金额异议报共同上级裁定"
    _tell_others(refusal, "escalated", words)
    tell_role(
        Role.Code.BUREAU,
        key=f"refusal-escalated:{refusal.pk}",
        text=f"{words}；收到裁定后请登记",
        link=refusal_link(refusal),
    )
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
        _void(refusal, f"共同上级裁定予以更正（{refusal.ruling_document}：{refusal.ruling}）")
        return refusal
    _move(refusal, event, State.UPHELD, by, refusal.ruling)
    sign_for(
        refusal.settlement, Subject.AMOUNT, [refusal.jurisdiction], ground=Ground.RULING,
        digest=_digest(refusal.settlement), by=by, document=refusal.ruling_document,
        reason=refusal.ruling[:500],
    )  # fmt: skip
    _tell_all(refusal, "upheld", f"共同上级裁定{refusal.settlement}的金额维持：{refusal.ruling}")
    return refusal


def lapse_refusals() -> int:
    """Daily: one turned down and not taken further in time stands as confirmed. Returns how many."""
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
    _tell_all(refusal, "upheld", f"{refusal}逾期未报共同上级，金额维持，视为确认")


def refusal_link(refusal: AmountRefusal) -> Link:
    return to("refusal", refusal.pk)


def _void(refusal: AmountRefusal, cause: str) -> None:
    """The year is open again; its data can't be signed until they are corrected."""
    void_signatures(refusal.settlement, cause)
    _tell_all(refusal, "accepted", f"{cause}：{refusal.settlement}更正数据后重新签认")


def _digest(settlement: Settlement) -> str:
    return YearData.of(settlement).amount_digest()


def _permit_raiser(refusal: AmountRefusal, by: User) -> None:
    if refusal.jurisdiction not in speaks_for(viewer_of(by)):
        raise NotAllowed(f"{by} 不代表{refusal.jurisdiction}。")


def _tell_others(refusal: AmountRefusal, what: str, text: str) -> None:
    others = refusal.settlement.nets.exclude(jurisdiction=refusal.jurisdiction_id)
    tell_signers(
        others.values_list("jurisdiction", flat=True),
        key=f"refusal-{what}:{refusal.pk}",
        text=text,
        link=refusal_link(refusal),
    )


def _tell_all(refusal: AmountRefusal, what: str, text: str) -> None:
    _tell_others(refusal, what, text)
    tell_signers(
        [refusal.jurisdiction_id],
        key=f"refusal-{what}:{refusal.pk}",
        text=text,
        link=refusal_link(refusal),
    )


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
