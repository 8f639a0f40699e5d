"""资金使用: what was received, allotted and spent; a district allots, reports and corrects."""

from typing import Any

from django import forms
from django.core.paginator import Paginator
from django.http import Http404
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods

from basins.access import viewer_of
from basins.models import Jurisdiction
from dashboard.files.lists import Sheet, SheetColumn, as_csv, as_xlsx
from dashboard.files.stored import stored_file
from dashboard.forms.acts import ActForm, CheckedFact, Decision, decide
from dashboard.forms.fields import ReadField
from dashboard.forms.filters import ALL, chosen, offer
from dashboard.forms.values import read_day, read_money, say_money
from dashboard.frame.access_log import record_export
from settlements.funds.queries import funds as queries
from settlements.funds.services import funds as services
from settlements.models import Agreement, FundProject
from settlements.money import format_yuan
from settlements.moving.documents import LARGEST, MEGABYTE

GET_POST = require_http_methods(["GET", "POST"])
PAGE = 25
PURPOSES = FundProject._meta.get_field("purpose").choices


def _money(label: str, **kwargs) -> ReadField:
    return ReadField(label=label, reader=read_money, says=say_money, **kwargs)


def _day(label: str) -> ReadField:
    return ReadField(label=label, reader=read_day, help_text="如 2024-03-20。")


class FundFilters(forms.Form):
    place = forms.ChoiceField(label="行政区", required=False)
    agreement = forms.ChoiceField(label="协议", required=False)
    purpose = forms.ChoiceField(label="用途", required=False, choices=[*ALL, *PURPOSES])

    def __init__(self, data, page: queries.Funds):
        super().__init__(data)
        offer(self, "place", dict.fromkeys((li.place.code, li.place.name) for li in page.lines))
        offer(self, "agreement", dict.fromkeys((li.agreement, li.title) for li in page.lines))


class AllotForm(ActForm):
    agreement = forms.ModelChoiceField(
        label="协议", queryset=Agreement.objects.none(), to_field_name="code", empty_label="请选择"
    )
    name = forms.CharField(label="项目名称", max_length=services.LONGEST_NAME)
    purpose = forms.ChoiceField(
        label="用途", choices=[("", "请选择"), *PURPOSES], help_text="补偿资金只能用于这三类。"
    )
    amount = _money("安排金额", help_text="如 1,234,567.89 或 500万元；不超过已收到而未安排的。")
    on = _day("安排日期")
    document_number = forms.CharField(
        label="文号", max_length=services.LONGEST_NUMBER, required=False
    )


class SpendForm(ActForm):
    amount = _money("支出金额", help_text="不超过项目结余。")
    on = _day("支出日期")
    text = forms.CharField(label="摘要", max_length=services.LONGEST_TEXT)


class CorrectForm(ActForm):
    amount = _money("冲减金额", help_text="填正数，不超过已支出的。")
    on = _day("冲减日期")
    why = forms.CharField(label="理由", max_length=services.LONGEST_TEXT)


class ReduceForm(ActForm):
    amount = _money("减少金额", help_text="不超过未支出的；全部取消填全部结余。")
    why = forms.CharField(label="理由", max_length=services.LONGEST_TEXT)


class ProofForm(ActForm):
    file = forms.FileField(
        label="凭据", help_text=f"PDF、PNG 或 JPEG，至多 {LARGEST // MEGABYTE} MB。"
    )


@require_GET
def listing(request):
    viewer = _reader(request)
    form, wanted = _filters(request, viewer)
    found = queries.funds(viewer, **wanted)
    context = {
        "page": found,
        "listed": Paginator(found.lines, PAGE).get_page(request.GET.get("page")),
        "form": form,
        "may_enter": queries.may_enter(viewer),
    }
    return render(request, "funds/list.html", context)


def _filters(request, viewer):
    form = FundFilters(request.GET, queries.funds(viewer))
    return form, {name: value for name, value in chosen(form).items() if value}


@require_GET
def export(request, form: str):
    viewer = _reader(request)
    if form not in ("csv", "xlsx"):
        raise Http404
    filters, wanted = _filters(request, viewer)
    sheet = _sheet(queries.funds(viewer, **wanted), filters, wanted, str(request.user))
    record_export(request, sheet.title, len(sheet.rows))
    return as_csv(sheet) if form == "csv" else as_xlsx(sheet)


def _sheet(page: queries.Funds, form: FundFilters, wanted: dict, maker: str) -> Sheet:
    """One row a district and agreement for what was received, one a project for the rest, so
    that every column sums to the page's total."""
    columns = [
        SheetColumn("序", 6),
        SheetColumn("行政区", 18),
        SheetColumn("协议", 36),
        SheetColumn("项目", 30),
        SheetColumn("用途", 14),
        SheetColumn("安排日期", 12),
        SheetColumn("文号", 22),
        SheetColumn("收到", 18, total=True),
        SheetColumn("安排", 18, total=True),
        SheetColumn("支出", 18, total=True),
    ]
    rows: list[list[Any]] = []
    for line in page.lines:
        head: list[Any] = [line.place.name, line.title]
        rows.append([*head, "收到合计", "", None, "", line.received, None, None])
        rows += [
            [*head, p.name, p.purpose, p.allotted_on, p.document_number, None, p.allotted, p.spent]
            for p in line.projects
        ]
    words = [
        (str(form.fields[name].label), dict(form.fields[name].choices)[value])  # type: ignore[attr-defined]
        for name, value in wanted.items()
    ]
    numbered = [[at, *row] for at, row in enumerate(rows, 1)]
    return Sheet("补偿资金使用表", columns, numbered, words, maker)


@require_GET
def project(request, pk: int):
    page = queries.project_page(viewer_of(request.user), pk)
    if page is None:
        raise Http404
    return render(request, "funds/project.html", {"page": page})


@GET_POST
def new(request):
    viewer = viewer_of(request.user)
    if not queries.may_enter(viewer):
        raise Http404
    place = Jurisdiction.objects.defer("boundary").get(pk=viewer.jurisdiction_id)
    available = queries.funds(viewer).lines

    def form(*args, **kwargs):
        made = AllotForm(*args, **kwargs)
        made.fields["agreement"].queryset = queries.agreements_of(viewer)  # type: ignore[attr-defined]
        return made

    def do(filled):
        made = services.allot(by=request.user, **filled)
        return f"已安排：{made.name} {format_yuan(made.allotted)} 元。"

    return decide(
        request,
        Decision(
            title="安排补偿资金",
            lead="把收到的补偿资金安排给具体项目；安排后不能修改，支出逐笔报告。",
            button="安排资金",
            back=reverse("fund-list"),
            do=do,
            crumbs=[
                ("台账", reverse("ledger")),
                ("资金使用", reverse("fund-list")),
                ("安排", None),
            ],
            facts=[
                CheckedFact("行政区", place.name),
                *(
                    CheckedFact(
                        line.title,
                        f"收到 {format_yuan(line.received)} 元，"
                        f"尚可安排 {format_yuan(line.free)} 元",
                    )
                    for line in available
                ),
            ],
            form=form,
        ),
    )


@GET_POST
def spend(request, pk: int):
    page = _own_project(request, pk)

    def do(filled):
        made = services.spend(project=page.project, by=request.user, **filled)
        return f"已报告支出 {format_yuan(made.yuan)} 元。"

    return _project_act(
        request, page, do, title=f"报告支出：{page.project.name}", button="报告支出",
        lead="登记后不能修改；有误的以冲减更正。", form=SpendForm, attach=ProofForm,
    )  # fmt: skip


@GET_POST
def correct(request, pk: int):
    page = _own_project(request, pk)

    def do(filled):
        made = services.correct(project=page.project, by=request.user, **filled)
        return f"已冲减支出 {format_yuan(-made.yuan)} 元。"

    return _project_act(
        request, page, do, title=f"冲减支出：{page.project.name}", button="冲减支出",
        lead="以一笔负的支出更正，原记录留存。", form=CorrectForm, grave=True,
    )  # fmt: skip


@GET_POST
def reduce(request, pk: int):
    page = _own_project(request, pk)

    def do(filled):
        made = services.reduce(project=page.project, by=request.user, **filled)
        return f"已减少安排 {format_yuan(made.yuan)} 元，可另行安排。"

    return _project_act(
        request, page, do, title=f"减少安排：{page.project.name}", button="减少安排",
        lead="以一笔反向记录减少或取消安排，原记录留存；未支出的才能减少。", form=ReduceForm,
        grave=True,
    )  # fmt: skip


def _project_act(request, page: queries.ProjectPage, do, **words):
    back = reverse("fund-project", args=[page.project.pk])
    return decide(
        request,
        Decision(
            back=back,
            do=do,
            crumbs=[
                ("资金使用", reverse("fund-list")),
                (page.project.name, back),
                (words["button"], None),
            ],
            facts=[
                CheckedFact("协议", page.project.agreement.title),
                CheckedFact("已安排", f"{format_yuan(page.allotted)} 元"),
                CheckedFact("已支出", f"{format_yuan(page.spent)} 元"),
                CheckedFact("结余", f"{format_yuan(page.left)} 元"),
            ],
            **words,
        ),
    )


@require_GET
def document(request, pk: int):
    """The stored document, as an attachment of the kind its content was found to be."""
    found = queries.visible_spendings(viewer_of(request.user)).filter(pk=pk).first()
    if found is None or not found.file:
        raise Http404
    return stored_file(
        request, found.file, name=found.filename, kind=found.kind, sha256=found.sha256,
        what=f"资金使用单据“{found.filename}”",
    )  # fmt: skip


def _reader(request):
    viewer = viewer_of(request.user)
    if not queries.may_see(viewer):
        raise Http404
    return viewer


def _own_project(request, pk: int) -> queries.ProjectPage:
    page = queries.project_page(viewer_of(request.user), pk)
    if page is None or not page.may_report:
        raise Http404
    return page
