"""Days, months and years as they are written: 2023-01-05, 2023年1月, 202301, 20230105, 2023.

A number is no month: a spreadsheet keeps 2023.10 as 2023.1, which would be January. Where a day
is meant, a month is refused or stands for its last day; the caller says which.
"""

import calendar
import re
from dataclasses import dataclass
from datetime import date

from .text import CellError, narrow, shown

YEARS = range(1990, 2101)
_DAY = re.compile(r"(\d{4})([-./年])(\d{1,2})[-./月](\d{1,2})日?(?:T?00:00(?::00)?)?", re.ASCII)
_DIGITS = re.compile(r"(\d{4})()(\d{2})(\d{2})", re.ASCII)
_MONTH = re.compile(r"(\d{4})(?:([-./年])(\d{1,2})月?|()(\d{2}))", re.ASCII)
_YEAR = re.compile(r"(\d{4})年?度?", re.ASCII)
_TWO = re.compile(r"\d\s+\d", re.ASCII)
EXAMPLES = "请填如 2023-01-05、2023年1月5日"


class NoDay(CellError):
    """Neither a day nor a month nor a year."""


@dataclass(frozen=True, slots=True)
class WrittenSpan:
    """A day, a month or a year (`of`): its first and last day."""

    first: date
    last: date
    of: str

    DAY, MONTH, YEAR = "day", "month", "year"


def read_span(text: str, *, dotted_month: bool = False) -> WrittenSpan:
    """What is written, as long as it is. Raises CellError with the remedy.

    `dotted_month`: 2023.1 is January; only where a person types it and it is said back.
    """
    written = narrow(text) if len(text) <= 40 else ""
    squeezed = "" if _is_two(written) else "".join(written.split())
    try:
        if found := _DAY.fullmatch(squeezed) or _DIGITS.fullmatch(squeezed):
            day = date(int(found[1]), int(found[3]), int(found[4]))
            span = WrittenSpan(day, day, WrittenSpan.DAY)
        elif found := _MONTH.fullmatch(squeezed):
            if found[2] == "." and not dotted_month:
                raise CellError(
                    f"“{shown(text)}”是数，不是月份（表格软件把 2023.10 存成 2023.1）；"
                    "请写成文字 2023-10 或日期。"
                )
            year, month = int(found[1]), int(found[3] or found[5])
            first = date(year, month, 1)
            last = date(year, month, calendar.monthrange(year, month)[1])
            span = WrittenSpan(first, last, WrittenSpan.MONTH)
        elif found := _YEAR.fullmatch(squeezed):
            year = int(found[1])
            span = WrittenSpan(date(year, 1, 1), date(year, 12, 31), WrittenSpan.YEAR)
        else:
            raise ValueError("form")
    except CellError:
        raise
    except ValueError as wrong:
        raise NoDay(f"“{shown(text, 20)}”不是日期；{EXAMPLES}。") from wrong
    if span.first.year not in YEARS:
        raise CellError(f"“{shown(text)}”的年份不在 {YEARS[0]}–{YEARS[-1]} 之内。")
    return span


def read_day(text: str) -> date:
    """The day written; a month or year is none: it is asked for. Raises CellError."""
    span = read_span(text, dotted_month=True)
    if span.of != WrittenSpan.DAY:
        what = "月份" if span.of == WrittenSpan.MONTH else "年份"
        raise CellError(f"“{shown(text)}”是{what}，没有写到日；{EXAMPLES}。")
    return span.first


def read_month(text: str) -> date:
    """The first day of the month written. A day is in its month; a year is none. Raises CellError."""
    try:
        span = read_span(text, dotted_month=True)
    except NoDay as wrong:
        raise CellError(f"“{shown(text, 20)}”不是月份；请填如 2023-01 或 2023年1月。") from wrong
    if span.of == span.YEAR:
        raise CellError(f"“{shown(text)}”是年份，没有写到月；请填如 2023-01 或 2023年1月。")
    return span.first.replace(day=1)


def read_last_day(text: str) -> date:
    """The day, or the last one of the month or year written: of a balance, of a deadline."""
    return read_span(text, dotted_month=True).last


def _is_two(written: str) -> bool:
    """2025 10: two numbers beside each other are no month. A midnight behind a day is none."""
    return bool(_TWO.search(re.sub(r"\s+00:00(:00)?$", "", written)))
