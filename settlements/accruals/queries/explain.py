"""Why an amount is what it is: everything behind one accrual, as plain values.

The figures are those stored with the accrual and the readings known when it was computed, so a
published month explains what was published; `mean_now` and `readings_now` are the data as they
stand at `as_of`, and each adjustment brings its own calculation, whole. `holds` is what counts
now, `revision` why that is not what was published. Amounts are Decimal yuan to the fen,
concentrations Decimal in the indicator's unit. What the viewer may not see is None.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.utils import timezone

from basins.access import Viewer
from basins.models import Jurisdiction
from basins.ranges import last_day
from monitoring.sections.queries.month_readings import MonthReadings
from monitoring.standards.exact import decimal_of
from monitoring.standards.gb3838_2002 import NAMES, UNITS, WaterClass
from settlements import rules
from settlements.accruals.queries.adjusted import Adjusted, adjustments_of
from settlements.accruals.queries.frozen import ReadingsThen, readings_of
from settlements.models import Accrual
from settlements.money import ZERO
from settlements.rules.facts import plain_decimal
from settlements.rules.parameters import ParameterKind, Spec, specs
from settlements.shown.findings import Compensation, starred
from settlements.shown.payments import payments_of, payments_prefetch
from settlements.shown.revisions import Revision, revisions_of
from settlements.shown.terms import clause_words, in_words
from settlements.shown.visible import agreement_of_month, visible_accruals

USED = "有效"  # what month_readings calls a value that went into a mean


@dataclass(frozen=True, slots=True)
class Named:
    code: str
    name: str


@dataclass(frozen=True, slots=True)
class RuleNamed:
    code: str
    title: str
    revision: int
    legal_basis: str


@dataclass(frozen=True, slots=True)
class InForce:
    """From the first to the last day, both included; `until` None is open."""

    since: date | None
    until: date | None


@dataclass(frozen=True, slots=True)
class TermNamed:
    number: int
    strand: str
    in_force: InForce
    agreement: Named
    clauses: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SectionNamed:
    code: str
    name: str
    is_demo: bool
    river: str
    upstream: Named
    downstream: Named
    share: Decimal  # part of the rate, 0 < share ≤ 1


@dataclass(frozen=True, slots=True)
class ExplainedPeriod:
    start: date
    granularity: str  # month or year


@dataclass(frozen=True, slots=True)
class TransferNamed:
    payer: Named
    payee: Named
    yuan: Decimal
    reason: str


@dataclass(frozen=True, slots=True)
class ParameterRead:
    """A parameter as the term stores it; `shown` says it in words, with the unit."""

    name: str
    label: str
    value: Any
    shown: str
    unit: str
    source: str
    is_default: bool


@dataclass(frozen=True, slots=True)
class ReadingsUsed:
    total: int
    by_indicator: dict[str, int]

    @property
    def named(self) -> tuple[tuple[str, int], ...]:
        """Chinese name of the indicator and its values, in the order of the code."""
        return tuple((NAMES.get(code, code), count) for code, count in self.by_indicator.items())


@dataclass(frozen=True, slots=True)
class ReadingsLeftOut:
    total: int
    by_reason: dict[str, int]


@dataclass(frozen=True, slots=True)
class ReadingCounts:
    used: ReadingsUsed
    left_out: ReadingsLeftOut

    @property
    def total(self) -> int:
        return self.used.total + self.left_out.total


@dataclass(frozen=True, slots=True)
class ExplainedMean:
    """`mean` is what was reckoned with; `mean_now` (months only) follows from the data now."""

    code: str
    name: str
    unit: str
    mean: Decimal
    mean_now: Decimal | None


@dataclass(frozen=True, slots=True)
class Revised:
    """已修订: in words what was, what is, since when and why; `booked` is the year that has
    booked it, where that is not the accrual's own."""

    before: str
    after: str
    on: date
    reason: str
    booked: int | None


@dataclass(frozen=True, slots=True)
class Explanation:
    id: int
    rule: RuleNamed
    term: TermNamed
    section: SectionNamed
    period: ExplainedPeriod
    state: Named  # what was found of the month
    status: Named  # 初步, 已发布, 已结清
    complete: bool
    water_class: str | None
    transfers: tuple[TransferNamed, ...]
    holds: tuple[TransferNamed, ...]  # what counts now
    revision: Revised | None
    steps: list[dict[str, Any]]
    parameters: tuple[ParameterRead, ...]
    facts: dict[str, Any]
    readings: ReadingCounts | None  # of the calculation
    readings_now: ReadingCounts | None  # where they are others now
    means: tuple[ExplainedMean, ...]
    adjustments: tuple[Adjusted, ...]
    input_digest: str
    computed_at: datetime
    as_of: datetime


@dataclass(frozen=True, slots=True)
class ExplainedNet:
    """Yuan; positive: the party receives."""

    party: Named
    yuan: Decimal


@dataclass(frozen=True, slots=True)
class MonthExplanation:
    """Every accrual of an agreement in a month, and what they come to per party, as holds now."""

    agreement: Named
    month: date
    nets: tuple[ExplainedNet, ...]
    accruals: tuple[Explanation, ...]
    as_of: datetime

    @property
    def total(self) -> Decimal:
        return sum((t.yuan for a in self.accruals for t in a.holds), ZERO)


def explain_accrual(viewer: Viewer, pk: int) -> Explanation | None:
    """One accrual explained, or None where there is none for this viewer.

    6 SQL queries for a month, some more where it is adjusted; 3 more for each further month of a yearly one.
    """
    accrual = _accruals(viewer).filter(pk=pk).first()
    return _explained(viewer, [accrual])[0] if accrual is not None else None


def explain_month(viewer: Viewer, code: str, month: date) -> MonthExplanation | None:
    """The accruals of one month, as the settlement-month page shows them, or None as there.

    8 SQL queries at most, whatever the sections, where nothing is adjusted.
    """
    found = agreement_of_month(viewer, code, month)
    if found is None:
        return None
    agreement, _ = found
    accruals = _explained(
        viewer,
        list(
            _accruals(viewer)
            .filter(term__agreement=agreement, period=month, yearly=False)
            .order_by("term_section__section__km", "term_section__section__code", "pk")
        ),
    )
    return MonthExplanation(
        agreement=Named(agreement.code, agreement.title),
        month=month,
        nets=_nets(accruals),
        accruals=tuple(accruals),
        as_of=timezone.now(),
    )


def _accruals(viewer: Viewer):
    return (
        visible_accruals(viewer)
        .select_related(
            "term__agreement",
            "term_section__section__river",
            "term_section__upstream",
            "term_section__downstream",
        )
        .defer("term_section__upstream__boundary", "term_section__downstream__boundary")
        .prefetch_related(payments_prefetch())
    )


def _explained(viewer: Viewer, accruals: list[Accrual]) -> list[Explanation]:
    """The readings of each month are loaded for all sections at once."""
    wanted: dict[date, list[Accrual]] = defaultdict(list)
    for accrual in accruals:
        for month in _months(accrual):
            wanted[month].append(accrual)
    found: dict[tuple[int, date], ReadingsThen] = {}
    for month, own in wanted.items():
        found |= readings_of(viewer, own, [month])
    adjusted = adjustments_of(viewer, accruals)
    revised = revisions_of(accruals)
    as_of = timezone.now()
    return [
        _explanation(
            accrual,
            adjusted.get(accrual.pk, ()),
            revised.get(accrual.pk),
            [found[accrual.pk, m] for m in _months(accrual) if (accrual.pk, m) in found],
            as_of,
        )
        for accrual in accruals
    ]


def _months(accrual: Accrual) -> list[date]:
    period = accrual.period
    return [date(period.year, n, 1) for n in range(1, 13)] if accrual.yearly else [period]


def _explanation(
    accrual: Accrual,
    adjustments: tuple[Adjusted, ...],
    revision: Revision | None,
    readings: list[ReadingsThen],
    as_of: datetime,
) -> Explanation:
    term, part = accrual.term, accrual.term_section
    now = [found for each in readings if (found := each.now or each.then) is not None]
    then = [each.then for each in readings]
    family = rules.get(term.rule)
    return Explanation(
        id=accrual.pk,
        rule=RuleNamed(family.code, family.title, accrual.rule_revision, family.legal_basis),
        term=TermNamed(
            term.number,
            term.strand,
            InForce(term.in_force.lower, last_day(term.in_force.upper)),
            Named(term.agreement.code, term.agreement.title),
            tuple(clause_words(term.clauses)),
        ),
        section=SectionNamed(
            code=part.section.code,
            name=part.section.name_on(accrual.period),
            is_demo=part.section.is_demo,
            river=part.section.river.name_on(accrual.period) if part.section.river else "",
            upstream=_named(part.upstream, accrual.period),
            downstream=_named(part.downstream, accrual.period),
            share=decimal_of(part.share),
        ),
        period=ExplainedPeriod(accrual.period, "year" if accrual.yearly else "month"),
        state=Named(accrual.month_state, accrual.get_month_state_display()),
        status=Named(accrual.state, accrual.get_state_display()),
        complete=accrual.complete,
        water_class=(
            WaterClass(accrual.water_class).numeral if accrual.water_class is not None else None
        ),
        transfers=tuple(_transfer(p) for p in payments_of(accrual)),
        holds=tuple(
            _transfer(p) for p in (revision.after.payments if revision else payments_of(accrual))
        ),
        revision=_revised(revision) if revision else None,
        steps=accrual.steps,
        parameters=_parameters(family.parameters, term.parameters),
        facts=accrual.inputs,
        readings=_readings([each for each in then if each is not None]) if all(then) else None,
        readings_now=_readings(now) if any(each.now for each in readings) else None,
        means=_means(accrual, now),
        adjustments=adjustments,
        input_digest=accrual.input_digest,
        computed_at=accrual.computed_at,
        as_of=as_of,
    )


def _named(place: Jurisdiction, on: date) -> Named:
    return Named(place.code, place.name_on(on))


def _transfer(payment: Compensation) -> TransferNamed:
    return TransferNamed(
        Named(payment.payer.code, payment.payer.name),
        Named(payment.payee.code, payment.payee.name),
        payment.yuan,
        payment.reason,
    )


def _revised(revision: Revision) -> Revised:
    return Revised(
        revision.before.words, revision.after.words, revision.on, revision.why, revision.booked
    )


def _parameters(declared: type, stored: dict[str, Any]) -> tuple[ParameterRead, ...]:
    """In the order of the rule's declaration, with the value as stored: money in yuan."""
    return tuple(
        ParameterRead(
            name=name,
            label=spec.label,
            value=entry["value"],
            shown=_shown(spec, entry["value"]),
            unit=spec.unit.strip(),
            source=entry["source"],
            is_default=entry["is_default"],
        )
        for name, spec in specs(declared).items()
        if (entry := stored.get(name)) is not None
    )


def _shown(spec: Spec, value: Any) -> str:
    words, unit = in_words(spec, value), spec.unit.strip()
    if value in (None, "", {}, []) or not unit:
        return words
    return f"{words} 万{unit}" if spec.kind is ParameterKind.MONEY else f"{words} {unit}"


def _normal(value: Decimal) -> Decimal:
    return Decimal(plain_decimal(value))


def _readings(found: list[MonthReadings]) -> ReadingCounts | None:
    """Counts of values over the months; None where the viewer may not see the section."""
    if not found:
        return None
    used: Counter[str] = Counter()
    left_out: Counter[str] = Counter()
    for month in found:
        used.update({m.code: m.used for m in month.means if m.used})
        left_out.update({reason: count for reason, count in month.flags if reason != USED})
    return ReadingCounts(
        ReadingsUsed(sum(m.used for m in found), dict(sorted(used.items()))),
        ReadingsLeftOut(sum(left_out.values()), dict(sorted(left_out.items()))),
    )


def _means(accrual: Accrual, readings: list[MonthReadings]) -> tuple[ExplainedMean, ...]:
    now = {m.code: m.mean for m in readings[0].means} if readings and not accrual.yearly else {}
    return tuple(
        ExplainedMean(
            code,
            NAMES.get(code, code),
            UNITS.get(code, ""),
            Decimal(value),
            _normal(now[code]) if code in now else None,
        )
        for code, value in accrual.inputs.get("means", {}).items()
    )


def _nets(accruals: Iterable[Explanation]) -> tuple[ExplainedNet, ...]:
    sums: dict[Named, Decimal] = defaultdict(lambda: ZERO)
    for accrual in accruals:
        for t in accrual.holds:
            sums[t.payer] -= t.yuan
            sums[t.payee] += t.yuan
    return tuple(ExplainedNet(party, net) for party, net in sums.items())


def shown_section(explanation: Explanation) -> str:
    """The section's name, with * where it is made up for the demonstration."""
    return starred(explanation.section.name, explanation.section.is_demo)
