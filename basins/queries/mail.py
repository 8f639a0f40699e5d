"""邮件: to whom none goes out, and why; for administrators."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, F, Q, QuerySet

from basins.access import Act, Viewer
from basins.clock import today
from basins.models import Delivery, Notification, Role, User


@dataclass(frozen=True, slots=True)
class GivenUp:
    """One message that was given up while others went out."""

    person: str
    text: str
    tries: int
    at: datetime | None


def troubled(viewer: Viewer) -> QuerySet[Delivery]:
    """People whose mail fails or was stopped, the stopped ones first, with how much waits: 1 query."""
    if not viewer.may(Act.EDIT_USERS):
        return Delivery.objects.none()
    waiting = Q(user__notifications__mailed_at=None, user__notifications__mail_given_up_at=None)
    given_up = Q(
        user__notifications__mailed_at=None, user__notifications__mail_given_up_at__isnull=False
    )
    return (
        Delivery.objects.filter(mail=True)
        .annotate(
            waiting=Count("user__notifications", filter=waiting, distinct=True),
            given_up=Count("user__notifications", filter=given_up, distinct=True),
        )
        .filter(Q(failures__gt=0) | Q(given_up__gt=0))
        .select_related("user")
        .order_by(F("stopped_at").desc(nulls_last=True), "pk")
    )


def given_up(viewer: Viewer) -> list[GivenUp]:
    """Messages that were given up, the newest first."""
    if not viewer.may(Act.EDIT_USERS):
        return []
    found = (
        Notification.objects.filter(mailed_at=None, mail_given_up_at__isnull=False)
        .select_related("user")
        .order_by("-mail_given_up_at", "-pk")[:50]
    )
    return [GivenUp(str(n.user), n.text, n.mail_tries, n.mail_given_up_at) for n in found]


def registrars() -> list[str]:
    """Who registers a person's address: the administrators in office, by name."""
    return [
        str(user)
        for user in User.objects.filter(
            roles__role=Role.Code.ADMIN, roles__in_force__contains=today(), is_active=True
        ).order_by("display_name", "pk")
    ]
