"""月核算: what one term yields for one section and period, with every step."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Greatest, Least

from basins.audit import audited
from basins.clock import now
from basins.models import Jurisdiction
from settlements.models.agreements import Agreement, Term, TermSection
from settlements.rules.base import MonthState


class Accrual(models.Model):
    class State(models.TextChoices):
        PRELIMINARY = "preliminary", "初步"
        PUBLISHED = "published", "已发布"
        SETTLED = "settled", "已结清"

    OPEN = (State.PRELIMINARY,)

    term = models.ForeignKey(
        Term, verbose_name="条款期", on_delete=models.PROTECT, related_name="accruals"
    )
    term_section = models.ForeignKey(
        TermSection, verbose_name="断面", on_delete=models.PROTECT, related_name="accruals"
    )
    # First day of the month, or of the year for a rule that is computed yearly.
    period = models.DateField("期间")
    yearly = models.BooleanField("按年", default=False)
    month_state = models.CharField(
        "月度状态", max_length=20, choices=[(s.value, s.label) for s in MonthState]
    )
    water_class = models.PositiveSmallIntegerField("类别", null=True)
    complete = models.BooleanField("数据完整", default=True)
    steps = models.JSONField("计算步骤")
    inputs = models.JSONField("输入")
    input_digest = models.CharField("输入摘要", max_length=64)
    rule_revision = models.PositiveSmallIntegerField("规则修订号")
    state = models.CharField(
        "状态", max_length=12, choices=State.choices, default=State.PRELIMINARY
    )
    computed_at = models.DateTimeField("计算时间", auto_now=True)

    class Meta:
        verbose_name = verbose_name_plural = "月核算"
        ordering = ["period", "term_section"]
        constraints = [
            models.UniqueConstraint(fields=["term", "term_section", "period"], name="accrual_once"),
            models.CheckConstraint(
                condition=Q(period__day=1), name="accrual_period_is_month_start"
            ),
        ]
        indexes = [
            models.Index(fields=["period"], name="accrual_by_period"),
            # What is open is little beside what was ever published (待办 of every page's head).
            models.Index(fields=["period"], condition=Q(state="preliminary"), name="accrual_open"),
        ]

    def __str__(self) -> str:
        return f"{self.term} {self.period:%Y-%m}"


class Transfer(models.Model):
    """Who pays whom how much in an accrual: yuan, to the fen, always positive."""

    accrual = models.ForeignKey(
        Accrual, verbose_name="月核算", on_delete=models.CASCADE, related_name="transfers"
    )
    payer = models.ForeignKey(
        Jurisdiction, verbose_name="付款方", on_delete=models.PROTECT, related_name="+"
    )
    payee = models.ForeignKey(
        Jurisdiction, verbose_name="收款方", on_delete=models.PROTECT, related_name="+"
    )
    yuan = models.DecimalField("金额(元)", max_digits=16, decimal_places=2)
    reason = models.CharField("事由", max_length=200)

    class Meta:
        verbose_name = verbose_name_plural = "月核算收付"
        constraints = [
            models.CheckConstraint(condition=Q(yuan__gt=0), name="transfer_positive"),
            models.CheckConstraint(condition=~Q(payer=F("payee")), name="transfer_two_parties"),
            # One transfer between two parties, so never both ways for one section and month.
            models.UniqueConstraint(
                "accrual",
                Least("payer_id", "payee_id"),
                Greatest("payer_id", "payee_id"),
                name="transfer_one_way",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.payer} → {self.payee} {self.yuan} 元"


@audited(masked=("inputs",))
class Adjustment(models.Model):
    """调整: what a published or settled accrual should be after a later correction.

    The accrual itself stays as it was published. Once approved, the difference (`nets`) counts
    in the year's settlement while that is open, else as an entry of its own in the open year.
    """

    class State(models.TextChoices):
        PROPOSED = "proposed", "待审"
        REVIEWED = "reviewed", "待批"
        DECLINED = "declined", "待定不予调整"
        APPROVED = "approved", "已批准"
        DISMISSED = "dismissed", "不予调整"
        WITHDRAWN = "withdrawn", "已撤回"

    PENDING = (State.PROPOSED, State.REVIEWED, State.DECLINED)

    class Rulings(models.TextChoices):
        """What becomes of the rulings behind one that is dismissed."""

        KEEP = "keep", "认定继续有效，只是不改已发布的结果"
        REVOKE = "revoke", "认定随之撤销"

    accrual = models.ForeignKey(
        Accrual, verbose_name="月核算", on_delete=models.PROTECT, related_name="adjustments"
    )
    # The section as the amended term has it, where an amendment is the cause.
    term_section = models.ForeignKey(
        TermSection,
        verbose_name="修订后断面",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="adjustments",
    )
    outcome = models.JSONField("应为")
    inputs = models.JSONField("输入")
    input_digest = models.CharField("输入摘要", max_length=64)
    state = models.CharField("状态", max_length=12, choices=State.choices, default=State.PROPOSED)
    cause = models.CharField("起因", max_length=200, blank=True)
    proposed_at = models.DateTimeField("提出时间", default=now, editable=False)
    reviewed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name="审核人",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
    )
    reviewed_at = models.DateTimeField("审核时间", null=True, blank=True)
    reason = models.TextField("理由", blank=True)
    rulings = models.CharField("背后的认定", max_length=6, choices=Rulings.choices, blank=True)
    # What became of the rulings and decisions behind it, in words, when it was dismissed.
    aftermath = models.CharField("起因如何处理", max_length=400, blank=True)
    approved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name="批准人",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
    )
    approved_at = models.DateTimeField("批准时间", null=True, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "调整"
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["accrual"],
                condition=Q(state__in=["proposed", "reviewed", "declined"]),
                name="adjustment_one_pending",
            ),
            models.CheckConstraint(
                condition=Q(state="approved", approved_by__isnull=False)
                | Q(~Q(state="approved"), approved_by__isnull=True),
                name="adjustment_approved_by_someone",
            ),
            models.CheckConstraint(
                condition=Q(approved_by__isnull=True) | ~Q(approved_by=F("reviewed_by")),
                name="adjustment_two_persons",
                violation_error_message="审核人不能批准自己提请的调整。",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.accrual} 调整"


class AdjustmentNet(models.Model):
    """What an adjustment changes for a party, in yuan; positive: it is to receive more.

    Fixed when the adjustment is approved; an adjustment's nets sum to zero.
    """

    adjustment = models.ForeignKey(
        Adjustment, verbose_name="调整", on_delete=models.PROTECT, related_name="nets"
    )
    jurisdiction = models.ForeignKey(
        Jurisdiction, verbose_name="行政区", on_delete=models.PROTECT, related_name="+"
    )
    yuan = models.DecimalField("差额(元)", max_digits=16, decimal_places=2)

    class Meta:
        verbose_name = verbose_name_plural = "调整差额"
        constraints = [
            models.UniqueConstraint(
                fields=["adjustment", "jurisdiction"], name="adjustment_net_once"
            ),
            models.CheckConstraint(condition=~Q(yuan=0), name="adjustment_net_not_zero"),
        ]

    def __str__(self) -> str:
        return f"{self.adjustment} {self.jurisdiction} {self.yuan}"


@audited(part_of="adjustment")
class AdjustmentRemark(models.Model):
    """意见: what a party said of a proposed adjustment before it was decided.

    Only added (guards/adjustmentremark.sql).
    """

    adjustment = models.ForeignKey(
        Adjustment, verbose_name="调整", on_delete=models.PROTECT, related_name="remarks"
    )
    jurisdiction = models.ForeignKey(
        Jurisdiction, verbose_name="协议方", on_delete=models.PROTECT, related_name="+"
    )
    text = models.CharField("意见", max_length=1000)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name="提出人", on_delete=models.PROTECT, related_name="+"
    )
    at = models.DateTimeField("时间")

    class Meta:
        verbose_name = verbose_name_plural = "调整意见"
        ordering = ["at", "pk"]

    def __str__(self) -> str:
        return f"{self.jurisdiction}：{self.text}"


@audited(part_of="agreement")
class FuseTrip(models.Model):
    """停下的重算: a run that would change too much at once waits for a person (design.md §4)."""

    class State(models.TextChoices):
        TRIPPED = "tripped", "待核实"
        RELEASING = "releasing", "待放行"
        DROPPING = "dropping", "待定不予执行"
        RELEASED = "released", "已放行"
        DROPPED = "dropped", "不予执行"

    OPEN = (State.TRIPPED, State.RELEASING, State.DROPPING)

    agreement = models.ForeignKey(
        Agreement, verbose_name="协议", on_delete=models.PROTECT, related_name="fuse_trips"
    )
    state = models.CharField("状态", max_length=12, choices=State.choices, default=State.TRIPPED)
    # Why it stopped, in words, and what the run would do: [{accrual, period, before, after}].
    reasons = models.JSONField("原因")
    changes = models.JSONField("将改变")
    digest = models.CharField("摘要", max_length=64)
    tripped_at = models.DateTimeField("停下时间")
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name="核实人",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
    )
    decided_at = models.DateTimeField("核实时间", null=True, blank=True)
    reason = models.TextField("理由", blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "停下的重算"
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["agreement", "digest"], name="fuse_trip_once_per_change"
            )
        ]

    def __str__(self) -> str:
        return f"{self.agreement} {self.tripped_at:%Y-%m-%d %H:%M}"
