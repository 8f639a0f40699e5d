"""People and what was done with them, for administrators and the auditor."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count, OuterRef, Prefetch, Q, QuerySet, Subquery
from django.utils import timezone

from basins.access import Act, Viewer
from basins.clock import now, today
from basins.models import AccessEvent, PersonAct, Role, SignInFailure, User

REFUSALS_OF = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class PersonPage:
    """One person, with roles newest first, acts newest first, and what is in the way of them."""

    person: User
    roles: list[Role]
    acts: list[PersonAct]
    waits_until: datetime | None  # at one address at least
    tried_from: int  # addresses with failures that still count
    refused: int  # looks and acts refused in the last 30 days


def people_list(viewer: Viewer, text: str = "") -> QuerySet[User]:
    """Everybody, by user name; `text` is part of a name, unit or user name. 2 SQL queries."""
    if not viewer.may(Act.SEE_PEOPLE):
        return User.objects.none()
    held = Role.objects.filter(in_force__contains=today()).select_related("jurisdiction")
    refused = (
        AccessEvent.objects.filter(
            user=OuterRef("pk"),
            kind=AccessEvent.Kind.REFUSED,
            at__gt=timezone.now() - REFUSALS_OF,
        )
        .order_by()
        .values("user")
        .annotate(count=Count("pk"))
        .values("count")
    )
    found = User.objects.order_by("username").prefetch_related(
        Prefetch("roles", held, to_attr="held_today")
    )
    found = found.annotate(refused=Subquery(refused))
    if text:
        found = found.filter(
            Q(username__icontains=text) | Q(display_name__icontains=text) | Q(unit__icontains=text)
        )
    return found


def person_page(viewer: Viewer, pk: int) -> PersonPage | None:
    """None for who may not see people, and for nobody. 5 SQL queries."""
    if not viewer.may(Act.SEE_PEOPLE):
        return None
    person = User.objects.filter(pk=pk).first()
    if person is None:
        return None
    failures = list(SignInFailure.objects.filter(name=person.username))
    waits = [row.waits_until for row in failures if row.waits_until and row.waits_until > now()]
    return PersonPage(
        person=person,
        roles=list(person.roles.select_related("jurisdiction").order_by("-in_force")),
        acts=list(acts(viewer).filter(person=person)),
        waits_until=max(waits, default=None),
        tried_from=len(failures),
        refused=AccessEvent.objects.filter(
            user=person.pk,
            kind=AccessEvent.Kind.REFUSED,
            at__gt=timezone.now() - REFUSALS_OF,
        ).count(),
    )


def acts(viewer: Viewer) -> QuerySet[PersonAct]:
    """Newest first."""
    if not viewer.may(Act.SEE_PEOPLE):
        return PersonAct.objects.none()
    return PersonAct.objects.select_related(
        "person", "proposed_by", "decided_by", "jurisdiction"
    ).order_by("-pk")
