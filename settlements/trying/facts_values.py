"""Values of facts written by hand: how each is read, and how a wrong one is refused.

Every reader takes what JSON gave (numbers with a point as Decimal) and raises ValueError
saying what is wrong and what can be written.
"""

from collections.abc import Callable, Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from monitoring.standards.detection import NotAMeasurement, parse
from monitoring.standards.gb3838_2002 import (
    NAMES,
    UnknownIndicator,
    WaterBody,
    WaterClass,
    find_indicator,
)
from settlements.rules.facts import OVERRIDES, Granularity, MonthState
from written.days import WrittenSpan, read_span
from written.numbers import read_number


def period(given: Any, full_date: Granularity) -> tuple[date, Granularity]:
    written = str(given).strip() if not isinstance(given, bool) else ""
    remedy = "请写月份如 “2023-05”、年份如 “2023” 或日期如 “2023-05-01”。"
    try:
        span = read_span(written)
    except ValueError as wrong:
        raise ValueError(f"“{given}”不是期间；{remedy}") from wrong
    if span.of != WrittenSpan.DAY:
        yearly = span.of == WrittenSpan.YEAR
        return span.first, Granularity.YEAR if yearly else Granularity.MONTH
    day = span.first
    if full_date is Granularity.MONTH:
        return day.replace(day=1), full_date
    if (day.month, day.day) != (1, 1):
        raise ValueError(f"本条款按年核算，“{given}”不是一年的第一天；请写年份，如 “{day.year}”。")
    return day, full_date


def granularity(given: Any) -> Granularity:
    if given not in set(Granularity):
        raise ValueError(f"“{given}”无法识别；请写 “month” 或 “year”，或不写。")
    return Granularity(given)


def text(given: Any) -> str:
    if isinstance(given, bool) or not isinstance(given, str | int):
        raise ValueError("须是文字。")
    written = str(given).strip()
    if not written:
        raise ValueError("不能为空，请写明。")
    return written


def _number(given: Any) -> Decimal:
    if isinstance(given, str):
        found = read_number(given)
        if found.rest:
            raise ValueError(f"“{given}”里的“{found.rest}”看不懂；请只写数字，如 12.5。")
        return found.number
    if isinstance(given, bool) or not isinstance(given, int | Decimal):
        raise ValueError(f"{given!r} 不是数；请写数字，如 12.5。")
    return Decimal(given)


def _not_negative(given: Any) -> Decimal:
    value = _number(given)
    if value < 0:
        raise ValueError(f"{given} 不能为负。")
    return value


def _share(given: Any) -> Decimal:
    if isinstance(given, str) and given.strip()[-1:] in ("%", "％"):
        return _number(given.strip()[:-1].strip()) / 100
    return _number(given)


def _count(given: Any) -> int:
    if type(given) is not int or given < 0:
        raise ValueError(f"{given} 须是不为负的整数。")
    return given


def _flag(given: Any) -> bool:
    if not isinstance(given, bool):
        raise ValueError(f"{given} 无法识别；请写 true 或 false。")
    return given


def _water_body(given: Any) -> WaterBody:
    for body in WaterBody:
        if given in (body.value, body.label, *body.label.split("、")):
            return body
    raise ValueError(f"“{given}”无法识别；请写 “river”（河流）或 “lake”（湖、库）。")


def state(given: Any) -> MonthState:
    for state in OVERRIDES:
        if given in (state.value, state.label):
            return state
    known = "、".join(f"{s.value}（{s.label}）" for s in MonthState if s in OVERRIDES)
    raise ValueError(f"“{given}”不能由人认定；可写 {known}。")


def _entries(given: Any) -> Mapping[str, Any]:
    if not isinstance(given, Mapping):
        raise ValueError("须是一个对象，逐项写名称和值。")
    return given


def _by_indicator(given: Any, read: Callable[[str, Any], Any]) -> dict[str, Any]:
    """Entries by the standard's code; every wrong one is named."""
    found: dict[str, Any] = {}
    wrong = []
    for written, value in _entries(given).items():
        try:
            code = find_indicator(written)
            if code in found:
                raise ValueError(f"{NAMES[code]}写了两次；请只留一个。")
            found[code] = read(code, value)
        except UnknownIndicator:
            wrong.append(f"指标“{written}”无法识别，请写代码或名称，如 NH3-N 或 氨氮")
        except ValueError as fault:
            wrong.append(str(fault).rstrip("。"))
    if wrong:
        raise ValueError("；".join(wrong) + "。")
    return found


def means(given: Any) -> dict[str, Decimal]:
    return _by_indicator(given, _concentration)


def base(given: Any) -> dict[str, Decimal]:
    """As `means`, also written {"concentrations": {…}} like the others."""
    if isinstance(given, Mapping) and set(given) == {"concentrations"}:
        return means(given["concentrations"])
    return means(given)


def _concentration(code: str, given: Any) -> Decimal:
    if isinstance(given, bool) or not isinstance(given, str | int | Decimal):
        raise ValueError(f"{NAMES[code]}的值须是数，或 “0.025L” 这样的文字")
    try:
        value = parse(given).counted if isinstance(given, str) else Decimal(given)
    except NotAMeasurement as wrong:
        raise ValueError(f"{NAMES[code]}：{wrong}") from wrong
    if value < 0 and code != "WT":
        raise ValueError(f"{NAMES[code]} {given} 不能为负，未检出请写检出限加 L，如 “0.025L”")
    if code == "pH" and value > 14:
        raise ValueError(f"pH {given} 不在 0 至 14 之间")
    return value


def _days(given: Any) -> dict[str, int]:
    return _by_indicator(given, lambda _code, value: _count(value))


def _observations(given: Any) -> dict[str, Decimal]:
    """Yearly figures by name; {"index": {"GZ": 88}} is "index.GZ"."""
    found: dict[str, Decimal] = {}
    for name, value in _entries(given).items():
        if isinstance(value, Mapping):
            found |= {f"{name}.{key}": v for key, v in _observations(value).items()}
        else:
            try:
                found[name] = _number(value)
            except ValueError as wrong:
                raise ValueError(f"{name}：{wrong}") from wrong
    return found


def _words(given: Any) -> dict[str, str]:
    return {name: text(value) for name, value in _entries(given).items()}


def _indicators(given: Any) -> tuple[str, ...]:
    if not isinstance(given, list):
        raise ValueError("须是指标的列表，如 [“NH3-N”]。")
    return tuple(find_indicator(text(code)) for code in given)


PLAIN: dict[str, Callable[[Any], Any]] = {
    "target": WaterClass.parse,
    "flow": _not_negative,
    "observations": _observations,
    "over_limit_days": _days,
    "parties": _words,
    "share": _share,
    "water_body": _water_body,
    "complete": _flag,
    "valid": _count,
    "days_in_force": _count,
    "expected": _count,
    "deciding": _indicators,
    "sources": _words,
}
