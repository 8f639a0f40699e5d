"""Refused looks and acts of one person: the auditor is told when they become many."""

from datetime import timedelta

from django.utils import timezone

from basins.clock import now, today
from basins.links import to
from basins.models import AccessEvent, Notification, Role, User
from basins.services.notifications import notify

MANY = 20
WITHIN = timedelta(hours=1)


def tell_of_many(user: User) -> bool:
    """After one more refusal: twenty within an hour tell the auditors, once in that hour.

    1 SQL query where they are few; returns whether the auditors were told.
    """
    since = timezone.now() - WITHIN  # the database's clock set the events' times
    found = AccessEvent.objects.filter(
        user=user.pk, kind=AccessEvent.Kind.REFUSED, at__gt=since
    ).order_by("-pk")[:MANY]
    pks = list(found.values_list("pk", flat=True))
    if len(pks) < MANY:
        return False
    about = f"refused:{user.pk}:"
    told = Notification.objects.filter(key__startswith=about, created_at__gt=now() - WITHIN)
    if told.exists():
        return False
    auditors = (
        Role.objects.filter(
            role=Role.Code.AUDITOR, in_force__contains=today(), user__is_active=True
        )
        .exclude(user=user)
        .values_list("user_id", flat=True)
    )
    text = f"{user}（{user.username}）一小时内 {MANY} 次看或办无权的事被拒绝，请查登录与导出。"
    return bool(notify(users=auditors, key=f"{about}{pks[0]}", text=text, link=to("audit-access")))
