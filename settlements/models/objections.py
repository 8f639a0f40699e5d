"""异议: a party objects to a published month; the bureau decides. Decisions change data only."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from basins.audit import audited
from basins.models import Jurisdiction
from monitoring.models import Indicator, Origin, Section
from monitoring.standards.detection import MeasuredValue
from settlements.models.notices import AgreementMonth


@audited(part_of="month")
class Objection(models.Model):
    class Kind(models.TextChoices):
        DATA_ERROR = "data_error", "数据有误"
        EXCLUSION = "exclusion", "申请剔除"
        NO_FAULT = "no_fault", "上游无过错举证"

    class State(models.TextChoices):
        RAISED = "raised", "待裁决"
        ANSWERED = "answered", "对方已答复"
        REMEASURING = "remeasuring", "复测中"
        ACCEPTED = "accepted", "已采纳"
        REJECTED = "rejected", "已驳回"
        WITHDRAWN = "withdrawn", "已撤回"

    OPEN = (State.RAISED, State.ANSWERED, State.REMEASURING)

    month = models.ForeignKey(
        AgreementMonth, verbose_name="月度", on_delete=models.PROTECT, related_name="objections"
    )
    jurisdiction = models.ForeignKey(
        Jurisdiction, verbose_name="提出方", on_delete=models.PROTECT, related_name="+"
    )
    kind = models.CharField("种类", max_length=12, choices=Kind.choices)
    state = models.CharField("状态", max_length=12, choices=State.choices, default=State.RAISED)
    section = models.ForeignKey(
        Section, verbose_name="断面", on_delete=models.PROTECT, related_name="+"
    )
    reason = models.TextField("理由")
    raised_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name="提出人", on_delete=models.PROTECT, related_name="+"
    )
    raised_at = models.DateTimeField("提出时间")
    # Evidence may be added, and the other side may answer, until then.
    evidence_until = models.DateField("举证截止日")
    provisional = models.BooleanField("暂定", default=False)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name="裁决人",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
    )
    decided_at = models.DateTimeField("裁决时间", null=True, blank=True)
    decision = models.TextField("裁决理由", blank=True)
    # What was done to the data: [{"do": "invalidate"|"correct"|"exclude"|"joint", …}]
    treatment = models.JSONField("数据处理", default=list, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "异议"
        ordering = ["-raised_at", "-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["month", "jurisdiction", "section", "kind"],
                condition=Q(state__in=["raised", "answered", "remeasuring"]),
                name="objection_one_open",
                violation_error_message="贵方对该断面该月同类异议尚在处理中。",
            ),
            models.CheckConstraint(
                condition=Q(
                    state__in=["accepted", "rejected"],
                    decided_by__isnull=False,
                    decided_at__isnull=False,
                )
                | Q(~Q(state__in=["accepted", "rejected"]), decided_by__isnull=True),
                name="objection_decided_by_someone",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.month} {self.jurisdiction}异议（{self.get_kind_display()}）"


@audited(part_of="objection")
class ObjectionReading(models.Model):
    """A reading in question, by its key, with the value as it stood when it was named."""

    objection = models.ForeignKey(
        Objection, verbose_name="异议", on_delete=models.PROTECT, related_name="readings"
    )
    indicator = models.ForeignKey(
        Indicator, verbose_name="指标", on_delete=models.PROTECT, related_name="+"
    )
    sampled_at = models.DateTimeField("采样时间")
    origin = models.SmallIntegerField("来源", choices=Origin.choices)
    value = models.DecimalField("当时的值", max_digits=20, decimal_places=8)

    class Meta:
        verbose_name = verbose_name_plural = "有异议的数据"
        constraints = [
            models.UniqueConstraint(
                fields=["objection", "indicator", "sampled_at", "origin"],
                name="objection_reading_once",
            )
        ]

    def __str__(self) -> str:
        return f"{self.indicator} {self.sampled_at:%Y-%m-%d %H:%M}"


@audited(part_of="objection")
class ObjectionReply(models.Model):
    """What a side says in an objection: an answer, a remark, a lab's result; never changed."""

    class Kind(models.TextChoices):
        ANSWER = "answer", "答复"
        REMARK = "remark", "补充说明"
        REMEASUREMENT = "remeasurement", "复测结果"

    objection = models.ForeignKey(
        Objection, verbose_name="异议", on_delete=models.PROTECT, related_name="replies"
    )
    kind = models.CharField("种类", max_length=14, choices=Kind.choices)
    jurisdiction = models.ForeignKey(
        Jurisdiction,
        verbose_name="行政区",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        help_text="空为市局。",
    )
    text = models.TextField("内容")
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name="发言人", on_delete=models.PROTECT, related_name="+"
    )
    at = models.DateTimeField("时间")

    class Meta:
        verbose_name = verbose_name_plural = "异议往来"
        ordering = ["at", "pk"]

    def __str__(self) -> str:
        return f"{self.objection} {self.get_kind_display()}"


@audited(part_of="objection")
class Evidence(models.Model):
    """证据: a file of an objection, kept under MEDIA_ROOT by its hash."""

    objection = models.ForeignKey(
        Objection, verbose_name="异议", on_delete=models.PROTECT, related_name="evidence"
    )
    item = models.CharField("证据项", max_length=24, help_text="证据清单中的项。")
    file = models.FileField("文件", upload_to="evidence", max_length=120)
    name = models.CharField("原文件名", max_length=200)
    kind = models.CharField("类型", max_length=80)
    size = models.PositiveBigIntegerField("字节数")
    sha256 = models.CharField("SHA-256", max_length=64)
    jurisdiction = models.ForeignKey(
        Jurisdiction,
        verbose_name="提交方",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
    )
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name="提交人", on_delete=models.PROTECT, related_name="+"
    )
    at = models.DateTimeField("时间")

    class Meta:
        verbose_name = verbose_name_plural = "证据"
        ordering = ["at", "pk"]
        constraints = [
            # One file may serve several items, and both parties.
            models.UniqueConstraint(
                fields=["objection", "item", "sha256", "jurisdiction"],
                name="evidence_once",
                nulls_distinct=False,
            )
        ]

    def __str__(self) -> str:
        return self.name


@audited(part_of="section")
class JointSample(models.Model):
    """联合监测: both parties' results of one split sample, and the reserve; all three kept.

    Values in the indicator's unit. Within the agreed relative error of the two parties'
    results their mean is valid; else the reserve sample decides (Xin'an, domain.md §8a).
    """

    section = models.ForeignKey(
        Section, verbose_name="断面", on_delete=models.PROTECT, related_name="joint_samples"
    )
    indicator = models.ForeignKey(
        Indicator, verbose_name="指标", on_delete=models.PROTECT, related_name="+"
    )
    sampled_at = models.DateTimeField("采样时间")
    objection = models.ForeignKey(
        Objection,
        verbose_name="异议",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="joint_samples",
    )
    # Where 未检出, the value is the detection limit and counts half.
    upstream = models.DecimalField("上游方结果", max_digits=20, decimal_places=8)
    upstream_below = models.BooleanField("上游方未检出", default=False, db_default=False)
    downstream = models.DecimalField("下游方结果", max_digits=20, decimal_places=8)
    downstream_below = models.BooleanField("下游方未检出", default=False, db_default=False)
    reserve = models.DecimalField(
        "留样结果", max_digits=20, decimal_places=8, null=True, blank=True
    )
    reserve_below = models.BooleanField("留样未检出", null=True, blank=True)
    agreed_error = models.DecimalField("约定相对误差(%)", max_digits=6, decimal_places=2)
    within = models.BooleanField("在误差内")
    value = models.DecimalField(
        "采用值", max_digits=20, decimal_places=8, null=True, blank=True,
        help_text="空：超出误差而留样尚未检测。",
    )  # fmt: skip
    value_below = models.BooleanField("采用值为未检出", default=False, db_default=False)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name="登记人", on_delete=models.PROTECT, related_name="+"
    )
    at = models.DateTimeField("时间")

    class Meta:
        verbose_name = verbose_name_plural = "联合监测"
        ordering = ["-sampled_at", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["section", "indicator", "sampled_at"], name="joint_sample_once"
            ),
            models.CheckConstraint(
                condition=Q(within=True, value__isnull=False)
                | Q(within=False, value__isnull=True, reserve__isnull=True)
                | Q(within=False, value__isnull=False, reserve__isnull=False),
                name="joint_sample_reserve_decides",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.section} {self.indicator} {self.sampled_at:%Y-%m-%d}"

    @property
    def upstream_result(self) -> MeasuredValue:
        return self.indicator.reported(self.upstream, self.upstream_below)

    @property
    def downstream_result(self) -> MeasuredValue:
        return self.indicator.reported(self.downstream, self.downstream_below)

    @property
    def reserve_result(self) -> MeasuredValue | None:
        if self.reserve is None:
            return None
        return self.indicator.reported(self.reserve, bool(self.reserve_below))

    @property
    def result(self) -> MeasuredValue | None:
        """The value used; None while the reserve decides and is not there yet."""
        if self.value is None:
            return None
        return self.indicator.reported(self.value, self.value_below)
