"""What was known when: readings and monthly means as they stood at a past moment (按某日所知).

A reading that stands was known from its `recorded_at`; what it was before lies in the revisions,
each known from `known_from` until, but without, `known_to`. A revision that begins and ends in
one transaction was never known to anybody and never appears.

Sampling plans are taken from the audit trail as they were known then.
"""

from datetime import date, datetime

from basins.history import relation_as_known
from monitoring.assessment.services.assessment import Mean, Readings, means_of_month
from monitoring.models import AssessmentBasis, SamplingPlan

# The newest of what was known; conditions on the key reach both branches, so partitions are
# pruned as for the plain table.
AS_KNOWN = """(
    SELECT DISTINCT ON (section_id, indicator_id, sampled_at, origin) k.*
    FROM (
        SELECT section_id, indicator_id, sampled_at, origin, value, below_limit, flag,
               recorded_at AS known_from
        FROM monitoring_reading WHERE recorded_at <= %(known_at)s
        UNION ALL
        SELECT section_id, indicator_id, sampled_at, origin, value, below_limit, flag, known_from
        FROM monitoring_readingrevision
        WHERE known_from <= %(known_at)s AND known_to > %(known_at)s
    ) k
    ORDER BY section_id, indicator_id, sampled_at, origin, known_from DESC
)"""


def means_as_known(section_id: int, month: date, at: datetime) -> list[Mean]:
    """Monthly means of a section as they would have been computed at `at`: 3 SQL queries.

    Raises ValueError for a moment without a zone.
    """
    return means_of_month(month, [section_id], readings=known_readings(at))


def known_readings(at: datetime) -> Readings:
    """Readings and sampling plans as known at `at`, for `means_of_month` to take.

    Raises ValueError for a moment without a zone.
    """
    return Readings(
        AS_KNOWN,
        relation_as_known(SamplingPlan),
        relation_as_known(AssessmentBasis),
        {"known_at": _aware(at)},
    )


def _aware(moment: datetime) -> datetime:
    if moment.tzinfo is None:
        raise ValueError(f"时间 {moment!r} 没有时区；请用带时区的时间，如 Asia/Shanghai。")
    return moment
