"""断面水体: which sections lie in a river or a lake, and which of them nobody has decided yet."""

from django.db.models import Q, QuerySet

from basins.access import Act, Viewer
from monitoring.models import MonthlyMean, Section
from monitoring.sections.queries.listing import sections_called

UNDECIDED = Q(water_body_on__isnull=True) & ~Q(water_body_why="")
STATES = {"open": "待核定", "decided": "已核定", "lake": "湖库"}


def may_see(viewer: Viewer) -> bool:
    """Those who review data, and the agreements' administrators."""
    return viewer.may(Act.REVIEW_DATA) or viewer.may(Act.EDIT_AGREEMENTS)


def water_bodies(state: str = "open", text: str = "") -> QuerySet[Section]:
    """Sections by name: those assumed from their names, those decided, or all lakes."""
    found = Section.objects.select_related("province", "river").defer("province__boundary")
    match state:
        case "decided":
            found = found.filter(water_body_on__isnull=False)
        case "lake":
            found = found.filter(water_body=Section.Body.LAKE)
        case "":
            pass
        case _:
            found = found.filter(UNDECIDED)
    if text:
        found = found.filter(pk__in=sections_called(text))
    return found.order_by("name", "pk")


def undecided() -> int:
    """How many sections lie in a water that their name alone told."""
    return Section.objects.filter(UNDECIDED).count()


def months_measured(section: Section) -> int:
    """Months of the section with readings: what another water is computed again for."""
    months = MonthlyMean.objects.filter(section=section).order_by()
    return months.values("month").distinct().count()
