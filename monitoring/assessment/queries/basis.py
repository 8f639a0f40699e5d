"""统计口径 as its page shows it, and what another one would change."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import date

from basins.clock import today
from basins.ranges import last_day, month_start, months_before
from monitoring.assessment.services.basis import first_month_open
from monitoring.models import Assessment, AssessmentBasis, MonthlyMean
from monitoring.standards.assessment import NothingToAssess, assess
from monitoring.standards.basis import DECIMALS, FIRST, PH_MEAN, ROUNDING, Basis
from monitoring.standards.exact import Number
from monitoring.standards.gb3838_2002 import NAMES, WaterBody, WaterClass

LOOKED_AT = 12  # months over, of which the page says what would change
DEFAULT_SOURCE = "系统默认：没有选定时，均值不修约、pH 取算术平均、自动监测优先"


@dataclass(frozen=True, slots=True)
class BasisLine:
    """One choice: from its month to the last day before the next."""

    pk: int | None  # None: the default, before the first choice
    since: date | None
    until: date | None
    rounding: str
    ph: str
    first: str
    source: str
    now: bool
    open: bool  # can be withdrawn: the last, and no month is assessed by it for good


@dataclass(frozen=True, slots=True)
class BasisPage:
    lines: tuple[BasisLine, ...]  # newest first
    basis: Basis  # of the running month
    since: date | None
    earliest: date  # a new choice may begin with this month
    decimals: tuple[tuple[int, tuple[str, ...]], ...]  # 参评小数位, and of which items


def basis_page() -> BasisPage:
    """3 SQL queries."""
    running, earliest = month_start(today()), first_month_open()
    chosen = list(AssessmentBasis.objects.order_by("-in_force"))
    lines = [
        BasisLine(
            pk=each.pk,
            since=each.in_force.lower,
            until=last_day(each.in_force.upper),
            rounding=ROUNDING[each.rounding],
            ph=PH_MEAN[each.ph],
            first=FIRST[each.first],
            source=each.source,
            now=_covers(each, running),
            open=number == 0 and each.in_force.lower >= earliest,
        )
        for number, each in enumerate(chosen)
    ]
    default = Basis()
    before = chosen[-1].in_force.lower if chosen else None
    lines.append(
        BasisLine(
            pk=None,
            since=None,
            until=last_day(before),
            rounding=ROUNDING[default.rounding],
            ph=PH_MEAN[default.ph],
            first=FIRST[default.first],
            source=DEFAULT_SOURCE,
            now=not any(line.now for line in lines),
            open=False,
        )
    )
    current = next((each for each in chosen if _covers(each, running)), None)
    last = chosen[0].in_force.lower if chosen else None
    return BasisPage(
        lines=tuple(lines),
        basis=current.basis if current else default,
        since=current.in_force.lower if current else None,
        earliest=earliest if last is None or last < earliest else max(earliest, last),
        decimals=tuple(
            (places, tuple(NAMES[code] for code, own in DECIMALS.items() if own == places))
            for places in sorted(set(DECIMALS.values()))
        ),
    )


def _covers(each: AssessmentBasis, day: date) -> bool:
    span = each.in_force
    return span.lower <= day and (span.upper is None or day < span.upper)


@dataclass(frozen=True, slots=True)
class OtherClass:
    """A section's month that rounding puts into another class."""

    code: str
    section: str
    month: date
    unrounded: WaterClass
    rounded: WaterClass


def classes_by_rounding() -> tuple[int, tuple[OtherClass, ...]]:
    """How many section-months of the last twelve months were looked at, and those that rounding
    the means puts into another class: 2 SQL queries."""
    last = months_before(month_start(today()))
    first = months_before(last, LOOKED_AT - 1)
    looked_at = set(
        Assessment.objects.filter(month__range=(first, last)).values_list("section", "month")
    )
    raw: dict[tuple[int, date], dict[str, Number]] = defaultdict(dict)
    named: dict[int, tuple[str, str, WaterBody]] = {}
    for mean in MonthlyMean.objects.filter(month__range=(first, last)).select_related(
        "section", "indicator"
    ):
        section = mean.section
        named[section.pk] = section.code, section.name, WaterBody(section.water_body)
        raw[section.pk, mean.month][mean.indicator.code] = mean.exact
    found = []
    for (pk, month), means in sorted(raw.items(), key=lambda each: (each[0][1], each[0][0])):
        code, name, body = named[pk]
        if (pk, month) not in looked_at:
            continue
        try:
            unrounded = assess(means, body).water_class
            rounded = assess(Basis(rounding="rounded").assessed(means), body).water_class
        except NothingToAssess:
            continue
        if unrounded != rounded:
            found.append(OtherClass(code, name, month, unrounded, rounded))
    return len(looked_at), tuple(reversed(found))
