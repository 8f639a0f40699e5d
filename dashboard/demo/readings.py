"""Readings made up so that each month's mean falls clearly in the planned class.

Four-hourly from automatic stations in the last two months and the running one, daily in the year before, one
manual sample a month earlier. Seasons, floods, one ammonia episode, one failing station,
values below the detection limit. Automatic values come in within hours, laboratory results in
the first week of the next month. Deterministic: a month's values come from a seed of their
own. Concentrations mg/L, as text with the decimals that stations report. Pure.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, timezone
from functools import lru_cache
from random import Random
from typing import NamedTuple

from basins.ranges import months_between, next_month
from dashboard.demo.levels import Fixed, borderline_of, levels, month_number
from dashboard.demo.plan import FIRST_YEAR, SEED, classes_of
from dashboard.demo.sections import SectionSpec

BEIJING = timezone(timedelta(hours=8))
FIRST_MONTH = date(2018, 1, 1)
AUTOMATIC, MANUAL = 1, 2
STATION = ("WT", "pH", "DO", "EC", "TURB", "CODMn", "NH3-N", "TP", "TN")
SAMPLE = ("pH", "DO", "CODMn", "NH3-N", "TP")
MANGANESE_RIVER = "YOUSHUI"
DECIMALS = {
    "WT": 1, "pH": 2, "DO": 2, "EC": 1, "TURB": 1, "CODMn": 2, "NH3-N": 3, "TP": 3, "TN": 2,
    "BOD5": 1, "F": 2, "Mn": 4,
}  # fmt: skip
DETECTION = {"NH3-N": 0.025, "TP": 0.01}
DAY_SWING = (-0.05, -0.06, 0.0, 0.05, 0.06, 0.01)  # 00, 04, … 20 o'clock

# Ammonia runs down the Laixi in the month before the last: section → day of its peak, mean.
EPISODE = {"LUKONG": (14, 1.28), "GAODONG": (16, 1.17)}
EPISODE_CLASS = 4
EPISODE_SHAPE = {-2: 1.8, -1: 4.2, 0: 6.5, 1: 4.6, 2: 2.4, 3: 1.4}
# 大昌 fails in the last month: repairs, then no conditions to run.
FAILING = "DACHANG"
FAILING_DAYS = {**dict.fromkeys(range(5, 13), "M"), **dict.fromkeys(range(18, 25), "D")}


@dataclass(frozen=True, slots=True)
class Rhythm:
    """How often readings come in, counted back from the last month of the demonstration."""

    last: date

    @property
    def four_hourly_from(self) -> date:
        return _months_before(self.last, 1)

    @property
    def daily_from(self) -> date:
        return _months_before(self.last, 14)

    def of(self, month: date) -> str:
        if month >= self.four_hourly_from:
            return "four_hourly"
        return "daily" if month >= self.daily_from else "monthly"


class DemoValue(NamedTuple):
    """One reading; times are aware, UTC. Fields in the order of the table's columns."""

    indicator: str
    sampled_at: datetime
    recorded_at: datetime
    origin: int
    below_limit: bool
    flag: str
    value: str


def readings(section: SectionSpec, last: date, first: date = FIRST_MONTH) -> Iterator[DemoValue]:
    """Every reading of a section from month `first` to `last`, in order."""
    rhythm = Rhythm(last)
    for month in months_between(max(first, section.monthly_from or first), last):
        yield from month_readings(section, month, rhythm)


def running(section: SectionSpec, last: date, until: date) -> Iterator[DemoValue]:
    """What the stations have measured of the month after `last`, the day `until` included."""
    end = datetime.combine(until + timedelta(days=1), time(), BEIJING)
    for value in month_readings(section, next_month(last), Rhythm(last)):
        if value.origin == AUTOMATIC and value.sampled_at < end:
            yield value


def planned_class(section: SectionSpec, month: date, last: date) -> int:
    """The class the month's mean falls in."""
    if _in_episode(section, month, last):
        return EPISODE_CLASS
    return classes_of(section, month.year)[month.month - 1]


def month_readings(section: SectionSpec, month: date, rhythm: Rhythm) -> Iterator[DemoValue]:
    rng = Random(f"{SEED}/values/{section.code}/{month:%Y-%m}")
    kind = "monthly" if section.monthly_from else rhythm.of(month)
    course = _course(section, month, rhythm.last)
    means = {code: now for code, (_, now, _) in course.items()}
    if kind == "monthly":
        yield from _sample(month, _codes(section), means, rng)
        return
    days = (next_month(month) - month).days
    hours = (0, 4, 8, 12, 16, 20) if kind == "four_hourly" else (8,)
    start = datetime(month.year, month.month, 1, tzinfo=BEIJING).astimezone(UTC)
    times = [start + timedelta(days=d, hours=h) for d in range(days) for h in hours]
    stored = [t + timedelta(minutes=rng.randint(25, 190)) for t in times]
    day_of = [d + 1 for d in range(days) for _ in hours]
    swing = [DAY_SWING[h // 4] for _ in range(days) for h in hours]
    flags = _flags(section, month, rhythm.last, day_of, rng)
    flood = _flood_days(month, days, rng)
    peak = EPISODE[section.code][0] if _in_episode(section, month, rhythm.last) else None
    for code in STATION:
        trend = _trend(*course[code], days)
        weights = _weights(code, day_of, swing, trend, flood, peak, rng)
        texts = _scaled(code, means[code], weights, flags)
        for at, known, flag, (text, below) in zip(times, stored, flags, texts, strict=True):
            yield DemoValue(code, at, known, AUTOMATIC, below, flag, text)
    if section.river == MANGANESE_RIVER:  # no station measures it
        yield from _sample(month, ["Mn"], means, rng)


def _codes(section: SectionSpec) -> list[str]:
    """What the laboratory measures in a monthly sample of the section."""
    codes = [*SAMPLE]
    if section.river == MANGANESE_RIVER:
        codes.append("Mn")
    if section.grade == "national":
        codes += ["BOD5", "F"]
    return codes


def _sample(
    month: date, codes: list[str], means: dict[str, float], rng: Random
) -> Iterator[DemoValue]:
    day, hour = rng.randint(3, 10), rng.randint(9, 11)
    at = datetime(month.year, month.month, day, hour, tzinfo=BEIJING).astimezone(UTC)
    reported = datetime.combine(next_month(month), time(rng.randint(9, 16)), BEIJING)
    known = (reported + timedelta(days=rng.randint(1, 5))).astimezone(UTC)
    for code in codes:
        text, below = _shown(code, means[code])
        yield DemoValue(code, at, known, MANUAL, below, "N", text)


def _course(section: SectionSpec, month: date, last: date) -> dict[str, tuple[float, float, float]]:
    """By indicator the means of the month before, of the month, and of the month after."""
    known = _levels(section, last)
    at = month_number(month.year, month.month)
    before = max(at - 1, 0)
    return {code: (means[before], means[at], means[at + 1]) for code, means in known.items()}


@lru_cache(maxsize=4)
def _levels(section: SectionSpec, last: date) -> dict[str, list[float]]:
    """To the end of the next year, so that the months that are stored don't hang on the last."""
    classes = [c for year in range(FIRST_YEAR, last.year + 2) for c in classes_of(section, year)]
    fixed: Fixed = borderline_of(section)
    if section.code in EPISODE:
        then = _months_before(last, 1)
        classes[month_number(then.year, then.month)] = EPISODE_CLASS
        fixed += ((month_number(then.year, then.month), "NH3-N", EPISODE[section.code][1]),)
    return levels(section, tuple(classes), fixed)


def _trend(before: float, now: float, after: float, days: int) -> list[float]:
    """Each day's level against the month's mean: what one month ends with the next begins with."""
    first, end = (before / now) ** 0.5, (after / now) ** 0.5
    middle = 2 - (first + end) / 2  # so that the mean stays the month's
    found = []
    for day in range(days):
        at = (2 * day + 1) / days  # 0 at the beginning, 2 at the end
        found.append(
            first + (middle - first) * at if at < 1 else middle + (end - middle) * (at - 1)
        )
    return found


def _weights(code, day_of, swing, trend, flood, peak, rng: Random) -> list[float]:
    """How far each value lies from the month's mean, as a factor: course, weather, hour, noise."""
    random = rng.random
    spread = {"pH": 0.012, "WT": 0.05, "DO": 0.05, "EC": 0.06, "TURB": 0.5}.get(code, 0.22)
    gain = {"TURB": 7.0, "CODMn": 0.5, "TP": 0.7}.get(code, 0.0)
    daily = {"DO": 1.0, "WT": 0.5, "pH": 0.15}.get(code, 0.0)
    drift, weights = 0.0, []
    for day, hour in zip(day_of, swing, strict=True):
        drift = 0.8 * drift + 0.2 * (2 * random() - 1) * 2
        weight = trend[day - 1] * (
            1 + spread * (0.7 * drift + 0.6 * (random() - 0.5)) + daily * hour
        )
        if gain and day in flood:
            weight *= 1 + gain * flood[day]
        if peak is not None and code == "NH3-N":
            weight *= EPISODE_SHAPE.get(day - peak, 1.0)
        weights.append(max(weight, 0.15))
    return weights


def _scaled(code: str, mean: float, weights, flags) -> list[tuple[str, bool]]:
    """Values whose valid ones have that mean."""
    valid = [w for w, flag in zip(weights, flags, strict=True) if flag == "N"] or weights
    factor = mean * len(valid) / sum(valid)
    places, least = DECIMALS[code], DETECTION.get(code, 0.0)
    if code == "pH":  # a pH does not scale: it wanders round its mean
        return [(f"{mean * w:.2f}", False) for w in weights]
    return [
        (f"{least:.{places}f}", True) if factor * w < least else (f"{factor * w:.{places}f}", False)
        for w in weights
    ]


def _shown(code: str, value: float) -> tuple[str, bool]:
    least = DETECTION.get(code, 0.0)
    return f"{max(value, least):.{DECIMALS[code]}f}", value < least


def _flags(section, month, last, day_of: list[int], rng: Random) -> list[str]:
    """Mostly valid; now and then a broken line or repairs; the failing station fails."""
    flags = []
    for day in day_of:
        dice = rng.random()
        flag = "B" if dice < 0.003 else "M" if dice < 0.006 else "C" if dice < 0.008 else "N"
        if section.code == FAILING and month == last:
            flag = FAILING_DAYS.get(day, flag)
        flags.append(flag)
    return flags


def _flood_days(month: date, days: int, rng: Random) -> dict[int, float]:
    """Days of high water with their strength 0–1: in June and July always, else at times."""
    likely = {5: 0.5, 6: 1, 7: 1, 8: 0.6, 9: 0.4}.get(month.month, 0.05)
    if rng.random() >= likely:
        return {}
    first = rng.randint(4, days - 6)
    return {first: 0.7, first + 1: 1.0, first + 2: 0.6, first + 3: 0.25}


def _in_episode(section: SectionSpec, month: date, last: date) -> bool:
    return section.code in EPISODE and month == _months_before(last, 1)


def _months_before(month: date, number: int) -> date:
    index = month.year * 12 + month.month - 1 - number
    return date(index // 12, index % 12 + 1, 1)
