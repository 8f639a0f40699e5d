"""A run of many scenarios: the form that starts one, and what its page shows."""

import re
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django import forms

from dashboard.agreements.entry.parameters import as_stored, field_of
from jobs.models import Job
from settlements import rules
from settlements.money import ZERO
from settlements.rules import Family
from settlements.rules.parameters import Spec, describe, specs
from settlements.scenarios.services.runs import SINGLE


class GridForm(forms.Form):
    """One parameter of one rule and the values to try, separated by 、 or ; or line breaks."""

    parameter = forms.ChoiceField(label="参数")
    values = forms.CharField(
        label="试算值",
        max_length=400,
        help_text="用顿号或分号隔开，如 50万元、100万元、150万元；至多 20 个。",
    )

    def __init__(self, data=None) -> None:
        super().__init__(data, use_required_attribute=False)
        field = self.fields["parameter"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [
            (family.title, [(f"{code}.{name}", spec.label) for name, spec in single(family)])
            for code, family in rules.RULES.items()
        ]

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        if "parameter" not in given or "values" not in given:
            return given
        rule, name = given["parameter"].split(".", 1)
        family = rules.get(rule)
        spec = specs(family.parameters)[name]
        entry = next(e for e in describe(family.parameters) if e["name"] == name)
        field = field_of(entry, spec)
        labels = {label: key for key, label in spec.choices.items()}
        self.read = []
        for text in filter(None, (t.strip() for t in re.split(r"[、;；\n]", given["values"]))):
            try:
                value = as_stored(spec, field.clean(labels.get(text, text)))
            except forms.ValidationError as wrong:
                self.add_error("values", wrong)
            else:
                self.read.append(value)
        return given

    def grid(self) -> dict[str, Any]:
        """What `run_grid` takes."""
        rule, parameter = self.cleaned_data["parameter"].split(".", 1)
        return {"rule": rule, "parameter": parameter, "values": list(dict.fromkeys(self.read))}


def single(family: Family[Any]) -> list[tuple[str, Spec]]:
    return [(n, s) for n, s in specs(family.parameters).items() if s.kind in SINGLE]


@dataclass(frozen=True, slots=True)
class RunLine:
    """One party of one scenario, over all years, in yuan."""

    scenario: str
    token: str
    agreement: str
    title: str
    party: str
    actual: Decimal
    scenario_yuan: Decimal
    changed: int
    error: str = ""

    @property
    def difference(self) -> Decimal:
        return self.scenario_yuan - self.actual


@dataclass(frozen=True, slots=True)
class RunPage:
    job: Job
    lines: tuple[RunLine, ...]
    scenarios: int

    @property
    def live(self) -> bool:
        return self.job.state in Job.LIVE

    @property
    def seconds(self) -> str:
        return str((self.job.result or {}).get("seconds", ""))

    @property
    def actual(self) -> Decimal:
        return sum((line.actual for line in self.lines), ZERO)

    @property
    def scenario_yuan(self) -> Decimal:
        return sum((line.scenario_yuan for line in self.lines), ZERO)

    @property
    def difference(self) -> Decimal:
        return self.scenario_yuan - self.actual


def run_page(job: Job) -> RunPage:
    found = (job.result or {}).get("lines", [])
    return RunPage(
        job=job,
        lines=tuple(line for each in found for line in _lines(each)),
        scenarios=len(found),
    )


def _lines(found: dict[str, Any]) -> list[RunLine]:
    common = (found["name"], found["token"], found["agreement"], found["title"])
    if "error" in found:
        return [RunLine(*common, "-", ZERO, ZERO, 0, found["error"])]
    return [
        RunLine(*common, p["name"], Decimal(p["actual"]), Decimal(p["scenario"]), found["changed"])
        for p in found["parties"]
    ]
