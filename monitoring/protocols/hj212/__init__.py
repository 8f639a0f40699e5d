"""HJ 212 and HJ 1404: how stations speak. From bytes to values, and the answers to them.

Sources: HJ 212-2017 污染物在线监控（监测）系统数据传输标准; HJ 212-2025; HJ 1404-2024. Which clauses of
the two newer ones are not yet checked against their text: docs/operations/ingest.md.
Pure: no clock, no sockets, no database. Times are Beijing time on the wire, UTC in what is returned.
"""

from .answers import data_answer, notice_answer, request_answer
from .flags import (
    COUNTED_BY_HAND,
    FLAGS,
    QUALITY_CONTROL,
    VERSIONED,
    flag_words,
    is_kept_flag,
    kept_flag,
    quality_control,
)
from .frames import LONGEST, Frame, FrameReader, Garbage, crc16, framed
from .packets import Packet, Problem, QnRtn, read_packet
from .uploads import CHECKS, UPLOADS, Field, Unread, Upload, read_number, read_upload

__all__ = [
    "CHECKS",
    "COUNTED_BY_HAND",
    "FLAGS",
    "LONGEST",
    "QUALITY_CONTROL",
    "UPLOADS",
    "VERSIONED",
    "Field",
    "Frame",
    "FrameReader",
    "Garbage",
    "Packet",
    "Problem",
    "QnRtn",
    "Unread",
    "Upload",
    "crc16",
    "data_answer",
    "flag_words",
    "framed",
    "is_kept_flag",
    "kept_flag",
    "notice_answer",
    "quality_control",
    "read_number",
    "read_packet",
    "read_upload",
    "request_answer",
]
