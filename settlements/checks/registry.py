"""The named checks, in the order in which they are named and shown."""

from collections.abc import Callable, Iterable

from basins.snapshot import one_snapshot
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

    All but those of files read at one moment and lock nothing: what is recomputed, decided or booked
    meanwhile goes on and is not seen. Within a transaction of the caller's, agreements and the
    journal are locked instead, in that order.
    """
    context = Context()
    results: list[Result] = []

    def run(checks: Iterable[Check]) -> None:
        for check in checks:
            if tell is not None:
                tell(len(results), len(CHECKS), check.title)
            results.append(answer(check, context))

    with one_snapshot() as alone:
        if not alone:
            lock_agreements()
            lock_journal()
        run(check for check in CHECKS if check.at_one_moment)
    run(check for check in CHECKS if not check.at_one_moment)
    return results
