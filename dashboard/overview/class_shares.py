"""The classes of the last twelve months as stacked columns, in units of a 460 × 226 drawing."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from basins.ranges import months_before
from monitoring.assessment.queries.assessments import ClassShare, MonthWater

MONTHS_SHOWN = 12
TOP, HEIGHT, LEFT, STEP, COLUMN = 10, 180, 32, 35, 28
# Per cent, the height of its line, and of its number.
GRID = tuple(
    (n, TOP + HEIGHT - HEIGHT * n // 100, TOP + HEIGHT - HEIGHT * n // 100 + 4)
    for n in (0, 25, 50, 75, 100)
)


@dataclass(frozen=True, slots=True)
class SharePart:
    water_class: int
    count: int
    y: str
    height: str
    text_y: str
    named: bool


@dataclass(frozen=True, slots=True)
class ShareColumn:
    """One month of the stacked columns, in drawing units."""

    month: date
    x: str
    middle: str
    label: str
    year: str
    parts: tuple[SharePart, ...]
    share: ClassShare
    current: bool


def recent(water: MonthWater) -> list[ClassShare | None]:
    last = water.month
    return [water.share(months_before(last, n)) for n in range(MONTHS_SHOWN - 1, -1, -1)]


def share_columns(water: MonthWater) -> tuple[ShareColumn, ...]:
    """The last twelve months as stacked columns of a 460 × 230 drawing, best class below."""
    columns: list[ShareColumn] = []
    for i, share in enumerate(recent(water)):
        if share is None or not share.total:
            continue
        parts, y = [], Decimal(TOP + HEIGHT)
        for water_class, count in enumerate(share.counts, start=1):
            if not count:
                continue
            height = Decimal(HEIGHT * count) / share.total
            y -= height
            parts.append(
                SharePart(
                    water_class=water_class,
                    count=count,
                    y=f"{y:.1f}",
                    height=f"{height:.1f}",
                    text_y=f"{y + height / 2 + 4:.1f}",
                    named=height >= 12,
                )
            )
        x = LEFT + 4 + STEP * i
        first = not columns or share.month.month == 1
        columns.append(
            ShareColumn(
                month=share.month,
                x=str(x),
                middle=str(x + COLUMN // 2),
                label=f"{share.month.month}月",
                year=str(share.month.year) if first else "",
                parts=tuple(parts),
                share=share,
                current=share.month == water.month,
            )
        )
    return tuple(columns)
