"""What became of reference data: every change in words."""

from django.conf import settings
from django.db import models
from django.db.models.functions import Now


class ReferenceChange(models.Model):
    """基础资料变更: one thing as it was and as it became, since when, by what paper, by whom.

    Rows only come (guards/referencechange.sql). `kind` and `code`: as in basins.reference.
    """

    class Act(models.TextChoices):
        NEW = "new", "新增"
        CHANGED = "changed", "更改"
        REMOVED = "removed", "删去"
        ENDED = "ended", "停用"
        SUCCEEDED = "succeeded", "由后者承继"

    kind = models.CharField("种类", max_length=16)
    code = models.CharField("编码", max_length=60)
    name = models.CharField("名称", max_length=120)
    act = models.CharField("变更", max_length=10, choices=Act.choices)
    # [["目标类别", "Ⅲ类", "Ⅱ类"], …]: column, before, after, in words; blank for nothing.
    differences = models.JSONField("内容", default=list)
    also = models.JSONField("随之", default=list)  # what follows from it, in words
    on = models.DateField("自")
    why = models.CharField("依据", max_length=200, blank=True)
    by = models.ForeignKey(  # none: the command line
        settings.AUTH_USER_MODEL, verbose_name="办理人", on_delete=models.PROTECT, null=True,
        related_name="+",
    )  # fmt: skip
    at = models.DateTimeField("时间", db_default=Now())

    class Meta:
        verbose_name = verbose_name_plural = "基础资料变更"
        ordering = ["-pk"]
        indexes = [models.Index(fields=["kind", "code", "-id"], name="reference_change_of")]

    def __str__(self) -> str:
        return f"{self.name} {self.get_act_display()}"
