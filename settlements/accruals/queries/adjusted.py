"""调整 of an accrual in words: what is proposed or approved in its place, and why.

A finding under an amended term comes with the old term beside the new one. Amounts are
Decimal yuan to the fen.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.utils.timezone import localdate

from basins.access import Viewer
from basins.models import Jurisdiction
from settlements.accruals.services.proposals import net_of_payments
from settlements.models import Accrual, Adjustment
from settlements.money import ZERO
from settlements.reckoning.preview import spec_of
from settlements.rules.facts import MonthState
from settlements.shown.input_changes import InputChange, inputs_changed
from settlements.shown.term_differences import DiffLine, Field, term_lines
from settlements.shown.visible import sees_drafts_of


@dataclass(frozen=True, slots=True)
class AdjustedParty:
    code: str
    name: str


@dataclass(frozen=True, slots=True)
class Coded:
    code: str
    name: str


@dataclass(frozen=True, slots=True)
class ProposedTransfer:
    payer: AdjustedParty
    payee: AdjustedParty
    yuan: Decimal
    reason: str


@dataclass(frozen=True, slots=True)
class Shift:
    """What a party would receive more (negative: less) than was published, in yuan."""

    party: AdjustedParty
    yuan: Decimal


@dataclass(frozen=True, slots=True)
class Adjusted:
    """`term` is the number of the amended term it was found under; None: the accrual's own.
    `differences` are old term beside new."""

    id: int
    status: Coded
    cause: str
    term: int | None
    month_state: Coded
    transfers: tuple[ProposedTransfer, ...]
    shifts: tuple[Shift, ...]
    steps: list[dict[str, Any]]
    changes: tuple[InputChange, ...]  # of the facts it was found from, against those before
    differences: tuple[DiffLine, ...]
    proposed_at: datetime
    approved_on: date | None
    reason: str

    @property
    def is_approved(self) -> bool:
        return self.status.code == Adjustment.State.APPROVED

    @property
    def is_pending(self) -> bool:
        return self.status.code in Adjustment.PENDING


def adjustments_of(viewer: Viewer, accruals: Iterable[Accrual]) -> dict[int, tuple[Adjusted, ...]]:
    """Accrual id → its adjustments, newest first: approved ones for whoever sees the accrual,
    the others for whoever sees its drafts; withdrawn ones for nobody. 1 SQL query where
    there is none; accruals with `term__agreement` and payments loaded."""
    by_id = {a.pk: a for a in accruals}
    found = list(
        Adjustment.objects.filter(accrual__in=list(by_id))
        .exclude(state=Adjustment.State.WITHDRAWN)
        .select_related("term_section__term")
        .order_by("-pk")
    )
    if not found:
        return {}
    drafts: dict[int, bool] = {}
    codes = {t[side] for a in found for t in a.outcome["transfers"] for side in ("payer", "payee")}
    names = dict(Jurisdiction.objects.filter(code__in=codes).values_list("code", "name"))
    answer: dict[int, list[Adjusted]] = defaultdict(list)
    before: dict[int, dict[str, Any]] = {}
    held = {a.pk: a.inputs for a in by_id.values()}
    for adjustment in reversed(found):  # oldest first: each is held against what stood before
        before[adjustment.pk] = held[adjustment.accrual_id]
        if adjustment.state == Adjustment.State.APPROVED:
            held[adjustment.accrual_id] = adjustment.inputs
    for adjustment in found:
        accrual = by_id[adjustment.accrual_id]
        agreement = accrual.term.agreement
        if agreement.pk not in drafts:
            drafts[agreement.pk] = sees_drafts_of(viewer, agreement)
        if adjustment.state == Adjustment.State.APPROVED or drafts[agreement.pk]:
            changes = inputs_changed(before[adjustment.pk], adjustment.inputs)
            answer[accrual.pk].append(_adjusted(adjustment, accrual, names, changes))
    return {pk: tuple(each) for pk, each in answer.items()}


def _adjusted(
    adjustment: Adjustment,
    accrual: Accrual,
    names: dict[str, str],
    changes: tuple[InputChange, ...],
) -> Adjusted:
    part = accrual.term_section
    sides = {"upstream": part.upstream, "downstream": part.downstream}
    places = {code: AdjustedParty(code, name) for code, name in names.items()}
    for role, place in sides.items():
        places[role] = places[place.code] = AdjustedParty(place.code, place.name)
    transfers = tuple(
        ProposedTransfer(places[t["payer"]], places[t["payee"]], Decimal(t["yuan"]), t["reason"])
        for t in adjustment.outcome["transfers"]
    )
    published = list(accrual.transfers.all())
    for t in published:
        for place in (t.payer, t.payee):
            places[place.code] = AdjustedParty(place.code, place.name)
    new = adjustment.term_section
    state = MonthState(adjustment.outcome["state"])
    return Adjusted(
        id=adjustment.pk,
        status=Coded(adjustment.state, adjustment.get_state_display()),
        cause=adjustment.cause,
        term=new.term.number if new is not None else None,
        month_state=Coded(state.value, state.label),
        transfers=transfers,
        shifts=_shifts(published, transfers, places),
        steps=adjustment.outcome["steps"],
        changes=changes,
        differences=(
            tuple(
                line
                for line in term_lines(spec_of(accrual.term), spec_of(new.term))
                if line.changed and line.what is not Field.IN_FORCE  # differs of any two terms
            )
            if new is not None
            else ()
        ),
        proposed_at=adjustment.proposed_at,
        approved_on=localdate(adjustment.approved_at) if adjustment.approved_at else None,
        reason=adjustment.reason,
    )


def _shifts(published, transfers, places: dict[str, AdjustedParty]) -> tuple[Shift, ...]:
    before = net_of_payments(frozenset((t.payer.code, t.payee.code, t.yuan) for t in published))
    after = net_of_payments(frozenset((t.payer.code, t.payee.code, t.yuan) for t in transfers))
    return tuple(
        Shift(places[code], after.get(code, ZERO) - before.get(code, ZERO))
        for code in sorted({*before, *after})
        if after.get(code, ZERO) != before.get(code, ZERO)
    )
