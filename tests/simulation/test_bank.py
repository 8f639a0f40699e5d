"""Eight sessions at once, fifty operations each, on connections of their own."""

import pytest

from tests.simulation.bank import CHANCES, Bank


def sound(sessions: int, operations: int) -> Bank:
    """A bank at which that many sessions did so many operations each, and nothing went wrong."""
    bank = Bank.make()
    bank.run(sessions=sessions, operations=operations)
    assert not bank.wrong
    done = bank.done + bank.refused
    assert done.total() == sessions * operations
    assert set(done) == set(CHANCES)
    assert bank.done["read"] == done["read"] > sessions * operations // 4
    return bank


def test_eight_sessions_of_fifty_operations_leave_sound_books(committed):
    bank = sound(8, 50)
    # How often each comes through depends on who meets whom; that each did is what counts.
    assert all(bank.done[name] for name in ("pay", "approve", "reverse", "confirm", "close"))
    assert bank.refused["voucher_again"] >= 1


@pytest.mark.long
def test_sixteen_sessions_of_two_hundred_and_fifty_leave_sound_books(committed):
    assert sound(16, 250).done["pay"] > 250
