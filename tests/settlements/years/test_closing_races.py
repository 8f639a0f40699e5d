"""Two at once and three in a row, with real connections: each step of a year happens once."""

from datetime import date
from functools import partial

import pytest

from basins.clock import moved_to
from settlements import pipeline
from settlements.models import Adjustment, AdjustmentNet, JournalEntry, Settlement, StateMove
from settlements.moving.acts import Refused
from settlements.years.services.adjustments import approve_adjustment, review_adjustment
from settlements.years.services.closing import close_settlement, prepare_closing
from settlements.years.services.signing import confirm_amounts, sign_data
from tests.at_once import at_once
from tests.published import person
from tests.worlds import Border, People, publish_year

ON = date(2024, 2, 5)


@pytest.fixture
def world(committed) -> tuple[Border, People, Settlement]:
    border, people = Border.make(), People.make()
    for when in border.months("2022-01", "2023-12"):
        border.measured(when, "II" if when in ("2023-04", "2023-05") else "III")
    pipeline.recompute()
    publish_year(border.agreement, 2023, people, on=date(2024, 1, 20))
    return border, people, Settlement.objects.get(year=2023)


def moves(event: str, thing: str = "settlement") -> int:
    return StateMove.objects.filter(thing=thing, event=event).count()


def thrice(act) -> int:
    """How many of three in a row were refused."""
    refused = 0
    for _ in range(3):
        try:
            act()
        except Refused:
            refused += 1
    return refused


def test_every_step_of_the_year_happens_once(world):
    """One world for the whole way: signing, confirming, preparing, closing."""
    _, people, year = world
    third = person("bureau3", "bureau")
    for act, event in ((sign_data, "sign_data"), (confirm_amounts, "confirm")):
        both = [partial(act, settlement=year, by=u) for u in (people.district, people.downstream)]
        answers = at_once(*both, *both)
        assert sum(isinstance(a, Refused) for a in answers) == 2
        assert sum(isinstance(a, Settlement) for a in answers) == 2
        assert moves(event) == 1
        assert thrice(both[0]) == 3
    assert year.signatures.count() == 4
    answers = at_once(
        *(partial(prepare_closing, settlement=year, by=u) for u in (people.bureau, people.bureau))
    )
    assert sum(isinstance(a, Refused) for a in answers) == 1
    assert thrice(partial(prepare_closing, settlement=year, by=people.bureau)) == 3
    assert moves("prepare") == 1
    closers = [partial(close_settlement, settlement=year, by=u) for u in (people.bureau2, third)]
    answers = at_once(*closers)
    assert sum(isinstance(a, Refused) for a in answers) == 1
    assert thrice(closers[0]) == 3
    assert moves("close") == 1
    assert JournalEntry.objects.filter(cause="settlement").count() == 1


def test_an_adjustment_approved_at_once_or_thrice_counts_once(world):
    border, people, year = world
    third = person("bureau3", "bureau")
    border.measured("2023-08", "IV")
    pipeline.recompute()
    found = Adjustment.objects.get()
    review_adjustment(adjustment=found, by=people.bureau, reason="属实")
    approvals = [
        partial(approve_adjustment, adjustment=found, by=u) for u in (people.bureau2, third)
    ]
    answers = at_once(*approvals)
    assert sum(isinstance(a, Refused) for a in answers) == 1
    assert thrice(approvals[0]) == 3
    assert moves("approve", "adjustment") == 1
    assert AdjustmentNet.objects.count() == 2
    assert border.net(2023) == {"上游区": 1000000, "下游区": -1000000}
    with moved_to(ON):
        assert year.state == "open"
