"""A file that was handed in, given out again: as it was, or said not to be."""

import logging
from mimetypes import guess_type

from django.core.files.base import File
from django.http import FileResponse, HttpResponse
from django.shortcuts import render

from dashboard.frame.access_log import record_export
from settlements.moving.documents import fault_of

log = logging.getLogger(__name__)


def stored_file(
    request, file: File, *, name: str, sha256: str, what: str, kind: str = ""
) -> HttpResponse | FileResponse:
    """As an attachment of the kind its content was found to be, noted as an export. Where `kind` is
    not kept, it is that of the name it is stored under, whose suffix goes by the content.

    One that is missing, or is not what its hash says, is never given out (410).
    """
    if fault := fault_of(file, sha256):
        return not_as_kept(request, what, fault)
    record_export(request, what, None)
    kind = kind or guess_type(str(file.name))[0] or "application/octet-stream"
    return FileResponse(file, as_attachment=True, filename=name, content_type=kind)


def not_as_kept(request, what: str, fault: str) -> HttpResponse:
    """The page that says that a file or paper is not what was kept; the log too."""
    log.error("%s: %s (%s)", request.path, fault, what)
    return render(request, "410.html", {"what": what, "fault": fault}, status=410)
