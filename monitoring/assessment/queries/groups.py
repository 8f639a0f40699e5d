"""Groups of the city's sections, and for how long in a row each section kept to its class.

国考: national assessment sections. 入境, 出境: where a river comes into the city or leaves it. 交界:
between two jurisdictions, whichever.
"""

from collections import defaultdict
from dataclasses import dataclass
from datetime import date

from django.db.models import Q, QuerySet

from basins.city import home
from basins.ranges import months_before
from monitoring.models import Assessment, Section, Target

ALL = "all"
GROUPS = {ALL: "全部", "national": "国考", "entering": "入境", "leaving": "出境", "border": "交界"}


def of_group(sections: QuerySet[Section], group: str) -> QuerySet[Section]:
    """Those of one of GROUPS; 1 SQL query for what is the city's. Raises KeyError for another name."""
    own = home().prefix
    above, below = Q(upstream__code__startswith=own), Q(downstream__code__startswith=own)
    border = Q(upstream__isnull=False, downstream__isnull=False)
    return sections.filter(
        {
            ALL: Q(),
            "national": Q(grade=Section.Grade.NATIONAL),
            "entering": border & ~above & below,
            "leaving": border & above & ~below,
            "border": border,
        }[group]
    )


@dataclass(frozen=True, slots=True)
class Streak:
    """How long a section was at its month's target or better: months up to and with the month
    asked for, and whole calendar years that are over by then."""

    code: str
    name: str
    is_demo: bool
    river: str
    water_class: int | None
    target: int | None
    months: int
    years: int

    @property
    def shown_name(self) -> str:
        return f"{self.name}*" if self.is_demo else self.name


def streaks(sections: QuerySet[Section], month: date) -> tuple[Streak, ...]:
    """Of each section, in river order: 3 SQL queries."""
    found = list(
        sections.select_related("river").order_by("river__level", "river__code", "km", "code")
    )
    classes: dict[int, dict[date, int]] = defaultdict(dict)
    for section, when, water_class in Assessment.objects.filter(
        section__in=[s.pk for s in found], month__lte=month
    ).values_list("section_id", "month", "water_class"):
        classes[section][when] = water_class
    targets: dict[int, list[Target]] = defaultdict(list)
    for target in Target.objects.filter(section__in=[s.pk for s in found]):
        targets[target.section_id].append(target)
    return tuple(_streak(s, classes[s.pk], targets[s.pk], month) for s in found)


def _streak(
    section: Section, classes: dict[date, int], targets: list[Target], month: date
) -> Streak:
    def target_of(when: date) -> int | None:
        return next((t.water_class for t in targets if when in t.in_force), None)

    def kept(when: date) -> bool:
        found, target = classes.get(when), target_of(when)
        return found is not None and target is not None and found <= target

    months, when = 0, month
    while kept(when):
        months, when = months + 1, months_before(when)
    return Streak(
        code=section.code,
        name=section.name,
        is_demo=section.is_demo,
        river=section.river.name if section.river else "",
        water_class=classes.get(month),
        target=target_of(month),
        months=months,
        years=whole_years(month, kept),
    )


def whole_years(month: date, kept) -> int:
    """How many calendar years in a row that are over by the month `kept` all their months."""
    years, year = 0, month.year if month.month == 12 else month.year - 1
    while all(kept(date(year, n, 1)) for n in range(1, 13)):
        years, year = years + 1, year - 1
    return years
