"""Data segments: QN, ST, CN, PW, MN, Flag, PNUM, PNO and the content CP.

Source: HJ 212-2017 6.3.2. Fields may stand in any order; PNUM and PNO also inside CP.
"""

import re
from dataclasses import dataclass
from enum import IntEnum

_QN = re.compile(r"\d{14}(\d{3})?")
_MN = re.compile(r"[0-9A-Za-z_\-]{1,24}")
_HEAD = ("QN", "ST", "CN", "PW", "MN", "Flag", "PNUM", "PNO")
_NAMES = {name.lower(): name for name in _HEAD}
MOST_PARTS = 999
# By bits 2 to 7 of Flag.
VERSIONS = {0: "HJ/T 212-2005", 1: "HJ 212-2017", 2: "HJ 212-2025、HJ 1404-2024"}


class QnRtn(IntEnum):
    """请求返回结果 of a 9011. HJ 212-2017 appendix C."""

    READY = 1
    REFUSED = 2
    PW = 3
    MN = 4
    ST = 5
    FLAG = 6
    QN = 7
    CN = 8
    CRC = 9
    UNKNOWN = 100


@dataclass(frozen=True, slots=True)
class Problem:
    """Why a segment cannot be taken: the code for its sender, and words for people (Chinese)."""

    code: QnRtn
    words: str


@dataclass(frozen=True, slots=True)
class Packet:
    """One data segment. `content`: what stands between the && of CP.

    `part` of `parts`: 1 of 1 where it is not split. `problem`: the first that was found; what could
    be read stands in the fields all the same, for the answer and for who looks at it.
    """

    qn: str
    st: str
    cn: str
    pw: str
    mn: str
    flag: int | None
    part: int
    parts: int
    content: str
    problem: Problem | None = None

    @property
    def version(self) -> int:
        """0: 2005, 1: 2017, 2: 2025 and HJ 1404; of a packet without Flag 1."""
        return 1 if self.flag is None else self.flag >> 2

    @property
    def wants_answer(self) -> bool:
        return self.flag is None or bool(self.flag & 1)


def read_packet(segment: bytes) -> Packet:
    """The fields of a data segment. Never raises: what is wrong is its `problem`."""
    problem = None
    try:
        text = segment.decode("ascii")
    except UnicodeDecodeError:
        text = segment.decode("ascii", "backslashreplace")
        problem = Problem(QnRtn.UNKNOWN, "含有 ASCII 以外的字符")
    before, opened, rest = text.partition("CP=&&")
    content, closed, after = rest.partition("&&")
    if not (opened and closed):
        problem = problem or Problem(QnRtn.UNKNOWN, "没有 CP=&&…&&")
    found: dict[str, str] = {}
    repeated = _fields(before, found) or (_fields(after, found) if after else "")
    if "PNUM" in content:
        repeated = _parts_of(content, found) or repeated
    flag = _number(found.get("Flag"))
    parts, part = _number(found.get("PNUM")) or 1, _number(found.get("PNO")) or 1
    if repeated and problem is None:
        problem = Problem(QnRtn.UNKNOWN, f"字段 {repeated} 出现两次，且值不同")
    qn, mn, cn = found.get("QN", ""), found.get("MN", ""), found.get("CN", "")
    if problem is None:
        problem = _wrong(qn, mn, cn, found.get("Flag"), flag, part, parts)
    return Packet(
        qn, found.get("ST", ""), cn, found.get("PW", ""), mn, flag, part, parts, content, problem
    )


def _fields(text: str, found: dict[str, str]) -> str:
    """The fields of `text` into `found`; the name of one that says two things, or ""."""
    repeated = ""
    for item in text.split(";"):
        name, _, value = item.partition("=")
        known = name if name in _HEAD else _NAMES.get(name.strip().lower())
        if known is None:
            continue
        value = value.strip()
        if found.setdefault(known, value) != value:
            repeated = known
    return repeated


def _parts_of(content: str, found: dict[str, str]) -> str:
    """PNUM and PNO from inside CP, where some senders put them."""
    inside: dict[str, str] = {}
    repeated = _fields(content, inside)
    for name in ("PNUM", "PNO"):
        if name in inside:
            found.setdefault(name, inside[name])
    return repeated if repeated in ("PNUM", "PNO") else ""


def _number(text: str | None) -> int | None:
    return int(text) if text and len(text) <= 4 and text.isascii() and text.isdigit() else None


def _wrong(
    qn: str, mn: str, cn: str, written: str | None, flag: int | None, part: int, parts: int
) -> Problem | None:
    if not _MN.fullmatch(mn):
        return Problem(QnRtn.MN, f"设备编码 MN 无法识别：{mn[:40] or '（空）'}")
    if not _QN.fullmatch(qn):
        return Problem(QnRtn.QN, f"请求编码 QN 无法识别：{qn[:40] or '（空）'}")
    if flag is None or flag > 255 or flag >> 2 not in VERSIONS:
        said = (written or "")[:20] or "（空）"
        return Problem(QnRtn.FLAG, f"标志位 Flag 无法识别：{said}")
    if len(cn) != 4 or not cn.isdigit():
        return Problem(QnRtn.CN, f"命令编码 CN 无法识别：{cn[:20] or '（空）'}")
    if not 1 <= part <= parts <= MOST_PARTS:
        return Problem(QnRtn.UNKNOWN, f"分包 PNO={part} 不在 PNUM={parts} 之内")
    return None
