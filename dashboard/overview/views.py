"""总览: one month at a glance."""

from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET

from basins.access import Act, viewer_of
from dashboard.frame.kept import kept, shared_part
from dashboard.overview.page import overview_page

ASKED = ("month", "layer", "table", "group")  # of the address


@require_GET
@kept
def overview(request):
    """The month of the address (?month=2026-10), else the last one that is over."""
    asked = {name: request.GET.get(name) for name in ASKED}
    viewer = viewer_of(request.user)
    page = shared_part("overview", viewer, overview_page, asked)
    start = reverse("start") if viewer.sees_all(Act.SEE_DRAFTS) else ""
    return render(request, "overview/overview.html", {"page": page, "start_url": start})
