"""实验室样品: a laboratory's report on one sample, typed in, and what corrected it.

Only added (guards/labsample.sql): a correction is a further row that names the one it corrects. Of
a sample and its corrections the last one stands. Its values are readings of origin 手工; what
became of a reading afterwards stands with the reading.
"""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from basins.audit import audited
from monitoring.models import Indicator, Section
from monitoring.standards.detection import MeasuredValue


@audited(part_of="section")
class LabSample(models.Model):
    section = models.ForeignKey(
        Section, verbose_name="断面", on_delete=models.PROTECT, related_name="lab_samples"
    )
    sampled_at = models.DateTimeField("采样时间")
    laboratory = models.CharField("检测单位", max_length=100)
    report_number = models.CharField("报告编号", max_length=80)
    method = models.CharField("检测方法、依据", max_length=200)
    # The report, kept by its hash; a correction without a new one names the same file.
    file = models.FileField("监测报告", upload_to="samples", max_length=120)
    name = models.CharField("原文件名", max_length=200)
    kind = models.CharField("类型", max_length=80)
    sha256 = models.CharField("SHA-256", max_length=64)
    corrects = models.OneToOneField(
        "self",
        verbose_name="更正的是",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="corrected_by",
    )
    reason = models.CharField("更正理由", max_length=500, blank=True)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name="录入人", on_delete=models.PROTECT, related_name="+"
    )
    at = models.DateTimeField("录入时间")

    class Meta:
        verbose_name = verbose_name_plural = "实验室样品"
        ordering = ["-sampled_at", "-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["section", "sampled_at"],
                condition=Q(corrects__isnull=True),
                name="labsample_once",
                violation_error_message="该断面这一时间的样品已登记；请更正那一份。",
            ),
            models.CheckConstraint(
                condition=Q(corrects__isnull=True, reason="")
                | (Q(corrects__isnull=False) & ~Q(reason="")),
                name="labsample_corrected_with_a_reason",
                violation_error_message="更正须写明理由。",
            ),
        ]

    def __str__(self) -> str:
        at = timezone.localtime(self.sampled_at)
        return f"{self.section} {at:%Y-%m-%d %H:%M} {self.report_number}"

    @property
    def correction(self) -> "LabSample | None":
        """What corrected it; None while it stands."""
        return getattr(self, "corrected_by", None)


@audited(part_of="sample")
class LabValue(models.Model):
    """One indicator's result, in its unit; `below_limit`: `value` is the detection limit."""

    sample = models.ForeignKey(
        LabSample, verbose_name="样品", on_delete=models.PROTECT, related_name="values"
    )
    indicator = models.ForeignKey(
        Indicator, verbose_name="指标", on_delete=models.PROTECT, related_name="+"
    )
    value = models.DecimalField("值", max_digits=20, decimal_places=8)
    below_limit = models.BooleanField("未检出")

    class Meta:
        verbose_name = verbose_name_plural = "样品的值"
        ordering = ["indicator__order"]
        constraints = [
            models.UniqueConstraint(fields=["sample", "indicator"], name="labvalue_once"),
            models.CheckConstraint(
                condition=Q(below_limit=False) | Q(value__gt=0), name="labvalue_limit_above_zero"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.indicator} {self.value}"

    @property
    def result(self) -> MeasuredValue:
        """As it is shown: with its indicator's decimals, and the mark of 未检出."""
        return self.indicator.reported(self.value, self.below_limit)
