"""Forms of stations and letters: registering, settings, what a factor means, dismissing."""

from collections.abc import Iterable
from typing import Any

from django import forms

from basins.digits import whole
from dashboard.forms.filters import chosen, offer, say_required
from monitoring.models import Command, DeadLetter, Indicator, Station
from monitoring.stations.queries.letters import Choice
from monitoring.stations.services.stations import made_password

HIDDEN = forms.HiddenInput
MOST = 2**63 - 1
NOT_READ = "-"
State = DeadLetter.State


class PasswordForm(forms.Form):
    """A password typed twice, or made; `made`: the one that was."""

    make = forms.BooleanField(label="由系统生成密码", required=False)
    password = forms.CharField(
        label="密码",
        required=False,
        max_length=40,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text="6–20 位字母或数字，与设备里设置的相同（HJ 212 的 PW）。",
    )
    again = forms.CharField(
        label="再输一次密码",
        required=False,
        max_length=40,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )
    made = ""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, use_required_attribute=False, **kwargs)
        say_required(self)

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        if given.get("make"):
            self.made = given["password"] = made_password()
        elif given.get("password", "") != given.get("again", ""):
            self.add_error("again", "两次输入的密码不一致，请重新输入。")
        return given

    def refused(self, field: str, words: str) -> None:
        """What a service refused stands at its field."""
        self.add_error(field if field in self.fields else None, words)


class StationForm(PasswordForm):
    """A station to register; the section by its code or its name."""

    section = forms.CharField(
        label="断面",
        max_length=60,
        widget=forms.TextInput(attrs={"list": "sections", "autocomplete": "off"}),
        help_text="断面编码或名称；须已在断面里登记。",
    )
    mn = forms.CharField(
        label="设备编码 MN",
        max_length=40,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
        help_text="设备报文里的 MN，区分大小写。",
    )
    field_order = ("section", "mn", "make", "password", "again")

    def __init__(self, sections: Iterable[tuple[str, str]], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.sections = list(sections)

    def clean_section(self) -> str:
        typed = self.cleaned_data["section"].strip()
        if any(typed == code for code, _ in self.sections):
            return typed
        named = [code for code, name in self.sections if name == typed]
        if len(named) > 1:
            raise forms.ValidationError(
                f"叫“{typed}”的断面不止一个；请填编码：{'、'.join(named)}。"
            )
        return named[0] if named else typed

    def clean(self) -> dict[str, Any]:
        given = super().clean()
        if not given.get("make") and not given.get("password"):
            self.add_error("password", "请填写密码，或由系统生成。")
        return given


class SettingsForm(PasswordForm):
    """What of a station may be changed; no password: as it is."""

    assessed = forms.ChoiceField(
        label="参与评价的数据",
        choices=Command.choices,
        help_text="这一种是监测数据，其他的另存，不进均值。只管以后收到的报文。",
    )
    counts_by_hand = forms.BooleanField(
        label="手工输入（标识 S）的值参与评价",
        required=False,
        help_text="按站点运行管理规定；只管以后收到的报文。",
    )
    is_active = forms.BooleanField(
        label="启用", required=False, help_text="停用的站点所发的报文不入库，留作死信。"
    )
    field_order = ("assessed", "counts_by_hand", "is_active", "make", "password", "again")

    def __init__(self, station: Station, *args: Any, **kwargs: Any) -> None:
        names = ("assessed", "counts_by_hand", "is_active")
        super().__init__(*args, initial={n: getattr(station, n) for n in names}, **kwargs)
        self.fields["make"].label = "由系统生成新密码"
        self.fields["password"].label = "新密码"
        self.fields["again"].label = "再输一次新密码"


class FactorForm(forms.Form):
    """Which indicator a factor is; NOT_READ: none."""

    factor = forms.CharField(label="因子编码", max_length=40)
    indicator = forms.ChoiceField(label="指标")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, use_required_attribute=False, **kwargs)
        field = self.fields["indicator"]
        assert isinstance(field, forms.ChoiceField)
        found = Indicator.objects.order_by("order").values_list("code", "name", "unit")
        field.choices = [
            ("", "请选择"),
            (NOT_READ, "不读取这个因子"),
            (
                "指标，报文里的数值须以所写单位",
                [(code, f"{name}（{unit}）" if unit else name) for code, name, unit in found],
            ),
        ]
        field.help_text = "不同单位的值不会换算；单位不同的请不读取，由站点改正。"
        say_required(self)

    @property
    def said(self) -> str | None:
        """The indicator's code; None: it is not read."""
        code = self.cleaned_data["indicator"]
        return None if code == NOT_READ else code


class LetterFilters(forms.Form):
    state = forms.ChoiceField(label="状态", choices=State.choices, required=False)
    reason = forms.ChoiceField(label="原因", required=False)
    mn = forms.CharField(label="设备编码 MN", required=False, max_length=40)

    def __init__(self, data: Any) -> None:
        super().__init__(data)
        offer(self, "reason", DeadLetter.Reason.choices)

    def choice(self) -> Choice:
        asked = chosen(self)
        state = asked.get("state") or State.OPEN
        return Choice(state, asked.get("reason") or "", asked.get("mn", "").strip() or None)


class ChosenForm(forms.Form):
    """Which open letters an act is for: one by its number, or those of a reason, sender and
    factor that its page has counted."""

    letter = forms.CharField(required=False, max_length=20, widget=HIDDEN)
    reason = forms.CharField(required=False, max_length=10, widget=HIDDEN)
    mn = forms.CharField(required=False, max_length=40, widget=HIDDEN, strip=False)
    factor = forms.CharField(required=False, max_length=40, widget=HIDDEN, strip=False)
    up_to = forms.CharField(required=False, max_length=20, widget=HIDDEN)

    def choice(self) -> Choice | int | None:
        """The number of one letter, or which of them; None for what chooses none."""
        asked = chosen(self)
        if (one := whole(asked.get("letter"), 18)) is not None:
            return one
        up_to = whole(asked.get("up_to"), 18)
        if asked.get("reason") not in DeadLetter.Reason.values or up_to is None:
            return None
        return Choice(
            State.OPEN, asked["reason"], asked.get("mn", ""), asked.get("factor", ""), up_to
        )


class DismissForm(ChosenForm):
    why = forms.CharField(
        label="作废理由",
        max_length=300,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="会记在每一条上和操作记录里。",
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, use_required_attribute=False, **kwargs)
        say_required(self)
