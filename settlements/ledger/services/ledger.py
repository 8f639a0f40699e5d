"""台账: posting balanced entries. One sign: positive means the jurisdiction is owed more.

Locks are taken in one order: agreements by id, then the rows that are decided on (payments,
reversals, opening batches), then the journal. Nobody takes an earlier one while holding a
later one, so nobody waits in a circle.
"""

import hashlib
import json
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from operator import attrgetter, itemgetter
from typing import Any, NamedTuple

from django.db import connection, transaction
from django.db.models import Model, Q

from basins.clock import now, today
from basins.many import NewRows, insert_both, insert_new
from basins.models import Jurisdiction, User
from settlements.models import (
    Adjustment,
    Agreement,
    BalanceStatement,
    CarryoverLine,
    JournalEntry,
    LedgerAccount,
    OpeningBatch,
    Payment,
    Posting,
    Settlement,
)
from settlements.models.ledger import HASHED_LINKS, LINK_FIELDS, LINKS
from settlements.money import ZERO, yuan

NO_HASH = "0" * 64
_JSON = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":"))
TEXT = 200  # characters of an entry's text


class Unbalanced(ValueError):
    """The entry cannot be posted: it does not balance, its date is to come, or it is not linked
    to what its cause asks for; says which."""


class NotReversible(ValueError):
    """The entry cannot be reversed; the message (Chinese) says why and what to do instead."""


@dataclass(frozen=True, slots=True)
class Line:
    account: LedgerAccount
    yuan: Decimal


class HashedLine(NamedTuple):
    """A posting as the hash takes it: whose account it is belongs to it since version 2."""

    account: int
    jurisdiction: int
    agreement: int | None
    kind: str
    yuan: Decimal

    @classmethod
    def of(cls, account: LedgerAccount, amount: Decimal) -> "HashedLine":
        return cls(account.pk, account.jurisdiction_id, account.agreement_id, account.kind, amount)


def lock_journal() -> None:
    """Entries are made one after the other, across all processes: their numbers have no gap."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext('settlements_journal'))")


def lock_agreements_of(entry: JournalEntry) -> None:
    """The agreements an entry stands in, by id: reversing it may open a year's debt again."""
    ids = entry.postings.values("account__agreement")
    list(Agreement.objects.select_for_update(no_key=True).filter(pk__in=ids).order_by("pk"))


def account_of(
    jurisdiction: Jurisdiction,
    agreement: Agreement | None = None,
    *,
    kind: str = LedgerAccount.Kind.COMPENSATION,
    opened_on: date,
) -> LedgerAccount:
    """The jurisdiction's account in the agreement, opened on that day if it has none."""
    return accounts_of([(jurisdiction, agreement, kind)], opened_on=opened_on)[0]


Wanted = tuple[Jurisdiction, Agreement | None, str]  # whose account, in which agreement, which kind


def accounts_there(wanted: Collection[Wanted]) -> dict[Wanted, LedgerAccount]:
    """The accounts there are, of those: 1 SQL query."""
    places = {place.pk: place for place, _, _ in wanted}
    agreements = {agreement.pk: agreement for _, agreement, _ in wanted if agreement is not None}
    found = {}
    for account in LedgerAccount.objects.filter(
        Q(agreement__in=agreements) | Q(agreement=None), jurisdiction__in=places
    ):
        place = account.jurisdiction = places[account.jurisdiction_id]
        agreement = agreements[account.agreement_id] if account.agreement_id else None
        account.agreement = agreement
        found[place, agreement, account.kind] = account
    return {each: found[each] for each in wanted if each in found}


def accounts_of(wanted: Sequence[Wanted], *, opened_on: date) -> list[LedgerAccount]:
    """The accounts in that order, opened on that day where there is none: 1 SQL query, and 1 more
    where some are opened (2 where another session opened one in this moment)."""
    there = accounts_there(wanted)
    if missing := [each for each in dict.fromkeys(wanted) if each not in there]:
        there |= _opened(missing, opened_on)
        if late := [each for each in missing if each not in there]:
            there |= accounts_there(late)
    return [there[each] for each in wanted]


def _opened(wanted: Sequence[Wanted], on: date) -> dict[Wanted, LedgerAccount]:
    """Accounts opened now; without those that another session opened in this moment."""
    rows = {each: (each[0].pk, _id(each[1]), str(each[2]), on) for each in wanted}
    columns = ("jurisdiction_id", "agreement_id", "kind", "opened_on")
    names = ("id", *columns, "closed_on")
    with connection.cursor() as cursor:
        made = insert_new(cursor, NewRows(LedgerAccount, columns, rows.values()), *names)
    by_row = {row[1:-1]: LedgerAccount.from_db("default", names, row) for row in made}
    opened = {each: by_row[row] for each, row in rows.items() if row in by_row}
    for (place, agreement, _), account in opened.items():
        account.jurisdiction, account.agreement = place, agreement
    return opened


@transaction.atomic
def close_account(*, account: LedgerAccount, on: date) -> LedgerAccount:
    """No further entry after that day. Raises IntegrityError unless its balance is zero."""
    account.closed_on = on
    account.save(update_fields=["closed_on"])
    return account


@dataclass(frozen=True, slots=True, kw_only=True)
class Booking:
    """An entry before it has its number: at least two lines, none zero, one an account, summing to
    zero.

    `on` is the day it is booked, `effective_on` (default the same) the day it counts from. It
    names exactly the one thing its cause asks for (models.ledger.LINKS).
    """

    cause: str
    on: date
    text: str
    lines: Sequence[Line]
    by: User | None
    effective_on: date | None = None
    settlement: Settlement | None = None
    payment: Payment | None = None
    adjustment: Adjustment | None = None
    reverses: JournalEntry | None = None
    opening: OpeningBatch | None = None
    statement: BalanceStatement | None = None
    carryover: CarryoverLine | None = None
    voucher: str = ""


def post(**booking: Any) -> JournalEntry:
    """Post one entry (arguments as Booking's). Raises Unbalanced."""
    [row] = _post([Booking(**booking)])
    entry = JournalEntry.from_db("default", EntryRow._fields, row)
    # What it names is at hand without a query.
    entry._state.fields_cache |= {name: booking.get(name) for name in ("by", *LINK_FIELDS)}
    return entry


def post_all(bookings: Sequence[Booking]) -> list[int]:
    """Post the entries one after the other, all or none; returns their ids.

    3 SQL statements whatever their number. Raises Unbalanced.
    """
    return [row.id for row in _post(bookings)] if bookings else []


class EntryRow(NamedTuple):
    """An entry's columns, by their names."""

    id: int
    year: int
    number: int
    booked_on: date
    effective_on: date
    cause: str
    settlement_id: int | None
    payment_id: int | None
    adjustment_id: int | None
    reverses_id: int | None
    opening_id: int | None
    statement_id: int | None
    carryover_id: int | None
    voucher: str
    text: str
    by_id: int | None
    booked_at: datetime
    hash_version: int
    previous_hash: str
    hash: str


# The ids of new entries, and the year, number and hash of the last one (zeros where there is none).
_NEXT = f"""
SELECT ARRAY(SELECT nextval(pg_get_serial_sequence('settlements_journalentry', 'id'))
             FROM generate_series(1, %s)),
    COALESCE(last.year, 0), COALESCE(last.number, 0), COALESCE(last.hash, '{NO_HASH}')
FROM (SELECT) one LEFT JOIN (SELECT year, number, hash FROM settlements_journalentry
    ORDER BY year DESC, number DESC LIMIT 1) last ON true
"""


def _post(bookings: Sequence[Booking]) -> list[EntryRow]:
    """Refuses before the database would; the database checks all of it again."""
    lines = [[Line(line.account, yuan(line.yuan)) for line in each.lines] for each in bookings]
    day = today()
    for booking, own in zip(bookings, lines, strict=True):
        _refuse(booking, own, day)
    return _written(bookings, lines)


@transaction.atomic(savepoint=False)
def _written(bookings: Sequence[Booking], lines: Sequence[Sequence[Line]]) -> list[EntryRow]:
    lock_journal()
    with connection.cursor() as cursor:
        cursor.execute(_NEXT, [len(bookings)])
        ids, year, number, last_hash = cursor.fetchone()
        moment = now()
        rows: list[EntryRow] = []
        for pk, booking, own in zip(ids, bookings, lines, strict=True):
            number = number + 1 if booking.on.year == year else 1
            row = _row(pk, number, booking, moment, last_hash)
            last_hash = entry_hash(row, [HashedLine.of(line.account, line.yuan) for line in own])
            year = row.year
            rows.append(row._replace(hash=last_hash))
        postings = (
            (pk, line.account.pk, line.yuan)
            for pk, own in zip(ids, lines, strict=True)
            for line in own
        )
        insert_both(
            cursor,
            NewRows(JournalEntry, EntryRow._fields, rows),
            NewRows(Posting, ("entry_id", "account_id", "yuan"), postings),
        )
    return rows


def _row(pk: int, number: int, booking: Booking, moment: datetime, last_hash: str) -> EntryRow:
    """The entry as it will stand there, but for its hash."""
    return EntryRow(
        id=pk,
        year=booking.on.year,
        number=number,
        booked_on=booking.on,
        effective_on=booking.effective_on or booking.on,
        cause=str(booking.cause),
        settlement_id=_id(booking.settlement),
        payment_id=_id(booking.payment),
        adjustment_id=_id(booking.adjustment),
        reverses_id=_id(booking.reverses),
        opening_id=_id(booking.opening),
        statement_id=_id(booking.statement),
        carryover_id=_id(booking.carryover),
        voucher=booking.voucher,
        text=booking.text,
        by_id=_id(booking.by),
        booked_at=moment,
        hash_version=JournalEntry.HASH_VERSION,
        previous_hash=last_hash,
        hash="",
    )


def _id(thing: Model | None) -> int | None:
    return None if thing is None else thing.pk


def _refuse(booking: Booking, lines: Sequence[Line], day: date) -> None:
    text, on = booking.text, booking.on
    total = sum((line.yuan for line in lines), ZERO)
    if total or len(lines) < 2 or not all(line.yuan for line in lines):
        raise Unbalanced(
            f"凭证“{text}”的 {len(lines)} 条分录合计 {total} 元；须至少两条，合计为零。"
        )
    if on > day:
        raise Unbalanced(f"记账日期 {on} 在今天之后；以后的凭证都会被它挡住，请改为不晚于今天。")
    if booking.effective_on is not None and booking.effective_on > on:
        raise Unbalanced(f"业务日期 {booking.effective_on} 晚于记账日期 {on}；请等到那一天再记账。")
    given = [link for link in LINK_FIELDS if getattr(booking, link) is not None]
    asked = LINKS.get(booking.cause)
    if given != [asked]:
        label = dict(JournalEntry.Cause.choices).get(booking.cause, booking.cause)
        raise Unbalanced(
            f"凭证“{text}”的事由“{label}”须关联且只关联 {asked or '已知的对象'}，"
            f"给出的是 {'、'.join(given) or '空'}。"
        )


def entry_hash(entry: "JournalEntry | EntryRow", lines: Iterable[HashedLine]) -> str:
    """SHA-256 over the entry, its lines and the hash before it: the link of the chain.

    Version 1 covers what entries had at first; version 2 also the business date, whose account
    it is, and what the entry is linked to; version 3 what entries may be linked to since.
    """
    content = {
        "previous": entry.previous_hash,
        "year": entry.year,
        "number": entry.number,
        "booked_on": entry.booked_on.isoformat(),
        "booked_at": entry.booked_at.astimezone(UTC).isoformat(),
        "by": entry.by_id,
        "cause": entry.cause,
        "settlement": entry.settlement_id,
        "voucher": entry.voucher,
        "text": entry.text,
    }
    if entry.hash_version == 1:
        content["lines"] = [[e.account, f"{e.yuan:.2f}"] for e in sorted(lines, key=_by_account)]
    else:
        content["version"] = entry.hash_version
        content["effective_on"] = entry.effective_on.isoformat()
        links, ids = _HASHED[entry.hash_version]
        content |= zip(links, ids(entry), strict=True)
        content["lines"] = [
            [account, jurisdiction, agreement, kind, f"{yuan:.2f}"]
            for account, jurisdiction, agreement, kind, yuan in sorted(lines, key=_by_account)
        ]
    return hashlib.sha256(_JSON.encode(content).encode()).hexdigest()


_by_account = itemgetter(0)  # of a HashedLine; an entry has one line an account
# The links that a version covers, and what takes their ids from an entry.
_HASHED = {
    version: (links, attrgetter(*(f"{link}_id" for link in links)))
    for version, links in HASHED_LINKS.items()
}


@transaction.atomic
def reverse(entry: JournalEntry, *, on: date, why: str, by) -> JournalEntry:
    """Post the counter-entry: the same accounts with the signs turned, once.

    A reversed payment is marked, its voucher free again; an opening is taken back from its own
    date on, or the one in its place would stand beside it until today. Raises NotReversible for a reversal,
    an entry reversed already, and what is corrected by an adjustment (`JournalEntry.irreversible`).
    """
    lock_agreements_of(entry)
    lock_journal()
    entry = JournalEntry.objects.get(pk=entry.pk)
    if not why.strip():
        raise NotReversible("请写明冲销理由。")
    if entry.irreversible:
        raise NotReversible(entry.irreversible)
    if later := carried_on(entry):
        raise NotReversible(f"{entry.label} 结转的余额已由 {later.label} 再结转；请先冲销它。")
    if other := JournalEntry.objects.filter(reverses=entry).first():
        raise NotReversible(f"{entry.label} 已由 {other.label} 冲销，不能再次冲销。")
    reversal = post(
        cause=JournalEntry.Cause.REVERSAL,
        on=on,
        effective_on=entry.effective_on if entry.cause == JournalEntry.Cause.OPENING else on,
        text=f"冲销 {entry.label}：{why.strip()}"[:TEXT],
        reverses=entry,
        lines=[Line(p.account, -p.yuan) for p in entry.postings.select_related("account")],
        by=by,
    )
    if entry.payment_id is not None:
        from settlements.ledger.services.clearing import (
            refresh_cleared,  # it reads what is posted here
        )

        Payment.objects.filter(pk=entry.payment_id).update(reversed_on=on)
        payment = Payment.objects.select_related("agreement", "other_agreement").get(
            pk=entry.payment_id
        )
        # An offset paid in both agreements: taken back, both may owe again.
        for agreement in (payment.agreement, payment.other_agreement):
            if agreement is not None:
                refresh_cleared(agreement=agreement, on=on, taken_back=entry.booked_on)
    if entry.carryover is not None and entry.carryover.account.agreement is not None:
        from settlements.ledger.services.clearing import refresh_cleared  # as above

        agreement = entry.carryover.account.agreement
        refresh_cleared(agreement=agreement, on=on, taken_back=entry.booked_on)
    return reversal


def carried_on(entry: JournalEntry) -> JournalEntry | None:
    """A carry-over that took on what this one brought, and was not taken back."""
    if entry.carryover is None:
        return None
    brought = entry.postings.exclude(account=entry.carryover.account_id).values("account")
    later = JournalEntry.objects.filter(
        carryover__account__in=brought, reversal__isnull=True, pk__gt=entry.pk
    )
    return later.order_by("pk").first()
