"""Months that are over and have no accrual: found and computed, so none is silently zero."""

from django.db import transaction

from settlements.models import Accrual, Agreement
from settlements.services.accruals import accrue_agreement
from settlements.services.periods import periods_due


@transaction.atomic
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
    lacking = [
        agreement
        for agreement in agreements
        if any(
            (part.pk, period) not in have
            for term in agreement.terms.all()
            for part in term.sections.all()
            for period in periods_due(term)
        )
    ]
    for agreement in lacking:
        accrue_agreement(agreement=agreement)
    return [agreement.code for agreement in lacking]
