"""Whether past knowledge gives what was stored: random periods at random past moments."""

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date, datetime
from random import Random

from settlements import rules
from settlements.models import Agreement, TermSection
from settlements.reckoning.known import known_at
from settlements.reckoning.known_basis import Past
from settlements.reckoning.known_spans import Lifetime, lifetimes

A_MOMENT = 20  # pairs looked at of one moment: its tables are loaded once


@dataclass(frozen=True, slots=True)
class Differs:
    """A pair whose digest does not come out again; `found` empty: nothing was computed."""

    agreement: str
    section: str
    period: date
    at: datetime
    stored: str
    found: str
    problem: str

    def to_json(self) -> dict[str, str]:
        return {
            "agreement": self.agreement,
            "section": self.section,
            "period": f"{self.period:%Y-%m}",
            "known": self.at.isoformat(),
            "stored": self.stored,
            "found": self.found,
            "problem": self.problem,
        }


@dataclass
class KnownChecked:
    """`moments`: how many different ones. `digests`: how many different stored ones."""

    checked: int = 0
    moments: int = 0
    digests: int = 0
    differ: list[Differs] = field(default_factory=list)

    def to_json(self) -> dict[str, object]:
        return {
            "checked": self.checked,
            "moments": self.moments,
            "digests": self.digests,
            "differ": [each.to_json() for each in self.differ],
        }


def verify_known(pairs: int, *, seed: int | None = None) -> KnownChecked:
    """Draw that many pairs (all different) and compute each as known at its moment.

    A section and period is drawn with a moment of its lifetime, evenly over all lifetimes and
    then over its moments; others that are alive at the moment are drawn with it. Fewer are
    checked only where nothing is stored.
    """
    random = Random(seed)
    alive = lifetimes()
    answer = KnownChecked()
    stored = set()
    while alive and answer.checked < pairs:
        at = _moment(random, random.choice(alive))
        there = [each for each in alive if each.holds(at)]
        drawn = random.sample(there, min(A_MOMENT, len(there), pairs - answer.checked))
        answer.moments += 1
        answer.checked += len(drawn)
        stored |= {each.digest for each in drawn}
        answer.differ += differing(drawn, at)
    answer.digests = len(stored)
    return answer


def _moment(random: Random, lifetime: Lifetime) -> datetime:
    """Evenly within one of its spans; never the very end of it."""
    start, end = random.choice(lifetime.spans)
    return start + (end - start) * min(random.random(), 0.999)


def differing(drawn: list[Lifetime], at: datetime) -> list[Differs]:
    """Those whose digest does not come out again at the moment, whatever their agreements."""
    past = Past(at)
    by_agreement: dict[int, list[Lifetime]] = defaultdict(list)
    for each in drawn:
        by_agreement[each.agreement].append(each)
    wrong = []
    for agreement, own in sorted(by_agreement.items()):
        wanted: dict[int, set[date]] = defaultdict(set)
        for each in own:
            wanted[each.part].add(each.period)
        known = known_at(agreement, at, past)
        found = {(c.part.pk, c.period): c for c in known.compute(wanted)}
        for each in own:
            computed = found.get((each.part, each.period))
            if computed is None or computed.digest != each.digest:
                wrong.append(_differs(each, at, computed.digest if computed else ""))
    return wrong


def _differs(each: Lifetime, at: datetime, found: str) -> Differs:
    part = TermSection.objects.select_related("section", "term").get(pk=each.part)
    revision = rules.get(part.term.rule).revision
    problem = "输入摘要不符" if found else "当时没有条款适用于该期间"
    if revision != each.revision:
        problem = f"当时的规则修订号为 {each.revision}，现行 {revision}，不能重算"
    code = Agreement.objects.get(pk=each.agreement).code
    return Differs(code, part.section.name, each.period, at, each.digest, found, problem)
