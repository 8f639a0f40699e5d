"""Eight sessions at once, sixty operations each, on connections of their own."""

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
    assert bank.done["read"] == done["read"] > sessions * operations // 5
    return bank


def test_eight_sessions_of_sixty_operations_leave_sound_books(committed):
    bank = sound(8, 60)
    # How often each comes through depends on who meets whom; that each did is what counts.
    never = [n for n in ("pay", "approve", "reverse", "confirm", "close") if not bank.done[n]]
    assert never == []
    assert bank.refused["voucher_again"] >= 1


@pytest.mark.long
def test_sixteen_sessions_of_two_hundred_and_fifty_leave_sound_books(committed):
    assert sound(16, 250).done["pay"] > 250
