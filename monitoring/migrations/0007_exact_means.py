"""Monthly means are kept whole: the total of their values, which divided by their number is exact."""

from django.db import migrations, models

# Nine decimals are all that a total of readings has: half of a limit with eight. A stored mean is
# within half of its twelfth decimal, so times its number it rounds to its own total for any month
# of fewer than a thousand values; a recomputation of the month writes the same.
TOTALS = "UPDATE monitoring_monthlymean SET total = round(mean * valid, 9)"


class Migration(migrations.Migration):
    dependencies = [("monitoring", "0001_squashed_0006_marks_worked")]

    operations = [
        migrations.AddField(
            model_name="monthlymean",
            name="total",
            field=models.DecimalField(
                decimal_places=9, max_digits=30, null=True, verbose_name="合计"
            ),
        ),
        migrations.RunSQL(TOTALS, migrations.RunSQL.noop),
    ]
