"""指标值: the live figures as a list, the history of one, and what was known at a time."""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.db.models import Q, QuerySet

from basins.access import Act, Viewer
from monitoring.figures import FIGURES, like_a_fill
from monitoring.models import Observation


def may_see(viewer: Viewer) -> bool:
    """Those who review data, and the agreements' administrators."""
    return viewer.may(Act.REVIEW_DATA) or viewer.may(Act.EDIT_AGREEMENTS)


@dataclass(frozen=True, slots=True)
class FigureLine:
    """One figure as shown."""

    pk: int
    whose: str
    kind: str  # 断面 or 行政区
    code: str
    label: str
    period: date
    yearly: bool
    value: Decimal
    unit: str
    source: str
    recorded_by: str
    recorded_at: datetime
    corrected: bool
    superseded_at: datetime | None
    superseded_by: str

    @property
    def like_a_fill(self) -> bool:
        return like_a_fill(self.value)


def known_at(at: datetime) -> QuerySet[Observation]:
    """The figures as known at a time: recorded by then and not yet superseded."""
    return Observation.objects.filter(
        Q(superseded_at__isnull=True) | Q(superseded_at__gt=at), recorded_at__lte=at
    )


def live(
    *, section: str = "", place: str = "", year: int | None = None, name: str = ""
) -> QuerySet[Observation]:
    """The live figures, the newest period first."""
    found = Observation.objects.filter(superseded_at__isnull=True)
    if section:
        found = found.filter(section__code=section)
    if place:
        found = found.filter(jurisdiction__code=place)
    if year:
        found = found.filter(period__year=year)
    if name:
        found = found.filter(name=name)
    return _related(found).order_by("-period", "name", "pk")


def history(pk: int) -> list[FigureLine]:
    """Every row there ever was of this figure, the newest first; empty for none."""
    one = Observation.objects.filter(pk=pk).first()
    if one is None:
        return []
    rows = Observation.objects.filter(
        section=one.section_id,
        jurisdiction=one.jurisdiction_id,
        name=one.name,
        period=one.period,
        yearly=one.yearly,
    )
    return lines(_related(rows).order_by("-recorded_at", "-pk"))


def lines(rows) -> list[FigureLine]:
    """As shown; marks those that corrected an earlier one: 1 SQL query more."""
    rows = list(rows)
    before = set(
        Observation.objects.filter(
            superseded_at__isnull=False, period__in={r.period for r in rows}
        ).values_list("section_id", "jurisdiction_id", "name", "period", "yearly")
    )
    return [_line(row, before) for row in rows]


def _line(row: Observation, before: set[tuple]) -> FigureLine:
    figure = FIGURES.get(row.name)
    owner: Any = row.section or row.jurisdiction
    return FigureLine(
        pk=row.pk,
        whose=owner.name,
        kind="断面" if row.section_id else "行政区",
        code=owner.code,
        label=figure.label if figure else row.name,
        period=row.period,
        yearly=row.yearly,
        value=row.value,
        unit=row.unit,
        source=row.source,
        recorded_by=str(row.recorded_by) if row.recorded_by else "",
        recorded_at=row.recorded_at,
        corrected=(row.section_id, row.jurisdiction_id, row.name, row.period, row.yearly) in before,
        superseded_at=row.superseded_at,
        superseded_by=str(row.superseded_by) if row.superseded_by else "",
    )


def filter_choices() -> tuple[list[tuple[str, str]], list[tuple[str, str]], list[tuple[str, str]]]:
    """Sections, years and figures that there are, as choices: 3 SQL queries."""
    found = Observation.objects.filter(superseded_at__isnull=True)
    sections = (
        found.filter(section__isnull=False)
        .order_by("section__name")
        .values_list("section__code", "section__name")
        .distinct()
    )
    years = sorted({d.year for d in found.dates("period", "year")}, reverse=True)
    names = set(found.values_list("name", flat=True).distinct())
    return (
        list(sections),
        [(str(year), f"{year}年") for year in years],
        [(name, figure.label) for name, figure in FIGURES.items() if name in names],
    )


def _related(rows: QuerySet[Observation]) -> QuerySet[Observation]:
    return rows.select_related("section", "jurisdiction", "recorded_by", "superseded_by").defer(
        "jurisdiction__boundary"
    )
