"""What stands before every page: addresses no page can have, and people with nothing to see."""

from django.http import HttpResponseBadRequest
from django.shortcuts import render

from basins.access import Act, viewer_of

# What opens at least one page; a person who may do none of it sees one page only.
OPENS = (Act.SEE_RESULTS, Act.SEE_LEDGER, Act.SEE_AGREEMENTS, Act.SEE_AUDIT)
# Apps that ask for themselves, and the pages that everyone who is signed in may use.
OWN_RULES = ("admin",)
ALWAYS = ("login", "logout", "about")


class NulMiddleware:
    """Refuses an address with a NUL in it: PostgreSQL text cannot hold one, no record has it."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        if "\0" in request.path or "%00" in request.META.get("QUERY_STRING", ""):
            return HttpResponseBadRequest("Bad address.", content_type="text/plain")
        return self.get_response(request)


class NoRoleMiddleware:
    """Shows registration/no_role.html to stations and people without a role in force.

    On the front page, where they land, it is the page (200); anywhere else a refusal (403).
    """

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        return self.get_response(request)

    def process_view(self, request, view, args, kwargs):
        match = request.resolver_match
        if match.app_name in OWN_RULES or match.url_name in ALWAYS:
            return None
        if not request.user.is_authenticated:
            return None
        viewer = viewer_of(request.user)
        if any(viewer.may(act) for act in OPENS):
            return None
        station = viewer.may(Act.UPLOAD_READINGS)
        status = 200 if match.url_name == "overview" else 403
        return render(request, "registration/no_role.html", {"station": station}, status=status)
