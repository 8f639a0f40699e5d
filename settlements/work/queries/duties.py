"""What a district must do by when, as its page says it to its own people and the city."""

from dataclasses import dataclass

from basins.access import Act, Viewer
from basins.models import Jurisdiction, Role
from settlements.work.queries.work import Group, counts, todo


@dataclass(frozen=True, slots=True)
class Duties:
    groups: tuple[Group, ...]
    own: bool  # the viewer is its official and can act

    @property
    def count(self) -> int:
        return sum(g.count for g in self.groups)


def duties_of(viewer: Viewer, code: str) -> Duties | None:
    """None for whom it does not concern: at most 2 SQL queries and 1 a kind of duty."""
    own = viewer.jurisdiction_code == code and viewer.may(Act.CONFIRM)
    if not own and not viewer.sees_all(Act.SEE_DRAFTS):
        return None
    if own:
        official = viewer
    else:
        place = Jurisdiction.objects.filter(code=code).values_list("pk", flat=True).first()
        if place is None:
            return None
        # As anybody of the district would be asked; user 0 has no notifications and no drafts.
        official = Viewer(0, Role.Code.DISTRICT, place, code)
    return Duties(tuple(todo(official, counts(official))), own)
