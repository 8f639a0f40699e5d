"""已修订: what counts now beside what was published, and what of it another year has booked.

One rule for every page, file and answer. A month shows what counts now, whatever year its
adjustment is booked in (`Revision`). A year shows what is booked in it: an adjustment approved
after its own year was closed counts in the year of its approval (`Carried`), and each of the two
years names the other. So of any party
    booked in a year = its months as they count now − carried out + carried in.
Amounts are Decimal yuan to the fen.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from typing import Any

from django.db.models import F, Q, QuerySet
from django.utils.timezone import localdate

from basins.models import Jurisdiction
from basins.words import month_words
from monitoring.standards.gb3838_2002 import WaterClass
from settlements.models import Accrual, Adjustment, AdjustmentNet, Transfer
from settlements.money import ZERO
from settlements.rules.facts import MonthState
from settlements.shown.findings import Compensation, Net, starred
from settlements.shown.payments import payments_of, with_sides, words_of
from settlements.shown.places import Place

SIDES = ("payer", "payee")


@dataclass(frozen=True, slots=True)
class AccrualResult:
    """What an accrual says: its class (1 … 6), month state and payments."""

    water_class: int | None
    month_state: str
    payments: tuple[Compensation, ...]

    def signed_for(self, code: str) -> Decimal:
        return sum((p.signed_for(code) for p in self.payments), ZERO)

    @property
    def words(self) -> str:
        return words_of(self.payments)


@dataclass(frozen=True, slots=True)
class Revision:
    """What an accrual was published as, what counts of it now, why and since when.

    `booked` is the year that has booked it, where that is not the accrual's own.
    """

    adjustment: int
    accrual: int
    agreement: str
    title: str
    period: date
    yearly: bool
    section: str
    before: AccrualResult
    after: AccrualResult
    cause: str
    reason: str
    on: date
    inputs: Mapping[str, Any] = field(repr=False)  # the facts it was found from
    steps: Sequence[dict[str, Any]] = field(repr=False)
    booked: int | None = None

    @property
    def period_words(self) -> str:
        return f"{self.period.year}年（按年）" if self.yearly else month_words(self.period)

    @property
    def why(self) -> str:
        return self.reason or self.cause

    @property
    def words(self) -> str:
        """Before, after, day and reason in one sentence."""
        where = f"，记入 {self.booked} 年" if self.booked else ""
        changed = f"原{self.before.words}，现{self.after.words}"
        if self.before.words == self.after.words:
            changed = f"原{self.before.month_state}，现{self.after.month_state}，金额不变"
        return f"{changed}；{self.on:%Y-%m-%d} 批准{where}：{self.why.rstrip('。')}。"


@dataclass(frozen=True, slots=True)
class Carried:
    """跨年度调整: an adjustment booked in another year than its accrual's; `shifts` are the
    differences it books, by party."""

    adjustment: int
    agreement: str
    title: str
    river: str
    period: date
    yearly: bool
    section: str
    booked: int
    on: date
    cause: str
    shifts: tuple[Net, ...]

    @property
    def period_words(self) -> str:
        return f"{self.period.year}年（按年）" if self.yearly else month_words(self.period)

    def signed_for(self, code: str) -> Decimal:
        return sum((s.yuan for s in self.shifts if s.place.code == code), ZERO)


@dataclass(frozen=True, slots=True)
class CarriedOfYear:
    """What a year's months count that another year has booked (`out`), and the other way round."""

    year: int
    out: tuple[Carried, ...] = ()
    into: tuple[Carried, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.out or self.into)

    def signed_for(self, code: str, agreement: str | None = None) -> Decimal:
        """What a party's year has booked beside its months as they count now, in yuan."""
        return sum(
            (
                sign * each.signed_for(code)
                for sign, found in ((-1, self.out), (1, self.into))
                for each in found
                if agreement in (None, each.agreement)
            ),
            ZERO,
        )

    def places(self) -> dict[str, Place]:
        return {s.place.code: s.place for each in (*self.out, *self.into) for s in each.shifts}

    def of(self, agreement: str) -> "CarriedOfYear":
        """Of one agreement alone."""
        return replace(
            self,
            out=tuple(c for c in self.out if c.agreement == agreement),
            into=tuple(c for c in self.into if c.agreement == agreement),
        )


# Read of an adjustment's accrual, with the year of its own entry.
OF_ACCRUAL = (
    "entry__year",
    "accrual__period",
    "accrual__yearly",
    "accrual__water_class",
    "accrual__month_state",
    "accrual__term__agreement__code",
    "accrual__term__agreement__title",
    "accrual__term_section__section__name",
    "accrual__term_section__section__is_demo",
)


def revisions_of(accruals: QuerySet[Accrual] | Iterable[Accrual]) -> dict[int, Revision]:
    """Accrual id → its revision, of those that are not what they were published as: 1 SQL query
    where there is none, else 3."""
    found: dict[int, Adjustment] = {}
    wanted = accruals.order_by().values("pk") if isinstance(accruals, QuerySet) else list(accruals)
    for each in (
        Adjustment.objects.filter(accrual__in=wanted, state=Adjustment.State.APPROVED)
        .select_related("entry", "accrual__term__agreement", "accrual__term_section__section")
        .only("approved_at", "cause", "reason", "inputs", "outcome", *OF_ACCRUAL)
        .order_by("-approved_at", "-pk")
    ):
        found.setdefault(each.accrual_id, each)
    if not found:
        return {}
    published: dict[int, list[Compensation]] = defaultdict(list)
    for t in with_sides(Transfer.objects.filter(accrual__in=list(found)).order_by("pk")):
        period = found[t.accrual_id].accrual.period
        paid = Compensation(Place.of(t.payer, period), Place.of(t.payee, period), t.yuan, t.reason)
        published[t.accrual_id].append(paid)
    codes = {t[side] for a in found.values() for t in a.outcome["transfers"] for side in SIDES}
    named = list(Jurisdiction.objects.filter(code__in=codes).defer("boundary"))
    answer = {
        pk: revision_of(
            each,
            published[pk],
            {j.code: Place.of(j, each.accrual.period) for j in named},
            getattr(each, "entry", None),
        )
        for pk, each in found.items()
    }
    return {pk: each for pk, each in answer.items() if each.before != each.after}


def revision_of(
    adjustment: Adjustment,
    published: Sequence[Compensation],
    places: Mapping[str, Place],
    entry: Any,
) -> Revision:
    """`entry`: the journal entry of its own, of one approved after the closing; else None."""
    accrual = adjustment.accrual
    section = accrual.term_section.section
    agreement = accrual.term.agreement
    return Revision(
        adjustment=adjustment.pk,
        accrual=accrual.pk,
        agreement=agreement.code,
        title=agreement.title,
        period=accrual.period,
        yearly=accrual.yearly,
        section=starred(section.name, section.is_demo),
        before=AccrualResult(
            accrual.water_class, accrual.get_month_state_display(), tuple(published)
        ),
        after=result_of(adjustment, places),
        cause=adjustment.cause,
        reason=adjustment.reason,
        on=localdate(adjustment.approved_at),
        inputs=adjustment.inputs,
        steps=adjustment.outcome["steps"],
        booked=entry.year if entry is not None else None,
    )


def published_result(accrual: Accrual) -> AccrualResult:
    """As it was published (or stands, where it is not); with its payments loaded."""
    return AccrualResult(
        accrual.water_class, accrual.get_month_state_display(), payments_of(accrual)
    )


def result_of(adjustment: Adjustment, places: Mapping[str, Place]) -> AccrualResult:
    """What an adjustment puts in the accrual's place."""
    found = adjustment.inputs.get("water_class")
    return AccrualResult(
        WaterClass.parse(str(found)).value if found else None,
        MonthState(adjustment.outcome["state"]).label,
        tuple(
            Compensation(places[t["payer"]], places[t["payee"]], Decimal(t["yuan"]), t["reason"])
            for t in adjustment.outcome["transfers"]
        ),
    )


def carried_in(accruals: QuerySet[Accrual], year: int) -> CarriedOfYear:
    """What adjustments moved into or out of a year, of those accruals the viewer may see
    (`accruals`, of all years): 1 SQL query where there is none, else 2."""
    return carried_of_year(year, _carried(accruals, year))


def carried_into(accruals: QuerySet[Accrual]) -> dict[tuple[str, int], CarriedOfYear]:
    """(agreement code, year) → what the year has booked of other years' months: 1 SQL query
    where there is none, else 2."""
    found: dict[tuple[str, int], list[Carried]] = defaultdict(list)
    for each in _carried(accruals):
        found[each.agreement, each.booked].append(each)
    return {key: CarriedOfYear(key[1], into=tuple(own)) for key, own in found.items()}


def _carried(accruals: QuerySet[Accrual], year: int | None = None) -> list[Carried]:
    """Adjustments booked in another year than their accrual's; `year`: from it or into it."""
    late = Adjustment.objects.filter(
        accrual__in=accruals.order_by().values("pk"),
        state=Adjustment.State.APPROVED,
        entry__isnull=False,
    ).exclude(entry__year=F("accrual__period__year"))
    if year is not None:
        late = late.filter(Q(entry__year=year) | Q(accrual__period__year=year))
    found = list(
        late.select_related(
            "entry", "accrual__term__agreement__river", "accrual__term_section__section"
        )
        .only("approved_at", "cause", "accrual__term__agreement__river__name", *OF_ACCRUAL)
        .order_by("accrual__term__agreement__code", "accrual__period", "pk")
    )
    if not found:
        return []
    shifts: dict[int, list[Net]] = defaultdict(list)
    for net in (
        AdjustmentNet.objects.filter(adjustment__in=found)
        .select_related("jurisdiction")
        .only("adjustment", "yuan", *Place.columns("jurisdiction"))
        .order_by("pk")
    ):
        shifts[net.adjustment_id].append(Net(Place.of(net.jurisdiction), net.yuan))
    return [carried_of(a, a.accrual, shifts[a.pk], a.entry.year) for a in found]


def carried_of(
    adjustment: Adjustment, accrual: Accrual, shifts: Sequence[Net], booked: int
) -> Carried:
    section, agreement = accrual.term_section.section, accrual.term.agreement
    return Carried(
        adjustment=adjustment.pk,
        agreement=agreement.code,
        title=agreement.title,
        river=agreement.river.name,
        period=accrual.period,
        yearly=accrual.yearly,
        section=starred(section.name, section.is_demo),
        booked=booked,
        on=localdate(adjustment.approved_at),
        cause=adjustment.cause,
        shifts=tuple(shifts),
    )


def carried_of_year(year: int, found: Iterable[Carried]) -> CarriedOfYear:
    """Those between the year and another."""
    found = list(found)
    return CarriedOfYear(
        year,
        out=tuple(c for c in found if c.period.year == year),
        into=tuple(c for c in found if c.booked == year),
    )


def booked_nets(nets: Sequence[Net], carried: CarriedOfYear) -> tuple[Net, ...]:
    """A settlement's nets with what the year has booked of other years' months."""
    own = {n.place.code for n in nets}
    others = [place for code, place in carried.places().items() if code not in own]
    into = CarriedOfYear(carried.year, into=carried.into)
    return tuple(
        replace(net, yuan=net.yuan + into.signed_for(net.place.code))
        for net in (*nets, *(Net(place, ZERO) for place in others))
        if net.place.code in own or into.signed_for(net.place.code)
    )
