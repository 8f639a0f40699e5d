"""开通码: proves on the opening page that whoever makes the first two administrators runs the machine.

It stands in a file of the installation's own folder, readable by its user alone, for as long as there
is no administrator.
"""

import os
import secrets
from hmac import compare_digest
from pathlib import Path

from django.conf import settings

from basins.services.person_acts import LETTERS, administrators

GROUPS, EACH = 4, 4  # 80 bits


def is_open() -> bool:
    """Whether there is no administrator yet: 1 SQL query. A second one to a first is made by the
    command add_person."""
    return not administrators()


def opening_code() -> str:
    """The code, made if there is none. Raises OSError where the folder cannot be written to."""
    path = _path()
    if not path.exists():
        groups = ("".join(secrets.choice(LETTERS) for _ in range(EACH)) for _ in range(GROUPS))
        path.parent.mkdir(parents=True, exist_ok=True)
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w", encoding="ascii") as file:
            file.write("-".join(groups))
    return path.read_text(encoding="ascii").strip()


def is_right(typed: str) -> bool:
    """Whether that is the code; never while there is none."""
    if not _path().exists():
        return False
    return compare_digest(_plain(typed), _plain(opening_code()))


def forget() -> None:
    """The code has done what it was for."""
    _path().unlink(missing_ok=True)


def _path() -> Path:
    return Path(settings.VAR_DIR) / "opening-code"


def _plain(text: str) -> bytes:
    return "".join(c for c in text.upper() if c.isalnum()).encode()
