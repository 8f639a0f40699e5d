"""The yearly cap of each direction."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from settlements.money import yuan
from settlements.rules.base import MonthState, Outcome, RoleTransfer
from settlements.rules.caps import apply_cap


def month(wan):
    """A month in which upstream pays (positive) or downstream pays (negative) so many 万元."""
    roles = ("upstream", "downstream") if wan > 0 else ("downstream", "upstream")
    transfers = (RoleTransfer(*roles, yuan(abs(wan) * 10000), "x"),) if wan else ()
    return Outcome("baseline", 1, MonthState.MET, transfers, ())


def received_downstream(outcomes):
    return [outcome.net().get("downstream", Decimal(0)) / 10000 for outcome in outcomes]


def test_the_month_that_reaches_the_cap_is_cut_and_the_later_ones_are_nothing():
    capped = apply_cap([month(100), month(100), month(100)], yuan("1500000"), clause="第八条")
    assert received_downstream(capped) == [100, 50, 0]
    assert capped[0].steps == ()
    cut = capped[1].steps[-1]
    assert cut.key == "cap"
    assert cut.clause == "第八条"
    assert "减为 50.00 万元" in cut.text
    assert "减去 500,000.00 元" in cut.text


def test_each_direction_has_its_own_cap():
    capped = apply_cap([month(100), month(-100), month(100), month(-100)], yuan("1000000"))
    assert received_downstream(capped) == [100, -100, 0, 0]


def test_without_a_cap_nothing_changes():
    outcomes = (month(100), month(0), month(-100))
    assert apply_cap(outcomes, None) == outcomes


def test_a_negative_cap_is_refused():
    with pytest.raises(ValueError, match="不能为负"):
        apply_cap([], Decimal(-1))


@given(st.lists(st.integers(-300, 300), max_size=12), st.integers(0, 1000))
def test_no_direction_ever_pays_more_than_the_cap_nor_less_than_it_could(months, cap):
    outcomes = [month(wan) for wan in months]
    after = received_downstream(apply_cap(outcomes, Decimal(cap * 10000)))
    for sign in (1, -1):
        due = sum(wan for wan in months if wan * sign > 0) * sign
        paid = sum(wan for wan in after if wan * sign > 0) * sign
        assert paid == min(due, cap)
