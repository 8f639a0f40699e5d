"""Real processes for tests: commands and a Celery worker on the test database."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote

from django.conf import settings
from django.db import connection

ROOT = Path(settings.BASE_DIR)


def environment(var_dir: Path, **more: str) -> dict[str, str]:
    """Environment of a process that works on this test's database, with a broker of its own."""
    there = connection.settings_dict
    query = f"host={quote(there['HOST'], safe='')}&user={quote(there['USER'] or 'postgres')}"
    if there["PORT"]:
        query += f"&port={there['PORT']}"
    if there["PASSWORD"]:
        query += f"&password={quote(there['PASSWORD'], safe='')}"
    return {
        **os.environ,
        "DATABASE_URL": f"postgresql:///{there['NAME']}?{query}",
        "VAR_DIR": str(var_dir),
        "SWEEP_SECONDS": "600",
        **more,
    }


def manage(*arguments: str, env: dict[str, str], **options) -> subprocess.Popen:
    return subprocess.Popen(
        [sys.executable, "manage.py", *arguments],
        cwd=ROOT,
        env=env,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        **options,
    )


class Worker:
    """`celery -A config worker -B` in a session of its own; killed at the end whatever happens."""

    def __init__(self, env: dict[str, str]):
        self.env = env

    def __enter__(self) -> "Worker":
        beat = Path(self.env["VAR_DIR"]) / "beat"
        self.log = (Path(self.env["VAR_DIR"]) / "worker.log").open("a+")
        self.process = subprocess.Popen(
            [
                sys.executable, "-m", "celery", "-A", "config", "worker", "-c", "1", "-B",
                "-s", str(beat), "-l", "INFO",
                "--without-gossip", "--without-mingle", "--without-heartbeat",
            ],
            cwd=ROOT,
            env=self.env,
            stdout=self.log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )  # fmt: skip
        until(lambda: "ready." in self.said(), seconds=60, what="the worker to be ready")
        return self

    def said(self) -> str:
        self.log.seek(0)
        return self.log.read()

    def kill(self) -> None:
        """SIGKILL to the whole group: main process, pool child and beat."""
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()

    def __exit__(self, *exc) -> None:
        self.kill()
        self.log.close()


def until(true: Callable[[], object], *, seconds: float, what: str) -> None:
    """Wait for `true()`. Raises AssertionError naming what was waited for."""
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, f"waited {seconds} s for {what}"
        time.sleep(0.05)
