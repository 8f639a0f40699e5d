"""Who acts, from where and in what: told to the database, so that its triggers can note it.

The lowest layer keeps it, because jobs, commands and pages all act. What is told here is what
`basins.audit` writes beside every change; SQL from elsewhere is noted with its database role.
"""

import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import asdict, dataclass, replace
from typing import Any

import psycopg2
from django.db import connections
from psycopg2.extensions import TRANSACTION_STATUS_INERROR

log = logging.getLogger(__name__)

# A setting of the session: PostgreSQL itself takes it back when a transaction rolls back.
SETTING = "rivers.acting"


@dataclass(frozen=True, slots=True)
class Acting:
    """`established`: rows entered now were known always. The database believes it only while an
    empty demonstration is seeded (basins.seeding)."""

    user_id: int | None = None
    who: str = ""
    address: str = ""
    act: str = ""
    path: str = ""
    why: str = ""
    established: bool = False

    def to_json(self) -> str:
        """Only what is said; '' when nothing is."""
        said = {name: value for name, value in asdict(self).items() if value}
        return json.dumps(said, ensure_ascii=False) if said else ""


NOBODY = Acting()
_present: ContextVar[Acting] = ContextVar("acting", default=NOBODY)


def present() -> Acting:
    return _present.get()


def person(user: Any) -> dict[str, Any]:
    """`user_id` and `who` of a person, for `acting(**person(user))`; nothing for a stranger."""
    if user is None or not user.is_authenticated:
        return {"user_id": None, "who": ""}
    unit = getattr(user, "unit", "")
    return {"user_id": user.pk, "who": f"{user}（{unit}）" if unit else str(user)}


@contextmanager
def acting(**said: Any) -> Iterator[Acting]:
    """Within it every write carries what is said (fields of Acting); the rest stays as it was.

    A service gives its reason so: `with acting(why="更正录入错误"):`.
    """
    now = replace(_present.get(), **said)
    token = _present.set(now)
    _tell_open()
    try:
        yield now
    finally:
        _present.reset(token)
        _tell_open()


def because(why: str) -> None:
    """Say the reason of what is done now, until the `acting` around it ends."""
    _present.set(replace(_present.get(), why=why))
    _tell_open()


def _tell_open() -> None:
    for each in connections.all(initialized_only=True):
        if each.alias == "default":
            tell(each)


def tell(to: Any) -> None:
    """Set the session's setting, if the connection is open; a new one is told as it opens.

    Past Django's cursor: it is no query of the page. In a failed transaction there is nothing
    to tell: its rollback takes back what was told within.
    """
    to.close_if_health_check_failed()
    raw = to.connection
    if raw is None or raw.closed or raw.get_transaction_status() == TRANSACTION_STATUS_INERROR:
        return
    try:
        with raw.cursor() as cursor:
            cursor.execute("SELECT set_config(%s, %s, false)", [SETTING, _present.get().to_json()])
    except psycopg2.Error as error:
        to.errors_occurred = True  # Django then looks at it, and opens another
        log.warning("The database was not told who acts: %s", error)


def tell_new_connection(connection: Any, **_: Any) -> None:
    """Receiver of connection_created."""
    if _present.get() != NOBODY:
        tell(connection)
