"""Filter forms of lists: what cannot be read narrows nothing, and never breaks a page."""

from collections.abc import Iterable

from django import forms

from basins.digits import whole

ALL = [("", "全部")]


def say_required(form: forms.Form) -> None:
    """What is left empty is asked for by its name."""
    for field in form.fields.values():
        picks = isinstance(field, forms.ChoiceField | forms.FileField)
        field.error_messages["required"] = f"请{'选择' if picks else '填写'}{field.label}。"


def offer(form: forms.Form, name: str, choices: Iterable[tuple[str, str]]) -> None:
    """Fill a choice of the form, 全部 first."""
    field = form.fields[name]
    assert isinstance(field, forms.ChoiceField)
    field.choices = [*ALL, *choices]


def chosen(form: forms.Form) -> dict:
    """What of a GET form could be read, by field name."""
    form.is_valid()
    return dict(form.cleaned_data)


def number(text: str | None) -> int | None:
    """A year as the address gives it; None for what is none."""
    return whole(text, 4)
