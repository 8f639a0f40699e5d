"""年度结算: the list of years, one year, and one month as a worked example."""

from datetime import date

from django import forms
from django.core.paginator import Paginator
from django.http import Http404
from django.shortcuts import render
from django.views.decorators.http import require_GET

from basins.access import Act, Viewer, viewer_of
from dashboard.forms.filters import ALL, chosen, offer
from dashboard.frame.kept import kept
from dashboard.frame.known import known_moment, known_page
from settlements.as_known.queries.as_known import month_as_known, year_as_known
from settlements.models import Agreement, Settlement
from settlements.notices.queries.month_workflow import month_workflow
from settlements.notices.queries.months import settlement_month as month_of
from settlements.papers.queries.papers import offered
from settlements.samples.queries.samples import samples_of_month
from settlements.years.queries.adjustments import of_year
from settlements.years.queries.closing import closing
from settlements.years.queries.listing import settlement_choices
from settlements.years.queries.listing import settlement_list as years_of
from settlements.years.queries.published import published_year
from settlements.years.queries.years import settlement_year

PAGE = 30


class SettlementFilters(forms.Form):
    year = forms.ChoiceField(label="年度", required=False)
    agreement = forms.ChoiceField(label="协议", required=False)
    river = forms.ChoiceField(label="河流", required=False)
    state = forms.ChoiceField(
        label="状态", required=False, choices=[*ALL, *Settlement.State.choices]
    )

    def __init__(self, data, choices):
        super().__init__(data)
        offer(self, "year", choices.years)
        offer(self, "agreement", choices.agreements)
        offer(self, "river", choices.rivers)


@require_GET
@kept
def settlement_list(request):
    viewer = viewer_of(request.user)
    if not viewer.may(Act.SEE_RESULTS):
        raise Http404
    form = SettlementFilters(request.GET, settlement_choices(viewer))
    wanted = chosen(form)
    year = wanted.pop("year", "")
    found = years_of(viewer, year=int(year) if year else None, **wanted)
    listed = Paginator(found.lines, PAGE).get_page(request.GET.get("page"))
    return render(
        request,
        "settlements/settlements.html",
        {
            "page": found,
            "listed": listed,
            "form": form,
            "sees_adjustments": viewer.may(Act.SEE_DRAFTS),
        },
    )


@require_GET
@kept
def settlement(request, code: str, year: int):
    viewer = viewer_of(request.user)
    page = settlement_year(viewer, code, year)
    if page is None:
        return _published_year(request, viewer, code, year)
    if (known := known_moment(request)) is not None:
        then = year_as_known(viewer, code, year, known.at)
        return known_page(request, "known/year.html", known, page=then)
    statement = f"agreement:{code}:{year}"
    progress = closing(viewer, code, year)
    assert progress is not None
    context = {
        "page": page,
        "statement": statement if offered(viewer, statement) else "",
        "closing": progress,
        "adjustments": of_year(viewer, progress.settlement.agreement, year),
    }
    return render(request, "settlements/settlement.html", context)


def _published_year(request, viewer: Viewer, code: str, year: int):
    """A year that runs, for those who are no party: what is published of it."""
    page = published_year(viewer, code, year)
    if page is None or known_moment(request) is not None:
        raise Http404
    agreement = Agreement.objects.get(code=code)
    context = {"page": page, "adjustments": of_year(viewer, agreement, year)}
    return render(request, "settlements/published_year.html", context)


@require_GET
@kept
def settlement_month(request, code: str, year: int, month: int):
    if not (1 <= month <= 12 and 1900 <= year <= 9998):
        raise Http404
    viewer = viewer_of(request.user)
    page = month_of(viewer, code, date(year, month, 1), request.GET.get("section", ""))
    if page is None:
        raise Http404
    if (known := known_moment(request)) is not None:
        then = month_as_known(viewer, code, page.month, known.at)
        return known_page(request, "known/month.html", known, page=then)
    context = {
        "page": page,
        "may_rule": viewer.may(Act.REVIEW_DATA),
        "workflow": month_workflow(viewer, code, page.month),
        "samples": samples_of_month(viewer, [s.code for s in page.worked], page.month),
    }
    return render(request, "settlements/month.html", context)
