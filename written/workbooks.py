"""Workbooks (XLSX), read in a process of their own.

What breaks the reader breaks that process and nothing else: it is started afresh (no fork of a
threaded server), without Django, with its own bounds of memory and time, and answers in JSON.
"""

import json
import os
import subprocess
import sys
import threading
from pathlib import Path

from .sheet import Row, Sheet
from .text import FileError

SECONDS = 30  # of the clock; the process has its own bound of processor time
AT_ONCE = 2
_HOME = Path(__file__).resolve().parent.parent
_KEPT = ("PATH", "LANG", "LC_ALL", "LD_LIBRARY_PATH", "TMPDIR", "VIRTUAL_ENV")
_places = threading.BoundedSemaphore(AT_ONCE)
SAVE_AGAIN = "请用表格软件打开，只留数据，另存为 XLSX 或 CSV 后再导入"


def read_workbook(raw: bytes) -> list[Sheet]:
    """All sheets of a workbook, hidden ones too. Raises FileError with the remedy."""
    if not _places.acquire(timeout=SECONDS):
        raise FileError("正在读取别的工作簿；请稍后再试。")
    try:
        done = subprocess.run(
            [sys.executable, "-m", "written.sheets"],
            input=raw,
            capture_output=True,
            cwd=_HOME,
            env={name: os.environ[name] for name in _KEPT if name in os.environ},
            timeout=SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired as late:
        raise FileError(f"这份工作簿读了 {SECONDS} 秒还没有读完；{SAVE_AGAIN}。") from late
    finally:
        _places.release()
    try:
        answer = json.loads(done.stdout)
    except ValueError as broken:
        raise FileError(
            f"打不开这份 XLSX：读取程序中途停止，文件可能已损坏，或内容过大；{SAVE_AGAIN}。"
        ) from broken
    if refused := answer.get("refused"):
        raise FileError(refused)
    return [
        Sheet(name, hidden, [Row(number, cells) for number, cells in rows])
        for name, hidden, rows in answer["sheets"]
    ]
