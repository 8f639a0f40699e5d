"""The past, for tests: who was in office before today, and what was known always.

Nobody may say so where anything is stored (basins/guards/seeding.sql). The tests' own database
says it as only its superuser can, with the guards turned off for the moment of opening.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connection, transaction

from jobs.acting import acting


@contextmanager
def established() -> Iterator[None]:
    """What is written within was so before: past roles, and 既有 in the audit trail."""
    with seeding_pretended(), acting(established=True):
        yield


@contextmanager
def seeding_pretended() -> Iterator[None]:
    """The guards take this transaction for one that seeds an empty database."""
    with transaction.atomic():
        with _without_guards() as cursor:
            cursor.execute(
                "DELETE FROM basins_seeding RETURNING id, started_at, ended_at, transaction"
            )
            before = cursor.fetchall()
            cursor.execute(
                "INSERT INTO basins_seeding (id, started_at, transaction)"
                " VALUES (1, now(), pg_current_xact_id()::text::bigint)"
            )
        yield
        with _without_guards() as cursor:
            cursor.execute("DELETE FROM basins_seeding")
            for row in before:
                cursor.execute("INSERT INTO basins_seeding VALUES (%s, %s, %s, %s)", row)


@contextmanager
def _without_guards() -> Iterator[Any]:
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        yield cursor
        cursor.execute("SET LOCAL session_replication_role = origin")
