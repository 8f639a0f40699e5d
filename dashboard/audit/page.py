"""The forms above the two lists of the audit trail, and the lists as files."""

import csv
import io
from collections.abc import Iterable, Iterator
from datetime import datetime
from itertools import islice
from typing import Any
from urllib.parse import quote

import xlsxwriter
from django import forms
from django.db.models import QuerySet
from django.http import HttpResponse, StreamingHttpResponse
from django.utils import timezone

from basins.models import AccessEvent, AuditRecord
from dashboard.audit.words import Names, access_person, access_words, told
from dashboard.files.cells import EachLine, safe
from dashboard.forms.filters import offer
from dashboard.frame.acting import words_of_acts
from settlements.work.queries.audit import AuditFilter

AT_ONCE = 500  # records whose names are fetched together
MOST_ROWS = 100_000  # of a file; a larger one is asked for in parts
CHANGES = "变更记录"
ACCESS = "登录与导出"
HEADS = {
    CHANGES: ("时间", "操作人", "地址", "途径", "动作", "对象类型", "对象", "内容", "事由", "编号"),
    ACCESS: ("时间", "操作人", "所填用户名", "地址", "事件", "内容", "网址", "浏览器", "编号"),
}
WIDTHS = {"内容": 80, "对象": 40, "浏览器": 40, "时间": 20, "操作人": 30, "网址": 30}


class AuditFilters(forms.Form):
    """GET form; what cannot be read narrows nothing. Hidden: one object, reached by its link."""

    person = forms.CharField(label="操作人", required=False, max_length=60)
    table = forms.ChoiceField(label="对象类型", required=False)
    act = forms.ChoiceField(label="动作", required=False)
    since = forms.DateField(
        label="自",
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )
    until = forms.DateField(
        label="至",
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )
    how = forms.ChoiceField(label="途径", required=False)
    address = forms.CharField(label="地址", required=False, max_length=45)
    text = forms.CharField(label="内容", required=False, max_length=60)
    key = forms.CharField(required=False, max_length=64, widget=forms.HiddenInput)

    def __init__(self, data, *, kinds: Iterable[tuple[str, str]] | None):
        super().__init__(data)
        if kinds is None:
            del self.fields["table"], self.fields["key"], self.fields["how"]
            offer(self, "act", AccessEvent.Kind.choices)
        else:
            offer(self, "table", kinds)
            offer(self, "act", AuditRecord.Op.choices)
            offer(self, "how", [(words, words) for words in words_of_acts()])

    def chosen(self) -> AuditFilter:
        self.is_valid()
        return AuditFilter(**{k: v for k, v in self.cleaned_data.items() if v is not None})


def to_the_second(at: datetime) -> str:
    """In Asia/Shanghai."""
    return f"{timezone.localtime(at):%Y-%m-%d %H:%M:%S}"


def change_rows(records: QuerySet[AuditRecord]) -> Iterator[tuple[Any, ...]]:
    each = records.iterator(chunk_size=AT_ONCE)
    names = Names()
    while some := list(islice(each, AT_ONCE)):
        for one in told(some, names):
            record = one.record
            yield (
                to_the_second(record.at),
                one.who,
                record.address,
                record.act,
                one.op,
                one.kind,
                one.object,
                one.what,
                record.why,
                record.pk,
            )


def access_rows(events: QuerySet[AccessEvent]) -> Iterator[tuple[Any, ...]]:
    for event in events.iterator(chunk_size=AT_ONCE):
        yield (
            to_the_second(event.at),
            access_person(event),
            event.name,
            event.address,
            event.get_kind_display(),
            access_words(event),
            event.path,
            event.user_agent,
            event.pk,
        )


def as_csv(name: str, rows: Iterable[tuple[Any, ...]]) -> StreamingHttpResponse:
    """UTF-8 with a mark, so that Excel reads it."""

    def lines() -> Iterator[str]:
        writer = csv.writer(EachLine())
        yield "\ufeff" + writer.writerow(HEADS[name])
        for row in rows:
            yield writer.writerow([safe(str(cell)) for cell in row])

    return StreamingHttpResponse(
        lines(), content_type="text/csv; charset=utf-8", headers=_attached(f"{name}.csv")
    )


def as_xlsx(name: str, rows: Iterable[tuple[Any, ...]]) -> HttpResponse:
    """One sheet, its head frozen; every cell is text, so nothing in it is a formula."""
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out, {"constant_memory": True})
    sheet = book.add_worksheet(name)
    sheet.freeze_panes(1, 0)
    bold = book.add_format({"bold": True})
    for column, head in enumerate(HEADS[name]):
        sheet.set_column(column, column, WIDTHS.get(head, 14))
        sheet.write_string(0, column, head, bold)
    for number, row in enumerate(rows, start=1):
        for column, cell in enumerate(row):
            sheet.write_string(number, column, str(cell)[:32_767])
    book.close()
    return HttpResponse(
        out.getvalue(),
        content_type="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        headers=_attached(f"{name}.xlsx"),
    )


FORMATS = {"csv": as_csv, "xlsx": as_xlsx}


def _attached(name: str) -> dict[str, str]:
    return {"Content-Disposition": f"attachment; filename*=UTF-8''{quote(name)}"}
