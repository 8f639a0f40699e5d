"""Workbooks as other programs leave them: crafted part by part."""

import io
import zipfile
from collections.abc import Callable, Iterable, Sequence

import xlsxwriter


def workbook(*sheets: tuple[str, Sequence[Sequence]], hidden: Iterable[str] = ()) -> bytes:
    """A workbook of named sheets, each a list of rows; a cell (value, format) has that format."""
    out = io.BytesIO()
    with xlsxwriter.Workbook(out) as book:
        for name, rows in sheets:
            page = book.add_worksheet(name)
            for at, row in enumerate(rows):
                for column, cell in enumerate(row):
                    if isinstance(cell, tuple):
                        page.write(at, column, cell[0], book.add_format({"num_format": cell[1]}))
                    else:
                        page.write(at, column, cell)
            if name in set(hidden):
                page.hide()
            else:
                page.activate()
    return out.getvalue()


def changed(
    raw: bytes,
    sheet: Callable[[bytes], bytes] = bytes,
    more: Sequence[tuple[str, bytes]] = (),
) -> bytes:
    """The workbook with its first sheet's part changed and further parts added."""
    out = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(raw)) as before,
        zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as after,
    ):
        for name in before.namelist():
            part = before.read(name)
            after.writestr(name, sheet(part) if name == "xl/worksheets/sheet1.xml" else part)
        for name, part in more:
            after.writestr(name, part)
    return out.getvalue()
