"""Databases of the tests: made once, copied by every process, kept between runs.

There is the database as `migrate` leaves it, and worlds that take long to build, with the
objects that tests name in them. A template's name carries the digest of what made it: another
one is made when that changes, and the old one dropped. Whole ones alone bear their name.
"""

import hashlib
import os
import pickle
from base64 import b64decode, b64encode
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.db import connection

TABLES = ("jobs", "basins", "monitoring", "settlements")
EVERYTHING = (*TABLES, "config", "dashboard", "tests")


def copy_migrated(to: str) -> None:
    """A database of that name as `migrate` leaves one."""
    _copy(
        to,
        of="migrated",
        made_of=digest(*TABLES),
        begin=lambda name: _create(name, "template0"),
        fill=lambda: str(call_command("migrate", verbosity=0) or ""),
    )


@contextmanager
def world(name: str, make: Callable[[], Any]) -> Iterator[Any]:
    """Inside, this process works on a copy of what `make` committed; gives what it returned.

    Made once for all processes and kept for the day, as long as no code changes.
    """
    copy = f"{connection.settings_dict['NAME']}_{name}"
    told = _copy(
        copy,
        of=name,
        made_of=f"{digest(*EVERYTHING)}_{date.today():%m%d}",  # noqa: DTZ011 (a name)
        begin=copy_migrated,
        fill=lambda: b64encode(pickle.dumps(make())).decode(),
    )
    with pointed_at(copy):
        yield pickle.loads(b64decode(told))
        drop(copy)


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
def digest(*folders: str) -> str:
    """Of the files in these folders and of the packages; of tests only what they share.

    TEST_TEMPLATE names it instead: most planted bugs make no other tables (tests/planted).
    """
    if given := os.environ.get("TEST_TEMPLATE"):
        return given
    found = hashlib.sha256((settings.BASE_DIR / "requirements.lock").read_bytes())
    for folder in folders:
        for file in sorted((settings.BASE_DIR / folder).rglob("*")):
            if _counts(file):
                found.update(f"{file.relative_to(settings.BASE_DIR)}\n".encode())
                found.update(file.read_bytes())
    return found.hexdigest()[:16]


def _counts(file: Path) -> bool:
    return file.is_file() and file.suffix != ".pyc" and not file.name.startswith("test_")


def _copy(
    to: str,
    *,
    of: str,
    made_of: str,
    begin: Callable[[str], None],
    fill: Callable[[], str],
) -> str:
    """A copy of the template of that name and digest, which whoever asks first begins and fills.

    What `fill` says is kept with the template, and returned. Of two processes that ask at
    once the second waits, and finds it there.
    """
    prefix = f"test_{of}_"
    template, unfinished = f"{prefix}{made_of}", f"{prefix}unfinished"
    with _server() as cursor:
        cursor.execute("SELECT pg_advisory_lock(hashtext(%s))", [prefix])
        if template not in (others := _databases(cursor, prefix)):
            for other in others:
                cursor.execute(f'DROP DATABASE IF EXISTS "{other}" WITH (FORCE)')
            begin(unfinished)
            with pointed_at(unfinished):
                said = fill()
            cursor.execute(f'COMMENT ON DATABASE "{unfinished}" IS %s', [said])
            cursor.execute(f'ALTER DATABASE "{unfinished}" RENAME TO "{template}"')
        _create(to, template)
        cursor.execute(
            "SELECT shobj_description(oid, 'pg_database') FROM pg_database WHERE datname = %s",
            [template],
        )
        (kept,) = cursor.fetchone()
        cursor.execute("SELECT pg_advisory_unlock(hashtext(%s))", [prefix])
    return kept or ""


def _create(name: str, template: str) -> None:
    """A database of that name, in place of an older one."""
    with _server() as cursor:
        cursor.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
        cursor.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')


def _databases(cursor, prefix: str) -> list[str]:
    cursor.execute("SELECT datname FROM pg_database WHERE starts_with(datname, %s)", [prefix])
    return [name for (name,) in cursor.fetchall()]


def _point(name: str) -> None:
    connection.close()
    connection.settings_dict["NAME"] = name


@contextmanager
def _server() -> Iterator:
    """A cursor on the server's own database, where databases are made."""
    with connection._nodb_cursor() as cursor:  # as Django's own test runner does
        yield cursor
