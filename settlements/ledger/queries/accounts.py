"""台账: the accounts with their balances as of a date, and the trial balance.

One sign: positive means the jurisdiction is owed more (应收). Amounts are Decimal yuan.
"""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.db.models import DecimalField, Q, QuerySet, Sum
from django.db.models.functions import Coalesce

from basins.access import Act, Viewer
from basins.clock import today
from settlements.ledger.queries.reconciliation import Checked, checked_states
from settlements.models import AccountMonth, LedgerAccount
from settlements.money import ZERO
from settlements.shown.places import Place
from settlements.shown.visible import visible_accounts

YUAN: DecimalField = DecimalField(max_digits=20, decimal_places=2)


@dataclass(frozen=True, slots=True)
class AccountLine:
    pk: int
    place: Place
    agreement: str  # code and title; '' in accounts from before there were such
    agreement_title: str
    kind: str
    is_transit: bool
    increase: Decimal
    decrease: Decimal  # positive
    postings: int
    checked: Checked
    closed_on: date | None = None

    @property
    def balance(self) -> Decimal:
        return self.increase - self.decrease


@dataclass(frozen=True, slots=True)
class Accounts:
    """Every visible account; `trial` is the sum of all balances, None for a part of them."""

    on: date
    basis: str
    lines: tuple[AccountLine, ...]
    increase: Decimal
    decrease: Decimal
    balance: Decimal
    trial: Decimal | None

    @property
    def places(self) -> tuple[Place, ...]:
        return tuple({line.place.code: line.place for line in self.lines}.values())

    @property
    def to_check(self) -> tuple[AccountLine, ...]:
        """As 对账 lists them: what differs first, then what nobody checked yet."""
        order = (Checked.DIFFERS, Checked.OPEN, Checked.AGREES)
        return tuple(sorted(self.lines, key=lambda line: order.index(line.checked.state)))

    @property
    def unchecked(self) -> int:
        """How many accounts are not checked against the bureau's own books."""
        return sum(line.checked.state != Checked.AGREES for line in self.lines)

    @property
    def balanced(self) -> bool:
        return self.trial == 0

    @property
    def receivable(self) -> Decimal:
        return sum((line.balance for line in self.lines if line.balance > 0), ZERO)

    @property
    def payable(self) -> Decimal:
        return sum((line.balance for line in self.lines if line.balance < 0), ZERO)


def accounts(
    viewer: Viewer, on: date | None = None, basis: str = AccountMonth.Basis.EFFECTIVE
) -> Accounts:
    """Balances of the visible accounts at the end of a day, by place: 3 SQL queries."""
    day = on or today()
    lines = _lines(visible_accounts(viewer), day, basis)
    increase = sum((line.increase for line in lines), ZERO)
    decrease = sum((line.decrease for line in lines), ZERO)
    return Accounts(
        on=day,
        basis=basis,
        lines=lines,
        increase=increase,
        decrease=decrease,
        balance=increase - decrease,
        trial=increase - decrease if viewer.sees_all(Act.SEE_LEDGER) else None,
    )


def account_line(
    viewer: Viewer, pk: int, basis: str = AccountMonth.Basis.EFFECTIVE
) -> AccountLine | None:
    """One account as it stands today; None where the viewer sees no such: 2 SQL queries, 3 where a
    balance was entered for it."""
    found = _lines(visible_accounts(viewer).filter(pk=pk), today(), basis)
    return found[0] if found else None


def _lines(seen: QuerySet[LedgerAccount], day: date, basis: str) -> tuple[AccountLine, ...]:
    dated = Q(**{f"postings__entry__{_column(basis)}__lte": day})
    positive, negative = Q(postings__yuan__gt=0), Q(postings__yuan__lt=0)
    found = list(
        seen.select_related("jurisdiction", "agreement")
        .only(
            "kind",
            "closed_on",
            "agreement__code",
            "agreement__title",
            *Place.columns("jurisdiction"),
        )
        .annotate(
            increase=Coalesce(
                Sum("postings__yuan", filter=positive & dated), ZERO, output_field=YUAN
            ),
            decrease=Coalesce(
                Sum("postings__yuan", filter=negative & dated), ZERO, output_field=YUAN
            ),
            number=Coalesce(Sum(1, filter=Q(postings__isnull=False) & dated), 0),
        )
        .order_by("jurisdiction__sort_key", "agreement__code", "kind", "pk")
    )
    states = checked_states([a.pk for a in found])
    return tuple(
        AccountLine(
            pk=a.pk,
            place=Place.of(a.jurisdiction),
            agreement=a.agreement.code if a.agreement else "",
            agreement_title=a.agreement.title if a.agreement else "",
            kind=a.get_kind_display(),
            is_transit=a.kind == LedgerAccount.Kind.TRANSIT,
            increase=a.increase,
            decrease=-a.decrease,
            postings=a.number,
            checked=states[a.pk],
            closed_on=a.closed_on,
        )
        for a in found
    )


def _column(basis: str) -> str:
    return "booked_on" if basis == AccountMonth.Basis.BOOKED else "effective_on"
