"""数据版本: the marks that writing statements leave."""

from django.db import models

from basins.version import aside


@aside("the marks themselves")
class DataMark(models.Model):
    """Random; what is read is their XOR (basins.version)."""

    mark = models.BigIntegerField("标记", primary_key=True)

    class Meta:
        verbose_name = verbose_name_plural = "数据标记"

    def __str__(self) -> str:
        return str(self.mark)
