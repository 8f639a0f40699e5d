"""An act that is stopped half-way leaves nothing; done again, it is done once."""

import random
from collections.abc import Callable

from django.db import OperationalError, transaction

from tests.simulation.state import Abort, changed, counted, fingerprint


def aborted_at_the_end(act: Callable[[], object]) -> list[str]:
    """All is done, then the process dies before the commit. Returns the tables left changed."""
    before = fingerprint()
    try:
        with transaction.atomic():
            act()
            raise Abort
    except Abort:
        return changed(before, fingerprint())


def statements_of(act: Callable[[], object]) -> int:
    """How many statements the act takes; nothing of it stays."""
    with counted() as statements:
        try:
            with transaction.atomic():
                act()
                raise Abort
        except Abort:
            return statements.count


def disk_full_at(act: Callable[[], object], place: int) -> list[str]:
    """The disk is full at that statement, of the act's own transaction.

    Returns the tables left changed. Raises AssertionError where the act did not notice.
    """
    before = fingerprint()
    try:
        with counted(full_at=place):
            act()
    except OperationalError as error:
        if "No space left" not in str(error):
            raise
        return changed(before, fingerprint())
    raise AssertionError(f"the disk was full at statement {place}, and the act went on")


def at_the_end(act: Callable[[], object], dice: random.Random) -> list[str]:
    """For acts of several transactions, of which one may stay when the next one fails."""
    return aborted_at_the_end(act)


def some_fault(act: Callable[[], object], dice: random.Random) -> list[str]:
    """One of the two, at a random place; returns the tables left changed."""
    if dice.random() < 0.5:
        return aborted_at_the_end(act)
    # The first run may have read what the second finds read: not its very last statements.
    count = statements_of(act)
    return disk_full_at(act, dice.randint(1, max(1, count * 3 // 4 - 1)))
