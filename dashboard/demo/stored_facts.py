"""The demonstration's figures and rulings: what rules ask for and no reading gives.

All of it is demonstration. Rulings lie a few months before the last month, so that they are
in a year that is still open.
"""

from collections.abc import Mapping
from datetime import date, timedelta
from decimal import Decimal

from basins.models import User
from basins.ranges import month_start, next_month
from basins.seeding import recorded_at
from monitoring.figures import FIGURES
from monitoring.models import Observation, Section
from settlements.accruals.services.rulings import rule_month
from settlements.rules.facts import MonthState

SOURCE = "演示取值"
# Before the month, or the year, is first computed (basins/guards/_recorded_at.sql).
KNOWN_AFTER = timedelta(days=5)

# section, figure, year, value: full marks of the default scale but for some of the fish.
YEARLY = (
    ("ZHUTUO", "ecological_flow", 2024, "98.5"),
    ("ZHUTUO", "natural_shoreline", 2024, "76.4"),
    ("ZHUTUO", "fish_diversity", 2024, "2.31"),
    ("ZHUTUO", "ecological_flow", 2025, "99.2"),
    ("ZHUTUO", "natural_shoreline", 2025, "77.1"),
    ("ZHUTUO", "fish_diversity", 2025, "2.42"),
    ("WUXIAKOU", "ecological_flow", 2024, "99.0"),
    ("WUXIAKOU", "natural_shoreline", 2024, "71.3"),
    ("WUXIAKOU", "fish_diversity", 2024, "2.18"),
    ("WUXIAKOU", "ecological_flow", 2025, "99.1"),
    ("WUXIAKOU", "natural_shoreline", 2025, "71.9"),
    ("WUXIAKOU", "fish_diversity", 2025, "2.27"),
    ("LONGTAN-SK", "award.water_source", 2024, "1"),
    ("LONGTAN-SK", "serious_incidents", 2024, "0"),
)
# Flow of Pushun in 万m³, January first; the wet months carry half of the year.
FLOW_SECTION, FLOW_YEAR = "PUSHUN", 2025
FLOW_WAN = (310, 295, 420, 880, 1650, 2740, 3120, 1980, 1430, 960, 520, 350)

# months before the last, section, state, ground, reason
RULINGS = (
    (3, "BEIDU", MonthState.EXCLUDED, "disaster", "演示：当月上旬山洪，断面水质不代表常态"),
    (8, "TIANBA", MonthState.NATURAL_NO_FLOW, "drought", "演示：枯水期连续无降水，河床干涸"),
)


def store_figures(sections: Mapping[str, Section], by: User, last: date) -> int:
    """The figures of the sections that are stored, of years and months that are over."""
    wanted = [
        (code, name, date(year, 1, 1), True, Decimal(value))
        for code, name, year, value in YEARLY
        if year <= last.year
    ]
    wanted += [
        (FLOW_SECTION, "flow", date(FLOW_YEAR, n, 1), False, Decimal(wan) * 10_000)
        for n, wan in enumerate(FLOW_WAN, start=1)
        if date(FLOW_YEAR, n, 1) <= last
    ]
    stored = 0
    for code, name, period, yearly, value in wanted:
        if code not in sections:
            continue
        end = date(period.year + 1, 1, 1) if yearly else next_month(period)
        with recorded_at(end + KNOWN_AFTER):
            Observation.objects.create(
                section=sections[code],
                name=name,
                period=period,
                yearly=yearly,
                value=value,
                unit=FIGURES[name].unit,
                source=SOURCE,
                recorded_by=by,
            )
        stored += 1
    return stored


def store_rulings(sections: Mapping[str, Section], by: User, first: date, last: date) -> int:
    """The rulings on stored sections, of months since `first`."""
    stored = 0
    for back, code, state, ground, reason in RULINGS:
        month = _months_before(last, back)
        if code in sections and month >= first:
            with recorded_at(next_month(month) + KNOWN_AFTER):
                rule_month(
                    section=sections[code], month=month, state=state, ground=ground,
                    reason=reason, by=by,
                )  # fmt: skip
            stored += 1
    return stored


def _months_before(day: date, number: int) -> date:
    at = day.year * 12 + day.month - 1 - number
    return month_start(date(at // 12, at % 12 + 1, 1))
