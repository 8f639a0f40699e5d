"""What people type, read: full-width digits, 1,000, 500万元, 2023年1月, 2023.1, 50%.

Each reader takes the typed text and gives a value or raises ValueError with the remedy;
each `say_` gives it back in one normalised form.
"""

import calendar
import re
import unicodedata
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction

from monitoring.standards.exact import Number
from settlements.models.shares import share_words
from settlements.money import MoneyError, format_wan, format_yuan, yuan
from settlements.rules.facts import plain_decimal

LARGEST = 10**12  # yuan
LONGEST = 60  # characters of a typed number; Decimal overflows on very long ones
YEARS = range(1990, 2101)
_NUMBER = re.compile(r"([+-]?)((?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?|\.\d+)(.*)")
_SCALES = (("亿", 100_000_000), ("千万", 10_000_000), ("百万", 1_000_000), ("万", 10_000))
_DAY = re.compile(r"(\d{4})[-./年](\d{1,2})[-./月](\d{1,2})日?")
_DIGITS = re.compile(r"(\d{4})(\d{2})(\d{2})")
_MONTH = re.compile(r"(\d{4})[-./年](\d{1,2})月?")
_FRACTION = re.compile(r"(\d{1,6})[/\u2044](\d{1,6})")
_SPOKEN = re.compile(r"([一二三四五六七八九十百两]+)分之([一二三四五六七八九十百两]+)")
MOST_PARTS = 999_999
_YEAR = re.compile(r"(\d{4})年?")


def plain(text: str) -> str:
    """Half-width, without spaces, a true minus and the Chinese full stop as ASCII."""
    half = unicodedata.normalize("NFKC", text).translate({0x2212: "-", 0x3002: "."})
    return re.sub(r"\s+", "", half)


def _parts(text: str) -> tuple[Decimal, str]:
    if len(text) > LONGEST:
        raise ValueError(f"“{text[:12]}…”太长；请只填一个数，如 1000、1,000 或 0.5。")
    found = _NUMBER.fullmatch(plain(text))
    if not found:
        raise ValueError(f"“{text}”不是数字；请填如 1000、1,000 或 0.5。")
    sign, digits, rest = found.groups()
    if rest.startswith((".", ",")) or rest[:1].isdigit():
        raise ValueError(f"“{text}”的逗号或小数点位置不对；请填如 1,000 或 1000.5。")
    return Decimal(sign + digits.replace(",", "")), rest


def read_money(text: str, unit: str = "") -> Decimal:
    """Yuan to the fen from "500万元", "1.2亿元", "1,000", "100万元/月"."""
    number, rest = _parts(text)
    factor = 1
    for word, scale in _SCALES:
        if rest.startswith(word):
            factor, rest = scale, rest[len(word) :]
            break
    if not _is_unit(rest, unit, "元"):
        raise ValueError(f"“{text}”里的“{rest}”看不懂；金额请填如 500万元 或 5,000,000。")
    if abs(number * factor) >= LARGEST:
        raise ValueError(f"“{text}”超过一万亿元；请查单位是否写错。")
    try:
        return yuan(number * factor)
    except MoneyError as wrong:
        raise ValueError(f"“{text}”不是整分；金额请精确到分。") from wrong


def read_decimal(text: str, unit: str = "") -> Decimal:
    number, rest = _parts(text)
    if not _is_unit(rest, unit):
        raise ValueError(f"“{text}”里的“{rest}”看不懂；请只填数字{_in(unit)}。")
    return number


def read_percent(text: str, unit: str = "") -> Decimal:
    """20 and 20% are both 20."""
    number, rest = _parts(text)
    if rest != "%" and not _is_unit(rest, unit):
        raise ValueError(f"“{text}”里的“{rest}”看不懂；请填百分数，如 20 或 20%。")
    return number


def read_integer(text: str, unit: str = "") -> int:
    number = read_decimal(text, unit)
    if number != int(number):
        raise ValueError(f"“{text}”不是整数；请填整数{_in(unit)}。")
    return int(number)


def read_share(text: str) -> Number:
    """A part of 1: "50%", "0.5", "50" (more than 1 is per cent), "1" (all), "1/3", "三分之一"."""
    if found := _FRACTION.fullmatch(plain(text)):
        share: Number = _fraction(text, int(found[1]), int(found[2]))
    elif found := _SPOKEN.fullmatch(plain(text)):
        share = _fraction(text, _said(found[2]), _said(found[1]))
    else:
        number, rest = _parts(text)
        if rest not in ("", "%"):
            raise ValueError(f"“{text}”里的“{rest}”看不懂；份额请填如 50%、0.5 或 1/3。")
        share = number / 100 if rest or number > 1 else number
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


def read_day(text: str) -> date:
    """The day, or the first one of the month or year written."""
    return _span(text)[0]


def read_last_day(text: str) -> date:
    """The day, or the last one of the month or year written."""
    return _span(text)[1]


def say_money(value: Decimal) -> str:
    return f"{format_yuan(value)} 元（{format_wan(value)} 万元）"


def type_money(value: Decimal) -> str:
    """As one would type it: 500万元, or yuan where that needs more than two decimals."""
    wan = value / 10000
    return f"{plain_decimal(wan)}万元" if wan == round(wan, 2) and wan else f"{value:,.2f}"


def say_share(value: Number) -> str:
    return share_words(value)


def _is_unit(rest: str, *units: str) -> bool:
    known = {plain(unit) for unit in units if unit} | {""}
    return rest in known or any(rest == f"元/{u}" for u in ("月", "年", "次", "档", "级", "日"))


def _in(unit: str) -> str:
    return f"（单位 {unit.strip()}）" if unit.strip() else ""


def _span(text: str) -> tuple[date, date]:
    written = plain(text)
    try:
        if found := _DAY.fullmatch(written) or _DIGITS.fullmatch(written):
            day = date(*map(int, found.groups()))
            first = last = day
        elif found := _MONTH.fullmatch(written):
            year, month = map(int, found.groups())
            first = date(year, month, 1)
            last = date(year, month, calendar.monthrange(year, month)[1])
        elif found := _YEAR.fullmatch(written):
            first, last = date(int(found[1]), 1, 1), date(int(found[1]), 12, 31)
        else:
            raise ValueError("form")
    except ValueError as wrong:
        raise ValueError(f"“{text}”不是日期；请填如 2023-01-01、2023年1月 或 2023.1。") from wrong
    if first.year not in YEARS:
        raise ValueError(f"“{text}”的年份不在 {YEARS[0]}–{YEARS[-1]} 之内。")
    return first, last


def day_after(day: date) -> date:
    return day + timedelta(days=1)
