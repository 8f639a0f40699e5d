"""One file may serve several items of evidence, and both parties."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("settlements", "0029_overpayment_reason")]

    operations = [
        migrations.RemoveConstraint(model_name="evidence", name="evidence_once"),
        migrations.AddConstraint(
            model_name="evidence",
            constraint=models.UniqueConstraint(
                fields=["objection", "item", "sha256", "jurisdiction"],
                name="evidence_once",
                nulls_distinct=False,
            ),
        ),
    ]
