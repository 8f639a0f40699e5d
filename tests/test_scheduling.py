"""Which tests are given out together, and which first."""

from glob import glob

import pytest
from django.conf import settings

from tests import databases
from tests.scheduling import APART, LONGEST, TOGETHER, lot, turn

MONEY = "tests/settlements/test_money.py"
BUGS = "tests/simulation/test_simulation.py::test_a_planted_bug_is_found"


def test_tests_of_a_file_stay_together():
    assert lot(f"{MONEY}::test_one") == lot(f"{MONEY}::TestTwo::test_three[x]") == MONEY


def test_simulations_are_given_out_one_by_one_and_before_the_rest():
    assert lot(f"{BUGS}[a]") != lot(f"{BUGS}[b]")
    assert turn(f"{BUGS}[a]") < turn(f"{MONEY}::test_one")


def test_browser_tests_share_one_site():
    assert lot("tests/e2e/test_walk.py::test_x") == lot("tests/e2e/test_entry.py::test_y")


@pytest.mark.parametrize("start", sorted({*APART, *TOGETHER, *LONGEST}))
def test_what_is_named_is_there(start):
    assert glob(f"{start}*", root_dir=settings.BASE_DIR)


def test_a_world_depends_on_more_than_the_tables_do():
    assert set(databases.TABLES) < set(databases.EVERYTHING)
    assert databases.digest(*databases.TABLES) != databases.digest(*databases.EVERYTHING)
