"""The main flow on one page: dirty months → means and class → accruals → settlements.

A reading that is stored, changed or deleted leaves a mark in its own transaction. Whoever
runs this claims marks, recomputes what they touch and commits, all in one transaction: a
worker killed half-way gives its marks back. Messages only wake; the sweep finds the rest.
"""

import logging

from django.db import connection, transaction

from monitoring.assessment.services.assessment import (
    SectionMonth,
    assess_months,
    claim_marks,
    marks_waiting,
    set_aside,
)
from settlements.accruals.services.accruals import accrue_changed
from settlements.accruals.services.gaps import fill_gaps

log = logging.getLogger(__name__)
BATCH = 50
ROUNDS = 2000  # then the next sweep goes on: writers may mark faster than we work


def recompute(*, batch: int = BATCH) -> int:
    """Work off the marks there are, `batch` at a time; returns how many were worked off.

    A month that cannot be computed is set aside with the reason and tried again later; it
    stops no other.
    """
    done = 0
    for _ in range(ROUNDS):
        try:
            worked = _recompute_some(claim_marks, batch)
        except Exception:
            log.warning("A batch of dirty months failed; looking for the reason.", exc_info=True)
            # Those that failed wait; the others are still one run, which the fuse counts. Where
            # each can be computed by itself, the trouble may have passed: else it is raised.
            worked = _set_aside_failing(batch) or _recompute_some(claim_marks, batch)
        if not worked:
            break
        done += worked
    fill_gaps()
    return done


@transaction.atomic
def _recompute_some(claim, which) -> int:
    _one_after_the_other()
    marks = claim(which)  # (section, month): deleted here, back again on rollback
    touched = assess_months(marks)  # means and class of just these months
    accrue_changed(touched)  # the accruals they feed, then the years' nets
    return len(marks)


def _one_after_the_other() -> None:
    """Two at once would share the marks between them, and the fuse would see half of each."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext('settlements_recompute'))")


def _set_aside_failing(batch: int) -> int:
    """Try each waiting mark by itself and take it back; returns how many were set aside."""
    failing = 0
    for mark in marks_waiting(batch):
        try:
            with transaction.atomic():
                _recompute_some(_claim_one, mark)
                transaction.set_rollback(True)
        except Exception as error:
            log.exception("Section %s, %s cannot be computed.", *mark)
            set_aside(mark, str(error) or type(error).__name__)
            failing += 1
    return failing


def _claim_one(mark: SectionMonth) -> list[SectionMonth]:
    return claim_marks(1, only=mark)
