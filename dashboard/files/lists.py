"""The ledger's lists as people file them: CSV, and XLSX with title, unit, totals, signatures.

Amounts are yuan to the fen, numbers as numbers and dates as dates. The second sheet (说明)
says with which filters, by whom and when, and the head of the chain at that moment.
"""

import csv
import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from urllib.parse import quote

import xlsxwriter
from django.http import HttpResponse

from basins.clock import now
from basins.installation import mark_printed, marked_title
from dashboard.files.cells import safe
from dashboard.templatetags.figures import local_time
from settlements.ledger.chain import head

Cell = str | int | date | Decimal | None


@dataclass(frozen=True, slots=True)
class SheetColumn:
    title: str
    width: int = 14
    total: bool = False  # summed in the 合计 line


@dataclass(frozen=True, slots=True)
class Sheet:
    """A list to file: `rows` in the order of the columns, `filters` in words."""

    title: str
    columns: Sequence[SheetColumn]
    rows: Sequence[Sequence[Cell]]
    filters: Sequence[tuple[str, str]] = field(default=())
    maker: str = ""

    @property
    def totals(self) -> list[Cell]:
        """One cell a column: the sum where the column has one."""
        return [self._sum(at) if column.total else None for at, column in enumerate(self.columns)]

    def _sum(self, at: int) -> Decimal:
        amounts = [cell for row in self.rows if isinstance(cell := row[at], Decimal)]
        return sum(amounts, Decimal("0.00"))


def as_csv(sheet: Sheet) -> HttpResponse:
    """UTF-8 with a mark so that Excel opens it as such."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow([c.title for c in sheet.columns])
    for row in (*sheet.rows, ["合计", *sheet.totals[1:]]):
        writer.writerow([_plain(cell) for cell in row])
    return _file("\ufeff" + text.getvalue(), f"{sheet.title}.csv", "text/csv; charset=utf-8")


def as_xlsx(sheet: Sheet) -> HttpResponse:
    content = io.BytesIO()
    book = xlsxwriter.Workbook(content, {"in_memory": True, "remove_timezone": True})
    _list_sheet(book, sheet)
    _notes_sheet(book, sheet)
    book.close()
    kind = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    return _file(content.getvalue(), f"{sheet.title}.xlsx", kind)


def _list_sheet(book: xlsxwriter.Workbook, sheet: Sheet) -> None:
    edge = {"border": 1, "border_color": "#888888"}
    bold = {"bold": True, **edge}
    money, total = {"num_format": "#,##0.00", **edge}, {"num_format": "#,##0.00", **bold}
    formats = {
        "title": book.add_format({"bold": True, "font_size": 16, "align": "center"}),
        "head": book.add_format(
            {"align": "center", "text_wrap": True, "bg_color": "#eef3f6", **bold}
        ),
        "text": book.add_format({"text_wrap": True, "valign": "top", **edge}),
        "date": book.add_format({"num_format": "yyyy-mm-dd", **edge}),
        "money": book.add_format(money),
        "number": book.add_format(edge),
        "total": book.add_format(total),
        "total_text": book.add_format(bold),
    }
    page = book.add_worksheet("清单")
    last = len(sheet.columns) - 1
    page.merge_range(0, 0, 0, last, marked_title(sheet.title), formats["title"])
    page.write(1, 0, "单位：元")
    page.write(1, last, f"日期：{local_time(now())}")
    for at, column in enumerate(sheet.columns):
        page.set_column(at, at, column.width)
        page.write(2, at, column.title, formats["head"])
    counted = [_is_counted(sheet, at) for at in range(len(sheet.columns))]
    for number, row in enumerate(sheet.rows, 3):
        for at, cell in enumerate(row):
            _write(page, number, at, cell, formats, counted=counted[at])
    end = 3 + len(sheet.rows)
    for at, cell in enumerate(sheet.totals):
        if cell is None:
            page.write(end, at, "合计" if at == 0 else "", formats["total_text"])
        else:
            page.write_number(end, at, cell, formats["total"])  # type: ignore[arg-type]
    page.write(end + 2, 0, f"制表人：{sheet.maker}")
    page.write(end + 2, max(last // 2, 1), "审核人：")
    page.write(end + 2, last, "审核日期：")
    page.freeze_panes(3, 1)
    page.set_landscape()
    page.set_paper(9)  # A4
    page.fit_to_pages(1, 0)
    page.repeat_rows(2)
    page.set_footer("&C第 &P 页，共 &N 页")
    mark_printed(page)


def _is_counted(sheet: Sheet, at: int) -> bool:
    """Whether a column is of numbers or days: nothing in it stays empty, so that it can be summed."""
    cells = [row[at] for row in sheet.rows if row[at] not in (None, "")]
    return sheet.columns[at].total or any(isinstance(c, Decimal | int | date) for c in cells)


def _write(page, row: int, column: int, cell: Cell, formats: dict, *, counted: bool) -> None:
    match cell:
        case None | "" if counted:
            page.write_blank(row, column, None, formats["money"])
        case None | "":
            page.write_string(row, column, "-", formats["text"])
        case Decimal():
            page.write_number(row, column, cell, formats["money"])
        case int():
            page.write_number(row, column, cell, formats["number"])
        case date():
            page.write_datetime(row, column, cell, formats["date"])
        case _:
            page.write_string(row, column, cell, formats["text"])


def _notes_sheet(book: xlsxwriter.Workbook, sheet: Sheet) -> None:
    page = book.add_worksheet("说明")
    mark_printed(page)
    page.set_column(0, 0, 20)
    page.set_column(1, 1, 80)
    end = head()
    lines: Iterable[tuple[str, str]] = [
        ("内容", marked_title(sheet.title)),
        *sheet.filters,
        ("行数", str(len(sheet.rows))),
        ("正负号", "正数为应收（该行政区应得），负数为应付"),
        ("导出时间", local_time(now())),
        ("导出人", sheet.maker),
        ("最后一张凭证", end.entry or "-"),
        ("台账摘要值", end.hash),
        ("核验", "在“台账 › 核验”页输入台账摘要值，可查它是否仍在台账中"),
    ]
    for row, (name, value) in enumerate(lines):
        page.write_string(row, 0, name)
        page.write_string(row, 1, value)


def _plain(cell: Cell) -> str:
    match cell:
        case None:
            return ""
        case Decimal():
            return f"{cell:.2f}"
        case date():
            return cell.isoformat()
        case int():
            return str(cell)
    return safe(cell)


def _file(content: str | bytes, name: str, kind: str) -> HttpResponse:
    return HttpResponse(
        content,
        content_type=kind,
        headers={"Content-Disposition": f"attachment; filename*=UTF-8''{quote(name)}"},
    )
