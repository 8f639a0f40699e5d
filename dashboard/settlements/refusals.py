"""不予确认: raised from the year's page; its own page with what was said and what can be done."""

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET

from basins.access import Act, Scope, Viewer, viewer_of
from dashboard.files.stored import stored_file
from dashboard.forms.acts import ActForm, CheckedFact, Decision, decide
from dashboard.settlements.closing import (
    GET_POST,
    ScanForm,
    SignedOnPaperForm,
    back_of_year,
    crumbs_of_year,
    deadline_of_year,
    nets_of_year,
    party_of_year,
    sent_back,
    settlement_of_year,
    year_facts,
)
from settlements.accruals.services.nets import in_words
from settlements.models import AmountRefusal
from settlements.moving.acting import speaks_for
from settlements.moving.acts import Refused, check, refuse_same_person
from settlements.workflow import move_of
from settlements.years.queries.refusals import refusal_page, visible_refusals
from settlements.years.services import refusals as services


class ReasonForm(ActForm):
    reason = forms.CharField(
        label="理由", max_length=2000, widget=forms.Textarea(attrs={"rows": 5}),
        help_text="写明不予确认的月份、数据或条款，以及应为多少。",
    )  # fmt: skip


class ReasonOnPaperForm(ReasonForm, SignedOnPaperForm):
    pass


class AnswerForm(ActForm):
    text = forms.CharField(label="答复", max_length=2000, widget=forms.Textarea(attrs={"rows": 5}))


class DecideForm(ActForm):
    reason = forms.CharField(
        label="理由", max_length=2000, widget=forms.Textarea(attrs={"rows": 4})
    )


class FindingForm(ActForm):
    finding = forms.CharField(
        label="复核结果", max_length=2000, widget=forms.Textarea(attrs={"rows": 4}),
        help_text="写明核对了哪些月份和数据，为何无须更正。",
    )  # fmt: skip


class RulingForm(ActForm):
    document = forms.CharField(label="裁定文号", max_length=80)
    text = forms.CharField(
        label="裁定内容", max_length=2000, widget=forms.Textarea(attrs={"rows": 4})
    )


@GET_POST
def refuse(request, code: str, year: int):
    """A party does not confirm the year's amounts, or the bureau enters its letter that says so."""
    viewer = viewer_of(request.user)
    found = settlement_of_year(viewer, code, year)
    given = request.GET.get("party", "")
    if viewer.scope(Act.SIGN_YEAR) is Scope.OWN and not given:
        party = party_of_year(found, jurisdiction__in=speaks_for(viewer))
    elif viewer.may(Act.CONFIRM_FOR) and given:
        party = party_of_year(found, jurisdiction__code=given)
    else:
        raise Http404
    try:
        check("settlement", "confirm", found.state, found.get_state_display())
    except Refused as refused:
        return sent_back(request, found, refused)
    own = next(n for n in nets_of_year(found) if n["place"] == party)

    def do(filled):
        services.refuse_amounts(
            settlement=found, by=request.user, party=party if given else None, **filled
        )
        return "已提出不予确认，市局和其他方已收到通知。"

    return decide(
        request,
        Decision(
            title=f"{'代' + party.name if given else ''}不予确认 {year} 年度金额",
            lead="其他方答复后由市局裁决；未采纳的可报共同上级裁定。在此期间年度不能确认。",
            button="不予确认",
            back=back_of_year(found),
            do=do,
            crumbs=crumbs_of_year(found, "不予确认"),
            facts=[
                *year_facts(found),
                CheckedFact("提出方", party.name),
                CheckedFact("本方净额", in_words(own["yuan"])),
                *deadline_of_year(found),
            ],
            form=ReasonOnPaperForm if given else ReasonForm,
            attach=ScanForm if given else None,
            part="closing/_nets.html",
            context={"nets": nets_of_year(found)},
            grave=True,
        ),
    )


@require_GET
def refusal(request, pk: int):
    page = refusal_page(viewer_of(request.user), pk)
    if page is None:
        raise Http404
    return render(request, "closing/refusal.html", {"page": page})


@require_GET
def refusal_scan(request, pk: int):
    found = _found(viewer_of(request.user), pk)
    if not found.scan:
        raise Http404
    return stored_file(
        request,
        found.scan,
        name=found.scan_name,
        sha256=found.scan_sha256,
        what=f"{found}的书面材料",
    )


def _withdraw(request, found: AmountRefusal):
    return Decision(
        title="撤回不予确认", lead="撤回后可以确认年度金额。", button="撤回", back="", crumbs=(),
        do=lambda filled: _done(
            services.withdraw_refusal, "已撤回。", refusal=found, by=request.user
        ),
    )  # fmt: skip


def _answer(request, found: AmountRefusal):
    return Decision(
        title="答复不予确认", lead="答复各方可见，记入案卷，不能修改。", button="答复", back="",
        crumbs=(), form=AnswerForm,
        do=lambda filled: _done(
            services.answer_refusal, "已答复。", refusal=found, by=request.user, **filled
        ),
    )  # fmt: skip


def _decide(request, found: AmountRefusal, accept: bool):
    lead = (
        "各方签认作废；须先更正数据并批准调整，才能重新签认。"
        if accept
        else "提出方可在期限内报共同上级裁定；逾期未报的视为确认。"
    )
    return Decision(
        title=f"{'采纳' if accept else '不采纳'}{found.jurisdiction}的不予确认", lead=lead,
        button="采纳" if accept else "不采纳", back="", crumbs=(), form=DecideForm, grave=accept,
        do=lambda filled: _done(
            services.decide_refusal, "已裁决。", refusal=found, by=request.user, accept=accept,
            **filled,
        ),
    )  # fmt: skip


def _keep(request, found: AmountRefusal):
    return Decision(
        title="登记复核结果：金额不变",
        lead="各方重新签认同样的数据；提出方仍不同意的，可再次不予确认，报共同上级裁定。",
        button="登记复核结果", back="", crumbs=(), form=FindingForm, grave=True,
        do=lambda filled: _done(
            services.keep_amounts, "已登记，各方重新签认。", refusal=found, by=request.user, **filled
        ),
    )  # fmt: skip


def _escalate(request, found: AmountRefusal):
    return Decision(
        title="报共同上级裁定", lead="由各方的共同上级裁定；裁定后市局登记。", button="报共同上级",
        back="", crumbs=(),
        do=lambda filled: _done(
            services.escalate_refusal, "已报共同上级。", refusal=found, by=request.user
        ),
    )  # fmt: skip


def _rule(request, found: AmountRefusal, correct: bool):
    return Decision(
        title=f"登记共同上级的裁定：{'予以更正' if correct else '金额维持'}",
        lead="各方签认作废，更正数据后重新签认。" if correct else "金额维持，该方视为确认。",
        button="登记裁定", back="", crumbs=(), form=RulingForm, grave=correct,
        do=lambda filled: _done(
            services.enter_ruling, "已登记裁定。", refusal=found, by=request.user,
            correct=correct, **filled,
        ),
    )  # fmt: skip


def _done(act: Callable[..., Any], words: str, **given: Any) -> str:
    act(**given)
    return words


ACTS: dict[str, Callable[..., Decision]] = {
    "withdraw": _withdraw,
    "answer": _answer,
    "accept": lambda request, found: _decide(request, found, True),
    "reject": lambda request, found: _decide(request, found, False),
    "keep": _keep,
    "escalate": _escalate,
    "rule_for": lambda request, found: _rule(request, found, True),
    "rule_against": lambda request, found: _rule(request, found, False),
}


@GET_POST
def refusal_act(request, pk: int, event: str):
    viewer = viewer_of(request.user)
    page = refusal_page(viewer, pk)
    if page is None or event not in ACTS:
        raise Http404
    if event not in page.acts:
        if event not in page.possible:
            raise Http404
        messages.error(request, "现在不能办理此事；请看案卷的状态。")
        return redirect("refusal", pk)
    found = page.refusal
    move = move_of("refusal", event, found.state)
    if move is not None and move.not_by:
        try:
            refuse_same_person("refusal", pk, move, request.user)
        except Refused as refused:
            messages.error(request, str(refused))
            return redirect("refusal", pk)
    act = ACTS[event](request, found)
    act.back = reverse("refusal", args=[pk])
    act.crumbs = [
        ("结算", reverse("settlement-list")),
        (
            f"{found.settlement.agreement.title} {found.settlement.year}年",
            back_of_year(found.settlement),
        ),
        ("不予确认", act.back),
        (act.button, None),
    ]
    act.facts = [
        CheckedFact("年度", str(found.settlement), back_of_year(found.settlement)),
        CheckedFact("提出方", found.jurisdiction.name),
        CheckedFact("所拒净额", in_words(found.yuan)),
        CheckedFact("理由", found.reason),
    ]
    return decide(request, act)


def _found(viewer: Viewer, pk: int) -> AmountRefusal:
    found = visible_refusals(viewer).filter(pk=pk).first()
    if found is None:
        raise Http404
    return found
