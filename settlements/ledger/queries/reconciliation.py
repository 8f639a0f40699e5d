"""对账: how each account stands against the finance bureau's own books.

Amounts are Decimal yuan; positive is owed to the jurisdiction.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from django.db.models import QuerySet

from basins.access import Act, Scope, Viewer
from settlements.ledger.balances import balances
from settlements.ledger.statements import changed_since
from settlements.models import BalanceStatement, Correction, LedgerAccount
from settlements.shown.visible import visible_accounts
from settlements.workflow import StateKind, kind_of


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
    def kind(self) -> StateKind:
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
    pk: int = 0
    changed_by: tuple[
        str, ...
    ] = ()  # 凭证号 of what made the balance of that day another one since
    corrected_by: str = ""  # 凭证号 of its correction
    may_be_corrected: bool = False  # the account's latest, and its difference stands


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
    """Every balance entered for an account the viewer sees, the latest first: 3 SQL queries."""
    found = list(
        BalanceStatement.objects.filter(account__in=visible_accounts(viewer))
        .select_related("account__jurisdiction", "account__agreement", "by", "entry")
        .defer("account__jurisdiction__boundary")
        .order_by("-at", "-pk")
    )
    latest: dict[int, BalanceStatement] = {}
    for each in sorted(found, key=lambda s: (s.as_of, s.pk)):
        latest[each.account_id] = each
    changed = changed_since(found)
    pending = set(
        Correction.objects.filter(state=Correction.State.PREPARED).values_list(
            "statement_id", flat=True
        )
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
            pk=s.pk,
            changed_by=tuple(label for label in changed.get(s.pk, ()) if label != _corrected_by(s)),
            corrected_by=_corrected_by(s),
            may_be_corrected=bool(s.difference)
            and latest[s.account_id].pk == s.pk
            and s.pk not in changed
            and s.pk not in pending
            and not _corrected_by(s),
        )
        for s in found
    ]


def _corrected_by(statement: BalanceStatement) -> str:
    entry = getattr(statement, "entry", None)
    return entry.label if entry is not None else ""


def corrections(viewer: Viewer) -> QuerySet[Correction]:
    """Requests to book a difference, for those who see the whole ledger; the latest first."""
    if not viewer.sees_all(Act.SEE_LEDGER):
        return Correction.objects.none()
    return (
        Correction.objects.select_related(
            "statement__account__jurisdiction", "statement__account__agreement",
            "statement__entry", "against__jurisdiction", "prepared_by", "approved_by",
        )
        .defer("statement__account__jurisdiction__boundary", "against__jurisdiction__boundary")
        .order_by("-pk")
    )  # fmt: skip


def statement_to_correct(viewer: Viewer, pk: int) -> BalanceStatement | None:
    """The statement, for who may ask for its correction."""
    if not viewer.may(Act.RECORD_PAYMENT):
        return None
    return (
        BalanceStatement.objects.filter(pk=pk, account__in=visible_accounts(viewer))
        .select_related("account__jurisdiction", "account__agreement", "by")
        .defer("account__jurisdiction__boundary")
        .first()
    )


def account_to_close(viewer: Viewer, pk: int) -> LedgerAccount | None:
    """The account, for who may close it."""
    if not viewer.may(Act.RECORD_PAYMENT):
        return None
    found = visible_accounts(viewer).select_related("jurisdiction", "agreement")
    return found.filter(pk=pk).first()


def account_to_check(viewer: Viewer, pk: int) -> LedgerAccount | None:
    """The account, where the viewer may enter a balance for it."""
    found = visible_accounts(viewer).select_related("jurisdiction", "agreement")
    match viewer.scope(Act.RECONCILE):
        case Scope.ALL:
            return found.filter(pk=pk).first()
        case Scope.OWN:
            return found.filter(pk=pk, jurisdiction=viewer.jurisdiction_id).first()
    return None
