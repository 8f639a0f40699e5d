"""From the bytes of a file, CSV or XLSX, to its sheets of text."""

import csv
import io
from collections.abc import Iterator

from .decoding import decode
from .sheet import Row, Sheet
from .text import FileError
from .workbooks import read_workbook

DELIMITERS = (",", ";", "\t")
WORKBOOK = b"PK"
COMMA_UNCLEAR = "文件用分号分列，数字里的逗号用法不明；小数点请用“.”，不要写千位逗号。"


def read_sheets(raw: bytes, *, largest: int) -> list[Sheet]:
    """Every sheet of the file that holds anything. Raises FileError with the remedy.

    `largest`: bytes that are taken.
    """
    if len(raw) > largest:
        raise FileError(f"文件超过 {max(largest // 1024 // 1024, 1)} MB；请分成几份。")
    if raw.startswith(WORKBOOK):
        return [sheet for sheet in read_workbook(raw) if sheet.rows]
    text, _ = decode(raw)
    delimiter = likely_delimiter(text)
    rows = [Row(number, cells) for number, cells in csv_records(text, delimiter)]
    return [Sheet("", False, rows, semicolons=delimiter == ";")] if rows else []


def csv_records(text: str, delimiter: str) -> Iterator[tuple[int, list[str]]]:
    """Numbered records of a CSV text without the blank ones; lines may end in CR, LF or both.

    Raises FileError for a quotation mark that is never closed or a giant cell: what follows
    it cannot be told apart.
    """
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    number = 0
    while True:
        number += 1
        try:
            record = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            raise FileError(_csv_problem(number, error)) from error
        if any(cell and not cell.isspace() for cell in record):
            yield number, record


def likely_delimiter(text: str) -> str:
    """What parts the cells of the first line that holds anything."""
    first = next((line for line in text.splitlines() if line.strip()), "")
    return max(DELIMITERS, key=first.count)


def _csv_problem(number: int, error: csv.Error) -> str:
    if "field larger" in str(error):
        return (
            f"第 {number} 行有一个单元格超过 {csv.field_size_limit()} 个字符。"
            "请检查该行的引号是否成对，或删去过长的文字。"
        )
    return f'第 {number} 行的引号用法有误，无法分列。引号应成对；单元格内的引号请写成两个（""）。'
