"""Who acts for itself in an agreement, and where the page of its month is."""

from django.db.models import Q

from basins.links import Link, to
from settlements.models import AgreementMonth, Party


def signatories(**which) -> list[Party]:
    """Parties that act for themselves, by agreement and order: 1 SQL query.

    A 市级财政补位 stands in for a neighbour that did not sign: it confirms nothing, the bureau
    that publishes the month has spoken for the city.
    """
    return list(
        Party.objects.filter(~Q(role=Party.Role.MUNICIPAL_FILL), **which)
        .select_related("jurisdiction")
        .defer("jurisdiction__boundary")
        .order_by("agreement", "order", "pk")
    )


def month_link(month: AgreementMonth) -> Link:
    """The page of an agreement's month."""
    return to("settlement-month", month.agreement.code, month.month.year, month.month.month)
