"""通知: telling people, and mailing them at the rhythm they chose.

A notification is told once (`key`) and stands on the site at once. Its mail goes out by a
Job: each is claimed in a transaction of its own before it is sent, so however often and by
however many the job runs, nothing is mailed twice.
"""

import logging
from collections.abc import Iterable
from datetime import datetime, timedelta

from django.conf import settings
from django.core.mail import EmailMessage
from django.db import connections, transaction
from django.utils import timezone

from basins.clock import now, today
from basins.links import Link
from basins.models import Delivery, Notification, User
from jobs import services as jobs

log = logging.getLogger(__name__)

KIND = "basins.mail"
LONGEST = Notification._meta.get_field("text").max_length
A_DIGEST = 200  # notifications in one mail; the rest of a long list is on the site


@transaction.atomic
def notify(*, users: Iterable[int], key: str, text: str, link: Link | None = None) -> int:
    """Tell each of the users (ids) the thing `key` names, once; returns how many are new.

    `link` is a page of this site. 2 SQL queries, and the mail job where somebody wants mail.
    """
    ids = sorted(set(users))
    if not ids:
        return 0
    told = set(Notification.objects.filter(user__in=ids, key=key).values_list("user_id", flat=True))
    moment = now()
    fresh = [
        Notification(
            user_id=pk, key=key, text=text[:LONGEST], link=str(link or ""), created_at=moment
        )
        for pk in ids
        if pk not in told
    ]
    Notification.objects.bulk_create(fresh, ignore_conflicts=True)
    if (
        fresh
        and _wanting_mail()
        .filter(user__in=[n.user_id for n in fresh], rhythm=Delivery.Rhythm.AT_ONCE)
        .exists()
    ):
        enter_mail()
    return len(fresh)


def mark_read(*, user: User, pk: int | None = None) -> int:
    """The person has read one of their notifications, or all; returns how many were unread."""
    mine = Notification.objects.filter(user=user, read_at=None)
    if pk is not None:
        mine = mine.filter(pk=pk)
    return mine.update(read_at=now())


@transaction.atomic
def choose_delivery(*, user: User, rhythm: str, mail: bool) -> Delivery:
    """How the person wants to be told from now on. Raises ValueError for an unknown rhythm.

    What was told before mail was chosen is not mailed after all.
    """
    rhythm = Delivery.Rhythm(rhythm).value
    delivery, _ = Delivery.objects.select_for_update().get_or_create(user=user)
    if mail and not delivery.mail:
        Notification.objects.filter(user=user, mailed_at=None).update(mailed_at=now())
    delivery.rhythm, delivery.mail = rhythm, mail
    delivery.save(update_fields=["rhythm", "mail"])
    return delivery


def enter_mail():
    """The job that mails what is waiting; one at a time."""
    return jobs.enqueue(kind=KIND, key="mail", parameters={})


def enter_mail_if_due() -> bool:
    """For the daily round: whether there was something to mail, now or as a digest."""
    due = bool(_waiting_at_once()) or any(_digest_due(d) for d in _digests())
    if due:
        enter_mail()
    return due


@jobs.handles(KIND)
def mail_waiting(parameters: dict, progress) -> dict:
    """Mail every notification of people who want it at once, and the digests that are due."""
    mailed = digests = 0
    # A connection of its own: what is claimed is committed before it is sent, whatever
    # becomes of the job.
    own = connections.create_connection("default")
    try:
        for delivery, notification in _waiting_at_once():
            if _claim(own, [notification.pk]):
                mailed += _send(own, delivery.user, [notification])
        for delivery in _digests():
            if not _digest_due(delivery) or not _claim_digest(own, delivery):
                continue
            waiting = list(
                Notification.objects.filter(user=delivery.user, mailed_at=None).order_by(
                    "created_at", "pk"
                )
            )
            taken = set(_claim(own, [n.pk for n in waiting]))
            if taken:
                digests += _send(own, delivery.user, [n for n in waiting if n.pk in taken])
    finally:
        own.close()
    return {"mailed": mailed, "digests": digests}


def _wanting_mail():
    return Delivery.objects.filter(
        mail=True, user__is_active=True, user__email__contains="@"
    ).select_related("user")


def _waiting_at_once() -> list[tuple[Delivery, Notification]]:
    wanting = {d.user_id: d for d in _wanting_mail().filter(rhythm=Delivery.Rhythm.AT_ONCE)}
    waiting = Notification.objects.filter(user__in=wanting, mailed_at=None).order_by("pk")
    return [(wanting[n.user_id], n) for n in waiting]


def _digests() -> list[Delivery]:
    return list(_wanting_mail().exclude(rhythm=Delivery.Rhythm.AT_ONCE).order_by("pk"))


def _digest_due(delivery: Delivery) -> bool:
    """A daily one once a day; a weekly one on Mondays, or when a week has gone by."""
    if delivery.last_digest_at is None:
        return True
    last, day = timezone.localdate(delivery.last_digest_at), today()
    if delivery.rhythm == Delivery.Rhythm.DAILY:
        return last < day
    monday = day - timedelta(days=day.weekday())
    return last < monday


def _claim(own, pks: list[int]) -> list[int]:
    """Of the notifications, those nobody mailed before; they count as mailed from here on."""
    with own.cursor() as cursor:
        cursor.execute(
            """UPDATE basins_notification SET mailed_at = %s
               WHERE id = ANY(%s) AND mailed_at IS NULL RETURNING id""",
            [now(), pks],
        )
        return [pk for (pk,) in cursor.fetchall()]


def _claim_digest(own, delivery: Delivery) -> bool:
    with own.cursor() as cursor:
        cursor.execute(
            """UPDATE basins_delivery SET last_digest_at = %s
               WHERE id = %s AND last_digest_at IS NOT DISTINCT FROM %s""",
            [now(), delivery.pk, delivery.last_digest_at],
        )
        return bool(cursor.rowcount)


def _send(own, user: User, notifications: list[Notification]) -> int:
    """1 if the mail went out; one the server refused is waiting again."""
    try:
        _message(user, notifications).send()
    except OSError as error:  # smtplib's errors are OSErrors
        log.warning("Mail to %s was not sent: %s", user.username, error)
        with own.cursor() as cursor:
            cursor.execute(
                "UPDATE basins_notification SET mailed_at = NULL WHERE id = ANY(%s)",
                [[n.pk for n in notifications]],
            )
        return 0
    return 1


def _message(user: User, notifications: list[Notification]) -> EmailMessage:
    first, several = notifications[0], len(notifications) > 1
    subject = f"{len(notifications)} 条通知" if several else first.text
    lines = [f"{user}：", ""]
    for n in notifications[:A_DIGEST]:
        lines += [f"{_when(n.created_at)}  {n.text}", f"{settings.SITE_URL}{n.link}", ""]
    if len(notifications) > A_DIGEST:
        lines += [f"另有 {len(notifications) - A_DIGEST} 条，见 {settings.SITE_URL}/notifications/"]
    lines += ["接收方式可在“通知”页更改。"]
    return EmailMessage(subject=subject, body="\n".join(lines), to=[user.email])


def _when(moment: datetime) -> str:
    return timezone.localtime(moment).strftime("%Y-%m-%d %H:%M")
