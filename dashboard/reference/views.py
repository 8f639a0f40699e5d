"""基础资料: the tables, their files, and the things in them; every change passes 核对."""

import csv
import io

from django import forms
from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from basins.access import Act, Viewer, viewer_of
from basins.reference import workbook
from basins.reference.kind import Asked, Kind, Layout, Plan
from basins.reference.planning import (
    ReferenceRefused,
    carry_out,
    find,
    plan,
    rows_of,
    slug,
    text_rows,
)
from basins.reference.reading import ReferenceFile, read_file
from basins.refusals import NotAllowed, Refused
from dashboard.files.sent import sent_xlsx
from dashboard.forms.actions import wanted
from dashboard.frame.access_log import record_export
from dashboard.reference import page as pages
from dashboard.reference.forms import EntryForm, SinceForm, UploadForm
from settlements.reference import opening
from settlements.reference.kinds import KINDS, LAYOUTS
from written.text import FileError

ON_A_PAGE = 50
SHOWN = 200  # changes and faults; the error sheet has all
EDITING = {"people": Act.EDIT_USERS}
SEEING = {"people": Act.SEE_PEOPLE}


class SearchForm(forms.Form):
    q = forms.CharField(label="名称或编码", required=False, max_length=60)


@require_GET
def index(request) -> HttpResponse:
    viewer = _reader(request)
    lines = [line for line in pages.tables() if _may_see(viewer, line.layout.code)]
    return render(
        request,
        "reference/index.html",
        {"lines": [(line, _may_edit(viewer, line.layout.code)) for line in lines]},
    )


@require_GET
def thing_list(request, kind: str) -> HttpResponse:
    viewer = _reader(request, kind)
    if kind in pages.ELSEWHERE:
        return redirect(pages.ELSEWHERE[kind])
    found = KINDS[kind]
    form = SearchForm(request.GET)
    words = form.cleaned_data["q"] if form.is_valid() else ""
    lines = pages.things(found, words)
    context = {
        "kind": found,
        "form": form,
        "page": Paginator(lines, ON_A_PAGE).get_page(request.GET.get("page")),
        "columns": pages.shown_columns(found),
        "name": found.column(found.names),
        "edits": _may_edit(viewer, kind),
        "sought": words,
    }
    return render(request, "reference/list.html", context)


@require_GET
def thing(request, kind: str, key: str) -> HttpResponse:
    viewer = _reader(request, kind)
    found = _kind(kind)
    held = find(found, key)
    if held is None:
        raise Http404
    lookups = found.lookups()
    context = {
        "kind": found,
        "key": key,
        "name": found.column(found.names).text(held[1].get(found.names), lookups),
        "facts": pages.facts(found, held[1], lookups),
        "below": pages.below(found, held[1], lookups),
        "history": pages.history(found, held[0]),
        "edits": _may_edit(viewer, kind),
        "lasting": pages.lasting(found, held[0]),
    }
    return render(request, "reference/item.html", context)


@require_http_methods(["GET", "POST"])
def new(request, kind: str) -> HttpResponse:
    _editor(request, kind)
    found = _kind(kind)
    lookups = found.lookups()
    typed = request.POST if request.method == "POST" else None
    form = EntryForm(found, lookups, typed)
    return _entered(request, found, form, back=reverse("reference-list", args=[kind]))


@require_http_methods(["GET", "POST"])
def change(request, kind: str, key: str) -> HttpResponse:
    _editor(request, kind)
    found = _kind(kind)
    held = find(found, key)
    if held is None:
        raise Http404
    lookups = found.lookups()
    typed = request.POST if request.method == "POST" else None
    form = EntryForm(found, lookups, typed, rows=rows_of(found, held[1], lookups), fixed=True)
    name = found.column(found.names).text(held[1].get(found.names), lookups)
    back = reverse("reference-item", args=[kind, key])
    return _entered(request, found, form, back=back, name=name)


def _entered(request, kind: Kind, form: EntryForm, *, back: str, name: str = "") -> HttpResponse:
    """The form, what it would change, or the answer to having changed it. `name`: of what is
    there already."""
    context = {"kind": kind, "form": form, "back": back, "name": name}
    if request.method == "GET":
        return render(request, "reference/form.html", context)
    action = wanted(request, "check", "do", "change", missing="check")
    if not form.is_valid():
        return render(request, "reference/form.html", context, status=422)
    if action == "change":
        return render(request, "reference/form.html", context)
    rows = form.written()
    made = plan(kind, rows)
    if not made.wrong and not name and not made.of("new"):
        column = kind.column(kind.key[0])
        form.add_error(column.key, f"这个{kind.title}已经有了；要改它请在它的页上“更改”。")
    form.take(made.wrong)
    if form.errors:
        return render(request, "reference/form.html", context, status=422)
    if action == "check":
        return render(request, "reference/check.html", context | {"change": made.changes[0]})
    try:
        asked = Asked(request.user, form.since, form.cleaned_data["why"])
        done, _ = carry_out(kind, rows, asked)
    except ReferenceRefused as refused:
        form.take(refused.wrong)
        return render(request, "reference/form.html", context, status=422)
    [stored] = done.changes
    messages.success(request, f"已{stored.word}{kind.title}“{stored.name}”。")
    return redirect("reference-item", kind.code, slug(stored.entry.key))


@require_http_methods(["GET", "POST"])
def upload(request, kind: str) -> HttpResponse:
    """A file; POST shows what it would change. Nothing is stored before it is confirmed."""
    _editor(request, kind)
    found = _kind(kind)
    if request.method == "GET":
        return _upload_page(request, found, UploadForm())
    if wanted(request, "check", "do", missing="check") == "do":
        return _imported(request, found)
    form = UploadForm(request.POST, request.FILES)
    if not form.is_valid():
        return _upload_page(request, found, form, status=422)
    sent = form.cleaned_data["file"]
    try:
        file = read_file(found, sent.read(), sent.name)
    except FileError as error:
        form.add_error("file", str(error))
        return _upload_page(request, found, form, status=422)
    return _tried(request, found, file, form)


def _tried(request, kind: Kind, file: ReferenceFile, form: SinceForm) -> HttpResponse:
    """What the file would change, or what is wrong with it."""
    made = plan(kind, file.rows)
    context = {
        "kind": kind,
        "plan": made,
        "counts": made.counts(),
        "lines": pages.change_lines(made.stored, SHOWN),
        "more": max(0, len(made.stored) - SHOWN),
        "wrong": made.wrong[:SHOWN],
        "more_wrong": max(0, len(made.wrong) - SHOWN),
        "unread": "、".join(file.unread),
        "rows": _kept(kind, file),
        "form": form,
        "since": form.since,
        "repeated": kind.repeated,
    }
    status = 422 if made.wrong else 200
    return render(request, "reference/import_check.html", context, status=status)


def _imported(request, kind: Kind) -> HttpResponse:
    form = SinceForm(request.POST)
    try:
        file = read_file(kind, request.POST.get("rows", "").encode(), "核对的内容")
    except FileError:
        messages.error(request, "没有可导入的内容；请重新上传。")
        return redirect("reference-import", kind.code)
    if not form.is_valid():
        return _tried(request, kind, file, form)
    try:
        asked = Asked(request.user, form.since, form.cleaned_data["why"])
        done, answer = carry_out(kind, file.rows, asked)
    except ReferenceRefused:
        messages.error(request, "核对以后有别的改动，没有导入；请看下面的各处。")
        return _tried(request, kind, file, form)
    except NotAllowed as error:
        raise Http404 from error
    except Refused as refused:
        messages.error(request, f"没有导入：{refused}")
        return redirect("reference-import", kind.code)
    if answer.get("proposed"):
        return render(
            request, "reference/proposed.html", {"kind": kind, "people": answer["proposed"]}
        )
    messages.success(request, _done_words(kind, done, answer))
    if kind.code in pages.ELSEWHERE:
        return redirect(pages.ELSEWHERE[kind.code])
    return redirect("reference-list", kind.code)


def _done_words(kind: Kind, done: Plan, answer: dict) -> str:
    if answer.get("waiting"):
        return "已提出，请另一名协议管理员复核后生效。"
    counts = done.counts()
    words = [
        f"{word} {counts[what]}"
        for what, word in (("new", "新增"), ("changed", "更改"), ("same", "未变"))
        if counts[what]
    ]
    return (
        f"已导入{kind.title} {sum(counts[w] for w in ('new', 'changed', 'same'))} {kind.unit}："
        + ("，".join(words) + "。")
    )


@require_POST
def error_sheet(request, kind: str) -> HttpResponse:
    """The file as it was uploaded, each wrong row with its remedy."""
    _editor(request, kind)
    found = _kind(kind)
    try:
        file = read_file(found, request.POST.get("rows", "").encode(), "核对的内容")
    except FileError as error:
        raise Http404 from error
    content = workbook.errors(found, file.rows, plan(found, file.rows).wrong)
    return sent_xlsx(content, f"{found.title}-需更正.xlsx")


@require_GET
def template(request, kind: str) -> HttpResponse:
    _reader(request, kind)
    layout = _layout(kind)
    return sent_xlsx(workbook.template(layout), f"{layout.title}-模板.xlsx")


@require_GET
def export(request, kind: str) -> HttpResponse:
    _reader(request, kind)
    layout = _layout(kind)
    rows = list(opening.rows() if kind == opening.LAYOUT.code else text_rows(_kind(kind)))
    record_export(request, f"基础资料：{layout.title}", len(rows))
    return sent_xlsx(workbook.export(layout, rows), f"{layout.title}.xlsx")


def _upload_page(request, kind: Kind, form: UploadForm, status: int = 200) -> HttpResponse:
    return render(request, "reference/import.html", {"kind": kind, "form": form}, status=status)


def _kept(kind: Kind, file: ReferenceFile) -> str:
    """The rows as CSV text, to come back with the confirmation; of the columns the file has."""
    given = [c for c in kind.columns if any(c.key in row.cells for row in file.rows)]
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow([c.title for c in given])
    writer.writerows([row.cells.get(c.key, "") for c in given] for row in file.rows)
    return out.getvalue()


def _kind(code: str) -> Kind:
    if code not in KINDS:
        raise Http404
    return KINDS[code]


def _layout(code: str) -> Layout:
    if code not in LAYOUTS:
        raise Http404
    return LAYOUTS[code]


def _may_see(viewer: Viewer, kind: str) -> bool:
    """All of the offices; of people who may see people."""
    return viewer.sees_all(Act.SEE_RESULTS) and (kind not in SEEING or viewer.may(SEEING[kind]))


def _may_edit(viewer: Viewer, kind: str) -> bool:
    return viewer.may(EDITING.get(kind, Act.EDIT_REFERENCE))


def _reader(request, kind: str = "") -> Viewer:
    viewer = viewer_of(request.user)
    if not _may_see(viewer, kind) or (kind and kind not in LAYOUTS):
        raise Http404
    return viewer


def _editor(request, kind: str) -> Viewer:
    viewer = _reader(request, kind)
    if not _may_edit(viewer, kind):
        raise Http404
    return viewer
