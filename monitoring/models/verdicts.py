"""审核结论: a person's look at a reading, and its outcome.

A verdict never deletes: it sets the reading's flag or value, and what the reading was stays as
a revision. Verdicts are appended; one is taken back by a further one.
"""

from django.conf import settings
from django.db import models

from basins.audit import audited
from monitoring.models.readings import Origin, Reading
from monitoring.models.sections import Indicator, Section
from monitoring.standards.detection import MeasuredValue


@audited()
class Verdict(models.Model):
    class Outcome(models.TextChoices):
        ACCEPTED = "accepted", "有效"
        INVALIDATED = "invalidated", "无效"
        CORRECTED = "corrected", "更正"

    section = models.ForeignKey(
        Section, verbose_name="断面", on_delete=models.PROTECT, related_name="verdicts"
    )
    indicator = models.ForeignKey(
        Indicator, verbose_name="指标", on_delete=models.PROTECT, related_name="+"
    )
    sampled_at = models.DateTimeField("采样时间")
    origin = models.SmallIntegerField("来源", choices=Origin.choices)
    outcome = models.CharField("结论", max_length=12, choices=Outcome.choices)
    # In the unit of the indicator: what the reading said before and says now.
    value_before = models.DecimalField("原值", max_digits=20, decimal_places=8)
    below_before = models.BooleanField("原为未检出", default=False, db_default=False)
    flag_before = models.CharField("原标识", max_length=4)
    value_after = models.DecimalField("现值", max_digits=20, decimal_places=8)
    below_after = models.BooleanField("现为未检出", default=False, db_default=False)
    flag_after = models.CharField("现标识", max_length=4)
    reason = models.CharField("理由", max_length=500)
    # What led to it, in words a page can link: "objection 12".
    cause = models.CharField("起因", max_length=60, blank=True)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name="审核人", on_delete=models.PROTECT, related_name="+"
    )
    at = models.DateTimeField("审核时间")

    class Meta:
        verbose_name = verbose_name_plural = "审核结论"
        ordering = ["-at", "-pk"]
        indexes = [
            models.Index(
                fields=["section", "indicator", "sampled_at", "origin"], name="verdict_by_reading"
            )
        ]

    def __str__(self) -> str:
        return f"{self.section} {self.indicator} {self.get_outcome_display()}"

    @property
    def flags(self) -> tuple[str, str]:
        """What the flags before and after mean, in words."""
        return Reading.flag_words(self.flag_before), Reading.flag_words(self.flag_after)

    @property
    def before(self) -> MeasuredValue:
        """What the reading said; with the mark of 未检出 the detection limit."""
        return self.indicator.reported(self.value_before, self.below_before)

    @property
    def after(self) -> MeasuredValue:
        return self.indicator.reported(self.value_after, self.below_after)
