"""The facts rules ask for, loaded for many months at once: 4 SQL queries an agreement.

Only what a rule declares in NEEDS goes into its Facts, so the input digest changes when, and
only when, something the rule can see has changed.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

from basins.ranges import covers
from monitoring.models import Assessment, MonthlyMean, Target
from monitoring.standards.assessment import NothingToAssess, assess
from monitoring.standards.gb3838_2002 import WaterBody, WaterClass
from settlements.models import Term, TermSection
from settlements.rules.facts import Facts, Granularity, MonthState

NO_READINGS = "本期没有有效监测数据"


@dataclass
class Measured:
    """What was assessed at some sections over some months, and the targets there."""

    assessments: dict[tuple[int, date], Assessment] = field(default_factory=dict)
    means: dict[tuple[int, date], dict[str, Decimal]] = field(default_factory=dict)
    counts: dict[tuple[int, date], tuple[int, int]] = field(default_factory=dict)
    targets: dict[int, list[Target]] = field(default_factory=dict)

    def target_on(self, section_id: int, day: date) -> Target | None:
        return next((t for t in self.targets.get(section_id, []) if covers(t.in_force, day)), None)

    def year_means(self, section_id: int, years: Iterable[int]) -> dict[str, Decimal]:
        """Mean of the monthly means of those years, per indicator (环办〔2011〕22号)."""
        found: dict[str, list[Decimal]] = defaultdict(list)
        wanted = set(years)
        for (section, month), values in self.means.items():
            if section == section_id and month.year in wanted:
                for code, value in values.items():
                    found[code].append(value)
        return {code: sum(v, Decimal(0)) / len(v) for code, v in sorted(found.items())}


def measured(section_ids: Iterable[int], first: date, last: date) -> Measured:
    """Assessments, means and targets of the sections from month `first` to `last`: 3 queries."""
    ids = sorted(set(section_ids))
    answer = Measured()
    for a in Assessment.objects.filter(section_id__in=ids, month__range=(first, last)):
        answer.assessments[a.section_id, a.month] = a
    rows = MonthlyMean.objects.filter(section_id__in=ids, month__range=(first, last)).values_list(
        "section_id", "month", "indicator__code", "mean", "valid", "expected"
    )
    for section_id, month, code, mean, valid, expected in rows:
        key = section_id, month
        answer.means.setdefault(key, {})[code] = mean
        used, due = answer.counts.get(key, (0, 0))
        answer.counts[key] = used + valid, due + expected
    for t in Target.objects.filter(section_id__in=ids).order_by("in_force"):
        answer.targets.setdefault(t.section_id, []).append(t)
    return answer


def month_facts(
    found: Measured,
    term: Term,
    part: TermSection,
    month: date,
    needs: frozenset[str],
    base_years: Collection[int] = (),
    parties: Mapping[str, str] | None = None,
) -> Facts:
    """What the rule may know of one section and month."""
    key = part.section_id, month
    assessment = found.assessments.get(key)
    last_year = found.assessments.get((part.section_id, _year_before(month)))
    given: dict[str, Any] = {
        "water_class": WaterClass(assessment.water_class) if assessment else None,
        "deciding": tuple(assessment.deciding) if assessment else (),
        "complete": assessment.complete if assessment else True,
        "means": found.means.get(key, {}),
        "last_year_class": WaterClass(last_year.water_class) if last_year else None,
        "last_year_means": found.means.get((part.section_id, _year_before(month)), {}),
        "base_means": found.year_means(part.section_id, base_years) if base_years else {},
    }
    if part.inflow_id:
        inflow = found.assessments.get((part.inflow_id, month))
        given["inflow_class"] = WaterClass(inflow.water_class) if inflow else None
        given["inflow_means"] = found.means.get((part.inflow_id, month), {})
    return _facts(found, term, part, month, Granularity.MONTH, needs, given, key, parties)


def year_facts(
    found: Measured,
    term: Term,
    part: TermSection,
    period: date,
    needs: frozenset[str],
    base_years: Collection[int] = (),
    parties: Mapping[str, str] | None = None,
) -> Facts:
    """What the rule may know of one section and year: means over the year's months."""
    year = period.year
    means = found.year_means(part.section_id, [year])
    last = found.year_means(part.section_id, [year - 1])
    body = WaterBody(part.section.water_body)
    classed, deciding = _classed(means, body)
    given: dict[str, Any] = {
        "water_class": classed,
        "deciding": deciding,
        "means": means,
        "last_year_class": _classed(last, body)[0],
        "last_year_means": last,
        "base_means": found.year_means(part.section_id, base_years) if base_years else {},
        "complete": sum(m.year == year for s, m in found.means if s == part.section_id) == 12,
    }
    if part.inflow_id:
        inflow = found.year_means(part.inflow_id, [year])
        given["inflow_class"], given["inflow_means"] = _classed(inflow, body)[0], inflow
    return _facts(found, term, part, period, Granularity.YEAR, needs, given, (0, period), parties)


def _facts(
    found, term, part, period, granularity, needs, given: Mapping[str, Any], key, parties
) -> Facts:
    target = found.target_on(part.section_id, period)
    sources = {}
    if "target" in needs and target:
        sources["target"] = target.source
    valid, expected = found.counts.get(key, (None, None))
    known = {name: value for name, value in given.items() if name in needs}
    missing = "water_class" in needs and given["water_class"] is None
    return Facts(
        period=period,
        granularity=granularity,
        section=part.section.name,
        river=term.agreement.river.name,
        upstream=part.upstream.name,
        downstream=part.downstream.name,
        term=_term_words(term),
        share=part.share,
        water_body=WaterBody(part.section.water_body),
        target=WaterClass(target.water_class) if target and "target" in needs else None,
        inflow_section=part.inflow.name if part.inflow_id and part.inflow else "",
        state_override=MonthState.NO_DATA if missing else None,
        override_reason=NO_READINGS if missing else "",
        valid=valid if "means" in needs else None,
        expected=expected if "means" in needs else None,
        sources=sources,
        parties=dict(parties or {}) if "parties" in needs else {},
        **known,
    )


def _term_words(term: Term) -> str:
    start = term.in_force.lower
    return f"{start:%Y-%m-%d} 起适用第 {term.number} 条款期"


def _classed(means: Mapping[str, Decimal], body: WaterBody):
    try:
        result = assess(means, body)
    except NothingToAssess:
        return None, ()
    return result.water_class, tuple(result.deciding)


def _year_before(month: date) -> date:
    return month.replace(year=month.year - 1)
