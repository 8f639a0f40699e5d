"""The list of settled and running years, and what it can be narrowed by.

Amounts are Decimal yuan to the fen.
"""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from basins.access import Viewer
from settlements.models import Settlement
from settlements.money import ZERO
from settlements.shown.findings import Net, year_finding
from settlements.shown.places import Place
from settlements.shown.visible import visible_settlements
from settlements.workflow import kind_of
from settlements.years.queries.years import nets_prefetch


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
    nets: tuple[Net, ...]
    yuan: Decimal  # what the payers pay together, net
    state: str
    kind: str
    closed_on: date | None
    computed_at: datetime


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
    """The years the viewer may see, newest first: 2 SQL queries whatever their number."""
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
        .order_by("-year", "agreement__code")
    )
    lines = tuple(_settlement_line(s) for s in found)
    return SettlementList(
        lines=lines,
        total=sum((line.yuan for line in lines), ZERO),
        computed_at=max((line.computed_at for line in lines), default=None),
    )


def _settlement_line(settlement: Settlement) -> SettlementLine:
    nets = tuple(Net(Place.of(n.jurisdiction), n.yuan) for n in settlement.nets.all())
    return SettlementLine(
        code=settlement.agreement.code,
        title=settlement.agreement.title,
        river=settlement.agreement.river.name,
        year=settlement.year,
        finding=year_finding(nets),
        nets=nets,
        yuan=sum((n.yuan for n in nets if n.yuan > 0), ZERO),
        state=settlement.get_state_display(),
        kind=kind_of("settlement", settlement.state),
        closed_on=settlement.closed_on,
        computed_at=settlement.computed_at,
    )
