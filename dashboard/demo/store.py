"""Storing the demonstration's sections, agreements and readings."""

from collections.abc import Callable, Iterable
from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache
from tempfile import SpooledTemporaryFile

from django.db import connection

from basins.clock import now
from basins.models import Jurisdiction, River, RiverReach
from basins.ranges import between, months_between, next_month
from dashboard.demo import wanzhou
from dashboard.demo.agreements import FILLS, AgreementSpec, Border, DemoTerm
from dashboard.demo.readings import DemoValue, Rhythm, readings, running
from dashboard.demo.sections import SectionSpec
from dashboard.demo.senders import PASSWORD, mns
from monitoring.models import Indicator, SamplingPlan, Section, Station, Target
from monitoring.stations.services.stations import digest_of
from settlements import rules
from settlements.models import Agreement, Party, Term, TermSection
from settlements.rules.parameters import with_defaults

# The rule's defaults begin here; a term that began earlier takes the first there are.
FIRST_DEFAULTS = {"baseline": date(2023, 1, 1)}
IN_MEMORY = 128 * 1024 * 1024


def store_waters() -> None:
    """The waters that no file of rivers has: 龙滩水库, and 万州区's secondary rivers."""
    _store_reservoir()
    source = "公开报道所列；走向未绘"
    rows = [(wanzhou.RIVER, "万州区次级河流", source)]
    rows += [
        (river.code, river.name, source if river.known else "演示：河名与走向均为演示")
        for river in wanzhou.RIVERS
    ]
    River.objects.bulk_create(
        River(code=code, name=name, name_en="", level=4, schematic=True, source=text)
        for code, name, text in rows
    )


def _store_reservoir() -> None:
    source = "公开报道：垫江县—忠县备忘录（2023年7月）；水系关系与位置为示意"
    river, made = River.objects.get_or_create(
        code="LONGTAN",
        defaults={
            "name": "龙滩水库",
            "name_en": "Longtan Reservoir",
            "level": 3,
            "schematic": True,
            "source": source,
        },
    )
    if not made:
        return
    course = [[107.6021, 30.3502], [107.5926, 30.3466], [107.5831, 30.3418], [107.5745, 30.3371]]
    for order, (code, span, points) in enumerate(
        (("500233", (0, 4), course[:3]), ("500231", (4, 6), course[2:])), start=1
    ):
        RiverReach.objects.create(
            river=river,
            jurisdiction=Jurisdiction.objects.get(code=code),
            order=order,
            from_km=span[0],
            to_km=span[1],
            course=points,
        )


def store_sections(specs: Iterable[SectionSpec], last: date) -> dict[str, Section]:
    """The sections with their dated targets and sampling plans, by code."""
    places = {j.code: j for j in Jurisdiction.objects.all()}
    rivers = {r.code: r for r in River.objects.all()}
    rhythm, made, numbers = Rhythm(last), {}, mns()
    for spec in specs:
        section = Section.objects.create(
            station_mn=numbers[spec.code],
            code=spec.code,
            name=spec.name,
            province=places["500000"],
            river=rivers[spec.river],
            km=None if spec.km is None else Decimal(str(spec.km)),
            lon=None if spec.lon is None else Decimal(str(spec.lon)),
            lat=None if spec.lat is None else Decimal(str(spec.lat)),
            water_body=spec.water_body,
            upstream=places.get(spec.upstream or ""),
            downstream=places.get(spec.downstream or ""),
            grade=spec.grade,
            is_demo=spec.is_demo,
            source=spec.source,
        )
        made[spec.code] = section
        ends = [date(since, 1, 1) for since, _ in spec.targets[1:]]
        for (since, water_class), end in zip(spec.targets, [*ends, None], strict=True):
            Target.objects.create(
                section=section,
                water_class=water_class,
                in_force=between(date(since, 1, 1), end),
                source=spec.target_source,
            )
        if spec.monthly_from is not None:
            continue
        SamplingPlan.objects.create(
            section=section,
            per_day=1,
            in_force=between(rhythm.daily_from, rhythm.four_hourly_from),
        )
        SamplingPlan.objects.create(
            section=section, per_day=6, in_force=between(rhythm.four_hourly_from)
        )
    return made


def store_stations(sections: dict[str, Section]) -> int:
    """The automatic stations of the sections, so that they may send; returns how many."""
    digest = digest_of(PASSWORD)
    made = Station.objects.bulk_create(
        Station(mn=section.station_mn, section=section, password_digest=digest)
        for section in sections.values()
        if section.station_mn
    )
    return len(made)


def store_agreement(spec: AgreementSpec, sections: dict[str, Section]) -> Agreement:
    """An agreement in force, with its parties, terms and the sections of each term."""
    places = {j.code: j for j in Jurisdiction.objects.all()}
    agreement = Agreement.objects.create(
        code=spec.code,
        title=spec.title,
        river=River.objects.get(code=spec.river),
        state=Agreement.State.ACTIVE,
        source=spec.source,
        confidence=spec.confidence,
    )
    for order, code in enumerate(spec.parties, start=1):
        Party.objects.create(
            agreement=agreement,
            jurisdiction=places[code],
            role=Party.Role.MUNICIPAL_FILL if code in FILLS else Party.Role.SIGNATORY,
            order=order,
        )
    for number, term in enumerate(spec.terms, start=1):
        stored = _store_term(agreement, number, term)
        for border in spec.borders:
            if term.sections and border.section not in term.sections:
                continue
            _store_border(stored, border, sections, places, first=term.first)
    return agreement


def _store_term(agreement: Agreement, number: int, spec: DemoTerm) -> Term:
    family = rules.get(spec.rule)
    return Term.objects.create(
        agreement=agreement,
        number=number,
        strand=spec.strand,
        rule=spec.rule,
        rule_revision=family.revision,
        parameters=with_defaults(
            family.parameters,
            spec.given,
            on=max(spec.start, FIRST_DEFAULTS.get(spec.rule, spec.start)),
            source=spec.source,
        ),
        clauses=dict(spec.clauses),
        in_force=between(spec.start, spec.end),
    )


def _store_border(term: Term, border: Border, sections, places, *, first: bool) -> None:
    share = border.first_share if first and border.first_share else border.share
    TermSection.objects.create(
        term=term,
        section=sections[border.section],
        upstream=places[border.upstream],
        downstream=places[border.downstream],
        inflow=sections[border.inflow] if border.inflow else None,
        reference=sections[border.reference] if border.reference else None,
        share=Decimal(share),
    )


def store_readings(
    specs: Iterable[SectionSpec], sections: dict[str, Section], first: date, last: date
) -> int:
    """Every reading of the months from `first` to `last`; returns how many."""
    with connection.cursor() as cursor:
        for month in months_between(first, next_month(last)):
            cursor.execute("SELECT monitoring_ensure_partition(%s)", [month])
    number = _copy(specs, sections, lambda spec: readings(spec, last, first))
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE monitoring_reading")
    return number


def store_running(
    specs: Iterable[SectionSpec], sections: dict[str, Section], last: date, until: date
) -> int:
    """What the stations measured of the running month up to `until`; returns how many."""
    if until <= last:
        return 0
    return _copy(specs, sections, lambda spec: running(spec, last, until))


def _copy(
    specs: Iterable[SectionSpec],
    sections: dict[str, Section],
    values: Callable[[SectionSpec], Iterable[DemoValue]],
) -> int:
    """COPY them into the partitioned table; returns how many."""
    indicators = dict(Indicator.objects.values_list("code", "pk"))
    number, present = 0, now()
    with (
        connection.cursor() as cursor,
        SpooledTemporaryFile(IN_MEMORY, "w+", encoding="ascii", newline="") as lines,
    ):
        for spec in specs:
            section, written = sections[spec.code].pk, []
            for v in values(spec):
                written.append(
                    f"{section}\t{_utc(v.sampled_at)}\t{_utc(min(v.recorded_at, present))}\t"
                    f"{indicators[v.indicator]}\t{v.origin}\t"
                    f"{'t' if v.below_limit else 'f'}\t{v.flag}\t{v.value}\n"
                )
            lines.write("".join(written))
            number += len(written)
        lines.seek(0)
        cursor.copy_expert(
            "COPY monitoring_reading (section_id, sampled_at, recorded_at, indicator_id, origin,"
            " below_limit, flag, value) FROM STDIN",
            lines,
        )
    return number


@lru_cache(maxsize=4096)
def _utc(at: datetime) -> str:
    """As COPY reads it; a sample's nine values share their times."""
    return f"{at:%Y-%m-%d %H:%M}+00"
