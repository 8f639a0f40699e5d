"""The database server is killed and started again in the middle of a closing."""

from decimal import Decimal

import pytest
from django.db import connection

from basins.clock import moved_to
from settlements.models import JournalEntry, Settlement, StateMove
from settlements.moving.acts import Refused
from settlements.years.services.closing import close_settlement
from tests.simulation.faults import statements_of
from tests.simulation.invariants import found
from tests.simulation.site import LOST, Site
from tests.simulation.state import changed, fingerprint
from tests.simulation.year import CLOSED, prepared_closing

pytestmark = pytest.mark.worker
MILLION = Decimal(1_000_000)


class Restart:
    """Kills the server at a statement, or behind it, and starts it again."""

    def __init__(self, site: Site, at: int, *, behind: bool = False) -> None:
        self.site, self.at, self.behind, self.count = site, at, behind, 0

    def __call__(self, execute, sql, params, many, context):
        self.count += 1
        if self.count != self.at:
            return execute(sql, params, many, context)
        answer = execute(sql, params, many, context) if self.behind else None
        self.site.kill("postmaster")
        self.site.start_database()  # our own session has not noticed yet
        return answer if self.behind else execute(sql, params, many, context)


@pytest.fixture
def prepared(committed, tmp_path):
    scheme, settlement = prepared_closing()
    with Site(tmp_path, running=()) as site:
        yield site, scheme.people, settlement


def closed_again(people, settlement) -> Settlement:
    """What the person does when the page says that it failed: the same again."""
    connection.close()
    return close_settlement(settlement=settlement, by=people.bureau2)


def assert_closed_once(settlement) -> None:
    assert Settlement.objects.get(pk=settlement.pk).state == "closed"
    (entry,) = JournalEntry.objects.filter(settlement=settlement)
    assert sorted(p.yuan for p in entry.postings.all()) == [-2 * MILLION, 2 * MILLION]
    assert StateMove.objects.filter(thing="settlement", event="close").count() == 1
    assert found(thorough=True) == []


def test_a_restart_in_the_middle_of_a_closing_leaves_the_year_open_and_it_closes_once(prepared):
    site, people, settlement = prepared
    with moved_to(CLOSED):
        # Twice: the first time the role of the person is read too.
        for _ in range(2):
            count = statements_of(
                lambda: close_settlement(settlement=settlement, by=people.bureau2)
            )
        assert count > 10
        before = fingerprint()
        for at, behind in ((2, False), (count // 3, False), (2 * count // 3, True), (count, True)):
            restart = Restart(site, at, behind=behind)
            with connection.execute_wrapper(restart), pytest.raises(LOST):
                close_settlement(settlement=settlement, by=people.bureau2)
            assert restart.count >= at
            connection.close()
            assert changed(before, fingerprint()) == [], f"killed at statement {at}"
        closed_again(people, settlement)
        # Committed, then the server dies before anybody hears of it: asked again, it is refused.
        site.kill("postmaster")
        site.start_database()
        with pytest.raises(Refused):
            closed_again(people, settlement)
        assert_closed_once(settlement)
    assert site.killed["postmaster"] == 5
