"""Checking the books (账簿核验): every promise of the ledger, counted again from the rows.

The database refuses a broken entry when it is written; this finds what was changed past its
guards: an amount, a text, a number or a date changed afterwards, an entry taken out, a
closed year whose entry says something else. Amounts are Decimal yuan to the fen.
"""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal

from django.db import connection, transaction
from django.db.models import Sum

from settlements.models import (
    Accrual,
    JournalEntry,
    Posting,
    Settlement,
    SettlementNet,
    Transfer,
)
from settlements.services.ledger import NO_HASH, entry_hash

Lines = list[tuple[int, Decimal]]


@dataclass(frozen=True, slots=True)
class Broken:
    """One thing wrong: the entry (凭证号, or the year of an agreement) and what, in Chinese."""

    entry: str
    problem: str


@dataclass(slots=True)
class Books:
    """What was counted. `sum` is over all postings, in yuan: 0.00 in books that balance."""

    entries: int = 0
    postings: int = 0
    sum: Decimal = Decimal("0.00")
    broken: list[Broken] = field(default_factory=list)

    @property
    def sound(self) -> bool:
        return not self.broken and self.sum == 0


@transaction.atomic
def verify() -> Books:
    """All entries in the order of their numbers, then every closed year: 8 SQL queries.

    Nobody posts meanwhile: an entry made between two of the queries would look broken.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext('settlements_journal'))")
    books = Books()
    lines = _lines()
    last: JournalEntry | None = None
    for entry in JournalEntry.objects.order_by("year", "number").iterator(chunk_size=2000):
        own = lines.pop(entry.pk, [])
        books.entries += 1
        books.postings += len(own)
        books.sum += sum((yuan for _, yuan in own), Decimal(0))
        books.broken += [
            Broken(entry_name(entry), problem) for problem in _problems(entry, own, last)
        ]
        last = entry
    for entry_id, own in sorted(lines.items()):
        books.postings += len(own)
        books.sum += sum((yuan for _, yuan in own), Decimal(0))
        books.broken.append(Broken(f"#{entry_id}", f"{len(own)} 条分录没有凭证,凭证已被删除。"))
    books.broken += _settlement_problems()
    if books.sum and not books.broken:
        books.broken.append(Broken("-", f"全部分录合计 {books.sum} 元,不为零。"))
    return books


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


def _problems(entry: JournalEntry, lines: Lines, last: JournalEntry | None) -> Iterator[str]:
    total = sum((yuan for _, yuan in lines), Decimal(0))
    if len(lines) < 2:
        yield f"只有 {len(lines)} 条分录,至少应有两条。"
    if total:
        yield f"分录合计 {total} 元,应为零。"
    same_year = last is not None and last.year == entry.year
    due = last.number + 1 if last is not None and same_year else 1
    if entry.number != due:
        yield f"号不连续:应为 {entry.year} 年 {due} 号。"
    if entry.year != entry.booked_on.year:
        yield f"年度 {entry.year} 与记账日期 {entry.booked_on} 不符。"
    if last is not None and entry.booked_on < last.booked_on:
        yield f"记账日期 {entry.booked_on} 早于上一凭证的 {last.booked_on}。"
    if entry.previous_hash != (last.hash if last is not None else NO_HASH):
        yield "没有接上前一凭证的摘要值:前一凭证被改动、插入或删除。"
    if entry.hash != entry_hash(entry, lines):
        yield "摘要值与内容不符:凭证或分录入账后被改动。"
    if entry.cause not in JournalEntry.Cause.values:
        yield f"事由“{entry.cause}”不是台账的事由。"
    if entry.cause == JournalEntry.Cause.SETTLEMENT and entry.settlement_id is None:
        yield "年清缴凭证没有对应的年度结算。"


def _settlement_problems() -> list[Broken]:
    """A year is closed if and only if its nets stand in the ledger as one entry."""
    nets: dict[int, dict[int, Decimal]] = defaultdict(dict)
    for settlement_id, party, yuan in SettlementNet.objects.filter(
        settlement__in=Settlement.objects.filter(state=Settlement.State.CLOSED)
    ).values_list("settlement_id", "jurisdiction_id", "yuan"):
        if yuan:
            nets[settlement_id][party] = yuan
    booked: dict[int, dict[int, Decimal]] = defaultdict(dict)
    for settlement_id, party, yuan in Posting.objects.filter(
        entry__cause=JournalEntry.Cause.SETTLEMENT, entry__settlement__isnull=False
    ).values_list("entry__settlement_id", "account__jurisdiction_id", "yuan"):
        booked[settlement_id][party] = yuan
    settled = _settled_nets()
    broken = []
    for settlement in Settlement.objects.select_related("agreement").order_by("agreement", "year"):
        name = f"{settlement.agreement.code} {settlement.year}"
        closed = settlement.state == Settlement.State.CLOSED
        own, posted = nets.get(settlement.pk, {}), booked.get(settlement.pk, {})
        if not closed and posted:
            broken.append(Broken(name, "有年清缴凭证,但年度结算没有关账。"))
        elif closed and sum(own.values(), Decimal(0)):
            broken.append(Broken(name, "已关账的年度净额合计不为零。"))
        elif closed and own and not posted:
            broken.append(Broken(name, "已关账,但台账里没有年清缴凭证。"))
        elif closed and own != posted:
            broken.append(Broken(name, "年清缴凭证与关账的年度净额不符。"))
        if closed and own != settled.get((settlement.agreement_id, settlement.year), {}):
            broken.append(Broken(name, "已关账的年度净额与已结清的月核算收付不符。"))
    return broken


def _settled_nets() -> dict[tuple[int, int], dict[int, Decimal]]:
    """(Agreement id, year) → jurisdiction id → yuan, from the transfers of settled accruals."""
    nets: dict[tuple[int, int], dict[int, Decimal]] = defaultdict(lambda: defaultdict(Decimal))
    settled = Transfer.objects.filter(accrual__state=Accrual.State.SETTLED)
    for side, sign in (("payer_id", -1), ("payee_id", 1)):
        for agreement, year, party, yuan in settled.values_list(
            "accrual__term__agreement", "accrual__period__year", side
        ).annotate(total=Sum("yuan")):
            nets[agreement, year][party] += sign * yuan
    return {key: {p: yuan for p, yuan in own.items() if yuan} for key, own in nets.items()}
