"""统计口径: which choices hold from when on; making one passes a check page."""

from django import forms
from django.contrib import messages
from django.http import Http404
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_http_methods

from basins.access import Act, viewer_of
from dashboard.forms.fields import ReadField
from monitoring.assessment.queries.basis import basis_page, classes_by_rounding
from monitoring.assessment.services.basis import (
    BasisRefused,
    choose_basis,
    examine_basis,
    withdraw_basis,
)
from monitoring.standards.basis import FIRST, PH_MEAN, ROUNDING, Basis
from written.days import read_month


class ChoiceForm(forms.Form):
    """The whole of a 统计口径 and the month it begins with."""

    since = ReadField(
        label="自哪个月起", max_length=20, reader=read_month, help_text="如 2027-01。"
    )
    rounding = forms.ChoiceField(label="定类用的均值", choices=list(ROUNDING.items()))
    ph = forms.ChoiceField(label="pH 的均值", choices=list(PH_MEAN.items()))
    first = forms.ChoiceField(label="自动与手工并存时", choices=list(FIRST.items()))
    source = forms.CharField(
        label="依据", max_length=200, help_text="文件名称和文号，如 市生态环境局〔2026〕12号。"
    )

    @property
    def basis(self) -> Basis:
        given = self.cleaned_data
        return Basis(given["rounding"], given["ph"], given["first"])


def _edits(request) -> bool:
    return viewer_of(request.user).may(Act.EDIT_REFERENCE)


def _page(request, form, status=200, wrong=None):
    page = basis_page()
    if form is None:
        form = ChoiceForm(
            initial={
                "rounding": page.basis.rounding,
                "ph": page.basis.ph,
                "first": page.basis.first,
            }
        )
    context = {"page": page, "edits": _edits(request), "form": form, "wrong": wrong}
    return render(request, "basis/basis.html", context, status=status)


@require_GET
def basis(request):
    """Everyone who is signed in reads; who edits reference data also sees the form."""
    return _page(request, None)


@require_http_methods(["GET", "POST"])
def choose(request):
    """The choice → 核对 (what it would have changed) → kept."""
    if not _edits(request):
        raise Http404
    if request.method == "GET":
        return redirect("basis")
    form = ChoiceForm(request.POST)
    if form.is_valid():
        given = form.cleaned_data
        wanted = {"since": given["since"], "basis": form.basis, "source": given["source"]}
        try:
            if "confirmed" in request.POST:
                choose_basis(**wanted)
                messages.success(request, f"已选定自 {given['since']:%Y-%m} 起的统计口径。")
                return redirect("basis")
            examine_basis(**wanted)
        except BasisRefused as error:
            form.add_error(None, str(error))
        else:
            looked_at, changed = classes_by_rounding()
            return render(
                request,
                "basis/check.html",
                {
                    "given": given,
                    "basis": form.basis,
                    "now": basis_page().basis,
                    "looked_at": looked_at,
                    "changed": changed,
                },
            )
    return _page(request, form, 422, form)


@require_http_methods(["GET", "POST"])
def withdraw(request, pk: int):
    """The last choice is taken back while no month is assessed by it for good."""
    if not _edits(request):
        raise Http404
    if request.method == "POST":
        try:
            withdraw_basis(pk=pk)
        except BasisRefused as error:
            messages.error(request, str(error))
        else:
            messages.success(request, "已撤销，恢复此前的统计口径。")
    return redirect("basis")
