"""Seeding an empty demonstration: the one time that records are given the times they tell of.

Told to the database as jobs.acting tells who acts; its guards take it only in the transaction that
opened the seeding, and that one finds an empty database or is refused (guards/seeding.sql,
docs/decisions/0013-a-demonstration-is-recorded-when-it-happens.md).
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime, time

from django.db import connection, transaction
from django.utils import timezone
from psycopg2.extensions import TRANSACTION_STATUS_INERROR

from basins.clock import moved_to, now
from basins.models import Seeding

SETTING, BY_PERIOD = "rivers.moment", "period"


@contextmanager
def seeding() -> Iterator[None]:
    """Within it `recorded_at` counts; over, and never to come again, at its end.

    Needs a transaction. Raises IntegrityError where anything is stored already.
    """
    if not connection.in_atomic_block:
        raise transaction.TransactionManagementError("A seeding is one transaction.")
    Seeding.objects.create(started_at=now(), transaction=0)
    yield
    Seeding.objects.update(ended_at=now())


@contextmanager
def recorded_at(moment: datetime | date) -> Iterator[None]:
    """The clock stands at `moment` (a date: 10:00 of that day), and what is written is recorded
    then; at the present where that is still to come."""
    if not isinstance(moment, datetime):
        moment = on(moment, 10)
    with moved_to(min(moment, timezone.now())), _told(now().isoformat()):
        yield


def on(day: date, hour: int, minute: int = 0) -> datetime:
    """That time of the day, in Asia/Shanghai."""
    return datetime.combine(day, time(hour, minute), timezone.get_default_timezone())


@contextmanager
def recorded_by_period() -> Iterator[None]:
    """What one statement writes of many months is recorded in the week after each."""
    with _told(BY_PERIOD):
        yield


@contextmanager
def _told(words: str) -> Iterator[None]:
    before = _tell(words)
    try:
        yield
    finally:
        # In an aborted transaction the rollback takes it back.
        if connection.connection.get_transaction_status() != TRANSACTION_STATUS_INERROR:
            _tell(before)


def _tell(words: str) -> str:
    """Returns what was told before."""
    with connection.cursor() as cursor:
        # In the order of the list: what was set before, then what is set now.
        cursor.execute(
            "SELECT COALESCE(current_setting(%s, true), ''), set_config(%s, %s, true)",
            [SETTING, SETTING, words],
        )
        (before, _) = cursor.fetchone()
    return before
