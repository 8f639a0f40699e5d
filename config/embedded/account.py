"""As which user the server runs: PostgreSQL refuses to run as root.

Root steps down to the owner of the data directory, `nobody` at first. Where that user
cannot pass a folder on the way (a clone below a private home), the server keeps the one
capability to pass it; no folder's mode is ever changed.
"""

import os
import pwd
import shutil
import stat
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from signal import SIGINT
from typing import Any

from .parentage import dies_with_parent
from .places import EmbeddedPostgresError, Places, binaries


@dataclass(frozen=True, slots=True)
class Account:
    """How to start programs of the server as the right user."""

    uid: int
    gid: int
    step_down: bool = False  # we are root and become `uid`
    pass_folders: bool = False  # … keeping the capability to pass closed folders

    def popen(self, argv: Sequence[str | Path], **options: Any) -> subprocess.Popen[bytes]:
        """Start a program that is sent SIGINT when this process ends."""
        if self.pass_folders:
            # setpriv changes credentials, which clears the signal: it must set it itself.
            return subprocess.Popen([*self._setpriv(), *argv], **options)
        who: dict[str, Any] = {}
        if self.step_down:
            who = {"user": self.uid, "group": self.gid, "extra_groups": []}
        return subprocess.Popen(list(argv), preexec_fn=dies_with_parent(SIGINT), **who, **options)

    def make_private(self, folder: Path) -> None:
        """Make the folder if absent, for this account alone."""
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if folder.is_symlink() or folder.stat().st_uid not in (os.geteuid(), self.uid):
            raise EmbeddedPostgresError(
                f"{folder} 属于另一用户:请删除该目录,或更换 VAR_DIR。 ({folder} belongs to "
                "another user: remove it, or choose another VAR_DIR.)"
            )
        if self.step_down:
            os.chown(folder, self.uid, self.gid)
        folder.chmod(0o700)

    def _setpriv(self) -> list[str]:
        return [
            "setpriv", f"--reuid={self.uid}", f"--regid={self.gid}", "--clear-groups",
            "--inh-caps=+dac_override", "--ambient-caps=+dac_override", "--pdeathsig=INT",
            # Without it access(2), by which PostgreSQL finds its programs, ignores capabilities.
            "--securebits=+no_setuid_fixup",
        ]  # fmt: skip


def account_for(places: Places) -> Account:
    """The account of this installation's server.

    Raises EmbeddedPostgresError, naming the closed folder, when no way leads through it.
    """
    if os.geteuid() != 0:
        return Account(os.geteuid(), os.getegid())
    uid, gid = _owner(places.data)
    plain = Account(uid, gid, step_down=True)
    needed = [
        binaries() / "postgres",
        binaries().parent / "share",
        places.var_dir / "any",
        places.socket.parent / "any",
    ]
    closed = next((f for path in needed if (f := first_closed(path, uid, gid))), None)
    if closed is None:
        return plain
    passing = Account(uid, gid, step_down=True, pass_folders=True)
    if shutil.which("setpriv") and _runs(passing):
        return passing
    name = pwd.getpwuid(uid).pw_name
    raise EmbeddedPostgresError(
        f"用户 {name} 无法进入 {closed},内置 PostgreSQL 不能以 root 运行。请改用普通用户运行、"
        f"把项目移到 /srv 之类的公开目录,或设置 DATABASE_URL。 (PostgreSQL does not run as root "
        f"and {name} cannot enter {closed}: run as an ordinary user, move the project to an open "
        "folder such as /srv, or set DATABASE_URL.)"
    )


def first_closed(path: Path, uid: int, gid: int) -> Path | None:
    """The first existing part of `path` that the user cannot read or enter."""
    for part in [*reversed(path.parents), path]:
        try:
            found = part.stat()
        except FileNotFoundError:
            return None
        mode = found.st_mode
        if found.st_uid == uid:
            allowed = mode & stat.S_IXUSR
        elif found.st_gid == gid:
            allowed = mode & stat.S_IXGRP
        else:
            allowed = mode & stat.S_IXOTH
        if not allowed:
            return part
    return None


def _owner(data: Path) -> tuple[int, int]:
    """The data directory's owner, `nobody` while there is none."""
    if data.exists() and (found := data.stat()).st_uid != 0:
        return found.st_uid, found.st_gid
    nobody = pwd.getpwnam("nobody")
    return nobody.pw_uid, nobody.pw_gid


def _runs(account: Account) -> bool:
    """Whether the account can start initdb, and initdb find postgres; makes nothing."""
    with account.popen(
        [binaries() / "initdb", "--show", "-D", "/nonexistent"],
        cwd="/",
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as trial:
        return trial.wait() == 0
