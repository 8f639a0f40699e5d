"""One month of an agreement as a worked example: each section's steps, and what is behind them.

The figures are those the accrual was computed from (its stored inputs and the readings known
then), so a published month stays whole. What was found since stands apart: adjustments with their
own steps and the facts that differ, line by line (`since`), and means that are different today.
What counts now heads the page. Amounts are Decimal yuan, concentrations Decimal in the
indicator's unit.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from django.utils import timezone

from basins.access import Viewer
from basins.ranges import year_start
from monitoring.sections.queries.month_readings import MonthReadings
from monitoring.standards.exact import Number
from monitoring.standards.gb3838_2002 import NAMES, ORDER, UNITS, WaterBody, WaterClass
from monitoring.standards.rounding import round_to_places
from settlements import rules
from settlements.accruals.queries.adjusted import Adjusted as SectionAdjusted
from settlements.accruals.queries.adjusted import adjustments_of
from settlements.accruals.queries.frozen import ReadingsThen, readings_of
from settlements.models import Accrual, Agreement, Settlement
from settlements.money import ZERO
from settlements.notices.queries.month_figures import (
    DailyChart,
    MeanFormula,
    MeanLine,
    daily_chart,
    mean_formula,
    mean_lines,
)
from settlements.rules.base import MonthState
from settlements.rules.facts import plain_decimal
from settlements.shown.findings import Compensation, Net, month_finding, starred
from settlements.shown.input_changes import InputChange
from settlements.shown.payments import payments_of, payments_prefetch
from settlements.shown.places import Place
from settlements.shown.revisions import Revision, published_result, revisions_of
from settlements.shown.visible import agreement_of_month, visible_accruals
from settlements.shown.worked import WorkedStep, worked
from settlements.workflow import kind_of
from settlements.years.queries.years import SectionYear, accruals_of_year, entry_of, section_years

MOST_WORKED = 6


@dataclass(frozen=True, slots=True)
class Event:
    """One point of components/timeline.html."""

    title: str
    when: str
    note: str
    kind: str = ""


@dataclass(frozen=True, slots=True)
class ReadingsNow:
    readings: MonthReadings
    readings_since: None = None


@dataclass(frozen=True, slots=True)
class FoundSince:
    """An adjustment with its own calculation, whole."""

    adjusted: SectionAdjusted
    steps: tuple[WorkedStep, ...]


@dataclass(frozen=True, slots=True)
class WorkedSection:
    """One section's month: the finding, its steps and the data behind them."""

    accrual: int
    month: date
    code: str
    name: str
    is_demo: bool
    river: str
    upstream: Place
    downstream: Place
    share: Number
    water_class: int | None
    month_state: str
    subtitle: str
    payments: tuple[Compensation, ...]
    steps: tuple[WorkedStep, ...]
    readings: MonthReadings | None
    means: tuple[MeanLine, ...]
    chart: DailyChart | None
    mean_formula: MeanFormula | None
    reference: str  # "Ⅲ类" the limits of the means table are of
    state: str
    kind: str
    has_data: bool  # else nothing was found, and the month is reckoned as without data
    complete: bool
    computed_at: datetime
    rule: str
    term_number: int
    term_since: date | None
    digest: str
    revision: Revision | None
    since: tuple[FoundSince, ...]
    means_since: tuple[InputChange, ...]  # means that are different today
    readings_since: MonthReadings | None  # as they are now, where they are not those of then

    @property
    def shown_name(self) -> str:
        return starred(self.name, self.is_demo)

    @property
    def yuan(self) -> Decimal:
        return sum((p.yuan for p in self.payments), ZERO)

    @property
    def holding(self) -> tuple[Compensation, ...]:
        """What counts now of the section's month."""
        return self.revision.after.payments if self.revision else self.payments

    @property
    def class_now(self) -> int | None:
        return self.revision.after.water_class if self.revision else self.water_class

    @property
    def state_now(self) -> str:
        return self.revision.after.month_state if self.revision else self.month_state

    @property
    def yuan_now(self) -> Decimal:
        return sum((p.yuan for p in self.holding), ZERO)

    @property
    def data_query(self) -> str:
        """Where the section's page shows this month's data: the month, and what decided it."""
        lead = next((m.code for m in self.means if m.deciding), "")
        month = f"{self.month:%Y-%m}"
        return f"?month={month}&period={month}" + (f"&indicator={lead}" if lead else "")

    @property
    def now(self) -> "ReadingsNow | None":
        """The readings as they are now, as settlements/_readings.html takes them."""
        return ReadingsNow(self.readings_since) if self.readings_since else None

    @property
    def proposed(self) -> int:
        """Adjustments that wait, of those the viewer may see."""
        return sum(each.adjusted.is_pending for each in self.since)


@dataclass(frozen=True, slots=True)
class AdjustedMonth:
    """A party's month: published + adjustments approved = what counts now."""

    place: Place
    published: Decimal
    adjusted: Decimal

    @property
    def now(self) -> Decimal:
        return self.published + self.adjusted


@dataclass(frozen=True, slots=True)
class OfYear:
    """A section that is computed for the whole year: its finding stands in no month."""

    accrual: int
    section: str
    payments: tuple[Compensation, ...]  # as they count now
    month_state: str
    rule: str
    revised: bool


@dataclass(frozen=True, slots=True)
class SettlementMonth:
    agreement: str
    title: str
    month: date
    finding: str
    sections: tuple[WorkedSection, ...]
    chosen: tuple[WorkedSection, ...]
    year: tuple[SectionYear, ...]
    nets: tuple[Net, ...]
    adjusted: tuple[AdjustedMonth, ...]  # of the chosen sections; none where nothing was approved
    of_year: tuple[OfYear, ...]
    events: tuple[Event, ...]
    entry: str | None  # 凭证号 of the year's closing, where the viewer may see it
    previous: date | None
    next: date | None
    months: tuple[date, ...]  # of this year, newest first, with results

    @property
    def yuan(self) -> Decimal:
        return sum((s.yuan for s in self.sections), ZERO)

    @property
    def revisions(self) -> tuple[Revision, ...]:
        """Of the chosen sections, what is not what was published."""
        return tuple(s.revision for s in self.chosen if s.revision)

    @property
    def net_total(self) -> Decimal:
        return sum((n.yuan for n in self.nets), ZERO)

    @property
    def worked(self) -> tuple[WorkedSection, ...]:
        """Those whose steps are shown one after the other: none where they are too many to read,
        which are a table then."""
        return self.chosen if len(self.chosen) <= MOST_WORKED else ()

    @property
    def has_demo_names(self) -> bool:
        return any(s.is_demo for s in self.sections)


def settlement_month(
    viewer: Viewer, code: str, month: date, section: str = ""
) -> SettlementMonth | None:
    """The month, or None where there is nothing of it for this viewer.

    `section` chooses one section by its code; an unknown one chooses all. 18 SQL queries at
    most, whatever the sections and months, and some more where something was adjusted.
    """
    found_year = agreement_of_month(viewer, code, month)
    if found_year is None:
        return None
    agreement, settlement = found_year
    accruals = list(
        visible_accruals(viewer)
        .filter(term__agreement=agreement, period=month, yearly=False)
        .select_related(
            "term__agreement",
            "term_section__section__river",
            "term_section__upstream",
            "term_section__downstream",
        )
        .defer("term_section__upstream__boundary", "term_section__downstream__boundary")
        .prefetch_related(payments_prefetch())
        .order_by("term_section__section__km", "term_section__section__code", "pk")
    )
    found = readings_of(viewer, accruals, [month])
    adjustments = adjustments_of(viewer, accruals)
    revised = revisions_of(accruals)
    sections = tuple(
        _section_month(
            a,
            found.get((a.pk, month), ReadingsThen(None)),
            adjustments.get(a.pk, ()),
            revised.get(a.pk),
        )
        for a in accruals
    )
    chosen = tuple(s for s in sections if s.code == section) or sections
    around = sorted(
        visible_accruals(viewer)
        .filter(term__agreement=agreement, yearly=False)
        .order_by("period")
        .values_list("period", flat=True)
        .distinct()
    )
    of_year = _of_year(viewer, agreement, month.year)
    payments = [p for s in chosen for p in s.payments]
    holding = [p for s in chosen for p in s.holding]
    adjusted = _adjusted(payments, holding)
    states = [s.revision.after.month_state if s.revision else s.month_state for s in chosen]
    no_data = states.count(MonthState.NO_DATA.label)
    of_all_year = [a for a in accruals_of_year(viewer, agreement, month.year) if not a.yearly]
    revised_any = any(s.revision for s in chosen)
    return SettlementMonth(
        agreement=agreement.code,
        title=agreement.title,
        month=month,
        finding=month_finding(holding, len(chosen), no_data)
        + ("（已修订）" if revised_any else ""),
        sections=sections,
        chosen=chosen,
        year=section_years(of_all_year, month.year, revisions_of(of_all_year)),
        nets=_nets(holding),
        adjusted=adjusted,
        of_year=of_year,
        events=_events(accruals, settlement),
        entry=entry_of(viewer, settlement) if settlement is not None else None,
        previous=max((m for m in around if m < month), default=None),
        next=min((m for m in around if m > month), default=None),
        months=tuple(m for m in reversed(around) if m.year == month.year or m == month),
    )


def _of_year(viewer: Viewer, agreement: Agreement, year: int) -> tuple[OfYear, ...]:
    """What the year's rules found of the year the month lies in: 2 SQL queries."""
    found = list(
        visible_accruals(viewer)
        .filter(term__agreement=agreement, period=year_start(year), yearly=True)
        .select_related("term", "term_section__section")
        .defer("steps", "inputs")
        .prefetch_related(payments_prefetch())
        .order_by("term__number", "term_section__section__km", "pk")
    )
    revised = revisions_of(found) if found else {}
    now = {a.pk: revised[a.pk].after if a.pk in revised else published_result(a) for a in found}
    return tuple(
        OfYear(
            accrual=a.pk,
            section=starred(a.term_section.section.name, a.term_section.section.is_demo),
            payments=now[a.pk].payments,
            month_state=now[a.pk].month_state,
            revised=a.pk in revised,
            rule=rules.get(a.term.rule).title,
        )
        for a in found
    )


def _events(accruals: list[Accrual], settlement: Settlement | None) -> tuple[Event, ...]:
    """What happened to the month so far, and the closing that is still to come."""
    events = []
    if accruals:
        at = timezone.localtime(max(a.computed_at for a in accruals))
        events.append(Event("月核算", f"{at:%Y-%m-%d %H:%M}", "数据变动时自动重算"))
    if settlement is not None and settlement.closed_on:
        events.append(Event("年清缴", f"{settlement.closed_on}", "已关账，只以调整更正"))
    else:
        events.append(Event("年清缴", "年度结束后", "关账时入账", "ahead"))
    return tuple(events)


def _nets(payments: list[Compensation]) -> tuple[Net, ...]:
    places = {p.code: p for each in payments for p in (each.payer, each.payee)}
    return tuple(
        Net(place, sum((p.signed_for(code) for p in payments), ZERO))
        for code, place in places.items()
    )


def _adjusted(
    published: list[Compensation], holding: list[Compensation]
) -> tuple[AdjustedMonth, ...]:
    before = {n.place.code: n for n in _nets(published)}
    after = {n.place.code: n for n in _nets(holding)}
    lines = []
    for code, net in sorted((after | before).items()):
        old = before[code].yuan if code in before else ZERO
        new = after[code].yuan if code in after else ZERO
        lines.append(AdjustedMonth(net.place, old, new - old))
    return tuple(lines) if any(line.adjusted for line in lines) else ()


def _section_month(
    accrual: Accrual,
    found: ReadingsThen,
    adjustments: Sequence[SectionAdjusted],
    revision: Revision | None,
) -> WorkedSection:
    part, inputs, readings = accrual.term_section, accrual.inputs, found.then
    section, body = part.section, WaterBody(part.section.water_body)
    means = {code: Decimal(value) for code, value in inputs.get("means", {}).items()}
    deciding = tuple(inputs.get("deciding", ()))
    reference = reference_class(accrual)
    family = rules.get(accrual.term.rule)
    return WorkedSection(
        accrual=accrual.pk,
        month=accrual.period,
        code=section.code,
        name=section.name_on(accrual.period),
        is_demo=section.is_demo,
        river=section.river.name_on(accrual.period) if section.river else "",
        upstream=Place.of(part.upstream, accrual.period),
        downstream=Place.of(part.downstream, accrual.period),
        share=part.share * 100,
        water_class=accrual.water_class,
        month_state=accrual.get_month_state_display(),
        subtitle=_subtitle(accrual, means, deciding),
        payments=payments_of(accrual),
        steps=tuple(worked(step, accrual) for step in accrual.steps),
        readings=readings,
        means=mean_lines(means, readings, deciding, reference, body),
        chart=daily_chart(readings, deciding, reference, body),
        mean_formula=mean_formula(means, readings, deciding),
        reference=reference.label if reference else "",
        state=accrual.get_state_display(),
        kind=kind_of("accrual", accrual.state),
        has_data=accrual.month_state != MonthState.NO_DATA,
        complete=accrual.complete,
        computed_at=accrual.computed_at,
        rule=f"{family.title} rev. {accrual.rule_revision}",
        term_number=accrual.term.number,
        term_since=accrual.term.in_force.lower,
        digest=f"{accrual.input_digest[:4]}-{accrual.input_digest[4:8]}".upper(),
        revision=revision,
        since=tuple(
            FoundSince(each, tuple(worked(step, accrual) for step in each.steps))
            for each in adjustments
        ),
        means_since=_means_since(means, found),
        readings_since=found.now,
    )


def _means_since(means: Mapping[str, Decimal], found: ReadingsThen) -> tuple[InputChange, ...]:
    """The means the calculation used that today's readings no longer give."""
    now = found.now or found.then
    if now is None or not means:
        return ()
    today = {m.code: m for m in now.means}
    changes = []
    for code in sorted({*means, *today}, key=lambda c: (ORDER.index(c) if c in ORDER else 99, c)):
        then = means.get(code)
        mean = today[code].mean if code in today else None
        if then != mean:
            unit = UNITS.get(code, "")
            changes.append(
                InputChange(
                    f"{NAMES.get(code, code)}{f'（{unit}）' if unit else ''}",
                    *(
                        "-" if v is None else plain_decimal(round_to_places(v, 6))
                        for v in (then, mean)
                    ),
                )
            )
    return tuple(changes)


def reference_class(accrual: Accrual) -> WaterClass | None:
    """The class the month is held to: one that the term fixes, else the target."""
    term, target = accrual.term, accrual.inputs.get("target")
    fixed = rules.read(term.rule, term.parameters).fixed_class
    return fixed or (WaterClass.parse(str(target)) if target else None)


def _subtitle(accrual: Accrual, means: Mapping[str, Decimal], deciding: tuple[str, ...]) -> str:
    part = accrual.term_section
    where = f"{starred(part.section.name, part.section.is_demo)}断面"
    if part.section.river:
        where = part.section.river.name + where
    if accrual.water_class is None:
        return f"{where}{accrual.get_month_state_display()}。"
    lead = next((code for code in deciding if code in means), None)
    figure = ""
    if lead:
        shown = plain_decimal(round_to_places(means[lead], 3))
        figure = f"{NAMES.get(lead, lead)} {shown} {UNITS.get(lead, '')}".rstrip() + "，"
    label = WaterClass(accrual.water_class).label
    compared = next((s["result"] for s in accrual.steps if s["key"] == "comparison"), "")
    return f"{where}{figure}{label}，{compared or accrual.get_month_state_display()}。"
