"""签发: what one person checked is asked for, and issued or sent back by another."""

from urllib.parse import urlencode

from django.contrib import messages
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from basins.access import Viewer
from basins.clock import today
from dashboard.forms.actions import wanted
from dashboard.forms.filters import number
from dashboard.ledger.forms import ReasonForm
from dashboard.papers import export
from dashboard.papers.shown import shown
from dashboard.papers.views import viewer_of_papers
from settlements.models import IssuedPaper, IssueRequest
from settlements.moving.acts import Refused
from settlements.papers.paper import PaperKind, as_draft, body_digest_of
from settlements.papers.queries import papers as queries
from settlements.papers.services import requests as services
from settlements.papers.services.papers import may_issue
from settlements.workflow import kind_of


@require_POST
def issue(request):
    """Ask for what was checked to be issued: the data must still say the same."""
    viewer = viewer_of_papers(request)
    subject = request.POST.get("subject", "")
    paper = queries.built(viewer, subject)
    if paper is None or not may_issue(viewer, paper.kind):
        raise Http404
    back = f"{reverse('paper-preview')}?{urlencode({'subject': subject})}"
    if request.POST.get("body") != body_digest_of(as_draft(paper)):
        messages.warning(request, "核对之后数据有变，没有提请签发；请核对现在的内容。")
        return redirect(back)
    try:
        made = services.propose_issue(paper=paper, by=request.user)
    except Refused as refused:
        messages.error(request, str(refused))
        return redirect(back)
    messages.success(request, f"已提请签发{made.title}；请另一人复核签发。")
    return redirect("issue-request", made.pk)


def _year(request, viewer: Viewer, given) -> int:
    """The year asked for, or the last finished one that has statements. Raises Http404."""
    if not may_issue(viewer, PaperKind.DISTRICT):
        raise Http404
    years = queries.years_to_state(viewer)
    newest = queries.last_finished(years)
    if "year" not in given and newest is not None:
        return newest
    year = number(given.get("year"))
    if year is None or year not in years:
        raise Http404
    return year


@require_GET
def check_year(request):
    """核对: what the papers of a year are, counted, before they are asked for."""
    viewer = viewer_of_papers(request)
    year = _year(request, viewer, request.GET)
    subjects = queries.subjects_of_year(viewer, year)
    context = {
        "year": year,
        "counts": queries.counts_of_year(subjects),
        "papers": len(subjects),
        "files": 2 * len(subjects) + 1,
        "digest": services.digest_of_subjects(subjects),
        "running": year >= today().year,
    }
    return render(request, "papers/check_year.html", context)


@require_POST
def start_export(request):
    """Ask for the papers of a year, as they were counted, to be issued and packed."""
    viewer = viewer_of_papers(request)
    year = _year(request, viewer, request.POST)
    subjects = queries.subjects_of_year(viewer, year)
    back = f"{reverse('paper-export-check')}?{urlencode({'year': year})}"
    if request.POST.get("digest") != services.digest_of_subjects(subjects):
        messages.warning(request, "核对之后份数有变，没有提请签发；请核对现在的份数。")
        return redirect(back)
    try:
        made = services.propose_issue_of_year(year=year, subjects=subjects, by=request.user)
    except Refused as refused:
        messages.error(request, str(refused))
        return redirect(back)
    messages.success(request, f"已提请签发{made.title} {made.papers} 份；请另一人复核签发。")
    return redirect("issue-request", made.pk)


@require_http_methods(["GET", "POST"])
def issue_request(request, pk: int):
    """What is asked for, as the data are now: issued by another person, or sent back."""
    viewer = viewer_of_papers(request)
    found = get_object_or_404(queries.issue_requests(viewer), pk=pk)
    form = ReasonForm(label="退回理由")
    if request.method == "POST":
        form, answer = _decided(request, viewer, found)
        if answer is not None:
            return answer
        found = get_object_or_404(queries.issue_requests(viewer), pk=pk)
    waiting = found.state == IssueRequest.State.PREPARED
    context = {
        "asked": found,
        "kind": kind_of("issue_request", found.state),
        "form": form,
        "may_decide": waiting,
        "is_preparer": found.prepared_by_id == request.user.pk,
        **_content(viewer, found, waiting),
    }
    status = 422 if form.errors else 200
    return render(request, "papers/request.html", context, status=status)


def _content(viewer: Viewer, found: IssueRequest, waiting: bool) -> dict:
    """What it is about: of a waiting one as it would be issued now, else what came of it."""
    if found.year is not None:
        subjects = queries.subjects_of_year(viewer, found.year) if waiting else []
        changed = waiting and services.digest_of_subjects(subjects) != found.digest
        job = export.export_of_request(found)
        return {"counts": queries.counts_of_year(subjects), "changed": changed, "job": job}
    if not waiting:
        issued = IssuedPaper.objects.filter(subject=found.subject, body_digest=found.digest).first()
        return {"issued": issued if found.state == IssueRequest.State.APPROVED else None}
    paper = queries.built(viewer, found.subject)
    changed = paper is None or body_digest_of(as_draft(paper)) != found.digest
    return {"paper": None if paper is None else shown(paper), "changed": changed}


def _decided(request, viewer: Viewer, found: IssueRequest):
    """The form with what is wrong, or the answer."""
    asked = wanted(request, "approve", "reject")
    form = ReasonForm(label="退回理由")
    try:
        if asked == "approve":
            return form, _issued(request, viewer, found)
        form = ReasonForm(request.POST, "退回理由")
        if form.is_valid():
            why = form.cleaned_data["why"]
            services.reject_issue(request=found, why=why, by=request.user)
            messages.success(request, "已退回，没有签发。")
            return form, redirect("paper-list")
    except Refused as refused:
        messages.error(request, str(refused))
    return form, None


def _issued(request, viewer: Viewer, found: IssueRequest):
    if found.year is not None:
        subjects = queries.subjects_of_year(viewer, found.year)
        job = export.release(request=found, subjects=subjects, by=request.user)
        messages.success(request, f"已复核，{found.papers} 份文书正在签发并打包。")
        return redirect("paper-export", job.pk)
    paper = queries.built(viewer, found.subject)
    if paper is None:
        raise Refused(services.CHANGED)
    issued = services.approve_issue(request=found, paper=paper, by=request.user)
    messages.success(request, f"已签发 {issued.label}。")
    return redirect("paper", issued.pk)
