"""补充通报: months published before, with results that are not: prepared together, signed together."""

from decimal import Decimal

from django.contrib import messages
from django.http import Http404
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from basins.access import Act, viewer_of
from dashboard.notices.views import month_of
from settlements.moving.acts import NotAllowed, Refused
from settlements.notices.queries.supplements import to_prepare, to_sign
from settlements.notices.services.supplements import prepare_supplements, sign_supplements


@require_http_methods(["GET", "POST"])
def prepare(request):
    """核对 every month with what it would publish → all prepared, for another person to sign."""
    viewer = viewer_of(request.user)
    if not viewer.may(Act.PUBLISH):
        raise Http404
    wrong = ""
    if request.method == "POST":
        months = [m for text in request.POST.getlist("month") if (m := month_of(text))]
        try:
            made = prepare_supplements(months=months, by=request.user)
        except NotAllowed as error:
            raise Http404 from error
        except Refused as error:
            wrong = str(error)
        else:
            messages.success(request, f"已编制补充通报 {len(made)} 份，待另一人签发。")
            return redirect("notice-list")
    lines = to_prepare()
    return render(
        request,
        "notices/supplements.html",
        {
            "lines": lines,
            "whole": [line for line in lines if not line.lacks],
            "total": sum((line.yuan for line in lines), Decimal(0)),
            "wrong": wrong,
        },
        status=422 if wrong else 200,
    )


@require_http_methods(["GET", "POST"])
def sign(request):
    """核对 what signing off publishes, by somebody who prepared none of it → all published."""
    viewer = viewer_of(request.user)
    if not viewer.may(Act.PUBLISH):
        raise Http404
    lines, wrong = to_sign(viewer), ""
    if request.method == "POST":
        asked = set(request.POST.getlist("notice"))
        chosen = [n for line in lines if (n := line.notice) is not None and str(n.pk) in asked]
        try:
            if len(chosen) != len(asked):
                raise Refused("其中有的已由他人签发或退回；请核对后再签发。")
            signed = sign_supplements(notices=chosen, by=request.user)
        except NotAllowed as error:
            raise Http404 from error
        except Refused as error:
            wrong = str(error)
        else:
            messages.success(request, f"已签发补充通报 {len(signed)} 份，各方已收到通知。")
            return redirect(reverse("notice-list"))
    return render(
        request,
        "notices/supplements_sign.html",
        {
            "lines": lines,
            "total": sum((line.yuan for line in lines), Decimal(0)),
            "wrong": wrong,
        },
        status=422 if wrong else 200,
    )
