"""Readings files: from the bytes of a file to rows, in one of two layouts.

`national`: the release of 中国环境监测总站 (省份, 流域, 断面名称, 监测时间, 水质类别, nine
parameters, 叶绿素α, 藻密度, 站点情况), times without a year.
`wide`: one row a sample, Chinese or English headings.

Pure: no clock (`now` is given), no database; Beijing time in, UTC out.
"""

from written.text import FileError

from .cells import DOUBTED, impossible
from .indicators import INDICATORS, WrittenIndicator
from .reading_file import ReadingFile, open_layout
from .rows import (
    EmptyRow,
    ParsedRow,
    RejectedRow,
    Row,
    RowError,
    SectionRef,
    Value,
)

__all__ = [
    "DOUBTED",
    "INDICATORS",
    "EmptyRow",
    "FileError",
    "ParsedRow",
    "ReadingFile",
    "RejectedRow",
    "Row",
    "RowError",
    "SectionRef",
    "Value",
    "WrittenIndicator",
    "impossible",
    "open_layout",
]
