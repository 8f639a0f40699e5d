"""台账: accounts and the double-entry journal.

One sign in the whole ledger: a positive posting means the jurisdiction is owed more. What the
database itself holds (migration 0002): an entry's postings come in one INSERT and sum to
zero, numbers have no gap, nothing is ever updated, deleted or truncated.
"""

from django.conf import settings
from django.db import models
from django.db.models import Q

from basins.models import Jurisdiction
from settlements.models.settlements import Settlement


class LedgerAccount(models.Model):
    class Kind(models.TextChoices):
        COMPENSATION = "compensation", "补偿资金"

    jurisdiction = models.ForeignKey(
        Jurisdiction, verbose_name="行政区", on_delete=models.PROTECT, related_name="accounts"
    )
    kind = models.CharField("种类", max_length=16, choices=Kind.choices, default=Kind.COMPENSATION)
    opened_on = models.DateField("开户日期")

    class Meta:
        verbose_name = verbose_name_plural = "账户"
        constraints = [
            models.UniqueConstraint(fields=["jurisdiction", "kind"], name="account_once")
        ]

    def __str__(self) -> str:
        return f"{self.jurisdiction} {self.get_kind_display()}"


class JournalEntry(models.Model):
    class Cause(models.TextChoices):
        SETTLEMENT = "settlement", "年清缴"
        PAYMENT = "payment", "付款"

    year = models.PositiveSmallIntegerField("年度")
    number = models.PositiveIntegerField("号")
    booked_on = models.DateField("记账日期")
    cause = models.CharField("事由", max_length=12, choices=Cause.choices)
    settlement = models.ForeignKey(
        Settlement,
        verbose_name="年度结算",
        on_delete=models.PROTECT,
        null=True,
        related_name="entries",
    )
    voucher = models.CharField("付款凭证号", max_length=60, blank=True)
    text = models.CharField("摘要", max_length=200)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name="记账人",
        on_delete=models.PROTECT,
        null=True,
        related_name="+",
    )
    booked_at = models.DateTimeField("入账时间")
    previous_hash = models.CharField("前一凭证摘要", max_length=64)
    hash = models.CharField("摘要值", max_length=64)

    class Meta:
        verbose_name = verbose_name_plural = "凭证"
        ordering = ["year", "number"]
        constraints = [
            models.UniqueConstraint(fields=["year", "number"], name="entry_number_once"),
            models.UniqueConstraint(
                fields=["settlement"],
                condition=Q(cause="settlement"),
                name="entry_one_closing_per_settlement",
            ),
            models.UniqueConstraint(
                fields=["voucher"], condition=~Q(voucher=""), name="entry_voucher_once"
            ),
        ]

    def __str__(self) -> str:
        return self.label

    @property
    def label(self) -> str:
        """凭证号 as people write it: JZ-2024-0015."""
        prefix = {"settlement": "JZ", "payment": "SK"}[self.cause]
        return f"{prefix}-{self.year}-{self.number:04d}"


class Posting(models.Model):
    entry = models.ForeignKey(
        JournalEntry, verbose_name="凭证", on_delete=models.PROTECT, related_name="postings"
    )
    account = models.ForeignKey(
        LedgerAccount, verbose_name="账户", on_delete=models.PROTECT, related_name="postings"
    )
    yuan = models.DecimalField("金额(元)", max_digits=16, decimal_places=2)

    class Meta:
        verbose_name = verbose_name_plural = "分录"
        constraints = [
            models.UniqueConstraint(fields=["entry", "account"], name="posting_once_per_account"),
            models.CheckConstraint(condition=~Q(yuan=0), name="posting_not_zero"),
        ]

    def __str__(self) -> str:
        return f"{self.entry} {self.account} {self.yuan}"
