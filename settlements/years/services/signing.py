"""签认: a year's parties sign its data and then its amounts by a day, or are spoken for.

A party signs by its own person, or on paper that the bureau enters with the document's number and
scan (代为登记): where nobody here acts for it, or where its person let the deadline pass, who is
told. Who stays silent after being reminded (催办) lapses into what the terms say: confirmed by
the system, or decided by the bureau. Locks: the agreement, then the year.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from django.conf import settings
from django.core.files.base import File
from django.db import transaction
from django.db.models import Min

from basins.access import Act, viewer_of
from basins.clock import now, today
from basins.links import Link, to
from basins.models import Jurisdiction, User
from basins.ranges import year_start
from basins.services.working_days import Calendar, add_working_days
from basins.words import day_words
from settlements.models import (
    AmountRefusal,
    Reminder,
    Settlement,
    SettlementSignature,
    StateMove,
    Term,
)
from settlements.moving.acting import parties_signing
from settlements.moving.acts import NotAllowed, Refused, check, moving
from settlements.moving.documents import Document, checked, kept
from settlements.moving.telling import tell, tell_of_year, told_together
from settlements.years.services.locking import locked
from settlements.years.services.year_data import NotReady, refuse_unready

State = Settlement.State
Subject = SettlementSignature.Subject
Ground = SettlementSignature.Ground
# What is to be signed in which state, and the event by which the last signature moves the year on.
SUBJECTS = {State.OPEN: Subject.DATA, State.SIGNED: Subject.AMOUNT}
EVENTS = {Subject.DATA: "sign_data", Subject.AMOUNT: "confirm"}
NEXT = {Subject.DATA: State.SIGNED, Subject.AMOUNT: State.CONFIRMED}
ASKS = {Subject.DATA: "settlement.signing_due", Subject.AMOUNT: "settlement.sign_data"}
DAYS = ["sign_from", "sign_days", "sign_until", "sign_provisional"]
WORDS = {Subject.DATA: "签认年度数据", Subject.AMOUNT: "确认年度金额"}


@transaction.atomic
@told_together()
def sign_data(*, settlement: Settlement, by: User, **given) -> Settlement:
    """A party signs the year's data, before the amounts; the last one moves the year on.

    `party`, or several `parties` of one letter (`document`, `scan`), are entered for by the bureau.
    Raises NotReady naming the months that are not final. Source: 新安江 (domain.md §8a).
    """
    settlement = locked(settlement)
    check("settlement", "sign_data", settlement.state, settlement.get_state_display())
    digest = digest_to_sign(settlement, Subject.DATA)
    return _sign(settlement, Subject.DATA, digest, by, **given)


@transaction.atomic
@told_together()
def confirm_amounts(*, settlement: Settlement, by: User, **given) -> Settlement:
    """A party confirms the year's amounts; the last one moves the year on. Arguments as
    sign_data's. Raises NotReady while something of the year is being corrected."""
    settlement = locked(settlement)
    check("settlement", "confirm", settlement.state, settlement.get_state_display())
    digest = digest_to_sign(settlement, Subject.AMOUNT)
    return _sign(settlement, Subject.AMOUNT, digest, by, **given)


def unsigned(settlement: Settlement, subject: str) -> list[Jurisdiction]:
    """Parties of the year whose valid signature is missing, in their order."""
    have = settlement.signatures.filter(subject=subject, void_at__isnull=True)
    return list(
        Jurisdiction.objects.filter(pk__in=settlement.nets.values("jurisdiction"))
        .exclude(pk__in=have.values("jurisdiction"))
        .defer("boundary")
        .order_by("code")
    )


def is_overdue(settlement: Settlement) -> bool:
    """Whether the day by which the parties were to sign is over."""
    return settlement.sign_until is not None and settlement.sign_until < today()


def _sign(
    settlement: Settlement,
    subject: Subject,
    digest: str,
    by: User,
    *,
    party: Jurisdiction | None = None,
    parties: Sequence[Jurisdiction] = (),
    document: str = "",
    scan: File | None = None,
) -> Settlement:
    words = Subject(subject).label
    left = unsigned(settlement, subject)
    named = parties or (party,)
    signing = parties_signing(
        agreement=settlement.agreement,
        by=by,
        parties=named,
        document=document,
        act=Act.SIGN_YEAR,
        overdue=is_overdue(settlement),
    )
    for own in signing:
        if own not in left:
            raise Refused(f"{own}已签认{words}，或不是该年的一方。")
        left.remove(own)
    _refuse_while_refused(settlement, signing, subject)
    on_paper = viewer_of(by).may(Act.CONFIRM_FOR)
    file = checked(scan) if scan is not None else None
    ground = Ground.PAPER if on_paper else Ground.OWN
    sign_for(
        settlement, subject, signing, ground=ground, digest=digest, by=by,
        document=document.strip(), file=file,
    )  # fmt: skip
    if on_paper:
        _tell_entered_for(settlement, subject, signing, by, document)
    return settlement


def sign_for(
    settlement: Settlement,
    subject: Subject,
    parties: Iterable[Jurisdiction],
    *,
    ground: Ground,
    digest: str,
    by: User | None,
    document: str = "",
    reason: str = "",
    file: Document | None = None,
) -> None:
    """Keep the signatures; where they are the last, the year moves on. `by` None: the system.
    Called with the year locked."""
    nets = dict(settlement.nets.values_list("jurisdiction_id", "yuan"))
    moment = now()
    for own in parties:
        signature = SettlementSignature(
            settlement=settlement,
            jurisdiction=own,
            subject=subject,
            digest=digest,
            yuan=nets.get(own.pk),
            ground=ground,
            document=document,
            reason=reason,
            scan_name=file.name if file else "",
            scan_sha256=file.sha256 if file else "",
            by=by,
            at=moment,
        )
        if file is not None:
            signature.scan.name = kept(file, "signatures")
        signature.save()
    move_on(settlement, subject, by)


def move_on(settlement: Settlement, subject: Subject, by: User | None) -> None:
    """To the next state once every party has signed and no refusal is open."""
    if unsigned(settlement, subject) or settlement.refusals.filter(state__in=AmountRefusal.OPEN):
        return
    settlement.state = NEXT[subject]
    asked = settlement.state == State.SIGNED
    _give_days(settlement) if asked else _take_days(settlement)
    with moving(EVENTS[subject] if by is not None else "lapse", by=by):
        settlement.save()
    if asked:
        ask_to_sign(settlement, "settlement.sign_data", by)
    else:
        tell_of_year("settlement.confirm", settlement, by=by)


def _give_days(settlement: Settlement) -> None:
    """SIGN_DAYS from today."""
    settlement.sign_from, settlement.sign_days = today(), settings.SIGN_DAYS
    due = add_working_days(settlement.sign_from, settlement.sign_days)
    settlement.sign_until, settlement.sign_provisional = due.date, due.provisional


def _take_days(settlement: Settlement) -> None:
    settlement.sign_from = settlement.sign_days = settlement.sign_until = None
    settlement.sign_provisional = False


def ask_to_sign(settlement: Settlement, event: str, by: User | None = None) -> None:
    """The people of each party that has not signed are told by when."""
    subject = SUBJECTS[State(settlement.state)]
    tell(
        event,
        year_link(settlement),
        about=settlement.pk,
        by=by,
        parties=[place.pk for place in unsigned(settlement, subject)],
        again=True,
        settlement=settlement,
        until=_until(settlement),
    )


def year_link(settlement: Settlement) -> Link:
    return to("settlement", settlement.agreement.code, settlement.year)


# Silence -----------------------------------------------------------------------------------


@transaction.atomic
def remind_to_sign(*, settlement: Settlement, party: Jurisdiction, by: User) -> Reminder:
    """催办 a party that has not signed, once a day. Raises Refused where there is no need, or it
    could not sign just now."""
    if not viewer_of(by).may(Act.CONFIRM_FOR):
        raise NotAllowed(f"{by} 不能催办年度签认。")
    settlement = locked(settlement)
    subject = SUBJECTS.get(State(settlement.state))
    if subject is None or party not in unsigned(settlement, subject):
        raise Refused(f"{party}无须签认，不必催办。")
    if settlement.sign_until is None:
        raise Refused(f"{settlement}尚未到签认的时候，不必催办。")
    refuse_unready(settlement)
    reminder, made = Reminder.objects.get_or_create(
        thing="settlement",
        object_id=settlement.pk,
        jurisdiction=party,
        day=today(),
        defaults={"by": by, "at": now()},
    )
    if not made:
        raise Refused(f"今天已经催办过{party}（{reminder.by}），明天可再催办。")
    until = silences_of(settlement, [party])[party].until
    means = silence_of(settlement)
    tell(
        "settlement.remind",
        year_link(settlement),
        about=f"{settlement.pk}:{party.pk}:{today()}",
        by=by,
        parties=[party.pk],
        settlement=settlement,
        what=WORDS[subject],
        until=_day(until) if until else "",
        means=means.label,
    )
    return reminder


def silence_of(settlement: Settlement) -> Term.Silence:
    """What a party's silence means, by the terms in force at the year's end: decided by the
    bureau unless all say that it confirms. 1 SQL query."""
    last = date(settlement.year, 12, 31)
    words = set(
        Term.objects.filter(
            agreement=settlement.agreement_id,
            in_force__overlap=(year_start(settlement.year), date(settlement.year + 1, 1, 1)),
        )
        .order_by()
        .values_list("silence", "in_force")
    )
    at_end = {word for word, span in words if last in span} or {word for word, _ in words}
    return Term.Silence.CONFIRM if at_end == {"confirm"} else Term.Silence.DECIDE


@dataclass(frozen=True, slots=True)
class Silence:
    """How long a reminded party can still speak, its last day (None: it was not reminded about
    what is to be signed now), and whether its silence has its meaning by now."""

    until: date | None = None
    is_over: bool = False


def silences_of(
    settlement: Settlement, parties: Collection[Jurisdiction]
) -> dict[Jurisdiction, Silence]:
    """Of each party: 5 SQL queries, whatever the parties. The deadline is never cut short, and
    who refuses is not silent."""
    deadline = settlement.sign_until
    if deadline is None or not parties:
        return {party: Silence() for party in parties}
    reminders = Reminder.objects.filter(
        thing="settlement",
        object_id=settlement.pk,
        jurisdiction__in=[party.pk for party in parties],
    )
    if (asked_at := _asked_at(settlement)) is not None:
        reminders = reminders.filter(at__gte=asked_at)
    if settlement.sign_from is not None:  # what was asked before it came to rest counts no more
        reminders = reminders.filter(day__gte=settlement.sign_from)
    reminded = dict(reminders.order_by().values_list("jurisdiction").annotate(since=Min("day")))
    refusing = set(
        settlement.refusals.filter(state__in=AmountRefusal.OPEN).values_list(
            "jurisdiction_id", flat=True
        )
    )
    calendar = Calendar({day.year for day in reminded.values()})
    found = {}
    for party in parties:
        if (since := reminded.get(party.pk)) is None:
            found[party] = Silence()
            continue
        until = max(calendar.add(since, settings.SILENCE_DAYS).date, deadline)
        found[party] = Silence(until, until < today() and party.pk not in refusing)
    return found


def _asked_at(settlement: Settlement):
    """From when on what is to be signed now could be signed: the newest step of the year since it
    was computed, or the newest signature that became void; None where there is neither, and every
    reminder is of what is to be signed first."""
    move = (
        StateMove.objects.filter(thing="settlement", object_id=settlement.pk)
        .exclude(source="")
        .order_by("-pk")
        .values_list("at", flat=True)
        .first()
    )
    void = (
        settlement.signatures.filter(void_at__isnull=False)
        .order_by("-void_at")
        .values_list("void_at", flat=True)
        .first()
    )
    return max((moment for moment in (move, void) if moment is not None), default=None)


def is_silent(settlement: Settlement, party: Jurisdiction) -> bool:
    """Whether the party's silence has its meaning by now: reminded, and the days are over."""
    return silences_of(settlement, [party])[party].is_over


@transaction.atomic
def decide_silent(*, settlement: Settlement, party: Jurisdiction, by: User, reason: str) -> None:
    """The bureau decides for a party that stayed silent, with the reason. Raises Refused where it
    may still speak, or its silence confirms by itself."""
    if not viewer_of(by).may(Act.DECIDE):
        raise NotAllowed(f"{by} 不能代为决定。")
    settlement = locked(settlement)
    subject = SUBJECTS.get(State(settlement.state))
    if subject is None or party not in unsigned(settlement, subject):
        raise Refused(f"{party}无须签认。")
    if not reason.strip():
        raise Refused("市局决定须写明理由。")
    if not is_silent(settlement, party):
        raise Refused(f"{party}尚可自行表态；须先催办，期满仍不表态的才能由市局决定。")
    if silence_of(settlement) == Term.Silence.CONFIRM:
        raise Refused(f"条款规定{party}逾期视为确认，由系统办理，无须决定。")
    digest = digest_to_sign(settlement, subject)
    sign_for(
        settlement, subject, [party], ground=Ground.DECISION, digest=digest, by=by,
        reason=reason.strip(),
    )  # fmt: skip
    tell(
        "settlement.decide_silent",
        year_link(settlement),
        about=f"{settlement.pk}:{party.pk}",
        by=by,
        parties=[party.pk],
        again=True,
        settlement=settlement,
        what=WORDS[subject],
        reason=reason.strip(),
    )


def lapse_years() -> int:
    """Daily: deadlines begin where a year can be signed, and rest where it can't any more; silence
    that confirms does. Returns how many parties lapsed. Run again it does nothing."""
    _rest_deadlines()
    _begin_deadlines()
    lapsed = 0
    for pk in (
        Settlement.objects.filter(state__in=list(SUBJECTS), sign_until__lt=today())
        .order_by("pk")
        .values_list("pk", flat=True)
    ):
        lapsed += _lapse_year(pk)
    return lapsed


@transaction.atomic
def _lapse_year(pk: int) -> int:
    settlement = locked(Settlement.objects.get(pk=pk))
    subject = SUBJECTS.get(State(settlement.state))
    if subject is None or silence_of(settlement) != Term.Silence.CONFIRM:
        return 0
    silences = silences_of(settlement, unsigned(settlement, subject))
    silent = [place for place, silence in silences.items() if silence.is_over]
    if not silent:
        return 0
    try:
        digest = digest_to_sign(settlement, subject)
    except NotReady:  # something of it is being corrected: it can't be signed by anybody just now
        return 0
    sign_for(settlement, subject, silent, ground=Ground.LAPSE, digest=digest, by=None)
    tell(
        "settlement.lapse",
        year_link(settlement),
        about=settlement.pk,
        parties=[place.pk for place in silent],
        again=True,
        settlement=settlement,
        what=WORDS[subject],
    )
    return len(silent)


def _rest_deadlines() -> None:
    """Nobody is silent about what may not be signed: a year of which something is being corrected
    has no day. It gets another one, whole, when that is decided."""
    for pk in (
        Settlement.objects.filter(state__in=list(SUBJECTS), sign_until__isnull=False)
        .order_by("pk")
        .values_list("pk", flat=True)
    ):
        _rest_deadline(pk)


@transaction.atomic
def _rest_deadline(pk: int) -> None:
    settlement = locked(Settlement.objects.get(pk=pk))
    try:
        refuse_unready(settlement)
    except NotReady:
        _take_days(settlement)
        settlement.save(update_fields=DAYS)


def _begin_deadlines() -> None:
    """Years that are over and can be signed get their day, and the parties are asked."""
    for pk in (
        Settlement.objects.filter(state__in=list(SUBJECTS), sign_until=None, year__lt=today().year)
        .filter(nets__isnull=False)
        .distinct()
        .order_by("pk")
        .values_list("pk", flat=True)
    ):
        begin_deadline(pk)


@transaction.atomic
def begin_deadline(pk: int) -> None:
    settlement = locked(Settlement.objects.get(pk=pk))
    try:
        refuse_unready(settlement)
    except NotReady:
        return
    _give_days(settlement)
    settlement.save(update_fields=DAYS)
    ask_to_sign(settlement, ASKS[SUBJECTS[State(settlement.state)]])


@transaction.atomic
def refresh_sign_days() -> int:
    """After a change of the calendar: the days by which parties sign are counted again; none is
    moved into the past, and who has not signed is told. Returns how many moved."""
    calendar, moved = Calendar(), 0
    for found in Settlement.objects.filter(
        state__in=list(SUBJECTS), sign_until__gte=today(), sign_from__isnull=False
    ).order_by("agreement", "year"):
        settlement = locked(found)
        if settlement.sign_from is None or settlement.sign_days is None:
            continue  # it came to rest meanwhile
        deadline = calendar.add(settlement.sign_from, settlement.sign_days)
        until = deadline.date if deadline.date >= today() else settlement.sign_until
        if (until, deadline.provisional) == (settlement.sign_until, settlement.sign_provisional):
            continue
        before, moves = _until(settlement), until != settlement.sign_until
        settlement.sign_until, settlement.sign_provisional = until, deadline.provisional
        settlement.save(update_fields=DAYS)
        moved += 1
        if moves:
            _tell_moved(settlement, before)
    return moved


def _tell_moved(settlement: Settlement, before: str) -> None:
    subject = SUBJECTS[State(settlement.state)]
    tell(
        "settlement.deadline",
        year_link(settlement),
        about=settlement.pk,
        parties=[place.pk for place in unsigned(settlement, subject)],
        again=True,
        settlement=settlement,
        what=WORDS[subject],
        before=before,
        until=_until(settlement),
    )


def digest_to_sign(settlement: Settlement, subject: Subject) -> str:
    """Of what is signed now. Raises NotReady for what can't be, or is being corrected."""
    data = refuse_unready(settlement)
    return data.digest() if subject == Subject.DATA else data.amount_digest()


def _refuses(settlement: Settlement, party: Jurisdiction) -> bool:
    return settlement.refusals.filter(jurisdiction=party, state__in=AmountRefusal.OPEN).exists()


def _refuse_while_refused(
    settlement: Settlement, signing: Iterable[Jurisdiction], subject: Subject
) -> None:
    """Who refuses takes that back before it confirms."""
    for own in signing if subject == Subject.AMOUNT else ():
        if _refuses(settlement, own):
            raise Refused(f"{own}的不予确认尚在处理中；要确认请先撤回。")


def _tell_entered_for(
    settlement: Settlement,
    subject: Subject,
    parties: Iterable[Jurisdiction],
    by: User,
    document: str,
) -> None:
    """What was entered in a party's name is told to its own people, where it has some."""
    tell(
        "settlement.entered",
        year_link(settlement),
        about=settlement.pk,
        by=by,
        parties=[place.pk for place in parties],
        again=True,
        settlement=settlement,
        what=WORDS[subject],
        document=document.strip(),
    )


def _until(settlement: Settlement) -> str:
    assert settlement.sign_until is not None
    return f"{_day(settlement.sign_until)}{'（暂定）' if settlement.sign_provisional else ''}"


def _day(day: date) -> str:
    return f"{day.year}年{day_words(day)}"
