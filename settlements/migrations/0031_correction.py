"""更正余额: the difference of a 对账, asked for by one person and approved by another."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models
from django.db.models import F, Q


def _person(name):
    return models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=name,
        on_delete=django.db.models.deletion.PROTECT,
        null=True,
        blank=name == "复核人",
        related_name="+",
    )


class Migration(migrations.Migration):
    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
        ("settlements", "0030_evidence_of_several_items"),
    ]

    operations = [
        migrations.CreateModel(
            name="Correction",
            fields=[
                ("id", models.BigAutoField(primary_key=True, auto_created=True, serialize=False, verbose_name="ID")),
                (
                    "state",
                    models.CharField(
                        "状态",
                        max_length=12,
                        choices=[
                            ("prepared", "待复核"),
                            ("approved", "已复核入账"),
                            ("rejected", "已退回"),
                        ],
                        default="prepared",
                    ),
                ),
                ("prepared_at", models.DateTimeField("登记时间")),
                ("approved_at", models.DateTimeField("复核时间", null=True, blank=True)),
                ("rejected_why", models.CharField("退回理由", max_length=300, blank=True)),
                ("why", models.CharField("理由", max_length=150)),
                (
                    "against",
                    models.ForeignKey(
                        "settlements.ledgeraccount",
                        verbose_name="对方账户",
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                    ),
                ),
                (
                    "statement",
                    models.ForeignKey(
                        "settlements.balancestatement",
                        verbose_name="对账记录",
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="corrections",
                    ),
                ),
                ("prepared_by", _person("登记人")),
                ("approved_by", _person("复核人")),
            ],
            options={
                "verbose_name": "对账更正",
                "verbose_name_plural": "对账更正",
                "ordering": ["-pk"],
                "constraints": [
                    models.CheckConstraint(
                        condition=Q(prepared_by__isnull=True)
                        | Q(state="rejected")
                        | Q(state="prepared", approved_by__isnull=True)
                        | Q(state="approved", approved_by__isnull=False)
                        & ~Q(approved_by=F("prepared_by")),
                        name="correction_two_persons",
                        violation_error_message="登记人不能复核自己登记的事项。",
                    ),
                    models.CheckConstraint(condition=~Q(why=""), name="correction_has_reason"),
                    models.UniqueConstraint(
                        fields=["statement"],
                        condition=~Q(state="rejected"),
                        name="correction_once",
                        violation_error_message="这次对账的差额已提出更正或已更正。",
                    ),
                ],
            },
        ),
    ]
