"""Which sections a viewer may see.

Classes and means of the water are results of all districts, whatever the state of the money;
a township sees the sections of the rivers that run through it (through its district). A program
sees those its token names.
"""

from django.db.models import Q, QuerySet

from basins.access import Act, Scope, Viewer
from basins.models import Jurisdiction
from monitoring.models import AccessToken, Section

Asking = Viewer | AccessToken  # who asks: a person, or a program by its token


def visible_sections(viewer: Viewer) -> QuerySet[Section]:
    match viewer.scope(Act.SEE_RESULTS):
        case Scope.ALL | Scope.PUBLISHED:
            return Section.objects.all()
        case Scope.OWN:
            here = Jurisdiction.objects.filter(
                Q(pk=viewer.jurisdiction_id) | Q(children=viewer.jurisdiction_id)
            )
            return Section.objects.filter(river__reaches__jurisdiction__in=here).distinct()
    return Section.objects.none()


def sections_shown_to(asking: Asking) -> QuerySet[Section]:
    if isinstance(asking, AccessToken):
        return Section.objects.filter(pk__in=asking.sections.values("pk"))
    return visible_sections(asking)
