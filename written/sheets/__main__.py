"""A workbook on standard input, its sheets as JSON on standard output.

{"sheets": [[name, hidden, [[row, [text, …]], …]], …]} or {"refused": words}.
"""

import io
import json
import os
import resource
import sys
import zipfile
import zlib
from xml.parsers.expat import ExpatError

from written.sheets.extent import TooMuch, examine, reference

MEMORY = 768 * 1024 * 1024  # bytes of address space
PROCESSOR = 20  # seconds
LONGEST_CELL = 32_767  # characters, a spreadsheet's own bound
MOST_CHARACTERS = 20_000_000  # of all cells together
SAVE_AGAIN = "请用表格软件另存为 XLSX 或 CSV 后再导入"


def main() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (PROCESSOR, PROCESSOR))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    answer = sys.stdout.buffer
    try:
        said: dict[str, object] = {"sheets": sheets(sys.stdin.buffer.read())}
    except TooMuch as refused:
        said = {"refused": str(refused)}
    except (zipfile.BadZipFile, zlib.error, ExpatError, KeyError, EOFError, RuntimeError,
            NotImplementedError, UnicodeDecodeError):  # fmt: skip
        said = {"refused": f"打不开这份 XLSX：文件已损坏，或不是 XLSX 工作簿；{SAVE_AGAIN}。"}
    answer.write(json.dumps(said, ensure_ascii=False).encode())
    answer.flush()
    os._exit(0)  # the reader's memory need not be given back piece by piece


def sheets(raw: bytes) -> list:
    """Name, hidden, rows of every sheet; raises TooMuch with the words of the refusal."""
    with zipfile.ZipFile(io.BytesIO(raw)) as packed:
        found = examine(packed)
    # Only now is it known that the grid is small enough to be built.
    from python_calamine import CalamineError, load_workbook

    from written.sheets.values import text_of

    out: list = []
    said = 0
    try:
        book = load_workbook(io.BytesIO(raw))
        for sheet in found:
            page = book.get_sheet_by_name(sheet.name)
            rows = []
            for number, cells in enumerate(page.to_python(skip_empty_area=False), start=1):
                texts = [
                    text_of(value, sheet.formats.get((number, at)), reference(number, at))
                    for at, value in enumerate(cells, start=1)
                ]
                while texts and not texts[-1].strip():
                    texts.pop()
                if texts:
                    said += sum(map(len, texts))
                    _refuse_words(sheet.name, number, said, max(map(len, texts)))
                    rows.append([number, texts])
            out.append([sheet.name, sheet.hidden, rows])
    except CalamineError as wrong:
        raise TooMuch(f"打不开这份 XLSX：文件已损坏；{SAVE_AGAIN}。") from wrong
    return out


def _refuse_words(sheet: str, row: int, said: int, longest: int) -> None:
    """One text that many cells share is unpacked for each of them."""
    if longest > LONGEST_CELL:
        raise TooMuch(
            f"工作表“{sheet}”第 {row} 行有一个单元格超过 {LONGEST_CELL} 个字符；请删去过长的文字。"
        )
    if said > MOST_CHARACTERS:
        raise TooMuch(f"工作簿的文字超过 {MOST_CHARACTERS // 1_000_000} 百万字；请分成几份。")


if __name__ == "__main__":
    main()
