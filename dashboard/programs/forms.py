"""Forms of the tokens: a new one, and the button of an act."""

import re
from typing import Any

from django import forms

from basins.digits import whole
from dashboard.forms.filters import say_required


class TokenForm(forms.Form):
    name = forms.CharField(
        label="名称", max_length=100, help_text="哪个单位的哪个程序，如“市监测中心实验室”。"
    )
    sections = forms.CharField(
        label="断面编码",
        max_length=20_000,
        help_text="每行一个，或用逗号分开；令牌只能报送和读取这些断面。",
        widget=forms.Textarea(attrs={"rows": 6}),
    )
    days = forms.CharField(
        label="有效天数", max_length=5, required=False, help_text="如 365；不填则到吊销为止。"
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, use_required_attribute=False, **kwargs)
        say_required(self)

    def clean_sections(self) -> list[str]:
        return [each for each in re.split(r"[\s,，、;；]+", self.cleaned_data["sections"]) if each]

    def clean_days(self) -> int | None:
        typed = self.cleaned_data["days"].strip()
        days = whole(typed, 5)
        if typed and days is None:
            raise forms.ValidationError("请填整数天数，如 365，或不填。")
        return days
