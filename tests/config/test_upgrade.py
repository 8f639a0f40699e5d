"""A database of before the migrations were put together becomes what a fresh one is."""

import gzip
import re
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.core.management import call_command
from django.db import connection, connections
from django.db.migrations.recorder import MigrationRecorder

from basins.guarding import differing
from config.embedded.default import behind
from config.upgrading import refuse_half_way
from tests.schema import columns, contents, schema

BEFORE = Path(__file__).parent / "upgrade" / "main_2026_12.sql.gz"
# What Django itself adds to after every migrate.
DJANGOS = {"django_migrations", "django_content_type", "auth_permission"}


@pytest.fixture
def upgraded(django_db_setup, django_db_blocker):
    """A cursor on the database of before, not yet migrated."""
    name = f"{connection.settings_dict['NAME']}_before"
    with django_db_blocker.unblock():
        with connection.cursor() as cursor:
            cursor.execute(f'DROP DATABASE IF EXISTS "{name}"')
            cursor.execute(f'CREATE DATABASE "{name}" TEMPLATE template0')
        connections.settings["before"] = {**connection.settings_dict, "NAME": name}
        with connections["before"].cursor() as cursor:
            cursor.execute(gzip.decompress(BEFORE.read_bytes()).decode())
            cursor.execute("RESET ALL")
            yield cursor
        connections["before"].close()
        del connections["before"]
        del connections.settings["before"]
        with connection.cursor() as cursor:
            cursor.execute(f'DROP DATABASE "{name}"')
        connection.close()


def plain(lines: set[str]) -> set[str]:
    """A restored check of several words reads otherwise: the casts stand with each word."""
    alike = set()
    for line in lines:
        text = re.sub(r"\('([^']*)'::character varying\)::text", r"'\1'", line)
        text = re.sub(r"'([^']*)'::character varying", r"'\1'", text)
        alike.add(re.sub(r"\((ARRAY\[[^]]*\])\)::text\[\]", r"\1", text))
    return alike


def test_it_keeps_every_row_and_gets_the_schema_and_guards_of_a_fresh_one(upgraded):
    own = [t for t in connection.introspection.table_names(upgraded) if t not in DJANGOS]
    there = columns(upgraded, own)
    rows = contents(upgraded, there)
    assert sum(not rows[table].startswith("0 ") for table in own) > 50
    upgraded.execute("DROP TRIGGER entry_follows ON settlements_journalentry")
    assert "entry_follows ON settlements_journalentry" in differing("before")
    call_command("migrate", database="before", verbosity=0)
    assert contents(upgraded, there) == rows
    with connection.cursor() as fresh:
        assert plain(schema(upgraded)) == plain(schema(fresh))
    assert differing("before") == []


@pytest.mark.django_db
def test_one_that_stands_half_way_is_refused_before_anything_is_done():
    refuse_half_way("default")
    applied = MigrationRecorder(connection).migration_qs
    applied.filter(app="settlements", name__in=[
        "0001_squashed_0044_open_accruals_by_index", "0043_offset_consent",
        "0044_open_accruals_by_index",
    ]).delete()  # fmt: skip
    with pytest.raises(ImproperlyConfigured, match=r"settlements\.0043_offset_consent"):
        refuse_half_way("default")
    assert behind() == ["settlements.0001_squashed_0044_open_accruals_by_index"]


@pytest.mark.django_db
def test_a_guard_that_is_not_as_its_file_says_is_missing_as_a_migration_is():
    assert behind() == []
    with connection.cursor() as cursor:
        cursor.execute("DROP TRIGGER entry_follows ON settlements_journalentry")
    assert behind() == ["entry_follows ON settlements_journalentry"]
