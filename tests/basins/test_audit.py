"""The audit trail of tables: nothing escapes it, nothing changes it, and it says who."""

import sys
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from django.db import IntegrityError, connection, transaction

from basins.audit import by_table, install_triggers, registered
from basins.history import as_known
from basins.models import AccessEvent, AuditRecord, River, User
from basins.ranges import between
from jobs import services as jobs
from jobs.acting import acting, present
from jobs.models import Job
from monitoring.models import Reading, SamplingPlan, Target
from settlements.models import Accrual, Posting, Term, Transfer
from tests.past import established

NOT_KEPT = {Reading, Accrual, Transfer, Posting}


def sql(text: str, *given) -> None:
    with connection.cursor() as cursor:
        cursor.execute(text, given)


def ops(model, key) -> str:
    """Kinds of the records of one row, oldest first: 'IUD'."""
    found = AuditRecord.objects.filter(table=model._meta.db_table, key=str(key)).order_by("pk")
    return "".join(found.values_list("op", flat=True))


def last(model, key) -> AuditRecord:
    return AuditRecord.objects.filter(table=model._meta.db_table, key=str(key)).latest("pk")


# Completeness ----------------------------------------------------------------------------


def test_every_table_with_a_history_has_its_triggers(db):
    with connection.cursor() as cursor:
        cursor.execute(
            """SELECT tgrelid::regclass::text, count(*) FROM pg_trigger
               WHERE tgname IN ('audit_rows', 'audit_added', 'audit_truncate') GROUP BY 1"""
        )
        assert dict(cursor.fetchall()) == dict.fromkeys(by_table(), 3)


def test_what_is_derived_in_bulk_keeps_none():
    assert not NOT_KEPT & {each.model for each in registered()}


@pytest.mark.parametrize("label", [each.model._meta.label for each in registered()])
def test_each_table_notes_insert_update_delete_and_truncate(db, label):
    """By SQL, past every constraint but those of the columns: the trigger is what is tried."""
    kept = next(each for each in registered() if each.model._meta.label == label)
    table, key = kept.table, kept.arguments()[0]
    # A bare copy of the table with the very triggers, filled without its world.
    sql(f'CREATE TABLE bare (LIKE "{table}")')
    for column in connection.introspection.get_table_description(connection.cursor(), "bare"):
        if not column.null_ok:
            sql(f'ALTER TABLE bare ALTER "{column.name}" DROP NOT NULL')
    arguments = ", ".join(f"'{each}'" for each in kept.arguments())
    sql(
        "CREATE TRIGGER audit_rows AFTER UPDATE OR DELETE ON bare "
        f"FOR EACH ROW EXECUTE FUNCTION basins_audit({arguments})"
    )
    sql(
        "CREATE TRIGGER audit_added AFTER INSERT ON bare REFERENCING NEW TABLE AS new_rows "
        f"FOR EACH STATEMENT EXECUTE FUNCTION basins_audit_added({arguments})"
    )
    shown = next(
        f
        for f in kept.model._meta.concrete_fields
        if (f.column != key and f.name not in kept.without and f.get_internal_type() == "CharField")
        or (f.is_relation and f.name not in kept.without)
    )
    value = "5" if shown.is_relation else "x"
    sql(f'INSERT INTO bare ("{key}") VALUES (7)')
    sql(f'UPDATE bare SET "{shown.column}" = %s', value)
    sql("DELETE FROM bare")
    found = list(AuditRecord.objects.filter(table="bare", key="7").order_by("pk"))
    assert [r.op for r in found] == ["I", "U", "D"]
    assert found[1].before[shown.column] is None
    assert found[1].after[shown.column] is not None
    assert not {*kept.columns(kept.without).split(",")} - {""} & set(found[0].after)


def test_the_orm_is_noted_in_every_way_it_writes(db):
    river = River.objects.create(code="A", name="甲河")
    River.objects.filter(pk=river.pk).update(name="乙河")
    river.name = "丙河"
    river.save()
    River.objects.bulk_update([river], ["name"])  # changes nothing
    key = river.pk
    river.delete()
    [other] = River.objects.bulk_create([River(code="B", name="丁河")])
    assert ops(River, key) == "IUUD"
    assert ops(River, other.pk) == "I"
    assert last(River, key).before["name"] == "丙河"


def test_raw_sql_is_noted_with_its_database_role(db):
    sql("INSERT INTO basins_river (code, name, name_en, level, schematic, confidence, source)"
        " VALUES ('A', '甲河', '', 1, false, 'C', '')")  # fmt: skip
    river = River.objects.get(code="A")
    sql("UPDATE basins_river SET name = '乙河' WHERE code = 'A'")
    record = last(River, river.pk)
    assert (record.op, record.before["name"], record.after["name"]) == ("U", "甲河", "乙河")
    assert (record.who, record.user_id, record.act) == ("", None, "")
    assert record.database_role


def test_truncating_a_table_notes_each_row(border):
    plan = SamplingPlan.objects.create(
        section=border.section, per_day=6, in_force=between(date(2020, 1, 1))
    )
    sql("SET CONSTRAINTS ALL IMMEDIATE")
    sql("TRUNCATE monitoring_samplingplan")
    assert ops(SamplingPlan, plan.pk) == "ID"
    assert last(SamplingPlan, plan.pk).before["per_day"] == 6


def test_a_changed_key_is_one_row_gone_and_another_come(db):
    river = River.objects.create(code="A", name="甲河")
    sql("UPDATE basins_river SET id = 990 WHERE id = %s", river.pk)
    assert (ops(River, river.pk), ops(River, 990)) == ("ID", "I")


@pytest.mark.parametrize("trigger", ["audit_rows", "audit_added"])
def test_rows_that_were_there_before_are_noted_as_such(db, trigger):
    river = River.objects.create(code="A", name="甲河")
    sql(f"DROP TRIGGER {trigger} ON basins_river")
    assert install_triggers() == ["basins_river"]
    assert install_triggers() == []
    assert ops(River, river.pk) == "IB"


def test_a_trail_of_a_version_before_goes_on_without_noting_rows_twice(db):
    sql("DROP TRIGGER audit_added ON basins_river")
    sql("DROP TRIGGER audit_rows ON basins_river")
    sql(
        "CREATE TRIGGER audit_rows AFTER INSERT OR UPDATE OR DELETE ON basins_river "
        "FOR EACH ROW EXECUTE FUNCTION basins_audit('id', '', '')"
    )
    assert install_triggers() == ["basins_river"]
    assert install_triggers() == []
    river = River.objects.create(code="A", name="甲河")
    assert ops(River, river.pk) == "I"


def test_rows_added_by_one_statement_are_each_noted(db):
    rivers = River.objects.bulk_create(
        River(code=code, name=f"{code}河") for code in ("A", "B", "C")
    )
    assert [ops(River, river.pk) for river in rivers] == ["I", "I", "I"]
    assert [last(River, river.pk).after["code"] for river in rivers] == ["A", "B", "C"]


# What is kept of a row -------------------------------------------------------------------


def test_a_password_is_never_in_the_trail_but_its_change_is(db):
    user = User.objects.create_user(username="u", password="erstes-Wort-2026")
    first = user.password
    user.set_password("zweites-Wort-2026")
    user.save()
    assert ops(User, user.pk) == "IU"
    record = last(User, user.pk)
    assert record.before["password"] != record.after["password"]
    assert first not in str(record.before)
    assert user.password not in str(record.after)
    assert len(record.after["password"]) == 17


def test_a_sign_in_is_no_change_of_the_person(db):
    user = User.objects.create(username="u")
    User.objects.filter(pk=user.pk).update(last_login=datetime(2026, 1, 1, tzinfo=UTC))
    assert ops(User, user.pk) == "I"
    assert "last_login" not in last(User, user.pk).after


def test_numbers_keep_every_digit(db):
    river = River.objects.create(code="A", name="甲河", catchment_km2=Decimal("123456789.1"))
    assert last(River, river.pk).after["catchment_km2"] == Decimal("123456789.1")


# Unchangeable ----------------------------------------------------------------------------


@pytest.mark.parametrize("table", ["basins_auditrecord", "basins_accessevent"])
@pytest.mark.parametrize("statement", ["UPDATE {} SET who = 'x'", "DELETE FROM {}", "TRUNCATE {}"])
def test_the_trail_is_only_added_to(db, table, statement):
    River.objects.create(code="A", name="甲河")
    AccessEvent.objects.create(kind="export")
    with pytest.raises(IntegrityError, match="操作记录只增不改"), transaction.atomic():
        sql(statement.format(table))


# Who ---------------------------------------------------------------------------------------


def test_a_change_says_who_from_where_in_what_and_why(db):
    user = User.objects.create(username="li", display_name="李某", unit="市生态环境局")
    with (
        acting(user_id=user.pk, who="李某（市生态环境局）", address="10.1.2.3", act="修订协议"),
        acting(why="更正录入错误"),
    ):
        river = River.objects.create(code="A", name="甲河")
    record = last(River, river.pk)
    assert (record.user, record.who) == (user, "李某（市生态环境局）")
    assert (record.address, record.act, record.why) == ("10.1.2.3", "修订协议", "更正录入错误")
    river.delete()
    assert last(River, record.key).who == ""


def test_after_a_failure_nobody_is_left_acting(db):
    twice = [River(code="A", name="甲河"), River(code="A", name="乙河")]
    with pytest.raises(IntegrityError), acting(who="李某"), transaction.atomic():
        River.objects.bulk_create(twice)
    assert present().who == ""
    assert last(River, River.objects.create(code="B", name="丙河").pk).who == ""


def test_a_change_that_is_rolled_back_leaves_no_record(db):
    before = AuditRecord.objects.count()
    twice = [River(code="A", name="甲河"), River(code="A", name="乙河")]
    with pytest.raises(IntegrityError), transaction.atomic():
        River.objects.bulk_create(twice)
    assert AuditRecord.objects.count() == before


def test_a_new_connection_knows_who_acts(committed):
    with acting(who="李某"):
        connection.close()
        river = River.objects.create(code="A", name="甲河")
    assert last(River, river.pk).who == "李某"


@jobs.handles("tests.audit_river")
def name_river(parameters, progress):
    return {"pk": River.objects.create(code="JOB", name="任务河").pk}


def test_a_job_acts_for_whoever_entered_it(committed):
    user = User.objects.create(username="li", display_name="李某", unit="市局")
    job = jobs.enqueue(kind="tests.audit_river", key="1", parameters={}, by=user, wake=False)
    done = jobs.run(job.pk)
    assert done.state == Job.State.DONE
    record = last(River, done.result["pk"])
    assert (record.user_id, record.who) == (user.pk, "李某（市局）")
    assert record.act == "系统任务 tests.audit_river"


def test_a_task_acts_as_the_system(db):
    from config.celery import app

    @app.task(name="tests.audit_task")
    def make():
        return River.objects.create(code="TASK", name="任务河").pk

    record = last(River, make())
    assert (record.who, record.act) == ("系统", "系统任务 tests.audit_task")


# As known ----------------------------------------------------------------------------------


def test_a_target_is_known_as_it_was_at_each_moment(border):
    target = Target.objects.get()
    key = target.pk
    start = last(Target, target.pk).at
    Target.objects.filter(pk=target.pk).update(water_class=2)
    changed = last(Target, target.pk).at
    target.delete()
    gone = last(Target, key).at

    def classes(at):
        return [(row["section_id"], row["water_class"]) for row in as_known(Target, at)]

    assert classes(datetime(2020, 1, 1, tzinfo=UTC)) == []
    assert classes(start) == [(border.section.pk, 3)]
    assert classes(changed) == [(border.section.pk, 2)]
    assert classes(gone) == []


def test_what_is_known_has_the_models_own_types(border):
    term = border.agreement.terms.get(number=1)
    row = next(r for r in as_known(Term, last(Term, term.pk).at) if r["id"] == term.pk)
    assert row["in_force"] == between(date(2018, 6, 1), date(2023, 1, 1))
    assert row["parameters"] == term.parameters
    assert set(row) == {f.attname for f in Term._meta.concrete_fields}


def test_only_rows_equal_in_what_is_asked_come_back(border):
    plan = SamplingPlan.objects.create(
        section=border.section, per_day=6, in_force=between(date(2020, 1, 1))
    )
    at = last(SamplingPlan, plan.pk).at
    assert [r["id"] for r in as_known(SamplingPlan, at, section_id=border.section.pk)] == [plan.pk]
    assert as_known(SamplingPlan, at, section_id=0) == []


def test_what_is_established_was_known_always(db):
    long_ago = datetime(2000, 1, 1, tzinfo=UTC)
    with established():
        river = River.objects.create(code="A", name="甲河")
    assert ops(River, river.pk) == "B"
    assert [r["name"] for r in as_known(River, long_ago) if r["id"] == river.pk] == ["甲河"]


def test_a_table_without_a_history_says_so(db):
    with pytest.raises(LookupError, match="keeps no history"):
        as_known(Accrual, datetime(2026, 1, 1, tzinfo=UTC))


def test_what_is_known_can_be_read_in_the_order_of_the_index(db):
    with connection.cursor() as cursor:
        # In a table of a hundred rows anything else is as good: can the index serve it at all?
        for other in ("seqscan", "bitmapscan", "sort"):
            cursor.execute(f"SET LOCAL enable_{other} = off")
        cursor.execute(
            """EXPLAIN SELECT DISTINCT ON (key) key, op, after FROM basins_auditrecord
               WHERE "table" = 'monitoring_target' AND (at <= now() OR op = 'B')
               ORDER BY key, id DESC"""
        )
        plan = "\n".join(line for (line,) in cursor.fetchall())
    assert "audit_by_object" in plan
    assert "Sort" not in plan


def test_a_command_says_which_it_is_and_under_which_account_it_ran(committed, monkeypatch):
    import manage

    monkeypatch.setattr(sys, "argv", ["manage.py", "load_basins", "--json", "--skip-checks"])
    assert manage.main() == 0
    record = AuditRecord.objects.filter(table="basins_river").latest("pk")
    assert record.act == "系统任务 load_basins"
    assert record.who.startswith("命令行（")
    assert present().who == ""
