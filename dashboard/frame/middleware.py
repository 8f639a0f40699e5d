"""What stands before every page: addresses no page can have, and people with nothing to see."""

from contextlib import suppress
from unicodedata import category

from django.contrib import messages
from django.contrib.auth.middleware import LoginRequiredMiddleware
from django.contrib.auth.views import redirect_to_login
from django.http import JsonResponse, QueryDict, UnreadablePostError
from django.shortcuts import redirect, render
from django.urls import Resolver404, resolve
from django.utils.http import url_has_allowed_host_and_scheme

from basins.access import Act, viewer_of
from basins.models import SignInSession
from basins.services.sessions import MOST, is_demonstration
from basins.sessions import LONGEST, TOO_LONG

# What opens at least one page; a person who may do none of it sees one page only.
OPENS = (Act.SEE_RESULTS, Act.SEE_LEDGER, Act.SEE_AGREEMENTS, Act.SEE_AUDIT)
# Apps that ask for themselves, and the pages that everyone who is signed in may use.
OWN_RULES = ("admin", "api")
ALWAYS = (
    "login", "logout", "about", "verify", "verify-code",
    "account", "account-password", "account-session-end",
)  # fmt: skip
# What stays open to who must first change the password.
BEFORE_CHANGE = (*ALWAYS, "session-extend")
ENDED = {
    SignInSession.Why.OWN: "您已结束这里的登录。",
    SignInSession.Why.LIMIT: f"您在别处登录，同时登录至多 {MOST} 处，最早的这一处已结束。",
    SignInSession.Why.PASSWORD: "密码已在别处更改，这里的登录已结束；请用新密码登录。",
    SignInSession.Why.ADMINISTRATION: "账号管理员办理了您的账号，这里的登录已结束；详情请问管理员。",
    TOO_LONG: f"登录已满 {int(LONGEST.total_seconds() // 3600)} 小时，请重新登录。",
}


class HeadMiddleware:
    """Answers HEAD as GET, without the content (RFC 9110, 9.3.2), whatever methods a view names.

    Stands before all that looks at the method: to views and to what is kept of a refusal it is a
    GET. Where GET is allowed an `Allow` names HEAD too.
    """

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        asked = request.method
        if asked == "HEAD":
            request.method = "GET"
        response = self.get_response(request)
        allowed = [each.strip() for each in response.get("Allow", "").split(",")]
        if "GET" in allowed and "HEAD" not in allowed:
            allowed.insert(allowed.index("GET") + 1, "HEAD")
            response["Allow"] = ", ".join(allowed)
        if asked == "HEAD":
            request.method = asked
            if response.streaming:  # the file is closed by its answer's close()
                response.streaming_content = ()
            else:
                length = response.get("Content-Length", len(response.content))
                response.content = b""
                # What compressing adds differs each time, so no length of it is said.
                if response.has_header("Content-Encoding"):
                    del response["Content-Length"]
                else:
                    response["Content-Length"] = str(length)
        return response


class NulMiddleware:
    """Takes NULs out of addresses: PostgreSQL text cannot hold one, so no record has it.

    In the path it becomes a character no code has, and the page is missing as any other; in
    a filter it goes, and with a cookie that has one goes the cookie.
    """

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        request.path_info = request.path_info.replace("\0", "\N{REPLACEMENT CHARACTER}")
        query = request.META.get("QUERY_STRING", "")
        if "%00" in query:
            request.META["QUERY_STRING"] = query.replace("%00", "")
        for name in [n for n, value in request.COOKIES.items() if "\0" in n + value]:
            del request.COOKIES[name]
        return self.get_response(request)


class UnseenInFormsMiddleware:
    """Takes NULs out of what is posted, fields and names of files alike, whatever a view reads; and
    empties a field in which nothing can be seen (blanks without width, as copied pages have them):
    it is no reason and no name.

    Stands after CsrfViewMiddleware, which reads the body first.
    """

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        if request.method == "POST":
            with suppress(UnreadablePostError):  # gone while it was sent: the view finds nothing
                self._clean(request)
        return self.get_response(request)

    def _clean(self, request) -> None:
        posted = request.POST
        clean = QueryDict(mutable=True, encoding=posted.encoding)
        for key, values in posted.lists():
            clean.setlist(key.replace("\0", ""), [seen(v.replace("\0", "")) for v in values])
        if clean != posted:
            clean._mutable = False
            request.POST = clean
        for _, files in request.FILES.lists():
            for file in files:
                if "\0" in (file.name or ""):
                    file.name = file.name.replace("\0", "")


def seen(text: str) -> str:
    """The text; nothing where it holds blanks and characters without a shape alone."""
    if text.isascii() or any(category(character)[0] not in "CZ" for character in text):
        return text
    return ""


class SignInMiddleware(LoginRequiredMiddleware):
    """Who sends a form after the sign-in ended comes back to the form's page, and is told that
    nothing was kept here; what was typed waits in the browser (session.js)."""

    def handle_no_permission(self, request, view_func):
        if request.method != "POST":
            return super().handle_no_permission(request, view_func)
        messages.warning(
            request,
            "提交时登录已失效，这次填写的内容没有保存；登录后回到填写的页面，核对后重新提交。",
        )
        return redirect_to_login(
            form_page(request),
            str(self.get_login_url(view_func)),
            self.get_redirect_field_name(view_func),
        )


class NotAllowedMiddleware:
    """No empty 405: an address that only takes what is posted leads to its page when it is opened."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        response = self.get_response(request)
        if response.status_code != 405 or response.streaming or response.content:
            return response
        if request.method == "GET":
            messages.info(request, "打开的是提交用的地址，没有做任何改动；这是它所属的页面。")
            return redirect(page_above(request.path))
        page = render(request, "405.html", {"page": request.path}, status=405)
        page["Allow"] = response["Allow"]
        return page


def form_page(request) -> str:
    """The page the form that was posted stands on; the address itself where that is not said."""
    said = request.META.get("HTTP_REFERER", "")
    if not url_has_allowed_host_and_scheme(
        said, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    ):
        return request.get_full_path()
    return "/" + said.split("://", 1)[-1].partition("/")[2]


def page_above(path: str) -> str:
    """The nearest address above that is one of ours: of /objections/5/reply/ the objection."""
    parts = path.strip("/").split("/")
    while parts := parts[:-1]:
        above = f"/{'/'.join(parts)}/"
        try:
            resolve(above)
        except Resolver404:
            continue
        return above
    return "/"


class PrivatePagesMiddleware:
    """Pages of a signed-in person stay in no cache: nothing is left after signing out.

    GB/T 22239-2019 level 3, residual information. A view's own Cache-Control stands.
    """

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        response = self.get_response(request)
        if response.status_code >= 500:  # who it is may be what could not be asked
            response["Cache-Control"] = "no-store"
            return response
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


class EndedSessionMiddleware:
    """Tells a browser whose session was ended why; stands after Django's MessageMiddleware."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        if not request.user.is_authenticated:
            why = getattr(request.session, "ended_why", "")
            if why in ENDED:
                messages.warning(request, ENDED[why])
        return self.get_response(request)


class OwnPasswordMiddleware:
    """Leads who must change the password to 我的账号, from every page; /api/ answers 403.

    The people of a demo are left alone: their passwords are published.
    """

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        return self.get_response(request)

    def process_view(self, request, view, args, kwargs):
        user, match = request.user, request.resolver_match
        if not user.is_authenticated or not user.must_change_password or is_demonstration(user):
            return None
        if match.app_name == "api":
            words = "请先登录网页，在“我的账号”更改密码，再用接口。"
            error = {"code": "password_must_change", "message": words}
            return JsonResponse({"error": error}, status=403)
        if match.app_name != "admin" and match.url_name in BEFORE_CHANGE:
            return None
        return redirect("account")
