"""月度状态认定, appended and revoked; what it and party figures mark to be computed again."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models
from django.db.models import Q

GUARDS = """
-- A ruling is appended and revoked once; nothing else of it ever changes.
CREATE FUNCTION settlements_ruling_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP <> 'UPDATE' THEN
        RAISE EXCEPTION '% 不允许 %:认定只追加、可撤销,不删除。', TG_TABLE_NAME, TG_OP
            USING ERRCODE = '23514';
    END IF;
    IF OLD.revoked_at IS NOT NULL THEN
        RAISE EXCEPTION '认定 #% 已撤销,不能再改;需要的请另行认定。', OLD.id
            USING ERRCODE = '23514';
    END IF;
    IF NEW.revoked_at IS NULL OR
       (NEW.id, NEW.section_id, NEW.month, NEW.agreement_id, NEW.state, NEW.ground, NEW.reason,
        NEW.evidence, NEW.evidence_name, NEW.evidence_kind, NEW.evidence_sha256,
        NEW.decided_by_id, NEW.decided_at) IS DISTINCT FROM
       (OLD.id, OLD.section_id, OLD.month, OLD.agreement_id, OLD.state, OLD.ground, OLD.reason,
        OLD.evidence, OLD.evidence_name, OLD.evidence_kind, OLD.evidence_sha256,
        OLD.decided_by_id, OLD.decided_at) THEN
        RAISE EXCEPTION '认定 #% 不能修改;请撤销后另行认定。', OLD.id USING ERRCODE = '23514';
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER ruling_stays BEFORE UPDATE OR DELETE ON settlements_monthruling
    FOR EACH ROW EXECUTE FUNCTION settlements_ruling_stays();
CREATE TRIGGER ruling_never_truncated BEFORE TRUNCATE ON settlements_monthruling
    FOR EACH STATEMENT EXECUTE FUNCTION settlements_ruling_stays();

CREATE FUNCTION settlements_ruling_marks() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO monitoring_dirtymonth (section_id, month, marked_at)
    VALUES (NEW.section_id, NEW.month, now())
    ON CONFLICT (section_id, month) DO UPDATE
        SET marked_at = EXCLUDED.marked_at, retry_at = NULL, error = '';
    RETURN NULL;
END $$;

CREATE TRIGGER ruling_marks AFTER INSERT OR UPDATE ON settlements_monthruling
    FOR EACH ROW EXECUTE FUNCTION settlements_ruling_marks();

-- A party's figure feeds every section of the agreements it is party to.
CREATE FUNCTION settlements_party_figure_marks() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO monitoring_dirtymonth (section_id, month, marked_at)
    SELECT DISTINCT s.section_id, NEW.period, now()
    FROM settlements_termsection s
    JOIN settlements_term t ON t.id = s.term_id
    WHERE NEW.jurisdiction_id IN (s.upstream_id, s.downstream_id)
       OR EXISTS (SELECT 1 FROM settlements_party p WHERE p.agreement_id = t.agreement_id
                  AND p.jurisdiction_id = NEW.jurisdiction_id)
    ORDER BY 1
    ON CONFLICT (section_id, month) DO UPDATE
        SET marked_at = EXCLUDED.marked_at, retry_at = NULL, error = '';
    RETURN NULL;
END $$;

CREATE TRIGGER party_figure_marks AFTER INSERT OR UPDATE ON monitoring_observation
    FOR EACH ROW WHEN (NEW.jurisdiction_id IS NOT NULL)
    EXECUTE FUNCTION settlements_party_figure_marks();
"""

UNDO = """
DROP TRIGGER party_figure_marks ON monitoring_observation;
DROP FUNCTION settlements_party_figure_marks();
DROP TRIGGER ruling_marks ON settlements_monthruling;
DROP FUNCTION settlements_ruling_marks();
DROP TRIGGER ruling_never_truncated ON settlements_monthruling;
DROP TRIGGER ruling_stays ON settlements_monthruling;
DROP FUNCTION settlements_ruling_stays();
"""

STATES = [
    ("natural_no_flow", "自然断流"),
    ("manmade_no_flow", "人为断流"),
    ("no_data", "无数据"),
    ("excluded", "剔除"),
]
GROUNDS = [
    ("disaster", "自然灾害"),
    ("drought", "干旱、断流"),
    ("drained", "人为截流、取水"),
    ("background", "自然背景值高"),
    ("inflow", "上游来水已超标"),
    ("station", "自动站故障"),
    ("missing", "数据缺失"),
]
KINDS = [("application/pdf", "PDF"), ("image/png", "PNG"), ("image/jpeg", "JPEG")]


def _who(label: str, **given) -> models.ForeignKey:
    return models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=django.db.models.deletion.PROTECT,
        related_name="+",
        verbose_name=label,
        **given,
    )


class Migration(migrations.Migration):
    dependencies = [
        ("monitoring", "0004_observations"),
        ("settlements", "0005_amend_and_end"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]
    operations = [
        migrations.CreateModel(
            name="MonthRuling",
            fields=[
                ("id", models.BigAutoField(
                    auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("section", models.ForeignKey(
                    "monitoring.section", on_delete=django.db.models.deletion.PROTECT,
                    related_name="rulings", verbose_name="断面")),
                ("month", models.DateField(help_text="当月第一天", verbose_name="月份")),
                ("agreement", models.ForeignKey(
                    "settlements.agreement", blank=True, null=True,
                    help_text="空为对该断面的全部协议有效。",
                    on_delete=django.db.models.deletion.PROTECT,
                    related_name="rulings", verbose_name="协议")),
                ("state", models.CharField(
                    choices=STATES, max_length=20, verbose_name="认定的状态")),
                ("ground", models.CharField(choices=GROUNDS, max_length=12, verbose_name="事由")),
                ("reason", models.CharField(max_length=500, verbose_name="理由")),
                ("evidence", models.FileField(
                    blank=True, max_length=120, upload_to="rulings", verbose_name="证据")),
                ("evidence_name", models.CharField(
                    blank=True, max_length=200, verbose_name="证据原文件名")),
                ("evidence_kind", models.CharField(
                    blank=True, choices=KINDS, max_length=20, verbose_name="证据类型")),
                ("evidence_sha256", models.CharField(
                    blank=True, max_length=64, verbose_name="证据 SHA-256")),
                ("decided_by", _who("认定人")),
                ("decided_at", models.DateTimeField(verbose_name="认定时间")),
                ("revoked_by", _who("撤销人", blank=True, null=True)),
                ("revoked_at", models.DateTimeField(
                    blank=True, null=True, verbose_name="撤销时间")),
                ("revoked_why", models.CharField(
                    blank=True, max_length=500, verbose_name="撤销理由")),
            ],
            options={
                "verbose_name": "月度状态认定",
                "verbose_name_plural": "月度状态认定",
                "ordering": ["-month", "section", "-pk"],
                "constraints": [
                    models.CheckConstraint(condition=Q(month__day=1), name="ruling_month_starts"),
                    models.CheckConstraint(condition=~Q(reason=""), name="ruling_has_reason"),
                    models.CheckConstraint(
                        condition=Q(state__in=[
                            "excluded", "manmade_no_flow", "natural_no_flow", "no_data"]),
                        name="ruling_state_known",
                    ),
                    models.CheckConstraint(
                        condition=Q(
                            revoked_at__isnull=True, revoked_by__isnull=True, revoked_why="")
                        | (Q(revoked_at__isnull=False, revoked_by__isnull=False)
                           & ~Q(revoked_why="")),
                        name="ruling_revoked_whole",
                    ),
                    models.UniqueConstraint(
                        fields=["section", "month", "agreement"],
                        condition=Q(revoked_at__isnull=True),
                        nulls_distinct=False,
                        name="ruling_live_once",
                    ),
                ],
            },
        ),
        migrations.RunSQL(GUARDS, UNDO),
    ]  # fmt: skip
