"""Proposed adjustments: what recomputation finds of months that are published or settled.

Such an accrual stays as it was published. What holds of it is its own finding, or that of the
newest adjustment approved to it; a finding that differs in state or payments is proposed, and
withdrawn when a later run finds what holds again. A run that would change too much at once
stops and asks a person (the fuse, design.md §4).
"""

import hashlib
import json
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from itertools import count
from typing import Any, Self

from django.conf import settings
from django.db.models import Sum

from basins.clock import now, today
from basins.links import to
from basins.ranges import months_of
from basins.services.working_days import add_working_days
from basins.words import day_words, period_words
from settlements.models import (
    Accrual,
    Adjustment,
    Agreement,
    FuseTrip,
    MonthRuling,
    Objection,
    TermSection,
    Transfer,
)
from settlements.money import format_wan
from settlements.moving.acts import moving
from settlements.moving.notify import signatories
from settlements.moving.telling import tell
from settlements.rules.base import MonthState, Outcome

State = Adjustment.State
MAX_MONTHS = 3
FEW = 3  # causes named in one message
MAX_SHARE = Decimal("0.05")
Payments = frozenset[tuple[str, str, Decimal]]  # payer code, payee code, yuan


@dataclass(frozen=True, slots=True)
class Finding:
    """What a run finds of a published accrual; `outcome` names parties by their codes."""

    accrual: Accrual
    outcome: Outcome
    inputs: dict[str, Any]
    digest: str
    term_section: TermSection | None = None
    cause: str = ""

    @property
    def payments(self) -> Payments:
        return frozenset((t.payer, t.payee, t.yuan) for t in self.outcome.transfers)


@dataclass(frozen=True, slots=True)
class Holding:
    """What holds of a published accrual now: its state, and who pays whom (by code)."""

    state: str
    payments: Payments

    @classmethod
    def of(cls, outcome: Outcome) -> Self:
        """What an outcome, its parties by their codes, says should hold."""
        payments = frozenset((t.payer, t.payee, t.yuan) for t in outcome.transfers)
        return cls(outcome.state.value, payments)

    def net(self) -> dict[str, Decimal]:
        """Jurisdiction code → yuan it is to receive."""
        return net_of_payments(self.payments)


def net_of_payments(payments: Payments) -> dict[str, Decimal]:
    nets: dict[str, Decimal] = defaultdict(Decimal)
    for payer, payee, yuan in payments:
        nets[payer] -= yuan
        nets[payee] += yuan
    return {code: yuan for code, yuan in sorted(nets.items()) if yuan}


def holding(accruals: Iterable[int]) -> dict[int, Holding]:
    """Accrual id → what holds of it: 3 SQL queries whatever their number."""
    ids = list(accruals)
    states = dict(Accrual.objects.filter(pk__in=ids).values_list("pk", "month_state"))
    paid: dict[int, set[tuple[str, str, Decimal]]] = defaultdict(set)
    for pk, payer, payee, yuan in Transfer.objects.filter(accrual__in=ids).values_list(
        "accrual_id", "payer__code", "payee__code", "yuan"
    ):
        paid[pk].add((payer, payee, yuan))
    holds = {pk: Holding(state, frozenset(paid[pk])) for pk, state in states.items()}
    approved = Adjustment.objects.filter(accrual__in=ids, state=State.APPROVED)
    for adjustment in approved.order_by("approved_at", "pk"):
        holds[adjustment.accrual_id] = proposed(adjustment)
    return holds


def proposed(adjustment: Adjustment) -> Holding:
    """What an adjustment says should hold."""
    return Holding.of(Outcome.from_json(adjustment.outcome))


def propose(findings: list[Finding], *, fused: bool = True) -> list[Adjustment]:
    """Propose what differs from what holds, withdraw what no longer does.

    `fused` False: a person has looked at what changes. Otherwise a run that changes too much
    leaves a FuseTrip and proposes nothing. Returns the new proposals.
    """
    if not findings:
        return []
    holds = holding(f.accrual.pk for f in findings)
    differing = [f for f in findings if _differs(f, holds[f.accrual.pk])]
    known = _known([f.accrual.pk for f in findings])
    _withdraw(findings, {f.accrual.pk: f.digest for f in differing}, known)
    new = [f for f in differing if not _stands(f, known[f.accrual.pk])]
    stopped: set[int] = set()
    if fused:
        stopped = _stopped(new, holds)
        new = [f for f in new if f.accrual.term.agreement_id not in stopped]
    _expire({f.accrual.term.agreement_id for f in findings} - stopped)
    if not new:
        return []
    causes = _rulings(new, holds) | _objections(new)
    with moving("propose", by=None):
        made = Adjustment.objects.bulk_create(
            Adjustment(
                accrual=f.accrual,
                term_section=f.term_section,
                outcome=f.outcome.to_json(),
                inputs=f.inputs,
                input_digest=f.digest,
                cause=f.cause or causes.get(f.accrual.pk, "监测数据更正"),
            )
            for f in new
        )
    _tell("adjustment.propose", made)
    return made


def _tell(event: str, adjustments: Iterable[Adjustment]) -> None:
    """The bureau and the parties, once an agreement, however many months; `adjustments` with
    their accruals and terms."""
    until = add_working_days(today(), settings.HEARING_DAYS).date
    by_agreement: dict[Agreement, list[Adjustment]] = defaultdict(list)
    for adjustment in adjustments:
        by_agreement[adjustment.accrual.term.agreement].append(adjustment)
    for agreement, own in sorted(by_agreement.items(), key=lambda pair: pair[0].pk):
        periods = sorted({(a.accrual.period, a.accrual.yearly) for a in own})
        several = f"等 {len(periods)} 个月" if len(periods) > 1 else ""
        causes = dict.fromkeys(a.cause for a in own)
        tell(
            event,
            to("adjustment-list", agreement=agreement.code),
            about=f"{own[0].pk}:{len(own)}",
            parties=[p.jurisdiction_id for p in signatories(agreement=agreement)],
            agreement=agreement,
            months=f"{period_words(*periods[0])}{several}",
            cause="、".join(list(causes)[:FEW]) + ("等" if len(causes) > FEW else ""),
            until=day_words(until),
        )


def _differs(finding: Finding, holds: Holding) -> bool:
    return Holding.of(finding.outcome) != holds


def _known(accruals: list[int]) -> dict[int, list[Adjustment]]:
    """Adjustments of each accrual, oldest first."""
    known: dict[int, list[Adjustment]] = {pk: [] for pk in accruals}
    for adjustment in Adjustment.objects.filter(accrual__in=accruals).order_by("pk"):
        known[adjustment.accrual_id].append(adjustment)
    return known


def _stands(finding: Finding, known: list[Adjustment]) -> bool:
    """Whether it is proposed already, or was looked at and dismissed."""
    last = next((a for a in reversed(known) if a.state != State.WITHDRAWN), None)
    return (
        last is not None
        and last.input_digest == finding.digest
        and last.state in (*Adjustment.PENDING, State.DISMISSED)
    )


def _withdraw(
    findings: list[Finding], wanted: dict[int, str], known: dict[int, list[Adjustment]]
) -> None:
    """Pending proposals that this run does not find again."""
    gone = [
        adjustment.pk
        for finding in findings
        for adjustment in known[finding.accrual.pk]
        if adjustment.state in Adjustment.PENDING
        and adjustment.input_digest != wanted.get(finding.accrual.pk)
    ]
    if gone:
        with moving("withdraw", by=None):
            Adjustment.objects.filter(pk__in=gone).update(state=State.WITHDRAWN)
        _tell(
            "adjustment.withdraw",
            Adjustment.objects.filter(pk__in=gone)
            .select_related("accrual__term__agreement")
            .order_by("pk"),
        )


def _rulings(findings: list[Finding], holds: dict[int, Holding]) -> dict[int, str]:
    """Accrual id → the bureau's 认定, or its revocation, that led to its proposal, in words."""
    by_section = defaultdict(list)
    for f in findings:
        if not f.accrual.yearly:
            by_section[f.accrual.term_section.section_id, f.accrual.period].append(f)
    causes = {}
    rulings = MonthRuling.objects.filter(
        section__in={section for section, _ in by_section},
        month__in={month for _, month in by_section},
    )
    for ruling in rulings.order_by("pk"):
        for finding in by_section.get((ruling.section_id, ruling.month), ()):
            pk, agreement = finding.accrual.pk, finding.accrual.term.agreement_id
            revoked = ruling.revoked_at is not None
            state = holds[pk].state if revoked else finding.outcome.state.value
            if ruling.agreement_id in (None, agreement) and state == ruling.state:
                act = "撤销认定" if revoked else "认定"
                causes[pk] = f"{act}“{ruling.get_state_display()}”（第 {ruling.pk} 号）"
    return causes


def _objections(findings: list[Finding]) -> dict[int, str]:
    """Accrual id → the accepted objection that led to its proposal, in words."""
    causes = {}
    by_section = {
        (f.accrual.term.agreement_id, _month_of(f.accrual), f.accrual.term_section.section_id): f
        for f in findings
    }
    accepted = Objection.objects.filter(
        state=Objection.State.ACCEPTED,
        month__agreement__in={key[0] for key in by_section},
        month__month__in={key[1] for key in by_section},
    ).order_by("decided_at", "pk")
    for objection in accepted.select_related("month", "jurisdiction"):
        key = (objection.month.agreement_id, objection.month.month, objection.section_id)
        if (finding := by_section.get(key)) is not None:
            causes[finding.accrual.pk] = f"采纳{objection.jurisdiction}异议（第 {objection.pk} 号）"
    return causes


def _month_of(accrual: Accrual) -> date:
    """The month it is published with: a yearly one with December."""
    return date(accrual.period.year, 12, 1) if accrual.yearly else accrual.period


# --- the fuse -------------------------------------------------------------------------------


def _stopped(new: list[Finding], holds: dict[int, Holding]) -> set[int]:
    """The agreements that may not propose; what the run would do to each is written down.

    A person looks at one agreement's changes and decides for these alone: released ones pass,
    dropped ones stay out, and what nobody has looked at is weighed together, whatever was
    decided beside it. A stop that waits goes on waiting until its own changes are others.
    """
    by_agreement: dict[int, list[Finding]] = defaultdict(list)
    for finding in new:
        by_agreement[finding.accrual.term.agreement_id].append(finding)
    stopped: set[int] = set()
    undecided: list[Finding] = []
    for agreement, own in sorted(by_agreement.items()):
        known = FuseTrip.objects.filter(agreement=agreement, digest=_digest(agreement, own)).first()
        state = known.state if known is not None else None
        if state in (*FuseTrip.OPEN, FuseTrip.State.DROPPED):
            stopped.add(agreement)
        if state in (*FuseTrip.OPEN, None):
            undecided += own
    reasons = _too_much(undecided, holds)
    if reasons:
        for agreement in sorted({f.accrual.term.agreement_id for f in undecided} - stopped):
            _trip(agreement, by_agreement[agreement], holds, reasons)
            stopped.add(agreement)
    return stopped


def _too_much(new: list[Finding], holds: dict[int, Holding]) -> list[str]:
    reasons = []
    months = {(f.accrual.term.agreement_id, f.accrual.period) for f in new}
    if len(months) > MAX_MONTHS:
        reasons.append(f"将改变 {len(months)} 个已发布月份，超过 {MAX_MONTHS} 个。")
    if len(months) > 1:
        reasons += _share_reasons(new, holds)
    reasons += _double_reasons(new)
    return reasons


def _share_reasons(new: list[Finding], holds: dict[int, Holding]) -> list[str]:
    """Of all agreements together: one agreement's month is often a tenth of its year.

    One month alone is a correction, never a runaway (docs/decisions/0008-the-fuse.md).
    """
    moved: dict[int, Decimal] = defaultdict(Decimal)
    for finding in new:
        before, after = holds[finding.accrual.pk].net(), net_of_payments(finding.payments)
        changed = sum(
            (abs(after.get(c, Decimal(0)) - before.get(c, Decimal(0))) for c in {*before, *after}),
            Decimal(0),
        )
        moved[finding.accrual.period.year] += changed / 2
    reasons = []
    for year, yuan in sorted(moved.items()):
        total = Transfer.objects.filter(accrual__period__range=months_of(year)).aggregate(
            total=Sum("yuan")
        )["total"] or Decimal(0)
        if yuan > MAX_SHARE * total:
            reasons.append(
                f"将改变 {year} 年 {format_wan(yuan)} 万元，超过全年补偿总额"
                f" {format_wan(total)} 万元的 {MAX_SHARE:.0%}。"
            )
    return reasons


def _double_reasons(new: list[Finding]) -> list[str]:
    """A section and month that another accrual of the same rule pays between the same two."""
    reasons = []
    for finding in new:
        accrual = finding.accrual
        if not finding.payments:
            continue
        pairs = {frozenset((payer, payee)) for payer, payee, _ in finding.payments}
        others = Transfer.objects.filter(
            accrual__period=accrual.period,
            accrual__term__rule=accrual.term.rule,
            accrual__term_section__section=accrual.term_section.section_id,
        ).exclude(accrual=accrual)
        for payer, payee in others.values_list("payer__code", "payee__code"):
            if frozenset((payer, payee)) in pairs:
                reasons.append(
                    f"{accrual.term_section.section} {accrual.period:%Y-%m} 将被付两次。"
                )
                break
    return reasons


def _expire(by_agreement: Iterable[int]) -> None:
    """A stop whose cause is gone needs nobody any more."""
    tripped = FuseTrip.objects.filter(agreement__in=list(by_agreement), state__in=FuseTrip.OPEN)
    if not tripped.exists():
        return
    over = list(tripped.select_related("agreement").order_by("pk"))
    with moving("expire", by=None):
        tripped.update(
            state=FuseTrip.State.DROPPED, decided_at=now(), reason="数据已恢复，自动解除。"
        )
    for trip in over:
        tell("fuse.expire", to("fuse-trip", trip.pk), about=trip.pk, agreement=trip.agreement)


def _digest(agreement: int, own: list[Finding]) -> str:
    """What the run would change, as one hash. A stop that ended by itself, because the data were
    restored, was looked at by nobody: the same change later is another stop.
    """
    content: list = sorted([f.accrual.pk, f.digest] for f in own)
    by_itself = set(
        FuseTrip.objects.filter(
            agreement=agreement, state=FuseTrip.State.DROPPED, decided_by=None
        ).values_list("digest", flat=True)
    )
    for time in count():
        given = [*content, time] if time else content
        digest = hashlib.sha256(json.dumps(given).encode()).hexdigest()
        if digest not in by_itself:
            break
    return digest


def _trip(
    agreement: int, own: list[Finding], holds: dict[int, Holding], reasons: list[str]
) -> None:
    digest = _digest(agreement, own)
    _expire([agreement])
    changes = [
        {
            "accrual": f.accrual.pk,
            "period": f.accrual.period.isoformat(),
            "section": f.accrual.term_section.section.name,
            "before": _as_json(holds[f.accrual.pk]),
            "after": _as_json(Holding(f.outcome.state.value, f.payments)),
        }
        for f in sorted(own, key=lambda f: (f.accrual.period, f.accrual.pk))
    ]
    with moving("trip", by=None, note="".join(reasons)):
        trip = FuseTrip.objects.create(
            agreement_id=agreement,
            reasons=reasons,
            changes=changes,
            digest=digest,
            tripped_at=now(),
        )
    tell(
        "fuse.trip",
        to("fuse-trip", trip.pk),
        about=trip.pk,
        agreement=own[0].accrual.term.agreement,
        reasons="".join(reasons),
    )


def _as_json(holds: Holding) -> dict[str, Any]:
    return {
        "state": MonthState(holds.state).label,
        "payments": [[payer, payee, str(yuan)] for payer, payee, yuan in sorted(holds.payments)],
    }
