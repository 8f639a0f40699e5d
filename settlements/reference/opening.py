"""期初余额 as a table like the others: its template, what is in force, and its import.

The rows are read by settlements.ledger.services.opening; from a page it is prepared by one
person and approved by another, at the command line it takes effect.
"""

from collections.abc import Iterator
from datetime import date
from typing import Any

from django.db import transaction

from basins.models import User
from basins.reference.columns import Column, day, text
from basins.reference.kind import Layout
from settlements.ledger.services.opening import (
    OpeningFile,
    OpeningRefused,
    WrongBalance,
    approve_opening,
    prepare_opening,
    read_opening,
)
from settlements.ledger.services.opening_once import IN_FORCE
from settlements.models import OpeningBatch
from written.amounts import read_yuan

LAYOUT = Layout(
    code="opening",
    title="期初余额",
    unit="行",
    lead="改用本系统以前的余额：每个行政区在每份协议里应收（正）或应付（负）多少，合计为零。",
    columns=(
        Column("jurisdiction", "行政区代码", "990101", text(12), needed=True),
        Column("agreement", "协议编码", "BEIHE-2026", text(40), needed=True, width=20),
        Column("yuan", "金额(元)", "1,200,000", read_yuan, needed=True, width=18,
               help="正数应收，负数应付；同一日期各行合计为零。"),
        Column("on", "期初日期", "2025-12-31", day, help="余额截至哪一天；各行相同的也可在导入时填。"),
        Column("note", "备注", "2025 年度决算", text(200), width=24),
    ),
    examples=(
        {"jurisdiction": "990101", "agreement": "BEIHE-2026", "yuan": "1200000",
         "on": "2025-12-31", "note": "2025 年度决算"},
        {"jurisdiction": "990102", "agreement": "BEIHE-2026", "yuan": "-1200000",
         "on": "2025-12-31", "note": "2025 年度决算"},
    ),
)  # fmt: skip


def rows() -> Iterator[dict[str, str]]:
    """The openings in force, as rows of the template: 1 SQL query."""
    booked = OpeningBatch.objects.filter(IN_FORCE, state=OpeningBatch.State.APPROVED)
    for batch in booked.order_by("on", "pk"):
        for row in batch.rows:
            yield {**row, "on": batch.on.isoformat()}


@transaction.atomic
def import_opening(
    *,
    raw: bytes,
    filename: str,
    on: date | None,
    by: User | None,
    approved_by: User | None,
    dry_run: bool,
) -> dict[str, Any]:
    """Prepare and book the file's rows, one entry a day. Raises OpeningRefused, NotAllowed.

    `on`: the day of rows that name none.
    """
    file = read_opening(raw, filename)
    answer: dict[str, Any] = {"rows": len(file.rows), "entries": [], "days": []}
    for each in days_of(file, on):
        batch = prepare_opening(file=file.as_of(each), on=each, by=by)
        answer["days"].append(each.isoformat())
        if not dry_run:
            entry = approve_opening(batch=batch, by=approved_by)
            answer["entries"].append(entry.label)
    if dry_run:
        transaction.set_rollback(True)
    return answer


@transaction.atomic
def prepare_of_days(*, file: OpeningFile, on: date | None, by: User) -> list[OpeningBatch]:
    """A batch for each day of the file's rows, for a second person to approve; `on`: the day of rows
    that name none. Raises OpeningRefused, NotAllowed."""
    return [prepare_opening(file=file.as_of(each), on=each, by=by) for each in days_of(file, on)]


def days_of(file: OpeningFile, on: date | None) -> list[date]:
    """The days to book, in order. Raises OpeningRefused where a row's own cannot be told."""
    days = set(file.days)
    if any(row.on is None for row in file.rows):
        days |= {on} if on is not None else set()
        if len(days) != 1:
            raise OpeningRefused(
                WrongBalance(
                    0,
                    "on",
                    "有的行没有期初日期；请在“期初日期”列填齐，或在导入时填（命令用 --on）。",
                )
            )
    return sorted(days)
