"""Charts: what stands on their axes, and how wide a month is drawn."""

import json
import re
from datetime import date, datetime, timedelta
from decimal import Decimal

import plotly.graph_objects as go
import pytest

from dashboard.charts.template import layout, time_ticks
from dashboard.charts.trial import monthly_flows
from settlements.agreements.queries.preview import TrialFlow

FEBRUARY, MARCH = date(2024, 2, 1), date(2024, 3, 1)


def spans(figure: dict) -> list[tuple[datetime, datetime]]:
    """From when to when each bar is drawn."""
    found = []
    for bars in figure["data"]:
        for x, offset, width in zip(bars["x"], bars["offset"], bars["width"], strict=True):
            begin = datetime.fromisoformat(x) + timedelta(milliseconds=offset)
            found.append((begin, begin + timedelta(milliseconds=width)))
    return found


@pytest.mark.parametrize("months", [[FEBRUARY], [FEBRUARY, MARCH]])
def test_a_bar_is_as_wide_as_its_month_be_it_the_only_one(months):
    figure = monthly_flows(
        [TrialFlow("上游区 → 下游区", tuple((m, Decimal(10000)) for m in months))]
    )
    for month, (begin, end) in zip(months, spans(figure), strict=True):
        assert begin.date().replace(day=1) == end.date().replace(day=1) == month
        assert timedelta(24) < end - begin < timedelta(29)
    last = {1: "2024-03-01", 2: "2024-04-01"}[len(months)]
    assert figure["layout"]["xaxis"]["range"] == ["2024-02-01", last]
    drawn = json.loads(re.sub(r"var\(--[\w-]+\)", "#123456", json.dumps(figure)))
    assert len(go.Figure(drawn).data) == 1


@pytest.mark.parametrize(
    ("months", "marks"),
    [(1, "%-m月%-d日"), (15, "%-m月\n%Y年"), (40, "%-m月\n%Y年"), (41, "%Y年")],
)
def test_the_marks_of_time_are_chinese(months, marks):
    assert time_ticks(months)["tickformat"] == marks
    assert layout()["xaxis"]["tickformat"].endswith("%Y年")
