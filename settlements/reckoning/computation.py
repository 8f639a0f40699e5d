"""Computing a term's outcomes from what was measured; nothing is written here.

The pipeline writes what this finds; a preview shows it; a verification compares it.
"""

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, Self

from basins.models import Jurisdiction
from basins.ranges import covers, next_month, year_start
from monitoring.standards.exact import ends, total
from settlements import rules
from settlements.models import Accrual, Agreement, Party, Term, TermSection
from settlements.reckoning.asked import accruing_parts, asked_of
from settlements.reckoning.deviating import deviated
from settlements.reckoning.facts import Case, Wanted, measured, month_facts, year_facts
from settlements.reckoning.measured import Measured
from settlements.reckoning.periods import last_month, months_due
from settlements.reckoning.substitution import facts_of_periods
from settlements.rules import Family, Rule
from settlements.rules.base import DOWNSTREAM, TREASURY, UPSTREAM, Outcome, Step
from settlements.rules.caps import apply_cap
from settlements.rules.facts import EXACT, Facts, MissingFact, MonthState
from settlements.rules.parameters import deciding
from settlements.rules.part_month import counted

SectionMonth = tuple[int, date]
Participant = tuple[str, str, str]  # code, name and level of a party
PART = (  # loaded with each
    "section__predecessor", "upstream", "downstream", "inflow__predecessor", "reference",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Computed:
    """One accrual as the rule finds it now, and the digest of everything it was found from
    (empty where none was asked for)."""

    part: TermSection
    period: date
    facts: Facts
    outcome: Outcome
    digest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Work(Case):
    """One section of one term, and the periods to compute."""

    periods: tuple[date, ...] = ()

    @property
    def section_ids(self) -> set[int]:
        """The sections whose months the facts hold."""
        part = self.part
        own = {each.pk for each in part.section.stood()}
        if part.inflow is not None:
            own |= {each.pk for each in part.inflow.stood()}
        if part.reference_id is not None:
            own.add(part.reference_id)
        return own | self.asked.section_ids

    @property
    def water_bodies(self) -> dict[int, str]:
        """Of each of those sections, by id."""
        parts = (self.part, *self.asked.parts)
        of_parts = (s for p in parts for s in (p.section, p.inflow, p.reference) if s)
        return {each.pk: each.water_body for section in of_parts for each in section.stood()}

    def over(self, periods: Iterable[date]) -> Self:
        """The same over these periods, in their order."""
        return replace(self, periods=tuple(sorted(periods)))


def work_of(
    agreement: Agreement,
    terms: Iterable[Term] | None = None,
    changed: set[SectionMonth] | None = None,
) -> list[Work]:
    """What is to be computed: every period up to the last month for `changed` None, else
    those that the changed section-months feed. Terms default to the agreement's own."""
    everyone = [
        (code, name, level_of(level, role))
        for code, name, level, role in agreement.parties.order_by("order").values_list(
            "jurisdiction__code", "jurisdiction__name", "jurisdiction__level", "role"
        )
    ]
    running = next_month(last_month())
    begun = set(
        Accrual.objects.filter(term__agreement=agreement, period=running).values_list(
            "term_section_id", flat=True
        )
    )
    found = []
    for term in agreement.terms.order_by("number") if terms is None else terms:
        term.agreement = agreement
        found += [
            work.over(periods_of(work, changed, begun=work.part.pk in begun))
            for work in work_of_term(term, list(term.sections.select_related(*PART)), everyone)
        ]
    return [work for work in found if work.periods]


def work_of_term(
    term: Term, parts: Sequence[TermSection], everyone: Iterable[Participant]
) -> list[Work]:
    """The work of a term, stored or not: each section with accruals of its own, no periods yet.

    No SQL query. Raises ParameterErrors for parameters the rule refuses and UnknownRule for a
    rule there is not.
    """
    rule = rules.read(term.rule, term.parameters)
    parties = parties_of(rule.family, everyone)
    asked = asked_of(rule, parties, parts)
    sides = [place for part in parts for place in (part.upstream, part.downstream)]
    former = {place.code: place for place in sides if place.former_names}
    return [
        Work(
            term=term,
            part=part,
            rule=rule,
            parties=parties,
            asked=asked,
            fellows=() if asked.parts else fellows_of(part, parts),
            former=former,
        )
        for part in accruing_parts(rule, parts)
    ]


def fellows_of(part: TermSection, parts: Sequence[TermSection]) -> tuple[TermSection, ...]:
    """The sections whose shares add up with this one's: those of the same two parties where
    they make a whole, else all of the term. None where every share's decimals end."""
    if all(ends(each.share) for each in parts):
        return ()
    sides = part.upstream_id, part.downstream_id
    same = tuple(each for each in parts if (each.upstream_id, each.downstream_id) == sides)
    return same if total(each.share for each in same) == 1 else tuple(parts)


def parties_of(family: Family[Any], everyone: Iterable[Participant]) -> dict[str, str]:
    """Code → name of those the rule is told of."""
    treasury = Jurisdiction.Level.TREASURY
    return {
        code: name
        for code, name, level in everyone
        if not (family.treasury_apart and level == treasury)
    }


def compute(
    work: list[Work], found: Measured | None = None, *, digests: bool = True
) -> list[Computed]:
    """Every outcome of the work, in its order: 4 to 6 SQL queries whatever its size.

    None with `found`, which must hold what `load` of this work, or of more, gives. A third
    of the time goes into the digests, which only what is stored or compared needs.
    """
    if not work:
        return []
    found = load(work) if found is None else found
    return [computed for item in work for computed in _compute(found, item, digests)]


def level_of(level: str, role: str) -> str:
    """A party's level in the agreement: who stands in for the treasury counts as one."""
    return Jurisdiction.Level.TREASURY if role == Party.Role.MUNICIPAL_FILL else level


class NotAParty(LookupError):
    """A rule has somebody pay or receive who is no party; the message says who, and the
    remedy."""


def party_of(part: TermSection, role: str, others: dict[str, Jurisdiction]) -> Jurisdiction:
    """The jurisdiction a rule's role or party code stands for. Raises NotAParty."""
    own = {UPSTREAM: part.upstream, DOWNSTREAM: part.downstream}.get(role)
    if own is None and role not in others:
        who = "上级财政（市级财政）" if role == TREASURY else f"代码为 {role} 的行政区"
        raise NotAParty(f"按规则{who}须收付，但它不是协议方；请在“协议方”加上，或改规则的参数。")
    return own or others[role]


def other_parties(agreement: Agreement) -> dict[str, Jurisdiction]:
    """Party code → jurisdiction of the agreement, and the treasury under its role.

    That is the party of that level, else the one that stands in for it: in a scheme of towns
    their district.
    """
    parties = list(agreement.parties.select_related("jurisdiction"))
    return by_role([(p.jurisdiction, p.role) for p in parties])


def by_role(parties: Iterable[tuple[Jurisdiction, str]]) -> dict[str, Jurisdiction]:
    """As `other_parties`, from jurisdictions and their Party.Role."""
    parties = list(parties)
    answer = {jurisdiction.code: jurisdiction for jurisdiction, _ in parties}
    fills = [j for j, role in parties if role == Party.Role.MUNICIPAL_FILL]
    for treasury in [*fills, *(j for j, _ in parties if j.level == Jurisdiction.Level.TREASURY)]:
        answer[TREASURY] = treasury
    return answer


def periods_of(work: Work, changed: set[SectionMonth] | None, *, begun: bool = False) -> list[date]:
    """Periods to compute, in order: all up to the last month for `changed` None, else those
    that the changed section-months feed. `begun`: the running month has an accrual."""
    term, rule = work.term, work.rule
    due = months_due(term, rule)
    # The running month is computed once it has readings, and shown as preliminary; from then
    # on it follows its base period and its year's cap as the months that are over do.
    running = next_month(last_month())
    read = {month for section, month in changed or () if section in work.section_ids}
    if (begun or running in read) and covers(term.in_force, running):
        due.append(running)
    if changed is not None:
        fed = _fed(work, changed, due)
        if rule.yearly or rule.yearly_cap is not None:
            years = {m.year for m in fed}
            due = [m for m in due if m.year in years]
        else:
            due = [m for m in due if m in fed]
    if rule.yearly:
        return sorted({year_start(m.year) for m in due})
    return due


def _fed(work: Work, changed: set[SectionMonth], due: list[date]) -> set[date]:
    """Months whose facts hold a changed month: itself, the same month a year later, those it
    may stand in for, and of `due` those compared with a mean it is part of."""
    rule = work.rule
    own = {month for section, month in changed if section in work.section_ids}
    if work.asked.days:  # a run of days goes on into the month after
        own |= {next_month(m) for m in own}
    if rule.compares_last_year:
        own |= {m.replace(year=m.year + 1) for m in own}
    own = {fed for m in own for fed in rule.filling.fed_by(m)}
    years = {m.year for m in own}
    return own | {m for m in due if rule.base_years(m.year) & years}


def load(work: list[Work]) -> Measured:
    """Everything the facts of `work` can need: 4 to 6 queries, none for no work."""
    if not work:
        return Measured()
    sections: set[int] = set()
    years: set[int] = set()
    wanted = Wanted()
    for item in work:
        sections |= item.section_ids
        wanted.add(item.part, item.asked)
        own = {p.year for p in item.periods}
        years |= own | {year - 1 for year in own}
        years = years.union(*(item.rule.base_years(year) for year in own))
        if item.rule.filling.looks_ahead:
            years |= {year + 1 for year in own}
    return measured(sections, date(min(years), 1, 1), date(max(years), 12, 1), wanted)


def _under_own_basis(found: Measured, item: Work) -> Measured:
    """What was measured as the term assesses it."""
    if not item.rule.deviates:
        return found
    bodies = item.water_bodies
    key = item.rule.own_basis, *sorted(bodies)
    if key not in found.deviating:
        found.deviating[key] = deviated(found, bodies, item.rule)
    return found.deviating[key]


def _compute(found: Measured, item: Work, digests: bool) -> list[Computed]:
    rule = item.rule
    found = _under_own_basis(found, item)
    facts_of = year_facts if rule.yearly else month_facts
    kept = found.kept_of(*_facts_key(item)) if _may_share(item, digests) else {}

    def measured_in(period: date) -> Facts:
        key = period, rule.base_years(period.year)
        if key not in kept:
            kept[key] = facts_of(found, item, period)
        return kept[key]

    facts = facts_of_periods(item.term, rule, item.periods, measured_in)
    return [
        Computed(item.part, f.period, f, o, digest_of(item.part, rule, f, o) if digests else "")
        for f, o in zip(facts, outcomes_of(rule, facts), strict=True)
    ]


def _may_share(item: Work, digests: bool) -> bool:
    """Scenarios ask for the same facts again and again; what is stored is computed once."""
    return not digests and not item.asked.parts


def _facts_key(item: Work) -> tuple[Any, ...]:
    """Everything of a term and section but the parameters that month_facts and year_facts use."""
    term, part = item.term, item.part
    return (
        item.rule.granularity,
        (term.agreement_id, term.number, term.in_force.lower),
        (part.section_id, part.upstream_id, part.downstream_id, part.share),
        (part.inflow_id, part.reference_id),
        tuple(each.share for each in item.fellows),
        item.rule.needs,
        item.asked,
        tuple(item.parties.items()),
    )


def outcomes_of(rule: Rule, facts: list[Facts]) -> list[Outcome]:
    """The rule's finding for each, in order; a yearly cap is applied year by year."""
    outcomes = [counted(_outcome(rule, f), f, rule.parameters) for f in facts]
    if (cap := rule.yearly_cap) is not None:
        for year in {f.period.year for f in facts}:
            at = [i for i, f in enumerate(facts) if f.period.year == year]
            clause = rule.parameters.source("yearly_cap")
            capped = apply_cap([outcomes[i] for i in at], cap, clause=clause)
            for i, outcome in zip(at, capped, strict=True):
                outcomes[i] = outcome
    return outcomes


def _outcome(rule: Rule, facts: Facts) -> Outcome:
    """The rule's finding; where it refuses for want of a fact, a month without a result
    that says so, in the rule's own words."""
    try:
        return rule.evaluate(facts)
    except MissingFact as error:
        step = Step(key="missing", title="缺少核算依据", text=str(error), result="未核算")
        family = rule.family
        return Outcome(
            family.code, family.revision, MonthState.NO_DATA, (), (step,), lacks=error.name
        )


def digest_of(part: TermSection, rule: Rule, facts: Facts, outcome: Outcome) -> str:
    """SHA-256 over all that decides the accrual. Under a yearly cap the other months decide
    too, so the transfers go in.

    Of numbers that do not end the digest is over the decimals they are written by, as it was
    before they were kept whole (docs/decisions/0011-exact-to-the-comparison.md).
    """
    family, capped = rule.family, rule.yearly_cap is not None
    given = facts.to_json()
    given.pop(EXACT, None)
    inputs = {
        "facts": given,
        "parameters": deciding(family.parameters, part.term.parameters),
        "rule": [family.code, family.revision],
        "parties": [part.upstream.code, part.downstream.code],
        "capped": [t.to_json() for t in outcome.transfers] if capped else None,
    }
    text = json.dumps(inputs, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()
