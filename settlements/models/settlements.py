"""年度结算: the year of an agreement, netted per party."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from basins.audit import audited
from basins.models import Jurisdiction
from settlements.models.agreements import Agreement


@audited(without=("computed_at",), part_of="agreement")
class Settlement(models.Model):
    class State(models.TextChoices):
        OPEN = "open", "核算中"
        SIGNED = "signed", "数据已签认"
        CONFIRMED = "confirmed", "各方已确认"
        PREPARED = "prepared", "待关账"
        CLOSED = "closed", "已关账"
        CLEARED = "cleared", "已清缴"

    # Its nets never change again.
    FIXED = (State.CLOSED, State.CLEARED)

    agreement = models.ForeignKey(
        Agreement, verbose_name="协议", on_delete=models.PROTECT, related_name="settlements"
    )
    year = models.PositiveSmallIntegerField("年度")
    state = models.CharField("状态", max_length=12, choices=State.choices, default=State.OPEN)
    closed_on = models.DateField("关账日期", null=True, blank=True)
    closed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name="关账人",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
    )
    cleared_on = models.DateField("清缴日期", null=True, blank=True)
    # Until when the parties sign what is to be signed now: the data, then the amounts.
    sign_until = models.DateField("签认截止日", null=True, blank=True)
    sign_provisional = models.BooleanField("截止日暂定", default=False)
    # What it was counted from, so that a change of the calendar counts it again.
    sign_from = models.DateField("签认期起算日", null=True, blank=True)
    sign_days = models.PositiveSmallIntegerField("签认期工作日数", null=True, blank=True)
    computed_at = models.DateTimeField("计算时间", auto_now=True)

    class Meta:
        verbose_name = verbose_name_plural = "年度结算"
        ordering = ["-year", "agreement"]
        constraints = [
            models.UniqueConstraint(fields=["agreement", "year"], name="settlement_once"),
            models.CheckConstraint(
                condition=Q(state__in=["closed", "cleared"], closed_on__isnull=False)
                | Q(~Q(state__in=["closed", "cleared"]), closed_on__isnull=True),
                name="settlement_closed_has_date",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.agreement} {self.year} 年"


class SettlementNet(models.Model):
    """A party's net of the year in yuan; positive: it is to receive."""

    settlement = models.ForeignKey(
        Settlement, verbose_name="年度结算", on_delete=models.CASCADE, related_name="nets"
    )
    jurisdiction = models.ForeignKey(
        Jurisdiction, verbose_name="行政区", on_delete=models.PROTECT, related_name="+"
    )
    yuan = models.DecimalField("净额(元)", max_digits=16, decimal_places=2)

    class Meta:
        verbose_name = verbose_name_plural = "年度净额"
        constraints = [
            models.UniqueConstraint(fields=["settlement", "jurisdiction"], name="net_once")
        ]

    def __str__(self) -> str:
        return f"{self.settlement} {self.jurisdiction} {self.yuan}"


@audited(part_of="settlement")
class SettlementSignature(models.Model):
    """A party's signature under the year's data, and then under its amounts.

    `digest` is of what was signed, `yuan` the party's net of the year as it stood then: when
    either changes, the signature is void and stays here, with what changed and by whom.
    """

    class Subject(models.TextChoices):
        DATA = "data", "年度数据"
        AMOUNT = "amount", "年度金额"

    class Ground(models.TextChoices):
        OWN = "own", "本方签认"
        PAPER = "paper", "代为登记"
        LAPSE = "lapse", "逾期视为确认"
        DECISION = "decision", "市局决定"
        RULING = "ruling", "异议裁定"

    settlement = models.ForeignKey(
        Settlement, verbose_name="年度结算", on_delete=models.PROTECT, related_name="signatures"
    )
    jurisdiction = models.ForeignKey(
        Jurisdiction, verbose_name="行政区", on_delete=models.PROTECT, related_name="+"
    )
    subject = models.CharField("签认对象", max_length=8, choices=Subject.choices)
    digest = models.CharField("所签内容摘要", max_length=64)
    yuan = models.DecimalField(
        "签认时本方净额(元)", max_digits=16, decimal_places=2, null=True, blank=True
    )
    ground = models.CharField("方式", max_length=8, choices=Ground.choices, default=Ground.OWN)
    document = models.CharField("文号", max_length=80, blank=True, help_text="代为登记的依据。")
    scan = models.FileField("扫描件", upload_to="signatures", max_length=120, blank=True)
    scan_name = models.CharField("扫描件原文件名", max_length=200, blank=True)
    scan_sha256 = models.CharField("扫描件 SHA-256", max_length=64, blank=True)
    reason = models.CharField("理由", max_length=500, blank=True, help_text="市局决定的理由。")
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name="签认人",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
    )
    at = models.DateTimeField("时间")
    void_at = models.DateTimeField("作废时间", null=True, blank=True)
    void_why = models.CharField("作废原因", max_length=400, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "年度签认"
        ordering = ["at", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["settlement", "jurisdiction", "subject"],
                condition=Q(void_at__isnull=True),
                name="signature_one_valid",
            ),
            models.CheckConstraint(
                condition=Q(ground="lapse", by__isnull=True)
                | Q(~Q(ground="lapse"), by__isnull=False),
                name="signature_by_somebody_or_lapsed",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.jurisdiction} 签认 {self.settlement} {self.get_subject_display()}"
