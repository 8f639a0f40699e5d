"""The demonstration's published months: each on its due day, lapsed and final; the last one
still open for objection, the newest not published."""

from collections.abc import Callable
from datetime import date, timedelta

from django.conf import settings

from basins.clock import now, today
from basins.models import Notification, Role, User
from basins.ranges import months_between
from basins.seeding import on, recorded_at
from basins.services.working_days import Calendar
from dashboard.demo.readings import FIRST_MONTH
from settlements.models import Notice, NoticeReceipt
from settlements.notices.services.content import draw
from settlements.notices.services.data import notice_data
from settlements.notices.services.months import finalise_due, lapse_due
from settlements.notices.services.notices import (
    due_on_calendar,
    keep_prepared,
    lock_agreements,
    publish_drawn,
)

DAY, RECENTLY = timedelta(days=1), timedelta(days=3)


def months_to_publish(last: date) -> list[date]:
    """Every month but the newest computed."""
    return months_between(FIRST_MONTH, last)[:-1]


def publish_months(
    *,
    last: date,
    preparer: User,
    signer: User,
    meanwhile: Callable[[date, date], object] = lambda month, day: None,
) -> int:
    """Publish every month but the newest computed; returns how many notices.

    `meanwhile` is called within each month's objection period but the last one's: with the
    month and the day of its publication.

    The clock stands at each month's due day; the last of them is published a few days ago
    (and says that it is late), so that it is open to objection whenever this is built.
    """
    months = months_to_publish(last)
    if not months:
        return 0
    lock_agreements()
    data = notice_data(months)
    calendar = Calendar(range(FIRST_MONTH.year, today().year + 2))
    published, notice = 0, None
    for month in months:
        drawn = draw(month, {}, data)
        if not drawn.accruals:
            continue
        due = due_on_calendar(calendar, month)
        newest = month == months[-1]
        day = due
        if newest:
            day = max(due, today() - RECENTLY)
            while day > due and not calendar.is_working_day(day):
                day -= DAY
        # Nobody else works here between the two: what was drawn is what is there.
        with recorded_at(on(day, 9, 30)):
            notice = keep_prepared(drawn, by=preparer, due_on=due)
        with recorded_at(on(day, 15)):
            until = calendar.add(day, settings.OBJECTION_DAYS)
            publish_drawn(notice, drawn, by=signer, until=until)
        published += 1
        if not newest:
            meanwhile(month, day)
            with recorded_at(until.date + DAY):
                lapse_due()
                finalise_due()
    _read_by_officials(months)
    # What was told in past years has been read.
    if notice is not None:
        Notification.objects.exclude(key=f"notice:{notice.pk}").update(read_at=now())
    return published


def _read_by_officials(months: list[date]) -> None:
    """The demonstration's own officials opened every notice but the last, the day it came."""
    officials = list(
        Role.objects.filter(role=Role.Code.DISTRICT).select_related("user", "jurisdiction")
    )
    notices = Notice.objects.exclude(month=months[-1]).order_by("pk")
    for pk, published_at, parties in notices.values_list("pk", "published_at", "content__parties"):
        assert published_at is not None
        opened_at, codes = published_at + timedelta(hours=1), {p["code"] for p in parties}
        with recorded_at(opened_at):
            NoticeReceipt.objects.bulk_create(
                NoticeReceipt(
                    notice_id=pk, by=role.user, jurisdiction=role.jurisdiction, at=opened_at
                )
                for role in officials
                if role.jurisdiction and role.jurisdiction.code in codes
            )
