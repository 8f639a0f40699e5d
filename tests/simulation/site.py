"""A whole installation of its own, to be killed: database, web, worker and beat.

Only processes that it started itself are ever killed, each by its number. Its PostgreSQL is
the embedded one in a folder of its own, with the safety that tests usually give up; nothing
listens but a socket in that folder and the web on the loopback.
"""

import os
import signal
import socket
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.error import HTTPError, URLError
from urllib.parse import urlencode
from urllib.request import HTTPRedirectHandler, Request, build_opener

import psycopg2
from django.conf import settings
from django.db import DatabaseError, InterfaceError, connection
from django.test import Client

from basins.models import User
from config.embedded import postgres
from config.embedded.places import Places, binaries
from tests.processes import ROOT, until

LOST = (DatabaseError, InterfaceError)  # how a session says that its server is gone
PATIENCE = 120
PROCESSES = ("web", "worker", "beat")


class _Stays(HTTPRedirectHandler):
    def redirect_request(self, *_):
        return None


_opener = build_opener(_Stays)


class Site:
    """`with Site(folder) as site:` begins as a copy of the present database.

    `running`: which of its processes; with none it is the database alone.
    """

    def __init__(self, folder: Path, running: tuple[str, ...] = PROCESSES) -> None:
        self.running = running
        self.folder = folder / "var"
        self.folder.mkdir()
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.processes: dict[str, subprocess.Popen] = {}
        self.killed: Counter[str] = Counter()
        self.kept = dict(connection.settings_dict)
        self.sessions = self._signed_in("treasury", "treasury2") if running else {}
        self.env = {
            **{k: v for k, v in os.environ.items() if k != "EMBEDDED_POSTGRES_UNSAFE"},
            "DATABASE_URL": postgres.url(self.folder),
            "VAR_DIR": str(self.folder),
            "SECRET_KEY": settings.SECRET_KEY,
            "SWEEP_SECONDS": "1",
            "WHITENOISE_USE_FINDERS": "on",
        }

    def __enter__(self) -> "Site":
        dump = subprocess.run(
            [binaries() / "pg_dump", *self._where(), "--no-owner", self.kept["NAME"]],
            check=True, capture_output=True,
        ).stdout  # fmt: skip
        self.unsafe = os.environ.pop("EMBEDDED_POSTGRES_UNSAFE", None)
        self.hold = postgres.use(self.folder)
        self.hold.__enter__()
        try:
            subprocess.run(
                [binaries() / "psql", "-q", "-v", "ON_ERROR_STOP=1", postgres.url(self.folder)],
                input=dump, check=True, stdout=subprocess.DEVNULL,
            )  # fmt: skip
            self._point(
                {"HOST": str(postgres.socket_dir(self.folder)), "NAME": "rivers",
                 "USER": "postgres", "PORT": "", "PASSWORD": ""}
            )  # fmt: skip
            for name in self.running:
                self.start(name)
            self.until_up()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_) -> None:
        for name in list(self.processes):
            self._kill_group(name)
        self._point(self.kept)
        self.hold.__exit__(None, None, None)
        if self.unsafe is not None:
            os.environ["EMBEDDED_POSTGRES_UNSAFE"] = self.unsafe

    def _where(self) -> list[str]:
        given = {"-h": "HOST", "-p": "PORT", "-U": "USER"}
        return [
            part
            for option, name in given.items()
            if self.kept[name]
            for part in (option, str(self.kept[name]))
        ]

    def _point(self, to: dict) -> None:
        """This process's own connection goes there."""
        connection.close()
        connection.settings_dict.update({k: to[k] for k in to if k != "TEST"})

    def _signed_in(self, *names: str) -> dict[str, str]:
        found = {}
        for name in names:
            client = Client()
            client.force_login(User.objects.get(username=name))
            found[name] = client.cookies[settings.SESSION_COOKIE_NAME].value
        return found

    # Processes ----------------------------------------------------------------------------

    def start(self, name: str) -> None:
        python, celery = sys.executable, [sys.executable, "-m", "celery", "-A", "config"]
        command = {
            "web": [python, "-m", "gunicorn", "config.wsgi", "--bind", f"127.0.0.1:{self.port}",
                    "--threads", "4", "--worker-class", "gthread"],
            "worker": [*celery, "worker", "-c", "1", "-l", "WARNING", "--without-gossip",
                       "--without-mingle", "--without-heartbeat"],
            "beat": [*celery, "beat", "-s", str(self.folder / "beat"), "--pidfile=",
                     "-l", "WARNING"],
        }[name]  # fmt: skip
        with (self.folder / f"{name}.log").open("a") as log:
            self.processes[name] = subprocess.Popen(
                command, cwd=ROOT, env=self.env, stdout=log, stderr=log, start_new_session=True
            )

    def kill(self, victim: str) -> None:
        """SIGKILL, without a word; counted in `killed` where there was something to kill."""
        if victim in PROCESSES:
            self._kill_group(victim)
        elif victim == "postmaster":
            os.kill(self._postmaster(), signal.SIGKILL)
        elif (backend := self._some_backend()) is not None:
            os.kill(backend, signal.SIGKILL)
        else:
            return
        self.killed[victim] += 1

    def restore(self, victim: str) -> None:
        """Start again what was killed, as whoever runs the site does."""
        connection.close()
        if victim in PROCESSES:
            self.start(victim)
        else:
            self.start_database()
        self.until_up()

    def start_database(self) -> None:
        """What died with the server is started by the next one who uses it."""
        with postgres.use(self.folder):
            until(self._serves, seconds=PATIENCE, what="the database")

    def until_up(self) -> None:
        if "web" in self.running:
            until(lambda: self.ask("GET", "/healthz")[0] == 200, seconds=PATIENCE, what="the site")

    def _kill_group(self, name: str) -> None:
        process = self.processes.pop(name)
        # The group is its own: pool children and web workers go with it.
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()

    def _postmaster(self) -> int:
        lines = (Places(self.folder).data / "postmaster.pid").read_text().split("\n")
        return int(lines[0])

    def _some_backend(self) -> int | None:
        """A server process that works for the site, never one of this process."""
        try:
            with self._own() as session, session.cursor() as cursor:
                cursor.execute(
                    """SELECT pid FROM pg_stat_activity WHERE backend_type = 'client backend'
                       AND datname = 'rivers' AND pid <> pg_backend_pid()
                       ORDER BY state = 'active' DESC, random() LIMIT 1"""
                )
                found = cursor.fetchone()
        except psycopg2.Error:
            return None
        return found[0] if found else None

    def _serves(self) -> bool:
        try:
            with self._own() as session, session.cursor() as cursor:
                cursor.execute("SELECT 1")
                return True
        except psycopg2.Error:
            return False

    @contextmanager
    def _own(self) -> Iterator:
        session = psycopg2.connect(postgres.url(self.folder))
        try:
            yield session
        finally:
            session.close()

    # Visits -------------------------------------------------------------------------------

    def ask(self, method: str, path: str, who: str = "", **data: str) -> tuple[int, str]:
        """Status and page; (0, why) where nobody answered to the end."""
        cookies = {"csrftoken": "k" * 32}
        if who:
            cookies[settings.SESSION_COOKIE_NAME] = self.sessions[who]
        request = Request(
            f"http://127.0.0.1:{self.port}{path}",
            data=urlencode({**data, "csrfmiddlewaretoken": "k" * 32}).encode()
            if method == "POST"
            else None,
            headers={"Cookie": "; ".join(f"{k}={v}" for k, v in cookies.items())},
            method=method,
        )
        try:
            with _opener.open(request, timeout=30) as answer:
                return answer.status, answer.read().decode()
        except HTTPError as error:
            with error:
                return error.code, error.headers.get("Location", "") or error.read().decode()
        except (URLError, OSError, ValueError) as error:
            return 0, repr(error)

    def later(self, seconds: float, victim: str) -> threading.Thread:
        """Kill it in that moment, whatever is going on."""
        thread = threading.Timer(seconds, self.kill, args=(victim,))
        thread.daemon = True
        thread.start()
        return thread
