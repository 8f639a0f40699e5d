"""What arrived, read and not yet stored: from the bytes of a frame to what it says.

Pure work of the processor, done before anything waits for the database.
"""

import hashlib
import re
from dataclasses import dataclass

from monitoring.protocols.hj212 import (
    UPLOADS,
    Frame,
    Packet,
    QnRtn,
    Upload,
    data_answer,
    notice_answer,
    read_packet,
    read_upload,
    request_answer,
)
from monitoring.stations.services.stations import digest_of

HEARTBEATS = ("9015", "1013")
NOTICES = ("3019", "3020", "2021", "2041")  # states and logs of the device: heard, kept, not read
_PASSWORD = re.compile(r"(?i)\bPW=[^;]*")


@dataclass(frozen=True, slots=True)
class Arrived:
    """One frame. `upload`: of a whole packet of readings; None for all else."""

    frame: Frame
    packet: Packet
    upload: Upload | None

    @property
    def raw(self) -> str:
        """The segment as it may be kept: without the password, and nothing a database refuses."""
        text = self.frame.segment.decode("ascii", "backslashreplace").replace("\0", "\\x00")
        if text.count("PW=") == 1 and self.frame.whole:  # the usual, without a pattern
            before, _, rest = text.partition("PW=")
            return f"{before}PW=******;{rest.partition(';')[2]}"
        return _PASSWORD.sub("PW=******", text)

    @property
    def digest(self) -> bytes:
        return hashlib.sha256(self.frame.segment).digest()

    @property
    def short_digest(self) -> int:
        """64 bits of it, as a bigint."""
        return int.from_bytes(self.digest[:8], "big", signed=True)

    @property
    def password_digest(self) -> str:
        return digest_of(self.packet.pw)


def arrived(frame: Frame) -> Arrived:
    packet = read_packet(frame.segment)
    upload = None
    if frame.whole and packet.problem is None and packet.parts == 1 and packet.cn in UPLOADS:
        upload = read_upload(packet)
    return Arrived(frame, packet, upload)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is answered. `code` None: what came is stored."""

    code: QnRtn | None = None

    def answer(self, packet: Packet) -> bytes:
        """The frame to send back; b"" where the sender wants none."""
        if not packet.wants_answer:
            return b""
        if self.code is not None:
            return request_answer(packet, self.code)
        if packet.cn in HEARTBEATS:
            return notice_answer(packet)
        return data_answer(packet)


TAKEN = Verdict()
