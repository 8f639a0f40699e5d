"""指标值: the list, the history of a figure, one figure, a file. Every entry passes 核对."""

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods

from basins.access import Act, viewer_of
from dashboard.forms.actions import wanted
from dashboard.forms.filters import chosen, number
from dashboard.observations.forms import (
    ObservationFilters,
    ObservationForm,
    UploadForm,
    kept,
    understood_line,
)
from monitoring.observations.queries import observations as queries
from monitoring.observations.services import observations as services
from monitoring.observations.services.observation_file import (
    Typed,
    WrongFigure,
    read_file,
    template,
)
from monitoring.protocols.layouts import FileError

PAGE = 50


@require_GET
def observation_list(request):
    viewer = _reader(request)
    form = ObservationFilters(request.GET, *queries.filter_choices())
    wanted = chosen(form)
    found = queries.live(
        section=wanted.get("section", ""),
        year=number(wanted.get("year", "")),
        name=wanted.get("name", ""),
    )
    page = Paginator(found, PAGE).get_page(request.GET.get("page"))
    context = {
        "page": page,
        "lines": queries.lines(page.object_list),
        "form": form,
        "may_enter": viewer.may(Act.REVIEW_DATA),
    }
    return render(request, "observations/list.html", context)


@require_GET
def observation(request, pk: int):
    """Everything this figure ever was, the newest first."""
    viewer = _reader(request)
    found = queries.history(pk)
    if not found:
        raise Http404
    return render(
        request,
        "observations/history.html",
        {"lines": found, "now": found[0], "may_enter": viewer.may(Act.REVIEW_DATA)},
    )


@require_http_methods(["GET", "POST"])
def new(request):
    """One figure; POST goes to 核对, from there back here or on."""
    _reviewer(request)
    if request.method == "GET":
        form = ObservationForm(
            initial={k: request.GET.get(k, "") for k in ("name", "whose", "period")}
        )
        return render(request, "observations/new.html", {"form": form})
    action = wanted(request, "check", "change", missing="check")
    form = ObservationForm(request.POST)
    if form.is_valid() and action != "change":
        rows, wrong = services.understand([form.typed()])
        form.take(wrong)
        if rows and not wrong:
            return _check(request, [form.typed()], rows, back="observation-new")
    return render(
        request, "observations/new.html", {"form": form}, status=422 if form.errors else 200
    )


@require_http_methods(["GET", "POST"])
def upload(request):
    """A file; POST shows what would become of each row. Nothing is stored yet."""
    _reviewer(request)
    if request.method == "GET":
        return render(request, "observations/upload.html", {"form": UploadForm()})
    form = UploadForm(request.POST, request.FILES)
    wrong: list[WrongFigure] = []
    if form.is_valid() and (typed := form.rows()):
        rows, wrong = services.understand(typed)
        if not wrong:
            return _check(request, typed, rows, back="observation-upload", unread=form.unread)
    context = {"form": form, "wrong": wrong[:200], "more": max(0, len(wrong) - 200)}
    return render(request, "observations/upload.html", context, status=422)


@require_http_methods(["POST"])
def record(request):
    """What was checked is stored: all of it or nothing."""
    _reviewer(request)
    try:
        typed = read_file(request.POST.get("rows", "").encode(), "核对的内容")
    except FileError:
        messages.error(request, "没有可录入的内容；请重新填写或上传。")
        return redirect("observation-list")
    rows, wrong = services.understand(typed)
    if wrong:
        messages.error(request, f"没有录入：{wrong[0]}")
        return redirect("observation-list")
    done = services.record_observations(rows=rows, by=request.user)
    messages.success(
        request,
        f"已录入 {done.rows} 条：新增 {done.new}，更正 {done.corrected}，未变 {done.same}；"
        "相关月份随后重新核算。",
    )
    return redirect("observation-list")


@require_GET
def template_file(request):
    """The CSV to fill in, with two filled rows; marked UTF-8 for spreadsheets."""
    _reviewer(request)
    answer = HttpResponse("\ufeff" + template(), content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = 'attachment; filename="observations.csv"'
    return answer


def _check(request, typed: list[Typed], rows, *, back: str, unread: tuple[str, ...] = ()):
    live = services.live_figures(rows)
    lines = [understood_line(row, live.get(row.key)) for row in rows]
    context = {
        "lines": lines,
        "rows": kept(typed),
        "back": reverse(back),
        "unread": "、".join(unread),
        "new": sum(line["what"] == "新增" for line in lines),
        "corrected": sum(line["what"] == "更正" for line in lines),
        "typed": typed[0] if len(typed) == 1 and back == "observation-new" else None,
        "figure": rows[0].figure.name,
    }
    return render(request, "observations/check.html", context)


def _reader(request):
    viewer = viewer_of(request.user)
    if not queries.may_see(viewer):
        raise Http404
    return viewer


def _reviewer(request):
    viewer = viewer_of(request.user)
    if not viewer.may(Act.REVIEW_DATA):
        raise Http404
    return viewer
