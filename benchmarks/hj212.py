"""Frames of HJ 212 through the gateway, every one answered after its commit, beside parsing them alone.

    .venv/bin/python benchmarks/hj212.py [frames] [--json]

The gateway is a process of its own, the sender another one with 25 connections; the frames (nine factors
each) are made beforehand. Limit: the same frames parsed and checked by one core, nothing stored. Every
run takes hours that no run before it had, so that all are new.
"""

import asyncio
import json
import multiprocessing
import resource
import signal
import subprocess
import sys
import time
from datetime import datetime, timedelta

from bench import ROOT, number, set_up, told

set_up()

from django.db import connection  # noqa: E402

from basins.models import Jurisdiction  # noqa: E402
from monitoring.models import Reading, Section, Station  # noqa: E402
from monitoring.protocols.hj212 import FrameReader, framed  # noqa: E402
from monitoring.stations.services.arrivals import arrived  # noqa: E402
from monitoring.stations.services.stations import add_station  # noqa: E402

STATIONS, WINDOW = 25, 200
FACTORS = (
    ("w01010", "16.{}"), ("w01001", "7.9{}"), ("w01009", "7.2{}"), ("w01014", "334.{}"),
    ("w01003", "73.{}"), ("w01019", "6.1{}"), ("w21003", "0.61{}"), ("w21011", "0.19{}"),
    ("w21001", "3.7{}"),
)  # fmt: skip


def stations() -> list[str]:
    """The MNs of as many stations as send, made where they are not there."""
    place, _ = Jurisdiction.objects.get_or_create(
        code="990000", defaults={"name": "基准市", "level": Jurisdiction.Level.PROVINCE}
    )
    found = []
    for n in range(STATIONS):
        mn = f"BENCH{n:06d}"
        if not Station.objects.filter(mn=mn).exists():
            Section.objects.get_or_create(
                code=mn, defaults={"name": f"基准断面{n}", "province": place}
            )
            add_station(mn=mn, section=mn, password="123456", by=None)
        found.append(mn)
    return found


def begin() -> datetime:
    """The first hour that no run has used, Beijing time."""
    with connection.cursor() as cursor:
        cursor.execute(
            """SELECT max(sampled_at) AT TIME ZONE 'Asia/Shanghai' FROM monitoring_reading
               WHERE section_id IN (SELECT id FROM monitoring_section WHERE code LIKE 'BENCH%')"""
        )
        (last,) = cursor.fetchone()
    return (last or datetime(2001, 1, 1)) + timedelta(hours=1)  # noqa: DTZ001


def frames_of(mn: str, first: datetime, count: int) -> list[bytes]:
    made = []
    for n in range(count):
        at = first + timedelta(hours=n)
        values = ";".join(
            f"{factor}-Avg={text.format(n % 10)},{factor}-Flag=N" for factor, text in FACTORS
        )
        made.append(
            framed(
                f"QN={at:%Y%m%d%H%M%S}000;ST=21;CN=2061;PW=123456;MN={mn};Flag=5;"
                f"CP=&&DataTime={at:%Y%m%d%H%M%S};{values}&&".encode()
            )
        )
    return made


class Sender(asyncio.Protocol):
    """Sends its frames, WINDOW of them ahead of their answers."""

    def __init__(self, frames: list[bytes], done: asyncio.Future) -> None:
        self.frames, self.done = frames, done
        self.sent = self.answered = 0
        self.half = b""

    def connection_made(self, transport) -> None:
        self.transport = transport
        self.send()

    def send(self) -> None:
        until = min(len(self.frames), self.answered + WINDOW)
        if until > self.sent:
            self.transport.write(b"".join(self.frames[self.sent : until]))
            self.sent = until

    def data_received(self, data: bytes) -> None:
        held = self.half + data
        cut = held.rfind(b"\n") + 1
        self.answered += held.count(b";CN=9014;", 0, cut)
        self.half = held[cut:]
        self.send()
        if self.answered >= len(self.frames) and not self.done.done():
            self.transport.close()
            self.done.set_result(None)


def send_all(port: int, frames: list[list[bytes]], told_seconds) -> None:
    async def run() -> None:
        loop = asyncio.get_running_loop()
        waits = []
        for own in frames:
            done = loop.create_future()
            await loop.create_connection(lambda o=own, d=done: Sender(o, d), "127.0.0.1", port)
            waits.append(done)
        await asyncio.wait_for(asyncio.gather(*waits), 600)

    since = time.perf_counter()
    asyncio.run(run())
    told_seconds.put(time.perf_counter() - since)


def parse_alone(frames: list[list[bytes]]) -> float:
    since = time.perf_counter()
    for own in frames:
        reader = FrameReader()
        for n in range(0, len(own), WINDOW):
            for frame in reader.feed(b"".join(own[n : n + WINDOW])):
                each = arrived(frame)
                assert each.frame.whole
                assert each.upload is not None
    return time.perf_counter() - since


def main(count: int) -> None:
    mns, first = stations(), begin()
    frames = [frames_of(mn, first, count // STATIONS) for mn in mns]
    total = sum(map(len, frames))
    alone = min(parse_alone(frames) for _ in range(3))
    connection.close()
    gateway = subprocess.Popen(
        [sys.executable, "manage.py", "hj212_gateway", "--listen", "127.0.0.1:0", "--json"],
        cwd=ROOT, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        assert gateway.stdout is not None
        port = json.loads(gateway.stdout.readline())["port"]
        seconds = multiprocessing.Queue()
        sender = multiprocessing.Process(target=send_all, args=(port, frames, seconds))
        sender.start()
        through = seconds.get(timeout=700)
        sender.join()
        with open(f"/proc/{gateway.pid}/status") as status:
            peak = next(int(line.split()[1]) for line in status if line.startswith("VmHWM"))
    finally:
        gateway.send_signal(signal.SIGTERM)
        gateway.wait(30)
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    since = f"{first:%Y-%m-%d %H:%M}+08:00"
    stored = Reading.objects.filter(
        section__code__startswith="BENCH", sampled_at__gte=datetime.fromisoformat(since)
    ).count()
    assert stored == total * len(FACTORS), (stored, total)
    told(
        f"{total} HJ 212 frames of parsing alone", limit=alone, ours=through, ratio=alone / through
    )
    told("frames a second, of 5,000", limit=5000, ours=total / through, ratio=total / through / 5000,
         unit="/s")  # fmt: skip
    if "--json" not in sys.argv:
        print(
            f"gateway: at most {peak / 1024:.0f} MB; gateway and sender {used.ru_utime:.1f} s of a core"
        )


main(number(50_000))
