"""Who prepares a notice sees what it changes: flips, first payers, close calls, what is disputed."""

from datetime import date, datetime
from decimal import Decimal

import pytest
from django.utils.timezone import get_default_timezone

from basins.clock import moved_to
from settlements import pipeline
from settlements.notices.queries.compared import BEGINS, ENDS, FLIP, notice_compared
from settlements.notices.services.content import draw
from tests.told_once import told_once
from tests.worlds import CLEAN

told = told_once()
MILLION = Decimal(1_000_000)
BEFORE, MONTH = date(2024, 4, 1), date(2024, 5, 1)


@pytest.fixture
def compared(border):
    """The notice of May 2024 after a month of that class."""

    def compared(before: str | None, now: str):
        if before:
            border.measured("2024-04", before)
        border.measured("2024-05", now)
        with moved_to(date(2024, 6, 3)):
            pipeline.recompute()
            return notice_compared(MONTH, draw(MONTH, {}).accruals)

    return compared


@pytest.mark.parametrize(("before", "now", "kind", "yuan"), [
    ("II", "IV", FLIP, (MILLION, -MILLION)),
    ("IV", "II", FLIP, (-MILLION, MILLION)),
    ("III", "IV", BEGINS, (0, -MILLION)),
    ("II", "III", ENDS, (MILLION, 0)),
])  # fmt: skip
def test_a_border_that_pays_otherwise_than_last_month_is_named(compared, before, now, kind, yuan):
    found = compared(before, now)
    (change,) = found.changes
    assert (change.kind, change.section) == (kind, "交界")
    assert (change.yuan_before, change.yuan) == yuan
    assert found.flips == (kind == FLIP)


def test_a_month_like_the_last_changes_nothing(compared):
    assert compared("II", "II").changes == ()


def test_who_never_paid_before_is_named_with_the_amount(compared):
    (payer,) = compared("II", "IV").first_payers
    assert (payer.name, payer.yuan) == ("上游区", MILLION)


def test_who_paid_before_is_not(compared):
    assert compared("IV", "IV").first_payers == ()


def ammonia(border, value: str) -> None:
    at = datetime(2024, 5, 15, 10, tzinfo=get_default_timezone())
    border.store(at, {**CLEAN, "NH3-N": value})


@pytest.mark.parametrize(("value", "met"), [
    ("0.95", True), ("1.0", True), ("1.05", False), ("0.949", None), ("1.051", None),
])  # fmt: skip
def test_a_mean_within_five_per_cent_of_its_limit_is_named(border, value, met):
    ammonia(border, value)  # class III: 1.0 mg/L
    with moved_to(date(2024, 6, 3)):
        pipeline.recompute()
        calls = [
            c for c in notice_compared(MONTH, draw(MONTH, {}).accruals).close_calls
            if c.indicator == "氨氮"
        ]  # fmt: skip
    shown = value.rstrip("0").rstrip(".")
    assert [(c.mean, c.limit, c.met) for c in calls] == (
        [(shown, "1", met)] if met is not None else []
    )
