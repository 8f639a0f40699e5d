"""流域: the rivers as a tree, and one river from source to mouth."""

from django.http import Http404
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET

from basins.access import viewer_of
from basins.services.stars import looked_at
from dashboard.basins import page as pages
from dashboard.frame.kept import kept


@require_GET
@kept
def basin_list(request):
    page = pages.basin_list_page(viewer_of(request.user), request.GET)
    return render(request, "basins/basin_list.html", {"page": page})


@require_GET
@kept
def basin(request, code: str):
    """One river; what the viewer may not see answers as what does not exist."""
    crumbs = (("总览", reverse("overview")), ("流域", reverse("basin-list")))
    page = pages.basin_page(viewer_of(request.user), code, request.GET, crumbs)
    if page is None:
        raise Http404("没有这条河流。")
    starred = looked_at(user=request.user, kind="river", code=code)
    return render(request, "basins/basin.html", {"page": page, "starred": starred})
