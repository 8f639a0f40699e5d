"""Signatures entered for a party name their document; proposals name parties by their codes."""

from django.db import migrations, models


def name_parties_by_code(apps, schema_editor):
    """Proposals of before say 'upstream' and 'downstream' of their accrual's section."""
    for adjustment in apps.get_model("settlements", "Adjustment").objects.select_related(
        "accrual__term_section__upstream", "accrual__term_section__downstream"
    ):
        part = adjustment.accrual.term_section
        codes = {"upstream": part.upstream.code, "downstream": part.downstream.code}
        for transfer in adjustment.outcome["transfers"]:
            for side in ("payer", "payee"):
                transfer[side] = codes.get(transfer[side], transfer[side])
        adjustment.save(update_fields=["outcome"])


class Migration(migrations.Migration):
    dependencies = [("settlements", "0011_papers")]

    operations = [
        migrations.RemoveConstraint(
            model_name="adjustment",
            name="adjustment_once_per_input",
        ),
        migrations.AddField(
            model_name="settlementsignature",
            name="document",
            field=models.CharField(
                blank=True, help_text="代为登记的依据。", max_length=80, verbose_name="文号"
            ),
        ),
        migrations.RunPython(name_parties_by_code, migrations.RunPython.noop, elidable=True),
    ]
