"""Frames: `##`, four digits of length, the data segment, four hex digits of CRC, CR LF.

Source: HJ 212-2017 6.3 and appendix A. What real senders get wrong and what is still one frame when
its CRC is right: a length that is wrong, of three digits or over 1024; LF or nothing between frames;
a CRC in lower case.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

LONGEST = 16 * 1024  # bytes of a frame; the standard allows 1024 of its segment
_WRITTEN = re.compile(rb"##(\d{0,6})(.*?)([0-9A-Fa-f]{4})?\s*", re.S)
_BREAK = re.compile(rb"\r|\n|##")


def _table() -> tuple[int, ...]:
    found = []
    for low in range(256):
        register = low
        for _ in range(8):
            out, register = register & 1, register >> 1
            if out:
                register ^= 0xA001
        found.append(register)
    return tuple(found)


_STEP = _table()


def crc16(segment: bytes) -> int:
    """The CRC of a data segment: start 0xFFFF; each byte is XORed into the high byte shifted down,
    then eight steps of 0xA001. Not the order of Modbus. HJ 212-2017 appendix A."""
    register, step = 0xFFFF, _STEP
    for byte in segment:
        register = step[(register >> 8) ^ byte]
    return register


def framed(segment: bytes) -> bytes:
    """The frame of a data segment."""
    return b"##%04d%b%04X\r\n" % (len(segment), segment, crc16(segment))


@dataclass(frozen=True, slots=True)
class Frame:
    """What came between `##` and its end. `segment`: without length and CRC.

    `whole`: the CRC is right. `remark`: what was wrong with the frame itself, in Chinese, or "".
    """

    segment: bytes
    whole: bool
    remark: str = ""


@dataclass(frozen=True, slots=True)
class Garbage:
    """Bytes that belong to no frame: how many, and how the first of them read."""

    size: int
    begins: bytes
    oversize: bool = False


class FrameReader:
    """Takes bytes as a connection delivers them, and gives the frames they hold.

    Holds at most LONGEST bytes of a frame that has not ended.
    """

    def __init__(self) -> None:
        self.pending = b""

    def feed(self, data: bytes) -> Iterator[Frame | Garbage]:
        """The frames that `data` ends, and the garbage before them."""
        held, at = self.pending + data if self.pending else data, 0
        try:
            while (begin := held.find(b"##", at)) >= 0:
                if begin > at and (junk := held[at:begin].strip()):
                    yield Garbage(len(junk), junk[:200])
                at = begin
                found = _by_length(held, begin) or _by_its_end(held, begin)
                if found is None:
                    if len(held) - begin <= LONGEST:
                        return
                    yield Garbage(len(held) - begin, held[begin : begin + 200], oversize=True)
                    at = len(held)
                    return
                frame, at = found
                yield frame
            rest = held[at:]
            half = rest[-1:] if rest.endswith(b"#") else b""
            if junk := rest[: len(rest) - len(half)].strip():
                yield Garbage(len(junk), junk[:200])
            at = len(held) - len(half)
        finally:
            self.pending = held[at:]

    def ended(self) -> Frame | Garbage | None:
        """What an unfinished frame was, for nothing more comes."""
        held, self.pending = self.pending, b""
        if not held.startswith(b"##"):
            return Garbage(len(held), held[:200]) if held.strip() else None
        return _read(held)


def _by_length(held: bytes, begin: int) -> tuple[Frame, int] | None:
    """The frame its four digits tell of, if its CRC is right there."""
    digits = held[begin + 2 : begin + 6]
    if len(digits) < 4 or not digits.isdigit():
        return None
    first = begin + 6
    until = first + int(digits)
    if until + 4 > len(held) or until - first > LONGEST:
        return None
    segment = held[first:until]
    try:
        told = int(held[until : until + 4], 16)
    except ValueError:
        return None
    if told != crc16(segment) or b"##" in segment:
        return None
    remark = "" if len(segment) <= 1024 else f"数据段 {len(segment)} 字节，超过规定的 1024 字节"
    return Frame(segment, True, remark), until + 4


def _by_its_end(held: bytes, begin: int) -> tuple[Frame, int] | None:
    """The frame up to the next line's end or the next `##`; None while neither has come."""
    end = _BREAK.search(held, begin + 2)
    if end is not None:
        return _read(held[begin : end.start()]), end.start()
    digits = held[begin + 2 : begin + 6]
    if len(digits) == 4 and digits.isdigit() and len(held) == begin + 6 + int(digits) + 4:
        return _read(held[begin:]), len(held)  # as long as it says, and the CRC is wrong
    return None


def _read(written: bytes) -> Frame:
    found = _WRITTEN.fullmatch(written)
    assert found is not None  # it begins with ##
    length, segment, crc = found.groups()
    if crc is None:
        return Frame(segment, False, "没有 CRC")
    if int(crc, 16) != crc16(segment):
        return Frame(segment, False, f"CRC {crc.decode()} 不符，应为 {crc16(segment):04X}")
    said = length.decode() or "（空）"
    remark = (
        "" if length == b"%04d" % len(segment) else f"长度 {said} 不符，实为 {len(segment):04d}"
    )
    return Frame(segment, True, remark)
