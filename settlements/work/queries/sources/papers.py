"""签发申请 that wait for a second person of the same office."""

from django.db.models import Exists, OuterRef, QuerySet

from basins.access import Act, Viewer
from basins.clock import today
from basins.links import to
from basins.models import Role
from settlements.models import IssueRequest
from settlements.work.queries.tasks import Source, Task, prepared_by_others


def papers_to_issue(viewer: Viewer) -> QuerySet:
    """签发申请 of one's own office: what the bureau asked for is not the treasury's."""
    waiting = IssueRequest.objects.filter(state=IssueRequest.State.PREPARED)
    office = Role.objects.filter(
        user=OuterRef("prepared_by"), role=viewer.role, in_force__contains=today()
    )
    return prepared_by_others(waiting.filter(Exists(office)), viewer)


def _issue(request: IssueRequest) -> Task:
    return Task(
        f"复核签发：{request.title}",
        to("issue-request", request.pk),
        "复核",
        note=f"{request.papers} 份" if request.year is not None else "",
    )


PAPERS_TO_ISSUE = Source(
    "papers-to-issue", "待复核签发的文书", Act.PUBLISH, papers_to_issue, _issue
)
STATEMENTS_TO_ISSUE = Source(
    "statements-to-issue", "待复核签发的对账单", Act.RECORD_PAYMENT, papers_to_issue, _issue
)
