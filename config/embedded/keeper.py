"""The keeper: runs the embedded PostgreSQL as its child while anybody uses it.

Started by the first user (config/embedded/postgres.py), in a session of its own so that a
Ctrl-C for the user does not reach the server. It answers on its standard output: `ready`,
or one line of error. It stops the server when the users' lock is free, holding the start
lock meanwhile, so that a newcomer is never sent to a server about to stop. Should it be
killed, the kernel sends the server SIGINT, PostgreSQL's fast shutdown.

EMBEDDED_POSTGRES_UNSAFE=1 gives up the safety against power cuts for speed: tests only.
"""

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import psycopg2

from .account import Account, account_for
from .places import (
    DATABASE,
    PORT,
    SUPERUSER,
    EmbeddedPostgresError,
    Places,
    binaries,
    try_lock,
)

POLL_SECONDS = 0.1
LOG_BYTES = 10 * 1024 * 1024
SETTINGS = {
    "max_connections": "100",
    "shared_buffers": "192MB",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_checkpoints": "off",
    "log_line_prefix": "%m [%p] ",
}
UNSAFE_SETTINGS = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}


class Keeper:
    def __init__(self, places: Places) -> None:
        self.places = places
        self.unsafe = os.environ.get("EMBEDDED_POSTGRES_UNSAFE") == "1"
        self.told_to_stop = False
        self.log = open(places.log, "ab", buffering=0)  # noqa: SIM115 (lives as long as we)
        self.log_start = self.log.tell()

    def run(self) -> None:
        """Start the server, say `ready`, and stop it when nobody is left."""
        for stop in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
            signal.signal(stop, self._note_stop)
        server_lock = self._take(self.places.server_lock)
        self._take(self.places.keeper_lock)
        account = account_for(self.places)
        account.make_private(self.places.socket)
        self._remove_remains()
        self._make_data(account)
        server = self._start(account, server_lock)
        try:
            self._wait_until_ready(server)
            answer("ready")
            self._wait_until_unused(server)
        finally:
            if server.poll() is None:
                server.send_signal(signal.SIGINT)
            server.wait()
        if server.returncode == 0 and self.places.socket.parent != self.places.var_dir:
            self.places.socket.rmdir()  # the short one in /tmp: the server emptied it
        # The locks are left to the end of this process: who waits for them sees it gone.

    def _note_stop(self, *_: object) -> None:
        self.told_to_stop = True

    def _take(self, lock: Path) -> int:
        """The lock, ours alone; whoever only looks at it holds it for a moment."""
        deadline = time.monotonic() + 5
        while time.monotonic() < deadline:
            if (fd := try_lock(lock)) is not None:
                return fd
            time.sleep(0.01)
        raise EmbeddedPostgresError(
            f"{self.places.var_dir} 中已有另一个 PostgreSQL 在运行。 (Another server already runs "
            f"in {self.places.var_dir}.)"
        )

    def _remove_remains(self) -> None:
        """Clear what a killed server left: its pid may by now be another program's.

        Holding the server's lock proves that no server of ours lives; one started by hand
        on the same folder is refused.
        """
        pid_file = self.places.data / "postmaster.pid"
        if pid_file.exists():
            pid = pid_file.read_text(encoding="utf-8", errors="replace").split("\n", 1)[0].strip()
            if pid.isdigit() and _works_in(int(pid), self.places.data):
                raise EmbeddedPostgresError(
                    f"进程 {pid} 正在使用 {self.places.data}:请先停止它。 (Process {pid}, not "
                    f"started by us, uses {self.places.data}: stop it first.)"
                )
            pid_file.unlink()
        for name in (f".s.PGSQL.{PORT}", f".s.PGSQL.{PORT}.lock"):
            (self.places.socket / name).unlink(missing_ok=True)

    def _make_data(self, account: Account) -> None:
        if self.places.data.exists():
            return
        unfinished = self.places.unfinished_data
        if unfinished.exists():
            shutil.rmtree(unfinished)
        account.make_private(unfinished)
        self._note(f"initdb in {unfinished}")
        initdb: list[str | Path] = [
            binaries() / "initdb", "-D", unfinished, "-U", SUPERUSER, "--auth=trust",
            "--encoding=UTF8", "--locale=C.UTF-8", *(["--no-sync"] if self.unsafe else []),
        ]  # fmt: skip
        with account.popen(initdb, **self._surroundings()) as process:
            if process.wait() != 0:
                raise EmbeddedPostgresError(self._failure("initdb"))
        unfinished.rename(self.places.data)

    def _start(self, account: Account, lock: int) -> subprocess.Popen[bytes]:
        settings = SETTINGS | (UNSAFE_SETTINGS if self.unsafe else {})
        options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        command: list[str | Path] = [
            binaries() / "postgres", "-D", self.places.data,
            "-h", "", "-p", str(PORT), "-k", self.places.socket, *options,
        ]  # fmt: skip
        # The server and its children hold the lock too: it is free only when all are gone.
        return account.popen(command, pass_fds=(lock,), **self._surroundings())

    def _wait_until_ready(self, server: subprocess.Popen[bytes]) -> None:
        """However long recovery takes; ends at once when the server does."""
        while not self.told_to_stop:
            if server.poll() is not None:
                raise EmbeddedPostgresError(self._failure("postgres"))
            try:
                connection = psycopg2.connect(
                    host=str(self.places.socket), user=SUPERUSER, dbname="postgres"
                )
            except psycopg2.OperationalError:
                time.sleep(0.02)
                continue
            try:
                connection.autocommit = True
                self._create_database(connection)
            finally:
                connection.close()
            return

    def _create_database(self, connection: psycopg2.extensions.connection) -> None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE])
            if cursor.fetchone() is None:
                cursor.execute(f"CREATE DATABASE {DATABASE}")

    def _wait_until_unused(self, server: subprocess.Popen[bytes]) -> None:
        """Returns holding the start lock and the users' lock, or once the server has ended."""
        while server.poll() is None and not self.told_to_stop:
            time.sleep(POLL_SECONDS)
            self._cut_log()
            start = users = None
            try:
                if (start := try_lock(self.places.start_lock)) is None:
                    continue
                if (users := try_lock(self.places.users_lock)) is not None:
                    return
            finally:
                if users is None and start is not None:
                    os.close(start)

    def _cut_log(self) -> None:
        if os.fstat(self.log.fileno()).st_size > LOG_BYTES:
            shutil.copyfile(self.places.log, self.places.log.with_suffix(".log.1"))
            os.truncate(self.places.log, 0)

    def _surroundings(self) -> dict:
        environment = {k: v for k, v in os.environ.items() if not k.startswith(("PG", "LC_"))}
        return {
            "cwd": "/",
            "env": environment | {"LC_ALL": "C"},
            "stdin": subprocess.DEVNULL,
            "stdout": self.log,
            "stderr": self.log,
            "start_new_session": True,
        }

    def _note(self, text: str) -> None:
        self.log.write(f"keeper [{os.getpid()}] {text}\n".encode())

    def _failure(self, program: str) -> str:
        said = self.places.log.read_bytes()[self.log_start :].decode(errors="replace")
        last = " | ".join(line for line in said.splitlines()[-6:] if line.strip())
        return (
            f"内置 PostgreSQL({program})启动失败,日志 {self.places.log}。 (The embedded "
            f"PostgreSQL did not start; see {self.places.log}.) {last}"
        )


def _works_in(pid: int, folder: Path) -> bool:
    """Whether a living process has the folder as its current one, as a postmaster does."""
    try:
        return Path(f"/proc/{pid}/cwd").readlink() == folder
    except OSError:  # gone, a zombie, or another user's
        return False


def answer(line: str) -> None:
    """Tell the user who started us, once; he may have gone."""
    try:
        os.write(1, (line.replace("\n", " ") + "\n").encode())
    except BrokenPipeError:
        return
    finally:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, 1)
        os.close(nowhere)


def main(var_dir: Path) -> int:
    signal.signal(signal.SIGPIPE, signal.SIG_IGN)
    try:
        Keeper(Places(var_dir)).run()
    except (EmbeddedPostgresError, OSError) as error:
        answer(f"error {error}")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
