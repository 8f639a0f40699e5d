"""Whom a step of the workflow is told to: the officials of parties, and people of a role."""

from collections import defaultdict
from collections.abc import Iterable

from django.db.models import Q

from basins.clock import today
from basins.links import Link, to
from basins.models import Notification, Role, User
from basins.services.notifications import notify
from settlements.models import AgreementMonth, Party
from settlements.moving.acting import persons_of

__all__ = [
    "next_key",
    "notify",
    "officials_of",
    "people_of",
    "signatories",
    "tell_parties",
    "tell_role",
    "tell_second",
    "tell_signers",
]


def officials_of(jurisdictions: Iterable[int]) -> dict[int, list[int]]:
    """Jurisdiction id → ids of its officials in office today: 1 SQL query."""
    found: dict[int, list[int]] = defaultdict(list)
    for place, user in (
        Role.objects.filter(
            role=Role.Code.DISTRICT,
            jurisdiction__in=set(jurisdictions),
            in_force__contains=today(),
            user__is_active=True,
        )
        .order_by("user")
        .values_list("jurisdiction_id", "user_id")
    ):
        found[place].append(user)
    return dict(found)


def people_of(role: str, *, but: int | None = None) -> list[int]:
    """Ids of those who hold the role today, without one: 1 SQL query."""
    return list(
        Role.objects.filter(role=role, in_force__contains=today(), user__is_active=True)
        .exclude(user=but)
        .order_by("user")
        .values_list("user_id", flat=True)
    )


def tell_parties(
    jurisdictions: Iterable[int], *, key: str, text: str, link: Link | None = None
) -> int:
    """The officials of those jurisdictions; returns to how many it was news."""
    users = [user for users in officials_of(jurisdictions).values() for user in users]
    return notify(users=users, key=key, text=text, link=link)


def tell_signers(places: Iterable[int], *, key: str, text: str, link: Link | None = None) -> int:
    """The people who sign a year for those places; returns to how many it was news."""
    users = [user for users in persons_of(places).values() for user in users]
    return notify(users=users, key=key, text=text, link=link)


def next_key(prefix: str) -> str:
    """A key for what may be told again in the same words: each move of a deadline is news.

    Called while what moves is locked.
    """
    told = Notification.objects.filter(key__startswith=f"{prefix}:")
    return f"{prefix}:{told.values('key').distinct().count() + 1}"


def tell_role(
    role: str, *, key: str, text: str, link: Link | None = None, but: int | None = None
) -> int:
    """Everyone of a role (Role.Code) but one person; returns to how many it was news."""
    return notify(users=people_of(role, but=but), key=key, text=text, link=link)


def tell_second(role: str, *, key: str, text: str, link: Link, by: User) -> int:
    """What waits for a second person of the role: everyone of it but who prepared it."""
    return tell_role(role, key=key, text=f"{by}{text}，请您复核", link=link, but=by.pk)


def signatories(**which) -> list[Party]:
    """Parties that act for themselves, by agreement and order: 1 SQL query.

    A 市级财政补位 stands in for a neighbour that did not sign: it confirms nothing, the bureau
    that publishes the month has spoken for the city.
    """
    return list(
        Party.objects.filter(~Q(role=Party.Role.MUNICIPAL_FILL), **which)
        .select_related("jurisdiction")
        .defer("jurisdiction__boundary")
        .order_by("agreement", "order", "pk")
    )


def month_link(month: AgreementMonth) -> Link:
    """The page of an agreement's month."""
    return to("settlement-month", month.agreement.code, month.month.year, month.month.month)
