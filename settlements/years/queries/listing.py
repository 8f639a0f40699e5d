"""The list of settled and running years, and what it can be narrowed by.

A year is what is booked in it (settlements.shown.revisions). Amounts are Decimal yuan to the fen.
"""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from basins.access import Viewer
from settlements.models import Settlement
from settlements.money import ZERO
from settlements.shown.findings import Net
from settlements.shown.places import Place
from settlements.shown.revisions import CarriedOfYear, booked_nets, carried_into
from settlements.shown.visible import own_first, visible_accruals, visible_settlements
from settlements.workflow import kind_of
from settlements.years.queries.years import booked_finding, nets_prefetch


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


@dataclass(frozen=True, slots=True)
class SettlementList:
    lines: tuple[SettlementLine, ...]
    total: Decimal
    computed_at: datetime | None


def settlement_choices(viewer: Viewer) -> YearChoices:
    """1 SQL query."""
    rows = list(
        visible_settlements(viewer)
        .order_by("-year", "agreement__code")
        .values_list(
            "year",
            "agreement__code",
            "agreement__title",
            "agreement__river__code",
            "agreement__river__name",
        )
    )
    return YearChoices(
        years=tuple(dict.fromkeys((str(y), f"{y}年") for y, *_ in rows)),
        agreements=tuple(sorted({(code, title) for _, code, title, *_ in rows})),
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
    """The years the viewer may see, of the own place first, newest first: 3 SQL queries whatever
    their number, 4 where something was carried between years."""
    wanted = {
        "year": year,
        "agreement__code": agreement,
        "agreement__river__code": river,
        "state": state,
    }
    found = (
        visible_settlements(viewer)
        .filter(**{name: value for name, value in wanted.items() if value})
        .select_related("agreement__river")
        .prefetch_related(nets_prefetch())
        .annotate(own=own_first("agreement", viewer))
        .order_by("-own", "-year", "agreement__code")
    )
    into = carried_into(visible_accruals(viewer))
    nothing = CarriedOfYear(0)
    lines = tuple(_settlement_line(s, into.get((s.agreement.code, s.year), nothing)) for s in found)
    return SettlementList(
        lines=lines,
        total=sum((line.yuan for line in lines), ZERO),
        computed_at=max((line.computed_at for line in lines), default=None),
    )


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
