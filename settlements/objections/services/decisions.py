"""裁决: the bureau accepts, rejects or orders a re-measurement. Acceptance changes data, never
amounts: the recompute, woken after the commit, proposes the adjustment.

Locks: the section-month's mark, the agreement, the month, the objection, then readings; the
order of the pipeline, so that neither waits for the other in a ring.
"""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from functools import partial
from typing import Any

from django.core.files.base import File
from django.db import transaction
from django.utils import timezone

from basins.access import Act, viewer_of
from basins.clock import now, today
from basins.models import User
from basins.ranges import month_start
from monitoring.models import Indicator, Origin, Section, Verdict
from monitoring.protocols.layouts import DOUBTED
from monitoring.screening.services.verdicts import (
    INVALID,
    ReadingKey,
    VerdictRefused,
    judge_reading,
    keep_reading,
    mark_month,
    named,
    readings_at,
)
from monitoring.standards.detection import MeasuredValue, show
from settlements.accruals.services.rulings import RulingRefused, rule_month
from settlements.models import AgreementMonth, JointSample, MonthRuling, Objection, ObjectionReply
from settlements.moving.acts import NotAllowed, Refused, check, moving, permit
from settlements.moving.documents import DocumentRefused, fault_of
from settlements.moving.parties_of_month import confirming
from settlements.objections.kinds import BY_CODE
from settlements.objections.services.evidence import missing_evidence
from settlements.objections.services.joint_samples import use
from settlements.objections.services.objections import (
    LONGEST,
    bounds_of,
    locked,
    settle_month,
    tell_of,
)
from settlements.rules.facts import MonthState

State = Objection.State
Outcome = Verdict.Outcome
TREATMENTS = {
    "invalidate": "判为无效",
    "correct": "更正数值",
    "accept": "判为有效",
    "joint": "采用联合监测",
    "exclude": "认定月度状态",
}


@dataclass(frozen=True, slots=True)
class Treatment:
    """One change of the data, by its name in TREATMENTS and what it needs."""

    do: str
    reading: ReadingKey | None = None
    value: Decimal | MeasuredValue | None = None  # of "correct", in the indicator's unit
    sample: int | None = None  # of "joint"
    state: str = ""  # of "exclude": MonthState and ground of the ruling
    ground: str = ""
    month: date | None = None  # of "exclude": one of a year settled as one; else the objection's


@transaction.atomic
def accept_objection(
    *,
    objection: Objection,
    by: User,
    reason: str,
    treatment: Sequence[Treatment],
    unheard: str = "",
) -> Objection:
    """Accepted: the data are treated as said, the objection and perhaps the month decided.

    `unheard`: why it is decided before the other side was heard or its time ran out. Raises
    Refused where it is decided already, evidence is missing, or nothing would change;
    NotYetHeard; NotAllowed.
    """
    _mark(objection, months_treated(objection, treatment))
    objection = _decidable(objection, "accept", by)
    said = _heard(objection, _said(reason, "采纳异议"), unheard)
    if missing := missing_evidence(objection):
        raise Refused(
            f"缺少必需的证据：{'、'.join(item.title for item in missing)}。"
            "请由提出方补交，或由市局补录，否则驳回。"
        )
    objection.treatment = treat(objection, treatment, by=by, reason=said)
    return _decide(objection, "accept", State.ACCEPTED, by, said)


@transaction.atomic
def reject_objection(
    *, objection: Objection, by: User, reason: str, unheard: str = ""
) -> Objection:
    """Rejected, with the reason; no data change. `unheard` as for an acceptance. Raises Refused,
    NotYetHeard, NotAllowed."""
    objection = _decidable(objection, "reject", by)
    said = _heard(objection, _said(reason, "驳回异议"), unheard)
    return _decide(objection, "reject", State.REJECTED, by, said)


@transaction.atomic
def order_remeasurement(*, objection: Objection, by: User, reason: str) -> Objection:
    """复测: nothing is decided until its result is recorded. Raises Refused, NotAllowed."""
    objection = locked(objection)
    permit(check("objection", "remeasure", objection.state, str(objection.get_state_display())), by)
    said = _said(reason, "责令复测")
    with moving("remeasure", by=by, note=said):
        objection.state = State.REMEASURING
        objection.save(update_fields=["state"])
    tell_of(objection, "objection.remeasure", by)
    return objection


@dataclass(frozen=True, slots=True)
class MeasuredInstead:
    """One value of a re-measurement, in the indicator's unit; origin MANUAL or JOINT."""

    indicator: Indicator
    sampled_at: datetime
    value: Decimal | MeasuredValue
    origin: int = Origin.MANUAL.value


@transaction.atomic
def record_remeasurement(
    *, objection: Objection, by: User, text: str, values: Sequence[MeasuredInstead] = ()
) -> ObjectionReply:
    """The result, in words and as readings. They count in no mean until an acceptance judges
    them valid. A sample of another month is told in the words only. Raises Refused."""
    _mark(objection, months_of(one.sampled_at for one in values))
    objection = locked(objection)
    if not viewer_of(by).may(Act.DECIDE):
        raise NotAllowed(f"{by} 不能录入复测结果。")
    if objection.state != State.REMEASURING:
        raise Refused(f"异议现为“{objection.get_state_display()}”，没有待录入的复测。")
    said = _said(text, "复测结果")
    same = objection.replies.filter(kind=ObjectionReply.Kind.REMEASUREMENT, text=said).first()
    if same is not None:
        return same
    for one in values:
        key = ReadingKey(one.indicator.code, one.sampled_at, one.origin)
        _refuse_outside(objection, key)
        if one.origin not in (Origin.MANUAL, Origin.JOINT):
            raise Refused("复测数据的来源须是手工或联合。")
        if readings_at(objection.section, key) is not None:
            raise Refused(
                f"已有 {named(objection.section, key)} 的数据；原样复测请用联合监测登记留样。"
            )
        reason = f"复测结果（异议第 {objection.pk} 号），裁决前不计入评价"
        with _said_as_refused():
            keep_reading(section=objection.section, key=key, value=one.value, by=by, reason=reason)
            judge_reading(
                section=objection.section, key=key, outcome=Outcome.INVALIDATED,
                reason=reason, by=by, cause=cause_of(objection),
            )  # fmt: skip
    made = ObjectionReply.objects.create(
        objection=objection,
        kind=ObjectionReply.Kind.REMEASUREMENT,
        text=said,
        by=by,
        at=now(),
    )
    tell_of(objection, "objection.measured", by, again=True)
    return made


def cause_of(objection: Objection) -> str:
    """How verdicts name the objection that led to them."""
    return f"objection {objection.pk}"


def treat(
    objection: Objection,
    treatment: Sequence[Treatment],
    *,
    by: User,
    reason: str,
    with_files: bool = True,
) -> list[dict[str, Any]]:
    """Change the data, in a transaction that holds the objection; returns what was done.

    Raises Refused where a treatment does not fit the kind or changes nothing.
    """
    rules = BY_CODE[objection.kind]
    if not treatment:
        raise Refused("采纳须写明数据如何处理；不改数据的请驳回。")
    done: list[dict[str, Any]] = []
    words = f"采纳异议（第 {objection.pk} 号）：{reason}"[:500]
    for one in treatment:
        if one.do not in rules.treatments:
            fitting = "、".join(TREATMENTS[name] for name in rules.treatments)
            raise Refused(f"“{rules.title}”的数据处理是{fitting}。")
        with _said_as_refused():
            if one.do == "exclude":
                done.append(_exclude(objection, one, by, words, with_files))
            elif one.do == "joint":
                done += _joint(objection, one, by, words)
            else:
                done.append(_judge(objection, one, by, words))
    return done


def _judge(objection: Objection, one: Treatment, by: User, words: str) -> dict[str, Any]:
    if one.reading is None:
        raise Refused("请选择要处理的数据。")
    _refuse_outside(objection, one.reading)
    outcome = {
        "invalidate": Outcome.INVALIDATED,
        "correct": Outcome.CORRECTED,
        "accept": Outcome.ACCEPTED,
    }[one.do]
    reading = readings_at(objection.section, one.reading)
    if one.do == "accept" and reading is not None and reading.flag not in (INVALID, DOUBTED):
        raise Refused(f"{named(objection.section, one.reading)}本来有效，无须处理。")
    verdict = judge_reading(
        section=objection.section,
        key=one.reading,
        outcome=outcome,
        value=one.value,
        reason=words,
        by=by,
        cause=cause_of(objection),
    )
    return {
        "do": one.do,
        "indicator": one.reading.indicator,
        "sampled_at": one.reading.sampled_at.isoformat(),
        "origin": one.reading.origin,
        "before": [show(verdict.before), verdict.flag_before],
        "after": [show(verdict.after), verdict.flag_after],
        "verdict": verdict.pk,
    }


def _joint(objection: Objection, one: Treatment, by: User, words: str) -> list[dict[str, Any]]:
    """The sample's value counts, and the disputed readings of its indicator no longer do."""
    sample = (
        JointSample.objects.filter(pk=one.sample, objection=objection)
        .select_related("indicator", "section")
        .first()
    )
    if sample is None:
        raise Refused("请选择本异议的一项联合监测。")
    if sample.result is None:
        raise Refused(f"{sample}超出约定误差，留样尚未检测；录入留样结果后再裁决。")
    use(sample, by, cause=cause_of(objection))
    done: list[dict[str, Any]] = [
        {"do": "joint", "sample": sample.pk, "indicator": sample.indicator.code,
         "sampled_at": sample.sampled_at.isoformat(), "value": show(sample.result)}
    ]  # fmt: skip
    for named_reading in objection.readings.filter(indicator=sample.indicator):
        key = ReadingKey(sample.indicator.code, named_reading.sampled_at, named_reading.origin)
        reading = readings_at(objection.section, key)
        if reading is not None and reading.flag != INVALID:
            done.append(_judge(objection, Treatment("invalidate", reading=key), by, words))
    return done


def _exclude(
    objection: Objection, one: Treatment, by: User, words: str, with_files: bool
) -> dict[str, Any]:
    """A ruling for this agreement, with the objection's first required evidence."""
    month = one.month or objection.month.month
    _refuse_month(objection, month)
    required = [item.key for item in BY_CODE[objection.kind].required]
    evidence = sorted(objection.evidence.all(), key=lambda e: (e.item not in required, e.at, e.pk))
    make = partial(
        rule_month,
        section=objection.section,
        month=month,
        agreement=objection.month.agreement,
        state=one.state,
        ground=one.ground,
        reason=words,
        by=by,
    )
    if evidence and with_files:
        if fault := fault_of(evidence[0].file, evidence[0].sha256):
            raise Refused(f"证据“{evidence[0].name}”{fault}，不能作为认定的依据；请先恢复或重交。")
        with evidence[0].file.open("rb") as file:
            ruling = make(evidence=File(file, name=evidence[0].name))
    else:
        ruling = make()
    return {
        "do": "exclude",
        "ruling": ruling.pk,
        **({"month": f"{month:%Y-%m}"} if month != objection.month.month else {}),
        "state": MonthState(one.state).label,
        "ground": str(MonthRuling.Ground(one.ground).label),
    }


def _decidable(objection: Objection, event: str, by: User) -> Objection:
    objection = locked(objection)
    permit(check("objection", event, objection.state, str(objection.get_state_display())), by)
    measured = objection.replies.filter(kind=ObjectionReply.Kind.REMEASUREMENT).exists()
    if objection.state == State.REMEASURING and not measured:
        raise Refused("复测结果尚未录入；录入后才能裁决。")
    return objection


class NotYetHeard(Refused):
    """The other side has not answered and still may; deciding now needs a reason of its own."""


def awaited(objection: Objection) -> list[str]:
    """Names of the parties that have not answered and still may: 1 SQL query."""
    if objection.state != State.RAISED or today() > objection.evidence_until:
        return []
    month = objection.month
    return [
        p.jurisdiction.name
        for p in confirming(month.agreement_id, month.month)
        if p.jurisdiction_id != objection.jurisdiction_id
    ]


def _heard(objection: Objection, said: str, unheard: str) -> str:
    """The reason as it is kept. Raises NotYetHeard."""
    names = awaited(objection)
    if not names:
        return said
    if not unheard.strip():
        raise NotYetHeard(
            f"{'、'.join(names)}尚未答复，答复期至 {objection.evidence_until}；"
            "确须现在裁决的，请写明提前裁决的理由。"
        )
    return f"{said}（{'、'.join(names)}未答复，提前裁决：{unheard.strip()}）"[:LONGEST]


def _decide(objection: Objection, event: str, target: str, by: User, said: str) -> Objection:
    objection.decided_by, objection.decided_at, objection.decision = by, now(), said
    with moving(event, by=by, note=said):
        objection.state = target
        objection.save()
    settle_month(objection.month, by)
    tell_of(objection, "objection.accept" if event == "accept" else "objection.reject", by)
    return objection


def _refuse_outside(objection: Objection, key: ReadingKey) -> None:
    first, end = bounds_of(objection.month, objection.section)
    if not first <= key.sampled_at < end:
        raise Refused(
            f"{named(objection.section, key)}不在这一期（{first:%Y-%m} 至 "
            f"{objection.month.month:%Y-%m}）之内；他期的结果请写在说明里。"
        )


def _refuse_month(objection: Objection, month: date) -> None:
    months = [
        month_start(timezone.localdate(at)) for at in bounds_of(objection.month, objection.section)
    ]
    if not months[0] <= month < months[1]:
        raise Refused(f"{month:%Y-%m} 不在这一期之内；请选择本期的月份。")


@contextmanager
def _said_as_refused() -> Iterator[None]:
    """What the data's own services refuse is refused here, in their words."""
    try:
        yield
    except (VerdictRefused, RulingRefused, DocumentRefused) as error:
        raise Refused(str(error)) from error


def _said(reason: str, what: str) -> str:
    said = reason.strip()
    if not said or len(said) > LONGEST:
        raise Refused(f"{what}须写明理由（至多 {LONGEST} 字）。")
    return said


def _month_of(objection: Objection):
    return AgreementMonth.objects.values_list("month", flat=True).get(pk=objection.month_id)


def months_of(sampled: Iterable[datetime]) -> set[date]:
    return {month_start(timezone.localdate(at)) for at in sampled}


def months_treated(objection: Objection, treatment: Sequence[Treatment]) -> list[date]:
    """The months whose data a treatment changes, in order, the objection's own among them (a
    result settled for the year rests on twelve)."""
    sampled = [one.reading.sampled_at for one in treatment if one.reading is not None]
    if any(one.do == "joint" for one in treatment):
        sampled += objection.readings.values_list("sampled_at", flat=True)
        used = [one.sample for one in treatment if one.sample is not None]
        sampled += JointSample.objects.filter(pk__in=used).values_list("sampled_at", flat=True)
    ruled = {one.month for one in treatment if one.month is not None}
    return sorted({_month_of(objection), *months_of(sampled), *ruled})


def _mark(objection: Objection, months: Iterable[date]) -> None:
    """Before the agreement is locked, as the recompute does."""
    for month in sorted({_month_of(objection), *months}):
        mark_month(objection.section_id, month)


def disputed(objection: Objection, section: Section) -> list[ReadingKey]:
    """Readings in question and those measured for the decision, that a treatment can name."""
    keys = {
        ReadingKey(r.indicator.code, r.sampled_at, r.origin)
        for r in objection.readings.select_related("indicator")
    }
    keys |= {
        ReadingKey(v.indicator.code, v.sampled_at, v.origin)
        for v in Verdict.objects.filter(section=section, cause=cause_of(objection))
        .select_related("indicator")
    }  # fmt: skip
    return sorted(keys)
