"""台账: accounts and the double-entry journal.

One sign in the whole ledger: a positive posting means the jurisdiction is owed more. What the
database itself holds (guards/journalentry.sql, posting.sql …): an entry's postings come
in one INSERT and sum to zero, numbers have no gap, an account is used only while it is open, a
reversal is its original with the signs turned, and nothing is ever updated, deleted or
truncated.
"""

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from basins.audit import audited
from basins.models import Jurisdiction
from settlements.models.agreements import Agreement
from settlements.models.settlements import Settlement
from settlements.vouchers import key_of


@audited()
class LedgerAccount(models.Model):
    """Of one jurisdiction, in one agreement. Without an agreement: from before there were such."""

    class Kind(models.TextChoices):
        COMPENSATION = "compensation", "补偿资金"
        # What the treasury has collected from debtors and not yet paid out.
        TRANSIT = "transit", "市级清算过渡"

    jurisdiction = models.ForeignKey(
        Jurisdiction, verbose_name="行政区", on_delete=models.PROTECT, related_name="accounts"
    )
    agreement = models.ForeignKey(
        Agreement,
        verbose_name="协议",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="accounts",
    )
    kind = models.CharField("种类", max_length=16, choices=Kind.choices, default=Kind.COMPENSATION)
    opened_on = models.DateField("开户日期")
    closed_on = models.DateField("销户日期", null=True, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "账户"
        constraints = [
            models.UniqueConstraint(
                fields=["jurisdiction", "agreement", "kind"],
                name="account_once",
                nulls_distinct=False,
            ),
            models.CheckConstraint(
                condition=Q(closed_on__isnull=True) | Q(closed_on__gte=F("opened_on")),
                name="account_closed_after_opened",
            ),
            models.CheckConstraint(
                condition=~Q(kind="transit") | Q(agreement__isnull=False),
                name="account_transit_of_an_agreement",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.jurisdiction} {self.get_kind_display()}"


class Cause(models.TextChoices):
    """事由 of an entry; PREFIXES and LINKS say how each is written and what it is linked to."""

    SETTLEMENT = "settlement", "年清缴"
    PAYMENT = "payment", "付款"
    COLLECTION = "collection", "市级代收"
    DISBURSEMENT = "disbursement", "市级拨付"
    OFFSET = "offset", "协议间抵扣"
    DEDUCTION = "deduction", "上级扣缴"
    ADJUSTMENT = "adjustment", "调整"
    AWARD = "award", "奖励"
    REVERSAL = "reversal", "冲销"
    OPENING = "opening", "期初"
    RECONCILIATION = "reconciliation", "对账更正"
    CARRYOVER = "carryover", "区划结转"


# The letters a 凭证号 begins with: the initials of what it is called.
PREFIXES: dict[str, str] = {
    Cause.SETTLEMENT: "JZ",
    Cause.PAYMENT: "SK",
    Cause.COLLECTION: "DS",
    Cause.DISBURSEMENT: "BF",
    Cause.OFFSET: "DK",
    Cause.DEDUCTION: "KJ",
    Cause.ADJUSTMENT: "TZ",
    Cause.AWARD: "JL",
    Cause.REVERSAL: "CX",
    Cause.OPENING: "QC",
    Cause.RECONCILIATION: "DZ",
    Cause.CARRYOVER: "QH",
}
# The one field of an entry that names what it was made for.
LINKS: dict[str, str] = {
    Cause.SETTLEMENT: "settlement",
    Cause.AWARD: "settlement",
    Cause.PAYMENT: "payment",
    Cause.COLLECTION: "payment",
    Cause.DISBURSEMENT: "payment",
    Cause.OFFSET: "payment",
    Cause.DEDUCTION: "payment",
    Cause.ADJUSTMENT: "adjustment",
    Cause.REVERSAL: "reverses",
    Cause.OPENING: "opening",
    Cause.RECONCILIATION: "statement",
    Cause.CARRYOVER: "carryover",
}
LINK_FIELDS = (
    "settlement", "payment", "adjustment", "reverses", "opening", "statement", "carryover",
)  # fmt: skip
# Those that the hash of an entry covers, by its version; the first covers the settlement alone.
HASHED_LINKS: dict[int, tuple[str, ...]] = {2: LINK_FIELDS[:6], 3: LINK_FIELDS}


def _linked_once() -> Q:
    """An entry names exactly the one thing its cause asks for; the oldest ones may name none."""
    allowed = Q(hash_version=1)
    for link in LINK_FIELDS:
        causes = [cause.value for cause in Cause if LINKS[cause] == link]
        others = {f"{other}__isnull": True for other in LINK_FIELDS if other != link}
        allowed |= Q(cause__in=causes, **{f"{link}__isnull": False}, **others)
    return allowed


@audited()
class JournalEntry(models.Model):
    Cause = Cause
    # What entry_hash covers; entries of an older version stay verifiable.
    HASH_VERSION = 3

    year = models.PositiveSmallIntegerField("年度")
    number = models.PositiveIntegerField("号")
    booked_on = models.DateField("记账日期", db_index=True)
    effective_on = models.DateField("业务日期", db_index=True)
    cause = models.CharField("事由", max_length=16, choices=Cause.choices)
    settlement = models.ForeignKey(
        Settlement,
        verbose_name="年度结算",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="entries",
    )
    payment = models.OneToOneField(
        "settlements.Payment",
        verbose_name="付款",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="entry",
    )
    adjustment = models.OneToOneField(
        "settlements.Adjustment",
        verbose_name="调整",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="entry",
    )
    reverses = models.OneToOneField(
        "self",
        verbose_name="所冲销的凭证",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="reversal",
    )
    opening = models.OneToOneField(
        "settlements.OpeningBatch",
        verbose_name="期初余额",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="entry",
    )
    statement = models.OneToOneField(
        "settlements.BalanceStatement",
        verbose_name="对账记录",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="entry",
    )
    carryover = models.OneToOneField(
        "settlements.CarryoverLine",
        verbose_name="结转的账户",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="entry",
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
    hash_version = models.PositiveSmallIntegerField("摘要版本", default=HASH_VERSION)
    previous_hash = models.CharField("前一凭证摘要", max_length=64)
    hash = models.CharField("摘要值", max_length=64, db_index=True)

    class Meta:
        verbose_name = verbose_name_plural = "凭证"
        ordering = ["year", "number"]
        indexes = [models.Index(key_of("voucher"), name="entry_voucher_key")]
        constraints = [
            models.UniqueConstraint(fields=["year", "number"], name="entry_number_once"),
            models.UniqueConstraint(
                fields=["settlement"],
                condition=Q(cause="settlement"),
                name="entry_one_closing_per_settlement",
            ),
            models.CheckConstraint(
                condition=Q(effective_on__lte=F("booked_on")), name="entry_effective_before_booked"
            ),
            models.CheckConstraint(condition=_linked_once(), name="entry_one_cause"),
        ]

    def __str__(self) -> str:
        return self.label

    @property
    def irreversible(self) -> str:
        """Why entries of this cause are never cancelled, and what to do instead; else ''."""
        if self.cause == Cause.REVERSAL:
            return f"{self.label} 本身是冲销凭证，不能再冲销；请重新登记。"
        if self.cause == Cause.SETTLEMENT:
            return f"{self.label} 是年清缴凭证，已关账的年度不冲销；请提出调整。"
        if self.cause == Cause.ADJUSTMENT:
            return f"{self.label} 是已批准的调整，不冲销；更正数据后另提调整。"
        return ""

    @property
    def is_reversed(self) -> bool:
        return hasattr(self, "reversal")

    @property
    def label(self) -> str:
        """凭证号 as people write it: JZ-2024-0015."""
        return f"{PREFIXES[self.cause]}-{self.year}-{self.number:04d}"


class Posting(models.Model):
    """Its entry and account are asked for once a statement, not by a foreign key for each row."""

    entry = models.ForeignKey(
        JournalEntry,
        verbose_name="凭证",
        on_delete=models.PROTECT,
        related_name="postings",
        db_constraint=False,
    )
    account = models.ForeignKey(
        LedgerAccount,
        verbose_name="账户",
        on_delete=models.PROTECT,
        related_name="postings",
        db_constraint=False,
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


class AccountMonth(models.Model):
    """Net of an account's postings in one month, by one of the two dates of their entries.

    A trigger on postings keeps it; nobody else may write it. A balance is the nets of the
    months that are over and the postings since.
    """

    class Basis(models.TextChoices):
        EFFECTIVE = "effective", "业务日期"
        BOOKED = "booked", "记账日期"

    account = models.ForeignKey(
        LedgerAccount, verbose_name="账户", on_delete=models.PROTECT, related_name="months"
    )
    basis = models.CharField("口径", max_length=10, choices=Basis.choices)
    month = models.DateField("月份")
    net = models.DecimalField("净额(元)", max_digits=18, decimal_places=2)

    class Meta:
        verbose_name = verbose_name_plural = "账户月净额"
        constraints = [
            models.UniqueConstraint(
                fields=["basis", "account", "month"], name="account_month_once", include=["net"]
            )
        ]

    def __str__(self) -> str:
        return f"{self.account} {self.month:%Y-%m} {self.net}"


class AccountYear(models.Model):
    """Net of an account's postings in one year, kept as `AccountMonth` is: a balance over many years
    reads one row for each that is over."""

    account = models.ForeignKey(
        LedgerAccount, verbose_name="账户", on_delete=models.PROTECT, related_name="years"
    )
    basis = models.CharField("口径", max_length=10, choices=AccountMonth.Basis.choices)
    year = models.SmallIntegerField("年度")
    net = models.DecimalField("净额(元)", max_digits=18, decimal_places=2)

    class Meta:
        verbose_name = verbose_name_plural = "账户年净额"
        constraints = [
            models.UniqueConstraint(
                fields=["basis", "account", "year"], name="account_year_once", include=["net"]
            )
        ]

    def __str__(self) -> str:
        return f"{self.account} {self.year} {self.net}"
