"""What accepting an objection, or judging a reading, would change: done for a moment and taken back.

The treatment and the recomputation of the section's months run in a transaction that is rolled
back: nothing is kept, nobody is told, no file is stored.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.db.models import Max

from basins.models import Jurisdiction, User
from basins.words import period_words
from monitoring.assessment.services.assessment import assess_months, claim_marks
from monitoring.models import Assessment, MonthlyMean, Section
from monitoring.screening.services.verdicts import ReadingKey, judge_reading, mark_month
from monitoring.standards.detection import MeasuredValue
from settlements.accruals.services.accruals import accrue_changed
from settlements.models import Accrual, Adjustment, FuseTrip, Objection
from settlements.objections.services.decisions import (
    Treatment,
    months_of,
    months_treated,
    treat,
)
from settlements.objections.services.objections import locked
from settlements.rules.facts import MonthState
from settlements.shown.payments import payments_of, payments_prefetch, words_of
from settlements.years.services.adjustments import difference


@dataclass(frozen=True, slots=True)
class MeanChange:
    """A monthly mean in the indicator's unit before and after; None: there is none."""

    month: date
    indicator: str
    name: str
    unit: str
    decimals: int
    before: Decimal | None
    after: Decimal | None


@dataclass(frozen=True, slots=True)
class ClassChange:
    """The class of a month whose data change, before and after; None: not assessed."""

    month: date
    before: int | None
    after: int | None


@dataclass(frozen=True, slots=True)
class Proposal:
    """An adjustment the recomputation would propose; `nets` in yuan, positive is received."""

    agreement: str
    period: str
    state: str
    nets: tuple[tuple[str, Decimal], ...]


@dataclass(frozen=True, slots=True)
class ResultChange:
    """A result not published yet that would be another: who pays whom, before and after."""

    agreement: str
    period: str
    before: str
    after: str


@dataclass(slots=True)
class DryRun:
    done: list[dict[str, Any]] = field(default_factory=list)
    classes: list[ClassChange] = field(default_factory=list)  # of each month treated
    means: list[MeanChange] = field(default_factory=list)
    results: list[ResultChange] = field(default_factory=list)  # of months not published
    proposals: list[Proposal] = field(default_factory=list)
    stops: list[str] = field(default_factory=list)  # reasons of the fuse


def outlook(run: DryRun) -> str:
    """What the recomputation that follows will bring, in words."""
    said = [
        f"随后重算会提出 {len(run.proposals)} 项调整，由两人审定" if run.proposals else "",
        f"未发布的 {len(run.results)} 项结果随后更新" if run.results else "",
        "随后的重算会停下待查" if run.stops else "",
    ]
    return "，".join(filter(None, said)) or "试算没有不同的金额，不提出调整"


class _TakeBack(Exception):
    """Ends the transaction."""


def dry_run(
    *, objection: Objection, treatment: Sequence[Treatment], by: User, reason: str
) -> DryRun:
    """Raises Refused exactly where the acceptance would, but for evidence and state."""

    def accept(run: DryRun) -> None:
        held = locked(objection)
        run.done = treat(held, treatment, by=by, reason=reason or "试算", with_files=False)

    return _tried(objection.section, months_treated(objection, treatment), accept)


def judgement_run(
    *,
    section: Section,
    key: ReadingKey,
    outcome: str,
    reason: str,
    by: User,
    value: MeasuredValue | None = None,
) -> DryRun:
    """Raises VerdictRefused exactly where the judgement would, but for evidence."""

    def judge(run: DryRun) -> None:
        judge_reading(section=section, key=key, outcome=outcome, value=value, reason=reason, by=by)

    return _tried(section, sorted(months_of([key.sampled_at])), judge)


def _tried(section: Section, months: Sequence[date], act: Callable[[DryRun], None]) -> DryRun:
    run = DryRun()
    try:
        with transaction.atomic():
            _go(run, section, months, act)
            raise _TakeBack
    except _TakeBack:
        pass
    return run


def _go(
    run: DryRun, section: Section, months: Sequence[date], act: Callable[[DryRun], None]
) -> None:
    for each in months:
        mark_month(section.pk, each)
    before = {month: _means(section.pk, month) for month in months}
    open_before = _open_results(section)
    known = Adjustment.objects.aggregate(last=Max("pk"))["last"] or 0
    trips = FuseTrip.objects.aggregate(last=Max("pk"))["last"] or 0
    act(run)
    marks = [(section.pk, each) for each in months]
    claim_marks(len(marks), among=marks)
    accrue_changed(assess_months(marks))
    for month in months:
        (means, was), (after, now) = before[month], _means(section.pk, month)
        run.classes.append(ClassChange(month, was, now))
        run.means += [
            MeanChange(month, code, name, unit, decimals, _of(means, code), _of(after, code))
            for code, (name, unit, decimals, _) in {**means, **after}.items()
            if _of(means, code) != _of(after, code)
        ]
    open_after = _open_results(section)
    run.results = [
        ResultChange(*place, open_before.get(place, "-"), open_after.get(place, "-"))
        for place in sorted({*open_before, *open_after})
        if open_before.get(place) != open_after.get(place)
    ]
    new = (
        Adjustment.objects.filter(pk__gt=known, state=Adjustment.State.PROPOSED)
        .select_related("accrual__term__agreement")
        .order_by("pk")
    )
    found = [(adjustment, difference(adjustment)) for adjustment in new]
    names = dict(
        Jurisdiction.objects.filter(code__in={c for _, nets in found for c in nets}).values_list(
            "code", "name"
        )
    )
    run.proposals = [_proposal(adjustment, nets, names) for adjustment, nets in found]
    for trip in FuseTrip.objects.filter(pk__gt=trips, state__in=FuseTrip.OPEN):
        run.stops += [str(words) for words in trip.reasons]


def _open_results(section: Section) -> dict[tuple[str, str], str]:
    """Agreement and period → who pays whom, of results that are not published yet."""
    found = (
        Accrual.objects.filter(state__in=Accrual.OPEN, term_section__section=section)
        .select_related("term__agreement")
        .defer("steps", "inputs")
        .prefetch_related(payments_prefetch())
        .order_by("period", "pk")
    )
    return {
        (each.term.agreement.title, period_words(each.period, each.yearly)): (
            f"{each.get_month_state_display()}，{words_of(payments_of(each))}"
        )
        for each in found
    }


def _proposal(adjustment: Adjustment, nets: dict[str, Decimal], names: dict[str, str]) -> Proposal:
    accrual = adjustment.accrual
    period = f"{accrual.period.year}年"
    return Proposal(
        agreement=accrual.term.agreement.title,
        period=period if accrual.yearly else f"{period}{accrual.period.month}月",
        state=MonthState(adjustment.outcome["state"]).label,
        nets=tuple((names[code], yuan) for code, yuan in nets.items()),
    )


def _means(section_id: int, month) -> tuple[dict[str, tuple[str, str, int, Decimal]], int | None]:
    means = {
        m.indicator.code: (m.indicator.name, m.indicator.unit, m.indicator.decimals, m.mean)
        for m in MonthlyMean.objects.filter(section=section_id, month=month)
        .select_related("indicator")
        .order_by("indicator__order")
    }  # fmt: skip
    water_class = (
        Assessment.objects.filter(section=section_id, month=month)
        .values_list("water_class", flat=True)
        .first()
    )
    return means, water_class


def _of(means: dict[str, tuple[str, str, int, Decimal]], code: str) -> Decimal | None:
    return means[code][3] if code in means else None
