"""令牌: by which a program sends and reads readings of some sections; and what it asked once."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from basins.audit import audited
from basins.version import aside
from monitoring.models.sections import Section


@audited(masked=("digest", "former_digest"), without=("last_used_at",))
class AccessToken(models.Model):
    """A program of a laboratory or platform. Of the token only its SHA-256 is kept; it is shown
    once. One that was changed for another holds until `former_until`."""

    name = models.CharField("名称", max_length=100, unique=True)
    prefix = models.CharField("开头", max_length=12)
    digest = models.CharField("摘要", max_length=64, unique=True)
    former_digest = models.CharField("旧摘要", max_length=64, blank=True, db_index=True)
    former_until = models.DateTimeField("旧令牌有效至", null=True, blank=True)
    sections = models.ManyToManyField(Section, verbose_name="断面", related_name="+")
    expires_at = models.DateTimeField("有效至", null=True, blank=True)
    made_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name="签发人",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
    )
    made_at = models.DateTimeField("签发时间", db_default=Now())
    revoked_at = models.DateTimeField("吊销时间", null=True, blank=True)
    revoked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name="吊销人",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
    )
    last_used_at = models.DateTimeField("最近使用", null=True, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "令牌"
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


@aside("what was answered, to be answered again")
class AnsweredRequest(models.Model):
    """What a program asked under an Idempotency-Key and was answered: asked again within a week, it
    is answered the same and nothing is done."""

    token = models.ForeignKey(
        AccessToken, verbose_name="令牌", on_delete=models.CASCADE, db_index=False, related_name="+"
    )
    key = models.CharField("键", max_length=200)
    body_digest = models.CharField("正文摘要", max_length=64)
    answer = models.TextField("答复", db_default="", default="")  # JSON, as it was sent
    at = models.DateTimeField("时间", db_default=Now(), db_index=True)

    class Meta:
        verbose_name = verbose_name_plural = "已答复的请求"
        constraints = [
            models.UniqueConstraint(fields=["token", "key"], name="answered_once"),
            models.CheckConstraint(condition=~Q(key=""), name="answered_under_a_key"),
        ]

    def __str__(self) -> str:
        return f"{self.token_id} {self.key}"
