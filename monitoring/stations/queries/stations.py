"""Stations and the gateway: who sends, when the last packet came, what the newest sample was."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.db import connection
from django.db.models import Count, QuerySet

from basins.access import Act, Viewer
from basins.clock import now
from monitoring.models import (
    DeadLetter,
    FactorMeaning,
    GatewayRun,
    Indicator,
    Origin,
    QualityCheck,
    Reading,
    Section,
    Station,
    StationFrame,
    StationValue,
)
from monitoring.protocols.hj212 import QUALITY_CONTROL
from monitoring.standards.detection import MeasuredValue

SILENT = timedelta(seconds=30)  # since a gateway's last report: it does not run
DAY = timedelta(hours=24)
NEWEST = 50  # packets by QN among which a station's last is looked for
SHOWN = 20  # lines of a table on a station's page


def may_see(viewer: Viewer) -> bool:
    """Whether stations and their letters are for this person: who may hand in all readings."""
    return viewer.sees_all(Act.UPLOAD_READINGS)


@dataclass(frozen=True, slots=True)
class GatewayState:
    """The newest run of the gateway and whether it still reports; `run` None: it never ran."""

    run: GatewayRun | None
    runs: bool


def gateway_state() -> GatewayState:
    run = GatewayRun.objects.order_by("-pk").first()
    runs = run is not None and run.stopped_at is None and now() - run.seen_at <= SILENT
    return GatewayState(run, runs)


def stations(viewer: Viewer) -> QuerySet[Station]:
    """All, in the order of their sections; none for who may not see them."""
    if not may_see(viewer):
        return Station.objects.none()
    return Station.objects.select_related("section", "added_by").order_by("section__code", "mn")


def stations_of(viewer: Viewer, section: Section) -> list[str]:
    """The MNs of the active ones that send for the section."""
    found = stations(viewer).filter(section=section, is_active=True)
    return list(found.values_list("mn", flat=True))


def sections_to_choose() -> list[tuple[str, str]]:
    """Code and name of each section that has not ended."""
    found = Section.objects.filter(ended_on=None).order_by("code")
    return list(found.values_list("code", "name"))


@dataclass(frozen=True, slots=True)
class SampleValue:
    name: str
    unit: str
    result: MeasuredValue
    flag: str  # in words; "" of one that counts as it came


@dataclass(slots=True)
class StationLine:
    """A station as its list shows it. `last_at`: of its last packet, None where there is none."""

    station: Station
    last_at: datetime | None = None
    ago: timedelta | None = None
    frames: int = 0  # in 24 hours
    sampled_at: datetime | None = None
    values: list[SampleValue] = field(default_factory=list)
    letters: int = 0


def station_lines(found: Sequence[Station]) -> list[StationLine]:
    """4 SQL queries whatever the stations."""
    lines = {one.pk: StationLine(one) for one in found}
    if not lines:
        return []
    _last_packets(lines)
    _newest_samples(lines)
    by_mn = dict(
        DeadLetter.objects.filter(state="open", mn__in=[one.mn for one in found])
        .order_by()
        .values_list("mn")
        .annotate(number=Count("pk"))
    )
    for line in lines.values():
        line.letters = by_mn.get(line.station.mn, 0)
    return list(lines.values())


def last_packets(found: Sequence[Station]) -> list[StationLine]:
    """Only when the last packets came: 2 SQL queries."""
    lines = {one.pk: StationLine(one) for one in found}
    _last_packets(lines)
    return list(lines.values())


def _last_packets(lines: dict[int, StationLine]) -> None:
    at, keys = now(), list(lines)
    with connection.cursor() as cursor:
        cursor.execute(
            LAST, {"stations": keys, "newest": NEWEST, "assessed": _assessed(lines.values())}
        )
        for pk, received, sampled in cursor.fetchall():
            lines[pk].last_at, lines[pk].sampled_at = received, sampled
        cursor.execute(OF_A_DAY, {"stations": keys, "since": at - DAY})
        for pk, number, received in cursor.fetchall():
            line = lines[pk]
            line.frames = number
            line.last_at = max(line.last_at or received, received)
    for line in lines.values():
        line.ago = at - line.last_at if line.last_at is not None else None


def _assessed(lines) -> list[str]:
    return [line.station.assessed for line in lines]


def _newest_samples(lines: dict[int, StationLine]) -> None:
    asked = {
        (line.station.section_id, line.sampled_at): line
        for line in lines.values()
        if line.sampled_at is not None
    }
    if not asked:
        return
    sections, moments = zip(*asked, strict=True)
    indicators = Indicator.objects.in_bulk()
    with connection.cursor() as cursor:
        cursor.execute(
            SAMPLE, {"sections": list(sections), "moments": list(moments), "origin": Origin.AUTOMATIC}
        )  # fmt: skip
        for section, at, indicator, value, below, flag in cursor.fetchall():
            meant = indicators[indicator]
            words = "" if flag == "N" else Reading.flag_words(flag)
            asked[section, at].values.append(
                SampleValue(meant.name, meant.unit, meant.reported(value, below), words)
            )


# One station ------------------------------------------------------------------------------------


def packets(station: Station) -> QuerySet[StationFrame]:
    """As sent, the newest first by the time their sender gave them."""
    return StationFrame.objects.filter(station=station).order_by("-qn", "-pk")


def packets_of_batch(viewer: Viewer, batch: int) -> QuerySet[StationFrame]:
    """Those a batch's readings came in."""
    if not may_see(viewer):
        return StationFrame.objects.none()
    return StationFrame.objects.filter(batch=batch).select_related("station").order_by("pk")


def meanings(station: Station) -> list[FactorMeaning]:
    found = FactorMeaning.objects.filter(station=station).order_by("factor")
    return list(found.select_related("indicator", "said_by"))


@dataclass(frozen=True, slots=True)
class Beside:
    """A value that is no reading: of a check, or of another command than the assessed one."""

    at: datetime
    what: str
    name: str
    unit: str
    result: MeasuredValue
    note: str


def checks(station: Station) -> list[Beside]:
    """The newest results of checks of the instrument."""
    found = QualityCheck.objects.filter(station=station).select_related("indicator")
    return [
        Beside(
            one.sampled_at,
            QUALITY_CONTROL.get(one.kind, one.kind),
            one.indicator.name,
            one.indicator.unit,
            one.indicator.reported(one.value, below_limit=False),
            "，".join(f"{kind} {said}" for kind, said in one.parts.items()),
        )
        for one in found.order_by("-sampled_at", "-pk")[:SHOWN]
    ]


def values_beside(station: Station) -> list[Beside]:
    """The newest values of the other commands."""
    found = StationValue.objects.filter(station=station).select_related("indicator")
    return [
        Beside(
            one.sampled_at,
            one.get_command_display(),
            one.indicator.name,
            one.indicator.unit,
            one.indicator.reported(one.value, below_limit=False),
            Reading.flag_words(one.flag),
        )
        for one in found.order_by("-sampled_at", "-pk")[:SHOWN]
    ]


# Of the last packets by their senders' clocks: when they came, and the newest sample of the assessed command.
LAST = """
SELECT s.id, last.received_at, last.sampled_at
FROM unnest(%(stations)s::bigint[], %(assessed)s::text[]) AS s(id, assessed)
CROSS JOIN LATERAL (
    SELECT max(f.received_at) AS received_at,
           max(f.sampled_at) FILTER (WHERE f.cn = s.assessed) AS sampled_at
    FROM (SELECT received_at, sampled_at, cn FROM monitoring_stationframe
          WHERE station_id = s.id ORDER BY qn DESC LIMIT %(newest)s) AS f
) AS last
"""

OF_A_DAY = """
SELECT station_id, count(*), max(received_at) FROM monitoring_stationframe
WHERE received_at >= %(since)s AND station_id = ANY(%(stations)s::bigint[])
GROUP BY station_id
"""

SAMPLE = """
SELECT r.section_id, r.sampled_at, r.indicator_id, r.value, r.below_limit, r.flag
FROM unnest(%(sections)s::bigint[], %(moments)s::timestamptz[]) AS s(section_id, sampled_at)
JOIN monitoring_reading r USING (section_id, sampled_at)
JOIN monitoring_indicator i ON i.id = r.indicator_id
WHERE r.origin = %(origin)s
ORDER BY i."order"
"""
