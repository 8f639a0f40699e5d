"""流程记录: every state ever reached, by whom and when; written by the trigger, never changed."""

from django.conf import settings
from django.db import models

from settlements.workflow import THINGS


class StateMove(models.Model):
    """One step of one thing through the table of settlements.workflow."""

    thing = models.CharField("对象", max_length=12, choices=sorted(THINGS.items()))
    object_id = models.BigIntegerField("对象编号")
    event = models.CharField("事件", max_length=16)
    source = models.CharField("原状态", max_length=12, blank=True)
    target = models.CharField("新状态", max_length=12)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name="经办人",
        on_delete=models.PROTECT,
        null=True,
        related_name="+",
        help_text="空为系统。",
    )
    # The product's clock, and the database's own.
    at = models.DateTimeField("时间")
    stored_at = models.DateTimeField("入库时间")
    note = models.TextField("说明", blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "流程记录"
        ordering = ["pk"]
        indexes = [
            models.Index(fields=["thing", "object_id", "id"], name="state_move_by_object"),
            models.Index(fields=["by", "-id"], name="state_move_by_person"),
        ]

    def __str__(self) -> str:
        return f"{self.get_thing_display()} #{self.object_id} {self.event}"
