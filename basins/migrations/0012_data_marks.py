from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("basins", "0011_calendar_by_two")]

    operations = [
        migrations.CreateModel(
            name="DataMark",
            fields=[
                (
                    "mark",
                    models.BigIntegerField(primary_key=True, serialize=False, verbose_name="标记"),
                )
            ],
            options={"verbose_name": "数据标记", "verbose_name_plural": "数据标记"},
        )
    ]
