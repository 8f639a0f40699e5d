"""Spans of time as an address or a person writes them: 12m, 2023, 2024-Q1, 2023-05, a..b.

Full-width digits, 年 月 季度, dots and slashes are understood; what is not understood is None.
"""

import calendar
import re
from dataclasses import dataclass
from datetime import date, timedelta

from basins.ranges import months_later
from written.text import plain

PRESETS = {"3m": "近3月", "12m": "近12月", "3y": "近3年", "all": "全部"}
MONTHS = {"3m": 3, "12m": 12, "3y": 36}
DEFAULT = "12m"
YEARS = range(1990, 2101)
BETWEEN = re.compile(r"\.\.|至|到|~|—|–")
QUARTER = re.compile(r"(\d{4})(?:年第?|[-./ ]?)(?:[Qq]([1-4])|([1-4一二三四])季度)")
DAY = re.compile(r"(\d{4})[-./年](\d{1,2})[-./月](\d{1,2})日?")
MONTH = re.compile(r"(\d{4})[-./年](\d{1,2})月?")
QUARTERS = {written: 1 + i // 2 for i, written in enumerate("1一2二3三4四")}
YEAR = re.compile(r"(\d{4})年?")


@dataclass(frozen=True, slots=True)
class Period:
    """From `first` to `last`, both days included; `code` as the address writes it."""

    first: date
    last: date
    code: str

    @property
    def label(self) -> str:
        return PRESETS.get(self.code) or self.code.replace("..", " 至 ")

    @property
    def is_preset(self) -> bool:
        return self.code in PRESETS

    @property
    def months(self) -> int:
        return (self.last.year - self.first.year) * 12 + self.last.month - self.first.month + 1

    @property
    def a_year_earlier(self) -> "Period":
        return Period(_year_before(self.first), _year_before(self.last), self.code)


def preset(code: str, month: date, beginning: date | None) -> Period:
    """A preset ending with `month`; 'all' begins with `beginning` (or is twelve months)."""
    last = _month_end(month.year, month.month)
    if code == "all" and beginning is not None:
        return Period(min(beginning, month), last, code)
    return Period(months_later(month, 1 - MONTHS.get(code, 12)), last, code)


def read(text: str) -> Period | None:
    """A typed span; ends in the wrong order are turned round."""
    ends = [_span(part) for part in BETWEEN.split(plain(text))]
    if not 1 <= len(ends) <= 2 or None in ends:
        return None
    spans = sorted(end for end in ends if end is not None)
    first, last = spans[0], spans[-1]
    code = first[2] if first == last else f"{first[2]}..{last[2]}"
    return Period(first[0], max(first[1], last[1]), code)


def _span(text: str) -> tuple[date, date, str] | None:
    try:
        if found := QUARTER.fullmatch(text):
            year, digit, chinese = found.groups()
            quarter = int(digit) if digit else QUARTERS[chinese]
            first, last = date(int(year), 3 * quarter - 2, 1), _month_end(int(year), 3 * quarter)
            span = first, last, f"{year}-Q{quarter}"
        elif found := DAY.fullmatch(text):
            day = date(*map(int, found.groups()))
            span = day, day, f"{day:%Y-%m-%d}"
        elif found := MONTH.fullmatch(text):
            year, month = map(int, found.groups())
            span = date(year, month, 1), _month_end(year, month), f"{year:04}-{month:02}"
        elif found := YEAR.fullmatch(text):
            year = int(found[1])
            span = date(year, 1, 1), date(year, 12, 31), f"{year:04}"
        else:
            return None
    except ValueError:  # no such day
        return None
    return span if span[0].year in YEARS and span[1].year in YEARS else None


def _month_end(year: int, month: int) -> date:
    return date(year, month, calendar.monthrange(year, month)[1])


def _year_before(day: date) -> date:
    return (day - timedelta(days=1) if (day.month, day.day) == (2, 29) else day).replace(
        year=day.year - 1
    )
