"""The month a sheet is of, by its name: 2024年1月, 2024-01, 202401, 1月, 一月份."""

import re
from typing import NamedTuple

from .days import YEARS
from .text import narrow

_WORDS = ("一", "二", "三", "四", "五", "六", "七", "八", "九", "十", "十一", "十二")
_IN_WORDS = re.compile("([一二三四五六七八九]|十[一二]?)(?=月)")
_WITH_YEAR = re.compile(
    r"(?<!\d)(\d{4})\s*[-年./_]?\s*(1[0-2]|0?[1-9])(?!\d|\s*[-–~—至到])(?!\.\d)", re.ASCII
)
_ALONE = re.compile(r"(?<![\d\-–~—至到])(1[0-2]|0?[1-9])\s*月", re.ASCII)


class NamedMonth(NamedTuple):
    """`year` None: the name does not say it."""

    year: int | None
    month: int


def month_named(name: str) -> NamedMonth | None:
    """The one month a sheet's name says; None where it says none, or a span of months."""
    text = _IN_WORDS.sub(lambda found: str(_WORDS.index(found[1]) + 1), narrow(name))
    found = [(int(m[1]), int(m[2])) for m in _WITH_YEAR.finditer(text)]
    if len(found) == 1 and found[0][0] in YEARS:
        return NamedMonth(*found[0])
    alone = _ALONE.findall(text)
    if found or len(alone) != 1 or re.search(r"\d{4}", text):
        return None
    return NamedMonth(None, int(alone[0]))
