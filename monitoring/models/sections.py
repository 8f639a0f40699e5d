"""断面 with their dated targets and sampling plans, and the 指标 measured there."""

from datetime import date
from decimal import Decimal

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateRangeField, RangeOperators
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q

from basins.audit import audited
from basins.models import Jurisdiction, River
from basins.models.jurisdictions import Lasting
from basins.ranges import just
from monitoring.standards.detection import MeasuredValue, reported
from monitoring.standards.gb3838_2002 import WaterBody, WaterClass
from written.text import name_key

CLASSES = [(c.value, c.label) for c in WaterClass if c is not WaterClass.INFERIOR_V]


@audited()
class Section(Lasting):
    """A monitoring point on a river; a border section lies between two jurisdictions."""

    class Grade(models.TextChoices):
        NATIONAL = "national", "国控"
        MUNICIPAL = "municipal", "市控"
        DISTRICT = "district", "区控"
        TOWN = "town", "乡镇"

    class Body(models.TextChoices):
        RIVER = WaterBody.RIVER.value, "河流"
        LAKE = WaterBody.LAKE.value, "湖库"

    code = models.CharField("编码", max_length=40, unique=True)
    name = models.CharField("断面名称", max_length=60)
    province = models.ForeignKey(
        Jurisdiction,
        verbose_name="所在省份",
        on_delete=models.PROTECT,
        related_name="+",
        help_text="不同省份有同名断面,名称在省内唯一。",
    )
    river = models.ForeignKey(
        River,
        verbose_name="河流",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="sections",
    )
    km = models.DecimalField("距源头(km)", max_digits=7, decimal_places=1, null=True, blank=True)
    lon = models.DecimalField("经度", max_digits=8, decimal_places=4, null=True, blank=True)
    lat = models.DecimalField("纬度", max_digits=7, decimal_places=4, null=True, blank=True)
    water_body = models.CharField("水体", max_length=8, choices=Body.choices, default=Body.RIVER)
    # Why it was assumed from the name; when and by what paper the bureau decided it.
    water_body_why = models.CharField("水体的推定", max_length=200, blank=True, db_default="")
    water_body_on = models.DateField("水体核定日期", null=True, blank=True)
    water_body_source = models.CharField("水体核定依据", max_length=200, blank=True, db_default="")
    upstream = models.ForeignKey(
        Jurisdiction,
        verbose_name="上游行政区",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="sections_out",
    )
    downstream = models.ForeignKey(
        Jurisdiction,
        verbose_name="下游行政区",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="sections_in",
    )
    grade = models.CharField("级别", max_length=10, choices=Grade.choices, default=Grade.MUNICIPAL)
    station_mn = models.CharField("设备编码 MN", max_length=24, blank=True)
    is_demo = models.BooleanField("演示名称", default=False)
    source = models.CharField("来源", max_length=200, blank=True)

    # The section it took the place of, and since when (the first day of a month): what was measured
    # there before is its own past (上年同期).
    predecessor = models.OneToOneField(
        "self",
        verbose_name="前身断面",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="successor",
    )
    began_on = models.DateField("启用自", null=True, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "断面"
        ordering = ["river__level", "river__code", "km", "code"]
        constraints = [
            models.CheckConstraint(
                condition=Q(predecessor__isnull=True)
                | (Q(began_on__isnull=False, began_on__day=1) & ~Q(predecessor=models.F("pk"))),
                name="section_succeeds_from_a_month",
                violation_error_message="接替别的断面须写明启用日期（某月 1 日），且前身不是它自己。",
            ),
            models.UniqueConstraint(fields=["province", "name"], name="section_name_in_province"),
            models.UniqueConstraint(
                fields=["station_mn"], condition=~Q(station_mn=""), name="section_mn_once"
            ),
            models.CheckConstraint(
                condition=Q(upstream__isnull=True)
                | Q(downstream__isnull=True)
                | ~Q(upstream=models.F("downstream")),
                name="section_between_two",
                violation_error_message="交界断面的上游与下游不能是同一行政区。",
            ),
            models.CheckConstraint(
                condition=Q(water_body_on__isnull=True, water_body_source="")
                | (Q(water_body_on__isnull=False) & ~Q(water_body_source="")),
                name="section_water_body_has_source",
                violation_error_message="核定水体须写明日期和依据。",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def stood_in(self, month: date) -> "Section":
        """Whose that month was: its own, or of the section that stood here before it."""
        found = self
        while found.predecessor is not None and found.began_on and month < found.began_on:
            found = found.predecessor
        return found

    def stood(self) -> "list[Section]":
        """Itself and those that stood here before it, the newest first."""
        found = [self]
        while (before := found[-1].predecessor) is not None:
            found.append(before)
        return found

    def clean(self) -> None:
        """Names that differ in full-width forms, blanks or kinds of brackets alone are one."""
        super().clean()
        if not self.name or self.province_id is None:
            return
        others = Section.objects.filter(province=self.province_id).exclude(pk=self.pk)
        same = name_key(self.name)
        if any(name_key(name) == same for name in others.values_list("name", flat=True)):
            raise ValidationError({"name": "本省已有同名的断面（只差全角、空格或括号）。"})


@audited(part_of="section")
class Target(models.Model):
    """The class the water of a section must reach between two dates (水环境功能类别)."""

    section = models.ForeignKey(
        Section, verbose_name="断面", on_delete=models.CASCADE, related_name="targets"
    )
    water_class = models.PositiveSmallIntegerField("目标类别", choices=CLASSES)
    in_force = DateRangeField("有效期")
    source = models.CharField("来源", max_length=200)

    class Meta:
        verbose_name = verbose_name_plural = "断面目标"
        ordering = ["section", "in_force"]
        constraints = [
            ExclusionConstraint(
                name="target_no_overlap",
                expressions=[
                    (just("section"), RangeOperators.OVERLAPS),
                    ("in_force", RangeOperators.OVERLAPS),
                ],
                violation_error_message="与本断面已有目标的有效期重叠。",
            ),
            models.CheckConstraint(
                condition=Q(water_class__gte=1, water_class__lte=5), name="target_class_known"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.section} {self.get_water_class_display()}"


@audited(part_of="section")
class SamplingPlan(models.Model):
    """How many automatic values a day a section delivers between two dates.

    Without a plan an automatic station delivers six (every four hours).
    """

    section = models.ForeignKey(
        Section, verbose_name="断面", on_delete=models.CASCADE, related_name="sampling_plans"
    )
    per_day = models.PositiveSmallIntegerField("每日次数")
    in_force = DateRangeField("有效期")

    class Meta:
        verbose_name = verbose_name_plural = "监测频次"
        constraints = [
            ExclusionConstraint(
                name="sampling_plan_no_overlap",
                expressions=[
                    (just("section"), RangeOperators.OVERLAPS),
                    ("in_force", RangeOperators.OVERLAPS),
                ],
                violation_error_message="与本断面已有监测频次的有效期重叠。",
            ),
            models.CheckConstraint(
                condition=Q(per_day__gte=1, per_day__lte=24), name="sampling_plan_per_day"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.section} 每日 {self.per_day} 次"


@audited()
class Indicator(models.Model):
    """指标: what is measured, in which unit, shown with how many decimals."""

    id = models.SmallAutoField(primary_key=True)
    code = models.CharField("代码", max_length=16, unique=True)
    name = models.CharField("名称", max_length=30)
    factor = models.CharField("HJ 525 因子", max_length=8, blank=True)
    unit = models.CharField("单位", max_length=12, blank=True)
    decimals = models.PositiveSmallIntegerField("显示小数位")
    order = models.PositiveSmallIntegerField("次序")

    class Meta:
        verbose_name = verbose_name_plural = "指标"
        ordering = ["order"]

    def __str__(self) -> str:
        return self.name

    def reported(self, value: Decimal, below_limit: bool) -> MeasuredValue:
        """A result of this indicator as it is shown: never fewer decimals than `decimals`."""
        return reported(value, below_limit, self.decimals)
