"""按某日所知, for pages: a month, a year and an account as they stood, beside what stands now.

What was held then is the accrual's version of the moment with the adjustment approved by then,
what is held now includes those approved since; a year then and now is what it has booked
(settlements.shown.revisions). From before the history began, or before the first run, it is
computed from what was known.
Drafts stay drafts: who does not see an agreement's drafts is shown a month only from its
publication on, a year only from its closing on, and never what was not yet decided.
"""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.utils import timezone

from basins.access import Viewer
from basins.ranges import month_start, year_start
from monitoring.standards.exact import Number, written
from monitoring.standards.gb3838_2002 import NAMES, UNITS
from settlements.as_known.queries.changes import carried_then, newest_then, reasons
from settlements.ledger.balances import Basis, balances
from settlements.models import (
    Accrual,
    AccrualVersion,
    Adjustment,
    Agreement,
    AgreementMonth,
    JournalEntry,
    Settlement,
)
from settlements.money import ZERO
from settlements.reckoning.computation import Computed, party_of
from settlements.reckoning.known import Known, known_at
from settlements.reckoning.known_basis import Past
from settlements.rules.base import MonthState
from settlements.shown.findings import Compensation, Net, month_finding, starred, year_finding
from settlements.shown.payments import payments_prefetch
from settlements.shown.places import Place
from settlements.shown.revisions import (
    Revision,
    booked_nets,
    carried_in,
    published_result,
    result_of,
    revisions_of,
)
from settlements.shown.visible import (
    agreement_of_month,
    sees_drafts_of,
    visible_accruals,
    visible_settlements,
)
from settlements.shown.worked import WorkedStep, worked

CORRECTED = "监测数据更正"


@dataclass(frozen=True, slots=True)
class Held:
    """What an accrual said: class, state and payments; `computed`: found anew, not stored then."""

    water_class: int | None
    state: str
    payments: tuple[Compensation, ...]
    computed: bool = False

    @property
    def yuan(self) -> Decimal:
        return sum((p.yuan for p in self.payments), ZERO)

    @property
    def words(self) -> str:
        return "；".join(p.words for p in self.payments) or "互不补偿"

    def same(self, other: "Held | None") -> bool:
        return other is not None and (self.water_class, self.state, self.words) == (
            other.water_class, other.state, other.words,
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class MeanThen:
    code: str
    name: str
    unit: str
    then: Decimal | None
    now: Decimal | None

    @property
    def changed(self) -> bool:
        return self.then != self.now


@dataclass(frozen=True, slots=True)
class BorderThen:
    """A section and period then and now; `then` None: nothing was held (or shown) yet."""

    accrual: int
    code: str
    name: str
    period: date
    yearly: bool
    then: Held | None
    now: Held
    means: tuple[MeanThen, ...]
    steps: tuple[WorkedStep, ...]
    digest: str  # of what was held then
    reason: str

    @property
    def changed(self) -> bool:
        return self.then is not None and not self.then.same(self.now)


@dataclass(frozen=True, slots=True)
class MonthThen:
    agreement: str
    title: str
    month: date
    finding: str
    sections: tuple[BorderThen, ...]
    hidden: bool  # not published then, and the viewer sees no drafts


@dataclass(frozen=True, slots=True)
class NetThen:
    place: Place
    then: Decimal
    now: Decimal

    @property
    def changed(self) -> bool:
        return self.then != self.now


@dataclass(frozen=True, slots=True)
class YearThen:
    agreement: str
    title: str
    year: int
    finding: str
    nets: tuple[NetThen, ...]
    sections: tuple[BorderThen, ...]
    state: str  # of the settlement then; "" before there was one
    state_now: str
    hidden: bool

    @property
    def changed(self) -> tuple[BorderThen, ...]:
        return tuple(each for each in self.sections if each.changed)


@dataclass(frozen=True, slots=True)
class AccountThen:
    """Balances by booking date; `later` are the entries booked after the moment."""

    then: Decimal
    now: Decimal
    later: tuple[JournalEntry, ...]


def month_as_known(viewer: Viewer, code: str, month: date, at: datetime) -> MonthThen | None:
    """The month as known; None where the viewer has no such month now."""
    found = agreement_of_month(viewer, code, month)
    if found is None:
        return None
    agreement = found[0]
    accruals = _accruals(viewer, agreement, month, month, yearly=False)
    drafts = sees_drafts_of(viewer, agreement)
    hidden = not drafts and month not in _published(agreement, at)
    known = known_at(agreement, at)
    sections = () if hidden else _then(known, accruals, drafts, steps=True)
    held = [each.then for each in sections if each.then is not None]
    payments = [p for each in held for p in each.payments]
    no_data = sum(each.state == MonthState.NO_DATA.label for each in held)
    return MonthThen(
        agreement=agreement.code,
        title=agreement.title,
        month=month,
        finding=month_finding(payments, len(held), no_data),
        sections=sections,
        hidden=hidden,
    )


def accrual_as_known(viewer: Viewer, pk: int, at: datetime) -> BorderThen | None:
    """One accrual as known; None where the viewer sees none now, or it was not shown then."""
    accrual = visible_accruals(viewer).filter(pk=pk).select_related("term__agreement").first()
    if accrual is None:
        return None
    agreement, period = accrual.term.agreement, accrual.period
    drafts = sees_drafts_of(viewer, agreement)
    month = date(period.year, 12, 1) if accrual.yearly else period
    if not drafts and month not in _published(agreement, at):
        return None
    accruals = [a for a in _accruals(viewer, agreement, period, period) if a.pk == pk]
    return next(iter(_then(known_at(agreement, at), accruals, drafts)), None)


def year_as_known(viewer: Viewer, code: str, year: int, at: datetime) -> YearThen | None:
    """The year as known: accruals, with the adjustments approved by then; None as the page."""
    settlement = (
        visible_settlements(viewer)
        .filter(agreement__code=code, year=year)
        .select_related("agreement")
        .prefetch_related("nets__jurisdiction")
        .first()
    )
    if settlement is None:
        return None
    agreement = settlement.agreement
    known = known_at(agreement, at)
    drafts = sees_drafts_of(viewer, agreement)
    state = next((s.state for s in known.past.rows(Settlement) if s.pk == settlement.pk), "")
    hidden = not drafts and state not in Settlement.FIXED
    accruals = _accruals(viewer, agreement, year_start(year), date(year, 12, 1))
    sections = () if hidden else _then(known, accruals, drafts)
    nets: dict[str, Decimal] = defaultdict(lambda: ZERO)
    places = {n.jurisdiction.code: Place.of(n.jurisdiction) for n in settlement.nets.all()}
    for each in sections:
        for payment in each.then.payments if each.then else ():
            for place, sign in ((payment.payer, -1), (payment.payee, 1)):
                places.setdefault(place.code, place)
                nets[place.code] += sign * payment.yuan
    before = carried_then(known.past, [agreement.pk], year)
    own = [Net(Place.of(n.jurisdiction), n.yuan) for n in settlement.nets.all()]
    carried = carried_in(visible_accruals(viewer).filter(term__agreement=agreement), year)
    now = {n.place.code: n.yuan for n in booked_nets(own, carried)}
    places |= before.places() | carried.places()
    lines = tuple(
        NetThen(
            place,
            nets[place.code] + before.signed_for(place.code),
            now.get(place.code, ZERO),
        )
        for place in places.values()
    )
    return YearThen(
        agreement=agreement.code,
        title=agreement.title,
        year=year,
        finding=year_finding([Net(n.place, n.then) for n in lines] if sections else []),
        nets=() if hidden else lines,
        sections=sections,
        state=str(Settlement.State(state).label) if state else "",
        state_now=settlement.get_state_display(),
        hidden=hidden,
    )


def account_as_known(account: int, at: datetime) -> AccountThen:
    """An account's balance by booking date, of entries booked by the moment: 3 SQL queries."""
    on = timezone.localdate(at)
    later = JournalEntry.objects.filter(booked_at__gt=at, postings__account=account)
    return AccountThen(
        then=balances([account], on, Basis.BOOKED, known_at=at)[account],
        now=balances([account], None, Basis.BOOKED)[account],
        later=tuple(later.distinct().order_by("booked_at", "pk")),
    )


# --- what was held --------------------------------------------------------------------------


def _accruals(
    viewer: Viewer, agreement: Agreement, first: date, last: date, yearly: bool | None = None
) -> list[Accrual]:
    found = visible_accruals(viewer).filter(term__agreement=agreement, period__range=(first, last))
    if yearly is not None:
        found = found.filter(yearly=yearly)
    return list(
        found.select_related(
            "term", "term_section__section", "term_section__upstream", "term_section__downstream"
        )
        .defer("steps", "term_section__upstream__boundary", "term_section__downstream__boundary")
        .prefetch_related(payments_prefetch())
        .order_by("term_section__section__km", "term_section__section__code", "period", "pk")
    )


def _published(agreement: Agreement, at: datetime) -> set[date]:
    """Months of the agreement that were published by then."""
    past = Past(at)
    return {m.month for m in past.rows(AgreementMonth) if m.agreement_id == agreement.pk}


def _then(
    known: Known, accruals: list[Accrual], drafts: bool, *, steps: bool = False
) -> tuple[BorderThen, ...]:
    versions = {
        version.accrual_id: version
        for version in AccrualVersion.objects.filter(
            accrual_id__in=[a.pk for a in accruals], known_from__lte=known.at
        ).exclude(known_to__lte=known.at)
    }
    adjusted = newest_then(known.past, accruals)
    revised = revisions_of(accruals)
    computed = {}
    wanted: dict[int, set[date]] = defaultdict(set)
    for accrual in accruals:
        over = accrual.period < month_start(timezone.localdate(known.at))
        if steps or (drafts and accrual.pk not in versions and over):
            wanted[accrual.term_section_id].add(accrual.period)
    if wanted:
        computed = {(c.part.pk, c.period): c for c in known.compute(wanted)}
    why = reasons(known.at, accruals) if drafts else {}
    places = {j.code: Place.of(j) for j in known.past.jurisdictions.values()}
    moment = _Moment(known, versions, computed, adjusted, revised, places, why, drafts)
    return tuple(_section_then(moment, accrual) for accrual in accruals)


@dataclass(frozen=True, slots=True)
class _Moment:
    """What was held of some accruals at a moment: versions, adjustments and reasons by accrual.

    computed: by term section and period, where the moment's knowledge was computed. drafts:
    whether the viewer is shown what nobody had published.
    """

    known: Known
    versions: Mapping[int, AccrualVersion]
    computed: Mapping[tuple[int, date], Computed]
    adjusted: Mapping[int, Adjustment]
    revised: Mapping[int, Revision]
    places: Mapping[str, Place]
    why: Mapping[int, str]
    drafts: bool


def _section_then(moment: _Moment, accrual: Accrual) -> BorderThen:
    part, places, drafts = accrual.term_section, moment.places, moment.drafts
    version, adjusted = moment.versions.get(accrual.pk), moment.adjusted.get(accrual.pk)
    computed = moment.computed.get((accrual.term_section_id, accrual.period))
    reason = moment.why.get(accrual.pk, "")
    then = None
    if version is not None:
        if adjusted is not None:
            result = result_of(adjusted, places)
            then = Held(result.water_class, result.month_state, result.payments)
        else:
            payments = tuple(_payment(t, places) for t in version.transfers)
            state = MonthState(version.month_state).label
            then = Held(version.water_class, state, payments)
    elif computed is not None and drafts:
        then = _held(computed, moment.known)
    same = computed is not None and (
        drafts if version is None else version.input_digest == computed.digest
    )
    facts = computed.facts if computed is not None and same else None
    means = _means(facts.means, accrual.inputs.get("means", {})) if facts else ()
    revision = moment.revised.get(accrual.pk)
    result = revision.after if revision else published_result(accrual)
    now = Held(result.water_class, result.month_state, result.payments)
    if then is not None and then.same(now):
        reason = ""
    elif not reason:
        reason = CORRECTED if any(m.changed for m in means) else "重新核算"
    return BorderThen(
        accrual=accrual.pk,
        code=part.section.code,
        name=starred(part.section.name, part.section.is_demo),
        period=accrual.period,
        yearly=accrual.yearly,
        then=then,
        now=now,
        means=means,
        steps=_steps(computed) if computed is not None and same else (),
        digest=version.input_digest if version is not None else "",
        reason=reason,
    )


def _held(computed: Computed, known: Known) -> Held:
    payments = tuple(
        Compensation(
            Place.of(party_of(computed.part, t.payer, known.others), computed.period),
            Place.of(party_of(computed.part, t.payee, known.others), computed.period),
            t.yuan,
            t.reason,
        )
        for t in computed.outcome.transfers
    )
    found = computed.facts.water_class
    return Held(
        found.value if found else None, computed.outcome.state.label, payments, computed=True
    )


def _payment(stored: dict[str, Any], places: Mapping[str, Place]) -> Compensation:
    return Compensation(
        places[stored["payer"]], places[stored["payee"]], Decimal(stored["yuan"]), stored["reason"]
    )


def _steps(computed: Computed) -> tuple[WorkedStep, ...]:
    found = computed.facts.water_class
    of_then = Accrual(water_class=found.value if found else None)
    return tuple(worked(step.to_json(), of_then) for step in computed.outcome.steps)


def _means(then: Mapping[str, Number], now: dict[str, str]) -> tuple[MeanThen, ...]:
    return tuple(
        MeanThen(
            code,
            NAMES.get(code, code),
            UNITS.get(code, ""),
            written(then[code]) if code in then else None,
            Decimal(now[code]) if code in now else None,
        )
        for code in dict.fromkeys([*then, *now])
    )
