"""Which scenarios and agreements a person may take for 推演."""

from django.db.models import QuerySet

from basins.access import Act, Viewer
from settlements.models import Agreement, Scenario
from settlements.shown.visible import visible_agreements


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


def agreements_to_copy(viewer: Viewer) -> QuerySet[Agreement]:
    """Visible agreements that have terms."""
    return (
        visible_agreements(viewer)
        .filter(terms__isnull=False)
        .select_related("river")
        .distinct()
        .order_by("code")
    )
