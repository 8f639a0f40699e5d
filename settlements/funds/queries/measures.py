"""措施 as pages show them: who is under which measure, since when, until when, and what was done."""

from dataclasses import dataclass
from datetime import date

from django.db.models import F, QuerySet

from basins.access import Act, Scope, Viewer
from basins.clock import today
from settlements.models import Measure
from settlements.workflow import kind_of

LIFTED, REPORTED, OVERDUE, OPEN = "lifted", "reported", "overdue", "open"
LABELS = {OPEN: "执行中", OVERDUE: "已逾期", REPORTED: "已报整改", LIFTED: "已解除"}


def visible_measures(viewer: Viewer) -> QuerySet[Measure]:
    """All for the city and its auditors, a district's own for the district."""
    found = Measure.objects.select_related(
        "jurisdiction", "river", "by", "reported_by", "lifted_by"
    ).defer("jurisdiction__boundary")
    match viewer.scope(Act.SEE_DRAFTS):
        case Scope.ALL:
            return found
        case Scope.OWN:
            return found.filter(jurisdiction=viewer.jurisdiction_id)
    return found.none()


@dataclass(frozen=True, slots=True)
class MeasureLine:
    measure: Measure
    code: str
    late: int  # days past the due date without a report, 0 where not late

    @property
    def state(self) -> str:
        return LABELS[self.code]

    @property
    def kind(self) -> str:
        return kind_of("measure", self.code)


def line_of(measure: Measure, on: date | None = None) -> MeasureLine:
    day = on or today()
    if measure.lifted_on is not None:
        return MeasureLine(measure, LIFTED, 0)
    if measure.report:
        return MeasureLine(measure, REPORTED, 0)
    if measure.due_on is not None and measure.due_on < day:
        return MeasureLine(measure, OVERDUE, (day - measure.due_on).days)
    return MeasureLine(measure, OPEN, 0)


def listed(
    viewer: Viewer, *, place: str = "", kind: str = "", state: str = ""
) -> list[MeasureLine]:
    """Those in force first, by due date: 1 SQL query."""
    wanted = {"jurisdiction__code": place, "kind": kind}
    found = (
        visible_measures(viewer)
        .filter(**{name: value for name, value in wanted.items() if value})
        .order_by(
            F("lifted_on").desc(nulls_first=True), F("due_on").asc(nulls_last=True), "-taken_on"
        )
    )
    lines = [line_of(m) for m in found]
    return [line for line in lines if not state or line.code == state]


def of_district(viewer: Viewer, code: str) -> list[MeasureLine]:
    """A district's measures, where the viewer may see them."""
    return listed(viewer, place=code)
