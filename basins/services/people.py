"""People's own passwords."""

from django.db import transaction

from basins.models import SignInSession, User
from basins.services import sessions


@transaction.atomic
def change_own_password(*, user: User, password: str, key: str | None) -> int:
    """The person's new password, checked before. Ends their sessions but that of `key`; returns
    how many ended."""
    user.set_password(password)
    user.must_change_password = False
    user.save(update_fields=["password", "must_change_password"])
    return sessions.end_all(user=user, why=SignInSession.Why.PASSWORD, but=key)
