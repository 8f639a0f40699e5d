"""Monthly means of each indicator, as a river can have them.

Each section has levels of its own that follow the seasons and wander from month to month. The
indicator that decides a month's class lies within its band, all others no higher, and none more
than trebles or falls to less than a third from one month to the next: first flushes and dilution
move the nutrients of these rivers by two or three; what moves more is a spill. Pure.
"""

from collections.abc import Sequence
from functools import lru_cache
from math import exp, log
from random import Random

from dashboard.demo.plan import (
    BORDERLINE,
    FIRST_YEAR,
    SEED,
    deciding_choices,
    usually_deciding,
)
from dashboard.demo.sections import SectionSpec

# Upper limits of GB 3838-2002 table 1, class I to V; total phosphorus of lakes apart.
LIMITS = {
    "NH3-N": (0.15, 0.5, 1.0, 1.5, 2.0),
    "TP": (0.02, 0.1, 0.2, 0.3, 0.4),
    "CODMn": (2.0, 4.0, 6.0, 10.0, 15.0),
}
LAKE_TP = (0.01, 0.025, 0.05, 0.1, 0.2)
STEP = log(3.0)
# January to December.
WATER_TEMPERATURE = (9.5, 10.8, 14.2, 18.0, 21.6, 24.3, 26.4, 27.0, 23.8, 19.6, 15.4, 11.2)
OXYGEN = (10.2, 10.0, 9.5, 8.9, 8.2, 7.7, 7.3, 7.2, 7.7, 8.4, 9.1, 9.8)
RAIN = (0.7, 0.7, 0.8, 1.0, 1.2, 1.6, 1.7, 1.3, 1.2, 1.0, 0.8, 0.7)
# What rain does to each: it washes phosphorus and oxygen demand in, and thins ammonia and salts.
WASHED = {"NH3-N": -0.25, "TP": 0.3, "CODMn": 0.25, "TN": -0.1, "Mn": 0.15, "F": -0.1}
WANDERS = 0.13
# Manganese is a core indicator of the You River since September 2022; its mean of 2024 at the
# border was 0.031 mg/L (public reports).
MANGANESE_2024 = ("LIYE", 2024, 0.031)

Classes = tuple[int, ...]


Fixed = tuple[tuple[int, str, float], ...]  # number of the month, indicator, its mean


@lru_cache(maxsize=4)
def levels(section: SectionSpec, classes: Classes, fixed: Fixed) -> dict[str, list[float]]:
    """By indicator, the means of every month since January of the first year."""
    months = range(len(classes))
    limits = LIMITS | ({"TP": LAKE_TP} if section.water_body == "lake" else {})
    own = Random(f"{SEED}/own/{section.code}")
    ceilings = {
        code: [
            log(_upper(limit, c) * room)
            for c, room in zip(
                classes, _drawn(section, code, "room", 0.86, 0.96, months), strict=True
            )
        ]
        for code, limit in limits.items()
    }
    above = {code: _drawn(section, code, "above", 1.04, 1.14, months) for code in limits}
    floors = {code: [log(1e-4)] * len(classes) for code in limits}
    for m, code, value in fixed:
        floors[code][m] = ceilings[code][m] = log(value)
    cones = {code: _lowest(ceilings[code]) for code in limits}
    decided = {m for m, _, _ in fixed}
    for m, water_class in enumerate(classes):
        if m in decided or water_class == 1:
            continue
        for code in deciding_choices(section, FIRST_YEAR + m // 12, m % 12 + 1):
            least = log(limits[code][water_class - 2] * above[code][m])
            if least <= cones[code][m]:
                floors[code][m] = least
                break
        else:
            raise AssertionError(f"{section.code} {m}: no river gets there")
    found = {}
    for code in limits:
        base = _base(section, limits[code], usual=usually_deciding(section) == code, own=own)
        natural = _natural(section, code, log(base), months)
        lower, upper = _highest(floors[code]), cones[code]
        found[code] = [
            exp(min(max(x, lo), hi)) for x, lo, hi in zip(natural, lower, upper, strict=True)
        ]
    return found | _others(section, classes, own)


def _base(section: SectionSpec, limits: tuple[float, ...], *, usual: bool, own: Random) -> float:
    """Where the indicator lies when nothing moves it: what usually decides in the target's band,
    the others well below."""
    target = section.targets[-1][1]
    if not usual:
        # Of class II water nothing need lie in class I.
        span = {1: (0.45, 0.7), 2: (0.7, 1.6)}.get(target, (0.4, 0.8))
        return limits[max(target - 2, 0)] * own.uniform(*span)
    low = limits[target - 2] if target > 1 else 0.0
    return low + (limits[target - 1] - low) * own.uniform(0.35, 0.6)


def _others(section: SectionSpec, classes: Classes, own: Random) -> dict[str, list[float]]:
    """What decides no class here: each season its own, and never twice the same."""
    months = range(len(classes))
    bases = {
        "EC": own.uniform(300, 560),
        "TN": own.uniform(1.2, 2.9),
        "BOD5": own.uniform(1.0, 1.6),
        "F": own.uniform(0.18, 0.4),
        "Mn": 0.030,
    }
    found = {
        code: [exp(x) for x in _natural(section, code, log(base), months)]
        for code, base in bases.items()
    }
    warmer, airier = own.uniform(-1.2, 1.2), own.uniform(0, 0.5)
    muddy, sharp = own.uniform(5, 16), own.uniform(7.6, 8.2)
    walk = {code: _walk(section, code, months) for code in ("WT", "DO", "pH", "TURB")}
    found["WT"] = [WATER_TEMPERATURE[m % 12] + warmer + 2.5 * walk["WT"][m] for m in months]
    found["DO"] = [
        max(
            OXYGEN[m % 12] - airier + 0.8 * walk["DO"][m],
            (7.6 if c == 1 else 6.3) + abs(walk["DO"][m]),
        )
        for m, c in enumerate(classes)
    ]
    found["pH"] = [sharp + 0.4 * walk["pH"][m] for m in months]
    found["TURB"] = [muddy * RAIN[m % 12] ** 2 * exp(walk["TURB"][m]) for m in months]
    found["F"] = [max(value, 0.1) for value in found["F"]]
    code, year, published = MANGANESE_2024
    if section.code == code:
        first = 12 * (year - FIRST_YEAR)
        own_year = slice(first, first + 12)
        factor = published * 12 / sum(found["Mn"][own_year])
        found["Mn"] = [value * factor for value in found["Mn"]]
    return found


def _natural(section: SectionSpec, code: str, base: float, months: range) -> list[float]:
    """Logarithms: the seasons, and what wanders."""
    washed = WASHED.get(code, -0.15)
    walk = _walk(section, code, months)
    return [base + log(1 + washed * (RAIN[m % 12] - 1)) + walk[m] for m in months]


def _walk(section: SectionSpec, code: str, months: range) -> list[float]:
    """What remains of last month's deviation, and this month's own; a third in either direction
    at most, so that a step is never one of the planned."""
    rng, at, found = Random(f"{SEED}/walk/{section.code}/{code}"), 0.0, []
    for _ in months:
        at = 0.55 * at + WANDERS * rng.uniform(-1, 1)
        found.append(at)
    return found


def _upper(limits: tuple[float, ...], water_class: int) -> float:
    return limits[water_class - 1] if water_class < 6 else 1.5 * limits[4]


def _drawn(section: SectionSpec, code: str, what: str, low: float, high: float, months: range):
    """A factor for every month."""
    rng = Random(f"{SEED}/{what}/{section.code}/{code}")
    return [rng.uniform(low, high) for _ in months]


def _lowest(bounds: Sequence[float]) -> list[float]:
    """Upper bounds such that each month's can be reached from its neighbours'."""
    found = list(bounds)
    for m in range(1, len(found)):
        found[m] = min(found[m], found[m - 1] + STEP)
    for m in range(len(found) - 2, -1, -1):
        found[m] = min(found[m], found[m + 1] + STEP)
    return found


def _highest(bounds: Sequence[float]) -> list[float]:
    return [-x for x in _lowest([-x for x in bounds])]


def month_number(year: int, month: int) -> int:
    return 12 * (year - FIRST_YEAR) + month - 1


def borderline_of(section: SectionSpec) -> Fixed:
    return tuple(
        (month_number(year, month), line.indicator, line.mean)
        for (code, year, month), line in BORDERLINE.items()
        if code == section.code
    )
