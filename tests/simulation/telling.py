"""Telling the story plainly, and harassed; what both worlds say after each act."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from django.core.exceptions import ValidationError

from basins.clock import moved_to
from settlements.services.drafts import DraftRefused
from settlements.services.ledger import NotReversible, Unbalanced
from settlements.services.opening import OpeningRefused
from settlements.services.rulings import RulingRefused
from settlements.services.workflow import Refused
from tests.simulation.faults import aborted_at_the_end, disk_full_at
from tests.simulation.invariants import broken_promises
from tests.simulation.scheme import Scheme
from tests.simulation.state import counted, facts, fingerprint
from tests.simulation.story import STORY, Act, in_peace
from tests.simulation.together import at_once

# How a service says that an act is not possible any more.
REFUSALS = (
    Refused, RulingRefused, OpeningRefused, NotReversible, Unbalanced, DraftRefused,
    ValidationError,
)  # fmt: skip
NUMBER = re.compile(r"第 \d+ 号")  # an id in words


@dataclass(frozen=True)
class Told:
    """An act, how many statements it took, and what the database said afterwards."""

    act: Act
    statements: int
    facts: dict[str, list[str]]


def world() -> Scheme:
    in_peace()
    return Scheme.make(date(2023, 11, 1))


def plainly(scheme: Scheme) -> Iterator[Told]:
    """Each act once."""
    for act in STORY:
        with moved_to(act.on):
            act.before(scheme)
            with counted() as statements:
                act.do(scheme)
        yield Told(act, statements.count, said())


def harassed(scheme: Scheme, known: list[Told]) -> Iterator[tuple[Told, list[str]]]:
    """Each act stopped half-way, done twice at once, and once more; with what went wrong."""
    for told in known:
        act, wrong = told.act, []

        def do(act=act):
            return act.do(scheme)

        with moved_to(act.on):
            act.before(scheme)
            wrong += [f"after an abort: {t}" for t in _stopped(act, do)]
            wrong += [f"after a full disk: {t}" for t in _full(told, do)]
            answers = at_once([do, do])
            bad = [a for a in answers if isinstance(a, Exception) and not isinstance(a, REFUSALS)]
            wrong += [f"twice at once: {answer!r}" for answer in bad]
            if all(isinstance(a, REFUSALS) for a in answers):
                wrong.append(f"twice at once it was refused twice: {answers[0]}")
            before = fingerprint() if not act.several else {}
            try:
                do()
            except REFUSALS:
                if before != (fingerprint() if not act.several else {}):
                    wrong.append("refused the third time, it left something")
        now = said()
        wrong += [
            f"{name} differ: {sorted(set(now[name]) ^ set(told.facts[name]))[:4]}"
            for name in now
            if now[name] != told.facts[name]
        ]
        wrong += broken_promises()
        yield told, wrong


def said() -> dict[str, list[str]]:
    return {
        name: sorted(NUMBER.sub("第 N 号", row) for row in rows) for name, rows in facts().items()
    }


def _stopped(act: Act, do) -> list[str]:
    # A job keeps its claim and its failure in transactions of their own, on purpose.
    return [] if act.name == "jobs.run" else aborted_at_the_end(do)


def _full(told: Told, do) -> list[str]:
    """In the middle; several transactions may keep the first ones, and are done again."""
    place = max(1, told.statements // 2)
    if not told.act.several:
        return disk_full_at(do, place)
    if told.act.name in ("settlements.recompute", "jobs.run"):
        return []  # they set aside what failed, to be tried later: proved in their own tests
    disk_full_at(do, place)
    return []
