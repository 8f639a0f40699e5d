"""文书: statements and notices as drafts, issued, as files, and all of a year as one job."""

from urllib.parse import quote

from django import forms
from django.core.files.base import File
from django.core.paginator import Paginator
from django.http import FileResponse, Http404, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_POST

from basins.access import Act, Viewer, viewer_of
from dashboard.files.stored import not_as_kept
from dashboard.forms.filters import ALL, chosen, number, offer
from dashboard.frame.access_log import record_export
from dashboard.frame.known import Moment, known_moment, known_page
from dashboard.frame.polls import nothing_new
from dashboard.papers import export
from dashboard.papers.pdf import pdf_of
from dashboard.papers.shown import shown
from dashboard.papers.xlsx import xlsx_of
from jobs import services as jobs
from settlements.models import IssuedPaper
from settlements.moving.documents import fault_of
from settlements.papers.codes import shown as shown_code
from settlements.papers.paper import Paper, PaperKind, as_draft, body_digest_of
from settlements.papers.queries import papers as queries
from settlements.papers.queries.since import revised_since
from settlements.papers.services.papers import may_issue, verify_code

PAGE = 30
FORMATS = {
    "pdf": "application/pdf",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


class PaperFilters(forms.Form):
    kind = forms.ChoiceField(
        label="种类", required=False, choices=[*ALL, *IssuedPaper.Kind.choices]
    )
    year = forms.ChoiceField(label="所属年度", required=False)
    state = forms.ChoiceField(
        label="状态",
        required=False,
        choices=[*ALL, ("current", "现行"), ("superseded", "已被取代")],
    )

    def __init__(self, data, years):
        super().__init__(data)
        offer(self, "year", ((str(y), f"{y}年") for y in years))


def viewer_of_papers(request) -> Viewer:
    """Who may see papers at all. Raises Http404."""
    viewer = viewer_of(request.user)
    if not (viewer.may(Act.SEE_RESULTS) and viewer.may(Act.SEE_LEDGER)):
        raise Http404
    return viewer


@require_GET
def paper_list(request):
    viewer = viewer_of_papers(request)
    years = queries.years_of_papers(viewer)
    form = PaperFilters(request.GET, years)
    wanted = chosen(form)
    found = queries.issued_papers(
        viewer,
        queries.PaperFilter(
            kind=wanted.get("kind", ""),
            year=number(wanted.get("year")),
            state=wanted.get("state", ""),
        ),
    )
    return render(
        request,
        "papers/papers.html",
        {
            "form": form,
            "listed": Paginator(found, PAGE).get_page(request.GET.get("page")),
            "may_export": may_issue(viewer, PaperKind.DISTRICT),
            "export_years": (to_state := queries.years_to_state(viewer)),
            "finished": queries.last_finished(to_state),
            "exports": export.exports_of(viewer)[:5],
            "requests": queries.issue_requests(viewer).filter(state="prepared"),
        },
    )


@require_GET
def preview(request):
    """The paper as the data are now; who may issue it checks it here (核对) and issues it. With
    `?known=` as the data were known then, to read alone."""
    viewer = viewer_of_papers(request)
    subject = request.GET.get("subject", "")
    paper = queries.built(viewer, subject)
    if paper is None:
        raise Http404
    if paper.kind is PaperKind.NOTICE:  # published as it is; its page offers the files
        return redirect("notice", queries.notice_of_subject(subject))
    if paper.kind is PaperKind.DEMAND:
        return redirect("ledger-demand", subject.rpartition(":")[2])
    if (known := known_moment(request)) is not None:
        return _as_known(request, viewer, paper, known)
    if (format := request.GET.get("format")) in FORMATS:
        return _preview_file(request, paper, f"预览 {paper.title}", format)
    current = queries.newest(viewer, subject)
    body = body_digest_of(as_draft(paper))
    return render(
        request,
        "papers/preview.html",
        {
            "paper": shown(paper),
            "subject": subject,
            "body": body,
            "current": current,
            "unchanged": current is not None and current.body_digest == body,
            "may_issue": may_issue(viewer, paper.kind) and not paper.draft,
            "draft": paper.draft,
        },
    )


def _as_known(request, viewer: Viewer, now: Paper, known: Moment) -> HttpResponse:
    """The paper as it would have been set then, where there was one, beside what was issued."""
    paper = queries.built(viewer, now.subject, known.at)
    format = request.GET.get("format")
    if paper is not None and format in FORMATS:
        name = f"{paper.title} 按 {known.text.replace(':', '')} 所知"
        return _preview_file(request, paper, name, format)
    return known_page(
        request,
        "papers/known.html",
        known,
        title=now.title,
        paper=shown(paper) if paper else None,
        same=paper is not None and queries.says_the_same(paper, now),
        issued=queries.newest(viewer, now.subject, known.at),
    )


def _preview_file(request, paper: Paper, name: str, format: str) -> HttpResponse:
    content = pdf_of(paper) if format == "pdf" else xlsx_of(paper)
    record_export(request, f"{name}.{format}", None)
    return as_file(content, f"{name}.{format}", format)


def _issued(request, pk: int) -> IssuedPaper:
    found = queries.issued_paper(viewer_of_papers(request), pk)
    if found is None:
        raise Http404
    return found


@require_GET
def paper(request, pk: int):
    found = _issued(request, pk)
    verdict = verify_code(found.code)
    return render(
        request,
        "papers/paper.html",
        {
            "issued": found,
            "paper": shown(verdict.paper) if verdict.paper else None,
            "verdict": verdict,
            "same": queries.same_as_now(viewer_of(request.user), found),
            "revised": revised_since(found),
            "superseding": getattr(found, "superseded_by", None),
        },
    )


@require_GET
def paper_style(request, pk: int):
    """Code and digest in the foot of every printed page; pages allow no style inline."""
    found = _issued(request, pk)
    foot = f"核验码 {shown_code(found.code)}　摘要 {found.digest[:16]}"
    return HttpResponse(
        f'@page {{ @bottom-left {{ content: "{foot}"; }} }}\n',
        content_type="text/css; charset=utf-8",
    )


@require_GET
def paper_file(request, pk: int, format: str):
    found = _issued(request, pk)
    if format not in FORMATS:
        raise Http404
    return issued_file(request, found, format)


def issued_file(request, issued: IssuedPaper, format: str) -> HttpResponse:
    """The file of an issued paper that stands as it was issued, noted as an export."""
    name = export.file_name(issued, format)
    try:
        content = export.rendered(issued, format)
    except export.AlteredPaper as altered:
        words = altered.problem.removesuffix("。")
        return not_as_kept(request, f"{issued.label} {issued.title}", words)
    record_export(request, name, None)
    return as_file(content, name, format)


def as_file(content: bytes, name: str, format: str) -> HttpResponse:
    return HttpResponse(
        content,
        content_type=FORMATS[format],
        headers={"Content-Disposition": f"attachment; filename*=UTF-8''{quote(name)}"},
    )


# All statements of a year -------------------------------------------------------------------


def _export(request, pk: int):
    job = export.exports_of(viewer_of_papers(request)).filter(pk=pk).first()
    if job is None:
        raise Http404
    return job


@require_GET
def show_export(request, pk: int):
    job = _export(request, pk)
    if (same := nothing_new(request, job)) is not None:
        return same
    template = "papers/_export.html" if request.htmx else "papers/export.html"
    return render(
        request,
        template,
        {"job": job, "live": job.state in job.LIVE, "file": export.file_of(job)},
    )


@require_POST
def cancel_export(request, pk: int):
    jobs.cancel(job_id=_export(request, pk).pk)
    return redirect("paper-export", pk)


@require_GET
def download_export(request, pk: int):
    job = _export(request, pk)
    path = export.file_of(job)
    if path is None:
        raise Http404
    name = f"{job.parameters['year']}年文书.zip"
    result, file = job.result or {}, File(path.open("rb"))
    # Exports of before noted no hash; they are kept for some days only.
    if "sha256" in result and (fault := fault_of(file, result["sha256"])):
        return not_as_kept(request, name, fault.replace("提交时", "打包时"))
    record_export(request, name, result.get("papers"))
    return FileResponse(file, as_attachment=True, filename=name, content_type="application/zip")
