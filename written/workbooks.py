"""Workbooks (XLSX), read in a process of their own.

What breaks the reader breaks that process and nothing else: it is started afresh (no fork of a
threaded server), without Django, with its own bounds of memory and time, and answers in lines of
JSON, which are kept in a file: a large workbook is never in this process as a whole.
"""

import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, Any

from .sheet import Row, Sheet
from .sheets.bounds import BOUNDS
from .text import FileError

SECONDS = {name: bounds.clock for name, bounds in BOUNDS.items()}  # of the clock
AT_ONCE = {"usual": 2, "large": 1}
_HOME = Path(__file__).resolve().parent.parent
_KEPT = ("PATH", "LANG", "LC_ALL", "LD_LIBRARY_PATH", "TMPDIR", "VIRTUAL_ENV")
_places = {name: threading.BoundedSemaphore(most) for name, most in AT_ONCE.items()}
_CHUNK = 1024 * 1024
SAVE_AGAIN = "请用表格软件打开，只留数据，另存为 XLSX 或 CSV 后再导入"


class _Kept:
    """A file without a name that is gone with the last who reads it."""

    def __init__(self, file: IO[bytes]) -> None:
        self.number = os.dup(file.fileno())

    def __del__(self) -> None:
        os.close(self.number)

    def lines(self, first: int, last: int) -> Iterator[bytes]:
        """The lines between two places, wherever another reader of the file stands."""
        rest, at = b"", first
        while at < last and (chunk := os.pread(self.number, min(_CHUNK, last - at), at)):
            at += len(chunk)
            whole = (rest + chunk).splitlines(keepends=True)
            rest = whole.pop() if not whole[-1].endswith(b"\n") else b""
            yield from whole
        if rest:
            yield rest


@dataclass(frozen=True, slots=True)
class KeptSheet:
    """A sheet whose rows stand in a file from `first` to `last`; `count`: rows that are not blank."""

    name: str
    hidden: bool
    count: int
    _kept: _Kept
    _first: int
    _last: int

    def rows(self) -> Iterator[Row]:
        """The rows in order, as often as asked."""
        for line in self._kept.lines(self._first, self._last):
            number, cells = json.loads(line)
            yield Row(number, cells)


def read_workbook(raw: bytes) -> list[Sheet]:
    """All sheets of a workbook, hidden ones too. Raises FileError with the remedy."""
    return [
        Sheet(sheet.name, sheet.hidden, list(sheet.rows())) for sheet in open_workbook(raw, "usual")
    ]


def open_workbook(raw: bytes, bounds: str) -> list[KeptSheet]:
    """All sheets of a workbook within the bounds of that name, their rows not loaded.

    Raises FileError with the remedy.
    """
    seconds, places = SECONDS[bounds], _places[bounds]
    if not places.acquire(timeout=seconds):
        raise FileError("正在读取别的工作簿；请稍后再试。")
    try:
        with TemporaryFile() as answer:
            subprocess.run(
                [sys.executable, "-m", "written.sheets", bounds],
                input=raw,
                stdout=answer,
                stderr=subprocess.DEVNULL,
                cwd=_HOME,
                env={name: os.environ[name] for name in _KEPT if name in os.environ}
                | {"PYTHONIOENCODING": "utf-8"},
                timeout=seconds,
                check=False,
            )
            kept = _Kept(answer)
    except subprocess.TimeoutExpired as late:
        raise FileError(f"这份工作簿读了 {seconds} 秒还没有读完；{SAVE_AGAIN}。") from late
    finally:
        places.release()
    return _sheets(kept)


def _sheets(kept: _Kept) -> list[KeptSheet]:
    """Where each sheet's rows stand. Raises FileError where the reader refused, or had no end."""
    begun: list[dict[str, Any]] = []
    end: dict[str, Any] = {}
    at = 0
    for line in kept.lines(0, os.fstat(kept.number).st_size):
        if line.startswith(b"["):
            begun[-1]["count"] += 1
        else:
            said = _said(line)
            if begun:
                begun[-1].setdefault("last", at)
            if "sheet" in said:
                begun.append({**said, "first": at + len(line), "count": 0})
            end = said
        at += len(line)
    if refused := end.get("refused"):
        raise FileError(refused)
    if "end" not in end:
        raise FileError(
            f"打不开这份 XLSX：读取程序中途停止，文件可能已损坏，或内容过大；{SAVE_AGAIN}。"
        )
    return [
        KeptSheet(each["sheet"], each["hidden"], each["count"], kept, each["first"], each["last"])
        for each in begun
    ]


def _said(line: bytes) -> dict[str, Any]:
    """A line of the reader that is no row; {} for one that it did not end."""
    try:
        return json.loads(line)
    except ValueError:
        return {}
