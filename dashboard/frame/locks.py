"""django-axes' handler here: it counts in basins.services.sign_in_locks, where waits grow."""

from typing import Any

from axes.handlers.base import AxesHandler
from axes.signals import user_locked_out

from basins.services import sign_in_locks
from dashboard.frame.access_log import clean
from dashboard.frame.addresses import client_address


class LockHandler(AxesHandler):
    """`request.sign_in_wait` says how long whoever asks must wait."""

    def is_locked(self, request: Any, credentials: dict | None = None) -> bool:
        wait = sign_in_locks.wait_left(_name(credentials), client_address(request))
        if wait is not None:
            request.axes_locked_out, request.sign_in_wait = True, wait
        return wait is not None

    def user_login_failed(self, sender, credentials: dict, request=None, **kwargs) -> None:
        # What is tried while one must wait is not looked at, and counts for nothing.
        if request is None or request.axes_locked_out:
            return
        wait = sign_in_locks.failed(_name(credentials), client_address(request))
        if wait is None:
            return
        request.axes_locked_out, request.sign_in_wait = True, wait
        user_locked_out.send(
            "axes",
            request=request,
            username=_name(credentials),
            ip_address=client_address(request),
        )

    def user_logged_in(self, sender, request, user, **kwargs) -> None:
        sign_in_locks.succeeded(user.get_username(), client_address(request))


def _name(credentials: dict | None) -> str:
    return clean((credentials or {}).get("username"), 150)
