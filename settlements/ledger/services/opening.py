"""期初余额: what stood in the old books on a day, taken over as one balanced entry.

A file (CSV or XLSX) has the columns 行政区代码, 协议编码, 金额(元), 备注; its amounts sum to
zero. Amounts are Decimal yuan; positive is owed to the jurisdiction.
"""

import csv
import hashlib
import io
import zipfile
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from xml.etree.ElementTree import ParseError

from django.db import transaction

from basins.access import Act, viewer_of
from basins.clock import now, today
from basins.models import Jurisdiction, User
from monitoring.protocols.layouts import FileError
from monitoring.protocols.layouts.decoding import decode
from settlements.ledger.services.ledger import Line, account_of, lock_journal, post
from settlements.ledger.services.opening_once import Account, accounts_of, lock_openings, taken
from settlements.models import (
    Agreement,
    JournalEntry,
    LedgerAccount,
    OpeningBatch,
    Party,
)
from settlements.money import ZERO, MoneyError, format_yuan, yuan
from settlements.moving.acts import NotAllowed, Refused

COLUMNS = {
    "jurisdiction": ("行政区代码", "jurisdiction", "jurisdiction_code"),
    "agreement": ("协议编码", "agreement", "agreement_code"),
    "yuan": ("金额(元)", "金额", "yuan"),
    "note": ("备注", "说明", "note"),
}
NEEDED = ("jurisdiction", "agreement", "yuan")
LARGEST = 5 * 1024 * 1024  # bytes
MOST_ROWS = 5000


@dataclass(frozen=True, slots=True)
class WrongBalance:
    """A problem of the file: its row (1 is the heading, 0 the whole file), field and remedy."""

    row: int
    field: str
    message: str


class OpeningRefused(Refused):
    """The file cannot be taken over; every problem at once."""

    def __init__(self, *wrong: WrongBalance) -> None:
        super().__init__(" ".join((f"第 {w.row} 行：" if w.row else "") + w.message for w in wrong))
        self.wrong = wrong


@dataclass(frozen=True, slots=True)
class OpeningRow:
    jurisdiction: Jurisdiction
    agreement: Agreement
    yuan: Decimal
    note: str


@dataclass(frozen=True, slots=True)
class OpeningFile:
    """A file that was read and holds together."""

    filename: str
    sha256: str
    rows: tuple[OpeningRow, ...]

    @property
    def receivable(self) -> Decimal:
        return sum((row.yuan for row in self.rows if row.yuan > 0), ZERO)


def read_opening(raw: bytes, filename: str) -> OpeningFile:
    """Read and check a file. Raises OpeningRefused with every problem, by row and field."""
    if len(raw) > LARGEST:
        raise OpeningRefused(
            WrongBalance(
                0, "file", f"{filename} 大于 {LARGEST // 1024 // 1024} MB；期初余额每账户一行。"
            )
        )
    table = _xlsx(raw) if raw.startswith(b"PK\x03\x04") else _csv(raw)
    head, *body = table or [[]]
    columns = _columns(head)
    lines = [(n, line) for n, line in enumerate(body, 2) if any(cell.strip() for cell in line)]
    if not lines or len(lines) > MOST_ROWS:
        raise OpeningRefused(
            WrongBalance(0, "file", f"有 {len(lines)} 行数据；须有 1 至 {MOST_ROWS} 行。")
        )
    wrong: list[WrongBalance] = []
    rows = _rows(lines, columns, wrong)
    total = sum((row.yuan for row in rows), ZERO)
    if not wrong and total:
        wrong.append(
            WrongBalance(
                0,
                "yuan",
                f"各行金额合计 {format_yuan(total)} 元，不为零；每笔应收须有同额的应付，"
                "请补齐或更正。",
            )
        )
    if wrong:
        raise OpeningRefused(*wrong)
    return OpeningFile(filename, hashlib.sha256(raw).hexdigest(), tuple(rows))


@transaction.atomic
def prepare_opening(*, file: OpeningFile, on: date, by: User | None) -> OpeningBatch:
    """Keep a file's rows for a second person to approve; `by` None is the command line.

    Raises OpeningRefused where an account has an opening in force, or entries by that day.
    """
    if by is not None and not viewer_of(by).may(Act.RECORD_PAYMENT):
        raise NotAllowed(f"{by} 不能导入期初余额。")
    if on > today():
        raise OpeningRefused(WrongBalance(0, "on", f"期初日期 {on} 在今天之后；请填已过去的日期。"))
    if not file.rows:
        raise OpeningRefused(
            WrongBalance(0, "file", f"{file.filename} 各行金额都是零，没有可登记的余额。")
        )
    lock_openings()
    _refuse_taken([(row.jurisdiction.code, row.agreement.code) for row in file.rows], on)
    return OpeningBatch.objects.create(
        on=on,
        filename=file.filename[:200],
        sha256=file.sha256,
        rows=[
            {
                "jurisdiction": row.jurisdiction.code,
                "agreement": row.agreement.code,
                "yuan": f"{row.yuan:.2f}",
                "note": row.note,
            }
            for row in file.rows
        ],
        prepared_by=by,
        prepared_at=now(),
    )


@transaction.atomic
def approve_opening(
    *, batch: OpeningBatch, by: User | None, booked_on: date | None = None
) -> JournalEntry:
    """Book the rows as one entry that counts from the opening date.

    `by` None only for a batch nobody is named in: the command line.
    """
    batch = _locked(batch)
    if (by is None and batch.prepared_by_id is not None) or (by and batch.prepared_by_id == by.pk):
        raise OpeningRefused(
            WrongBalance(0, "", "导入人不能复核自己导入的期初余额，须由另一人复核。")
        )
    if by is not None:
        _permit_decision(by)
    lock_journal()  # what the accounts have stays so until it is booked
    _refuse_taken(accounts_of(batch), batch.on, but=batch)
    batch.state = OpeningBatch.State.APPROVED
    batch.approved_by, batch.approved_at = by, now()
    batch.save(update_fields=["state", "approved_by", "approved_at"])
    return post(
        cause=JournalEntry.Cause.OPENING,
        on=booked_on or today(),
        effective_on=batch.on,
        opening=batch,
        text=f"{batch.on} 期初余额：{batch.filename}"[:200],
        lines=_lines(batch),
        by=by,
    )


@transaction.atomic
def reject_opening(*, batch: OpeningBatch, why: str, by: User) -> OpeningBatch:
    batch = _locked(batch)
    _permit_decision(by)
    if not why.strip():
        raise OpeningRefused(WrongBalance(0, "why", "请写明退回理由。"))
    batch.state, batch.rejected_why = OpeningBatch.State.REJECTED, why.strip()
    batch.approved_by, batch.approved_at = by, now()
    batch.save(update_fields=["state", "rejected_why", "approved_by", "approved_at"])
    return batch


def _refuse_taken(accounts: list[Account], on: date, *, but: OpeningBatch | None = None) -> None:
    if found := taken(accounts, on, but=but):
        raise OpeningRefused(*(WrongBalance(0, each.field, each.message) for each in found))


def _permit_decision(by: User) -> None:
    viewer = viewer_of(by)
    if not viewer.may(Act.RECORD_PAYMENT) and not viewer.may(Act.CLOSE):
        raise NotAllowed(f"{by} 不能复核期初余额。")


def _locked(batch: OpeningBatch) -> OpeningBatch:
    batch = OpeningBatch.objects.select_for_update().get(pk=batch.pk)
    if batch.state != OpeningBatch.State.PREPARED:
        raise OpeningRefused(
            WrongBalance(0, "", f"这批期初余额{batch.get_state_display()}，不能再办理。")
        )
    return batch


def _lines(batch: OpeningBatch) -> list[Line]:
    lines = []
    for row in batch.rows:
        jurisdiction = Jurisdiction.objects.get(code=row["jurisdiction"])
        agreement = Agreement.objects.get(code=row["agreement"])
        kind = LedgerAccount.Kind.COMPENSATION
        if not Party.objects.filter(agreement=agreement, jurisdiction=jurisdiction).exists():
            kind = LedgerAccount.Kind.TRANSIT  # the treasury: read_opening lets nobody else in
        account = account_of(jurisdiction, agreement, kind=kind, opened_on=batch.on)
        lines.append(Line(account, yuan(row["yuan"])))
    return lines


def _columns(head: list[str]) -> dict[str, int]:
    names = [cell.strip().lower().replace("（", "(").replace("）", ")") for cell in head]
    columns = {
        key: next(names.index(word) for word in words if word in names)
        for key, words in COLUMNS.items()
        if any(word in names for word in words)
    }
    if missing := [COLUMNS[key][0] for key in NEEDED if key not in columns]:
        raise OpeningRefused(
            WrongBalance(1, "file", f"缺少列：{'、'.join(missing)}；第一行须是列标题。")
        )
    return columns


def _rows(
    lines: list[tuple[int, list[str]]], columns: dict[str, int], wrong: list[WrongBalance]
) -> list[OpeningRow]:
    jurisdictions = {j.code: j for j in Jurisdiction.objects.defer("boundary")}
    agreements = {a.code: a for a in Agreement.objects.all()}
    parties = set(Party.objects.values_list("agreement__code", "jurisdiction__code"))
    rows: list[OpeningRow] = []
    seen: dict[tuple[str, str], int] = {}
    for number, line in lines:
        cell = {key: line[at].strip() if at < len(line) else "" for key, at in columns.items()}
        place, agreement = cell["jurisdiction"], cell["agreement"]
        found = len(wrong)
        if place not in jurisdictions:
            wrong.append(WrongBalance(number, "jurisdiction", f"没有行政区代码“{place}”。"))
        if agreement not in agreements:
            wrong.append(WrongBalance(number, "agreement", f"没有协议编码“{agreement}”。"))
        amount = _amount(cell["yuan"], number, wrong)
        if len(wrong) > found or amount is None:
            continue
        treasury = jurisdictions[place].level == Jurisdiction.Level.TREASURY
        if (agreement, place) not in parties and not treasury:
            wrong.append(
                WrongBalance(
                    number,
                    "jurisdiction",
                    f"{jurisdictions[place]}不是《{agreements[agreement]}》的协议方。",
                )
            )
        elif (agreement, place) in seen:
            wrong.append(
                WrongBalance(
                    number,
                    "jurisdiction",
                    f"与第 {seen[agreement, place]} 行是同一账户；一个账户只写一行。",
                )
            )
        elif amount:  # a row of zero says that nothing was owed
            rows.append(
                OpeningRow(
                    jurisdictions[place],
                    agreements[agreement],
                    amount,
                    cell.get("note", "")[:200],
                )
            )
        seen[agreement, place] = number
    return rows


def _amount(text: str, number: int, wrong: list[WrongBalance]) -> Decimal | None:
    try:
        return yuan(text)
    except MoneyError as error:
        wrong.append(WrongBalance(number, "yuan", str(error)))
        return None


def _csv(raw: bytes) -> list[list[str]]:
    try:
        text, _ = decode(raw)
    except FileError as error:
        raise OpeningRefused(WrongBalance(0, "file", str(error))) from error
    first = text.split("\n", 1)[0]
    delimiter = max((",", ";", "\t"), key=first.count)
    return list(csv.reader(io.StringIO(text), delimiter=delimiter))


def _xlsx(raw: bytes) -> list[list[str]]:
    from python_calamine import CalamineError, load_workbook

    try:
        book = load_workbook(io.BytesIO(raw))
        return [[_cell(value) for value in row] for row in book.get_sheet_by_index(0).to_python()]
    except (CalamineError, zipfile.BadZipFile, ParseError, ValueError) as error:
        raise OpeningRefused(
            WrongBalance(
                0, "file", "文件不是可读的 XLSX 工作簿；请用 Excel 或 WPS 另存为 XLSX 或 CSV。"
            )
        ) from error


def _cell(value: object) -> str:
    """A cell as one would type it: a number of the sheet to the fen, a code without a point."""
    if isinstance(value, float):
        number = Decimal(repr(value))
        return format(number.quantize(Decimal(1)) if number == int(number) else number, "f")
    return "" if value is None else str(value)
