"""The named checks, in the order in which they are named and shown."""

from collections.abc import Callable, Iterable

from django.db import transaction

from settlements.checks import (
    accounts,
    accruals,
    data,
    files,
    ledger,
    notices,
    payments,
    workflow,
)
from settlements.checks.base import Check, Context, Result, answer
from settlements.ledger.services.ledger import lock_journal
from settlements.notices.services.notices import lock_agreements

CHECKS: tuple[Check, ...] = (
    *ledger.CHECKS,
    accounts.OPENED,
    accounts.CLOSED,
    accounts.BALANCE,
    ledger.TRIAL,
    accounts.TRANSIT,
    ledger.REVERSED,
    ledger.CAUSED,
    *payments.CHECKS,
    *accruals.CHECKS,
    notices.UNCHANGED,
    accruals.SETTLED,
    workflow.LEGAL,
    *data.CHECKS,
    notices.FIGURES,
    ledger.OPENED_ONCE,
    *files.CHECKS,
)
BY_NAME: dict[str, Check] = {check.name: check for check in CHECKS}


def run_checks(tell: Callable[[int, int, str], None] | None = None) -> list[Result]:
    """Every check, in order. `tell(done, total, title)` hears of each before it begins.

    Agreements and the journal are locked meanwhile, in that order: nothing is recomputed,
    decided or booked between two queries. Files are read when the locks are gone.
    """
    context = Context()
    results: list[Result] = []

    def run(checks: Iterable[Check]) -> None:
        for check in checks:
            if tell is not None:
                tell(len(results), len(CHECKS), check.title)
            results.append(answer(check, context))

    with transaction.atomic():
        lock_agreements()
        lock_journal()
        run(check for check in CHECKS if check.locks)
    run(check for check in CHECKS if not check.locks)
    return results
