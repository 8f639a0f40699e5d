"""报送单位: how each sender of readings writes, remembered from one file to the next."""

from django.conf import settings
from django.db import models

from basins.audit import audited


@audited()
class SenderProfile(models.Model):
    """What its headings mean (heading → {"as": field or indicator, "unit": …}), how its times are
    written (written.moments.FORMS) and in which zone (ZONES)."""

    name = models.CharField("报送单位", max_length=100, unique=True)
    mapping = models.JSONField("列对应关系", default=dict)
    time_format = models.CharField("时间格式", max_length=10, blank=True, default="")
    zone = models.CharField("时区", max_length=40, default="Asia/Shanghai")
    saved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name="保存人",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
    )
    saved_at = models.DateTimeField("保存时间", auto_now=True)

    class Meta:
        verbose_name = verbose_name_plural = "报送单位"
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name
