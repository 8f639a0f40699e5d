"""What a scenario's page shows, and the same as a file."""

from dataclasses import dataclass
from decimal import Decimal

from basins.access import Viewer
from dashboard.charts.scenario import YearBars, year_bars
from settlements.models import Scenario
from settlements.reckoning.preview import load_for
from settlements.scenarios.comparison import Comparison, NetFigure, compare, what_happened
from settlements.scenarios.queries.words import TermWords, terms_in_words
from settlements.scenarios.services.scenarios import places_of, plan_of
from settlements.shown.places import Place

VIEWS = {"year": "按年", "month": "按月", "party": "按各方"}


@dataclass(frozen=True, slots=True)
class ScenarioPage:
    comparison: Comparison
    view: str
    party: Place
    figures: tuple[NetFigure, ...]
    total: NetFigure
    all_years: NetFigure
    chart: YearBars | None
    terms: tuple[TermWords, ...]

    @property
    def views(self) -> list[tuple[str, str]]:
        return list(VIEWS.items())

    @property
    def shortfall(self) -> Decimal:
        """What the party receives less than it did, in yuan."""
        return -self.all_years.difference

    @property
    def changes(self) -> int:
        return sum(len(term.changes) for term in self.terms)


def computed(viewer: Viewer, scenario: Scenario) -> Comparison:
    """The scenario run and compared: 11 SQL queries at most."""
    plan = plan_of(scenario, places_of([scenario]))
    lines = plan.lines(load_for([plan]))
    return compare(what_happened(viewer, scenario.agreement), lines)


def scenario_page(viewer: Viewer, scenario: Scenario, view: str, code: str) -> ScenarioPage:
    """One view of the comparison; what the address does not name falls back: by year, for the
    viewer's own district or the first party."""
    comparison = computed(viewer, scenario)
    by_code = {p.code: p for p in comparison.parties}
    party = by_code.get(code) or by_code.get(viewer.jurisdiction_code or "")
    party = party or comparison.parties[0]
    view = view if view in VIEWS else "year"
    years = comparison.by_year(party.code)
    figures = {
        "year": years,
        "month": comparison.by_month(party.code) if view == "month" else (),
        "party": comparison.by_party() if view == "party" else (),
    }[view]
    return ScenarioPage(
        comparison=comparison,
        view=view,
        party=party,
        figures=figures,
        total=comparison.total(figures),
        all_years=comparison.total(years),
        chart=year_bars(years, party.name),
        terms=terms_in_words(scenario),
    )
