"""A hundred open pages, two web processes of four threads, and readings that arrive every five seconds.

    .venv/bin/python benchmarks/live.py [PAGES] [--json]

The demonstration runs as `make demo` starts it, in a temporary folder. Each page asks every ten seconds by
what it
has seen, as static/js/live.js does. Limit: the time a page may take so that eight threads can serve all of
them, 8 × 10 s / PAGES. Told are what asking takes (nothing new, and new), what a page opened meanwhile
takes, and
the processor time of the web processes.
"""

import http.cookiejar
import random
import re
import socket
import statistics
import sys
import tempfile
import threading
import time
import urllib.parse
import urllib.request
from datetime import datetime, timedelta, timezone
from pathlib import Path

from bench import number, told

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from tests.demo_process import Demo, wait_until
from tests.frames import frame, said

PEOPLE = ("bureau", "bureau2", "treasury", "treasury2", "district", "admin", "admin2", "auditor")
PATHS = ("/", "/work/", "/sections/PUSHUN/", "/sections/", "/districts/", "/agreements/LONGXI/",
         "/notices/", "/settlements/LONGXI/2026/", "/basins/", "/ledger/")  # fmt: skip
PASSWORD, EVERY, SECONDS = "yanshi-Demo-2026", 10.0, 60.0


class Browser:
    """Somebody who is signed in."""

    def __init__(self, base: str, name: str) -> None:
        self.base = base
        jar = urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar())
        self.opener = urllib.request.build_opener(jar)
        token = re.search(r'csrfmiddlewaretoken" value="(\w+)"', self.get("/sign-in/")[1])
        form = {"username": name, "password": PASSWORD, "csrfmiddlewaretoken": token[1]}
        data = urllib.parse.urlencode(form).encode()
        self.opener.open(urllib.request.Request(f"{base}/sign-in/", data), timeout=30).read()

    def get(self, path: str, seen: str = "") -> tuple[int, str, str]:
        """Status, text, and what is to be asked by next."""
        headers = {"X-Seen": seen} if seen else {}
        request = urllib.request.Request(self.base + path, headers=headers)
        with self.opener.open(request, timeout=60) as answer:
            return answer.status, answer.read().decode(), answer.headers.get("X-Seen") or ""


def page(browser: Browser, path: str, until: float, found: dict[str, list[float]]) -> None:
    """An open page: asks every ten seconds, and takes what is new."""
    _, text, _ = browser.get(path)
    seen = re.search(r'data-seen="([\w.]+)"', text)
    if seen is None:
        found["not live"].append(0)
        return
    asked_by = seen[1]
    time.sleep(random.uniform(0, EVERY))
    while time.monotonic() < until:
        since = time.perf_counter()
        status, text, told_seen = browser.get(path, asked_by)
        took = time.perf_counter() - since
        if status == 204:
            found["nothing new"].append(took)
            asked_by = told_seen or asked_by
        else:
            found["new"].append(took)
            asked_by = re.search(r'data-seen="([\w.]+)"', text)[1]
        time.sleep(EVERY)


def arrive(port: int, until: float) -> None:
    """A reading of one station every five seconds, of minutes that are over."""
    at = datetime.now(timezone(timedelta(hours=8))) - timedelta(hours=3)
    with socket.create_connection(("127.0.0.1", port), timeout=20) as line:
        while time.monotonic() < until:
            at += timedelta(minutes=1)
            line.sendall(
                frame(f"w21003-Avg=0.{at.minute + 10},w21003-Flag=N", at=f"{at:%Y%m%d%H%M%S}",
                      mn="A500000_0035", pw="yanshi212", flag=9)
            )  # fmt: skip
            assert said(line.recv(4096))[0][0] == "9014"
            time.sleep(5)


def main(pages: int) -> None:
    with tempfile.TemporaryDirectory() as folder, socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
        free.close()
        demo = Demo(Path(folder) / "var", port, durable=True, DEMO_SEED="1")
        try:
            demo.start()
            assert wait_until(demo.is_ready, 600), demo.said()
            measure(demo, pages)
        finally:
            for process in demo.processes():
                process.kill()
            demo.process.wait()


def measure(demo: Demo, pages: int) -> None:
    base = f"http://127.0.0.1:{demo.port}"
    gateway = int(re.search(r"HJ 212\): 127\.0\.0\.1:(\d+)", demo.said())[1])
    people = [Browser(base, name) for name in PEOPLE]
    time.sleep(70)  # the last day's samples have come
    found: dict[str, list[float]] = {"nothing new": [], "new": [], "not live": [], "opened": []}
    until = time.monotonic() + SECONDS
    webs = demo.processes("gunicorn")
    before = sum(sum(web.cpu_times()[:2]) for web in webs)
    threads = [
        threading.Thread(
            target=page,
            args=(people[n % len(people)], PATHS[n // len(people) % len(PATHS)], until, found),
        )
        for n in range(pages)
    ]
    threads.append(threading.Thread(target=arrive, args=(gateway, until)))
    for thread in threads:
        thread.start()
    while time.monotonic() < until:
        time.sleep(2)
        since = time.perf_counter()
        people[0].get("/sections/?month=2026-10")
        found["opened"].append(time.perf_counter() - since)
    for thread in threads:
        thread.join()
    used = sum(sum(web.cpu_times()[:2]) for web in webs) - before
    limit = 8 * EVERY / pages
    for what in ("nothing new", "new", "opened"):
        if times := found[what]:
            middle = statistics.median(times)
            told(f"{what}, {len(times)} times", limit=limit, ours=middle, ratio=middle / limit)
    if "--json" not in sys.argv:
        slowest = max(max(times) for times in found.values() if times)
        print(f"slowest {slowest:.2f} s; web processes {used / SECONDS:.2f} of a core;"
              f" {len(found['not live'])} pages that are not live")  # fmt: skip


main(number(100))
