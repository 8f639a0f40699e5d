"""Months that are over and have no accrual: found and computed, so none is silently zero."""

import logging
from datetime import date

from settlements.accruals.services.accruals import accrue_agreement
from settlements.accruals.services.superseded import superseded_of
from settlements.models import Accrual, Agreement
from settlements.reckoning.periods import parts_due, periods_due

log = logging.getLogger(__name__)


def fill_gaps() -> list[str]:
    """Compute agreements in force that lack an accrual of a period that is over.

    A month without a single reading leaves no dirty mark: this gives it its 无数据 accrual.
    Returns the codes of the agreements computed. 3 queries when nothing is missing.
    """
    agreements = list(
        Agreement.objects.filter(state=Agreement.State.ACTIVE)
        .prefetch_related("terms__sections")
        .order_by("pk")
    )
    have = set(
        Accrual.objects.filter(term__agreement__in=agreements).values_list(
            "term_section_id", "period"
        )
    )
    return [agreement.code for agreement in agreements if _filled(agreement, have)]


def _filled(agreement: Agreement, have: set[tuple[int, date]]) -> bool:
    """Whether gaps were found and filled; an agreement that cannot be computed stops no other."""
    try:
        if not _lacks(agreement, have):
            return False
        accrue_agreement(agreement=agreement)
    except Exception:
        log.exception("Agreement %s cannot be computed.", agreement.code)
        return False
    return True


def _lacks(agreement: Agreement, have: set[tuple[int, date]]) -> bool:
    lacking = {
        (part.pk, period)
        for term in agreement.terms.all()
        for part in parts_due(term)
        for period in periods_due(term)
        if (part.pk, period) not in have
    }
    return bool(lacking) and not lacking <= superseded_of(agreement).answered.keys()
