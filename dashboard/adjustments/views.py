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
from dashboard.forms.acts import ActForm, CheckedFact, Decision, WhyForm, decide
from dashboard.forms.filters import ALL, chosen, number, offer
from settlements.accruals.queries import stops
from settlements.models import Adjustment, FuseTrip
from settlements.money import ZERO
from settlements.moving.acts import Refused, check, refuse_same_person
from settlements.years.queries import adjustments as queries
from settlements.years.queries.adjustment import adjustment_page
from settlements.years.services import adjustments as services
from settlements.years.services.behind import in_force_behind
from settlements.years.services.hearing import LONGEST, awaited, remark_on

PAGE = 30
GET_POST = require_http_methods(["GET", "POST"])

# act: title, lead, button, grave
ACTS = {
    "review": ("提请批准调整", "写明核实的情况；由市局另一人批准后生效。", "提请批准", False),
    "return": ("退回调整", "回到待审，重新核实。", "退回", True),
    "decline": ("提请不予调整", "写明核实的情况；由市局另一人定为不予调整。", "提请不予调整", True),
    "dismiss": ("不予调整", "已发布的结果不变；数据再有变化时另行提出。", "不予调整", True),
    "approve": ("批准调整", "批准后不能撤回；再有变化的另提调整。", "批准调整", False),
}


class RemarkForm(ActForm):
    text = forms.CharField(
        label="意见", max_length=LONGEST, widget=forms.Textarea(attrs={"rows": 4})
    )


class UnheardForm(ActForm):
    unheard = forms.CharField(
        label="提前批准的理由", max_length=500, widget=forms.Textarea(attrs={"rows": 3}),
        help_text="各方尚未表示意见，期限未到；写入记录。",
    )  # fmt: skip


class DeclineForm(WhyForm):
    """Where a ruling led to it: why, and what becomes of the ruling."""

    rulings = forms.ChoiceField(
        label="背后的认定", widget=forms.RadioSelect, choices=Adjustment.Rulings.choices,
        help_text="写入记录，并告知各方。",
    )  # fmt: skip


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
    if page is not None and event == "remark" and page.hearing.may_speak:
        return _remark(request, page)
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
        match event:
            case "approve":
                services.approve_adjustment(
                    adjustment=found, by=request.user, unheard=filled.get("unheard", "")
                )
            case "review":
                services.review_adjustment(adjustment=found, by=request.user, reason=filled["why"])
            case "decline":
                services.decline_adjustment(
                    adjustment=found,
                    by=request.user,
                    reason=filled["why"],
                    rulings=filled.get("rulings", ""),
                )
            case "dismiss":
                services.dismiss_adjustment(adjustment=found, by=request.user)
            case "return":
                services.return_adjustment(adjustment=found, by=request.user, why=filled["why"])
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
    if event == "dismiss":
        facts.append(CheckedFact("核实情况", found.reason or "-"))
        if found.rulings:
            facts.append(CheckedFact("背后的认定", found.get_rulings_display()))
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
            form=_form_of(event, page),
            part="adjustments/_shifts.html",
            context={"shifts": line.shifts},
            grave=grave,
        ),
    )


def _form_of(event: str, page) -> type[ActForm] | None:
    """An approval asks for nothing but, before the parties were heard, why."""
    match event:
        case "approve":
            return UnheardForm if page.hearing.awaited else None
        case "decline":
            return DeclineForm if in_force_behind(page.adjustment).exists() else WhyForm
        case "dismiss":
            return None
    return WhyForm


def _remark(request, page):
    """A party's words, before the adjustment is decided."""
    line, back = page.line, reverse("adjustment", args=[page.adjustment.pk])

    def do(filled):
        remark_on(adjustment=page.adjustment, by=request.user, text=filled["text"])
        return "意见已提出，市局已收到通知。"

    return decide(
        request,
        Decision(
            title="对调整提出意见",
            lead="意见随调整留存，批准前由市局考虑；提出后不能修改。",
            button="提出意见",
            back=back,
            do=do,
            crumbs=[
                ("调整", reverse("adjustment-list")),
                (f"{line.year}年 {line.section}", back),
                ("提出意见", None),
            ],
            facts=[
                CheckedFact("协议", line.title),
                CheckedFact("现为", line.before),
                CheckedFact("应为", line.after),
                CheckedFact("起因", line.cause or "-"),
            ],
            form=RemarkForm,
        ),
    )


# Stopped runs ------------------------------------------------------------------------------


# act: the state it takes, title, button
BATCH = {
    "review": (Adjustment.State.PROPOSED, "一并提请批准", "提请批准"),
    "approve": (Adjustment.State.REVIEWED, "一并批准", "批准"),
}


@require_GET
def stop(request, pk: int):
    viewer = viewer_of(request.user)
    page = stops.stop_page(viewer, pk)
    if page is None:
        raise Http404
    batches = []
    if viewer.may(Act.ADJUST) and page.trip.state == page.trip.State.RELEASED:
        for event, (state, title, _) in BATCH.items():
            found = services.of_released(page.trip, state)
            own = found.filter(reviewed_by=viewer.user_id).count() if event == "approve" else 0
            if (count := found.count()) and not own:
                batches.append((event, title, count))
    return render(request, "adjustments/stop.html", {"page": page, "batches": batches})


def _batch(request, trip: FuseTrip, event: str):
    """All that a released stop proposed, at one act each of two persons."""
    state, title, button = BATCH[event]
    found = list(services.of_released(trip, state))
    back = reverse("fuse-trip", args=[trip.pk])
    if not found:
        messages.error(request, f"没有{state.label}的调整。")
        return redirect(back)
    lines = queries.lines_of(
        viewer_of(request.user),
        Adjustment.objects.filter(pk__in=[each.pk for each in found]),
        linked=True,
    )
    form: type[ActForm] | None = WhyForm
    if event == "approve":
        form = UnheardForm if any(awaited(each) for each in found) else None

    def do(filled):
        if event == "approve":
            done = services.approve_released(
                trip=trip, by=request.user, unheard=filled.get("unheard", "")
            )
        else:
            done = services.review_released(trip=trip, by=request.user, reason=filled["why"])
        return f"已{button} {len(done)} 项调整。"

    return decide(
        request,
        Decision(
            title=f"{title}：{trip.agreement.title} {len(found)} 项调整",
            lead="一次办理全部，有一项不能办理则都不办理；也可逐项办理。",
            button=button,
            back=back,
            do=do,
            crumbs=[("调整", reverse("adjustment-list")), ("停下的重算", back), (title, None)],
            facts=[
                CheckedFact("协议", trip.agreement.title),
                CheckedFact("放行的理由", trip.reason or "-"),
                *(
                    CheckedFact(
                        f"{each.year}年{'' if each.yearly else f'{each.period.month}月'}"
                        f" {each.section}",
                        f"{each.before} → {each.after}",
                        reverse("adjustment", args=[each.id]),
                    )
                    for each in lines
                ),
            ],
            form=form,
        ),
    )


# act: title, lead, button, what is said once it is done, grave
STOP_ACTS = {
    "propose_release": (
        "提请放行停下的重算", "写明核实的情况；由市局另一人放行后逐月提出调整。", "提请放行",
        "已提请放行，请市局另一人复核。", False,
    ),
    "propose_drop": (
        "提请不予执行停下的重算", "写明核实的情况；由市局另一人定为不予执行。", "提请不予执行",
        "已提请不予执行，请市局另一人复核。", True,
    ),
    "return": ("退回再核", "回到待核实，由市局重新核实。", "退回", "已退回，请重新核实。", True),
    "release": (
        "放行停下的重算", "放行后逐月提出调整，每项仍须一人提请、另一人批准。", "放行",
        "已放行，各月调整已提出。", False,
    ),
    "drop": (
        "不予执行停下的重算", "这次重算的结果不提出；数据再有变化时重新判断。", "不予执行",
        "已定为不予执行，没有提出调整。", True,
    ),
}  # fmt: skip
STOP_SERVICES: dict[str, tuple[Callable[..., Any], str]] = {
    "propose_release": (services.propose_release, "reason"),
    "propose_drop": (services.propose_drop, "reason"),
    "return": (services.return_stop, "why"),
    "release": (services.release_fuse, ""),
    "drop": (services.drop_fuse, ""),
}


@GET_POST
def stop_act(request, pk: int, event: str):
    """提请放行 or 提请不予执行 with its reason; decided, or sent back, by another person."""
    viewer = viewer_of(request.user)
    page = stops.stop_page(viewer, pk)
    if page is not None and event in BATCH and viewer.may(Act.ADJUST):
        return _batch(request, page.trip, event)
    if page is None or event not in STOP_ACTS or not viewer.may(Act.ADJUST):
        raise Http404
    trip, back = page.trip, reverse("fuse-trip", args=[pk])
    try:
        move = check("fuse", event, trip.state, trip.get_state_display())
        if move.not_by:
            refuse_same_person("fuse", pk, move, request.user)
    except Refused as refused:
        messages.error(request, str(refused))
        return redirect(back)
    title, lead, button, done, grave = STOP_ACTS[event]
    service, reason = STOP_SERVICES[event]

    def do(filled):
        service(trip=trip, by=request.user, **({reason: filled["why"]} if reason else {}))
        return done

    asked = [line for line in page.history if line.note]
    return decide(
        request,
        Decision(
            title=title,
            lead=lead,
            button=button,
            back=back,
            do=do,
            crumbs=[
                ("调整", reverse("adjustment-list")),
                (f"停下的重算 {localtime(trip.tripped_at):%Y-%m-%d %H:%M}", back),
                (button, None),
            ],
            facts=[
                CheckedFact("协议", trip.agreement.title),
                CheckedFact("停下的原因", "".join(trip.reasons)),
                CheckedFact("将改变", f"{len(page.changes)} 项"),
                *(
                    [CheckedFact(asked[-1].words, f"{asked[-1].who}：{asked[-1].note}")]
                    if move.not_by and asked
                    else []
                ),
            ],
            form=WhyForm if reason else None,
            part="adjustments/_changes.html",
            context={"page": page},
            grave=grave,
        ),
    )
