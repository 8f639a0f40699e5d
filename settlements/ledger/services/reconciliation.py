"""对账: a finance bureau enters the balance in its own books; match or difference is kept. A
difference both agree on is booked: asked for by one person of the treasury, approved by another.
"""

from datetime import date
from decimal import Decimal

from django.db import IntegrityError, transaction
from django.db.models import Q, QuerySet

from basins.access import Act, Scope, viewer_of
from basins.clock import now, today
from basins.links import to
from basins.models import User
from settlements.ledger.balances import balance
from settlements.ledger.services.clearing import refresh_cleared
from settlements.ledger.services.ledger import Line, lock_journal, post
from settlements.ledger.statements import changed_since
from settlements.models import (
    Agreement,
    BalanceStatement,
    Correction,
    JournalEntry,
    LedgerAccount,
)
from settlements.money import MoneyError, format_yuan, yuan
from settlements.moving.acts import NotAllowed, Refused
from settlements.moving.telling import tell


class StatementRefused(Refused):
    """The balance cannot be kept; `field` and the message (Chinese) say what to mend."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


def examine_statement(
    *, account: LedgerAccount, as_of: date, amount: str | int | Decimal, note: str = ""
) -> tuple[Decimal, Decimal]:
    """(Their balance, ours) in yuan at the end of that day by business date.

    Raises StatementRefused for a date to come, an amount that is none, or a difference
    without a note.
    """
    if as_of > today():
        raise StatementRefused("as_of", f"截止日期 {as_of} 在今天之后；请填已过去的日期。")
    if as_of < account.opened_on:
        raise StatementRefused("as_of", f"账户 {account.opened_on} 开户；截止日期不能早于开户。")
    try:
        theirs = yuan(amount)
    except MoneyError as wrong:
        raise StatementRefused("yuan", str(wrong)) from wrong
    ours = balance(account, as_of)
    if theirs != ours and not note.strip():
        raise StatementRefused(
            "note",
            f"与台账余额相差 {format_yuan(theirs - ours)} 元；请在说明里写明情况"
            "（如在途款、记账时间不同）。",
        )
    return theirs, ours


@transaction.atomic
def state_balance(
    *, account: LedgerAccount, as_of: date, amount: str | int | Decimal, note: str = "", by: User
) -> BalanceStatement:
    """Keep what the bureau's own books say, beside our balance at that moment, for ever.

    The same said again, while our balance is the same, is the statement there is.
    Raises StatementRefused; NotAllowed for another jurisdiction's account.
    """
    viewer = viewer_of(by)
    scope = viewer.scope(Act.RECONCILE)
    own = scope is Scope.OWN and account.jurisdiction_id == viewer.jurisdiction_id
    if not own and scope is not Scope.ALL:
        raise NotAllowed(f"{by} 不能核对{account.jurisdiction}的账户。")
    lock_journal()  # our balance is the one the statement is compared with
    theirs, ours = examine_statement(account=account, as_of=as_of, amount=amount, note=note)
    said = {"as_of": as_of, "yuan": theirs, "our_yuan": ours, "note": note.strip(), "by": by}
    last = BalanceStatement.objects.filter(account=account).order_by("-pk").first()
    if last is not None and all(getattr(last, name) == value for name, value in said.items()):
        return last
    made = BalanceStatement.objects.create(account=account, at=now(), **said)
    if made.difference:
        tell(
            "statement.differs",
            to("ledger-account", account.pk),
            about=made.pk,
            by=by,
            parties=[account.jurisdiction_id],
            statement=made,
            difference=format_yuan(made.difference),
        )
    return made


def refuse_correction(statement: BalanceStatement) -> None:
    """Raises StatementRefused where there is no difference, or it does not stand any more: booked,
    cleared by what was booked since, or another balance was stated after it."""
    if not statement.difference:
        raise StatementRefused("", "这次对账相符，没有可更正的差额。")
    booked = JournalEntry.objects.filter(statement=statement).first()
    if booked is not None:
        words = "更正后又冲销，请重新对账" if booked.is_reversed else "更正，不能再次更正"
        raise StatementRefused("", f"这项差额已由 {booked.label} {words}。")
    later = (
        BalanceStatement.objects.filter(account=statement.account)
        .filter(Q(as_of__gt=statement.as_of) | Q(as_of=statement.as_of, pk__gt=statement.pk))
        .order_by("as_of", "pk")
        .last()
    )
    if later is not None:
        words = "已相符，差额已消除" if not later.difference else "另有差额，请更正最近一次"
        raise StatementRefused("", f"此后 {later.as_of} 的对账{words}。")
    if since := changed_since([statement]).get(statement.pk):
        now_ours = balance(statement.account, statement.as_of)
        left = statement.yuan - now_ours
        words = "差额已消除" if not left else f"差额现为 {format_yuan(left)} 元，请重新对账"
        raise StatementRefused("", f"对账后 {'、'.join(since)} 改变了这一天的余额，{words}。")


def pending_correction(statement: BalanceStatement) -> Correction | None:
    """The request that waits for a second person."""
    return statement.corrections.filter(state=Correction.State.PREPARED).first()


@transaction.atomic
def propose_correction(
    *, statement: BalanceStatement, against: LedgerAccount, why: str, by: User
) -> Correction:
    """Ask for the difference of a 对账 to be booked; nothing is booked yet.

    Raises StatementRefused; NotAllowed for who may not.
    """
    _permit(by)
    if not why.strip():
        raise StatementRefused("why", "请写明更正理由。")
    refuse_correction(statement)
    _refuse_against(statement, against)
    try:
        with transaction.atomic():
            correction = Correction.objects.create(
                statement=statement,
                against=against,
                why=why.strip(),
                prepared_by=by,
                prepared_at=now(),
            )
    except IntegrityError as error:
        if "correction_once" not in str(error):
            raise
        raise StatementRefused("", "这项差额已提出更正，正待复核。") from error
    tell(
        "correction.propose",
        to("ledger-correction", correction.pk),
        about=correction.pk,
        by=by,
        statement=statement,
    )
    return correction


@transaction.atomic
def approve_correction(*, correction: Correction, by: User, on: date | None = None) -> JournalEntry:
    """Book the difference another person asked for, on that day (default today)."""
    correction = _locked(correction, by)
    if correction.prepared_by_id == by.pk:
        raise StatementRefused("", f"{by} 提出了这项更正，须由另一人复核。")
    entry = correct_statement(
        statement=correction.statement,
        against=correction.against,
        on=on or today(),
        why=correction.why,
        by=by,
    )
    correction.state = Correction.State.APPROVED
    correction.approved_by, correction.approved_at = by, now()
    correction.save(update_fields=["state", "approved_by", "approved_at"])
    tell(
        "correction.approve",
        to("ledger-correction", correction.pk),
        to("ledger-entry", entry.pk),
        about=correction.pk,
        by=by,
        parties=entry.postings.values_list("account__jurisdiction", flat=True),
        persons=[correction.prepared_by_id],
        statement=correction.statement,
        booked=entry.label,
    )
    return entry


@transaction.atomic
def reject_correction(*, correction: Correction, why: str, by: User) -> Correction:
    """Decline a correction; the statement stays as it is and may be asked for again."""
    correction = _locked(correction, by)
    if not why.strip():
        raise StatementRefused("why", "请写明退回理由。")
    correction.state, correction.rejected_why = Correction.State.REJECTED, why.strip()
    correction.approved_by, correction.approved_at = by, now()
    correction.save(update_fields=["state", "rejected_why", "approved_by", "approved_at"])
    tell(
        "correction.reject",
        to("ledger-correction", correction.pk),
        about=correction.pk,
        by=by,
        persons=[correction.prepared_by_id],
        statement=correction.statement,
        why=correction.rejected_why,
    )
    return correction


@transaction.atomic
def correct_statement(
    *, statement: BalanceStatement, against: LedgerAccount, on: date, why: str, by: User
) -> JournalEntry:
    """Book a difference both bureaus agreed on: the account becomes what the statement says.

    Raises StatementRefused where there is none, or none any more.
    """
    _lock_agreement(statement.account)
    lock_journal()
    refuse_correction(statement)
    entry = post(
        cause=JournalEntry.Cause.RECONCILIATION,
        on=on,
        text=f"对账更正：{why.strip()}"[:200],
        statement=statement,
        lines=[
            Line(statement.account, statement.difference),
            Line(against, -statement.difference),
        ],
        by=by,
    )
    if statement.account.agreement is not None:
        refresh_cleared(agreement=statement.account.agreement, on=on)
    return entry


def accounts_against(statement: BalanceStatement) -> QuerySet[LedgerAccount]:
    """The open accounts of the same agreement that the other half of a correction may stand on."""
    return (
        LedgerAccount.objects.filter(agreement=statement.account.agreement, closed_on=None)
        .exclude(pk=statement.account_id)
        .select_related("jurisdiction", "agreement")
        .defer("jurisdiction__boundary")
        .order_by("jurisdiction__sort_key", "kind", "pk")
    )


def _refuse_against(statement: BalanceStatement, against: LedgerAccount) -> None:
    if not accounts_against(statement).filter(pk=against.pk).exists():
        raise StatementRefused("against", "对方账户须是同一协议的另一个未销户的账户。")


def _permit(by: User) -> None:
    if not viewer_of(by).may(Act.RECORD_PAYMENT):
        raise NotAllowed(f"{by} 不能办理对账更正。")


def _lock_agreement(account: LedgerAccount) -> None:
    list(Agreement.objects.select_for_update(no_key=True).filter(pk=account.agreement_id))


def _locked(correction: Correction, by: User) -> Correction:
    _permit(by)
    _lock_agreement(correction.statement.account)
    correction = (
        Correction.objects.select_for_update(of=("self",))
        .select_related("statement__account__agreement", "against")
        .get(pk=correction.pk)
    )
    if correction.state != Correction.State.PREPARED:
        raise StatementRefused("", f"这项更正{correction.get_state_display()}，不能再办理。")
    return correction
