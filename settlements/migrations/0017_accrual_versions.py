"""核算版本: every finding an accrual ever held, written by triggers in its own transaction."""

import django.db.models.deletion
from django.db import migrations, models
from django.db.models import F, Q

GUARDS = """
CREATE FUNCTION settlements_accrual_begun() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO settlements_accrualversion (accrual_id, term_section_id, period, yearly,
        month_state, water_class, transfers, rule_revision, input_digest, known_from, transaction)
    SELECT id, term_section_id, period, yearly, month_state, water_class, '[]', rule_revision,
        input_digest, clock_timestamp(), pg_current_xact_id()::text::bigint
    FROM new_rows;
    RETURN NULL;
END $$;

CREATE TRIGGER accrual_begun AFTER INSERT ON settlements_accrual
    REFERENCING NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION settlements_accrual_begun();

CREATE FUNCTION settlements_accrual_revised() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    at timestamptz := clock_timestamp();
BEGIN
    UPDATE settlements_accrualversion SET known_to = at
        WHERE accrual_id = OLD.id AND known_to IS NULL;
    IF TG_OP = 'UPDATE' THEN
        INSERT INTO settlements_accrualversion (accrual_id, term_section_id, period, yearly,
            month_state, water_class, transfers, rule_revision, input_digest, known_from,
            transaction)
        VALUES (NEW.id, NEW.term_section_id, NEW.period, NEW.yearly, NEW.month_state,
            NEW.water_class, '[]', NEW.rule_revision, NEW.input_digest, at,
            pg_current_xact_id()::text::bigint);
    END IF;
    RETURN NULL;
END $$;

CREATE TRIGGER accrual_revised AFTER UPDATE ON settlements_accrual
    FOR EACH ROW WHEN (OLD.input_digest IS DISTINCT FROM NEW.input_digest)
    EXECUTE FUNCTION settlements_accrual_revised();
CREATE TRIGGER accrual_dropped AFTER DELETE ON settlements_accrual
    FOR EACH ROW EXECUTE FUNCTION settlements_accrual_revised();

-- What is paid follows the accrual in the same transaction. Transfers that come in a later one
-- begin a version of their own.
CREATE FUNCTION settlements_transfer_versions() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    mine bigint := pg_current_xact_id()::text::bigint;
    at timestamptz := clock_timestamp();
BEGIN
    WITH stale AS (
        UPDATE settlements_accrualversion SET known_to = at
        WHERE known_to IS NULL AND transaction <> mine
          AND accrual_id IN (SELECT accrual_id FROM new_rows)
        RETURNING *
    )
    INSERT INTO settlements_accrualversion (accrual_id, term_section_id, period, yearly,
        month_state, water_class, transfers, rule_revision, input_digest, known_from, transaction)
    SELECT accrual_id, term_section_id, period, yearly, month_state, water_class, '[]',
        rule_revision, input_digest, at, mine
    FROM stale;
    UPDATE settlements_accrualversion v SET transfers = paid.transfers
    FROM (
        SELECT t.accrual_id, jsonb_agg(jsonb_build_object('payer', a.code, 'payee', b.code,
            'yuan', t.yuan::text, 'reason', t.reason) ORDER BY t.id) AS transfers
        FROM settlements_transfer t
        JOIN basins_jurisdiction a ON a.id = t.payer_id
        JOIN basins_jurisdiction b ON b.id = t.payee_id
        WHERE t.accrual_id IN (SELECT accrual_id FROM new_rows)
        GROUP BY t.accrual_id
    ) paid
    WHERE v.accrual_id = paid.accrual_id AND v.known_to IS NULL;
    RETURN NULL;
END $$;

CREATE TRIGGER transfer_versions AFTER INSERT ON settlements_transfer
    REFERENCING NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION settlements_transfer_versions();

CREATE FUNCTION settlements_version_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP <> 'UPDATE' THEN
        RAISE EXCEPTION '% 不允许 %:核算版本只增不减。', TG_TABLE_NAME, TG_OP
            USING ERRCODE = '23514';
    END IF;
    IF OLD.known_to IS NULL AND to_jsonb(NEW) - 'known_to' = to_jsonb(OLD) - 'known_to' THEN
        RETURN NEW;
    END IF;
    IF OLD.known_to IS NULL AND OLD.transaction = pg_current_xact_id()::text::bigint
       AND to_jsonb(NEW) - 'transfers' = to_jsonb(OLD) - 'transfers' THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION '核算版本 #% 不能修改:只可在有新版本时记下截止时间。', OLD.id
        USING ERRCODE = '23514';
END $$;

CREATE TRIGGER version_stays BEFORE UPDATE OR DELETE ON settlements_accrualversion
    FOR EACH ROW EXECUTE FUNCTION settlements_version_stays();
CREATE TRIGGER version_never_truncated BEFORE TRUNCATE ON settlements_accrualversion
    FOR EACH STATEMENT EXECUTE FUNCTION settlements_version_stays();

-- What there is when the history begins is known from now on.
INSERT INTO settlements_accrualversion (accrual_id, term_section_id, period, yearly,
    month_state, water_class, transfers, rule_revision, input_digest, known_from, transaction)
SELECT x.id, x.term_section_id, x.period, x.yearly, x.month_state, x.water_class,
    COALESCE((SELECT jsonb_agg(jsonb_build_object('payer', a.code, 'payee', b.code,
                'yuan', t.yuan::text, 'reason', t.reason) ORDER BY t.id)
              FROM settlements_transfer t
              JOIN basins_jurisdiction a ON a.id = t.payer_id
              JOIN basins_jurisdiction b ON b.id = t.payee_id
              WHERE t.accrual_id = x.id), '[]'::jsonb),
    x.rule_revision, x.input_digest, clock_timestamp(), pg_current_xact_id()::text::bigint
FROM settlements_accrual x;
"""

UNDO = """
DROP TRIGGER version_never_truncated ON settlements_accrualversion;
DROP TRIGGER version_stays ON settlements_accrualversion;
DROP FUNCTION settlements_version_stays();
DROP TRIGGER transfer_versions ON settlements_transfer;
DROP FUNCTION settlements_transfer_versions();
DROP TRIGGER accrual_dropped ON settlements_accrual;
DROP TRIGGER accrual_revised ON settlements_accrual;
DROP FUNCTION settlements_accrual_revised();
DROP TRIGGER accrual_begun ON settlements_accrual;
DROP FUNCTION settlements_accrual_begun();
"""



class Migration(migrations.Migration):
    dependencies = [
        ("monitoring", "0006_marks_worked"),
        ("settlements", "0016_counted_transfer"),
    ]
    operations = [
        migrations.CreateModel(
            name="AccrualVersion",
            fields=[
                ("id", models.BigAutoField(
                    auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("accrual_id", models.BigIntegerField(verbose_name="月核算")),
                ("term_section", models.ForeignKey(
                    "settlements.termsection", db_constraint=False, db_index=False,
                    on_delete=django.db.models.deletion.DO_NOTHING, related_name="+",
                    verbose_name="断面")),
                ("period", models.DateField(verbose_name="期间")),
                ("yearly", models.BooleanField(verbose_name="按年")),
                ("month_state", models.CharField(max_length=20, verbose_name="月度状态")),
                ("water_class", models.PositiveSmallIntegerField(null=True, verbose_name="类别")),
                ("transfers", models.JSONField(verbose_name="收付")),
                ("rule_revision", models.PositiveSmallIntegerField(verbose_name="规则修订号")),
                ("input_digest", models.CharField(max_length=64, verbose_name="输入摘要")),
                ("known_from", models.DateTimeField(verbose_name="得知时间")),
                ("known_to", models.DateTimeField(null=True, verbose_name="更替时间")),
                ("transaction", models.BigIntegerField(verbose_name="事务")),
            ],
            options={
                "verbose_name": "核算版本",
                "verbose_name_plural": "核算版本",
                "ordering": ["pk"],
                "constraints": [
                    models.UniqueConstraint(
                        fields=["accrual_id"], condition=Q(known_to__isnull=True),
                        name="version_live_once",
                    ),
                    models.CheckConstraint(
                        condition=Q(known_to__isnull=True) | Q(known_to__gte=F("known_from")),
                        name="version_times_in_order",
                    ),
                ],
                "indexes": [
                    models.Index(fields=["term_section", "period"], name="version_by_period"),
                ],
            },
        ),
        migrations.RunSQL(GUARDS, UNDO),
    ]  # fmt: skip
