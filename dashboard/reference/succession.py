"""断面的停用、接替与撤回: each passes 核对 and stands in the history of the section."""

from functools import partial

from django import forms
from django.http import Http404
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from basins.access import Act, viewer_of
from dashboard.forms.acts import ActForm, Decision, decide
from dashboard.forms.fields import ReadField
from monitoring.models import Section
from monitoring.reference.succession import end_section, replace_section, take_back_end
from settlements.agreements.queries.of_section import agreements_with
from written.days import read_day

SOURCE = forms.CharField(label="依据", max_length=200, help_text="文件名称和文号。")


class EndForm(ActForm):
    on = ReadField(label="停用自", reader=read_day, help_text="从这一天起不再监测，如 2026-03-01。")
    source = SOURCE


class ReplaceForm(ActForm):
    new = forms.ModelChoiceField(
        label="接替的断面", queryset=Section.objects.none(), empty_label="请选择",
        help_text="先在“断面”里登记；同一条河上。",
    )  # fmt: skip
    on = ReadField(label="接替自", reader=read_day, help_text="某月 1 日，如 2026-03-01。")
    source = SOURCE

    def __init__(self, *args, section: Section, **kwargs):
        super().__init__(*args, **kwargs)
        others = Section.objects.filter(river=section.river, ended_on=None, predecessor=None)
        self.fields["new"].queryset = others.exclude(pk=section.pk)  # type: ignore[attr-defined]


class TakeBackForm(ActForm):
    source = forms.CharField(label="原因", max_length=200, help_text="为什么登记错了。")


@require_http_methods(["GET", "POST"])
def act(request, key: str, act: str):
    if not viewer_of(request.user).may(Act.EDIT_REFERENCE):
        raise Http404
    section = get_object_or_404(Section.objects.select_related("river", "predecessor"), code=key)
    page = reverse("reference-item", args=["sections", key])
    decisions = {"end": _end, "replace": _replace, "take-back": _take_back}
    if act not in decisions:
        raise Http404
    title, lead, button, form, do = decisions[act](request, section)
    crumbs = [("断面", reverse("reference-list", args=["sections"])), (section.name, page)]
    return decide(
        request,
        Decision(
            title=f"{title}：{section.name}", lead=lead, button=button, back=page,
            crumbs=[*crumbs, (title, None)], form=form, do=do,
        ),
    )  # fmt: skip


def _end(request, section: Section):
    def do(given) -> str:
        end_section(section=section, by=request.user, **given)
        return f"{section.name}断面自 {given['on']} 起停用。"

    lead = "以前的月份和结果不变；此后各页不再列它。有接替断面的请用“由别的断面接替”。"
    return "停用断面", lead, "停用断面", EndForm, do


def _replace(request, section: Section):
    def do(given) -> str:
        new = replace_section(old=section, by=request.user, **given)
        named = "、".join(agreements_with(section, given["on"]))
        then = f"请自 {given['on']} 起修订协议 {named}，改用{new.name}断面。" if named else ""
        return f"{new.name}断面自 {given['on']} 起接替{section.name}断面。{then}"

    lead = "以前的月份留在原断面；接替后的月份与去年同期、基准期比较时取原断面的，并写明。"
    form = partial(ReplaceForm, section=section)
    return "由别的断面接替", lead, "登记接替", form, do


def _take_back(request, section: Section):
    def do(given) -> str:
        take_back_end(section=section, by=request.user, **given)
        return f"已撤回：{section.name}断面没有停用。"

    return "撤回停用", "登记错了时用；接替关系一并撤回。", "撤回停用", TakeBackForm, do
