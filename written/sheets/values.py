"""A cell's value as text, as its writer meant it.

Numbers are read to fifteen significant digits, as spreadsheets show them: 0.1 + 0.2 is kept as
0.30000000000000004 and means 0.3.
"""

import math
from datetime import date, datetime
from decimal import Decimal

from written.sheets.extent import TooMuch
from written.sheets.formats import FAULTY, CellFormat

DIGITS = 15
_LONG = 20  # whole digits above which a number is written with its exponent


def text_of(value: object, shown_as: CellFormat | None, place: str) -> str:
    """Raises TooMuch for a number that no spreadsheet holds (1e400)."""
    if shown_as is FAULTY:
        return FAULTY.unit
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, int | float):
        if not math.isfinite(value):
            raise TooMuch(f"单元格 {place} 的数超出表格软件的范围；请更正后再导入。")
        return _number(Decimal(f"{value:.{DIGITS}g}") + 0, shown_as)
    if isinstance(value, datetime):
        if (value.hour, value.minute, value.second) == (0, 0, 0):
            return f"{value:%Y-%m-%d}"
        return f"{value:%Y-%m-%d %H:%M:%S}"
    if isinstance(value, date):
        return f"{value:%Y-%m-%d}"
    return "" if value is None else str(value)


def _number(number: Decimal, shown_as: CellFormat | None) -> str:
    if shown_as is not None and shown_as.percent:
        number *= 100
    if number and number.adjusted() > _LONG:
        text = f"{number:E}"
    else:
        text = f"{number:f}"
        text = text.rstrip("0").rstrip(".") if "." in text else text
    if shown_as is None:
        return text
    return text + ("%" if shown_as.percent else shown_as.unit)
