"""断面: the list of a month, and one section with its chart, months and readings."""

from datetime import date

from django.http import Http404
from django.shortcuts import render
from django.views.decorators.http import require_GET

from basins.access import Act, viewer_of
from basins.ranges import months_before
from basins.services.stars import looked_at
from dashboard.audit.words import history_url
from dashboard.charts.periods import YEARS
from dashboard.frame.access_log import record_export
from dashboard.frame.kept import kept
from dashboard.frame.known import known_moment, known_page
from dashboard.overview.page import chosen_month
from dashboard.sections import page as section_page
from dashboard.sections.export import readings_csv
from dashboard.sections.listing import SectionFilters
from monitoring.assessment.queries.assessments import months_assessed
from monitoring.sections.queries.known import section_as_known
from monitoring.sections.queries.listing import list_choices
from monitoring.sections.queries.listing import section_list as sections_of_month
from monitoring.sections.queries.sections import find_section
from monitoring.sections.queries.sections import section_page as page_of
from monitoring.sections.queries.series import reading_count, reading_lines
from monitoring.stations.queries.stations import stations_of


def month_of(text: str | None) -> date | None:
    """'2026-10' as its first day; None for anything else, also for a year out of reach."""
    try:
        day = date.fromisoformat(f"{text}-01")
    except ValueError:
        return None
    return day if day.year in YEARS else None


@require_GET
@kept
def section_list(request):
    viewer = viewer_of(request.user)
    if not viewer.may(Act.SEE_RESULTS):
        raise Http404("没有可看的断面。")
    months = months_assessed(viewer)
    month = chosen_month(request.GET.get("month"), months)
    form = SectionFilters(request.GET, list_choices(viewer))
    found = sections_of_month(viewer, month, form.chosen(), request.GET.get("page"))
    return render(
        request,
        "sections/list.html",
        {
            "form": form,
            "found": found,
            "months": months,
            "month": month,
            "previous": months_before(month) if months_before(month) in months else None,
            "next": months_before(month, -1) if months_before(month, -1) in months else None,
        },
    )


@require_GET
@kept
def section(request, code: str):
    viewer = viewer_of(request.user)
    found = find_section(viewer, code)
    if found is None:
        raise Http404("没有这个断面。")
    month = month_of(request.GET.get("month"))
    if request.GET.get("format") == "csv":
        return _csv(request, viewer, found, month)
    if (known := known_moment(request)) is not None:
        page = page_of(viewer, found, month)
        return known_page(
            request,
            "known/section.html",
            known,
            section=found,
            crumbs=section_page.crumbs(page),
            page=section_as_known(found, page.month, known.at),
        )
    view = section_page.section_view(viewer, found, request.GET, month)
    return render(
        request,
        "sections/section.html",
        {
            "view": view,
            "page": view.page,
            "choice": view.choice,
            "heading": section_page.heading(view.page),
            "subtitle": section_page.subtitle(view.page),
            "facts": section_page.facts(view),
            "key_figures": section_page.key_figures(view),
            "crumbs": section_page.crumbs(view.page),
            "presets": section_page.presets(view),
            "months": section_page.months(view.page),
            "previous": section_page.month_beside(view.page, 1),
            "next": section_page.month_beside(view.page, -1),
            "history_url": history_url(viewer, found),
            "stations": stations_of(viewer, found),
            "starred": looked_at(user=request.user, kind="section", code=found.code),
        },
    )


def _csv(request, viewer, found, month):
    page = page_of(viewer, found, month)
    choice = section_page.choice_of(request.GET, page)
    if choice.indicator is None:
        raise Http404("这个断面没有数据。")
    period = choice.period
    lines = reading_lines(found, choice.indicator.code, period.first, period.last)
    rows = reading_count(found, choice.indicator.code, period.first, period.last)
    what = f"断面“{found.name}”{choice.indicator.name} {period.first} 至 {period.last} 的监测数据"
    record_export(request, what, rows)
    return readings_csv(found, choice.indicator, period, lines)
