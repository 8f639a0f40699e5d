"""月均值 and 评价: derived from readings alone, and derivable again at any time."""

from decimal import Decimal

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from basins.version import aside
from monitoring.models.readings import Origin
from monitoring.models.sections import Indicator, Section
from monitoring.standards.exact import Written, exact
from monitoring.standards.gb3838_2002 import WaterClass


class MonthlyMean(models.Model):
    """Arithmetic mean of a month's valid values of one indicator (环办〔2011〕22号)."""

    pk = models.CompositePrimaryKey("section_id", "indicator_id", "month")
    section = models.ForeignKey(
        Section, verbose_name="断面", on_delete=models.CASCADE, db_index=False, related_name="means"
    )
    indicator = models.ForeignKey(
        Indicator, verbose_name="指标", on_delete=models.PROTECT, db_index=False, related_name="+"
    )
    month = models.DateField("月份", help_text="当月第一天")
    # Unit of the indicator. To 12 decimals, for show and for digests; what is compared is
    # `exact`: total ÷ valid. Without a total the mean itself is the number.
    mean = models.DecimalField("月均值", max_digits=24, decimal_places=12)
    total = models.DecimalField("合计", max_digits=30, decimal_places=9, null=True)
    valid = models.PositiveIntegerField("有效数")
    expected = models.PositiveIntegerField("应有数")
    below_limit = models.PositiveIntegerField("未检出数", default=0)
    origin = models.SmallIntegerField("来源", choices=Origin.choices)
    complete = models.BooleanField("数据完整")

    class Meta:
        verbose_name = verbose_name_plural = "月均值"
        indexes = [models.Index(fields=["month", "section"], name="mean_by_month")]

    @property
    def exact(self) -> Written:
        return exact_mean(self.mean, self.total, self.valid)


def exact_mean(mean: Decimal, total: Decimal | None, valid: int) -> Written:
    """A stored monthly mean as the exact number it stands for."""
    return Written(mean if total is None else exact(total) / valid, mean)


class Assessment(models.Model):
    """A section's class in a month, and what decided it (单因子评价法)."""

    section = models.ForeignKey(
        Section,
        verbose_name="断面",
        on_delete=models.CASCADE,
        db_index=False,
        related_name="assessments",
    )
    month = models.DateField("月份", help_text="当月第一天")
    water_class = models.PositiveSmallIntegerField(
        "类别", choices=[(c.value, c.label) for c in WaterClass]
    )
    deciding = models.JSONField("定类指标", default=list)
    exceedances = models.JSONField("超标项目", default=list)
    main_pollutants = models.JSONField("主要污染指标", default=list)
    assessed = models.JSONField("参评指标", default=list)
    complete = models.BooleanField("数据完整")
    # Code of the 统计口径 it was assessed by (monitoring.standards.basis); empty: the default.
    basis = models.CharField("统计口径", max_length=40, default="", db_default="", blank=True)
    computed_at = models.DateTimeField("计算时间", auto_now=True)

    class Meta:
        verbose_name = verbose_name_plural = "评价"
        constraints = [
            models.UniqueConstraint(fields=["section", "month"], name="assessment_once"),
            models.CheckConstraint(
                condition=Q(water_class__gte=1, water_class__lte=6), name="assessment_class_known"
            ),
        ]
        indexes = [models.Index(fields=["month", "section"], name="assessment_by_month")]

    def __str__(self) -> str:
        return f"{self.section_id} {self.month:%Y-%m} {self.get_water_class_display()}"


@aside("a queue; what it leads to leaves marks")
class DirtyMonth(models.Model):
    """A section's month whose readings changed and whose means are to be computed again."""

    pk = models.CompositePrimaryKey("section_id", "month")
    section = models.ForeignKey(
        Section, verbose_name="断面", on_delete=models.CASCADE, db_index=False, related_name="+"
    )
    month = models.DateField("月份")
    marked_at = models.DateTimeField("标记时间")
    # Since when it waits, however often it was set again meanwhile.
    waiting_since = models.DateTimeField("等待始于", db_default=Now())
    # Set when computing it failed: what was wrong, and when it is tried again.
    error = models.TextField("错误", db_default="")
    retry_at = models.DateTimeField("下次重试", null=True)

    class Meta:
        verbose_name = verbose_name_plural = "待重算月份"


@aside("the trace of that queue")
class MarkWorked(models.Model):
    """From when to when a section's month waited to be computed again (a trigger writes it).

    Between the two, what was known and what was computed from it may differ.
    """

    section = models.ForeignKey(
        Section,
        verbose_name="断面",
        on_delete=models.DO_NOTHING,
        db_constraint=False,
        db_index=False,
        related_name="+",
    )
    month = models.DateField("月份")
    waiting_since = models.DateTimeField("等待始于")
    worked_at = models.DateTimeField("重算时间")
    transaction = models.BigIntegerField("事务")

    class Meta:
        verbose_name = verbose_name_plural = "已重算的月份"
        indexes = [models.Index(fields=["section", "month"], name="worked_by_month")]

    def __str__(self) -> str:
        return f"{self.section_id} {self.month:%Y-%m}"
