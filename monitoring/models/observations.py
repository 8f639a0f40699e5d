"""指标值: figures that rules need and no reading gives, such as a month's flow.

A correction supersedes: the old row stays, so that what was known at any time can be asked.
Triggers (guards/observation.sql) hold that nothing but that mark ever changes, and mark
the months the figure feeds.
"""

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now

from basins.audit import audited
from basins.models import Jurisdiction
from monitoring.models.sections import Section


@audited()
class Observation(models.Model):
    """One figure of a section, or of a party's jurisdiction, for a month or a year.

    Live at time t where recorded_at <= t < superseded_at. `name` is one of
    monitoring.figures.FIGURES, `unit` its unit.
    """

    section = models.ForeignKey(
        Section,
        verbose_name="断面",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="observations",
    )
    jurisdiction = models.ForeignKey(
        Jurisdiction,
        verbose_name="行政区",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="observations",
    )
    name = models.CharField("指标", max_length=40)
    period = models.DateField("期间", help_text="该月或该年的第一天")
    yearly = models.BooleanField("按年")
    value = models.DecimalField("值", max_digits=22, decimal_places=6)
    unit = models.CharField("单位", max_length=12, blank=True)
    source = models.CharField("出处", max_length=200)
    recorded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name="录入人",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
    )
    recorded_at = models.DateTimeField("录入时间", db_default=Now())
    superseded_at = models.DateTimeField("更正时间", null=True, blank=True)
    superseded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name="更正人",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
    )

    class Meta:
        verbose_name = verbose_name_plural = "指标值"
        ordering = ["-period", "name", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(section__isnull=True) ^ Q(jurisdiction__isnull=True),
                name="observation_of_one",
                violation_error_message="指标值须属于一个断面，或一个行政区。",
            ),
            models.CheckConstraint(
                condition=Q(period__day=1) & (Q(yearly=False) | Q(period__month=1)),
                name="observation_period_starts",
            ),
            models.CheckConstraint(
                condition=Q(superseded_at__isnull=True) | Q(superseded_at__gte=F("recorded_at")),
                name="observation_times_in_order",
            ),
            models.UniqueConstraint(
                fields=["section", "name", "period", "yearly"],
                condition=Q(superseded_at__isnull=True, section__isnull=False),
                name="observation_live_of_section",
            ),
            models.UniqueConstraint(
                fields=["jurisdiction", "name", "period", "yearly"],
                condition=Q(superseded_at__isnull=True, jurisdiction__isnull=False),
                name="observation_live_of_party",
            ),
        ]
        indexes = [
            models.Index(fields=["section", "period"], name="observation_by_section"),
            models.Index(fields=["jurisdiction", "period"], name="observation_by_party"),
        ]

    def __str__(self) -> str:
        return f"{self.name} {self.period:%Y-%m} {self.value}"
