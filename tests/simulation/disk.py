"""A disk that becomes full: writing under one folder fails, half-way, as the system says it."""

import errno
import io
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from unittest.mock import patch


class _Filling(io.FileIO):
    """A file that takes what is left of the space, then no more."""

    disk: "Disk"

    def write(self, given) -> int:
        content = bytes(given)
        taken = content[: self.disk.left]
        self.disk.left -= len(taken)
        if taken:
            return super().write(taken)
        self.disk.refused += 1
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


class Disk:
    """How many bytes are left, and how often a write was refused."""

    def __init__(self, left: int) -> None:
        self.left, self.refused = left, 0


@contextmanager
def full_disk(folder: Path, *, left: int) -> Iterator[Disk]:
    """Inside, files under `folder` take `left` bytes together; then each write is refused.

    Stands in for the file system: io.open, which pathlib, os.fdopen and zipfile all end in.
    """
    disk, real, root = Disk(left), io.open, folder.resolve()

    def opened(file, mode="r", buffering=-1, *more, **named):
        path = Path(os.readlink(f"/proc/self/fd/{file}")) if isinstance(file, int) else Path(file)
        if not set(mode) & set("wax+") or not path.resolve().is_relative_to(root):
            return real(file, mode, buffering, *more, **named)
        raw = _Filling(file, mode.replace("b", "").replace("t", ""))
        raw.disk = disk
        made = io.BufferedRandom(raw) if "+" in mode else io.BufferedWriter(raw)
        return made if "b" in mode else io.TextIOWrapper(made, *more, **named)

    with patch("io.open", opened), patch("builtins.open", opened):
        yield disk


def left_in(folder: Path) -> list[str]:
    """The files there, by their path below it."""
    return sorted(str(p.relative_to(folder)) for p in folder.rglob("*") if p.is_file())
