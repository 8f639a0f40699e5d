"""Readings files: from the bytes of a file, CSV or XLSX, to rows, each sheet in one of three layouts.

`national`: the release of 中国环境监测总站 (省份, 流域, 断面名称, 监测时间, 水质类别, nine
parameters, 叶绿素α, 藻密度, 站点情况), times without a year.
`wide`: one row a sample, Chinese or English headings; `long`: one row a value. A sheet may be of
one month, which its name says, and its days stand alone.

Pure: no clock (`now` is given), no database; Beijing time in, UTC out.
"""

from written.text import FileError

from .cells import DOUBTED, impossible
from .headings import FIELD_WORDS, HeadingsUnclear
from .indicators import INDICATORS, WrittenIndicator
from .mapping import read_mapping
from .reading_file import ReadingFile, ReadSheet, SeenSheet, open_layout, seen_sheets
from .rows import (
    EmptyRow,
    ParsedRow,
    RejectedRow,
    Row,
    RowError,
    SectionRef,
    Value,
)
from .ways import IGNORE, USUAL, Taken, Way

__all__ = [
    "DOUBTED",
    "FIELD_WORDS",
    "IGNORE",
    "INDICATORS",
    "USUAL",
    "EmptyRow",
    "FileError",
    "HeadingsUnclear",
    "ParsedRow",
    "ReadSheet",
    "ReadingFile",
    "RejectedRow",
    "Row",
    "RowError",
    "SectionRef",
    "SeenSheet",
    "Taken",
    "Value",
    "Way",
    "WrittenIndicator",
    "impossible",
    "open_layout",
    "read_mapping",
    "seen_sheets",
]
