"""The main flow on one page: dirty months → means and class → accruals → settlements.

A reading that is stored, changed or deleted leaves a mark in its own transaction. Whoever
runs this claims marks, recomputes what they touch and commits, all in one transaction: a
worker killed half-way gives its marks back. Messages only wake; the sweep finds the rest.
"""

import logging
import time
from collections.abc import Iterator, Sequence

from django.db import connection, transaction

from monitoring.assessment.services.assessment import (
    SectionMonth,
    assess_months,
    claim_marks,
    marks_waiting,
    set_aside,
)
from settlements.accruals.services.accruals import accrue_changed, agreements_touched
from settlements.accruals.services.gaps import fill_gaps

log = logging.getLogger(__name__)
# What waits is one run, which the fuse counts: a city's whole month and more. Beyond it a run
# is as much as takes about this long, for whoever waits for a lock on its agreements.
AT_ONCE = 2000
SECONDS = 5
ROUNDS = 2000  # then the next sweep goes on: writers may mark faster than we work


def recompute(*, batch: int | None = None) -> int:
    """Work off the marks there are; returns how many were worked off.

    A month that cannot be computed is set aside with the reason and tried again later; it
    stops no other. `batch`: so many at a time, and not as many as the time allows.
    """
    size, done = batch or AT_ONCE, 0
    touched: set[int] = set()
    for _ in range(ROUNDS):
        begun = time.monotonic()
        try:
            worked = _recompute_some(size)
        except Exception:
            log.warning("A batch of dirty months failed; looking for the reason.", exc_info=True)
            # Those that failed wait; the others are still one run, which the fuse counts. Where
            # each can be computed by itself, the trouble may have passed: else it is raised.
            worked = _set_aside_failing(size) or _recompute_some(size)
        if not worked:
            break
        done += len(worked)
        touched |= agreements_touched(worked).keys()
        if batch is None and len(worked) == size:
            size = _next_size(size, time.monotonic() - begun)
    # All of them where nothing waited, and every hour (settlements.tasks.daily).
    fill_gaps(touched if done else None)
    return done


def _next_size(size: int, seconds: float) -> int:
    """As many marks as take SECONDS where `size` took `seconds`; at most four times as many."""
    return max(1, min(4 * size, round(size * SECONDS / max(seconds, 0.001))))


@transaction.atomic
def _recompute_some(limit: int, among: Sequence[SectionMonth] | None = None) -> list[SectionMonth]:
    _one_after_the_other()
    marks = claim_marks(limit, among=among)  # deleted here, back again on rollback
    touched = assess_months(marks)  # means and class of just these months
    accrue_changed(touched)  # the accruals they feed, then the years' nets
    return marks


def _one_after_the_other() -> None:
    """Two at once would share the marks between them, and the fuse would see half of each."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext('settlements_recompute'))")


def _set_aside_failing(limit: int) -> list[SectionMonth]:
    """Look for the waiting marks that fail by themselves, and set these aside; returns them."""
    failing = list(_failing(marks_waiting(limit)))
    for mark, error in failing:
        set_aside(mark, str(error) or type(error).__name__)
    return [mark for mark, _ in failing]


def _failing(marks: Sequence[SectionMonth]) -> Iterator[tuple[SectionMonth, Exception]]:
    """Those that cannot be computed, and why: tried half by half, all of it taken back."""
    if not marks:
        return
    try:
        with transaction.atomic():
            _recompute_some(len(marks), marks)
            transaction.set_rollback(True)
    except Exception as error:
        if len(marks) == 1:
            log.exception("Section %s, %s cannot be computed.", *marks[0])
            yield marks[0], error
            return
        middle = len(marks) // 2
        yield from _failing(marks[:middle])
        yield from _failing(marks[middle:])
