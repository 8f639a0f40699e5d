"""月度状态认定: the list, one, making one (with 核对) and revoking it."""

from django import forms
from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_http_methods

from basins.access import Act, viewer_of
from dashboard.files.stored import stored_file
from dashboard.forms.actions import wanted
from dashboard.forms.filters import ALL, chosen, number, offer, say_required
from monitoring.models import Section
from settlements.accruals.services import rulings as services
from settlements.models import Agreement, MonthRuling
from settlements.moving.documents import LARGEST, MEGABYTE, DocumentRefused
from settlements.objections.queries import rulings as queries
from settlements.rules.facts import MonthState
from written.days import read_month

PAGE = 50


class RulingFilters(forms.Form):
    section = forms.ChoiceField(label="断面", required=False)
    year = forms.ChoiceField(label="年度", required=False)
    state = forms.ChoiceField(label="状态", required=False, choices=[*ALL, *MonthRuling.STATES])
    live = forms.ChoiceField(
        label="效力", required=False, choices=[*ALL, ("yes", "有效"), ("no", "已撤销")]
    )

    def __init__(self, data, viewer):
        super().__init__(data)
        offer(self, "section", queries.sections_of_rulings(viewer))
        offer(self, "year", [(str(y), f"{y}年") for y in queries.years_ruled_on(viewer)])


class RulingForm(forms.Form):
    """A ruling as typed."""

    section = forms.ChoiceField(label="断面")
    month = forms.CharField(label="月份", max_length=20, help_text="如 2023-08 或 2023年8月。")
    agreement = forms.ChoiceField(
        label="协议", required=False, help_text="不选为对该断面的全部协议有效。"
    )
    state = forms.ChoiceField(label="认定的状态", choices=[("", "请选择"), *MonthRuling.STATES])
    ground = forms.ChoiceField(label="事由", choices=[("", "请选择"), *MonthRuling.Ground.choices])
    reason = forms.CharField(
        label="理由",
        max_length=services.LONGEST,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="何时、何事、依据什么；写入核算过程，各方可见。",
    )
    evidence = forms.FileField(
        label="证据",
        required=False,
        help_text=f"PDF、PNG 或 JPEG，至多 {LARGEST // MEGABYTE} MB；“无数据”可以不附。",
    )

    def __init__(self, *args, **kwargs):
        super().__init__(*args, use_required_attribute=False, **kwargs)
        say_required(self)
        for name, blank, choices in (
            ("section", "请选择", queries.sections_ruled_on()),
            ("agreement", "全部协议", queries.agreements_of()),
        ):
            field = self.fields[name]
            assert isinstance(field, forms.ChoiceField)
            field.choices = [("", blank), *choices]

    def clean_month(self):
        try:
            return read_month(self.cleaned_data["month"])
        except ValueError as wrong:
            raise forms.ValidationError(str(wrong)) from wrong

    def given(self) -> dict:
        """What the service takes, but the evidence."""
        typed = self.cleaned_data
        code = typed.get("agreement")
        return {
            "section": Section.objects.get(code=typed["section"]),
            "month": typed["month"],
            "agreement": Agreement.objects.get(code=code) if code else None,
            "state": typed["state"],
            "ground": typed["ground"],
            "reason": typed["reason"],
        }


class RevokeForm(forms.Form):
    why = forms.CharField(
        label="撤销的理由", max_length=services.LONGEST, widget=forms.Textarea(attrs={"rows": 3})
    )

    def __init__(self, *args, **kwargs):
        super().__init__(*args, use_required_attribute=False, **kwargs)
        say_required(self)


@require_GET
def ruling_list(request):
    viewer = _reader(request)
    form = RulingFilters(request.GET, viewer)
    wanted = chosen(form)
    found = queries.listed(
        viewer,
        section=wanted.get("section", ""),
        year=number(wanted.get("year", "")),
        state=wanted.get("state", ""),
        live=wanted.get("live", ""),
    )
    page = Paginator(found, PAGE).get_page(request.GET.get("page"))
    context = {
        "page": page,
        "form": form,
        "may_rule": viewer.may(Act.REVIEW_DATA),
        "names": queries.names(viewer),
        "figures": viewer.may(Act.REVIEW_DATA) or viewer.may(Act.EDIT_AGREEMENTS),
    }
    return render(request, "rulings/list.html", context)


@require_http_methods(["GET", "POST"])
def new(request):
    """Enter → 核对 (what would be computed again, and how) → the ruling."""
    _reviewer(request)
    if request.method == "GET":
        names = ("section", "month", "agreement")
        form = RulingForm(initial={k: request.GET.get(k, "") for k in names})
        return render(request, "rulings/new.html", {"form": form})
    form = RulingForm(request.POST, request.FILES)
    action = wanted(request, "check", "change", "rule", missing="check")
    if form.is_valid() and action != "change":
        try:
            services.check(**form.given())
        except services.RulingRefused as refused:
            form.add_error(refused.field or None, str(refused))
        else:
            return _rule(request, form) if action == "rule" else _check(request, form)
    return render(request, "rulings/new.html", {"form": form}, status=422 if form.errors else 200)


def _rule(request, form: RulingForm):
    given, file = form.given(), form.cleaned_data["evidence"]
    if file is None and given["state"] != MonthState.NO_DATA:
        form.add_error("evidence", "请附上证据（文件、照片或公报）；只有“无数据”可以不附。")
        return _check(request, form)
    try:
        made = services.rule_month(**given, evidence=file, by=request.user)
    except DocumentRefused as refused:
        form.add_error("evidence", str(refused))
        return _check(request, form)
    messages.success(
        request,
        f"已认定 {made.section} {made.month:%Y-%m} 为“{made.get_state_display()}”；"
        "相关月份随后重新核算，已发布和已结清的另提调整。",
    )
    return redirect("ruling", made.pk)


def _check(request, form: RulingForm):
    given = form.given()
    found = queries.effects(
        section=given["section"],
        month=given["month"],
        agreement=given["agreement"],
        state=MonthState(given["state"]),
        reason=given["reason"],
    )
    context = {
        "form": form,
        "given": given,
        "state": MonthState(given["state"]).label,
        "ground": MonthRuling.Ground(given["ground"]).label,
        "effects": found,
        "published": any(effect.published and effect.changes for effect in found),
        "typed": {
            name: request.POST.get(name, "")
            for name in ("section", "month", "agreement", "state", "ground", "reason")
        },
    }
    return render(request, "rulings/check.html", context, status=422 if form.errors else 200)


@require_http_methods(["GET", "POST"])
def ruling(request, pk: int):
    """One ruling; who reviews data may revoke it, seeing what that changes."""
    viewer = _reader(request)
    found = queries.ruling(viewer, pk)
    if found is None or (request.method == "POST" and not viewer.may(Act.REVIEW_DATA)):
        raise Http404
    form = RevokeForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            services.revoke_ruling(ruling=found, why=form.cleaned_data["why"], by=request.user)
        except services.RulingRefused as refused:
            form.add_error(refused.field or None, str(refused))
        else:
            messages.success(request, "认定已撤销，留存备查；相关月份随后重新核算。")
            return redirect("ruling", found.pk)
    may_revoke = viewer.may(Act.REVIEW_DATA) and found.revoked_at is None
    context = {
        "ruling": found,
        "names": queries.names(viewer),
        "refused": queries.refused_because_of(viewer, found),
        "form": form,
        "may_revoke": may_revoke,
        "effects": queries.effects(
            section=found.section, month=found.month, agreement=found.agreement, state=None
        )
        if may_revoke
        else [],
    }
    return render(request, "rulings/ruling.html", context, status=422 if form.errors else 200)


@require_GET
def evidence(request, pk: int):
    """The stored evidence, as an attachment of the kind its content was found to be."""
    found = queries.ruling(_reader(request), pk)
    if found is None or not found.evidence:
        raise Http404
    return stored_file(
        request, found.evidence, name=found.evidence_name, kind=found.evidence_kind,
        sha256=found.evidence_sha256, what=f"裁定证据“{found.evidence_name}”",
    )  # fmt: skip


def _reader(request):
    viewer = viewer_of(request.user)
    if not queries.may_see(viewer):
        raise Http404
    return viewer


def _reviewer(request):
    viewer = viewer_of(request.user)
    if not viewer.may(Act.REVIEW_DATA):
        raise Http404
    return viewer
