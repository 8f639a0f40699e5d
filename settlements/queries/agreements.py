"""协议 as a page shows them: the list, and one with its terms, parameters and years.

Amounts are Decimal yuan to the fen; a money parameter is shown in 万元 and exact.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.db.models import Prefetch

from basins.access import Viewer
from basins.models.rivers import Confidence
from basins.ranges import covers, today
from monitoring.standards.gb3838_2002 import WaterClass
from settlements import rules
from settlements.models import Agreement, Party, Term, TermSection
from settlements.money import format_wan, format_yuan
from settlements.queries.findings import starred
from settlements.queries.month import Place
from settlements.queries.visible import visible_agreements
from settlements.queries.year_list import SettlementLine, settlement_list
from settlements.rules.facts import plain_decimal
from settlements.rules.parameters import Kind, Spec, specs

MAIN = "main"  # the strand of an agreement that has only one

KINDS = {
    Agreement.State.DRAFT: "none",
    Agreement.State.ACTIVE: "open",
    Agreement.State.ENDED: "final",
}


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


@dataclass(frozen=True, slots=True)
class PartyLine:
    place: Place
    role: str
    order: int
    since: date | None  # None: from the beginning
    until: date | None  # last day; None: to this day


@dataclass(frozen=True, slots=True)
class ParameterLine:
    """One parameter of a term, as stored, in words; `exact` is what a title shows."""

    name: str
    label: str
    value: str
    unit: str
    exact: str
    source: str
    is_default: bool


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
    share: Decimal

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
    """By code: 3 SQL queries whatever their number."""
    wanted = {"river__code": river, "parties__jurisdiction__code": party}
    found = (
        visible_agreements(viewer)
        .filter(**{name: value for name, value in wanted.items() if value})
        .select_related("river")
        .prefetch_related(_parties(), Prefetch("terms", queryset=Term.objects.order_by("number")))
        .order_by("code")
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
class Choices:
    rivers: tuple[tuple[str, str], ...]
    parties: tuple[tuple[str, str], ...]


def agreement_choices(viewer: Viewer) -> Choices:
    """Rivers and parties to narrow by: 2 SQL queries."""
    seen = visible_agreements(viewer)
    return Choices(
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
        kind=KINDS[state],
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
        years=settlement_list(viewer, agreement=found.code).lines,
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
        kind=KINDS[state],
    )


def last_day(end: date | None) -> date | None:
    """The last day of [from, end); None is open."""
    return date.fromordinal(end.toordinal() - 1) if end else None


def _term(term: Term) -> TermDetail:
    family, day = rules.get(term.rule), today()
    if covers(term.in_force, day):
        phase, kind = "执行中", "open"
    elif term.in_force.upper and term.in_force.upper <= day:
        phase, kind = "已结束", "final"
    else:
        phase, kind = "未开始", "none"
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
    )


def strand_label(strand: str) -> str:
    return "主线索" if strand == MAIN else strand


def clause_lines(declared: type, stored: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    """Clauses as stored, {key: words}; a key that names a parameter becomes its label."""
    known = specs(declared)
    return tuple(
        (known[key].label if key in known else str(key), str(words))
        for key, words in stored.items()
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


def parameter_lines(declared: type, stored: Mapping[str, Any]) -> tuple[ParameterLine, ...]:
    """The stored parameters in the order and words of the rule's declaration."""
    return tuple(
        _parameter(name, spec, stored[name])
        for name, spec in specs(declared).items()
        if name in stored
    )


def _parameter(name: str, spec: Spec, entry: Mapping[str, Any]) -> ParameterLine:
    value = entry["value"]
    money = spec.kind is Kind.MONEY and value is not None
    return ParameterLine(
        name=name,
        label=spec.label,
        value=in_words(spec, value),
        unit="" if value is None else f"万{spec.unit}" if money else spec.unit.strip(),
        exact=f"{format_yuan(Decimal(value))} {spec.unit}" if money else "",
        source=entry["source"],
        is_default=entry["is_default"],
    )


def in_words(spec: Spec, value: Any) -> str:
    """A stored value as the page says it; money in 万元."""
    if value is None or value == {} or value == []:
        return "不设"
    match spec.kind:
        case Kind.MONEY:
            return format_wan(Decimal(value))
        case Kind.CLASS:
            return WaterClass.parse(str(value)).label
        case Kind.CHOICE:
            return spec.choices.get(value, str(value))
        case Kind.BOOLEAN:
            return "是" if value else "否"
        case Kind.MAPPING:
            return "；".join(
                f"{spec.choices.get(key, key)} {plain_decimal(Decimal(each))}"
                for key, each in value.items()
            )
        case Kind.ROWS:
            columns = specs(spec.row) if spec.row else {}
            return "；".join(
                "，".join(f"{columns[k].label} {in_words(columns[k], v)}" for k, v in row.items())
                for row in value
            )
        case Kind.DECIMAL | Kind.PERCENT:
            return plain_decimal(Decimal(value))
    return str(value)
