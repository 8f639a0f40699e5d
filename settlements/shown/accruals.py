"""Accruals with what a list of several agreements names."""

from django.db.models import QuerySet

from settlements.models import Accrual


def listed_accruals(found: QuerySet[Accrual]) -> QuerySet[Accrual]:
    """With what a list of several agreements names, by agreement and month; steps left aside."""
    return (
        found.select_related(
            "term__agreement__river",
            "term_section__section",
            "term_section__upstream",
            "term_section__downstream",
        )
        .defer(
            "steps",
            "inputs",
            "term__parameters",
            "term__clauses",
            "term_section__upstream__boundary",
            "term_section__downstream__boundary",
        )
        .order_by("term__agreement__code", "period", "term_section__section__km", "pk")
    )
