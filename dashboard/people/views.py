"""人员 and 账号事项: one administrator proposes, another approves, the auditor reads."""

from functools import partial

from django import forms
from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods

from basins.access import Act, viewer_of
from basins.models import PersonAct
from basins.queries import people as queries
from basins.refusals import NotAllowed, Refused
from basins.services import person_acts as services
from dashboard.forms.actions import wanted
from dashboard.forms.acts import CheckedFact, Decision, decide
from dashboard.people.forms import FORMS, EndForm, WhyForm
from dashboard.people.page import act_facts, kinds_for, role_lines

Kind, State = PersonAct.Kind, PersonAct.State
ON_A_PAGE = 50
LEADS = {
    Kind.NEW: "须由另一名协议管理员复核；您和复核人各看到一半一次性密码，合起来才能首次登录。",
    Kind.GRANT: "须由另一名协议管理员复核；复核后告知本人和审计管理员。",
    Kind.END: "须由另一名协议管理员复核；复核后告知本人和审计管理员。",
    Kind.RESET: "复核后原密码作废、各处登录结束；您和复核人各看到一半一次性密码，72 小时内有效。",
    Kind.UNLOCK: "复核后本人在任何地址都可以立即登录；密码不变。",
    Kind.CLOSE: "复核后不能登录，各处登录结束；办过的事仍记在其名下。",
    Kind.REOPEN: "复核后可以用原密码登录，登录后须更改密码；角色须另授。",
    Kind.RENAME: "复核后各页用新的姓名和单位；操作记录里保留当时的。",
}


class SearchForm(forms.Form):
    q = forms.CharField(label="姓名、单位或用户名", required=False, max_length=60)


@require_GET
def people_list(request):
    viewer = _viewer(request)
    form = SearchForm(request.GET)
    text = form.cleaned_data["q"] if form.is_valid() else ""
    page = Paginator(queries.people_list(viewer, text), ON_A_PAGE).get_page(request.GET.get("page"))
    context = {
        "form": form,
        "page": page,
        "open": queries.acts(viewer).filter(state=State.PROPOSED),
        "edits": viewer.may(Act.EDIT_USERS),
    }
    return render(request, "people/people.html", context)


@require_GET
def person(request, pk: int):
    viewer = _viewer(request)
    page = _person(viewer, pk)
    edits = viewer.may(Act.EDIT_USERS)
    context = {
        "page": page,
        "roles": role_lines(page.roles),
        "kinds": kinds_for(page) if edits else [],
    }
    return render(request, "people/person.html", context)


@require_http_methods(["GET", "POST"])
def propose(request, pk: int, kind: str):
    """An act with a person: filled in, checked, proposed."""
    viewer = _editor(request)
    page = _person(viewer, pk)
    if kind not in Kind.values or kind == Kind.NEW:
        raise Http404
    here = page.person
    form = partial(EndForm, person=here) if kind == Kind.END else FORMS.get(kind, WhyForm)
    initial = {"display_name": here.display_name, "unit": here.unit, "email": here.email}
    return decide(
        request,
        Decision(
            title=f"{Kind(kind).label}：{here}",
            lead=LEADS[Kind(kind)],
            button="提出，请另一名管理员复核",
            back=reverse("person", args=[pk]),
            crumbs=[("人员", reverse("people")), (str(here), reverse("person", args=[pk])),
                    (Kind(kind).label, None)],
            facts=[CheckedFact("用户名", here.username), CheckedFact("单位", here.unit or "-")],
            form=form,
            initial=initial if kind == Kind.RENAME else {},
            grave=kind in (Kind.CLOSE, Kind.RESET),
            do=lambda given: _proposed(request, kind=kind, person=here, **given),
        ),
    )  # fmt: skip


@require_http_methods(["GET", "POST"])
def new(request):
    _editor(request)
    return decide(
        request,
        Decision(
            title="新建账号",
            lead=LEADS[Kind.NEW],
            button="提出，请另一名管理员复核",
            back=reverse("people"),
            crumbs=[("人员", reverse("people")), ("新建账号", None)],
            form=FORMS[Kind.NEW],
            do=lambda given: _proposed(request, kind=Kind.NEW, **given),
        ),
    )


@require_GET
def act_list(request):
    found = queries.acts(_viewer(request))
    page = Paginator(found, ON_A_PAGE).get_page(request.GET.get("page"))
    return render(request, "people/acts.html", {"page": page})


@require_http_methods(["GET", "POST"])
def act(request, pk: int):
    """Looked at by administrators and the auditor; decided by another administrator."""
    viewer = _viewer(request)
    found = queries.acts(viewer).filter(pk=pk).first()
    if found is None:
        raise Http404
    if request.method == "GET":
        return _act_page(request, found)
    action = wanted(request, "approve", "reject")
    why = request.POST.get("why", "")
    half = ""
    try:
        if action == "approve":
            found, half = services.approve(act=found, by=request.user)
        else:
            services.reject(act=found, by=request.user, why=why)
    except NotAllowed as error:
        raise Http404 from error
    except Refused as refused:
        return _act_page(request, found, status=422, wrong=str(refused), why=why)
    if half:
        return _act_page(request, found, half=half)
    messages.success(request, f"{found}：已{'办理' if found.state == State.APPROVED else '了结'}。")
    return redirect("person-act", pk)


def _proposed(request, **given):
    """The act's page, where its first half is shown this once; else the words for its success."""
    made, half = services.propose(by=request.user, **given)
    if half:
        return _act_page(request, made, half=half)
    return f"已提出“{made}”，请另一名协议管理员复核。"


def _act_page(request, found: PersonAct, *, status=200, half="", wrong="", why=""):
    proposer = found.proposed_by_id == request.user.pk
    context = {
        "act": found,
        "facts": act_facts(found),
        "half": services.shown(half) if half else "",
        "first": proposer,
        "may_decide": found.state == State.PROPOSED
        and viewer_of(request.user).may(Act.EDIT_USERS)
        and (proposer or found.person_id != request.user.pk),
        "wrong": wrong,
        "why": why,
        "next": _waiting_next(request, found),
    }
    return render(request, "people/act.html", context, status=status)


def _waiting_next(request, found: PersonAct) -> PersonAct | None:
    """Once this one is decided: the next that another person proposed."""
    viewer = viewer_of(request.user)
    if found.state == State.PROPOSED or not viewer.may(Act.EDIT_USERS):
        return None
    waiting = queries.acts(viewer).filter(state=State.PROPOSED)
    return (
        waiting.exclude(proposed_by=request.user)
        .exclude(person=request.user)
        .order_by("pk")
        .first()
    )


def _viewer(request):
    viewer = viewer_of(request.user)
    if not viewer.may(Act.SEE_PEOPLE):
        raise Http404
    return viewer


def _editor(request):
    viewer = viewer_of(request.user)
    if not viewer.may(Act.EDIT_USERS):
        raise Http404
    return viewer


def _person(viewer, pk: int) -> queries.PersonPage:
    page = queries.person_page(viewer, pk)
    if page is None:
        raise Http404
    return page
