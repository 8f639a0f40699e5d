"""What the water of a month was: classes of the scheme's sections, and the months before.

Only sections on a river of the scheme count; sections that merely came in with a national
file have no river and are left out. Classes are 1–6 (GB 3838-2002, 6 = 劣Ⅴ), ratios per cent.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any

from django.db.models import Count, F, Max, OuterRef, Q, Subquery, Sum
from django.db.models.functions import Least

from basins.access import Viewer
from basins.ranges import covers, month_start, months_before, months_between, today
from monitoring.assessment.queries.groups import ALL, Streak, of_group, streaks, whole_years
from monitoring.models import Assessment, MonthlyMean, Section, Target
from monitoring.standards.basin import excellent_or_good_ratio
from monitoring.standards.gb3838_2002 import NAMES, WaterClass
from monitoring.visible import visible_sections

# The national aim of the 14th five-year plan for 2025: 85 % of sections in classes I–III.
RATIO_AIM = Decimal(85)


@dataclass(frozen=True, slots=True)
class AssessedMonth:
    """A section and its water in one month; `water_class` None: not assessed."""

    section_id: int
    code: str
    name: str
    is_demo: bool
    river_id: int
    river_code: str
    river: str
    km: Decimal | None
    lon: Decimal | None
    lat: Decimal | None
    upstream: str | None
    downstream: str | None
    target: int | None
    water_class: int | None
    deciding: tuple[str, ...]
    complete: bool
    month_before: int | None
    year_before: int | None
    computed_at: datetime | None

    @property
    def shown_name(self) -> str:
        """The name, with * where it is made up for the demonstration."""
        return f"{self.name}*" if self.is_demo else self.name

    @property
    def deciding_names(self) -> str:
        return "、".join(NAMES.get(code, code) for code in self.deciding)

    @property
    def below_target(self) -> bool:
        return bool(self.water_class and self.target and self.water_class > self.target)

    @property
    def is_border(self) -> bool:
        return self.upstream is not None and self.downstream is not None


@dataclass(frozen=True, slots=True)
class ClassShare:
    """How many sections were in each class in a month."""

    month: date
    counts: tuple[int, ...]  # of classes I–V and inferior V
    below_target: int

    @property
    def total(self) -> int:
        return sum(self.counts)

    @property
    def good(self) -> int:
        return sum(self.counts[:3])

    @property
    def ratio(self) -> Decimal | None:
        """优良比例 in per cent, unrounded; None without a section."""
        return _ratio_of(self.counts) if self.total else None


@lru_cache(maxsize=4096)
def _ratio_of(counts: tuple[int, ...]) -> Decimal:
    """Asked again for every month of the years shown, of the same few counts."""
    each = (WaterClass(c) for c, n in enumerate(counts, start=1) for _ in range(n))
    return excellent_or_good_ratio(each)


@dataclass(frozen=True, slots=True)
class MonthWater:
    """One month of all sections, and what to compare it with."""

    month: date
    sections: tuple[AssessedMonth, ...]
    shares: tuple[ClassShare, ...]  # every month up to this one, oldest first
    valid: int
    expected: int
    computed_at: datetime | None

    @property
    def assessed(self) -> tuple[AssessedMonth, ...]:
        return tuple(s for s in self.sections if s.water_class)

    @property
    def below_target(self) -> tuple[AssessedMonth, ...]:
        return tuple(s for s in self.sections if s.below_target)

    @property
    def incomplete(self) -> tuple[AssessedMonth, ...]:
        """Sections without an assessment, or with one from too few values."""
        return tuple(s for s in self.sections if not s.water_class or not s.complete)

    @property
    def completeness(self) -> Decimal | None:
        """Values used of values due, per cent."""
        return Decimal(100 * self.valid) / self.expected if self.expected else None

    def share(self, month: date) -> ClassShare | None:
        return next((s for s in self.shares if s.month == month), None)

    @property
    def this(self) -> ClassShare | None:
        return self.share(self.month)

    @property
    def months_all_good(self) -> int:
        """For how many months in a row, this one included, every section was in I–III."""
        count, when = 0, self.month
        while self._all_good(when):
            count, when = count + 1, months_before(when)
        return count

    @property
    def years_all_good(self) -> int:
        """For how many calendar years in a row that are over every section was in I–III in
        each month."""
        return whole_years(self.month, self._all_good)

    def _all_good(self, month: date) -> bool:
        share = self.share(month)
        return share is not None and share.total > 0 and share.good == share.total

    @property
    def months_at_aim(self) -> int:
        """For how many months in a row, this one included, the ratio reached RATIO_AIM."""
        count, expected = 0, self.month
        for share in reversed(self.shares):
            if share.month != expected or share.ratio is None or share.ratio < RATIO_AIM:
                break
            count, expected = count + 1, months_before(expected)
        return count


def scheme_sections(viewer: Viewer):
    """The visible sections that lie on a river of the scheme."""
    return visible_sections(viewer).filter(river__isnull=False)


def months_assessed(viewer: Viewer) -> list[date]:
    """Months with a choice to make, newest first, at least the last finished one: 1 query."""
    sections = scheme_sections(viewer).order_by().values("pk")
    months = Assessment.objects.filter(section__in=sections).values_list("month", flat=True)
    # Each end by the index of months: an aggregate would read all there ever were.
    ends = list(months.order_by("month")[:1].union(months.order_by("-month")[:1]))
    finished = months_before(month_start(today()))
    ends.append(finished)
    return months_between(min(ends), max(ends))[::-1]


def sections_with_data(viewer: Viewer, month: date) -> tuple[int, int]:
    """How many sections of the scheme have a class in the month, and how many of them are below
    their target: 1 query."""
    target = Target.objects.filter(section=OuterRef("section"), in_force__contains=month)
    found = Assessment.objects.filter(
        section__in=scheme_sections(viewer).order_by().values("pk"),
        month=month,
        water_class__isnull=False,
    ).aggregate(
        all=Count("pk"),
        below=Count("pk", filter=Q(water_class__gt=Subquery(target.values("water_class")[:1]))),
    )
    return found["all"], found["below"]


def month_water(viewer: Viewer, month: date, group: str = ALL) -> MonthWater:
    """The month at a glance, of one group of sections: 6 SQL queries whatever the sections and
    months."""
    return MonthWater(
        month=month,
        sections=section_months(viewer, month, group),
        shares=class_shares(viewer, month, group),
        **_data_of(viewer, month, group),
    )


def streaks_of_group(viewer: Viewer, month: date, group: str) -> tuple[Streak, ...]:
    """How long each section of the group has kept to its class: 3 SQL queries."""
    return streaks(of_group(scheme_sections(viewer), group), month)


def in_use(month: date) -> Q:
    """Sections that stand in their place in that month."""
    return (Q(ended_on=None) | Q(ended_on__gt=month)) & (Q(began_on=None) | Q(began_on__lte=month))


# Read of a section, and of the one that stood there before it.
BEFORE = ("predecessor__began_on", "predecessor__predecessor")
SHOWN = ("code", "name", "is_demo", "river", "km", "lon", "lat", "began_on", *BEFORE)


def section_months(
    viewer: Viewer, month: date, group: str = ALL, river: str | None = None
) -> tuple[AssessedMonth, ...]:
    """The scheme's sections of the group in river order, or those of one river: 3 queries."""
    of_river = {} if river is None else {"river__code": river}
    sections: list[Any] = list(
        of_group(scheme_sections(viewer), group)
        .filter(in_use(month), **of_river)
        .select_related("predecessor")
        .only(*SHOWN)
        .annotate(
            river_code=F("river__code"),
            river_name=F("river__name"),
            above=F("upstream__short_name"),
            below=F("downstream__short_name"),
        )
        .order_by("river__level", "river__code", "km", "code")
    )
    stood = {each.pk for section in sections for each in section.stood()}
    months = (month, months_before(month), months_before(month, 12))
    found = {
        (a.section_id, a.month): a
        for a in Assessment.objects.filter(section__in=stood, month__in=months).values_list(
            "section_id", "month", "water_class", "deciding", "complete", "computed_at", named=True
        )
    }
    targets = targets_on(sections, month)

    def class_in(section: Section, when: date) -> int | None:
        assessment = found.get((section.stood_in(when).pk, when))
        return assessment.water_class if assessment else None

    answer = []
    for section in sections:
        now = found.get((section.pk, month))
        answer.append(
            AssessedMonth(
                section_id=section.pk,
                code=section.code,
                name=section.name,
                is_demo=section.is_demo,
                river_id=section.river_id,
                river_code=section.river_code,
                river=section.river_name,
                km=section.km,
                lon=section.lon,
                lat=section.lat,
                upstream=section.above,
                downstream=section.below,
                target=targets.get(section.pk),
                water_class=now.water_class if now else None,
                deciding=tuple(now.deciding) if now else (),
                complete=now.complete if now else False,
                month_before=class_in(section, months[1]),
                year_before=class_in(section, months[2]),
                computed_at=now.computed_at if now else None,
            )
        )
    return tuple(answer)


def targets_on(sections: Iterable[Section], day: date) -> dict[int, int]:
    """Section id → the class its water must reach on a day: 1 query."""
    dated = Target.objects.filter(section__in=[s.pk for s in sections], in_force__contains=day)
    return {t.section_id: t.water_class for t in dated if covers(t.in_force, day)}


def class_shares(viewer: Viewer, last: date, group: str = ALL) -> tuple[ClassShare, ...]:
    """Classes and misses of every month up to `last`, oldest first: 2 queries."""
    sections = of_group(scheme_sections(viewer), group).order_by().values("pk")
    assessed = Assessment.objects.filter(section__in=sections, month__lte=last)
    counts: dict[date, Counter] = {}
    for month, water_class, number in (
        assessed.values_list("month", "water_class").annotate(n=Count("pk")).order_by("month")
    ):
        counts.setdefault(month, Counter())[water_class] = number
    below = dict(
        assessed.filter(
            section__targets__in_force__contains=F("month"),
            water_class__gt=F("section__targets__water_class"),
        )
        .values_list("month")
        .annotate(n=Count("pk"))
        .order_by("month")
    )
    return tuple(
        ClassShare(month, tuple(found[c.value] for c in WaterClass), below.get(month, 0))
        for month, found in counts.items()
    )


def _data_of(viewer: Viewer, month: date, group: str) -> dict:
    sections = of_group(scheme_sections(viewer), group).order_by().values("pk")
    used = MonthlyMean.objects.filter(section__in=sections, month=month).aggregate(
        # Three samples where one is due make no month 300 % complete.
        valid=Sum(Least("valid", "expected")),
        expected=Sum("expected"),
    )
    computed = Assessment.objects.filter(section__in=sections, month=month).aggregate(
        at=Max("computed_at")
    )
    return {
        "valid": used["valid"] or 0,
        "expected": used["expected"] or 0,
        "computed_at": computed["at"],
    }
