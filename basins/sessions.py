"""Sessions in a table of our own: the key as a digest, an end that no activity puts off.

Django's SESSION_ENGINE. A session ends after SESSION_COOKIE_AGE without use (30 minutes), and
LONGEST after signing in whatever happens; `ended_why` says why the one a browser brought is over.
"""

from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any

from django.conf import settings
from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.backends.base import CreateError, SessionBase, UpdateError
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

LONGEST = timedelta(hours=12)  # from signing in, whatever the activity
SINCE, ADDRESS, AGENT = "signed_in_at", "address", "user_agent"
TOO_LONG = "long"
KEPT = timedelta(days=1)  # after it expired: long enough to say why
# Use is written down so often at most: a session may end that much before its 30 minutes are over.
NOTED_EVERY = timedelta(seconds=30)

# As SQL: asked with every page, and making the question took longer than answering it.
FIND = """
SELECT session_data, expire_date, started_at, ended_at, ended_why, last_seen_at
FROM basins_signinsession WHERE session_key = %s
"""


def digest(key: str) -> str:
    return sha256(key.encode()).hexdigest()


class SessionStore(SessionBase):
    """One browser's session; its methods are Django's."""

    ended_why = ""  # SignInSession.Why, or TOO_LONG: what the browser brought is over
    seen_at: datetime | None = None  # as the row had it when it was loaded
    asked_by_itself = False  # an open page asks what has changed: nobody uses it

    @property
    def _rows(self):
        from basins.models import SignInSession  # the engine is loaded before the models

        return SignInSession.objects

    def load(self) -> dict[str, Any]:
        with connection.cursor() as cursor:
            cursor.execute(FIND, [digest(self.session_key or "")])
            row = cursor.fetchone()
        if row is not None:
            data, expires, began, ended, why, self.seen_at = row
            if ended is None and expires > timezone.now():
                return self.decode(data)
            if ended is not None:
                self.ended_why = why
            elif began and began + LONGEST <= timezone.now():
                self.ended_why = TOO_LONG
        self._session_key, self.seen_at = None, None
        return {}

    def exists(self, session_key: str) -> bool:
        return self._rows.filter(session_key=digest(session_key)).exists()

    def create(self) -> None:
        while True:
            self._session_key = self._get_new_session_key()  # type: ignore[attr-defined]
            try:
                self.save(must_create=True)
            except CreateError:  # another has that key
                continue
            self.modified = True
            return

    def save(self, must_create: bool = False) -> None:
        """Raises UpdateError where the session was deleted meanwhile. One that was ended meanwhile
        stays ended. Where nothing but its use is to be written, that is once in NOTED_EVERY."""
        if self.session_key is None:
            return self.create()
        if not must_create and self._is_noted():
            return
        columns = self._columns(self._get_session(no_load=must_create))  # type: ignore[attr-defined]
        mine = {"session_key": digest(self.session_key)}
        if not must_create:  # one statement, as every request does it
            if not self._rows.filter(**mine).update(**columns):
                raise UpdateError
            return
        try:
            with transaction.atomic():
                self._rows.create(**mine, **columns)
        except IntegrityError as error:
            raise CreateError from error

    def _is_noted(self) -> bool:
        """Whether there is nothing to write: its use was written down just now, or is none."""
        if self.asked_by_itself and not self.modified:
            return True
        seen = self.seen_at
        return not self.modified and seen is not None and timezone.now() - seen < NOTED_EVERY

    def _columns(self, data: dict[str, Any]) -> dict[str, Any]:
        since = data.get(SINCE)
        return {
            "session_data": self.encode(data),
            "expire_date": self.get_expiry_date(),
            "user_id": data.get(SESSION_KEY),
            "started_at": datetime.fromisoformat(since) if since else None,
            "last_seen_at": timezone.now(),
            "address": data.get(ADDRESS, ""),
            "user_agent": data.get(AGENT, ""),
        }

    def delete(self, session_key: str | None = None) -> None:
        key = session_key or self.session_key
        if key is not None:
            self._rows.filter(session_key=digest(key)).delete()

    def get_session_cookie_age(self) -> int:
        """Seconds until the session ends if nothing more is asked for."""
        since, moment = self.get(SINCE), timezone.now()
        noted = self.seen_at if self._is_noted() else None  # what the row goes on saying
        until = (noted or moment) + timedelta(seconds=settings.SESSION_COOKIE_AGE)
        if since:
            until = min(until, datetime.fromisoformat(since) + LONGEST)
        return max(0, int((until - moment).total_seconds()))

    @classmethod
    def clear_expired(cls) -> None:
        cls()._rows.filter(expire_date__lt=timezone.now() - KEPT).delete()
