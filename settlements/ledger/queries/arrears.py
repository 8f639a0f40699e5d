"""欠款: what each debtor owes in each agreement, by age.

A debt is as old as its business date; what was paid counts for the oldest debt first. Entries
that were cancelled, and their counter-entries, are left out together. Decimal yuan, positive.
"""

from collections import defaultdict
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from basins.access import Viewer
from basins.clock import today
from settlements.models import LedgerAccount, Posting
from settlements.money import ZERO
from settlements.shown.places import Place
from settlements.shown.visible import visible_accounts

# The last day of each age, and what it is called; older than the last is the fourth.
AGES = ((30, "0–30 天"), (90, "31–90 天"), (365, "91–365 天"))
OLDER = "365 天以上"
LABELS = (*(label for _, label in AGES), OLDER)


@dataclass(frozen=True, slots=True)
class Debt:
    """What a debtor owes in one agreement: one amount an age, in the order of LABELS."""

    account_id: int
    place: Place
    agreement: str
    agreement_title: str
    ages: tuple[Decimal, ...]
    oldest: date

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
    """Debtors by name, their agreements by code, at the end of a day: 2 SQL queries."""
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
        .values_list("account_id", "entry__effective_on", "yuan")
    )
    moves: dict[int, list[tuple[date, Decimal]]] = defaultdict(list)
    for account_id, effective_on, yuan in postings:
        moves[account_id].append((effective_on, yuan))
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
                    oldest=left[0][0],
                )
            )
    return Arrears(day, tuple(Debtor(debts[0].place, tuple(debts)) for debts in by_place.values()))


def unpaid(moves: list[tuple[date, Decimal]]) -> list[tuple[date, Decimal]]:
    """What is left of each debt (negative moves, by date), the oldest paid first; positive."""
    paid = sum((yuan for _, yuan in moves if yuan > 0), ZERO)
    left = []
    for since, yuan in moves:
        if yuan < 0:
            part = min(paid, -yuan)
            paid -= part
            if -yuan > part:
                left.append((since, -yuan - part))
    return left


def aged(debts: list[tuple[date, Decimal]], on: date) -> tuple[Decimal, ...]:
    ages = [ZERO] * len(LABELS)
    for since, yuan in debts:
        days = (on - since).days
        at = next((i for i, (last, _) in enumerate(AGES) if days <= last), len(AGES))
        ages[at] += yuan
    return tuple(ages)


def added(rows: list[tuple[Decimal, ...]]) -> tuple[Decimal, ...]:
    return tuple(sum((row[i] for row in rows), ZERO) for i in range(len(LABELS)))
