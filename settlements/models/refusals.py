"""不予确认: a party that does not confirm a year's amounts, its reasons, and what becomes of them."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from basins.audit import audited
from basins.models import Jurisdiction
from settlements.models.settlements import Settlement


@audited(part_of="settlement")
class AmountRefusal(models.Model):
    """Answered by the other parties, decided by the bureau; turned down, it is taken to the
    common superior within the deadline, or stands as confirmed.

    The year is not confirmed while one is open. What is accepted makes the year's signatures
    void: data are corrected, or another person of the bureau finds that the amounts stand, and all
    sign again.
    """

    class State(models.TextChoices):
        RAISED = "raised", "待答复"
        ANSWERED = "answered", "对方已答复"
        REJECTED = "rejected", "市局未采纳"
        ESCALATED = "escalated", "已报共同上级"
        ACCEPTED = "accepted", "已采纳，待更正"
        CORRECTED = "corrected", "已更正"
        KEPT = "kept", "复核后金额不变"
        UPHELD = "upheld", "金额维持"
        WITHDRAWN = "withdrawn", "已撤回"

    OPEN = (State.RAISED, State.ANSWERED, State.REJECTED, State.ESCALATED)

    settlement = models.ForeignKey(
        Settlement, verbose_name="年度结算", on_delete=models.PROTECT, related_name="refusals"
    )
    jurisdiction = models.ForeignKey(
        Jurisdiction, verbose_name="提出方", on_delete=models.PROTECT, related_name="+"
    )
    state = models.CharField("状态", max_length=12, choices=State.choices, default=State.RAISED)
    yuan = models.DecimalField("所拒净额(元)", max_digits=16, decimal_places=2)
    digest = models.CharField("所拒内容摘要", max_length=64)
    reason = models.TextField("理由")
    document = models.CharField("文号", max_length=80, blank=True, help_text="代为登记的依据。")
    scan = models.FileField("书面材料", upload_to="refusals", max_length=120, blank=True)
    scan_name = models.CharField("书面材料原文件名", max_length=200, blank=True)
    scan_sha256 = models.CharField("书面材料 SHA-256", max_length=64, blank=True)
    raised_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name="提出人", on_delete=models.PROTECT, related_name="+"
    )
    raised_at = models.DateTimeField("提出时间")
    # The other parties may answer until then; of one turned down, the party may take it further.
    until = models.DateField("截止日")
    provisional = models.BooleanField("暂定", default=False)
    counted_from = models.DateField("期限起算日", null=True, blank=True)
    counted_days = models.PositiveSmallIntegerField("期限工作日数", null=True, blank=True)
    decision = models.TextField("市局决定的理由", blank=True)
    finding = models.TextField("复核结果", blank=True)
    ruling = models.TextField("共同上级的裁定", blank=True)
    ruling_document = models.CharField("裁定文号", max_length=80, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "不予确认"
        ordering = ["-raised_at", "-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["settlement", "jurisdiction"],
                condition=Q(state__in=["raised", "answered", "rejected", "escalated"]),
                name="refusal_one_open",
                violation_error_message="贵方对该年度金额的异议尚在处理中。",
            ),
            models.CheckConstraint(condition=~Q(reason=""), name="refusal_has_reason"),
        ]

    def __str__(self) -> str:
        return f"{self.settlement}{self.jurisdiction}不予确认"


@audited(part_of="refusal")
class RefusalReply(models.Model):
    """What a side says of a refusal; never changed."""

    refusal = models.ForeignKey(
        AmountRefusal, verbose_name="不予确认", on_delete=models.PROTECT, related_name="replies"
    )
    jurisdiction = models.ForeignKey(
        Jurisdiction, verbose_name="行政区", on_delete=models.PROTECT, related_name="+"
    )
    text = models.TextField("内容")
    document = models.CharField("文号", max_length=80, blank=True, help_text="代为登记的依据。")
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name="答复人", on_delete=models.PROTECT, related_name="+"
    )
    at = models.DateTimeField("时间")

    class Meta:
        verbose_name = verbose_name_plural = "不予确认的答复"
        ordering = ["at", "pk"]

    def __str__(self) -> str:
        return f"{self.refusal}：{self.jurisdiction}答复"
