"""异议 as pages show them: the list, one with its timeline, and the readings of its month."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db.models import Case, Exists, OuterRef, Q, QuerySet, When
from django.utils import timezone

from basins.access import Act, Scope, Viewer
from basins.clock import today
from basins.links import Link, to
from basins.models import Jurisdiction
from basins.ranges import covers, month_start, months_between
from monitoring.assessment.services.assessment import month_bounds
from monitoring.models import Assessment, Indicator, Origin, Reading, Section, Target, Verdict
from monitoring.screening.services.verdicts import ReadingKey
from monitoring.standards.detection import MeasuredValue, parse, reported, show
from monitoring.standards.gb3838_2002 import (
    NAMES,
    ORDER,
    WaterBody,
    WaterClass,
    has_limits,
    limit,
)
from settlements.models import (
    Adjustment,
    AgreementMonth,
    Evidence,
    JointSample,
    Objection,
    StateMove,
)
from settlements.money import format_wan
from settlements.notices.queries.notices import months_of_party
from settlements.objections.kinds import BY_CODE, EvidenceItem, ObjectionKind
from settlements.objections.services.decisions import TREATMENTS, cause_of, disputed
from settlements.objections.services.evidence import missing_evidence
from settlements.objections.services.joint_samples import error_of
from settlements.objections.services.objections import (
    absent_parties,
    accruals_of,
    bordered,
    bounds_of,
)
from settlements.rules.steps import NOT_ASSESSED
from settlements.workflow import MOVES, kind_of
from settlements.years.services.adjustments import difference

WORDS = {(m.thing, m.event): m.words for m in MOVES}
MOST = 200  # readings listed at once


def visible_objections(viewer: Viewer) -> QuerySet[Objection]:
    """All for who sees all results; of their own agreements for the parties."""
    rows = Objection.objects.select_related(
        "month__agreement", "jurisdiction", "section", "raised_by", "decided_by"
    ).defer("jurisdiction__boundary")
    match viewer.scope(Act.SEE_RESULTS):
        case Scope.ALL:
            return rows
        case Scope.PUBLISHED | Scope.OWN if viewer.jurisdiction_id is not None:
            return rows.filter(
                month__agreement__parties__jurisdiction=viewer.jurisdiction_id
            ).distinct()
    return rows.none()


def listed(
    viewer: Viewer,
    *,
    state: str = "",
    kind: str = "",
    section: str = "",
    agreement: str = "",
    year: int | None = None,
) -> QuerySet[Objection]:
    """`state` "open" is all that wait for a decision."""
    found = visible_objections(viewer)
    if state == "open":
        found = found.filter(state__in=Objection.OPEN)
    elif state:
        found = found.filter(state=state)
    if kind:
        found = found.filter(kind=kind)
    if section:
        found = found.filter(section__code=section)
    if agreement:
        found = found.filter(month__agreement__code=agreement)
    if year:
        found = found.filter(month__month__year=year)
    return found.order_by("-raised_at", "-pk")


def months_open_to(viewer: Viewer) -> QuerySet[AgreementMonth]:
    """Months the viewer can object to today, for itself or (the bureau) for an absent party."""
    rows = AgreementMonth.objects.filter(
        state__in=[AgreementMonth.State.PUBLISHED, AgreementMonth.State.OBJECTED],
        objection_until__gte=today(),
    )
    if viewer.may(Act.OBJECT):
        rows = rows.filter(pk__in=months_of_party(viewer).values("pk")).exclude(
            confirmations__jurisdiction=viewer.jurisdiction_id
        )
    elif not viewer.may(Act.CONFIRM_FOR):
        rows = rows.none()
    return rows.select_related("agreement").order_by("agreement__code", "month")


def sections_of(month: AgreementMonth, place: int | None = None) -> list[Section]:
    """Sections the month published accruals of; `place`: those a party (by id) may object to."""
    accruals = accruals_of(month)
    own = accruals if place is None else bordered(accruals, place)
    found = {a.term_section.section_id: a.term_section.section for a in own}
    return sorted(found.values(), key=lambda s: s.name)


# Readings -------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ObjectionLine:
    """One reading; `value` in `unit`."""

    key: ReadingKey
    indicator: str
    unit: str
    decimals: int
    at: datetime
    origin: str
    result: MeasuredValue
    flag: str
    valid: bool
    over: bool = False  # beyond the limit it is held to
    verdicts: tuple[Verdict, ...] = ()


def month_lines(
    section: Section, month: date, indicator: str = ""
) -> tuple[list[ObjectionLine], int]:
    """As `period_lines` for one month."""
    return period_lines(section, month_bounds(month), indicator)


def measured_indicators(section: Section, bounds: tuple[datetime, datetime]) -> list[Indicator]:
    """Those with a reading of the section in [start, end): 1 SQL query."""
    measured = Reading.objects.filter(
        section=section,
        indicator=OuterRef("pk"),
        sampled_at__gte=bounds[0],
        sampled_at__lt=bounds[1],
    )
    return list(Indicator.objects.filter(Exists(measured)).order_by("order"))


def limits_of(section: Section, day: date) -> dict[str, Decimal]:
    """Indicator → the limit of the class that the section is to reach that day (Ⅲ where none is
    set), in the indicator's unit; of DO the least. 1 SQL query."""
    target = next(
        (t.water_class for t in Target.objects.filter(section=section) if covers(t.in_force, day)),
        WaterClass.III.value,
    )
    body, found = WaterBody(section.water_body), {}
    for code in ORDER:
        if code != "pH" and code not in NOT_ASSESSED and has_limits(code, body):
            found[code] = limit(code, WaterClass(target), body)
    return found


def period_lines(
    section: Section,
    bounds: tuple[datetime, datetime],
    indicator: str = "",
    *,
    limits: Mapping[str, Decimal] | None = None,
    over: bool = False,
) -> tuple[list[ObjectionLine], int]:
    """Readings of the section in [start, end) (of one indicator), and how many there are in all.

    `limits` mark those beyond them; `over`: these alone. At most MOST are listed, those taken by
    hand first. 3 SQL queries.
    """
    first, end = bounds
    limits = limits or {}
    rows = Reading.objects.filter(section=section, sampled_at__gte=first, sampled_at__lt=end)
    if indicator:
        rows = rows.filter(indicator__code=indicator)
    if over:
        beyond = Q(pk__in=[])
        for code, at in limits.items():
            side = {"value__lt": at} if code == "DO" else {"value__gt": at, "below_limit": False}
            beyond |= Q(indicator__code=code, **side)
        rows = rows.filter(beyond)
    count = rows.count()
    by_hand = Case(When(origin=Origin.AUTOMATIC, then=1), default=0)
    ordered = rows.select_related("indicator").order_by(
        by_hand, "indicator__order", "sampled_at", "origin"
    )
    lines = _lines(section, list(ordered[:MOST]), first, end)
    return [replace(line, over=_beyond(line, limits)) for line in lines], count


def _beyond(line: ObjectionLine, limits: Mapping[str, Decimal]) -> bool:
    at = limits.get(line.key.indicator)
    if at is None:
        return False
    if line.key.indicator == "DO":
        return line.result.value < at
    return line.result.value > at and not line.result.below_limit


def deciding_indicator(section: Section, month: date) -> str:
    """Code of what decided the month's class; '' where nothing did."""
    found = Assessment.objects.filter(section=section, month=month).first()
    return next(iter(found.deciding), "") if found is not None else ""


def line_of(section: Section, key: ReadingKey) -> ObjectionLine | None:
    found = list(
        Reading.objects.filter(
            section=section,
            indicator__code=key.indicator,
            sampled_at=key.sampled_at,
            origin=key.origin,
        ).select_related("indicator")
    )
    return next(iter(_lines(section, found, key.sampled_at, None)), None)


def _lines(section: Section, rows: list[Reading], first: datetime, end) -> list[ObjectionLine]:
    verdicts: dict[tuple, list[Verdict]] = {}
    judged = Verdict.objects.filter(section=section, sampled_at__gte=first)
    if end is not None:
        judged = judged.filter(sampled_at__lt=end)
    for v in judged.select_related("by", "indicator").order_by("pk"):
        verdicts.setdefault((v.indicator_id, v.sampled_at, v.origin), []).append(v)
    return [
        ObjectionLine(
            key=ReadingKey(r.indicator.code, r.sampled_at, r.origin),
            indicator=r.indicator.name,
            unit=r.indicator.unit,
            decimals=r.indicator.decimals,
            at=r.sampled_at,
            origin=Origin(r.origin).label,
            result=r.indicator.reported(r.value, r.below_limit),
            flag=Reading.flag_words(r.flag),
            valid=r.flag in Reading.VALID_FLAGS,
            verdicts=tuple(verdicts.get((r.indicator_id, r.sampled_at, r.origin), ())),
        )
        for r in rows
    ]


# One objection --------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the timeline: who did what, when."""

    at: datetime
    who: str
    what: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class Sample:
    pk: int
    sample: JointSample
    error: Decimal


@dataclass(frozen=True, slots=True)
class FollowingAdjustment:
    adjustment: Adjustment
    nets: tuple[tuple[str, Decimal], ...]


@dataclass(slots=True)
class ObjectionPage:
    objection: Objection
    kind: ObjectionKind
    badge: str
    entries: list[Entry]
    readings: list[dict[str, Any]]
    evidence: list[tuple[EvidenceItem, list[Evidence]]]
    missing: list[EvidenceItem]
    samples: list[Sample]
    adjusted: list[FollowingAdjustment]
    done: list[str] = field(default_factory=list)
    is_raiser: bool = False
    is_other: bool = False
    may_decide: bool = False
    in_time: bool = False
    absent: list[Jurisdiction] = field(default_factory=list)  # for whom the viewer may enter

    @property
    def name(self) -> str:
        return f"第 {self.objection.pk} 号"

    @property
    def months(self) -> list[date]:
        """The months the result rests on: one, or a year's twelve."""
        first, end = bounds_of(self.objection.month, self.objection.section)
        last = timezone.localdate(end) - timedelta(days=1)
        return months_between(timezone.localdate(first), month_start(last))

    @property
    def path(self) -> Link:
        return to("objection", self.objection.pk)

    @property
    def open(self) -> bool:
        return self.objection.state in Objection.OPEN

    @property
    def concerns(self) -> bool:
        """Whether the viewer has a say in it: a party of it, or who decides."""
        return self.is_raiser or self.is_other or self.may_decide

    @property
    def may_add(self) -> bool:
        return self.open and (self.may_decide or ((self.is_raiser or self.is_other)
                                                  and self.in_time))  # fmt: skip

    @property
    def may_say(self) -> bool:
        return self.open and (self.may_decide or self.is_raiser or self.is_other)

    @property
    def answers(self) -> bool:
        """Whether what the viewer says next is the answer."""
        return self.is_other and self.objection.state == "raised" and self.in_time

    @property
    def may_withdraw(self) -> bool:
        return self.is_raiser and self.objection.state in ("raised", "answered")

    @property
    def remeasuring(self) -> bool:
        return self.objection.state == Objection.State.REMEASURING


def objection_page(viewer: Viewer, pk: int) -> ObjectionPage | None:
    """None for one the viewer does not see. About 15 SQL queries."""
    objection = visible_objections(viewer).filter(pk=pk).first()
    if objection is None:
        return None
    kind = BY_CODE[objection.kind]
    files = list(objection.evidence.select_related("jurisdiction", "by"))
    party = viewer.may(Act.OBJECT) and viewer.jurisdiction_id is not None
    adjusted = _adjusted(objection)
    return ObjectionPage(
        objection=objection,
        kind=kind,
        badge=kind_of("objection", objection.state),
        entries=_entries(objection, files, adjusted),
        readings=_readings(objection),
        evidence=[(item, [f for f in files if f.item == item.key]) for item in kind.evidence],
        missing=missing_evidence(objection),
        samples=[
            Sample(s.pk, s, error_of(s))
            for s in objection.joint_samples.select_related("indicator")
        ],
        adjusted=adjusted,
        done=treated(objection.treatment),
        is_raiser=party and objection.jurisdiction_id == viewer.jurisdiction_id,
        is_other=party and objection.jurisdiction_id != viewer.jurisdiction_id,
        may_decide=viewer.may(Act.DECIDE),
        in_time=today() <= objection.evidence_until,
        absent=absent_parties(objection.month) if viewer.may(Act.CONFIRM_FOR) else [],
    )


def treated(done: list[dict[str, Any]]) -> list[str]:
    """What was done to the data, line by line in words: 1 SQL query."""
    codes = {one["indicator"] for one in done if "indicator" in one}
    known = {
        code: (decimals, unit)
        for code, decimals, unit in Indicator.objects.filter(code__in=codes)
        .order_by()
        .values_list("code", "decimals", "unit")
    }
    return [_treated(one, *known.get(one.get("indicator", ""), (0, ""))) for one in done]


def _treated(one: dict[str, Any], decimals: int, unit: str) -> str:
    if one["do"] == "exclude":
        month = f"{one['month']} " if "month" in one else ""
        return f"{month}认定为“{one['state']}”（{one['ground']}）"
    at = datetime.fromisoformat(one["sampled_at"])
    where = f"{NAMES.get(one['indicator'], one['indicator'])} {_local(at)}"

    def words(text: str) -> str:
        kept = parse(text)
        return show(reported(kept.value, kept.below_limit, decimals))

    if one["do"] == "joint":
        return f"{where}：采用联合监测 {words(one['value'])} {unit}".rstrip()
    before, after = (words(text) for text, _ in (one["before"], one["after"]))
    values = before if before == after else f"{before} → {after}"
    return f"{where}（{Origin(one['origin']).label}）：{TREATMENTS[one['do']]}，{values} {unit}".rstrip()


def _local(at: datetime) -> str:
    return timezone.localtime(at).strftime("%Y-%m-%d %H:%M")


def _readings(objection: Objection) -> list[dict[str, Any]]:
    """Each reading in question: its value as it was when named, and what it is now."""
    then = {
        ReadingKey(r.indicator.code, r.sampled_at, r.origin): r.indicator.reported(r.value, False)
        for r in objection.readings.select_related("indicator")
    }
    answer = []
    for key in disputed(objection, objection.section):
        if (line := line_of(objection.section, key)) is not None:
            answer.append({"line": line, "then": then.get(key), "measured": key not in then})
    return answer


def _adjusted(objection: Objection) -> list[FollowingAdjustment]:
    """Adjustments that name it as their cause."""
    found = Adjustment.objects.filter(
        accrual__term__agreement=objection.month.agreement_id,
        cause__endswith=f"（第 {objection.pk} 号）",
    ).select_related("accrual__term__agreement", "reviewed_by", "approved_by")
    answer = []
    for adjustment in found.defer("inputs", "accrual__steps", "accrual__inputs").order_by("pk"):
        if adjustment.state == Adjustment.State.APPROVED:
            nets = {
                n.jurisdiction.name: n.yuan for n in adjustment.nets.select_related("jurisdiction")
            }
        else:
            by_code = difference(adjustment)
            names = dict(Jurisdiction.objects.filter(code__in=by_code).values_list("code", "name"))
            nets = {names[code]: yuan for code, yuan in by_code.items()}
        answer.append(FollowingAdjustment(adjustment, tuple(nets.items())))
    return answer


def _entries(
    objection: Objection, files: list[Evidence], adjusted: list[FollowingAdjustment]
) -> list[Entry]:
    entries = [
        Entry(m.at, str(m.by or "系统"), WORDS[m.thing, m.event], m.note)
        for m in StateMove.objects.filter(thing="objection", object_id=objection.pk)
        .exclude(event="answer")
        .select_related("by")
    ]
    entries += [
        Entry(f.at, f"{f.jurisdiction or '市局'} {f.by}", f"提交证据“{f.name}”") for f in files
    ]
    entries += [
        Entry(r.at, f"{r.jurisdiction or '市局'} {r.by}", str(r.get_kind_display()), r.text)
        for r in objection.replies.select_related("jurisdiction", "by")
    ]
    verdicts = Verdict.objects.filter(section=objection.section_id, cause=cause_of(objection))
    entries += [
        Entry(
            v.at,
            str(v.by),
            f"数据变动：{v.indicator.name} {_local(v.sampled_at)}判为{v.get_outcome_display()}",
            f"{show(v.before)}（{Reading.flag_words(v.flag_before)}）→ "
            f"{show(v.after)}（{Reading.flag_words(v.flag_after)}）",
        )
        for v in verdicts.select_related("by", "indicator")
    ]
    entries += [
        Entry(s.at, str(s.by), f"登记联合监测：{s.indicator.name}",
              f"上游方 {show(s.upstream_result)}，下游方 {show(s.downstream_result)}")
        for s in objection.joint_samples.select_related("by", "indicator")
    ]  # fmt: skip
    ids = {a.adjustment.pk: a for a in adjusted}
    for m in StateMove.objects.filter(thing="adjustment", object_id__in=ids).select_related("by"):
        nets = "，".join(f"{name} {format_wan(yuan)} 万元" for name, yuan in ids[m.object_id].nets)
        entries.append(
            Entry(
                m.at, str(m.by or "系统"), WORDS[m.thing, m.event],
                m.note or (f"差额：{nets}" if m.event == "propose" else ""),
            )
        )  # fmt: skip
    return sorted(entries, key=lambda e: e.at)
