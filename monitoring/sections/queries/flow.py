"""流量 of a month as a series gives it: its mean, what ran past, and the least there was.

Volume = the month's mean flow × the seconds of the month, once a station delivered enough values
(Completeness of the scheme); with fewer, or for a gauging by hand, there is none.
"""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from monitoring.assessment.services.assessment import month_bounds
from monitoring.models import MonthlyMean, Origin, Reading, Section
from monitoring.models.assessments import exact_mean
from monitoring.standards.exact import decimal_of
from monitoring.standards.flow import FLOW, volume_of


@dataclass(frozen=True, slots=True)
class FlowMonth:
    """mean, least: m³/s; volume: m³, None where the month has too few values."""

    mean: Decimal
    volume: Decimal | None
    least: Decimal | None
    least_at: datetime | None
    valid: int


def flow_of_month(section: Section, month: date) -> FlowMonth | None:
    """None where no flow was measured: 1 query, and 1 more where one was."""
    row = MonthlyMean.objects.filter(section=section, month=month, indicator__code=FLOW).first()
    if row is None:
        return None
    start, end = month_bounds(month)
    least = (
        Reading.objects.filter(
            section=section,
            indicator=row.indicator_id,
            origin=row.origin,
            sampled_at__gte=start,
            sampled_at__lt=end,
            flag__in=Reading.VALID_FLAGS,
        )
        .order_by("value", "sampled_at")
        .values_list("value", "sampled_at")
        .first()
    )
    enough = row.complete and row.origin == Origin.AUTOMATIC
    mean = exact_mean(row.mean, row.total, row.valid)
    return FlowMonth(
        mean=row.mean,
        volume=decimal_of(volume_of(mean, month)) if enough else None,
        least=least[0] if least else None,
        least_at=least[1] if least else None,
        valid=row.valid,
    )
