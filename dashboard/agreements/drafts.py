"""协议录入: a draft in steps, its preview, its 核对 page, and amending an agreement."""

from django import forms
from django.contrib import messages
from django.http import Http404
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods

from basins.access import Act, viewer_of
from basins.digits import whole
from dashboard.agreements.entry import building
from dashboard.agreements.entry.steps import AmendForm
from dashboard.charts.trial import monthly_flows
from dashboard.files.stored import stored_file
from dashboard.forms.actions import wanted
from settlements.agreements.queries import drafts as queries
from settlements.agreements.queries import preview as draft_preview
from settlements.agreements.services import drafts as services
from settlements.agreements.services.activation import activate_draft, problems_of, submit_draft
from settlements.agreements.services.amendments import start_amendment
from settlements.agreements.services.difference import difference
from settlements.agreements.services.drafts import PREVIEW, PREVIEW_LABEL, STEPS, DraftRefused
from settlements.agreements.services.ending import start_ending
from settlements.agreements.services.entered import Entered, entered, values_of
from settlements.models import AgreementDraft
from settlements.moving import documents
from settlements.reckoning.computation import NotAParty
from settlements.workflow import kind_of

NOT_TYPED = {"csrfmiddlewaretoken", "action", "documents"}
State = AgreementDraft.State


@require_http_methods(["GET", "POST"])
def new(request):
    """The drafts there are, and a new one."""
    viewer = _editor(request)
    if request.method == "POST":
        draft = services.start_draft(by=request.user)
        return redirect("draft-step", draft.pk, "parties")
    return render(request, "drafts/new.html", {"lines": queries.draft_list(viewer)})


@require_http_methods(["GET", "POST"])
def step(request, pk: int, step: str):
    draft = _draft(request, pk)
    if step not in (*STEPS, PREVIEW):
        raise Http404
    if draft.ends:
        return redirect("draft-check", draft.pk)  # it has nothing to fill in
    if step == PREVIEW and draft.state in (State.DRAFT, State.SUBMITTED):
        return _preview(request, draft)  # who checks sees what it would pay, too
    if draft.state != State.DRAFT:
        if request.method == "POST":
            messages.error(request, "草稿已提交或结束，未保存；要修改请先退回。")
        return redirect("draft-check", draft.pk)
    if request.method == "POST":
        return _save(request, draft, step)
    typed = building.kept(draft, step)
    return _page(request, draft, step, typed, building.form_for(draft, step, typed, checks=False))


def _save(request, draft: AgreementDraft, step: str):
    typed = {k: v.replace("\x00", "") for k, v in request.POST.items() if k not in NOT_TYPED}
    groups = [f"add-{key.removesuffix('-rows')}" for key in typed if key.endswith("-rows")]
    action = wanted(request, "next", "save", "choose", "remove-document-", *groups, missing="next")
    here = reverse("draft-step", args=[draft.pk, step])
    try:
        if building.is_another(step, typed) or action == "choose":
            typed = building.chosen(draft, step, typed)
            services.save_step(draft=draft, step=step, by=request.user, typed=typed)
            return redirect(here)
        wrong_files = _documents(request, draft, action) if step == "term" else []
        if action.startswith("add-"):
            group = action.removeprefix("add-")
            count = typed.get(f"{group}-rows", "1")
            typed[f"{group}-rows"] = str((whole(count, 4) or 1) + 1)
            services.save_step(draft=draft, step=step, by=request.user, typed=typed)
            return redirect(f"{here}#{group}")
        form = building.form_for(draft, step, typed, checks=True)
        if form is None:
            return _page(request, draft, step, typed, form, status=422)
        for message in wrong_files:
            form.add_error("documents", message)
        if not form.is_valid():
            services.save_step(draft=draft, step=step, by=request.user, typed=typed)
            return _page(request, draft, step, typed, form, status=422)
        services.save_step(draft=draft, step=step, by=request.user, values=form.values())
    except DraftRefused as refused:
        messages.error(request, str(refused))
        return redirect("draft-check", draft.pk)
    if action == "save" or action.startswith("remove-document-"):
        messages.success(request, f"“{STEPS[step]}”已保存。")
        return redirect(here)
    return redirect("draft-step", draft.pk, _after(step))


def _documents(request, draft: AgreementDraft, action: str) -> list[str]:
    """Take in the files sent, and take out the one asked; what was refused, in words."""
    wrong = []
    for file in request.FILES.getlist("documents"):
        try:
            services.add_document(draft=draft, file=file, by=request.user)
        except documents.DocumentRefused as refused:
            wrong.append(str(refused))
    number = action.removeprefix("remove-document-")
    if number != action and (document_id := whole(number, 17)) is not None:
        services.remove_document(draft=draft, document_id=document_id, by=request.user)
    return wrong


def _page(request, draft, step: str, typed, form: forms.Form | None, status: int = 200):
    context = {
        "draft": draft,
        "steps": _steps(draft, step),
        "step": step,
        "form": form,
        "chosen": typed.get(step, ""),
        "documents": list(draft.documents.all()) if step == "term" else [],
        "largest": documents.LARGEST // documents.MEGABYTE,
        "rules": queries.rule_choices() if step == "rule" else [],
        "unchosen": status == 422 and form is None,
    }
    return render(request, f"drafts/{step}.html", context, status=status)


def _preview(request, draft: AgreementDraft):
    context = {
        "draft": draft,
        "steps": _steps(draft, PREVIEW),
        "problems": (),
        "trial": None,
        "difference": None,
        "figure": None,
    }
    try:
        found = entered(draft)
    except DraftRefused as refused:
        return render(request, "drafts/preview.html", {**context, "problems": refused.problems})
    try:
        trial = draft_preview.trial(found, besides=draft.amends)
    except NotAParty as missing:
        problems = (services.DraftProblem("parties", str(missing)),)
        return render(request, "drafts/preview.html", {**context, "problems": problems})
    context |= {"trial": trial, "found": found, "figure": monthly_flows(trial.flows)}
    if draft.amends_id:
        context["difference"] = difference(draft, found)
        context["problems"] = problems_of(draft)
    return render(request, "drafts/preview.html", context)


@require_http_methods(["GET", "POST"])
def check(request, pk: int):
    """核对: everything in words; submit, activate, send back, discard."""
    draft = _draft(request, pk)
    problems: tuple[services.DraftProblem, ...] = ()
    if request.method == "POST":
        try:
            action = wanted(request, "submit", "activate", "return", "discard")
            return _act(request, draft, action)
        except DraftRefused as refused:
            problems = refused.problems
            draft = _draft(request, pk)
    return _check_page(request, draft, problems)


def _act(request, draft: AgreementDraft, action: str):
    by = request.user
    confirmed = _number(request, "confirmed")
    if action == "submit":
        submit_draft(draft=draft, by=by, confirmed=confirmed)
        messages.success(request, "已提交；请另一位协议管理员核对启用。")
    elif action == "activate":
        agreement = activate_draft(
            draft=draft, version=_number(request, "version"), by=by, confirmed=confirmed
        )
        done = "已按草稿终止" if draft.ends else "已启用，各月已核算"
        messages.success(request, f"《{agreement.title}》{done}。")
        return redirect("agreement", agreement.code)
    elif action == "return":
        services.return_draft(draft=draft, by=by)
        messages.success(request, "已退回修改。")
    else:
        services.discard_draft(draft=draft, by=by)
        messages.success(request, "草稿已作废，留存备查。")
    return redirect("draft-check", draft.pk)


def _number(request, name: str) -> int:
    """A number a form sent back as it was given; 0 for anything else."""
    return whole(request.POST.get(name), 8) or 0


def _check_page(request, draft: AgreementDraft, problems):
    is_open = draft.state in (State.DRAFT, State.SUBMITTED)
    standing = problems_of(draft) if is_open else ()
    problems = problems or standing
    compared, trial = None, None
    if is_open and not standing:
        found = None if draft.ends else entered(draft)
        compared = difference(draft, found) if draft.amends_id else None
        trial = _trial(draft, found) if found else None
    context = {
        "difference": compared,
        "trial": trial,
        "draft": draft,
        "problems": problems,
        "lines": queries.check_lines(draft),
        "is_preparer": draft.preparers.filter(pk=request.user.pk).exists(),
        "steps": [] if draft.ends else _steps(draft, "check"),
        "kind": kind_of("draft", draft.state),
        "preparers": "、".join(str(u) for u in draft.preparers.order_by("pk")),
    }
    return render(
        request, "drafts/check.html", context, status=422 if request.method == "POST" else 200
    )


def _trial(draft: AgreementDraft, found: Entered) -> draft_preview.Trial | None:
    """What the preview shows; None where it cannot be tried, which 启用 refuses with its reason."""
    try:
        return draft_preview.trial(found, besides=draft.amends)
    except NotAParty:
        return None


@require_GET
def document(request, pk: int, document: int):
    """The stored file, as an attachment of the kind its content was found to be."""
    found = queries.document(_editor(request), pk, document)
    if found is None:
        raise Http404
    return _file(request, found)


def _file(request, found):
    return stored_file(
        request, found.file, name=found.name, kind=found.kind, sha256=found.sha256,
        what=f"协议文件“{found.name}”",
    )  # fmt: skip


@require_GET
def agreement_document(request, code: str, document: int):
    """A document of an agreement in force, for everyone who sees the agreement."""
    found = queries.agreement_document(viewer_of(request.user), code, document)
    if found is None:
        raise Http404
    return _file(request, found)


@require_http_methods(["GET", "POST"])
def amend(request, code: str):
    agreement = queries.amendable(_editor(request), code)
    if agreement is None:
        raise Http404
    strands = queries.strands_of(agreement)
    form = AmendForm(dict(request.POST.items()), strands, checks=request.method == "POST")
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        asked = {
            "agreement": agreement,
            "from_date": given["from"],
            "strand": form.strand,
            "by": request.user,
            "reason": given["reason"],
        }
        try:
            if form.kind == form.END:
                draft = start_ending(**asked, source=given["source"])
                return redirect("draft-check", draft.pk)
            draft = start_amendment(**asked)
            first = "rule" if form.kind == form.OPEN else "river"
            return redirect("draft-step", draft.pk, first)
        except DraftRefused as refused:
            for problem in refused.problems:
                form.add_error("from", problem.message)
    context = {"agreement": agreement, "form": form, "items": [form.shown(n) for n in form.fields]}
    return render(request, "drafts/amend.html", context, status=422 if form.errors else 200)


def _editor(request):
    viewer = viewer_of(request.user)
    if not viewer.sees_all(Act.EDIT_AGREEMENTS):
        raise Http404
    return viewer


def _draft(request, pk: int) -> AgreementDraft:
    draft = queries.draft(_editor(request), pk)
    if draft is None:
        raise Http404
    return draft


def _steps(draft: AgreementDraft, current: str) -> list[dict]:
    """The steps for the head of every page: name, whether done, whether here."""
    return [
        {
            "code": code,
            "label": label,
            "done": code in STEPS and values_of(draft, code) is not None,
            "begun": code in draft.data,
            "current": code == current,
        }
        for code, label in (*STEPS.items(), (PREVIEW, PREVIEW_LABEL))
    ]


def _after(step: str) -> str:
    order = [*STEPS, PREVIEW]
    return order[order.index(step) + 1]
