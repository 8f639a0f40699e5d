"""The embedded PostgreSQL: it runs while some process uses it, and no longer.

    with postgres.use(var_dir): …        for a while
    postgres.acquire(var_dir)            until this process ends

The first user starts a keeper (config/embedded/keeper.py), the last one out waits until it
has stopped the server. A user is whoever holds the users' lock, shared; the kernel drops it
when the process ends, even by SIGKILL. Two folders are two independent servers.
"""

import atexit
import os
import select
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

import psycopg2

from .places import (
    DATABASE,
    SUPERUSER,
    EmbeddedPostgresError,
    Places,
    is_held,
    socket_dir,
    try_lock,
)

__all__ = [
    "EmbeddedPostgresError",
    "acquire",
    "is_running",
    "release",
    "socket_dir",
    "url",
    "use",
]

PATIENCE_SECONDS = 5  # before saying what we wait for
STOP_SECONDS = 60  # how long the last one out waits for the server's end


@dataclass(slots=True)
class _Hold:
    """This process's use of one server."""

    lock: int
    pid: int
    for_life: bool = False
    uses: int = 0
    keepers: list[subprocess.Popen] = field(default_factory=list)


_holds: dict[Path, _Hold] = {}
_guard = threading.RLock()


def url(var_dir: Path, database: str = DATABASE) -> str:
    """The libpq URL of the embedded database."""
    host = quote(str(socket_dir(var_dir)), safe="")
    return f"postgresql:///{database}?host={host}&user={SUPERUSER}"


def is_running(var_dir: Path) -> bool:
    """Whether the server, or anything left of it, lives."""
    path = Places(Path(var_dir).resolve()).server_lock
    return path.exists() and is_held(path)


def acquire(var_dir: Path) -> None:
    """Have the server run until this process ends; may be called again, also after a fork.

    A server that died meanwhile is started again. Raises EmbeddedPostgresError.
    """
    with _guard:
        hold = _hold(Path(var_dir).resolve())
        if not hold.for_life:
            hold.for_life = True
            atexit.register(release, var_dir, os.getpid())


def release(var_dir: Path, pid: int | None = None) -> None:
    """Undo acquire() ahead of the process's end.

    The last user of all waits until the server has stopped. `pid`: do nothing in another
    process, such as a fork that inherited the atexit entry.
    """
    with _guard:
        hold = _holds.get(Path(var_dir).resolve())
        if hold is None or hold.pid != os.getpid() or (pid and pid != os.getpid()):
            return
        hold.for_life = False
        _let_go_if_unused(Path(var_dir).resolve(), hold)


@contextmanager
def use(var_dir: Path) -> Iterator[None]:
    """Have the server run inside the block. Raises EmbeddedPostgresError."""
    var_dir = Path(var_dir).resolve()
    with _guard:
        hold = _hold(var_dir)
        hold.uses += 1
    try:
        yield
    finally:
        with _guard:
            hold.uses -= 1
            if hold.pid == os.getpid():
                _let_go_if_unused(var_dir, hold)


def _hold(var_dir: Path) -> _Hold:
    """This process's hold on a server that answers."""
    hold = _holds.get(var_dir)
    if hold is not None and hold.pid != os.getpid():
        # Inherited by a fork. Not closed here: whoever forked may have closed it already
        # (billiard does), and the number may be another file's now.
        hold = None
    places = Places(var_dir)
    if hold is not None and _serves(places):
        return hold
    var_dir.mkdir(parents=True, exist_ok=True)
    start = _patiently(places.start_lock, shared=False)
    try:
        fresh = hold is None
        hold = hold or _Hold(lock=_patiently(places.users_lock, shared=True), pid=os.getpid())
        try:
            _make_sure_it_answers(places, hold)
        except BaseException:
            if fresh:
                os.close(hold.lock)
            raise
        _holds[var_dir] = hold
        return hold
    finally:
        os.close(start)


def _patiently(path: Path, *, shared: bool) -> int:
    """The lock, however long it takes: another process may be in a long recovery."""
    waiting = _Waiting()
    while (fd := try_lock(path, shared=shared)) is None:
        waiting.pause()
    return fd


def _make_sure_it_answers(places: Places, hold: _Hold) -> None:
    """Join the running server or start one. We hold the start lock and the users' lock."""
    waiting = _Waiting()
    while is_held(places.server_lock):  # running, starting for one who was killed, or ending
        if _serves(places):
            return
        waiting.pause()
    _start_keeper(places, hold)


def _serves(places: Places) -> bool:
    """Whether the server answers and is kept: without its keeper it is about to end."""
    if not is_held(places.keeper_lock):
        return False
    try:
        psycopg2.connect(host=str(places.socket), user=SUPERUSER, dbname=DATABASE).close()
    except psycopg2.OperationalError as error:
        return "connection slots" in str(error) or "too many clients" in str(error)
    return True


def _start_keeper(places: Places, hold: _Hold) -> None:
    # As the package `embedded`, not config.embedded: spares it config's Celery application.
    with open(places.log, "ab") as log:
        keeper = subprocess.Popen(
            [sys.executable, "-m", "embedded.keeper", str(places.var_dir)],
            cwd=Path(__file__).resolve().parent.parent,
            env={k: v for k, v in os.environ.items() if not k.startswith("PG")},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=log,
            start_new_session=True,
        )
    hold.keepers.append(keeper)
    assert keeper.stdout is not None
    with keeper.stdout as answers:
        waiting = _Waiting()
        while not select.select([answers], [], [], 0.2)[0]:
            waiting.say_when_long()
        line = answers.readline().decode(errors="replace").strip()
    if line == "ready":
        return
    keeper.wait()
    raise EmbeddedPostgresError(
        line.removeprefix("error ")
        or f"内置 PostgreSQL 未能启动,见 {places.log}。 (The embedded PostgreSQL ended while "
        f"starting; see {places.log}.)"
    )


def _let_go_if_unused(var_dir: Path, hold: _Hold) -> None:
    if hold.for_life or hold.uses:
        return
    del _holds[var_dir]
    os.close(hold.lock)
    places = Places(var_dir)
    deadline = time.monotonic() + STOP_SECONDS
    while is_running(var_dir) and not _has_users(places) and time.monotonic() < deadline:
        time.sleep(0.02)
    for keeper in hold.keepers:
        if keeper.poll() is None and not is_running(var_dir):
            keeper.wait()
        if keeper.returncode is None:
            keeper.returncode = 0  # it outlives us on purpose, for the others


def _has_users(places: Places) -> bool:
    """Whether others use the server, as far as can be told now."""
    start = try_lock(places.start_lock)
    if start is None:  # a newcomer starts or the keeper stops: the next look will tell
        return False
    try:
        return is_held(places.users_lock, shared=True)
    finally:
        os.close(start)


class _Waiting:
    """Short pauses, and a line on stderr once they add up."""

    def __init__(self) -> None:
        self.since = time.monotonic()
        self.said = 0

    def pause(self) -> None:
        time.sleep(0.03)
        self.say_when_long()

    def say_when_long(self) -> None:
        waited = time.monotonic() - self.since
        if waited > PATIENCE_SECONDS * 3**self.said:  # after 5, 15, 45 … seconds
            self.said += 1
            print(
                f"正在等待内置 PostgreSQL 就绪(可能在恢复数据),已 {waited:.0f} 秒…… "
                f"(waiting for the embedded PostgreSQL, {waited:.0f} s)",
                file=sys.stderr,
                flush=True,
            )
