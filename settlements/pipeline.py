"""The main flow on one page: dirty months → means and class → accruals → settlements.

A reading that is stored, changed or deleted leaves a mark in its own transaction. Whoever
runs this claims marks, recomputes what they touch and commits, all in one transaction: a
worker killed half-way gives its marks back. Messages only wake; the sweep finds the rest.
"""

from django.db import transaction

from monitoring.services.assessment import assess_months, claim_marks
from settlements.services.accruals import accrue_changed
from settlements.services.gaps import fill_gaps

BATCH = 50


def recompute(*, batch: int = BATCH) -> int:
    """Work off every mark there is, `batch` at a time; returns how many were worked off."""
    done = 0
    while claimed := _recompute_some(batch):
        done += claimed
    fill_gaps()
    return done


@transaction.atomic
def _recompute_some(batch: int) -> int:
    marks = claim_marks(batch)  # (section, month): deleted here, back again on rollback
    changed = assess_months(marks)  # means and class of just these months
    accrue_changed(changed)  # the accruals they feed, then the years' nets
    return len(marks)
