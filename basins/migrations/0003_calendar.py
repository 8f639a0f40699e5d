"""The calendar of holidays and make-up days, filled from basins/data/calendar.csv."""

import csv
from pathlib import Path

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

DAYS = Path(__file__).resolve().parent.parent / "data" / "calendar.csv"


def fill(apps, schema_editor):
    day = apps.get_model("basins", "CalendarDay")
    with DAYS.open(encoding="utf-8", newline="") as file:
        day.objects.bulk_create(
            day(
                date=row["date"],
                kind=row["kind"],
                name=row["name"],
                source=row["source"],
                announced=row["announced"] == "yes",
            )
            for row in csv.DictReader(file)
        )


class Migration(migrations.Migration):
    dependencies = [
        ("basins", "0002_provinces"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]
    operations = [
        migrations.CreateModel(
            name="CalendarDay",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("date", models.DateField(unique=True, verbose_name="日期")),
                ("kind", models.CharField(choices=[("holiday", "放假"), ("workday", "调休上班")], max_length=8, verbose_name="类型")),
                ("name", models.CharField(max_length=40, verbose_name="节日")),
                ("source", models.CharField(max_length=200, verbose_name="来源")),
                ("announced", models.BooleanField(default=True, verbose_name="已公布")),
            ],
            options={"verbose_name": "节假日历", "verbose_name_plural": "节假日历", "ordering": ["date"]},
        ),
        migrations.CreateModel(
            name="CalendarChange",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("date", models.DateField(verbose_name="日期")),
                ("before", models.CharField(blank=True, max_length=80, verbose_name="原为")),
                ("after", models.CharField(blank=True, max_length=80, verbose_name="改为")),
                ("reason", models.CharField(max_length=200, verbose_name="原因")),
                ("at", models.DateTimeField(auto_now_add=True, verbose_name="时间")),
                ("by", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL, verbose_name="修改人")),
            ],
            options={"verbose_name": "节假日历修改", "verbose_name_plural": "节假日历修改", "ordering": ["-at", "-pk"]},
        ),
        migrations.RunPython(fill, migrations.RunPython.noop),
    ]
