"""Issued papers: what each said, for ever. Only added to; the database holds that.

A later paper on the same subject names the one it takes the place of, so nothing is ever
changed: the earlier one's `superseded_by` is found, not stored.
"""

from datetime import datetime

from django.conf import settings
from django.db import models
from django.db.models import Q

from basins.audit import audited
from basins.models import Jurisdiction
from settlements.models.agreements import Agreement
from settlements.models.payments import TwoPersons, two_persons


@audited(masked=("content",))
class IssuedPaper(models.Model):
    class Kind(models.TextChoices):
        DISTRICT = "district", "区县对账单"
        AGREEMENT = "agreement", "年度结算单"
        NOTICE = "notice", "月通报"
        DEMAND = "demand", "拨款通知"

    kind = models.CharField("种类", max_length=12, choices=Kind.choices)
    # 号: without gaps per kind and year of issue.
    year = models.PositiveSmallIntegerField("签发年度")
    number = models.PositiveIntegerField("号")
    subject = models.CharField("对象", max_length=80)
    agreement = models.ForeignKey(
        Agreement, verbose_name="协议", on_delete=models.PROTECT, null=True, related_name="papers"
    )
    jurisdiction = models.ForeignKey(
        Jurisdiction,
        verbose_name="行政区",
        on_delete=models.PROTECT,
        null=True,
        related_name="papers",
    )
    period_year = models.PositiveSmallIntegerField("所属年度")
    period_month = models.PositiveSmallIntegerField("所属月份", null=True)
    title = models.CharField("标题", max_length=160)
    # As statements.paper.to_data writes it; digest over it, body_digest over what it says.
    content = models.JSONField("内容")
    digest = models.CharField("摘要值", max_length=64)
    body_digest = models.CharField("正文摘要值", max_length=64)
    code = models.CharField("核验码", max_length=16, unique=True)
    ledger_head = models.CharField("台账链首", max_length=90, blank=True)
    issued_at = models.DateTimeField("签发时间")
    issued_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name="签发人", on_delete=models.PROTECT, related_name="+"
    )
    supersedes = models.OneToOneField(
        "self",
        verbose_name="取代",
        on_delete=models.PROTECT,
        null=True,
        related_name="superseded_by",
    )

    class Meta:
        verbose_name = verbose_name_plural = "已签发文书"
        ordering = ["-issued_at", "-pk"]
        constraints = [
            models.UniqueConstraint(fields=["kind", "year", "number"], name="paper_number_once"),
            models.UniqueConstraint(
                fields=["subject"],
                condition=Q(supersedes__isnull=True),
                name="paper_one_first_per_subject",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.label} {self.title}"

    @property
    def label(self) -> str:
        """文号 as it is printed; of a content that is not what was issued, the number it was given."""
        number = self.content.get("number") if isinstance(self.content, dict) else None
        return number or f"{self.get_kind_display()}〔{self.year}〕{self.number}号"

    @property
    def signed_at(self) -> datetime:
        """When it was signed off, as it is printed: a notice long before its file was first made."""
        text = self.content.get("issued_at") if isinstance(self.content, dict) else None
        return datetime.fromisoformat(text) if text else self.issued_at

    @property
    def signed_by(self) -> str:
        """Who signed it off, as it is printed."""
        name = self.content.get("issuer") if isinstance(self.content, dict) else None
        return name or str(self.issued_by)

    @property
    def is_superseded(self) -> bool:
        return hasattr(self, "superseded_by")


@audited()
class IssueRequest(TwoPersons):
    """签发申请: a statement, or all papers of a year, that one person checked and another issues.

    `subject` names the paper, or the year as "year:2024"; `digest` is of what was checked: the
    body of the paper, or the subjects of the year.
    """

    subject = models.CharField("对象", max_length=80)
    title = models.CharField("标题", max_length=160)
    papers = models.PositiveIntegerField("份数", default=1)
    digest = models.CharField("核对内容的摘要值", max_length=64)

    class Meta:
        verbose_name = verbose_name_plural = "签发申请"
        ordering = ["-pk"]
        constraints = [
            two_persons("issue_request_two_persons"),
            models.UniqueConstraint(
                fields=["subject"],
                condition=Q(state="prepared"),
                name="issue_request_once",
                violation_error_message="已有人提请签发，正待复核。",
            ),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def year(self) -> int | None:
        """The year whose papers it asks for; None where it is one paper."""
        kind, _, rest = self.subject.partition(":")
        return int(rest) if kind == "year" else None

    @property
    def state_label(self) -> str:
        """Nothing is booked here, so the words of the state are its own."""
        return {"prepared": "待复核", "approved": "已签发", "rejected": "已退回"}[self.state]


class PaperFile(models.Model):
    """The digest of a file made from an issued paper: how an uploaded file is recognised."""

    class Format(models.TextChoices):
        PDF = "pdf", "PDF"
        XLSX = "xlsx", "XLSX"

    paper = models.ForeignKey(
        IssuedPaper, verbose_name="文书", on_delete=models.PROTECT, related_name="files"
    )
    format = models.CharField("格式", max_length=4, choices=Format.choices)
    sha256 = models.CharField("文件摘要值", max_length=64, db_index=True)
    size = models.PositiveIntegerField("字节")
    made_at = models.DateTimeField("生成时间")

    class Meta:
        verbose_name = verbose_name_plural = "文书文件"
        constraints = [
            models.UniqueConstraint(fields=["paper", "format", "sha256"], name="paper_file_once")
        ]

    def __str__(self) -> str:
        return f"{self.paper} {self.format}"
