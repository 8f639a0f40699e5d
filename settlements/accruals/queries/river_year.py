"""The year's money of one river: its agreements' months, each party's net.

Amounts are Decimal yuan to the fen; the sums equal the sums of the months shown.
"""

from collections import defaultdict
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.db.models import Q

from basins.access import Act, Viewer
from settlements.models import Accrual, CountedTransfer, Party
from settlements.money import ZERO
from settlements.shown.places import Place
from settlements.shown.visible import only_words, visible_accruals


@dataclass(frozen=True, slots=True)
class RiverMonth:
    """One month of a river's agreements: each party's net in the order of `RiverYear.parties`."""

    label: str
    month: date | None  # None: settled for the whole year
    transfers: int
    yuan: Decimal
    nets: tuple[Decimal, ...]
    state: str


@dataclass(frozen=True, slots=True)
class RiverYear:
    year: int
    parties: tuple[Place, ...]
    months: tuple[RiverMonth, ...]
    transfers: int
    yuan: Decimal
    nets: tuple[Decimal, ...]
    only: str


def river_year(viewer: Viewer, river_code: str, year: int) -> RiverYear:
    """The year's money of a river's sections, by month: 3 queries, 4 for a part.

    Sections without a river are of their agreement's.
    """
    here = Q(term_section__section__river__code=river_code) | Q(
        term_section__section__river=None, term__agreement__river__code=river_code
    )
    of_year = Accrual.objects.filter(here, period__year=year)
    seen = visible_accruals(viewer).filter(here, period__year=year)
    states: dict[tuple[bool, date], set[str]] = defaultdict(set)
    for yearly, period, state in seen.order_by("period", "pk").values_list(
        "yearly", "period", "state"
    ):
        states[yearly, period].add(str(Accrual.State(state).label))
    found: dict[tuple[bool, date], list[CountedTransfer]] = defaultdict(list)
    places = {
        p.jurisdiction.code: Place.of(p.jurisdiction)
        for p in Party.objects.filter(
            agreement__in=seen.values("term__agreement"), agreement__river__code=river_code
        )
        .select_related("jurisdiction")
        .defer("jurisdiction__boundary")
        .order_by("agreement__code", "order")
    }
    for transfer in (
        CountedTransfer.objects.filter(accrual__in=seen.values("pk"))
        .select_related("payer", "payee", "accrual")
        .defer("payer__boundary", "payee__boundary", "accrual__steps", "accrual__inputs")
        .order_by("accrual__period", "pk")
    ):
        found[transfer.accrual.yearly, transfer.accrual.period].append(transfer)
        for side in (transfer.payer, transfer.payee):
            places.setdefault(side.code, Place.of(side))
    parties = tuple(places.values())
    months = tuple(
        _river_month(period, yearly, found[yearly, period], parties, states[yearly, period])
        for yearly, period in sorted(states)
    )
    partial = not viewer.sees_all(Act.SEE_RESULTS) and (
        of_year.exclude(pk__in=seen.values("pk")).exists()
    )
    return RiverYear(
        year=year,
        parties=parties,
        months=months,
        transfers=sum(m.transfers for m in months),
        yuan=sum((m.yuan for m in months), ZERO),
        nets=tuple(sum((m.nets[i] for m in months), ZERO) for i in range(len(parties))),
        only=only_words(viewer) if partial else "",
    )


def _river_month(period, yearly, transfers, parties, states) -> RiverMonth:
    nets = dict.fromkeys((p.code for p in parties), ZERO)
    for transfer in transfers:
        nets[transfer.payer.code] -= transfer.yuan
        nets[transfer.payee.code] += transfer.yuan
    return RiverMonth(
        label=f"{period.year}年(按年核算)" if yearly else f"{period.month}月",
        month=None if yearly else period,
        transfers=len(transfers),
        yuan=sum((t.yuan for t in transfers), ZERO),
        nets=tuple(nets.values()),
        state="、".join(sorted(states)),
    )
