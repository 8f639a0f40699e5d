"""The whole system on one machine: `make demo`.

Embedded database and migrations, static files beside them; gunicorn and the gateway for stations
(GATEWAY_PORT, else the next free port from 9212), which get ready while the map and the demo data are
stored; then one
Celery worker with beat, and the demonstration's stations, which send to the gateway. Answers on
http://127.0.0.1:PORT/ until Ctrl-C. A second run on the same VAR_DIR is refused; other VAR_DIR and PORT
run beside it. DEMO_SEED=0 leaves the map, the demo data and their stations out.
"""

import hashlib
import http.client
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from ctypes import CDLL
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.staticfiles.finders import get_finders
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import connections

from config.embedded import postgres
from config.embedded.children import Child, Children, end_leftovers
from config.embedded.default import acquire_if_embedded
from config.embedded.parentage import PR_SET_PDEATHSIG, dies_with_parent
from config.embedded.places import try_lock

HOST = "127.0.0.1"
GATEWAY_PORT = 9212
READY_SECONDS = 180


class Command(BaseCommand):
    help = "运行完整的演示系统(数据库、网页、后台任务)。Runs the whole system for a demo."
    requires_system_checks = []
    stopping = False
    preparing = True

    def handle(self, *args: Any, **options: Any) -> None:
        self._end_with_make()
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._note_stop)
        port = port_from_environment()
        self.gateway_port = gateway_port_from_environment()
        settings.VAR_DIR.mkdir(parents=True, exist_ok=True)
        lock = try_lock(settings.VAR_DIR / "demo.lock")
        if lock is None:
            raise CommandError(
                f"此目录的演示已在运行:{settings.VAR_DIR}。请先停止它,或另设 VAR_DIR 与 PORT。 "
                f"(A demo already runs on {settings.VAR_DIR}: stop it, or set another VAR_DIR "
                "and PORT.)"
            )
        children = Children(settings.VAR_DIR / "demo.json")
        try:
            for name in end_leftovers(children.record):
                self._say(f"已结束上次演示遗留的进程:{name} (ended a leftover of a killed demo)")
            refuse_port_in_use(port)
            self._prepare(children, port)
            self.preparing = False
            self._start(children, port)
            self._watch(children)
        except KeyboardInterrupt:
            self.stopping = True
        finally:
            self.preparing = False
            self._stop(children)
            os.close(lock)

    def _note_stop(self, *_: object) -> None:
        self.stopping = True
        if self.preparing:  # nobody looks at `stopping` yet
            raise KeyboardInterrupt

    def _end_with_make(self) -> None:
        """Be told to stop when a `make` that started us is killed."""
        if "MAKELEVEL" in os.environ and sys.platform.startswith("linux"):
            CDLL(None).prctl(PR_SET_PDEATHSIG, int(signal.SIGTERM), 0, 0, 0)

    # Before it answers -----------------------------------------------------------------
    def _prepare(self, children: Children, port: int) -> None:
        static = StaticFiles()
        try:
            self._step("数据库", "database", acquire_if_embedded)
            self._step("数据表", "migrate", lambda: call_command("migrate", verbosity=0))
            self._step("静态文件", "static files", static.finish)
        finally:
            static.stop()
        children.start(web(port))
        children.start(
            gateway(self.gateway_port)
        )  # now, so that its port is not another's meanwhile
        if os.environ.get("DEMO_SEED", "1") != "0":
            self._step("区县与河流", "load_basins", lambda: call_command("load_basins"))
            self._step("演示数据", "seed_demo", lambda: call_command("seed_demo"))
        connections.close_all()

    def _step(self, chinese: str, english: str, work: Callable[[], Any]) -> None:
        since = time.monotonic()
        work()
        self._say(f"[{time.monotonic() - since:5.1f} s] {chinese} {english}")

    # Children --------------------------------------------------------------------------
    def _start(self, children: Children, port: int) -> None:
        since = time.monotonic()
        children.start(worker())
        if os.environ.get("DEMO_SEED", "1") != "0":
            children.start(stations(self.gateway_port))
        while not self.stopping and not is_healthy(port):
            if time.monotonic() - since > READY_SECONDS:
                raise CommandError(
                    f"网页服务 {READY_SECONDS} 秒内未就绪,日志 {settings.VAR_DIR}/web.log。 "
                    f"(The pages did not answer; see {settings.VAR_DIR}/web.log.)"
                )
            self._look_after(children)
            time.sleep(0.1)
        if self.stopping:
            return
        self._say(f"[{time.monotonic() - since:5.1f} s] 网页与后台任务 web and worker\n")
        self._greet(port)

    def _watch(self, children: Children) -> None:
        while not self.stopping:
            if not settings.DATABASE_URL and not postgres.is_running(settings.VAR_DIR):
                self._say("内置数据库已停止,重新启动…… (the database went away: starting it again)")
                acquire_if_embedded()
            self._look_after(children)
            time.sleep(0.2)

    def _look_after(self, children: Children) -> None:
        for child in children.members:
            if (status := child.died()) is not None:
                self._say(
                    f"{child.name} 已退出({status}),将重新启动;日志 {child.log}。 "
                    f"(it ended and is started again)\n{child.last_lines()}"
                )
            if child.is_due():
                children.start(child)

    def _stop(self, children: Children) -> None:
        if children.members:
            self._say("\n正在停止…… (stopping)")
        children.stop()
        connections.close_all()
        if not settings.DATABASE_URL:
            postgres.release(settings.VAR_DIR)

    def _greet(self, port: int) -> None:
        lines = [
            f"演示已就绪:http://{HOST}:{port}/",
            f"The demo is ready at http://{HOST}:{port}/",
            "",
            *(opening(port) or demo_people()),
            "",
            f"自动站网关 gateway for stations (HJ 212): {HOST}:{self.gateway_port}",
            "",
            "按 Ctrl-C 停止。 Ctrl-C stops it.",
        ]
        self._say("\n".join(lines))

    def _say(self, text: str) -> None:
        self.stdout.write(text)
        self.stdout.flush()


def opening(port: int) -> list[str]:
    """How an empty installation is opened; nothing where it has its two administrators."""
    from basins.opening_code import is_open, opening_code

    if not is_open():
        return []
    code = opening_code()
    connections.close_all()
    return [
        f"还没有账号:请打开 http://{HOST}:{port}/start/ ,用开通码建立最初两名协议管理员。",
        f"Nobody can sign in yet: open http://{HOST}:{port}/start/ with the opening code.",
        f"  开通码 opening code: {code}",
    ]


def demo_people() -> list[str]:
    """The sign-ins of the demo that are there."""
    from basins.models import User

    there = set(User.objects.values_list("username", flat=True))
    connections.close_all()
    people = [f"  {name:<10} {role}" for name, role in settings.DEMO_SIGN_INS if name in there]
    if not people:
        return []
    return [
        f"演示用户(密码均为 {settings.DEMO_PASSWORD}):",
        f"Demo sign-ins (password of all: {settings.DEMO_PASSWORD}):",
        *people,
    ]


def port_from_environment() -> int:
    text = os.environ.get("PORT", "").strip() or "8000"
    if not text.isascii() or not text.isdigit() or not 0 < int(text) < 65536:
        raise CommandError(
            f"PORT={text!r} 不是端口号:请设为 1–65535 的整数。 (PORT must be 1–65535.)"
        )
    return int(text)


def gateway_port_from_environment() -> int:
    """GATEWAY_PORT, else the first free port from 9212 on."""
    text = os.environ.get("GATEWAY_PORT", "").strip()
    if not text:
        return next(port for port in range(GATEWAY_PORT, 65536) if not why_in_use(port))
    if not text.isascii() or not text.isdigit() or not 0 < int(text) < 65536:
        raise CommandError(
            f"GATEWAY_PORT={text!r} 不是端口号:请设为 1–65535 的整数。 (GATEWAY_PORT must be 1–65535.)"
        )
    if why := why_in_use(int(text)):
        raise CommandError(
            f"GATEWAY_PORT={text} 不可用({why}):请换一个，或不设。 (It is not free: choose another.)"
        )
    return int(text)


def why_in_use(port: int) -> str:
    """Why the port cannot be listened on; "" where it can."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError as error:
            return error.strerror or str(error)
    return ""


def refuse_port_in_use(port: int) -> None:
    if why := why_in_use(port):
        raise CommandError(
            f"端口 {port} 不可用({why}):请换一个,例如 PORT={port % 65000 + 1} "
            f"make demo。 (Port {port} is not free: choose another by PORT.)"
        )


class StaticFiles:
    """collectstatic in a process beside us, unless the sources are those of the last time."""

    def __init__(self) -> None:
        self.noted = settings.VAR_DIR / "static.digest"
        self.log = settings.VAR_DIR / "static.log"
        self.digest = static_digest()
        self.process = None if self._are_current() else self._start()

    def finish(self) -> None:
        """Wait until they are there. Raises CommandError with the last lines of the log."""
        if self.process is None:
            return
        if self.process.wait() != 0:
            said = self.log.read_text(encoding="utf-8", errors="replace").splitlines()[-5:]
            raise CommandError(
                f"静态文件收集失败,日志 {self.log}。 (collectstatic failed.) {' | '.join(said)}"
            )
        self.noted.write_text(self.digest, encoding="ascii")

    def stop(self) -> None:
        if self.process is not None and self.process.poll() is None:
            self.process.terminate()
            self.process.wait()

    def _are_current(self) -> bool:
        return (
            self.noted.exists()
            and self.noted.read_text(encoding="ascii") == self.digest
            and (Path(settings.STATIC_ROOT) / "staticfiles.json").exists()
        )

    def _start(self) -> subprocess.Popen:
        """From the main thread only: see dies_with_parent."""
        with open(self.log, "wb") as log:
            return subprocess.Popen(
                [sys.executable, "manage.py", "collectstatic", "--no-input", "--clear", "-v", "0"],
                cwd=settings.BASE_DIR,
                env=child_environment(),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                preexec_fn=dies_with_parent(signal.SIGTERM),
            )


def static_digest() -> str:
    """Over the path, size and time of every static source, and where they go."""
    digest = hashlib.sha256(f"{settings.STORAGES} {settings.STATIC_ROOT}".encode())
    for finder in get_finders():
        for path, storage in finder.list([]):
            found = os.stat(storage.path(path))
            place = f"{getattr(storage, 'prefix', '')}/{path}"
            digest.update(f"{place} {found.st_size} {found.st_mtime_ns}\n".encode())
    return digest.hexdigest()


def is_healthy(port: int) -> bool:
    connection = http.client.HTTPConnection(HOST, port, timeout=5)
    try:
        connection.request("GET", "/healthz")
        return connection.getresponse().status == 200
    except OSError:
        return False
    finally:
        connection.close()


def web(port: int) -> Child:
    return child(
        "web",
        "gunicorn", "config.wsgi:application", "--bind", f"{HOST}:{port}",
        "--workers", "2", "--worker-class", "gthread", "--threads", "4",
        "--graceful-timeout", "10", "--no-control-socket", "--log-level", "warning",
    )  # fmt: skip


def worker() -> Child:
    return child(
        "worker",
        "celery", "-A", "config", "worker", "-c", "1", "-n", "demo@localhost",
        "-B", "-s", str(settings.VAR_DIR / "celerybeat-schedule"),
        "--without-gossip", "--without-mingle", "--without-heartbeat", "--loglevel", "WARNING",
    )  # fmt: skip


def gateway(port: int) -> Child:
    return command("gateway", "hj212_gateway", "--listen", f"{HOST}:{port}")


def stations(port: int) -> Child:
    return command(
        "stations", "simulate_stations", "--gateway", f"{HOST}:{port}", "--hold-last-day"
    )


def command(name: str, *arguments: str) -> Child:
    """A child that is one of our own commands."""
    made = child(name)
    made.command = [sys.executable, "manage.py", *arguments]
    return made


def child(name: str, *module_and_arguments: str) -> Child:
    return Child(
        name=name,
        command=[sys.executable, "-m", *module_and_arguments],
        log=settings.VAR_DIR / f"{name}.log",
        folder=settings.BASE_DIR,
        environment=child_environment(),
    )


def child_environment() -> dict[str, str]:
    return os.environ | {
        "DJANGO_SETTINGS_MODULE": settings.SETTINGS_MODULE,
        "VAR_DIR": str(settings.VAR_DIR),
    }
