"""操作记录: what was changed, by whom, from what to what; who signed in and took data out."""

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET

from basins.access import Act, viewer_of
from dashboard.audit.page import (
    ACCESS,
    CHANGES,
    FORMATS,
    MOST_ROWS,
    AuditFilters,
    access_rows,
    change_rows,
)
from dashboard.audit.words import access_person, access_words, changed_rows, told
from dashboard.frame.access_log import record_export
from settlements.work.queries import audit as queries

ON_A_PAGE = 30


@require_GET
def changes(request):
    viewer = _viewer(request)
    form = AuditFilters(request.GET, kinds=queries.kind_choices(viewer))
    asked = form.chosen()
    found = queries.records(viewer, asked)
    if request.GET.get("format") in FORMATS:
        return _file(request, CHANGES, found, change_rows)
    page = Paginator(found, ON_A_PAGE).get_page(request.GET.get("page"))
    context = {
        "form": form,
        "page": page,
        "lines": told(list(page)),
        "object": _named(viewer, asked),
        "sees_all": viewer.sees_all(Act.SEE_AUDIT),
    }
    return render(request, "audit/changes.html", context)


@require_GET
def change(request, pk: int):
    """One record with its row before and after."""
    viewer = _viewer(request)
    record = queries.visible_records(viewer).filter(pk=pk).first()
    if record is None:
        raise Http404
    with_it = list(queries.of_same_transaction(viewer, record)[:ON_A_PAGE])
    line, *others = told([record, *with_it])
    context = {"line": line, "rows": changed_rows(line), "others": others}
    return render(request, "audit/change.html", context)


@require_GET
def access(request):
    viewer = _viewer(request)
    if not viewer.sees_all(Act.SEE_AUDIT):
        raise Http404
    form = AuditFilters(request.GET, kinds=None)
    found = queries.access_events(viewer, form.chosen())
    if request.GET.get("format") in FORMATS:
        return _file(request, ACCESS, found, access_rows)
    page = Paginator(found, ON_A_PAGE).get_page(request.GET.get("page"))
    lines = [
        {"event": event, "who": access_person(event), "what": access_words(event)} for event in page
    ]
    return render(request, "audit/access.html", {"form": form, "page": page, "lines": lines})


def _named(viewer, asked: queries.AuditFilter) -> str:
    """The object the list is of, in words; '' for a list of many, or of what is not there."""
    if not (asked.table and asked.key):
        return ""
    own = queries.visible_records(viewer).filter(table=asked.table, key=asked.key)[:1]
    return next((line.object for line in told(list(own))), "")


def _viewer(request):
    viewer = viewer_of(request.user)
    if not viewer.may(Act.SEE_AUDIT):
        raise Http404
    return viewer


def _file(request, name, found, rows):
    """Recorded before it leaves; what comes in after that is not in it."""
    count = found.count()
    if count > MOST_ROWS:
        messages.error(
            request,
            f"符合条件的有 {count:,} 条，一个文件至多 {MOST_ROWS:,} 条；请缩小时间范围，分次导出。",
        )
        query = request.GET.copy()
        del query["format"]
        return redirect(f"{request.path}?{query.urlencode()}")
    newest = found.values_list("pk", flat=True).first() or 0
    record_export(request, name, count)
    return FORMATS[request.GET["format"]](name, rows(found.filter(pk__lte=newest)))
