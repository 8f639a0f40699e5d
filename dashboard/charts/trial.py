"""What a draft would have paid month by month: bars per payer and payee."""

from collections.abc import Sequence

from dashboard.charts.template import Figure, layout
from settlements.agreements.queries.preview import TrialFlow

# Told apart by pattern as well as colour.
LOOKS = (
    ("var(--water-deep)", ""),
    ("var(--accent)", "/"),
    ("var(--class-3-line)", "x"),
    ("var(--class-5-line)", "."),
    ("var(--ink-3)", "\\"),
)


def monthly_flows(flows: Sequence[TrialFlow]) -> Figure:
    """Stacked bars in 万元; the table twin holds the exact yuan."""
    data = []
    for number, flow in enumerate(flows):
        colour, shape = LOOKS[number % len(LOOKS)]
        data.append(
            {
                "type": "bar",
                "name": flow.name,
                "x": [f"{month:%Y-%m-%d}" for month, _ in flow.points],
                "y": [float(yuan.scaleb(-4)) for _, yuan in flow.points],
                "marker": {"color": colour, "pattern": {"shape": shape}},
                "hovertemplate": f"%{{x|%Y-%m}} {flow.name}<br>%{{y:,.2f}} 万元<extra></extra>",
            }
        )
    return {
        "data": data,
        "layout": layout(
            barmode="stack", yaxis={"title": {"text": "万元"}}, margin={"l": 64, "r": 24}
        ),
    }
