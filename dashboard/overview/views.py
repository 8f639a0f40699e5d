"""总览: one month at a glance."""

from django.shortcuts import render
from django.views.decorators.http import require_GET

from basins.access import viewer_of
from dashboard.overview.page import overview_page


@require_GET
def overview(request):
    """The month of the address (?month=2026-10), else the last one that is over."""
    page = overview_page(viewer_of(request.user), request.GET)
    return render(request, "overview/overview.html", {"page": page})
