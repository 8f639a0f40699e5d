"""核算版本: what each accrual said, from when to when it was known.

Written by triggers on accruals and transfers (guards/accrual.sql, transfer.sql) in the transaction
that changes them, whoever sends it. Nothing is changed but `known_to`, once.
"""

from django.db import models
from django.db.models import F, Q

from settlements.models.agreements import TermSection


class AccrualVersion(models.Model):
    """One finding of a section and period; known at time t where known_from <= t < known_to.

    Times are the database's own and never moved. `accrual_id` may be of an accrual that is
    gone. `transfers` is [{payer, payee, yuan, reason}], parties by code, yuan as text.
    """

    accrual_id = models.BigIntegerField("月核算")
    term_section = models.ForeignKey(
        TermSection,
        verbose_name="断面",
        on_delete=models.DO_NOTHING,
        db_constraint=False,
        db_index=False,
        related_name="+",
    )
    period = models.DateField("期间")
    yearly = models.BooleanField("按年")
    month_state = models.CharField("月度状态", max_length=20)
    water_class = models.PositiveSmallIntegerField("类别", null=True)
    transfers = models.JSONField("收付")
    rule_revision = models.PositiveSmallIntegerField("规则修订号")
    input_digest = models.CharField("输入摘要", max_length=64)
    known_from = models.DateTimeField("得知时间")
    known_to = models.DateTimeField("更替时间", null=True)
    transaction = models.BigIntegerField("事务")

    class Meta:
        verbose_name = verbose_name_plural = "核算版本"
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["accrual_id"],
                condition=Q(known_to__isnull=True),
                name="version_live_once",
            ),
            models.CheckConstraint(
                condition=Q(known_to__isnull=True) | Q(known_to__gte=F("known_from")),
                name="version_times_in_order",
            ),
        ]
        indexes = [models.Index(fields=["term_section", "period"], name="version_by_period")]

    def __str__(self) -> str:
        return f"{self.term_section_id} {self.period:%Y-%m} {self.known_from:%Y-%m-%d %H:%M}"
