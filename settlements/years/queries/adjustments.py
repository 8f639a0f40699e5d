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

from django.db.models import Exists, OuterRef, QuerySet

from basins.access import Act, Scope, Viewer
from basins.models import Jurisdiction
from settlements.accruals.services.proposals import net_of_payments
from settlements.models import (
    Adjustment,
    AdjustmentNet,
    Agreement,
    JournalEntry,
    Party,
    Transfer,
)
from settlements.money import ZERO
from settlements.shown.findings import Compensation, Net, starred
from settlements.shown.payments import words_of
from settlements.shown.places import Place
from settlements.shown.visible import visible_accounts
from settlements.workflow import kind_of

State = Adjustment.State


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
    linked = viewer.sees_all(Act.SEE_DRAFTS) or own.exists()
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
        kind=kind_of("adjustment", adjustment.state),
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
        Compensation(places[t["payer"]], places[t["payee"]], Decimal(t["yuan"]), "")
        for t in payments
    )
