"""原始表: Django's admin without a door of its own.

One signs in on the sign-in page of the site, changes one's password on 我的账号, and who may not
open it finds nothing there (kept as a refusal, dashboard.frame.hidden).
"""

from typing import Any

from django.contrib.admin import AdminSite
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.views import redirect_to_login
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.views.decorators.cache import never_cache


class ReferenceSite(AdminSite):
    site_header = "流域横向生态保护补偿 · 原始表"
    site_title = index_title = "原始表"

    def admin_view(self, view: Any, cacheable: bool = False) -> Any:
        shown = super().admin_view(view, cacheable)

        def found(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            if request.user.is_authenticated and not self.has_permission(request):
                raise Http404
            return shown(request, *args, **kwargs)

        return found

    @method_decorator(never_cache)
    @method_decorator(login_not_required)
    def login(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        """To the sign-in page, and from there back to what was asked for."""
        wanted = request.GET.get("next") or reverse("admin:index")
        if not request.user.is_authenticated:
            return redirect_to_login(wanted, reverse("login"))
        if not self.has_permission(request):
            raise Http404
        return redirect("admin:index")

    def password_change(self, request: HttpRequest, extra_context: Any = None) -> Any:
        return redirect("account")

    def password_change_done(self, request: HttpRequest, extra_context: Any = None) -> Any:
        return redirect("account")
