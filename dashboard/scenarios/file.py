"""A scenario's comparison as a file: CSV, and XLSX with numbers as numbers."""

import csv
import io
from collections.abc import Iterator
from decimal import Decimal

import xlsxwriter

from basins.installation import installation_mark, mark_printed
from dashboard.files.cells import safe
from settlements.scenarios.comparison import Comparison

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
HEAD = ("期间", "协议方", "行政区代码", "实际净额(元)", "情景净额(元)", "差额(元)")
Row = tuple[str, str, str, Decimal, Decimal, Decimal]


def comparison_csv(comparison: Comparison) -> bytes:
    """Every period and party, in yuan to the fen; UTF-8 with a mark so that Excel reads it."""
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow(HEAD)
    for label, name, code, *figures in _rows(comparison):
        writer.writerow([label, safe(name), safe(code), *figures])
    return out.getvalue().encode("utf-8-sig")


def comparison_xlsx(comparison: Comparison) -> bytes:
    """Sheets by month, by year and by party; amounts are numbers in yuan, two decimals shown."""
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out, {"in_memory": True, "strings_to_formulas": False})
    head = book.add_format({"bold": True, "bottom": 1})
    money = book.add_format({"num_format": "#,##0.00"})
    for title, rows in (
        ("按月", _rows(comparison)),
        ("按年", _rows(comparison, yearly=True)),
        ("按各方", _by_party(comparison)),
    ):
        sheet = book.add_worksheet(title)
        sheet.write_row(0, 0, HEAD, head)
        sheet.freeze_panes(1, 0)
        if mark := installation_mark():
            sheet.write_string(0, len(HEAD), mark, head)
        mark_printed(sheet)
        sheet.set_column(0, 2, 16)
        sheet.set_column(3, 5, 18, money)
        for number, row in enumerate(rows, start=1):
            for column, text in enumerate(row[:3]):
                sheet.write_string(number, column, text)
            for column, amount in enumerate(row[3:], start=3):
                sheet.write_number(number, column, amount, money)
    book.close()
    return out.getvalue()


def _rows(comparison: Comparison, *, yearly: bool = False) -> Iterator[Row]:
    """Each party's periods and their sum."""
    for place in comparison.parties:
        figures = (comparison.by_year if yearly else comparison.by_month)(place.code)
        for f in (*figures, comparison.total(figures)):
            yield f.label, place.name, place.code, f.actual, f.scenario, f.difference


def _by_party(comparison: Comparison) -> Iterator[Row]:
    for f in comparison.by_party():
        yield "全部期间", f.label, f.code, f.actual, f.scenario, f.difference
