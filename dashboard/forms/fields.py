"""Form fields that keep what was typed, give what was understood, and say it back."""

from collections.abc import Callable, Iterable
from typing import Any

from django import forms

from basins.digits import whole

Choices = Iterable[tuple[str, Any]]


class ReadField(forms.CharField):
    """A line of text, read by `reader`; blank is None. `says` is the echo of the value."""

    def __init__(
        self,
        *,
        reader: Callable[[str], Any],
        says: Callable[[Any], str] = str,
        bounds: Callable[[Any], str | None] | None = None,
        **kwargs: Any,
    ) -> None:
        self.reader, self.says, self.bounds = reader, says, bounds
        super().__init__(**kwargs)

    def clean(self, value: Any) -> Any:
        text = super().clean(value)
        if not text:
            return None
        try:
            read = self.reader(text)
        except ValueError as wrong:
            raise forms.ValidationError(str(wrong)) from wrong
        if self.bounds and (message := self.bounds(read)):
            raise forms.ValidationError(message)
        return read


class StepForm(forms.Form):
    """A step: typed text in, `values()` out. Rows are fields named `group-number-column`.

    `typed` is what was posted or kept; with `checks` False (a kept, half-filled step) it is
    shown without complaint.
    """

    MOST_ROWS = 60

    def __init__(self, typed: dict[str, str], *, checks: bool = True) -> None:
        self.typed = typed
        super().__init__(
            data=typed if checks else None,
            initial=None if checks else typed,
            use_required_attribute=False,
        )
        self.rows: dict[str, list[int]] = {}

    def values(self) -> dict[str, Any]:
        """What was understood, as a draft keeps it (settlements.agreements.services.drafts)."""
        raise NotImplementedError

    def row_numbers(self, group: str, least: int = 1) -> list[int]:
        """Numbers of the group's rows: as many as the form says, within reason."""
        said = self.typed.get(f"{group}-rows", "")
        count = whole(said, 3) or 0
        self.rows[group] = list(range(max(least, min(count, self.MOST_ROWS))))
        return self.rows[group]

    def is_blank_row(self, group: str, number: int) -> bool:
        start = f"{group}-{number}-"
        return not any(
            v.strip()
            for k, v in self.typed.items()
            if k.startswith(start) and not k.endswith(("-role", "-share"))
        )

    def cells(self, group: str, number: int, columns: Iterable[str]) -> dict[str, Any]:
        return {c: self.cleaned_data.get(f"{group}-{number}-{c}") for c in columns}

    def wrong(self, name: str | None, message: str) -> None:
        self.add_error(name if name in self.fields else None, message)

    def shown(self, name: str) -> dict[str, Any]:
        """A field for the template, with its echo where it was understood."""
        field = self.fields[name]
        echo = ""
        value = self.cleaned_data.get(name) if self.is_bound and self.is_valid_field(name) else None
        if value is None and not self.is_bound and isinstance(field, ReadField):
            value = self._quietly(field, self.typed.get(name, ""))
        if value is not None and isinstance(field, ReadField):
            echo = field.says(value)
            if echo == self.typed.get(name, "").strip():
                echo = ""
        return {"field": self[name], "echo": echo}

    def is_valid_field(self, name: str) -> bool:
        return name not in self.errors

    def _quietly(self, field: ReadField, text: str) -> Any:
        try:
            return field.reader(text) if text.strip() else None
        except ValueError:  # said when the step is saved
            return None

    def group(self, name: str, columns: Iterable[str]) -> dict[str, Any]:
        """Rows of a group for the template."""
        columns = list(columns)
        return {
            "name": name,
            "count": len(self.rows[name]),
            "rows": [
                {"number": n + 1, "fields": [self.shown(f"{name}-{n}-{c}") for c in columns]}
                for n in self.rows[name]
            ],
        }


def choice(label: str, choices: Choices, **kwargs: Any) -> forms.ChoiceField:
    """A select with an empty first line."""
    return forms.ChoiceField(
        label=label,
        choices=[("", "请选择"), *choices],
        error_messages={"invalid_choice": "没有“%(value)s”这一项；请从列表中选。"},
        **kwargs,
    )


def line(label: str, **kwargs: Any) -> forms.CharField:
    return forms.CharField(label=label, **kwargs)
