"""通知: telling people, and mailing them at the rhythm they chose.

A notification is told once (`key`) and stands on the site at once. Its mail goes out by a
Job: each is claimed in a transaction of its own before it is sent, so however often and by
however many the job runs, nothing is mailed twice.

What cannot be made or delivered is waiting again and holds nobody up: an address is tried once a
round, each time later (WAITS), and then no more until an administrator or the person says so; a single
message that fails (MOST_TRIES) while others go out is given up alone. Administrators are told of both,
and of a server that takes nothing.
"""

import logging
import smtplib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.errors import MessageError

from django.conf import settings
from django.core.mail import EmailMessage
from django.db import connections, transaction
from django.db.models import F, Q
from django.utils import timezone

from basins.clock import now, today
from basins.links import Link, to
from basins.malformed import MALFORMED, words_of
from basins.models import Delivery, Notification, Role, User
from basins.together import read_together
from basins.words import SYSTEM
from jobs import services as jobs

log = logging.getLogger(__name__)

KIND = "basins.mail"
LONGEST = Notification._meta.get_field("text").max_length
A_DIGEST = 200  # notifications in one mail; the rest of a long list is on the site
# How long an address rests after its first, second … failure in a row; after the last it is stopped.
WAITS = (
    timedelta(minutes=5),
    timedelta(minutes=30),
    timedelta(hours=2),
    timedelta(hours=12),
)
LONGEST_SUBJECT = 60  # characters of what it is about
MARKS = {"demo": "（演示）", "test": "（测试）"}
MOST_TRIES = 3  # of one message while others to the same address go out
TOO_OLD = timedelta(
    days=14
)  # what a server that takes nothing has kept waiting so long is given up
# The server's answer to this message or address; any other OSError is of the server itself.
OF_THE_MESSAGE = (
    smtplib.SMTPRecipientsRefused,
    smtplib.SMTPDataError,
    smtplib.SMTPNotSupportedError,
    MessageError,
    *MALFORMED,
)


@dataclass(frozen=True, slots=True)
class News:
    """What is told to some users (ids), once each by its `key`; `link` is a page of this site."""

    users: frozenset[int]
    key: str
    text: str
    link: Link | None = None


def notify(*, users: Iterable[int], key: str, text: str, link: Link | None = None) -> int:
    """Tell each of the users (ids) the thing `key` names, once; returns how many are new."""
    return notify_all([News(frozenset(users), key, text, link)])


def notify_all(news: Iterable[News]) -> int:
    """Tell it all in its order; returns how many are new. 2 SQL queries whatever is told, and the mail
    job where somebody wants mail."""
    wanted: dict[tuple[int, str], News] = {}
    for each in news:
        for pk in sorted(each.users):
            wanted.setdefault((pk, each.key), each)
    if not wanted:
        return 0
    users = {pk for pk, _ in wanted}
    told = Notification.objects.filter(user__in=users, key__in={key for _, key in wanted})
    keys = told.order_by().values_list("user_id", "key")
    wanting = _wanting_mail().filter(user__in=users, rhythm=Delivery.Rhythm.AT_ONCE)
    mailed = wanting.values_list("user_id", flat=True)
    with transaction.atomic(savepoint=False):
        read_together(keys, mailed)
        before, moment = set(keys), now()
        fresh = [
            Notification(
                user_id=pk,
                key=key,
                text=each.text[:LONGEST],
                link=str(each.link or ""),
                created_at=moment,
            )
            for (pk, key), each in wanted.items()
            if (pk, key) not in before
        ]
        if not fresh:
            return 0
        Notification.objects.bulk_create(fresh, ignore_conflicts=True)
        if not {n.user_id for n in fresh}.isdisjoint(mailed):
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
    _begin_anew(delivery)
    return delivery


@transaction.atomic
def try_again(*, delivery: Delivery) -> Delivery:
    """Mail to a person that was stopped, or given up, is waiting again."""
    delivery = Delivery.objects.select_for_update().get(pk=delivery.pk)
    _begin_anew(delivery)
    Notification.objects.filter(user=delivery.user, mailed_at=None).update(
        mail_tries=0, mail_given_up_at=None
    )
    enter_mail()
    return delivery


def _begin_anew(delivery: Delivery) -> None:
    delivery.failures, delivery.failed_to, delivery.error = 0, "", ""
    delivery.retry_at = delivery.stopped_at = None
    delivery.save(update_fields=["failures", "failed_to", "error", "retry_at", "stopped_at"])


def enter_mail():
    """The job that mails what is waiting; one at a time."""
    return jobs.enqueue(kind=KIND, key="mail", parameters={})


def enter_mail_if_due() -> bool:
    """For the daily round: whether there was something to mail, now or as a digest."""
    due = bool(_waiting_at_once()) or any(_digest_due(d) for d in _digests())
    if due:
        enter_mail()
    return due


class ServerDown(Exception):
    """The mail server takes nothing from anybody just now."""


@jobs.handles(KIND)
def mail_waiting(parameters: dict, progress) -> dict:
    """Mail every notification of people who want it at once, and the digests that are due."""
    mailed = digests = 0
    # A connection of its own: what is claimed is committed before it is sent, whatever
    # becomes of the job.
    own = connections.create_connection("default")
    try:
        failed: set[int] = set()
        for delivery, notification in _waiting_at_once():
            if delivery.pk not in failed and _claim(own, [notification.pk]):
                if _send(own, delivery, [notification]):
                    mailed += 1
                else:
                    failed.add(delivery.pk)
        for delivery in _digests():
            if not _digest_due(delivery) or not _claim_digest(own, delivery):
                continue
            waiting = list(_unmailed().filter(user=delivery.user).order_by("created_at", "pk"))
            taken = set(_claim(own, [n.pk for n in waiting]))
            if taken:
                digests += _send(own, delivery, [n for n in waiting if n.pk in taken])
    except ServerDown as error:
        _say_server_down(str(error))
    finally:
        own.close()
    return {"mailed": mailed, "digests": digests}


def _wanting_mail():
    """Deliveries of people to whom mail may go now: not stopped or resting for this address."""
    rests = Q(stopped_at__isnull=False) | Q(retry_at__gt=now())
    return (
        Delivery.objects.filter(mail=True, user__is_active=True, user__email__contains="@")
        .exclude(rests & Q(failed_to=F("user__email")))
        .select_related("user")
    )


def _unmailed():
    return Notification.objects.filter(mailed_at=None, mail_given_up_at=None)


def _waiting_at_once() -> list[tuple[Delivery, Notification]]:
    wanting = {d.user_id: d for d in _wanting_mail().filter(rhythm=Delivery.Rhythm.AT_ONCE)}
    waiting = _unmailed().filter(user__in=wanting).order_by("pk")
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


def _send(own, delivery: Delivery, notifications: list[Notification]) -> int:
    """1 if the mail went out; else it is waiting again. Raises ServerDown."""
    try:
        _message(delivery.user, notifications).send()
    except BaseException as error:
        # Whatever happened, it is not called sent. Before anything is noted of it: this
        # transaction would hold the rows that the other connection is to give back.
        _unclaim(own, delivery, notifications)
        if isinstance(error, OF_THE_MESSAGE):
            _note_failure(delivery, notifications, error)
            return 0
        if isinstance(error, OSError):  # smtplib's errors are OSErrors
            raise ServerDown(words_of(error)) from error
        raise
    if delivery.failures:
        _begin_anew(delivery)
    return 1


def _unclaim(own, delivery: Delivery, notifications: list[Notification]) -> None:
    with own.cursor() as cursor:
        cursor.execute(
            "UPDATE basins_notification SET mailed_at = NULL WHERE id = ANY(%s)",
            [[n.pk for n in notifications]],
        )
        if delivery.rhythm != Delivery.Rhythm.AT_ONCE:  # its digest is due again
            cursor.execute(
                "UPDATE basins_delivery SET last_digest_at = %s WHERE id = %s",
                [delivery.last_digest_at, delivery.pk],
            )


def _note_failure(delivery: Delivery, notifications: list[Notification], error: Exception) -> None:
    """The address rests, longer each time, and is stopped in the end; so is a single message."""
    user, moment = delivery.user, now()
    log.warning("Mail to %s was not sent: %s", user.username, error)
    same = delivery.failed_to == user.email
    delivery.failures = delivery.failures + 1 if same else 1
    delivery.failed_to, delivery.error = user.email, words_of(error)
    stops = delivery.failures > len(WAITS)
    delivery.stopped_at = moment if stops else None
    delivery.retry_at = None if stops else moment + WAITS[delivery.failures - 1]
    delivery.save(update_fields=["failures", "failed_to", "error", "retry_at", "stopped_at"])
    if stops:
        _tell_administrators(
            f"mail-stopped:{delivery.pk}:{moment:%Y%m%d%H%M}",
            f"发给{user}（{user.email}）的邮件连续 {delivery.failures} 次没有发出，已停发：{delivery.error}",
        )
    if len(notifications) > 1:
        return  # which of them it was, nobody knows
    (one,) = notifications
    one.mail_tries += 1
    one.mail_given_up_at = moment if one.mail_tries >= MOST_TRIES else None
    one.save(update_fields=["mail_tries", "mail_given_up_at"])
    if one.mail_given_up_at:
        _tell_administrators(
            f"mail-given-up:{one.pk}",
            f"发给{user}的一封邮件（{one.text[:60]}）试了 {one.mail_tries} 次没有发出，已放弃："
            f"{delivery.error}",
        )


def _say_server_down(error: str) -> None:
    """Once a day; what has waited too long for the server is given up."""
    log.error("The mail server takes nothing: %s", error)
    old = _unmailed().filter(
        user__in=_wanting_mail().values("user"), created_at__lt=now() - TOO_OLD
    )
    given_up = old.update(mail_given_up_at=now())
    words = f"；{given_up} 封等了 {TOO_OLD.days} 天以上，已放弃" if given_up else ""
    _tell_administrators(f"mail-server:{today()}", f"邮件服务器没有接收邮件：{error}{words}")


def _tell_administrators(key: str, text: str) -> None:
    admins = Role.objects.filter(role=Role.Code.ADMIN, in_force__contains=today())
    notify(
        users=admins.values_list("user_id", flat=True), key=key, text=text, link=to("mail-trouble")
    )


def _message(user: User, notifications: list[Notification]) -> EmailMessage:
    lines = [f"{user}：", ""]
    for n in notifications[:A_DIGEST]:
        lines += [f"{_when(n.created_at)}  {n.text}", f"{settings.SITE_URL}{n.link}", ""]
    if len(notifications) > A_DIGEST:
        lines += [f"另有 {len(notifications) - A_DIGEST} 条，见 {settings.SITE_URL}/notifications/"]
    lines += [
        f"接收方式可在“通知”页更改：{settings.SITE_URL}{to('notification-delivery')}",
        "邮箱由管理员登记；要更改请联系贵单位所用系统的管理员。",
    ]
    return EmailMessage(subject=_subject(notifications), body="\n".join(lines), to=[user.email])


def _subject(notifications: list[Notification]) -> str:
    """The system's name, and what it is about: one line, however many its text has."""
    about = " ".join(notifications[0].text.split())
    if len(about) > LONGEST_SUBJECT:
        about = f"{about[: LONGEST_SUBJECT - 1]}…"
    if len(notifications) > 1:
        about = f"{len(notifications)} 条通知：{about}等"
    return f"【{SYSTEM}{MARKS.get(settings.INSTALLATION, '')}】{about}"


def _when(moment: datetime) -> str:
    return timezone.localtime(moment).strftime("%Y-%m-%d %H:%M")
