"""What one administrator proposed and another decides: accounts, the calendar."""

from django.db.models import Q, QuerySet

from basins.access import Act, Viewer
from basins.links import to
from basins.models import CalendarAct, PersonAct
from settlements.work.queries.tasks import Source, Task


def calendar_acts(viewer: Viewer) -> QuerySet:
    """Proposed by another administrator."""
    return (
        CalendarAct.objects.filter(state=CalendarAct.State.PROPOSED)
        .exclude(proposed_by=viewer.user_id)
        .select_related("proposed_by")
        .order_by("pk")
    )


def _calendar_act(act: CalendarAct) -> Task:
    return Task(str(act), to("calendar-act", act.pk), "复核", note=f"{act.proposed_by} 提出")


def account_acts(viewer: Viewer) -> QuerySet:
    """Proposed by another administrator, and not about the viewer."""
    return (
        PersonAct.objects.filter(state=PersonAct.State.PROPOSED)
        .exclude(proposed_by=viewer.user_id)
        .filter(Q(person=None) | ~Q(person=viewer.user_id))
        .select_related("person", "proposed_by")
        .order_by("pk")
    )


def _account_act(act: PersonAct) -> Task:
    return Task(str(act), to("person-act", act.pk), "复核", note=f"{act.proposed_by} 提出")


CALENDAR_ACTS = Source(
    "calendar-acts", "待复核的节假日历", Act.EDIT_REFERENCE, calendar_acts, _calendar_act
)
ACCOUNT_ACTS = Source(
    "account-acts", "待复核的账号事项", Act.EDIT_USERS, account_acts, _account_act
)
