"""Letters: what could not be taken, one by one, and those that wait by sender and reason."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Count, Max, Min, Q, QuerySet, Sum

from basins.access import Viewer
from basins.links import Link, to
from monitoring.models import DeadLetter, FactorMeaning, Station
from monitoring.stations.queries.stations import may_see

ACTS: dict[str, str] = {
    DeadLetter.Reason.FACTOR: "say",
    DeadLetter.Reason.STATION: "admit",
    DeadLetter.Reason.PASSWORD: "admit",
}


@dataclass(frozen=True, slots=True)
class Choice:
    """Which letters: of a state, and where given of a reason, sender and factor, up to a number."""

    state: str = DeadLetter.State.OPEN
    reason: str = ""
    mn: str | None = None
    factor: str | None = None
    up_to: int | None = None


def letters(viewer: Viewer, choice: Choice) -> QuerySet[DeadLetter]:
    """The newest first; none for who may not see them."""
    if not may_see(viewer):
        return DeadLetter.objects.none()
    wanted = Q(state=choice.state)
    if choice.reason:
        wanted &= Q(reason=choice.reason)
    if choice.mn is not None:
        wanted &= Q(mn=choice.mn)
    if choice.factor is not None:
        wanted &= Q(factor=choice.factor)
    if choice.up_to is not None:
        wanted &= Q(pk__lte=choice.up_to)
    found = DeadLetter.objects.filter(wanted).select_related("decided_by")
    order = "-last_at" if choice.state == DeadLetter.State.OPEN else "-decided_at"
    return found.order_by(order, "-pk")


def letter(viewer: Viewer, pk: int) -> DeadLetter | None:
    if not may_see(viewer):
        return None
    return DeadLetter.objects.filter(pk=pk).select_related("decided_by").first()


def groups(viewer: Viewer, choice: Choice) -> QuerySet:
    """Of the letters chosen, one row for each reason, sender and factor; the last that came first."""
    return (
        letters(viewer, choice)
        .order_by()
        .values("reason", "mn", "factor")
        .annotate(
            number=Count("pk"),
            times_all=Sum("times"),
            first=Min("first_at"),
            last=Max("last_at"),
            newest=Max("pk"),
        )
        .order_by("-last", "-newest")
    )


@dataclass(frozen=True, slots=True)
class Group:
    """Letters of one reason, sender and factor. `example`: the newest of them."""

    example: DeadLetter
    number: int
    times: int
    first: datetime
    last: datetime
    station: Station | None
    meaning: FactorMeaning | None  # of its factor, where somebody said one

    @property
    def each(self) -> Link:
        """The page with them one by one."""
        return to("letter-list", **self._which, each="1")

    @property
    def dismissal(self) -> Link:
        return to("letter-dismiss", **self._which, up_to=str(self.example.pk))

    @property
    def _which(self) -> dict[str, str]:
        one = self.example
        return {"reason": one.reason, "mn": one.mn, "factor": one.factor}

    @property
    def act(self) -> str:
        """What mends it: say, register, enable, admit (all of its sender that was not admitted),
        replay, or "" where only dismissing is left."""
        reason = self.example.reason
        if reason == DeadLetter.Reason.CRC:
            return ""
        if self.station is None:
            return "register" if reason == DeadLetter.Reason.STATION else ""
        if not self.station.is_active:
            return "enable"
        return ACTS.get(reason, "replay")


def grouped(rows: Iterable[Any]) -> list[Group]:
    """Rows of `groups` with an example, and with who sent them: 3 SQL queries."""
    found = list(rows)
    examples = DeadLetter.objects.in_bulk([row["newest"] for row in found])
    senders = {
        one.mn: one
        for one in Station.objects.filter(mn__in={row["mn"] for row in found})
        .select_related("section")
        .order_by("pk")
    }
    meant = {
        (one.station_id, one.factor): one
        for one in FactorMeaning.objects.filter(station__in=senders.values())
        .select_related("indicator")
        .order_by("pk")
    }
    lines = []
    for row in found:
        station = senders.get(row["mn"])
        lines.append(
            Group(
                examples[row["newest"]],
                row["number"],
                row["times_all"],
                row["first"],
                row["last"],
                station,
                meant.get((station.pk, row["factor"])) if station else None,
            )
        )
    return lines


def group_of(one: DeadLetter) -> Group:
    """One letter by itself, for its own page: 2 SQL queries."""
    row = {
        "newest": one.pk, "mn": one.mn, "factor": one.factor, "number": 1, "times_all": one.times,
        "first": one.first_at, "last": one.last_at,
    }  # fmt: skip
    return grouped([row])[0]


def waiting(viewer: Viewer) -> QuerySet:
    """One row with how many wait and since when; no row where none does."""
    found = letters(viewer, Choice()).order_by().values("state")
    return found.annotate(number=Count("pk"), first=Min("first_at")).order_by("state")
