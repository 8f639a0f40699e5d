"""A year's office: the site on a clock that is moved, a browser before it, and what each is told.

The site answers in threads of this process, so that its clock stands where the test's does. What
asks the database does so in a thread of its own: beside the browser's loop the ORM refuses.
"""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from socketserver import ThreadingMixIn
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer

from django.conf import settings
from django.core import mail
from django.core.wsgi import get_wsgi_application
from django.db import connections
from django.test import Client
from playwright.sync_api import Error as PlaywrightError
from playwright.sync_api import Page

from basins.access import viewer_of
from basins.clock import moved_to
from basins.models import Notification, User
from basins.services.notifications import mail_waiting
from settlements import pipeline, tasks
from settlements.work.queries.work import counts, todo
from tests.worlds import Border


class Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True
    request_queue_size = 64


class Quiet(WSGIRequestHandler):
    def log_message(self, *_: object) -> None:
        """The test says what went wrong."""


@dataclass
class Office:
    people: dict[str, User]
    day: date
    border: Border
    page: Page | None = None
    base: str = ""
    wrong: list[str] = field(default_factory=list)
    _one: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(1))
    _told: int = 0
    _mailed: int = 0

    # The site ------------------------------------------------------------------------------

    def serve(self) -> Server:
        inner = get_wsgi_application()

        def app(environ, start_response):
            with moved_to(self.day):
                answer = inner(environ, start_response)
                try:
                    return [b"".join(answer)]
                finally:
                    answer.close()
                    connections.close_all()

        server = Server(("127.0.0.1", 0), Quiet)
        server.set_app(app)
        self.base = f"http://127.0.0.1:{server.server_port}"
        return server

    def asked(self, what: Callable[[], Any]) -> Any:
        """What the database says of it, on the office's day."""

        def inside():
            with moved_to(self.day):
                return what()

        return self._one.submit(inside).result()

    def close(self) -> None:
        self._one.submit(connections.close_all).result()
        self._one.shutdown()

    # Days ----------------------------------------------------------------------------------

    def until(self, day: date) -> None:
        """The clock goes on; what the system does every day is done."""
        self.day = day
        self.asked(tasks.daily)

    # People --------------------------------------------------------------------------------

    def signed_in(self, who: str) -> Page:
        def key() -> str:
            client = Client()
            client.force_login(self.people[who])
            return client.cookies[settings.SESSION_COOKIE_NAME].value

        assert self.page is not None
        self.page.context.clear_cookies()
        self.page.context.add_cookies(
            [
                {"name": settings.SESSION_COOKIE_NAME, "value": self.asked(key), "url": self.base},
                {"name": "django_language", "value": "zh-hans", "url": self.base},
            ]
        )
        return self.page

    def reads(self, who: str, path: str) -> str:
        page = self.signed_in(who)
        page.goto(self.base + path)
        return page.inner_text("body")

    def acts(
        self, who: str, path: str, *press: str, files: dict[str, Path] | None = None, **typed: str
    ) -> str:
        """On that page presses one thing after the other, filling in what is asked for on the way;
        what the last page says."""
        page = self.signed_in(who)
        page.goto(self.base + path)
        for words in press:
            for name, value in typed.items():
                if (found := page.locator(f"main [name={name}]:visible")).count():
                    if found.first.evaluate("e => e.tagName") == "SELECT":
                        found.first.select_option(value)
                    elif found.first.get_attribute("type") == "radio":
                        page.check(f"main [name={name}][value={value}]")
                    else:
                        found.first.fill(value)
            for name, file in (files or {}).items():
                if (found := page.locator(f"main input[type=file][name={name}]")).count():
                    found.first.set_input_files(file)
            pressed = page.get_by_role("link", name=words, exact=True).or_(
                page.get_by_role("button", name=words, exact=True)
            )
            try:
                with page.expect_navigation():
                    pressed.first.click()
            except PlaywrightError as error:
                there = page.inner_text("main")[:1500]
                raise AssertionError(f"{who} presses “{words}” on {page.url}: {there}") from error
        return page.inner_text("body")

    def august_turns_out_better(self) -> None:
        self.border.measured("2023-08", "II")
        pipeline.recompute()

    # What each is told -----------------------------------------------------------------------

    def told(self) -> dict[str, list[str]]:
        """Person → what is new to it since this was asked last."""

        def found():
            rows = Notification.objects.filter(pk__gt=self._told).order_by("pk")
            return list(rows.values_list("pk", "user__username", "text"))

        news: dict[str, list[str]] = {}
        for pk, who, text in self.asked(found):
            self._told = max(self._told, pk)
            if who in self.people:
                news.setdefault(who, []).append(text)
        return news

    def lists(self) -> dict[str, list[str]]:
        """Person → the keys of what stands in its 待办."""

        def found():
            lists = {}
            for who, user in self.people.items():
                viewer = viewer_of(user)
                lists[who] = [group.key for group in todo(viewer, counts(viewer))]
            return lists

        return {who: keys for who, keys in self.asked(found).items() if keys}

    def mailed(self) -> list[str]:
        """Who got mail since this was asked last."""
        self.asked(lambda: mail_waiting({}, lambda *_: None))
        new = mail.outbox[self._mailed :]
        self._mailed = len(mail.outbox)
        return sorted({message.to[0].partition("@")[0] for message in new})

    def told_at(self, what: str) -> str:
        """A step as told.md has it. Mail goes to those who are told, to nobody else."""
        news, lists = self.told(), self.lists()
        assert self.mailed() == sorted(news), what
        lines = [f"## {self.day} {what}", ""]
        for text in dict.fromkeys(text for texts in news.values() for text in texts):
            readers = "、".join(who for who in self.people if text in news.get(who, ()))
            lines.append(f"- 通知 {readers}：{text}")
        by_list: dict[str, list[str]] = {}
        for who, keys in lists.items():
            for key in keys:
                if key != "months-to-prepare":  # of 2024, which is not told here
                    by_list.setdefault(key, []).append(who)
        lines += [f"- 待办 {key}：{'、'.join(whose)}" for key, whose in sorted(by_list.items())]
        return "\n".join([*lines, ""])
