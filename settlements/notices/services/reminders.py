"""已读 and 催办: who opened a notice, and reminding who has not done their part."""

from datetime import date

from django.db import transaction

from basins.access import viewer_of
from basins.clock import now, today
from basins.links import Link, to
from basins.models import Jurisdiction, User
from basins.words import day_words
from settlements.models import AgreementMonth, Notice, NoticeReceipt, Reminder
from settlements.moving.acts import Refused, check, permit
from settlements.moving.notify import month_link
from settlements.moving.parties_of_month import confirming
from settlements.moving.telling import tell


def note_receipt(*, notice: Notice, by: User) -> bool:
    """A party's official opened a published notice; whether it was the first time.

    Nothing for anybody else. At most 3 SQL queries.
    """
    viewer = viewer_of(by)
    if notice.state != Notice.State.PUBLISHED or viewer.role != "district":
        return False
    if viewer.jurisdiction_code not in {p["code"] for p in notice.content["parties"]}:
        return False
    _, made = NoticeReceipt.objects.get_or_create(
        notice=notice,
        by=by,
        defaults={"jurisdiction_id": viewer.jurisdiction_id, "at": now()},
    )
    return made


@transaction.atomic
def remind_to_read(*, notice: Notice, jurisdiction: Jurisdiction, by: User) -> Reminder:
    """催办 a party that has not opened the notice. Raises Refused where it has, or today already."""
    if notice.state != Notice.State.PUBLISHED:
        raise Refused("月通报尚未发布，无须催办。")
    if jurisdiction.code not in {p["code"] for p in notice.content["parties"]}:
        raise Refused(f"{jurisdiction}不在这份月通报的范围内。")
    if notice.receipts.filter(jurisdiction=jurisdiction).exists():
        raise Refused(f"{jurisdiction}已阅读，无须催办。")
    return _remind(
        "notice.remind",
        thing="notice",
        object_id=notice.pk,
        jurisdiction=jurisdiction,
        by=by,
        link=to("notice", notice.pk),
        notice=notice,
    )


@transaction.atomic
def remind_to_confirm(
    *, agreement_month: AgreementMonth, jurisdiction: Jurisdiction, by: User
) -> Reminder:
    """催办 a party that has not confirmed the month. Raises Refused where there is no need."""
    month = agreement_month
    if month.state != AgreementMonth.State.PUBLISHED:
        raise Refused(f"{month}现为“{month.get_state_display()}”，无须催办。")
    if jurisdiction.pk not in {
        p.jurisdiction_id for p in confirming(month.agreement_id, month.month)
    }:
        raise Refused(f"{jurisdiction}无须确认 {month}。")
    if month.confirmations.filter(jurisdiction=jurisdiction).exists():
        raise Refused(f"{jurisdiction}已确认，无须催办。")
    return _remind(
        "month.remind",
        thing="month",
        object_id=month.pk,
        jurisdiction=jurisdiction,
        by=by,
        link=month_link(month),
        month=month,
        until=day_words(month.objection_until),
    )


def _remind(
    event: str,
    *,
    thing: str,
    object_id: int,
    jurisdiction: Jurisdiction,
    by: User,
    link: Link,
    **said,
) -> Reminder:
    permit(check("notice", "prepare", "", ""), by)  # who publishes also reminds
    day: date = today()
    reminder, made = Reminder.objects.get_or_create(
        thing=thing,
        object_id=object_id,
        jurisdiction=jurisdiction,
        day=day,
        defaults={"by": by, "at": now()},
    )
    if not made:
        raise Refused(f"今天已经催办过{jurisdiction}（{reminder.by}），明天可再催办。")
    tell(
        event,
        link,
        about=f"{object_id}:{jurisdiction.pk}:{day}",
        by=by,
        parties=[jurisdiction.pk],
        **said,
    )
    return reminder
