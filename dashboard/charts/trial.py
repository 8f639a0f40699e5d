"""What a draft would have paid month by month: bars per payer and payee."""

from collections.abc import Sequence
from datetime import date

from basins.ranges import months_between, next_month
from dashboard.charts.template import Figure, layout, time_ticks
from settlements.agreements.queries.preview import TrialFlow

# Told apart by pattern as well as colour.
LOOKS = (
    ("var(--water-deep)", ""),
    ("var(--accent)", "/"),
    ("var(--class-3-line)", "x"),
    ("var(--class-5-line)", "."),
    ("var(--ink-3)", "\\"),
)


A_DAY = 24 * 60 * 60 * 1000  # Plotly counts time in milliseconds
FULL = 0.84  # of its month is a bar, the rest the gap beside it


def monthly_flows(flows: Sequence[TrialFlow]) -> Figure:
    """Stacked bars in 万元, each as wide as its month, be it the only one; the table twin holds the
    exact yuan."""
    shown = sorted({month for flow in flows for month, _ in flow.points})
    axis = {}
    if shown:
        months = months_between(shown[0], shown[-1])
        end = next_month(shown[-1])
        axis = {"range": [str(shown[0]), str(end)], **time_ticks(max(len(months), 2))}
    data = []
    for number, flow in enumerate(flows):
        colour, shape = LOOKS[number % len(LOOKS)]
        data.append(
            {
                "type": "bar",
                "name": flow.name,
                "x": [f"{month:%Y-%m-%d}" for month, _ in flow.points],
                "offset": [_length(month) * (1 - FULL) / 2 for month, _ in flow.points],
                "width": [_length(month) * FULL for month, _ in flow.points],
                "y": [float(yuan.scaleb(-4)) for _, yuan in flow.points],
                "marker": {"color": colour, "pattern": {"shape": shape}},
                "hovertemplate": f"%{{x|%Y-%m}} {flow.name}<br>%{{y:,.2f}} 万元<extra></extra>",
            }
        )
    return {
        "data": data,
        "layout": layout(
            barmode="stack",
            xaxis=axis,
            yaxis={"title": {"text": "万元"}},
            margin={"l": 64, "r": 24},
        ),
    }


def _length(month: date) -> int:
    """The milliseconds of a month."""
    return (next_month(month) - month).days * A_DAY
