"""统计口径: how a month's readings become the value that is assessed, from when on."""

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateRangeField, RangeOperators
from django.db import models
from django.db.models import Q

from basins.audit import audited
from monitoring.standards.basis import FIRST, PH_MEAN, ROUNDING, Basis


@audited()
class AssessmentBasis(models.Model):
    """From the first day of a month on, and where it is written. Before the first one, and
    where there is none, the system's own default holds (monitoring.standards.basis)."""

    rounding = models.CharField("定类用的均值", max_length=10, choices=list(ROUNDING.items()))
    ph = models.CharField("pH 的均值", max_length=10, choices=list(PH_MEAN.items()))
    first = models.CharField("并存时", max_length=10, choices=list(FIRST.items()))
    in_force = DateRangeField("有效期")
    source = models.CharField("依据", max_length=200)

    class Meta:
        verbose_name = verbose_name_plural = "统计口径"
        ordering = ["in_force"]
        constraints = [
            ExclusionConstraint(
                name="basis_no_overlap",
                expressions=[("in_force", RangeOperators.OVERLAPS)],
                violation_error_message="与已有统计口径的有效期重叠。",
            ),
            models.CheckConstraint(
                condition=Q(
                    rounding__in=list(ROUNDING), ph__in=list(PH_MEAN), first__in=list(FIRST)
                ),
                name="basis_known",
            ),
            models.CheckConstraint(condition=~Q(source=""), name="basis_has_a_source"),
        ]

    def __str__(self) -> str:
        return f"{self.in_force.lower:%Y-%m} 起：{self.basis.words}"

    @property
    def basis(self) -> Basis:
        return Basis(self.rounding, self.ph, self.first)
