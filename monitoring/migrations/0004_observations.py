"""指标值, superseded and never changed, and the months they mark."""

import django.db.models.deletion
import django.db.models.functions.datetime
from django.conf import settings
from django.db import migrations, models
from django.db.models import F, Q

GUARDS = """
-- A figure is never changed: it is superseded once, and the row that was stays.
CREATE FUNCTION monitoring_observation_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP <> 'UPDATE' THEN
        RAISE EXCEPTION '% 不允许 %:指标值只更正、不删除,请录入新值。', TG_TABLE_NAME, TG_OP
            USING ERRCODE = '23514';
    END IF;
    IF OLD.superseded_at IS NOT NULL THEN
        RAISE EXCEPTION '指标值 #% 已更正过,不能再改;请看它的新值。', OLD.id
            USING ERRCODE = '23514';
    END IF;
    IF NEW.superseded_at IS NULL OR
       (NEW.id, NEW.section_id, NEW.jurisdiction_id, NEW.name, NEW.period, NEW.yearly, NEW.value,
        NEW.unit, NEW.source, NEW.recorded_by_id, NEW.recorded_at) IS DISTINCT FROM
       (OLD.id, OLD.section_id, OLD.jurisdiction_id, OLD.name, OLD.period, OLD.yearly, OLD.value,
        OLD.unit, OLD.source, OLD.recorded_by_id, OLD.recorded_at) THEN
        RAISE EXCEPTION '指标值 #% 不能修改;更正请录入新值,原值留存。', OLD.id
            USING ERRCODE = '23514';
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER observation_stays BEFORE UPDATE OR DELETE ON monitoring_observation
    FOR EACH ROW EXECUTE FUNCTION monitoring_observation_stays();
CREATE TRIGGER observation_never_truncated BEFORE TRUNCATE ON monitoring_observation
    FOR EACH STATEMENT EXECUTE FUNCTION monitoring_observation_stays();

-- A section's figure feeds that month, a yearly one the year: January stands for it.
CREATE FUNCTION monitoring_observation_marks() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO monitoring_dirtymonth (section_id, month, marked_at)
    VALUES (NEW.section_id, NEW.period, now())
    ON CONFLICT (section_id, month) DO UPDATE
        SET marked_at = EXCLUDED.marked_at, retry_at = NULL, error = '';
    RETURN NULL;
END $$;

CREATE TRIGGER observation_marks AFTER INSERT OR UPDATE ON monitoring_observation
    FOR EACH ROW WHEN (NEW.section_id IS NOT NULL)
    EXECUTE FUNCTION monitoring_observation_marks();
"""

UNDO = """
DROP TRIGGER observation_marks ON monitoring_observation;
DROP FUNCTION monitoring_observation_marks();
DROP TRIGGER observation_never_truncated ON monitoring_observation;
DROP TRIGGER observation_stays ON monitoring_observation;
DROP FUNCTION monitoring_observation_stays();
"""


def _who(label: str) -> models.ForeignKey:
    return models.ForeignKey(
        settings.AUTH_USER_MODEL,
        blank=True,
        null=True,
        on_delete=django.db.models.deletion.PROTECT,
        related_name="+",
        verbose_name=label,
    )


def _whose(model: str, label: str) -> models.ForeignKey:
    return models.ForeignKey(
        model,
        blank=True,
        null=True,
        on_delete=django.db.models.deletion.PROTECT,
        related_name="observations",
        verbose_name=label,
    )


class Migration(migrations.Migration):
    dependencies = [
        ("basins", "0002_provinces"),
        ("monitoring", "0003_indicators"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]
    operations = [
        migrations.CreateModel(
            name="Observation",
            fields=[
                ("id", models.BigAutoField(
                    auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("section", _whose("monitoring.section", "断面")),
                ("jurisdiction", _whose("basins.jurisdiction", "行政区")),
                ("name", models.CharField(max_length=40, verbose_name="指标")),
                ("period", models.DateField(help_text="该月或该年的第一天", verbose_name="期间")),
                ("yearly", models.BooleanField(verbose_name="按年")),
                ("value", models.DecimalField(
                    decimal_places=6, max_digits=22, verbose_name="值")),
                ("unit", models.CharField(blank=True, max_length=12, verbose_name="单位")),
                ("source", models.CharField(max_length=200, verbose_name="出处")),
                ("recorded_by", _who("录入人")),
                ("recorded_at", models.DateTimeField(
                    db_default=django.db.models.functions.datetime.Now(),
                    verbose_name="录入时间")),
                ("superseded_at", models.DateTimeField(
                    blank=True, null=True, verbose_name="更正时间")),
                ("superseded_by", _who("更正人")),
            ],
            options={
                "verbose_name": "指标值",
                "verbose_name_plural": "指标值",
                "ordering": ["-period", "name", "pk"],
                "indexes": [
                    models.Index(fields=["section", "period"], name="observation_by_section"),
                    models.Index(fields=["jurisdiction", "period"], name="observation_by_party"),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=Q(section__isnull=True) ^ Q(jurisdiction__isnull=True),
                        name="observation_of_one",
                        violation_error_message="指标值须属于一个断面，或一个行政区。",
                    ),
                    models.CheckConstraint(
                        condition=Q(period__day=1) & (Q(yearly=False) | Q(period__month=1)),
                        name="observation_period_starts",
                    ),
                    models.CheckConstraint(
                        condition=Q(superseded_at__isnull=True)
                        | Q(superseded_at__gte=F("recorded_at")),
                        name="observation_times_in_order",
                    ),
                    models.UniqueConstraint(
                        fields=["section", "name", "period", "yearly"],
                        condition=Q(superseded_at__isnull=True, section__isnull=False),
                        name="observation_live_of_section",
                    ),
                    models.UniqueConstraint(
                        fields=["jurisdiction", "name", "period", "yearly"],
                        condition=Q(superseded_at__isnull=True, jurisdiction__isnull=False),
                        name="observation_live_of_party",
                    ),
                ],
            },
        ),
        migrations.RunSQL(GUARDS, UNDO),
    ]  # fmt: skip
