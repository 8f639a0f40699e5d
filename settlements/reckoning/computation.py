"""Computing a term's outcomes from what was measured; nothing is written here.

The pipeline writes what this finds; a preview shows it; a verification compares it.
"""

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from types import ModuleType
from typing import Any

from basins.models import Jurisdiction
from basins.ranges import covers, next_month, year_start
from settlements import rules
from settlements.models import Accrual, Agreement, Party, Term, TermSection
from settlements.reckoning.asked import NOTHING, Asked, accruing_parts, asked_of
from settlements.reckoning.facts import Wanted, measured, month_facts, year_facts
from settlements.reckoning.measured import Measured
from settlements.reckoning.periods import last_month, months_due
from settlements.reckoning.substitution import facts_of_periods
from settlements.rules.base import DOWNSTREAM, TREASURY, UPSTREAM, Outcome, Step
from settlements.rules.caps import apply_cap
from settlements.rules.facts import Facts, Granularity, MissingFact, MonthState
from settlements.rules.parameters import deciding
from settlements.rules.part_month import counted
from settlements.rules.substitution import fed_by

SectionMonth = tuple[int, date]
PART = ("section", "upstream", "downstream", "inflow", "reference")  # loaded with each


@dataclass(frozen=True, slots=True)
class Computed:
    """One accrual as the rule finds it now, and the digest of everything it was found from
    (empty where none was asked for)."""

    part: TermSection
    period: date
    facts: Facts
    outcome: Outcome
    digest: str


@dataclass(frozen=True, slots=True)
class Work:
    """One section of one term, the rule and parameters it goes by, and the periods to compute."""

    term: Term
    part: TermSection
    module: ModuleType
    parameters: Any
    periods: list[date]
    parties: dict[str, str]  # code → name of everyone in the agreement
    asked: Asked = NOTHING  # beyond what was measured at the section


def work_of(
    agreement: Agreement,
    terms: Iterable[Term] | None = None,
    changed: set[SectionMonth] | None = None,
) -> list[Work]:
    """What is to be computed: every period up to the last month for `changed` None, else
    those that the changed section-months feed. Terms default to the agreement's own."""
    work = []
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
    for term in agreement.terms.order_by("number") if terms is None else terms:
        term.agreement = agreement
        module = rules.get(term.rule)
        parameters = module.Parameters.from_json(term.parameters)
        parties = parties_of(module, everyone)
        parts = list(term.sections.select_related(*PART))
        asked = asked_of(module, parameters, parties, parts)
        for part in accruing_parts(module, parameters, parts):
            periods = periods_of(term, module, parameters, part, changed, part.pk in begun, asked)
            if periods:
                work.append(Work(term, part, module, parameters, periods, parties, asked))
    return work


def parties_of(module: ModuleType, everyone: Iterable[tuple[str, str, str]]) -> dict[str, str]:
    """Code → name of those the rule is told of, from (code, name, level) of everyone."""
    apart = getattr(module, "TREASURY_APART", False)
    treasury = Jurisdiction.Level.TREASURY
    return {code: name for code, name, level in everyone if not (apart and level == treasury)}


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


def periods_of(
    term: Term,
    module,
    parameters,
    part: TermSection,
    changed,
    begun: bool = False,
    asked: Asked = NOTHING,
) -> list[date]:
    """Periods of the term to compute, in order: all up to the last month for `changed` None,
    else those that the changed section-months feed. `begun`: the running month has an accrual."""
    yearly = module.granularity(parameters) is Granularity.YEAR
    due = months_due(term)
    fed = set() if changed is None else _fed(module, parameters, part, changed, asked)
    # The running month is computed once it has readings, and shown as preliminary; from then
    # on it follows its base period and its year's cap as the months that are over do.
    running = next_month(last_month())
    read = {month for section, month in changed or () if section in sections_of(part, asked)}
    if (begun or running in read) and covers(term.in_force, running):
        due.append(running)
    if changed is not None:
        if base_years(parameters) & {m.year for m in fed}:
            fed |= set(due)
        if yearly or getattr(parameters, "yearly_cap", None) is not None:
            years = {m.year for m in fed}
            due = [m for m in due if m.year in years]
        else:
            due = [m for m in due if m in fed]
    if yearly:
        return sorted({year_start(m.year) for m in due})
    return due


def sections_of(part: TermSection, asked: Asked) -> set[int | None]:
    """The sections whose months the facts hold."""
    return {part.section_id, part.inflow_id, part.reference_id} | asked.section_ids


def _fed(
    module, parameters, part: TermSection, changed: set[SectionMonth], asked: Asked = NOTHING
) -> set[date]:
    """Months whose facts hold a changed month: itself, the same month a year later, and those
    it may stand in for."""
    own = {month for section, month in changed if section in sections_of(part, asked)}
    if asked.days:  # a run of days goes on into the month after
        own |= {next_month(m) for m in own}
    if module.NEEDS & {"last_year_class", "last_year_means"}:
        own |= {m.replace(year=m.year + 1) for m in own}
    own = {fed for m in own for fed in fed_by(parameters, m)}
    if hasattr(module, "base_years"):  # each month is compared with a mean of the year before
        own |= {date(m.year + 1, n, 1) for m in own for n in range(1, 13)}
    return own


def base_of(module: ModuleType, parameters: Any, period: date) -> set[int]:
    """The years whose mean a period is compared with, by the rule or by the term's parameters."""
    if hasattr(module, "base_years"):
        return set(module.base_years(period.year))
    return base_years(parameters)


def base_years(parameters: Any) -> set[int]:
    """The years whose mean the term takes as its base; empty for a rule without one."""
    first, last = getattr(parameters, "base_from", None), getattr(parameters, "base_to", None)
    return set(range(first, last + 1)) if first and last else set()


def load(work: list[Work]) -> Measured:
    """Everything the facts of `work` can need: 4 to 6 queries, none for no work."""
    if not work:
        return Measured()
    sections: set[int] = set()
    years: set[int] = set()
    wanted = Wanted()
    for item in work:
        part = item.part
        sections |= {s for s in (part.section_id, part.inflow_id, part.reference_id) if s}
        sections |= item.asked.section_ids
        wanted.add(item.part, item.asked)
        years |= {p.year for p in item.periods} | {p.year - 1 for p in item.periods}
        years |= base_years(item.parameters)
        if getattr(item.parameters, "missing_month", "none") == "neighbours":
            years |= {p.year + 1 for p in item.periods}
    return measured(sections, date(min(years), 1, 1), date(max(years), 12, 1), wanted)


def _compute(found: Measured, item: Work, digests: bool) -> list[Computed]:
    module, parameters = item.module, item.parameters
    needs = rules.needs(module, parameters)
    facts_of = year_facts if module.granularity(parameters) is Granularity.YEAR else month_facts

    kept = found.kept_of(*_facts_key(item, needs)) if _may_share(item, digests) else {}

    def measured_in(period: date) -> Facts:
        base, parties = base_of(module, parameters, period), item.parties
        key = period, frozenset(base)
        if key not in kept:
            kept[key] = facts_of(
                found, item.term, item.part, period, needs, base, parties, item.asked
            )
        return kept[key]

    facts = facts_of_periods(item.term, parameters, item.periods, measured_in)
    outcomes = outcomes_of(module, parameters, facts)
    return [
        Computed(
            item.part,
            f.period,
            f,
            o,
            digest_of(item.term, item.part, module, f, o) if digests else "",
        )
        for f, o in zip(facts, outcomes, strict=True)
    ]


def _may_share(item: Work, digests: bool) -> bool:
    """Scenarios ask for the same facts again and again; what is stored is computed once."""
    return not digests and not item.asked.parts


def _facts_key(item: Work, needs: frozenset[str]) -> tuple[Any, ...]:
    """Everything of a term and section but the parameters that month_facts and year_facts use."""
    term, part = item.term, item.part
    return (
        item.module.granularity(item.parameters),
        (term.agreement_id, term.number, term.in_force.lower),
        (part.section_id, part.upstream_id, part.downstream_id, part.share),
        (part.inflow_id, part.reference_id),
        needs,
        item.asked,
        tuple(item.parties.items()),
    )


def outcomes_of(module: ModuleType, parameters: Any, facts: list[Facts]) -> list[Outcome]:
    """The rule's finding for each, in order; a yearly cap is applied year by year."""
    outcomes = [counted(_outcome(module, f, parameters), f, parameters) for f in facts]
    if (cap := getattr(parameters, "yearly_cap", None)) is not None:
        for year in {f.period.year for f in facts}:
            at = [i for i, f in enumerate(facts) if f.period.year == year]
            clause = parameters.source("yearly_cap")
            capped = apply_cap([outcomes[i] for i in at], cap, clause=clause)
            for i, outcome in zip(at, capped, strict=True):
                outcomes[i] = outcome
    return outcomes


def _outcome(module, facts: Facts, parameters) -> Outcome:
    """The rule's finding; where it refuses for want of a fact, a month without a result
    that says so, in the rule's own words."""
    try:
        return module.evaluate(facts, parameters)
    except MissingFact as error:
        step = Step(key="missing", title="缺少核算依据", text=str(error), result="未核算")
        return Outcome(module.CODE, module.REVISION, MonthState.NO_DATA, (), (step,))


def digest_of(term: Term, part: TermSection, module, facts: Facts, outcome: Outcome) -> str:
    """SHA-256 over all that decides the accrual. Under a yearly cap the other months decide
    too, so the transfers go in."""
    capped = (term.parameters.get("yearly_cap") or {}).get("value") is not None
    inputs = {
        "facts": facts.to_json(),
        "parameters": deciding(module.Parameters, term.parameters),
        "rule": [module.CODE, module.REVISION],
        "parties": [part.upstream.code, part.downstream.code],
        "capped": [t.to_json() for t in outcome.transfers] if capped else None,
    }
    text = json.dumps(inputs, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()
