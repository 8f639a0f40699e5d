"""联合监测 and 数据审核: split samples side by side, and a person's look at single readings."""

from urllib.parse import urlencode

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods

from basins.access import Act, viewer_of
from basins.clock import today
from basins.digits import whole
from basins.ranges import month_start, months_before
from dashboard.files.stored import stored_file
from dashboard.forms.actions import wanted
from dashboard.forms.filters import chosen
from dashboard.objections.forms import JointForm, JudgeForm, ReserveForm, ReviewFilters, key_of
from monitoring.models import Section, Verdict
from monitoring.screening.services.verdicts import VerdictRefused
from settlements.models import JointSample, Objection, VerdictEvidence
from settlements.moving.acts import Refused
from settlements.moving.documents import DocumentRefused
from settlements.objections.queries import objections as queries
from settlements.objections.queries.rulings import visible_verdict_evidence
from settlements.objections.services.decision_preview import judgement_run, outlook
from settlements.objections.services.joint_samples import (
    compare,
    enter_reserve,
    examine_results,
    record_joint_sample,
)
from settlements.objections.services.judging import EvidenceMissing, judge_with_evidence
from settlements.samples.queries.samples import samples_of_month
from written.days import read_month

PAGE = 50


@require_GET
def sample_list(request):
    viewer = viewer_of(request.user)
    if not viewer.sees_all(Act.SEE_RESULTS):
        raise Http404
    rows = JointSample.objects.select_related("section", "indicator", "objection", "by")
    page = Paginator(rows, PAGE).get_page(request.GET.get("page"))
    samples = [queries.Sample(s.pk, s, queries.error_of(s)) for s in page]
    context = {"page": page, "samples": samples, "may_enter": viewer.may(Act.REVIEW_DATA)}
    return render(request, "objections/samples.html", context)


@require_http_methods(["GET", "POST"])
def sample_new(request):
    """The results → 核对 with the error and the value used → recorded."""
    _reviewer(request)
    objection = _objection(request)
    sections = (
        [objection.section]
        if objection is not None
        else list(Section.objects.filter(term_sections__isnull=False).distinct().order_by("name"))
    )
    form = JointForm(request.POST if request.method == "POST" else None, sections=sections)
    action = ""
    if request.method == "POST":
        action = wanted(request, "check", "change", "record", missing="check")
    if request.method == "POST" and form.is_valid() and action != "change":
        given = form.given()
        results = {n: given[n] for n in ("upstream", "downstream", "agreed_error", "reserve")}
        try:
            examine_results(**results, indicator=given["indicator"])
            if action == "record":
                made = record_joint_sample(**given, objection=objection, by=request.user)
                messages.success(request, _recorded_words(made))
                if objection is not None:
                    return redirect("objection", objection.pk)
                return redirect("joint-sample-list")
            kept = [(n, request.POST.get(n, "")) for n in [*form.fields, "objection"]]
            context = {
                "form": form, "given": given, "objection": objection, "kept": kept,
                "found": compare(**results),
            }  # fmt: skip
            return render(request, "objections/sample_check.html", context)
        except Refused as error:
            form.add_error(None, str(error))
    return render(request, "objections/sample_new.html", {"form": form, "objection": objection},
                  status=422 if form.errors else 200)  # fmt: skip


def _recorded_words(sample: JointSample) -> str:
    if sample.value is None:
        return "已登记；两方结果超出约定误差，请补录留样结果。"
    if sample.objection_id is not None:
        return "已登记；采纳异议时才计入评价。"
    return "已登记；采用值计入该月评价。"


@require_http_methods(["GET", "POST"])
def sample_reserve(request, pk: int):
    _reviewer(request)
    sample = get_object_or_404(
        JointSample.objects.select_related("section", "indicator", "objection"), pk=pk
    )
    form = ReserveForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            reserve = form.cleaned_data["reserve"]
            enter_reserve(sample=sample, reserve=reserve, by=request.user)
        except Refused as error:
            form.add_error("reserve", str(error))
        else:
            messages.success(request, "留样结果已录入。")
            if sample.objection_id is not None:
                return redirect("objection", sample.objection_id)
            return redirect("joint-sample-list")
    context = {
        "form": form,
        "each": queries.Sample(sample.pk, sample, queries.error_of(sample)),
    }
    return render(request, "objections/sample_reserve.html", context,
                  status=422 if form.errors else 200)  # fmt: skip


@require_GET
def review(request):
    """Readings of one section and month with their verdicts."""
    viewer = _reviewer(request)
    sections = list(Section.objects.filter(term_sections__isnull=False).distinct().order_by("name"))
    form = ReviewFilters(request.GET or None, sections)
    wanted = chosen(form) if form.is_bound else {}
    section = next((s for s in sections if s.code == wanted.get("section")), None)
    try:
        month = read_month(wanted.get("month") or "")
    except ValueError:
        month = months_before(today())
    lines: list[queries.ObjectionLine] = []
    count = 0
    if section is not None:
        lines, count = queries.month_lines(section, month, wanted.get("indicator") or "")
    context = {
        "form": form, "section": section, "month": month, "lines": lines, "count": count,
        "judged": sum(bool(line.verdicts) for line in lines),
        "samples": samples_of_month(viewer, [section.code], month) if section else [],
    }  # fmt: skip
    return render(request, "objections/review.html", context)


@require_http_methods(["GET", "POST"])
def judge(request):
    """One reading: its history, the conclusion → 核对 → judged."""
    _reviewer(request)
    given = request.POST if request.method == "POST" else request.GET
    key = key_of(given.get("reading", ""))
    section = Section.objects.filter(code=given.get("section", "")).first()
    line = queries.line_of(section, key) if key is not None and section is not None else None
    if line is None or key is None or section is None:
        raise Http404
    form = JudgeForm(request.POST if request.method == "POST" else None, request.FILES or None)
    checked, action, run = False, "", None
    if request.method == "POST":
        action = wanted(request, "check", "change", "judge", missing="check")
    if request.method == "POST" and form.is_valid() and action != "change":
        checked = action != "judge"
        typed = form.cleaned_data
        given = {
            "section": section, "key": key, "outcome": typed["outcome"],
            "value": typed["number"], "reason": typed["reason"], "by": request.user,
        }  # fmt: skip
        try:
            run = judgement_run(**given)
            if not checked:
                judge_with_evidence(**given, evidence=typed["evidence"])
        except DocumentRefused as error:
            form.add_error("evidence", str(error))
            checked = True  # the judgement stands as it was checked; the file is chosen again
        except EvidenceMissing as error:
            form.add_error("evidence", str(error))
            checked = True
        except VerdictRefused as error:
            form.add_error(None, str(error))
            checked = False
        else:
            if not checked:
                messages.success(request, f"已审核；{outlook(run)}。")
                month = month_start(timezone.localdate(line.at))
                query = {"section": section.code, "month": f"{month:%Y-%m}"}
                return redirect(f"{reverse('data-review')}?{urlencode(query)}")
    context = {
        "form": form, "line": line, "section": section, "checked": checked, "run": run,
        "proofs": VerdictEvidence.objects.filter(verdict__in=line.verdicts).order_by("pk"),
        "outcome": str(Verdict.Outcome(form.cleaned_data["outcome"]).label) if checked else "",
    }  # fmt: skip
    return render(request, "objections/judge.html", context, status=422 if form.errors else 200)


@require_GET
def verdict_evidence(request, pk: int):
    """What a judgement rests on, as an attachment; also for the parties it touches."""
    found = visible_verdict_evidence(viewer_of(request.user)).filter(pk=pk).first()
    if found is None:
        raise Http404
    return stored_file(
        request, found.file, name=found.name, kind=found.kind, sha256=found.sha256,
        what=f"审核证据“{found.name}”",
    )  # fmt: skip


def _objection(request) -> Objection | None:
    text = request.POST.get("objection") or request.GET.get("objection", "")
    if not text:
        return None
    pk = whole(text, 11)
    if pk is None:
        raise Http404
    return get_object_or_404(Objection.objects.select_related("section", "month"), pk=pk)


def _reviewer(request):
    viewer = viewer_of(request.user)
    if not viewer.may(Act.REVIEW_DATA):
        raise Http404
    return viewer
