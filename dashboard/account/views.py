"""我的账号: who one is here, one's password, and where one is signed in."""

from django.contrib import messages
from django.contrib.auth import update_session_auth_hash
from django.http import Http404
from django.shortcuts import redirect, render
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from basins.models import AccessEvent, SignInSession
from basins.services import people, sessions
from basins.sessions import digest
from dashboard.account.browser import browser_of
from dashboard.account.forms import OwnPasswordForm
from dashboard.frame.access_log import note
from dashboard.frame.addresses import client_address


@require_GET
def account(request):
    return _page(request, OwnPasswordForm(request.user))


@sensitive_post_parameters()
@require_http_methods(["GET", "POST"])
def change_password(request):
    """The new one holds at once; every other session of the person ends."""
    if request.method == "GET":
        return redirect("account")
    form = OwnPasswordForm(request.user, request.POST, address=client_address(request))
    if not form.is_valid():
        return _page(request, form, 422)
    ended = people.change_own_password(
        user=request.user, password=form.cleaned_data["new"], key=request.session.session_key
    )
    update_session_auth_hash(request, request.user)
    messages.success(
        request, f"已更改密码；另外 {ended} 处登录已结束。" if ended else "已更改密码。"
    )
    return redirect("account")


@require_POST
def end_session(request, pk: int):
    """One of one's own, this one included; a foreign one is missing."""
    try:
        ended = sessions.end_own(user=request.user, pk=pk)
    except SignInSession.DoesNotExist as error:
        raise Http404 from error
    where = "，".join(filter(None, (browser_of(ended.user_agent), ended.address)))
    note(AccessEvent.Kind.ENDED, request=request, user=request.user, what=where[:200])
    messages.success(request, f"已结束{f'“{where}”' if where else '一处'}的登录。")
    return redirect("account")


def _page(request, form, status=200):
    here = digest(request.session.session_key or "")
    context = {
        "form": form,
        "must_change": request.user.must_change_password
        and not sessions.is_demonstration(request.user),
        "roles": request.user.roles.select_related("jurisdiction").order_by("-in_force"),
        "lines": [
            {"row": row, "browser": browser_of(row.user_agent), "here": row.session_key == here}
            for row in sessions.live_sessions(request.user)
        ],
        "most": None if sessions.is_demonstration(request.user) else sessions.MOST,
    }
    return render(request, "account/account.html", context, status=status)
