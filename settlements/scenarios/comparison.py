"""推演: a scenario beside what really happened.

What happened is what counts now of each month, adjustments included. Amounts are Decimal yuan
to the fen; a party's net is positive where it receives. Whoever
sees only published results compares only periods that are published: the scenario says no
more of a month than the notice did.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from basins.access import Act, Viewer
from settlements.models import Accrual, Agreement, CurrentTransfer
from settlements.money import ZERO
from settlements.reckoning.periods import last_month
from settlements.reckoning.preview import PreviewLine
from settlements.rules.facts import MonthState
from settlements.shown.places import Place
from settlements.shown.visible import sees_drafts_of, visible_accruals

Period = tuple[date, bool]  # its first day, and whether it is a whole year


@dataclass(frozen=True, slots=True)
class NetFigure:
    """One line of a comparison: what really happened and what would have, in yuan."""

    label: str
    actual: Decimal
    scenario: Decimal
    code: str = ""  # of a line of one party
    start: date | None = None  # of a line of one period: its first day
    whole_year: bool = False

    @property
    def difference(self) -> Decimal:
        return self.scenario - self.actual


@dataclass(frozen=True, slots=True)
class Comparison:
    """Nets of every party in every period, actual and in the scenario."""

    parties: tuple[Place, ...]
    actual: dict[tuple[Period, str], Decimal]
    scenario: dict[tuple[Period, str], Decimal]
    periods: tuple[Period, ...]
    published_only: bool
    without_data: int  # periods and sections the scenario found no data for
    incomplete: int

    def by_year(self, code: str) -> tuple[NetFigure, ...]:
        return self._figures(code, lambda p: (f"{p[0].year}年", date(p[0].year, 1, 1), True))

    def by_month(self, code: str) -> tuple[NetFigure, ...]:
        """A rule that settles whole years has a line of its own, before the months."""
        return self._figures(code, lambda period: (period_label(period), *period))

    def by_party(self) -> tuple[NetFigure, ...]:
        """Each party over all periods; the lines sum to zero."""
        return tuple(
            NetFigure(
                place.name,
                sum((self.actual.get((p, place.code), ZERO) for p in self.periods), ZERO),
                sum((self.scenario.get((p, place.code), ZERO) for p in self.periods), ZERO),
                place.code,
            )
            for place in self.parties
        )

    def total(self, figures: Iterable[NetFigure]) -> NetFigure:
        figures = tuple(figures)
        return NetFigure(
            "合计",
            sum((f.actual for f in figures), ZERO),
            sum((f.scenario for f in figures), ZERO),
        )

    @property
    def changed(self) -> int:
        """Periods in which some party's net differs."""
        return sum(
            any(
                self.actual.get((p, place.code), ZERO) != self.scenario.get((p, place.code), ZERO)
                for place in self.parties
            )
            for p in self.periods
        )

    def _figures(
        self, code: str, line_of: Callable[[Period], tuple[str, date, bool]]
    ) -> tuple[NetFigure, ...]:
        sums: dict[tuple[str, date, bool], list[Decimal]] = {}
        for period in self.periods:
            pair = sums.setdefault(line_of(period), [ZERO, ZERO])
            pair[0] += self.actual.get((period, code), ZERO)
            pair[1] += self.scenario.get((period, code), ZERO)
        return tuple(
            NetFigure(words, actual, would, start=start, whole_year=whole_year)
            for (words, start, whole_year), (actual, would) in sums.items()
        )


def period_label(period: Period) -> str:
    start, yearly = period
    return f"{start.year}年（按年）" if yearly else f"{start:%Y-%m}"


@dataclass(frozen=True, slots=True)
class Happened:
    """What the viewer may know of an agreement's past, and of which periods."""

    parties: dict[str, Place]
    nets: dict[tuple[Period, str], Decimal]
    periods: frozenset[Period]
    shown: Callable[[Period], bool]
    published_only: bool


def what_happened(viewer: Viewer, agreement: Agreement) -> Happened:
    """The accruals of the months that are over: 5 SQL queries at most."""
    parties = {
        p.jurisdiction.code: Place.of(p.jurisdiction)
        for p in agreement.parties.select_related("jurisdiction")
        .defer("jurisdiction__boundary")
        .order_by("order", "pk")
    }
    accruals = visible_accruals(viewer).filter(term__agreement=agreement, period__lte=last_month())
    periods = frozenset(accruals.order_by().values_list("period", "yearly").distinct())
    nets: dict[tuple[Period, str], Decimal] = defaultdict(lambda: ZERO)
    for transfer in (
        CurrentTransfer.objects.filter(accrual__in=accruals.order_by())
        .select_related("accrual", "payer", "payee")
        .only("yuan", "accrual__period", "accrual__yearly", *_names("payer"), *_names("payee"))
        .order_by("pk")
    ):
        period = transfer.accrual.period, transfer.accrual.yearly
        for place, amount in ((transfer.payer, -transfer.yuan), (transfer.payee, transfer.yuan)):
            parties.setdefault(place.code, Place.of(place))
            nets[period, place.code] += amount
    everything = viewer.sees_all(Act.SEE_RESULTS) or sees_drafts_of(viewer, agreement)
    return Happened(
        parties=parties,
        nets=dict(nets),
        periods=periods,
        shown=_any if everything else _published(agreement, periods),
        published_only=not everything,
    )


def compare(happened: Happened, lines: Iterable[PreviewLine]) -> Comparison:
    """The lines of a scenario beside what happened; periods not to be shown fall away."""
    parties = dict(happened.parties)
    nets: dict[tuple[Period, str], Decimal] = defaultdict(lambda: ZERO)
    periods = set(happened.periods)
    no_data: set[tuple[int, date]] = set()
    incomplete: set[tuple[int, date]] = set()
    for line in lines:
        period = line.period, line.yearly
        if not happened.shown(period):
            continue
        periods.add(period)
        if line.state == MonthState.NO_DATA.value:
            no_data.add((line.section.pk, line.period))
        elif not line.complete:
            incomplete.add((line.section.pk, line.period))
        if line.payer is not None and line.payee is not None:
            for place, amount in ((line.payer, -line.yuan), (line.payee, line.yuan)):
                if place.code not in parties:
                    parties[place.code] = Place.of(place)
                nets[period, place.code] += amount
    return Comparison(
        parties=tuple(parties.values()),
        actual=happened.nets,
        scenario=dict(nets),
        periods=tuple(sorted(periods, key=lambda p: (p[0].year, not p[1], p[0]))),
        published_only=happened.published_only,
        without_data=len(no_data),
        incomplete=len(incomplete),
    )


def _names(side: str) -> tuple[str, ...]:
    return tuple(f"{side}__{name}" for name in ("code", "name", "short_name", "level"))


def _any(period: Period) -> bool:
    return True


def _published(agreement: Agreement, happened: Iterable[Period]) -> Callable[[Period], bool]:
    """Whether the agreement's money of a period is published: the month itself, or the whole
    of its year. 1 SQL query."""
    open_years = set(
        Accrual.objects.filter(term__agreement=agreement, state__in=Accrual.OPEN).values_list(
            "period__year", flat=True
        )
    )
    happened = frozenset(happened)
    months = {start for start, yearly in happened if not yearly}
    years = {start.year for start, _ in happened} - open_years

    def published(period: Period) -> bool:
        start, yearly = period
        return start.year in years or (not yearly and start in months)

    return published
