"""Bugs, planted from outside by name: the simulator must find each of them.

    PLANTED_BUG=closing_sign_turned .venv/bin/python benchmarks/simulate.py 1

Each replaces one function of the product while it is planted; the product knows nothing of it.
"""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any
from unittest.mock import patch

from basins.clock import today
from settlements import pipeline
from settlements.accruals.services import nets as settlements
from settlements.accruals.services import proposals
from settlements.ledger.services import clearing, ledger, payments
from settlements.ledger.services.ledger import Line
from settlements.models import Adjustment
from settlements.notices.services import months
from settlements.objections.services import decisions
from settlements.years.services import adjustments, closing

VARIABLE = "PLANTED_BUG"


def _turned(lines: list[Line]) -> list[Line]:
    return [Line(line.account, -line.yuan) for line in lines]


def _closing_forgets_its_entry():
    return patch.object(closing, "post", lambda **_: None)


def _closing_sign_turned():
    real = closing.post
    return patch.object(
        closing, "post", lambda *, lines, **given: real(lines=_turned(lines), **given)
    )


def _payment_sign_turned():
    real = payments._lines
    return patch.object(payments, "_lines", lambda *given: _turned(real(*given)))


def _overpayment_unnoticed():
    return patch.object(payments, "_amount_problems", lambda draft: [])


def _disbursement_to_the_wrong_side():
    """What the treasury collects is credited to nobody: both postings on one account."""
    real = payments._lines

    def lines(payment, on):
        found = real(payment, on)
        half = (found[0].yuan / 2).quantize(found[0].yuan)
        return [Line(found[0].account, half), Line(found[1].account, -half)]

    return patch.object(payments, "_lines", lines)


def _adjustment_counted_twice():
    real = adjustments.difference
    return patch.object(
        adjustments, "difference", lambda a: {code: 2 * yuan for code, yuan in real(a).items()}
    )


def _fuse_bridged():
    return patch.object(proposals, "_stopped", lambda new, holds: set())


def _lapse_a_day_early():
    real = months.lapse_due
    return patch.object(months, "lapse_due", lambda: real(on=today() + timedelta(days=1)))


def _final_under_an_adjustment():
    return patch.object(months, "_with_pending_adjustments", lambda pks: set())


def _mark_lost():
    """A claimed mark is worked off without anything being computed."""
    return patch.object(pipeline, "assess_months", lambda marks: [])


def _cleared_forgotten():
    return patch.object(clearing, "_even", lambda *_: []), patch.object(
        payments, "refresh_cleared", lambda **_: None
    )


def _one_party_is_enough():
    real = months.confirming

    def confirming(agreement, month):
        return real(agreement, month)[:1]

    return patch.object(months, "confirming", confirming)


def _decision_without_data():
    return patch.object(decisions, "treat", lambda *_, **__: [])


def _signatures_outlive_the_data():
    return (
        patch.object(settlements, "void_signatures", lambda *_: False),
        patch.object(adjustments, "void_if_changed", lambda *_: False),
        patch.object(closing, "_refuse_changed", lambda data: None),
    )


def _reversal_of_a_half():
    real = ledger.post

    def post(*, lines, cause, **given):
        if cause == "reversal":
            lines = [Line(e.account, (e.yuan / 2).quantize(e.yuan)) for e in lines]
        return real(lines=lines, cause=cause, **given)

    return patch.object(ledger, "post", post)


def _dismissed_takes_effect():
    """A dismissed adjustment holds as an approved one does."""
    real = settlements.adjusted_nets_of

    def nets(agreement, years):
        found = {year: dict(of_year) for year, of_year in real(agreement, years).items()}
        for adjustment in Adjustment.objects.filter(
            state="dismissed",
            accrual__term__agreement=agreement,
            accrual__period__year__in=list(years),
        ).select_related("accrual"):
            of_year = found.setdefault(adjustment.accrual.period.year, {})
            for party in agreement.parties.select_related("jurisdiction"):
                code = party.jurisdiction.code
                yuan = adjustments.difference(adjustment).get(code, 0)
                of_year[party.jurisdiction_id] = of_year.get(party.jurisdiction_id, 0) + yuan
        return found

    return patch.object(settlements, "adjusted_nets_of", nets)


# Name → how it is planted.
BUGS: dict[str, Callable[[], Any]] = {
    "closing_forgets_its_entry": _closing_forgets_its_entry,
    "closing_sign_turned": _closing_sign_turned,
    "payment_sign_turned": _payment_sign_turned,
    "overpayment_unnoticed": _overpayment_unnoticed,
    "half_a_payment_booked": _disbursement_to_the_wrong_side,
    "adjustment_counted_twice": _adjustment_counted_twice,
    "fuse_bridged": _fuse_bridged,
    "lapse_a_day_early": _lapse_a_day_early,
    "final_under_an_adjustment": _final_under_an_adjustment,
    "mark_lost": _mark_lost,
    "cleared_forgotten": _cleared_forgotten,
    "one_party_is_enough": _one_party_is_enough,
    "decision_without_data": _decision_without_data,
    "signatures_outlive_the_data": _signatures_outlive_the_data,
    "reversal_of_a_half": _reversal_of_a_half,
    "dismissed_takes_effect": _dismissed_takes_effect,
}


@contextmanager
def planted(name: str | None = None) -> Iterator[None]:
    """The bug of that name, or of the environment variable PLANTED_BUG; nothing without one.

    Raises KeyError for a name that is none.
    """
    name = name if name is not None else os.environ.get(VARIABLE, "")
    if not name:
        yield
        return
    made = BUGS[name]()
    patches = made if isinstance(made, tuple) else (made,)
    for one in patches:
        one.start()
    try:
        yield
    finally:
        for one in patches:
            one.stop()
