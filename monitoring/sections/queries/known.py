"""按某日所知, for a section's page: a month's means and class as they stood, beside now.

Means are Decimal in the indicator's unit, unrounded; classes are 1–6 (6 = 劣Ⅴ).
"""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from basins.history import as_known
from basins.ranges import covers
from monitoring.assessment.queries.history import known_readings, means_as_known
from monitoring.assessment.services.assessment import assessment_of, basis_of, month_bounds
from monitoring.models import Assessment, Indicator, MonthlyMean, Section, Target, Verdict
from monitoring.standards.gb3838_2002 import NAMES


@dataclass(frozen=True, slots=True)
class SectionMeanThen:
    code: str
    name: str
    unit: str
    decimals: int
    then: Decimal | None
    now: Decimal | None
    reason: str

    @property
    def changed(self) -> bool:
        return self.then != self.now


@dataclass(frozen=True, slots=True)
class SectionThen:
    """A section's month then and now; None: not assessed, no target."""

    month: date
    water_class: int | None
    class_now: int | None
    deciding: tuple[str, ...]
    target: int | None
    target_now: int | None
    means: tuple[SectionMeanThen, ...]

    @property
    def changed(self) -> bool:
        return self.water_class != self.class_now or self.target != self.target_now


def section_as_known(section: Section, month: date, at: datetime) -> SectionThen:
    """The month as it would have been assessed at `at`: 11 SQL queries.

    Raises ValueError for a moment without a zone.
    """
    means = {mean.indicator: mean for mean in means_as_known(section.pk, month, at)}
    bodies = [row["water_body"] for row in as_known(Section, at, id=section.pk)]
    body = bodies[0] if bodies else section.water_body
    found = assessment_of(section.pk, month, means, body, basis_of(month, known_readings(at)))
    now = Assessment.objects.filter(section=section, month=month).first()
    now_means = dict(
        MonthlyMean.objects.filter(section=section, month=month).values_list(
            "indicator__code", "mean"
        )
    )
    targets = as_known(Target, at, section_id=section.pk)
    start, end = month_bounds(month)
    checked = set(
        Verdict.objects.filter(
            section=section, sampled_at__gte=start, sampled_at__lt=end, at__gt=at
        ).values_list("indicator__code", flat=True)
    )
    return SectionThen(
        month=month,
        water_class=found.water_class if found else None,
        class_now=now.water_class if now else None,
        deciding=tuple(NAMES.get(code, code) for code in found.deciding) if found else (),
        target=next((t["water_class"] for t in targets if covers(t["in_force"], month)), None),
        target_now=next(
            (
                t.water_class
                for t in Target.objects.filter(section=section)
                if covers(t.in_force, month)
            ),
            None,
        ),
        means=tuple(
            SectionMeanThen(
                i.code,
                i.name,
                i.unit,
                i.decimals,
                means[i.code].mean if i.code in means else None,
                now_means.get(i.code),
                "数据审核" if i.code in checked else "监测数据更正",
            )
            for i in Indicator.objects.filter(code__in={*means, *now_means})
        ),
    )
