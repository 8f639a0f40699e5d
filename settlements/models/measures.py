"""资金使用 and 措施: what the money received went to, and measures other than money."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from basins.audit import audited
from basins.models import Jurisdiction, River
from settlements.models.agreements import Agreement


@audited(part_of="agreement")
class FundProject(models.Model):
    """资金项目: what a jurisdiction allots of the compensation it received (yuan)."""

    jurisdiction = models.ForeignKey(
        Jurisdiction, verbose_name="行政区", on_delete=models.PROTECT, related_name="fund_projects"
    )
    agreement = models.ForeignKey(
        Agreement, verbose_name="协议", on_delete=models.PROTECT, related_name="fund_projects"
    )
    name = models.CharField("项目名称", max_length=120)
    purpose = models.CharField(
        "用途", max_length=24,
        choices=[
            ("pollution_control", "污染治理"),
            ("ecological_protection", "生态保护"),
            ("monitoring", "监测能力"),
        ],
    )  # fmt: skip
    allotted = models.DecimalField("安排金额(元)", max_digits=16, decimal_places=2)
    allotted_on = models.DateField("安排日期")
    document_number = models.CharField("文号", max_length=80, blank=True)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name="登记人", on_delete=models.PROTECT, related_name="+"
    )
    at = models.DateTimeField("登记时间")
    closed_on = models.DateField("完成日期", null=True, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "资金项目"
        ordering = ["-allotted_on", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["jurisdiction", "agreement", "name"],
                name="fund_project_once",
                violation_error_message="该协议下已有同名项目。",
            ),
            models.CheckConstraint(
                condition=Q(allotted__gt=0),
                name="fund_project_allots",
                violation_error_message="安排金额须大于零。",
            ),
        ]

    def __str__(self) -> str:
        return self.name


@audited(part_of="project")
class FundReduction(models.Model):
    """减少安排: a counter-record that takes back part or all of what was allotted, with its reason.

    Only added (guards/fundreduction.sql).
    """

    project = models.ForeignKey(
        FundProject, verbose_name="项目", on_delete=models.PROTECT, related_name="reductions"
    )
    yuan = models.DecimalField("减少金额(元)", max_digits=16, decimal_places=2)
    why = models.CharField("理由", max_length=200)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name="登记人", on_delete=models.PROTECT, related_name="+"
    )
    at = models.DateTimeField("登记时间")

    class Meta:
        verbose_name = verbose_name_plural = "减少安排"
        ordering = ["at", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(yuan__gt=0),
                name="fund_reduction_takes",
                violation_error_message="减少的金额须大于零。",
            )
        ]

    def __str__(self) -> str:
        return f"{self.project} 减少 {self.yuan} 元"


@audited(part_of="project")
class FundSpending(models.Model):
    """支出: reported with its document; corrected by a further, negative one with a reason."""

    project = models.ForeignKey(
        FundProject, verbose_name="项目", on_delete=models.PROTECT, related_name="spendings"
    )
    yuan = models.DecimalField("金额(元)", max_digits=16, decimal_places=2)
    spent_on = models.DateField("支出日期")
    text = models.CharField("摘要", max_length=200)
    file = models.FileField("凭据", upload_to="spending", max_length=120)
    filename = models.CharField("原文件名", max_length=200)
    kind = models.CharField("类型", max_length=80)
    sha256 = models.CharField("SHA-256", max_length=64)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name="登记人", on_delete=models.PROTECT, related_name="+"
    )
    at = models.DateTimeField("登记时间")

    class Meta:
        verbose_name = verbose_name_plural = "资金支出"
        ordering = ["spent_on", "pk"]
        constraints = [models.CheckConstraint(condition=~Q(yuan=0), name="fund_spending_not_zero")]

    def __str__(self) -> str:
        return f"{self.project} {self.yuan} 元"


@audited()
class Measure(models.Model):
    """措施: 考核、约谈、区域限批、限期整改, from its reason to its lifting (domain.md §1)."""

    class Kind(models.TextChoices):
        ASSESSMENT = "assessment", "考核"
        SUMMONS = "summons", "约谈"
        PROJECT_STOP = "project_stop", "区域限批"
        RECTIFICATION = "rectification", "限期整改"

    kind = models.CharField("种类", max_length=16, choices=Kind.choices)
    jurisdiction = models.ForeignKey(
        Jurisdiction, verbose_name="对象", on_delete=models.PROTECT, related_name="measures"
    )
    river = models.ForeignKey(
        River,
        verbose_name="河流",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="measures",
    )
    reason = models.TextField("事由")
    document_number = models.CharField("文号", max_length=80, blank=True)
    taken_on = models.DateField("实施日期")
    due_on = models.DateField("整改期限", null=True, blank=True)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name="登记人", on_delete=models.PROTECT, related_name="+"
    )
    at = models.DateTimeField("登记时间")
    report = models.TextField("整改情况", blank=True)
    reported_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name="报告人",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
    )
    reported_at = models.DateTimeField("报告时间", null=True, blank=True)
    lifted_on = models.DateField("解除日期", null=True, blank=True)
    lifted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name="解除人",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
    )
    lifted_why = models.TextField("解除理由", blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "措施"
        ordering = ["-taken_on", "-pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(lifted_on__isnull=True) | Q(lifted_on__gte=F("taken_on")),
                name="measure_dates_in_order",
                violation_error_message="解除日期不能早于实施日期。",
            )
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.jurisdiction} {self.taken_on}"
