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
from basins.ranges import covers, next_month
from settlements import rules
from settlements.models import Accrual, Agreement, Term, TermSection
from settlements.queries.facts import Measured, measured, month_facts, year_facts
from settlements.rules.base import DOWNSTREAM, TREASURY, UPSTREAM, Outcome, Step
from settlements.rules.caps import apply_cap
from settlements.rules.facts import Facts, Granularity, MissingFact, MonthState
from settlements.services.periods import last_month, months_due

SectionMonth = tuple[int, date]


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


def work_of(
    agreement: Agreement,
    terms: Iterable[Term] | None = None,
    changed: set[SectionMonth] | None = None,
) -> list[Work]:
    """What is to be computed: every period up to the last month for `changed` None, else
    those that the changed section-months feed. Terms default to the agreement's own."""
    work = []
    parties = dict(
        agreement.parties.order_by("order").values_list("jurisdiction__code", "jurisdiction__name")
    )
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
        for part in term.sections.select_related("section", "upstream", "downstream", "inflow"):
            periods = periods_of(term, module, parameters, part, changed, part.pk in begun)
            if periods:
                work.append(Work(term, part, module, parameters, periods, parties))
    return work


def compute(
    work: list[Work], found: Measured | None = None, *, digests: bool = True
) -> list[Computed]:
    """Every outcome of the work, in its order: 3 SQL queries whatever its size.

    None with `found`, which must hold what `load` of this work, or of more, gives. A third
    of the time goes into the digests, which only what is stored or compared needs.
    """
    if not work:
        return []
    found = load(work) if found is None else found
    return [computed for item in work for computed in _compute(found, item, digests)]


def party_of(part: TermSection, role: str, others: dict[str, Jurisdiction]) -> Jurisdiction:
    """The jurisdiction a rule's role or party code stands for."""
    return {UPSTREAM: part.upstream, DOWNSTREAM: part.downstream}.get(role) or others[role]


def other_parties(agreement: Agreement) -> dict[str, Jurisdiction]:
    """Party code → jurisdiction of the agreement, and the treasury under its role."""
    parties = [p.jurisdiction for p in agreement.parties.select_related("jurisdiction")]
    answer = {p.code: p for p in parties}
    for party in parties:
        if party.level == Jurisdiction.Level.TREASURY:
            answer[TREASURY] = party
    return answer


def periods_of(
    term: Term, module, parameters, part: TermSection, changed, begun: bool = False
) -> list[date]:
    """Periods of the term to compute, in order: all up to the last month for `changed` None,
    else those that the changed section-months feed. `begun`: the running month has an accrual."""
    yearly = module.granularity(parameters) is Granularity.YEAR
    due = months_due(term)
    fed = set() if changed is None else _fed(module, part, changed)
    # The running month is computed once it has readings, and shown as preliminary; from then
    # on it follows its base period and its year's cap as the months that are over do.
    running = next_month(last_month())
    if (begun or running in fed) and covers(term.in_force, running):
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
        return sorted({date(m.year, 1, 1) for m in due})
    return due


def _fed(module, part: TermSection, changed: set[SectionMonth]) -> set[date]:
    """Months whose facts hold a changed month: itself, and the same month a year later."""
    own = {month for section, month in changed if section in (part.section_id, part.inflow_id)}
    if module.NEEDS & {"last_year_class", "last_year_means"}:
        own |= {m.replace(year=m.year + 1) for m in own}
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
    """Everything the facts of `work` can need: 3 queries, none for no work."""
    if not work:
        return Measured()
    sections: set[int] = set()
    years: set[int] = set()
    for item in work:
        sections |= {s for s in (item.part.section_id, item.part.inflow_id) if s}
        years |= {p.year for p in item.periods} | {p.year - 1 for p in item.periods}
        years |= base_years(item.parameters)
    return measured(sections, date(min(years), 1, 1), date(max(years), 12, 1))


def _compute(found: Measured, item: Work, digests: bool) -> list[Computed]:
    module, parameters, needs = item.module, item.parameters, item.module.NEEDS
    facts_of = year_facts if module.granularity(parameters) is Granularity.YEAR else month_facts
    facts = [
        facts_of(
            found,
            item.term,
            item.part,
            period,
            needs,
            base_of(module, parameters, period),
            item.parties,
        )
        for period in item.periods
    ]
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


def outcomes_of(module: ModuleType, parameters: Any, facts: list[Facts]) -> list[Outcome]:
    """The rule's finding for each, in order; a yearly cap is applied year by year."""
    outcomes = [_outcome(module, f, parameters) for f in facts]
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
        "parameters": term.parameters,
        "rule": [module.CODE, module.REVISION],
        "parties": [part.upstream.code, part.downstream.code],
        "capped": [t.to_json() for t in outcome.transfers] if capped else None,
    }
    text = json.dumps(inputs, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()
