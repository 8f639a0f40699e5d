"""令牌: which there are; one more, another secret for one, its end. A secret is shown once."""

from django.contrib import messages
from django.http import Http404
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_http_methods

from basins.access import Viewer, viewer_of
from basins.refusals import Refused
from dashboard.programs.forms import TokenForm
from monitoring.ingest.queries.tokens import OPEN, OVER, REVOKED, find_token, may_issue, tokens
from monitoring.ingest.services.tokens import add_token, change_secret, revoke_token
from monitoring.models import AccessToken

STATES = {OPEN: ("有效", "open"), OVER: ("已过期", "none"), REVOKED: ("已吊销", "none")}


@require_GET
def token_list(request):
    lines = tokens(_issuer(request))
    context = {
        "lines": [(line, *STATES[line.state]) for line in lines],
        "open": sum(line.state == OPEN for line in lines),
    }
    return render(request, "programs/tokens.html", context)


@require_http_methods(["GET", "POST"])
def new(request):
    _issuer(request)
    form = TokenForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            token, secret = add_token(**form.cleaned_data, by=request.user)
        except Refused as refused:
            form.add_error(refused.field if refused.field in form.fields else None, str(refused))
        else:
            return _shown_once(request, token, secret)
    status = 422 if request.method == "POST" else 200
    return render(request, "programs/token_new.html", {"form": form}, status=status)


@require_http_methods(["GET", "POST"])
def change(request, pk: int):
    """Another secret; the one before holds for a day more."""
    token = _token(request, pk)
    refusal = ""
    if request.method == "POST":
        try:
            changed, secret = change_secret(token=token, by=request.user)
        except Refused as refused:
            refusal = str(refused)
        else:
            return _shown_once(request, changed, secret)
    context = {"token": token, "refusal": refusal}
    return render(request, "programs/token_change.html", context, status=422 if refusal else 200)


@require_http_methods(["GET", "POST"])
def revoke(request, pk: int):
    token = _token(request, pk)
    if request.method == "POST":
        revoke_token(token=token, by=request.user)
        messages.success(request, f"已吊销令牌“{token}”，持有它的程序从现在起不能再用。")
        return redirect("token-list")
    return render(request, "programs/token_revoke.html", {"token": token})


def _shown_once(request, token: AccessToken, secret: str):
    return render(request, "programs/token_secret.html", {"token": token, "secret": secret})


def _issuer(request) -> Viewer:
    viewer = viewer_of(request.user)
    if not may_issue(viewer):
        raise Http404("没有这个页面。")
    return viewer


def _token(request, pk: int) -> AccessToken:
    found = find_token(_issuer(request), pk)
    if found is None:
        raise Http404("没有这个令牌。")
    return found
