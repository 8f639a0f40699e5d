"""Forms of the figures' pages: filters, one figure, a file."""

import csv
import io

from django import forms

from dashboard.forms.filters import offer, say_required
from monitoring.figures import FIGURES, PARTY
from monitoring.observations.services.observation_file import (
    COLUMNS,
    NAME,
    PERIOD,
    SOURCE,
    VALUE,
    WHOSE,
    Typed,
    Understood,
    WrongFigure,
    read_whole,
)
from written.text import FileError

MOST_ROWS = 2000  # on a page; larger files go through the command
FIELDS = {WHOSE: "whose", NAME: "name", PERIOD: "period", VALUE: "value", SOURCE: "source"}


class ObservationFilters(forms.Form):
    section = forms.ChoiceField(label="断面", required=False)
    year = forms.ChoiceField(label="年度", required=False)
    name = forms.ChoiceField(label="指标", required=False)

    def __init__(self, data, sections, years, names):
        super().__init__(data)
        offer(self, "section", sections)
        offer(self, "year", years)
        offer(self, "name", names)


class ObservationForm(forms.Form):
    """One figure as typed; what it means is for the service to say."""

    name = forms.ChoiceField(
        label="指标",
        choices=[
            ("", "请选择"),
            *(
                (f.name, f"{f.label}（{'行政区' if f.of == PARTY else '断面'}）")
                for f in FIGURES.values()
            ),
        ],
    )
    whose = forms.CharField(
        label="断面或行政区", max_length=60, help_text="断面或行政区的编码或名称。"
    )
    period = forms.CharField(
        label="期间", max_length=20, help_text="月如 2023-05、2023年5月；年如 2023。"
    )
    value = forms.CharField(
        label="数值", max_length=40, help_text="可带单位和千分位，如 1,250万m³、96.5%、2.4。"
    )
    source = forms.CharField(
        label="出处", max_length=200, help_text="哪一份报表、文件或认定，如“水文站 5 月月报”。"
    )

    def __init__(self, *args, **kwargs):
        super().__init__(*args, use_required_attribute=False, **kwargs)
        say_required(self)

    def typed(self) -> Typed:
        given = self.cleaned_data
        return Typed(1, *(given[FIELDS[column]] for column in COLUMNS))

    def take(self, wrong: list[WrongFigure]) -> None:
        """Put what the service found wrong beside its field."""
        for one in wrong:
            self.add_error(FIELDS[one.field], one.message)


class UploadForm(forms.Form):
    file = forms.FileField(
        label="文件", help_text=f"CSV 或 XLSX，至多 {MOST_ROWS:,} 行；列：{'、'.join(COLUMNS)}。"
    )

    def __init__(self, *args, **kwargs):
        super().__init__(*args, use_required_attribute=False, **kwargs)
        say_required(self)

    unread: tuple[str, ...] = ()  # sheets of the file without the headings

    def rows(self) -> list[Typed]:
        """The file's rows; adds its fault to the form and gives none where there is one."""
        file = self.cleaned_data["file"]
        try:
            whole = read_whole(file.read(), file.name)
        except FileError as error:
            self.add_error("file", str(error))
            return []
        self.unread, found = whole.unread, whole.rows
        if len(found) > MOST_ROWS:
            self.add_error(
                "file",
                f"有 {len(found):,} 行，网页一次至多 {MOST_ROWS:,} 行；"
                "请分成几份，或由管理员用命令 import_observations 导入。",
            )
            return []
        return found


def kept(rows: list[Typed]) -> str:
    """The rows as CSV text, to come back with the confirmation."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(COLUMNS)
    writer.writerows((r.whose, r.name, r.period, r.value, r.source) for r in rows)
    return out.getvalue()


def understood_line(row: Understood, before) -> dict:
    """One figure as the 核对 page shows it: what is live now, and what it would be."""
    changes = before is not None and before.value != row.value
    return {
        "row": f"{row.sheet} {row.row}".strip(),
        "whose": row.whose,
        "label": row.figure.label,
        "period": row.period,
        "yearly": row.yearly,
        "value": row.value,
        "like_a_fill": row.like_a_fill,
        "unit": row.figure.unit,
        "source": row.source,
        "before": before.value if before is not None else None,
        "what": "更正" if changes else "未变" if before is not None else "新增",
        "kind": "waiting" if changes else "none" if before is not None else "open",
    }
