"""A world told once for all the tests of a file, each of which may change it for itself.

It stands in one transaction, rolled back after the last test; `db` nests each test's own in it
and takes back what the test changed. A file that needs more than `bare` has its own `told`.
"""

from collections.abc import Callable
from copy import deepcopy
from typing import Any

import pytest
from django.db import connection

from settlements import pipeline
from tests.books import Ledger
from tests.disputes import april_published
from tests.money_world import rolled_back
from tests.worlds import Border, People

World = dict[str, Any]


def bare() -> World:
    """A border and its people, nothing measured."""
    return {"border": Border.make(), "people": People.make()}


def computed() -> World:
    """The same, with the accruals of every month that is over: without data."""
    world = bare()
    pipeline.recompute()
    return world


def with_april() -> World:
    """April 2023 published on 15 May, open for objection until 22 May."""
    world = bare()
    return {**world, "april": april_published(**world)}


def with_ledger() -> World:
    """The people and a ledger of theirs, nothing owed."""
    people = People.make()
    return {"people": people, "ledger": Ledger.make(people)}


def nothing() -> World:
    """No world and no transaction: for a test that commits."""
    return {}


def told_once(tell: Callable[[], World] = bare):
    """The fixture `told` of a file: what `tell` returns, in the database for all its tests."""

    @pytest.fixture(scope="module")
    def told(request, django_db_setup, django_db_blocker):
        if (chosen := getattr(request, "param", tell)) is nothing:
            yield {}
            return
        with rolled_back(django_db_blocker):
            world = chosen()
            connection.check_constraints()  # now, not in the first test
            yield world

    return told


def told_instead(tell: Callable[[], World] | None):
    """For a test of another world than its file's, or of none: beside `committed`, which commits.

    Best next to the last of its file, else the file's own is told again after it.
    """
    # A parameter of None would be the file's own world, which pytest keeps.
    chosen = pytest.mark.parametrize(
        "told", [tell or nothing], indirect=True, ids=[pytest.HIDDEN_PARAM]
    )
    return lambda test: pytest.mark.usefixtures("told")(chosen(test))


def of_told(name: str):
    """A fixture that gives each test its own copy of one thing that was told."""

    @pytest.fixture
    def own(told, db):
        return deepcopy(told[name])

    return own
