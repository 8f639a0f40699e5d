"""Readings of a section as CSV, streamed: UTF-8 with a mark so that Excel opens it as such."""

import csv
from collections.abc import Iterable, Iterator
from urllib.parse import quote

from django.http import StreamingHttpResponse

from dashboard.charts.periods import Period
from dashboard.files.cells import EachLine, safe
from dashboard.templatetags.figures import local_time, water_numeral
from monitoring.models import Section
from monitoring.sections.queries.sections import MeasuredIndicator
from monitoring.sections.queries.series import ReadingLine

HEAD = ("断面编码", "断面", "指标", "单位", "采样时间", "来源", "数值", "类别", "质量标识", "说明")


def readings_csv(
    section: Section, indicator: MeasuredIndicator, period: Period, lines: Iterable[ReadingLine]
) -> StreamingHttpResponse:
    name = f"{section.name}-{indicator.name}-{period.first}-{period.last}.csv"
    return StreamingHttpResponse(
        _rows(section, indicator, lines),
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f"attachment; filename*=UTF-8''{quote(name)}"},
    )


def _rows(
    section: Section, indicator: MeasuredIndicator, lines: Iterable[ReadingLine]
) -> Iterator[str]:
    writer = csv.writer(EachLine())
    yield "\ufeff" + writer.writerow(HEAD)
    name = f"{section.name}*" if section.is_demo else section.name
    front = [safe(section.code), safe(name), indicator.name, indicator.unit]
    for line in lines:
        yield writer.writerow(
            [
                *front,
                local_time(line.sampled_at),
                line.origin,
                line.shown,  # a number, or a number with L
                water_numeral(line.water_class),
                line.flag_label,
                line.note or "-",
            ]
        )
