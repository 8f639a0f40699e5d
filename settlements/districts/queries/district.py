"""区县 as its page shows it: what it gets and owes in a year, by month and agreement, and why.

Counted from the payments of the accruals the viewer may see, with the adjustments that count
in the year (settlements.models.counted); the statement of account is the
ledger's (ledger.queries.ledger.statement). Amounts are Decimal yuan; positive: the district receives.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from django.db.models import Exists, OuterRef, Q, QuerySet, Sum

from basins.access import Viewer
from basins.models import Jurisdiction, RiverReach
from basins.ranges import today
from settlements.districts.queries.districts import (
    Years,
    chosen_year,
    visible_jurisdictions,
    years_of,
)
from settlements.models import Accrual, CountedTransfer
from settlements.money import ZERO
from settlements.shown.accruals import listed_accruals
from settlements.shown.findings import Compensation, starred
from settlements.shown.payments import counted_of, counted_prefetch, words_of
from settlements.shown.places import Place
from settlements.shown.visible import only_words, visible_accruals
from settlements.workflow import kind_of

QUARTERS = ("一季度", "二季度", "三季度", "四季度")


@dataclass(frozen=True, slots=True)
class StripMonth:
    """One of twelve months, as components/month_strip.html takes it."""

    label: str
    yuan: Decimal | None
    url: tuple[str, int, int] | None  # agreement, year, month; the page turns it into a link
    state: str
    kind: str
    current: bool


@dataclass(frozen=True, slots=True)
class Cell:
    label: str
    yuan: Decimal | None


@dataclass(frozen=True, slots=True)
class AgreementMoney:
    """An agreement's year for the district: what it gets and owes a quarter (or month)."""

    code: str
    title: str
    river: str
    others: str
    sections: str
    receivable: tuple[Cell, ...]
    payable: tuple[Cell, ...]  # negative
    net: tuple[Cell, ...]


@dataclass(frozen=True, slots=True)
class Reason:
    """Why one section's month came to what it did, in the words of its steps."""

    agreement: str
    month: date
    where: str
    water_class: int | None
    comparison: str
    clause: str
    result: str
    concerns: bool


@dataclass(frozen=True, slots=True)
class DistrictYear(Years):
    place: Place
    rivers: tuple[str, ...]
    year: int
    years: tuple[int, ...]
    net: Decimal
    settled: Decimal
    published: Decimal
    preliminary: Decimal
    yearly: Decimal  # of the net, from rules that settle whole years
    before: Decimal | None  # the same months of last year; None: nothing was computed then
    span: str  # "1–10月"
    months: tuple[StripMonth, ...]
    agreements: tuple[AgreementMoney, ...]
    columns: tuple[str, ...]
    totals: tuple[Cell, ...]
    why_month: date | None
    why_net: Decimal
    why: tuple[Reason, ...]
    states: tuple[tuple[str, str, int], ...]
    computed_at: datetime | None
    only: str
    demo_names: bool

    @property
    def largest(self) -> Decimal:
        return max((abs(m.yuan) for m in self.months if m.yuan is not None), default=ZERO)


def district(viewer: Viewer, code: str, wanted: int | None = None) -> DistrictYear | None:
    """The district's year, or None where there is none for this viewer: 9 SQL queries at most."""
    found = visible_jurisdictions(viewer).defer("boundary").filter(code=code).first()
    if found is None:
        return None
    years = years_of(viewer)
    year = chosen_year(years, wanted)
    accruals = _accruals_of(viewer, found, year)
    monthly = [a for a in accruals if not a.yearly]
    computed = sorted({a.period for a in monthly})
    sides = {a.pk: _signed(a, found) for a in accruals}
    columns = _columns(year, computed, any(a.yearly for a in accruals))
    groups = _by_agreement(accruals, found, columns, sides)
    last = computed[-1] if computed else None
    net = sum(sides.values(), ZERO)
    by_state = {
        state: sum((sides[a.pk] for a in accruals if a.state == state), ZERO)
        for state in Accrual.State
    }
    return DistrictYear(
        place=Place.of(found),
        rivers=tuple(
            dict.fromkeys(
                RiverReach.objects.filter(jurisdiction=found)
                .order_by("river__level", "river__code")
                .values_list("river__name", flat=True)
            )
        ),
        year=year,
        years=years,
        net=net,
        settled=by_state[Accrual.State.SETTLED],
        published=by_state[Accrual.State.PUBLISHED],
        preliminary=by_state[Accrual.State.PRELIMINARY],
        yearly=sum((sides[a.pk] for a in accruals if a.yearly), ZERO),
        before=_before(viewer, found, year, last),
        span=_span(computed),
        months=_strip(year, monthly, sides, last),
        agreements=groups,
        columns=tuple(c.label for c in columns),
        totals=_sum_cells([g.net for g in groups], columns),
        why_month=last,
        why_net=sum((sides[a.pk] for a in monthly if a.period == last), ZERO),
        why=_why(viewer, found, last),
        states=_states(accruals),
        computed_at=max((a.computed_at for a in accruals), default=None),
        only=only_words(viewer),
        demo_names=any(a.term_section.section.is_demo for a in accruals),
    )


def _concerning(accruals: QuerySet[Accrual], place: Jurisdiction) -> QuerySet[Accrual]:
    """Accruals at a border of the place: where it is a side, or is paid in the other's stead."""
    return accruals.filter(
        Q(term_section__upstream=place)
        | Q(term_section__downstream=place)
        | Exists(
            CountedTransfer.objects.filter(accrual=OuterRef("pk")).filter(
                Q(payer=place) | Q(payee=place)
            )
        )
    )


def _accruals_of(viewer: Viewer, place: Jurisdiction, year: int) -> list[Accrual]:
    found = _concerning(visible_accruals(viewer).filter(period__year=year), place)
    return list(listed_accruals(found).prefetch_related(counted_prefetch()))


def _signed(accrual: Accrual, place: Jurisdiction) -> Decimal:
    return sum(
        (
            t.yuan if t.payee_id == place.pk else -t.yuan
            for t in accrual.counted.all()  # type: ignore[attr-defined]
            if place.pk in (t.payee_id, t.payer_id)
        ),
        ZERO,
    )


def _before(viewer: Viewer, place: Jurisdiction, year: int, last: date | None) -> Decimal | None:
    """Net of the same months of the year before: 2 SQL queries."""
    if last is None:
        return None
    earlier = visible_accruals(viewer).filter(
        period__range=(date(year - 1, 1, 1), date(year - 1, last.month, 1))
    )
    if not _concerning(earlier, place).exists():
        return None
    sums = CountedTransfer.objects.filter(accrual__in=earlier.order_by().values("pk")).aggregate(
        received=Sum("yuan", filter=Q(payee=place)), paid=Sum("yuan", filter=Q(payer=place))
    )
    return (sums["received"] or ZERO) - (sums["paid"] or ZERO)


def _span(computed: list[date]) -> str:
    if not computed:
        return ""
    first, last = computed[0].month, computed[-1].month
    return f"{first}–{last}月" if first != last else f"{first}月"


def _strip(
    year: int, accruals: list[Accrual], sides: dict[int, Decimal], last: date | None
) -> tuple[StripMonth, ...]:
    months: dict[int, list[Accrual]] = defaultdict(list)
    for accrual in accruals:
        months[accrual.period.month].append(accrual)
    return tuple(_strip_month(year, n, months[n], sides, last) for n in range(1, 13))


def _strip_month(
    year: int, number: int, found: list[Accrual], sides: dict[int, Decimal], last: date | None
) -> StripMonth:
    if not found:
        return StripMonth(f"{number}月", None, None, "未核算", "none", False)
    # Of several states the least final one stands for the month.
    state = min((Accrual.State(a.state) for a in found), key=list(Accrual.State).index)
    main = max(found, key=lambda a: abs(sides[a.pk]))
    return StripMonth(
        label=f"{number}月",
        yuan=sum((sides[a.pk] for a in found), ZERO),
        url=(main.term.agreement.code, year, number),
        state=str(state.label),
        kind=kind_of("accrual", state),
        current=last is not None and last.month == number,
    )


@dataclass(frozen=True, slots=True)
class SpanColumn:
    """A quarter, a month of the running quarter, the whole-year rules, or the year."""

    label: str
    months: frozenset[int]
    yearly: bool = False

    def holds(self, accrual: Accrual) -> bool:
        if accrual.yearly:
            return self.yearly
        return accrual.period.month in self.months


def _columns(year: int, computed: list[date], yearly: bool) -> tuple[SpanColumn, ...]:
    """Quarters that are over as one column, months of the running one apart, then the sum."""
    last = computed[-1].month if computed else 12
    whole = last // 3 if year == today().year else 4
    columns = [
        SpanColumn(QUARTERS[q], frozenset(range(3 * q + 1, 3 * q + 4))) for q in range(whole)
    ]
    columns += [SpanColumn(f"{m}月", frozenset({m})) for m in range(3 * whole + 1, last + 1)]
    if yearly:
        columns.append(SpanColumn("按年核算", frozenset(), yearly=True))
    columns.append(SpanColumn("本年累计", frozenset(range(1, 13)), yearly=True))
    return tuple(columns)


def _by_agreement(
    accruals: list[Accrual],
    place: Jurisdiction,
    columns: tuple[SpanColumn, ...],
    sides: dict[int, Decimal],
) -> tuple[AgreementMoney, ...]:
    groups: dict[str, list[Accrual]] = defaultdict(list)
    for accrual in accruals:
        groups[accrual.term.agreement.code].append(accrual)
    return tuple(_agreement_money(found, place, columns, sides) for found in groups.values())


def _agreement_money(
    found: list[Accrual],
    place: Jurisdiction,
    columns: tuple[SpanColumn, ...],
    sides: dict[int, Decimal],
) -> AgreementMoney:
    agreement = found[0].term.agreement
    parts = {a.term_section.pk: a.term_section for a in found}.values()
    others = {
        side.name: None
        for part in parts
        for side in (part.upstream, part.downstream)
        if side.pk != place.pk
    }
    sections = dict.fromkeys(starred(p.section.name, p.section.is_demo) for p in parts)

    def cells(wanted) -> tuple[Cell, ...]:
        answer = []
        for column in columns:
            held = [sides[a.pk] for a in found if column.holds(a) and wanted(sides[a.pk])]
            answer.append(Cell(column.label, sum(held, ZERO) if held else None))
        return tuple(answer)

    return AgreementMoney(
        code=agreement.code,
        title=agreement.title,
        river=agreement.river.name,
        others="、".join(others),
        sections="、".join(sections),
        receivable=cells(lambda yuan: yuan > 0),
        payable=cells(lambda yuan: yuan < 0),
        net=cells(lambda yuan: True),
    )


def _sum_cells(rows: list[tuple[Cell, ...]], columns: tuple[SpanColumn, ...]) -> tuple[Cell, ...]:
    return tuple(
        Cell(column.label, sum((row[at].yuan or ZERO for row in rows), ZERO))
        for at, column in enumerate(columns)
    )


def _why(viewer: Viewer, place: Jurisdiction, month: date | None) -> tuple[Reason, ...]:
    """The last month's accruals with their steps: 2 SQL queries."""
    if month is None:
        return ()
    found = (
        _concerning(visible_accruals(viewer).filter(period=month, yearly=False), place)
        .select_related("term__agreement__river", "term_section__section__river")
        .prefetch_related(counted_prefetch())
        .order_by("term__agreement__code", "term_section__section__km", "pk")
    )
    return tuple(_reason(accrual, place) for accrual in found)


def _reason(accrual: Accrual, place: Jurisdiction) -> Reason:
    steps = {step["key"]: step for step in accrual.steps}
    section = accrual.term_section.section
    river = section.river or accrual.term.agreement.river
    comparison = steps.get("comparison") or steps.get("state") or steps.get("missing")
    clause = steps.get("clause")
    payments = counted_of(accrual)
    words = ""
    if comparison:
        words = (comparison["formula"] or comparison["text"]).rstrip("。")
    return Reason(
        agreement=accrual.term.agreement.code,
        month=accrual.period,
        where=f"{accrual.period.month}月{river.name}{starred(section.name, section.is_demo)}断面",
        water_class=accrual.water_class,
        comparison=words,
        clause=("默认参数" if clause["defaults"] else clause["clause"]) if clause else "",
        result=_result_words(payments),
        concerns=any(place.code in (p.payer.code, p.payee.code) for p in payments),
    )


def _result_words(payments: tuple[Compensation, ...]) -> str:
    return f"由{words_of(payments)}" if payments else "双方互不补偿"


def _states(accruals: Iterable[Accrual]) -> tuple[tuple[str, str, int], ...]:
    months: dict[str, set[date]] = defaultdict(set)
    for accrual in accruals:
        months[accrual.state].add(accrual.period)
    return tuple(
        (str(state.label), kind_of("accrual", state), len(months[state]))
        for state in Accrual.State
        if months[state]
    )
