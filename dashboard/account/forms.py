"""The form that changes one's own password."""

from typing import Any

from django import forms
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError

from basins.models import User
from basins.services import sign_in_locks
from dashboard.forms.filters import say_required


def _password(autocomplete: str) -> forms.PasswordInput:
    return forms.PasswordInput(attrs={"autocomplete": autocomplete})


class OwnPasswordForm(forms.Form):
    """`old` is not asked for where there is none: after signing in with a one-time code.

    A wrong one counts as a wrong password does at the sign-in from `address`: who found the page
    open does not guess on it.
    """

    old = forms.CharField(label="原密码", strip=False, widget=_password("current-password"))
    new = forms.CharField(
        label="新密码", strip=False, widget=_password("new-password"),
        help_text="至少 10 个字符；不用常见密码、纯数字，也不用常见的词、键盘顺序、地名、姓名拼成；"
        "可用一句话各字拼音的首字母，再加几个数字和符号。",
    )  # fmt: skip
    again = forms.CharField(label="再输一遍新密码", strip=False, widget=_password("new-password"))

    def __init__(self, user: User, *args: Any, address: str = "", **kwargs: Any) -> None:
        super().__init__(*args, use_required_attribute=False, **kwargs)
        self.user, self.address = user, address
        if not user.has_usable_password():
            del self.fields["old"]
        say_required(self)

    def clean_old(self) -> str:
        name = self.user.get_username()
        wait = sign_in_locks.wait_left(name, self.address)
        if wait is None and not self.user.check_password(self.cleaned_data["old"]):
            wait = sign_in_locks.failed(name, self.address)
            if wait is None:
                raise ValidationError("原密码不对；请核对大小写后再试。")
        if wait is not None:
            words = sign_in_locks.in_words(wait)
            raise ValidationError(f"密码输错的次数过多；请 {words}后再试。")
        return self.cleaned_data["old"]

    def clean_new(self) -> str:
        new = self.cleaned_data["new"]
        if self.user.has_usable_password() and self.user.check_password(new):
            raise ValidationError("新密码与原密码相同；请另换一个。")
        validate_password(new, self.user)
        return new

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        if given.get("new") and given.get("again") and given["new"] != given["again"]:
            self.add_error("again", "两次输入的新密码不同；请重新输入。")
        return given
