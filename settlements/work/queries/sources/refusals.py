"""Refusals of a year's amounts that wait for an answer, a decision, or the data."""

from collections.abc import Callable

from django.db.models import Exists, OuterRef, Q, QuerySet

from basins.access import Act, Viewer
from basins.clock import today
from basins.links import to
from settlements.models import AmountRefusal, RefusalReply, SettlementNet
from settlements.moving.acting import speaks_for
from settlements.work.queries.tasks import Source, Task


def _refusals() -> QuerySet:
    return (
        AmountRefusal.objects.select_related("settlement__agreement", "jurisdiction")
        .defer("jurisdiction__boundary")
        .order_by("until", "pk")
    )


def refusals_to_answer(viewer: Viewer) -> QuerySet:
    """Of the other parties, while they may answer, by who has not."""
    places = speaks_for(viewer)
    own = SettlementNet.objects.filter(settlement=OuterRef("settlement"), jurisdiction__in=places)
    said = RefusalReply.objects.filter(refusal=OuterRef("pk"), jurisdiction__in=places)
    return (
        _refusals()
        .filter(
            Exists(own),
            ~Exists(said),
            state__in=[AmountRefusal.State.RAISED, AmountRefusal.State.ANSWERED],
            until__gte=today(),
        )
        .exclude(jurisdiction__in=places)
    )


def refusals_turned_down(viewer: Viewer) -> QuerySet:
    """The viewer's own, while they can be taken to the common superior."""
    return _refusals().filter(
        jurisdiction__in=speaks_for(viewer),
        state=AmountRefusal.State.REJECTED,
        until__gte=today(),
    )


def refusals_to_decide(viewer: Viewer) -> QuerySet:
    """Heard, or not answered in time; and those whose ruling is to be entered."""
    of = AmountRefusal.State
    return _refusals().filter(
        Q(state__in=[of.ANSWERED, of.ESCALATED]) | Q(state=of.RAISED, until__lt=today())
    )


def refusals_to_correct(viewer: Viewer) -> QuerySet:
    """Accepted, or ruled to be corrected: the data are not yet."""
    return _refusals().filter(state=AmountRefusal.State.ACCEPTED)


def _refusal(words: str, *, dated: bool = True) -> Callable[[AmountRefusal], Task]:
    def task(refusal: AmountRefusal) -> Task:
        return Task(
            f"{words}：{refusal}",
            to("refusal", refusal.pk),
            "查看",
            deadline=refusal.until if dated else None,
            provisional=refusal.provisional and dated,
            note=str(refusal.get_state_display()),
        )

    return task


REFUSALS_TO_ANSWER = Source(
    "refusals-to-answer",
    "待答复的不予确认",
    Act.SIGN_YEAR,
    refusals_to_answer,
    _refusal("答复"),
)
REFUSALS_TURNED_DOWN = Source(
    "refusals-turned-down",
    "未获采纳的不予确认",
    Act.SIGN_YEAR,
    refusals_turned_down,
    _refusal("报共同上级或撤回"),
)
REFUSALS_TO_DECIDE = Source(
    "refusals-to-decide",
    "待裁决的不予确认",
    Act.DECIDE,
    refusals_to_decide,
    _refusal("裁决", dated=False),
)
REFUSALS_TO_CORRECT = Source(
    "refusals-to-correct",
    "已采纳、待更正的不予确认",
    Act.DECIDE,
    refusals_to_correct,
    _refusal("更正或登记复核结果", dated=False),
)
