"""行政区: provinces, the municipal treasury as a party, districts, townships."""

from datetime import date, timedelta

from django.db import models
from django.db.models import Q

from basins.audit import audited


class Lasting(models.Model):
    """What is called by a name that may change, and may come to an end: since when, by what paper."""

    name: str | models.CharField
    ended_on = models.DateField("停用自", null=True, blank=True)
    ended_why = models.CharField("停用依据", max_length=200, blank=True, db_default="")
    # [["甲县", "2026-06-01", "民函〔2026〕1号"], …]: called so until the day before, by that paper.
    former_names = models.JSONField(
        "曾用名", default=list, blank=True, db_default=models.Value([], models.JSONField())
    )

    class Meta:
        abstract = True

    def name_on(self, day: date) -> str:
        """What it was called on that day."""
        for name, until, _ in self.former_names:
            if day.isoformat() < until:
                return name
        return str(self.name)

    def rename(self, name: str, on: date, source: str) -> None:
        """Call it so from that day on; saved by the caller. Names after it are forgotten."""
        before = self.name_on(on - timedelta(days=1))
        kept = [each for each in self.former_names if each[1] < on.isoformat()]
        self.former_names = [*kept, [before, on.isoformat(), source]] if before != name else kept
        self.name = name

    def is_there(self, day: date) -> bool:
        """Whether it is still in use on that day."""
        return self.ended_on is None or day < self.ended_on


@audited(masked=("boundary",))
class Jurisdiction(Lasting):
    class Level(models.TextChoices):
        PROVINCE = "province", "省(直辖市)"
        TREASURY = "treasury", "市级财政"
        DISTRICT = "district", "区县"
        TOWNSHIP = "township", "乡镇(街道)"

    # Those that may be merged.
    ENDING = (Level.DISTRICT, Level.TOWNSHIP)

    code = models.CharField("代码", max_length=12, unique=True, help_text="GB/T 2260")
    name = models.CharField("名称", max_length=60)
    short_name = models.CharField("简称", max_length=20)
    name_en = models.CharField("英文名", max_length=80, blank=True)
    level = models.CharField("级别", max_length=12, choices=Level.choices)
    parent = models.ForeignKey(
        "self",
        verbose_name="上级",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="children",
    )
    sort_key = models.CharField("拼音", max_length=120, db_index=True)
    # Where its name stands on the map: WGS-84 degrees.
    label_lon = models.DecimalField(
        "标注经度", max_digits=8, decimal_places=4, null=True, blank=True
    )
    label_lat = models.DecimalField(
        "标注纬度", max_digits=7, decimal_places=4, null=True, blank=True
    )
    boundary = models.JSONField(
        "界线", null=True, blank=True, help_text="GeoJSON 几何,示意,不作划界依据。"
    )

    class Meta:
        verbose_name = verbose_name_plural = "行政区"
        ordering = ["sort_key", "pk"]

    def __str__(self) -> str:
        return self.name


@audited()
class City(models.Model):
    """The city (or province) whose scheme this is: one row, set on the first day (basins.city)."""

    name = models.CharField("名称", max_length=40)
    province = models.ForeignKey(
        Jurisdiction, verbose_name="所在省份", on_delete=models.PROTECT, related_name="+"
    )

    class Meta:
        verbose_name = verbose_name_plural = "本市"
        constraints = [
            models.CheckConstraint(condition=Q(pk=1), name="city_is_one"),
            models.CheckConstraint(condition=~Q(name=""), name="city_has_a_name"),
        ]

    def __str__(self) -> str:
        return self.name
