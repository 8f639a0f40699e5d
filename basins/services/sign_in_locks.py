"""Waiting after wrong passwords: for a name at one address, and for one address at all names.

By name and address together, so that nobody can lock somebody else out: who sits at another
address still gets in. By address as well, so that guessing one password at many names meets a
limit. Each wait is longer than the one before, an hour at most. Of an IPv6 address its /64 counts:
one subscriber has all of it.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from ipaddress import IPv6Address, IPv6Network, ip_address

from django.db import connection

from basins.clock import now
from basins.models import SignInFailure, User

LONGEST = SignInFailure._meta.get_field("name").max_length
WAITS = (timedelta(minutes=1), timedelta(minutes=5), timedelta(minutes=15), timedelta(hours=1))


@dataclass(frozen=True, slots=True)
class Limit:
    """A wait begins with every `each`th failure; after `forgotten` without one they count anew."""

    each: int
    forgotten: timedelta


BY_NAME = Limit(5, timedelta(days=1))
# An office of many people may have one address: more slips, forgotten sooner.
BY_ADDRESS = Limit(20, timedelta(hours=1))


def wait_left(name: str, address: str) -> timedelta | None:
    """How long a sign-in with this name from there must wait still; None: not at all."""
    until = [
        row.waits_until
        for row in _rows(name, address)
        if row.waits_until is not None and row.waits_until > now()
    ]
    return max(until) - now() if until else None


def failed(name: str, address: str) -> timedelta | None:
    """One more failure; returns the wait it begins, if it does."""
    place, moment = place_of(address), now()
    waits = [_count(_key(name), place, BY_NAME, moment)]
    if place:
        waits.append(_count("", place, BY_ADDRESS, moment))
    return max((wait for wait in waits if wait is not None), default=None)


def succeeded(name: str, address: str) -> None:
    """The name's failures from there are forgotten; those of the address are not, or one sign-in
    of one's own would buy twenty more guesses."""
    SignInFailure.objects.filter(name=_key(name), address=place_of(address)).exclude(
        name=""
    ).delete()


def unlock(username: str) -> int:
    """Nobody waits for this name any more, nor at an address it was tried from; returns at how
    many places it was tried in vain."""
    tried = SignInFailure.objects.filter(name=username)
    places = list(tried.values_list("address", flat=True))
    SignInFailure.objects.filter(name="", address__in=places).delete()
    tried.delete()
    return len(places)


def forget() -> None:
    """What counts no more goes (for the daily round)."""
    SignInFailure.objects.filter(last_at__lt=now() - BY_NAME.forgotten).delete()


def in_words(wait: timedelta) -> str:
    """“5 分钟”, rounded up: whoever waits that long need not wait again."""
    minutes = -int(-wait.total_seconds() // 60)
    return f"{minutes} 分钟"


def place_of(address: str) -> str:
    """What of an address counts: an IPv6 one by its /64."""
    if not address:
        return ""
    found = ip_address(address)
    if isinstance(found, IPv6Address):
        if found.ipv4_mapped is not None:
            return str(found.ipv4_mapped)
        return str(IPv6Network((int(found), 64), strict=False).network_address) + "/64"
    return str(found)


def _key(name: str) -> str:
    """The name as Django looks it up, which may be longer than it was typed."""
    return User.normalize_username(name)[:LONGEST]


def _rows(name: str, address: str):
    return SignInFailure.objects.filter(
        name__in=["", _key(name)], address=place_of(address)
    ).exclude(name="", address="")


def _count(name: str, place: str, limit: Limit, moment: datetime) -> timedelta | None:
    with connection.cursor() as cursor:
        cursor.execute(
            """INSERT INTO basins_signinfailure AS f (name, address, failures, last_at)
               VALUES (%s, %s, 1, %s)
               ON CONFLICT (name, address) DO UPDATE SET
                   failures = CASE WHEN f.last_at < %s THEN 1 ELSE f.failures + 1 END,
                   last_at = excluded.last_at
               RETURNING id, failures""",
            [name, place, moment, moment - limit.forgotten],
        )
        pk, failures = cursor.fetchone()
    if failures % limit.each:
        return None
    wait = WAITS[min(failures // limit.each, len(WAITS)) - 1]
    SignInFailure.objects.filter(pk=pk).update(waits_until=moment + wait)
    return wait
