"""上传: a file of readings handed in on the page, until it is imported or given up."""

from django.conf import settings
from django.db import models

from jobs.models import Job


class ReadingUpload(models.Model):
    """One file on its way: tried (试算) as often as it takes, imported once.

    The file lies under MEDIA_ROOT as `stored`, which is empty once it is needed no more; its error
    sheet beside it. `told`: what was said of it (import_job.Told).
    """

    filename = models.CharField("文件", max_length=255)
    sha256 = models.CharField("SHA-256", max_length=64)
    size = models.PositiveBigIntegerField("字节")
    stored = models.CharField("存放", max_length=200, blank=True)
    told = models.JSONField("说明", default=dict)
    trial = models.ForeignKey(
        Job, verbose_name="试算", on_delete=models.PROTECT, null=True, related_name="+"
    )
    importing = models.ForeignKey(
        Job, verbose_name="导入", on_delete=models.PROTECT, null=True, related_name="+"
    )
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name="上传人", on_delete=models.PROTECT, related_name="+"
    )
    created_at = models.DateTimeField("上传时间", auto_now_add=True)

    class Meta:
        verbose_name = verbose_name_plural = "监测数据上传"
        ordering = ["-pk"]

    def __str__(self) -> str:
        return self.filename
