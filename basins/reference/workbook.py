"""The files of a table: its template with a filled example, what there is, and what is wrong.

All three have one layout, so that each can be corrected and imported again.
"""

import csv
import io
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import xlsxwriter

from basins.reference.kind import Layout, WrittenRow, Wrong
from basins.reference.reading import EXPLAINING, REMEDY
from written.text import safe

EXAMPLE, EXPLANATION = EXPLAINING
BLANK_ROWS = 500  # with the lists to choose from
NAME = str.maketrans(dict.fromkeys("[]:*?/\\'", " "))
TEXT = "@"
_NUMBER = re.compile(r"[+-]?[\d,.]+", re.ASCII)


def template(layout: Layout) -> bytes:
    """The table to fill in, the same filled as an example, and what belongs into each column."""
    return _book(layout, [], examples=True)


def export(layout: Layout, rows: Iterable[Mapping[str, str]]) -> bytes:
    """What there is, in the layout of the template."""
    return _book(layout, list(rows), examples=False)


def as_csv(layout: Layout, rows: Iterable[Mapping[str, str]]) -> str:
    """What there is as text; a cell that a spreadsheet would run has an apostrophe before it."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow([column.title for column in layout.columns])
    for row in rows:
        writer.writerow([_safe(row.get(column.key, "")) for column in layout.columns])
    return out.getvalue()


def _safe(cell: str) -> str:
    """A number stays one, also below nought."""
    return cell if _NUMBER.fullmatch(cell) else safe(cell)


def errors(layout: Layout, rows: Sequence[WrittenRow], wrong: Sequence[Wrong]) -> bytes:
    """The rows as they were uploaded, the wrong ones marked with their remedy in a column more."""
    said: dict[tuple[str, int], list[Wrong]] = {}
    for each in wrong:
        said.setdefault((each.sheet, each.row), []).append(each)
    remedies = [
        "；".join(f"{w.title}：{w.message}" for w in said.get((row.sheet, row.row), ()))
        for row in rows
    ]
    marked = [{w.column for w in said.get((row.sheet, row.row), ())} for row in rows]
    return _book(layout, [row.cells for row in rows], remedies=remedies, marked=marked)


def _book(
    layout: Layout,
    rows: Sequence[Mapping[str, str]],
    *,
    examples: bool = False,
    remedies: Sequence[str] = (),
    marked: Sequence[set[str]] = (),
) -> bytes:
    out = io.BytesIO()
    book = xlsxwriter.Workbook(
        out, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    )
    looks = _looks(book)
    page = book.add_worksheet(layout.title.translate(NAME))
    _table(page, layout, rows, looks, remedies, marked)
    _offer_choices(page, layout, len(rows))
    if examples:
        _table(book.add_worksheet(EXAMPLE), layout, layout.examples, looks)
    if not remedies:
        _explanation(book.add_worksheet(EXPLANATION), layout, looks)
    book.close()
    return out.getvalue()


def _looks(book: Any) -> dict[str, Any]:
    base = {"font_name": "宋体", "font_size": 11, "valign": "top", "text_wrap": True, "border": 1}
    head = {**base, "bold": True, "align": "center", "bg_color": "#E8EDEF"}
    return {
        "head": book.add_format(head),
        "needed": book.add_format({**head, "bg_color": "#FBE3B4"}),
        "cell": book.add_format({**base, "num_format": TEXT}),
        "wrong": book.add_format({**base, "num_format": TEXT, "bg_color": "#F9D9D5"}),
        "blank": book.add_format({"num_format": TEXT, "font_name": "宋体", "font_size": 11}),
    }


def _table(
    page: Any,
    layout: Layout,
    rows: Sequence[Mapping[str, str]],
    looks: Mapping[str, Any],
    remedies: Sequence[str] = (),
    marked: Sequence[set[str]] = (),
) -> None:
    """Everything is text: codes keep their noughts, days and numbers are as they are written."""
    shift = 1 if remedies else 0
    if remedies:
        page.set_column(0, 0, 44)
        page.write_string(0, 0, REMEDY, looks["head"])
    for at, column in enumerate(layout.columns, shift):
        page.set_column(at, at, column.width, looks["blank"])
        page.write_string(0, at, column.title, looks["needed" if column.needed else "head"])
    for number, row in enumerate(rows):
        if remedies:
            look = looks["wrong" if remedies[number] else "cell"]
            page.write_string(number + 1, 0, remedies[number], look)
        for at, column in enumerate(layout.columns, shift):
            wrong = bool(marked) and column.key in marked[number]
            look = looks["wrong" if wrong else "cell"]
            page.write_string(number + 1, at, row.get(column.key, ""), look)
    page.freeze_panes(1, 0)
    page.set_landscape()
    page.set_paper(9)  # A4
    page.fit_to_pages(1, 0)
    page.repeat_rows(0)


def _offer_choices(page: Any, layout: Layout, rows: int) -> None:
    for at, column in enumerate(layout.columns):
        words = [word for _, word in column.choices]
        if words and len(",".join(words)) <= 255:
            page.data_validation(
                1, at, rows + BLANK_ROWS, at,
                {"validate": "list", "source": words, "error_title": column.title,
                 "error_message": f"请填{column.wanted}。", "error_type": "warning"},
            )  # fmt: skip


def _explanation(page: Any, layout: Layout, looks: Mapping[str, Any]) -> None:
    page.set_column(0, 0, 16)
    page.set_column(1, 1, 8)
    page.set_column(2, 2, 70)
    page.set_column(3, 3, 26)
    for at, title in enumerate(("列", "必填", "填什么", "例")):
        page.write_string(0, at, title, looks["head"])
    for number, column in enumerate(layout.columns, 1):
        words = "、".join(word for _, word in column.choices)
        what = "；".join(part for part in (column.help.rstrip("。"), words) if part)
        cells = (column.title, "是" if column.needed else "", what, column.example)
        for at, cell in enumerate(cells):
            page.write_string(number, at, cell, looks["cell"])
    last = len(layout.columns) + 1
    lines = (
        layout.lead,
        "必填的列标题为黄色；可填名称或代码的列，两种都认。",
        "列可以少（没有的列不改动），次序不限；“示例”和“填写说明”两张表不读。",
    )
    for number, line in enumerate(lines, last + 1):
        page.merge_range(number, 0, number, 3, line, looks["cell"])
