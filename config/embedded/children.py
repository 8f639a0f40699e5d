"""The demo's long-running children: started, watched, restarted, and surely ended.

Each child leads a session and group of its own. SIGTERM goes to the leader alone (a Celery
worker whose pool is signalled too hangs in its warm shutdown), SIGKILL to the whole group.
When the demo itself is killed, the kernel sends the leaders SIGTERM; what is left of them is
found by pid and start time in VAR_DIR/demo.json and ended before new ones start.
"""

import json
import os
import signal
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from .parentage import dies_with_parent

GRACE_SECONDS = 20
LONGEST_PAUSE_SECONDS = 30
STEADY_SECONDS = 60  # a child that ran so long starts again without a pause
LOG_BYTES = 10 * 1024 * 1024


@dataclass(slots=True)
class Child:
    """A program that is to run as long as the demo does."""

    name: str
    command: Sequence[str]
    log: Path
    folder: Path
    environment: dict[str, str]
    process: subprocess.Popen | None = None
    started: float = 0.0
    failures: int = 0
    again_at: float = 0.0

    def start(self) -> None:
        """From the main thread only: see dies_with_parent."""
        if self.log.exists() and self.log.stat().st_size > LOG_BYTES:
            self.log.replace(self.log.with_suffix(".log.1"))
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(
                list(self.command),
                cwd=self.folder,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                preexec_fn=dies_with_parent(signal.SIGTERM),
            )
        self.started = time.monotonic()

    def died(self) -> int | None:
        """The exit status, once, if the child has ended; its next start is then planned."""
        if self.process is None or (status := self.process.poll()) is None:
            return None
        kill_group(self.process.pid)  # pool processes that outlived their leader
        ran = time.monotonic() - self.started
        self.failures = 0 if ran > STEADY_SECONDS else self.failures + 1
        pause = min(2**self.failures / 2, LONGEST_PAUSE_SECONDS) if self.failures else 0
        self.again_at = time.monotonic() + pause
        self.process = None
        return status

    def is_due(self) -> bool:
        return self.process is None and time.monotonic() >= self.again_at

    def last_lines(self, count: int = 5) -> str:
        """The end of its log."""
        lines = self.log.read_bytes()[-8000:].decode(errors="replace").splitlines()
        return "\n".join(lines[-count:])


@dataclass(slots=True)
class Children:
    """All of them, and the record that lets the next demo find them."""

    record: Path
    members: list[Child] = field(default_factory=list)

    def start(self, child: Child) -> None:
        child.start()
        if child not in self.members:
            self.members.append(child)
        self._write()

    def stop(self) -> None:
        """SIGTERM to each leader, SIGKILL to its group after 20 seconds."""
        running = [c.process for c in self.members if c.process is not None]
        for process in running:
            process.terminate()
        deadline = time.monotonic() + GRACE_SECONDS
        for process in running:
            try:
                process.wait(max(0.0, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                kill_group(process.pid)
                process.wait()
            kill_group(process.pid)
        self.members.clear()
        self.record.unlink(missing_ok=True)

    def _write(self) -> None:
        entries = [
            {"name": c.name, "pid": c.process.pid, "started": start_time(c.process.pid)}
            for c in self.members
            if c.process is not None
        ]
        fresh = self.record.with_suffix(".new")
        fresh.write_text(json.dumps(entries), encoding="utf-8")
        fresh.replace(self.record)


def end_leftovers(record: Path) -> list[str]:
    """End what a killed demo left running; the names of what had to be ended."""
    if not record.exists():
        return []
    try:
        entries = json.loads(record.read_text(encoding="utf-8"))
        left = [e for e in entries if _members(e["pid"], e["started"])]
    except (ValueError, KeyError, TypeError):  # cut short by a full disk: nothing to go by
        record.unlink()
        return []
    for entry in left:
        if start_time(entry["pid"]) == entry["started"]:
            os.kill(entry["pid"], signal.SIGTERM)
    deadline = time.monotonic() + GRACE_SECONDS
    for entry in left:
        while _members(entry["pid"], entry["started"]):
            if time.monotonic() > deadline or start_time(entry["pid"]) is None:
                kill_group(entry["pid"])
            time.sleep(0.05)
    record.unlink()
    return [entry["name"] for entry in left]


def kill_group(leader: int) -> None:
    """SIGKILL whatever is left of the group."""
    try:
        os.killpg(leader, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):  # none left, or the number is another's now
        return


def start_time(pid: int) -> int | None:
    """In clock ticks since boot; None if no such process lives (a zombie does not)."""
    found = _stat(pid)
    return None if found is None else found[2]


def _members(leader: int, started: int) -> list[int]:
    """Living processes of the group that `leader`, started then, led or leads.

    The kernel gives no number away while a group of that number has members: if the leader
    is gone, members are its own; if another process has the number, none are.
    """
    now = start_time(leader)
    if now is not None and now != started:
        return []
    members = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and (found := _stat(int(entry.name))):
            _, group, since = found
            if group == leader and since >= started:
                members.append(int(entry.name))
    return members


def _stat(pid: int) -> tuple[str, int, int] | None:
    """State, process group and start time of a living process: proc(5)."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except (FileNotFoundError, ProcessLookupError):
        return None
    fields = text.rpartition(")")[2].split()
    if fields[0] in "ZX":
        return None
    return fields[0], int(fields[2]), int(fields[19])
