"""付款: recorded by one person of the treasury, checked and booked by another.

Money moves directly, or through the treasury: collected (市级代收) or deducted by the higher
treasury (上级扣缴) it stands on the agreement's transit account until it is paid out
(市级拨付). Debts in opposite directions of two agreements can be set off (协议间抵扣).
Amounts are Decimal yuan. Locks: agreements by id, the payment, the journal.
"""

from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from django.db import transaction
from django.db.models import Min
from django.db.utils import IntegrityError

from basins.clock import now, today
from basins.links import to
from basins.models import Jurisdiction, User
from settlements.ledger.balances import standing, standings
from settlements.ledger.services.clearing import outstanding, refresh_cleared
from settlements.ledger.services.ledger import (
    Line,
    Wanted,
    accounts_of,
    accounts_there,
    lock_journal,
    post,
)
from settlements.ledger.statements import statements_from
from settlements.models import (
    Agreement,
    BalanceStatement,
    CarryoverLine,
    JournalEntry,
    LedgerAccount,
    Party,
    Payment,
    Posting,
    Settlement,
)
from settlements.models.payments import OVERPAID_SHARE
from settlements.money import ZERO, MoneyError, format_yuan, yuan
from settlements.moving.acts import Refused, check, moving, permit, refuse_same_person
from settlements.moving.telling import tell, told_together
from settlements.vouchers import canonical, key_of

Kind = Payment.Kind
CAUSES = {
    Kind.DIRECT: JournalEntry.Cause.PAYMENT,
    Kind.COLLECTION: JournalEntry.Cause.COLLECTION,
    Kind.DISBURSEMENT: JournalEntry.Cause.DISBURSEMENT,
    Kind.OFFSET: JournalEntry.Cause.OFFSET,
    Kind.DEDUCTION: JournalEntry.Cause.DEDUCTION,
}
TO_TREASURY = (Kind.COLLECTION, Kind.DEDUCTION)
# What is not there can be neither paid out nor set off.
MAY_OVERPAY = (Kind.DIRECT, *TO_TREASURY)
LONGEST_VOUCHER = 60
TRANSIT, STANDARD = LedgerAccount.Kind.TRANSIT, LedgerAccount.Kind.COMPENSATION


@dataclass(frozen=True, slots=True)
class PaymentProblem:
    """What is wrong with a payment: the field ("" for the whole) and the remedy, in Chinese."""

    field: str
    message: str


class PaymentRefused(Refused):
    """The payment cannot be recorded or booked; all that is wrong at once."""

    def __init__(self, *problems: PaymentProblem) -> None:
        super().__init__(" ".join(p.message for p in problems))
        self.problems = problems


@dataclass(slots=True)
class Draft:
    """A payment before it is recorded: what was given, read, and completed by its kind."""

    agreement: Agreement
    kind: str
    payer: Jurisdiction | None
    payee: Jurisdiction | None
    yuan: Decimal
    voucher: str
    paid_on: date
    settlement: Settlement | None = None
    other_agreement: Agreement | None = None
    overpayment: bool = False
    overpayment_why: str = ""
    note: str = ""
    due: Decimal = ZERO
    changes: tuple[BalanceStatement, ...] = ()  # 对账 of its day or later
    there: dict[Wanted, LedgerAccount] = field(default_factory=dict)  # `held`: what it found
    standing: dict[int, Decimal] = field(default_factory=dict)  # of those: all that is booked

    def hold(self) -> None:
        """Look up once the accounts it moves and what stands on them: 2 SQL queries."""
        self.there = accounts_there(_wanted(self))
        self.standing = standings(self.there.values())

    def claim(self, place: Jurisdiction, agreement: Agreement, kind: str = STANDARD) -> Decimal:
        """What stands on the account (positive: it is owed); zero where there is none."""
        account = self.there.get((place, agreement, kind))
        return ZERO if account is None else self.standing[account.pk]

    @property
    def is_full(self) -> bool:
        return self.yuan >= self.due

    @property
    def is_far_above_due(self) -> bool:
        """Overpaid by more than what needs no reason of its own."""
        return self.yuan > self.due * (1 + OVERPAID_SHARE)


def treasury_of(agreement: Agreement) -> Jurisdiction:
    """The treasury through which the agreement's money goes: its parties' municipality's.

    Raises PaymentRefused where there is none.
    """
    treasuries = Jurisdiction.objects.filter(level=Jurisdiction.Level.TREASURY).order_by("code")
    found = (
        treasuries.filter(parent__children__parties__agreement=agreement).first()
        or treasuries.first()
    )
    if found is None:
        raise PaymentRefused(
            PaymentProblem(
                "kind", "行政区里没有市级财政，不能经市级清算；请先由管理员登记市级财政。"
            )
        )
    return found


def examine_payment(
    *,
    agreement: Agreement,
    payer: Jurisdiction | None = None,
    payee: Jurisdiction | None = None,
    yuan: str | int | Decimal,
    voucher: str,
    paid_on: date,
    kind: str = Kind.DIRECT,
    settlement: Settlement | None = None,
    other_agreement: Agreement | None = None,
    overpayment: bool = False,
    overpayment_why: str = "",
    note: str = "",
) -> Draft:
    """The payment as it would be recorded, what is due at present with it; changes nothing.

    Raises PaymentRefused with every problem.
    """
    problems: list[PaymentProblem] = []
    amount = _amount(yuan, problems)
    if kind in TO_TREASURY:
        payee = treasury_of(agreement)
    elif kind == Kind.DISBURSEMENT:
        payer = treasury_of(agreement)
    draft = Draft(
        agreement=agreement,
        kind=kind,
        payer=payer,
        payee=payee,
        yuan=amount,
        voucher=voucher.strip(),
        paid_on=paid_on,
        settlement=settlement,
        other_agreement=other_agreement if kind == Kind.OFFSET else None,
        overpayment=overpayment,
        overpayment_why=overpayment_why.strip() if overpayment else "",
        note=note.strip(),
    )
    problems += _party_problems(draft)
    problems += _voucher_problems(draft)
    if not problems:
        draft.due = due(draft)
        problems += _date_problems(draft) + _amount_problems(draft) + _closed_problems(draft)
    if problems:
        raise PaymentRefused(*problems)
    draft.changes = statements_changed(draft)
    return draft


@transaction.atomic
@told_together()
def prepare_payment(*, agreement: Agreement, by: User, **given) -> Payment:
    """Record a payment for a second person to approve (arguments as examine_payment's).

    Nothing is booked yet. Raises PaymentRefused; NotAllowed for who may not.
    """
    permit(check("payment", "record", "", "未登记"), by)
    _lock(agreement, given.get("other_agreement"))
    draft = examine_payment(agreement=agreement, **given)
    try:
        # A savepoint: another session may record the voucher in this very moment.
        with transaction.atomic(), moving("record", by=by):
            payment = Payment.objects.create(
                agreement=draft.agreement,
                settlement=draft.settlement,
                other_agreement=draft.other_agreement,
                kind=draft.kind,
                payer=draft.payer,
                payee=draft.payee,
                yuan=draft.yuan,
                due_yuan=draft.due,
                overpayment=draft.overpayment,
                overpayment_why=draft.overpayment_why,
                voucher=draft.voucher,
                paid_on=draft.paid_on,
                note=draft.note,
                prepared_by=by,
                prepared_at=now(),
            )
    except IntegrityError as error:
        if "payment_voucher_once" not in str(error):
            raise
        raise PaymentRefused(*_voucher_problems(draft)) from error
    _tell("payment.record_offset" if draft.kind == Kind.OFFSET else "payment.record", payment, by)
    return payment


@transaction.atomic
@told_together()
def approve_payment(*, payment: Payment, by: User, on: date | None = None) -> JournalEntry:
    """Check and book a payment another person recorded, on that day (default today).

    Raises PaymentRefused if it was decided already, is no longer within what is due, has no
    银行回单, or the parties of an offset have not consented.
    """
    payment = locked(payment)
    move = check("payment", "approve", payment.state, payment.get_state_display())
    permit(move, by)
    _refuse_preparer(payment, by)
    refuse_same_person("payment", payment.pk, move, by)
    booked_on = on or today()
    lock_journal()  # what is due stays so until it is booked
    draft = draft_of(payment)
    draft.due = due(draft)
    problems = _voucher_problems(draft, payment.pk) + _amount_problems(draft)
    if lack := lack_of(payment):
        problems.append(PaymentProblem("", lack))
    if problems := problems + _closed_problems(draft):
        raise PaymentRefused(*problems)
    payment.state = Payment.State.APPROVED
    payment.approved_by, payment.approved_at = by, now()
    with moving("approve", by=by):
        payment.save(update_fields=["state", "approved_by", "approved_at"])
    entry = post(
        cause=CAUSES[Kind(payment.kind)],
        on=booked_on,
        effective_on=min(payment.paid_on, booked_on),
        payment=payment,
        voucher=payment.voucher,
        text=_text(payment),
        lines=_lines(payment, booked_on),
        by=by,
    )
    for agreement in (payment.agreement, payment.other_agreement):
        if agreement is not None:
            refresh_cleared(agreement=agreement, on=booked_on)
    for statement in statements_changed(draft):
        tell(
            "statement.moved",
            to("ledger-account", statement.account_id),
            about=f"{statement.pk}:{entry.pk}",
            persons=[statement.by_id],
            entry=entry.label,
            paid_on=payment.paid_on,
            statement=statement,
        )
    _tell("payment.approve", payment, by, persons=[payment.prepared_by_id], entry=entry.label)
    return entry


def lack_of(payment: Payment) -> str:
    """What a recorded payment needs before it can be booked, in words; empty where nothing is."""
    if payment.kind != Kind.OFFSET:
        return (
            "" if payment.slips.exists() else "还没有附银行回单；请先附上回单或扣缴文件，再复核。"
        )
    consented = set(payment.consents.values_list("jurisdiction", flat=True))
    missing = [str(p) for p in (payment.payer, payment.payee) if p.pk not in consented]
    return f"{'、'.join(missing)}尚未同意抵扣；双方同意后才能复核入账。" if missing else ""


@transaction.atomic
def reject_payment(*, payment: Payment, why: str, by: User) -> Payment:
    """Send a recorded payment back: nothing is booked, its voucher is free again."""
    payment = locked(payment)
    permit(check("payment", "reject", payment.state, payment.get_state_display()), by)
    if not why.strip():
        raise PaymentRefused(PaymentProblem("why", "请写明退回理由。"))
    payment.state, payment.rejected_why = Payment.State.REJECTED, why.strip()
    payment.approved_by, payment.approved_at = by, now()
    with moving("reject", by=by, note=why.strip()):
        payment.save(update_fields=["state", "rejected_why", "approved_by", "approved_at"])
    _tell("payment.reject", payment, by, persons=[payment.prepared_by_id], why=why.strip())
    return payment


def _tell(event: str, payment: Payment, by: User, **more) -> None:
    """Of a step of a payment: its payer and its payee among those the table names."""
    tell(
        event,
        to("ledger-payment", payment.pk),
        about=payment.pk,
        by=by,
        parties=[payment.payer_id, payment.payee_id],
        voucher=payment.voucher,
        payer=payment.payer,
        payee=payment.payee,
        yuan=format_yuan(payment.yuan),
        **more,
    )


def due(draft: Draft) -> Decimal:
    """What can be paid at most without overpaying: the smaller of debt and claim, in yuan."""
    payer, payee = draft.payer, draft.payee
    assert payer is not None
    assert payee is not None
    draft.hold()
    claim, other = draft.claim, draft.other_agreement
    if draft.kind == Kind.DISBURSEMENT:
        limits = [-claim(payer, draft.agreement, TRANSIT), claim(payee, draft.agreement)]
    elif draft.kind in TO_TREASURY:
        limits = [-claim(payer, draft.agreement)]
    else:
        limits = [-claim(payer, draft.agreement), claim(payee, draft.agreement)]
    if other is not None:
        limits += [claim(payer, other), -claim(payee, other)]
    if draft.settlement is not None:
        left = outstanding(draft.settlement)
        if draft.kind != Kind.DISBURSEMENT:
            limits.append(-left.get(payer.pk, ZERO))
        if draft.kind not in TO_TREASURY:
            limits.append(left.get(payee.pk, ZERO))
    return max(min(limits), ZERO)


def statements_changed(draft: Draft) -> tuple[BalanceStatement, ...]:
    """对账 of the accounts it moves, of its day or later: the balance stated there becomes another."""
    if not draft.there:
        draft.hold()
    return statements_from(list(draft.there.values()), draft.paid_on)


def _wanted(draft: "Draft | Payment") -> list[Wanted]:
    """The accounts it moves: of the payer, of the payee, and theirs in the other agreement."""
    assert draft.payer is not None
    assert draft.payee is not None
    wanted: list[Wanted] = [
        (draft.payer, draft.agreement, TRANSIT if draft.kind == Kind.DISBURSEMENT else STANDARD),
        (draft.payee, draft.agreement, TRANSIT if draft.kind in TO_TREASURY else STANDARD),
    ]
    if draft.other_agreement is not None:
        wanted += [(p, draft.other_agreement, STANDARD) for p in (draft.payer, draft.payee)]
    return wanted


def transit_balance(agreement: Agreement) -> Decimal:
    """What the treasury has collected for the agreement and not paid out, positive, in yuan."""
    accounts = LedgerAccount.objects.filter(
        agreement=agreement, kind=LedgerAccount.Kind.TRANSIT
    ).order_by("pk")
    return -sum((standing(account) for account in accounts), ZERO)


def _amount(given: str | int | Decimal, problems: list[PaymentProblem]) -> Decimal:
    try:
        amount = yuan(given)
    except MoneyError as wrong:
        problems.append(PaymentProblem("yuan", str(wrong)))
        return ZERO
    if amount <= 0:
        problems.append(PaymentProblem("yuan", f"付款金额 {amount} 元须大于零；要退回付款请冲销。"))
    return amount


def _party_problems(draft: Draft) -> list[PaymentProblem]:
    problems = []
    if draft.kind not in Kind.values:
        return [PaymentProblem("kind", f"没有付款方式“{draft.kind}”。")]
    agreements = [a for a in (draft.agreement, draft.other_agreement) if a is not None]
    if draft.kind == Kind.OFFSET and (
        draft.other_agreement is None or draft.other_agreement == draft.agreement
    ):
        problems.append(PaymentProblem("other_agreement", "请选择与之抵扣的另一份协议。"))
    inside = {
        "payer": draft.kind != Kind.DISBURSEMENT,
        "payee": draft.kind not in TO_TREASURY,
    }
    parties = set(
        Party.objects.filter(agreement__in=agreements).values_list("agreement", "jurisdiction")
    )
    for side, is_party in inside.items():
        party = getattr(draft, side)
        word = "付款方" if side == "payer" else "收款方"
        if party is None:
            problems.append(PaymentProblem(side, f"请选择{word}。"))
            continue
        for agreement in agreements if is_party else []:
            if (agreement.pk, party.pk) not in parties and not _took_over(party, agreement):
                problems.append(PaymentProblem(side, f"{party}不是《{agreement}》的协议方。"))
    if draft.payer is not None and draft.payer == draft.payee:
        problems.append(PaymentProblem("payee", "付款方与收款方不能相同。"))
    if draft.settlement is not None and draft.settlement.agreement_id != draft.agreement.pk:
        problems.append(PaymentProblem("settlement", "所选年度不是这份协议的。"))
    return problems


def _took_over(place: Jurisdiction, agreement: Agreement) -> bool:
    """Whether a party's balance in the agreement went over to the place (区划结转)."""
    return CarryoverLine.objects.filter(
        carryover__successor=place,
        account__agreement=agreement,
        entry__isnull=False,
        entry__reversal__isnull=True,
    ).exists()


def _voucher_problems(draft: Draft, own: int | None = None) -> list[PaymentProblem]:
    if not draft.voucher:
        return [PaymentProblem("voucher", "请填付款凭证号（银行回单或拨款文件的编号）。")]
    if len(draft.voucher) > LONGEST_VOUCHER or not draft.voucher.isprintable():
        return [PaymentProblem("voucher", f"付款凭证号至多 {LONGEST_VOUCHER} 个可见字符。")]
    key = canonical(draft.voucher)
    other = (
        Payment.objects.alias(key=key_of("voucher"))
        .filter(key=key, reversed_on__isnull=True)
        .exclude(state=Payment.State.REJECTED)
        .exclude(pk=own)
        .first()
    )
    entry = (
        JournalEntry.objects.alias(key=key_of("voucher"))
        .filter(key=key, reversal__isnull=True)
        .exclude(voucher="")
        .first()
    )
    if entry is not None:
        named = _named_as(draft.voucher, entry.voucher)
        return [PaymentProblem("voucher", f"付款凭证号 {named}已入账（{entry.label}）。")]
    if other is not None:
        return [
            PaymentProblem(
                "voucher",
                f"付款凭证号 {_named_as(draft.voucher, other.voucher)}已由 {other.prepared_by} "
                f"登记，{other.get_state_display()}；一张凭证只登记一次。",
            )
        ]
    return []


def _named_as(typed: str, known: str) -> str:
    """The voucher, and how the one that is known was written where that is another way."""
    return f"{typed} " if typed == known else f"{typed}（即 {known}）"


def _date_problems(draft: Draft) -> list[PaymentProblem]:
    if draft.paid_on > today():
        return [
            PaymentProblem("paid_on", f"付款日期 {draft.paid_on} 在今天之后；请填实际付款的日期。")
        ]
    if draft.settlement is not None:
        closed = draft.settlement.closed_on
        if closed is None:
            return [
                PaymentProblem(
                    "settlement", f"{draft.settlement.year} 年尚未关账，还没有应付的金额。"
                )
            ]
    else:
        closed = Posting.objects.filter(account__agreement=draft.agreement).aggregate(
            first=Min("entry__effective_on")
        )["first"]
    if closed is not None and draft.paid_on < closed:
        return [
            PaymentProblem("paid_on", f"付款日期 {draft.paid_on} 早于关账日期 {closed}；请核对。")
        ]
    return []


def _amount_problems(draft: Draft) -> list[PaymentProblem]:
    if draft.yuan <= draft.due:
        return []
    over = f"付款金额 {format_yuan(draft.yuan)} 元超过应付的 {format_yuan(draft.due)} 元"
    if draft.kind not in MAY_OVERPAY:
        return [PaymentProblem("yuan", f"{over}；{Kind(draft.kind).label}不能超过。")]
    if not draft.overpayment:
        return [PaymentProblem("yuan", f"{over}；确为超付请勾选“超付”。")]
    if draft.is_far_above_due and not draft.overpayment_why:
        return [
            PaymentProblem(
                "overpayment_why",
                f"{over} {OVERPAID_SHARE:.0%} 以上；请核对金额，确要多付的写明超付理由"
                "（如预付哪一年的补偿、依据的文件）。",
            )
        ]
    return []


def _closed_problems(draft: Draft) -> list[PaymentProblem]:
    return [
        PaymentProblem("agreement", f"{a.jurisdiction}的账户已于 {a.closed_on} 销户，不能再记账。")
        for a in draft.there.values()
        if a.closed_on is not None
    ]


def _refuse_preparer(payment: Payment, by: User) -> None:
    if payment.prepared_by_id == by.pk:
        raise PaymentRefused(PaymentProblem("", f"{by} 登记了这笔付款，须由另一人复核。"))


def owed_in(agreement: Agreement, by: Jurisdiction) -> Decimal:
    """What it owes by all that is booked of the agreement, in yuan; zero where it owes nothing."""
    account = LedgerAccount.objects.filter(
        jurisdiction=by, agreement=agreement, kind=LedgerAccount.Kind.COMPENSATION
    ).first()
    return max(-standing(account), ZERO)


def _lock(*agreements: Agreement | None) -> None:
    ids = [a.pk for a in agreements if a is not None]
    list(Agreement.objects.select_for_update(no_key=True).filter(pk__in=ids).order_by("pk"))


def locked(payment: Payment) -> Payment:
    """The payment as it is now, its agreements locked before it."""
    _lock(payment.agreement, payment.other_agreement)
    return (
        Payment.objects.select_for_update(of=("self",))
        .select_related("agreement", "other_agreement", "settlement", "payer", "payee")
        .get(pk=payment.pk)
    )


def draft_of(payment: Payment) -> Draft:
    """A recorded payment as `due` takes it."""
    return Draft(
        agreement=payment.agreement,
        kind=payment.kind,
        payer=payment.payer,
        payee=payment.payee,
        yuan=payment.yuan,
        voucher=payment.voucher,
        paid_on=payment.paid_on,
        settlement=payment.settlement,
        other_agreement=payment.other_agreement,
        overpayment=payment.overpayment,
        overpayment_why=payment.overpayment_why,
        note=payment.note,
    )


def _text(payment: Payment) -> str:
    payer, payee = payment.payer.short_name, payment.payee.short_name
    words = {
        Kind.DIRECT: f"{payer}付{payee}补偿资金",
        Kind.COLLECTION: f"市级代收{payer}补偿资金",
        Kind.DISBURSEMENT: f"市级拨付{payee}补偿资金",
        Kind.OFFSET: f"{payer}与{payee}互抵",
        Kind.DEDUCTION: f"市级扣缴{payer}补偿资金",
    }[Kind(payment.kind)]
    year = f"{payment.settlement.year} 年，" if payment.settlement else ""
    agreements = [a for a in (payment.agreement, payment.other_agreement) if a is not None]
    named = "与".join(f"《{a.title}》" for a in agreements)
    return f"{words}：{year}{named}{'，超付' if payment.overpayment else ''}"


def _lines(payment: Payment, on: date) -> list[Line]:
    """The payer owes less, the payee is owed less; the treasury stands between where it does."""
    accounts = accounts_of(_wanted(payment), opened_on=on)
    signs = (1, -1, -1, 1)  # in the other agreement of an offset the other way round
    return [Line(a, sign * payment.yuan) for a, sign in zip(accounts, signs, strict=False)]
