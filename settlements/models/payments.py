"""What takes two persons before it reaches the ledger: payments, reversals, opening balances,
corrections of a 对账.

Who prepared it never approves it; the database holds that, and that what was approved or
rejected stays as it was (guards/_decided_once.sql).
"""

from decimal import Decimal

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from basins.audit import audited
from basins.models import Jurisdiction
from settlements.models.agreements import Agreement
from settlements.models.ledger import JournalEntry
from settlements.models.settlements import Settlement
from settlements.money import format_yuan
from settlements.vouchers import key_of

# 超付 up to this share of what is due needs no reason of its own. Our own choice of 2026-12, no scheme
# names one: rounding up to whole 万元 and bank charges stay within it, a digit too many does not.
OVERPAID_SHARE = Decimal("0.05")


class TwoPersons(models.Model):
    """Prepared by one person, approved or rejected by another."""

    class State(models.TextChoices):
        PREPARED = "prepared", "待复核"
        APPROVED = "approved", "已复核入账"
        REJECTED = "rejected", "已退回"

    state = models.CharField("状态", max_length=12, choices=State.choices, default=State.PREPARED)
    prepared_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name="登记人",
        on_delete=models.PROTECT,
        null=True,
        related_name="+",
    )
    prepared_at = models.DateTimeField("登记时间")
    approved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name="复核人",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
    )
    approved_at = models.DateTimeField("复核时间", null=True, blank=True)
    rejected_why = models.CharField("退回理由", max_length=300, blank=True)

    class Meta:
        abstract = True


def two_persons(name: str) -> models.CheckConstraint:
    return models.CheckConstraint(
        # Only the system's own command has nobody: opening balances from the shell.
        condition=Q(prepared_by__isnull=True)
        | Q(state="rejected")
        | Q(state="prepared", approved_by__isnull=True)
        | Q(state="approved", approved_by__isnull=False) & ~Q(approved_by=F("prepared_by")),
        name=name,
        violation_error_message="登记人不能复核自己登记的事项。",
    )


@audited(part_of="agreement")
class Payment(TwoPersons):
    """Money that moved, or a claim set off: from the payer to the payee, for one agreement."""

    class Kind(models.TextChoices):
        DIRECT = "direct", "直接支付"
        COLLECTION = "collection", "市级代收"
        DISBURSEMENT = "disbursement", "市级拨付"
        OFFSET = "offset", "协议间抵扣"
        DEDUCTION = "deduction", "上级扣缴"

    agreement = models.ForeignKey(
        Agreement, verbose_name="协议", on_delete=models.PROTECT, related_name="payments"
    )
    settlement = models.ForeignKey(
        Settlement,
        verbose_name="年度结算",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="payments",
    )
    # Only of an offset: the agreement whose opposite debt is set off.
    other_agreement = models.ForeignKey(
        Agreement,
        verbose_name="抵扣的另一协议",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="offsets",
    )
    kind = models.CharField("方式", max_length=12, choices=Kind.choices, default=Kind.DIRECT)
    payer = models.ForeignKey(
        Jurisdiction, verbose_name="付款方", on_delete=models.PROTECT, related_name="payments_made"
    )
    payee = models.ForeignKey(
        Jurisdiction, verbose_name="收款方", on_delete=models.PROTECT, related_name="payments_taken"
    )
    yuan = models.DecimalField("金额(元)", max_digits=16, decimal_places=2)
    due_yuan = models.DecimalField(
        "登记时应付(元)", max_digits=16, decimal_places=2, default=Decimal("0.00")
    )
    overpayment = models.BooleanField("超付", default=False)
    overpayment_why = models.CharField("超付理由", max_length=300, blank=True)
    voucher = models.CharField("付款凭证号", max_length=60)
    paid_on = models.DateField("付款日期")
    note = models.CharField("说明", max_length=300, blank=True)
    reversed_on = models.DateField("冲销日期", null=True, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "付款"
        ordering = ["-paid_on", "-pk"]
        constraints = [
            two_persons("payment_two_persons"),
            models.CheckConstraint(condition=Q(yuan__gt=0), name="payment_positive"),
            models.CheckConstraint(
                condition=Q(yuan__lte=F("due_yuan")) | Q(overpayment=True),
                name="payment_within_due",
                violation_error_message="金额超过应付；确为超付请注明。",
            ),
            models.CheckConstraint(condition=~Q(payer=F("payee")), name="payment_two_parties"),
            models.CheckConstraint(condition=~Q(voucher=""), name="payment_has_voucher"),
            models.CheckConstraint(
                condition=Q(kind="offset", other_agreement__isnull=False)
                & ~Q(other_agreement=F("agreement"))
                | ~Q(kind="offset") & Q(other_agreement__isnull=True),
                name="payment_offset_of_two_agreements",
            ),
            models.CheckConstraint(
                condition=Q(state="approved") | Q(reversed_on__isnull=True),
                name="payment_reversed_was_approved",
            ),
            models.CheckConstraint(
                condition=Q(yuan__lte=F("due_yuan") * (1 + OVERPAID_SHARE))
                | ~Q(overpayment_why=""),
                name="payment_far_above_due_has_reason",
                violation_error_message="超付较多，请写明超付理由。",
            ),
            models.UniqueConstraint(
                key_of("voucher"),
                condition=~Q(state="rejected") & Q(reversed_on__isnull=True),
                name="payment_voucher_once",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.voucher} {self.payer} → {self.payee} {format_yuan(self.yuan)} 元"

    @property
    def between(self) -> str:
        """Who pays whom, in words; an offset moves no money."""
        verb, end = ("与", "互抵") if self.kind == self.Kind.OFFSET else ("付", "")
        return f"{self.payer.name}{verb}{self.payee.name}{end}"

    @property
    def is_full(self) -> bool:
        """Whether it pays all that was due when it was recorded."""
        return self.yuan >= self.due_yuan


@audited(part_of="payment")
class PaymentSlip(models.Model):
    """银行回单: a file that shows a payment was made, kept under MEDIA_ROOT by its hash.

    Only added (guards/paymentslip.sql). One file may show several payments, once each.
    """

    payment = models.ForeignKey(
        Payment, verbose_name="付款", on_delete=models.PROTECT, related_name="slips"
    )
    file = models.FileField("文件", upload_to="slips", max_length=120)
    name = models.CharField("原文件名", max_length=200)
    kind = models.CharField("类型", max_length=80)
    size = models.PositiveBigIntegerField("字节数")
    sha256 = models.CharField("SHA-256", max_length=64)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name="提交人", on_delete=models.PROTECT, related_name="+"
    )
    at = models.DateTimeField("时间")

    class Meta:
        verbose_name = verbose_name_plural = "银行回单"
        ordering = ["at", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["payment", "sha256"], name="payment_slip_once")
        ]

    def __str__(self) -> str:
        return self.name


@audited(part_of="payment")
class OffsetConsent(models.Model):
    """同意抵扣: a party lets its claim in one agreement be set off against its debt in the other.

    Only added, once a party (guards/offsetconsent.sql). Who does not consent sends the payment
    back instead.
    """

    payment = models.ForeignKey(
        Payment, verbose_name="抵扣", on_delete=models.PROTECT, related_name="consents"
    )
    jurisdiction = models.ForeignKey(
        Jurisdiction, verbose_name="同意方", on_delete=models.PROTECT, related_name="+"
    )
    document = models.CharField("文号", max_length=80, blank=True, help_text="代为登记的依据。")
    scan = models.FileField("书面材料", upload_to="offsets", max_length=120, blank=True)
    scan_name = models.CharField("书面材料原文件名", max_length=200, blank=True)
    scan_sha256 = models.CharField("书面材料 SHA-256", max_length=64, blank=True)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name="经办人", on_delete=models.PROTECT, related_name="+"
    )
    at = models.DateTimeField("时间")

    class Meta:
        verbose_name = verbose_name_plural = "同意抵扣"
        ordering = ["at", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["payment", "jurisdiction"], name="offset_consent_once")
        ]

    def __str__(self) -> str:
        return f"{self.jurisdiction}同意抵扣 {self.payment.voucher}"


@audited(part_of="entry")
class Reversal(TwoPersons):
    """A request to cancel an entry by a counter-entry, with its reason."""

    entry = models.ForeignKey(
        JournalEntry,
        verbose_name="凭证",
        on_delete=models.PROTECT,
        related_name="reversal_requests",
    )
    why = models.CharField("理由", max_length=150)

    class Meta:
        verbose_name = verbose_name_plural = "冲销申请"
        ordering = ["-pk"]
        constraints = [
            two_persons("reversal_two_persons"),
            models.CheckConstraint(condition=~Q(why=""), name="reversal_has_reason"),
            models.UniqueConstraint(
                fields=["entry"],
                condition=~Q(state="rejected"),
                name="reversal_once",
                violation_error_message="这张凭证已申请冲销或已冲销。",
            ),
        ]

    def __str__(self) -> str:
        return f"冲销 {self.entry}"


@audited()
class OpeningBatch(TwoPersons):
    """Opening balances from one file: rows of code, agreement, yuan and note, summing to zero.

    An account stands in one batch that is in force (guards/openingbatch.sql).
    """

    on = models.DateField("期初日期")
    filename = models.CharField("文件名", max_length=200)
    sha256 = models.CharField("SHA-256", max_length=64)
    # [{"jurisdiction": code, "agreement": code, "yuan": "-1.00", "note": ""}]
    rows = models.JSONField("各行")

    class Meta:
        verbose_name = verbose_name_plural = "期初余额"
        ordering = ["-pk"]
        constraints = [
            two_persons("opening_two_persons"),
        ]

    def __str__(self) -> str:
        return f"期初 {self.on} {self.filename}"

    @property
    def booked_as(self) -> JournalEntry | None:
        """The entry its approval made; None before."""
        return getattr(self, "entry", None)


@audited(part_of="account")
class BalanceStatement(models.Model):
    """对账: the balance a finance bureau has in its own books, beside ours, kept for ever."""

    account = models.ForeignKey(
        "settlements.LedgerAccount",
        verbose_name="账户",
        on_delete=models.PROTECT,
        related_name="statements",
    )
    as_of = models.DateField("截止日期")
    yuan = models.DecimalField("对方账面余额(元)", max_digits=18, decimal_places=2)
    our_yuan = models.DecimalField("台账余额(元)", max_digits=18, decimal_places=2)
    difference = models.GeneratedField(
        expression=F("yuan") - F("our_yuan"),
        output_field=models.DecimalField("差额(元)", max_digits=18, decimal_places=2),
        db_persist=True,
    )
    note = models.CharField("说明", max_length=300, blank=True)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name="对账人", on_delete=models.PROTECT, related_name="+"
    )
    at = models.DateTimeField("对账时间")

    class Meta:
        verbose_name = verbose_name_plural = "对账记录"
        ordering = ["account", "-as_of", "-pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(yuan=F("our_yuan")) | ~Q(note=""),
                name="statement_difference_has_note",
                violation_error_message="余额不符时须写明情况。",
            )
        ]

    def __str__(self) -> str:
        return f"{self.account} {self.as_of} {format_yuan(self.yuan)} 元"


@audited(part_of="statement")
class Correction(TwoPersons):
    """更正余额: a request to book the difference of a 对账, with its reason."""

    statement = models.ForeignKey(
        BalanceStatement,
        verbose_name="对账记录",
        on_delete=models.PROTECT,
        related_name="corrections",
    )
    against = models.ForeignKey(
        "settlements.LedgerAccount",
        verbose_name="对方账户",
        on_delete=models.PROTECT,
        related_name="+",
    )
    why = models.CharField("理由", max_length=150)

    class Meta:
        verbose_name = verbose_name_plural = "对账更正"
        ordering = ["-pk"]
        constraints = [
            two_persons("correction_two_persons"),
            models.CheckConstraint(condition=~Q(why=""), name="correction_has_reason"),
            models.UniqueConstraint(
                fields=["statement"],
                condition=~Q(state="rejected"),
                name="correction_once",
                violation_error_message="这次对账的差额已提出更正或已更正。",
            ),
        ]

    def __str__(self) -> str:
        return f"更正 {self.statement}"
