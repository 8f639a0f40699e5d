"""A file made for one answer, with its Chinese name."""

from urllib.parse import quote

from django.http import HttpResponse

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def sent_xlsx(content: bytes, name: str) -> HttpResponse:
    """The workbook, to be saved under that name."""
    disposition = f"attachment; filename*=UTF-8''{quote(name)}"
    return HttpResponse(content, content_type=XLSX, headers={"Content-Disposition": disposition})
