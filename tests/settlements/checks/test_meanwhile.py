"""The checks read at one moment: who posts meanwhile neither waits nor is seen."""

from threading import Thread

import pytest
from django.db import InternalError, connection

from basins.snapshot import one_snapshot
from settlements.checks.registry import run_checks
from settlements.ledger.books.books import verify
from settlements.models import JournalEntry
from tests.books import Ledger
from tests.worlds import People


@pytest.fixture
def ledger(committed) -> Ledger:
    ledger = Ledger.make(People.make())
    ledger.owe("1000000")
    return ledger


def booked_elsewhere(ledger: Ledger) -> None:
    """By another session, which would wait for a lock of this one."""

    def book() -> None:
        try:
            ledger.owe_more("5")
        finally:
            connection.close()

    thread = Thread(target=book)
    thread.start()
    thread.join(timeout=30)
    assert not thread.is_alive(), "whoever posts waits for the checks"


def test_an_entry_is_posted_while_the_checks_stand_in_the_middle(ledger):
    seen: list[int] = []

    def hear(done: int, total: int, title: str) -> None:
        if done in (1, 3):
            booked_elsewhere(ledger)
        if done in (2, 10):
            seen.append(JournalEntry.objects.count())

    results = run_checks(hear)
    assert {r.check.name: r.found for r in results if not r.ok} == {}
    assert seen == [1, 1]
    assert JournalEntry.objects.count() == 3
    assert verify().sound


def test_nothing_is_written_where_all_is_read_at_one_moment(ledger):
    with pytest.raises(InternalError, match="read-only"), one_snapshot():
        ledger.owe_more("5")
    assert JournalEntry.objects.count() == 1
