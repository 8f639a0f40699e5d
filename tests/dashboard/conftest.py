"""Worlds told once for all the tests of a file: of money (tests.money_world), and a border with
its people (tests.told_once)."""

import pytest

from basins.clock import moved_to
from tests.money_world import TODAY, Money, rolled_back
from tests.told_once import of_told, told_once

told = told_once()
border, people = of_told("border"), of_told("people")


@pytest.fixture(scope="module")
def money(django_db_setup, django_db_blocker):
    """To be read, not changed; today is the last day of its story."""
    with rolled_back(django_db_blocker):
        world = Money.make()
        with moved_to(TODAY):
            yield world
