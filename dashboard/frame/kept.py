"""Pages and parts of pages kept on the server for as long as nothing they show has changed.

A browser keeps nothing (PrivatePagesMiddleware). Here a page is kept for one person, as written for
the role and place that person has today; a part that says nothing personal for all whose role and
place are the same. Both go by the data version (basins.version), the day in Asia/Shanghai (a deadline
passes at midnight) and the language. The version is read before anything else is, so what is kept
under it is never older than it. Decision 16.

What a page may show to be kept: rows of tables that leave marks, the day, its address. Not the hour,
the session, or a table that stands aside; tests/dashboard/every_page/test_kept.py asks each.
"""

import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace
from functools import wraps
from hashlib import sha256
from typing import Any, cast

from django.contrib.messages import get_messages
from django.contrib.messages.storage.base import BaseStorage
from django.core.cache import caches
from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.middleware.csrf import get_token
from django.utils.translation import get_language

from basins.access import Viewer, viewer_of
from basins.clock import today
from basins.version import data_version

# Stand in a kept page for what each answer has of its own. Nobody can write them into a text, since
# nobody knows them.
FORM_TOKEN, SECONDS_LEFT, SEEN = (secrets.token_hex(32) for _ in range(3))
# What an open page shows, and with it asks whether that is still so: static/js/live.js.
SEEN_HEADER = "X-Seen"
# As known at a moment, or a file: asked anew.
NOT_KEPT = ("known", "format")
PAGE = "text/html; charset=utf-8"
MISSING = object()

View = Callable[..., HttpResponse]
# The version of the page that is being written, for its parts: asked once.
_under: ContextVar[int | None] = ContextVar("version_of_page", default=None)


def kept(view: View) -> View:
    """View decorator: the page of one person, kept."""

    @wraps(view)
    def answer(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if request.method != "GET" or any(name in request.GET for name in NOT_KEPT):
            return view(request, *args, **kwargs)
        messages = cast(BaseStorage, get_messages(request))
        if len(messages):  # shown once, to this request
            return view(request, *args, **kwargs)
        asked = request.get_full_path(), request.headers.get("HX-Request")
        version = data_version()
        key = _key(version, "page", *_person(request.user), *asked)
        seen = _Seen.read(request)
        if seen is not None and seen.key == key[:16]:
            return HttpResponse(status=204)
        content = caches["kept"].get(key)
        if content is None:
            with _written_under(version):
                response = _written(view, request, *args, **kwargs)
            if not _is_plain(response):
                return _own(request, response)
            content = response.content
            if not (messages.used or messages.added_new):
                caches["kept"].set(key, content)
        now = _Seen(key[:16], _digest(content))
        if seen is not None and seen.content == now.content:
            return HttpResponse(status=204, headers={SEEN_HEADER: str(now)})
        return _own(request, HttpResponse(content, content_type=PAGE), str(now))

    answer.__kept__ = True  # type: ignore[attr-defined]
    return answer


@dataclass(frozen=True, slots=True)
class _Seen:
    """What an open page shows: under which key it was kept, and the digest of its content."""

    key: str
    content: str

    def __str__(self) -> str:
        return f"{self.key}.{self.content}"

    @classmethod
    def read(cls, request: HttpRequest) -> "_Seen | None":
        """Of a page that asks by itself, which is no use of the session; None of any other."""
        text = request.headers.get(SEEN_HEADER)
        if text is None:
            return None
        request.session.asked_by_itself = True  # type: ignore[attr-defined]
        key, _, content = text.partition(".")
        return cls(key, content)


def _digest(content: bytes) -> str:
    """Of a page without its foot, which says when it was made, and without what each answer has of its
    own: alike in every process."""
    content = content.partition(b"<footer")[0]
    for place in (FORM_TOKEN, SECONDS_LEFT, SEEN):
        content = content.replace(place.encode(), b"")
    return sha256(content).hexdigest()[:16]


def kept_but(**asked: str) -> Callable[[View], View]:
    """The same, but where the address asks for one of these."""

    def decorator(view: View) -> View:
        keeping = kept(view)

        @wraps(keeping)
        def answer(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            anew = any(request.GET.get(name) == value for name, value in asked.items())
            return (view if anew else keeping)(request, *args, **kwargs)

        return answer

    return decorator


def part(name: str, viewer: Viewer, compute: Callable[..., Any], *given: Any) -> Any:
    """What `compute(*given)` answers, kept for this viewer under that name."""
    under = _under.get()
    key = _key(data_version() if under is None else under, name, viewer, *given)
    found = caches["kept"].get(key, MISSING)
    if found is MISSING:
        found = compute(*given)
        caches["kept"].set(key, found)
    return found


def shared_part(name: str, viewer: Viewer, compute: Callable[..., Any], *given: Any) -> Any:
    """What `compute(viewer, *given)` answers for everybody of the viewer's role and place: it is not
    told who asks."""
    anybody = replace(viewer, user_id=0)
    return part(name, anybody, compute, anybody, *given)


def _written(view: View, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
    request.written_to_keep = True  # type: ignore[attr-defined]
    try:
        return view(request, *args, **kwargs)
    except BaseException:  # the page that says so is this request's own
        request.written_to_keep = False  # type: ignore[attr-defined]
        raise


@contextmanager
def _written_under(version: int) -> Iterator[None]:
    token = _under.set(version)
    try:
        yield
    finally:
        _under.reset(token)


def is_written_to_keep(request: HttpRequest) -> bool:
    return getattr(request, "written_to_keep", False)


def _person(user: Any) -> tuple[Any, ...]:
    """All that was asked of the person before the version was: it may be older, so it is in the key."""
    columns = [getattr(user, field.attname) for field in user._meta.concrete_fields]
    return (viewer_of(user), *columns)


def _key(version: int, *given: Any) -> str:
    """Of a page or part under a version asked before it."""
    settings = connection.settings_dict
    of = (settings["HOST"], settings["NAME"], version, today(), get_language(), *given)
    return sha256(repr(of).encode()).hexdigest()


def _is_plain(response: HttpResponse) -> bool:
    """A page and nothing with it: no file, no refusal, no cookie, no header of its own."""
    return (
        not response.streaming
        and response.status_code == 200
        and response.headers == {"Content-Type": PAGE}
        and not response.cookies
    )


def _own(request: HttpRequest, response: HttpResponse, seen: str = "") -> HttpResponse:
    """With the token and the seconds that are this request's, and what it will have seen."""
    if response.streaming:
        return response
    for place, own in (
        (FORM_TOKEN.encode(), get_token),
        (SECONDS_LEFT.encode(), lambda request: request.session.get_session_cookie_age()),
        (SEEN.encode(), lambda request: seen),
    ):
        if place in response.content:
            response.content = response.content.replace(place, str(own(request)).encode())
    return response
