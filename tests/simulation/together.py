"""Several sessions at once: threads with a connection and a clock of their own."""

import contextvars
import threading
from collections.abc import Callable, Sequence

from django.db import connection

WAIT = 120  # seconds after which a session counts as hanging


def at_once(acts: Sequence[Callable[[], object]]) -> list[object]:
    """What each act returned or raised, all begun in the same moment, in the clock of the caller.

    Raises AssertionError where a session does not come back: it waits for a lock in a ring.
    """
    answers: list[object] = [None] * len(acts)
    start = threading.Barrier(len(acts))

    def run(place: int) -> None:
        try:
            start.wait(timeout=WAIT)
            answers[place] = acts[place]()
        except Exception as error:  # noqa: BLE001 - whoever asked looks at it
            answers[place] = error
        finally:
            connection.close()

    threads = [
        threading.Thread(target=contextvars.copy_context().run, args=(run, place), daemon=True)
        for place in range(len(acts))
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=WAIT)
    hanging = [place for place, thread in enumerate(threads) if thread.is_alive()]
    assert not hanging, f"sessions {hanging} hang"
    return answers
