"""What all our Plotly figures share. Colours are tokens: chart.js reads them from the page's CSS.

Figures are plain dicts of Plotly's schema (a test checks them against it); numbers in them are
floats, for drawing alone.
"""

from decimal import Decimal
from typing import Any

INK, INK_2, INK_3 = "var(--ink)", "var(--ink-2)", "var(--ink-3)"
PAPER, RULE, STRUCTURE = "var(--paper)", "var(--rule)", "var(--water-deep)"
RAW, BAD, TARGET = "var(--series-raw)", "var(--series-bad)", "var(--accent)"
CLASS_FILLS = {n: f"var(--class-{n})" for n in range(1, 7)}
# Lines of what is compared: told apart by dash as well as colour.
OTHERS = (
    ("var(--class-5-line)", "dot"),
    ("var(--class-3-line)", "dashdot"),
    ("var(--ink-3)", "longdash"),
)

# Days, months and years on an axis of time, as d3 formats them.
DAY, MONTH, YEAR = "%-m月%-d日", "%-m月\n%Y年", "%Y年"
LABELLED_MONTHS = 15  # more monthly figures than that would cover each other
QUARTERLY = 40  # months that still have a mark each quarter

Figure = dict[str, Any]


def time_ticks(months: int) -> dict[str, Any]:
    """Marks of an axis of that many months: of days within one, then months, quarters, years."""
    if months <= 1:
        return {"tickformat": DAY}
    if months <= LABELLED_MONTHS:
        return {"dtick": "M1", "tickformat": MONTH, "ticklabelmode": "period"}
    if months <= QUARTERLY:
        return {"dtick": "M3", "tickformat": MONTH, "ticklabelmode": "period"}
    return {"dtick": "M12", "tickformat": YEAR, "ticklabelmode": "period"}


def layout(**own: Any) -> dict[str, Any]:
    """The shared layout with a figure's own parts laid over it."""
    shared: dict[str, Any] = {
        "font": {"family": "var(--font)", "size": 12, "color": INK_2},
        "margin": {"l": 48, "r": 72, "t": 24, "b": 64},
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
        "hovermode": "closest",
        "hoverlabel": {"bgcolor": PAPER, "bordercolor": INK, "font": {"color": INK}},
        "dragmode": False,
        "legend": {"orientation": "h", "y": -0.14, "x": 0, "font": {"size": 12}},
        "showlegend": True,
        "xaxis": {
            "type": "date",
            "tickformat": MONTH,  # left to itself Plotly names months in English
            "showgrid": False,
            "linecolor": INK,
            "fixedrange": True,
        },
        "yaxis": {"gridcolor": RULE, "zeroline": False, "fixedrange": True},
    }
    for name, value in own.items():
        shared[name] = {**shared[name], **value} if isinstance(shared.get(name), dict) else value
    return shared


def drawn(value: Decimal) -> float:
    """A concentration as a chart takes it."""
    return float(value)
