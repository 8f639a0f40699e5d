"""月通报: preparing, signing off and returning a month's publication (design: docs/workflow.md).

One person prepares: the content is frozen with its digest. Another signs off: the content is
drawn again and must be the same; then the accruals are published and each agreement's month
begins its objection period. Locks: agreements by id, the notice, the months.
"""

from collections.abc import Mapping
from datetime import date

from django.conf import settings
from django.db import connection, transaction

from basins.clock import now, today
from basins.links import to
from basins.models import User
from basins.ranges import month_start, next_month
from basins.services.working_days import Calendar, Deadline, add_working_days
from basins.words import day_words, month_words
from settlements.ledger.chain import head as chain_head
from settlements.models import Accrual, Agreement, AgreementMonth, Notice
from settlements.moving.acts import (
    Refused,
    check,
    moving,
    permit,
    refuse_same_person,
)
from settlements.moving.telling import tell, told_together
from settlements.notices.services.content import Drawn, draw

NEW = "新编"


class IncompleteMonth(Refused):
    """The month cannot be published: names the agreements and what each lacks."""

    def __init__(self, month: date, incomplete: Mapping[str, list[str]]) -> None:
        self.incomplete = dict(incomplete)
        words = "；".join(f"{code}：{'、'.join(why)}" for code, why in self.incomplete.items())
        super().__init__(
            f"{month_words(month)}尚不能通报。{words}。请等重算完成或补齐数据，"
            "或写明原因不列入这些协议、以后补发。"
        )


class DataChanged(Refused):
    """Signing off: the database says something else than what was prepared."""


def due_day(month: date) -> date:
    """应发布日: NOTICE_DAY of the next month, or the next working day: 1 SQL query."""
    return due_on_calendar(Calendar([next_month(month).year]), month)


def due_on_calendar(calendar: Calendar, month: date) -> date:
    """As `due_day`, for many months of one calendar."""
    return calendar.add(next_month(month).replace(day=settings.NOTICE_DAY), 0).date


def objection_deadline(published_on: date, days: int) -> Deadline:
    """The last working day on which a party may object: 1 SQL query."""
    return add_working_days(published_on, days)


@transaction.atomic
def prepare_notice(*, month: date, by: User, leave_out: Mapping[str, str] | None = None) -> Notice:
    """Draw up the month's notice for somebody else to sign off.

    `leave_out`: agreement code → why it is not in it; a supplementary notice can follow, and is
    what this makes where the month has been published already. Raises Refused for a month
    that is not over or has nothing to publish, IncompleteMonth where an agreement lacks
    something, NotAllowed.
    """
    move = check("notice", "prepare", "", NEW)
    permit(move, by)
    month = month_start(month)
    if next_month(month) > today():
        raise Refused(f"{month_words(month)}还没有结束，月底之后才能编制。")
    left_out = {code: why.strip() for code, why in (leave_out or {}).items()}
    if unexplained := [code for code, why in left_out.items() if not why]:
        raise Refused(f"请写明不列入的原因：{'、'.join(unexplained)}。")
    lock_agreements()
    # Every agreement is locked: nobody else prepares or signs off just now.
    waiting = Notice.objects.filter(month=month, state=Notice.State.PREPARED).first()
    if waiting is not None:
        raise Refused(f"{waiting}；请先签发或退回。")
    drawn = draw(month, left_out)
    if drawn.incomplete:
        raise IncompleteMonth(month, drawn.incomplete)
    if not drawn.accruals:
        raise Refused(f"{month_words(month)}没有待发布的核算结果。")
    notice = keep_prepared(drawn, by=by)
    tell(
        "notice.prepare",
        to("notice", notice.pk),
        about=notice.pk,
        by=by,
        month=month_words(month),
    )
    return notice


def keep_prepared(drawn: Drawn, *, by: User, due_on: date | None = None) -> Notice:
    """Store what was drawn, in a transaction that locked the agreements before drawing."""
    with moving("prepare", by=by):
        return Notice.objects.create(
            month=drawn.month,
            summary=drawn.summary,
            content=drawn.content,
            digest=drawn.digest,
            ledger_head=ledger_head(),
            due_on=due_on or due_day(drawn.month),
            prepared_by=by,
            prepared_at=now(),
        )


@transaction.atomic
def sign_off_notice(*, notice: Notice, by: User, announce: bool = True) -> Notice:
    """Publish what somebody else prepared: number it, publish its accruals, begin the months.
    `announce` False: the parties are told of several notices at once.

    Raises Refused for one who prepared it or one not waiting, DataChanged where the database
    no longer says what was prepared, NotAllowed. About 20 SQL queries, whatever the size.
    """
    lock_agreements()
    notice = Notice.objects.select_for_update().get(pk=notice.pk)
    move = check("notice", "sign_off", notice.state, str(notice.get_state_display()))
    permit(move, by)
    refuse_same_person("notice", notice.pk, move, by)
    drawn = drawn_again(notice)
    if drawn.incomplete:
        raise IncompleteMonth(notice.month, drawn.incomplete)
    if drawn.digest != notice.digest:
        changed = "、".join(differing(notice.content, drawn.content)) or "通报范围"
        raise DataChanged(f"编制之后数据有变动（{changed}），不能签发；请退回后重新编制。")
    return publish_drawn(notice, drawn, by=by, announce=announce)


def publish_drawn(
    notice: Notice,
    drawn: Drawn,
    *,
    by: User,
    until: Deadline | None = None,
    announce: bool = True,
) -> Notice:
    """Publish a prepared notice with what was drawn for it, in a transaction that locked the
    agreements before drawing."""
    moment, day = now(), today()
    until = until or objection_deadline(day, settings.OBJECTION_DAYS)
    if drawn.months:
        notice.objection_until, notice.provisional = until.date, until.provisional
    with moving("sign_off", by=by):
        notice.state = Notice.State.PUBLISHED
        notice.year, notice.number = day.year, _next_number(day.year)
        notice.published_by, notice.published_at = by, moment
        notice.ledger_head = ledger_head()
        notice.save(
            update_fields=[
                "state", "year", "number", "published_by", "published_at", "ledger_head",
                "objection_until", "provisional",
            ]
        )  # fmt: skip
    Accrual.objects.filter(pk__in=drawn.accruals).update(state=Accrual.State.PUBLISHED)
    with moving("publish", by=by):
        AgreementMonth.objects.bulk_create(
            AgreementMonth(
                agreement_id=agreement,
                month=notice.month,
                notice=notice,
                objection_days=settings.OBJECTION_DAYS,
                objection_until=until.date,
                provisional=until.provisional,
            )
            for agreement in drawn.months
        )
    if announce:
        _tell(notice, drawn, until)
    return notice


@transaction.atomic
def return_notice(*, notice: Notice, reason: str, by: User) -> Notice:
    """Send a prepared notice back; it stays on the record. Raises Refused without a reason."""
    notice = Notice.objects.select_for_update().get(pk=notice.pk)
    move = check("notice", "return", notice.state, str(notice.get_state_display()))
    permit(move, by)
    if not reason.strip():
        raise Refused("请写明退回的理由。")
    with moving("return", by=by, note=reason.strip()):
        notice.state = Notice.State.RETURNED
        notice.save(update_fields=["state"])
    tell(
        "notice.return",
        to("notice", notice.pk),
        about=notice.pk,
        by=by,
        persons=[notice.prepared_by_id],
        month=month_words(notice.month),
        why=reason.strip(),
    )
    return notice


def drawn_again(notice: Notice) -> Drawn:
    """What the database says now of what a notice says."""
    return draw(notice.month, {e["code"]: e["why"] for e in notice.content["left_out"]})


def differing(before: Mapping, after: Mapping) -> list[str]:
    """Titles of the agreements in which two contents differ, in the order of their codes."""
    one = {a["code"]: a for a in before["agreements"]}
    other = {a["code"]: a for a in after["agreements"]}
    return [
        (one.get(code) or other[code])["title"]
        for code in sorted(one.keys() | other.keys())
        if one.get(code) != other.get(code)
    ]


def ledger_head() -> str:
    """The hash of the last entry of the books; '' where nothing is posted yet."""
    head = chain_head()
    return head.hash if head.entries else ""


def lock_agreements() -> None:
    """As the pipeline does, by id: what is drawn stays so until this transaction ends."""
    list(
        Agreement.objects.order_by("pk").select_for_update(no_key=True).values_list("pk", flat=True)
    )


def _next_number(year: int) -> int:
    with connection.cursor() as cursor:
        # The trigger takes the same lock before it looks whether the number follows.
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext('settlements_notice'))")
    last = (
        Notice.objects.filter(year=year)
        .order_by("-number")
        .values_list("number", flat=True)
        .first()
    )
    return (last or 0) + 1


@told_together()
def _tell(notice: Notice, drawn: Drawn, until: Deadline) -> None:
    """Each party's officials once, with how many of its agreements the notice begins."""
    agreements: dict[int, int] = {}
    for parties in drawn.parties.values():
        for jurisdiction in parties:
            agreements[jurisdiction] = agreements.get(jurisdiction, 0) + 1
    by_count: dict[int, list[int]] = {}
    for jurisdiction, count in agreements.items():
        by_count.setdefault(count, []).append(jurisdiction)
    for count, concerned in sorted(by_count.items()):
        tell(
            "notice.sign_off",
            to("notice", notice.pk),
            about=notice.pk,
            parties=concerned,
            notice=notice,
            count=count,
            until=f"{day_words(until.date)}{'（暂定）' if until.provisional else ''}",
        )
