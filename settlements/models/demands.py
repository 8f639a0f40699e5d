"""拨款通知: what a debtor of a closed year is asked to pay, and by when."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from basins.audit import audited
from basins.models import Jurisdiction
from settlements.models.accruals import Adjustment
from settlements.models.settlements import Settlement


@audited(part_of="settlement")
class Demand(models.Model):
    """Made with what it asks for: the closing of the year, or an adjustment booked after it.

    Only its deadline moves, with the calendar of working days, and never into the past.
    """

    # 第 n 号 of the year it is made in, without gaps.
    year = models.PositiveSmallIntegerField("年度")
    number = models.PositiveIntegerField("号")
    settlement = models.ForeignKey(
        Settlement, verbose_name="年度结算", on_delete=models.PROTECT, related_name="demands"
    )
    adjustment = models.ForeignKey(
        Adjustment,
        verbose_name="调整",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="demands",
        help_text="空为年清缴。",
    )
    jurisdiction = models.ForeignKey(
        Jurisdiction, verbose_name="付款方", on_delete=models.PROTECT, related_name="+"
    )
    yuan = models.DecimalField("应付金额(元)", max_digits=16, decimal_places=2)
    made_on = models.DateField("发出日期")
    made_at = models.DateTimeField("发出时间")
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name="发出人", on_delete=models.PROTECT, related_name="+"
    )
    # The deadline as its rule: so many working days after it was made.
    days = models.PositiveSmallIntegerField("付款期限(工作日)")
    due_on = models.DateField("付款截止日")
    provisional = models.BooleanField("暂定", default=False)

    class Meta:
        verbose_name = verbose_name_plural = "拨款通知"
        ordering = ["-made_at", "-pk"]
        constraints = [
            models.UniqueConstraint(fields=["year", "number"], name="demand_number_once"),
            models.UniqueConstraint(
                fields=["settlement", "jurisdiction", "adjustment"],
                nulls_distinct=False,
                name="demand_once",
            ),
            models.CheckConstraint(condition=Q(yuan__gt=0), name="demand_asks_for_something"),
        ]

    def __str__(self) -> str:
        return f"{self.label} {self.jurisdiction}"

    @property
    def label(self) -> str:
        return f"拨款〔{self.year}〕{self.number}号"
