"""行政区和河流的停用与撤回: each passes 核对 and stands in the history of the thing."""

from typing import Any

from django.db.models import Q
from django.http import Http404
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from basins.access import Act, viewer_of
from basins.models import Jurisdiction, River
from dashboard.forms.acts import Decision, decide
from dashboard.reference.succession import EndForm, TakeBackForm
from monitoring.models import Section
from settlements.agreements.queries.of_section import agreements_of_party
from settlements.ledger.services.carryovers import to_carry
from settlements.reference.services.ending import end_place, take_back_end_of

MODELS: dict[str, type[Jurisdiction] | type[River]] = {
    "districts": Jurisdiction,
    "rivers": River,
}
TITLES = {"districts": "行政区", "rivers": "河流"}
NAMED_AT_MOST = 8


@require_http_methods(["GET", "POST"])
def act(request, kind: str, key: str, act: str):
    if not viewer_of(request.user).may(Act.EDIT_REFERENCE) or kind not in MODELS:
        raise Http404
    place: Any = get_object_or_404(MODELS[kind], code=key)
    page = reverse("reference-item", args=[kind, key])
    decisions = {"end": _end, "take-back": _take_back}
    ends = isinstance(place, River) or place.level in Jurisdiction.ENDING
    if act not in decisions or not ends:
        raise Http404
    title, lead, form, do = decisions[act](request, place)
    crumbs = [(TITLES[kind], reverse("reference-list", args=[kind])), (place.name, page)]
    return decide(
        request,
        Decision(
            title=f"{title}：{place.name}", lead=lead, button=title, back=page,
            crumbs=[*crumbs, (title, None)], form=form, do=do,
        ),
    )  # fmt: skip


def _end(request, place: Jurisdiction | River):
    def do(given) -> str:
        end_place(place=place, by=request.user, **given)
        return f"{place.name}自 {given['on']} 起停用。{_then(place, given['on'])}"

    lead = "以前的月份和结果不变。"
    if isinstance(place, Jurisdiction):
        lead += "撤并的，还要修订以它为一方的协议；账户余额由市财政在台账“区划结转”里结转给承继方。"
    return "停用", lead, EndForm, do


def _then(place: Jurisdiction | River, on) -> str:
    """What else names it from that day on, and is to be changed by whom."""
    if isinstance(place, River):
        sections = Section.objects.filter(river=place, ended_on=None)
        said = [(f"这条河流上的断面 {_some(sections)} 请另行停用。", sections.exists())]
    else:
        sections = Section.objects.filter(Q(upstream=place) | Q(downstream=place), ended_on=None)
        titles = agreements_of_party(place, on)
        said = [
            (f"请自该日起修订协议{'、'.join(titles)}。", bool(titles)),
            (f"请更改断面 {_some(sections)} 的上下游行政区。", sections.exists()),
            ("账户余额请市财政在台账“区划结转”里结转。", bool(to_carry(place))),
        ]
    return "".join(words for words, holds in said if holds)


def _some(sections) -> str:
    names = list(sections.order_by("code").values_list("name", flat=True))
    more = f"等 {len(names)} 个" if len(names) > NAMED_AT_MOST else ""
    return "、".join(names[:NAMED_AT_MOST]) + more


def _take_back(request, place: Jurisdiction | River):
    def do(given) -> str:
        take_back_end_of(place=place, by=request.user, **given)
        return f"已撤回：{place.name}没有停用。"

    return "撤回停用", "登记错了时用。", TakeBackForm, do
