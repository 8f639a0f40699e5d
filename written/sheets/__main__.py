"""A workbook on standard input, its sheets as lines of JSON on standard output.

A line {"sheet": name, "hidden": bool} before the rows of each, a line [row, [text, …]] for each row
that is not blank, and at the end {"end": true} or {"refused": words}: what stands before a refusal,
or without any end, is not to be read. The argument names the bounds (written/sheets/bounds.py).
"""

import io
import json
import os
import resource
import sys
import zipfile
import zlib
from collections.abc import Iterator
from typing import Any
from xml.parsers.expat import ExpatError

from written.sheets.bounds import BOUNDS, Bounds
from written.sheets.extent import SheetExtent, TooMuch, examine, reference

LONGEST_CELL = 32_767  # characters, a spreadsheet's own bound
SAVE_AGAIN = "请用表格软件另存为 XLSX 或 CSV 后再导入"


def main() -> None:
    bounds = BOUNDS[sys.argv[1]]
    resource.setrlimit(resource.RLIMIT_AS, (bounds.memory, bounds.memory))
    resource.setrlimit(resource.RLIMIT_CPU, (bounds.processor, bounds.processor))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    answer = sys.stdout
    try:
        for said in lines(sys.stdin.buffer.read(), bounds):
            answer.write(json.dumps(said, ensure_ascii=False) + "\n")
        end: dict[str, object] = {"end": True}
    except TooMuch as refused:
        end = {"refused": str(refused)}
    except (zipfile.BadZipFile, zlib.error, ExpatError, KeyError, EOFError, RuntimeError,
            NotImplementedError, UnicodeDecodeError):  # fmt: skip
        end = {"refused": f"打不开这份 XLSX：文件已损坏，或不是 XLSX 工作簿；{SAVE_AGAIN}。"}
    answer.write(json.dumps(end, ensure_ascii=False) + "\n")
    answer.flush()
    os._exit(0)  # the reader's memory need not be given back piece by piece


def lines(raw: bytes, bounds: Bounds) -> Iterator[object]:
    """Each sheet and its rows; raises TooMuch with the words of the refusal."""
    with zipfile.ZipFile(io.BytesIO(raw)) as packed:
        found = examine(packed, bounds)
    # Only now is it known that the grid is small enough to be built.
    from python_calamine import CalamineError, load_workbook

    said = 0
    try:
        book = load_workbook(io.BytesIO(raw))
        for sheet in found:
            yield {"sheet": sheet.name, "hidden": sheet.hidden}
            page = book.get_sheet_by_name(sheet.name)
            for number, texts in _rows(page, sheet):
                said += sum(map(len, texts))
                _refuse_words(bounds, sheet.name, number, said, max(map(len, texts)))
                yield [number, texts]
    except CalamineError as wrong:
        raise TooMuch(f"打不开这份 XLSX：文件已损坏；{SAVE_AGAIN}。") from wrong


def _rows(page: Any, sheet: SheetExtent) -> Iterator[tuple[int, list[str]]]:
    """The rows that are not blank, as text; a number that shows nothing but itself once for all."""
    from written.sheets.formats import FAULTY
    from written.sheets.values import text_of

    known: dict[float, str] = {}
    formats = sheet.formats
    # Rows one by one leave out the columns before the first that holds anything.
    streamed = page.start is not None and page.start[1] == 0
    grid = page.iter_rows() if streamed else page.to_python(skip_empty_area=False)
    for number, cells in enumerate(grid, start=1):
        texts = []
        for at, value in enumerate(cells, start=1):
            shown_as = formats.get((number, at)) if formats else None
            if type(value) is str and shown_as is not FAULTY:
                texts.append(value)
                continue
            text = known.get(value) if shown_as is None and type(value) is float else None
            if text is None:
                text = text_of(value, shown_as, reference(number, at))
                if shown_as is None and type(value) is float:
                    known[value] = text
            texts.append(text)
        while texts and not texts[-1].strip():
            texts.pop()
        if texts:
            yield number, texts


def _refuse_words(bounds: Bounds, sheet: str, row: int, said: int, longest: int) -> None:
    """One text that many cells share is unpacked for each of them."""
    if longest > LONGEST_CELL:
        raise TooMuch(
            f"工作表“{sheet}”第 {row} 行有一个单元格超过 {LONGEST_CELL} 个字符；请删去过长的文字。"
        )
    if said > bounds.characters:
        raise TooMuch(f"工作簿的文字超过 {bounds.characters // 1_000_000} 百万字；请分成几份。")


if __name__ == "__main__":
    main()
