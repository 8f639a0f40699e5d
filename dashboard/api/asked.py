"""What an address asks for beside its path: each parameter read by a rule of its own, or refused."""

import base64
import binascii
import json
import re
from collections.abc import Iterable
from datetime import UTC, date, datetime, time, timedelta
from urllib.parse import urlencode

from django.http import QueryDict
from django.utils import timezone

from dashboard.api.base import BadParameter
from monitoring.models import Reading
from monitoring.protocols.hj525 import indicator_of
from monitoring.protocols.layouts import INDICATORS
from monitoring.protocols.layouts.headings import indicator_named
from monitoring.sections.queries.values import ORIGINS, Key, Wanted

LIMIT, MOST = 1000, 10_000  # readings or sections an answer
MOST_NAMED = 500  # sections or indicators of one filter
YEARS = range(1900, 9999)
LAST_NUMBER = 2**63 - 1
ORIGIN_NUMBERS = {name: number for number, name in ORIGINS.items()}
MOMENTS = "请写 2026-11-01，或带时区的 2026-11-01T08:00:00+08:00。"
FORMATS = "format"
OF_READINGS = (
    "section", "indicator", "origin", "flag", "from", "to", "modified_since", "limit", "cursor",
    FORMATS,
)  # fmt: skip
OF_NEWEST = ("section", "indicator", "status", FORMATS)
OF_SECTIONS = ("river", "grade", "modified_since", "limit", "cursor", FORMATS)


def refuse_others(given: QueryDict, known: Iterable[str]) -> None:
    """Raises BadParameter for one that is not known: it would narrow nothing, and nobody would see."""
    for name in given:
        if name not in known:
            words = f"没有参数 {name[:40]}；这个地址认识：{'、'.join(known)}。"
            raise BadParameter(words)


def wanted_of(given: QueryDict) -> Wanted:
    """The readings that are asked for. Raises BadParameter, naming the parameter and the remedy."""
    origins, flags = several(given, "origin"), several(given, "flag")
    for name in origins or ():
        if name not in ORIGIN_NUMBERS:
            raise BadParameter(f"origin 只能是：{'、'.join(ORIGIN_NUMBERS)}。")
    for flag in flags or ():
        if flag not in Reading.FLAGS:
            raise BadParameter(f"flag 只能是：{'、'.join(Reading.FLAGS)}。")
    first, end = moment(given, "from"), moment(given, "to", end=True)
    if first is not None and end is not None and end <= first:
        raise BadParameter("to 须晚于 from。")
    return Wanted(
        sections=several(given, "section"),
        indicators=indicators(given),
        origins=None if origins is None else tuple(ORIGIN_NUMBERS[name] for name in origins),
        flags=flags,
        first=first,
        end=end,
        since=moment(given, "modified_since"),
    )


def several(given: QueryDict, name: str) -> tuple[str, ...] | None:
    """Of `name=a,b&name=c` each; None where nothing is said."""
    said = [part.strip() for text in given.getlist(name) for part in text.split(",")]
    found = tuple(dict.fromkeys(part for part in said if part))
    if len(found) > MOST_NAMED:
        raise BadParameter(f"{name} 一次最多写 {MOST_NAMED} 个；请分几次查询。")
    return found or None


def indicators(given: QueryDict) -> tuple[str, ...] | None:
    """Our codes of what is written as code, factor of HJ 525 or Chinese name."""
    names = several(given, "indicator")
    return None if names is None else tuple(_indicator(name) for name in names)


def _indicator(name: str) -> str:
    code = name if name in INDICATORS else indicator_of(name)
    named = None if code else indicator_named(name[:60])
    found = code or (named[0].code if named else None)
    if found is None:
        raise BadParameter(
            f"没有指标“{name[:40]}”；请用指标代码（NH3-N）、HJ 525 因子（w21003）或名称（氨氮）。"
        )
    return found


def one_of(given: QueryDict, name: str, known: Iterable[str]) -> str | None:
    text = given.get(name, "")
    if text and text not in known:
        raise BadParameter(f"{name} 只能是：{'、'.join(known)}。")
    return text or None


def limit_of(given: QueryDict) -> int:
    text = given.get("limit", "") or str(LIMIT)
    if not (text.isascii() and text.isdigit() and len(text) < 8 and 1 <= int(text) <= MOST):
        raise BadParameter(f"limit 须为 1–{MOST} 的整数；更多的数据沿 next 继续取。")
    return int(text)


def moment(given: QueryDict, name: str, *, end: bool = False) -> datetime | None:
    """A day in Asia/Shanghai (`end`: its end), or a moment with its zone."""
    text = given.get(name, "").strip()
    if not text:
        return None
    # In an address + is a blank, unless it is written %2B.
    text = re.sub(r" (\d\d:?\d\d)$", r"+\1", text)
    try:
        if len(text) == 10:
            day = date.fromisoformat(text) + timedelta(days=end)
            found = datetime.combine(day, time(), timezone.get_default_timezone())
        else:
            found = datetime.fromisoformat(text)
        if found.tzinfo is None:
            raise BadParameter(f"{name} 没有时区；{MOMENTS}")
        found = found.astimezone(UTC)
    except (ValueError, OverflowError):
        raise BadParameter(f"{name} 不是时间；{MOMENTS}") from None
    if found.year not in YEARS:
        raise BadParameter(f"{name} 不在 {YEARS[0]}–{YEARS[-1]} 年之间；{MOMENTS}")
    return found


# Where the next page begins ----------------------------------------------------------------


def next_address(path: str, given: QueryDict, cursor: str | None) -> str | None:
    """The same question from there on, as a path of this site."""
    if cursor is None:
        return None
    said = [(name, each) for name, values in given.lists() if name != "cursor" for each in values]
    return f"{path}?{urlencode([*said, ('cursor', cursor)])}"


def cursor_of(*parts: object) -> str:
    """Opaque: what it holds may change with the program."""
    return base64.urlsafe_b64encode(json.dumps(parts).encode()).decode().rstrip("=")


def key_of(given: QueryDict) -> Key | None:
    """The key of a reading behind which the page begins."""
    parts = _parts(given)
    match parts:
        case None:
            return None
        case [int(section), int(indicator), str(at), int(origin)]:
            numbers = (0 < section <= LAST_NUMBER, 0 < indicator < 2**15, 0 <= origin < 2**15)
            try:
                when = datetime.fromisoformat(at)
            except ValueError:
                raise _bad_cursor() from None
            if all(numbers) and when.tzinfo is not None and when.year in YEARS:
                return section, indicator, when, origin
    raise _bad_cursor()


def code_of(given: QueryDict) -> str | None:
    """The code of a section behind which the page begins."""
    match _parts(given):
        case None:
            return None
        case [str(code)] if "\0" not in code and code.isprintable():
            return code
    raise _bad_cursor()


def _parts(given: QueryDict) -> object:
    text = given.get("cursor", "")
    if not text:
        return None
    try:
        raw = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
        return json.loads(raw) or False
    except (binascii.Error, ValueError, RecursionError):
        raise _bad_cursor() from None


def _bad_cursor() -> BadParameter:
    return BadParameter("cursor 无效；请照上一次答复的 next 原样取用，或从头查询。")
