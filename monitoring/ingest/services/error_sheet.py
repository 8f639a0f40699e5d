"""出错表: the rejected rows in the file's own layout, each with what is wrong, to be corrected and
handed in again.

A workbook comes back as a workbook with the same sheets (a sheet's name may say its month), a CSV as
a CSV. Behind the file's own columns stand three that a reader passes over.
"""

import csv
import io
from collections import defaultdict

import xlsxwriter

from monitoring.ingest.services.ingest import ImportReport, SheetReport
from monitoring.protocols.layouts import RejectedRow
from written.headings import normal
from written.numbers import NotANumber, read_result
from written.text import MISSING, narrow, safe

ADDED = ("行号", "字段", "原因与改法")


def error_sheet(report: ImportReport) -> tuple[bytes, str]:
    """The file and its suffix, .xlsx or .csv."""
    rejects: dict[str, list[RejectedRow]] = defaultdict(list)
    for rejected in report.rejects:
        rejects[rejected.sheet].append(rejected)
    sheets = [(sheet, rejects[sheet.name]) for sheet in report.sheets if rejects[sheet.name]]
    if report.workbook:
        return _workbook(sheets), ".xlsx"
    return _csv(sheets, report.delimiter), ".csv"


def _workbook(sheets: list[tuple[SheetReport, list[RejectedRow]]]) -> bytes:
    out = io.BytesIO()
    # Texts stay texts: no cell becomes a formula, a link or another number.
    with xlsxwriter.Workbook(out, {"in_memory": True}) as book:
        for sheet, rejected in sheets:
            page = book.add_worksheet(sheet.name)
            for at, cells in enumerate(_lines(sheet, rejected)):
                for column, cell in enumerate(cells):
                    page.write_string(at, column, cell)
        if not sheets:
            book.add_worksheet("没有拒收的行")
    return out.getvalue()


def _csv(sheets: list[tuple[SheetReport, list[RejectedRow]]], delimiter: str) -> bytes:
    out = io.StringIO(newline="")
    writer = csv.writer(out, delimiter=delimiter)
    for sheet, rejected in sheets:
        writer.writerows(map(_harmless, cells) for cells in _lines(sheet, rejected))
    return out.getvalue().encode("utf-8-sig")


def _lines(sheet: SheetReport, rejected: list[RejectedRow]) -> list[list[str]]:
    headings, *below = sheet.head
    own = [n for n, cell in enumerate(headings) if normal(cell) not in ADDED]
    last = max((n for n in own if headings[n].strip()), default=-1)
    own = [n for n in own if n <= last]
    lines = [[*_at(headings, own), *ADDED], *([*_at(units, own), "", "", ""] for units in below)]
    for row in rejected:
        fields = "；".join(dict.fromkeys(error.field for error in row.errors))
        reasons = "；".join(f"{error.field}：{error.message.rstrip('。')}" for error in row.errors)
        beyond = list(row.text[len(headings) :])  # cells too many come behind all else
        lines.append([*_at(row.text, own), str(row.row), fields, f"{reasons}。", *beyond])
    return lines


def _at(cells: tuple[str, ...], places: list[int]) -> list[str]:
    return [cells[n] if n < len(cells) else "" for n in places]


def _harmless(cell: str) -> str:
    """As it is written where it is a number or stands for none, else no formula of a spreadsheet."""
    if narrow(cell) in MISSING:
        return cell
    try:
        read_result(narrow(cell))
    except NotANumber:
        return safe(cell)
    return cell
