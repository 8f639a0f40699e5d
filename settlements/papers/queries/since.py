"""已修订: what was adjusted of an issued paper's figures since it was issued.

The paper keeps what it said; its page and 核验 say that its periods have been adjusted, how often
and when last. No amount leaves here: 核验 is open to whoever holds the paper.
"""

from dataclasses import dataclass
from datetime import date, datetime

from django.db.models import Count, Exists, Max, OuterRef, Q
from django.utils.timezone import localdate

from settlements.models import Adjustment, AdjustmentNet, IssuedPaper, Notice
from settlements.notices.queries.notices import of_notice
from settlements.papers.queries.notice import notice_of_subject


@dataclass(frozen=True, slots=True)
class RevisedSince:
    adjustments: int
    last: date

    @property
    def words(self) -> str:
        return f"签发之后，所载期间有 {self.adjustments} 项调整获批准，最近一项在 {self.last}"


def revised_since(issued: IssuedPaper) -> RevisedSince | None:
    """None where nothing of it was adjusted: 2 SQL queries at most."""
    if issued.kind == IssuedPaper.Kind.DEMAND:  # an adjustment after it has a demand of its own
        return None
    of_paper, since = _scope(issued)
    found = Adjustment.objects.filter(
        of_paper, state=Adjustment.State.APPROVED, approved_at__gt=since
    ).aggregate(n=Count("pk"), last=Max("approved_at"))
    return RevisedSince(found["n"], localdate(found["last"])) if found["n"] else None


def _scope(issued: IssuedPaper) -> tuple[Q, datetime]:
    """The adjustments that concern the paper, and from when on."""
    year = issued.period_year
    in_year = Q(accrual__period__year=year) | Q(entry__year=year)
    match issued.kind:
        case IssuedPaper.Kind.AGREEMENT:
            return in_year & Q(accrual__term__agreement=issued.agreement_id), issued.issued_at
        case IssuedPaper.Kind.DISTRICT:
            own = AdjustmentNet.objects.filter(
                adjustment=OuterRef("pk"), jurisdiction=issued.jurisdiction_id
            )
            return in_year & Q(Exists(own)), issued.issued_at
    notice = Notice.objects.get(pk=notice_of_subject(issued.subject))
    return of_notice(notice), notice.published_at or issued.issued_at
