"""A laboratory's report as it is typed: its head, a result for each indicator, its file."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from django import forms
from django.forms import BoundField

from basins.clock import now
from basins.models import User
from dashboard.forms.filters import offer, say_required
from dashboard.forms.values import read_day
from monitoring.models import Indicator, Section
from monitoring.standards.detection import MeasuredValue, parse, show
from settlements.models import LabSample
from settlements.moving.documents import LARGEST, MEGABYTE, DocumentRefused
from settlements.samples.queries import samples as queries
from settlements.samples.services.held import HeldFile, held, hold
from settlements.samples.services.samples import LENGTHS, LONGEST, LabReport, wrong_value
from written.moments import read_time
from written.text import CellError

VALUE = "value-"  # and the indicator's code
HELD = "held"


class SampleFilters(forms.Form):
    section = forms.ChoiceField(label="断面", required=False)
    month = forms.CharField(label="采样月份", required=False, max_length=20)

    def __init__(self, data: Any, sections: Sequence[tuple[str, str]]) -> None:
        super().__init__(data)
        offer(self, "section", sections)


class ReportForm(forms.Form):
    """What both a new sample and a correction say. What is left blank is no value.

    A file that came with a check is kept aside and named by a token (settlements.samples.services.held), so
    that it is chosen once.
    """

    laboratory = forms.CharField(label="检测单位", max_length=LENGTHS["laboratory"][1])
    number = forms.CharField(label="报告编号", max_length=LENGTHS["number"][1])
    method = forms.CharField(
        label="检测方法、依据", max_length=LENGTHS["method"][1],
        help_text="报告所列的方法标准，如 HJ 535-2009；HJ 91.2-2022。",
    )  # fmt: skip
    evidence = forms.FileField(
        label="监测报告", required=False,
        help_text=f"盖章的报告；PDF、PNG 或 JPEG，至多 {LARGEST // MEGABYTE} MB。",
    )  # fmt: skip
    reason = forms.CharField(
        label="更正理由", required=False, max_length=LONGEST,
        widget=forms.Textarea(attrs={"rows": 3}),
    )  # fmt: skip

    def __init__(self, *args: Any, by: User, **kwargs: Any) -> None:
        super().__init__(*args, use_required_attribute=False, **kwargs)
        self.by = by
        self.attached: HeldFile | None = None
        self.indicators = queries.indicators_reported()
        for indicator in self.indicators:
            self.fields[VALUE + indicator.code] = forms.CharField(
                label=indicator.name, required=False, max_length=40,
                widget=forms.TextInput(attrs={"autocomplete": "off"}),
            )  # fmt: skip
        say_required(self)

    @property
    def halves(self) -> list[list[tuple[Indicator, BoundField]]]:
        """Each indicator with its field, in two columns read downwards."""
        lines = [(i, self[VALUE + i.code]) for i in self.indicators]
        middle = (len(lines) + 1) // 2
        return [lines[:middle], lines[middle:]]

    @property
    def head(self) -> list[BoundField]:
        """The fields above the results."""
        last = ("evidence", "reason")
        return [f for f in self if not f.name.startswith(VALUE) and f.name not in last]

    @property
    def carried(self) -> list[tuple[str, str]]:
        """All that was typed, as the check carries it along."""
        typed = [(n, self.data.get(n, "")) for n in self.fields if n != "evidence"]
        return [*typed, (HELD, self.attached.token if self.attached else "")]

    def clean(self) -> dict[str, Any]:
        typed = super().clean() or {}
        results: list[tuple[str, MeasuredValue]] = []
        for indicator in self.indicators:
            name = VALUE + indicator.code
            if (text := typed.get(name, "")).strip():
                try:
                    found = parse(text)
                except ValueError as wrong:
                    self.add_error(name, str(wrong))
                    continue
                if why := wrong_value(found, indicator.code):
                    self.add_error(name, why)
                else:
                    results.append((indicator.code, found))
        typed["results"] = tuple(results)
        self._attach(typed)
        return typed

    def _attach(self, typed: dict[str, Any]) -> None:
        token = self.data.get(HELD, "")
        try:
            if (file := typed.get("evidence")) is not None:
                self.attached = hold(file, self.by)
            elif token:
                self.attached = held(token, self.by)
                if self.attached is None:
                    self.add_error("evidence", "先前附上的文件已经失效；请重新选择。")
        except DocumentRefused as refused:
            self.add_error("evidence", str(refused))

    def report(self) -> LabReport:
        typed = self.cleaned_data
        return LabReport(typed["laboratory"], typed["number"], typed["method"], typed["results"])

    def refused(self, wrong: dict[str, str]) -> None:
        """What a service refused, beside its field where the form has it."""
        for name, words in wrong.items():
            self.add_error(name if name in self.fields else None, words)


class SampleForm(ReportForm):
    section = forms.ChoiceField(label="断面")
    sampled_on = forms.CharField(
        label="采样日期", max_length=20, help_text="如 2023-04-15 或 2023年4月15日。"
    )
    sampled_time = forms.CharField(
        label="采样时刻", required=False, max_length=20,
        help_text="如 10:30；报告没有写的留空，按 0 时计，与导入的文件一致。",
    )  # fmt: skip
    field_order = ["section", "sampled_on", "sampled_time", "laboratory", "number", "method"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        section, reason = self.fields["section"], self.fields["reason"]
        assert isinstance(section, forms.ChoiceField)
        section.choices = [("", "请选择"), *queries.sections_sampled()]
        reason.help_text = "只在这一时间已有手工数据、而报告与它不同时填写；记入审核结论。"

    def clean_sampled_on(self) -> date:
        try:
            return read_day(self.cleaned_data["sampled_on"])
        except ValueError as wrong:
            raise forms.ValidationError(str(wrong)) from wrong

    def clean(self) -> dict[str, Any]:
        typed = super().clean()
        day, clock = typed.get("sampled_on"), typed.get("sampled_time", "").strip()
        if day is not None:
            try:
                typed["sampled_at"] = read_time(f"{day} {clock or '0:00'}", year=None, now=now())
            except CellError as wrong:
                self.add_error("sampled_time" if clock else "sampled_on", str(wrong))
        if self.attached is None and not self.errors.get("evidence"):
            self.add_error("evidence", "请选择监测报告。")
        return typed

    def moment(self) -> datetime:
        at = self.cleaned_data["sampled_at"]
        assert isinstance(at, datetime)
        return at

    def given(self) -> dict[str, Any]:
        """What the service takes, but the person."""
        return {
            "section": Section.objects.get(code=self.cleaned_data["section"]),
            "sampled_at": self.moment(),
            "report": self.report(),
            "evidence": self.attached.document if self.attached else None,
            "reason": self.cleaned_data["reason"],
        }


class CorrectionForm(ReportForm):
    """The sample as it was typed in, to be changed; an emptied value is withdrawn."""

    def __init__(self, *args: Any, sample: LabSample, **kwargs: Any) -> None:
        initial = {
            "laboratory": sample.laboratory,
            "number": sample.report_number,
            "method": sample.method,
            **{
                VALUE + v.indicator.code: show(v.result)
                for v in sample.values.select_related("indicator")
            },
        }
        super().__init__(*args, initial=initial, **kwargs)
        self.sample = sample
        evidence, reason = self.fields["evidence"], self.fields["reason"]
        evidence.help_text = f"不选则仍用“{sample.name}”。{evidence.help_text}"
        reason.required = True
        reason.help_text = "何处抄录有误，或检测单位何时更正了报告。"
        say_required(self)

    def given(self) -> dict[str, Any]:
        """What the service takes, but the person."""
        return {
            "sample": self.sample,
            "report": self.report(),
            "evidence": self.attached.document if self.attached else None,
            "reason": self.cleaned_data["reason"],
        }
