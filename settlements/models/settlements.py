"""年度结算: the year of an agreement, netted per party."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from basins.models import Jurisdiction
from settlements.models.agreements import Agreement


class Settlement(models.Model):
    class State(models.TextChoices):
        OPEN = "open", "核算中"
        CLOSED = "closed", "已关账"

    agreement = models.ForeignKey(
        Agreement, verbose_name="协议", on_delete=models.PROTECT, related_name="settlements"
    )
    year = models.PositiveSmallIntegerField("年度")
    state = models.CharField("状态", max_length=8, choices=State.choices, default=State.OPEN)
    closed_on = models.DateField("关账日期", null=True, blank=True)
    closed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name="关账人",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
    )
    computed_at = models.DateTimeField("计算时间", auto_now=True)

    class Meta:
        verbose_name = verbose_name_plural = "年度结算"
        ordering = ["-year", "agreement"]
        constraints = [
            models.UniqueConstraint(fields=["agreement", "year"], name="settlement_once"),
            models.CheckConstraint(
                condition=Q(state="open", closed_on__isnull=True)
                | Q(state="closed", closed_on__isnull=False),
                name="settlement_closed_has_date",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.agreement} {self.year} 年"


class SettlementNet(models.Model):
    """A party's net of the year in yuan; positive: it is to receive."""

    settlement = models.ForeignKey(
        Settlement, verbose_name="年度结算", on_delete=models.CASCADE, related_name="nets"
    )
    jurisdiction = models.ForeignKey(
        Jurisdiction, verbose_name="行政区", on_delete=models.PROTECT, related_name="+"
    )
    yuan = models.DecimalField("净额(元)", max_digits=16, decimal_places=2)

    class Meta:
        verbose_name = verbose_name_plural = "年度净额"
        constraints = [
            models.UniqueConstraint(fields=["settlement", "jurisdiction"], name="net_once")
        ]

    def __str__(self) -> str:
        return f"{self.settlement} {self.jurisdiction} {self.yuan}"
