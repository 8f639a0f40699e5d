"""通知: what a person is told, and how they want to be told."""

from django.conf import settings
from django.db import models

from basins.version import aside


class Notification(models.Model):
    """One message to one person. `key` keeps the same thing from being told twice."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name="用户",
        on_delete=models.CASCADE,
        related_name="notifications",
    )
    key = models.CharField("事项", max_length=80)
    text = models.CharField("内容", max_length=300)
    link = models.CharField("链接", max_length=200, blank=True)
    created_at = models.DateTimeField("时间")
    read_at = models.DateTimeField("已读时间", null=True, blank=True)
    mailed_at = models.DateTimeField("邮件时间", null=True, blank=True)
    # How often its mail was tried in vain, and when that was given up: it waits no longer then.
    mail_tries = models.PositiveSmallIntegerField("邮件试发次数", default=0)
    mail_given_up_at = models.DateTimeField("放弃邮件的时间", null=True, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "通知"
        ordering = ["-created_at", "-pk"]
        constraints = [models.UniqueConstraint(fields=["user", "key"], name="notification_once")]
        indexes = [
            models.Index(
                fields=["user"],
                condition=models.Q(read_at__isnull=True),
                name="notification_unread",
            ),
            models.Index(
                fields=["created_at"],
                condition=models.Q(mailed_at__isnull=True),
                name="notification_unmailed",
            ),
        ]

    def __str__(self) -> str:
        return self.text


class Delivery(models.Model):
    """How a person wants notifications: at once or as a digest, on the site or by mail too."""

    class Rhythm(models.TextChoices):
        AT_ONCE = "at_once", "即时"
        DAILY = "daily", "每日汇总"
        WEEKLY = "weekly", "每周汇总"

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL,
        verbose_name="用户",
        on_delete=models.CASCADE,
        related_name="delivery",
    )
    rhythm = models.CharField("频次", max_length=8, choices=Rhythm.choices, default=Rhythm.AT_ONCE)
    mail = models.BooleanField("同时发邮件", default=False)
    last_digest_at = models.DateTimeField("上次汇总时间", null=True, blank=True)
    # Mail to this address that failed, one time after the other; a sent one begins anew.
    failures = models.PositiveSmallIntegerField("连续发送失败", default=0)
    failed_to = models.CharField("失败的邮箱", max_length=254, blank=True)
    error = models.CharField("最近的错误", max_length=300, blank=True)
    retry_at = models.DateTimeField("再试时间", null=True, blank=True)
    stopped_at = models.DateTimeField("停发时间", null=True, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "通知方式"

    def __str__(self) -> str:
        return f"{self.user} {self.get_rhythm_display()}"


@aside("looked at when the page is opened; 我的关注 is asked anew", of=("UPDATE",))
class Star(models.Model):
    """我的关注: a section, river or agreement a person follows."""

    class Kind(models.TextChoices):
        SECTION = "section", "断面"
        RIVER = "river", "河流"
        AGREEMENT = "agreement", "协议"

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name="用户", on_delete=models.CASCADE,
        related_name="stars",
    )  # fmt: skip
    kind = models.CharField("种类", max_length=10, choices=Kind.choices)
    code = models.CharField("编码", max_length=40)
    since = models.DateTimeField("关注时间")
    seen_at = models.DateTimeField("上次查看时间")

    class Meta:
        verbose_name = verbose_name_plural = "关注"
        constraints = [models.UniqueConstraint(fields=["user", "kind", "code"], name="star_once")]

    def __str__(self) -> str:
        return f"{self.user} {self.get_kind_display()} {self.code}"
