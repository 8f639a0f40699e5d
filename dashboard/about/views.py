"""关于这些数据, and /patterns/ for those who build pages."""

from django.conf import settings
from django.http import Http404
from django.shortcuts import render
from django.views.decorators.http import require_GET

from dashboard.about import page as about_page
from dashboard.about.patterns import examples


@require_GET
def about(request):
    return render(request, "about/about.html", about_page.about_page())


@require_GET
def patterns(request):
    """Every component once: for staff, and for everyone while DEBUG is on."""
    if not (settings.DEBUG or request.user.is_staff):
        raise Http404("没有这个页面。")
    return render(request, "patterns/patterns.html", examples())
