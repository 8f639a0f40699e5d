"""An act with money or legal effect: filled in, checked (核对), then done under its own name.

A view says what the act is (`Decision`); the pages, the way back by 更改 and the words for what
is refused are the same for all of them. What the service finds not allowed is answered like a
missing page.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from dashboard.forms.actions import wanted
from dashboard.forms.filters import say_required
from settlements.moving.acts import NotAllowed, Refused
from settlements.moving.documents import DocumentRefused


class ActForm(forms.Form):
    """What has to be filled in; says in its own words what is missing."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, use_required_attribute=False, **kwargs)
        say_required(self)


class WhyForm(ActForm):
    """An act that takes a reason and nothing else."""

    why = forms.CharField(label="理由", max_length=500, widget=forms.Textarea(attrs={"rows": 3}))


@dataclass(frozen=True, slots=True)
class CheckedFact:
    """One line of the 核对 page, with a link to where it can be looked at."""

    label: str
    text: str
    url: str = ""
    link: str = "查看"


@dataclass(slots=True)
class Decision:
    """One act. `do` takes what was filled in and returns the words for its success, or the page
    that shows what is seen once.

    `form` is asked for first, `attach` (files, which no address can carry back) on the 核对 page.
    """

    title: str  # names the act: 签认 2023 年度数据
    lead: str  # what it causes
    button: str
    back: str
    do: Callable[[dict[str, Any]], str | HttpResponse]
    crumbs: Sequence[tuple[str, str | None]]
    facts: Sequence[CheckedFact] = ()
    form: type[ActForm] | Callable[..., ActForm] | None = None
    attach: type[ActForm] | None = None
    initial: dict[str, Any] = field(default_factory=dict)
    part: str = ""  # a template with more to check
    context: dict[str, Any] = field(default_factory=dict)
    grave: bool = False
    leads_to: str = ""  # where one finds oneself afterwards; `back` unless said


def decide(request: HttpRequest, act: Decision) -> HttpResponse:
    """The page for this request of the act, or the answer to having done it."""
    if request.method != "POST":
        if act.form is None:
            return _page(request, act, ActForm(), checked=True)
        return _page(request, act, act.form(initial=act.initial | request.GET.dict()))
    asked = wanted(request, "check", "do", missing="check")
    form = act.form(request.POST) if act.form else ActForm(request.POST)
    if not form.is_valid():
        return _page(request, act, form, status=422)
    attached = None
    if act.attach is not None:
        attached = act.attach(request.POST if asked == "do" else None, request.FILES or None)
    if asked != "do":
        return _page(request, act, form, attached, checked=True)
    if attached is not None and not attached.is_valid():
        return _page(request, act, form, attached, checked=True, status=422)
    try:
        given = form.cleaned_data | (attached.cleaned_data if attached else {})
        words = act.do(given)
    except NotAllowed as error:
        raise Http404 from error
    except DocumentRefused as refused:
        assert attached is not None
        attached.add_error(next(iter(attached.fields)), str(refused))
        return _page(request, act, form, attached, checked=True, status=422)
    except Refused as refused:
        name = getattr(refused, "field", "")
        form.add_error(name if name in form.fields else None, str(refused))
        return _page(request, act, form, attached, checked=not form.fields, status=422)
    if isinstance(words, HttpResponse):
        return words
    messages.success(request, words)
    return redirect(act.leads_to or act.back)


def _page(
    request: HttpRequest,
    act: Decision,
    form: ActForm,
    attached: ActForm | None = None,
    *,
    checked: bool = False,
    status: int = 200,
) -> HttpResponse:
    kept = {name: request.POST.get(name, "") for name in form.fields} if checked else {}
    context = {
        "act": act,
        "form": form,
        "attached": attached,
        "checked": checked,
        "kept": kept,
        "filled": [(bound, said(bound)) for bound in form] if checked and form.fields else [],
        "change": f"{request.path}?{urlencode({k: v for k, v in kept.items() if v})}",
        "problems": attached if attached is not None and attached.errors else form,
        **act.context,
    }
    return render(request, "closing/decide.html", context, status=status)


def said(bound: forms.BoundField) -> str:
    """What was understood of a valid field, in words."""
    value = bound.form.cleaned_data.get(bound.name)
    if value in (None, ""):
        return "-"
    says = getattr(bound.field, "says", None)
    if says is not None:
        return says(value)
    if isinstance(bound.field, forms.ModelChoiceField):
        return bound.field.label_from_instance(value)
    choices = getattr(bound.field, "choices", None)
    return str(dict(choices).get(value, value)) if choices is not None else str(value)
