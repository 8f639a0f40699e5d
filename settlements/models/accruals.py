"""月核算: what one term yields for one section and period, with every step."""

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Greatest, Least

from basins.models import Jurisdiction
from settlements.models.agreements import Term, TermSection
from settlements.rules.base import MonthState


class Accrual(models.Model):
    class State(models.TextChoices):
        PRELIMINARY = "preliminary", "初步"
        PUBLISHED = "published", "已发布"
        SETTLED = "settled", "已结清"

    OPEN = (State.PRELIMINARY,)

    term = models.ForeignKey(
        Term, verbose_name="条款期", on_delete=models.PROTECT, related_name="accruals"
    )
    term_section = models.ForeignKey(
        TermSection, verbose_name="断面", on_delete=models.PROTECT, related_name="accruals"
    )
    # First day of the month, or of the year for a rule that is computed yearly.
    period = models.DateField("期间")
    yearly = models.BooleanField("按年", default=False)
    month_state = models.CharField(
        "月度状态", max_length=20, choices=[(s.value, s.label) for s in MonthState]
    )
    water_class = models.PositiveSmallIntegerField("类别", null=True)
    complete = models.BooleanField("数据完整", default=True)
    steps = models.JSONField("计算步骤")
    inputs = models.JSONField("输入")
    input_digest = models.CharField("输入摘要", max_length=64)
    rule_revision = models.PositiveSmallIntegerField("规则修订号")
    state = models.CharField(
        "状态", max_length=12, choices=State.choices, default=State.PRELIMINARY
    )
    computed_at = models.DateTimeField("计算时间", auto_now=True)

    class Meta:
        verbose_name = verbose_name_plural = "月核算"
        ordering = ["period", "term_section"]
        constraints = [
            models.UniqueConstraint(fields=["term", "term_section", "period"], name="accrual_once"),
            models.CheckConstraint(
                condition=Q(period__day=1), name="accrual_period_is_month_start"
            ),
        ]
        indexes = [models.Index(fields=["period"], name="accrual_by_period")]

    def __str__(self) -> str:
        return f"{self.term} {self.period:%Y-%m}"


class Transfer(models.Model):
    """Who pays whom how much in an accrual: yuan, to the fen, always positive."""

    accrual = models.ForeignKey(
        Accrual, verbose_name="月核算", on_delete=models.CASCADE, related_name="transfers"
    )
    payer = models.ForeignKey(
        Jurisdiction, verbose_name="付款方", on_delete=models.PROTECT, related_name="+"
    )
    payee = models.ForeignKey(
        Jurisdiction, verbose_name="收款方", on_delete=models.PROTECT, related_name="+"
    )
    yuan = models.DecimalField("金额(元)", max_digits=16, decimal_places=2)
    reason = models.CharField("事由", max_length=200)

    class Meta:
        verbose_name = verbose_name_plural = "月核算收付"
        constraints = [
            models.CheckConstraint(condition=Q(yuan__gt=0), name="transfer_positive"),
            models.CheckConstraint(condition=~Q(payer=F("payee")), name="transfer_two_parties"),
            # One transfer between two parties, so never both ways for one section and month.
            models.UniqueConstraint(
                "accrual",
                Least("payer_id", "payee_id"),
                Greatest("payer_id", "payee_id"),
                name="transfer_one_way",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.payer} → {self.payee} {self.yuan} 元"


class Adjustment(models.Model):
    """调整: what a published or settled accrual would be after a later correction."""

    class State(models.TextChoices):
        PROPOSED = "proposed", "待审"
        WITHDRAWN = "withdrawn", "已撤回"

    accrual = models.ForeignKey(
        Accrual, verbose_name="月核算", on_delete=models.PROTECT, related_name="adjustments"
    )
    outcome = models.JSONField("应为")
    inputs = models.JSONField("输入")
    input_digest = models.CharField("输入摘要", max_length=64)
    state = models.CharField("状态", max_length=12, choices=State.choices, default=State.PROPOSED)
    proposed_at = models.DateTimeField("提出时间", auto_now_add=True)

    class Meta:
        verbose_name = verbose_name_plural = "调整"
        constraints = [
            models.UniqueConstraint(
                fields=["accrual", "input_digest"], name="adjustment_once_per_input"
            )
        ]

    def __str__(self) -> str:
        return f"{self.accrual} 调整"
