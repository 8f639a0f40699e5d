"""Forms of the uploads: the file and what is said of it, headings nobody knows, taking back."""

from typing import Any

from django import forms

from basins.digits import whole
from dashboard.forms.filters import say_required
from monitoring.ingest.services.import_job import Told
from monitoring.ingest.services.ingest import Reviewed
from monitoring.protocols.layouts import FIELD_WORDS, IGNORE, INDICATORS
from monitoring.protocols.layouts.reading_file import LARGEST
from written.moments import FORMS, ZONES

YEARS = range(1980, 2101)
REMEMBERED = "沿用该单位上次的"
ZONE_WORDS = {"Asia/Shanghai": "北京时间", "UTC": "世界时（UTC）"}


class ReadingUploadForm(forms.Form):
    file = forms.FileField(
        label="文件",
        help_text=f"CSV 或 XLSX，至多 {LARGEST // 1024 // 1024} MB；可以有多张工作表。",
    )
    sender = forms.CharField(
        label="报送单位",
        max_length=100,
        required=False,
        help_text="填写后，它的列标题含义、时间格式和时区会记住，下次自动沿用。",
        widget=forms.TextInput(attrs={"list": "senders", "autocomplete": "off"}),
    )
    year = forms.CharField(
        label="年份", max_length=4, required=False, help_text="时间里没有年份时填写，如 2024。"
    )
    time_format = forms.ChoiceField(
        label="时间格式",
        required=False,
        choices=[("", REMEMBERED), *((form or "YMD", words) for form, words in FORMS.items())],
    )
    zone = forms.ChoiceField(
        label="时区",
        required=False,
        choices=[("", REMEMBERED), *((zone, ZONE_WORDS[zone]) for zone in ZONES)],
        help_text="时间里没有写时区时按此理解。",
    )
    create_sections = forms.BooleanField(label="自动新建没有登记的断面", required=False)
    reviewed_by = forms.CharField(
        label="审核单位",
        max_length=100,
        required=False,
        help_text="只在历史数据已由别处审核时填写：像填充值的不再置为存疑。",
    )
    reviewed_document = forms.CharField(
        label="审核文件", max_length=200, required=False, help_text="文号或名称，与审核单位同填。"
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, use_required_attribute=False, **kwargs)
        say_required(self)

    def clean_year(self) -> int | None:
        typed = self.cleaned_data["year"].strip()
        year = whole(typed, 4)
        if typed and (year is None or year not in YEARS):
            raise forms.ValidationError("请填四位年份，如 2024。")
        return year

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        if bool(given.get("reviewed_by")) != bool(given.get("reviewed_document")):
            missing = "reviewed_document" if given.get("reviewed_by") else "reviewed_by"
            self.add_error(missing, f"请填写{self.fields[missing].label}，或两项都不填。")
        return given

    def told(self) -> Told:
        given = self.cleaned_data
        reviewed = None
        if given["reviewed_by"]:
            reviewed = Reviewed(given["reviewed_by"], given["reviewed_document"])
        return Told(
            year=given["year"],
            create_sections=given["create_sections"],
            sender=given["sender"].strip(),
            reviewed=reviewed,
        )

    def time_form(self) -> str | None:
        """None: as remembered."""
        typed = self.cleaned_data["time_format"]
        return None if not typed else "" if typed == "YMD" else typed

    def zone_named(self) -> str | None:
        return self.cleaned_data["zone"] or None


MEANINGS = [
    ("", "请选择"),
    (IGNORE, "不读这一列"),
    ("字段", [(name, word) for name, word in FIELD_WORDS.items() if name not in (IGNORE, "clock")]),
    (
        "指标，数值须以所写单位填报",
        [(f"value:{i.code}", f"{i.title}（{i.unit}）") for i in INDICATORS.values()],
    ),
]


UNREAD_ONLY = [("", "请选择"), (IGNORE, "不读这一列（要读它，请换算后更换文件）")]
OTHER_UNIT = "系统不自动换算"


class MappingForm(forms.Form):
    """A choice for each heading that is not known, or not as it is written; `taken` of one that is
    known stands chosen.

    An indicator is chosen with its unit: whoever chooses it says that the values are in it.
    """

    def __init__(self, headings: list[dict[str, str]], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, use_required_attribute=False, **kwargs)
        self.headings = headings
        for number, seen in enumerate(headings):
            heading = seen["heading"]
            self.fields[f"as-{number}"] = forms.ChoiceField(
                label=heading,
                # No choice makes another unit ours: the values must be converted in the file.
                choices=UNREAD_ONLY if OTHER_UNIT in seen["wrong"] else MEANINGS,
                initial=_meaning(seen["taken"]),
                help_text=f"列“{heading}”{seen['wrong']}" if seen["wrong"] else "",
                error_messages={"required": f"请选择“{heading}”是什么，或不读这一列。"},
            )

    def mapping(self) -> dict[str, Any]:
        said: dict[str, Any] = {}
        for number, seen in enumerate(self.headings):
            chosen = self.cleaned_data[f"as-{number}"]
            if chosen == _meaning(seen["taken"]):
                continue  # as it is read already
            if chosen.startswith("value:"):
                indicator = INDICATORS[chosen.removeprefix("value:")]
                said[seen["heading"]] = {"as": indicator.code, "unit": indicator.unit}
            else:
                said[seen["heading"]] = chosen
        return said


def _meaning(taken: str) -> str:
    """The choice that stands for what a heading is taken for, if it is known."""
    return f"value:{taken}" if taken in INDICATORS else taken


class UndoForm(forms.Form):
    why = forms.CharField(
        label="撤销理由",
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="会记入批次和操作记录。",
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, use_required_attribute=False, **kwargs)
        say_required(self)
