"""From the bytes of a file to text: what kind of file it is, and its encoding."""

import codecs
import re

from .text import FileError

SAVE_AS_CSV = "请在 Excel 或 WPS 中打开，另存为“CSV UTF-8（逗号分隔）”后再导入。"

_MAGIC = (
    (b"PK\x03\x04", "XLSX 工作簿或 ZIP 压缩包"),
    (b"PK\x05\x06", "ZIP 压缩包"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "旧版 Excel（XLS）工作簿"),
    (b"%PDF", "PDF 文件"),
    (b"\x1f\x8b", "GZIP 压缩文件"),
    (b"Rar!", "RAR 压缩包"),
    (b"7z\xbc\xaf\x27\x1c", "7Z 压缩包"),
    (b"\x89PNG", "图片"),
    (b"\xff\xd8\xff", "图片"),
    (b"{\\rtf", "RTF 文档"),
)
# The four-byte marks first: UTF-32-LE begins with the mark of UTF-16-LE.
_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
# Tab, line ends, vertical tab and form feed occur in exports; Ctrl-Z ended DOS files.
_CONTROL = re.compile("[\x00-\x08\x0e-\x19\x1b-\x1f]")


def decode(raw: bytes) -> tuple[str, str]:
    """The text of a file and the name of its encoding.

    Raises FileError (without the file's name) for an empty, binary or undecodable file.
    """
    if not raw.strip(b"\xef\xbb\xbf \t\r\n\x1a"):
        raise FileError("文件是空的。请确认导出成功，第一行应为列标题，其后每行一条。")
    for magic, kind in _MAGIC:
        if raw.startswith(magic):
            raise FileError(f"这是{kind}，不是文本文件。{SAVE_AS_CSV}")
    text, encoding = _decoded(raw)
    text = text.rstrip("\x1a")
    if control := _CONTROL.search(text):
        line = len(re.findall("\r\n|\r|\n", text[: control.start()])) + 1
        raise FileError(
            f"第 {line} 行含有控制字符 U+{ord(control.group()):04X}，"
            f"文件不是文本或已损坏。{SAVE_AS_CSV}"
        )
    return text, encoding


def _decoded(raw: bytes) -> tuple[str, str]:
    for mark, encoding in _MARKS:
        if raw.startswith(mark):
            try:
                return raw.decode(encoding), encoding
            except UnicodeDecodeError as error:
                raise FileError(
                    f"文件自称 {encoding.upper()} 编码，但第 {error.start + 1} 字节处无法解码，"
                    f"可能传输时被截断。请重新导出。{SAVE_AS_CSV}"
                ) from error
    if b"\x00" in raw:
        raise FileError(f"文件含有空字节，是二进制文件，不是文本。{SAVE_AS_CSV}")
    try:
        return raw.decode("utf-8"), "utf-8"
    except UnicodeDecodeError as error:
        _refuse_damaged_utf8(raw, error.start)
    try:
        return raw.decode("gb18030"), "gb18030"
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise FileError(
            f"认不出文件的编码（第 {line} 行的字节既不是 UTF-8 也不是 GB18030/GBK）。{SAVE_AS_CSV}"
        ) from error


def _refuse_damaged_utf8(raw: bytes, bad: int) -> None:
    """Refuse a file whose heading is UTF-8 beyond doubt: read as GBK, its names would be noise."""
    heading = re.split(b"[\r\n]", raw, maxsplit=1)[0]
    try:
        is_utf8 = not heading.isascii() and bool(heading.decode("utf-8"))
    except UnicodeDecodeError:
        is_utf8 = False
    if is_utf8:
        line = raw.count(b"\n", 0, bad) + 1
        raise FileError(
            f"列标题是 UTF-8 编码，但第 {line} 行有不属于 UTF-8 的字节，"
            f"文件被截断或由两种编码拼接。请重新导出。{SAVE_AS_CSV}"
        )
