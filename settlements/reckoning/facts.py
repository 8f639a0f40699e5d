"""The facts rules ask for, loaded for many months at once: at most 6 SQL queries an agreement.

Only what a family declares in `needs` goes into its Facts, so the input digest changes when, and
only when, something the rule can see has changed.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from basins.models import Jurisdiction
from basins.ranges import months_between, months_of
from monitoring.models import Assessment, MonthlyMean, Origin, Section, Target
from monitoring.models.assessments import exact_mean
from monitoring.standards.assessment import NothingToAssess, assess
from monitoring.standards.basis import Basis
from monitoring.standards.exact import Number, decimal_of, total
from monitoring.standards.flow import FLOW, volume_of
from monitoring.standards.gb3838_2002 import NAMES, WaterBody, WaterClass, limit
from monitoring.standards.rounding import round_to_places
from settlements.models import Term, TermSection
from settlements.reckoning import given_facts
from settlements.reckoning.asked import Asked
from settlements.reckoning.given_facts import Given, figure_of
from settlements.reckoning.measured import Measured
from settlements.reckoning.party_figures import derived, section_figure
from settlements.rules import Rule
from settlements.rules.base import DOWNSTREAM, UPSTREAM
from settlements.rules.facts import NO_READINGS, Facts, Granularity, MonthState, number_text

MEANS = {"means", "last_year_means", "base_means", "inflow_means", "reference_means"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One section under one term, and all that decides what its rule may know of a period.

    parties: code → name of everyone the rule is told of. former: those of them who went by
    another name once. asked: what it asks for beyond what
    was measured at the section. fellows: the sections that have the rate together, this one
    among them, where one of their shares does not end.
    """

    term: Term
    part: TermSection
    rule: Rule
    parties: Mapping[str, str]
    asked: Asked
    fellows: tuple[TermSection, ...] = ()
    former: Mapping[str, Jurisdiction] = field(default_factory=dict)

    def parties_on(self, period: date) -> dict[str, str]:
        """Code → name that each went by then."""
        return {
            code: self.former[code].name_on(period) if code in self.former else name
            for code, name in self.parties.items()
        }


def code_of(part: TermSection, party: str) -> str:
    """The code of a party that goes by its role at the section, or by its code already."""
    return {UPSTREAM: part.upstream.code, DOWNSTREAM: part.downstream.code}.get(party, party)


@dataclass
class Wanted:
    """What of the facts that are not measured is to be loaded, and of whom."""

    sections: set[int] = field(default_factory=set)  # with figures
    parties: set[str] = field(default_factory=set)  # codes, with figures
    in_a_row: set[int] = field(default_factory=set)  # sections whose daily means are needed
    indicators: set[str] = field(default_factory=set)

    def add(self, part: TermSection, asked: Asked) -> None:
        if asked.names or asked.flow:
            self.sections |= {part.section_id}
            for _, party in map(figure_of, asked.names):
                self.parties |= {code_of(part, party)} if party else set()
        if asked.days:
            self.in_a_row |= {part.section_id}
            self.indicators |= {each.indicator for each in asked.days}


def measured(
    section_ids: Iterable[int], first: date, last: date, wanted: Wanted | None = None
) -> Measured:
    """Assessments, means, targets and rulings of the sections from month `first` to `last`: 4
    queries; one more for figures and one for daily means, where they are wanted."""
    ids = sorted(set(section_ids))
    wanted = wanted or Wanted()
    answer = Measured()
    for a in Assessment.objects.filter(section_id__in=ids, month__range=(first, last)):
        answer.assessments[a.section_id, a.month] = a
    rows = MonthlyMean.objects.filter(section_id__in=ids, month__range=(first, last)).values_list(
        "section_id", "month", "indicator__code", "mean", "total", "valid", "expected",
        "complete", "origin",
    )  # fmt: skip
    for section_id, month, code, mean, added, valid, expected, complete, origin in rows:
        key = section_id, month
        if code == FLOW and complete and origin == Origin.AUTOMATIC:
            answer.flows.add(key)
        answer.means.setdefault(key, {})[code] = exact_mean(mean, added, valid)
        used, due = answer.counts.get(key, (0, 0))
        answer.counts[key] = used + valid, due + expected
    for t in Target.objects.filter(section_id__in=ids).order_by("in_force"):
        answer.targets.setdefault(t.section_id, []).append(t)
    answer.rulings = given_facts.rulings(ids, first, last)
    if wanted.sections:
        answer.figures = given_facts.figures(wanted.sections, wanted.parties, first, last)
    if wanted.in_a_row:
        answer.daily = given_facts.daily_means(wanted.in_a_row, wanted.indicators, first, last)
    return answer


def month_facts(found: Measured, case: Case, month: date) -> Facts:
    """What the rule may know of one section and month."""
    part, agreement = case.part, case.term.agreement_id
    stands, stood = part.section.stood_in(month), part.section.stood_in(_year_before(month))
    key = stands.pk, month
    assessment = found.assessments.get(key)
    before = stood.pk, _year_before(month)
    compared = found.ruling(*before, agreement) is None
    last_year = found.assessments.get(before) if compared else None
    given: dict[str, Any] = {
        "water_class": WaterClass(assessment.water_class) if assessment else None,
        "deciding": tuple(assessment.deciding) if assessment else (),
        "complete": assessment.complete if assessment else True,
        "means": found.means.get(key, {}),
        "last_year_class": WaterClass(last_year.water_class) if last_year else None,
        "last_year_means": found.means.get(before, {}) if compared else {},
        "base_means": _base_means(found, case, month),
    }
    if part.inflow_id:
        into = part.inflow.stood_in(month).pk if part.inflow else part.inflow_id
        inflow = found.assessments.get((into, month))
        given["inflow_class"] = WaterClass(inflow.water_class) if inflow else None
        given["inflow_means"] = found.means.get((into, month), {})
    if part.reference_id:
        own = found.assessments.get((part.reference_id, month))
        given["reference_class"] = WaterClass(own.water_class) if own else None
        given["reference_means"] = found.means.get((part.reference_id, month), {})
        given["reference_section"] = part.reference.name_on(month) if part.reference else ""
    past = {name: _stood(stands, stood) for name in ("last_year_class", "last_year_means")}
    return _facts(found, case, month, given, key, found.basis_at(*key), stands, past)


def year_facts(found: Measured, case: Case, period: date) -> Facts:
    """What the rule may know of one section and year: means over the year's months."""
    part, year, agreement = case.part, period.year, case.term.agreement_id
    section, (first, final) = part.section, months_of(year)
    means = found.year_means(section, [year], agreement)
    last = found.year_means(section, [year - 1], agreement)
    body, basis = WaterBody(section.water_body), found.basis_of_year(section, year)
    classed, deciding = _classed(means, body, basis)
    given: dict[str, Any] = {
        "water_class": classed,
        "deciding": deciding,
        "means": means,
        "last_year_class": _classed(last, body, basis)[0],
        "last_year_means": last,
        "base_means": _base_means(found, case, period),
        "complete": all(
            (own, month) in found.means or found.ruling(own, month, agreement) is not None
            for month in months_between(first, final)
            for own in [section.stood_in(month).pk]
        ),
    }
    if part.inflow_id:
        assert part.inflow is not None
        inflow = found.year_means(part.inflow, [year])
        given["inflow_class"], given["inflow_means"] = _classed(inflow, body, basis)[0], inflow
    said = _stood(section, section.stood_in(_year_before(first)))
    past = {"last_year_class": said, "last_year_means": said}
    past["means"] = past["water_class"] = _stood(section, section.stood_in(first))
    return _facts(found, case, period, given, (0, period), basis, section, past)


def _stood(stands: Section, stood: Section) -> str:
    """Words where another section gave what is compared with; empty where it is the same."""
    if stands.pk == stood.pk:
        return ""
    since = next(s.began_on for s in stands.stood() if s.predecessor_id == stood.pk)
    return f"{since} 起由{stands.name}断面接替，此前取自{stood.name}断面（{stood.ended_why}）"


def _base_means(found: Measured, case: Case, period: date) -> Mapping[str, Number]:
    """The means over the years that the period is compared with; empty without any."""
    years = case.rule.base_years(period.year)
    return found.year_means(case.part.section, years, case.term.agreement_id) if years else {}


def _facts(
    found: Measured,
    case: Case,
    period: date,
    given: dict[str, Any],
    key: tuple[int, date],
    basis: Basis,
    stands: Section,
    past: Mapping[str, str],
) -> Facts:
    """`given`: what was measured, unrounded; under a basis that rounds it is rounded here, once.
    `stands`: the section whose period it was. `past`: words for what another gave, by fact."""
    term, part, asked = case.term, case.part, case.asked
    needs, granularity = case.rule.needs, case.rule.granularity
    target = found.target_on(stands.pk, period)
    sources = {n: words for n, words in past.items() if words and n in needs and given.get(n)}
    base = bool(given["base_means"]) and "base_means" in needs
    if base and (words := _base_words(case, stands, period)):
        sources["base_means"] = words
    if "target" in needs and target:
        sources["target"] = target.source
    valid, expected = found.counts.get(key, (None, None))
    known = {name: value for name, value in given.items() if name in needs}
    if given["means"] and needs & {"means", "water_class"}:
        known["basis"] = basis.code
    if basis.rounds:
        known |= _rounded({name: known[name] for name in MEANS & known.keys()}, basis)
    if "reference_class" in needs:
        known["reference_section"] = given.get("reference_section", "")
    else:
        known.pop("reference_means", None)
    if "section_code" in needs:
        known["section_code"] = stands.code
    known |= _asked_facts(found, case, period, sources)
    state, reason = None, ""
    if "water_class" in needs and given["water_class"] is None:
        state, reason = MonthState.NO_DATA, NO_READINGS
    # A collective accrual goes on without the sections whose month is ruled out.
    monthly = granularity is Granularity.MONTH and not asked.parts
    if monthly and (ruling := found.ruling(stands.pk, period, term.agreement_id)):
        state, reason = ruling.state, ruling.reason
        sources["state_override"] = ruling.source
    return Facts(
        period=period,
        granularity=granularity,
        section=stands.name_on(period),
        river=term.agreement.river.name_on(period),
        upstream=part.upstream.name_on(period),
        downstream=part.downstream.name_on(period),
        term=_term_words(term),
        share=asked.share(part),
        shares=tuple(number_text(fellow.share) for fellow in case.fellows),
        share_at=case.fellows.index(part) if case.fellows else 0,
        water_body=WaterBody(stands.water_body),
        target=WaterClass(target.water_class) if target and "target" in needs else None,
        inflow_section=part.inflow.stood_in(period).name_on(period) if part.inflow else "",
        state_override=state,
        override_reason=reason,
        valid=valid if "means" in needs else None,
        expected=expected if "means" in needs else None,
        sources=sources,
        parties=case.parties_on(period) if "parties" in needs else {},
        **known,
    )


def _base_words(case: Case, stands: Section, period: date) -> str:
    """Where the years compared with were, in part, those of a predecessor."""
    years = case.rule.base_years(period.year)
    return _stood(stands, stands.stood_in(date(min(years), 1, 1))) if years else ""


def _rounded(means: dict[str, Mapping[str, Number]], basis: Basis) -> dict[str, Any]:
    """The means that are assessed, and which of the period's own were rounded from what."""
    assessed = {name: basis.assessed(values) for name, values in means.items()}
    own = means.get("means", {})
    changed = {code: value for code, value in own.items() if assessed["means"][code] != value}
    return {**assessed, "unrounded": changed}


def _asked_facts(
    found: Measured, case: Case, period: date, sources: dict[str, str]
) -> dict[str, Any]:
    """Flow, observations and days over a limit, each only where the rule asks for it."""
    facts: dict[str, Any] = {}
    asked, yearly = case.asked, case.rule.yearly
    if asked.flow:
        flow = _flow(found, case.part.section_id, period, yearly)
        if flow is not None:
            facts["flow"], sources["flow"] = flow.value, flow.source
    if asked.names:
        values = {}
        for name in asked.names:
            if one := _observation(found, case, period, name):
                values[name] = one
        facts["observations"] = {name: one.value for name, one in values.items()}
        if words := "；".join(dict.fromkeys(one.source for one in values.values())):
            sources["observations"] = words
    if asked.days and not yearly:
        facts["over_limit_days"] = _over_limit(found, case, period, sources)
    return facts


def _observation(found: Measured, case: Case, period: date, name: str) -> Given | None:
    """A section's figure, or a party's: the stored one, else derived from its sections."""
    figure, party = figure_of(name)
    part, yearly, agreement = case.part, case.rule.yearly, case.term.agreement_id
    if not party:
        own = found.figures.get((part.section_id, name, period, yearly))
        return own or section_figure(found, part, name, period, yearly, agreement)
    code = code_of(part, party)
    return found.figures.get((code, figure, period, yearly)) or derived(
        found, case.asked.parts, code, figure, period, yearly, agreement
    )


def _flow(found: Measured, section_id: int, period: date, yearly: bool) -> Given | None:
    """m³ in the period; of a year without a figure of its own, its twelve months together."""
    own = found.figures.get((section_id, "flow", period, yearly))
    if own is not None:
        return own
    if not yearly:
        return _measured_flow(found, section_id, period)
    months = [
        found.figures.get((section_id, "flow", month, False))
        or _measured_flow(found, section_id, month)
        for month in months_between(period, date(period.year, 12, 1))
    ]
    given = [month for month in months if month is not None]
    if len(given) < 12:
        return None
    words = "；".join(dict.fromkeys(month.source for month in given))
    return Given(decimal_of(total(m.value for m in given)), f"12 个月合计；{words}")


def _measured_flow(found: Measured, section_id: int, month: date) -> Given | None:
    """m³ of a month from its mean flow, where its values are enough."""
    if (section_id, month) not in found.flows:
        return None
    mean = found.means[section_id, month][FLOW]
    shown = round_to_places(mean, 2)
    words = f"由 {month:%Y-%m} 流量月均值 {shown} m³/s 推算"
    return Given(decimal_of(volume_of(mean, month)), words)


def _over_limit(
    found: Measured, case: Case, month: date, sources: dict[str, str]
) -> dict[str, int]:
    """Days over its limit in a row by indicator: 0 where there were none."""
    part = case.part
    target = found.target_on(part.section_id, month)
    counts, words = {}, []
    for each in case.asked.days:
        at = each.limit
        if at is None and target is not None:
            body = WaterBody(part.section.water_body)
            at = limit(each.indicator, WaterClass(target.water_class), body)
        if at is None:
            continue  # no limit to hold it against: the rule refuses the missing target by name
        means = found.daily.get((part.section_id, each.indicator), {})
        runs = given_facts.days_in_a_row(means, at, month, each)
        counts[each.indicator] = runs.days
        words += [f"{NAMES[each.indicator]}：{runs.words}"] if runs.words else []
    if words:
        sources["over_limit_days"] = "；".join(words)
    return counts


def _term_words(term: Term) -> str:
    start = term.in_force.lower
    return f"{start:%Y-%m-%d} 起适用第 {term.number} 条款期"


def _classed(means: Mapping[str, Number], body: WaterBody, basis: Basis):
    try:
        result = assess(basis.assessed(means), body)
    except NothingToAssess:
        return None, ()
    return result.water_class, tuple(result.deciding)


def _year_before(month: date) -> date:
    return month.replace(year=month.year - 1)
