"""拨款通知: what debtors of closed years are asked for, each as a page and as a paper."""

from django.core.paginator import Paginator
from django.http import Http404
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET

from basins.access import Act, Viewer, viewer_of
from dashboard.papers.shown import date_zh, shown
from dashboard.papers.views import FORMATS, issued_file
from settlements.ledger.queries.demands import entry_of, lines_of, visible_demands
from settlements.models import Demand
from settlements.papers.queries.demand import made_by, paper_of_demand
from settlements.papers.services.papers import paper_of_demand_made
from settlements.shown.visible import visible_accounts

PAGE = 25


@require_GET
def demand_list(request):
    viewer = _viewer(request)
    page = Paginator(visible_demands(viewer), PAGE).get_page(request.GET.get("page"))
    page.object_list = lines_of(list(page.object_list))  # type: ignore[assignment]
    context = {"page": page, "sees_all": viewer.sees_all(Act.SEE_LEDGER)}
    return render(request, "ledger/demands.html", context)


@require_GET
def demand(request, pk: int):
    viewer = _viewer(request)
    found = _found(viewer, pk)
    [line] = lines_of([found])
    entry = entry_of(found)
    seen = (
        entry is not None and entry.postings.filter(account__in=visible_accounts(viewer)).exists()
    )
    context = {
        "line": line,
        "demand": found,
        "year_url": reverse(
            "settlement", args=[found.settlement.agreement.code, found.settlement.year]
        ),
        "entry": entry if seen else None,
        "may_pay": viewer.may(Act.RECORD_PAYMENT),
        "paper": shown(paper_of_demand(found))
        | {"number": found.label, "date": date_zh(found.made_on)},
    }
    return render(request, "ledger/demand.html", context)


@require_GET
def demand_file(request, pk: int, format: str):
    """The demand as PDF or XLSX, or its page among the papers ("html")."""
    found = _found(_viewer(request), pk)
    if format not in (*FORMATS, "html"):
        raise Http404
    issued = paper_of_demand_made(paper_of_demand(found), found, prepared_by=made_by(found))
    if format == "html":
        return redirect("paper", issued.pk)
    return issued_file(request, issued, format)


def _viewer(request) -> Viewer:
    viewer = viewer_of(request.user)
    if not viewer.may(Act.SEE_LEDGER):
        raise Http404
    return viewer


def _found(viewer: Viewer, pk: int) -> Demand:
    found = visible_demands(viewer).filter(pk=pk).first()
    if found is None:
        raise Http404
    return found
