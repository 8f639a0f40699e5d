"""年度结算 as a page shows it: one year of an agreement with its twelve months.

Amounts are Decimal yuan to the fen; in a section's table the sign is the upstream side's
(positive: upstream receives). A month is what counts now; the year is what is booked in it
(settlements.shown.revisions). What the viewer may not see never leaves here.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from decimal import Decimal
from itertools import accumulate
from typing import Any

from django.db.models import Prefetch

from basins.access import Viewer
from basins.models import Jurisdiction
from basins.ranges import last_day, months_of, year_start
from monitoring.standards.exact import Number
from settlements import rules
from settlements.models import (
    Accrual,
    Adjustment,
    Agreement,
    JournalEntry,
    Party,
    Settlement,
    SettlementNet,
    Term,
)
from settlements.money import ZERO
from settlements.rules.base import MonthState
from settlements.shown.findings import Compensation, Net, starred, year_finding
from settlements.shown.payments import payments_of, payments_prefetch, words_of
from settlements.shown.places import Place
from settlements.shown.revisions import (
    CarriedOfYear,
    Revision,
    booked_nets,
    carried_in,
    published_result,
    revisions_of,
)
from settlements.shown.terms import clause_words
from settlements.shown.visible import (
    sees_drafts_of,
    visible_accounts,
    visible_accruals,
    visible_settlements,
)
from settlements.shown.worked import WorkedStep, worked
from settlements.workflow import kind_of

# One year ------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class MonthLine:
    """One month of one section; `yuan` None: not computed (yet)."""

    month: date
    water_class: int | None
    month_state: str
    complete: bool
    payments: tuple[Compensation, ...]
    yuan: Decimal | None
    cumulative: Decimal | None
    state: str
    kind: str
    revised: Revision | None = None

    @property
    def missed(self) -> bool:
        return self.month_state == MonthState.NOT_MET.label

    @property
    def computed(self) -> bool:
        return self.yuan is not None

    @property
    def revised_words(self) -> str:
        return self.revised.words if self.revised else ""


@dataclass(frozen=True, slots=True)
class SectionYear:
    """Twelve months of a border section, seen from its upstream side."""

    code: str
    name: str
    is_demo: bool
    upstream: Place
    downstream: Place
    share: Number  # per cent
    months: tuple[MonthLine, ...]

    @property
    def shown_name(self) -> str:
        return starred(self.name, self.is_demo)

    @property
    def yuan(self) -> Decimal:
        return sum((m.yuan for m in self.months if m.yuan is not None), ZERO)


@dataclass(frozen=True, slots=True)
class YearlyLine:
    """What a rule that settles whole years found, with its steps."""

    accrual: int
    section: str
    rule: str
    month_state: str
    payments: tuple[Compensation, ...]
    worked: tuple[WorkedStep, ...]
    state: str
    kind: str
    revised: Revision | None = None

    @property
    def yuan(self) -> Decimal:
        return sum((p.yuan for p in self.payments), ZERO)


@dataclass(frozen=True, slots=True)
class TermLine:
    number: int
    rule: str
    revision: int
    since: date | None
    until: date | None  # last day
    clauses: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class YearAdjustment:
    month: date
    yearly: bool
    section: str
    now: str
    proposed: str
    proposed_at: datetime
    state: str


@dataclass(frozen=True, slots=True)
class SettlementYear:
    agreement: str
    title: str
    river: str
    year: int
    finding: str
    state: str
    kind: str
    closed: bool
    closed_on: date | None
    computed_at: datetime
    nets: tuple[Net, ...]  # of the settlement: what its closing books
    carried: CarriedOfYear
    sections: tuple[SectionYear, ...]
    yearly: tuple[YearlyLine, ...]
    terms: tuple[TermLine, ...]
    entry: str | None  # 凭证号, where the viewer may see it
    adjustments: tuple[YearAdjustment, ...]
    years: tuple[int, ...]
    states: tuple[tuple[str, str, int], ...] = field(default=())  # label, kind, accruals

    @property
    def total(self) -> Decimal:
        """All payments of the year, before they are netted."""
        monthly = (p.yuan for s in self.sections for m in s.months for p in m.payments)
        return sum(monthly, ZERO) + sum((y.yuan for y in self.yearly), ZERO)

    @property
    def net_total(self) -> Decimal:
        return sum((n.yuan for n in self.nets), ZERO)

    @property
    def booked(self) -> tuple[Net, ...]:
        """The nets with what the year has booked of other years' months."""
        return booked_nets(self.nets, self.carried)

    @property
    def booked_total(self) -> Decimal:
        return sum((n.yuan for n in self.booked), ZERO)

    @property
    def has_demo_names(self) -> bool:
        return any(s.is_demo for s in self.sections)

    @property
    def span(self) -> str:
        """ "（1–10月）" where months of the year are still to come."""
        months = [m.month.month for s in self.sections for m in s.months if m.computed]
        if self.closed or not months or max(months) == 12:
            return ""
        return f"（1–{max(months)}月）" if max(months) > 1 else "（1月）"


def settlement_year(viewer: Viewer, code: str, year: int) -> SettlementYear | None:
    """The year, or None where there is none for this viewer: 13 SQL queries at most, and 4 more
    where something was adjusted."""
    years = list(
        visible_settlements(viewer)
        .filter(agreement__code=code)
        .select_related("agreement__river")
        .prefetch_related(nets_prefetch())
        .order_by("-year")
    )
    settlement = next((s for s in years if s.year == year), None)
    if settlement is None:
        return None
    agreement = settlement.agreement
    parties = {
        p.jurisdiction_id: p for p in Party.objects.filter(agreement=agreement).order_by("order")
    }
    order = {pk: (p.order, p.get_role_display()) for pk, p in parties.items()}
    nets = sorted(settlement.nets.all(), key=lambda n: (order.get(n.jurisdiction_id, (99,)), n.pk))
    accruals = accruals_of_year(viewer, agreement, year)
    shown = tuple(
        Net(Place.of(n.jurisdiction), n.yuan, order.get(n.jurisdiction_id, (99, ""))[1])
        for n in nets
    )
    carried = carried_in(visible_accruals(viewer).filter(term__agreement=agreement), year)
    revised = revisions_of(accruals)
    return SettlementYear(
        agreement=agreement.code,
        title=agreement.title,
        river=agreement.river.name,
        year=year,
        finding=booked_finding(shown, carried),
        state=settlement.get_state_display(),
        kind=kind_of("settlement", settlement.state),
        closed=settlement.state in Settlement.FIXED,
        closed_on=settlement.closed_on,
        computed_at=settlement.computed_at,
        nets=shown,
        carried=carried,
        sections=section_years([a for a in accruals if not a.yearly], year, revised),
        yearly=(
            yearly_lines(viewer, agreement, year, revised)
            if any(a.yearly for a in accruals)
            else ()
        ),
        terms=terms_in(agreement, year),
        entry=entry_of(viewer, settlement),
        adjustments=_adjustments(viewer, agreement, accruals),
        years=tuple(s.year for s in years),
        states=states_of(accruals),
    )


def nets_prefetch() -> Prefetch:
    return Prefetch(
        "nets",
        queryset=SettlementNet.objects.select_related("jurisdiction")
        .defer("jurisdiction__boundary")
        .order_by("pk"),
    )


def entry_of(viewer: Viewer, settlement: Settlement) -> str | None:
    """凭证号 of the closing, where it touches an account the viewer may see: 1 SQL query."""
    entry = JournalEntry.objects.filter(
        settlement=settlement,
        cause=JournalEntry.Cause.SETTLEMENT,
        postings__account__in=visible_accounts(viewer),
    ).first()
    return entry.label if entry else None


# Read of the sections of a year's accruals.
SECTION = ("code", "name", "is_demo", "km", "former_names")


def accruals_of_year(viewer: Viewer, agreement: Agreement, year: int) -> list[Accrual]:
    """The year's visible accruals with their payments, steps left aside: 2 SQL queries."""
    return list(
        visible_accruals(viewer)
        .filter(term__agreement=agreement, period__range=months_of(year))
        .select_related(
            "term_section__section", "term_section__upstream", "term_section__downstream"
        )
        .only(
            *("term", "period", "yearly", "state", "month_state", "water_class", "complete"),
            *("input_digest", "rule_revision", "computed_at", "term_section__share"),
            *(f"term_section__section__{name}" for name in SECTION),
            *Place.columns("term_section__upstream"),
            *Place.columns("term_section__downstream"),
        )
        .prefetch_related(payments_prefetch())
        .order_by("term_section__section__km", "term_section__section__code", "period", "pk")
    )


def booked_finding(nets: Sequence[Net], carried: CarriedOfYear) -> str:
    """The one sentence of a year: what is booked in it, and that other years' months are in it."""
    also = "（含以前年度调整）" if carried.into else ""
    return year_finding(booked_nets(nets, carried)) + also


def section_years(
    accruals: Iterable[Accrual],
    year: int,
    revised: Mapping[int, Revision],
    *,
    missing: str = "未核算",
) -> tuple[SectionYear, ...]:
    """The monthly accruals as one table a border; a border goes on through a change of term.
    `revised`: by accrual; `missing`: the state of a month without an accrual among them."""
    borders: dict[tuple[int, int, int], dict[date, Accrual]] = defaultdict(dict)
    for accrual in accruals:
        part = accrual.term_section
        key = part.section_id, part.upstream_id, part.downstream_id
        borders[key][accrual.period] = accrual
    answer = []
    for found in borders.values():
        part = found[max(found)].term_section
        months = [date(year, n, 1) for n in range(1, 13)]
        lines = [_month_line(month, found.get(month), revised, missing) for month in months]
        sums = accumulate(line.yuan or ZERO for line in lines)
        answer.append(
            SectionYear(
                code=part.section.code,
                name=part.section.name,
                is_demo=part.section.is_demo,
                upstream=Place.of(part.upstream),
                downstream=Place.of(part.downstream),
                share=part.share * 100,
                months=tuple(
                    line if line.yuan is None else _with_sum(line, total)
                    for line, total in zip(lines, sums, strict=True)
                ),
            )
        )
    return tuple(answer)


def _month_line(
    month: date, accrual: Accrual | None, revised: Mapping[int, Revision], missing: str
) -> MonthLine:
    if accrual is None:
        return MonthLine(month, None, "", True, (), None, None, missing, "none")
    revision = revised.get(accrual.pk)
    now = revision.after if revision else published_result(accrual)
    upstream = accrual.term_section.upstream.code
    return MonthLine(
        month=month,
        water_class=now.water_class,
        month_state=now.month_state,
        complete=accrual.complete,
        payments=now.payments,
        yuan=now.signed_for(upstream),
        cumulative=None,
        state=accrual.get_state_display(),
        kind=kind_of("accrual", accrual.state),
        revised=revision,
    )


def _with_sum(line: MonthLine, total: Decimal) -> MonthLine:
    return replace(line, cumulative=total)


def yearly_lines(
    viewer: Viewer, agreement: Agreement, year: int, revised: Mapping[int, Revision]
) -> tuple[YearlyLine, ...]:
    found = (
        visible_accruals(viewer)
        .filter(term__agreement=agreement, period=year_start(year), yearly=True)
        .select_related("term", "term_section__section")
        .prefetch_related(payments_prefetch())
        .order_by("term__number", "term_section__section__km", "pk")
    )
    return tuple(yearly_line(a, revised.get(a.pk), a.steps) for a in found)


def yearly_line(
    accrual: Accrual, revision: Revision | None, steps: Sequence[dict[str, Any]]
) -> YearlyLine:
    section = accrual.term_section.section
    now = revision.after if revision else published_result(accrual)
    return YearlyLine(
        accrual=accrual.pk,
        section=starred(section.name, section.is_demo),
        rule=rules.get(accrual.term.rule).title,
        month_state=now.month_state,
        payments=now.payments,
        worked=tuple(worked(step, accrual) for step in (revision.steps if revision else steps)),
        state=accrual.get_state_display(),
        kind=kind_of("accrual", accrual.state),
        revised=revision,
    )


def terms_in(agreement: Agreement, year: int) -> tuple[TermLine, ...]:
    """The terms in force on some day of the year: 1 SQL query."""
    found = Term.objects.filter(
        agreement=agreement, in_force__overlap=(year_start(year), date(year + 1, 1, 1))
    ).order_by("number")
    return tuple(term_line(term) for term in found)


def term_line(term: Term) -> TermLine:
    until = term.in_force.upper
    return TermLine(
        number=term.number,
        rule=rules.get(term.rule).title,
        revision=term.rule_revision,
        since=term.in_force.lower,
        until=last_day(until),
        clauses=tuple(clause_words(term.clauses)),
    )


def states_of(accruals: list[Accrual]) -> tuple[tuple[str, str, int], ...]:
    counts: dict[str, int] = defaultdict(int)
    for accrual in accruals:
        counts[accrual.state] += 1
    return tuple(
        (str(state.label), kind_of("accrual", state), counts[state])
        for state in Accrual.State
        if counts[state]
    )


def _adjustments(
    viewer: Viewer, agreement: Agreement, accruals: list[Accrual]
) -> tuple[YearAdjustment, ...]:
    if not sees_drafts_of(viewer, agreement):
        return ()
    by_id = {a.pk: a for a in accruals}
    found = Adjustment.objects.filter(accrual__in=list(by_id)).order_by("-proposed_at", "-pk")
    codes = {t[s] for each in found for t in each.outcome["transfers"] for s in ("payer", "payee")}
    places = {j.code: Place.of(j) for j in Jurisdiction.objects.filter(code__in=codes)}
    return tuple(_adjustment_line(each, by_id[each.accrual_id], places) for each in found)


def _adjustment_line(
    adjustment: Adjustment, accrual: Accrual, places: dict[str, Place]
) -> YearAdjustment:
    part = accrual.term_section
    proposed = [
        Compensation(places[t["payer"]], places[t["payee"]], Decimal(t["yuan"]), t["reason"])
        for t in adjustment.outcome["transfers"]
    ]
    return YearAdjustment(
        month=accrual.period,
        yearly=accrual.yearly,
        section=starred(part.section.name, part.section.is_demo),
        now=words_of(payments_of(accrual)),
        proposed=words_of(proposed),
        proposed_at=adjustment.proposed_at,
        state=adjustment.get_state_display(),
    )
