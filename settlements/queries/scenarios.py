"""推演: scenarios a person may see, and each beside what really happened.

Amounts are Decimal yuan to the fen; a party's net is positive where it receives. Whoever
sees only published results compares only periods that are published: the scenario says no
more of a month than the notice did.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from itertools import zip_longest
from typing import Any

from django.db.models import Q, QuerySet

from basins.access import Act, Viewer
from basins.models import Jurisdiction
from jobs.models import Job
from monitoring.models import Section
from monitoring.queries.visible import visible_sections
from settlements import rules
from settlements.models import Accrual, Agreement, CountedTransfer, Scenario, Term
from settlements.queries.agreements import (
    ParameterLine,
    last_day,
    parameter_lines,
    strand_label,
)
from settlements.queries.findings import starred
from settlements.queries.month import Place
from settlements.queries.visible import visible_accruals, visible_agreements
from settlements.queries.years import sees_drafts_of
from settlements.rules.facts import MonthState, plain_decimal
from settlements.services.periods import last_month
from settlements.services.preview import PreviewLine

ZERO = Decimal("0.00")
Period = tuple[date, bool]  # its first day, and whether it is a whole year


@dataclass(frozen=True, slots=True)
class Figure:
    """One line of a comparison: what really happened and what would have, in yuan."""

    label: str
    actual: Decimal
    scenario: Decimal
    code: str = ""

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

    def by_year(self, code: str) -> tuple[Figure, ...]:
        return self._figures(code, lambda period: f"{period[0].year}年")

    def by_month(self, code: str) -> tuple[Figure, ...]:
        """A rule that settles whole years has a line of its own, before the months."""
        return self._figures(code, period_label)

    def by_party(self) -> tuple[Figure, ...]:
        """Each party over all periods; the lines sum to zero."""
        return tuple(
            Figure(
                place.name,
                sum((self.actual.get((p, place.code), ZERO) for p in self.periods), ZERO),
                sum((self.scenario.get((p, place.code), ZERO) for p in self.periods), ZERO),
                place.code,
            )
            for place in self.parties
        )

    def total(self, figures: Iterable[Figure]) -> Figure:
        figures = tuple(figures)
        return Figure(
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

    def _figures(self, code: str, label: Callable[[Period], str]) -> tuple[Figure, ...]:
        sums: dict[str, list[Decimal]] = {}
        for period in self.periods:
            pair = sums.setdefault(label(period), [ZERO, ZERO])
            pair[0] += self.actual.get((period, code), ZERO)
            pair[1] += self.scenario.get((period, code), ZERO)
        return tuple(Figure(words, actual, would) for words, (actual, would) in sums.items())


def period_label(period: Period) -> str:
    start, yearly = period
    return f"{start.year}年（按年）" if yearly else f"{start:%Y-%m}"


def visible_scenarios(viewer: Viewer) -> QuerySet[Scenario]:
    """Scenarios of agreements the viewer may see; who has the link sees one of them."""
    if not viewer.may(Act.SEE_AGREEMENTS):
        return Scenario.objects.none()
    return (
        Scenario.objects.filter(agreement__in=visible_agreements(viewer))
        .select_related("agreement__river", "owner")
        .order_by("-changed_at", "-pk")
    )


def own_scenarios(viewer: Viewer) -> QuerySet[Scenario]:
    return visible_scenarios(viewer).filter(owner=viewer.user_id)


def find_scenario(viewer: Viewer, token: str) -> Scenario | None:
    """The scenario of a shared link, or None where there is none for this viewer."""
    return visible_scenarios(viewer).filter(token=token).first()


def runs_of(viewer: Viewer, kind: str) -> QuerySet[Job]:
    """The person's own runs, newest first."""
    if not viewer.may(Act.SEE_AGREEMENTS):
        return Job.objects.none()
    return Job.objects.filter(kind=kind, by=viewer.user_id).order_by("-pk")


def agreements_to_copy(viewer: Viewer) -> QuerySet[Agreement]:
    """Visible agreements that have terms."""
    return (
        visible_agreements(viewer)
        .filter(terms__isnull=False)
        .select_related("river")
        .distinct()
        .order_by("code")
    )


@dataclass(frozen=True, slots=True)
class TermOffer:
    """What the form of a term offers: sections (key, name) and the names of its parties."""

    sections: tuple[tuple[int, str], ...]
    places: tuple[tuple[str, str], ...]  # parties and sides first, then every other district


def term_offer(viewer: Viewer, scenario: Scenario) -> TermOffer:
    """Visible sections of the agreement's river and those in use: 3 SQL queries."""
    parts = [p for term in scenario.terms for p in term["sections"]]
    used = Q(pk__in=[p["section"] for p in parts])
    found = (
        Section.objects.filter(
            used | Q(pk__in=visible_sections(viewer), river=scenario.agreement.river_id)
        )
        .order_by("km", "code")
        .values_list("pk", "name", "is_demo")
    )
    codes = {p[side] for p in parts for side in ("upstream", "downstream")}
    codes |= set(scenario.agreement.parties.values_list("jurisdiction__code", flat=True))
    places = list(
        Jurisdiction.objects.exclude(level=Jurisdiction.Level.TOWNSHIP)
        .order_by("sort_key", "pk")
        .values_list("code", "name")
    )
    return TermOffer(
        sections=tuple((pk, starred(name, is_demo)) for pk, name, is_demo in found),
        places=(
            *(p for p in places if p[0] in codes),
            *(p for p in places if p[0] not in codes),
        ),
    )


@dataclass(frozen=True, slots=True)
class TermWords:
    """One term of a scenario in words, and how it differs from the agreement's today."""

    number: int
    strand: str
    rule: str
    since: date
    until: date | None  # last day
    changes: tuple[tuple[str, str, str], ...]  # what, before, now


def terms_in_words(scenario: Scenario) -> tuple[TermWords, ...]:
    """Each term beside the agreement's term of the same number: 3 SQL queries."""
    offer_names = dict(
        Section.objects.filter(
            pk__in=[p["section"] for t in scenario.terms for p in t["sections"]]
        ).values_list("pk", "name")
    )
    now = {
        t.number: t
        for t in scenario.agreement.terms.order_by("number").prefetch_related(
            "sections__section", "sections__upstream", "sections__downstream"
        )
    }
    codes = {
        p[s] for t in scenario.terms for p in t["sections"] for s in ("upstream", "downstream")
    }
    places = dict(Jurisdiction.objects.filter(code__in=codes).values_list("code", "name"))
    words = tuple(
        TermWords(
            number=term["number"],
            strand=strand_label(term["strand"]),
            rule=rules.get(term["rule"]).TITLE,
            since=date.fromisoformat(term["since"]),
            until=last_day(date.fromisoformat(term["until"]) if term["until"] else None),
            changes=tuple(_changes(term, now.get(term["number"]), offer_names, places)),
        )
        for term in scenario.terms
    )
    kept = {term["number"] for term in scenario.terms}
    gone = tuple(
        TermWords(
            number=term.number,
            strand=strand_label(term.strand),
            rule=rules.get(term.rule).TITLE,
            since=term.in_force.lower,
            until=last_day(term.in_force.upper),
            changes=(("条款期", rules.get(term.rule).TITLE, "情景去掉"),),
        )
        for number, term in now.items()
        if number not in kept
    )
    return tuple(sorted((*words, *gone), key=lambda w: w.number))


def _changes(
    term: Mapping[str, Any],
    before: Term | None,
    names: Mapping[int, str],
    places: Mapping[str, str],
) -> Iterator[tuple[str, str, str]]:
    if before is None:
        since = date.fromisoformat(term["since"])
        title = rules.get(term["rule"]).TITLE
        yield "条款期", "协议中没有", f"情景新增：{title}，{since} 起"
        return
    module = rules.get(term["rule"])
    if term["rule"] != before.rule:
        yield "规则", rules.get(before.rule).TITLE, module.TITLE
    old = {line.name: line for line in _lines(before.rule, before.parameters)}
    for line in _lines(term["rule"], term["parameters"]):
        was = old.get(line.name)
        if was is None or (was.value, was.unit) != (line.value, line.unit):
            yield line.label, _words(was), _words(line)
    spans = (before.in_force.lower, before.in_force.upper), (term["since"], term["until"])
    for label, was_day, day in zip(("起日", "止日"), *spans, strict=True):
        until = label == "止日"
        was_shown = _day(was_day, until)
        shown = _day(date.fromisoformat(day) if day else None, until)
        if was_shown != shown:
            yield label, was_shown, shown
    was_parts = [
        (p.section_id, p.section.name, p.share, p.upstream.name, p.downstream.name)
        for p in before.sections.all()
    ]
    parts = [
        (
            p["section"],
            names.get(p["section"], "-"),
            Decimal(p["share"]),
            places.get(p["upstream"], p["upstream"]),
            places.get(p["downstream"], p["downstream"]),
        )
        for p in term["sections"]
    ]
    for was_part, part in zip_longest(was_parts, parts):
        if was_part != part:
            yield "断面、两方与份额", _part(was_part), _part(part)


def _lines(rule: str, stored: Mapping[str, Any]) -> tuple[ParameterLine, ...]:
    return parameter_lines(rules.get(rule).Parameters, stored)


def _words(line: ParameterLine | None) -> str:
    return "-" if line is None else f"{line.value} {line.unit}".strip()


def _day(day: date | None, until: bool) -> str:
    shown = last_day(day) if until else day
    return shown.isoformat() if shown else "长期"


def _part(part: tuple[int, str, Decimal, str, str] | None) -> str:
    if part is None:
        return "-"
    _, name, share, upstream, downstream = part
    return f"{name} {plain_decimal(share * 100)}%（{upstream} → {downstream}）"


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
        CountedTransfer.objects.filter(accrual__in=accruals.order_by())
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
