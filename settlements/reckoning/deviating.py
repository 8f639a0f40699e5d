"""What was measured, under the 统计口径 of a term that has one of its own."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import replace
from datetime import date

from monitoring.assessment.services.assessment import Mean, assessment_of
from monitoring.models import Assessment
from monitoring.standards.assessment import NothingToAssess, assess
from monitoring.standards.basis import Basis
from monitoring.standards.gb3838_2002 import WaterBody
from settlements.reckoning.measured import Measured
from settlements.rules import Rule

Key = tuple[int, date]  # a section's month


def deviated(found: Measured, bodies: Mapping[int, str], rule: Rule) -> Measured:
    """`found`, its months of these sections (id → water body) as the term assesses them.

    No SQL query where the term only rounds otherwise; else what `found.remeasure` asks, a month
    at a time.
    """
    answer = replace(found, assessments={}, means={}, counts={}, deviating={}, kept={})
    again: dict[tuple[date, Basis], list[int]] = defaultdict(list)
    for section, month in found.means:
        if section not in bodies:
            continue
        scheme = found.basis_at(section, month)
        basis = rule.basis(scheme)
        if (basis.ph, basis.first) == (scheme.ph, scheme.first):
            _take_over(answer, found, (section, month), bodies[section], basis)
        else:
            again[month, basis].append(section)
    for (month, basis), sections in sorted(again.items(), key=lambda each: each[0][0]):
        means: dict[int, dict[str, Mean]] = defaultdict(dict)
        for mean in found.remeasure(month, sorted(sections), basis):
            means[mean.section_id][mean.indicator] = mean
        for section, own in means.items():
            key = section, month
            answer.means[key] = {code: mean.exact for code, mean in own.items()}
            answer.counts[key] = (
                sum(mean.valid for mean in own.values()),
                sum(mean.expected for mean in own.values()),
            )
            assessment = assessment_of(section, month, own, bodies[section], basis)
            if assessment is not None:
                answer.assessments[key] = assessment
    return answer


def _take_over(answer: Measured, found: Measured, key: Key, body: str, basis: Basis) -> None:
    """The same means, classed by another basis."""
    answer.means[key] = found.means[key]
    if key in found.counts:
        answer.counts[key] = found.counts[key]
    if (stored := found.assessments.get(key)) is None:
        return
    try:
        result = assess(basis.assessed(found.means[key]), WaterBody(body))
    except NothingToAssess:
        return
    answer.assessments[key] = Assessment(
        section_id=key[0],
        month=key[1],
        water_class=result.water_class.value,
        deciding=list(result.deciding),
        complete=stored.complete,
        basis=basis.code,
    )
