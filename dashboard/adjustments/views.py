"""调整与停下的重算: the list, one with both computations side by side, and what the bureau does."""

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.timezone import localtime
from django.views.decorators.http import require_GET, require_http_methods

from basins.access import Act, viewer_of
from dashboard.forms.acts import CheckedFact, Decision, WhyForm, decide
from dashboard.forms.filters import ALL, chosen, number, offer
from settlements.accruals.queries import stops
from settlements.models import Adjustment
from settlements.money import ZERO
from settlements.moving.acts import Refused, check, refuse_same_person
from settlements.years.queries import adjustments as queries
from settlements.years.queries.adjustment import adjustment_page
from settlements.years.services import adjustments as services

PAGE = 30
GET_POST = require_http_methods(["GET", "POST"])

# act: title, lead, button, grave
ACTS = {
    "review": ("提请批准调整", "写明核实的情况；由市局另一人批准后生效。", "提请批准", False),
    "return": ("退回调整", "回到待审，重新核实。", "退回", True),
    "dismiss": ("不予调整", "已发布的结果不变；数据再有变化时另行提出。", "不予调整", True),
    "approve": ("批准调整", "批准后不能撤回；再有变化的另提调整。", "批准调整", False),
}


class AdjustmentFilters(forms.Form):
    state = forms.ChoiceField(
        label="状态", required=False, choices=[*ALL, *Adjustment.State.choices]
    )
    agreement = forms.ChoiceField(label="协议", required=False)
    year = forms.ChoiceField(label="年度", required=False)

    def __init__(self, data, agreements, years):
        super().__init__(data)
        offer(self, "agreement", agreements)
        offer(self, "year", [(str(y), f"{y}年") for y in years])


@require_GET
def listing(request):
    viewer = viewer_of(request.user)
    if not viewer.may(Act.SEE_DRAFTS):
        raise Http404
    form = AdjustmentFilters(
        request.GET, queries.agreements_adjusted(viewer), queries.years_adjusted(viewer)
    )
    wanted = chosen(form)
    lines = queries.listed(
        viewer,
        state=wanted.get("state", ""),
        agreement=wanted.get("agreement", ""),
        year=number(wanted.get("year", "")),
    )
    context = {
        "form": form,
        "lines": lines,
        "page": Paginator(lines, PAGE).get_page(request.GET.get("page")),
        "total": sum((line.moved for line in lines), ZERO),
        "pending": sum(line.code in Adjustment.PENDING for line in lines),
        "stops": stops.waiting(viewer),
    }
    return render(request, "adjustments/list.html", context)


@require_GET
def adjustment(request, pk: int):
    page = adjustment_page(viewer_of(request.user), pk)
    if page is None:
        raise Http404
    return render(request, "adjustments/adjustment.html", {"page": page, "words": ACTS})


@GET_POST
def act(request, pk: int, event: str):
    """提请批准, 退回, 不予调整 or 批准: with its reason, then 核对."""
    viewer = viewer_of(request.user)
    page = adjustment_page(viewer, pk)
    if page is None or event not in ACTS or not viewer.may(Act.ADJUST):
        raise Http404
    found, line = page.adjustment, page.line
    title, lead, button, grave = ACTS[event]
    back = reverse("adjustment", args=[pk])
    try:
        move = check("adjustment", event, found.state, found.get_state_display())
        if move.not_by:
            refuse_same_person("adjustment", pk, move, request.user)
    except Refused as refused:
        messages.error(request, str(refused))
        return redirect(back)

    def do(filled):
        if event == "approve":
            services.approve_adjustment(adjustment=found, by=request.user)
        else:
            acts: dict[str, tuple[Callable[..., Any], str]] = {
                "review": (services.review_adjustment, "reason"),
                "dismiss": (services.dismiss_adjustment, "reason"),
                "return": (services.return_adjustment, "why"),
            }
            service, name = acts[event]
            service(adjustment=found, by=request.user, **{name: filled["why"]})
        return f"已{button}。"

    when = f"{line.year}年" if line.yearly else f"{line.year}年{line.period.month}月"
    facts = [
        CheckedFact("协议", line.title, reverse("settlement", args=[line.agreement, line.year])),
        CheckedFact("期间与断面", f"{when} {line.section}", back, "两次计算"),
        CheckedFact("现为", line.before),
        CheckedFact("应为", line.after),
        CheckedFact("起因", line.cause or "-"),
    ]
    if event == "approve":
        year = line.year
        counts = (
            f"{year} 年已关账：差额另记一张凭证，记入今天的台账"
            if page.closed
            else f"{year} 年未关账：计入该年净额；各方已签认的作废，须重新签认"
        )
        facts += [CheckedFact("核实情况", found.reason or "-"), CheckedFact("计入", counts)]
    return decide(
        request,
        Decision(
            title=f"{title}：{when}{line.section}",
            lead=lead,
            button=button,
            back=back,
            do=do,
            crumbs=[
                ("结算", reverse("settlement-list")),
                ("调整", reverse("adjustment-list")),
                (f"{when} {line.section}", back),
                (button, None),
            ],
            facts=facts,
            form=None if event == "approve" else WhyForm,
            part="adjustments/_shifts.html",
            context={"shifts": line.shifts},
            grave=grave,
        ),
    )


# Stopped runs ------------------------------------------------------------------------------


@require_GET
def stop(request, pk: int):
    page = stops.stop_page(viewer_of(request.user), pk)
    if page is None:
        raise Http404
    return render(request, "adjustments/stop.html", {"page": page})


@GET_POST
def stop_act(request, pk: int, event: str):
    """放行 or 不予执行, with its reason."""
    viewer = viewer_of(request.user)
    page = stops.stop_page(viewer, pk)
    if page is None or event not in ("release", "drop") or not viewer.may(Act.ADJUST):
        raise Http404
    trip, back = page.trip, reverse("fuse-trip", args=[pk])
    try:
        check("fuse", event, trip.state, trip.get_state_display())
    except Refused as refused:
        messages.error(request, str(refused))
        return redirect(back)
    releases = event == "release"

    def do(filled):
        service = services.release_fuse if releases else services.drop_fuse
        service(trip=trip, by=request.user, reason=filled["why"])
        return "已放行，各月调整已提出。" if releases else "已定为不予执行，没有提出调整。"

    return decide(
        request,
        Decision(
            title="放行停下的重算" if releases else "不予执行停下的重算",
            lead="放行后逐月提出调整，每项仍须一人提请、另一人批准。"
            if releases
            else "这次重算的结果不提出；数据再有变化时重新判断。",
            button="放行" if releases else "不予执行",
            back=back,
            do=do,
            crumbs=[
                ("调整", reverse("adjustment-list")),
                (f"停下的重算 {localtime(trip.tripped_at):%Y-%m-%d %H:%M}", back),
                ("放行" if releases else "不予执行", None),
            ],
            facts=[
                CheckedFact("协议", trip.agreement.title),
                CheckedFact("停下的原因", "".join(trip.reasons)),
                CheckedFact("将改变", f"{len(page.changes)} 项"),
            ],
            form=WhyForm,
            part="adjustments/_changes.html",
            context={"page": page},
            grave=not releases,
        ),
    )
