"""期初余额: what stood in the old books on a day, taken over as one balanced entry.

A file (CSV or XLSX) has the columns 行政区代码, 协议编码, 金额(元), 备注, and 单位 and 期初日期 where
wanted; its amounts sum to zero, those of each day where it names days. Amounts are Decimal yuan;
positive is owed to the jurisdiction.
"""

import hashlib
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

from django.db import transaction

from basins.access import Act, viewer_of
from basins.clock import now, today
from basins.links import to
from basins.models import Jurisdiction, User
from settlements.ledger.services.ledger import Line, accounts_of, lock_journal, post
from settlements.ledger.services.opening_once import Account, lock_openings, named_in, taken
from settlements.models import (
    Agreement,
    JournalEntry,
    LedgerAccount,
    OpeningBatch,
    Party,
)
from settlements.money import ZERO, format_yuan, yuan
from settlements.moving.acts import NotAllowed, Refused
from settlements.moving.telling import tell
from written.amounts import read_yuan
from written.days import read_last_day
from written.files import COMMA_UNCLEAR, read_sheets
from written.headings import Headings, find_headings, normal, unit_in
from written.numbers import NotANumber
from written.sheet import Sheet, place
from written.text import MISSING, CellError, FileError, is_void, name_key, narrow, shown

COLUMNS = {
    "jurisdiction": ("行政区代码", "jurisdiction", "jurisdiction_code"),
    "agreement": ("协议编码", "agreement", "agreement_code"),
    "yuan": ("金额", "yuan"),
    "unit": ("单位", "金额单位", "unit"),
    "note": ("备注", "说明", "note"),
    "on": ("期初日期", "截至日期", "on"),
}
NEEDED = ("jurisdiction", "agreement", "yuan")
LARGEST = 5 * 1024 * 1024  # bytes
MOST_ROWS = 5000
# The end of an amount whose thousands comma, without quotation marks, made it two cells.
_THOUSAND = re.compile(r"\d{3}(\.\d{1,2})?", re.ASCII)


@dataclass(frozen=True, slots=True)
class WrongBalance:
    """A problem of the file: its row (1 is the heading, 0 the whole file), field and remedy."""

    row: int
    field: str
    message: str
    sheet: str = ""  # where the file has several

    def __str__(self) -> str:
        return f"{place(self.row, self.sheet)}：{self.message}" if self.row else self.message


class OpeningRefused(Refused):
    """The file cannot be taken over; every problem at once."""

    def __init__(self, *wrong: WrongBalance) -> None:
        super().__init__(" ".join(map(str, wrong)))
        self.wrong = wrong


@dataclass(frozen=True, slots=True)
class OpeningRow:
    jurisdiction: Jurisdiction
    agreement: Agreement
    yuan: Decimal
    note: str
    on: date | None = None  # where the file says


@dataclass(frozen=True, slots=True)
class OpeningFile:
    """A file that was read and holds together."""

    filename: str
    sha256: str
    rows: tuple[OpeningRow, ...]

    @property
    def days(self) -> list[date]:
        """The days that the file itself names, in order."""
        return sorted({row.on for row in self.rows if row.on is not None})

    def as_of(self, day: date) -> "OpeningFile":
        """The rows of that day, and those without one."""
        rows = tuple(row for row in self.rows if row.on in (None, day))
        return replace(self, rows=rows)

    @property
    def receivable(self) -> Decimal:
        return sum((row.yuan for row in self.rows if row.yuan > 0), ZERO)


def read_opening(raw: bytes, filename: str) -> OpeningFile:
    """Read and check a file. Raises OpeningRefused with every problem, by row and field."""
    try:
        lines = list(_written(read_sheets(raw, largest=LARGEST)))
    except FileError as error:
        raise OpeningRefused(WrongBalance(0, "file", f"{filename}：{error}")) from error
    if not lines or len(lines) > MOST_ROWS:
        raise OpeningRefused(
            WrongBalance(0, "file", f"有 {len(lines)} 行数据；须有 1 至 {MOST_ROWS} 行。")
        )
    wrong: list[WrongBalance] = []
    rows = _rows(lines, wrong)
    if not wrong:
        wrong += _unbalanced(rows)
    if not wrong and not rows:
        wrong.append(
            WrongBalance(0, "yuan", "各行金额都是零，没有可以入账的余额；没有旧账的不必导入。")
        )
    if wrong:
        raise OpeningRefused(*wrong)
    return OpeningFile(filename, hashlib.sha256(raw).hexdigest(), tuple(rows))


def _unbalanced(rows: list[OpeningRow]) -> Iterator[WrongBalance]:
    """What does not sum to zero, day by day."""
    days = {row.on for row in rows}
    for day in sorted(days, key=str):
        total = sum((row.yuan for row in rows if row.on == day), ZERO)
        if total:
            of = f"{day} 的" if len(days) > 1 else ""
            yield WrongBalance(
                0,
                "yuan",
                f"{of}各行金额合计 {format_yuan(total)} 元，不为零；每笔应收须有同额的应付，"
                "请补齐或更正。",
            )


@transaction.atomic
def prepare_opening(*, file: OpeningFile, on: date, by: User | None) -> OpeningBatch:
    """Keep a file's rows for a second person to approve; `by` None is the command line.

    Raises OpeningRefused where an account has an opening in force, or entries by that day.
    """
    if by is not None and not viewer_of(by).may(Act.RECORD_PAYMENT):
        raise NotAllowed(f"{by} 不能导入期初余额。")
    if on > today():
        raise OpeningRefused(WrongBalance(0, "on", f"期初日期 {on} 在今天之后；请填已过去的日期。"))
    if other := [day for day in file.days if day != on]:
        raise OpeningRefused(
            WrongBalance(
                0, "on", f"文件里的期初日期是 {other[0]}，不是 {on}；请改填日期，或改文件。"
            )
        )
    if not file.rows:
        raise OpeningRefused(
            WrongBalance(0, "file", f"{file.filename} 各行金额都是零，没有可登记的余额。")
        )
    lock_openings()
    _refuse_taken([(row.jurisdiction.code, row.agreement.code) for row in file.rows], on)
    batch = OpeningBatch.objects.create(
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
    if by is not None:
        tell(
            "opening.propose",
            to("ledger-opening", batch.pk),
            about=batch.pk,
            by=by,
            on=on,
            file=batch.filename,
        )
    return batch


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
    _refuse_taken(named_in(batch), batch.on, but=batch)
    batch.state = OpeningBatch.State.APPROVED
    batch.approved_by, batch.approved_at = by, now()
    batch.save(update_fields=["state", "approved_by", "approved_at"])
    entry = post(
        cause=JournalEntry.Cause.OPENING,
        on=booked_on or today(),
        effective_on=batch.on,
        opening=batch,
        text=f"{batch.on} 期初余额：{batch.filename}"[:200],
        lines=_lines(batch),
        by=by,
    )
    if by is not None:
        tell(
            "opening.approve",
            to("ledger-opening", batch.pk),
            to("ledger-entry", entry.pk),
            about=batch.pk,
            by=by,
            parties=entry.postings.values_list("account__jurisdiction", flat=True),
            persons=[batch.prepared_by_id],
            on=batch.on,
            booked=entry.label,
        )
    return entry


@transaction.atomic
def reject_opening(*, batch: OpeningBatch, why: str, by: User) -> OpeningBatch:
    batch = _locked(batch)
    _permit_decision(by)
    if not why.strip():
        raise OpeningRefused(WrongBalance(0, "why", "请写明退回理由。"))
    batch.state, batch.rejected_why = OpeningBatch.State.REJECTED, why.strip()
    batch.approved_by, batch.approved_at = by, now()
    batch.save(update_fields=["state", "rejected_why", "approved_by", "approved_at"])
    tell(
        "opening.reject",
        to("ledger-opening", batch.pk),
        about=batch.pk,
        by=by,
        persons=[batch.prepared_by_id],
        on=batch.on,
        why=batch.rejected_why,
    )
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
    """5 SQL queries at most, whatever the rows."""
    codes = {row["jurisdiction"] for row in batch.rows}
    places = (
        Jurisdiction.objects.filter(code__in=codes).defer("boundary").in_bulk(field_name="code")
    )
    agreements = Agreement.objects.filter(
        code__in={row["agreement"] for row in batch.rows}
    ).in_bulk(field_name="code")
    parties = set(
        Party.objects.filter(agreement__in=agreements.values()).values_list(
            "agreement__code", "jurisdiction__code"
        )
    )
    standard, transit = LedgerAccount.Kind.COMPENSATION, LedgerAccount.Kind.TRANSIT
    wanted = []
    for row in batch.rows:
        at, agreement = row["jurisdiction"], row["agreement"]
        # Who is no party is the treasury: read_opening lets nobody else in.
        kind = standard if (agreement, at) in parties else transit
        wanted.append((places[at], agreements[agreement], kind))
    accounts = accounts_of(wanted, opened_on=batch.on)
    return [
        Line(account, yuan(row["yuan"])) for account, row in zip(accounts, batch.rows, strict=True)
    ]


@dataclass(frozen=True, slots=True)
class _Line:
    """A row as written: its cells by column, the units of its amount, what is wrong with it."""

    row: int
    sheet: str
    cells: dict[str, str]
    units: tuple[str, ...]
    extra: str | None
    unclear: bool  # a comma where cells are parted by semicolons

    def wrong(self, field: str, message: str) -> WrongBalance:
        return WrongBalance(self.row, field, message, self.sheet)


def _written(sheets: list[Sheet]) -> Iterator[_Line]:
    """The rows of every sheet. Raises FileError for a sheet that is not meant to be read."""
    headed = [(sheet, find_headings(sheet.rows, COLUMNS, NEEDED)) for sheet in sheets]
    several = len(headed) > 1
    for sheet, found in headed:
        if sheet.hidden:
            raise FileError(f"工作表“{sheet.name}”是隐藏的，却有内容；请取消隐藏，或删去后再导入。")
        if found is None:
            words = "、".join(COLUMNS[key][0] for key in NEEDED)
            which = f"工作表“{sheet.name}”" if several else ""
            more = "不是期初余额的工作表请删去。" if several else ""
            raise FileError(f"{which}缺少列：{words}；第一行须是列标题。{more}")
        yield from _lines_of(sheet, *found, sheet.name if several else "")


def _lines_of(sheet: Sheet, headings: Headings, first: int, named: str) -> Iterator[_Line]:
    column = headings.columns["yuan"]
    headed = unit_in(column) or ("元" if normal(column.text) == "yuan" else "")
    for row in sheet.rows[first:]:
        cells = headings.cells(row)
        units = dict.fromkeys(u for u in (headed, cells.get("unit", "")) if u not in MISSING)
        unclear = sheet.semicolons and "," in narrow(cells["yuan"])
        yield _Line(row.number, named, cells, tuple(units), headings.beyond(row), unclear)


def _rows(lines: list[_Line], wrong: list[WrongBalance]) -> list[OpeningRow]:
    places, deals = list(Jurisdiction.objects.defer("boundary")), list(Agreement.objects.all())
    jurisdictions, agreements = {j.code: j for j in places}, {a.code: a for a in deals}
    codes = _codes_of([(j.name, j.code) for j in places])
    titles = _codes_of([(a.title, a.code) for a in deals])
    parties = set(Party.objects.values_list("agreement__code", "jurisdiction__code"))
    rows: list[OpeningRow] = []
    seen: dict[tuple[str, str], _Line] = {}
    for line in lines:
        code, agreement = line.cells["jurisdiction"], line.cells["agreement"]
        code = code if code in jurisdictions else codes.get(name_key(code), code)
        agreement = (
            agreement if agreement in agreements else titles.get(name_key(agreement), agreement)
        )
        note = line.cells.get("note", "")
        found = len(wrong)
        if code not in jurisdictions:
            wrong.append(line.wrong("jurisdiction", f"没有代码或名称为“{code}”的行政区。"))
        if agreement not in agreements:
            wrong.append(line.wrong("agreement", f"没有编码或名称为“{agreement}”的协议。"))
        if line.extra is not None or _THOUSAND.fullmatch(note):
            wrong.append(line.wrong("yuan", _parted(line.extra or note)))
        if line.unclear:
            wrong.append(line.wrong("yuan", COMMA_UNCLEAR))
        if is_void(note):
            wrong.append(line.wrong("note", f"备注是“{note}”；作废的行请整行删去。"))
        amount, on = _amount(line, wrong), _day(line, wrong)
        if len(wrong) > found or amount is None:
            continue
        treasury = jurisdictions[code].level == Jurisdiction.Level.TREASURY
        if (agreement, code) not in parties and not treasury:
            wrong.append(
                line.wrong(
                    "jurisdiction",
                    f"{jurisdictions[code]}不是《{agreements[agreement]}》的协议方。",
                )
            )
        elif (agreement, code) in seen:
            first = seen[agreement, code]
            wrong.append(
                line.wrong(
                    "jurisdiction",
                    f"与{place(first.row, first.sheet)}是同一账户；一个账户只写一行。",
                )
            )
        elif amount:  # a row of zero says that nothing was owed
            rows.append(
                OpeningRow(jurisdictions[code], agreements[agreement], amount, note[:200], on)
            )
        seen[agreement, code] = line
    return rows


def _codes_of(named: list[tuple[str, str]]) -> dict[str, str]:
    """Name as it is compared → code, of names that stand for one thing alone."""
    counts = Counter(name_key(name) for name, _ in named)
    return {name_key(name): code for name, code in named if counts[name_key(name)] == 1}


def _day(line: _Line, wrong: list[WrongBalance]) -> date | None:
    if not (text := line.cells.get("on", "")):
        return None
    try:
        return read_last_day(text)
    except CellError as error:
        wrong.append(line.wrong("on", str(error)))
    return None


def _amount(line: _Line, wrong: list[WrongBalance]) -> Decimal | None:
    text = line.cells["yuan"]
    try:
        return yuan(read_yuan(text, units=line.units))
    except NotANumber as error:
        plain = error.why == NotANumber.NONE
        message = f"“{shown(text)}”不是金额；请填数字，如 1,000,000 或 1234.56。"
        wrong.append(line.wrong("yuan", message if plain else str(error)))
    except CellError as error:
        wrong.append(line.wrong("yuan", str(error)))
    return None


def _parted(cell: str) -> str:
    return (
        f"“{shown(cell)}”像是金额的千位逗号分出的一格；带逗号的金额请加引号"
        '（"1,000"），或不写逗号。'
    )
