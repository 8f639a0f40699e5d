"""区划结转: a merged district's balances, asked for by one person and booked by another."""

from django import forms
from django.contrib import messages
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods

from basins.access import Act, viewer_of
from basins.models import Jurisdiction
from dashboard.forms.acts import ActForm, CheckedFact, Decision, decide
from dashboard.forms.fields import ReadField
from dashboard.forms.values import read_day
from dashboard.ledger.deciding import decided
from dashboard.ledger.forms import ReasonForm
from settlements.ledger.queries import carryovers as queries
from settlements.ledger.services.carryovers import (
    LONGEST,
    approve_carryover,
    propose_carryover,
    reject_carryover,
    to_carry,
)
from settlements.models import Carryover
from settlements.workflow import kind_of

GET_POST = require_http_methods(["GET", "POST"])


class CarryoverForm(ActForm):
    successor = forms.ModelChoiceField(
        label="承继的行政区",
        queryset=Jurisdiction.objects.none(),
        empty_label="请选择",
        help_text="批复写明由谁承接原来的权利义务。",
    )
    on = ReadField(
        label="承继日期",
        reader=read_day,
        help_text="余额自这一天起算作承继方的；不早于撤并之日和账户最后一笔的业务日期。",
    )
    document = forms.CharField(
        label="依据", max_length=LONGEST, help_text="撤并的批复，写明名称和文号。"
    )

    def __init__(self, *args, ended: Jurisdiction, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        others = Jurisdiction.objects.filter(level=ended.level, ended_on=None).defer("boundary")
        self.fields["successor"].queryset = others.exclude(pk=ended.pk).order_by(  # type: ignore[attr-defined]
            "sort_key"
        )


@require_GET
def carryover_list(request):
    """What was carried over, what waits, and the places whose balances are still to go over."""
    viewer = viewer_of(request.user)
    if not viewer.sees_all(Act.SEE_LEDGER):
        raise Http404
    context = {
        "carryovers": queries.carryovers(viewer),
        "places": queries.places_to_carry(),
        "may_ask": viewer.may(Act.RECORD_PAYMENT),
    }
    return render(request, "ledger/carryovers.html", context)


@GET_POST
def new(request, code: str):
    """Who takes over and by which paper, then 核对 with what stands on each account."""
    viewer = viewer_of(request.user)
    if not viewer.may(Act.RECORD_PAYMENT):
        raise Http404
    ended = get_object_or_404(Jurisdiction.objects.defer("boundary"), code=code)
    back = reverse("ledger-carryover-list")
    waiting = Carryover.objects.filter(ended=ended, state=Carryover.State.PREPARED).first()
    if waiting is not None:
        messages.info(request, f"{ended.name}的结转已提出，正待复核。")
        return redirect("ledger-carryover", waiting.pk)
    if ended.ended_on is None:
        raise Http404

    def do(filled):
        asked = propose_carryover(ended=ended, by=request.user, **filled)
        messages.success(request, "结转已提出；请市财政另一人复核后入账。")
        return redirect("ledger-carryover", asked.pk)

    def form(*args, **kwargs):
        return CarryoverForm(*args, ended=ended, **kwargs)

    lines = queries.shown_lines(to_carry(ended))
    return decide(
        request,
        Decision(
            title=f"区划结转：{ended.name}",
            lead="每个账户各记一张凭证，原账户归零，余额记在承继方的账户；由市财政另一人复核后入账。",
            button="提出结转",
            back=back,
            do=do,
            crumbs=[("台账", reverse("ledger")), ("区划结转", back), (ended.name, None)],
            facts=[
                CheckedFact("被撤并的行政区", f"{ended.name}（{ended.code}）"),
                CheckedFact("撤并自", f"{ended.ended_on}（{ended.ended_why}）"),
            ],
            form=form,
            initial={"on": ended.ended_on, "document": ended.ended_why},
            part="ledger/_carried.html",
            context={"lines": lines},
        ),
    )


@GET_POST
def carryover(request, pk: int):
    viewer = viewer_of(request.user)
    found = get_object_or_404(queries.carryovers(viewer), pk=pk)
    form = ReasonForm(label="退回理由")
    if request.method == "POST":
        if not viewer.may(Act.RECORD_PAYMENT):
            raise Http404
        form, answer = decided(
            request,
            lambda: approve_carryover(carryover=found, by=request.user),
            lambda why: reject_carryover(carryover=found, why=why, by=request.user),
            back="ledger-carryover-list",
        )
        if answer is not None:
            return answer
        found = get_object_or_404(queries.carryovers(viewer), pk=pk)
    context = {
        "carryover": found,
        "lines": queries.lines_of(found),
        "kind": kind_of("carryover", found.state),
        "form": form,
        "may_decide": viewer.may(Act.RECORD_PAYMENT) and found.state == Carryover.State.PREPARED,
        "is_preparer": found.prepared_by_id == request.user.pk,
    }
    status = 422 if form.errors else 200
    return render(request, "ledger/carryover.html", context, status=status)
