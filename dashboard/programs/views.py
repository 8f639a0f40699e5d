"""接口: every endpoint with its parameters and examples, as the OpenAPI document has them."""

from django.conf import settings
from django.http import Http404
from django.shortcuts import render
from django.views.decorators.http import require_GET

from basins.access import Act, viewer_of
from dashboard.programs.page import WRITTEN, answers, endpoints


@require_GET
def programs(request):
    viewer = viewer_of(request.user)
    if not viewer.may(Act.SEE_RESULTS):
        raise Http404("没有可用的接口。")
    return render(
        request,
        "programs/programs.html",
        {
            "endpoints": endpoints(request.build_absolute_uri("/").rstrip("/")),
            "written": WRITTEN,
            "answers": answers(),
            "issues_tokens": viewer.sees_all(Act.UPLOAD_READINGS),
            "a_minute": settings.API_REQUESTS_A_MINUTE,
        },
    )
