"""Measures to report on and to lift."""

from django.db.models import QuerySet

from basins.access import Act, Viewer
from basins.links import to
from settlements.models import Measure
from settlements.work.queries.tasks import Source, Task


def measures_to_report(viewer: Viewer) -> QuerySet:
    """Measures with a due date that the viewer's district has not reported on."""
    return (
        Measure.objects.filter(
            jurisdiction=viewer.jurisdiction_id, report="", lifted_on=None, due_on__isnull=False
        )
        .select_related("jurisdiction")
        .order_by("due_on", "pk")
    )


def _report(measure: Measure) -> Task:
    return Task(
        f"报告整改情况：{measure}",
        to("measure", measure.pk),
        "报告",
        deadline=measure.due_on,
        note=measure.document_number,
    )


def measures_to_lift(viewer: Viewer) -> QuerySet:
    """Measures that the district has reported on and the bureau has not lifted."""
    return (
        Measure.objects.filter(lifted_on=None)
        .exclude(report="")
        .select_related("jurisdiction")
        .order_by("reported_at", "pk")
    )


def _lift(measure: Measure) -> Task:
    return Task(
        f"核实整改情况：{measure}",
        to("measure", measure.pk),
        "核实",
        note=measure.document_number,
    )


MEASURES_TO_REPORT = Source(
    "measures-to-report", "待报告整改的措施", Act.CONFIRM, measures_to_report, _report
)
MEASURES_TO_LIFT = Source("measures-to-lift", "待核实的整改", Act.DECIDE, measures_to_lift, _lift)
