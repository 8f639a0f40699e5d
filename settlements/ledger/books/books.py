"""Checking the books (账簿核验): every promise of the ledger, counted again from the rows.

The database refuses a broken entry when it is written; this finds what was changed past its
guards: an amount, a text, a number or a date changed afterwards, an entry taken out, a
closed year whose entry says something else. What no chain can tell by itself, that its last
entries were taken off, is told by an old head: a hash printed on a notice or statement.
Amounts are Decimal yuan to the fen.
"""

import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal

from basins.malformed import MALFORMED, words_of
from basins.snapshot import is_of_one_moment, one_snapshot
from settlements.ledger.books.accounts import account_problems
from settlements.ledger.books.found import Broken, Promise
from settlements.ledger.books.years import settlement_problems
from settlements.ledger.services.ledger import NO_HASH, HashedLine, entry_hash, lock_journal
from settlements.models import JournalEntry, LedgerAccount, Posting
from settlements.models.ledger import LINK_FIELDS, LINKS

Lines = list[tuple[int, Decimal]]
Problem = tuple[Promise, str]
SHORTEST_HEAD = 12  # hexadecimal digits of a hash that are enough to ask for it


class NoHash(ValueError):
    """What was given as an old head is not a hash; the message (Chinese) says what one is."""


@dataclass(frozen=True, slots=True)
class OldHead:
    """Whether an old head is contained in the chain, and at which entry (凭证号)."""

    hash: str
    entry: str | None

    @property
    def contained(self) -> bool:
        return self.entry is not None


@dataclass(slots=True)
class Books:
    """What was counted. `sum` is over all postings, in yuan: 0.00 in books that balance."""

    entries: int = 0
    postings: int = 0
    sum: Decimal = Decimal("0.00")
    broken: list[Broken] = field(default_factory=list)
    head_entry: str = ""  # 凭证号 of the last entry, "" in empty books
    head: str = NO_HASH
    asked: OldHead | None = None

    @property
    def sound(self) -> bool:
        return not self.broken and self.sum == 0 and (self.asked is None or self.asked.contained)

    @property
    def first_broken(self) -> Broken | None:
        """The first entry, in the order of the numbers, that is not what it was."""
        return self.broken[0] if self.broken else None


def verify(head: str | None = None) -> Books:
    """All entries in the order of their numbers, then accounts, then every closed year.

    `head`: an old head (its first 12 or more digits), looked for among the entries.
    About 15 SQL queries, which see the books at one moment: an entry made between two of them would
    look broken. Within a transaction of the caller's that is not of one moment nobody posts
    meanwhile. Raises NoHash for a head that is none.
    """
    wanted = read_head(head) if head is not None else None
    with one_snapshot() as alone:
        if not alone and not is_of_one_moment():
            lock_journal()
        return _verified(wanted)


def _verified(wanted: str | None) -> Books:
    books = Books()
    if wanted is not None:
        books.asked = OldHead(wanted, None)
    lines = _lines()
    accounts = {a.pk: a for a in LedgerAccount.objects.all()}
    last: JournalEntry | None = None
    by_id: dict[int, JournalEntry] = {}
    for entry in JournalEntry.objects.order_by("year", "number").iterator(chunk_size=2000):
        own = lines.get(entry.pk, [])
        books.entries += 1
        books.postings += len(own)
        books.sum += sum((yuan for _, yuan in own), Decimal(0))
        try:
            problems = [
                *_problems(entry, own, last, accounts),
                *_reversal_problems(entry, own, by_id, lines),
            ]
        except MALFORMED as error:
            problems = [(Promise.CHAINED, f"存放的内容读不出（{words_of(error)}）。")]
        books.broken += [Broken(entry_name(entry), words, promise) for promise, words in problems]
        if wanted and entry.hash.startswith(wanted) and not books.asked.contained:  # type: ignore[union-attr]
            books.asked = OldHead(wanted, entry_name(entry))
        by_id[entry.pk] = last = entry
    for entry_id in sorted(set(lines) - set(by_id)):
        own = lines[entry_id]
        books.postings += len(own)
        books.sum += sum((yuan for _, yuan in own), Decimal(0))
        words = f"{len(own)} 条分录没有凭证，凭证已被删除。"
        books.broken.append(Broken(f"#{entry_id}", words, Promise.TRIAL))
    if last is not None:
        books.head_entry, books.head = entry_name(last), last.hash
    books.broken += account_problems()
    books.broken += settlement_problems()
    if books.sum and not books.broken:
        words = f"全部分录合计 {books.sum} 元，不为零。"
        books.broken.append(Broken("-", words, Promise.TRIAL))
    return books


def read_head(text: str) -> str:
    """A hash or the beginning of one, as people copy it from paper: with spaces, in capitals."""
    plain = re.sub(r"[\s-]", "", text).lower()
    if not re.fullmatch(rf"[0-9a-f]{{{SHORTEST_HEAD},64}}", plain):
        raise NoHash(
            f"“{text}”不是摘要值；摘要值是 64 位十六进制数，至少给出前 {SHORTEST_HEAD} 位。"
        )
    return plain


def entry_name(entry: JournalEntry) -> str:
    """凭证号; plain year and number where the cause itself is not one the books know."""
    if entry.cause in JournalEntry.Cause.values:
        return entry.label
    return f"{entry.year}-{entry.number:04d}"


def _lines() -> dict[int, Lines]:
    lines: dict[int, Lines] = defaultdict(list)
    rows = Posting.objects.order_by("pk").values_list("entry_id", "account_id", "yuan")
    for entry_id, account_id, yuan in rows.iterator(chunk_size=10_000):
        lines[entry_id].append((account_id, yuan))
    return dict(lines)


def _problems(
    entry: JournalEntry,
    lines: Lines,
    last: JournalEntry | None,
    accounts: dict[int, LedgerAccount],
) -> Iterator[Problem]:
    total = sum((yuan for _, yuan in lines), Decimal(0))
    if len(lines) < 2:
        yield Promise.TWO_POSTINGS, f"只有 {len(lines)} 条分录，至少应有两条。"
    if total:
        yield Promise.BALANCED, f"分录合计 {total} 元，应为零。"
    if any(not yuan for _, yuan in lines):
        yield Promise.NO_ZERO, "有金额为零的分录。"
    same_year = last is not None and last.year == entry.year
    due = last.number + 1 if last is not None and same_year else 1
    if entry.number != due:
        yield Promise.NUMBERED, f"号不连续：应为 {entry.year} 年 {due} 号。"
    if entry.year != entry.booked_on.year:
        yield Promise.DATED, f"年度 {entry.year} 与记账日期 {entry.booked_on} 不符。"
    if last is not None and entry.booked_on < last.booked_on:
        yield Promise.DATED, f"记账日期 {entry.booked_on} 早于上一凭证的 {last.booked_on}。"
    if entry.effective_on > entry.booked_on:
        yield Promise.DATED, f"业务日期 {entry.effective_on} 晚于记账日期 {entry.booked_on}。"
    if entry.previous_hash != (last.hash if last is not None else NO_HASH):
        yield Promise.CHAINED, "没有接上前一凭证的摘要值：前一凭证被改动、插入或删除。"
    if entry.hash != entry_hash(
        entry, [HashedLine.of(accounts[account], yuan) for account, yuan in lines]
    ):
        yield Promise.CHAINED, "摘要值与内容不符：凭证或分录入账后被改动。"
    yield from _cause_problems(entry)
    for account in (accounts[pk] for pk, _ in lines):
        if entry.booked_on < account.opened_on:
            yield Promise.OPENED, f"早于账户“{account}”的开户日期 {account.opened_on}。"
        if account.closed_on is not None and entry.booked_on > account.closed_on:
            yield Promise.CLOSED, f"晚于账户“{account}”的销户日期 {account.closed_on}。"


def _cause_problems(entry: JournalEntry) -> Iterator[Problem]:
    if entry.cause not in JournalEntry.Cause.values:
        yield Promise.CAUSED, f"事由“{entry.cause}”不是台账的事由。"
    elif entry.hash_version > 1:
        linked = [name for name in LINK_FIELDS if getattr(entry, f"{name}_id") is not None]
        if linked != [LINKS[entry.cause]]:
            yield Promise.CAUSED, f"事由“{entry.get_cause_display()}”没有唯一的关联对象。"
    elif entry.cause == JournalEntry.Cause.SETTLEMENT and entry.settlement_id is None:
        yield Promise.CAUSED, "年清缴凭证没有对应的年度结算。"


def _reversal_problems(
    entry: JournalEntry, own: Lines, before: dict[int, JournalEntry], lines: dict[int, Lines]
) -> Iterator[Problem]:
    if entry.reverses_id is None:
        return
    original = before.get(entry.reverses_id)
    if original is None:
        yield Promise.REVERSED, "所冲销的凭证不在它之前。"
    elif original.reverses_id is not None:
        yield Promise.REVERSED, f"冲销了冲销凭证 {entry_name(original)}。"
    elif sorted(own) != sorted((account, -yuan) for account, yuan in lines.get(original.pk, [])):
        yield Promise.REVERSED, f"与所冲销的 {entry_name(original)} 不是逐笔反号。"
