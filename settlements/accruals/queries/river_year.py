"""The year's money of one river: its agreements' months, each party's net.

Amounts are Decimal yuan to the fen. A month is what counts now; the year is what is booked in it:
its months, with what adjustments carried into another year or out of one (settlements.shown.revisions).
"""

from collections import defaultdict
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.db.models import Q

from basins.access import Act, Viewer
from settlements.models import Accrual, CurrentTransfer, Party
from settlements.money import ZERO
from settlements.shown.places import Place
from settlements.shown.revisions import CarriedOfYear, Revision, carried_in, revisions_of
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
    revised: tuple[Revision, ...]


@dataclass(frozen=True, slots=True)
class RiverYear:
    """`nets`: booked in the year, in the order of `parties`; `yuan`: what its months' payments
    come to, as they count now; `beside`: what of `nets` no month shows."""

    year: int
    parties: tuple[Place, ...]
    months: tuple[RiverMonth, ...]
    transfers: int
    yuan: Decimal
    nets: tuple[Decimal, ...]
    beside: tuple[Decimal, ...]
    carried: CarriedOfYear

    @property
    def revised(self) -> tuple[Revision, ...]:
        return tuple(r for m in self.months for r in m.revised)

    only: str


def river_year(viewer: Viewer, river_code: str, year: int) -> RiverYear:
    """The year's money of a river's sections, by month: 5 queries, 6 for a part, and 3 more where
    something was adjusted.

    Sections without a river are of their agreement's.
    """
    here = Q(term_section__section__river__code=river_code) | Q(
        term_section__section__river=None, term__agreement__river__code=river_code
    )
    of_year = Accrual.objects.filter(here, period__year=year)
    of_river = visible_accruals(viewer).filter(here)
    seen = of_river.filter(period__year=year)
    carried = carried_in(of_river, year)
    revised: dict[tuple[bool, date], list[Revision]] = defaultdict(list)
    for revision in revisions_of(seen).values():
        revised[revision.yearly, revision.period].append(revision)
    states: dict[tuple[bool, date], set[str]] = defaultdict(set)
    ids = []
    for pk, yearly, period, state in seen.order_by("period", "pk").values_list(
        "pk", "yearly", "period", "state"
    ):
        ids.append(pk)
        states[yearly, period].add(str(Accrual.State(state).label))
    found: dict[tuple[bool, date], list[CurrentTransfer]] = defaultdict(list)
    places = {
        p.jurisdiction.code: Place.of(p.jurisdiction)
        for p in Party.objects.filter(
            agreement__in=seen.values("term__agreement"), agreement__river__code=river_code
        )
        .select_related("jurisdiction")
        .only(*Place.columns("jurisdiction"))
        .order_by("agreement__code", "order")
    }
    for transfer in (
        CurrentTransfer.objects.filter(accrual__in=ids)
        .select_related("payer", "payee", "accrual")
        .only(
            *("accrual__yearly", "accrual__period", "yuan"),
            *Place.columns("payer"),
            *Place.columns("payee"),
        )
        .order_by("accrual__period", "pk")
    ):
        found[transfer.accrual.yearly, transfer.accrual.period].append(transfer)
        for side in (transfer.payer, transfer.payee):
            places.setdefault(side.code, Place.of(side))
    for code, place in carried.places().items():
        places.setdefault(code, place)
    parties = tuple(places.values())
    months = tuple(
        _river_month(
            period,
            yearly,
            found[yearly, period],
            parties,
            states[yearly, period],
            tuple(revised[yearly, period]),
        )
        for yearly, period in sorted(states)
    )
    beside = tuple(carried.signed_for(p.code) for p in parties)
    partial = not viewer.sees_all(Act.SEE_RESULTS) and (
        of_year.exclude(pk__in=seen.values("pk")).exists()
    )
    return RiverYear(
        year=year,
        parties=parties,
        months=months,
        transfers=sum(m.transfers for m in months),
        yuan=sum((m.yuan for m in months), ZERO),
        nets=tuple(sum((m.nets[i] for m in months), more) for i, more in enumerate(beside)),
        beside=beside,
        carried=carried,
        only=only_words(viewer) if partial else "",
    )


def _river_month(period, yearly, transfers, parties, states, revised) -> RiverMonth:
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
        revised=revised,
    )
