"""Several acts at the same moment, each on a connection of its own."""

from collections.abc import Callable
from threading import Barrier, Thread

from django.db import connection

from basins.refusals import Refused


def at_once(*acts: Callable[[], object]) -> list[object]:
    """What each act answered, or the Refused it raised; another error leaves None and fails
    the assertion that follows (and pytest, which sees the thread die)."""
    start = Barrier(len(acts))
    answers: list[object] = [None] * len(acts)

    def run(place: int) -> None:
        start.wait(timeout=20)
        try:
            answers[place] = acts[place]()
        except Refused as error:
            answers[place] = error
        finally:
            connection.close()

    threads = [Thread(target=run, args=[place]) for place in range(len(acts))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    return answers
