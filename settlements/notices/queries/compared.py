"""What a notice about to be published changes: against last month, who pays for the first time,
what lies close to its limit, and what is in dispute. For the person who prepares it.

Amounts are Decimal yuan; a section's sign is its upstream side's (positive: upstream receives).
"""

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from basins.ranges import months_before
from monitoring.standards.gb3838_2002 import NAMES, UNITS, WaterBody, has_limits, limit
from monitoring.standards.rounding import round_to_places
from settlements.models import Accrual, CurrentTransfer, Objection
from settlements.money import ZERO
from settlements.notices.queries.months import reference_class
from settlements.rules.facts import plain_decimal
from settlements.rules.steps import NOT_ASSESSED
from settlements.shown.findings import Compensation, starred
from settlements.shown.payments import (
    current_of,
    current_prefetch,
    payments_of,
    payments_prefetch,
    words_of,
)

CLOSE = Decimal("0.05")  # of the limit, on either side of it


@dataclass(frozen=True, slots=True)
class SectionChange:
    """A border whose month is another than the one before."""

    accrual: int
    title: str
    section: str
    before: str
    now: str
    yuan_before: Decimal | None  # None: nothing was computed last month
    yuan: Decimal
    kind: str

    @property
    def is_flip(self) -> bool:
        return self.kind == FLIP


FLIP, BEGINS, ENDS, MORE, NEW = "方向翻转", "开始付款", "不再付款", "金额变化", "上月没有核算"


@dataclass(frozen=True, slots=True)
class FirstPayer:
    name: str
    title: str
    yuan: Decimal


@dataclass(frozen=True, slots=True)
class CloseCall:
    """A mean within five per cent of the limit it is held to."""

    accrual: int
    section: str
    indicator: str
    unit: str
    mean: str
    limit: str
    met: bool


@dataclass(frozen=True, slots=True)
class Dispute:
    pk: int
    words: str
    state: str


@dataclass(frozen=True, slots=True)
class NoticeCompared:
    changes: tuple[SectionChange, ...]
    first_payers: tuple[FirstPayer, ...]
    close_calls: tuple[CloseCall, ...]
    disputes: tuple[Dispute, ...]

    @property
    def flips(self) -> int:
        return sum(c.is_flip for c in self.changes)


def notice_compared(month: date, accruals: Collection[int]) -> NoticeCompared:
    """Of the accruals a notice of the month would publish: 6 SQL queries."""
    found = list(
        Accrual.objects.filter(pk__in=list(accruals))
        .select_related(
            "term__agreement",
            "term_section__section",
            "term_section__upstream",
            "term_section__downstream",
        )
        .defer("steps", "term_section__upstream__boundary", "term_section__downstream__boundary")
        .prefetch_related(payments_prefetch())
        .order_by("term__agreement__code", "term_section__section__km", "pk")
    )
    monthly = [a for a in found if not a.yearly]
    return NoticeCompared(
        changes=_changes(month, monthly),
        first_payers=_first_payers(found),
        close_calls=tuple(call for a in monthly for call in _close_calls(a)),
        disputes=_disputes({a.term.agreement_id for a in found}),
    )


Border = tuple[int, int, int, int]


def _border(accrual: Accrual) -> Border:
    part = accrual.term_section
    return (
        accrual.term.agreement_id, part.section_id, part.upstream_id, part.downstream_id,
    )  # fmt: skip


def _changes(month: date, accruals: list[Accrual]) -> tuple[SectionChange, ...]:
    agreements = {a.term.agreement_id for a in accruals}
    earlier = {
        _border(a): current_of(a)
        for a in Accrual.objects.filter(
            term__agreement__in=agreements, period=months_before(month), yearly=False
        )
        .select_related("term", "term_section")
        .defer("steps", "inputs")
        .prefetch_related(current_prefetch())
    }
    changes = []
    for accrual in accruals:
        part = accrual.term_section
        now, before = payments_of(accrual), earlier.get(_border(accrual))
        kind = _kind(before, now, part.upstream.code)
        if not kind:
            continue
        changes.append(
            SectionChange(
                accrual=accrual.pk,
                title=accrual.term.agreement.title,
                section=starred(part.section.name, part.section.is_demo),
                before=words_of(before) if before is not None else "-",
                now=words_of(now),
                yuan_before=None if before is None else _signed(before, part.upstream.code),
                yuan=_signed(now, part.upstream.code),
                kind=kind,
            )
        )
    order = (FLIP, BEGINS, ENDS, MORE, NEW)
    return tuple(sorted(changes, key=lambda c: order.index(c.kind)))


def _kind(
    before: tuple[Compensation, ...] | None, now: tuple[Compensation, ...], upstream: str
) -> str:
    """What changed, '' where nothing did."""
    if before is None:
        return NEW
    old, new = _signed(before, upstream), _signed(now, upstream)
    if old == new:
        return ""
    if old * new < 0:
        return FLIP
    if not old:
        return BEGINS
    return ENDS if not new else MORE


def _signed(payments: Iterable[Compensation], code: str) -> Decimal:
    return sum((p.signed_for(code) for p in payments), ZERO)


def _first_payers(accruals: list[Accrual]) -> tuple[FirstPayer, ...]:
    """Who pays in an agreement in which it never paid before, by what counts now."""
    paying: dict[tuple[int, str], list[Compensation]] = defaultdict(list)
    titles = {}
    for accrual in accruals:
        agreement = accrual.term.agreement
        titles[agreement.pk] = agreement.title
        for p in payments_of(accrual):
            paying[agreement.pk, p.payer.code].append(p)
    known = set(
        CurrentTransfer.objects.filter(accrual__term__agreement__in=titles)
        .exclude(accrual__in=[a.pk for a in accruals])
        .order_by()
        .values_list("accrual__term__agreement", "payer__code")
        .distinct()
    )
    return tuple(
        FirstPayer(own[0].payer.name, titles[agreement], sum((p.yuan for p in own), ZERO))
        for (agreement, code), own in sorted(paying.items())
        if (agreement, code) not in known
    )


def _close_calls(accrual: Accrual) -> list[CloseCall]:
    section = accrual.term_section.section
    reference, body = reference_class(accrual), WaterBody(section.water_body)
    if reference is None:
        return []
    calls = []
    for code, value in accrual.inputs.get("means", {}).items():
        if code == "pH" or code in NOT_ASSESSED or not has_limits(code, body):
            continue
        mean, at = Decimal(value), limit(code, reference, body)
        if abs(mean - at) > at * CLOSE:
            continue
        calls.append(
            CloseCall(
                accrual=accrual.pk,
                section=starred(section.name, section.is_demo),
                indicator=NAMES.get(code, code),
                unit=UNITS.get(code, ""),
                mean=plain_decimal(round_to_places(mean, 6)),
                limit=plain_decimal(at),
                met=mean >= at if code == "DO" else mean <= at,
            )
        )
    return calls


def _disputes(agreements: set[int]) -> tuple[Dispute, ...]:
    return tuple(
        Dispute(o.pk, str(o), str(o.get_state_display()))
        for o in Objection.objects.filter(state__in=Objection.OPEN, month__agreement__in=agreements)
        .select_related("month__agreement", "jurisdiction")
        .order_by("raised_at", "pk")
    )
