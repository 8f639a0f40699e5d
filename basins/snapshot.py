"""Reading all at one moment, without a lock: who writes meanwhile is neither seen nor kept waiting."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection, transaction


@contextmanager
def one_snapshot() -> Iterator[bool]:
    """Inside, every query sees what was committed when the first of them began, and nothing can be
    written. Gives True.

    In a transaction that has begun it is that one, as it is, and gives False: whoever needs all queries
    to see the same takes locks there.
    """
    if connection.in_atomic_block:
        yield False
        return
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        yield True


def is_of_one_moment() -> bool:
    """Whether the queries of this transaction all see the same: 1 SQL query."""
    with connection.cursor() as cursor:
        cursor.execute("SHOW transaction_isolation")
        return cursor.fetchone()[0] in ("repeatable read", "serializable")
