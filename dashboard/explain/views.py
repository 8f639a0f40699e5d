"""计算依据: one accrual on one sheet, to read, print and file."""

from django.http import Http404
from django.shortcuts import render
from django.views.decorators.http import require_GET

from basins.access import Act, viewer_of
from dashboard.about.page import version
from dashboard.templatetags.figures import period_zh
from settlements.accruals.queries.explain import explain_accrual, shown_section


@require_GET
def explain(request, pk: int):
    viewer = viewer_of(request.user)
    found = explain_accrual(viewer, pk)
    if found is None:
        raise Http404
    return render(
        request,
        "explain/explain.html",
        {
            "page": found,
            "sees_rules": viewer.may(Act.EDIT_AGREEMENTS),
            "section": shown_section(found),
            "period": period_zh(found.period.start, found.period.granularity == "year"),
            "software_version": version(),
        },
    )
