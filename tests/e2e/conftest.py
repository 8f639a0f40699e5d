"""A small demonstration installation behind a real server, and a real browser in front of it."""

import os
import signal
import socket
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from shutil import which
from urllib.request import urlopen

import pytest
from django.conf import settings
from django.db import connection
from playwright.sync_api import Page, Request, expect, sync_playwright

from tests import databases
from tests.demonstration import small_demonstration
from tests.processes import environment, until

# The one without a window of its own takes half the time of the other.
CHROMIUM = which("chromium-headless-shell") or "/usr/bin/chromium"
expect.set_options(timeout=60_000)  # a busy machine fails no test


# Runs in the page: done once it has nothing left to do, nor to ask for in the next moment.
IDLE = """() => new Promise(
    done => requestIdleCallback(() => setTimeout(done, 50), {timeout: 10000})
)"""


@pytest.fixture(scope="package")
def site(django_db_setup, django_db_blocker, tmp_path_factory):
    """Address of a running site with demonstration data."""
    with django_db_blocker.unblock(), databases.world("demo", small_demonstration):
        folder = tmp_path_factory.mktemp("site")
        env = environment(folder, WHITENOISE_USE_FINDERS="on")
        connection.close()
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        log = (folder / "web.log").open("w")
        server = subprocess.Popen(
            [
                sys.executable, "-m", "gunicorn", "config.wsgi", "--bind", f"127.0.0.1:{port}",
                "--threads", "4", "--worker-class", "gthread",
            ],
            cwd=Path(settings.BASE_DIR),
            env=env,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )  # fmt: skip
        base = f"http://127.0.0.1:{port}"
        try:
            until(lambda: answers(base), seconds=60, what="the site to answer /healthz")
            yield base
        finally:
            os.killpg(server.pid, signal.SIGTERM)
            server.wait(timeout=20)
            log.close()


def answers(base: str) -> bool:
    try:
        with urlopen(f"{base}/healthz", timeout=2) as response:
            return response.status == 200
    except OSError:
        return False


@dataclass
class Visit:
    """A page in a fresh browser context that remembers whatever went wrong in it."""

    page: Page
    base: str
    sessions: dict[str, list] = field(default_factory=dict)  # sign-in → cookies, of all visits
    wrong: list[str] = field(default_factory=list)
    answers: tuple[int, ...] = ()  # statuses that are no error here
    asked: set[Request] = field(default_factory=set)  # and not answered yet

    def __post_init__(self):
        self.page.on("console", self._console)
        self.page.on("pageerror", lambda error: self.wrong.append(f"script: {error}"))
        self.page.on("request", self._request)
        self.page.on("response", self._response)
        self.page.on("requestfinished", lambda request: self.asked.discard(request))
        self.page.on("requestfailed", lambda request: self.asked.discard(request))

    def sign_in(self, username: str) -> None:
        """As that person, with the session of an earlier visit if there is one."""
        if username not in self.sessions:
            self.sign_in_anew(username)
            self.sessions[username] = self.page.context.cookies()
        self.page.context.add_cookies(self.sessions[username])

    def sign_in_anew(self, username: str) -> None:
        """With name and password, for a session of its own."""
        self.page.goto(f"{self.base}/sign-in/")
        self.page.fill("input[name=username]", username)
        self.page.fill("input[name=password]", settings.DEMO_PASSWORD)
        self.page.click("form button[type=submit] >> nth=-1")
        self.page.wait_for_url(lambda url: "sign-in" not in url)

    def go(self, path: str) -> None:
        self.asked.clear()  # of the page before
        self.page.goto(self.base + path)
        self.settle()

    def settle(self) -> None:
        """Until the page has done what it does by itself, and all it asked for is answered."""
        until(self._is_idle, seconds=30, what=f"an answer to {self.asked}")

    def _is_idle(self) -> bool:
        self.page.evaluate(IDLE)
        return not self.asked

    def overflow(self) -> int:
        """Pixels by which the page is wider than the window."""
        return self.page.evaluate(
            "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        )

    def height(self) -> int:
        """Pixels of the whole page from top to bottom."""
        return self.page.evaluate("document.documentElement.scrollHeight")

    def _console(self, message) -> None:
        answered = any(f"status of {status} " in message.text for status in self.answers)
        if message.type in ("error", "warning") and not answered:
            self.wrong.append(f"console {message.type} at {self.page.url}: {message.text}")

    def _request(self, request: Request) -> None:
        self.asked.add(request)
        if not request.url.startswith((self.base, "data:", "blob:")):
            self.wrong.append(f"left this machine: {request.url}")

    def _response(self, response) -> None:
        if response.status >= 400 and response.status not in self.answers:
            self.wrong.append(f"{response.status} {response.url}")


@pytest.fixture(scope="package")
def sessions() -> dict[str, list]:
    """Whoever has signed in once, with the cookies of it."""
    return {}


@pytest.fixture(scope="package")
def chromium(site):
    """A browser, started after the data are there: the ORM refuses to run beside its event loop."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM,
            args=[
                "--disable-background-networking",
                "--disable-component-update",
                "--no-first-run",
            ],
        )
        yield browser
        browser.close()


@pytest.fixture
def visit(chromium, site, sessions):
    """Opens a window: `visit(width=390)`; fails the test if anything went wrong in one."""
    opened = []

    def open_window(width: int = 1440) -> Visit:
        context = chromium.new_context(viewport={"width": width, "height": 900}, locale="zh-CN")
        opened.append((context, Visit(context.new_page(), site, sessions)))
        return opened[-1][1]

    yield open_window
    wrong = [w for _, visit in opened for w in visit.wrong]
    for context, _ in opened:
        context.close()
    assert wrong == []
