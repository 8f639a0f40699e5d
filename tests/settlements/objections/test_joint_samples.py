"""Joint samples: the table by hand, the reserve, and precedence in the month's mean."""

from datetime import timedelta
from decimal import Decimal

import pytest

from monitoring.models import Indicator, MonthlyMean, Origin, Reading
from monitoring.standards.detection import MeasuredValue
from settlements import pipeline
from settlements.models import JointSample
from settlements.moving.acts import NotAllowed, Refused
from settlements.objections.services.joint_samples import (
    compare,
    enter_reserve,
    record_joint_sample,
    relative_error,
)
from tests.disputes import APRIL
from tests.told_once import World, bare, told_once


def D(text: str) -> Decimal:
    return Decimal(text)


# upstream, downstream, agreed %, reserve → relative error (by hand), within, value used
TABLE = [
    ("1.00", "1.00", "20", None, "0", True, "1.00"),
    ("0.90", "1.10", "20", None, "20", True, "1.00"),  # 0.20 ÷ 1.00: on the limit, within
    ("0.90", "1.10", "19.99", None, "20", False, None),
    ("0.90", "1.10", "19.99", "0.95", "20", False, "0.95"),
    ("1.10", "0.90", "20", "5.00", "20", True, "1.00"),  # the reserve is kept, not used
    ("1.2", "0.8", "30", "1.0", "40", False, "1.0"),  # 0.4 ÷ 1.0
    ("3", "1", "100", None, "100", True, "2"),  # 2 ÷ 2
    ("0", "1", "150", "0.4", "200", False, "0.4"),  # 1 ÷ 0.5, the largest there is
    ("0", "0", "5", None, "0", True, "0"),
    ("0.025", "0.015", "50", None, "50", True, "0.020"),  # 0.010 ÷ 0.020
]


@pytest.mark.parametrize(("up", "down", "agreed", "reserve", "error", "within", "value"), TABLE)
def test_the_table_by_hand(up, down, agreed, reserve, error, within, value):
    found = compare(D(up), D(down), D(agreed), D(reserve) if reserve else None)
    assert (found.error, found.within) == (D(error), within)
    assert found.value == (D(value) if value is not None else None)


def test_the_error_is_not_rounded_before_it_is_compared():
    # 0.10 ÷ 0.95 × 100 = 10.526…
    assert D("10.5263") < relative_error(D("0.90"), D("1.00")) < D("10.5264")
    assert not compare(D("0.90"), D("1.00"), D("10.52")).within


@pytest.fixture
def ammonia(db) -> Indicator:
    return Indicator.objects.get(code="NH3-N")


def april_assessed() -> World:
    world = bare()
    world["border"].assessed("2023-04", "IV")
    return world


told = told_once(april_assessed)


@pytest.fixture
def given(border, people, ammonia) -> dict:
    return {"section": border.section, "indicator": ammonia,
            "sampled_at": APRIL + timedelta(hours=2), "by": people.bureau,
            "agreed_error": D("20")}  # fmt: skip


def mean_of(border) -> MonthlyMean:
    pipeline.recompute()
    return MonthlyMean.objects.get(section=border.section, indicator__code="NH3-N")


def test_a_sample_within_the_error_stands_before_the_manual_one(border, given):
    for _ in range(3):
        record_joint_sample(upstream=D("0.8"), downstream=D("0.9"), **given)
    assert JointSample.objects.count() == 1
    found = mean_of(border)
    assert (found.mean, found.origin) == (D("0.85"), Origin.JOINT)
    # What it replaces stays as it was.
    manual = Reading.objects.get(section=border.section, indicator__code="NH3-N", origin=2)
    assert (manual.value, manual.flag) == (D("1.2"), "N")


def test_beyond_the_error_nothing_is_used_until_the_reserve_decides(border, people, given):
    sample = record_joint_sample(upstream=D("0.5"), downstream=D("1.0"), **given)
    assert (sample.within, sample.value) == (False, None)
    assert mean_of(border).origin == Origin.MANUAL
    for _ in range(3):
        enter_reserve(sample=sample, reserve=D("0.7"), by=people.bureau)
    sample.refresh_from_db()
    assert (sample.upstream, sample.downstream, sample.reserve, sample.value) == (
        D("0.5"), D("1.0"), D("0.7"), D("0.7"),
    )  # fmt: skip
    assert mean_of(border).mean == D("0.7")
    with pytest.raises(Refused, match="不能修改"):
        enter_reserve(sample=sample, reserve=D("0.8"), by=people.bureau)


def test_other_results_of_the_same_sample_are_refused(given):
    record_joint_sample(upstream=D("0.8"), downstream=D("0.9"), **given)
    with pytest.raises(Refused, match="不能修改"):
        record_joint_sample(upstream=D("0.8"), downstream=D("0.95"), **given)


@pytest.mark.parametrize(
    "wrong",
    [{"upstream": D("-1")}, {"agreed_error": D("0")}, {"reserve": D("NaN")}],
)
def test_what_no_laboratory_reports_is_refused(given, wrong):
    with pytest.raises(Refused):
        record_joint_sample(**{"upstream": D("1"), "downstream": D("1"), **given, **wrong})


@pytest.mark.parametrize("who", ["district", "treasury", "admin", "auditor", "station", "nobody"])
def test_only_the_bureau_records_them(given, people, who):
    with pytest.raises(NotAllowed):
        record_joint_sample(
            upstream=D("1"), downstream=D("1"), **{**given, "by": getattr(people, who)}
        )


def L(text: str) -> MeasuredValue:
    return MeasuredValue(D(text), below_limit=True)


@pytest.mark.parametrize(
    ("up", "down", "agreed", "reserve", "error", "within", "value"),
    [
        (L("0.025"), L("0.025"), "20", None, "0", True, L("0.025")),
        # Halves 0.0125 and 0.02: 0.0075 ÷ 0.01625; the mean of the limits counts half.
        (L("0.025"), L("0.04"), "50", None, "46.15384615384615384615384615", True, L("0.0325")),
        # Half of 0.025 beside 0.0125: equal.
        (L("0.025"), D("0.0125"), "20", None, "0", True, D("0.0125")),
        (L("0.025"), D("0.5"), "20", L("0.03"), None, False, L("0.03")),
    ],
)
def test_a_result_that_was_not_detected_counts_half_its_limit(
    up, down, agreed, reserve, error, within, value
):
    found = compare(up, down, D(agreed), reserve)
    assert found.within is within
    assert error is None or round(found.error, 20) == round(D(error), 20)
    expected = value if isinstance(value, MeasuredValue) else MeasuredValue(value)
    assert found.result == expected


def test_the_mark_is_kept_and_the_months_mean_counts_half(border, given):
    sample = record_joint_sample(upstream=L("0.025"), downstream=L("0.025"), **given)
    assert (sample.upstream_result, sample.result) == (L("0.025"), L("0.025"))
    reading = Reading.objects.get(section=border.section, origin=Origin.JOINT)
    assert (reading.value, reading.below_limit) == (D("0.025"), True)
    assert mean_of(border).mean == D("0.0125")
    same = record_joint_sample(upstream=L("0.025"), downstream=L("0.025"), **given)
    assert same == sample
    with pytest.raises(Refused, match="结果不同"):
        record_joint_sample(upstream=D("0.025"), downstream=L("0.025"), **given)


def test_a_reserve_keeps_its_mark(border, given):
    sample = record_joint_sample(upstream=D("0.8"), downstream=D("1.2"), **given)
    sample = enter_reserve(sample=sample, reserve=L("0.025"), by=given["by"])
    sample.refresh_from_db()
    assert (sample.reserve_result, sample.result) == (L("0.025"), L("0.025"))
    assert mean_of(border).mean == D("0.0125")


def test_what_is_checked_is_what_is_kept(given):
    with pytest.raises(Refused, match="至多 8 位小数"):
        record_joint_sample(upstream=D("0.123456789012"), downstream=D("0.1"), **given)
    found = compare(D("0.00000001"), D("0.00000002"), D("100"))
    sample = record_joint_sample(
        upstream=D("0.00000001"), downstream=D("0.00000002"), **given | {"agreed_error": D("100")}
    )
    sample.refresh_from_db()
    assert sample.value == found.value == D("0.00000002")


@pytest.mark.parametrize("place", ["upstream", "downstream", "reserve"])
def test_results_that_no_water_has_are_refused(given, place):
    results = {"upstream": Decimal(1), "downstream": Decimal(1), "agreed_error": Decimal(20)}
    with pytest.raises(Refused, match="不可能高于 100000 mg/L"):
        record_joint_sample(**given | results | {place: Decimal("100000.1")})


def test_ph_has_no_detection_limit(given):
    ph = given | {"indicator": Indicator.objects.get(code="pH")}
    with pytest.raises(Refused, match="pH没有检出限"):
        record_joint_sample(upstream=L("7"), downstream=D("7"), **ph)
