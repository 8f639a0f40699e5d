"""The list of settled and running years, and what it can be narrowed by.

A year is what is booked in it (settlements.shown.revisions). Amounts are Decimal yuan to the fen.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from functools import cached_property
from typing import overload

from django.db.models import Exists, Max, Q, QuerySet, Sum

from basins.access import Viewer
from settlements.models import Agreement, Settlement, SettlementNet
from settlements.money import ZERO
from settlements.shown.findings import Net
from settlements.shown.places import Place
from settlements.shown.revisions import CarriedOfYear, booked_nets, carried_into
from settlements.shown.visible import own_first, visible_accruals, visible_settlements
from settlements.workflow import kind_of
from settlements.years.queries.years import booked_finding, nets_prefetch

YearKey = tuple[str, int]  # code of the agreement, year
NOTHING = CarriedOfYear(0)


@dataclass(frozen=True, slots=True)
class YearChoices:
    """What the list can be narrowed by, as (value, label)."""

    years: tuple[tuple[str, str], ...]
    agreements: tuple[tuple[str, str], ...]
    rivers: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class SettlementLine:
    code: str
    title: str
    river: str
    year: int
    finding: str
    nets: tuple[Net, ...]  # booked in the year
    yuan: Decimal  # what the payers pay together, net
    carried: bool  # other years' months are in it
    state: str
    kind: str
    closed_on: date | None
    computed_at: datetime
    own: bool  # the viewer's own place is party


class SettlementLines(Sequence[SettlementLine]):
    """The years in their order, read from the database by the page: one slice is 2 SQL queries."""

    def __init__(self, found: QuerySet[Settlement], into: Mapping[YearKey, CarriedOfYear]):
        self._found, self.carried = found, into

    @cached_property
    def _count(self) -> int:
        return self._found.count()

    def __len__(self) -> int:
        return self._count

    @overload
    def __getitem__(self, place: int) -> SettlementLine: ...
    @overload
    def __getitem__(self, place: slice) -> Sequence[SettlementLine]: ...
    def __getitem__(self, place):
        if isinstance(place, slice):
            return [self._line(settlement) for settlement in self._found[place]]
        return self._line(self._found[place])

    def __iter__(self) -> Iterator[SettlementLine]:
        return map(self._line, self._found)

    def among(self, only: Q) -> "SettlementLines":
        return SettlementLines(self._found.filter(only), self.carried)

    def _line(self, settlement: Settlement) -> SettlementLine:
        key = settlement.agreement.code, settlement.year
        return _settlement_line(settlement, self.carried.get(key, NOTHING))


@dataclass(frozen=True, slots=True)
class SettlementList:
    lines: SettlementLines
    total: Decimal
    computed_at: datetime | None
    own: bool  # the first of them is of the viewer's own place


def settlement_choices(viewer: Viewer) -> YearChoices:
    """2 SQL queries."""
    found = visible_settlements(viewer).order_by()
    years = found.values_list("year", flat=True).distinct().order_by("-year")
    rows = list(
        Agreement.objects.filter(pk__in=found.values("agreement"))
        .order_by("code")
        .values_list("code", "title", "river__code", "river__name")
    )
    return YearChoices(
        years=tuple((str(y), f"{y}年") for y in years),
        agreements=tuple((code, title) for code, title, *_ in rows),
        rivers=tuple(sorted({(code, name) for *_, code, name in rows})),
    )


def settlement_list(
    viewer: Viewer,
    *,
    year: int | None = None,
    agreement: str = "",
    river: str = "",
    state: str = "",
) -> SettlementList:
    """The years the viewer may see, of the own place first, newest first, to be read by the page:
    3 SQL queries whatever their number, 1 more for who has years of the own place, 2 more where
    something was carried between years."""
    wanted = {
        "year": year,
        "agreement__code": agreement,
        "agreement__river__code": river,
        "state": state,
    }
    found = visible_settlements(viewer).filter(
        **{name: value for name, value in wanted.items() if value}
    )
    own = own_first("agreement", viewer)
    lines = _lines(viewer, found)
    return SettlementList(
        lines=lines,
        total=_total(found, lines),
        computed_at=found.aggregate(at=Max("computed_at"))["at"],
        own=isinstance(own, Exists) and found.filter(own).exists(),
    )


def years_of_agreement(viewer: Viewer, agreement: str) -> tuple[SettlementLine, ...]:
    """Those the viewer may see of the agreement of that code, newest first: 3 SQL queries, 1 more
    where something was carried between years."""
    return tuple(_lines(viewer, visible_settlements(viewer).filter(agreement__code=agreement)))


def _lines(viewer: Viewer, found: QuerySet[Settlement]) -> SettlementLines:
    return SettlementLines(
        found.select_related("agreement__river")
        .prefetch_related(nets_prefetch())
        .annotate(own=own_first("agreement", viewer))
        .order_by("-own", "-year", "agreement__code"),
        carried_into(visible_accruals(viewer)),
    )


def _total(found: QuerySet[Settlement], lines: SettlementLines) -> Decimal:
    """What the payers of all the years pay together, net. Summed by the database, but for the few years
    with something of others in them."""
    of_such = Q(pk=None)
    for code, year in lines.carried:
        of_such |= Q(agreement__code=code, year=year)
    plain = SettlementNet.objects.filter(
        settlement__in=found.exclude(of_such).order_by().values("pk"), yuan__gt=0
    )
    total = plain.aggregate(total=Sum("yuan"))["total"] or ZERO
    if not lines.carried:
        return total
    return total + sum((line.yuan for line in lines.among(of_such)), ZERO)


def _settlement_line(settlement: Settlement, carried: CarriedOfYear) -> SettlementLine:
    own = tuple(Net(Place.of(n.jurisdiction), n.yuan) for n in settlement.nets.all())
    nets = booked_nets(own, carried)
    return SettlementLine(
        code=settlement.agreement.code,
        title=settlement.agreement.title,
        river=settlement.agreement.river.name,
        year=settlement.year,
        finding=booked_finding(own, carried),
        nets=nets,
        yuan=sum((n.yuan for n in nets if n.yuan > 0), ZERO),
        carried=bool(carried.into),
        state=settlement.get_state_display(),
        kind=kind_of("settlement", settlement.state),
        closed_on=settlement.closed_on,
        computed_at=settlement.computed_at,
        own=settlement.own,  # type: ignore[attr-defined]
    )
