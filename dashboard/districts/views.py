"""区县: what each gets and owes in a year, and why."""

from django.http import Http404
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET

from basins.access import Act, viewer_of
from dashboard.forms.filters import number
from dashboard.frame.kept import kept
from settlements.districts.queries import district as one
from settlements.districts.queries import districts as all_of_them
from settlements.funds.queries.measures import of_district
from settlements.ledger.queries.ledger import statement
from settlements.papers.queries.papers import offered
from settlements.work.queries.duties import duties_of


@require_GET
@kept
def district_list(request):
    viewer = viewer_of(request.user)
    if not viewer.may(Act.SEE_RESULTS):
        raise Http404
    page = all_of_them.district_list(viewer, number(request.GET.get("year")))
    return render(
        request, "districts/districts.html", {"page": page, "own": viewer.jurisdiction_code}
    )


@require_GET
@kept
def district(request, code: str):
    viewer = viewer_of(request.user)
    asked = number(request.GET.get("month"))
    page = one.district(viewer, code, number(request.GET.get("year")), asked)
    if page is None:
        raise Http404
    account = statement(viewer, code, page.year)
    own = f"district:{code}:{page.year}"
    return render(
        request,
        "districts/district.html",
        {
            "page": page,
            "duties": duties_of(viewer, code),
            "account": account,
            "measures": of_district(viewer, code),
            "strip": [strip_item(code, page.year, m) for m in page.months],
            "statement": own if offered(viewer, own) else "",
        },
    )


def strip_item(code: str, year: int, month: one.StripMonth) -> dict:
    """A month as components/month_strip.html takes it: it leads to what makes it up."""
    address = reverse("district", args=[code])
    return {
        "label": month.label,
        "yuan": month.yuan,
        "url": f"{address}?year={year}&month={month.number}#why" if month.number else None,
        "state": month.state,
        "kind": month.kind,
        "current": month.current,
        "revised": month.revised,
    }
