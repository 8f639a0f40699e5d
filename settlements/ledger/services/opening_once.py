"""One opening balance in force for an account: what it has already is asked before another is taken.

An account has a second opening doubled, and one dated after its own entries has what they say
counted again. The database holds both as well (guards/openingbatch.sql, posting.sql). An opening
that was sent back, or whose entry was reversed, is not in force.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from django.db import connection
from django.db.models import Q

from basins.models import Jurisdiction
from settlements.models import Agreement, JournalEntry, LedgerAccount, OpeningBatch, Posting

Account = tuple[str, str]  # codes of jurisdiction and agreement
MOST = 5  # accounts that are named; of the rest only how many there are
IN_FORCE = Q(entry__isnull=True) | Q(entry__reversal__isnull=True)


@dataclass(frozen=True, slots=True)
class Taken:
    """Why an account cannot be opened: the field (期初日期 or 文件) that has to be another."""

    field: str
    message: str


def lock_openings() -> None:
    """Openings are registered one after the other: two files of one account never pass together."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext('settlements_opening'))")


def named_in(batch: OpeningBatch) -> list[Account]:
    return [(row["jurisdiction"], row["agreement"]) for row in batch.rows]


def taken(accounts: Iterable[Account], on: date, *, but: OpeningBatch | None = None) -> list[Taken]:
    """What speaks against an opening of these accounts as of that day; 5 SQL queries.

    `but`: the batch that is decided on now.
    """
    wanted = dict.fromkeys(accounts)
    found = {
        account: Taken("file", f"已于 {day} 销户，不能再记账。")
        for account, day in _closed(wanted).items()
    }
    for account, number in _in_force(wanted, but).items():
        words = f"已有期初余额（{number}）；要改请先冲销它，再登记新的。"
        found.setdefault(account, Taken("file", words))
    for account, entry in _own_entries(wanted, on).items():
        found.setdefault(
            account,
            Taken(
                "on",
                f"自 {entry.effective_on} 起已有凭证 {entry.label}；期初日期 {on} 须早于账户自己的"
                "第一笔业务。",
            ),
        )
    return _said({account: found[account] for account in wanted if account in found})


def _closed(wanted: Iterable[Account]) -> dict[Account, date]:
    """Account → the day it was closed."""
    closed = LedgerAccount.objects.filter(closed_on__isnull=False, agreement__isnull=False)
    rows = closed.values_list("jurisdiction__code", "agreement__code", "closed_on")
    return {(p, a): day for p, a, day in rows if day is not None and (p, a) in wanted}


def _in_force(wanted: Iterable[Account], but: OpeningBatch | None) -> dict[Account, str]:
    """Account → the number of its opening: 凭证号, or of the batch while it waits."""
    numbers: dict[Account, str] = {}
    batches = OpeningBatch.objects.filter(IN_FORCE).exclude(state=OpeningBatch.State.REJECTED)
    for batch in batches.select_related("entry").exclude(pk=but and but.pk).order_by("pk"):
        entry = batch.booked_as
        number = entry.label if entry else f"第 {batch.pk} 批，{batch.get_state_display()}"
        for account in named_in(batch):
            if account in wanted:
                numbers.setdefault(account, number)
    return numbers


def _own_entries(wanted: Iterable[Account], on: date) -> dict[Account, JournalEntry]:
    """Account → its first entry that counts by that day; what was cancelled counts for nothing."""
    found: dict[Account, JournalEntry] = {}
    for posting in (
        Posting.objects.filter(
            account__jurisdiction__code__in={place for place, _ in wanted},
            account__agreement__code__in={agreement for _, agreement in wanted},
            entry__effective_on__lte=on,
            entry__reversal__isnull=True,
        )
        .exclude(entry__cause__in=(JournalEntry.Cause.REVERSAL, JournalEntry.Cause.OPENING))
        .select_related("entry", "account__jurisdiction", "account__agreement")
        .defer("account__jurisdiction__boundary")
        .order_by("entry__effective_on", "entry")
    ):
        agreement = posting.account.agreement
        assert agreement is not None
        account = (posting.account.jurisdiction.code, agreement.code)
        if account in wanted:
            found.setdefault(account, posting.entry)
    return found


def _said(found: dict[Account, Taken]) -> list[Taken]:
    """With the accounts' names; the first few, and how many more there are."""
    places = dict(
        Jurisdiction.objects.filter(code__in={p for p, _ in found}).values_list("code", "name")
    )
    titles = dict(
        Agreement.objects.filter(code__in={a for _, a in found}).values_list("code", "title")
    )
    said = [
        Taken(t.field, f"{places[place]}在《{titles[agreement]}》的账户{t.message}")
        for (place, agreement), t in found.items()
    ]
    if len(said) > MOST:
        return [*said[:MOST], Taken("file", f"另有 {len(said) - MOST} 个账户也不能登记期初余额。")]
    return said
