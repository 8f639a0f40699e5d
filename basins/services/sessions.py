"""Where a person is signed in: three places at most, each of which they can end."""

from datetime import datetime

from django.conf import settings
from django.contrib.sessions.backends.base import SessionBase
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from basins.models import SignInSession, User
from basins.sessions import ADDRESS, AGENT, SINCE, SessionStore, digest

MOST = 3


def is_demonstration(user: User) -> bool:
    """One of the published sign-ins of a demo: many people use it at once, with one password."""
    names = {name for name, _ in settings.DEMO_SIGN_INS}
    return settings.INSTALLATION == "demo" and user.username in names


def live_sessions(user: User) -> QuerySet[SignInSession]:
    """Where the person is signed in now, the last sign-in first."""
    return SignInSession.objects.filter(
        user=user, ended_at=None, expire_date__gt=timezone.now()
    ).order_by("-started_at", "-pk")


@transaction.atomic
def begin(*, session: SessionBase, user: User, address: str, user_agent: str) -> int:
    """The person signed in here; of more than MOST places the oldest end. Returns how many did."""
    session[SINCE] = timezone.now().isoformat()
    session[ADDRESS], session[AGENT] = address, user_agent
    session.save()
    if is_demonstration(user):
        return 0
    # One sign-in of a person after the other: two at once would not see each other.
    list(User.objects.select_for_update().filter(pk=user.pk).values_list("pk"))
    oldest = [each.pk for each in live_sessions(user)[MOST:]]
    return _end(SignInSession.objects.filter(pk__in=oldest), SignInSession.Why.LIMIT)


def end_own(*, user: User, pk: int) -> SignInSession:
    """The person ends one of their own. Raises SignInSession.DoesNotExist for any other."""
    found = live_sessions(user).get(pk=pk)
    _end(SignInSession.objects.filter(pk=found.pk), SignInSession.Why.OWN)
    return found


def end_all(*, user: User, why: str, but: str | None = None) -> int:
    """End every session of a person, but the one of the key `but`; returns how many ended."""
    mine = live_sessions(user)
    return _end(mine.exclude(session_key=digest(but)) if but else mine, why)


def purge() -> None:
    """Ended and expired ones go a day after they expired."""
    SessionStore.clear_expired()


def _end(which: QuerySet[SignInSession], why: str) -> int:
    moment: datetime = timezone.now()
    return which.order_by().update(ended_at=moment, ended_why=why)
