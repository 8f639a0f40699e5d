"""Guards: those of the database are those of the files, whatever happened to either."""

import re
from pathlib import Path

import pytest
from django.db import IntegrityError, connection, transaction
from django.db.migrations.recorder import MigrationRecorder
from django.test.utils import CaptureQueriesContext

from basins import audit, version
from basins.guarding import (
    Guard,
    GuardKind,
    UnreadableGuard,
    differing,
    guards,
    install,
    live,
    read,
    unguarded,
)
from tests.schema import schema

pytestmark = pytest.mark.django_db


def sql(text: str, *given) -> list[tuple]:
    with connection.cursor() as cursor:
        cursor.execute(text, given or None)
        return cursor.fetchall() if cursor.description else []


def in_files() -> dict[tuple[GuardKind, str], Guard]:
    return {guard.key: guard for guard in guards() if guard.kind != GuardKind.RUN}


def in_database() -> set[str]:
    """Functions, views and triggers as the database itself tells them, partitions included."""
    with connection.cursor() as cursor:
        lines = schema(cursor)
    return {line for line in lines if line.split()[0] in ("function", "view", "trigger")}


# Both ways -------------------------------------------------------------------------------


def test_every_function_view_and_trigger_of_the_database_stands_in_one_file_and_back():
    """Asked of the catalogue anew, by whatever name; of the audit trail's triggers, the models. Which
    tables leave marks holds tests/basins/test_version.py."""
    functions = sql(
        """SELECT proname FROM pg_proc p WHERE pronamespace = 'public'::regnamespace
           AND NOT EXISTS (SELECT 1 FROM pg_depend d WHERE d.objid = p.oid AND d.deptype = 'e')"""
    )
    views = sql("SELECT viewname FROM pg_views WHERE schemaname = 'public'")
    triggers = sql(
        """SELECT tgname || ' ON ' || relname FROM pg_trigger t JOIN pg_class c ON c.oid = tgrelid
           WHERE relnamespace = 'public'::regnamespace AND NOT tgisinternal AND NOT relispartition
           AND tgname <> %s""",
        version.TRIGGER,
    )
    trail = {
        (GuardKind.TRIGGER, f"{name} ON {each.table}")
        for each in audit.registered()
        for name in audit.TRIGGERS
    }
    there = {
        *((GuardKind.FUNCTION, name) for (name,) in functions),
        *((GuardKind.VIEW, name) for (name,) in views),
        *((GuardKind.TRIGGER, name) for (name,) in triggers),
    }
    assert len(there) == len(functions) + len(views) + len(triggers)
    assert there == in_files().keys() | trail
    assert len(in_files()) > 180


def test_made_anew_from_the_files_alone_they_are_what_they_were():
    before = in_database()
    functions = ", ".join(name for kind, name in in_files() if kind == GuardKind.FUNCTION)
    views = ", ".join(name for kind, name in in_files() if kind == GuardKind.VIEW)
    sql(f"DROP VIEW {views}; DROP FUNCTION {functions} CASCADE")
    assert in_database() == set()
    install()
    assert in_database() == before
    assert differing() == []


PLANTED = {
    "a function of another text": """
        CREATE OR REPLACE FUNCTION settlements_only_grows() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN RETURN NULL; END $$""",
    "a function of another head": """
        DROP FUNCTION settlements_owing(bigint);
        CREATE FUNCTION settlements_owing(other bigint) RETURNS text LANGUAGE sql
        AS $$ SELECT NULL::text $$""",
    "a trigger that is gone": "DROP TRIGGER entry_follows ON settlements_journalentry",
    "a trigger that rests": """
        ALTER TABLE settlements_journalentry DISABLE TRIGGER entry_never_changes""",
    "a trigger of another event": """
        CREATE OR REPLACE TRIGGER ruling_stays BEFORE DELETE ON settlements_monthruling
        FOR EACH ROW EXECUTE FUNCTION settlements_ruling_stays()""",
    "a view of other rows": """
        DROP VIEW settlements_countedtransfer;
        CREATE VIEW settlements_countedtransfer AS SELECT * FROM settlements_transfer""",
    "a function that no file names": """
        CREATE FUNCTION settlements_left() RETURNS trigger LANGUAGE plpgsql
        AS $$ BEGIN RETURN NEW; END $$""",
    "a trigger that no file names": """
        CREATE TRIGGER left_over BEFORE INSERT ON settlements_payment
        FOR EACH ROW EXECUTE FUNCTION settlements_only_grows()""",
    "both": """
        CREATE FUNCTION settlements_left() RETURNS trigger LANGUAGE plpgsql
        AS $$ BEGIN RETURN NEW; END $$;
        CREATE OR REPLACE TRIGGER ruling_stays BEFORE DELETE ON settlements_monthruling
        FOR EACH ROW EXECUTE FUNCTION settlements_left()""",
}


@pytest.mark.parametrize("planted", PLANTED)
def test_a_difference_is_named_and_mended(planted):
    before = in_database()
    sql(PLANTED[planted])
    assert in_database() != before
    assert differing()
    install()
    assert in_database() == before
    assert differing() == []


def test_an_installation_s_own_trigger_on_a_table_of_ours_stays():
    sql(
        """CREATE FUNCTION district_noted() RETURNS trigger LANGUAGE plpgsql
           AS $$ BEGIN RETURN NEW; END $$;
           CREATE TRIGGER district_noted BEFORE INSERT ON settlements_payment
           FOR EACH ROW EXECUTE FUNCTION district_noted()"""
    )
    with_it = in_database()
    assert differing() == []
    install()
    assert in_database() == with_it


def test_nothing_is_made_where_nothing_differs():
    with CaptureQueriesContext(connection) as queries:
        install()
    assert not [q["sql"] for q in queries if re.search(r"\b(CREATE|DROP|COMMENT)\b", q["sql"])]


def test_while_a_migration_is_left_out_they_are_left_alone():
    applied = MigrationRecorder(connection).migration_qs.filter(app="sessions")
    kept = list(applied.values("app", "name"))
    applied.delete()
    sql("DROP TRIGGER entry_follows ON settlements_journalentry")
    install()
    assert differing() == ["entry_follows ON settlements_journalentry"]
    for each in kept:
        MigrationRecorder(connection).record_applied(each["app"], each["name"])
    install()
    assert differing() == []


def test_each_carries_the_name_of_its_file():
    with connection.cursor() as cursor:
        there = live(cursor)
    mark = there[GuardKind.TRIGGER, "entry_follows ON settlements_journalentry"].mark
    assert mark.startswith("settlements/guards/journalentry.sql ")


# Partitions ------------------------------------------------------------------------------


def watched(table: str) -> set[str]:
    return {
        definition.replace(f" ON {table} ", " ON … ")
        for (definition,) in sql(
            "SELECT pg_get_triggerdef(oid, true) FROM pg_trigger "
            "WHERE tgrelid = %s::regclass AND NOT tgisinternal",
            table,
        )
    }


def test_every_partition_of_readings_has_the_triggers_of_the_whole_also_one_made_later():
    sql("SELECT monitoring_ensure_partition('2031-05-17')")
    parts = [
        name
        for (name,) in sql(
            "SELECT inhrelid::regclass::text FROM pg_inherits "
            "WHERE inhparent = 'monitoring_reading'::regclass"
        )
    ]
    assert len(parts) == 121
    assert "monitoring_reading_2031_05" in parts
    whole = watched("monitoring_reading")
    assert len(whole) == 8
    assert [part for part in parts if watched(part) != whole] == []


def test_a_changed_trigger_of_readings_is_changed_on_every_partition():
    before = in_database()
    sql(
        """CREATE OR REPLACE TRIGGER reading_deleted AFTER DELETE ON monitoring_reading
           FOR EACH STATEMENT EXECUTE FUNCTION monitoring_reading_truncated();
           SELECT monitoring_watch('monitoring_reading_2019_01')"""
    )
    assert len(before - in_database()) == 2
    install()
    assert in_database() == before


# Files -----------------------------------------------------------------------------------

FUNCTION = "CREATE OR REPLACE FUNCTION basins_f() RETURNS int LANGUAGE sql AS $$ SELECT 1; $$;"


def read_text(folder: Path, text: str, name: str = "river.sql") -> list[Guard]:
    (folder / name).write_text(text, encoding="utf-8")
    return list(read(folder / name, "basins"))


def test_a_file_is_read_with_its_comments_quotes_and_bodies(tmp_path):
    found = read_text(
        tmp_path,
        f"-- One's; another's.\n\n-- Why.\n{FUNCTION}\n"
        "CREATE TRIGGER t BEFORE UPDATE OF state ON basins_river -- here\n"
        "    FOR EACH ROW EXECUTE FUNCTION basins_f('a;b');\n"
        "CREATE CONSTRAINT TRIGGER c AFTER INSERT ON basins_river\n"
        "    FOR EACH ROW EXECUTE FUNCTION basins_f();\n-- The end.\n",
    )
    assert [guard.key for guard in found] == [
        (GuardKind.FUNCTION, "basins_f"),
        (GuardKind.TRIGGER, "t ON basins_river"),
        (GuardKind.TRIGGER, "c ON basins_river"),
    ]
    assert found[0].sql == FUNCTION


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("DELETE FROM basins_river;", "not CREATE"),
        ("CREATE FUNCTION basins_f() RETURNS int LANGUAGE sql AS $$ SELECT 1 $$;", "not CREATE"),
        (FUNCTION + "\nCREATE VIEW basins_v AS SELECT 1", "semicolon"),
        (FUNCTION.replace("basins_f", "other_f"), "does not begin with basins_"),
        (
            "CREATE TRIGGER t BEFORE INSERT ON basins_role "
            "FOR EACH ROW EXECUTE FUNCTION basins_f();",
            "belongs to basins_role",
        ),
    ],
)  # fmt: skip
def test_a_file_with_anything_else_is_refused(tmp_path, text, said):
    with pytest.raises(UnreadableGuard, match=said):
        read_text(tmp_path, text)


# Migrations ------------------------------------------------------------------------------


def test_in_a_migration_named_triggers_rest_and_are_back_behind_it():
    change = "UPDATE basins_auditrecord SET why = 'x'"
    with unguarded(connection, "basins_auditrecord", "audit_record_stays", "not_there_yet"):
        sql(change)
    assert differing() == []
    with pytest.raises(IntegrityError, match="只增不改"), transaction.atomic():
        sql(change)
