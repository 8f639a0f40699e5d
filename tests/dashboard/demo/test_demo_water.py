"""The demonstration's readings look like water: measured on what would be stored."""

from collections import defaultdict
from datetime import date, datetime
from itertools import pairwise
from statistics import fmean

import pytest

from basins.ranges import months_between
from dashboard.demo.build import RUNS_BEHIND
from dashboard.demo.city import sections
from dashboard.demo.readings import (
    AUTOMATIC,
    BEIJING,
    EPISODE,
    FIRST_MONTH,
    Rhythm,
    month_readings,
    running,
)

LAST = date(2026, 10, 1)
RHYTHM = Rhythm(LAST)
BY_CODE = {s.code: s for s in sections()}
# By which factor a monthly mean may change from one month to the next. Rain and dilution move the
# nutrients of small rivers by two or three; what is dissolved from the rock, and what the air gives, by
# less; turbidity by most, for it follows the floods.
STEPS = {"NH3-N": 3.0, "TP": 3.0, "CODMn": 3.0, "TURB": 4.0, "TN": 1.6, "Mn": 1.6, "F": 1.6, "BOD5": 1.6,
         "EC": 1.6, "WT": 1.6, "DO": 1.3, "pH": 1.05}  # fmt: skip
DECIMALS = 0.0006  # of the last digit printed, on both sides of a step


def means(section, months) -> dict[str, dict[date, float]]:
    """By indicator and month the mean of what is valid."""
    found: dict[str, dict[date, float]] = defaultdict(dict)
    for month in months:
        values: dict[str, list[float]] = defaultdict(list)
        for v in month_readings(section, month, RHYTHM):
            if v.flag == "N":
                values[v.indicator].append(float(v.value))
        for code, each in values.items():
            found[code][month] = fmean(each)
    return found


def assert_like_water(section, found) -> None:
    for code, by_month in found.items():
        years = defaultdict(list)
        for month, value in by_month.items():
            years[month.year].append(round(value, 3))
        for year, values in years.items():
            if len(values) >= 10:
                assert len(set(values)) >= 3, (section.code, code, year, values)
        months = sorted(by_month)
        for before, after in pairwise(months):
            one, other = sorted((by_month[before], by_month[after]))
            tolerance = 1.02 + DECIMALS / one
            assert other / one <= STEPS[code] * tolerance, (section.code, code, before, one, other)


def test_no_indicator_stands_still_for_a_year_and_none_leaps_in_the_monthly_samples():
    months = [m for m in months_between(FIRST_MONTH, LAST) if RHYTHM.of(m) == "monthly"]
    for section in BY_CODE.values():
        assert_like_water(section, means(section, months))


@pytest.mark.parametrize("code", ["PUSHUN", "LUKONG", "DACHANG", "LIYE", "LONGTAN-SK", "ZHUTUO"])
def test_nor_in_what_stations_measure(code):
    months = [m for m in months_between(FIRST_MONTH, LAST) if RHYTHM.of(m) != "monthly"]
    assert_like_water(BY_CODE[code], means(BY_CODE[code], months))


@pytest.mark.parametrize("code", ["PUSHUN", "DUKOUBA", "WUXIAKOU"])
def test_the_first_days_of_a_month_go_on_from_the_last_of_the_month_before(code):
    """A staircase would step by as much as the means do; here the weather of days remains."""
    assert code not in EPISODE
    section = BY_CODE[code]
    for before, after in zip(
        months_between(date(2025, 9, 1), date(2026, 9, 1)),
        months_between(date(2025, 10, 1), LAST),
        strict=True,
    ):
        ends = days_of(section, before)[-5:]
        begins = days_of(section, after)[:5]
        one, other = sorted((fmean(ends), fmean(begins)))
        assert other / one < 1.5, (code, before, one, other)


def days_of(section, month) -> list[float]:
    found = defaultdict(list)
    for v in month_readings(section, month, RHYTHM):
        if v.indicator == "NH3-N" and v.flag == "N":
            found[v.sampled_at.astimezone(BEIJING).date()].append(float(v.value))
    return [fmean(found[day]) for day in sorted(found)]


def test_the_running_month_has_all_days_up_to_three_days_ago():
    today = date(2026, 11, 30)
    for code in ("PUSHUN", "LIYE"):
        values = list(running(BY_CODE[code], LAST, today - RUNS_BEHIND))
        assert {v.origin for v in values} == {AUTOMATIC}  # the laboratory reports next month
        days = sorted({v.sampled_at.astimezone(BEIJING).date() for v in values})
        assert days == [date(2026, 11, n) for n in range(1, 28)]
        assert max(v.recorded_at for v in values) < datetime(2026, 11, 28, 4, tzinfo=BEIJING)


def test_manganese_at_liye_has_the_published_mean_of_2024():
    found = means(BY_CODE["LIYE"], months_between(date(2024, 1, 1), date(2024, 12, 1)))["Mn"]
    assert len(found) == 12
    assert round(fmean(found.values()), 3) == 0.031
