"""欠款: what each debtor owes in each agreement, by age.

A debt is as old as the days since it fell due by its 拨款通知; one without (an opening balance,
years closed before there were demands) is as old as its business date. What was carried over to a
successor (区划结转) is as old as it was: the carrying itself neither pays nor owes. What was paid counts for
the oldest debt first. Entries that were cancelled, and their counter-entries, are left out
together, unless the one went over to a successor before the other came: then each is whose it is.
Decimal yuan, positive.
"""

from collections import defaultdict
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

from basins.access import Viewer
from basins.clock import today
from settlements.models import CarryoverLine, Demand, JournalEntry, LedgerAccount, Posting
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
    """Debtors by name, their agreements by code, at the end of a day: 5 SQL queries."""
    day = on or today()
    visible = visible_accounts(viewer).filter(kind=LedgerAccount.Kind.COMPENSATION)
    carried = _carried(day)
    shown = set(visible.values_list("pk", flat=True))
    before = {old for old, there in carried.items() if {each.account for each in there} & shown}
    postings = (
        Posting.objects.filter(account__in=shown | before, entry__effective_on__lte=day)
        .exclude(entry__cause=Cause.CARRYOVER)
        .exclude(entry__reverses__cause=Cause.CARRYOVER)
        .order_by("entry__effective_on", "entry__year", "entry__number")
        .values_list(
            "account_id",
            "account__jurisdiction_id",
            "entry_id",
            "entry__reverses_id",
            "entry__cause",
            "entry__settlement_id",
            "entry__adjustment_id",
            "entry__effective_on",
            "entry__year",
            "entry__number",
            "yuan",
        )
    )
    due = _due_days()
    moves: dict[int, list[Move]] = defaultdict(list)
    found: dict[tuple[int, int], tuple[int, Move]] = {}  # account, entry → whose by now
    for (
        booked, party, entry, cancels, cause, settlement, adjustment, effective_on, year, number,
        yuan,
    ) in postings:  # fmt: skip
        booked_by = settlement if cause == Cause.SETTLEMENT else adjustment
        until = due.get((party, cause, booked_by))
        owner = _owner(booked, (year, number), carried)
        since = until or effective_on
        # What was cancelled is left out together with its counter-entry, unless it went over between.
        original = found.get((booked, cancels or 0))
        if original is not None:
            if original[0] == owner:
                del found[booked, cancels or 0]
                continue
            since = original[1].since
        found[booked, entry] = owner, Move(since, yuan, until is not None)
    for owner, move in found.values():
        if owner in shown:
            moves[owner].append(move)
    accounts = (
        LedgerAccount.objects.filter(pk__in=list(moves))
        .select_related("jurisdiction", "agreement")
        .defer("jurisdiction__boundary")
        .order_by("jurisdiction__sort_key", "agreement__code", "pk")
    )
    by_place: dict[str, list[Debt]] = defaultdict(list)
    for account in accounts:
        left = unpaid(moves[account.pk])
        if left:
            by_place[account.jurisdiction.code].append(
                Debt(
                    account_id=account.pk,
                    place=Place.of(account.jurisdiction),
                    agreement=account.agreement.code if account.agreement else "",
                    agreement_title=account.agreement.title if account.agreement else "",
                    ages=aged(left, day),
                    oldest=min(debt.since for debt in left),
                )
            )
    return Arrears(day, tuple(Debtor(debts[0].place, tuple(debts)) for debts in by_place.values()))


@dataclass(frozen=True, slots=True)
class TakenOver:
    """Which account what stood on another went over to, and by which entry: its year and number."""

    account: int
    entry: tuple[int, int]


def _carried(day: date) -> dict[int, list[TakenOver]]:
    """Account id → where what stood on it went until the day, in order: 1 SQL query."""
    lines = (
        CarryoverLine.objects.filter(entry__effective_on__lte=day)
        .exclude(entry__reversal__effective_on__lte=day)
        .order_by("entry__year", "entry__number")
        .values_list("account_id", "entry__postings__account_id", "entry__year", "entry__number")
    )
    found: dict[int, list[TakenOver]] = defaultdict(list)
    for old, posted, year, number in lines:  # two postings of each entry, one on the old account
        if posted != old:
            found[old].append(TakenOver(posted, (year, number)))
    return found


def _owner(account: int, entry: tuple[int, int], carried: dict[int, list[TakenOver]]) -> int:
    """Whose debt the posting is by now: it went over with the first carrying after it, and on."""
    while later := [each for each in carried.get(account, ()) if each.entry > entry]:
        account, entry = later[0].account, later[0].entry
    return account


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
