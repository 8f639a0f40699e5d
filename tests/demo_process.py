"""`manage.py demo` as a process of its own, without map and data."""

import os
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import psutil

PROJECT = Path(__file__).resolve().parents[1]


class Demo:
    """A demo without map and data, on a folder and a port of its own."""

    def __init__(self, var_dir: Path, port: int, *, durable: bool = False, **more: str) -> None:
        """`durable`: what is committed outlives a kill of the database, as outside of tests.
        `more` of its environment."""
        self.durable, self.more = durable, more
        self.var_dir = var_dir
        self.port = port
        self.output = var_dir.parent / f"demo-{port}.out"
        self.process: subprocess.Popen | None = None

    def start(self) -> None:
        fixed = {
            "VAR_DIR": str(self.var_dir),
            "PORT": str(self.port),
            "DEMO_SEED": "0",
            "EMBEDDED_POSTGRES_UNSAFE": "" if self.durable else "1",
        }
        inherited = {k: v for k, v in os.environ.items() if k not in ("DATABASE_URL", "MAKELEVEL")}
        with open(self.output, "wb") as output:
            self.process = subprocess.Popen(
                [sys.executable, str(PROJECT / "manage.py"), "demo"],
                env=inherited | fixed | self.more,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )

    def said(self) -> str:
        return self.output.read_text(encoding="utf-8")

    def is_ready(self) -> bool:
        assert self.process.poll() is None, self.said()
        return "Ctrl-C" in self.said()

    def health(self) -> int:
        address = f"http://127.0.0.1:{self.port}/healthz"
        with urllib.request.urlopen(address, timeout=10) as answer:
            return answer.status

    def processes(self, what: str = "") -> list[psutil.Process]:
        """Living processes that the demo started, directly or not: they inherit VAR_DIR."""
        found = []
        for process in psutil.process_iter():
            try:
                ours = process.environ().get("VAR_DIR") == str(self.var_dir)
                if ours and what in " ".join(process.cmdline()) and process.status() != "zombie":
                    found.append(process)
            except (psutil.NoSuchProcess, psutil.AccessDenied):
                continue
        return found


def wait_until(true, seconds: float = 120) -> bool:
    deadline = time.monotonic() + seconds
    while not true():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.1)
    return True
