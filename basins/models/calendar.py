"""节假日历: which days are free or worked against the rule of the week.

A year counts as announced (已公布) once a day of it comes from the State Council's notice; of
other years the statutory days alone are known, and deadlines in them are provisional (暂定).
"""

from django.conf import settings
from django.db import models

from basins.audit import audited


@audited()
class CalendarDay(models.Model):
    class Kind(models.TextChoices):
        HOLIDAY = "holiday", "放假"
        WORKDAY = "workday", "调休上班"

    date = models.DateField("日期", unique=True)
    kind = models.CharField("类型", max_length=8, choices=Kind.choices)
    name = models.CharField("节日", max_length=40)
    source = models.CharField("来源", max_length=200)
    announced = models.BooleanField("已公布", default=True)

    class Meta:
        verbose_name = verbose_name_plural = "节假日历"
        ordering = ["date"]

    def __str__(self) -> str:
        return f"{self.date} {self.get_kind_display()}"


@audited()
class CalendarChange(models.Model):
    """One day as it was and as it became, by whom and why. Empty words: an ordinary day."""

    date = models.DateField("日期")
    before = models.CharField("原为", max_length=80, blank=True)
    after = models.CharField("改为", max_length=80, blank=True)
    reason = models.CharField("原因", max_length=200)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name="修改人", on_delete=models.PROTECT, related_name="+"
    )
    at = models.DateTimeField("时间", auto_now_add=True)

    class Meta:
        verbose_name = verbose_name_plural = "节假日历修改"
        ordering = ["-at", "-pk"]

    def __str__(self) -> str:
        return f"{self.date}: {self.before} → {self.after}"
