"""措施: 考核、约谈、区域限批、限期整改, taken by the bureau, reported on by the district, lifted."""

from datetime import date

from django.db import transaction

from basins.access import Act, Scope, viewer_of
from basins.clock import now, today
from basins.links import to
from basins.models import Jurisdiction, River, User
from settlements.models import Measure
from settlements.moving.acts import NotAllowed, Refused
from settlements.moving.telling import tell

LONGEST, LONGEST_NUMBER = 1000, 80


class MeasureRefused(Refused):
    """Not possible; `field` names what is wrong."""

    def __init__(self, message: str, field: str = "") -> None:
        self.field = field
        super().__init__(message)


@transaction.atomic
def take_measure(
    *,
    kind: str,
    jurisdiction: Jurisdiction,
    reason: str,
    on: date,
    due_on: date | None = None,
    river: River | None = None,
    document_number: str,
    by: User,
) -> Measure:
    """Enter a measure against a district. Raises MeasureRefused, NotAllowed."""
    _bureau(by)
    if kind not in Measure.Kind.values:
        raise MeasureRefused("请选择措施的种类。", "kind")
    if jurisdiction.level != Jurisdiction.Level.DISTRICT:
        raise MeasureRefused(f"{jurisdiction}不是区县；措施只对区县。", "jurisdiction")
    reason = _said(reason, "事由", "reason")
    if not document_number.strip() or len(document_number.strip()) > LONGEST_NUMBER:
        raise MeasureRefused(f"请填文号，至多 {LONGEST_NUMBER} 字。", "document_number")
    if on > today():
        raise MeasureRefused(f"实施日期 {on} 在今天之后。", "on")
    if kind == Measure.Kind.RECTIFICATION and due_on is None:
        raise MeasureRefused("限期整改须填整改期限。", "due_on")
    if due_on is not None and due_on < on:
        raise MeasureRefused(f"整改期限 {due_on} 早于实施日期 {on}。", "due_on")
    _refuse_twice(kind, jurisdiction, document_number.strip(), on)
    made = Measure.objects.create(
        kind=kind,
        jurisdiction=jurisdiction,
        river=river,
        reason=reason,
        document_number=document_number.strip(),
        taken_on=on,
        due_on=due_on,
        by=by,
        at=now(),
    )
    tell(
        "measure.take",
        to("measure", made.pk),
        about=made.pk,
        by=by,
        parties=[jurisdiction.pk],
        kind=made.get_kind_display(),
        number=made.document_number,
    )
    return made


@transaction.atomic
def report_rectification(*, measure: Measure, report: str, by: User) -> Measure:
    """What the district did; a further report is added to the earlier one."""
    measure = _locked(measure)
    viewer = viewer_of(by)
    if (
        viewer.scope(Act.CONFIRM) is not Scope.OWN
        or viewer.jurisdiction_id != measure.jurisdiction_id
    ):
        raise NotAllowed(f"{by} 不代表{measure.jurisdiction}。")
    if measure.lifted_on is not None:
        raise MeasureRefused(f"这项措施已于 {measure.lifted_on} 解除，不必再报。")
    report = _said(report, "整改情况", "report")
    if measure.report == report or measure.report.endswith(f" 补充：{report}"):
        return measure  # sent twice
    if measure.report:
        report = f"{measure.report}\n{today():%Y-%m-%d} 补充：{report}"
    measure.report, measure.reported_by, measure.reported_at = report, by, now()
    measure.save(update_fields=["report", "reported_by", "reported_at"])
    tell(
        "measure.report",
        to("measure", measure.pk),
        about=measure.pk,
        by=by,
        again=True,
        party=measure.jurisdiction,
        measure=measure,
    )
    return measure


@transaction.atomic
def lift_measure(*, measure: Measure, on: date, why: str, by: User) -> Measure:
    """The bureau ends the measure, from a day on, with the reason. Once only."""
    _bureau(by)
    measure = _locked(measure)
    if measure.lifted_on is not None:
        raise MeasureRefused(f"这项措施已于 {measure.lifted_on} 解除。")
    if on > today():
        raise MeasureRefused(f"解除日期 {on} 在今天之后。", "on")
    if on < measure.taken_on:
        raise MeasureRefused(f"解除日期 {on} 早于实施日期 {measure.taken_on}。", "on")
    measure.lifted_on, measure.lifted_by = on, by
    measure.lifted_why = _said(why, "解除理由", "why")
    measure.save(update_fields=["lifted_on", "lifted_by", "lifted_why"])
    tell(
        "measure.lift",
        to("measure", measure.pk),
        about=measure.pk,
        by=by,
        parties=[measure.jurisdiction_id],
        kind=measure.get_kind_display(),
        number=measure.document_number,
    )
    return measure


def _refuse_twice(kind: str, jurisdiction: Jurisdiction, number: str, on: date) -> None:
    """A form sent twice is one measure; one after the other for each district."""
    Jurisdiction.objects.select_for_update(no_key=True).only("pk").get(pk=jurisdiction.pk)
    same = Measure.objects.filter(
        kind=kind, jurisdiction=jurisdiction, document_number=number, taken_on=on
    )
    if same.exists():
        raise MeasureRefused(
            f"{on} 对{jurisdiction}的这项措施（{number}）已经登记；如确是另一项，请填它自己的文号。",
            "document_number",
        )


def _bureau(by: User) -> None:
    if not viewer_of(by).may(Act.DECIDE):
        raise NotAllowed(f"{by} 不能实施或解除措施。")


def _locked(measure: Measure) -> Measure:
    return (
        Measure.objects.select_for_update(of=("self",))
        .select_related("jurisdiction")
        .get(pk=measure.pk)
    )


def _said(text: str, what: str, field: str) -> str:
    if not text.strip() or len(text.strip()) > LONGEST:
        raise MeasureRefused(f"请写明{what}，至多 {LONGEST} 字。", field)
    return text.strip()
