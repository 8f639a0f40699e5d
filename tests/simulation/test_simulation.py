"""Scheme-years on the real services: twenty that hold, and planted bugs that each are found."""

import logging
from datetime import date

import pytest
from django.test import override_settings

from tests.conftest import empty_database
from tests.simulation.bugs import BUGS, planted, seed_of
from tests.simulation.invariants import broken_promises
from tests.simulation.years import OFTEN, Broken, Years

# seed, years, whether accruals are yearly, agreements: twenty years together
SET_OFF = 31  # two agreements that owe in opposite directions
LIVED = [(1, 7, True, 1), (4, 6, True, 1), (SET_OFF, 5, True, 2), (7, 2, False, 1)]


@pytest.fixture
def alone(committed, tmp_path):
    logging.disable(logging.ERROR)  # the product says of the faults that are made here
    with override_settings(MEDIA_ROOT=tmp_path):
        yield
    logging.disable(logging.NOTSET)


@pytest.mark.parametrize(("seed", "years", "yearly", "agreements"), LIVED)
def test_whole_years_keep_every_promise(alone, seed, years, yearly, agreements):
    lived = Years(seed, years=years, yearly=yearly, agreements=agreements).run()
    assert lived.kinds["close_settlement"] >= years
    assert lived.kinds["approve_payment"] >= 1
    if seed == SET_OFF:
        assert lived.kinds["prepare_payment_offset"] >= 2  # booked, taken back, booked again
    assert lived.kinds["fault"] >= 1


def test_twenty_years_are_lived():
    assert sum(years for _, years, *_ in LIVED) == 20
    assert len(BUGS) >= 12


def few_months(seed: int) -> Years:
    return Years(seed, first=date(2019, 11, 1), yearly=False, agreements=1, chances=OFTEN)


@pytest.mark.parametrize("name", sorted(BUGS))
def test_a_planted_bug_is_found_and_named_with_its_seed(alone, name):
    with planted(name), pytest.raises(Broken, match=rf"seed {seed_of(name)}, step \d+"):
        few_months(seed_of(name)).run()


@pytest.mark.parametrize("seed", sorted({seed_of(name) for name in BUGS}))
def test_without_a_bug_the_same_months_hold(alone, seed):
    few_months(seed).run()
    assert not broken_promises()


def test_the_same_seed_lives_the_same_steps(alone):
    with planted("adjustment_counted_twice"):
        found = []
        for _ in range(2):
            empty_database()
            with pytest.raises(Broken) as broken:
                few_months(2).run()
            found.append(str(broken.value).split(")")[0])
    assert found[0] == found[1]
