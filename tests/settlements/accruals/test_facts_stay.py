"""What was said stays, results follow their notice, histories write themselves: past services."""

from datetime import date

import pytest
from django.db import IntegrityError, connection, transaction

from basins.clock import moved_to
from settlements import pipeline
from settlements.funds.services.measures import lift_measure, report_rectification, take_measure
from settlements.models import Accrual, Adjustment
from settlements.objections.services.decisions import reject_objection
from settlements.years.services.adjustments import review_adjustment
from tests.disputes import DECIDED, objected
from tests.told_once import World, of_told, told_once, with_april

APRIL, MAY = "period = '2023-04-01'", "period = '2023-05-01'"


def sql(statement: str) -> int:
    """One transaction of raw SQL; how many rows it touched."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)
        count = cursor.rowcount
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("SET CONSTRAINTS ALL DEFERRED")
    return count


def and_may() -> World:
    """April 2023 published and objected to; May measured, not published."""
    world = with_april()
    world["border"].assessed("2023-05", "IV")
    pipeline.recompute()
    return world


told = told_once(and_may)
april = of_told("april")


@pytest.fixture
def objection(border, people, april):
    return objected(border, people, april)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE settlements_objection SET reason = '另一个理由'",
        "UPDATE settlements_objection SET kind = 'no_fault'",
        "UPDATE settlements_objection SET raised_by_id = raised_by_id + 1",
        "UPDATE settlements_agreementmonth SET objection_days = 0",
        "UPDATE settlements_agreementmonth SET month = '2023-05-01'",
    ],
)
def test_what_was_said_is_not_reworded(objection, statement):
    with pytest.raises(IntegrityError, match="登记后不能修改"):
        sql(statement)


def test_a_decision_is_written_once(people, objection):
    with moved_to(DECIDED):
        reject_objection(unheard="急", objection=objection, by=people.bureau, reason="仪器正常。")
    with pytest.raises(IntegrityError, match="decision 登记后不能修改"):
        sql("UPDATE settlements_objection SET decision = '另一个理由'")


def test_a_deadline_may_move_with_the_calendar(objection):
    assert sql("UPDATE settlements_agreementmonth SET objection_until = '2023-05-23'") == 1
    assert sql("UPDATE settlements_objection SET evidence_until = '2023-05-24'") == 1


def test_what_an_adjustment_proposes_is_not_changed_before_it_is_approved(border, people, april):
    border.measured("2023-04", "II")
    pipeline.recompute()
    for field in ("outcome = '{}'", "inputs = '{}'", "cause = '另一个起因'", "accrual_id = 0"):
        with pytest.raises(IntegrityError, match="登记后不能修改"):
            sql(f"UPDATE settlements_adjustment SET {field}")
    review_adjustment(adjustment=Adjustment.objects.get(), by=people.bureau, reason="属实")


def test_a_measure_is_reported_on_and_lifted_once(border, people):
    with moved_to(date(2023, 6, 1)):
        measure = take_measure(
            kind="summons", jurisdiction=border.downstream, river=None, reason="连续超标",
            document_number="渝环函〔2023〕1 号", on=date(2023, 5, 20), by=people.bureau,
        )  # fmt: skip
        report_rectification(measure=measure, report="已整改。", by=people.downstream)
        report_rectification(measure=measure, report="已复查。", by=people.downstream)
        lift_measure(measure=measure, on=date(2023, 6, 1), why="达标", by=people.bureau)
    for field in ("reason = '别的'", "lifted_on = '2023-05-30'", "lifted_why = '别的'"):
        with pytest.raises(IntegrityError, match="登记后不能修改"):
            sql(f"UPDATE settlements_measure SET {field}")


@pytest.mark.parametrize(
    ("statement", "words"),
    [
        (f"UPDATE settlements_accrual SET state = 'published' WHERE {MAY}", "没有已发布的通报"),
        (f"UPDATE settlements_accrual SET state = 'settled' WHERE {MAY}", "尚未关账"),
        (f"UPDATE settlements_accrual SET state = 'settled' WHERE {APRIL}", "尚未关账"),
    ],
)
def test_a_result_is_published_by_its_notice_and_settled_by_its_year(april, statement, words):
    before = dict(Accrual.objects.values_list("period", "state"))
    with pytest.raises(IntegrityError, match=words):
        sql(statement)
    assert dict(Accrual.objects.values_list("period", "state")) == before


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE settlements_term SET parameters = '{}'",
        "UPDATE settlements_term SET rule = 'rank'",
        "UPDATE settlements_termsection SET share = 0.5",
    ],
)
def test_a_term_with_published_results_is_followed_never_changed(april, statement):
    with pytest.raises(IntegrityError, match="另立条款期"):
        sql(statement)


def test_a_term_is_ended_and_one_without_published_results_still_changes(border, april):
    assert sql("UPDATE settlements_term SET in_force = daterange('2023-01-01', '2023-06-01')"
               " WHERE upper_inf(in_force)") == 1  # fmt: skip
    unpublished = "NOT EXISTS (SELECT 1 FROM settlements_accrual a WHERE a.term_id = t.id)"
    sql(f"UPDATE settlements_term t SET clauses = '{{}}' WHERE {unpublished}")


def test_histories_are_written_by_their_tables_alone(border, april):
    border.measured("2023-05", "II")
    for table in ("settlements_statemove", "settlements_accrualversion"):
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT string_agg(quote_ident(column_name), ', ') FROM information_schema.columns"
                " WHERE table_name = %s AND column_name <> 'id'", [table],
            )  # fmt: skip
            (names,) = cursor.fetchone()
            cursor.execute(f"SELECT count(*) FROM {table}")
            assert cursor.fetchone()[0], table
        with pytest.raises(IntegrityError, match="由触发器记录"):
            sql(f"INSERT INTO {table} ({names}) SELECT {names} FROM {table} LIMIT 1")
    for act in ("UPDATE monitoring_readingrevision SET value = 1",
                "DELETE FROM monitoring_readingrevision"):  # fmt: skip
        with pytest.raises(IntegrityError, match="只增不改"):
            sql(act)
