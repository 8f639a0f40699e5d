"""Waking a worker once the data it will look for is committed."""

import logging
from time import monotonic

from celery import current_app
from django.db import transaction
from kombu.exceptions import OperationalError

log = logging.getLogger(__name__)
# How long a broker that did not answer is left alone: a page with many wakes waits for it once.
LEFT_ALONE = 5.0  # seconds
_down_until = 0.0


def wake_on_commit(task: str, *args) -> None:
    """Send `task` (by name, with ids only) after the running transaction commits.

    A broker that is down loses the message, not the work: the sweep finds the row or the
    dirty mark. So the failure is logged and the commit stands.
    """
    transaction.on_commit(lambda: _send(task, args))


def wake(task: str, *args) -> None:
    """Send `task` now: for who has committed already."""
    _send(task, args)


def _send(task: str, args: tuple) -> None:
    global _down_until
    if monotonic() < _down_until:
        return
    try:
        current_app.send_task(task, args=args)
    except (OperationalError, OSError) as error:
        _down_until = monotonic() + LEFT_ALONE
        log.warning(
            "The wake-up %s%s was not sent (%s); the sweep will find it.", task, args, error
        )
