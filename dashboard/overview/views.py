"""总览: one month at a glance."""

from django.shortcuts import render
from django.views.decorators.http import require_GET

from basins.access import viewer_of
from dashboard.frame.kept import kept, shared_part
from dashboard.overview.page import overview_page

ASKED = ("month", "layer", "table", "group")  # of the address


@require_GET
@kept
def overview(request):
    """The month of the address (?month=2026-10), else the last one that is over."""
    asked = {name: request.GET.get(name) for name in ASKED}
    page = shared_part("overview", viewer_of(request.user), overview_page, asked)
    return render(request, "overview/overview.html", {"page": page})
