"""A real web process, told by its pid, lives while every file of the cases is uploaded to it."""

import http.client
import os
import re
import signal
import socket
import subprocess
import sys
from http import HTTPStatus
from importlib import import_module
from pathlib import Path

import psutil
import pytest
from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY

from tests.processes import ROOT, environment, until
from tests.worlds import People
from tests.written.conftest import CASES, tell_cases
from tests.written.workbooks import changed, workbook

pytestmark = pytest.mark.worker

PLAIN = workbook(("Sheet1", [["断面", "数值"], ["甲", 1250.5]]))
WORST = {
    "beyond.xlsx": changed(PLAIN, lambda part: part.replace(b'"A1:B2"', b'"A1:ZZZ9999999"')),
    "infinite.xlsx": changed(PLAIN, lambda part: part.replace(b"1250.5", b"1e400")),
    "swollen.xlsx": changed(PLAIN, more=[("xl/more.xml", b" " * 70_000_000)]),
    "torn.xlsx": PLAIN[:900],
    "giant.csv": "行政区代码,协议编码,金额(元)\n1,2,".encode() + b"1" * 200_000,
    "nul.csv": b"\x00" * 1000,
}
PAGES = {"bureau": "/data/observations/upload/", "treasury": "/ledger/opening/",
         "admin": "/calendar/announce/"}  # fmt: skip


class Site:
    """One web process on the test's database."""

    def __init__(self, var_dir: Path) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.log = (var_dir / "web.log").open("w+")
        self.master = subprocess.Popen(
            [
                sys.executable, "-m", "gunicorn", "config.wsgi:application",
                "--bind", f"127.0.0.1:{self.port}", "--workers", "1",
                "--worker-class", "gthread", "--threads", "4", "--no-control-socket",
                "--log-level", "warning",
            ],
            cwd=ROOT,
            env=environment(
                var_dir, WHITENOISE_USE_FINDERS="on", SECRET_KEY=settings.SECRET_KEY
            ),
            stdout=self.log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )  # fmt: skip

    def answers(self) -> bool:
        try:
            return self.ask("GET", "/healthz")[0] == HTTPStatus.OK
        except OSError:
            return False

    def workers(self) -> list[int]:
        return [child.pid for child in psutil.Process(self.master.pid).children()]

    def ask(
        self, method: str, path: str, body: bytes | None = None, **headers: str
    ) -> tuple[int, str]:
        asked = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            named = {name.replace("_", "-"): value for name, value in headers.items()}
            asked.request(method, path, body, named)
            answer = asked.getresponse()
            return answer.status, answer.read().decode()
        finally:
            asked.close()

    def upload(self, path: str, cookie: str, name: str, raw: bytes) -> tuple[int, str]:
        """A file in the form of the page, with what else the form asks for."""
        page = path.replace("announce/", "")
        status, form = self.ask("GET", page, Cookie=cookie)
        assert status == HTTPStatus.OK, form[:500]
        token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', form)[1]
        cookie = f"{cookie}; csrftoken={token}"
        fields = {
            "csrfmiddlewaretoken": token, "on": "2023-12-31", "year": "2027",
            "source": "国办发明电〔2026〕1号",
        }  # fmt: skip
        parts = [
            f'--x\r\nContent-Disposition: form-data; name="{key}"\r\n\r\n{value}\r\n'.encode()
            for key, value in fields.items()
        ]
        head = f'--x\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\n\r\n'
        return self.ask(
            "POST", path, b"".join([*parts, head.encode(), raw, b"\r\n--x--\r\n"]),
            Cookie=cookie, Content_Type="multipart/form-data; boundary=x",
        )  # fmt: skip

    def stop(self) -> None:
        if self.master.poll() is None:
            os.killpg(self.master.pid, signal.SIGTERM)
        self.master.wait(30)
        self.log.close()


def signed_in(user) -> str:
    """The cookie of a session of this person."""
    session = import_module(settings.SESSION_ENGINE).SessionStore()
    session[SESSION_KEY] = str(user.pk)
    session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[-1]
    session[HASH_SESSION_KEY] = user.get_session_auth_hash()
    session.save()
    return f"{settings.SESSION_COOKIE_NAME}={session.session_key}"


def test_the_web_process_outlives_every_file(committed, tmp_path):
    people = People.make()
    tell_cases()
    files = {path.name: path.read_bytes() for path in sorted(CASES.iterdir())} | WORST
    site = Site(tmp_path)
    try:
        until(site.answers, seconds=60, what="the site to answer")
        (before,) = site.workers()
        for who, path in PAGES.items():
            cookie = signed_in(getattr(people, who))
            for name, raw in files.items():
                status, page = site.upload(path, cookie, name, raw)
                assert status in (200, 302, 422), f"{name} at {path}: {status}"
                assert status != 422 or 'class="error' in page or "怎样更正" in page, (name, path)
        assert site.workers() == [before]
        site.log.seek(0)
        assert "Traceback" not in site.log.read()
    finally:
        site.stop()
