"""What people type, read: full-width digits, 1,000, 500万元, 2023年1月, 2023.1, 50%.

Each reader takes the typed text and gives a value or raises ValueError with the remedy;
each `say_` gives it back in one normalised form. How text is read stands in `written`.
"""

import re
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from unicodedata import normalize

from monitoring.standards.exact import Number
from settlements.models.shares import share_words
from settlements.money import format_wan, format_yuan
from settlements.rules.facts import plain_decimal
from written.amounts import read_yuan
from written.days import read_day, read_last_day, read_span
from written.numbers import read_number
from written.text import plain

__all__ = ["plain", "read_day", "read_last_day"]

_FRACTION = re.compile(r"(\d{1,6})[/\u2044](\d{1,6})")
_SPOKEN = re.compile(r"([一二三四五六七八九十百两]+)分之([一二三四五六七八九十百两]+)")
MOST_PARTS = 999_999


def read_money(text: str, unit: str = "") -> Decimal:
    """Yuan to the fen from "500万元", "1.2亿元", "1,000", "100万元/月"."""
    return read_yuan(text, unit=unit)


def read_decimal(text: str, unit: str = "") -> Decimal:
    found = read_number(text)
    if not _is_unit(found.rest, unit):
        raise ValueError(f"“{text}”里的“{found.rest}”看不懂；请只填数字{_in(unit)}。")
    return found.number


def read_percent(text: str, unit: str = "") -> Decimal:
    """20 and 20% are both 20."""
    found = read_number(text)
    if found.rest != "%" and not _is_unit(found.rest, unit):
        raise ValueError(f"“{text}”里的“{found.rest}”看不懂；请填百分数，如 20 或 20%。")
    return found.number


def read_integer(text: str, unit: str = "") -> int:
    number = read_decimal(text, unit)
    if number != int(number):
        raise ValueError(f"“{text}”不是整数；请填整数{_in(unit)}。")
    return int(number)


def read_share(text: str) -> Number:
    """A part of 1: "50%", "0.5", "50" (more than 1 is per cent), "1" (all), "1/3", "三分之一"."""
    typed = "".join(normalize("NFKC", text).split())  # ⅓ is 1⁄3
    if found := _FRACTION.fullmatch(typed):
        share: Number = _fraction(text, int(found[1]), int(found[2]))
    elif found := _SPOKEN.fullmatch(typed):
        share = _fraction(text, _said(found[2]), _said(found[1]))
    else:
        given = read_number(text)
        if given.rest not in ("", "%"):
            raise ValueError(f"“{text}”里的“{given.rest}”看不懂；份额请填如 50%、0.5 或 1/3。")
        share = given.number / 100 if given.rest or given.number > 1 else given.number
        if share != round(share, 8):
            raise ValueError("份额的小数太长；除不尽的请填分数，如 1/3。")
    if not 0 < share <= 1:
        raise ValueError("份额须大于 0、不大于 100%。")
    return share


def _fraction(text: str, part: int, whole: int) -> Fraction:
    if not whole or part > MOST_PARTS or whole > MOST_PARTS:
        raise ValueError(f"“{text}”不能作份额；分子、分母请填 1 至 {MOST_PARTS} 的整数，如 1/3。")
    return Fraction(part, whole)


def _said(numeral: str) -> int:
    """三 → 3, 十二 → 12. Raises ValueError for what is no numeral."""
    from cn2an import cn2an  # its tables take longer to load than most pages to be made

    return int(cn2an(numeral, "smart"))


def read_first_day(text: str) -> date:
    """The day, or the first one of the month or year written: from when something holds."""
    return read_span(text, dotted_month=True).first


def say_money(value: Decimal) -> str:
    return f"{format_yuan(value)} 元（{format_wan(value)} 万元）"


def type_money(value: Decimal) -> str:
    """As one would type it: 500万元, or yuan where that needs more than two decimals."""
    wan = value / 10000
    return f"{plain_decimal(wan)}万元" if wan == round(wan, 2) and wan else f"{value:,.2f}"


def say_share(value: Number) -> str:
    return share_words(value)


def _is_unit(rest: str, unit: str) -> bool:
    return rest in ("", plain(unit)) or any(
        rest == f"元/{u}" for u in ("月", "年", "次", "档", "级", "日")
    )


def _in(unit: str) -> str:
    return f"（单位 {unit.strip()}）" if unit.strip() else ""


def day_after(day: date) -> date:
    return day + timedelta(days=1)
