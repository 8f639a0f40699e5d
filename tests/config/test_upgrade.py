"""A database of before the migrations were put together becomes what a fresh one is."""

import gzip
import json
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

BEFORE = Path(__file__).parent / "upgrade" / "main_2026_11.sql.gz"
# What Django itself adds to after every migrate.
DJANGOS = {"django_migrations", "django_content_type", "auth_permission"}
# Tables whose rows later migrations rewrite, and what holds of them before and after.
REWRITTEN = {
    "monitoring_monthlymean": """SELECT section_id, indicator_id, month, mean, valid
        FROM monitoring_monthlymean ORDER BY 1, 2, 3""",
    "monitoring_assessment": """SELECT section_id, month, water_class, deciding, exceedances,
        main_pollutants, assessed, complete FROM monitoring_assessment ORDER BY 1, 2""",
    "settlements_term": """SELECT id, parameters - '{rounding,ph_mean,first_origin}'::text[]
        FROM settlements_term ORDER BY 1""",
    # A later parameter is given to terms, drafts and scenarios, and the trail says so.
    "settlements_agreementdraft": """SELECT id, title, code, version, state,
        data #- '{rule,values,parameters}' FROM settlements_agreementdraft ORDER BY 1""",
    "settlements_scenario": "SELECT id, name FROM settlements_scenario ORDER BY 1",
    "basins_auditrecord": "SELECT to_jsonb(a)::text FROM basins_auditrecord a ORDER BY id LIMIT 657",
    # Whether a person must change the password.
    "basins_user": "SELECT id, username, password, unit, is_active FROM basins_user ORDER BY 1",
    "settlements_termsection": """SELECT id, term_id, section_id, share::text::numeric
        FROM settlements_termsection ORDER BY 1""",
}


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
    tables = [table for table in own if table not in REWRITTEN]
    there = columns(upgraded, tables)  # later ones are added, none is lost or changed
    rows, rewritten = contents(upgraded, there), _selected(upgraded)
    assert sum(not rows[table].startswith("0 ") for table in tables) > 50
    assert all(rewritten.values())
    assert differing("before")
    call_command("migrate", database="before", verbosity=0)
    assert contents(upgraded, there) == rows
    assert _selected(upgraded) == rewritten
    upgraded.execute("SELECT parameters::text FROM settlements_term")
    assert all(
        json.loads(parameters)["rounding"]["value"] == "scheme"
        for (parameters,) in upgraded.fetchall()
    )
    upgraded.execute("SELECT total, mean, valid FROM monitoring_monthlymean")
    assert all(total == round(mean * valid, 9) for total, mean, valid in upgraded.fetchall())
    with connection.cursor() as fresh:
        assert plain(schema(upgraded)) == plain(schema(fresh))
    assert differing("before") == []


def _selected(cursor):
    found = {}
    for table, sql in REWRITTEN.items():
        cursor.execute(sql)
        found[table] = cursor.fetchall()
    return found


@pytest.mark.django_db
def test_one_that_stands_half_way_is_refused_before_anything_is_done():
    refuse_half_way("default")
    applied = MigrationRecorder(connection).migration_qs
    applied.filter(app="settlements", name__in=[
        "0001_squashed_0023_facts_stay", "0022_fill_of_any_level", "0023_facts_stay",
    ]).delete()  # fmt: skip
    with pytest.raises(ImproperlyConfigured, match=r"settlements\.0022_fill_of_any_level"):
        refuse_half_way("default")
    assert behind() == ["settlements.0001_squashed_0023_facts_stay"]


@pytest.mark.django_db
def test_a_guard_that_is_not_as_its_file_says_is_missing_as_a_migration_is():
    assert behind() == []
    with connection.cursor() as cursor:
        cursor.execute("DROP TRIGGER entry_follows ON settlements_journalentry")
    assert behind() == ["entry_follows ON settlements_journalentry"]
