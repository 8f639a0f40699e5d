"""我的关注: starring a section, a river or an agreement, and having looked at it."""

from basins.clock import now
from basins.models import Star, User


def follow(*, user: User, kind: str, code: str) -> Star:
    """Star it; what changes from now on is news. Raises ValueError for an unknown kind."""
    moment = now()
    star, _ = Star.objects.get_or_create(
        user=user,
        kind=Star.Kind(kind).value,
        code=code,
        defaults={"since": moment, "seen_at": moment},
    )
    return star


def unfollow(*, user: User, kind: str, code: str) -> bool:
    """Take the star off; whether there was one."""
    return bool(Star.objects.filter(user=user, kind=kind, code=code).delete()[0])


def looked_at(*, user: User, kind: str, code: str) -> bool:
    """The person opened its page: nothing of it is news. Whether it is starred; 1 SQL query."""
    return bool(Star.objects.filter(user=user, kind=kind, code=code).update(seen_at=now()))


def looked_at_all(*, user: User) -> int:
    """Nothing of all the person follows is news; returns how many are followed."""
    return Star.objects.filter(user=user).update(seen_at=now())
