"""The numbers of 待办 in every page's head: what they ask goes by the person and the day alone."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from basins.access import viewer_of
from basins.clock import moved_to
from settlements.work.queries.work import _question
from tests.every_page import clock_of
from tests.worlds import People

ROLES = ("bureau", "treasury", "district", "township", "admin", "auditor", "stranger")


@pytest.mark.parametrize("role", ROLES)
def test_what_is_asked_is_written_without_asking_and_alike_at_every_hour(people: People, role):
    viewer = viewer_of(getattr(people, role))
    asked = []
    for hour in (0, 10, 23):
        with (
            moved_to(clock_of(2024, 9, 20).replace(hour=hour)),
            CaptureQueriesContext(connection) as q,
        ):
            _question.cache_clear()
            asked.append(_question(viewer, clock_of(2024, 9, 20).date()))
        assert len(q) == 0
    assert asked[0] == asked[1] == asked[2]
