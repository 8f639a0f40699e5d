"""月通报: the publication of a month's accruals, and what each party does with it."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from basins.audit import audited
from basins.models import Jurisdiction
from settlements.models.agreements import Agreement


@audited()
class Notice(models.Model):
    """Prepared by one person, signed off by another. `content` is frozen when prepared."""

    class State(models.TextChoices):
        PREPARED = "prepared", "待签发"
        PUBLISHED = "published", "已发布"
        RETURNED = "returned", "已退回"

    month = models.DateField("月份", help_text="当月第一天")
    # 第 n 号 of the year it is published in; given on signing off, without gaps.
    year = models.PositiveSmallIntegerField("年度", null=True, blank=True)
    number = models.PositiveIntegerField("号", null=True, blank=True)
    state = models.CharField("状态", max_length=12, choices=State.choices, default=State.PREPARED)
    summary = models.TextField("摘要")
    # What the notice says: parties, annexes per party and per indicator, all amounts as text.
    content = models.JSONField("内容")
    digest = models.CharField("内容摘要", max_length=64)
    ledger_head = models.CharField("台账链首", max_length=80, blank=True)
    due_on = models.DateField("应发布日")
    prepared_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name="编制人", on_delete=models.PROTECT, related_name="+"
    )
    prepared_at = models.DateTimeField("编制时间")
    published_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name="签发人",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
    )
    published_at = models.DateTimeField("签发时间", null=True, blank=True)
    # As it was told; a change of the calendar moves the months' own deadlines. None where no month
    # began with it, and of notices from before it was kept.
    objection_until = models.DateField("异议截止日", null=True, blank=True)
    provisional = models.BooleanField("暂定", default=False)

    class Meta:
        verbose_name = verbose_name_plural = "月通报"
        ordering = ["-month", "-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["month"],
                condition=Q(state="prepared"),
                name="notice_one_prepared_per_month",
                violation_error_message="该月已有一份待签发的月通报。",
            ),
            models.UniqueConstraint(fields=["year", "number"], name="notice_number_once"),
            models.CheckConstraint(
                condition=Q(state="published", published_at__isnull=False, number__isnull=False)
                | Q(~Q(state="published"), published_at__isnull=True, number__isnull=True),
                name="notice_published_has_number",
            ),
            models.CheckConstraint(
                condition=Q(published_by__isnull=True) | ~Q(published_by=F("prepared_by")),
                name="notice_two_persons",
                violation_error_message="编制人不能签发自己编制的月通报。",
            ),
        ]

    def __str__(self) -> str:
        number = f"〔{self.year}〕{self.number} 号" if self.number else "（待签发）"
        return f"{self.month.year}年{self.month.month}月通报{number}"


@audited(part_of="agreement")
class AgreementMonth(models.Model):
    """One agreement's month from its publication to its end: what objections are about.

    A yearly accrual is published with the December of its year.
    """

    class State(models.TextChoices):
        PUBLISHED = "published", "异议期"
        CONFIRMED = "confirmed", "已确认"
        OBJECTED = "objected", "有异议"
        DECIDED = "decided", "已裁决"
        FINAL = "final", "已定稿"

    agreement = models.ForeignKey(
        Agreement, verbose_name="协议", on_delete=models.PROTECT, related_name="months"
    )
    month = models.DateField("月份", help_text="当月第一天")
    notice = models.ForeignKey(
        Notice, verbose_name="月通报", on_delete=models.PROTECT, related_name="months"
    )
    state = models.CharField("状态", max_length=12, choices=State.choices, default=State.PUBLISHED)
    # The deadline as a rule, and what the calendar makes of it today.
    objection_days = models.PositiveSmallIntegerField("异议期（工作日）")
    objection_until = models.DateField("异议截止日")
    provisional = models.BooleanField("暂定", default=False)

    class Meta:
        verbose_name = verbose_name_plural = "协议月度"
        ordering = ["month", "agreement"]
        constraints = [
            models.UniqueConstraint(fields=["agreement", "month"], name="agreement_month_once")
        ]
        indexes = [
            models.Index(fields=["state", "objection_until"], name="month_by_deadline"),
            models.Index(fields=["month"], name="agreement_month_by_month"),
        ]

    def __str__(self) -> str:
        return f"{self.agreement} {self.month.year}年{self.month.month}月"


@audited(part_of="month")
class MonthConfirmation(models.Model):
    """A party confirms a month."""

    month = models.ForeignKey(
        AgreementMonth, verbose_name="月度", on_delete=models.PROTECT, related_name="confirmations"
    )
    jurisdiction = models.ForeignKey(
        Jurisdiction, verbose_name="行政区", on_delete=models.PROTECT, related_name="+"
    )
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name="确认人", on_delete=models.PROTECT, related_name="+"
    )
    at = models.DateTimeField("时间")

    class Meta:
        verbose_name = verbose_name_plural = "月度确认"
        constraints = [
            models.UniqueConstraint(fields=["month", "jurisdiction"], name="month_confirmed_once")
        ]

    def __str__(self) -> str:
        return f"{self.jurisdiction} 确认 {self.month}"


@audited(part_of="notice")
class NoticeReceipt(models.Model):
    """已读: a party's person opened the notice for the first time."""

    notice = models.ForeignKey(
        Notice, verbose_name="月通报", on_delete=models.PROTECT, related_name="receipts"
    )
    jurisdiction = models.ForeignKey(
        Jurisdiction, verbose_name="行政区", on_delete=models.PROTECT, related_name="+"
    )
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name="阅读人", on_delete=models.PROTECT, related_name="+"
    )
    at = models.DateTimeField("时间")

    class Meta:
        verbose_name = verbose_name_plural = "月通报阅读记录"
        constraints = [
            models.UniqueConstraint(fields=["notice", "by"], name="receipt_once_per_person")
        ]

    def __str__(self) -> str:
        return f"{self.by} 阅读 {self.notice}"


@audited()
class Reminder(models.Model):
    """催办: at most one a day to a party about one thing."""

    thing = models.CharField("对象", max_length=12)
    object_id = models.BigIntegerField("对象编号")
    jurisdiction = models.ForeignKey(
        Jurisdiction, verbose_name="行政区", on_delete=models.PROTECT, related_name="+"
    )
    day = models.DateField("日期")
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name="催办人", on_delete=models.PROTECT, related_name="+"
    )
    at = models.DateTimeField("时间")

    class Meta:
        verbose_name = verbose_name_plural = "催办"
        constraints = [
            models.UniqueConstraint(
                fields=["thing", "object_id", "jurisdiction", "day"],
                name="reminder_once_a_day",
                violation_error_message="今天已经催办过。",
            )
        ]

    def __str__(self) -> str:
        return f"{self.day} 催办 {self.jurisdiction}"
