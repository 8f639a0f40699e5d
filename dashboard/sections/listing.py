"""The form above the list of sections: what it can be narrowed to, and what was asked."""

from django import forms

from dashboard.forms.filters import ALL, offer
from monitoring.models import Section
from monitoring.sections.queries.listing import NO_RIVER, ListChoices, SectionFilter
from monitoring.standards.gb3838_2002 import WaterClass


class SectionFilters(forms.Form):
    """GET form; an unknown value is dropped, never an error (the address may be old)."""

    river = forms.ChoiceField(label="河流", required=False)
    district = forms.ChoiceField(label="区县", required=False)
    grade = forms.ChoiceField(label="级别", required=False, choices=[*ALL, *Section.Grade.choices])
    water_class = forms.ChoiceField(
        label="类别",
        required=False,
        choices=[*ALL, *((str(c.value), c.label) for c in WaterClass), ("0", "未评价")],
    )
    met = forms.ChoiceField(
        label="达标", required=False, choices=[*ALL, ("yes", "达到目标"), ("no", "劣于目标")]
    )
    text = forms.CharField(
        label="名称、河流、区县或编码",
        required=False,
        max_length=40,
        widget=forms.TextInput(attrs={"placeholder": "可填拼音首字母"}),
    )
    month = forms.CharField(required=False, widget=forms.HiddenInput)

    def __init__(self, data, choices: ListChoices):
        super().__init__(data)
        offer(self, "river", [*choices.rivers, (NO_RIVER, "未归入河流")])
        offer(self, "district", choices.districts)

    def chosen(self) -> SectionFilter:
        self.is_valid()
        known = self.cleaned_data
        return SectionFilter(
            river=known.get("river", ""),
            district=known.get("district", ""),
            grade=known.get("grade", ""),
            water_class=known.get("water_class", ""),
            met=known.get("met", ""),
            text=known.get("text", ""),
        )
