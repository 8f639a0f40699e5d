"""登录: with the demo's people named on the page of a demo, and of a demo alone."""

from django.conf import settings
from django.contrib.auth.views import LoginView


class SignInView(LoginView):
    redirect_authenticated_user = True

    def get_context_data(self, **kwargs):
        context = super().get_context_data(**kwargs)
        if settings.INSTALLATION == "demo":
            context["demo_sign_ins"] = [
                {"username": username, "role": role, "password": settings.DEMO_PASSWORD}
                for username, role in settings.DEMO_SIGN_INS
            ]
        return context
