"""导出: readings in the layouts people send on, made as a job, fetched when done."""

from typing import Any

from django import forms
from django.contrib import messages
from django.core.files import File
from django.http import FileResponse, Http404
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from basins.access import Act, Viewer, viewer_of
from basins.clock import today
from basins.models import River
from basins.ranges import months_before
from basins.refusals import Refused
from dashboard.data.page import layout_words
from dashboard.data.views import TYPES
from dashboard.files.stored import not_as_kept
from dashboard.forms.fields import ReadField
from dashboard.forms.filters import say_required
from dashboard.frame.access_log import record_export
from dashboard.frame.polls import nothing_new
from jobs import services as jobs
from jobs.models import Job
from monitoring.export import export_job
from monitoring.export.workbook import LAYOUTS, MOST_MONTHS
from monitoring.ingest.queries.imports import may_upload
from monitoring.models import Section
from monitoring.visible import visible_sections
from settlements.moving.documents import fault_of
from written.days import read_month

SHOWN = 10  # of one's own exports
EXPLAINED = {
    "national": "中国环境监测总站的发布版式；放不下的数据另附一张宽表",
    "wide": "断面、时间、来源、标识和各指标，一行一个样品",
}


class SendingForm(forms.Form):
    layout = forms.ChoiceField(
        label="版式",
        widget=forms.RadioSelect,
        choices=[(layout, f"{words}：{EXPLAINED[layout]}") for layout, words in LAYOUTS.items()],
    )
    scope = forms.ChoiceField(label="断面", required=False)
    first = ReadField(
        label="起始月份", reader=read_month, max_length=20, help_text="如 2024-01 或 2024年1月。"
    )
    last = ReadField(
        label="终止月份",
        reader=read_month,
        max_length=20,
        required=False,
        help_text=f"不填即只导出起始月份；一次至多 {MOST_MONTHS} 个月。",
    )

    def __init__(self, viewer: Viewer, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, use_required_attribute=False, **kwargs)
        say_required(self)
        field = self.fields["scope"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = scopes(viewer)


def scopes(viewer: Viewer) -> list[tuple[str, Any]]:
    """All that the viewer sees, a river's, or one section's."""
    sections = list(visible_sections(viewer).select_related("river"))
    rivers = River.objects.filter(pk__in={s.river_id for s in sections if s.river_id})
    return [
        (export_job.ALL, "全部断面"),
        ("一条河流的断面", [(f"river:{river.code}", river.name) for river in rivers]),
        ("一个断面", [(f"section:{s.code}", _named(s)) for s in sections]),
    ]


def _named(section: Section) -> str:
    return f"{section.name}（{section.river.name}）" if section.river else section.name


@require_http_methods(["GET", "POST"])
def sending(request):
    """What is to be sent on; POST enters the job."""
    viewer = _viewer(request)
    if request.method == "POST":
        form = SendingForm(viewer, request.POST)
        if form.is_valid():
            given = form.cleaned_data
            try:
                job = export_job.enter_export(
                    layout=given["layout"],
                    first=given["first"],
                    last=given["last"] or given["first"],
                    scope=given["scope"],
                    by=request.user,
                )
            except Refused as refused:
                form.add_error(refused.field or None, str(refused))
            else:
                return redirect("reading-export", job.pk)
        status = 422
    else:
        asked = {
            name: request.GET[name] for name in ("scope", "first", "last") if name in request.GET
        }
        usual = {"layout": "national", "first": f"{months_before(today()):%Y-%m}"}
        form, status = SendingForm(viewer, initial={**usual, **asked}), 200
    own = export_job.exports_of(request.user)[:SHOWN]
    context = {
        "form": form,
        "exports": [(job, said(viewer, job), export_job.file_of(job, viewer)) for job in own],
        "up": _up(viewer),
    }
    return render(request, "data/sending.html", context, status=status)


@require_GET
def sent(request, pk: int):
    """How far the export is, then its file."""
    viewer = _viewer(request)
    job = _export(request, pk)
    if (same := nothing_new(request, job)) is not None:
        return same
    context = {
        "job": job,
        "live": job.state in Job.LIVE,
        "file": export_job.file_of(job, viewer),
        "withheld": export_job.is_withheld(job, viewer),
        "what": said(viewer, job),
        "up": _up(viewer),
    }
    return render(request, "data/_sent.html" if request.htmx else "data/sent.html", context)


@require_POST
def cancel(request, pk: int):
    if jobs.cancel(job_id=_export(request, pk).pk):
        messages.success(request, "已取消导出，没有生成文件。")
    return redirect("reading-export", pk)


@require_GET
def fetch(request, pk: int):
    """The workbook as it was made."""
    job = _export(request, pk)
    path = export_job.file_of(job, viewer_of(request.user))
    if path is None:
        raise Http404
    name, result, file = export_job.name_of(job), job.result or {}, File(path.open("rb"))
    if fault := fault_of(file, result["sha256"]):
        return not_as_kept(request, name, fault.replace("提交时", "导出时"))
    record_export(request, name, result["samples"])
    return FileResponse(file, as_attachment=True, filename=name, content_type=TYPES["xlsx"])


def said(viewer: Viewer, job: Job) -> str:
    """国家站发布版式，2024-01 至 2024-03，濑溪河."""
    given = job.parameters
    span = (
        given["first"]
        if given["first"] == given["last"]
        else f"{given['first']} 至 {given['last']}"
    )
    kind, _, code = given["scope"].partition(":")
    where = "全部断面"
    if kind == "river":
        where = River.objects.filter(code=code).values_list("name", flat=True).first() or code
    elif kind == "section":
        names = visible_sections(viewer).filter(code=code).values_list("name", flat=True)
        where = names.first() or code
    return f"{layout_words(given['layout'])}，{span}，{where}"


def _up(viewer: Viewer) -> tuple[str, str]:
    """The page above: that of the data for who enters them, else the sections."""
    if may_upload(viewer):
        return "数据", reverse("data")
    return "断面", reverse("section-list")


def _viewer(request) -> Viewer:
    viewer = viewer_of(request.user)
    if not viewer.may(Act.SEE_RESULTS):
        raise Http404
    return viewer


def _export(request, pk: int) -> Job:
    _viewer(request)
    job = export_job.exports_of(request.user).filter(pk=pk).first()
    if job is None:
        raise Http404
    return job
