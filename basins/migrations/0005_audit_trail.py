"""操作记录: the two tables, that they only grow, and the function that every trigger calls.

The triggers on the tables with a history are made after `migrate` (basins.audit).
"""

import django.db.models.deletion
import django.db.models.functions.datetime
from django.conf import settings
from django.db import migrations, models

import basins.models.audit

TRAIL = """
-- What of a row is kept: left-out columns are gone, of masked ones there is a digest.
CREATE FUNCTION basins_audit_shown(line jsonb, without text[], masked text[]) RETURNS jsonb
LANGUAGE sql AS $$
    SELECT (line - without) || COALESCE((
        SELECT jsonb_object_agg(
            name, '#' || left(encode(sha256(convert_to(line ->> name, 'UTF8')), 'hex'), 16))
        FROM unnest(masked) AS name WHERE line ->> name IS NOT NULL), '{}'::jsonb)
$$;

-- One record, with who acts (jobs.acting tells the session).
CREATE FUNCTION basins_audit_note(of text, key text, op text, was jsonb, become jsonb)
RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    acting jsonb := COALESCE(NULLIF(current_setting('rivers.acting', true), ''), '{}')::jsonb;
BEGIN
    IF op = 'I' AND (acting ->> 'established')::boolean THEN
        op := 'B';
    END IF;
    INSERT INTO basins_auditrecord (at, "table", key, op, before, after, user_id, who, address,
            act, path, why, database_role, transaction)
        VALUES (clock_timestamp(), of, key, op, was, become, (acting ->> 'user_id')::bigint,
            left(COALESCE(acting ->> 'who', ''), 200),
            left(COALESCE(acting ->> 'address', ''), 45),
            left(COALESCE(acting ->> 'act', ''), 200),
            left(COALESCE(acting ->> 'path', ''), 500),
            left(COALESCE(acting ->> 'why', ''), 500),
            session_user, pg_current_xact_id()::text::bigint);
END $$;

-- Every row a table holds now, as records of one kind.
CREATE FUNCTION basins_audit_all(of text, op text, key text, without text, masked text)
RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    line jsonb;
BEGIN
    FOR line IN EXECUTE format('SELECT to_jsonb(t) FROM %I t ORDER BY t.%I', of, key) LOOP
        PERFORM basins_audit_note(of, line ->> key, op,
            CASE WHEN op = 'D' THEN basins_audit_shown(
                line, string_to_array(without, ','), string_to_array(masked, ',')) END,
            CASE WHEN op <> 'D' THEN basins_audit_shown(
                line, string_to_array(without, ','), string_to_array(masked, ',')) END);
    END LOOP;
END $$;

-- Arguments of the trigger: key column, left-out columns, masked columns.
CREATE FUNCTION basins_audit() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    key     text := TG_ARGV[0];
    without text[] := string_to_array(TG_ARGV[1], ',');
    masked  text[] := string_to_array(TG_ARGV[2], ',');
    was     jsonb;
    become  jsonb;
BEGIN
    IF TG_OP = 'TRUNCATE' THEN
        PERFORM basins_audit_all(TG_TABLE_NAME, 'D', TG_ARGV[0], TG_ARGV[1], TG_ARGV[2]);
        RETURN NULL;
    END IF;
    IF TG_OP <> 'INSERT' THEN
        was := basins_audit_shown(to_jsonb(OLD), without, masked);
    END IF;
    IF TG_OP <> 'DELETE' THEN
        become := basins_audit_shown(to_jsonb(NEW), without, masked);
    END IF;
    IF TG_OP = 'INSERT' THEN
        PERFORM basins_audit_note(TG_TABLE_NAME, become ->> key, 'I', NULL, become);
    ELSIF TG_OP = 'DELETE' THEN
        PERFORM basins_audit_note(TG_TABLE_NAME, was ->> key, 'D', was, NULL);
    ELSIF was ->> key <> become ->> key THEN
        PERFORM basins_audit_note(TG_TABLE_NAME, was ->> key, 'D', was, NULL);
        PERFORM basins_audit_note(TG_TABLE_NAME, become ->> key, 'I', NULL, become);
    ELSIF was <> become THEN
        PERFORM basins_audit_note(TG_TABLE_NAME, become ->> key, 'U', was, become);
    END IF;
    RETURN NULL;
END $$;

CREATE FUNCTION basins_audit_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '操作记录只增不改:% 不允许 %。', TG_TABLE_NAME, TG_OP
        USING ERRCODE = '23514';
END $$;

CREATE TRIGGER audit_record_stays BEFORE UPDATE OR DELETE OR TRUNCATE ON basins_auditrecord
    FOR EACH STATEMENT EXECUTE FUNCTION basins_audit_stays();
CREATE TRIGGER access_event_stays BEFORE UPDATE OR DELETE OR TRUNCATE ON basins_accessevent
    FOR EACH STATEMENT EXECUTE FUNCTION basins_audit_stays();
"""

# Takes the triggers on every table along.
NO_TRAIL = """
DROP FUNCTION basins_audit() CASCADE;
DROP FUNCTION basins_audit_stays() CASCADE;
DROP FUNCTION basins_audit_all(text, text, text, text, text);
DROP FUNCTION basins_audit_note(text, text, text, jsonb, jsonb);
DROP FUNCTION basins_audit_shown(jsonb, text[], text[]);
"""


def acting_user():
    return models.ForeignKey(
        db_constraint=False,
        db_index=False,
        null=True,
        on_delete=django.db.models.deletion.DO_NOTHING,
        related_name="+",
        to=settings.AUTH_USER_MODEL,
        verbose_name="操作人",
    )


class Migration(migrations.Migration):
    dependencies = [("basins", "0004_notifications")]

    operations = [
        migrations.CreateModel(
            name="AccessEvent",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), verbose_name="时间")),
                ("kind", models.CharField(
                    choices=[("sign_in", "登录"), ("failed", "登录失败"), ("locked", "锁定登录"), ("sign_out", "退出"), ("export", "导出"), ("refused", "拒绝访问")],
                    max_length=12, verbose_name="事件")),
                ("name", models.CharField(blank=True, max_length=150, verbose_name="所填用户名")),
                ("who", models.CharField(blank=True, help_text="当时的姓名与单位。", max_length=200, verbose_name="操作人")),
                ("address", models.CharField(blank=True, max_length=45, verbose_name="地址")),
                ("user_agent", models.CharField(blank=True, max_length=300, verbose_name="浏览器")),
                ("path", models.CharField(blank=True, max_length=500, verbose_name="网址")),
                ("what", models.CharField(blank=True, max_length=200, verbose_name="内容")),
                ("filters", models.JSONField(default=dict, verbose_name="查询条件")),
                ("rows", models.PositiveIntegerField(null=True, verbose_name="行数")),
                ("user", acting_user()),
            ],
            options={
                "verbose_name": "登录与导出",
                "verbose_name_plural": "登录与导出",
                "ordering": ["-pk"],
                "indexes": [
                    models.Index(fields=["at"], name="access_by_time"),
                    models.Index(fields=["user", "-id"], name="access_by_user"),
                ],
            },
        ),
        migrations.CreateModel(
            name="AuditRecord",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("at", models.DateTimeField(verbose_name="时间")),
                ("table", models.CharField(max_length=63, verbose_name="表")),
                ("key", models.CharField(max_length=64, verbose_name="键")),
                ("op", models.CharField(
                    choices=[("I", "新增"), ("U", "修改"), ("D", "删除"), ("B", "既有")],
                    max_length=1, verbose_name="动作")),
                ("before", models.JSONField(decoder=basins.models.audit.ExactDecoder, null=True, verbose_name="改前")),
                ("after", models.JSONField(decoder=basins.models.audit.ExactDecoder, null=True, verbose_name="改后")),
                ("who", models.CharField(help_text="当时的姓名与单位。", max_length=200, verbose_name="操作人")),
                ("address", models.CharField(max_length=45, verbose_name="地址")),
                ("act", models.CharField(max_length=200, verbose_name="途径")),
                ("path", models.CharField(max_length=500, verbose_name="网址")),
                ("why", models.CharField(max_length=500, verbose_name="事由")),
                ("database_role", models.CharField(max_length=63, verbose_name="数据库角色")),
                ("transaction", models.BigIntegerField(verbose_name="事务")),
                ("user", acting_user()),
            ],
            options={
                "verbose_name": "操作记录",
                "verbose_name_plural": "操作记录",
                "ordering": ["-pk"],
                "indexes": [
                    models.Index(fields=["table", "key", "-id"], name="audit_by_object"),
                    models.Index(fields=["at"], name="audit_by_time"),
                    models.Index(fields=["user", "-id"], name="audit_by_user"),
                ],
            },
        ),
        migrations.RunSQL(TRAIL, NO_TRAIL),
    ]
