"""数据: the hub, an upload from the file to its import, a batch and taking it back."""

from urllib.parse import quote

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import FileResponse, Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from basins.access import Viewer, viewer_of
from basins.refusals import Refused
from dashboard.data import blank_forms
from dashboard.data.forms import MappingForm, ReadingUploadForm, UndoForm
from dashboard.data.page import (
    UploadPage,
    batch_facts,
    batch_lines,
    sheet_lines,
    state_of,
    taken_words,
)
from dashboard.frame.access_log import record_export
from dashboard.frame.polls import nothing_new
from monitoring.ingest.queries import imports as queries
from monitoring.ingest.services import uploads
from monitoring.models import ImportBatch, ReadingUpload
from monitoring.stations.queries.stations import packets_of_batch
from settlements.accruals.services.imports import undo_batch
from written.text import FileError

PAGE, PACKETS = 50, 20
TYPES = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


@require_GET
def data(request):
    """What was imported, what is on its way, and where everything else is entered."""
    viewer = _viewer(request)
    page = Paginator(queries.batches_of_files(viewer), PAGE).get_page(request.GET.get("page"))
    context = {
        "page": page,
        "lines": batch_lines(page.object_list),
        "waiting": [(each, state_of(each)) for each in queries.uploads_waiting(viewer)],
        "forms": [
            (words, layout, blank_forms.FORMATS[layout])
            for layout, words in blank_forms.WORDS.items()
        ],
    }
    return render(request, "data/data.html", context)


@require_GET
def blank_form(request, layout: str, format: str):
    """A file to fill in, with nothing of the installation in it."""
    _viewer(request)
    content = blank_forms.blank_form(layout, format)
    if content is None:
        raise Http404
    return _attached(content, f"监测数据模板-{blank_forms.WORDS[layout]}.{format}", TYPES[format])


@require_http_methods(["GET", "POST"])
def upload(request):
    """A file and what is said of it; POST keeps it and goes on to its trial."""
    _viewer(request)
    if request.method == "GET":
        return render(request, "data/upload.html", _upload_context(ReadingUploadForm()))
    form = ReadingUploadForm(request.POST, request.FILES)
    if form.is_valid():
        file = form.cleaned_data["file"]
        try:
            taken = uploads.take_upload(
                content=file.read(),
                filename=file.name,
                by=request.user,
                told=form.told(),
                time_format=form.time_form(),
                zone=form.zone_named(),
            )
        except FileError as error:
            form.add_error("file", str(error))
        else:
            return redirect("reading-upload-page", taken.pk)
    return render(request, "data/upload.html", _upload_context(form), status=422)


@require_GET
def upload_page(request, pk: int):
    """Where the upload stands: what runs, what it would change, what its headings mean."""
    found = _upload(request, pk)
    if (same := nothing_new(request, found.importing or found.trial)) is not None:
        return same
    return _shown(request, found)


@require_POST
def columns(request, pk: int):
    """What the headings nobody knows mean; then it is tried again."""
    found = _upload(request, pk)
    page = _page(request, found)
    if not page.unclear:
        return redirect("reading-upload-page", pk)
    form = MappingForm(page.unclear, request.POST)
    if not form.is_valid():
        return _shown(request, found, form=form, status=422)
    try:
        uploads.map_columns(upload_id=pk, mapping=form.mapping(), by=request.user)
    except (Refused, FileError) as error:
        messages.error(request, str(error))
    return redirect("reading-upload-page", pk)


@require_POST
def start_import(request, pk: int):
    _upload(request, pk)
    try:
        uploads.import_upload(upload_id=pk, by=request.user)
    except Refused as refused:
        messages.error(request, str(refused))
    return redirect("reading-upload-page", pk)


@require_POST
def cancel(request, pk: int):
    """Stop what runs; the file of an upload that is not being imported goes."""
    found = _upload(request, pk)
    try:
        uploads.give_up_upload(upload_id=pk, by=request.user)
    except Refused as refused:
        messages.error(request, str(refused))
        return redirect("reading-upload-page", pk)
    if found.importing is not None:
        messages.success(request, "已取消导入，没有写入任何数据。")
        return redirect("reading-upload-page", pk)
    messages.success(request, f"已放弃“{found.filename}”，没有写入任何数据。")
    return redirect("data")


@require_GET
def errors(request, pk: int):
    """The error sheet in the file's own layout."""
    found = _upload(request, pk)
    path = uploads.errors_of(found)
    if path is None:
        raise Http404
    stem = found.filename.rpartition(".")[0] or found.filename
    name = f"{stem}-出错表{path.suffix}"
    record_export(request, f"“{found.filename}”的出错表", None)
    return FileResponse(
        path.open("rb"), as_attachment=True, filename=name, content_type=TYPES[path.suffix[1:]]
    )


@require_GET
def batch(request, pk: int):
    """What a batch was, and what became of its rows."""
    viewer = _viewer(request)
    found = _batch(viewer, pk)
    came_from = queries.upload_of_batch(viewer, found)
    context = {
        "batch": found,
        "line": batch_lines([found])[0],
        "from_stations": found.layout == queries.GATEWAY,
        "by": found.by or ("网关" if found.layout == queries.GATEWAY else "命令"),
        "facts": batch_facts(found),
        "sheets": sheet_lines(found.sheets),
        "mapping": [(heading, taken_words(taken)) for heading, taken in found.mapping.items()],
        "unread": "、".join(found.unread),
        "same": queries.same_file(viewer, found.sha256, but=found.pk),
        "errors_of": came_from if came_from and uploads.errors_of(came_from) else None,
        "packets": Paginator(packets_of_batch(viewer, pk), PACKETS).get_page(
            request.GET.get("page")
        ),
    }
    return render(request, "data/batch.html", context)


@require_http_methods(["GET", "POST"])
def undo(request, pk: int):
    """Take the batch back, with the reason."""
    found = _batch(_viewer(request), pk)
    form = UndoForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            taken = undo_batch(batch_id=pk, by=request.user, why=form.cleaned_data["why"])
        except Refused as refused:
            form.add_error("why" if refused.field == "why" else None, str(refused))
        else:
            messages.success(
                request,
                f"已撤销：移除 {taken.removed:,} 个数据，恢复 {taken.restored:,} 个原值；"
                "相关月份随后重新核算。",
            )
            return redirect("batch", pk)
    status = 422 if request.method == "POST" else 200
    context = {"form": form, "batch": found, "line": batch_lines([found])[0]}
    return render(request, "data/undo.html", context, status=status)


def _shown(request, found: ReadingUpload, *, form: MappingForm | None = None, status: int = 200):
    page = _page(request, found)
    if form is None and page.unclear:
        form = MappingForm(page.unclear)
    template = "data/_upload.html" if request.htmx else "data/upload_page.html"
    return render(request, template, {"page": page, "form": form}, status=status)


def _page(request, found: ReadingUpload) -> UploadPage:
    same = queries.same_file(viewer_of(request.user), found.sha256)
    return UploadPage.of(found, same, has_errors=uploads.errors_of(found) is not None)


def _upload_context(form: ReadingUploadForm) -> dict:
    return {"form": form, "senders": queries.sender_names(), "up": reverse("data")}


def _attached(content: bytes, name: str, kind: str) -> HttpResponse:
    return HttpResponse(
        content,
        content_type=kind,
        headers={"Content-Disposition": f"attachment; filename*=UTF-8''{quote(name)}"},
    )


def _viewer(request) -> Viewer:
    viewer = viewer_of(request.user)
    if not queries.may_upload(viewer):
        raise Http404
    return viewer


def _upload(request, pk: int) -> ReadingUpload:
    found = queries.uploads(_viewer(request)).filter(pk=pk).first()
    if found is None:
        raise Http404
    return found


def _batch(viewer: Viewer, pk: int) -> ImportBatch:
    found = queries.batches(viewer).filter(pk=pk).first()
    if found is None:
        raise Http404
    return found
