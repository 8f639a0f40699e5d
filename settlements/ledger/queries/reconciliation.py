"""对账: how each account stands against the finance bureau's own books.

Amounts are Decimal yuan; positive is owed to the jurisdiction.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from basins.access import Act, Scope, Viewer
from settlements.ledger.balances import balances
from settlements.models import BalanceStatement, LedgerAccount
from settlements.shown.visible import visible_accounts
from settlements.workflow import Kind, kind_of


@dataclass(frozen=True, slots=True)
class Checked:
    """已核对, 未核对 or 不符, as of the latest date a balance was entered for."""

    AGREES = "agrees"
    OPEN = "open"
    DIFFERS = "differs"

    state: str
    as_of: date | None = None
    difference: Decimal | None = None
    moved: bool = False  # what was booked since changed the balance of that day

    @property
    def label(self) -> str:
        return {self.AGREES: "已核对", self.OPEN: "未核对", self.DIFFERS: "不符"}[self.state]

    @property
    def kind(self) -> Kind:
        return kind_of("statement", self.state)


@dataclass(frozen=True, slots=True)
class StatementLine:
    """A balance that was entered, as it was kept."""

    account: str
    agreement: str
    as_of: date
    theirs: Decimal
    ours: Decimal
    difference: Decimal
    note: str
    by: str
    at: datetime


def checked_states(accounts: Iterable[int]) -> dict[int, Checked]:
    """Account id → its state: 1 SQL query, and one more a different date entered.

    A balance that agreed and has since been changed by an entry counting from before that
    date is not checked any more.
    """
    ids = list(accounts)
    latest = {
        s.account_id: s
        for s in BalanceStatement.objects.filter(account__in=ids).order_by("as_of", "pk")
    }
    now: dict[int, Decimal] = {}
    for day in {s.as_of for s in latest.values()}:
        now |= balances([pk for pk, s in latest.items() if s.as_of == day], day)
    return {pk: _state(latest.get(pk), now.get(pk)) for pk in ids}


def _state(statement: BalanceStatement | None, now: Decimal | None) -> Checked:
    if statement is None:
        return Checked(Checked.OPEN)
    if now != statement.our_yuan:
        return Checked(Checked.OPEN, statement.as_of, statement.difference, moved=True)
    state = Checked.DIFFERS if statement.difference else Checked.AGREES
    return Checked(state, statement.as_of, statement.difference)


def statements(viewer: Viewer) -> list[StatementLine]:
    """Every balance entered for an account the viewer sees, the latest first: 1 SQL query."""
    found = (
        BalanceStatement.objects.filter(account__in=visible_accounts(viewer))
        .select_related("account__jurisdiction", "account__agreement", "by")
        .defer("account__jurisdiction__boundary")
        .order_by("-at", "-pk")
    )
    return [
        StatementLine(
            account=s.account.jurisdiction.name,
            agreement=s.account.agreement.title if s.account.agreement else "",
            as_of=s.as_of,
            theirs=s.yuan,
            ours=s.our_yuan,
            difference=s.difference,
            note=s.note,
            by=str(s.by),
            at=s.at,
        )
        for s in found
    ]


def account_to_check(viewer: Viewer, pk: int) -> LedgerAccount | None:
    """The account, where the viewer may enter a balance for it."""
    found = visible_accounts(viewer).select_related("jurisdiction", "agreement")
    match viewer.scope(Act.RECONCILE):
        case Scope.ALL:
            return found.filter(pk=pk).first()
        case Scope.OWN:
            return found.filter(pk=pk, jurisdiction=viewer.jurisdiction_id).first()
    return None
