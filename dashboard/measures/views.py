"""措施: 考核、约谈、区域限批、限期整改: the register, one, and what bureau and district enter."""

from typing import Any

from django import forms
from django.db.models import Q
from django.http import Http404
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods

from basins.access import Act, Scope, viewer_of
from basins.city import home
from basins.models import Jurisdiction, River
from dashboard.forms.acts import ActForm, CheckedFact, Decision, decide
from dashboard.forms.fields import ReadField
from dashboard.forms.filters import ALL, chosen, offer
from dashboard.forms.values import read_day, read_last_day
from settlements.funds.queries import measures as queries
from settlements.funds.services import measures as services
from settlements.models import Measure

GET_POST = require_http_methods(["GET", "POST"])
LONG: dict[str, Any] = {"max_length": services.LONGEST, "widget": forms.Textarea(attrs={"rows": 4})}


class MeasureFilters(forms.Form):
    place = forms.ChoiceField(label="区县", required=False)
    kind = forms.ChoiceField(label="种类", required=False, choices=[*ALL, *Measure.Kind.choices])
    state = forms.ChoiceField(label="状态", required=False, choices=[*ALL, *queries.LABELS.items()])

    def __init__(self, data, viewer):
        super().__init__(data)
        offer(
            self,
            "place",
            queries.visible_measures(viewer)
            .order_by("jurisdiction__sort_key")
            .values_list("jurisdiction__code", "jurisdiction__name")
            .distinct(),
        )


class MeasureForm(ActForm):
    kind = forms.ChoiceField(label="种类", choices=[("", "请选择"), *Measure.Kind.choices])
    jurisdiction = forms.ModelChoiceField(
        label="区县", queryset=Jurisdiction.objects.none(), to_field_name="code",
        empty_label="请选择",
    )  # fmt: skip
    river = forms.ModelChoiceField(
        label="河流", queryset=River.objects.none(), to_field_name="code", required=False,
        empty_label="不指定",
    )  # fmt: skip
    reason = forms.CharField(label="事由", **LONG)
    on = ReadField(label="实施日期", reader=read_day, help_text="如 2024-03-20。")
    due_on = ReadField(
        label="整改期限",
        reader=read_last_day,
        required=False,
        help_text="限期整改必填；只写年月的取月末。",
    )
    document_number = forms.CharField(label="文号", max_length=services.LONGEST_NUMBER)

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["jurisdiction"].queryset = (  # type: ignore[attr-defined]
            Jurisdiction.objects.filter(level=Jurisdiction.Level.DISTRICT)
            .exclude(~Q(parent__code=home().province), parent__isnull=False)
            .defer("boundary")
            .order_by("sort_key")
        )
        rivers = River.objects.order_by("level", "code")
        self.fields["river"].queryset = rivers  # type: ignore[attr-defined]


class ReportForm(ActForm):
    report = forms.CharField(label="整改情况", **LONG)


class LiftForm(ActForm):
    on = ReadField(label="解除日期", reader=read_day, help_text="如 2024-03-20。")
    why = forms.CharField(label="解除理由", **LONG)


@require_GET
def listing(request):
    viewer = viewer_of(request.user)
    if not viewer.may(Act.SEE_DRAFTS):
        raise Http404
    form = MeasureFilters(request.GET, viewer)
    lines = queries.listed(viewer, **{k: v for k, v in chosen(form).items() if v})
    context = {
        "lines": lines,
        "form": form,
        "open": sum(line.code != queries.LIFTED for line in lines),
        "overdue": sum(line.code == queries.OVERDUE for line in lines),
        "may_take": viewer.may(Act.DECIDE),
    }
    return render(request, "measures/list.html", context)


@require_GET
def measure(request, pk: int):
    viewer = viewer_of(request.user)
    line = queries.line_of(_found(viewer, pk))
    live = line.code != queries.LIFTED
    context = {
        "line": line,
        "names": viewer.sees_all(Act.SEE_DRAFTS),
        "may_report": live
        and viewer.scope(Act.CONFIRM) is Scope.OWN
        and viewer.jurisdiction_id == line.measure.jurisdiction_id,
        "may_lift": live and viewer.may(Act.DECIDE),
    }
    return render(request, "measures/measure.html", context)


@GET_POST
def new(request):
    if not viewer_of(request.user).may(Act.DECIDE):
        raise Http404

    def do(filled):
        made = services.take_measure(by=request.user, **filled)
        return f"已登记：{made}；该区县已收到通知。"

    return decide(
        request,
        Decision(
            title="登记措施",
            lead="登记后不能修改或删除，只能解除；该区县的经办人收到通知。",
            button="登记措施",
            back=reverse("measure-list"),
            do=do,
            crumbs=[("措施", reverse("measure-list")), ("登记", None)],
            form=MeasureForm,
        ),
    )


@GET_POST
def report(request, pk: int):
    viewer = viewer_of(request.user)
    found = _found(viewer, pk)
    if viewer.scope(Act.CONFIRM) is not Scope.OWN:
        raise Http404

    def do(filled):
        services.report_rectification(measure=found, by=request.user, **filled)
        return "已报告整改情况，市局已收到通知。"

    return _act(
        request, found, do, title=f"报告整改情况：{found}", button="报告整改情况",
        lead="报告后由市局决定是否解除；再报的补在后面。", form=ReportForm,
    )  # fmt: skip


@GET_POST
def lift(request, pk: int):
    viewer = viewer_of(request.user)
    found = _found(viewer, pk)
    if not viewer.may(Act.DECIDE):
        raise Http404

    def do(filled):
        services.lift_measure(measure=found, by=request.user, **filled)
        return "措施已解除，该区县已收到通知。"

    return _act(
        request, found, do, title=f"解除措施：{found}", button="解除措施",
        lead="解除后不能恢复；须再采取措施的另行登记。", form=LiftForm,
    )  # fmt: skip


def _act(request, found: Measure, do, **words):
    back = reverse("measure", args=[found.pk])
    facts = [
        CheckedFact("种类", str(found.get_kind_display())),
        CheckedFact("区县", found.jurisdiction.name),
        CheckedFact("文号", found.document_number),
        CheckedFact("事由", found.reason),
        CheckedFact("整改情况", found.report or "尚未报告"),
    ]
    return decide(
        request,
        Decision(
            back=back,
            do=do,
            crumbs=[("措施", reverse("measure-list")), (str(found), back), (words["button"], None)],
            facts=facts,
            **words,
        ),
    )


def _found(viewer, pk: int) -> Measure:
    found = queries.visible_measures(viewer).filter(pk=pk).first()
    if found is None:
        raise Http404
    return found
