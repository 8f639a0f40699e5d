"""The thirty checks, in the order in which they are named and shown."""

from collections.abc import Callable

from django.db import transaction

from settlements.checks import accounts, accruals, data, ledger, notices, payments, workflow
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
)
BY_NAME: dict[str, Check] = {check.name: check for check in CHECKS}


@transaction.atomic
def run_checks(tell: Callable[[int, int, str], None] | None = None) -> list[Result]:
    """Every check, in order. `tell(done, total, title)` hears of each before it begins.

    Agreements and the journal are locked meanwhile, in that order: nothing is recomputed,
    decided or booked between two queries.
    """
    lock_agreements()
    lock_journal()
    context, results = Context(), []
    for done, check in enumerate(CHECKS):
        if tell is not None:
            tell(done, len(CHECKS), check.title)
        results.append(answer(check, context))
    return results
