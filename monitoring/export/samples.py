"""The readings of some sections and months as samples, and their monthly means.

Concentrations are Decimal in the indicator's unit, as they are stored; each value keeps its flag.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from itertools import groupby
from typing import Any

from django.db.models import Count

from basins.models import River
from monitoring.assessment.services.assessment import month_bounds
from monitoring.models import Assessment, Indicator, MonthlyMean, Origin, Reading, Section
from monitoring.protocols.layouts import SectionRef, Value
from monitoring.protocols.layouts.writing import Sample
from monitoring.standards.assessment import NothingToAssess, assess
from monitoring.standards.detection import MeasuredValue
from monitoring.standards.gb3838_2002 import WaterBody, WaterClass
from monitoring.standards.rounding import round_to_places
from written.text import name_key

ORIGINS = {
    Origin.AUTOMATIC: "automatic",
    Origin.MANUAL: "manual",
    Origin.JOINT: "joint",
    Origin.RESERVE: "reserve",
}
# What the release classes a station's sample by (monitoring.management…compare_official_class).
RELEASED = frozenset({"pH", "DO", "CODMn", "NH3-N", "TP"})
DEMO = "演示断面"
AT_ONCE = 20_000  # rows a fetch


@dataclass(frozen=True, slots=True)
class Place:
    """A section as files name it. `alone`: no other section of its province has its name."""

    section: Section
    ref: SectionRef
    alone: bool


@dataclass(frozen=True, slots=True)
class SectionMonthMeans:
    """A section's month: class, means by indicator code (GB/T 8170, the decimals shown)."""

    place: Place
    month: date
    water_class: str
    complete: bool
    means: dict[str, Decimal]


def places_of(sections: Sequence[Section]) -> dict[int, Place]:
    """By id, in the order given; 2 SQL queries. The sections with their provinces and rivers."""
    rivers = {river.pk: river for river in River.objects.all()}
    names: dict[tuple[int, str], int] = {}
    for province, name in Section.objects.order_by().values_list("province_id", "name"):
        key = province, name_key(name)
        names[key] = names.get(key, 0) + 1
    return {
        section.pk: Place(
            section,
            SectionRef(section.province.name, _basin(section, rivers), section.name, section.code),
            names[section.province_id, name_key(section.name)] == 1,
        )
        for section in sections
    }


def _basin(section: Section, rivers: dict[int, River]) -> str | None:
    """长江流域: that of the river which the section's river reaches in the end."""
    river = rivers.get(section.river_id or 0)
    for _ in range(len(rivers)):
        if river is None or river.parent_id is None:
            break
        river = rivers[river.parent_id]
    return f"{river.name}流域" if river is not None else None


def count_by_month(section_ids: Sequence[int], months: Sequence[date]) -> dict[date, int]:
    """How many readings there are in each month; one SQL query a month."""
    return {month: _readings(section_ids, month).count() for month in months}


def is_measured(section_ids: Sequence[int], months: Sequence[date]) -> bool:
    """Whether there is any reading; at most one SQL query a month."""
    return any(_readings(section_ids, month).exists() for month in months)


def codes_of(section_ids: Sequence[int], month: date) -> list[str]:
    """The indicators that were measured in the month, in their order."""
    found = (
        _readings(section_ids, month)
        .order_by()
        .values_list("indicator_id")
        .annotate(readings=Count("value"))
    )
    there = {pk for pk, _ in found}
    return [i.code for i in Indicator.objects.order_by("order") if i.pk in there]


def samples_of(places: dict[int, Place], month: date) -> Iterator[tuple[Place, Sample]]:
    """Every sample of the month, section by section in the order of `places`, by time and origin.

    One query a section, read in a stream: a city's month is some hundred thousand readings.
    """
    codes = {i.pk: i.code for i in Indicator.objects.all()}
    for pk, place in places.items():
        rows = (
            _readings([pk], month)
            .order_by("sampled_at", "origin", "indicator__order")
            .values_list("sampled_at", "origin", "indicator_id", "value", "below_limit", "flag")
        )
        for (at, origin), found in groupby(rows.iterator(AT_ONCE), key=lambda row: row[:2]):
            yield place, _sample(place, at, origin, found, codes)


def _readings(section_ids: Sequence[int], month: date) -> Any:
    start, end = month_bounds(month)
    return Reading.objects.filter(
        section__in=section_ids, sampled_at__gte=start, sampled_at__lt=end
    )


def _sample(place: Place, at: datetime, origin: int, rows: Iterator[tuple], codes: dict) -> Sample:
    values = tuple(
        Value(codes[indicator], plain(value), below, flag)
        for _, _, indicator, value, below, flag in rows
    )
    return Sample(
        section=place.ref,
        sampled_at=at,
        origin=ORIGINS[Origin(origin)],
        values=values,
        water_class=_class_of(values, place.section),
        remark=DEMO if place.section.is_demo else "",
    )


def plain(value: Decimal) -> Decimal:
    """Without the zeros behind the last digit that eight stored decimals bring along."""
    short = value.normalize()
    exponent = short.as_tuple().exponent
    return short.quantize(Decimal(1)) if isinstance(exponent, int) and exponent > 0 else short


def _class_of(values: tuple[Value, ...], section: Section) -> str:
    """The class of the sample's valid values, as the release prints one beside each row."""
    counted = {
        v.indicator: MeasuredValue(v.value, v.below_limit).counted
        for v in values
        if v.indicator in RELEASED and v.flag in Reading.VALID_FLAGS
    }
    try:
        found = assess(counted, WaterBody(section.water_body)).water_class
    except NothingToAssess:
        return ""
    return numeral(found)


def numeral(water_class: int) -> str:
    """Ⅲ, 劣Ⅴ: as files have it."""
    return WaterClass(water_class).label.removesuffix("类")


def means_of(places: dict[int, Place], months: Sequence[date]) -> list[SectionMonthMeans]:
    """Month by month, the sections in their order; 2 SQL queries."""
    wanted = {"section__in": list(places), "month__in": months}
    means: dict[tuple[date, int], dict[str, Decimal]] = {}
    for mean in (
        MonthlyMean.objects.filter(**wanted)
        .select_related("indicator")
        .order_by("indicator__order")
    ):
        rounded = round_to_places(mean.mean, mean.indicator.decimals)
        means.setdefault((mean.month, mean.section_id), {})[mean.indicator.code] = rounded
    classes = {(a.month, a.section_id): a for a in Assessment.objects.filter(**wanted)}
    answer = []
    for month in months:
        for pk, place in places.items():
            if (month, pk) not in means:
                continue
            found = classes.get((month, pk))
            answer.append(
                SectionMonthMeans(
                    place,
                    month,
                    numeral(found.water_class) if found else "",
                    bool(found and found.complete),
                    means[month, pk],
                )
            )
    return answer
