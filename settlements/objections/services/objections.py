"""异议: raising one, evidence, answers, withdrawing. Decisions are in objections.services.decisions.

Locks are taken in the order of the pipeline: the section-month's mark (where data changes),
the agreement, the month, the objection.
"""

from collections.abc import Iterable, Sequence
from datetime import date, datetime

from django.core.files.base import File
from django.db import IntegrityError, transaction
from django.utils import timezone

from basins.access import Act, Scope, viewer_of
from basins.clock import now, today
from basins.links import to
from basins.models import Jurisdiction, User
from basins.ranges import year_start
from basins.services.working_days import add_working_days
from basins.words import day_words
from monitoring.assessment.services.assessment import month_bounds
from monitoring.models import Section
from monitoring.screening.services.verdicts import ReadingKey, named, readings_at
from settlements.models import (
    Accrual,
    Agreement,
    AgreementMonth,
    Evidence,
    Objection,
    ObjectionReading,
    ObjectionReply,
)
from settlements.moving.acting import party_signing, with_own_person
from settlements.moving.acts import NotAllowed, Refused, check, moving
from settlements.moving.parties_of_month import confirming
from settlements.moving.telling import tell
from settlements.objections.kinds import BY_CODE, GROUNDS, ObjectionKind, with_ground
from settlements.objections.services.evidence import keep_file

State = Objection.State
MonthState = AgreementMonth.State
LONGEST = 2000
MOST_READINGS = 200


@transaction.atomic
def raise_objection(
    *,
    month: AgreementMonth,
    by: User,
    kind: str,
    section: Section,
    reason: str,
    readings: Iterable[ReadingKey] = (),
    files: Iterable[tuple[str, File]] = (),
    ground: str = "",
    party: Jurisdiction | None = None,
    document: str = "",
) -> Objection:
    """A party objects to a published month, within its objection period.

    `party` with `document`: the bureau enters it for one without a person of its own. `files`:
    (item of the kind's evidence, file), those that are 必需 among them, but for a kind that
    proves within its days. Raises NotAllowed, Refused, EvidenceMissing and DocumentRefused.
    """
    month, files = locked_month(month), list(files)
    own = _party(month, by, party, document)
    keys = sorted(set(readings))
    said = examine(
        month=month, own=own, kind=kind, section=section, reason=reason, keys=keys, ground=ground
    )
    rules = BY_CODE[kind]
    _refuse_unproved(rules, {item for item, _ in files})
    until = add_working_days(today(), rules.days)
    note = f"代{own}登记，文号 {document.strip()}" if party is not None else ""
    objection = Objection(
        month=month,
        jurisdiction=own,
        kind=kind,
        section=section,
        reason=said,
        raised_by=by,
        raised_at=now(),
        evidence_until=until.date,
        provisional=until.provisional,
    )
    try:
        with transaction.atomic(), moving("raise", by=by, note=note):
            objection.save()
    except IntegrityError as clash:
        if "objection_one_open" not in str(clash):
            raise
        raise Refused(
            f"{own}对{section}该月的“{rules.title}”异议尚在处理中，请在其中补充。"
        ) from clash
    _keep_readings(objection, keys)
    if month.state == MonthState.PUBLISHED:
        with moving("object", by=by, note=note):
            month.state = MonthState.OBJECTED
            month.save(update_fields=["state"])
    for item, file in files:
        keep_file(objection, item, file, own, by)
    tell_of(objection, "objection.raise", by, own=own, month=month, kind=rules.title)
    return objection


class EvidenceMissing(Refused):
    """An objection without the evidence that it must come with; the message names it."""


def _refuse_unproved(rules: ObjectionKind, given: set[str]) -> None:
    missing = [item.title for item in rules.required if item.key not in given]
    if missing and not rules.proves_later:
        raise EvidenceMissing(f"“{rules.title}”须附必需的证据：{'、'.join(missing)}。")


def examine(
    *,
    month: AgreementMonth,
    own: Jurisdiction,
    kind: str,
    section: Section,
    reason: str,
    keys: Sequence[ReadingKey] = (),
    ground: str = "",
) -> str:
    """Whether the party may object so; returns the reason as it is kept. Raises Refused."""
    rules = BY_CODE.get(kind)
    if rules is None:
        raise Refused(f"没有这种异议；可选：{'、'.join(k.title for k in BY_CODE.values())}。")
    if month.state != MonthState.OBJECTED:
        check("month", "object", month.state, str(month.get_state_display()))
    if today() > month.objection_until:
        raise Refused(
            f"{month}的异议期已于 {month.objection_until.year}年"
            f"{day_words(month.objection_until)}截止，不能再提异议。"
        )
    if month.confirmations.filter(jurisdiction=own).exists():
        raise Refused(f"{own}已确认{month}，不能再提异议。")
    upstream = {a.term_section.upstream_id for a in accruals_of(month, section)}
    if not upstream:
        raise Refused(f"{section}不是{month}核算的断面；请改选断面。")
    own_sections = {a.term_section.section_id for a in bordered(accruals_of(month), own.pk)}
    if section.pk not in own_sections:
        raise Refused(f"{section}不是{own}的交界断面，也没有其收付；请改选断面。")
    if rules.upstream_only and own.pk not in upstream:
        raise Refused(f"“{rules.title}”只能由断面的上游方提出；可改提“数据有误”。")
    said = reason.strip()
    if not said or len(said) > LONGEST:
        raise Refused(f"请写明理由（至多 {LONGEST} 字）：哪些数据、何处不对、依据什么。")
    if rules.needs_readings and not keys:
        raise Refused("请选出有异议的数据，至少一条。")
    if len(keys) > MOST_READINGS:
        raise Refused(f"一次至多选 {MOST_READINGS} 条数据；整月有误请写在理由里。")
    first, end = bounds_of(month, section)
    for key in keys:
        if not first <= key.sampled_at < end or readings_at(section, key) is None:
            raise Refused(f"{named(section, key)}不是该期的数据；请从列表中选择。")
    if not rules.needs_ground:
        return said
    if ground not in GROUNDS:
        raise Refused(f"请选剔除的事由：{'、'.join(GROUNDS.values())}。")
    return with_ground(ground, said)


@transaction.atomic
def add_evidence(
    *,
    objection: Objection,
    by: User,
    item: str,
    file: File,
    party: Jurisdiction | None = None,
    document: str = "",
) -> Evidence:
    """A file to the list of evidence: by either party until the deadline, by the bureau until
    the decision. The same content for the same item is kept once a side. Raises DocumentRefused, Refused."""
    objection = locked(objection)
    own = speaker(objection, by, party, document)
    refuse_decided(objection, "补充证据")
    if own is not None:
        refuse_late(objection, "举证")
    return keep_file(objection, item, file, own, by)


@transaction.atomic
def reply(
    *,
    objection: Objection,
    by: User,
    text: str,
    party: Jurisdiction | None = None,
    document: str = "",
) -> ObjectionReply:
    """What a side says. The other party's first words are its answer, by the deadline; any
    others are remarks, until the decision. The same words of the same side again change
    nothing. Raises NotAllowed, Refused."""
    objection = locked(objection)
    own = speaker(objection, by, party, document)
    said = text.strip()
    if not said or len(said) > LONGEST:
        raise Refused(f"请写明内容（至多 {LONGEST} 字）。")
    note = f"代{own}登记，文号 {document.strip()}" if party is not None else ""
    said = f"{said}（{note}）" if note else said
    same = objection.replies.filter(jurisdiction=own, text=said).first()
    if same is not None:
        return same
    refuse_decided(objection, "答复")
    answers = own is not None and own.pk != objection.jurisdiction_id
    first = answers and objection.state == State.RAISED
    if first:
        refuse_late(objection, "答复")
        with moving("answer", by=by, note=note):
            objection.state = State.ANSWERED
            objection.save(update_fields=["state"])
    made = ObjectionReply.objects.create(
        objection=objection,
        kind=ObjectionReply.Kind.ANSWER if first else ObjectionReply.Kind.REMARK,
        jurisdiction=own,
        text=said,
        by=by,
        at=now(),
    )
    event = "objection.answer" if first else "objection.remark"
    tell_of(objection, event, by, own=own, again=True)
    return made


@transaction.atomic
def withdraw_objection(
    *,
    objection: Objection,
    by: User,
    why: str = "",
    party: Jurisdiction | None = None,
    document: str = "",
) -> Objection:
    """By its raiser; the last one withdrawn opens the month again. Raises NotAllowed, Refused."""
    objection = locked(objection)
    own = speaker(objection, by, party, document)
    if own is None or own.pk != objection.jurisdiction_id:
        raise NotAllowed(f"{by} 不是提出方，不能撤回异议。")
    check("objection", "withdraw", objection.state, str(objection.get_state_display()))
    note = why.strip()[:LONGEST]
    with moving("withdraw", by=by, note=note):
        objection.state = State.WITHDRAWN
        objection.save(update_fields=["state"])
    settle_month(objection.month, by)
    tell_of(objection, "objection.withdraw", by, own=own)
    return objection


def settle_month(month: AgreementMonth, by: User) -> None:
    """After an objection ended: the month is decided once all are, or open again."""
    if month.objections.filter(state__in=Objection.OPEN).exists():
        return
    decided = month.objections.filter(state__in=[State.ACCEPTED, State.REJECTED]).exists()
    event, target = (
        ("decide", MonthState.DECIDED) if decided else ("withdraw", MonthState.PUBLISHED)
    )
    check("month", event, month.state, str(month.get_state_display()))
    with moving(event, by=by):
        month.state = target
        month.save(update_fields=["state"])


@transaction.atomic
def refresh_evidence_deadlines() -> int:
    """After a change of the calendar: the deadlines of open objections, by their rule.

    A deadline is never moved into the past. Each move is told to both sides and the bureau.
    Returns how many are different.
    """
    changed = 0
    waiting = Objection.objects.filter(state__in=Objection.OPEN)
    # All agreements first, by id as everywhere: objections come in another order.
    list(
        Agreement.objects.filter(pk__in=waiting.order_by().values("month__agreement"))
        .order_by("pk")
        .select_for_update(no_key=True)
        .values_list("pk", flat=True)
    )
    for objection in waiting.order_by("pk"):
        objection = locked(objection)
        if objection.state not in Objection.OPEN:
            continue
        found = add_working_days(
            timezone.localdate(objection.raised_at), BY_CODE[objection.kind].days
        )
        until = found.date if found.date >= today() else objection.evidence_until
        if (until, found.provisional) == (objection.evidence_until, objection.provisional):
            continue
        before = objection.evidence_until
        objection.evidence_until, objection.provisional = until, found.provisional
        objection.save(update_fields=["evidence_until", "provisional"])
        changed += 1
        if before != until:
            _tell_moved(objection, before)
    return changed


def _tell_moved(objection: Objection, before: date) -> None:
    tell_of(
        objection,
        "objection.deadline",
        again=True,
        before=day_words(before),
        until=day_words(objection.evidence_until),
    )


# What everyone here asks ------------------------------------------------------------------


def accruals_of(month: AgreementMonth, section: Section | None = None) -> list[Accrual]:
    """What the month published: its monthly accruals, and with December the yearly ones."""
    found = Accrual.objects.filter(
        term__agreement=month.agreement_id, period=month.month, yearly=False
    )
    if month.month.month == 12:
        found |= Accrual.objects.filter(
            term__agreement=month.agreement_id, period=year_start(month.month.year), yearly=True
        )
    if section is not None:
        found = found.filter(term_section__section=section)
    return list(
        found.exclude(state__in=Accrual.OPEN)
        .select_related("term_section__section", "term_section__upstream")
        .defer("steps", "inputs", "term_section__upstream__boundary")
        .prefetch_related("transfers")
        .order_by("pk")
    )


def bordered(accruals: Sequence[Accrual], place: int) -> list[Accrual]:
    """Those at whose section the party (by id) is a side, pays or is paid; all of them, for a
    party that is at none: it is in the agreement as a whole."""
    own = [
        a
        for a in accruals
        if place in (a.term_section.upstream_id, a.term_section.downstream_id)
        or any(place in (t.payer_id, t.payee_id) for t in a.transfers.all())
    ]
    return own or list(accruals)


def bounds_of(month: AgreementMonth, section: Section) -> tuple[datetime, datetime]:
    """[start, end) of the readings the month's result rests on: the year, where it was settled
    for the year."""
    first, end = month_bounds(month.month)
    if any(accrual.yearly for accrual in accruals_of(month, section)):
        first, _ = month_bounds(year_start(month.month.year))
    return first, end


def speaker(
    objection: Objection, by: User, party: Jurisdiction | None = None, document: str = ""
) -> Jurisdiction | None:
    """Which party `by` speaks for; None for the bureau itself. Raises NotAllowed, Refused."""
    viewer = viewer_of(by)
    if viewer.may(Act.DECIDE) and party is None:
        return None
    return _party(objection.month, by, party, document)


def absent_parties(month: AgreementMonth) -> list[Jurisdiction]:
    """Parties of the month for whom the bureau may enter what they wrote."""
    parties = [p.jurisdiction for p in confirming(month.agreement_id, month.month)]
    with_person = with_own_person(parties)
    return [place for place in parties if place.pk not in with_person]


def refuse_decided(objection: Objection, what: str) -> None:
    if objection.state not in Objection.OPEN:
        raise Refused(f"异议{objection.get_state_display()}，不能再{what}。")


def refuse_late(objection: Objection, what: str) -> None:
    if today() > objection.evidence_until:
        raise Refused(
            f"{what}期限已于 {objection.evidence_until.year}年"
            f"{day_words(objection.evidence_until)}届满；可写补充说明，由市局斟酌。"
        )


def locked_month(month: AgreementMonth) -> AgreementMonth:
    """The month and its agreement, locked in that order, as they are now."""
    Agreement.objects.select_for_update(no_key=True).get(pk=month.agreement_id)
    return (
        AgreementMonth.objects.select_related("agreement")
        .select_for_update(of=("self",))
        .get(pk=month.pk)
    )


def locked(objection: Objection) -> Objection:
    """Agreement, month and objection, locked in that order, as they are now."""
    month = locked_month(AgreementMonth.objects.get(pk=objection.month_id))
    found = (
        Objection.objects.select_related("jurisdiction", "section")
        .defer("jurisdiction__boundary")
        .select_for_update(of=("self",))
        .get(pk=objection.pk)
    )
    found.month = month
    return found


def tell_of(
    objection: Objection,
    event: str,
    by: User | None = None,
    *,
    own: Jurisdiction | None = None,
    again: bool = False,
    **said,
) -> None:
    """Of a step of an objection: the month's parties among those the table names; `own` acted,
    or the bureau for itself."""
    month = objection.month
    tell(
        event,
        to("objection", objection.pk),
        about=objection.pk,
        by=by,
        parties=[p.jurisdiction_id for p in confirming(month.agreement_id, month.month)],
        own=own.pk if own else None,
        again=again,
        objection=objection,
        party=own or "市局",
        **said,
    )


def _party(
    month: AgreementMonth, by: User, party: Jurisdiction | None, document: str
) -> Jurisdiction:
    """The party of that month that `by` speaks for."""
    viewer = viewer_of(by)
    if party is None and viewer.scope(Act.OBJECT) is not Scope.OWN:
        raise NotAllowed(f"{by} 不代表本协议的任何一方。")
    own = party_signing(agreement=month.agreement, by=by, party=party, document=document)
    if own.pk not in {p.jurisdiction_id for p in confirming(month.agreement_id, month.month)}:
        raise NotAllowed(f"{own}不是{month}的一方。")
    return own


def _keep_readings(objection: Objection, keys: Sequence[ReadingKey]) -> None:
    rows = []
    for key in keys:
        reading = readings_at(objection.section, key)
        assert reading is not None  # examined
        rows.append(
            ObjectionReading(
                objection=objection,
                indicator_id=reading.indicator_id,
                sampled_at=key.sampled_at,
                origin=key.origin,
                value=reading.value,
            )
        )
    ObjectionReading.objects.bulk_create(rows)
