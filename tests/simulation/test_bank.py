"""Eight sessions at once, a hundred operations each, on connections of their own."""

from tests.simulation.bank import CHANCES, Bank


def test_eight_sessions_of_a_hundred_operations_leave_sound_books(committed):
    bank = Bank.make()
    bank.run(sessions=8, operations=100)
    assert not bank.wrong
    done = bank.done + bank.refused
    assert done.total() == 800
    assert set(done) == set(CHANCES)
    assert bank.done["read"] == done["read"] > 200
    # How often each comes through depends on who meets whom; that each did is what counts.
    assert all(bank.done[name] for name in ("pay", "approve", "reverse", "confirm", "close"))
    assert bank.refused["voucher_again"] >= 1
