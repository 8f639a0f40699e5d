"""An installation at work whose gateway, worker, web and database are killed, and what must hold after.

Senders of HJ 212 and of the interface go on sending until they are answered, as real ones do. Afterwards every
answered reading is there exactly once with its value, and every month it touched is what a computation
from nothing gives.
"""

import json
import os
import random
import re
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from tests.demo_process import PROJECT, Demo, wait_until
from tests.frames import frame, said

PASSWORD = "123456"
KILLED = ("hj212_gateway", "celery", "gunicorn", "postgres")
FIRST = datetime(2024, 1, 1)  # noqa: DTZ001  Beijing time

PREPARE = """
import json
from basins.models import Jurisdiction
from monitoring.models import Section
from monitoring.ingest.services.tokens import add_token
from monitoring.stations.services.stations import add_station
place = Jurisdiction.objects.get(code="500000")
for n in range({stations}):
    Section.objects.create(code=f"H{{n}}", name=f"站{{n}}", province=place)
    add_station(mn=f"A500000_{{n:04d}}", section=f"H{{n}}", password="{password}", by=None)
for n in range({programs}):
    Section.objects.create(code=f"R{{n}}", name=f"室{{n}}", province=place)
secret = add_token(name="室", sections=[f"R{{n}}" for n in range({programs})], days=None, by=None)[1]
print(json.dumps({{"secret": secret}}))
"""

FOUND = """
import json
from collections import defaultdict
from monitoring.assessment.services.assessment import means_of_month
from monitoring.models import DirtyMonth, MonthlyMean, Reading, ReadingRevision, StationFrame
rows = [[code, at.isoformat(), str(value)] for code, at, value in
        Reading.objects.order_by("section", "sampled_at").values_list(
            "section__code", "sampled_at", "value")]
kept = dict()
for m in MonthlyMean.objects.select_related("indicator"):
    kept[m.section_id, m.month, m.indicator.code] = (str(m.mean), m.valid)
fresh = dict()
months = defaultdict(set)
for section, month, _ in kept:
    months[month].add(section)
for month, sections in months.items():
    for m in means_of_month(month, sorted(sections)):
        fresh[m.section_id, month, m.indicator] = (str(m.mean), m.valid)
print(json.dumps({"rows": rows, "revisions": ReadingRevision.objects.count(),
    "dirty": DirtyMonth.objects.count(), "frames": StationFrame.objects.count(),
    "means": len(kept), "same": kept == fresh}))
"""


@dataclass
class Faulty:
    """`run` for some seconds with kills, then `check`."""

    demo: Demo
    stations: int = 4
    programs: int = 2
    seed: int = 1
    answered: dict[str, dict[str, str]] = field(default_factory=dict)  # section → moment → value
    sent: Counter = field(default_factory=Counter)
    killed: Counter = field(default_factory=Counter)
    over: threading.Event = field(default_factory=threading.Event)

    def start(self) -> None:
        self.demo.start()
        assert wait_until(self.demo.is_ready), self.demo.said()
        found = re.search(r"HJ 212\): 127\.0\.0\.1:(\d+)", self.demo.said())
        assert found, self.demo.said()
        self.gateway = int(found[1])
        made = self._ask(PREPARE.format(
            stations=self.stations, programs=self.programs, password=PASSWORD
        ))  # fmt: skip
        self.secret = made["secret"]

    def _ask(self, script: str) -> dict:
        """What a script says in a process on the installation's database."""
        env = {k: v for k, v in os.environ.items() if k != "DATABASE_URL"}
        done = subprocess.run(
            [sys.executable, "manage.py", "shell", "-v", "0", "-c", script],
            cwd=PROJECT,
            env={**env, "VAR_DIR": str(self.demo.var_dir), "EMBEDDED_POSTGRES_UNSAFE": ""},
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout.splitlines()[-1])

    def run(self, seconds: float, every: float) -> None:
        """Send and kill: one kind of process after the other, in shuffled rounds."""
        threads = [
            *(threading.Thread(target=self._station, args=(n,)) for n in range(self.stations)),
            *(threading.Thread(target=self._program, args=(n,)) for n in range(self.programs)),
        ]
        for thread in threads:
            thread.start()
        rng, end = random.Random(self.seed), time.monotonic() + seconds
        try:
            while time.monotonic() < end:
                for what in rng.sample(KILLED, len(KILLED)):
                    time.sleep(every * rng.uniform(0.5, 1.5))
                    self._kill(what)
        finally:
            self.over.set()
            for thread in threads:
                thread.join(60)
        assert not any(thread.is_alive() for thread in threads), "a sender waits for ever"

    def _kill(self, what: str) -> None:
        for process in self.demo.processes(what):
            process.kill()
            self.killed[what] += 1

    # Senders ------------------------------------------------------------------------------

    def _station(self, number: int) -> None:
        """An hour after the other; each again, by the same QN, until it is answered by 9014."""
        own = self.answered.setdefault(f"H{number}", {})
        hour, line = 0, None
        while not self.over.is_set():
            at, value = FIRST + timedelta(hours=hour), f"{1 + hour % 50 / 100:.2f}"
            written = frame(
                f"w21003-Avg={value},w21003-Flag=N", at=f"{at:%Y%m%d%H%M%S}",
                mn=f"A500000_{number:04d}", pw=PASSWORD, flag=9,
            )  # fmt: skip
            try:
                if line is None:
                    line = socket.create_connection(("127.0.0.1", self.gateway), timeout=3)
                line.sendall(written)
                self.sent["frames"] += 1
                heard = b""
                while not said(heard):
                    more = line.recv(4096)
                    if not more:
                        raise ConnectionResetError
                    heard += more
            except OSError:
                if line is not None:
                    line.close()
                line = None
                self.over.wait(0.1)
                continue
            assert said(heard) == [("9014", "")], heard
            own[_moment(at)] = value
            hour += 1
        if line is not None:
            line.close()

    def _program(self, number: int) -> None:
        """Ten readings a request; each again, under the same key, until it is answered by 201."""
        own = self.answered.setdefault(f"R{number}", {})
        turn = 0
        while not self.over.is_set():
            values = {
                FIRST + timedelta(hours=10 * turn + n): f"{2 + (turn + n) % 30 / 100:.2f}"
                for n in range(10)
            }
            request = urllib.request.Request(
                f"http://127.0.0.1:{self.demo.port}/api/v1/readings/",
                data=json.dumps(
                    [
                        {
                            "section": f"R{number}",
                            "indicator": "NH3-N",
                            "sampled_at": f"{at.isoformat()}+08:00",
                            "value": value,
                        }
                        for at, value in values.items()
                    ]
                ).encode(),
                headers={
                    "Authorization": f"Bearer {self.secret}",
                    "Content-Type": "application/json",
                    "Idempotency-Key": f"{number}-{turn}",
                },
            )
            try:
                with urllib.request.urlopen(request, timeout=5) as answer:
                    assert answer.status == 201
                    answer.read()
            except urllib.error.HTTPError as error:
                if error.code in (429, 500, 502, 503):
                    self.over.wait(0.2)
                    continue
                raise
            except OSError:
                self.over.wait(0.2)
                continue
            self.sent["requests"] += 1
            own |= {_moment(at): value for at, value in values.items()}
            turn += 1

    # Afterwards ---------------------------------------------------------------------------

    def check(self) -> dict:
        """Every answered reading once and with its value, and every month right."""
        assert all(self.answered.values()), {s: len(own) for s, own in self.answered.items()}
        assert wait_until(lambda: self._ask(FOUND)["dirty"] == 0, 120), "months wait for ever"
        found = self._ask(FOUND)
        there = Counter((code, at) for code, at, _ in found["rows"])
        assert max(there.values()) == 1, "a reading is there twice"
        values = {(code, at): value for code, at, value in found["rows"]}
        lost = {
            (code, at): value
            for code, own in self.answered.items()
            for at, value in own.items()
            if float(values.get((code, at), "nan")) != float(value)
        }
        assert lost == {}, f"{len(lost)} answered readings are lost or changed"
        assert found["revisions"] == 0, "a reading sent again was taken for a correction"
        assert found["same"], "a month is not what its readings give"
        assert found["means"] > 0
        return found


def _moment(at: datetime) -> str:
    """As the database tells it: UTC."""
    return (at - timedelta(hours=8)).isoformat() + "+00:00"
