"""台账: posting balanced entries. One sign: positive means the jurisdiction is owed more.

Locks are taken in one order: agreements by id, then the rows that are decided on (payments,
reversals, opening batches), then the journal. Nobody takes an earlier one while holding a
later one, so nobody waits in a circle.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date
from decimal import Decimal
from typing import NamedTuple

from django.db import connection, transaction

from basins.clock import now, today
from basins.models import Jurisdiction
from settlements.models import (
    Adjustment,
    Agreement,
    BalanceStatement,
    JournalEntry,
    LedgerAccount,
    OpeningBatch,
    Payment,
    Posting,
    Settlement,
)
from settlements.models.ledger import LINK_FIELDS, LINKS
from settlements.money import yuan

NO_HASH = "0" * 64
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
    account, _ = LedgerAccount.objects.get_or_create(
        jurisdiction=jurisdiction,
        agreement=agreement,
        kind=kind,
        defaults={"opened_on": opened_on},
    )
    return account


@transaction.atomic
def close_account(*, account: LedgerAccount, on: date) -> LedgerAccount:
    """No further entry after that day. Raises IntegrityError unless its balance is zero."""
    account.closed_on = on
    account.save(update_fields=["closed_on"])
    return account


@transaction.atomic
def post(
    *,
    cause: str,
    on: date,
    text: str,
    lines: list[Line],
    by,
    effective_on: date | None = None,
    settlement: Settlement | None = None,
    payment: Payment | None = None,
    adjustment: Adjustment | None = None,
    reverses: JournalEntry | None = None,
    opening: OpeningBatch | None = None,
    statement: BalanceStatement | None = None,
    voucher: str = "",
) -> JournalEntry:
    """Post one entry: at least two lines, none zero, one an account, summing to zero.

    `on` is the day it is booked, `effective_on` (default the same) the day it counts from. It
    names exactly the one thing its cause asks for (models.ledger.LINKS).
    Raises Unbalanced before the database would; the database checks all of it again.
    """
    links = {
        "settlement": settlement,
        "payment": payment,
        "adjustment": adjustment,
        "reverses": reverses,
        "opening": opening,
        "statement": statement,
    }
    lines = [Line(line.account, yuan(line.yuan)) for line in lines]
    effective_on = effective_on or on
    _refuse(cause, on, effective_on, text, lines, links)
    lock_journal()
    last = JournalEntry.objects.order_by("-year", "-number").first()
    entry = JournalEntry(
        year=on.year,
        number=last.number + 1 if last and last.year == on.year else 1,
        booked_on=on,
        effective_on=effective_on,
        cause=cause,
        voucher=voucher,
        text=text,
        by=by,
        booked_at=now(),
        previous_hash=last.hash if last else NO_HASH,
        **links,
    )
    entry.hash = entry_hash(entry, [HashedLine.of(line.account, line.yuan) for line in lines])
    entry.save(force_insert=True)
    Posting.objects.bulk_create(
        Posting(entry=entry, account=line.account, yuan=line.yuan) for line in lines
    )
    return entry


def _refuse(
    cause: str,
    on: date,
    effective_on: date,
    text: str,
    lines: list[Line],
    links: Mapping[str, object],
) -> None:
    total = sum((line.yuan for line in lines), Decimal(0))
    if total or len(lines) < 2 or not all(line.yuan for line in lines):
        raise Unbalanced(
            f"凭证“{text}”的 {len(lines)} 条分录合计 {total} 元；须至少两条，合计为零。"
        )
    if on > today():
        raise Unbalanced(f"记账日期 {on} 在今天之后；以后的凭证都会被它挡住，请改为不晚于今天。")
    if effective_on > on:
        raise Unbalanced(f"业务日期 {effective_on} 晚于记账日期 {on}；请等到那一天再记账。")
    given = [name for name, thing in links.items() if thing is not None]
    if given != [LINKS.get(cause)]:
        label = dict(JournalEntry.Cause.choices).get(cause, cause)
        raise Unbalanced(
            f"凭证“{text}”的事由“{label}”须关联且只关联 {LINKS.get(cause, '已知的对象')}，"
            f"给出的是 {'、'.join(given) or '空'}。"
        )


def entry_hash(entry: JournalEntry, lines: Iterable[HashedLine]) -> str:
    """SHA-256 over the entry, its lines and the hash before it: the link of the chain.

    Version 1 covers what entries had at first; version 2 also the business date, whose account
    it is, and what the entry is linked to.
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
        content |= {link: getattr(entry, f"{link}_id") for link in LINK_FIELDS}
        content["lines"] = [
            [e.account, e.jurisdiction, e.agreement, e.kind, f"{e.yuan:.2f}"]
            for e in sorted(lines, key=_by_account)
        ]
    text = json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def _by_account(line: HashedLine) -> int:
    return line.account


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
    return reversal
