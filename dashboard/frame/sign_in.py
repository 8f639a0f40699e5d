"""登录: with the demo's people named on the page of a demo, and of a demo alone."""

from typing import cast
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.forms import AuthenticationForm
from django.contrib.auth.views import LoginView
from django.core.validators import MaxLengthValidator
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET

from basins import opening_code
from basins.access import viewer_of
from basins.models import Role, User
from basins.services.sign_in_locks import in_words

HOME = "/"


class SignInForm(AuthenticationForm):
    """One answer for a wrong name, a wrong password and a closed sign-in: nothing is given away.

    A name longer than any user has is refused before anything is asked or noted of it.
    """

    error_messages = {
        "invalid_login": "用户名或密码不对，请核对大小写后再试；忘记密码请联系本单位管理员。",
        "inactive": "用户名或密码不对，请核对大小写后再试；忘记密码请联系本单位管理员。",
    }

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        most = User._meta.get_field("username").max_length
        # Django tells the length to the browser alone.
        self.fields["username"].validators.append(
            MaxLengthValidator(
                most, message=f"用户名至多 {most} 个字符，您填了 %(show_value)d 个；请核对后再试。"
            )
        )


def locked_out(request, *args, **kwargs):
    """Told how long to wait; whether the name exists is not told. 429, nothing is checked."""
    messages.error(
        request,
        f"密码输错的次数过多，这里暂停登录；请 {in_words(request.sign_in_wait)}后再试，"
        "或请管理员解除锁定、重置密码。",
    )
    view = SignInView(request=request, args=(), kwargs={})
    context = view.get_context_data(form=SignInForm(request))
    return render(request, "registration/login.html", context, status=429)


@require_GET
def extend(request):
    """204 while one is signed in; that it was asked puts the end of the session off again
    (SESSION_SAVE_EVERY_REQUEST). For the warning before the session ends."""
    return HttpResponse(status=204)


class SignInView(LoginView):
    redirect_authenticated_user = True
    authentication_form = SignInForm

    def get_redirect_url(self) -> str:  # type: ignore[override]
        """Where the person wanted to go; the front page is no wish but where everyone comes from,
        and neither is this page itself."""
        wanted = super().get_redirect_url()
        path = urlsplit(wanted).path
        return "" if path in (HOME, reverse("login"), reverse("logout")) else wanted

    def get_default_redirect_url(self) -> str:
        """A district official lands on the district's own page, everyone else on the overview."""
        viewer = viewer_of(cast(User, self.request.user))
        if viewer.role == Role.Code.DISTRICT and viewer.jurisdiction_code:
            return reverse("district", args=[viewer.jurisdiction_code])
        return HOME

    def get_context_data(self, **kwargs):
        context = super().get_context_data(**kwargs)
        if settings.INSTALLATION == "demo":
            there = set(User.objects.values_list("username", flat=True))
            context["demo_sign_ins"] = [
                {"username": username, "role": role, "password": settings.DEMO_PASSWORD}
                for username, role in settings.DEMO_SIGN_INS
                if username in there
            ]
        context["opens_at"] = reverse("start") if opening_code.is_open() else ""
        return context
