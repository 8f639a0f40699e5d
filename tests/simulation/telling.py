"""Telling the story plainly, and harassed; what both worlds say after each act."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date

from django.core.exceptions import ValidationError

from basins.clock import moved_to
from monitoring.assessment.services.basis import BasisRefused
from monitoring.sections.services.water_bodies import WaterBodyRefused
from settlements.accruals.services.rulings import RulingRefused
from settlements.agreements.services.drafts import DraftRefused
from settlements.ledger.services.ledger import NotReversible, Unbalanced
from settlements.ledger.services.opening import OpeningRefused
from settlements.moving.acts import Refused
from settlements.scenarios.services.scenarios import ScenarioError
from tests.simulation.act import Act
from tests.simulation.faults import aborted_at_the_end, disk_full_at
from tests.simulation.invariants import broken_promises
from tests.simulation.office import OFFICE
from tests.simulation.scheme import Scheme
from tests.simulation.state import counted, facts, fingerprint
from tests.simulation.story import STORY, in_peace
from tests.simulation.together import at_once
from tests.simulation.year import NOVEMBER, published_year

# How a service says that an act is not possible any more.
REFUSALS = (
    Refused, RulingRefused, OpeningRefused, NotReversible, Unbalanced, DraftRefused,
    ScenarioError, ValidationError, BasisRefused, WaterBodyRefused,
)  # fmt: skip
JOBS = ("jobs.run", "mail_waiting")
NUMBER = re.compile(r"第 \d+ 号")  # an id in words


@dataclass(frozen=True)
class Told:
    """An act, how many statements it took, and what the database said afterwards."""

    act: Act
    statements: int
    facts: dict[str, list[str]]


@dataclass(frozen=True)
class Story:
    """Acts, and the world they begin in."""

    acts: tuple[Act, ...]
    begin: Callable[[], Scheme]

    def world(self) -> Scheme:
        in_peace()
        return self.begin()


STORIES = {
    "year": Story(STORY, lambda: Scheme.make(date(2023, 11, 1))),
    "office": Story(OFFICE, lambda: published_year(NOVEMBER)),
}


def told() -> set[str]:
    """Names of the services and tasks that the stories tell."""
    return {act.name for story in STORIES.values() for act in story.acts}


def plainly(story: Story) -> Iterator[Told]:
    """Each act once."""
    scheme = story.world()
    for act in story.acts:
        with moved_to(act.on):
            act.before(scheme)
            with counted() as statements:
                act.do(scheme)
        yield Told(act, statements.count, said())


def harassed(story: Story, known: list[Told]) -> Iterator[tuple[Told, list[str]]]:
    """Each act stopped half-way, done twice at once, and once more; with what went wrong."""
    scheme = story.world()
    for told in known:
        act, wrong = told.act, []

        def do(act=act):
            return act.do(scheme)

        with moved_to(act.on):
            act.before(scheme)
            wrong += [f"after an abort: {t}" for t in _stopped(act, do)]
            wrong += [f"after a full disk: {t}" for t in _full(told, do)]
            wrong += _once(do) if act.anew else _again_and_again(act, do)
        now = said()
        wrong += [
            f"{name} differ: {sorted(set(now[name]) ^ set(told.facts[name]))[:4]}"
            for name in now
            if now[name] != told.facts[name]
        ]
        wrong += broken_promises()
        yield told, wrong


def _once(do: Callable[[], object]) -> list[str]:
    do()
    return []


def _again_and_again(act: Act, do: Callable[[], object]) -> list[str]:
    """Twice at once, then a third time."""
    answers = at_once([do, do])
    bad = [a for a in answers if isinstance(a, Exception) and not isinstance(a, REFUSALS)]
    wrong = [f"twice at once: {answer!r}" for answer in bad]
    if all(isinstance(a, REFUSALS) for a in answers):
        wrong.append(f"twice at once it was refused twice: {answers[0]}")
    before = fingerprint() if not act.several else {}
    try:
        do()
    except REFUSALS:
        if before != (fingerprint() if not act.several else {}):
            wrong.append("refused the third time, it left something")
    return wrong


def said() -> dict[str, list[str]]:
    return {
        name: sorted(NUMBER.sub("第 N 号", row) for row in rows) for name, rows in facts().items()
    }


def _stopped(act: Act, do) -> list[str]:
    # A job keeps its claim and its failure in transactions of their own, on purpose.
    return [] if act.name in JOBS else aborted_at_the_end(do)


def _full(told: Told, do) -> list[str]:
    """In the middle; several transactions may keep the first ones, and are done again."""
    place = max(1, told.statements // 2)
    if not told.act.several:
        return disk_full_at(do, place)
    if told.act.name in ("settlements.recompute", *JOBS):
        return []  # they set aside what failed, to be tried later: proved in their own tests
    disk_full_at(do, place)
    return []
