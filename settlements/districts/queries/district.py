"""区县 as its page shows it: what it gets and owes in a year, by month and agreement, and why.

Counted from the payments of the accruals the viewer may see. A month is what counts now; the year
is what is booked in it, with what adjustments carried between years (settlements.shown.revisions).
The statement of account is the ledger's (ledger.queries.ledger.statement). Amounts are Decimal
yuan; positive: the district receives.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
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
from settlements.models import Accrual, AdjustmentNet, CurrentTransfer
from settlements.money import ZERO
from settlements.shown.accruals import listed_accruals
from settlements.shown.findings import Compensation, starred
from settlements.shown.payments import current_of, current_prefetch, words_of
from settlements.shown.places import Place
from settlements.shown.revisions import (
    Carried,
    CarriedOfYear,
    Revision,
    carried_in,
    revisions_of,
)
from settlements.shown.visible import only_words, visible_accruals
from settlements.workflow import kind_of

QUARTERS = ("一季度", "二季度", "三季度", "四季度")


@dataclass(frozen=True, slots=True)
class StripMonth:
    """One of twelve months, as components/month_strip.html takes it; `number` None: nothing yet."""

    label: str
    yuan: Decimal | None
    number: int | None  # of the month whose parts the page lists
    state: str
    kind: str
    current: bool
    revised: bool


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
    carried: tuple[Cell, ...]  # between years, in the last column; () where there is nothing
    net: tuple[Cell, ...]


@dataclass(frozen=True, slots=True)
class Reason:
    """Why one section's month came to what it did, in the words of its steps; yuan: what the
    district receives (negative: pays) of it."""

    agreement: str
    title: str
    section: str  # its code
    yuan: Decimal
    state: str
    kind: str
    revised: Revision | None
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
    parts: tuple[tuple[str, Decimal], ...]  # of its accruals, by state: label and yuan
    yearly: Decimal  # of the net, from rules that settle whole years
    carried: CarriedOfYear  # between this year and others, of the district's agreements
    beside: Decimal  # what of the net no month of the year shows
    before: Decimal | None  # the same months of last year; None: nothing was computed then
    span: str  # "1–10月"
    months: tuple[StripMonth, ...]
    agreements: tuple[AgreementMoney, ...]
    columns: tuple[str, ...]
    totals: tuple[Cell, ...]
    revised: tuple[Revision, ...]
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


def district(
    viewer: Viewer, code: str, wanted: int | None = None, month: int | None = None
) -> DistrictYear | None:
    """The district's year, or None where there is none for this viewer: 11 SQL queries at most,
    and 5 more where something was adjusted.

    `month` (1 … 12) is the month whose parts are told, where it was computed; else the last.
    """
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
    carried = _carried(viewer, found, year)
    groups = _by_agreement(accruals, found, columns, sides, carried)
    last = computed[-1] if computed else None
    shown = date(year, month or 0, 1) if month in {m.month for m in computed} else last
    beside = carried.signed_for(found.code)
    net = sum(sides.values(), beside)
    revised = revisions_of(accruals)
    parts = tuple(
        (str(state.label), sum((sides[a.pk] for a in own), ZERO))
        for state in reversed(Accrual.State)
        if (own := [a for a in accruals if a.state == state])
    )
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
        parts=parts,
        yearly=sum((sides[a.pk] for a in accruals if a.yearly), ZERO),
        carried=carried,
        beside=beside,
        before=_before(viewer, found, year, last),
        span=_span(computed),
        months=_strip(monthly, sides, shown, revised),
        agreements=groups,
        columns=tuple(c.label for c in columns),
        totals=_sum_cells([g.net for g in groups], columns),
        revised=tuple(sorted(revised.values(), key=lambda r: (r.period, r.agreement, r.section))),
        why_month=shown,
        why_net=sum((sides[a.pk] for a in monthly if a.period == shown), ZERO),
        why=_why(found, [a.pk for a in monthly if a.period == shown], revised),
        states=_states(accruals),
        computed_at=max((a.computed_at for a in accruals), default=None),
        only=only_words(viewer),
        demo_names=any(a.term_section.section.is_demo for a in accruals),
    )


def _carried(viewer: Viewer, place: Jurisdiction, year: int) -> CarriedOfYear:
    """What adjustments of the place's amounts moved into or out of the year."""
    return carried_in(_concerning(visible_accruals(viewer), place), year)


def _concerning(accruals: QuerySet[Accrual], place: Jurisdiction) -> QuerySet[Accrual]:
    """Accruals at a border of the place: where it is a side, or is paid in the other's stead, or
    was before an adjustment."""
    return accruals.filter(
        Q(term_section__upstream=place)
        | Q(term_section__downstream=place)
        | Exists(
            CurrentTransfer.objects.filter(accrual=OuterRef("pk")).filter(
                Q(payer=place) | Q(payee=place)
            )
        )
        | Exists(
            AdjustmentNet.objects.filter(adjustment__accrual=OuterRef("pk"), jurisdiction=place)
        )
    )


def _accruals_of(viewer: Viewer, place: Jurisdiction, year: int) -> list[Accrual]:
    found = _concerning(visible_accruals(viewer).filter(period__year=year), place)
    return list(listed_accruals(found).prefetch_related(current_prefetch()))


def _signed(accrual: Accrual, place: Jurisdiction) -> Decimal:
    return sum(
        (
            t.yuan if t.payee_id == place.pk else -t.yuan
            for t in accrual.current.all()  # type: ignore[attr-defined]
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
    own = CurrentTransfer.objects.filter(
        Q(payee=place) | Q(payer=place), accrual__in=earlier.order_by().values("pk")
    )
    sums = own.aggregate(
        received=Sum("yuan", filter=Q(payee=place)), paid=Sum("yuan", filter=Q(payer=place))
    )
    return (sums["received"] or ZERO) - (sums["paid"] or ZERO)


def _span(computed: list[date]) -> str:
    if not computed:
        return ""
    first, last = computed[0].month, computed[-1].month
    return f"{first}–{last}月" if first != last else f"{first}月"


def _strip(
    accruals: list[Accrual],
    sides: dict[int, Decimal],
    shown: date | None,
    revised: Mapping[int, Revision],
) -> tuple[StripMonth, ...]:
    months: dict[int, list[Accrual]] = defaultdict(list)
    for accrual in accruals:
        months[accrual.period.month].append(accrual)
    return tuple(_strip_month(n, months[n], sides, shown, revised) for n in range(1, 13))


def _strip_month(
    number: int,
    found: list[Accrual],
    sides: dict[int, Decimal],
    shown: date | None,
    revised: Mapping[int, Revision],
) -> StripMonth:
    if not found:
        return StripMonth(f"{number}月", None, None, "未核算", "none", False, False)
    # Of several states the least final one stands for the month.
    state = min((Accrual.State(a.state) for a in found), key=list(Accrual.State).index)
    return StripMonth(
        label=f"{number}月",
        yuan=sum((sides[a.pk] for a in found), ZERO),
        number=number,
        state=str(state.label),
        kind=kind_of("accrual", state),
        current=shown is not None and shown.month == number,
        revised=any(a.pk in revised for a in found),
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
    carried: CarriedOfYear,
) -> tuple[AgreementMoney, ...]:
    groups: dict[str, list[Accrual]] = defaultdict(list)
    for accrual in accruals:
        groups[accrual.term.agreement.code].append(accrual)
    own = {code: carried.of(code) for code in groups}
    lines = [
        _agreement_money(found, place, columns, sides, own[code]) for code, found in groups.items()
    ]
    # An agreement may have nothing in the year but what was carried into it.
    for each in carried.into:
        if each.agreement not in own:
            own[each.agreement] = carried.of(each.agreement)
            lines.append(_carried_alone(each, place, columns, own[each.agreement]))
    return tuple(lines)


def _carried_alone(
    each: Carried, place: Jurisdiction, columns: tuple[SpanColumn, ...], carried: CarriedOfYear
) -> AgreementMoney:
    nothing = tuple(Cell(column.label, None) for column in columns)
    sums = (*nothing[:-1], Cell(columns[-1].label, carried.signed_for(place.code)))
    others = [s.place.name for s in each.shifts if s.place.code != place.code]
    return AgreementMoney(
        each.agreement, each.title, each.river, "、".join(others), each.section,
        receivable=nothing, payable=nothing, carried=sums, net=sums,
    )  # fmt: skip


def _agreement_money(
    found: list[Accrual],
    place: Jurisdiction,
    columns: tuple[SpanColumn, ...],
    sides: dict[int, Decimal],
    carried: CarriedOfYear,
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

    beside = carried.signed_for(place.code)

    def cells(wanted, more: Decimal = ZERO) -> tuple[Cell, ...]:
        answer = []
        for column in columns:
            held = [sides[a.pk] for a in found if column.holds(a) and wanted(sides[a.pk])]
            if column is columns[-1] and more:
                held.append(more)
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
        carried=cells(lambda yuan: False, beside) if carried else (),
        net=cells(lambda yuan: True, beside),
    )


def _sum_cells(rows: list[tuple[Cell, ...]], columns: tuple[SpanColumn, ...]) -> tuple[Cell, ...]:
    return tuple(
        Cell(column.label, sum((row[at].yuan or ZERO for row in rows), ZERO))
        for at, column in enumerate(columns)
    )


def _why(
    place: Jurisdiction, accruals: Sequence[int], revised: Mapping[int, Revision]
) -> tuple[Reason, ...]:
    """The month's accruals, found before, with their steps, every agreement's: 2 SQL queries."""
    if not accruals:
        return ()
    found = (
        Accrual.objects.filter(pk__in=accruals)
        .select_related("term__agreement__river", "term_section__section__river")
        .only(
            *("period", "state", "water_class", "steps"),
            *("term__agreement__code", "term__agreement__title", "term__agreement__river__name"),
            *("term_section__section__code", "term_section__section__name"),
            *("term_section__section__is_demo", "term_section__section__river__name"),
        )
        .prefetch_related(current_prefetch())
        .order_by("term__agreement__code", "term_section__section__km", "pk")
    )
    return tuple(_reason(accrual, place, revised.get(accrual.pk)) for accrual in found)


def _reason(accrual: Accrual, place: Jurisdiction, revised: Revision | None) -> Reason:
    steps = {step["key"]: step for step in (revised.steps if revised else accrual.steps)}
    section = accrual.term_section.section
    river = section.river or accrual.term.agreement.river
    comparison = steps.get("comparison") or steps.get("state") or steps.get("missing")
    clause = steps.get("clause")
    payments = current_of(accrual)
    words = ""
    if comparison:
        words = (comparison["formula"] or comparison["text"]).rstrip("。")
    return Reason(
        agreement=accrual.term.agreement.code,
        title=accrual.term.agreement.title,
        section=section.code,
        yuan=sum((p.signed_for(place.code) for p in payments), ZERO),
        state=accrual.get_state_display(),
        kind=kind_of("accrual", accrual.state),
        revised=revised,
        month=accrual.period,
        where=f"{accrual.period.month}月{river.name}{starred(section.name, section.is_demo)}断面",
        water_class=revised.after.water_class if revised else accrual.water_class,
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
