"""From the text of one cell to what it means; a CellError says what is wrong and the remedy."""

import re
import unicodedata
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal, InvalidOperation

from .indicators import WrittenIndicator
from .rows import Value, shown

# Beijing time. Monitoring data ignore the summer time of 1986–1991.
BEIJING = timezone(timedelta(hours=8))
FIRST_YEAR = 1980
AHEAD_OF_CLOCK = timedelta(hours=1)

MISSING = frozenset({"", "*", "-", "--", "---", "—", "——", "/"})
LONGEST = 40
DECIMALS, WHOLE_DIGITS = 8, 12  # numeric(20, 8)
GAP_CODES = frozenset(Decimal(code) for code in ("-99", "-999", "-9999"))

STATION_STATES = {"正常": "N", "维护": "M", "不具备运行条件": "D", "停站": "F"}
FLAGS = {
    "N": "正常",
    "F": "停运",
    "M": "维护",
    "S": "手工录入",
    "D": "故障",
    "C": "校准",
    "T": "超上限",
    "B": "通讯故障",
    "L": "低于下限",
    "P": "电源故障",
    "Z": "缺水样",
}
QUALITY_CONTROL = frozenset({"SC", "CZ", "CS"})
_FLAG_WORDS = STATION_STATES | {word: flag for flag, word in FLAGS.items()} | {"停站": "F"}

ORIGINS = {
    "自动": "automatic",
    "自动监测": "automatic",
    "automatic": "automatic",
    "手工": "manual",
    "手工监测": "manual",
    "人工": "manual",
    "manual": "manual",
    "联合": "joint",
    "联合监测": "joint",
    "joint": "joint",
    "留样": "reserve",
    "reserve": "reserve",
}
_NUMERALS = ("Ⅰ", "Ⅱ", "Ⅲ", "Ⅳ", "Ⅴ", "劣Ⅴ")
# NFKC turns Ⅳ into IV.
_CLASSES = dict(zip(("I", "II", "III", "IV", "V", "劣V"), _NUMERALS, strict=True)) | dict(
    zip("123456", _NUMERALS, strict=True)
)

_TIME = re.compile(
    r"(?:(?P<year>\d{4})[-/.年])?\s*(?P<month>\d{1,2})[-/.月]\s*(?P<day>\d{1,2})(?P<ri>日?)"
    r"(?:(?P<gap>T|\s*)(?P<hour>\d{1,2})"
    r"(?:[:时点](?:(?P<minute>\d{1,2})分?(?::?(?P<second>\d{1,2})(?:\.(?P<part>\d{1,6}))?秒?)?)?)?)?"
    r"\s*(?P<zone>Z|[+-]\d{2}:?(?:\d{2})?)?",
    re.ASCII,
)
_GROUPED = re.compile(r"[+-]?[1-9]\d{0,2}(,\d{3})+(\.\d*)?", re.ASCII)
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)(E[+-]?\d{1,3})?", re.ASCII)
_OWN_FLAG = re.compile(r"(.+)\(([A-Z])\)")


class CellError(ValueError):
    """A cell that cannot be taken; the message is Chinese and holds the remedy."""


def narrow(text: str) -> str:
    """Full-width forms made narrow, outer spaces and the minus sign's variants removed."""
    return unicodedata.normalize("NFKC", text).strip().replace("−", "-")


def has_no_year(text: str) -> bool:
    match = _matched(narrow(text))
    return match is not None and match["year"] is None


def read_time(text: str, *, year: int | None, now: datetime) -> datetime | None:
    """The moment in UTC; without an offset the cell is Beijing time.

    A date alone is 00:00 of that day; 24:00 is 00:00 of the next. `year` fills in only what a
    cell leaves out. Raises CellError: malformed, no such day, before 1980, after now + 1 h.
    """
    cell = narrow(text)
    if cell in MISSING:
        return None
    match = _matched(cell)
    if match is None:
        raise CellError("时间格式不对；请写成“2023-01-05 08:00”。")
    if match["year"] is None and year is None:
        raise CellError("时间没有年份；请写成“2023-01-05 08:00”，或导入时用 --year 指明年份。")
    in_year = int(match["year"]) if match["year"] else year
    assert in_year is not None
    day = _day(in_year, int(match["month"]), int(match["day"]))
    hour, minute, second = (int(match[part] or 0) for part in ("hour", "minute", "second"))
    part = int((match["part"] or "").ljust(6, "0"))
    if hour > 24 or minute > 59 or second > 59 or (hour == 24 and (minute or second or part)):
        raise CellError("一天中没有这个时刻；时应为 0–23，分、秒应为 0–59，请更正。")
    moment = (
        day.replace(tzinfo=_zone(match["zone"]))
        + timedelta(hours=hour, minutes=minute, seconds=second, microseconds=part)
    ).astimezone(UTC)
    if moment > now + AHEAD_OF_CLOCK:
        raise CellError(
            "监测时间晚于现在；请核对日期"
            + ("和 --year 给出的年份。" if match["year"] is None else "。")
        )
    return moment


def _matched(cell: str) -> re.Match[str] | None:
    """A time we are sure to read as its writer meant it."""
    match = _TIME.fullmatch(cell) if len(cell) <= LONGEST else None
    if match is None:
        return None
    glued = match["hour"] and not match["gap"] and not match["ri"]  # 2021-04-108
    offset_or_range = match["zone"] and not match["minute"]  # 2021-04-01-08
    number = match["year"] is None and "." in cell[:4]  # 4.01
    return None if glued or offset_or_range or number else match


def _day(year: int, month: int, day: int) -> datetime:
    if not 1 <= month <= 12:
        raise CellError(f"没有 {month} 月；月份应为 1–12，请按“年-月-日”的次序填写。")
    if not FIRST_YEAR <= year < 9999:
        raise CellError(f"年份 {year} 早于 {FIRST_YEAR} 年或不合理；请核对年份。")
    try:
        return datetime(year, month, day)  # noqa: DTZ001 — the caller gives it its zone
    except ValueError as error:
        raise CellError(f"{year}年没有{month}月{day}日；请核对日期和年份。") from error


def _zone(text: str | None) -> timezone:
    if text is None:
        return BEIJING
    if text == "Z":
        return UTC
    digits = text[1:].replace(":", "")
    hours, minutes = int(digits[:2]), int(digits[2:] or 0)
    if hours > 14 or minutes > 59:
        raise CellError(f"没有时区“{text}”；北京时间请写“+08:00”或不写。")
    offset = timedelta(hours=hours, minutes=minutes)
    return timezone(-offset if text[0] == "-" else offset)


def read_value(
    text: str, indicator: WrittenIndicator, *, decimal_comma: bool = False
) -> Value | None:
    """The value in the indicator's unit; None when missing.

    Taken: full-width digits, spaces, thousands (1,234.5), 7.19E+06, `0.025L`, `<0.025`,
    `0.31(M)`. `decimal_comma`: the file parts its cells by semicolons, so a comma may be the
    decimal point: refused, not guessed. Raises CellError.
    """
    cell = "".join(narrow(text).split()).upper()
    if cell in MISSING:
        return None
    flag = None
    if own := _OWN_FLAG.fullmatch(cell):
        cell, flag = own[1], read_flag(own[2])
    below = cell.startswith("<") or cell.endswith("L")
    digits = cell.removeprefix("<").removesuffix("L")
    number = _number(digits, decimal_comma=decimal_comma)
    if below and not indicator.has_detection_limit:
        raise CellError(f"{indicator.title}没有检出限；请填测得的数值，缺测请填“--”。")
    if below and number <= 0:
        raise CellError("检出限应大于 0；未检出请写成“0.025L”或“<0.025”。")
    _refuse_impossible(number, indicator)
    return Value(indicator.code, number, below, flag)


def _number(digits: str, *, decimal_comma: bool) -> Decimal:
    if "," in digits:
        if decimal_comma or not _GROUPED.fullmatch(digits):
            raise CellError("逗号用法不明；小数点请用“.”，不要写千位逗号。")
        digits = digits.replace(",", "")
    if len(digits) > LONGEST or not _NUMBER.fullmatch(digits):
        raise CellError(
            "不是数；请只填数字（单位写在列标题里），缺测请填“--”，未检出请填“0.025L”或“<0.025”。"
        )
    try:
        number = Decimal(digits)
    except InvalidOperation as error:
        raise CellError("不是数；请只填数字，缺测请填“--”。") from error
    if number in GAP_CODES:
        raise CellError(f"{number} 是仪器的缺测代码，不是测值；缺测请填“--”。")
    return number


def _refuse_impossible(number: Decimal, indicator: WrittenIndicator) -> None:
    if number < indicator.least:
        if indicator.code == "pH":
            raise CellError("pH 应在 0–14 之间；请核对小数点，仪器故障请填“--”。")
        if indicator.least < 0:
            raise CellError(
                f"{indicator.title}不可能低于 {indicator.least} {indicator.unit}；"
                "请核对，仪器故障请填“--”。"
            )
        what = "浓度" if indicator.unit == "mg/L" else indicator.title
        raise CellError(f"{what}不能为负；仪器故障请填“--”，未检出请填“<0.025”。")
    if number > indicator.most:
        if indicator.code == "pH":
            raise CellError("pH 应在 0–14 之间；请核对小数点，仪器故障请填“--”。")
        raise CellError(
            f"{indicator.title}不可能高于 {indicator.most:f} {indicator.unit}；"
            "请核对小数点和单位，仪器故障请填“--”。"
        )
    _, digits, exponent = number.as_tuple()
    assert isinstance(exponent, int)
    significant = "".join(map(str, digits)).rstrip("0")
    decimals = len(significant) - len(digits) - exponent if significant else 0
    if decimals > DECIMALS or number.adjusted() >= WHOLE_DIGITS:
        raise CellError(
            f"位数太多；整数最多 {WHOLE_DIGITS} 位、小数最多 {DECIMALS} 位，"
            "请按方法规定的位数修约后填报。"
        )


def read_station_state(text: str) -> str:
    """The HJ 212 flag of a station's state in the national release.

    停站 is F (stopped). S is not used for it: S is a value typed by hand, which may count.
    """
    state = narrow(text)
    if state not in STATION_STATES:
        raise CellError(f"不认识的站点情况；只能是：{'、'.join(STATION_STATES)}。")
    return STATION_STATES[state]


def read_flag(text: str) -> str:
    """The flag of a sample: an HJ 212 letter or its Chinese word; an empty cell is N."""
    cell = narrow(text)
    if cell in MISSING:
        return "N"
    if cell.upper() in QUALITY_CONTROL:
        raise CellError("这是质控数据（标样、零点、跨度核查），不能作为监测数据导入；请删去该行。")
    # HJ 1404 gives lower-case letters other meanings, so case counts.
    if cell in FLAGS:
        return cell
    if cell in _FLAG_WORDS:
        return _FLAG_WORDS[cell]
    names = "、".join(f"{flag} {word}" for flag, word in FLAGS.items())
    raise CellError(f"不认识的数据标识；只能是：{names}。")


def read_origin(text: str, *, default: str) -> str:
    cell = narrow(text).lower()
    if cell in MISSING:
        return default
    if cell not in ORIGINS:
        raise CellError("不认识的来源；只能是：自动、手工、联合、留样。")
    return ORIGINS[cell]


def read_official_class(text: str) -> str | None:
    cell = narrow(text).upper().removesuffix("类")
    if cell in MISSING:
        return None
    if cell not in _CLASSES:
        raise CellError("不认识的水质类别；只能是：Ⅰ、Ⅱ、Ⅲ、Ⅳ、Ⅴ、劣Ⅴ，没有请填“*”。")
    return _CLASSES[cell]


def read_name(text: str, *, longest: int = 100) -> str | None:
    """A name or code as written, outer spaces removed; None when missing."""
    name = text.strip()
    if narrow(name) in MISSING:
        return None
    if len(name) > longest:
        raise CellError(f"名称超过 {longest} 个字；请核对是否错列（{shown(name)[:12]}…）。")
    if "\ufffd" in name or any(unicodedata.category(c)[0] == "C" for c in name):
        raise CellError("名称含有乱码或控制字符；请在源文件中更正，并以 UTF-8 重新导出。")
    return name
