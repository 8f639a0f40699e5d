"""A reason beside an amount is of that amount: after an adjustment that turns a month's payment round,
no page says the published reason beside what counts now."""

import re
from datetime import date

import pytest

from basins.clock import moved_to
from settlements import pipeline
from settlements.models import Adjustment, CurrentTransfer, Transfer
from settlements.years.services.adjustments import approve_adjustment, review_adjustment
from tests.told_once import World, bare, told_once
from tests.worlds import publish_year


def turned_round() -> World:
    """May 2023 was published as better than agreed; it was worse, and is adjusted."""
    world = bare()
    border, people = world["border"], world["people"]
    for when in border.months("2022-01", "2023-12"):
        border.measured(when, "II")
    pipeline.recompute()
    publish_year(border.agreement, 2023, people, on=date(2024, 1, 20))
    with moved_to(date(2024, 2, 5)):
        border.measured("2023-05", "IV")
        pipeline.recompute()
        found = Adjustment.objects.get()
        review_adjustment(adjustment=found, by=people.bureau, reason="复核属实")
        approve_adjustment(adjustment=found, by=people.bureau2)
    return world


told = told_once(turned_round)


@pytest.fixture
def reasons(border) -> tuple[str, str]:
    """What was published of May, and what is said of it now."""
    may = date(2023, 5, 1)
    return (
        Transfer.objects.get(accrual__period=may).reason,
        CurrentTransfer.objects.get(accrual__period=may).reason,
    )


def test_the_reason_goes_with_the_payment_it_is_of(reasons):
    then, now = reasons
    outcome = Adjustment.objects.get().outcome["transfers"]
    assert [t["reason"] for t in outcome] == [now]
    assert then != now


@pytest.mark.parametrize("who", ["bureau", "district"])
def test_the_overview_says_amount_class_and_reason_of_the_same_facts(reasons, people, client, who):
    then, now = reasons
    client.force_login(getattr(people, who))
    page = client.get("/?month=2023-05").content.decode()
    assert then not in page
    [row] = [row for row in re.findall(r"<tr>.*?</tr>", page, re.S) if now in row]
    assert "上游 → 下游" in row
    assert ">Ⅳ<" in row
    assert ">Ⅱ<" not in row
