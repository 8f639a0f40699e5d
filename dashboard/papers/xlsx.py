"""A paper as XLSX, as people file it (product.md): title, unit line, 制表人 / 审核人 / 日期,
numbers as numbers, dates as dates, 合计, frozen head, A4 landscape, and a 说明 sheet.

The same issued paper gives the same bytes: the only time in the file is that of its issue.
"""

import io
from datetime import datetime
from decimal import Decimal
from typing import Any

import xlsxwriter
from django.utils import timezone

from basins.installation import mark_printed, marked_title
from dashboard.papers.shown import NUMERALS, date_zh, in_wan, makers, moment, text_of, unissued
from settlements.papers.codes import shown as shown_code
from settlements.papers.paper import ColumnKind, Paper, Table, Value, digest_of

FORBIDDEN = str.maketrans(dict.fromkeys("[]:*?/\\'", " "))
DRAFTED = datetime(2000, 1, 1)  # noqa: DTZ001 - the format has no zone
FORMATS = {
    ColumnKind.YUAN: "#,##0.00;[Red]-#,##0.00",
    ColumnKind.WAN: "#,##0.00;[Red]-#,##0.00",
    ColumnKind.NUMBER: "General",
    ColumnKind.DATE: "yyyy-mm-dd",
}


def xlsx_of(paper: Paper) -> bytes:
    """The workbook: one sheet a table, the amounts in capitals on the first, then 说明."""
    file = io.BytesIO()
    # What a cell says is never run: no formula, no link from text.
    book = xlsxwriter.Workbook(
        file, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    )
    at = timezone.localtime(paper.issued_at).replace(tzinfo=None) if paper.issued_at else DRAFTED
    book.set_properties(
        {
            "title": paper.title,
            "subject": paper.number,
            "author": paper.prepared_by,
            "comments": f"核验码 {shown_code(paper.code)}" if paper.code else "未签发",
            "created": at.replace(microsecond=0),
        }
    )
    looks = _Looks(book)
    _cover(book, looks, paper)
    for section in paper.sections:
        for table in section.tables:
            _sheet(book, looks, paper, table)
    _explanation(book, looks, paper)
    book.close()
    return file.getvalue()


class _Looks:
    """The formats of one workbook, each made once."""

    def __init__(self, book: Any) -> None:
        self._book = book
        self._made: dict[tuple, Any] = {}

    def __call__(self, **what: Any) -> Any:
        key = tuple(sorted(what.items()))
        if key not in self._made:
            base = {"font_name": "宋体", "font_size": 11, "valign": "vcenter"}
            self._made[key] = self._book.add_format({**base, **what})
        return self._made[key]

    def cell(self, kind: ColumnKind, role: str) -> Any:
        what: dict[str, Any] = {"border": 1}
        if kind in FORMATS:
            what["num_format"] = FORMATS[kind]
        what["align"] = "right" if kind.is_figure else "left"
        if role in ("subtotal", "total"):
            what["bold"] = True
        if role == "total":
            what["bg_color"] = "#E8EDEF"
        return self(**what)


def _page(sheet: Any, paper: Paper) -> None:
    sheet.set_paper(9)  # A4
    sheet.set_landscape()
    sheet.fit_to_pages(1, 0)
    sheet.set_margins(left=0.5, right=0.5, top=0.8, bottom=0.7)
    mark_printed(sheet)
    code = f"核验码 {shown_code(paper.code)}" if paper.code else unissued(paper)
    sheet.set_footer(f"&L{code}&C第 &P 页　共 &N 页&R{_plain(paper.number)}")


def _plain(text: str) -> str:
    return text.replace("&", "&&")


def _head(sheet: Any, looks: _Looks, paper: Paper, title: str, columns: int) -> None:
    last = max(columns - 1, 1)
    look = looks(bold=True, font_size=16, align="center")
    sheet.merge_range(0, 0, 0, last, marked_title(title), look)
    sheet.set_row(0, 30)
    sheet.write_string(1, 0, paper.number or f"（{unissued(paper)}）", looks())
    sheet.write_string(1, last, paper.unit_line, looks(align="right"))


def _foot(sheet: Any, looks: _Looks, paper: Paper, row: int, columns: int) -> None:
    """制表人 / 审核人 / 日期: three places across the width."""
    places = (0, max(columns // 2, 1))
    for at, (role, name) in zip(places, makers(paper), strict=True):
        sheet.write_string(row, at, f"{role}人：{name}", looks())
    end = max(columns - 1, 2)
    if paper.date:
        sheet.write_string(row, end - 1 if end > 2 else end, "日期：", looks(align="right"))
        if end > 2:
            sheet.write_datetime(
                row, end, datetime.combine(paper.date, datetime.min.time()),
                looks(num_format="yyyy-mm-dd", align="left"),
            )  # fmt: skip
    else:
        sheet.write_string(row, end, "日期：", looks())


def _cover(book: Any, looks: _Looks, paper: Paper) -> None:
    """Sheet 汇总: addressees, summary, amounts in figures and capitals, who signs."""
    sheet = book.add_worksheet("汇总")
    _page(sheet, paper)
    _head(sheet, looks, paper, paper.title, 4)
    for at, width in enumerate((30, 10, 22, 54)):
        sheet.set_column(at, at, width)
    row = 2
    wrapped = looks(text_wrap=True, valign="top")
    if paper.addressees:
        sheet.merge_range(row, 0, row, 3, "、".join(paper.addressees) + "：", wrapped)
        sheet.set_row(row, 16 * (1 + len("、".join(paper.addressees)) // 55))
        row += 1
    for words in paper.summary:
        sheet.merge_range(row, 0, row, 3, words, wrapped)
        sheet.set_row(row, 16 * (1 + len(words) // 55))
        row += 1
    if paper.amounts:
        head = looks(bold=True, border=1, align="center", bg_color="#E8EDEF")
        for at, title in enumerate(("款项", "收付", "小写（元）", "大写")):
            sheet.write_string(row, at, title, head)
        for amount in paper.amounts:
            row += 1
            sheet.write_string(row, 0, amount.label, looks(border=1))
            sheet.write_string(row, 1, amount.word or "-", looks(border=1))
            value = abs(amount.yuan) if amount.word else amount.yuan
            sheet.write_number(row, 2, value, looks.cell(ColumnKind.YUAN, ""))
            sheet.write_string(row, 3, f"人民币{amount.capitals}", looks(border=1))
        row += 2
    _foot(sheet, looks, paper, row, 4)
    row += 2
    for signature in paper.signatures:
        sheet.write_string(row, 0, f"{signature.role}：{signature.unit}（盖章）", looks())
        sheet.write_string(row, 2, "经办人：", looks())
        sheet.write_string(row, 3, "负责人：　　　　　　　　年　　月　　日", looks())
        sheet.set_row(row, 28)
        row += 1


def _sheet(book: Any, looks: _Looks, paper: Paper, table: Table) -> None:
    sheet = book.add_worksheet(_name(book, table.title))
    _page(sheet, paper)
    columns = len(table.columns)
    _head(sheet, looks, paper, f"{paper.title}（{table.title}）", columns)
    head = looks(bold=True, border=1, align="center", text_wrap=True, bg_color="#E8EDEF")
    for at, column in enumerate(table.columns):
        sheet.set_column(at, at, column.width * 1.6 + 4)
        sheet.write_string(2, at, column.title, head)
    sheet.freeze_panes(3, 1)
    sheet.repeat_rows(0, 2)
    row = 2
    for line in table.rows:
        row += 1
        if line.role == "group":
            look = looks(bold=True, border=1, bg_color="#F4F7F8")
            sheet.merge_range(row, 0, row, columns - 1, str(line.cells[0]), look)
            continue
        for at, (value, column) in enumerate(zip(line.cells, table.columns, strict=True)):
            look = looks.cell(column.kind, line.role)
            if line.role and value is None:
                sheet.write_blank(row, at, None, look)
            else:
                _write(sheet, row, at, value, column.kind, look)
    if not table.rows:
        row += 1
        sheet.write_string(row, 0, table.empty, looks())
    if table.note:
        row += 1
        sheet.write_string(row, 0, table.note, looks(font_color="#5B6B73"))
    _foot(sheet, looks, paper, row + 2, columns)


def _write(sheet: Any, row: int, at: int, value: Value, kind: ColumnKind, look: Any) -> None:
    if value is None or value == "":
        # A column of numbers or days stays one: Excel counts and sorts what is in it.
        if kind in FORMATS:
            sheet.write_blank(row, at, None, look)
        else:
            sheet.write_string(row, at, "-", look)
    elif kind is ColumnKind.WAN and isinstance(value, Decimal):
        sheet.write_number(row, at, in_wan(value), look)
    elif kind.is_figure and isinstance(value, Decimal | int):
        sheet.write_number(row, at, value, look)
    elif kind is ColumnKind.DATE:
        sheet.write_datetime(row, at, value, look)
    else:
        sheet.write_string(row, at, text_of(value, kind), look)


def _name(book: Any, title: str) -> str:
    """A name no other sheet has, as short as the format wants it (31 characters)."""
    plain = title.translate(FORBIDDEN).strip()[:26] or "表"
    taken = {sheet.get_name() for sheet in book.worksheets()} | {"说明"}
    name, number = plain, 1
    while name in taken:
        number += 1
        name = f"{plain}（{number}）"
    return name


def _explanation(book: Any, looks: _Looks, paper: Paper) -> None:
    """说明: filters, as-of time, user, code, digest, notes."""
    sheet = book.add_worksheet("说明")
    _page(sheet, paper)
    sheet.set_column(0, 0, 22)
    sheet.set_column(1, 1, 90)
    sheet.merge_range(
        0, 0, 0, 1, marked_title("说明"), looks(bold=True, font_size=16, align="center")
    )
    lines = [
        ("文书", f"{paper.kind.label} {paper.number}".strip()),
        ("标题", paper.title),
        *((f"筛选：{name}", value) for name, value in paper.filters),
        ("数据截至", moment(paper.as_of) or "-"),
        (f"{makers(paper)[0][0]}人（用户）", paper.prepared_by or "-"),
        ("日期", date_zh(paper.date) or "-"),
        ("签发时间", moment(paper.issued_at) or "未签发"),
        ("核验码", shown_code(paper.code) if paper.code else "未签发，无核验码"),
        ("台账链首", paper.ledger_head or "-"),
        ("全文摘要（SHA-256）", digest_of(paper) if paper.is_issued else "-"),
        ("单位", paper.unit_line),
        *((f"附注 {NUMERALS[at % 10]}", note) for at, note in enumerate(paper.notes)),
    ]
    for row, (name, value) in enumerate(lines, start=2):
        sheet.write_string(row, 0, name, looks(bold=True, valign="top"))
        sheet.write_string(row, 1, value, looks(text_wrap=True))
