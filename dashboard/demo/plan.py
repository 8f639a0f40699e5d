"""Which class each section has in each month, decided before any value is made up.

A month is at its target, one class better ("good") or one worse ("over"). Years that a public
figure fixes are written out; the others are drawn, from a seed of their own each, so that a
longer demonstration changes nothing in a shorter one. Pure: no clock, no database.
"""

from dataclasses import dataclass
from random import Random

from dashboard.demo.sections import SectionSpec

SEED = "重庆流域横向生态保护补偿演示-1"
FIRST_YEAR = 2018

# Twelve classes, January first. What each year yields stands beside it (万元).
WRITTEN: dict[tuple[str, int], str] = {
    ("PUSHUN", 2018): "332333333233",
    ("PUSHUN", 2019): "333344443332",  # 梁平 pays 6 months, 垫江 1: −500
    ("PUSHUN", 2023): "322323443232",  # better in 5, not reaching in 2: +300
    ("PUSHUN", 2025): "223233433232",  # better in 5, not reaching in 1: +400
    ("PUSHUN", 2026): "2232443232",
    ("YUJIA", 2025): "333334333333",
    ("YUJIA", 2026): "3233444333",
    ("CIBA", 2018): "444444444444",
    ("CIBA", 2019): "334333343333",  # better in 10: 10 × 87.83 = 878.3
    ("SHAZI", 2018): "333333333333",
    ("SHAZI", 2019): "233223323322",  # better in 6: 市级财政 pays 石柱 600
    ("MOUDAO", 2018): "323332332323",
    ("MOUDAO", 2019): "333333333333",  # worse in 4: 市级财政 pays 万州 400
    ("XIANGJIA", 2018): "222222222222",
    ("XIANGJIA", 2019): "222222222222",
    ("XINJIN", 2018): "333333333333",
    ("XINJIN", 2019): "333333333333",
    ("LIYE", 2018): "222222222222",
    ("LIYE", 2019): "222222222222",  # 12 × 40 = 480
    ("LIYE", 2020): "222223322222",
    ("LIYE", 2026): "2222232223",
}
# Classes of single months: the month the mock-ups were drawn from, and the stories below.
WRITTEN_MONTHS: dict[tuple[str, int, int], int] = {
    ("DUKOUBA", 2026, 10): 4,
    ("XIANGJIA", 2026, 10): 3,
    ("PINGQIAO", 2026, 10): 3,
    **{
        (code, 2026, 10): 2
        for code in ("CIBA", "ZHONGHE", "HUHAICHANG", "MAJINGZI", "YANGLU", "BEIDU", "HUANGYIN")
    },
    ("LUOHAN", 2026, 10): 1,
}
# Since then every national section is excellent or good (Ⅰ—Ⅲ类): 2023 and 2024 by public reports.
EXCELLENT_SINCE = 2023
# Months in which every section not named above is at its target, but those of townships.
AT_TARGET = ((2026, 10),)

# Months a year that are better or worse than the target, on average, at an ordinary section.
_GOOD = {2018: 0.9, 2019: 0.9, 2020: 1.0, 2021: 1.2, 2022: 1.5, 2023: 2.4}
_OVER = {2018: 1.0, 2019: 0.7, 2020: 0.7, 2021: 0.6, 2022: 0.7, 2023: 1.0}
DECIDING = ("CODMn", "NH3-N", "TP")
# Floods and first flushes: where a month over its target is likely.
_WET = (5, 6, 6, 7, 7, 8, 9)
_CLEAR = (1, 2, 3, 4, 10, 11, 12)


@dataclass(frozen=True, slots=True)
class Borderline:
    """A month whose deciding mean lies just over a limit."""

    indicator: str
    mean: float
    water_class: int


BORDERLINE: dict[tuple[str, int, int], Borderline] = {
    ("PUSHUN", 2023, 8): Borderline("TP", 0.205, 4),
    ("DUKOUBA", 2026, 10): Borderline("TP", 0.2047, 4),
}


def classes_of(section: SectionSpec, year: int) -> tuple[int, ...]:
    """The classes of a section's twelve months; 6 is inferior V."""
    target = section.target(year)
    written = WRITTEN.get((section.code, year))
    if written:
        months = [int(c) for c in written] + [target] * (12 - len(written))
    else:
        months = _drawn(section, year, target)
    for month in range(1, 13):
        if (year, month) in AT_TARGET and not written and section.grade != "town":
            months[month - 1] = target
        if section.grade == "national" and year >= EXCELLENT_SINCE:
            months[month - 1] = min(months[month - 1], 3)
        single = WRITTEN_MONTHS.get((section.code, year, month))
        if single:
            months[month - 1] = single
    return tuple(months)


def _drawn(section: SectionSpec, year: int, target: int) -> list[int]:
    rng = Random(f"{SEED}/class/{section.code}/{year}")
    known = min(year, max(_GOOD))
    good = int(_GOOD[known] * section.swing + rng.random())
    over = int(_OVER[known] * section.swing + rng.random())
    months = [target] * 12
    for month in rng.sample(_CLEAR, good):
        months[month - 1] = max(1, target - 1)
    for month in dict.fromkeys(rng.sample(_WET, over)):
        months[month - 1] = min(6, target + 1)
    return months


def usually_deciding(section: SectionSpec) -> str:
    """The indicator that decides the section's class in most months."""
    if section.water_body == "lake":
        return "TP"
    return Random(f"{SEED}/deciding/{section.code}").choice(DECIDING)


def deciding_choices(section: SectionSpec, year: int, month: int) -> tuple[str, ...]:
    """Which indicator decides the class, those it falls to where that one cannot get there in time
    after it: phosphorus and oxygen demand in the wet months, else mostly the section's usual one."""
    if section.water_body == "lake":
        return ("TP",)
    first = usually_deciding(section)
    rng = Random(f"{SEED}/deciding/{section.code}/{year}-{month}")
    if section.code == "PUSHUN" and (year, month) in ((2026, 5), (2026, 6)):
        first = "NH3-N"
    elif rng.random() < 0.3:
        first = rng.choice(("TP", "CODMn") if month in (6, 7, 8) else DECIDING)
    return (first, *(code for code in DECIDING if code != first))
