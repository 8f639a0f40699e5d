"""Moments of sampling as they are written: 2023-01-05 08:00, 2023年1月5日 8时, 01-05 08:00.

A year stands first. Whose system writes otherwise says how (`FORMS`): 05/01/2023 is the fifth of
January or the first of May, which no file tells by itself. On a sheet of one month a day may stand
alone (5日 8时).
"""

import re
from datetime import UTC, date, datetime, timedelta, timezone

from .text import MISSING, CellError, narrow

# Beijing time. Monitoring data ignore the summer time of 1986–1991.
BEIJING = timezone(timedelta(hours=8))
FIRST_YEAR = 1980
AHEAD_OF_CLOCK = timedelta(hours=1)
LONGEST = 40
DMY, MDY, COMPACT = "DMY", "MDY", "compact"
FORMS = {
    "": "年-月-日（2023-01-05 08:00）",
    DMY: "日/月/年（05/01/2023 08:00）",
    MDY: "月/日/年（01/05/2023 08:00）",
    COMPACT: "无分隔符（20230105、202301050800）",
}
ZONES = {"Asia/Shanghai": BEIJING, "UTC": UTC}

_TIME = re.compile(
    r"(?:(?P<year>\d{4})[-/.年])?\s*(?P<month>\d{1,2})[-/.月]\s*(?P<day>\d{1,2})(?P<ri>日?)"
    r"(?:(?P<gap>T|\s*)(?P<hour>\d{1,2})"
    r"(?:[:时点](?:(?P<minute>\d{1,2})分?(?::?(?P<second>\d{1,2})(?:\.(?P<part>\d{1,6}))?秒?)?)?)?)?"
    r"\s*(?P<zone>Z|[+-]\d{2}:?(?:\d{2})?)?",
    re.ASCII,
)

_YEAR_LAST = re.compile(r"(\d{1,2})[-/.](\d{1,2})[-/.](\d{4})(?!\d)(.*)", re.ASCII)
_COMPACT = re.compile(
    r"(\d{4})(\d{2})(\d{2})(?:[T\s]*(\d{2}):?(\d{2})?:?(\d{2})?)?(Z|[+-]\d{2}:?\d{2})?", re.ASCII
)
_DAY_ALONE = re.compile(r"(\d{1,2})(?:[日号]\s*|\s+|$)(.*)", re.ASCII)


def has_clock(text: str) -> bool:
    """Whether more than a day is written."""
    return any(sign in narrow(text) for sign in (":", "时", "点", "T"))


def has_no_year(text: str) -> bool:
    match = _matched(narrow(text))
    return match is not None and match["year"] is None


def is_day_alone(text: str) -> bool:
    """Whether a day is written without month and year: 5, 5日, 5日 8时."""
    cell = narrow(text)
    found = _DAY_ALONE.fullmatch(cell) if len(cell) <= LONGEST else None
    return found is not None and _matched(f"2000-01-{found[1]} {found[2]}".strip()) is not None


def read_time(
    text: str,
    *,
    year: int | None,
    now: datetime,
    form: str = "",
    zone: timezone = BEIJING,
    within: date | None = None,
) -> datetime | None:
    """The moment in UTC; without an offset the cell is Beijing time, or that of `zone`.

    A date alone is 00:00 of that day; 24:00 is 00:00 of the next. `year` fills in only what a
    cell leaves out. `form`: one of FORMS, in which a year need not stand first. `within`: the
    first day of the month whose sheet it is: it says the month of a day that stands alone, and
    the year of a day and month that lie in it. Raises CellError: malformed, no such day, before
    1980, after now + 1 h.
    """
    cell = narrow(text)
    if cell in MISSING:
        return None
    cell = _year_first(cell, form)
    if within is not None:
        cell = _placed(cell, within)
    match = _matched(cell)
    if match is None:
        raise CellError(_malformed(cell, form))
    if match["year"] is None and year is None:
        raise CellError(
            "时间没有年份；请写成“2023-01-05 08:00”，或指明年份（上传页的“年份”一栏，命令用 --year 2023）。"
        )
    in_year = int(match["year"]) if match["year"] else year
    assert in_year is not None
    day = _day(in_year, int(match["month"]), int(match["day"]))
    hour, minute, second = (int(match[part] or 0) for part in ("hour", "minute", "second"))
    part = int((match["part"] or "").ljust(6, "0"))
    if hour > 24 or minute > 59 or second > 59 or (hour == 24 and (minute or second or part)):
        raise CellError("一天中没有这个时刻；时应为 0–23，分、秒应为 0–59，请更正。")
    moment = (
        day.replace(tzinfo=_zone(match["zone"], zone))
        + timedelta(hours=hour, minutes=minute, seconds=second, microseconds=part)
    ).astimezone(UTC)
    if moment > now + AHEAD_OF_CLOCK:
        raise CellError(
            "监测时间晚于现在；请核对日期" + ("和所指明的年份。" if match["year"] is None else "。")
        )
    return moment


def _year_first(cell: str, form: str) -> str:
    """The cell with its year first, where it is written in that form."""
    if len(cell) > LONGEST:
        return cell
    if form == COMPACT and (found := _COMPACT.fullmatch(cell)):
        year, month, day, hour, minute, second, zone = found.groups()
        clock = f" {hour}:{minute or '00'}:{second or '00'}{zone or ''}" if hour else ""
        return f"{year}-{month}-{day}{clock}"
    if form in (DMY, MDY) and (found := _YEAR_LAST.fullmatch(cell)):
        first, second, year, rest = found.groups()
        day, month = (first, second) if form == DMY else (second, first)
        return f"{year}-{month}-{day} {rest.strip()}".strip()
    return cell


def _placed(cell: str, within: date) -> str:
    """A day on the sheet of a month, with its month and year."""
    if is_day_alone(cell) and (found := _DAY_ALONE.fullmatch(cell)):
        return f"{within:%Y-%m}-{found[1]} {found[2]}".strip()
    match = _matched(cell)
    if match is None or match["year"] is not None:
        return cell
    if int(match["month"]) != within.month:
        raise CellError(
            f"不在工作表名所说的 {within.year}年{within.month}月，年份无从知道；请写上年份或改正日期。"
        )
    return f"{within.year}-{cell}"


def _malformed(cell: str, form: str) -> str:
    if not form and len(cell) <= LONGEST and _YEAR_LAST.fullmatch(cell):
        return (
            "日、月的先后不明；请写成“2023-01-05 08:00”，或指明时间格式（DMY 日在前，MDY 月在前）。"
        )
    if is_day_alone(cell):
        return "只有日，没有月份；请写成“2023-01-05 08:00”，或把工作表名写成年月（如 2023年1月）。"
    return "时间格式不对；请写成“2023-01-05 08:00”。"


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


def _zone(text: str | None, default: timezone) -> timezone:
    if text is None:
        return default
    if text == "Z":
        return UTC
    digits = text[1:].replace(":", "")
    hours, minutes = int(digits[:2]), int(digits[2:] or 0)
    if hours > 14 or minutes > 59:
        raise CellError(f"没有时区“{text}”；北京时间请写“+08:00”或不写。")
    offset = timedelta(hours=hours, minutes=minutes)
    return timezone(-offset if text[0] == "-" else offset)
