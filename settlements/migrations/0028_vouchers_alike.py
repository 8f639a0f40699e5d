"""Vouchers are one whatever their case, blanks, width and kind of dash (settlements/vouchers.py).

A database that has two live payments of one voucher typed in two ways is told so and left as it is:
which of them is wrong only people know.
"""

from collections import defaultdict

from django.db import migrations, models
from django.db.models import Q

import settlements.vouchers
from settlements.vouchers import canonical


def refuse_alike(apps, schema_editor):
    payments = (
        apps.get_model("settlements", "Payment")
        .objects.using(schema_editor.connection.alias)
        .filter(reversed_on__isnull=True)
        .exclude(state="rejected")
    )
    alike = defaultdict(list)
    for voucher in payments.order_by("pk").values_list("voucher", flat=True):
        alike[canonical(voucher)].append(voucher)
    twice = ["、".join(vouchers) for vouchers in alike.values() if len(vouchers) > 1]
    if twice:
        raise ValueError(
            f"付款凭证号只差大小写或连接号的付款：{'；'.join(twice)}。"
            "请先用升级前的版本退回或冲销重复登记的付款，再升级。"
        )


class Migration(migrations.Migration):
    dependencies = [("settlements", "0027_opening_once_an_account")]

    operations = [
        migrations.RunPython(refuse_alike, migrations.RunPython.noop),
        migrations.RemoveConstraint(model_name="payment", name="payment_voucher_once"),
        migrations.AddConstraint(
            model_name="payment",
            constraint=models.UniqueConstraint(
                settlements.vouchers.key_of("voucher"),
                condition=~Q(state="rejected") & Q(reversed_on__isnull=True),
                name="payment_voucher_once",
            ),
        ),
        migrations.AlterField(
            model_name="journalentry",
            name="voucher",
            field=models.CharField("付款凭证号", max_length=60, blank=True),
        ),
        migrations.AddIndex(
            model_name="journalentry",
            index=models.Index(settlements.vouchers.key_of("voucher"), name="entry_voucher_key"),
        ),
    ]
