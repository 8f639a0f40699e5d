"""台账: posting balanced entries. One sign: positive means the jurisdiction is owed more."""

import hashlib
import json
from dataclasses import dataclass
from datetime import UTC, date
from decimal import Decimal

from django.db import connection, transaction
from django.utils import timezone

from basins.models import Jurisdiction
from basins.ranges import today
from settlements.models import JournalEntry, LedgerAccount, Posting, Settlement
from settlements.money import yuan

NO_HASH = "0" * 64


class Unbalanced(ValueError):
    """The entry cannot be posted: it does not balance, or its date is to come; says which."""


@dataclass(frozen=True, slots=True)
class Line:
    account: LedgerAccount
    yuan: Decimal


def account_of(jurisdiction: Jurisdiction, *, opened_on: date) -> LedgerAccount:
    """The jurisdiction's compensation account, opened on that day if it has none."""
    account, _ = LedgerAccount.objects.get_or_create(
        jurisdiction=jurisdiction,
        kind=LedgerAccount.Kind.COMPENSATION,
        defaults={"opened_on": opened_on},
    )
    return account


@transaction.atomic
def post(
    *,
    cause: str,
    on: date,
    text: str,
    lines: list[Line],
    by,
    settlement: Settlement | None = None,
    voucher: str = "",
) -> JournalEntry:
    """Post one entry: at least two lines, none zero, one an account, summing to zero.

    Raises Unbalanced before the database would; the database checks all of it again.
    """
    lines = [Line(line.account, yuan(line.yuan)) for line in lines]
    total = sum((line.yuan for line in lines), Decimal(0))
    if total or len(lines) < 2 or not all(line.yuan for line in lines):
        raise Unbalanced(f"凭证“{text}”的 {len(lines)} 条分录合计 {total} 元;须至少两条,合计为零。")
    if on > today():
        raise Unbalanced(f"记账日期 {on} 在今天之后;以后的凭证都会被它挡住,请改为不晚于今天。")
    with connection.cursor() as cursor:
        # Numbers have no gap: entries are made one after the other, across all processes.
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext('settlements_journal'))")
    last = JournalEntry.objects.order_by("-year", "-number").first()
    entry = JournalEntry(
        year=on.year,
        number=last.number + 1 if last and last.year == on.year else 1,
        booked_on=on,
        cause=cause,
        settlement=settlement,
        voucher=voucher,
        text=text,
        by=by,
        booked_at=timezone.now(),
        previous_hash=last.hash if last else NO_HASH,
    )
    entry.hash = entry_hash(entry, [(line.account.pk, line.yuan) for line in lines])
    entry.save(force_insert=True)
    Posting.objects.bulk_create(
        Posting(entry=entry, account=line.account, yuan=line.yuan) for line in lines
    )
    return entry


def entry_hash(entry: JournalEntry, lines: list[tuple[int, Decimal]]) -> str:
    """SHA-256 over the entry, its lines and the hash before it: the link of the chain."""
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
        "lines": [[account, f"{amount:.2f}"] for account, amount in sorted(lines)],
    }
    text = json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def record_payment(
    *, payer: Jurisdiction, payee: Jurisdiction, amount: Decimal, on: date, voucher: str, by
) -> JournalEntry:
    """A payment received: the payer owes less, the payee is owed less. `amount` > 0 yuan.

    Raises ValueError for an amount that is not positive.
    """
    amount = yuan(amount)
    if amount <= 0:
        raise ValueError(f"付款金额 {amount} 元须大于零。")
    return post(
        cause="payment",
        on=on,
        voucher=voucher,
        text=f"{payer.short_name}付{payee.short_name}补偿资金",
        lines=[
            Line(account_of(payer, opened_on=on), amount),
            Line(account_of(payee, opened_on=on), -amount),
        ],
        by=by,
    )
