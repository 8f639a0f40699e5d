"""What has to be filled in for an act with a person, by its kind."""

from typing import Any

from django import forms

from basins.clock import today
from basins.models import Jurisdiction, PersonAct, Role, User
from dashboard.forms.acts import ActForm
from dashboard.forms.fields import choice

Kind = PersonAct.Kind


class PlaceField(forms.ModelChoiceField):
    def label_from_instance(self, obj) -> str:
        return f"{obj.name}（{obj.code}）"


def _day(label: str, **given: Any) -> forms.DateField:
    widget = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    return forms.DateField(label=label, widget=widget, **given)


class WhyForm(ActForm):
    why = forms.CharField(
        label="事由", max_length=500, widget=forms.Textarea(attrs={"rows": 3}),
        help_text="写明依据，如来函文号、本人申请。",
    )  # fmt: skip


class DetailsForm(WhyForm):
    display_name = forms.CharField(label="姓名", max_length=40)
    unit = forms.CharField(label="单位", max_length=80, required=False)
    email = forms.EmailField(label="邮箱", required=False)
    field_order: tuple[str, ...] = ("username", "display_name", "unit", "email")


class RoleForm(WhyForm):
    role = choice("角色", Role.Code.choices)
    jurisdiction = PlaceField(
        label="行政区", required=False, queryset=Jurisdiction.objects.none(), empty_label="不填",
        help_text="只有区县、乡镇角色选填。",
    )  # fmt: skip
    from_day = _day("起日", help_text="今天或以后；复核时已过的，从复核当日起。")
    until_day = _day("止日（不含）", required=False, help_text="不填为没有定。")
    field_order: tuple[str, ...] = ("role", "jurisdiction", "from_day", "until_day", "why")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        place = self.fields["jurisdiction"]
        assert isinstance(place, forms.ModelChoiceField)
        place.queryset = (
            Jurisdiction.objects.filter(
                level__in=[Jurisdiction.Level.DISTRICT, Jurisdiction.Level.TOWNSHIP]
            )
            .defer("boundary")
            .order_by("code")
        )
        self.fields["from_day"].initial = today


class NewForm(RoleForm, DetailsForm):
    username = forms.CharField(
        label="用户名", max_length=150, help_text="登录用，定下后不改；字母、数字和 @ . + - _。"
    )
    field_order = (
        "username", "display_name", "unit", "email",
        "role", "jurisdiction", "from_day", "until_day", "why",
    )  # fmt: skip


class HeldField(forms.ModelChoiceField):
    def label_from_instance(self, obj) -> str:
        place = f" {obj.jurisdiction}" if obj.jurisdiction else ""
        until = obj.in_force.upper or "没有定"
        return f"{obj.get_role_display()}{place}（{obj.in_force.lower or '最初'} 至 {until}）"


class EndForm(WhyForm):
    held = HeldField(label="角色", queryset=Role.objects.none(), empty_label="请选择")
    until_day = _day(
        "止日（不含）", required=False, help_text="从这一天起没有该角色；不填为复核当日。"
    )
    field_order = ("held", "until_day", "why")

    def __init__(self, *args: Any, person: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        held = self.fields["held"]
        assert isinstance(held, forms.ModelChoiceField)
        held.queryset = (
            person.roles.exclude(in_force__endswith__lte=today())
            .select_related("jurisdiction")
            .order_by("in_force")
        )


FORMS: dict[str, type[ActForm]] = {
    Kind.NEW: NewForm,
    Kind.GRANT: RoleForm,
    Kind.RENAME: DetailsForm,
}
