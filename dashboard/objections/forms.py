"""Forms of objections, decisions, joint samples and the review of data: typed words to values."""

from collections.abc import Iterable
from datetime import date, datetime, time, timedelta
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.functional import cached_property

from basins.models import Jurisdiction
from dashboard.forms.filters import ALL, offer, say_required
from dashboard.forms.values import read_day, read_percent
from dashboard.templatetags.figures import result
from monitoring.models import Indicator, Section
from monitoring.screening.services.verdicts import ReadingKey, VerdictRefused
from monitoring.standards.detection import MeasuredValue, parse
from settlements.accruals.services.rulings import GROUNDS as FITTING
from settlements.models import MonthRuling, Objection
from settlements.moving.documents import LARGEST, MEGABYTE
from settlements.objections.kinds import GROUNDS, ObjectionKind, ground_of
from settlements.objections.queries.objections import ObjectionLine, ObjectionPage
from settlements.objections.services.decisions import Treatment, awaited
from settlements.objections.services.objections import LONGEST
from written.moments import has_clock, read_time

CHOOSE = ("", "请选择")


class PlainForm(forms.Form):
    """Says in its own words what is missing; the browser asks nothing."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, use_required_attribute=False, **kwargs)
        say_required(self)


def number(text: str) -> MeasuredValue:
    """A laboratory's result, with the mark of 未检出 where it has one."""
    try:
        return parse(text)
    except ValueError as wrong:
        raise forms.ValidationError(str(wrong)) from wrong


def moment(text: str) -> datetime:
    """ "2023-04-15 10:00" (or a day alone: its noon) in Asia/Shanghai."""
    try:
        if not has_clock(text):
            return datetime.combine(read_day(text), time(12), timezone.get_default_timezone())
        if (at := read_time(text, year=None, now=timezone.now())) is not None:
            return at
    except ValueError as wrong:
        if not has_clock(text):
            raise forms.ValidationError(str(wrong)) from wrong
    raise forms.ValidationError(f"“{text}”不是时间，或还没有到；请填如 2023-04-15 10:00。")


class ObjectionFilters(forms.Form):
    state = forms.ChoiceField(
        label="状态", required=False,
        choices=[*ALL, ("open", "待裁决（全部）"), *Objection.State.choices],
    )  # fmt: skip
    kind = forms.ChoiceField(label="种类", required=False, choices=[*ALL, *Objection.Kind.choices])
    agreement = forms.ChoiceField(label="协议", required=False)
    section = forms.ChoiceField(label="断面", required=False)
    year = forms.ChoiceField(label="年度", required=False)

    def __init__(self, data, rows):
        super().__init__(data)
        sections = dict(rows.order_by().values_list("section__code", "section__name"))
        offer(self, "section", sorted(sections.items()))
        agreements = dict(
            rows.order_by().values_list("month__agreement__code", "month__agreement__title")
        )
        offer(self, "agreement", sorted(agreements.items()))
        years = sorted({d.year for d in rows.values_list("month__month", flat=True)}, reverse=True)
        offer(self, "year", [(str(y), f"{y}年") for y in years])


class ChooseForm(PlainForm):
    """Which section and kind: the rest of the form follows from them."""

    section = forms.ChoiceField(label="断面")
    kind = forms.ChoiceField(label="种类", choices=[CHOOSE, *Objection.Kind.choices])

    def __init__(self, data, sections: Iterable[Section]):
        super().__init__(data)
        found = self.fields["section"]
        assert isinstance(found, forms.ChoiceField)
        found.choices = [(s.code, s.name) for s in sections]


class ReadingFilter(forms.Form):
    """Which readings of the period are listed to choose from: an indicator that was measured, a
    range of days, those beyond their limit alone."""

    indicator = forms.ChoiceField(label="指标", required=False)
    since = forms.CharField(label="采样日起", required=False, max_length=20)
    until = forms.CharField(label="止", required=False, max_length=20)
    over = forms.BooleanField(label="只看超过限值的", required=False)

    def __init__(self, data, *, indicators: Iterable[Indicator], bounds, lead: str = "") -> None:
        given = data.copy()
        if lead:
            given["indicator"] = lead
        super().__init__(given, auto_id="choose_%s")
        found = self.fields["indicator"]
        assert isinstance(found, forms.ChoiceField)
        found.choices = [("", "全部"), *((i.code, i.name) for i in indicators)]
        self.bounds = bounds
        self.is_valid()

    def _day(self, name: str) -> datetime | None:
        text = self.cleaned_data.get(name) or ""
        if not text.strip():
            return None
        try:
            day = read_day(text)
        except ValueError as wrong:
            self.add_error(name, str(wrong))
            return None
        return datetime.combine(day, time(), timezone.get_default_timezone())

    @cached_property
    def span(self) -> tuple[datetime, datetime]:
        """[first, end) of the days asked for, within the period."""
        first, end = self.bounds
        since, until = self._day("since"), self._day("until")
        first = max(first, since) if since else first
        end = min(end, until + timedelta(days=1)) if until else end
        return (first, end) if first < end else self.bounds

    @property
    def chosen(self) -> str:
        """Code of the indicator; '' for all."""
        return self.cleaned_data.get("indicator") or ""

    @property
    def beyond_alone(self) -> bool:
        return bool(self.cleaned_data.get("over"))


class ObjectionForm(PlainForm):
    """Built from the kind: ground, readings and party only where they are asked for."""

    reason = forms.CharField(
        label="理由", max_length=LONGEST, widget=forms.Textarea(attrs={"rows": 4}),
        help_text="哪些数据、何处不对、依据什么；协议各方与市局可见。",
    )  # fmt: skip

    def __init__(
        self, data, *, kind: ObjectionKind, lines: list[ObjectionLine], parties=(), initial=None
    ):
        super().__init__(data, initial=initial)
        if parties:
            for_absent(self, parties)
        if kind.needs_ground:
            self.fields["ground"] = forms.ChoiceField(
                label="剔除的事由", choices=[CHOOSE, *GROUNDS.items()]
            )
        # Ticked in the table of readings, not drawn as a field.
        self.fields["readings"] = forms.MultipleChoiceField(
            label="有异议的数据", required=kind.needs_readings,
            choices=[(line.key.text, line.indicator) for line in lines],
            widget=forms.CheckboxSelectMultiple,
        )  # fmt: skip
        self.fields["listed"] = forms.BooleanField(required=False)
        self.listed = [line.key.text for line in lines]
        self.order_fields(["party", "document", "ground", "reason", "readings"])
        say_required(self)
        self.fields["readings"].required = False
        self.needs_readings = kind.needs_readings

    def clean(self):
        """选中所列全部 stands for every reading that is listed."""
        typed = super().clean() or {}
        if typed.get("listed"):
            typed["readings"] = self.listed
        if self.needs_readings and not typed.get("readings"):
            self.add_error("readings", "请选择有异议的数据，至少一条。")
        return typed

    def keys(self) -> list[ReadingKey]:
        return [ReadingKey.parse(text) for text in self.cleaned_data.get("readings", [])]


def for_absent(form: forms.Form, parties: Iterable[Jurisdiction], own: str = "") -> None:
    """代为登记: which party without a person here, by which document. own: words for nobody."""
    form.fields["party"] = forms.ChoiceField(
        label="代登记的一方", required=not own,
        choices=[*([("", own)] if own else []), *((p.code, p.name) for p in parties)],
        help_text="没有自己经办人的一方；须有其书面文件。",
    )  # fmt: skip
    form.fields["document"] = forms.CharField(label="文号", max_length=80, required=not own)


class EvidenceForm(PlainForm):
    item = forms.ChoiceField(label="证据项")
    file = forms.FileField(
        label="文件", help_text="PDF、PNG 或 JPEG，至多 20 MB；看内容，不看扩展名。"
    )

    def __init__(self, *args, kind: ObjectionKind, **kwargs):
        super().__init__(*args, **kwargs)
        found = self.fields["item"]
        assert isinstance(found, forms.ChoiceField)
        found.choices = [
            (i.key, f"{i.title}{'（必需）' if i.required else ''}") for i in kind.evidence
        ]


class ReplyForm(PlainForm):
    """What a side says; the bureau may enter it for `parties`, who have nobody here."""

    text = forms.CharField(
        label="内容", max_length=LONGEST, widget=forms.Textarea(attrs={"rows": 3})
    )

    def __init__(self, *args, parties: Iterable[Jurisdiction] = (), **kwargs):
        super().__init__(*args, **kwargs)
        if parties:
            for_absent(self, parties, own="市局自己的说明")
            say_required(self)

    def clean(self):
        typed = super().clean() or {}
        if typed.get("party") and not (typed.get("document") or "").strip():
            self.add_error("document", "请填写该方书面文件的文号。")
        return typed


class WithdrawForm(PlainForm):
    why = forms.CharField(label="说明", max_length=500, required=False)


OUTCOMES = [
    ("accept", "采纳：处理数据并重算，有无调整见试算"),
    ("reject", "驳回：数据不变"),
    ("remeasure", "责令复测：结果录入后再裁决"),
]
READING = {"invalidate": "判为无效", "correct": "更正为", "accept": "判为有效"}


class DecisionForm(PlainForm):
    """The outcome with its reason, and for acceptance a treatment of each reading in question."""

    outcome = forms.ChoiceField(label="裁决", choices=OUTCOMES, widget=forms.RadioSelect)
    reason = forms.CharField(
        label="理由", max_length=LONGEST, widget=forms.Textarea(attrs={"rows": 3}),
        help_text="写入裁决，各方可见。",
    )  # fmt: skip

    def __init__(self, data, *, page: ObjectionPage):
        super().__init__(data)
        self.page = page
        if page.remeasuring:
            outcome = self.fields["outcome"]
            assert isinstance(outcome, forms.ChoiceField)
            outcome.choices = OUTCOMES[:2]
        self.awaited = awaited(page.objection)
        if self.awaited:
            self.fields["unheard"] = forms.CharField(
                label="提前裁决的理由", required=False, max_length=500,
                help_text=f"{'、'.join(self.awaited)}尚未答复，答复期至"
                f" {page.objection.evidence_until}；采纳或驳回须写明为何不等。",
            )  # fmt: skip
        fitting = page.kind.treatments
        if len(page.readings) > 1 and "invalidate" in fitting:
            self.fields["all"] = forms.ChoiceField(
                label="有异议的数据", required=False,
                choices=[("", "逐条处理"), ("invalidate", "现为有效的全部判为无效")],
            )  # fmt: skip
        offered = [("", "不变"), *((k, w) for k, w in READING.items() if k in fitting)]
        for n, each in enumerate(page.readings):
            line = each["line"]
            self.fields[f"do-{n}"] = forms.ChoiceField(
                label=f"{line.indicator} {timezone.localtime(line.at):%m-%d %H:%M}"
                f"（{line.origin}，{result(line.result)} {line.unit}，{line.flag}）",
                required=False, choices=offered,
            )  # fmt: skip
            if "correct" in fitting:
                self.fields[f"value-{n}"] = forms.CharField(
                    label=f"更正为（{line.unit or '无单位'}）", required=False, max_length=24
                )
        if "joint" in fitting and page.samples:
            self.fields["sample"] = forms.ChoiceField(
                label="联合监测", required=False,
                choices=[("", "不采用"), *((str(s.pk), str(s.sample)) for s in page.samples)],
                help_text="采用值计入评价，同一指标有异议的数据判为无效。",
            )  # fmt: skip
        if "exclude" in fitting:
            states = [(s.value, s.label) for s in FITTING]
            self.fields["state"] = forms.ChoiceField(
                label="认定月度状态", required=False, choices=[("", "不认定"), *states]
            )
            self.fields["ground"] = forms.ChoiceField(
                label="事由", required=False, choices=[CHOOSE, *MonthRuling.Ground.choices],
                initial=ground_of(page.objection.reason),
            )  # fmt: skip
            if len(page.months) > 1:
                self.fields["month"] = forms.ChoiceField(
                    label="认定的月份", required=False,
                    choices=[CHOOSE, *((f"{m:%Y-%m}", f"{m.year}年{m.month}月") for m in page.months)],
                    help_text="按年核算的结果，认定其中一个月；该月不计入年均值。",
                )  # fmt: skip
        say_required(self)

    def clean(self):
        typed = super().clean() or {}
        deciding = typed.get("outcome") in ("accept", "reject")
        if self.awaited and deciding and not (typed.get("unheard") or "").strip():
            self.add_error("unheard", "对方尚未答复，答复期未满；请写明提前裁决的理由，或等待。")
        if typed.get("outcome") != "accept":
            return typed
        for n, _ in enumerate(self.page.readings):
            if typed.get(f"do-{n}") == "correct":
                try:
                    typed[f"number-{n}"] = number(typed.get(f"value-{n}", "") or "")
                except forms.ValidationError as wrong:
                    self.add_error(f"value-{n}", _corrected(typed.get(f"value-{n}"), wrong))
        if typed.get("state") and not typed.get("ground"):
            self.add_error("ground", "请选择事由。")
        if typed.get("state") and "month" in self.fields and not typed.get("month"):
            self.add_error("month", "请选择认定哪一个月。")
        return typed

    @property
    def lines(self) -> list[dict[str, Any]]:
        """Each reading with its two fields, the second where a value can be corrected."""
        return [
            {
                "line": each["line"],
                "do": self[f"do-{n}"],
                "value": self[f"value-{n}"] if f"value-{n}" in self.fields else None,
            }
            for n, each in enumerate(self.page.readings)
        ]

    @property
    def of_readings(self) -> list[str]:
        """Names of the fields that say what is done to the readings."""
        return [name for name in self.fields if name.startswith(("all", "do-", "value-"))]

    @property
    def treats_one(self) -> bool:
        """Something was chosen or is wrong for a single reading: its row has to be seen."""
        return any(
            self[name].errors or self.data.get(name) for name in self.of_readings if name != "all"
        )

    def treatment(self) -> list[Treatment]:
        typed = self.cleaned_data
        found = []
        for n, each in enumerate(self.page.readings):
            line, do = each["line"], typed.get(f"do-{n}", "")
            if not do and line.valid and not each["measured"]:
                do = typed.get("all", "")
            if do:
                found.append(Treatment(do, reading=line.key, value=typed.get(f"number-{n}")))
        if typed.get("sample"):
            found.insert(0, Treatment("joint", sample=int(typed["sample"])))
        if typed.get("state"):
            month = date.fromisoformat(f"{typed['month']}-01") if typed.get("month") else None
            found.append(
                Treatment("exclude", state=typed["state"], ground=typed["ground"], month=month)
            )
        return found


class RemeasurementForm(PlainForm):
    text = forms.CharField(
        label="复测结果", max_length=LONGEST, widget=forms.Textarea(attrs={"rows": 3}),
        help_text="由谁、何时、依据什么方法复测，结果如何。",
    )  # fmt: skip
    indicator = forms.ChoiceField(label="指标", required=False)
    sampled_at = forms.CharField(
        label="采样时间", required=False, max_length=20,
        help_text="本期之内才作数据；他期的复测只写在上面。",
    )  # fmt: skip
    value = forms.CharField(label="数值", required=False, max_length=24)

    def __init__(self, data=None):
        super().__init__(data)
        indicators_of(self, "不录数据")

    def clean(self):
        typed = super().clean() or {}
        if not typed.get("indicator"):
            return typed
        for name, read in (("sampled_at", moment), ("value", number)):
            try:
                typed[name] = read(typed.get(name) or "")
            except forms.ValidationError as wrong:
                self.add_error(name, wrong)
        return typed


class JointForm(PlainForm):
    section = forms.ChoiceField(label="断面")
    indicator = forms.ChoiceField(label="指标")
    sampled_at = forms.CharField(label="采样时间", max_length=20, help_text="如 2023-04-15 10:00。")
    upstream = forms.CharField(
        label="上游方结果", max_length=24, help_text="按指标的单位；未检出填检出限加 L，如 0.025L。"
    )
    downstream = forms.CharField(label="下游方结果", max_length=24)
    agreed_error = forms.CharField(
        label="约定相对误差", max_length=12, help_text="百分数，如 20；误差为 |a−b| ÷ 均值。"
    )
    reserve = forms.CharField(
        label="留样结果", required=False, max_length=24,
        help_text="超出约定误差时以留样为准；尚未检测可以以后补录。",
    )  # fmt: skip

    def __init__(self, data=None, *, sections, initial=None):
        super().__init__(data, initial=initial)
        found = self.fields["section"]
        assert isinstance(found, forms.ChoiceField)
        found.choices = [(s.code, s.name) for s in sections]
        indicators_of(self, "请选择")

    def clean_sampled_at(self):
        return moment(self.cleaned_data["sampled_at"])

    def clean_upstream(self):
        return number(self.cleaned_data["upstream"])

    def clean_downstream(self):
        return number(self.cleaned_data["downstream"])

    def clean_reserve(self):
        text = self.cleaned_data["reserve"]
        return number(text) if text.strip() else None

    def clean_agreed_error(self):
        try:
            return read_percent(self.cleaned_data["agreed_error"])
        except ValueError as wrong:
            raise forms.ValidationError(str(wrong)) from wrong

    def given(self) -> dict:
        typed = self.cleaned_data
        return {
            **{n: typed[n] for n in
               ("sampled_at", "upstream", "downstream", "agreed_error", "reserve")},
            "section": Section.objects.get(code=typed["section"]),
            "indicator": Indicator.objects.get(code=typed["indicator"]),
        }  # fmt: skip


class ReserveForm(PlainForm):
    reserve = forms.CharField(label="留样结果", max_length=24)

    def clean_reserve(self):
        return number(self.cleaned_data["reserve"])


class ReviewFilters(forms.Form):
    section = forms.ChoiceField(label="断面", required=False)
    month = forms.CharField(label="月份", required=False, max_length=10)
    indicator = forms.ChoiceField(label="指标", required=False)

    def __init__(self, data, sections):
        super().__init__(data)
        found = self.fields["section"]
        assert isinstance(found, forms.ChoiceField)
        found.choices = [(s.code, s.name) for s in sections]
        indicators_of(self, "全部")


class JudgeForm(PlainForm):
    outcome = forms.ChoiceField(
        label="结论", widget=forms.RadioSelect,
        choices=[("accepted", "有效"), ("invalidated", "无效"), ("corrected", "更正为")],
    )  # fmt: skip
    value = forms.CharField(
        label="更正后的值",
        required=False,
        max_length=24,
        help_text="仅“更正为”须填；未检出填 0.025L。",
    )
    reason = forms.CharField(label="理由", max_length=500, widget=forms.Textarea(attrs={"rows": 3}))
    evidence = forms.FileField(
        label="证据",
        required=False,
        help_text=f"原始记录、复测报告或来函；PDF、PNG 或 JPEG，至多 {LARGEST // MEGABYTE} MB。"
        "更正数值必附。",
    )

    def clean(self):
        typed = super().clean() or {}
        typed["number"] = None
        if typed.get("outcome") == "corrected":
            try:
                typed["number"] = number(typed.get("value") or "")
            except forms.ValidationError as wrong:
                self.add_error("value", _corrected(typed.get("value"), wrong))
        return typed


def _corrected(text: str | None, wrong: forms.ValidationError) -> forms.ValidationError | str:
    return wrong if text else "请填写更正后的值，如 0.8；未检出填 0.025L。"


def indicators_of(form: forms.Form, blank: str) -> None:
    field = form.fields["indicator"]
    assert isinstance(field, forms.ChoiceField)
    field.choices = [
        ("", blank),
        *((i.code, f"{i.name}（{i.unit}）" if i.unit else i.name) for i in
          Indicator.objects.order_by("order")),
    ]  # fmt: skip


def key_of(text: str) -> ReadingKey | None:
    try:
        return ReadingKey.parse(text)
    except VerdictRefused:
        return None
