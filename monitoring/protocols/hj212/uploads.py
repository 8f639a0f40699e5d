"""Uploads: the content of 2011, 2051, 2061 and 2031, and of the checks 2062 to 2064.

`DataTime=yyyyMMddHHmmss;<factor>-Avg=…,<factor>-Flag=…;…`. Source: HJ 212-2017 6.6, appendix C.
Values are taken as written; nothing is scaled or rounded. Units are those of HJ 525 and HJ 212,
the same as ours (mg/L and so on).
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal, InvalidOperation
from functools import lru_cache

from .packets import Packet, Problem, QnRtn

BEIJING = timezone(timedelta(hours=8), "Asia/Shanghai")
# Command → what its values are, and which part of a factor is its value, the first that is there.
UPLOADS = {
    "2011": ("实时数据", ("Rtd", "Avg")),
    "2051": ("分钟数据", ("Avg", "Rtd")),
    "2061": ("小时数据", ("Avg", "Rtd")),
    "2031": ("日数据", ("Avg", "Rtd")),
    "2062": ("标样核查", ("Check", "Avg", "Rtd")),
    "2063": ("加标回收", ("Check", "Avg", "Rtd")),
    "2064": ("平行样", ("Check", "Avg", "Rtd")),
}
# Of those with the result of a check: which of QUALITY_CONTROL it is.
CHECKS = {"2062": "sc", "2063": "ra", "2064": "pt"}
_KINDS = {
    kind.lower(): kind
    for kind in ("Rtd", "Avg", "Min", "Max", "Flag", "SampleTime", "Check", "Water", "Cou")
}
_MISSING = frozenset({"", "-", "--", "NULL", "NAN", "NA"})


@dataclass(frozen=True, slots=True)
class Field:
    """One factor of an upload. `value`: None where it is missing. `factor` in lower case."""

    factor: str
    value: Decimal | None
    flag: str
    parts: tuple[tuple[str, str], ...]  # kind → as written, in order


@dataclass(frozen=True, slots=True)
class Unread:
    """A part of an upload that cannot be taken, and why in Chinese."""

    factor: str
    written: str
    words: str


@dataclass(frozen=True, slots=True)
class Upload:
    """`at`: DataTime in UTC, None where it is not there or no time (`problem` says so)."""

    at: datetime | None
    fields: tuple[Field, ...]
    unread: tuple[Unread, ...]
    problem: Problem | None = None


def read_upload(packet: Packet) -> Upload:
    """The values of a packet with a command of UPLOADS. Never raises."""
    kinds = UPLOADS[packet.cn][1]
    at: datetime | None = None
    problem: Problem | None = None
    found: dict[str, dict[str, str]] = {}
    unclear: dict[str, tuple[str, str]] = {}
    last = ""
    for item in packet.content.replace(";", ",").split(","):
        name, equals, written = item.partition("=")
        if not equals:  # such as the decimals behind a comma
            if last and item.strip():
                unclear[last] = item.strip()[:40], "值后有多余的内容，小数点须用“.”"
            continue
        factor, dash, kind = name.strip().rpartition("-")
        if not dash:
            if name.strip().lower() == "datatime":
                before, at = at, data_time(written.strip())
                if at is None or before not in (None, at):
                    problem = Problem(QnRtn.UNKNOWN, f"数据时间 DataTime 无法识别：{written[:40]}")
            continue
        known = _KINDS.get(kind.lower(), kind)
        last = factor.lower()
        own = found.setdefault(last, {})
        said = written.strip()
        if own.setdefault(known, said) != said:
            both = f"{known}={own[known]}、{known}={said}"
            unclear[last] = both, "同一因子有两个值，无法判断哪个为准"
    if at is None and problem is None:
        problem = Problem(QnRtn.UNKNOWN, "没有数据时间 DataTime")
    fields, unread = [], []
    for factor, own in found.items():
        if factor in unclear:
            unread.append(Unread(factor, *unclear[factor]))
            continue
        written = next((own[kind] for kind in kinds if kind in own), "")
        value, words = read_number(written)
        if words:
            unread.append(Unread(factor, written, words))
        else:
            fields.append(Field(factor, value, own.get("Flag", ""), tuple(own.items())))
    return Upload(at, tuple(fields), tuple(unread), problem)


@lru_cache(4096)
def data_time(written: str) -> datetime | None:
    """yyyyMMddHHmmss in Beijing time as UTC; None for what is no such time."""
    if len(written) != 14 or not (written.isascii() and written.isdigit()):
        return None
    try:
        moment = datetime(
            int(written[:4]), int(written[4:6]), int(written[6:8]),
            int(written[8:10]), int(written[10:12]), int(written[12:]), tzinfo=BEIJING,
        )  # fmt: skip
        return moment.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


@lru_cache(16384)
def read_number(written: str) -> tuple[Decimal | None, str]:
    """The number, or None where the value is missing (-99 and the like too); and what is wrong."""
    if written.upper() in _MISSING:
        return None, ""
    try:
        number = Decimal(written) if len(written) <= 40 and "_" not in written else None
    except InvalidOperation:
        number = None
    if number is None or not number.is_finite() or not written.isascii():
        return None, "不是数"
    if number < 0 and set(f"{abs(number).normalize():f}") == {"9"} and number <= -99:
        return None, ""
    return number, ""
