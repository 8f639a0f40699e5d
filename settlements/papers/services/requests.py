"""签发申请: one person checks what is to be issued, another issues it or sends it back.

What is asked for is bound to what was checked: a paper to its body, a year to its list of papers.
Where that has changed since, nothing is issued.
"""

import hashlib
from collections.abc import Sequence

from django.db import IntegrityError, transaction

from basins.access import Act, viewer_of
from basins.clock import now
from basins.links import to
from basins.models import User
from settlements.models import IssuedPaper, IssueRequest
from settlements.moving.acts import NotAllowed, Refused
from settlements.moving.telling import tell
from settlements.papers.paper import Paper, PaperKind, as_draft, body_digest_of
from settlements.papers.services.papers import issue, may_issue, refuse_draft

CHANGED = "核对之后数据有变，没有签发；请退回，按现在的内容重新提请。"


def digest_of_subjects(subjects: Sequence[str]) -> str:
    """What the papers of a year are, whatever each says."""
    return hashlib.sha256("\n".join(sorted(subjects)).encode()).hexdigest()


@transaction.atomic
def propose_issue(*, paper: Paper, by: User) -> IssueRequest:
    """Ask for a statement, as it was checked, to be issued by another person. Raises Refused where
    that waits already, NotAllowed."""
    _permit(by, paper.kind)
    refuse_draft(paper)
    return _proposed(
        by, subject=paper.subject, title=paper.title, digest=body_digest_of(as_draft(paper))
    )


@transaction.atomic
def propose_issue_of_year(*, year: int, subjects: Sequence[str], by: User) -> IssueRequest:
    """Ask for all papers of a year, as they were counted, to be issued by another person."""
    _permit(by, PaperKind.DISTRICT)
    if not subjects:
        raise Refused(f"{year}年还没有可签发的文书。")
    return _proposed(
        by,
        subject=f"year:{year}",
        title=f"{year}年全部文书",
        papers=len(subjects),
        digest=digest_of_subjects(subjects),
    )


@transaction.atomic
def approve_issue(*, request: IssueRequest, paper: Paper, by: User) -> IssuedPaper:
    """Issue the paper another person asked for; `paper` is its subject as the data are now.

    Raises Refused where it says something else by now, was decided, or is one's own.
    """
    request = _locked(request, by)
    if paper.subject != request.subject or body_digest_of(as_draft(paper)) != request.digest:
        raise Refused(CHANGED)
    _decide(request, by, IssueRequest.State.APPROVED)
    return issue(paper, by, request.prepared_by)


@transaction.atomic
def approve_issue_of_year(
    *, request: IssueRequest, subjects: Sequence[str], by: User
) -> IssueRequest:
    """Release a year's papers; who calls has the job issue them. Raises Refused likewise."""
    request = _locked(request, by)
    if request.year is None or digest_of_subjects(subjects) != request.digest:
        raise Refused(CHANGED)
    _decide(request, by, IssueRequest.State.APPROVED)
    return request


@transaction.atomic
def reject_issue(*, request: IssueRequest, why: str, by: User) -> IssueRequest:
    """Send it back, also one's own; nothing is issued. Raises Refused."""
    if not why.strip():
        raise Refused("请写明退回理由。")
    request = _locked(request, by, own=True)
    request.rejected_why = why.strip()
    _decide(request, by, IssueRequest.State.REJECTED)
    tell(
        "paper.reject",
        to("issue-request", request.pk),
        about=request.pk,
        by=by,
        persons=[request.prepared_by_id],
        title=request.title,
        why=request.rejected_why,
    )
    return request


def _permit(by: User, kind: PaperKind) -> None:
    if not may_issue(viewer_of(by), kind):
        raise NotAllowed(f"{by} 不能签发{kind.label}。")


def _proposed(by: User, **what) -> IssueRequest:
    try:
        with transaction.atomic():
            made = IssueRequest.objects.create(prepared_by=by, prepared_at=now(), **what)
    except IntegrityError as error:
        if "issue_request_once" not in str(error):
            raise
        raise Refused(f"{what['title']}已有人提请签发，正待复核。") from error
    count = f"（{made.papers} 份）" if made.year is not None else ""
    is_bureau = viewer_of(by).may(Act.PUBLISH)
    tell(
        "paper.propose" if is_bureau else "paper.propose_statement",
        to("issue-request", made.pk),
        about=made.pk,
        by=by,
        title=f"{made.title}{count}",
    )
    return made


def _locked(request: IssueRequest, by: User, *, own: bool = False) -> IssueRequest:
    _permit(by, PaperKind.DISTRICT)
    request = (
        IssueRequest.objects.select_for_update(of=("self",))
        .select_related("prepared_by")
        .get(pk=request.pk)
    )
    if request.state != IssueRequest.State.PREPARED:
        raise Refused(f"{request.title}{request.state_label}，不能再办理。")
    if not own and request.prepared_by_id == by.pk:
        raise Refused(f"{by} 提请了这次签发，须由另一人复核签发。")
    return request


def _decide(request: IssueRequest, by: User, state: str) -> None:
    request.state = state
    request.approved_by, request.approved_at = by, now()
    request.save(update_fields=["state", "rejected_why", "approved_by", "approved_at"])
