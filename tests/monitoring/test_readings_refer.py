"""Readings have no foreign keys: what they name is asked once a statement, and may not go."""

from io import StringIO
from threading import Thread

import psycopg2
import pytest
from django.db import IntegrityError, connection, transaction
from django.db.models import ProtectedError

from monitoring.models import DirtyMonth, ImportBatch, Indicator, Reading, Section
from tests.processes import until
from tests.told_once import of_told, told_instead, told_once
from tests.worlds import Border

told = told_once()
border = of_told("border")

PARTITION = "monitoring_reading_2023_05"
INSERT = """INSERT INTO {table} (section_id, indicator_id, sampled_at, origin, value, batch_id)
    SELECT {section}, {indicator}, '2023-05-20 00:00+00'::timestamptz + n * interval '1 hour', 1, 1,
        {batch} FROM generate_series(1, 3) AS n"""
COPY_TO = "COPY {table} (section_id, indicator_id, sampled_at, origin, value, batch_id) FROM STDIN"


def sql(statement: str) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)


@pytest.fixture
def named(border) -> dict[str, int]:
    """Numbers of a section, an indicator and a batch there are."""
    batch = ImportBatch.objects.create(filename="a.csv", sha256="", layout="simple")
    indicator = Indicator.objects.get(code="NH3-N")
    return {"section": border.section.pk, "indicator": indicator.pk, "batch": batch.pk}


@pytest.mark.parametrize("table", ["monitoring_reading", PARTITION])
@pytest.mark.parametrize(
    ("what", "words"),
    [("section", "断面 31999"), ("indicator", "指标 31999"), ("batch", "导入批次 31999")],
)
def test_a_reading_of_what_is_not_there_is_refused(named, table, what, words):
    missing = named | {what: 31999}
    with pytest.raises(IntegrityError, match=f"{words} 不存在"):
        sql(INSERT.format(table=table, **missing))
    with pytest.raises(psycopg2.IntegrityError, match=f"{words} 不存在"):
        copy(table, missing)
    sql(INSERT.format(table=table, **named))
    column = f"{what}_id"
    with pytest.raises(IntegrityError, match=f"{words} 不存在"):
        sql(f"UPDATE {table} SET {column} = 31999 WHERE section_id = {named['section']}")
    assert Reading.objects.filter(section=named["section"]).count() == 3


def copy(table: str, given: dict[str, int]) -> None:
    row = f"{given['section']}\t{given['indicator']}\t2023-05-21 00:00+00\t1\t1\t{given['batch']}\n"
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.copy_expert(COPY_TO.format(table=table), StringIO(row))


def test_one_wrong_row_refuses_the_statement_whole(named):
    one_wrong = INSERT.format(table="monitoring_reading", **named).replace(
        f"SELECT {named['section']}", f"SELECT CASE n WHEN 2 THEN 31999 ELSE {named['section']} END"
    )
    with pytest.raises(IntegrityError, match="断面 31999 不存在"):
        sql(one_wrong)
    assert not Reading.objects.filter(section=named["section"]).exists()


def test_a_reading_needs_no_batch_and_a_statement_of_no_rows_nothing(named):
    sql(INSERT.format(table="monitoring_reading", **named | {"batch": "NULL"}))
    sql("INSERT INTO monitoring_reading SELECT * FROM monitoring_reading WHERE false")
    assert Reading.objects.filter(batch=None, section=named["section"]).count() == 3


@pytest.mark.parametrize("what", ["section", "indicator", "batch"])
def test_what_a_reading_names_can_neither_go_nor_be_renumbered(named, what):
    table = f"monitoring_{'importbatch' if what == 'batch' else what}"
    sql(INSERT.format(table=PARTITION, **named))
    refused = pytest.raises(IntegrityError, match="已有监测数据")
    with refused:
        sql(f"DELETE FROM {table} WHERE id = {named[what]}")
    with refused:
        sql(f"UPDATE {table} SET id = 31999 WHERE id = {named[what]}")
    connection.check_constraints()  # nothing pending, for TRUNCATE
    with pytest.raises(IntegrityError, match="TRUNCATE"):
        sql(f"TRUNCATE {table} CASCADE")
    model = {"section": Section, "indicator": Indicator, "batch": ImportBatch}[what]
    with pytest.raises(ProtectedError):
        model.objects.get(pk=named[what]).delete()


def test_what_no_reading_names_may_go(named):
    sql(INSERT.format(table="monitoring_reading", **named))
    spare = ImportBatch.objects.create(filename="b.csv", sha256="", layout="simple")
    sql(f"UPDATE monitoring_importbatch SET id = 31999 WHERE id = {spare.pk}")
    sql("DELETE FROM monitoring_importbatch WHERE id = 31999")
    sql("DELETE FROM monitoring_reading")
    sql(f"DELETE FROM monitoring_importbatch WHERE id = {named['batch']}")
    assert not ImportBatch.objects.exists()


class Session:
    """Another session, whose transaction is open."""

    def __init__(self, statement: str = "") -> None:
        given = connection.get_connection_params()
        given.pop("cursor_factory", None)
        self.session = psycopg2.connect(**given)
        if statement:
            self.run(statement)

    def run(self, statement: str) -> None:
        with self.session.cursor() as cursor:
            cursor.execute(statement)


def waits_for_a_lock() -> bool:
    with connection.cursor() as cursor:
        cursor.execute(
            """SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'
               AND datname = current_database()"""
        )
        return cursor.fetchone()[0] == 1


def refused_once(session: Session, statement: str, then) -> str:
    """What `statement` is refused with, having waited for another session until `then`."""
    said: list[str] = []

    def run() -> None:
        try:
            session.run(statement)
        except psycopg2.Error as error:
            said.append(str(error))

    thread = Thread(target=run)
    thread.start()
    until(waits_for_a_lock, seconds=20, what="one session to wait for the other")
    then()
    thread.join(timeout=20)
    session.session.close()
    return said[0] if said else ""


@told_instead(None)
def test_of_a_batch_deleted_while_readings_of_it_come_one_of_the_two_is_refused(committed):
    border = Border.make(with_agreement=False)
    indicator = Indicator.objects.get(code="NH3-N").pk
    for reading_first in (True, False):
        batch = ImportBatch.objects.create(filename="a.csv", sha256="", layout="simple").pk
        insert = INSERT.format(
            table="monitoring_reading", section=border.section.pk, indicator=indicator, batch=batch
        )
        delete = f"DELETE FROM monitoring_importbatch WHERE id = {batch}"
        first, second, words = (
            (insert, delete, "已有监测数据") if reading_first else (delete, insert, "不存在")
        )
        holding = Session(first)
        assert words in refused_once(Session(), second, holding.session.commit)
        holding.session.close()
        assert ImportBatch.objects.filter(pk=batch).exists() is reading_first
        sql("DELETE FROM monitoring_reading")
    assert DirtyMonth.objects.exists()
    # Of a snapshot of before, the readings that came meanwhile would not be seen.
    old = Session("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
    with pytest.raises(psycopg2.Error, match="READ COMMITTED"):
        old.run("DELETE FROM monitoring_importbatch")
    old.session.close()
