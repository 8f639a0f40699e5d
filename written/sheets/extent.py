"""How large a workbook is, told by streaming its parts before anything is built from them.

A spreadsheet's own grid has 1,048,576 rows and 16,384 columns (ECMA-376); a reader that builds
the rectangle of a sheet with one stray cell in its last corner needs all the memory there is.
"""

import posixpath
import re
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from xml.parsers import expat

from written.sheets.bounds import Bounds
from written.sheets.formats import FAULTY, PLAIN, CellFormat, formats_of

RATIO, RATIO_FROM = 200, 8 * 1024 * 1024  # unpacked : packed, where it is large at all
PARTS, SHEETS = 2000, 60
GRID_ROWS, GRID_COLUMNS = 1_048_576, 16_384
_CHUNK = 64 * 1024
_REFERENCE = re.compile(r"\$?([A-Za-z]{1,4})\$?(\d{1,9})")
_TOO_LARGE = "请只留要导入的数据，另存为 XLSX 或 CSV 后再导入"


class TooMuch(ValueError):
    """A workbook that is not read; the message (Chinese) says why and the remedy."""


@dataclass(slots=True)
class SheetExtent:
    """A sheet's name, whether it is hidden, and how its cells show their numbers."""

    name: str
    hidden: bool
    part: str
    formats: dict[tuple[int, int], CellFormat] = field(default_factory=dict)


def examine(packed: zipfile.ZipFile, bounds: Bounds) -> list[SheetExtent]:
    """The sheets of a workbook that may be read. Raises TooMuch for one that may not."""
    _weigh(packed, bounds)
    names = set(packed.namelist())
    if "xl/workbook.xml" not in names:
        raise TooMuch("这不是 XLSX 工作簿（可能是 XLSB、ODS 或压缩包）；请另存为 XLSX 或 CSV。")
    spent = _Spent(bounds)
    sheets = _sheets(packed, spent)
    if len(sheets) > SHEETS:
        raise TooMuch(f"有 {len(sheets)} 张工作表，至多 {SHEETS} 张；{_TOO_LARGE}。")
    formats = _formats(packed, spent) if "xl/styles.xml" in names else []
    for sheet in sheets:
        if sheet.part in names:
            _measure(packed, sheet, formats, spent)
    for name in names - spent.parts:  # shared strings among them: what is said may not be true
        for _ in spent.chunks(packed, name):
            pass
    return sheets


def _weigh(packed: zipfile.ZipFile, bounds: Bounds) -> None:
    """What the directory of the file says of its parts."""
    parts = packed.infolist()
    names = [part.filename.lower() for part in parts]
    if len(parts) > PARTS or len(set(names)) < len(names):
        raise TooMuch(f"这份工作簿的组成不寻常（{len(parts)} 个部分）；{_TOO_LARGE}。")
    unpacked = sum(part.file_size for part in parts)
    _refuse_size(bounds, unpacked, sum(part.compress_size for part in parts))


def _refuse_size(bounds: Bounds, unpacked: int, packed: int | None = None) -> None:
    ratio = unpacked > RATIO_FROM and packed is not None and unpacked > RATIO * max(packed, 1)
    if unpacked > bounds.unpacked or ratio:
        raise TooMuch(
            f"工作簿展开后有 {unpacked // 1024 // 1024} MB，"
            f"至多 {bounds.unpacked // 1024 // 1024} MB，且不超过压缩后的 {RATIO} 倍；{_TOO_LARGE}。"
        )


class _Spent:
    """Bytes unpacked so far, counted as they come; which parts were looked at."""

    def __init__(self, bounds: Bounds) -> None:
        self.bounds = bounds
        self.bytes = 0
        self.parts: set[str] = set()

    def chunks(self, packed: zipfile.ZipFile, name: str) -> Iterator[bytes]:
        self.parts.add(name)
        with packed.open(name) as part:
            while chunk := part.read(_CHUNK):
                self.bytes += len(chunk)
                _refuse_size(self.bounds, self.bytes)
                yield chunk

    def parse(
        self,
        packed: zipfile.ZipFile,
        name: str,
        start: Callable[[str, dict[str, str]], None],
        end: Callable[[str], None] | None = None,
        text: Callable[[str], None] | None = None,
    ) -> None:
        """Stream an XML part through the handlers; element names come without their prefix."""
        parser = expat.ParserCreate()
        parser.StartElementHandler = lambda tag, given: start(
            tag.rpartition(":")[2] if ":" in tag else tag, given
        )
        if end is not None:
            parser.EndElementHandler = lambda tag: end(tag.rpartition(":")[2])
        if text is not None:
            parser.CharacterDataHandler = text
        parser.StartDoctypeDeclHandler = _no_doctype
        for chunk in self.chunks(packed, name):
            parser.Parse(chunk)
        parser.Parse(b"", True)


def _no_doctype(*_: object) -> None:
    raise TooMuch(f"工作簿里有 DTD 声明，表格软件不会这样保存；{_TOO_LARGE}。")


def _sheets(packed: zipfile.ZipFile, spent: _Spent) -> list[SheetExtent]:
    targets: dict[str, tuple[str, str]] = {}
    listed: list[tuple[str, str, str]] = []

    def relation(tag: str, given: dict[str, str]) -> None:
        if tag == "Relationship":
            kind = given.get("Type", "").rpartition("/")[2]
            targets[given.get("Id", "")] = kind, given.get("Target", "")

    def sheet(tag: str, given: dict[str, str]) -> None:
        if tag == "sheet":
            link = next((v for k, v in given.items() if k.rpartition(":")[2] == "id"), "")
            listed.append((given.get("name", ""), given.get("state", "visible"), link))

    spent.parse(packed, "xl/_rels/workbook.xml.rels", relation)
    spent.parse(packed, "xl/workbook.xml", sheet)
    found = []
    for name, state, link in listed:
        kind, target = targets.get(link, ("", ""))
        if kind != "worksheet":  # a chart on a sheet of its own holds no cells
            continue
        part = target.lstrip("/") if target.startswith("/") else posixpath.join("xl", target)
        found.append(SheetExtent(name, state != "visible", posixpath.normpath(part)))
    return found


def _formats(packed: zipfile.ZipFile, spent: _Spent) -> list[CellFormat]:
    codes: dict[int, str] = {}
    used: list[int] = []
    inside = [False]

    def start(tag: str, given: dict[str, str]) -> None:
        if tag == "numFmt":
            codes[int(given.get("numFmtId", 0))] = given.get("formatCode", "")
        elif tag == "cellXfs":
            inside[0] = True
        elif tag == "xf" and inside[0]:
            used.append(int(given.get("numFmtId", 0)))

    def end(tag: str) -> None:
        if tag == "cellXfs":
            inside[0] = False

    spent.parse(packed, "xl/styles.xml", start, end)
    return [formats_of(number, codes.get(number, "")) for number in used]


def _measure(
    packed: zipfile.ZipFile, sheet: SheetExtent, formats: list[CellFormat], spent: _Spent
) -> None:
    """The last row and column that hold anything; refuses what lies too far out."""
    row = column = 0  # of the cell being read
    written = ""  # its row, as its reference ends
    style, wrong = "", False
    lowest = rightmost = (0, 0)
    columns: dict[str, int] = {}  # by their letters
    shown: dict[str, CellFormat | None] = {}  # by the number of the style

    def start(tag: str, given: dict[str, str]) -> None:
        nonlocal row, column, written, style, wrong, lowest, rightmost
        if tag == "c":
            at = given.get("r")
            if at is None:
                column += 1
            elif at.endswith(written) and (known := columns.get(at[: -len(written) or None])):
                column = known
            else:
                row, column = _position(sheet, at)
                written = str(row)
                if at == reference(row, column):
                    columns[at[: -len(written)]] = column
            style = given.get("s", "0")
            wrong = given.get("t") == "e"
        elif tag == "v" or tag == "is":
            if not (row and column):
                return
            if row > lowest[0] or (row == lowest[0] and column > lowest[1]):
                lowest = row, column
            if column > rightmost[1]:
                rightmost = row, column
            if style not in shown:
                number = int(style)
                shape = formats[number] if number < len(formats) else PLAIN
                shown[style] = None if shape == PLAIN else shape
            if wrong:
                sheet.formats[row, column] = FAULTY
            elif (shape_of := shown[style]) is not None:
                sheet.formats[row, column] = shape_of
        elif tag == "row":
            row, column = int(given["r"]) if "r" in given else row + 1, 0
            written = str(row)
            _refuse_off_grid(sheet, row, 1, f"第 {row} 行")
        elif tag == "dimension" and given.get("ref"):
            for corner in given["ref"].split(":"):
                _position(sheet, corner)

    try:
        spent.parse(packed, sheet.part, start)
    except TooMuch:
        raise
    except ValueError as broken:  # a row, a style that is no number
        raise TooMuch(f"工作表“{sheet.name}”有无法识别的单元格；{_TOO_LARGE}。") from broken
    if lowest[0] * rightmost[1] > spent.bounds.cells:
        far = dict.fromkeys((reference(*lowest), reference(*rightmost)))
        raise TooMuch(
            f"工作表“{sheet.name}”的单元格 {'、'.join(far)} 有内容，离表格太远；"
            "请删去（选中该行、该列后删除），保存后再导入。"
        )


def _position(sheet: SheetExtent, text: str) -> tuple[int, int]:
    found = _REFERENCE.fullmatch(text)
    if not found:
        raise TooMuch(f"工作表“{sheet.name}”有无法识别的单元格“{text[:20]}”；{_TOO_LARGE}。")
    column = 0
    for letter in found[1].upper():
        column = column * 26 + ord(letter) - 64
    row = int(found[2])
    _refuse_off_grid(sheet, row, column, f"单元格 {text}")
    return row, column


def _refuse_off_grid(sheet: SheetExtent, row: int, column: int, what: str) -> None:
    if not (1 <= row <= GRID_ROWS and 1 <= column <= GRID_COLUMNS):
        raise TooMuch(
            f"工作表“{sheet.name}”的{what} 超出表格的范围，文件已损坏或不是表格软件所存；"
            f"{_TOO_LARGE}。"
        )


def reference(row: int, column: int) -> str:
    """1, 28 is AB1."""
    name = ""
    while column:
        column, letter = divmod(column - 1, 26)
        name = chr(65 + letter) + name
    return f"{name}{row}"
