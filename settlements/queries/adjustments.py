"""调整 as their pages show them: what was published, what should be, and the difference per party.

Amounts are Decimal yuan; positive: the party receives more. A district sees those of its own
agreements from the day they are proposed; who is no party sees none.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.db.models import Exists, OuterRef, QuerySet, prefetch_related_objects
from django.utils.timezone import localtime

from basins.access import Act, Scope, Viewer
from basins.models import Jurisdiction
from monitoring.models import Reading, ReadingRevision
from monitoring.queries.visible import visible_sections
from monitoring.services.assessment import month_bounds
from monitoring.standards.gb3838_2002 import NAMES, UNITS
from settlements.models import (
    Adjustment,
    AdjustmentNet,
    Agreement,
    JournalEntry,
    Party,
    Settlement,
    StateMove,
    Transfer,
)
from settlements.queries.adjusted import Adjusted, adjustments_of
from settlements.queries.findings import Net, Payment, starred
from settlements.queries.month import Place
from settlements.queries.visible import visible_accounts
from settlements.queries.years import payments_prefetch, words_of
from settlements.rules.base import MonthState
from settlements.rules.facts import FACT_LABELS, plain_decimal
from settlements.services.proposals import net_of_payments
from settlements.workflow import move_of

ZERO = Decimal("0.00")
MOST_READINGS = 60
State = Adjustment.State
KINDS = {
    State.PROPOSED: "waiting",
    State.REVIEWED: "waiting",
    State.APPROVED: "final",
    State.DISMISSED: "none",
    State.WITHDRAWN: "none",
}


@dataclass(frozen=True, slots=True)
class AdjustmentLine:
    id: int
    accrual: int
    agreement: str
    title: str
    period: date
    yearly: bool
    section: str
    before: str
    after: str
    shifts: tuple[Net, ...]
    cause: str
    state: str
    code: str
    kind: str
    proposed_at: datetime
    counts: str  # where an approved one counts: 计入 2023 年, or the entry it was booked by
    entry: int | None  # the entry's id, where the viewer may see it
    linked: bool  # the viewer may open its page

    @property
    def moved(self) -> Decimal:
        """What changes hands: what its receivers receive more."""
        return sum((s.yuan for s in self.shifts if s.yuan > 0), ZERO)

    @property
    def year(self) -> int:
        return self.period.year


def visible_adjustments(viewer: Viewer) -> QuerySet[Adjustment]:
    """Those the viewer may open: all, or of the own agreements but withdrawn ones."""
    match viewer.scope(Act.SEE_DRAFTS):
        case Scope.ALL:
            return Adjustment.objects.all()
        case Scope.OWN:
            party = Party.objects.filter(
                agreement=OuterRef("accrual__term__agreement"), jurisdiction=viewer.jurisdiction_id
            )
            return Adjustment.objects.filter(Exists(party)).exclude(state=State.WITHDRAWN)
    return Adjustment.objects.none()


def listed(
    viewer: Viewer, *, state: str = "", agreement: str = "", year: int | None = None
) -> list[AdjustmentLine]:
    """Newest period first: 8 SQL queries whatever their number; withdrawn ones when asked for."""
    found = visible_adjustments(viewer)
    wanted = {"state": state, "accrual__term__agreement__code": agreement}
    found = found.filter(**{name: value for name, value in wanted.items() if value})
    if not state:
        found = found.exclude(state=State.WITHDRAWN)
    if year:
        found = found.filter(accrual__period__year=year)
    return lines_of(viewer, found.order_by("-accrual__period", "-pk"), linked=True)


def of_year(viewer: Viewer, agreement: Agreement, year: int) -> list[AdjustmentLine]:
    """Of one year, oldest month first: approved ones for all, the others where they are linked."""
    own = visible_adjustments(viewer).filter(accrual__term__agreement=agreement)
    linked = own.exists() or viewer.sees_all(Act.SEE_DRAFTS)
    found = own if linked else Adjustment.objects.filter(state=State.APPROVED)
    found = found.filter(accrual__term__agreement=agreement, accrual__period__year=year).exclude(
        state=State.WITHDRAWN
    )
    return lines_of(viewer, found.order_by("accrual__period", "pk"), linked=linked)


def agreements_adjusted(viewer: Viewer) -> list[tuple[str, str]]:
    """(code, title) of agreements with an adjustment to narrow by: 1 SQL query."""
    return sorted(
        set(
            visible_adjustments(viewer)
            .order_by()
            .values_list("accrual__term__agreement__code", "accrual__term__agreement__title")
        )
    )


def years_adjusted(viewer: Viewer) -> list[int]:
    found = visible_adjustments(viewer).order_by().values_list("accrual__period__year", flat=True)
    return sorted(set(found), reverse=True)


def lines_of(
    viewer: Viewer, adjustments: QuerySet[Adjustment], *, linked: bool
) -> list[AdjustmentLine]:
    found = list(
        adjustments.select_related(
            "accrual__term__agreement", "accrual__term_section__section"
        ).defer("inputs", "accrual__steps", "accrual__inputs")
    )
    if not found:
        return []
    before = _before(found)
    codes = {
        code
        for a in found
        for payments in (before[a.pk], a.outcome["transfers"])
        for t in payments
        for code in (t["payer"], t["payee"])
    }
    nets: dict[int, list[AdjustmentNet]] = defaultdict(list)
    for net in AdjustmentNet.objects.filter(adjustment__in=[a.pk for a in found]).select_related(
        "jurisdiction"
    ):
        nets[net.adjustment_id].append(net)
        codes.add(net.jurisdiction.code)
    places = {
        j.code: Place.of(j) for j in Jurisdiction.objects.filter(code__in=codes).defer("boundary")
    }
    entries = {
        e.adjustment_id: e
        for e in JournalEntry.objects.filter(adjustment__in=[a.pk for a in found])
    }
    seen = set(
        JournalEntry.objects.filter(
            pk__in=[e.pk for e in entries.values()], postings__account__in=visible_accounts(viewer)
        ).values_list("pk", flat=True)
    )
    return [
        _line(a, before[a.pk], nets[a.pk], places, entries.get(a.pk), seen, linked) for a in found
    ]


def _before(found: Iterable[Adjustment]) -> dict[int, list[dict[str, Any]]]:
    """Adjustment id → the payments that held before it: 2 SQL queries."""
    found = list(found)
    accruals = {a.accrual_id for a in found}
    published: dict[int, list[dict[str, Any]]] = defaultdict(list)
    for pk, payer, payee, yuan in (
        Transfer.objects.filter(accrual__in=accruals)
        .order_by("pk")
        .values_list("accrual_id", "payer__code", "payee__code", "yuan")
    ):
        published[pk].append({"payer": payer, "payee": payee, "yuan": str(yuan), "reason": ""})
    approved: dict[int, list[Adjustment]] = defaultdict(list)
    for each in Adjustment.objects.filter(accrual__in=accruals, state=State.APPROVED).order_by(
        "approved_at", "pk"
    ):
        approved[each.accrual_id].append(each)
    answer = {}
    for adjustment in found:
        earlier = [
            a
            for a in approved[adjustment.accrual_id]
            if adjustment.state != State.APPROVED or a.pk < adjustment.pk
        ]
        answer[adjustment.pk] = (
            earlier[-1].outcome["transfers"] if earlier else published[adjustment.accrual_id]
        )
    return answer


def _line(
    adjustment: Adjustment,
    before: list[dict[str, Any]],
    nets: list[AdjustmentNet],
    places: Mapping[str, Place],
    entry: JournalEntry | None,
    seen: set[int],
    linked: bool,
) -> AdjustmentLine:
    accrual = adjustment.accrual
    section = accrual.term_section.section
    after = adjustment.outcome["transfers"]
    counts = ""
    if adjustment.state == State.APPROVED:
        counts = f"计入 {accrual.period.year} 年" if nets else "金额不变"
        if entry is not None:
            label = f"，{entry.label}" if entry.pk in seen else ""
            counts = f"记入 {entry.year} 年台账{label}"
    return AdjustmentLine(
        id=adjustment.pk,
        accrual=accrual.pk,
        agreement=accrual.term.agreement.code,
        title=accrual.term.agreement.title,
        period=accrual.period,
        yearly=accrual.yearly,
        section=starred(section.name, section.is_demo),
        before=_words(before, places),
        after=_words(after, places),
        shifts=_fixed(nets) if nets else _shifts(before, after, places),
        cause=adjustment.cause,
        state=adjustment.get_state_display(),
        code=adjustment.state,
        kind=KINDS[State(adjustment.state)],
        proposed_at=adjustment.proposed_at,
        counts=counts,
        entry=entry.pk if entry is not None and entry.pk in seen else None,
        linked=linked,
    )


def _fixed(nets: list[AdjustmentNet]) -> tuple[Net, ...]:
    found = [Net(Place.of(n.jurisdiction), n.yuan) for n in nets]
    return tuple(sorted(found, key=lambda n: n.place.code))


def _shifts(
    before: list[dict[str, Any]], after: list[dict[str, Any]], places: Mapping[str, Place]
) -> tuple[Net, ...]:
    old, new = (
        net_of_payments(frozenset((t["payer"], t["payee"], Decimal(t["yuan"])) for t in payments))
        for payments in (before, after)
    )
    return tuple(
        Net(places[code], new.get(code, ZERO) - old.get(code, ZERO))
        for code in sorted({*old, *new})
        if new.get(code, ZERO) != old.get(code, ZERO)
    )


def _words(payments: list[dict[str, Any]], places: Mapping[str, Place]) -> str:
    return words_of(
        Payment(places[t["payer"]], places[t["payee"]], Decimal(t["yuan"]), "") for t in payments
    )


# One adjustment --------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Changed:
    """Something that is different: an input of the computation, or a reading."""

    label: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class AdjustmentPage:
    adjustment: Adjustment
    line: AdjustmentLine
    published_state: str
    proposed_state: str
    published_steps: list[dict[str, Any]]
    proposed_steps: list[dict[str, Any]]
    inputs: tuple[Changed, ...]
    readings: tuple[Changed, ...]
    adjusted: Adjusted | None  # with the two terms side by side
    closed: bool  # its year is closed: approval books an entry in the open year
    events: tuple[dict[str, str], ...]
    acts: tuple[str, ...]  # events of the workflow the viewer may cause
    is_reviewer: bool


def adjustment_page(viewer: Viewer, pk: int) -> AdjustmentPage | None:
    """One adjustment with both computations, or None where there is none for this viewer."""
    found = (
        visible_adjustments(viewer)
        .filter(pk=pk)
        .select_related(
            "accrual__term__agreement",
            "accrual__term_section__section",
            "accrual__term_section__upstream",
            "accrual__term_section__downstream",
        )
        .first()
    )
    if found is None:
        return None
    accrual = found.accrual
    prefetch_related_objects([accrual], payments_prefetch())
    line = lines_of(viewer, Adjustment.objects.filter(pk=pk), linked=True)[0]
    adjusted = adjustments_of(viewer, [accrual]).get(accrual.pk, ())
    settlement = Settlement.objects.filter(
        agreement=accrual.term.agreement, year=accrual.period.year
    ).first()
    approved = Adjustment.objects.filter(accrual=accrual, state=State.APPROVED)
    if found.state == State.APPROVED:
        approved = approved.filter(pk__lt=pk)
    earlier = approved.order_by("approved_at", "pk").last()
    return AdjustmentPage(
        adjustment=found,
        line=line,
        published_state=MonthState(earlier.outcome["state"]).label
        if earlier
        else accrual.get_month_state_display(),
        proposed_state=MonthState(found.outcome["state"]).label,
        published_steps=earlier.outcome["steps"] if earlier else accrual.steps,
        proposed_steps=found.outcome["steps"],
        inputs=inputs_changed(earlier.inputs if earlier else accrual.inputs, found.inputs),
        readings=_readings_changed(viewer, found),
        adjusted=next((each for each in adjusted if each.id == pk), None),
        closed=settlement is not None and settlement.state in Settlement.FIXED,
        events=_events(viewer, found),
        acts=_acts(viewer, found),
        is_reviewer=found.state == State.REVIEWED and found.reviewed_by_id == viewer.user_id,
    )


def _acts(viewer: Viewer, found: Adjustment) -> tuple[str, ...]:
    if not viewer.may(Act.ADJUST):
        return ()
    acts = [e for e in ("review", "approve", "return", "dismiss") if _possible(found, e)]
    if found.reviewed_by_id == viewer.user_id and "approve" in acts:
        acts.remove("approve")
    return tuple(acts)


def _possible(found: Adjustment, event: str) -> bool:
    return move_of("adjustment", event, found.state) is not None


def _events(viewer: Viewer, found: Adjustment) -> tuple[dict[str, str], ...]:
    """What happened to it; a party is not told who of the bureau did it."""
    names = viewer.sees_all(Act.SEE_DRAFTS)
    events = []
    for move in (
        StateMove.objects.filter(thing="adjustment", object_id=found.pk)
        .select_related("by")
        .order_by("pk")
    ):
        line = move_of("adjustment", move.event, move.source)
        who = (str(move.by) if names else "市局") if move.by_id else "系统"
        events.append(
            {
                "title": line.words if line else move.event,
                "when": f"{localtime(move.at):%Y-%m-%d %H:%M} {who}",
                "note": move.note,
                "kind": "",
            }
        )
    return tuple(events)


def inputs_changed(before: Mapping[str, Any], after: Mapping[str, Any]) -> tuple[Changed, ...]:
    """The facts the two computations differ in, each by its label."""
    old, new = dict(_flat(before)), dict(_flat(after))
    return tuple(
        Changed(_label(path), _said(old.get(path)), _said(new.get(path)))
        for path in sorted({*old, *new})
        if old.get(path) != new.get(path)
    )


def _flat(value: Any, path: tuple[str, ...] = ()):
    if isinstance(value, Mapping):
        for key, each in value.items():
            yield from _flat(each, (*path, str(key)))
    else:
        yield path, value


def _label(path: tuple[str, ...]) -> str:
    head, *rest = path
    words = "定类指标" if head == "deciding" else FACT_LABELS.get(head, head)
    if not rest:
        return words
    name = "·".join(NAMES.get(each, each) for each in rest)
    unit = UNITS.get(rest[-1], "")
    return f"{words}：{name}{f'（{unit}）' if unit else ''}"


def _said(value: Any) -> str:
    if value in (None, "", [], {}):
        return "-"
    if isinstance(value, list):
        return "、".join(NAMES.get(str(each), str(each)) for each in value)
    if isinstance(value, bool):
        return "是" if value else "否"
    return str(value)


def _readings_changed(viewer: Viewer, found: Adjustment) -> tuple[Changed, ...]:
    """Readings of its period corrected, taken out or added between the computation and the
    proposal: 4 SQL queries; none where the viewer does not see the section."""
    accrual = found.accrual
    section = accrual.term_section.section_id
    if not visible_sections(viewer).filter(pk=section).exists():
        return ()
    start, _ = month_bounds(accrual.period)
    _, end = month_bounds(date(accrual.period.year, 12, 1) if accrual.yearly else accrual.period)
    since, until = accrual.computed_at, found.proposed_at
    old = {}
    for r in (
        ReadingRevision.objects.filter(
            section=section, sampled_at__gte=start, sampled_at__lt=end,
            known_to__gt=since, known_to__lte=until,
        )
        .select_related("indicator")
        .order_by("sampled_at", "indicator", "-known_to")[: MOST_READINGS]
    ):  # fmt: skip
        old[r.indicator_id, r.sampled_at, r.origin] = r
    now = {
        (r.indicator_id, r.sampled_at, r.origin): r
        for r in Reading.objects.filter(
            section=section, sampled_at__gte=start, sampled_at__lt=end,
            recorded_at__gt=since, recorded_at__lte=until,
        )
        .select_related("indicator")
        .order_by("sampled_at", "indicator")[: MOST_READINGS]
    }  # fmt: skip
    changed = []
    for key in sorted({*old, *now}, key=lambda k: (k[1], k[0])):
        before, after = old.get(key), now.get(key)
        one = before or after
        assert one is not None
        name = NAMES.get(one.indicator.code, one.indicator.code)
        words = (_value(before), _value(after) if after or before is None else "（已不在）")
        if words[0] != words[1]:
            changed.append(Changed(f"{localtime(one.sampled_at):%m-%d %H:%M} {name}", *words))
    return tuple(changed)


def _value(reading: Any) -> str:
    if reading is None:
        return "-"
    flag = f"（标识 {reading.flag}）" if reading.flag else ""
    unit = UNITS.get(reading.indicator.code, "")
    return f"{plain_decimal(reading.value)} {unit}{flag}".strip()
