"""推演: scenarios a person may see, their runs, and what the form of a term offers."""

from dataclasses import dataclass

from django.db.models import Q, QuerySet

from basins.access import Act, Viewer
from basins.models import Jurisdiction
from jobs.models import Job
from monitoring.models import Section
from monitoring.visible import visible_sections
from settlements.models import Scenario
from settlements.scenarios.visible import visible_scenarios
from settlements.shown.findings import starred


def find_scenario(viewer: Viewer, token: str) -> Scenario | None:
    """The scenario of a shared link, or None where there is none for this viewer."""
    return visible_scenarios(viewer).filter(token=token).first()


def runs_of(viewer: Viewer, kind: str) -> QuerySet[Job]:
    """The person's own runs, newest first."""
    if not viewer.may(Act.SEE_AGREEMENTS):
        return Job.objects.none()
    return Job.objects.filter(kind=kind, by=viewer.user_id).order_by("-pk")


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
