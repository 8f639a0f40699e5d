"""区县 side by side: what each gets and owes in a year, and whose pages there are.

Counted from the payments of the accruals the viewer may see, as they count now, with what
adjustments carried between years (settlements.shown.revisions). Amounts are Decimal yuan.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.db.models import Count, Exists, Max, OuterRef, Q, QuerySet, Sum

from basins.access import Act, Scope, Viewer
from basins.models import Jurisdiction
from basins.ranges import today
from settlements.models import CurrentTransfer, Party
from settlements.money import ZERO
from settlements.shown.places import Place
from settlements.shown.revisions import carried_in
from settlements.shown.visible import only_words, visible_accruals, visible_agreements


def visible_jurisdictions(viewer: Viewer) -> QuerySet[Jurisdiction]:
    """Whose results the viewer may ask for: districts, and whoever else is party to money."""
    party = Exists(
        Party.objects.filter(agreement__in=visible_agreements(viewer), jurisdiction=OuterRef("pk"))
    )
    match viewer.scope(Act.SEE_RESULTS):
        case Scope.ALL | Scope.PUBLISHED:
            return Jurisdiction.objects.filter(Q(level=Jurisdiction.Level.DISTRICT) | party)
        case Scope.OWN:
            return Jurisdiction.objects.filter(pk=viewer.jurisdiction_id)
    return Jurisdiction.objects.none()


def opens_place(viewer: Viewer, code: str) -> bool:
    """Whether a party's or a district's page opens for the viewer: no SQL query."""
    match viewer.scope(Act.SEE_RESULTS):
        case Scope.ALL | Scope.PUBLISHED:
            return True
        case Scope.OWN:
            return code == viewer.jurisdiction_code
    return False


@dataclass(frozen=True, slots=True)
class DistrictLine:
    place: Place
    agreements: int
    receivable: Decimal
    payable: Decimal  # positive
    carried: (
        Decimal  # booked in the year of other years' months, less what others booked of its own
    )

    @property
    def net(self) -> Decimal:
        return self.receivable - self.payable + self.carried


class Years:
    """The years before and after the one a page shows."""

    __slots__ = ()
    year: int
    years: tuple[int, ...]

    @property
    def previous(self) -> int | None:
        return max((y for y in self.years if y < self.year), default=None)

    @property
    def next(self) -> int | None:
        return min((y for y in self.years if y > self.year), default=None)


@dataclass(frozen=True, slots=True)
class DistrictList(Years):
    year: int
    years: tuple[int, ...]
    lines: tuple[DistrictLine, ...]
    only: str
    computed_at: datetime | None

    @property
    def receivable(self) -> Decimal:
        return sum((line.receivable for line in self.lines), ZERO)

    @property
    def payable(self) -> Decimal:
        return sum((line.payable for line in self.lines), ZERO)

    @property
    def carried(self) -> Decimal:
        return sum((line.carried for line in self.lines), ZERO)

    @property
    def has_carried(self) -> bool:
        return any(line.carried for line in self.lines)

    @property
    def net(self) -> Decimal:
        return self.receivable - self.payable + self.carried

    @property
    def largest(self) -> Decimal:
        return max((abs(line.net) for line in self.lines), default=ZERO)


def years_of(viewer: Viewer) -> tuple[int, ...]:
    """Years with accruals the viewer may see, newest first, this year at least: 1 SQL query."""
    found = visible_accruals(viewer).order_by().values_list("period__year", flat=True).distinct()
    return tuple(sorted({*found, today().year}, reverse=True))


def chosen_year(years: Sequence[int], wanted: int | None) -> int:
    """The wanted year, or the latest there is."""
    return wanted if wanted is not None and wanted in years else years[0]


def district_list(viewer: Viewer, wanted: int | None = None) -> DistrictList:
    """Everyone's year, those with money first: 7 SQL queries, 8 where something was carried."""
    years = years_of(viewer)
    year = chosen_year(years, wanted)
    every = visible_accruals(viewer)
    seen = every.filter(period__year=year)
    carried = carried_in(every, year)
    sums: dict[str, dict[int, Decimal]] = {}
    for side in ("payer", "payee"):
        sums[side] = dict(
            CurrentTransfer.objects.filter(accrual__in=seen.order_by().values("pk"))
            .order_by(side)
            .values_list(side)
            .annotate(total=Sum("yuan"))
        )
    agreements = dict(
        Party.objects.filter(agreement__in=visible_agreements(viewer))
        .order_by("jurisdiction")
        .values_list("jurisdiction")
        .annotate(n=Count("pk"))
    )
    lines = [
        DistrictLine(
            Place.of(j),
            agreements.get(j.pk, 0),
            sums["payee"].get(j.pk, ZERO),
            sums["payer"].get(j.pk, ZERO),
            carried.signed_for(j.code),
        )
        for j in visible_jurisdictions(viewer).defer("boundary").order_by("sort_key", "pk")
    ]
    return DistrictList(
        year=year,
        years=years,
        lines=tuple(sorted(lines, key=lambda line: (-line.net, not line.agreements))),
        only=only_words(viewer),
        computed_at=seen.aggregate(at=Max("computed_at"))["at"],
    )
