"""节假日历: a year's holidays and make-up days; entering them passes a check page."""

from datetime import date

from django import forms
from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods

from basins.access import Act, viewer_of
from basins.models import CalendarAct, CalendarDay
from basins.queries import calendar as queries
from basins.queries.calendar import calendar_year
from basins.refusals import Refused
from basins.services import calendar as entering
from basins.services import calendar_acts as acts
from basins.services.calendar import CalendarError
from dashboard.forms.actions import wanted
from dashboard.forms.filters import number

TEMPLATE = (
    "\ufeff日期,类型,节日\n2027-01-01,放假,元旦\n2027-02-06,放假,春节\n2027-02-14,调休上班,春节\n"
)


PROPOSED = "已提出；由另一名协议管理员复核后生效。"
ORDINARY = "weekday"  # no row in the table: free or worked as the day of the week says


class YearForm(forms.Form):
    """A year's announcement. `content` carries the file's text through the check page."""

    year = forms.IntegerField(label="年度", min_value=1990, max_value=2199)
    source = forms.CharField(
        label="通知文号", max_length=180, help_text="如 国务院办公厅通知 国办发明电〔2025〕7号"
    )
    file = forms.FileField(label="CSV 文件", help_text="三列：日期、类型（放假或调休上班）、节日。")


class DayForm(forms.Form):
    date = forms.DateField(label="日期", widget=forms.DateInput(attrs={"type": "date"}))
    kind = forms.ChoiceField(
        label="类型", choices=[*CalendarDay.Kind.choices, (ORDINARY, "按星期")]
    )
    name = forms.CharField(label="节日", required=False, max_length=40)
    reason = forms.CharField(
        label="修改原因", max_length=200, help_text="写明依据，如临时调休通知。"
    )

    def clean(self):
        given = super().clean() or {}
        if given.get("kind") == CalendarDay.Kind.WORKDAY and given.get("date"):
            day: date = given["date"]
            if day.weekday() < 5:
                self.add_error("date", f"{day} 本来就上班；请选周末的日子，或选“按星期”。")
        return given


class ReasonForm(forms.Form):
    why = forms.CharField(label="退回理由", max_length=200)

    def __init__(self, *args) -> None:
        super().__init__(*args, use_required_attribute=False)


@require_GET
def calendar(request):
    """Everyone who is signed in reads; who edits reference data also sees the forms."""
    return _page(request, _edits(request), YearForm(auto_id="year_%s"), DayForm(auto_id="day_%s"))


def _page(request, edits, year_form, day_form, status=200, wrong=None):
    page = calendar_year(number(request.GET.get("year")))
    context = {"page": page, "edits": edits, "year_form": year_form, "day_form": day_form}
    if edits:
        context["waiting"] = queries.calendar_acts().filter(state=CalendarAct.State.PROPOSED)
    return render(request, "calendar/calendar.html", {**context, "wrong": wrong}, status=status)


def _edits(request) -> bool:
    return viewer_of(request.user).may(Act.EDIT_REFERENCE)


def _refuse_others(request) -> None:
    if not _edits(request):
        raise Http404


@require_http_methods(["GET", "POST"])
def announce(request):
    """Upload → 核对 (what changes) → kept. The check page sends the file's text back."""
    _refuse_others(request)
    if request.method == "GET":
        return redirect("calendar")
    confirmed = "content" in request.POST
    form = YearForm(request.POST, request.FILES, auto_id="year_%s")
    if confirmed:
        del form.fields["file"]
    if form.is_valid():
        given = form.cleaned_data
        content = (
            request.POST["content"].encode()
            if confirmed
            else given["file"].read(entering.LARGEST + 1)
        )
        try:
            days = entering.read_announcement(content, given["year"])
            if confirmed:
                act = acts.propose_year(
                    year=given["year"], days=days, source=given["source"], by=request.user
                )
                messages.success(request, PROPOSED)
                return redirect("calendar-act", act.pk)
        except CalendarError as error:
            for problem in error.problems:
                form.add_error(None if confirmed else "file", problem)
        except Refused as refused:
            form.add_error(None, str(refused))
        else:
            text = "\n".join(
                [
                    ",".join(entering.HEADINGS),
                    *(f"{d.date},{CalendarDay.Kind(d.kind).label},{_quoted(d.name)}" for d in days),
                ]
            )
            return render(
                request,
                "calendar/check.html",
                {
                    "year": given["year"],
                    "source": given["source"],
                    "content": text,
                    "days": days,
                    "differences": entering.differences(days, given["year"]),
                },
            )
    return _page(request, True, form, DayForm(auto_id="day_%s"), 422, form)


@require_http_methods(["GET", "POST"])
def change_day(request):
    """One day with its reason → 核对 → kept."""
    _refuse_others(request)
    if request.method == "GET":
        return redirect("calendar")
    form = DayForm(request.POST, auto_id="day_%s")
    if form.is_valid():
        given = form.cleaned_data
        if "confirmed" not in request.POST:
            return render(
                request, "calendar/check_day.html", {"given": given, "kind": _kind(given)}
            )
        try:
            act = acts.propose_day(
                on=given["date"],
                kind="" if given["kind"] == ORDINARY else given["kind"],
                name=given["name"],
                reason=given["reason"],
                by=request.user,
            )
        except (CalendarError, Refused) as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, PROPOSED)
            return redirect("calendar-act", act.pk)
    return _page(request, True, YearForm(auto_id="year_%s"), form, 422, form)


@require_http_methods(["GET", "POST"])
def calendar_act(request, pk: int):
    """One proposal: what it would change now; let take effect, sent back or withdrawn."""
    _refuse_others(request)
    found = get_object_or_404(queries.calendar_acts(), pk=pk)
    form = ReasonForm(request.POST or None)
    if request.method == "POST":
        asked = wanted(request, "approve", "reject")
        own = found.proposed_by_id == request.user.pk
        try:
            if asked == "approve":
                form = ReasonForm()
                changed = acts.approve_calendar(act=found, by=request.user)
                messages.success(request, f"已生效，改动 {len(changed)} 天；期限随即重算。")
                return redirect(f"{reverse('calendar')}?year={found.year}")
            if own or form.is_valid():
                acts.reject_calendar(
                    act=found, by=request.user, why="" if own else form.cleaned_data["why"]
                )
                messages.success(request, "已撤回。" if own else "已退回，提出人已收到通知。")
                return redirect("calendar-act", pk)
        except (CalendarError, Refused) as error:
            messages.error(request, str(error))
            return redirect("calendar-act", pk)
    waits = found.state == found.State.PROPOSED
    context = {
        "act": found,
        "waits": waits,
        "is_proposer": found.proposed_by_id == request.user.pk,
        "differences": acts.would_change(found) if waits else [],
        "days": acts.days_of(found),
        "form": form,
    }
    return render(request, "calendar/act.html", context, status=422 if form.errors else 200)


@require_GET
def template(request):
    """The CSV to fill in, with an example."""
    return HttpResponse(
        TEMPLATE,
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": "attachment; filename=calendar.csv"},
    )


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"' if any(c in name for c in ',"\n') else name


def _kind(given: dict) -> str:
    return dict(DayForm.base_fields["kind"].choices)[given["kind"]]  # type: ignore[attr-defined]
