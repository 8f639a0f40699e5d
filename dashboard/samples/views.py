"""实验室样品: the list, one with its corrections, and typing one in or correcting it, with 核对."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods

from basins.access import Act, Viewer, viewer_of
from basins.ranges import month_start
from dashboard.files.stored import stored_file
from dashboard.forms.actions import wanted
from dashboard.forms.filters import chosen
from dashboard.samples.forms import CorrectionForm, SampleFilters, SampleForm
from settlements.models import LabSample
from settlements.moving.acts import Refused
from settlements.samples.queries import samples as queries
from settlements.samples.services.preview import (
    SamplePreview,
    preview_correction,
    preview_sample,
)
from settlements.samples.services.samples import ReportRefused, correct_sample, record_sample
from written.days import read_month

PAGE = 50


@require_GET
def sample_list(request):
    viewer = _reader(request)
    form = SampleFilters(request.GET, queries.sections_of_samples(viewer))
    asked = chosen(form)
    try:
        month = read_month(asked.get("month") or "")
    except ValueError:
        month = None
    found = queries.listed(viewer, section=asked.get("section", ""), month=month)
    context = {
        "page": Paginator(found, PAGE).get_page(request.GET.get("page")),
        "form": form,
        "may_enter": viewer.may(Act.REVIEW_DATA),
        "offices": viewer.sees_all(Act.SEE_RESULTS),
        "names": queries.names(viewer),
    }
    return render(request, "samples/list.html", context)


@require_GET
def sample(request, pk: int):
    viewer = _reader(request)
    page = queries.sample_page(viewer, pk)
    if page is None:
        raise Http404
    context = {
        "page": page,
        "month": month_start(timezone.localdate(page.sample.sampled_at)),
        "may_correct": viewer.may(Act.REVIEW_DATA) and page.stands,
        "names": queries.names(viewer),
    }
    return render(request, "samples/sample.html", context)


@require_GET
def report(request, pk: int):
    """The laboratory's report, as an attachment."""
    found = queries.sample(_reader(request), pk)
    if found is None:
        raise Http404
    return stored_file(
        request, found.file, name=found.name, kind=found.kind, sha256=found.sha256,
        what=f"监测报告“{found.name}”",
    )  # fmt: skip


@require_http_methods(["GET", "POST"])
def new(request):
    """The report → 核对 with what it changes and moves → recorded."""
    _reviewer(request)
    if request.method == "GET":
        form = SampleForm(by=request.user, initial={"section": request.GET.get("section", "")})
        return render(request, "samples/new.html", {"form": form, "sample": None})
    form = SampleForm(request.POST, request.FILES, by=request.user)
    return _stepped(
        request, form,
        look=lambda given: preview_sample(**given),
        keep=lambda given: record_sample(**given, by=request.user),
        done="已登记；相关月份随后重新核算，已发布的另提调整。",
    )  # fmt: skip


@require_http_methods(["GET", "POST"])
def correct(request, pk: int):
    """The sample as typed in → 核对 with what the correction changes and moves → corrected."""
    viewer = _reviewer(request)
    found = queries.sample(viewer, pk)
    if found is None:
        raise Http404
    if found.correction is not None and request.method == "GET":
        messages.info(request, "这一份已经更正过；请从最后的那一份更正。")
        return redirect("sample", pk)
    if request.method == "GET":
        form = CorrectionForm(by=request.user, sample=found)
        return render(request, "samples/new.html", {"form": form, "sample": found})
    form = CorrectionForm(request.POST, request.FILES, by=request.user, sample=found)
    return _stepped(
        request, form,
        look=lambda given: preview_correction(**given),
        keep=lambda given: correct_sample(**given, by=request.user),
        done="已更正；相关月份随后重新核算，已发布的另提调整。",
    )  # fmt: skip


def _stepped(
    request,
    form: SampleForm | CorrectionForm,
    *,
    look: Callable[[dict[str, Any]], SamplePreview],
    keep: Callable[[dict[str, Any]], LabSample],
    done: str,
):
    action = wanted(request, "check", "change", "record", missing="check")
    context: dict[str, Any] = {"form": form, "sample": getattr(form, "sample", None)}
    if form.is_valid() and action != "change":
        given = form.given()
        try:
            if action == "record":
                made = keep(given)
                messages.success(request, done)
                return redirect("sample", made.pk)
            preview = look(given)
            if preview.there is not None:
                messages.info(request, "同样的内容已经登记过，没有变动。")
                return redirect("sample", preview.there.pk)
            context |= {"preview": preview, "given": given}
            return render(request, "samples/check.html", context)
        except ReportRefused as refused:
            form.refused(refused.wrong)
        except Refused as refused:
            form.refused({refused.field: str(refused)})
    status = 422 if form.errors else 200
    return render(request, "samples/new.html", context, status=status)


def _reader(request) -> Viewer:
    viewer = viewer_of(request.user)
    if not queries.may_see(viewer):
        raise Http404
    return viewer


def _reviewer(request) -> Viewer:
    viewer = viewer_of(request.user)
    if not viewer.may(Act.REVIEW_DATA):
        raise Http404
    return viewer
