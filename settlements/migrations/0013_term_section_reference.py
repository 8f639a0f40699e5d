"""对照断面: the downstream's own section, for the extra condition of class_vs_last_year."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("settlements", "0012_signature_document"),
    ]

    operations = [
        migrations.AddField(
            model_name="termsection",
            name="reference",
            field=models.ForeignKey(
                blank=True,
                help_text="下游自身的断面,用于“须好于下游自身水质”的附加条件。",
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="monitoring.section",
                verbose_name="对照断面",
            ),
        ),
    ]
