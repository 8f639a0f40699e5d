"""欠款: what each debtor owes in each agreement, by age.

A debt is as old as the days since it fell due by its 拨款通知; one without (an opening balance,
years closed before there were demands) is as old as its business date. What was paid counts for
the oldest debt first. Entries that were cancelled, and their counter-entries, are left out
together. Decimal yuan, positive.
"""

from collections import defaultdict
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

from basins.access import Viewer
from basins.clock import today
from settlements.models import Demand, JournalEntry, LedgerAccount, Posting
from settlements.money import ZERO
from settlements.shown.places import Place
from settlements.shown.visible import visible_accounts

Cause = JournalEntry.Cause
NOT_DUE = "未到期"
# The last day of each age, and what it is called; older than the last is the last of LABELS.
AGES = ((30, "0–30 天"), (90, "31–90 天"), (365, "91–365 天"))
OLDER = "365 天以上"
LABELS = (NOT_DUE, *(label for _, label in AGES), OLDER)


@dataclass(frozen=True, slots=True)
class Debt:
    """What a debtor owes in one agreement: one amount an age, in the order of LABELS."""

    account_id: int
    place: Place
    agreement: str
    agreement_title: str
    ages: tuple[Decimal, ...]
    oldest: date  # the day the oldest of it fell or falls due

    @property
    def overdue(self) -> Decimal:
        return self.total - self.ages[0]

    @property
    def labelled(self) -> tuple[tuple[str, Decimal], ...]:
        return tuple(zip(LABELS, self.ages, strict=True))

    @property
    def total(self) -> Decimal:
        return sum(self.ages, ZERO)


@dataclass(frozen=True, slots=True)
class Debtor:
    place: Place
    debts: tuple[Debt, ...]

    @property
    def ages(self) -> tuple[Decimal, ...]:
        return added([d.ages for d in self.debts])

    @property
    def total(self) -> Decimal:
        return sum((d.total for d in self.debts), ZERO)


@dataclass(frozen=True, slots=True)
class Arrears:
    on: date
    debtors: tuple[Debtor, ...]

    @property
    def ages(self) -> tuple[Decimal, ...]:
        return added([d.ages for d in self.debtors])

    @property
    def total(self) -> Decimal:
        return sum(self.ages, ZERO)

    @property
    def debts(self) -> tuple[Debt, ...]:
        return tuple(debt for debtor in self.debtors for debt in debtor.debts)


def arrears(viewer: Viewer, on: date | None = None) -> Arrears:
    """Debtors by name, their agreements by code, at the end of a day: 3 SQL queries."""
    day = on or today()
    postings = (
        Posting.objects.filter(
            account__in=visible_accounts(viewer),
            account__kind=LedgerAccount.Kind.COMPENSATION,
            entry__effective_on__lte=day,
        )
        .exclude(entry__reversal__effective_on__lte=day)
        .filter(entry__reverses__isnull=True)
        .order_by(
            "account__jurisdiction__sort_key",
            "account__agreement__code",
            "account",
            "entry__effective_on",
            "entry__year",
            "entry__number",
        )
        .values_list(
            "account_id",
            "account__jurisdiction_id",
            "entry__cause",
            "entry__settlement_id",
            "entry__adjustment_id",
            "entry__effective_on",
            "yuan",
        )
    )
    due = _due_days()
    moves: dict[int, list[Move]] = defaultdict(list)
    for account_id, party, cause, settlement, adjustment, effective_on, yuan in postings:
        booked_by = settlement if cause == Cause.SETTLEMENT else adjustment
        until = due.get((party, cause, booked_by))
        moves[account_id].append(Move(until or effective_on, yuan, until is not None))
    accounts = (
        LedgerAccount.objects.filter(pk__in=list(moves))
        .select_related("jurisdiction", "agreement")
        .defer("jurisdiction__boundary")
        .in_bulk()
    )
    by_place: dict[str, list[Debt]] = defaultdict(list)
    for pk, own in moves.items():
        account = accounts[pk]
        left = unpaid(own)
        if left:
            by_place[account.jurisdiction.code].append(
                Debt(
                    account_id=pk,
                    place=Place.of(account.jurisdiction),
                    agreement=account.agreement.code if account.agreement else "",
                    agreement_title=account.agreement.title if account.agreement else "",
                    ages=aged(left, day),
                    oldest=min(debt.since for debt in left),
                )
            )
    return Arrears(day, tuple(Debtor(debts[0].place, tuple(debts)) for debts in by_place.values()))


@dataclass(frozen=True, slots=True)
class Move:
    """What moved on an account in yuan, a debt negative, and since when it is one."""

    since: date
    yuan: Decimal
    demanded: bool = False  # `since` is the day it falls due


def _due_days() -> dict[tuple[int, str, int | None], date]:
    """(party, cause of the entry, id of its settlement or adjustment) → due day: 1 SQL query."""
    return {
        (party, Cause.ADJUSTMENT if adjustment else Cause.SETTLEMENT, adjustment or settlement): day
        for party, settlement, adjustment, day in Demand.objects.order_by().values_list(
            "jurisdiction_id", "settlement_id", "adjustment_id", "due_on"
        )
    }


def unpaid(moves: list[Move]) -> list[Move]:
    """What is left of each debt, in the order they were booked, the first paid first; positive."""
    paid = sum((move.yuan for move in moves if move.yuan > 0), ZERO)
    left = []
    for move in moves:
        if move.yuan < 0:
            part = min(paid, -move.yuan)
            paid -= part
            if -move.yuan > part:
                left.append(replace(move, yuan=-move.yuan - part))
    return left


def aged(debts: list[Move], on: date) -> tuple[Decimal, ...]:
    ages = [ZERO] * len(LABELS)
    for debt in debts:
        days = (on - debt.since).days
        at = next((i for i, (last, _) in enumerate(AGES) if days <= last), len(AGES))
        ages[0 if debt.demanded and days <= 0 else at + 1] += debt.yuan
    return tuple(ages)


def added(rows: list[tuple[Decimal, ...]]) -> tuple[Decimal, ...]:
    return tuple(sum((row[i] for row in rows), ZERO) for i in range(len(LABELS)))
