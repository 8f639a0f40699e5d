"""Databases of the tests: migrated once, copied by every process, kept between runs.

A template's name carries the digest of what made it: another one is made when a file of the
applications with tables, or a pinned package, changes. Whole ones alone bear the name; those
of other digests are dropped when a new one is made.
"""

import hashlib
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache

from django.conf import settings
from django.core.management import call_command
from django.db import connection

TABLES = ("jobs", "basins", "monitoring", "settlements")
PREFIX = "test_template_"
UNFINISHED = "test_unfinished_template"


def template() -> str:
    """The name of a database as `migrate` leaves it, made if it is not there."""
    name = f"{PREFIX}{digest()}"
    with _server() as cursor:
        # Of two processes that start at once the second waits, and finds it there.
        cursor.execute("SELECT pg_advisory_lock(hashtext(%s))", [PREFIX])
        if not _exists(cursor, name):
            _make(cursor, name, lambda: call_command("migrate", verbosity=0))
        cursor.execute("SELECT pg_advisory_unlock(hashtext(%s))", [PREFIX])
    return name


def copy_to(name: str, of: str) -> None:
    """A database of that name, in place of an older one."""
    with _server() as cursor:
        cursor.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
        cursor.execute(f'CREATE DATABASE "{name}" TEMPLATE "{of}"')


def drop(name: str) -> None:
    connection.close()
    with _server() as cursor:
        cursor.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


@contextmanager
def pointed_at(name: str) -> Iterator[None]:
    """Inside, this process works on that database."""
    kept = connection.settings_dict["NAME"]
    _point(name)
    try:
        yield
    finally:
        _point(kept)


@cache
def digest() -> str:
    """Of every file that may decide what is in a migrated database, and of the packages.

    TEST_TEMPLATE names it instead: a planted bug makes no other tables (tests/planted).
    """
    if given := os.environ.get("TEST_TEMPLATE"):
        return given
    found = hashlib.sha256((settings.BASE_DIR / "requirements.lock").read_bytes())
    for app in TABLES:
        root = settings.BASE_DIR / app
        for file in sorted(root.rglob("*")):
            if file.is_file() and file.suffix != ".pyc":
                found.update(f"{file.relative_to(settings.BASE_DIR)}\n".encode())
                found.update(file.read_bytes())
    return found.hexdigest()[:16]


def _make(cursor, name: str, fill: Callable[[], object]) -> None:
    cursor.execute("SELECT datname FROM pg_database WHERE datname LIKE %s", [f"{PREFIX}%"])
    for old in [UNFINISHED, *(old for (old,) in cursor.fetchall())]:
        cursor.execute(f'DROP DATABASE IF EXISTS "{old}" WITH (FORCE)')
    cursor.execute(f'CREATE DATABASE "{UNFINISHED}" TEMPLATE template0')
    with pointed_at(UNFINISHED):
        fill()
    cursor.execute(f'ALTER DATABASE "{UNFINISHED}" RENAME TO "{name}"')


def _exists(cursor, name: str) -> bool:
    cursor.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name])
    return cursor.fetchone() is not None


def _point(name: str) -> None:
    connection.close()
    connection.settings_dict["NAME"] = name


@contextmanager
def _server() -> Iterator:
    """A cursor on the server's own database, where databases are made."""
    with connection._nodb_cursor() as cursor:  # as Django's own test runner does
        yield cursor
