"""Months that are over and have no accrual: found and computed, so none is silently zero."""

import logging
from collections.abc import Iterable
from datetime import date

from settlements.accruals.services.accruals import accrue_changed
from settlements.accruals.services.superseded import superseded_of
from settlements.models import Accrual, Agreement
from settlements.reckoning.computation import SectionMonth
from settlements.reckoning.periods import parts_due, periods_due

log = logging.getLogger(__name__)


def fill_gaps(only: Iterable[int] | None = None) -> list[str]:
    """Compute what agreements in force lack: accruals of periods that are over, these alone.

    A month without a single reading leaves no dirty mark: this gives it its 无数据 accrual.
    Returns the codes of the agreements computed. `only`: looked for in agreements of those ids.
    4 queries when nothing is missing.
    """
    agreements = Agreement.objects.filter(state=Agreement.State.ACTIVE)
    if only is not None:
        agreements = agreements.filter(pk__in=list(only))
    looked_at = list(agreements.prefetch_related("terms__sections").order_by("pk"))
    have = set(
        Accrual.objects.filter(term__agreement__in=looked_at).values_list(
            "term_section_id", "period"
        )
    )
    return [agreement.code for agreement in looked_at if _filled(agreement, have)]


def _filled(agreement: Agreement, have: set[tuple[int, date]]) -> bool:
    """Whether gaps were found and filled; an agreement that cannot be computed stops no other."""
    try:
        lacking = _lacking(agreement, have)
        if not lacking:
            return False
        accrue_changed(lacking)
    except Exception:
        log.exception("Agreement %s cannot be computed.", agreement.code)
        return False
    return True


def _lacking(agreement: Agreement, have: set[tuple[int, date]]) -> set[SectionMonth]:
    """The sections and periods without an accrual, where any of them is to have one."""
    lacking = {
        (part.pk, period): (part.section_id, period)
        for term in agreement.terms.all()
        if (periods := periods_due(term))
        for part in parts_due(term)
        for period in periods
        if (part.pk, period) not in have
    }
    if not lacking or lacking.keys() <= superseded_of(agreement).answered.keys():
        return set()
    return set(lacking.values())
