"""超付 of more than OVERPAID_SHARE of what was due has a reason of its own; of those there are, that
none was asked for then."""

from decimal import Decimal

from django.db import migrations, models
from django.db.models import F, Q

from basins.guarding import unguarded

MOST = 1 + Decimal("0.05")


def fill(apps, schema_editor):
    with unguarded(schema_editor.connection, "settlements_payment", "payment_decided_once"):
        payments = apps.get_model("settlements", "Payment").objects
        payments.using(schema_editor.connection.alias).filter(
            yuan__gt=F("due_yuan") * MOST
        ).update(overpayment_why="（登记时未要求填写理由）")


class Migration(migrations.Migration):
    dependencies = [("settlements", "0028_vouchers_alike")]

    operations = [
        migrations.AddField(
            model_name="payment",
            name="overpayment_why",
            field=models.CharField("超付理由", max_length=300, blank=True, default=""),
            preserve_default=False,
        ),
        migrations.RunPython(fill, migrations.RunPython.noop),
        migrations.AddConstraint(
            model_name="payment",
            constraint=models.CheckConstraint(
                condition=Q(yuan__lte=F("due_yuan") * MOST) | ~Q(overpayment_why=""),
                name="payment_far_above_due_has_reason",
                violation_error_message="超付较多，请写明超付理由。",
            ),
        ),
    ]
