"""登录与导出: every sign-in and sign-out, failed ones too, every export and every refusal."""

from typing import Any

from axes.signals import user_locked_out
from django.contrib.auth.signals import user_logged_in, user_logged_out, user_login_failed

from basins.models import AccessEvent
from basins.services import sessions
from dashboard.frame.addresses import client_address
from jobs.acting import person

Kind = AccessEvent.Kind
# What an address asks for that narrows nothing.
NO_FILTERS = {"page", "format", "csrfmiddlewaretoken"}


def note(kind: str, *, request: Any, user: Any = None, name: str = "", **said: Any) -> AccessEvent:
    """One event; `request` may be missing where a program signs in."""
    meta = getattr(request, "META", {})
    return AccessEvent.objects.create(
        kind=kind,
        name=clean(name or getattr(user, "username", ""), 150),
        address=client_address(request) if request is not None else "",
        user_agent=clean(meta.get("HTTP_USER_AGENT", ""), 300),
        path=clean(getattr(request, "path", ""), 500),
        **person(user),
        **said,
    )


def record_export(request: Any, what: str, rows: int | None) -> AccessEvent:
    """An export: what it is in words, how many rows, and the filters of its address.

    To be called by every view that hands out data as a file, before the file leaves.
    """
    filters = {
        name: values if len(values) > 1 else values[0]
        for name, values in request.GET.lists()
        if name not in NO_FILTERS and any(values)
    }
    return note(
        Kind.EXPORT,
        request=request,
        user=request.user,
        what=clean(what, 200),
        filters=filters,
        rows=rows,
    )


def clean(text: Any, length: int) -> str:
    """A stranger's text as PostgreSQL takes it."""
    return str(text or "").replace("\0", "")[:length]


def _signed_in(sender, request, user, **_):
    """A session begins; beyond three the oldest end, and are told so when they come back."""
    event = note(Kind.SIGN_IN, request=request, user=user)
    ended = sessions.begin(
        session=request.session, user=user, address=event.address, user_agent=event.user_agent
    )
    if ended:
        words = f"同时登录超过 {sessions.MOST} 处，最早的 {ended} 处已结束"
        note(Kind.ENDED, request=request, user=user, what=words)


def _signed_out(sender, request, user, **_):
    if user is not None:
        note(Kind.SIGN_OUT, request=request, user=user)


def _failed(sender, credentials, request=None, **_):
    note(Kind.FAILED, request=request, name=credentials.get("username", ""))


def _locked(sender, request, username, **_):
    note(Kind.LOCKED, request=request, name=username)


def connect() -> None:
    for signal, receiver in (
        (user_logged_in, _signed_in),
        (user_logged_out, _signed_out),
        (user_login_failed, _failed),
        (user_locked_out, _locked),
    ):
        signal.connect(receiver, dispatch_uid=f"dashboard.frame.access_log.{receiver.__name__}")
