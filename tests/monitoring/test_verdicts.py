"""A judgement never deletes: flag or value are set, the reading's past stays, the month follows."""

from decimal import Decimal

import pytest

from monitoring.models import DirtyMonth, Reading, ReadingRevision, Verdict
from monitoring.screening.services.verdicts import (
    ReadingKey,
    VerdictRefused,
    judge_reading,
    keep_reading,
)
from monitoring.standards.detection import MeasuredValue
from tests.disputes import AMMONIA, APRIL
from tests.told_once import World, bare, of_told, told_once


def april_assessed() -> World:
    world = bare()
    world["border"].assessed("2023-04", "IV")
    return world


told = told_once(april_assessed)
border, people = of_told("border"), of_told("people")


@pytest.fixture
def given(border, people) -> dict:
    return {"section": border.section, "key": AMMONIA, "by": people.bureau, "reason": "仪器故障"}


def ammonia() -> Reading:
    return Reading.objects.get(indicator__code="NH3-N")


def test_an_invalid_reading_keeps_its_value_and_its_past(given):
    for _ in range(3):
        verdict = judge_reading(outcome="invalidated", **given)
    assert (ammonia().value, ammonia().flag) == (Decimal("1.2"), "V")
    assert (verdict.flag_before, verdict.flag_after) == ("N", "V")
    assert Verdict.objects.count() == ReadingRevision.objects.count() == 1
    assert DirtyMonth.objects.count() == 1


def test_a_verdict_is_taken_back_by_another(given):
    judge_reading(outcome="invalidated", **given)
    judge_reading(outcome="accepted", **given)
    assert ammonia().flag == "N"
    assert [v.outcome for v in Verdict.objects.order_by("pk")] == ["invalidated", "accepted"]


@pytest.mark.parametrize(
    ("indicator", "value", "why"),
    [
        ("NH3-N", "100001", "氨氮不可能高于 100000 mg/L"),
        ("NH3-N", "-0.1", "不小于 0 的数"),
        ("pH", "14.5", "pH 应在 0–14 之间"),
        ("DO", "51", "溶解氧不可能高于 50 mg/L"),
        ("WT", "-6", "不小于 0 的数"),
        ("WT", "61", "水温不可能高于 60 ℃"),
    ],
)
def test_what_no_water_has_is_typed_no_more_than_imported(given, indicator, value, why):
    key = ReadingKey(indicator, AMMONIA.sampled_at, AMMONIA.origin)
    with pytest.raises(VerdictRefused, match=why):
        keep_reading(
            section=given["section"], key=key, value=Decimal(value), by=given["by"], reason="复测"
        )


def test_water_below_zero_degrees_is_taken(given):
    key = ReadingKey("WT", AMMONIA.sampled_at, AMMONIA.origin)
    assert keep_reading(
        section=given["section"], key=key, value=Decimal("-0.5"), by=given["by"], reason="复测"
    )


def test_a_correction_keeps_both_values(given):
    for _ in range(3):
        verdict = judge_reading(outcome="corrected", value=Decimal("0.8"), **given)
    assert ammonia().value == Decimal("0.8")
    assert (verdict.value_before, verdict.value_after) == (Decimal("1.2"), Decimal("0.8"))
    assert ReadingRevision.objects.get().value == Decimal("1.2")


def test_a_look_that_finds_it_valid_is_noted_and_changes_nothing(given):
    judge_reading(outcome="accepted", **given)
    assert Verdict.objects.count() == 1
    assert not ReadingRevision.objects.exists()


@pytest.mark.parametrize(
    "wrong",
    [
        {"reason": " "},
        {"reason": "长" * 501},
        {"key": ReadingKey("NH3-N", APRIL, 1)},
        {"key": ReadingKey("没有", APRIL, 2)},
        {"outcome": "corrected", "value": None},
        {"outcome": "corrected", "value": Decimal("-1")},
        {"outcome": "corrected", "value": Decimal("0.123456789")},
        {"outcome": "corrected", "value": Decimal("NaN")},
        {"outcome": "corrected", "value": Decimal("1.2")},
    ],
)
def test_what_cannot_be_judged_is_refused(given, wrong):
    with pytest.raises(VerdictRefused):
        judge_reading(**{"outcome": "invalidated", **given, **wrong})
    assert not Verdict.objects.exists()


@pytest.mark.parametrize("who", ["district", "treasury", "admin", "auditor", "station", "nobody"])
def test_only_who_reviews_data_judges(given, people, who):
    with pytest.raises(VerdictRefused):
        judge_reading(outcome="invalidated", **{**given, "by": getattr(people, who)})


def test_a_kept_reading_is_new_once_and_corrected_with_a_verdict(given, border, people):
    more = {"section": border.section, "key": ReadingKey("NH3-N", APRIL, 3), "by": people.bureau,
            "reason": "联合监测结果"}  # fmt: skip
    assert [keep_reading(value=Decimal("0.8"), **more) for _ in range(3)] == [True, False, False]
    assert keep_reading(value=Decimal("0.9"), **more)
    assert Verdict.objects.get().value_after == Decimal("0.9")


def test_a_key_is_read_back_from_its_text_and_nonsense_refused():
    assert ReadingKey.parse(AMMONIA.text) == AMMONIA
    for text in ("", "a|b|c", "NH3-N|2023-04-15T10:00:00|2", "NH3-N|2023-04-15T10:00:00+08:00|9"):
        with pytest.raises(VerdictRefused):
            ReadingKey.parse(text)


def test_a_correction_to_what_was_not_detected_keeps_the_mark(given):
    limit = MeasuredValue(Decimal("0.025"), below_limit=True)
    for _ in range(2):
        verdict = judge_reading(outcome="corrected", value=limit, **given)
    assert (ammonia().value, ammonia().below_limit) == (Decimal("0.025"), True)
    assert (verdict.before, verdict.after) == (MeasuredValue(Decimal("1.2")), limit)
    again = judge_reading(outcome="corrected", value=Decimal("0.025"), **given)
    assert ammonia().below_limit is False
    assert (again.before, again.after) == (limit, MeasuredValue(Decimal("0.025")))
    assert [r.below_limit for r in ReadingRevision.objects.order_by("pk")] == [False, True]


def test_a_verdict_on_a_result_not_detected_leaves_its_mark(given):
    limit = MeasuredValue(Decimal("0.025"), below_limit=True)
    judge_reading(outcome="corrected", value=limit, **given)
    judge_reading(outcome="invalidated", **given)
    judge_reading(outcome="accepted", **given)
    assert (ammonia().value, ammonia().below_limit, ammonia().flag) == (
        Decimal("0.025"), True, "N",
    )  # fmt: skip
