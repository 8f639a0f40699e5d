"""流量 as an indicator of readings."""

from django.db import migrations


def add(apps, schema_editor):
    indicator = apps.get_model("monitoring", "Indicator")
    last = indicator.objects.order_by("-order").values_list("order", flat=True).first() or 0
    indicator.objects.get_or_create(
        code="Q",
        defaults={"name": "流量", "factor": "", "unit": "m³/s", "decimals": 2, "order": last + 1},
    )


class Migration(migrations.Migration):
    dependencies = [("monitoring", "0017_tokens")]
    operations = [migrations.RunPython(add, migrations.RunPython.noop)]
