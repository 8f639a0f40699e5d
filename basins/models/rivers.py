"""流域与河流: a tree of rivers, each cut into reaches by the jurisdictions it runs through."""

from django.db import models
from django.db.models import F, Q

from basins.audit import audited
from basins.models.jurisdictions import Jurisdiction, Lasting


class Confidence(models.TextChoices):
    """How well a fact is known: domain figures carry it to the page."""

    STATED = "A", "有据"
    REPORTED = "B", "报道"
    DEMO = "C", "演示"


@audited()
class River(Lasting):
    code = models.CharField("代码", max_length=20, unique=True)
    name = models.CharField("名称", max_length=40)
    name_en = models.CharField("英文名", max_length=60, blank=True)
    parent = models.ForeignKey(
        "self",
        verbose_name="汇入",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="tributaries",
    )
    level = models.PositiveSmallIntegerField("级别", default=1, help_text="干流为 0,一级支流为 1。")
    length_km = models.DecimalField(
        "长度(km)", max_digits=7, decimal_places=1, null=True, blank=True
    )
    catchment_km2 = models.DecimalField(
        "流域面积(km²)", max_digits=10, decimal_places=1, null=True, blank=True
    )
    schematic = models.BooleanField("示意走向", default=False)
    confidence = models.CharField(
        "可信度", max_length=1, choices=Confidence.choices, default=Confidence.DEMO
    )
    source = models.CharField("来源", max_length=200, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "河流"
        ordering = ["level", "code"]

    def __str__(self) -> str:
        return self.name


@audited(masked=("course",), part_of="river")
class RiverReach(models.Model):
    """The stretch of a river inside one jurisdiction, in order from the source."""

    river = models.ForeignKey(
        River, verbose_name="河流", on_delete=models.CASCADE, related_name="reaches"
    )
    jurisdiction = models.ForeignKey(
        Jurisdiction, verbose_name="行政区", on_delete=models.PROTECT, related_name="reaches"
    )
    order = models.PositiveSmallIntegerField("自源头次序")
    from_km = models.DecimalField("起(km)", max_digits=7, decimal_places=1)
    to_km = models.DecimalField("止(km)", max_digits=7, decimal_places=1)
    course = models.JSONField("走向", default=list, help_text="[[经度, 纬度], …],自上游起。")

    class Meta:
        verbose_name = verbose_name_plural = "河段"
        ordering = ["river", "order"]
        constraints = [
            models.UniqueConstraint(fields=["river", "order"], name="reach_order_once"),
            models.CheckConstraint(
                condition=Q(to_km__gte=F("from_km")),
                name="reach_runs_downstream",
                violation_error_message="河段的止点不能在起点上游。",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.river} {self.jurisdiction}"
