"""Bars of a comparison by year: what happened beside what would have, drawn by the server.

Numbers are user units of the viewBox, WIDTH × 240; amounts are Decimal yuan.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from settlements.money import format_wan
from settlements.scenarios.comparison import NetFigure

WIDTH, LEFT, TOP, BOTTOM = 1180, 72, 16, 208
# A bar is no wider, so that a single year is no wall; narrower than a word, its end has none.
WIDEST, WORD = Decimal(72), Decimal(26)


@dataclass(frozen=True, slots=True)
class NetBar:
    x: str
    y: str
    width: str
    height: str
    label: str
    scenario: bool
    # The word at its end, with the place of its middle and its baseline; "" where it has no room or no height.
    word: str
    word_x: str
    word_y: str


@dataclass(frozen=True, slots=True)
class YearBars:
    bars: tuple[NetBar, ...]
    ticks: tuple[tuple[str, str], ...]  # x, year
    grid: tuple[tuple[str, str, bool], ...]  # y, 万元, whether it is zero
    label: str


def year_bars(figures: Sequence[NetFigure], party: str) -> YearBars | None:
    """Two bars a year around the line of zero; None where every amount is zero."""
    amounts = [a for f in figures for a in (f.actual, f.scenario)]
    if not any(amounts):
        return None
    high, low = max([*amounts, Decimal(0)]), min([*amounts, Decimal(0)])
    step = _step(high - low)
    top = step * -(-high // step) if high else Decimal(0)
    floor = step * (low // step) if low else Decimal(0)
    if low % step:
        floor -= step
    scale = Decimal(BOTTOM - TOP) / (top - floor)

    def y(amount: Decimal) -> Decimal:
        return TOP + (top - amount) * scale

    each = Decimal(WIDTH - LEFT - 10) / len(figures)
    width = min(each * Decimal("0.32"), WIDEST)
    bars, ticks = [], []
    for number, figure in enumerate(figures):
        middle = LEFT + each * number + each / 2
        for scenario, amount in ((False, figure.actual), (True, figure.scenario)):
            what = "情景" if scenario else "实际"
            x = middle + 2 if scenario else middle - 2 - width
            bars.append(
                NetBar(
                    x=f"{x:.1f}",
                    y=f"{min(y(amount), y(Decimal(0))):.1f}",
                    width=f"{width:.1f}",
                    height=f"{abs(amount) * scale:.1f}",
                    label=f"{figure.label} {what} {format_wan(amount)} 万元",
                    scenario=scenario,
                    word=what if amount and width >= WORD else "",
                    word_x=f"{x + width / 2:.1f}",
                    word_y=f"{y(amount) + (12 if amount < 0 else -4):.1f}",
                )
            )
        ticks.append((f"{middle:.1f}", figure.label.removesuffix("年")))
    count = int((top - floor) / step)
    return YearBars(
        bars=tuple(bars),
        ticks=tuple(ticks),
        grid=tuple(
            (f"{y(at):.1f}", format_wan(at).removesuffix(".00"), at == 0)
            for at in (floor + step * n for n in range(count + 1))
        ),
        label=f"{party}各年净额，实际与情景，万元",
    )


def _step(span: Decimal) -> Decimal:
    """1, 2 or 5 times a power of ten, so that there are three to six lines."""
    power = Decimal(1).scaleb(span.adjusted())
    return next(s for s in (power / 5, power / 2, power, power * 2, power * 5) if span / s <= 5)
