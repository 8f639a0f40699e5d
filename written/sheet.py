"""A sheet as it was read: rows of text, numbered as a spreadsheet shows them."""

from typing import NamedTuple


class Row(NamedTuple):
    """`number`: counted from 1, blank rows included."""

    number: int
    cells: list[str]


class Sheet(NamedTuple):
    """Rows that are not blank; `name` is empty where the file is no workbook.

    `semicolons`: they part the cells of a CSV, so a comma may be the decimal point.
    """

    name: str
    hidden: bool
    rows: list[Row]
    semicolons: bool = False


def place(number: int, sheet: str = "") -> str:
    """Words for a row, with its sheet where there are several: 工作表“2月”第 3 行."""
    return f"工作表“{sheet}”第 {number} 行" if sheet else f"第 {number} 行"
