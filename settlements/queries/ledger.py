"""台账: accounts with their balance, the trial balance, and the journal.

One sign: positive means the jurisdiction is owed more (应收). Everything goes through
visible_accounts: who sees only their own account sees of an entry their own posting and the
names of the others in it, never the others' amounts. Amounts are Decimal yuan to the fen.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any, cast

from django.core.paginator import Page, Paginator
from django.db.models import DecimalField, OuterRef, Q, QuerySet, Subquery, Sum
from django.db.models.functions import Coalesce

from basins.access import Act, Viewer
from settlements.models import JournalEntry, LedgerAccount, Posting
from settlements.queries.month import Place
from settlements.queries.visible import visible_accounts

ZERO = Decimal("0.00")
PAGE = 25
YUAN: DecimalField = DecimalField(max_digits=20, decimal_places=2)


@dataclass(frozen=True, slots=True)
class AccountLine:
    place: Place
    increase: Decimal
    decrease: Decimal  # positive
    postings: int

    @property
    def balance(self) -> Decimal:
        return self.increase - self.decrease


@dataclass(frozen=True, slots=True)
class Accounts:
    """Every visible account; `trial` is the sum of all balances, None for a part of them."""

    lines: tuple[AccountLine, ...]
    increase: Decimal
    decrease: Decimal
    balance: Decimal
    trial: Decimal | None

    @property
    def balanced(self) -> bool:
        return self.trial == 0

    @property
    def receivable(self) -> Decimal:
        return sum((line.balance for line in self.lines if line.balance > 0), ZERO)

    @property
    def payable(self) -> Decimal:
        return sum((line.balance for line in self.lines if line.balance < 0), ZERO)


@dataclass(frozen=True, slots=True)
class Filter:
    """What narrows the journal; empty values narrow nothing."""

    account: str = ""  # jurisdiction code
    entry: str = ""  # 凭证号
    year: int | None = None
    cause: str = ""
    first: date | None = None
    last: date | None = None


@dataclass(frozen=True, slots=True)
class JournalLine:
    """A posting in its entry. `balance` only in the journal of one account."""

    label: str
    booked_on: date
    cause: str
    text: str
    voucher: str
    agreement: str  # code of the settlement's agreement, '' for a payment
    year: int | None  # of that settlement
    place: Place
    others: tuple[str, ...]
    yuan: Decimal
    balance: Decimal | None
    first_of_entry: bool = True
    nth_entry: int = 0  # of the page, from 0

    @property
    def increase(self) -> Decimal | None:
        return self.yuan if self.yuan > 0 else None

    @property
    def decrease(self) -> Decimal | None:
        return -self.yuan if self.yuan < 0 else None


@dataclass(frozen=True, slots=True)
class Journal:
    account: Place | None  # the one account shown, with running balances
    lines: tuple[JournalLine, ...]
    page: Page
    increase: Decimal  # of all that passes the filter, not of the page alone
    decrease: Decimal
    balance: Decimal | None  # of the account after the last line that passes the filter
    years: tuple[int, ...] = field(default=())

    @property
    def change(self) -> Decimal:
        return self.increase - self.decrease


def accounts(viewer: Viewer) -> Accounts:
    """Balances of the visible accounts, by the name of their place: 1 SQL query."""
    positive, negative = Q(postings__yuan__gt=0), Q(postings__yuan__lt=0)
    found = (
        visible_accounts(viewer)
        .select_related("jurisdiction")
        .defer("jurisdiction__boundary")
        .annotate(
            increase=Coalesce(Sum("postings__yuan", filter=positive), ZERO, output_field=YUAN),
            decrease=Coalesce(Sum("postings__yuan", filter=negative), ZERO, output_field=YUAN),
            number=Coalesce(Sum(1, filter=Q(postings__isnull=False)), 0),
        )
        .order_by("jurisdiction__sort_key", "pk")
    )
    lines = tuple(
        AccountLine(Place.of(a.jurisdiction), a.increase, -a.decrease, a.number) for a in found
    )
    increase = sum((line.increase for line in lines), ZERO)
    decrease = sum((line.decrease for line in lines), ZERO)
    return Accounts(
        lines=lines,
        increase=increase,
        decrease=decrease,
        balance=increase - decrease,
        trial=increase - decrease if viewer.sees_all(Act.SEE_LEDGER) else None,
    )


def journal(viewer: Viewer, wanted: Filter, page: str | int | None = 1) -> Journal:
    """A page of the journal, oldest first; 8 SQL queries at most, whatever the entries.

    With one account (chosen, or the only one the viewer has) each line carries the balance
    after it, counted over the whole account and not only over what passes the filter.
    """
    account = _account(viewer, wanted)
    mine = _postings(viewer, account)
    found = _narrowed(mine, wanted)
    sums = found.aggregate(
        increase=Sum("yuan", filter=Q(yuan__gt=0)), decrease=Sum("yuan", filter=Q(yuan__lt=0))
    )
    if account is not None:
        own = found.annotate(balance=_running(account)).order_by("entry__year", "entry__number")
        listed: Page = Paginator(own, PAGE).get_page(page)
        lines = _account_lines(cast(QuerySet[Any], listed.object_list))
        last = found.order_by("-entry__year", "-entry__number").first()
        balance = _balance_at(account, last.entry) if last else None
    else:
        entries = JournalEntry.objects.filter(pk__in=found.values("entry")).order_by(
            "year", "number"
        )
        listed = Paginator(entries, PAGE).get_page(page)
        lines = _entry_lines(mine.filter(entry__in=[e.pk for e in listed.object_list]))
        balance = None
    return Journal(
        account=Place.of(account.jurisdiction) if account is not None else None,
        lines=lines,
        page=listed,
        increase=sums["increase"] or ZERO,
        decrease=-(sums["decrease"] or ZERO),
        balance=balance,
        years=tuple(mine.order_by("-entry__year").values_list("entry__year", flat=True).distinct()),
    )


def _account(viewer: Viewer, wanted: Filter) -> LedgerAccount | None:
    """The one account to show with balances: the chosen, or the viewer's own."""
    seen = visible_accounts(viewer).select_related("jurisdiction").order_by("pk")
    if wanted.account:
        return seen.filter(jurisdiction__code=wanted.account).first() or _only(viewer, seen)
    return _only(viewer, seen)


def _only(viewer: Viewer, seen: QuerySet[LedgerAccount]) -> LedgerAccount | None:
    return None if viewer.sees_all(Act.SEE_LEDGER) else seen.first()


def _postings(viewer: Viewer, account: LedgerAccount | None) -> QuerySet[Posting]:
    if account is not None:
        return Posting.objects.filter(account=account)
    return Posting.objects.filter(account__in=visible_accounts(viewer))


def _narrowed(postings: QuerySet[Posting], wanted: Filter) -> QuerySet[Posting]:
    if wanted.entry:
        number = _entry_number(wanted.entry)
        if number is None:
            return postings.none()
        cause, year, count = number
        postings = postings.filter(entry__cause=cause, entry__year=year, entry__number=count)
    if wanted.year:
        postings = postings.filter(entry__year=wanted.year)
    if wanted.cause:
        postings = postings.filter(entry__cause=wanted.cause)
    if wanted.first:
        postings = postings.filter(entry__booked_on__gte=wanted.first)
    if wanted.last:
        postings = postings.filter(entry__booked_on__lte=wanted.last)
    return postings


def _entry_number(label: str) -> tuple[str, int, int] | None:
    """JZ-2024-0015 as cause, year and number; None where it is none."""
    causes = {"JZ": JournalEntry.Cause.SETTLEMENT, "SK": JournalEntry.Cause.PAYMENT}
    prefix, _, rest = label.strip().upper().partition("-")
    year, _, number = rest.partition("-")
    small = len(year) == 4 and len(number) <= 9
    if prefix not in causes or not small or not (year + number).isascii():
        return None
    if not (year.isdigit() and number.isdigit()):
        return None
    return causes[prefix], int(year), int(number)


def _running(account: LedgerAccount) -> Subquery:
    up_to = Posting.objects.filter(account=account).filter(
        Q(entry__year__lt=OuterRef("entry__year"))
        | Q(entry__year=OuterRef("entry__year"), entry__number__lte=OuterRef("entry__number"))
    )
    return Subquery(
        up_to.order_by().values("account").annotate(total=Sum("yuan")).values("total"),
        output_field=YUAN,
    )


def _balance_at(account: LedgerAccount, entry: JournalEntry) -> Decimal:
    return (
        Posting.objects.filter(account=account)
        .filter(
            Q(entry__year__lt=entry.year)
            | Q(entry__year=entry.year, entry__number__lte=entry.number)
        )
        .aggregate(total=Sum("yuan"))["total"]
        or ZERO
    )


def _with_all(postings: QuerySet[Posting]) -> QuerySet[Posting]:
    return postings.select_related("entry__settlement__agreement", "account__jurisdiction").defer(
        "account__jurisdiction__boundary"
    )


def _account_lines(postings: QuerySet[Any]) -> tuple[JournalLine, ...]:
    rows = list(_with_all(postings))
    names = _names_in({row.entry_id for row in rows})
    return tuple(
        _line(row, names[row.entry_id], balance=row.balance)  # type: ignore[attr-defined]
        for row in rows
    )


def _entry_lines(postings: QuerySet[Posting]) -> tuple[JournalLine, ...]:
    """Every posting of the page's entries, payers after receivers."""
    rows = list(_with_all(postings).order_by("entry__year", "entry__number", "-yuan", "pk"))
    answer: list[JournalLine] = []
    before, nth = None, -1
    for row in rows:
        first = row.entry_id != before
        before, nth = row.entry_id, nth + first
        answer.append(_line(row, (), balance=None, first=first, nth=nth))
    return tuple(answer)


def _names_in(entries: Iterable[int]) -> dict[int, list[tuple[str, str]]]:
    """Entry id → (code, name) of everyone in it: names alone, no amounts. 1 SQL query."""
    names: dict[int, list[tuple[str, str]]] = defaultdict(list)
    for entry_id, code, name in (
        Posting.objects.filter(entry__in=list(entries))
        .order_by("pk")
        .values_list("entry_id", "account__jurisdiction__code", "account__jurisdiction__name")
    ):
        names[entry_id].append((code, name))
    return names


def _line(
    posting: Posting,
    names: Iterable[tuple[str, str]],
    *,
    balance: Decimal | None,
    first: bool = True,
    nth: int = 0,
) -> JournalLine:
    entry, place = posting.entry, Place.of(posting.account.jurisdiction)
    settlement = entry.settlement
    return JournalLine(
        label=entry.label,
        booked_on=entry.booked_on,
        cause=entry.get_cause_display(),
        text=entry.text,
        voucher=entry.voucher,
        agreement=settlement.agreement.code if settlement else "",
        year=settlement.year if settlement else None,
        place=place,
        others=tuple(name for code, name in names if code != place.code),
        yuan=posting.yuan,
        balance=balance,
        first_of_entry=first,
        nth_entry=nth,
    )


# Statement of account ---------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Statement:
    """对账单 of one account for a year, opening and closing balance in yuan."""

    opening: Decimal
    lines: tuple[JournalLine, ...]
    increase: Decimal
    decrease: Decimal

    @property
    def closing(self) -> Decimal:
        return self.opening + self.increase - self.decrease


def statement(viewer: Viewer, code: str, year: int) -> Statement | None:
    """None where the viewer may not see the account, or there is none: 4 SQL queries."""
    account = visible_accounts(viewer).filter(jurisdiction__code=code).first()
    if account is None:
        return None
    own = Posting.objects.filter(account=account)
    opening = own.filter(entry__year__lt=year).aggregate(total=Sum("yuan"))["total"] or ZERO
    lines = _account_lines(
        own.filter(entry__year=year)
        .annotate(balance=_running(account))
        .order_by("entry__year", "entry__number")
    )
    return Statement(
        opening=opening,
        lines=lines,
        increase=sum((line.yuan for line in lines if line.yuan > 0), ZERO),
        decrease=-sum((line.yuan for line in lines if line.yuan < 0), ZERO),
    )
