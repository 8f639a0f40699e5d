"""What stands before every page: addresses no page can have, and people with nothing to see."""

from django.shortcuts import render

from basins.access import Act, viewer_of

# What opens at least one page; a person who may do none of it sees one page only.
OPENS = (Act.SEE_RESULTS, Act.SEE_LEDGER, Act.SEE_AGREEMENTS, Act.SEE_AUDIT)
# Apps that ask for themselves, and the pages that everyone who is signed in may use.
OWN_RULES = ("admin", "api")
ALWAYS = ("login", "logout", "about", "verify", "verify-code")


class NulMiddleware:
    """Takes NULs out of addresses: PostgreSQL text cannot hold one, so no record has it.

    In the path it becomes a character no code has, and the page is missing as any other; in
    a filter it goes.
    """

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        request.path_info = request.path_info.replace("\0", "\N{REPLACEMENT CHARACTER}")
        query = request.META.get("QUERY_STRING", "")
        if "%00" in query:
            request.META["QUERY_STRING"] = query.replace("%00", "")
        return self.get_response(request)


class PrivatePagesMiddleware:
    """Pages of a signed-in person stay in no cache: nothing is left after signing out.

    GB/T 22239-2019 level 3, residual information. A view's own Cache-Control stands.
    """

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        response = self.get_response(request)
        user = getattr(request, "user", None)
        if user is not None and user.is_authenticated and "Cache-Control" not in response:
            response["Cache-Control"] = "private, no-store"
        return response


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
