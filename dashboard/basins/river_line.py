"""A river drawn as a straight line from source to mouth: districts, inflows, border sections."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from dashboard.map.labels import text_width
from dashboard.templatetags.figures import water_label, water_numeral
from monitoring.sections.queries.rivers import RiverPage

WIDTH, EDGE = 1312, 40  # units; the line runs between the edges
BAND = 8  # top of the districts' band
BAND_END = 36
ROW = 16
OUTSIDE_ROWS = (0, 1)  # of names too wide for their stretch, under the band
INFLOW_ROWS = (0, 1, 2)
SECTION_ROWS = (0, 1, 2, 3)


@dataclass(frozen=True, slots=True)
class DrawnDistrict:
    name: str
    x: str
    width: str
    middle: str
    name_y: str
    tick: bool
    own: bool


@dataclass(frozen=True, slots=True)
class Stretch:
    x1: str
    x2: str
    css: str


@dataclass(frozen=True, slots=True)
class Mark:
    """A section or an inflow and where its words stand."""

    code: str
    x: str
    text: str
    text_x: str
    text_y: str
    line_y: str
    line_end: str = ""
    head_y: str = ""
    css: str = ""
    numeral: str = ""
    dark: bool = False
    worse: bool = False
    words: str = ""


@dataclass(frozen=True, slots=True)
class DrawnRiver:
    width: int
    height: int
    river: int  # height at which the river runs
    words: str
    districts: tuple[DrawnDistrict, ...]
    stretches: tuple[Stretch, ...]
    inflows: tuple[Mark, ...]
    sections: tuple[Mark, ...]
    source_km: str
    mouth_km: str


def river_line(page: RiverPage) -> DrawnRiver | None:
    """The drawing; None for a river without reaches or length."""
    length = page.reaches[-1].to_km if page.reaches else Decimal(0)
    if not length:
        return None

    def x_of(km: Decimal) -> float:
        return EDGE + float(min(km, length) / length) * (WIDTH - 2 * EDGE)

    districts, below = _districts(page, x_of)
    inflows, river = _inflows(page, x_of, below)
    sections, lowest = _sections(page, x_of, river)
    return DrawnRiver(
        width=WIDTH,
        height=lowest + 14,
        river=river,
        words=f"{page.name}自源头至河口：{'、'.join(r.name for r in page.reaches)}；"
        "断面类别与目标见下表",
        districts=districts,
        stretches=tuple(
            Stretch(
                f"{x_of(r.from_km):.1f}",
                f"{x_of(r.to_km):.1f}",
                f"river-{r.water_class}" if r.water_class else "",
            )
            for r in page.reaches
        ),
        inflows=inflows,
        sections=sections,
        source_km="0 km",
        mouth_km=f"{length.normalize():f} km",
    )


def rows_of(texts: Sequence[tuple[float, str]], rows: Sequence[int]) -> list[tuple[float, int]]:
    """Middle and row of each (x, text), from left to right: the first row with room there,
    else the one that has been free longest."""
    free = [float("-inf")] * len(rows)
    places = []
    for x, text in texts:
        half = text_width(text) / 2
        middle = min(max(x, half), WIDTH - half)
        fits = [i for i in range(len(rows)) if middle - half > free[i]]
        row = fits[0] if fits else min(range(len(rows)), key=lambda i: free[i])
        free[row] = middle + half + 8
        places.append((middle, rows[row]))
    return places


def _districts(page: RiverPage, x_of) -> tuple[tuple[DrawnDistrict, ...], int]:
    """The band of districts, and the height under it and the names that did not fit into it."""
    narrow, found = [], []
    for reach in page.reaches:
        left, right = x_of(reach.from_km), x_of(reach.to_km)
        fits = text_width(reach.short_name) + 6 <= right - left
        if not fits:
            narrow.append(((left + right) / 2, reach.short_name))
        found.append((reach, left, right, fits))
    placed = rows_of(narrow, OUTSIDE_ROWS)
    below = iter(placed)
    districts = []
    for reach, left, right, fits in found:
        middle, y = ((left + right) / 2, BAND + 18) if fits else next(below)
        y = y if fits else BAND_END + 14 + ROW * y
        districts.append(
            DrawnDistrict(
                name=reach.short_name,
                x=f"{left:.1f}",
                width=f"{right - left:.1f}",
                middle=f"{middle:.1f}",
                name_y=str(y),
                tick=not fits,
                own=reach.is_district and reach.code.startswith(_city(page)),
            )
        )
    return tuple(districts), BAND_END + ROW * (1 + max((row for _, row in placed), default=-1))


def _city(page: RiverPage) -> str:
    """First two digits (GB/T 2260) of the province most of the river's districts lie in."""
    provinces = [r.code[:2] for r in page.reaches if r.is_district]
    return max(provinces, key=provinces.count) if provinces else ""


def _inflows(page: RiverPage, x_of, top: int) -> tuple[tuple[Mark, ...], int]:
    """Inflows by name under `top`, and the height at which the river runs below them."""
    known = [i for i in page.inflows if i.km is not None]
    texts = [(x_of(i.km), i.name) for i in known]
    places = rows_of(texts, INFLOW_ROWS)
    rows = 1 + max((row for _, row in places), default=-1)
    river = top + ROW * rows + (44 if rows else 28)
    marks = []
    for inflow, (x, _), (middle, row) in zip(known, texts, places, strict=True):
        y = top + 18 + ROW * row
        marks.append(
            Mark(
                code=inflow.code,
                x=f"{x:.1f}",
                text=inflow.name,
                text_x=f"{middle:.1f}",
                text_y=str(y),
                line_y=str(y + 4),
                line_end=str(river - 9),
                head_y=str(river - 3),
            )
        )
    return tuple(marks), river


def _sections(page: RiverPage, x_of, river: int) -> tuple[tuple[Mark, ...], int]:
    """Sections on the river, named below it, and the height of the lowest name."""
    known = sorted((s for s in page.sections if s.km is not None), key=lambda s: s.km or 0)
    texts = []
    for s in known:
        aim = f" 目标{water_numeral(s.target)}" if s.target else ""
        texts.append((x_of(s.km), f"{s.shown_name}{aim}"))
    marks, lowest = [], river + 14
    places = rows_of(texts, SECTION_ROWS)
    for s, (x, text), (middle, row) in zip(known, texts, places, strict=True):
        y = river + 34 + (ROW + 2) * row
        lowest = max(lowest, y)
        state = water_label(s.water_class) if s.water_class else "未评价"
        marks.append(
            Mark(
                code=s.code,
                x=f"{x:.1f}",
                text=text,
                text_x=f"{middle:.1f}",
                text_y=str(y),
                line_y=str(y - 12),
                css=f"site-{s.water_class}" if s.water_class else "site-none",
                numeral=water_numeral(s.water_class) if s.water_class else "–",
                dark=s.water_class == 6,
                worse=s.below_target,
                words=f"{s.shown_name}：{state}"
                + (f"，目标{water_label(s.target)}" if s.target else "")
                + ("，未达目标" if s.below_target else ""),
            )
        )
    return tuple(marks), lowest
