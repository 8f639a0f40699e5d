"""Where people are signed in, and how often a sign-in was tried in vain."""

from django.conf import settings
from django.db import models

from basins.version import aside


@aside("every request writes one; 我的账号 is asked anew")
class SignInSession(models.Model):
    """A person signed in at one browser. Of the key only its SHA-256 is kept: who reads this
    table cannot take a session over. An ended one stays until it would have expired anyway, so
    that its browser can be told why (basins.sessions)."""

    class Why(models.TextChoices):
        OWN = "own", "本人结束"
        LIMIT = "limit", "登录处数已满"
        PASSWORD = "password", "更改了密码"
        ADMINISTRATION = "administration", "账号管理"

    session_key = models.CharField("键的摘要", max_length=64, unique=True)
    session_data = models.TextField("内容")
    expire_date = models.DateTimeField("到期", db_index=True)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name="用户",
        on_delete=models.CASCADE,
        null=True,
        related_name="sign_in_sessions",
    )
    started_at = models.DateTimeField("登录时间", null=True)
    last_seen_at = models.DateTimeField("最近使用")
    address = models.CharField("地址", max_length=45, blank=True)
    user_agent = models.CharField("浏览器", max_length=300, blank=True)
    ended_at = models.DateTimeField("结束时间", null=True)
    ended_why = models.CharField("结束原因", max_length=16, choices=Why.choices, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "登录会话"

    def __str__(self) -> str:
        return f"{self.user} {self.address}"


@aside("anybody at the door writes one")
class SignInFailure(models.Model):
    """Sign-ins tried in vain one after another: of a name from an address, or, with name '', of
    any name from that address (basins.services.sign_in_locks)."""

    name = models.CharField("所填用户名", max_length=150, blank=True)
    address = models.CharField("地址", max_length=45, blank=True)
    failures = models.PositiveIntegerField("次数")
    last_at = models.DateTimeField("最近一次")
    waits_until = models.DateTimeField("等到", null=True)

    class Meta:
        verbose_name = verbose_name_plural = "登录失败次数"
        constraints = [
            models.UniqueConstraint(fields=["name", "address"], name="failures_once"),
        ]

    def __str__(self) -> str:
        return f"{self.name} {self.address} {self.failures}"
