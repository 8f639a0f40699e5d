"""协议 as a page shows them: the list, and one with its terms, parameters and years.

Amounts are Decimal yuan to the fen; a money parameter is shown in 万元 and exact.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.db.models import Prefetch

from basins.access import Viewer
from basins.models.rivers import Confidence
from basins.ranges import covers, last_day, today
from monitoring.standards.exact import Number
from settlements import rules
from settlements.models import Agreement, Party, Term, TermSection
from settlements.models.shares import nearly_whole
from settlements.shown.findings import starred
from settlements.shown.places import Place
from settlements.shown.terms import (
    ParameterLine,
    clause_lines,
    parameter_lines,
    strand_label,
)
from settlements.shown.visible import own_first, visible_agreements
from settlements.workflow import kind_of
from settlements.years.queries.listing import SettlementLine, years_of_agreement


@dataclass(frozen=True, slots=True)
class AgreementLine:
    code: str
    title: str
    river: str
    parties: tuple[Place, ...]
    rule: str  # of the term in force today, or the last one
    since: date | None
    until: date | None  # last day
    terms: int
    state: str
    kind: str
    own: bool  # the viewer's own place is party


@dataclass(frozen=True, slots=True)
class PartyLine:
    place: Place
    role: str
    order: int
    since: date | None  # None: from the beginning
    until: date | None  # last day; None: to this day


@dataclass(frozen=True, slots=True)
class PartLine:
    """A section of a term and whose border it is; share in per cent."""

    code: str
    name: str
    is_demo: bool
    upstream: str
    downstream: str
    inflow: str
    reference: str
    share: Number

    @property
    def shown_name(self) -> str:
        return starred(self.name, self.is_demo)


@dataclass(frozen=True, slots=True)
class TermDetail:
    number: int
    strand: str
    rule: str
    legal_basis: str
    revision: int
    since: date | None
    until: date | None
    phase: str  # 已结束, 执行中, 未开始
    kind: str
    parameters: tuple[ParameterLine, ...]
    clauses: tuple[tuple[str, str], ...]
    sections: tuple[PartLine, ...]
    shares_note: str  # where they are all but a whole
    silence: str  # what a party's silence means


@dataclass(frozen=True, slots=True)
class AgreementDetail:
    code: str
    title: str
    river: str
    river_code: str
    state: str
    kind: str
    signed_on: date | None
    source: str
    confidence: str
    parties: tuple[PartyLine, ...]
    terms: tuple[TermDetail, ...]
    years: tuple[SettlementLine, ...]
    may_change: bool  # for who edits agreements: it can be amended, also once it has ended

    @property
    def strands(self) -> tuple[tuple[str, tuple[TermDetail, ...]], ...]:
        """Terms that run side by side, each strand in the order of its dates."""
        names = dict.fromkeys(term.strand for term in self.terms)
        return tuple(
            (
                strand_label(name),
                tuple(
                    sorted(
                        (t for t in self.terms if t.strand == name),
                        key=lambda t: t.since or date.min,
                    )
                ),
            )
            for name in names
        )

    @property
    def present_parties(self) -> tuple[PartyLine, ...]:
        return tuple(p for p in self.parties if p.until is None or p.until >= today())

    @property
    def has_demo_names(self) -> bool:
        return any(part.is_demo for term in self.terms for part in term.sections)

    @property
    def total(self) -> Decimal:
        return sum((year.yuan for year in self.years), Decimal("0.00"))


def agreement_list(
    viewer: Viewer, *, river: str = "", state: str = "", party: str = ""
) -> tuple[AgreementLine, ...]:
    """Of the viewer's own place first, then by code: 3 SQL queries whatever their number."""
    wanted = {"river__code": river, "parties__jurisdiction__code": party}
    found = (
        visible_agreements(viewer)
        .filter(**{name: value for name, value in wanted.items() if value})
        .select_related("river")
        .prefetch_related(_parties(), Prefetch("terms", queryset=Term.objects.order_by("number")))
        .annotate(own=own_first("pk", viewer))
        .order_by("-own", "code")
    )
    lines = tuple(_line(a) for a in found)
    if not state:
        return lines
    return tuple(line for line in lines if line.state == Agreement.State(state).label)


def state_of(agreement: Agreement, terms: Sequence[Term]) -> Agreement.State:
    """An agreement has ended once no term is in force any more nor will be."""
    state = Agreement.State(agreement.state)
    ended = all(t.in_force.upper is not None and t.in_force.upper <= today() for t in terms)
    return Agreement.State.ENDED if state == Agreement.State.ACTIVE and terms and ended else state


@dataclass(frozen=True, slots=True)
class AgreementChoices:
    rivers: tuple[tuple[str, str], ...]
    parties: tuple[tuple[str, str], ...]


def agreement_choices(viewer: Viewer) -> AgreementChoices:
    """Rivers and parties to narrow by: 2 SQL queries."""
    seen = visible_agreements(viewer)
    return AgreementChoices(
        rivers=tuple(sorted(set(seen.values_list("river__code", "river__name")))),
        parties=tuple(
            dict.fromkeys(
                Party.objects.filter(agreement__in=seen)
                .order_by("jurisdiction__sort_key", "pk")
                .values_list("jurisdiction__code", "jurisdiction__name")
            )
        ),
    )


def agreement(viewer: Viewer, code: str) -> AgreementDetail | None:
    """One agreement with all it holds, or None where there is none for this viewer.

    6 SQL queries whatever its terms, sections and years.
    """
    found = (
        visible_agreements(viewer)
        .filter(code=code)
        .select_related("river")
        .prefetch_related(
            _parties(),
            Prefetch("terms", queryset=Term.objects.order_by("number")),
            Prefetch(
                "terms__sections",
                queryset=TermSection.objects.select_related(
                    "section", "upstream", "downstream", "inflow", "reference"
                )
                .defer("upstream__boundary", "downstream__boundary")
                .order_by("section__km", "pk"),
            ),
        )
        .first()
    )
    if found is None:
        return None
    terms = list(found.terms.all())
    state = state_of(found, terms)
    return AgreementDetail(
        code=found.code,
        title=found.title,
        river=found.river.name,
        river_code=found.river.code,
        state=str(state.label),
        kind=kind_of("agreement", state),
        signed_on=found.signed_on,
        source=found.source,
        confidence=Confidence(found.confidence).label,
        parties=tuple(
            PartyLine(
                Place.of(p.jurisdiction), p.get_role_display(), p.order, p.since, last_day(p.until)
            )
            for p in found.parties.all()
        ),
        terms=tuple(_term(t) for t in terms),
        years=years_of_agreement(viewer, found.code),
        may_change=found.state == Agreement.State.ACTIVE and bool(terms),
    )


def _parties() -> Prefetch:
    return Prefetch(
        "parties",
        queryset=Party.objects.select_related("jurisdiction")
        .defer("jurisdiction__boundary")
        .order_by("order", "pk"),
    )


def _line(found: Agreement) -> AgreementLine:
    terms, day = list(found.terms.all()), today()
    state = state_of(found, terms)
    current = [t for t in terms if covers(t.in_force, day)] or terms[-1:]
    ends = [t.in_force.upper for t in terms]
    return AgreementLine(
        code=found.code,
        title=found.title,
        river=found.river.name,
        parties=tuple(
            Place.of(p.jurisdiction)
            for p in found.parties.all()
            if p.until is None or p.until > day
        ),
        rule="、".join(dict.fromkeys(rules.get(t.rule).title for t in current)),
        since=min((t.in_force.lower for t in terms if t.in_force.lower), default=None),
        until=last_day(max(ends)) if ends and all(ends) else None,
        terms=len(terms),
        state=str(state.label),
        kind=kind_of("agreement", state),
        own=found.own,  # type: ignore[attr-defined]
    )


def _term(term: Term) -> TermDetail:
    family, day = rules.get(term.rule), today()
    if covers(term.in_force, day):
        phase, kind = "执行中", kind_of("term", "in_force")
    elif term.in_force.upper and term.in_force.upper <= day:
        phase, kind = "已结束", kind_of("term", "over")
    else:
        phase, kind = "未开始", kind_of("term", "ahead")
    return TermDetail(
        number=term.number,
        strand=term.strand,
        rule=family.title,
        legal_basis=family.legal_basis,
        revision=term.rule_revision,
        since=term.in_force.lower,
        until=last_day(term.in_force.upper),
        phase=phase,
        kind=kind,
        parameters=parameter_lines(family.parameters, term.parameters),
        clauses=clause_lines(family.parameters, term.clauses),
        sections=tuple(_part(part) for part in term.sections.all()),
        shares_note=nearly_whole(part.share for part in term.sections.all()),
        silence=str(term.get_silence_display()),
    )


def _part(part: TermSection) -> PartLine:
    return PartLine(
        code=part.section.code,
        name=part.section.name,
        is_demo=part.section.is_demo,
        upstream=part.upstream.name,
        downstream=part.downstream.name,
        inflow=starred(part.inflow.name, part.inflow.is_demo) if part.inflow else "",
        reference=starred(part.reference.name, part.reference.is_demo) if part.reference else "",
        share=part.share * 100,
    )
