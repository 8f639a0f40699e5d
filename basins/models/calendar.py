"""节假日历: which days are free or worked against the rule of the week.

A year counts as announced (已公布) once a day of it comes from the State Council's notice; of
other years the statutory days alone are known, and deadlines in them are provisional (暂定).
"""

from django.conf import settings
from django.db import models
from django.db.models import F, Q

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
    by = models.ForeignKey(  # none: the command line
        settings.AUTH_USER_MODEL, verbose_name="修改人", on_delete=models.PROTECT, null=True,
        related_name="+",
    )  # fmt: skip
    # Who let it take effect; none for what was entered before two persons were asked for.
    second = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name="复核人", on_delete=models.PROTECT, null=True,
        related_name="+",
    )  # fmt: skip
    at = models.DateTimeField("时间", auto_now_add=True)

    class Meta:
        verbose_name = verbose_name_plural = "节假日历修改"
        ordering = ["-at", "-pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(second__isnull=True) | ~Q(second=F("by")),
                name="calendar_change_by_two",
            )
        ]

    def __str__(self) -> str:
        return f"{self.date}：由{self.before or '按星期'}改为{self.after or '按星期'}"


@audited()
class CalendarAct(models.Model):
    """日历事项: a year's announcement or one day, proposed by one administrator and let take effect
    by another. What is proposed never changes; it is decided once (guards/calendaract.sql)."""

    class Kind(models.TextChoices):
        YEAR = "year", "全年安排"
        DAY = "day", "修改一天"

    class State(models.TextChoices):
        PROPOSED = "proposed", "待复核"
        APPROVED = "approved", "已生效"
        REJECTED = "rejected", "已退回"
        WITHDRAWN = "withdrawn", "已撤回"

    kind = models.CharField("事项", max_length=4, choices=Kind.choices)
    state = models.CharField("状态", max_length=10, choices=State.choices, default=State.PROPOSED)
    year = models.PositiveSmallIntegerField("年度")
    on = models.DateField("日期", null=True)  # of one day
    # [{"date": "2027-01-01", "kind": "holiday", "name": "元旦"}]; kind "" as the day of the week.
    days = models.JSONField("日子")
    source = models.CharField("通知文号或原因", max_length=200)
    proposed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name="提出人", on_delete=models.PROTECT, related_name="+"
    )
    proposed_at = models.DateTimeField("提出时间")
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name="复核人", on_delete=models.PROTECT, null=True,
        related_name="+",
    )  # fmt: skip
    decided_at = models.DateTimeField("复核时间", null=True)
    decided_why = models.CharField("退回理由", max_length=200, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "日历事项"
        ordering = ["-pk"]
        constraints = [
            models.CheckConstraint(
                condition=~Q(state="approved")
                | (Q(decided_by__isnull=False) & ~Q(decided_by=F("proposed_by"))),
                name="calendar_act_by_two",
                violation_error_message="节假日历须由另一名协议管理员复核。",
            ),
            models.CheckConstraint(
                condition=Q(state="proposed", decided_at__isnull=True)
                | ~Q(state="proposed") & Q(decided_at__isnull=False),
                name="calendar_act_decided_when",
            ),
            models.CheckConstraint(
                condition=Q(kind="day", on__isnull=False) | Q(kind="year", on__isnull=True),
                name="calendar_act_day_named",
            ),
            models.UniqueConstraint(
                fields=["year"],
                condition=Q(state="proposed", kind="year"),
                name="calendar_act_year_once",
            ),
            models.UniqueConstraint(
                fields=["on"], condition=Q(state="proposed", kind="day"),
                name="calendar_act_day_once",
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.on} 的节假日修改" if self.on else f"{self.year} 年的节假日安排"
