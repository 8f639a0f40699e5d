"""Long work: one row a job. The row is the truth, a message only wakes a worker."""

from django.conf import settings
from django.db import models
from django.db.models import Q


class Job(models.Model):
    class State(models.TextChoices):
        QUEUED = "queued", "排队"
        RUNNING = "running", "进行中"
        DONE = "done", "完成"
        FAILED = "failed", "失败"
        CANCELLED = "cancelled", "已取消"

    LIVE = (State.QUEUED, State.RUNNING)

    kind = models.CharField("种类", max_length=80)
    key = models.CharField(
        "幂等键", max_length=200, help_text="同一种类、同一键的任务在结束前只有一个。"
    )
    parameters = models.JSONField("参数", default=dict)
    state = models.CharField("状态", max_length=12, choices=State.choices, default=State.QUEUED)
    lease_until = models.DateTimeField("租约至", null=True, blank=True)
    attempts = models.PositiveSmallIntegerField("已试次数", default=0)
    step = models.CharField("步骤", max_length=200, blank=True)
    done = models.PositiveBigIntegerField("已完成", default=0)
    total = models.PositiveBigIntegerField("总数", default=0)
    result = models.JSONField("结果", null=True, blank=True)
    error = models.TextField("错误", blank=True)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name="发起人",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
    )
    created_at = models.DateTimeField("创建", auto_now_add=True)
    finished_at = models.DateTimeField("结束", null=True, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "任务"
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "key"],
                condition=Q(state__in=["queued", "running"]),
                name="job_one_live_per_key",
            ),
            models.CheckConstraint(
                condition=~Q(state="running") | Q(lease_until__isnull=False),
                name="job_running_has_lease",
            ),
        ]
        indexes = [
            models.Index(
                fields=["lease_until"],
                condition=Q(state__in=["queued", "running"]),
                name="job_live",
            )
        ]

    def __str__(self) -> str:
        return f"{self.kind} #{self.pk} {self.get_state_display()}"
