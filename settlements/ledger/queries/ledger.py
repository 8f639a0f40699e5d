"""台账: the journal with running balances, statements of account, the head of the chain.

One sign: positive means the jurisdiction is owed more (应收). Everything goes through
visible_accounts: who sees only their own accounts sees of an entry their own postings and the
names of the others in it, never the others' amounts. Amounts are Decimal yuan to the fen.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from itertools import accumulate, islice
from typing import cast

from django.core.paginator import Page, Paginator
from django.db import connection
from django.db.models import F, Q, QuerySet, Sum, Window

from basins.access import Act, Viewer
from basins.digits import whole
from settlements.models import JournalEntry, LedgerAccount, Posting
from settlements.models.ledger import PREFIXES
from settlements.money import ZERO
from settlements.shown.places import Place
from settlements.shown.visible import visible_accounts

PAGE = 15


@dataclass(frozen=True, slots=True)
class Filter:
    """What narrows the journal; empty values narrow nothing."""

    account: str = ""  # jurisdiction code: all its accounts together
    account_id: int | None = None  # one account
    agreement: str = ""  # code
    entry: str = ""  # 凭证号
    year: int | None = None
    cause: str = ""
    first: date | None = None
    last: date | None = None


@dataclass(frozen=True, slots=True)
class JournalLine:
    """A posting in its entry. `balance` only in the journal of one account."""

    entry_id: int
    label: str
    booked_on: date
    effective_on: date
    cause: str
    text: str
    voucher: str
    agreement: str  # code of the agreement whose year or month it comes from, '' for none
    year: int | None
    month: int | None
    account_id: int
    account_name: str
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


def journal(viewer: Viewer, wanted: Filter, page: str | int | None = 1) -> Journal:
    """A page of the journal, newest first; 9 SQL queries at most, whatever the entries.

    With one account or jurisdiction (chosen, or the only one the viewer has) each line carries
    the balance after it, counted over all its entries and not only over what passes the filter.
    """
    place, own = _chosen(viewer, wanted)
    mine = Posting.objects.filter(account__in=own)
    found = _narrowed(mine, wanted)
    sums = found.aggregate(
        increase=Sum("yuan", filter=Q(yuan__gt=0)), decrease=Sum("yuan", filter=Q(yuan__lt=0))
    )
    balance = None
    if place is not None:
        newest_first = found.order_by("-entry__year", "-entry__number", "-pk")
        listed: Page = Paginator(newest_first, PAGE).get_page(page)
        of_page = list(_with_all(cast(QuerySet[Posting], listed.object_list)))
        last = of_page[0] if listed.number == 1 and of_page else newest_first.first()
        asked = [row.pk for row in (*of_page, *([last] if last else ()))]
        balances = _balances(mine, asked) if asked else {}
        lines = _account_lines(of_page, balances)
        balance = balances[last.pk] if last else None
    else:
        entries = JournalEntry.objects.filter(pk__in=found.values("entry")).order_by(
            "-year", "-number"
        )
        listed = Paginator(entries, PAGE).get_page(page)
        shown = mine.filter(entry__in=[e.pk for e in listed.object_list])
        lines = _entry_lines(shown.order_by("-entry__year", "-entry__number", "-yuan", "pk"))
    return Journal(
        account=place,
        lines=lines,
        page=listed,
        increase=sums["increase"] or ZERO,
        decrease=-(sums["decrease"] or ZERO),
        balance=balance,
        years=tuple(mine.order_by("-entry__year").values_list("entry__year", flat=True).distinct()),
    )


def all_lines(viewer: Viewer, wanted: Filter) -> tuple[tuple[JournalLine, ...], bool]:
    """Every line that passes the filter, oldest first as a book is kept, for an export; and
    whether they carry balances."""
    place, own = _chosen(viewer, wanted)
    mine = Posting.objects.filter(account__in=own)
    found = _narrowed(mine, wanted)
    if place is None:
        every = mine.filter(entry__in=found.values("entry"))
        return _entry_lines(every.order_by("entry__year", "entry__number", "-yuan", "pk")), False
    rows = list(_with_all(found.order_by("entry__year", "entry__number", "pk")))
    return _account_lines(rows, _balances(mine)), True


def _chosen(viewer: Viewer, wanted: Filter) -> tuple[Place | None, QuerySet[LedgerAccount]]:
    """The place shown with balances (chosen, or the viewer's own), and its accounts."""
    seen = visible_accounts(viewer)
    if wanted.agreement:
        seen = seen.filter(agreement__code=wanted.agreement)
    one = seen.none()
    if wanted.account_id is not None:
        one = seen.filter(pk=wanted.account_id)
    elif wanted.account:
        one = seen.filter(jurisdiction__code=wanted.account)
    account = one.select_related("jurisdiction").defer("jurisdiction__boundary").first()
    if account is None and not viewer.sees_all(Act.SEE_LEDGER):
        one = seen
        account = one.select_related("jurisdiction").defer("jurisdiction__boundary").first()
    if account is None:
        return None, seen
    return Place.of(account.jurisdiction), one


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
    causes = {prefix: cause for cause, prefix in PREFIXES.items()}
    prefix, _, rest = label.strip().upper().partition("-")
    year, _, number = rest.partition("-")
    small = len(year) == 4 and len(number) <= 9
    if prefix not in causes or not small or not (year + number).isascii():
        return None
    of_year, its_number = whole(year, 4), whole(number, 9)
    if of_year is None or its_number is None:
        return None
    return causes[prefix], of_year, its_number


def _balances(mine: QuerySet[Posting], only: list[int] | None = None) -> dict[int, Decimal]:
    """Posting → what its accounts together stand at after it: 1 SQL query over `mine`, all the
    postings of these accounts. `only`: of those postings alone."""
    order = [F("entry__year"), F("entry__number"), F("pk")]
    running = mine.order_by().values_list("pk", Window(Sum("yuan"), order_by=order))
    if only is None:
        return dict(running)
    sql, given = running.query.sql_with_params()
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT id, balance FROM ({sql}) AS running (id, balance) WHERE id = ANY(%s)",
            [*given, only],
        )
        return dict(cursor.fetchall())


def _with_all(postings: QuerySet[Posting]) -> QuerySet[Posting]:
    return postings.select_related(
        "entry__settlement__agreement",
        "entry__payment__settlement__agreement",
        "entry__adjustment__accrual__term__agreement",
        "account__jurisdiction",
        "account__agreement",
    ).only(
        "yuan",
        *(f"entry__{name}" for name in ("cause", "year", "number", "booked_on", "effective_on")),
        "entry__text",
        "entry__voucher",
        "entry__settlement__year",
        "entry__settlement__agreement__code",
        "entry__payment__settlement__year",
        "entry__payment__settlement__agreement__code",
        "entry__adjustment__accrual__yearly",
        "entry__adjustment__accrual__period",
        "entry__adjustment__accrual__term__agreement__code",
        "account__kind",
        "account__agreement__title",
        *Place.columns("account__jurisdiction"),
    )


def _account_lines(rows: list[Posting], balances: Mapping[int, Decimal]) -> tuple[JournalLine, ...]:
    names = _names_in({row.entry_id for row in rows})
    return tuple(_line(row, names[row.entry_id], balance=balances[row.pk]) for row in rows)


def _entry_lines(postings: QuerySet[Posting]) -> tuple[JournalLine, ...]:
    """Postings in their order, those of an entry together."""
    rows = list(_with_all(postings))
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
    entry, account = posting.entry, posting.account
    place = Place.of(account.jurisdiction)
    agreement, year, month = source_of(entry)
    return JournalLine(
        entry_id=entry.pk,
        label=entry.label,
        booked_on=entry.booked_on,
        effective_on=entry.effective_on,
        cause=entry.get_cause_display(),
        text=entry.text,
        voucher=entry.voucher,
        agreement=agreement,
        year=year,
        month=month,
        account_id=account.pk,
        account_name=account_name(account),
        place=place,
        others=tuple(dict.fromkeys(name for code, name in names if code != place.code)),
        yuan=posting.yuan,
        balance=balance,
        first_of_entry=first,
        nth_entry=nth,
    )


def account_name(account: LedgerAccount) -> str:
    """Whose account, in which agreement."""
    kind = f" {account.get_kind_display()}" if account.kind == LedgerAccount.Kind.TRANSIT else ""
    agreement = f" {account.agreement.title}" if account.agreement else ""
    return f"{account.jurisdiction.name}{kind}{agreement}"


def source_of(entry: JournalEntry) -> tuple[str, int | None, int | None]:
    """The agreement, year and month an entry's amount comes from: where its figure is explained."""
    if entry.settlement is not None:
        return entry.settlement.agreement.code, entry.settlement.year, None
    if entry.payment is not None and entry.payment.settlement is not None:
        settlement = entry.payment.settlement
        return settlement.agreement.code, settlement.year, None
    if entry.adjustment is not None:
        accrual = entry.adjustment.accrual
        month = None if accrual.yearly else accrual.period.month
        return accrual.term.agreement.code, accrual.period.year, month
    return "", None, None


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
    """Of all the jurisdiction's accounts together, by booking year: 4 SQL queries.

    None where the viewer may not see them, or there are none.
    """
    accounts = visible_accounts(viewer).filter(jurisdiction__code=code)
    if not accounts.exists():
        return None
    own = Posting.objects.filter(account__in=accounts)
    opening = own.filter(entry__year__lt=year).aggregate(total=Sum("yuan"))["total"] or ZERO
    of_year = own.filter(entry__year=year).order_by("entry__number", "pk")
    rows = list(_with_all(of_year))
    stood = accumulate((row.yuan for row in rows), initial=opening)
    balances = dict(zip((row.pk for row in rows), islice(stood, 1, None), strict=True))
    lines = _account_lines(rows, balances)
    return Statement(
        opening=opening,
        lines=lines,
        increase=sum((line.yuan for line in lines if line.yuan > 0), ZERO),
        decrease=-sum((line.yuan for line in lines if line.yuan < 0), ZERO),
    )
