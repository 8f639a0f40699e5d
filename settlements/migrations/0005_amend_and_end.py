"""Amendments that reach published months, parties with dates, and the end of an agreement."""

import django.db.models.deletion
from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):
    dependencies = [("settlements", "0004_scenarios")]

    operations = [
        migrations.RemoveConstraint("agreementdraft", "draft_activated_has_term"),
        migrations.AddField(
            "adjustment",
            "term_section",
            models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="adjustments",
                to="settlements.termsection",
                verbose_name="修订后断面",
            ),
        ),
        migrations.AddField(
            "agreementdraft", "ends", models.BooleanField(default=False, verbose_name="终止")
        ),
        migrations.AddField(
            "party", "since", models.DateField(blank=True, null=True, verbose_name="加入日")
        ),
        migrations.AddField(
            "party",
            "until",
            models.DateField(
                blank=True,
                help_text="不再是协议方的第一天。",
                null=True,
                verbose_name="退出日",
            ),
        ),
        migrations.AddConstraint(
            "agreementdraft",
            models.CheckConstraint(
                condition=Q(state="activated", activated_by__isnull=False, term__isnull=False)
                | Q(state="activated", activated_by__isnull=False, ends=True)
                | Q(~Q(state="activated"), activated_by__isnull=True, term__isnull=True),
                name="draft_activated_has_term",
            ),
        ),
    ]
