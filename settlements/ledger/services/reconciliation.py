"""对账: a finance bureau enters the balance in its own books; match or difference is kept."""

from datetime import date
from decimal import Decimal

from django.db import transaction

from basins.access import Act, Scope, viewer_of
from basins.clock import now, today
from basins.models import User
from settlements.ledger.balances import balance
from settlements.ledger.services.ledger import Line, lock_journal, post
from settlements.models import BalanceStatement, JournalEntry, LedgerAccount
from settlements.money import MoneyError, format_yuan, yuan
from settlements.moving.acts import NotAllowed, Refused


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
    return BalanceStatement.objects.create(account=account, at=now(), **said)


@transaction.atomic
def correct_statement(
    *, statement: BalanceStatement, against: LedgerAccount, on: date, why: str, by: User
) -> JournalEntry:
    """Book a difference both bureaus agreed on: the account becomes what the statement says.

    Raises Unbalanced where there is no difference, StatementRefused where it is booked already.
    """
    lock_journal()
    booked = JournalEntry.objects.filter(statement=statement, reversal__isnull=True).first()
    if booked is not None:
        raise StatementRefused("", f"这项差额已由 {booked.label} 更正，不能再次更正。")
    return post(
        cause=JournalEntry.Cause.RECONCILIATION,
        on=on,
        text=f"对账更正：{why.strip()}"[:200],
        statement=statement,
        lines=[
            Line(statement.account, statement.yuan - statement.our_yuan),
            Line(against, statement.our_yuan - statement.yuan),
        ],
        by=by,
    )
