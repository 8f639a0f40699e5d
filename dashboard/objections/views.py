"""异议: the list, raising one (with 核对), one with its timeline, and what each side does."""

from datetime import date

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from basins.access import Act, viewer_of
from basins.digits import whole
from basins.models import Jurisdiction
from dashboard.charts.readings import reading_chart
from dashboard.files.stored import stored_file
from dashboard.forms.actions import wanted
from dashboard.forms.filters import chosen, number
from dashboard.objections.forms import (
    OUTCOMES,
    ChooseForm,
    DecisionForm,
    EvidenceForm,
    ObjectionFilters,
    ObjectionForm,
    ReadingFilter,
    RemeasurementForm,
    ReplyForm,
    WithdrawForm,
)
from monitoring.models import Indicator
from settlements.models import AgreementMonth
from settlements.moving.acts import NotAllowed, Refused
from settlements.moving.documents import DocumentRefused
from settlements.objections.kinds import BY_CODE, GROUNDS, KINDS
from settlements.objections.queries import objections as queries
from settlements.objections.services import decisions, objections
from settlements.objections.services.decision_preview import dry_run, outlook

PAGE = 50


@require_GET
def listing(request):
    viewer = viewer_of(request.user)
    if not viewer.may(Act.SEE_RESULTS):
        raise Http404
    form = ObjectionFilters(request.GET, queries.visible_objections(viewer))
    wanted = chosen(form)
    found = queries.listed(
        viewer,
        state=wanted.get("state", ""),
        kind=wanted.get("kind", ""),
        section=wanted.get("section", ""),
        agreement=wanted.get("agreement", ""),
        year=number(wanted.get("year", "")),
    )
    context = {
        "page": Paginator(found, PAGE).get_page(request.GET.get("page")),
        "form": form,
        "open": queries.listed(viewer, state="open").count(),
        "may_raise": viewer.may(Act.OBJECT) or viewer.may(Act.CONFIRM_FOR),
        "may_sample": viewer.may(Act.REVIEW_DATA),
    }
    return render(request, "objections/list.html", context)


# Raising ----------------------------------------------------------------------------------


@require_http_methods(["GET", "POST"])
def new(request, code: str = "", year: int = 0, month: int = 0):
    """Month → section and kind → the form → 核对 with the evidence → raised."""
    viewer = viewer_of(request.user)
    if not (viewer.may(Act.OBJECT) or viewer.may(Act.CONFIRM_FOR)):
        raise Http404
    months = queries.months_open_to(viewer)
    if code:
        if not (1 <= month <= 12 and 1900 <= year <= 9998):
            raise Http404
        found = months.filter(agreement__code=code, month=date(year, month, 1)).first()
    elif (typed := request.POST.get("month") or request.GET.get("month", "")) == "":
        return render(request, "objections/months.html", {"months": months[:PAGE]})
    else:
        found = months.filter(pk=pk).first() if (pk := whole(typed, 11)) is not None else None
    if found is None:
        raise Http404
    absent = [] if viewer.may(Act.OBJECT) else objections.absent_parties(found)
    if not viewer.may(Act.OBJECT) and not absent:
        raise Http404
    return _raise(request, viewer, found, absent)


def _raise(request, viewer, month: AgreementMonth, absent: list[Jurisdiction]):
    place = viewer.jurisdiction_id if viewer.may(Act.OBJECT) else None
    sections = queries.sections_of(month, place)
    given = request.POST if request.method == "POST" else request.GET
    choose = ChooseForm(given if "kind" in given or "section" in given else None, sections)
    context = {"month": month, "choose": choose, "kinds": KINDS}
    if not choose.is_bound or not choose.is_valid():
        return render(request, "objections/choose.html", context,
                      status=422 if choose.errors else 200)  # fmt: skip
    kind = BY_CODE[choose.cleaned_data["kind"]]
    section = next(s for s in sections if s.code == choose.cleaned_data["section"])
    bounds = objections.bounds_of(month, section)
    indicators = queries.measured_indicators(section, bounds)
    lead = queries.deciding_indicator(section, month.month) if "indicator" not in given else ""
    choice = ReadingFilter(given, indicators=indicators, bounds=bounds, lead=lead)
    limits = queries.limits_of(section, month.month)
    lines, count = queries.period_lines(
        section, choice.span, choice.chosen, limits=limits, over=choice.beyond_alone
    )
    drawn = lines
    if choice.beyond_alone:  # what is beyond the limit is seen among the others
        drawn, _ = queries.period_lines(section, choice.span, choice.chosen, limits=limits)
    form = ObjectionForm(
        request.POST if request.method == "POST" else None,
        kind=kind, lines=lines, parties=absent,
    )  # fmt: skip
    context |= {
        "kind": kind, "section": section, "form": form, "lines": lines, "count": count,
        "choice": choice, "ticked": set(request.POST.getlist("readings")),
        "chart": reading_chart(drawn, choice.span, limits.get(choice.chosen)),
    }  # fmt: skip
    action = ""
    if request.method == "POST":
        action = wanted(request, "check", "change", "raise", missing="check")
    if request.method == "POST" and form.is_valid() and action != "change":
        party = next((p for p in absent if p.code == form.cleaned_data.get("party")), None)
        own = party or Jurisdiction.objects.defer("boundary").get(pk=viewer.jurisdiction_id)
        ground, reason = form.cleaned_data.get("ground", ""), form.cleaned_data["reason"]
        context |= {"own": own, "ground": GROUNDS.get(ground, "")}
        try:
            if action == "raise":
                return _raised(request, month, section, kind.code, form, party)
            objections.examine(
                month=month, own=own, kind=kind.code, section=section, reason=reason,
                keys=form.keys(), ground=ground,
            )  # fmt: skip
        except NotAllowed as error:
            raise Http404 from error
        except (DocumentRefused, objections.EvidenceMissing) as error:
            return _checked(request, context, str(error))
        except Refused as error:
            form.add_error(None, str(error))
        else:
            return _checked(request, context)
    return render(request, "objections/new.html", context, status=422 if form.errors else 200)


def _checked(request, context: dict, wrong: str = "") -> HttpResponse:
    kept = [
        (name, value)
        for name in ("month", "section", "kind", "indicator", "since", "until", "over", "party",
                     "document", "ground", "reason", "readings")
        for value in request.POST.getlist(name)
    ]  # fmt: skip
    ticked = set(context["form"].cleaned_data.get("readings", []))
    kept += [("readings", text) for text in sorted(ticked - set(request.POST.getlist("readings")))]
    chosen_lines = [n for n in context["lines"] if n.key.text in ticked]
    return render(
        request,
        "objections/check.html",
        {**context, "kept": kept, "chosen": chosen_lines, "wrong": wrong},
        status=422 if wrong else 200,
    )


def _raised(request, month, section, kind: str, form: ObjectionForm, party) -> HttpResponse:
    typed = form.cleaned_data
    files = [
        (item.key, file)
        for item in BY_CODE[kind].evidence
        for file in request.FILES.getlist(f"file-{item.key}")
    ]
    made = objections.raise_objection(
        month=month, by=request.user, kind=kind, section=section, reason=typed["reason"],
        readings=form.keys(), files=files, ground=typed.get("ground", ""),
        party=party, document=typed.get("document", ""),
    )  # fmt: skip
    messages.success(
        request,
        f"已提交异议（第 {made.pk} 号），市局与对方已收到通知；"
        f"证据可补充至 {made.evidence_until:%Y-%m-%d}。",
    )
    return redirect("objection", made.pk)


# One objection ----------------------------------------------------------------------------


@require_GET
def objection(request, pk: int):
    return _page(request, _found(request, pk))


def _page(request, page: queries.ObjectionPage, **forms) -> HttpResponse:
    context = {
        "page": page,
        "evidence_form": EvidenceForm(kind=page.kind, auto_id="evidence_%s"),
        "reply_form": ReplyForm(auto_id="reply_%s", parties=page.absent),
        "remeasurement_form": RemeasurementForm(),
        "wrong": None,
        **forms,
    }
    return render(
        request, "objections/objection.html", context, status=422 if context["wrong"] else 200
    )


@require_POST
def evidence(request, pk: int):
    page = _concerned(request, pk)
    form = EvidenceForm(request.POST, request.FILES, kind=page.kind, auto_id="evidence_%s")
    if form.is_valid():
        done = _try(form, "file", lambda: objections.add_evidence(
            objection=page.objection, by=request.user, item=form.cleaned_data["item"],
            file=form.cleaned_data["file"],
        ))  # fmt: skip
        if done:
            item = page.kind.item(form.cleaned_data["item"])
            messages.success(request, f"证据已收下，记在“{item.title}”下，各方可见。")
            return redirect(f"{reverse('objection', args=[pk])}#evidence")
    return _page(request, page, evidence_form=form, wrong=form)


@require_POST
def reply(request, pk: int):
    page = _concerned(request, pk)
    form = ReplyForm(request.POST, auto_id="reply_%s", parties=page.absent)
    if form.is_valid():
        typed = form.cleaned_data
        party = next((p for p in page.absent if p.code == typed.get("party")), None)
        given = {"party": party, "document": typed["document"]} if party else {}
        done = _try(form, "text", lambda: objections.reply(
            objection=page.objection, by=request.user, text=typed["text"], **given))  # fmt: skip
        if done:
            answered = page.answers or party not in (None, page.objection.jurisdiction)
            messages.success(request, "已答复。" if answered else "已补充说明。")
            return redirect("objection", pk)
    return _page(request, page, reply_form=form, wrong=form)


@require_http_methods(["GET", "POST"])
def withdraw(request, pk: int):
    """核对 → withdrawn."""
    page = _found(request, pk)
    if not page.is_raiser:
        raise Http404
    form = WithdrawForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        done = _try(form, None, lambda: objections.withdraw_objection(
            objection=page.objection, by=request.user, why=form.cleaned_data["why"]))  # fmt: skip
        if done:
            messages.success(request, "异议已撤回。")
            return redirect("objection", pk)
    return render(request, "objections/withdraw.html", {"page": page, "form": form},
                  status=422 if form.errors else 200)  # fmt: skip


@require_http_methods(["GET", "POST"])
def decide(request, pk: int):
    """The decision → 核对 with the dry run → decided."""
    page = _found(request, pk)
    if not page.may_decide:
        raise Http404
    if not page.open:
        messages.error(request, f"异议{page.objection.get_state_display()}，不能再裁决。")
        return redirect("objection", pk)
    form = DecisionForm(request.POST if request.method == "POST" else None, page=page)
    action = ""
    if request.method == "POST":
        action = wanted(request, "check", "change", "decide", missing="check")
    if request.method == "POST" and form.is_valid() and action != "change":
        if action == "decide":
            said: list[str] = []
            if _try(form, None, lambda: said.append(_decide(request, page, form))):
                messages.success(request, said[0])
                return redirect("objection", pk)
        else:
            return _check_decision(request, page, form)
    return render(request, "objections/decide.html", {"page": page, "form": form},
                  status=422 if form.errors else 200)  # fmt: skip


def _check_decision(request, page, form: DecisionForm) -> HttpResponse:
    typed, run = form.cleaned_data, None
    if typed["outcome"] == "accept":
        try:
            run = dry_run(
                objection=page.objection, treatment=form.treatment(), by=request.user,
                reason=typed["reason"],
            )  # fmt: skip
        except Refused as error:
            form.add_error(None, str(error))
            return render(request, "objections/decide.html", {"page": page, "form": form},
                          status=422)  # fmt: skip
    kept = [(n, v) for n in form.fields for v in request.POST.getlist(n)]
    context = {
        "page": page,
        "form": form,
        "run": run,
        "done": queries.treated(run.done) if run else [],
        "outcome": dict(OUTCOMES)[typed["outcome"]],
        "outcome_code": typed["outcome"],
        "button": {"accept": "采纳异议", "reject": "驳回异议", "remeasure": "责令复测"}[
            typed["outcome"]
        ],
        "kept": kept,
    }
    return render(request, "objections/decide_check.html", context)


def _decide(request, page, form: DecisionForm) -> str:
    """What was done, in words."""
    typed = form.cleaned_data
    given = {"objection": page.objection, "by": request.user, "reason": typed["reason"]}
    unheard = typed.get("unheard", "")
    match typed["outcome"]:
        case "accept":
            treatment = form.treatment()
            run = dry_run(**given, treatment=treatment)
            decisions.accept_objection(**given, treatment=treatment, unheard=unheard)
            return f"已采纳，数据已处理；{outlook(run)}。"
        case "reject":
            decisions.reject_objection(**given, unheard=unheard)
            return "已驳回，数据不变。"
        case _:
            decisions.order_remeasurement(**given)
            return "已责令复测；结果录入后再裁决。"


@require_POST
def remeasurement(request, pk: int):
    page = _found(request, pk)
    if not page.may_decide:
        raise Http404
    form = RemeasurementForm(request.POST)
    if form.is_valid():
        typed = form.cleaned_data
        values = []
        if typed["indicator"]:
            one = Indicator.objects.get(code=typed["indicator"])
            values = [decisions.MeasuredInstead(one, typed["sampled_at"], typed["value"])]
        done = _try(form, None, lambda: decisions.record_remeasurement(
            objection=page.objection, by=request.user, text=typed["text"], values=values))  # fmt: skip
        if done:
            messages.success(request, "复测结果已录入，裁决前不计入评价。")
            return redirect("objection", pk)
    return _page(request, page, remeasurement_form=form, wrong=form)


@require_GET
def evidence_file(request, pk: int, number: int):
    """A file of the evidence, as an attachment of the kind its content was found to be."""
    page = _found(request, pk)
    found = get_object_or_404(page.objection.evidence, pk=number)
    return stored_file(
        request, found.file, name=found.name, kind=found.kind, sha256=found.sha256,
        what=f"异议 {pk} 的证据“{found.name}”",
    )  # fmt: skip


def _found(request, pk: int) -> queries.ObjectionPage:
    page = queries.objection_page(viewer_of(request.user), pk)
    if page is None:
        raise Http404
    return page


def _concerned(request, pk: int):
    """The objection for who has a say in it; 404 for who only reads."""
    page = _found(request, pk)
    if not page.concerns:
        raise Http404
    return page


def _try(form, field: str | None, act) -> bool:
    """Whether it was done; what refuses it is said at the field."""
    try:
        act()
    except NotAllowed as error:
        raise Http404 from error
    except (Refused, DocumentRefused) as error:
        form.add_error(field, str(error))
        return False
    return True
