"""When months waited to be computed again, so that a past moment's knowledge can be told from
what was being worked in."""

import django.db.models.deletion
import django.db.models.functions.datetime
from django.db import migrations, models

GUARDS = """
-- A mark set again keeps the time it waits since; a transaction that began before moves it back.
CREATE FUNCTION monitoring_mark_waits() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.waiting_since := NEW.marked_at;
    RETURN NEW;
END $$;

CREATE TRIGGER mark_waits BEFORE UPDATE ON monitoring_dirtymonth
    FOR EACH ROW WHEN (NEW.marked_at < OLD.waiting_since)
    EXECUTE FUNCTION monitoring_mark_waits();

-- Rolled back with the worker's transaction: the mark is then there again.
CREATE FUNCTION monitoring_mark_worked() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO monitoring_markworked (section_id, month, waiting_since, worked_at, transaction)
    SELECT section_id, month, waiting_since, GREATEST(clock_timestamp(), waiting_since),
        pg_current_xact_id()::text::bigint
    FROM old_rows;
    RETURN NULL;
END $$;

CREATE TRIGGER mark_worked AFTER DELETE ON monitoring_dirtymonth
    REFERENCING OLD TABLE AS old_rows
    FOR EACH STATEMENT EXECUTE FUNCTION monitoring_mark_worked();

CREATE FUNCTION monitoring_mark_worked_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% 只增不改,不允许 %。', TG_TABLE_NAME, TG_OP USING ERRCODE = '23514';
END $$;

CREATE TRIGGER mark_worked_stays BEFORE UPDATE OR DELETE OR TRUNCATE ON monitoring_markworked
    FOR EACH STATEMENT EXECUTE FUNCTION monitoring_mark_worked_stays();
"""

UNDO = """
DROP TRIGGER mark_worked_stays ON monitoring_markworked;
DROP FUNCTION monitoring_mark_worked_stays();
DROP TRIGGER mark_worked ON monitoring_dirtymonth;
DROP FUNCTION monitoring_mark_worked();
DROP TRIGGER mark_waits ON monitoring_dirtymonth;
DROP FUNCTION monitoring_mark_waits();
"""


class Migration(migrations.Migration):
    dependencies = [("monitoring", "0005_verdicts")]
    operations = [
        migrations.AddField(
            model_name="dirtymonth",
            name="waiting_since",
            field=models.DateTimeField(
                db_default=django.db.models.functions.datetime.Now(), verbose_name="等待始于"
            ),
        ),
        migrations.CreateModel(
            name="MarkWorked",
            fields=[
                ("id", models.BigAutoField(
                    auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("section", models.ForeignKey(
                    "monitoring.section", db_constraint=False, db_index=False,
                    on_delete=django.db.models.deletion.DO_NOTHING, related_name="+",
                    verbose_name="断面")),
                ("month", models.DateField(verbose_name="月份")),
                ("waiting_since", models.DateTimeField(verbose_name="等待始于")),
                ("worked_at", models.DateTimeField(verbose_name="重算时间")),
                ("transaction", models.BigIntegerField(verbose_name="事务")),
            ],
            options={
                "verbose_name": "已重算的月份",
                "verbose_name_plural": "已重算的月份",
                "indexes": [
                    models.Index(fields=["section", "month"], name="worked_by_month"),
                ],
            },
        ),
        migrations.RunSQL(GUARDS, UNDO),
    ]  # fmt: skip
