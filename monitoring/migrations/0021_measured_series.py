"""What is measured where and until when; readings and what they were, by the time they were recorded."""

import django.contrib.postgres.indexes
import django.db.models.deletion
from django.db import migrations, models

MEASURED = """
INSERT INTO monitoring_measuredseries (section_id, indicator_id, month)
SELECT section_id, indicator_id,
    date_trunc('month', max(sampled_at) AT TIME ZONE 'Asia/Shanghai')::date
FROM monitoring_reading GROUP BY 1, 2
"""

# Of every partition, also of those to come. A few kB each: rows come in the order of both times.
BY_TIMES = """
CREATE INDEX reading_by_times ON monitoring_reading
    USING brin (recorded_at, sampled_at) WITH (autosummarize = on)
"""


class Migration(migrations.Migration):
    dependencies = [("monitoring", "0020_batches_of_people")]

    operations = [
        migrations.CreateModel(
            name="MeasuredSeries",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "section_id",
                        "indicator_id",
                        blank=True,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("month", models.DateField(verbose_name="最近月份")),
                (
                    "indicator",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="monitoring.indicator",
                        verbose_name="指标",
                    ),
                ),
                (
                    "section",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="monitoring.section",
                        verbose_name="断面",
                    ),
                ),
            ],
            options={"verbose_name": "断面监测指标", "verbose_name_plural": "断面监测指标"},
        ),
        migrations.RunSQL(MEASURED, migrations.RunSQL.noop),
        migrations.RunSQL(BY_TIMES, "DROP INDEX reading_by_times"),
        migrations.AddIndex(
            model_name="readingrevision",
            index=django.contrib.postgres.indexes.BrinIndex(
                autosummarize=True, fields=["known_to"], name="revision_by_time"
            ),
        ),
    ]
