"""断面水体: the list, those nobody has decided first, and deciding one (with 核对)."""

from django import forms
from django.core.paginator import Paginator
from django.http import Http404
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods

from basins.access import Act, viewer_of
from dashboard.forms.acts import ActForm, CheckedFact, Decision, decide
from dashboard.forms.fields import ReadField
from dashboard.forms.filters import ALL, chosen
from dashboard.forms.values import read_day
from monitoring.models import Section
from monitoring.sections.queries import water_bodies as queries
from monitoring.sections.services.water_bodies import (
    LONGEST,
    WaterBodyRefused,
    decide_water_body,
)
from settlements.moving.acts import Refused

PAGE = 50


class WaterBodyFilters(forms.Form):
    state = forms.ChoiceField(
        label="核定", required=False, choices=[*queries.STATES.items(), ("all", ALL[0][1])]
    )
    text = forms.CharField(label="名称、河流、区县或编码", required=False, max_length=40)


class WaterBodyForm(ActForm):
    water_body = forms.ChoiceField(
        label="水体", choices=Section.Body.choices, widget=forms.RadioSelect,
        help_text="湖库的总磷按 GB 3838-2002 表 1 的湖、库限值评价。",
    )  # fmt: skip
    on = ReadField(label="核定日期", reader=read_day, help_text="如 2024-03-20。")
    source = forms.CharField(
        label="依据", max_length=LONGEST, help_text="文件名称和文号，或实地查勘记录。"
    )


@require_GET
def water_body_list(request):
    viewer = viewer_of(request.user)
    if not queries.may_see(viewer):
        raise Http404
    form = WaterBodyFilters({"state": "open", **request.GET.dict()})
    wanted = chosen(form)
    state = wanted.get("state") or "open"
    found = queries.water_bodies("" if state == "all" else state, wanted.get("text", ""))
    context = {
        "form": form,
        "page": Paginator(found, PAGE).get_page(request.GET.get("page")),
        "undecided": queries.undecided(),
        "may_decide": viewer.may(Act.REVIEW_DATA),
    }
    return render(request, "water_bodies/list.html", context)


@require_http_methods(["GET", "POST"])
def water_body(request, code: str):
    """One section: what it is taken for and why → 核对 → decided."""
    if not viewer_of(request.user).may(Act.REVIEW_DATA):
        raise Http404
    section = get_object_or_404(Section, code=code)
    label = str(section.get_water_body_display())

    def do(filled):
        try:
            made = decide_water_body(section=section, by=request.user, **filled)
        except WaterBodyRefused as refused:
            raise Refused(str(refused)) from refused
        return f"已核定：{made.name}为{made.get_water_body_display()}。"

    if section.water_body_on:
        basis = f"{section.water_body_on} {section.water_body_source}"
    else:
        basis = section.water_body_why or "名称没有湖、库字样，按河流"
    months = queries.months_measured(section)
    return decide(
        request,
        Decision(
            title=f"核定水体：{section.name}",
            lead="水体改变的，该断面有数据的月份全部重新核算；已发布、已结清的另提调整，不改账。",
            button="核定水体",
            back=reverse("water-body-list"),
            do=do,
            crumbs=[("断面水体", reverse("water-body-list")), (section.name, None)],
            facts=[
                CheckedFact("断面", f"{section.name}（{section.code}）"),
                CheckedFact("现为", label),
                CheckedFact("依据", basis),
                CheckedFact("有数据的月份", f"{months} 个"),
            ],
            form=WaterBodyForm,
            initial={"water_body": section.water_body},
        ),
    )
