"""The forms of the first day: its first two administrators, and which city this is."""

from typing import Any

from django import forms
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError

from basins.models import Jurisdiction, User
from dashboard.forms.acts import ActForm

WHO = ("第一名", "第二名")


class OpeningForm(ActForm):
    """The code, and two people with passwords that each of them changes at the first sign-in."""

    code = forms.CharField(
        label="开通码", max_length=40,
        help_text="在服务器上启动时显示，也可运行 manage.py opening_code 查看。",
    )  # fmt: skip

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for at, who in enumerate(WHO):
            self.fields[f"username-{at}"] = forms.CharField(
                label=f"{who}管理员的用户名", max_length=150,
                help_text="登录用；字母、数字和 @ . + - _。",
            )  # fmt: skip
            self.fields[f"display_name-{at}"] = forms.CharField(label="姓名", max_length=40)
            self.fields[f"unit-{at}"] = forms.CharField(label="单位", max_length=80, required=False)
            self.fields[f"password-{at}"] = forms.CharField(
                label="初始密码", max_length=128, strip=False,
                widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
                help_text="至少 10 个字符；本人首次登录时须改成自己的。",
            )  # fmt: skip
        for field in self.fields.values():
            names = "选择" if isinstance(field, forms.ChoiceField) else "填写"
            field.error_messages["required"] = f"请{names}{field.label}。"

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        names = [given.get(f"username-{at}", "").lower() for at in range(len(WHO))]
        if names[0] and names[0] == names[1]:
            self.add_error("username-1", "两名管理员须是两个不同的用户名。")
        for at in range(len(WHO)):
            self._check(given, at)
        return given

    def _check(self, given: dict[str, Any], at: int) -> None:
        user = self.user(at)
        try:
            user.full_clean(exclude=["password"])
        except ValidationError as error:
            for name, messages in error.message_dict.items():
                field = f"{name}-{at}"
                if field not in self.errors:
                    self.add_error(field if field in self.fields else None, messages)
        password = given.get(f"password-{at}")
        if password:
            try:
                validate_password(password, user)
            except ValidationError as error:
                self.add_error(f"password-{at}", error.messages)

    def user(self, at: int) -> User:
        """Not stored yet."""
        given = self.cleaned_data
        return User(
            username=User.normalize_username(given.get(f"username-{at}", "")),
            display_name=given.get(f"display_name-{at}", ""),
            unit=given.get(f"unit-{at}", ""),
        )

    @property
    def people(self) -> list[tuple[str, list[forms.BoundField]]]:
        return [
            (
                who,
                [self[f"{name}-{at}"] for name in ("username", "display_name", "unit", "password")],
            )
            for at, who in enumerate(WHO)
        ]


class PlaceForm(ActForm):
    """Which city this is."""

    name = forms.CharField(
        label="本市名称", max_length=40, help_text="写在页面抬头和文书上，如 示例市。"
    )
    province = forms.ModelChoiceField(
        label="所在省（直辖市）", queryset=Jurisdiction.objects.none(), empty_label="请选择",
        help_text="文件里没写省份的断面按本省；直辖市选它自己。",
    )  # fmt: skip

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        provinces = Jurisdiction.objects.filter(level=Jurisdiction.Level.PROVINCE)
        self.fields["province"].queryset = (  # type: ignore[attr-defined]
            provinces.defer("boundary").order_by("code")
        )


class MapFileForm(ActForm):
    """A GeoJSON, and where it comes from."""

    file = forms.FileField(
        label="地图文件（GeoJSON）",
        help_text="面是区县界线，线是河流走向；属性 name 或 code 写明是哪个区县、哪条河。",
    )
    source = forms.CharField(
        label="来源", max_length=200, help_text="如 市自然资源局基础地理信息 2024；写进变更记录。"
    )
